//! What those meet who write: late reads, lost replies, expired credentials, and other people.

use super::client::{Client, Credentials, element};
use super::lab::{Lab, REGION};
use super::*;
use crate::config::{Config, default_regions};
use crate::dispatch::client::NOW;

fn client(fault: &str) -> Client {
    let faults = vec![fault.parse().unwrap()];
    let regions = default_regions(1);
    Client::new(Config { accounts: 2, instances: 400, regions, faults, ..Config::default() })
}

fn lab(fault: &str) -> Lab {
    let client = client(fault);
    Lab { user: client.user(), client }
}

/// An instance that runs with options that are applied.
fn running(lab: &Lab) -> String {
    let all = lab.ec2("DescribeInstances", "");
    let mut items = all.split("<instanceId>").skip(1);
    let wanted = |item: &&str| {
        item.contains("<name>running</name>")
            && item.contains("<metadataOptions><state>applied</state><httpTokens>optional<")
            && item.contains("<httpPutResponseHopLimit>1<")
    };
    items.find(wanted).unwrap()[..19].to_owned()
}

fn groups(lab: &Lab) -> Vec<String> {
    let text = lab.scaling("DescribeAutoScalingGroups", "");
    let names = text.split("<AutoScalingGroupName>").skip(1);
    names.map(|part| part.split('<').next().unwrap().to_owned()).collect()
}

fn template(lab: &Lab) -> String {
    element(&lab.ec2("DescribeLaunchTemplates", ""), "launchTemplateId").to_owned()
}

#[test]
fn reads_may_show_what_was_before_the_last_write() {
    let mut lab = lab("stale-read=1");
    let id = running(&lab);
    lab.ec2("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&HttpTokens=required"));
    assert!(lab.instance(&id).contains("<state>applied</state><httpTokens>optional<"));
    let template = template(&lab);
    let form = format!("LaunchTemplateId={template}");
    let default = |lab: &Lab| {
        let text = lab.ec2("DescribeLaunchTemplates", &format!("LaunchTemplateId.1={template}"));
        element(&text, "defaultVersionNumber").to_owned()
    };
    let before = default(&lab);
    let made = lab.ec2(
        "CreateLaunchTemplateVersion",
        &format!("{form}&LaunchTemplateData.MetadataOptions.HttpTokens=required"),
    );
    let number = element(&made, "versionNumber").to_owned();
    let version = format!("{form}&LaunchTemplateVersion.1={number}");
    let code = lab.refused(Service::Ec2, "DescribeLaunchTemplateVersions", &version);
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
    // A write does not read late.
    lab.ec2("ModifyLaunchTemplate", &format!("{form}&SetDefaultVersion={number}"));
    assert_eq!(default(&lab), before);
    lab.ec2("ModifyInstanceMetadataDefaults", "HttpPutResponseHopLimit=9");
    assert!(!lab.ec2("GetInstanceMetadataDefaults", "").contains(">9<"));
    let group = groups(&lab).remove(0);
    lab.scaling("UpdateAutoScalingGroup", &format!("AutoScalingGroupName={group}&MaxSize=999"));
    let shown = format!("AutoScalingGroupNames.member.1={group}");
    assert!(!lab.scaling("DescribeAutoScalingGroups", &shown).contains("<MaxSize>999<"));
    let image = lab.image("seen-late", false);
    lab.ec2("ModifyImageAttribute", &format!("ImageId={image}&ImdsSupport.Value=v2.0"));
    let images = format!("ImageId.1={image}");
    assert!(!lab.ec2("DescribeImages", &images).contains("<imdsSupport>"));
    let name = format!("AutoScalingGroupName={group}");
    lab.scaling("StartInstanceRefresh", &name);
    let refreshes =
        |lab: &Lab| lab.scaling("DescribeInstanceRefreshes", &name).contains("<InstanceRefreshId>");
    assert!(!refreshes(&lab));
    lab.later(11);
    assert!(lab.instance(&id).contains("<state>applied</state><httpTokens>required<"));
    assert!(refreshes(&lab) && lab.ec2("DescribeImages", &images).contains("<imdsSupport>"));
    assert_eq!(default(&lab), number);
    assert!(lab.ec2("GetInstanceMetadataDefaults", "").contains(">9<"));
    assert!(lab.scaling("DescribeAutoScalingGroups", &shown).contains("<MaxSize>999<"));
    let stale = lab.client.cloud.stats().faults["stale-read"];
    assert!(stale >= 5, "{stale}");
}

