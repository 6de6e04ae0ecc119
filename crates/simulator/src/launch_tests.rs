//! Launching instances and changing what they are, as whole calls.

use super::client::{Client, element};
use super::lab::{Lab, REGION, values};
use super::*;
use crate::config::Config;

const OLD: &str = "AMI-OLD";
const STRICT: &str = "AMI-V2";

#[test]
fn launches_follow_the_order_of_precedence() {
    let lab = Lab::new(0);
    let images = [(lab.image(OLD, false), "optional"), (lab.image(STRICT, true), "required")];
    // Two changes of the defaults a second: the clock of the tests stands still, so one account setting is all the bucket has left.
    lab.defaults("HttpTokens=optional&HttpPutResponseHopLimit=4");
    for (image, _) in &images {
        let run = |more: &str| {
            lab.ec2(
                "RunInstances",
                &format!("ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=1{more}"),
            )
        };
        let plain = run("");
        assert_eq!(element(&plain, "httpTokens"), "optional");
        assert_eq!(element(&plain, "httpPutResponseHopLimit"), "4");
        let own = run("&MetadataOptions.HttpTokens=required");
        assert_eq!(element(&own, "httpTokens"), "required");
        assert_eq!(element(&own, "httpPutResponseHopLimit"), "4");
    }
    let lab = Lab::new(0);
    let images = [(lab.image(OLD, false), "optional"), (lab.image(STRICT, true), "required")];
    for (image, tokens) in images {
        let form = format!("ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=1");
        assert_eq!(element(&lab.ec2("RunInstances", &form), "httpTokens"), tokens);
    }
}

#[test]
fn enforcement_refuses_launches_and_ways_back() {
    let lab = Lab::new(0);
    let image = lab.image(OLD, false);
    let form = format!("ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=1");
    let id = element(&lab.ec2("RunInstances", &form), "instanceId").to_owned();
    lab.defaults("HttpTokensEnforced=enabled");
    assert_eq!(lab.refused(Service::Ec2, "RunInstances", &form), "UnsupportedOperation");
    let reply = lab.reply(Service::Ec2, "RunInstances", &form).text();
    assert!(element(&reply, "Message").ends_with("account settings in the EC2 console."));
    lab.ec2("RunInstances", &format!("{form}&MetadataOptions.HttpTokens=required"));
    let back = format!("InstanceId={id}&HttpTokens=optional");
    assert_eq!(
        lab.refused(Service::Ec2, "ModifyInstanceMetadataOptions", &back),
        "UnsupportedOperation"
    );
    lab.ec2("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&HttpPutResponseHopLimit=2"));
    assert_eq!(element(&lab.instance(&id), "httpTokens"), "optional");
}

#[test]
fn options_keep_what_is_not_asked_for_and_settle() {
    let mut lab = Lab::new(200);
    let all = lab.ec2("DescribeInstances", "");
    let pick = |state: &str| {
        let items = all.split("<instanceId>").skip(1);
        let found = items.filter(|item| item.contains(&format!("<name>{state}</name>")));
        let mut found = found.filter(|item| item.contains("<state>applied</state>"));
        found.next().unwrap()[..19].to_owned()
    };
    let (running, stopped) = (pick("running"), pick("stopped"));
    let before = lab.instance(&running);
    let wanted = |text: &str| {
        text.replace("<httpTokens>optional<", "<httpTokens>required<")
            .replace("<requestId>", "")
            .split_once("<reservationSet>")
            .unwrap()
            .1
            .to_owned()
    };
    for id in [&running, &stopped] {
        let form = format!("InstanceId={id}&HttpTokens=required");
        assert_eq!(
            lab.reply(
                Service::Ec2,
                "ModifyInstanceMetadataOptions",
                &format!("{form}&DryRun=true")
            )
            .error(),
            (412, "DryRunOperation".to_owned())
        );
        assert!(lab.ec2("ModifyInstanceMetadataOptions", &form).contains("<state>pending</state>"));
    }
    assert!(lab.instance(&running).contains("<metadataOptions><state>pending</state>"));
    lab.later(2);
    assert_eq!(wanted(&lab.instance(&running)), wanted(&before));
    assert!(lab.instance(&stopped).contains("<metadataOptions><state>pending</state>"));
    lab.ec2("StartInstances", &format!("InstanceId.1={stopped}"));
    lab.later(2);
    let started = lab.instance(&stopped);
    assert!(started.contains("<metadataOptions><state>applied</state><httpTokens>required<"));
    assert!(started.contains("<name>running</name>"));
    // Nothing else has changed.
    let ids = |text: &str| values(text, "instanceId").len();
    let now = lab.ec2("DescribeInstances", "");
    assert_eq!(ids(&now), ids(&all));
    let others = |text: &str| -> Vec<String> {
        let items = text
            .split("<instanceId>")
            .skip(1)
            .map(|item| item.split("</metadataOptions>").next().unwrap_or(item).to_owned());
        items.filter(|item| !item.starts_with(&running) && !item.starts_with(&stopped)).collect()
    };
    assert_eq!(others(&now), others(&all));
}

