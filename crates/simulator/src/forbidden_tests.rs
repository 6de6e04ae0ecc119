//! Service control policies and enforcement, as whole calls: where the way back is closed.

use std::collections::BTreeSet;

use super::client::{Client, Credentials, element};
use super::*;
use crate::config::Config;

const REGION: &str = "us-east-1";
const ADMINISTRATOR: &str = "OrganizationAccountAccessRole";

fn client() -> Client {
    Client::new(Config::default())
}

/// A session of a role of an account; the user for the first account.
fn session(client: &Client, place: usize, role: &str) -> Credentials {
    if place == 0 {
        return client.user();
    }
    let form =
        format!("RoleArn=arn:aws:iam::{}:role/{role}&RoleSessionName=test", client.account(place));
    let text = client.call(&client.user(), Service::Sts, REGION, "AssumeRole", &form).text();
    Credentials {
        key: element(&text, "AccessKeyId").into(),
        secret: element(&text, "SecretAccessKey").into(),
        token: Some(element(&text, "SessionToken").into()),
    }
}

fn ec2(client: &Client, by: &Credentials, region: &str, name: &str, form: &str) -> Reply {
    client.call(by, Service::Ec2, region, name, form)
}

/// A running instance of a region.
fn instance(client: &Client, by: &Credentials, region: &str) -> String {
    let form = "MaxResults=5&Filter.1.Name=instance-state-name&Filter.1.Value.1=running";
    element(&ec2(client, by, region, "DescribeInstances", form).text(), "instanceId").to_owned()
}

#[test]
fn the_way_back_is_closed_in_some_accounts_and_the_way_forward_in_none() {
    let client = client();
    let (mut by_policy, mut enforced) = (BTreeSet::new(), BTreeSet::new());
    for (place, account) in client.cloud.world.accounts.iter().enumerate() {
        let by = session(&client, place, ADMINISTRATOR);
        for region in &client.cloud.world.regions {
            let id = instance(&client, &by, region);
            let dry = |form: &str| {
                let form = format!("InstanceId={id}&DryRun=true&{form}");
                ec2(&client, &by, region, "ModifyInstanceMetadataOptions", &form)
            };
            let would_be_done = (412, "DryRunOperation".to_owned());
            assert_eq!(dry("HttpTokens=required").error(), would_be_done);
            assert_eq!(dry("HttpPutResponseHopLimit=2").error(), would_be_done);
            let back = dry("HttpTokens=optional");
            match back.error().1.as_str() {
                "UnauthorizedOperation" => {
                    let text = back.text();
                    assert!(text.contains("explicit deny in a service control policy"), "{text}");
                    assert!(text.contains(&format!(":instance/{id} with")), "{text}");
                    by_policy.insert(account.name.as_str());
                }
                "UnsupportedOperation" => {
                    let place = (account.name.as_str(), region.as_str());
                    enforced.insert(place);
                }
                other => assert_eq!(other, "DryRunOperation"),
            }
        }
    }
    assert_eq!(
        by_policy.into_iter().collect::<Vec<_>>(),
        ["data-platform-prod", "payments-prod", "shop-prod"]
    );
    let security = ["log-archive", "security-tooling"];
    for name in security {
        let regions = enforced.iter().filter(|(account, _)| *account == name).count();
        assert_eq!(regions, client.cloud.world.regions.len(), "{name}");
    }
    let drawn: Vec<_> = enforced.iter().filter(|(name, _)| !security.contains(name)).collect();
    assert_eq!(drawn, Vec::<&(&str, &str)>::new());
}

#[test]
fn a_real_call_is_refused_as_its_dry_run_was() {
    let client = client();
    let by = session(&client, 1, ADMINISTRATOR);
    let id = instance(&client, &by, REGION);
    for dry in ["", "&DryRun=true"] {
        let form = format!("InstanceId={id}&HttpTokens=optional&HttpPutResponseHopLimit=2{dry}");
        let reply = ec2(&client, &by, REGION, "ModifyInstanceMetadataOptions", &form);
        assert_eq!(reply.error(), (403, "UnauthorizedOperation".into()));
    }
}

#[test]
fn defaults_are_the_policys_or_the_administrators() {
    let client = client();
    let modify = |place, role: &str| {
        let by = session(&client, place, role);
        let reply =
            ec2(&client, &by, REGION, "ModifyInstanceMetadataDefaults", "HttpTokens=required");
        (reply.error().1, reply.text())
    };
    // In production the service control policy spares the administrators, whom the EC2 policy does not spare.
    let (code, text) = modify(1, "imdsure-read");
    assert!(code == "UnauthorizedOperation" && text.contains("service control policy"), "{text}");
    let (code, text) = modify(1, ADMINISTRATOR);
    assert!(code == "UnauthorizedOperation" && text.contains("Declarative Policy"), "{text}");
    assert!(text.contains("Custom Message: Managed by the platform team"));
    assert_eq!(modify(2, ADMINISTRATOR).0, "");
}

#[test]
fn what_auto_scaling_launches_is_not_asked() {
    let client = client();
    // Infrastructure, where nobody launches anything by himself.
    let by = session(&client, 7, ADMINISTRATOR);
    let call = |name, form: &str| client.call(&by, Service::AutoScaling, REGION, name, form).text();
    let groups = call("DescribeAutoScalingGroups", "");
    let name = element(&groups, "AutoScalingGroupName");
    let instances = |text: &str| text.matches("<InstanceId>").count();
    let named = format!("AutoScalingGroupNames.member.1={name}");
    let before = instances(&call("DescribeAutoScalingGroups", &named));
    let form = format!("AutoScalingGroupName={name}&DesiredCapacity={}", before + 1);
    call("SetDesiredCapacity", &form);
    assert!(instances(&call("DescribeAutoScalingGroups", &named)) > before, "{groups}");
}

#[test]
fn launches_need_what_the_policies_ask_for() {
    let client = client();
    let launch = |place, more: &str| {
        let by = session(&client, place, ADMINISTRATOR);
        let images = ec2(&client, &by, REGION, "DescribeImages", "Owner.1=self").text();
        let image = images
            .split("<item>")
            .skip(1)
            .find(|item| item.contains("<architecture>x86_64</architecture>"))
            .map(|item| element(item, "imageId").to_owned())
            .unwrap();
        let form = format!(
            "ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=1&DryRun=true{more}"
        );
        ec2(&client, &by, REGION, "RunInstances", &form).error().1
    };
    let tokens = |place, word: &str| launch(place, &format!("&MetadataOptions.HttpTokens={word}"));
    let (done, refused) = ("DryRunOperation", "UnauthorizedOperation");
    // Management, production, development, sandbox, infrastructure: silent, optional, required.
    let table = [
        (0, [done, done, done]),
        (1, [refused, refused, done]),
        (2, [refused, refused, done]),
        (11, [done, refused, done]),
        (7, [refused, refused, refused]),
    ];
    for (place, expected) in table {
        let found = [launch(place, ""), tokens(place, "optional"), tokens(place, "required")];
        assert_eq!(found, expected, "{place}");
    }
}