#[test]
fn a_lost_reply_is_of_a_call_that_was_carried_out() {
    let lab = lab("lost-reply=1");
    let id = running(&lab);
    let form = format!("InstanceId={id}&HttpTokens=required");
    let send = |form: &str| lab.reply(Service::Ec2, "ModifyInstanceMetadataOptions", form);
    let refused = send(&format!("{form}&DryRun=true"));
    assert_eq!((refused.status, refused.delivery), (412, Delivery::Normal));
    assert_eq!(send(&form).delivery, Delivery::Lost);
    assert!(lab.instance(&id).contains("<state>pending</state><httpTokens>required<"));
    let read = lab.reply(Service::Ec2, "DescribeInstances", "MaxResults=5");
    assert_eq!(read.delivery, Delivery::Normal);
    assert_eq!(lab.client.cloud.stats().faults["lost-reply"], 1);
}

#[test]
fn credentials_expire_sessions_for_good_and_the_user_for_a_call() {
    let client = client("expire=1");
    let regions =
        |by: &Credentials| client.call(by, Service::Ec2, REGION, "DescribeRegions", "").error();
    let expired = (400, "RequestExpired".to_owned());
    let user = client.user();
    let answers: Vec<u16> = (0..4).map(|_| regions(&user).0).collect();
    assert_eq!(answers, [400, 200, 400, 200]);
    let session = client.assume(1, "");
    for _ in 0..3 {
        assert_eq!(regions(&session), expired);
    }
    let identity =
        |by: &Credentials| client.call(by, Service::Sts, REGION, "GetCallerIdentity", "").error();
    assert_eq!(identity(&session), (403, "ExpiredToken".into()));
    let services = [(Service::Organizations, "ListRoots"), (Service::CloudWatch, "ListMetrics")];
    for (service, name) in services {
        let reply = client.call(&client.assume(1, ""), service, REGION, name, "{}");
        assert_eq!(reply.error(), (400, "ExpiredTokenException".into()));
    }
    assert!(client.cloud.counters.snapshot().faults["expire"] >= 5);
}

#[test]
fn somebody_else_changes_what_is_named_and_nothing_twice() {
    let lab = lab("drift=1");
    let id = running(&lab);
    let template = template(&lab);
    let all = groups(&lab);
    assert_eq!(lab.client.cloud.drifts.count(), 0, "who collects names nothing");
    // Our change finds another one just made, and keeps it.
    let told =
        lab.ec2("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&HttpTokens=required"));
    assert_eq!(element(&told, "httpPutResponseHopLimit"), "7");
    let seen = lab.instance(&id);
    assert!(seen.contains("<httpTokens>required</httpTokens><httpPutResponseHopLimit>7<"));
    let versions = format!("LaunchTemplateId={template}&LaunchTemplateVersion.1=$Default");
    for _ in 0..2 {
        let text = lab.ec2("DescribeLaunchTemplateVersions", &versions);
        assert_eq!(element(&text, "httpPutResponseHopLimit"), "7");
        assert_eq!(element(&text, "versionDescription"), "changed by hand");
    }
    let group = &all[0];
    let size = || {
        let form = format!("AutoScalingGroupNames.member.1={group}");
        element(&lab.scaling("DescribeAutoScalingGroups", &form), "MaxSize").to_owned()
    };
    assert_eq!(size(), size());
    let listed = lab.client.cloud.drifts.list();
    let resources: Vec<&str> = listed.iter().map(|drift| drift.resource.as_str()).collect();
    assert_eq!(resources, [id.as_str(), &template, group]);
    assert!(
        listed.iter().all(|drift| drift.region == REGION && drift.account == lab.client.account(0))
    );
    assert_eq!(listed[0].what, "hop limit 7");
    let stats = lab.client.cloud.stats();
    assert_eq!((stats.drifted, stats.faults["drift"]), (3, 3));
    // Two that are named by one call are changed by two.
    let ids: Vec<String> = lab
        .ec2("DescribeInstances", "Filter.1.Name=instance-state-name&Filter.1.Value.1=running")
        .split("<instanceId>")
        .skip(1)
        .map(|item| item[..19].to_owned())
        .filter(|other| *other != id)
        .take(2)
        .collect();
    let form = format!("InstanceId.1={}&InstanceId.2={}", ids[0], ids[1]);
    for expected in [4, 5, 5] {
        lab.ec2("DescribeInstances", &form);
        assert_eq!(lab.client.cloud.drifts.count(), expected);
    }
    assert!(lab.client.cloud.world_time(NOW) == NOW);
}