#[test]
fn terminated_instances_take_no_options() {
    let mut lab = Lab::new(0);
    let image = lab.image(OLD, false);
    let form = format!("ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=1");
    let id = element(&lab.ec2("RunInstances", &form), "instanceId").to_owned();
    lab.ec2("TerminateInstances", &format!("InstanceId.1={id}"));
    let modify = format!("InstanceId={id}&HttpTokens=required");
    for _ in 0..2 {
        let code = lab.refused(Service::Ec2, "ModifyInstanceMetadataOptions", &modify);
        assert_eq!(code, "IncorrectInstanceState");
        lab.later(2);
    }
    assert!(lab.instance(&id).contains("<name>terminated</name>"));
}

#[test]
fn impossible_launches_are_refused_as_ec2_does() {
    let lab = Lab::new(0);
    let image = lab.image(OLD, false);
    let cases = [
        ("InstanceType=m5.large&MinCount=1&MaxCount=1".to_owned(), "MissingParameter"),
        (format!("ImageId={image}&InstanceType=m5.large&MinCount=1"), "MissingParameter"),
        (
            format!("ImageId={image}&InstanceType=m5.large&MinCount=2&MaxCount=1"),
            "InvalidParameterValue",
        ),
        (
            format!("ImageId={image}&InstanceType=m5.huge&MinCount=1&MaxCount=1"),
            "InvalidParameterValue",
        ),
        (
            format!("ImageId={image}&InstanceType=t4g.small&MinCount=1&MaxCount=1"),
            "InvalidParameterValue",
        ),
        ("ImageId=ami-00000000000000001&MinCount=1&MaxCount=1".to_owned(), "InvalidAMIID.NotFound"),
        ("ImageId=banana&MinCount=1&MaxCount=1".to_owned(), "InvalidAMIID.Malformed"),
        (
            format!("ImageId={image}&SubnetId=subnet-1&MinCount=1&MaxCount=1"),
            "InvalidSubnetID.NotFound",
        ),
        (
            format!("ImageId={image}&MetadataOptions.HttpToken=required&MinCount=1&MaxCount=1"),
            "UnknownParameter",
        ),
    ];
    for (form, code) in cases {
        // The bucket of launches is small, so each case has its own simulator's clock.
        let lab = Lab::new(0);
        lab.image(OLD, false);
        assert_eq!(lab.refused(Service::Ec2, "RunInstances", &form), code, "{form}");
    }
}

#[test]
fn a_launch_that_is_sent_again_launches_nothing_twice() {
    let lab = Lab::new(0);
    let image = lab.image(OLD, false);
    let form = format!("ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=2&ClientToken=t");
    let first = lab.ec2("RunInstances", &form);
    let second = lab.ec2("RunInstances", &form);
    assert_eq!(values(&first, "instanceId"), values(&second, "instanceId"));
    assert_eq!(values(&lab.ec2("DescribeInstances", ""), "instanceId").len(), 2);
}

#[test]
fn what_no_policy_allows_is_refused_to_everybody() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeRegions","sts:AssumeRole"],"Resource":"*"}]}"#;
    let with = |policy: &str| {
        Client::new(Config { allowed: Some(policy.to_owned()), ..Config::default() })
    };
    let client = with(policy);
    for by in [client.user(), client.assume(1, "")] {
        let call = |service, name| client.call(&by, service, REGION, name, "{}").error();
        assert_eq!(client.call(&by, Service::Ec2, REGION, "DescribeRegions", "").status, 200);
        assert_eq!(call(Service::Ec2, "DescribeInstances"), (403, "UnauthorizedOperation".into()));
        assert_eq!(
            call(Service::AutoScaling, "DescribeAutoScalingGroups"),
            (403, "AccessDenied".into())
        );
        assert_eq!(
            call(Service::Organizations, "ListRoots"),
            (400, "AccessDeniedException".into())
        );
    }
    let client = with(&policy.replace(r#","sts:AssumeRole""#, ""));
    let form = format!(
        "RoleArn=arn:aws:iam::{}:role/imdsure-read&RoleSessionName=test",
        client.account(1)
    );
    let reply = client.call(&client.user(), Service::Sts, REGION, "AssumeRole", &form);
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
}

#[test]
fn changes_have_small_buckets() {
    let lab = Lab::new(0);
    lab.defaults("HttpTokens=required");
    assert_eq!(
        lab.refused(Service::Ec2, "ModifyInstanceMetadataDefaults", "HttpTokens=optional"),
        "RequestLimitExceeded"
    );
    assert!(
        lab.ec2("GetInstanceMetadataDefaults", "")
            .contains("<httpTokens>required</httpTokens><managedBy>account")
    );
}
