//! Templates and groups, as whole calls.

use std::collections::HashSet;

use super::client::element;
use super::lab::{Lab, values};
use super::*;

#[test]
fn groups_launch_what_they_name_at_that_moment() {
    let lab = Lab::new(0);
    let image = lab.image("AMI-OLD", false);
    let template = lab.template(&format!(
        "LaunchTemplateData.ImageId={image}&LaunchTemplateData.InstanceType=m5.large&LaunchTemplateData.MetadataOptions.HttpTokens=optional"
    ));
    for (group, version) in
        [("by-default", "$Default"), ("by-latest", "$Latest"), ("by-number", "1")]
    {
        lab.scaling(
            "CreateAutoScalingGroup",
            &format!("AutoScalingGroupName={group}&MinSize=0&MaxSize=9&DesiredCapacity=1&AvailabilityZones.member.1=us-east-1a&LaunchTemplate.LaunchTemplateId={template}&LaunchTemplate.Version={version}"),
        );
    }
    let scale = |group: &str, size: u64| {
        lab.scaling(
            "SetDesiredCapacity",
            &format!("AutoScalingGroupName={group}&DesiredCapacity={size}"),
        );
        lab.tokens(group)
    };
    lab.ec2(
        "CreateLaunchTemplateVersion",
        &format!("LaunchTemplateId={template}&SourceVersion=1&LaunchTemplateData.MetadataOptions.HttpTokens=required"),
    );
    assert_eq!(scale("by-default", 2), ["optional", "optional"]);
    assert_eq!(scale("by-latest", 2), ["optional", "required"]);
    lab.ec2("ModifyLaunchTemplate", &format!("LaunchTemplateId={template}&SetDefaultVersion=2"));
    assert_eq!(scale("by-default", 3), ["optional", "optional", "required"]);
    assert_eq!(scale("by-number", 2), ["optional", "optional"]);
    // A version that is gone launches nothing, and what runs stays.
    lab.ec2(
        "DeleteLaunchTemplateVersions",
        &format!("LaunchTemplateId={template}&LaunchTemplateVersion.1=1"),
    );
    assert_eq!(scale("by-number", 3), ["optional", "optional"]);
    lab.scaling(
        "UpdateAutoScalingGroup",
        &format!("AutoScalingGroupName=by-number&LaunchTemplate.LaunchTemplateId={template}&LaunchTemplate.Version=2"),
    );
    assert_eq!(lab.tokens("by-number"), ["optional", "optional", "required"]);
    // While tokens are enforced, a version that is silent launches nothing, and one that requires them does.
    lab.ec2(
        "CreateLaunchTemplateVersion",
        &format!(
            "LaunchTemplateId={template}&LaunchTemplateData.ImageId={image}&LaunchTemplateData.InstanceType=m5.large"
        ),
    );
    lab.defaults("HttpTokensEnforced=enabled");
    assert_eq!(scale("by-latest", 3), ["optional", "required"]);
    assert_eq!(scale("by-number", 4), ["optional", "optional", "required", "required"]);
}

#[test]
fn groups_shrink_from_their_oldest_members() {
    let mut lab = Lab::new(400);
    let text = lab.scaling("DescribeAutoScalingGroups", "");
    let groups = text.split("<AutoScalingGroupName>").skip(1);
    let sizes =
        groups.map(|part| (part.split('<').next().unwrap(), element(part, "DesiredCapacity")));
    let (name, size) = sizes.max_by_key(|(_, size)| size.parse::<u64>().unwrap()).unwrap();
    let size: u64 = size.parse().unwrap();
    let minimum = size / 2;
    assert!(size > minimum);
    let below =
        format!("AutoScalingGroupName={name}&DesiredCapacity={}", minimum.saturating_sub(1));
    assert_eq!(lab.refused(Service::AutoScaling, "SetDesiredCapacity", &below), "ValidationError");
    lab.scaling(
        "SetDesiredCapacity",
        &format!("AutoScalingGroupName={name}&DesiredCapacity={minimum}"),
    );
    lab.later(2);
    let form = format!("AutoScalingGroupNames.member.1={name}");
    let text = lab.scaling("DescribeAutoScalingGroups", &form);
    assert_eq!(text.matches("<LifecycleState>InService<").count() as u64, minimum);
}

#[test]
fn listings_come_in_pages_without_loss() {
    let lab = Lab::new(2_000);
    let pages = |service, name: &str, set: &str, size: &str, token: &str, more: &str| {
        let (mut found, mut next, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let form = format!("{more}&{size}&NextToken={}", next.replace('+', "%2B"));
            let reply = lab.reply(service, name, &form);
            assert_eq!(reply.status, 200, "{name}: {}", reply.text());
            let text = reply.text();
            found.extend(values(&text, set).into_iter().map(str::to_owned));
            next = element(&text, token).to_owned();
            pages += 1;
            if next.is_empty() {
                return (found, pages);
            }
        }
    };
    let ec2 = |name, set, size, more| pages(Service::Ec2, name, set, size, "nextToken", more);
    let (templates, count) =
        ec2("DescribeLaunchTemplates", "launchTemplateId", "MaxResults=50", "");
    assert_eq!(
        (templates.len(), templates.iter().collect::<HashSet<_>>().len(), count),
        (200, 200, 4)
    );
    let latest = "LaunchTemplateVersion.1=$Latest";
    let (versions, count) =
        ec2("DescribeLaunchTemplateVersions", "launchTemplateId", "MaxResults=70", latest);
    assert_eq!((versions, count), (templates, 3));
    let scaling = |name, set, size| pages(Service::AutoScaling, name, set, size, "NextToken", "");
    let (groups, count) =
        scaling("DescribeAutoScalingGroups", "AutoScalingGroupARN", "MaxRecords=30");
    assert_eq!((groups.iter().collect::<HashSet<_>>().len(), count), (100, 4));
    let (members, _) = scaling("DescribeAutoScalingGroups", "InstanceId", "MaxRecords=100");
    let (listed, _) = scaling("DescribeAutoScalingInstances", "InstanceId", "MaxRecords=50");
    assert_eq!(members.into_iter().collect::<HashSet<_>>(), listed.into_iter().collect());
    for (service, name, form, code) in [
        (Service::Ec2, "DescribeLaunchTemplates", "MaxResults=201", "InvalidParameterValue"),
        (Service::Ec2, "DescribeLaunchTemplateVersions", "", "MissingParameter"),
        (
            Service::Ec2,
            "DescribeLaunchTemplateVersions",
            "LaunchTemplateVersion.1=3",
            "InvalidParameterValue",
        ),
        (Service::AutoScaling, "DescribeAutoScalingGroups", "MaxRecords=101", "ValidationError"),
        (Service::AutoScaling, "DescribeAutoScalingGroups", "NextToken=AAAA", "InvalidNextToken"),
        (Service::AutoScaling, "DescribeAutoScalingInstances", "MaxRecords=51", "ValidationError"),
    ] {
        assert_eq!(lab.refused(service, name, form), code, "{name} {form}");
    }
}
