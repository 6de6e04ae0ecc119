//! Changes that are not of instances' options: groups, templates, tags and other services, as whole calls.

use serde_json::{Value, json};

use super::client::{Client, element};
use super::lab::{Lab, REGION, values};
use super::*;
use crate::config::Config;

fn group(lab: &Lab, size: u64) -> (String, String) {
    let image = lab.image("AMI-OLD", false);
    let template = lab.template(&format!(
        "LaunchTemplateData.ImageId={image}&LaunchTemplateData.InstanceType=m5.large&LaunchTemplateData.MetadataOptions.HttpTokens=optional"
    ));
    let form = format!(
        "AutoScalingGroupName=fleet&MinSize=0&MaxSize=20&DesiredCapacity={size}&AvailabilityZones.member.1=us-east-1a&LaunchTemplate.LaunchTemplateId={template}&LaunchTemplate.Version=$Latest"
    );
    lab.scaling("CreateAutoScalingGroup", &form);
    lab.client.cloud.advance(10);
    let form = format!(
        "LaunchTemplateId={template}&SourceVersion=1&LaunchTemplateData.MetadataOptions.HttpTokens=required"
    );
    lab.ec2("CreateLaunchTemplateVersion", &form);
    (template, "AutoScalingGroupName=fleet".to_owned())
}

fn in_service(lab: &Lab) -> usize {
    let text = lab.scaling("DescribeAutoScalingGroups", "AutoScalingGroupNames.member.1=fleet");
    text.matches("<LifecycleState>InService<").count()
}

#[test]
fn a_refresh_replaces_a_group_step_by_step() {
    let lab = Lab::new(0);
    let (_, name) = group(&lab, 6);
    let status = || {
        let text = lab.scaling("DescribeInstanceRefreshes", &name);
        (element(&text, "Status").to_owned(), element(&text, "PercentageComplete").to_owned())
    };
    let started =
        lab.scaling("StartInstanceRefresh", &format!("{name}&Preferences.MinHealthyPercentage=50"));
    let again = lab.refused(Service::AutoScaling, "StartInstanceRefresh", &name);
    assert_eq!(again, "InstanceRefreshInProgress");
    assert_eq!(status(), ("Pending".into(), "0".into()));
    lab.client.cloud.advance(2);
    assert_eq!(status(), ("InProgress".into(), "50".into()));
    assert_eq!(in_service(&lab), 3);
    lab.client.cloud.advance(2);
    assert_eq!(status(), ("InProgress".into(), "100".into()));
    // Nobody needs to look for it to go on.
    lab.client.cloud.advance(1_000);
    assert_eq!(status(), ("Successful".into(), "100".into()));
    assert_eq!(lab.tokens("fleet"), ["required"; 6]);
    let text = lab.scaling("DescribeInstanceRefreshes", &name);
    assert_eq!(element(&text, "InstanceRefreshId"), element(&started, "InstanceRefreshId"));
    let times = [element(&text, "StartTime"), element(&text, "EndTime")];
    assert_eq!(times, ["2026-06-15T12:00:10.000Z", "2026-06-15T12:00:16.000Z"]);
    let cancel = lab.refused(Service::AutoScaling, "CancelInstanceRefresh", &name);
    assert_eq!(cancel, "ActiveInstanceRefreshNotFound");
    // All match now, so that there is nothing to do.
    lab.scaling("StartInstanceRefresh", &format!("{name}&Preferences.SkipMatching=true"));
    lab.client.cloud.advance(2);
    assert_eq!(status(), ("Successful".into(), "100".into()));
}

#[test]
fn a_refresh_that_is_cancelled_leaves_what_it_replaced() {
    let lab = Lab::new(0);
    let (_, name) = group(&lab, 4);
    lab.scaling("StartInstanceRefresh", &format!("{name}&Preferences.MinHealthyPercentage=75"));
    lab.client.cloud.advance(2);
    lab.scaling("CancelInstanceRefresh", &name);
    lab.client.cloud.advance(100);
    assert_eq!(element(&lab.scaling("DescribeInstanceRefreshes", &name), "Status"), "Cancelled");
    assert_eq!(lab.tokens("fleet").iter().filter(|tokens| *tokens == "required").count(), 1);
    assert_eq!(in_service(&lab), 4);
    let wrong = |form: &str| lab.refused(Service::AutoScaling, "StartInstanceRefresh", form);
    assert_eq!(wrong("AutoScalingGroupName=nobody"), "ValidationError");
    assert_eq!(wrong(&format!("{name}&Strategy=ReplaceRootVolume")), "ValidationError");
    assert_eq!(wrong(&format!("{name}&Preferences.MinHealthyPercentage=101")), "ValidationError");
    assert_eq!(wrong(&format!("{name}&Preferences.AutoRollback=true")), "ValidationError");
}

#[test]
fn a_refresh_that_cannot_launch_fails() {
    let lab = Lab::new(0);
    let (template, name) = group(&lab, 2);
    let form = format!("LaunchTemplateId={template}&LaunchTemplateData.InstanceType=m5.large");
    lab.ec2("CreateLaunchTemplateVersion", &form);
    lab.scaling("StartInstanceRefresh", &name);
    lab.client.cloud.advance(2);
    let text = lab.scaling("DescribeInstanceRefreshes", &name);
    assert_eq!(element(&text, "Status"), "Failed");
    assert!(element(&text, "StatusReason").contains("ImageId"), "{text}");
    assert_eq!(in_service(&lab), 2);
}

#[test]
fn client_tokens_bind_their_parameters() {
    let lab = Lab::new(0);
    let template = lab.template("LaunchTemplateData.InstanceType=m5.large");
    let form = format!("LaunchTemplateId={template}&ClientToken=t");
    let create = format!("{form}&LaunchTemplateData.KeyName=a");
    let numbers: Vec<String> = (0..2)
        .map(|_| lab.ec2("CreateLaunchTemplateVersion", &create))
        .map(|text| element(&text, "versionNumber").to_owned())
        .collect();
    assert_eq!(numbers, ["2", "2"]);
    let other = format!("{form}&LaunchTemplateData.KeyName=b");
    let mismatch = "IdempotentParameterMismatch";
    assert_eq!(lab.refused(Service::Ec2, "CreateLaunchTemplateVersion", &other), mismatch);
    let default = |number: u64, token: &str| {
        let form =
            format!("LaunchTemplateId={template}&ClientToken={token}&SetDefaultVersion={number}");
        element(&lab.ec2("ModifyLaunchTemplate", &form), "defaultVersionNumber").to_owned()
    };
    assert_eq!([default(2, "x"), default(1, "y"), default(2, "x")], ["2", "1", "1"]);
    let other = format!("LaunchTemplateId={template}&ClientToken=x&SetDefaultVersion=1");
    assert_eq!(lab.refused(Service::Ec2, "ModifyLaunchTemplate", &other), mismatch);
}

#[test]
fn a_template_is_deleted_with_all_its_versions() {
    let lab = Lab::new(200);
    let listed = || {
        let templates = lab.ec2("DescribeLaunchTemplates", "");
        let versions = "LaunchTemplateVersion.1=$Latest&LaunchTemplateVersion.2=$Default";
        let versions = lab.ec2("DescribeLaunchTemplateVersions", versions);
        [templates, versions].map(|text| {
            values(&text, "launchTemplateId").into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
    };
    let before = listed();
    let template = lab.template("LaunchTemplateData.InstanceType=m5.large");
    assert!(listed().iter().all(|ids| ids.contains(&template)));
    let delete = |form: &str| lab.ec2("DeleteLaunchTemplate", form);
    let refused = |form: &str| lab.refused(Service::Ec2, "DeleteLaunchTemplate", form);
    let by_id = format!("LaunchTemplateId={template}");
    for (form, code) in [
        (format!("{by_id}&DryRun=true"), "DryRunOperation"),
        (format!("{by_id}&LaunchTemplateName=lab"), "InvalidParameterCombination"),
        (String::new(), "MissingParameter"),
        ("LaunchTemplateId=lt-00000000000000001".into(), "InvalidLaunchTemplateId.NotFound"),
        ("LaunchTemplateId=lab".into(), "InvalidLaunchTemplateId.Malformed"),
        ("LaunchTemplateName=nobody".into(), "InvalidLaunchTemplateName.NotFoundException"),
    ] {
        assert_eq!(refused(&form), code, "{form}");
    }
    // Its only version is the default, which is not deleted by itself.
    let version = format!("{by_id}&LaunchTemplateVersion.1=1");
    let kept = lab.ec2("DeleteLaunchTemplateVersions", &version);
    assert_eq!(element(&kept, "code"), "unexpectedError");
    let answer = delete(&by_id);
    assert_eq!(element(&answer, "launchTemplateId"), template);
    assert_eq!(element(&answer, "launchTemplateName"), "lab");
    assert_eq!(listed(), before);
    assert_eq!(refused(&by_id), "InvalidLaunchTemplateId.NotFound");
    let versions = format!("{by_id}&LaunchTemplateVersion.1=1");
    let gone = lab.refused(Service::Ec2, "DescribeLaunchTemplateVersions", &versions);
    assert_eq!(gone, "InvalidLaunchTemplateId.NotFound");
    // The name is free again, and one that was there before calls began goes as well.
    let again = lab.template("LaunchTemplateData.InstanceType=m5.large");
    assert_ne!(again, template);
    delete("LaunchTemplateName=lab");
    delete(&format!("LaunchTemplateId={}", before[0][0]));
    assert!(listed().iter().all(|ids| !ids.contains(&before[0][0]) && !ids.is_empty()));
}

#[test]
fn a_launch_configuration_shows_what_it_was_made_with() {
    let lab = Lab::new(0);
    let form = "LaunchConfigurationName=lc&ImageId=ami-1&InstanceType=m5.large&KeyName=k&SecurityGroups.member.1=sg-1&SecurityGroups.member.2=sg-2&InstanceMonitoring.Enabled=false&BlockDeviceMappings.member.1.DeviceName=/dev/xvda&BlockDeviceMappings.member.1.Ebs.VolumeSize=9&UserData=YQ==";
    lab.scaling("CreateLaunchConfiguration", form);
    let text = lab.scaling("DescribeLaunchConfigurations", "");
    for part in [
        "<KeyName>k</KeyName>",
        "<SecurityGroups><member>sg-1</member><member>sg-2</member></SecurityGroups>",
        "<InstanceMonitoring><Enabled>false</Enabled></InstanceMonitoring>",
        "<BlockDeviceMappings><member><DeviceName>/dev/xvda</DeviceName><Ebs><VolumeSize>9</VolumeSize></Ebs></member></BlockDeviceMappings>",
        "<UserData>YQ==</UserData>",
        "<EbsOptimized>false</EbsOptimized>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let wrong = format!("{form}&Colour=red").replace("Name=lc", "Name=other");
    assert_eq!(
        lab.refused(Service::AutoScaling, "CreateLaunchConfiguration", &wrong),
        "ValidationError"
    );
}

#[test]
fn a_template_for_a_group_needs_the_right_to_launch_it() {
    let attempt = |allowed: &str| {
        let policy = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Action":["autoscaling:*","ec2:Describe*"{allowed}}}]}}"#
        );
        let config =
            Config { accounts: 1, instances: 400, allowed: Some(policy), ..Config::default() };
        let client = Client::new(config);
        let user = client.user();
        let call = |service, name, form: &str| client.call(&user, service, REGION, name, form);
        let template = call(Service::Ec2, "DescribeLaunchTemplates", "").text();
        let template = element(&template, "launchTemplateId").to_owned();
        let group = call(Service::AutoScaling, "DescribeAutoScalingGroups", "").text();
        let group = element(&group, "AutoScalingGroupName").to_owned();
        let update = |more: &str| {
            let form = format!("AutoScalingGroupName={group}{more}");
            call(Service::AutoScaling, "UpdateAutoScalingGroup", &form)
        };
        assert_eq!(update("&MaxSize=50").status, 200, "a size needs nothing else");
        let reply = update(&format!("&LaunchTemplate.LaunchTemplateId={template}"));
        let words = format!("You are not authorized to use launch template: {template}");
        assert!(reply.status == 200 || reply.text().contains(&words), "{}", reply.text());
        reply.error()
    };
    let denied = (403, "AccessDenied".to_owned());
    let done = (200, String::new());
    assert_eq!(attempt(r#"],"Resource":"*""#), denied);
    // The computed templates name a profile.
    assert_eq!(attempt(r#","ec2:RunInstances"],"Resource":"*""#), denied);
    assert_eq!(attempt(r#","ec2:RunInstances","iam:PassRole"],"Resource":"*""#), done);
    let narrow = r#","ec2:RunInstances"],"Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/*""#;
    assert_eq!(attempt(narrow), done);
}

#[test]
fn tags_are_written_and_taken_away() {
    let lab = Lab::new(200);
    let id = element(&lab.ec2("DescribeInstances", ""), "instanceId").to_owned();
    let template = lab.template("LaunchTemplateData.InstanceType=m5.large");
    let tags = |id: &str| {
        let text = lab.instance(id);
        values(element(&text, "tagSet"), "key").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let before = tags(&id);
    lab.ec2(
        "CreateTags",
        &format!("ResourceId.1={id}&ResourceId.2={template}&Tag.1.Key=wave&Tag.1.Value=1%261"),
    );
    assert!(lab.instance(&id).contains("<key>wave</key><value>1&amp;1</value>"));
    let shown = lab.ec2("DescribeLaunchTemplates", &format!("LaunchTemplateId.1={template}"));
    assert!(shown.contains("<key>wave</key><value>1&amp;1</value>"));
    let filter = "Filter.1.Name=tag:wave&Filter.1.Value.1=1%261";
    assert_eq!(values(&lab.ec2("DescribeInstances", filter), "instanceId"), [id.as_str()]);
    lab.ec2("DeleteTags", &format!("ResourceId.1={id}&Tag.1.Key=wave&Tag.1.Value=2"));
    assert_eq!(tags(&id).len(), before.len() + 1);
    lab.ec2("DeleteTags", &format!("ResourceId.1={id}&Tag.1.Key=wave"));
    assert_eq!(tags(&id), before);
    for (form, code) in [
        (format!("ResourceId.1={id}"), "MissingParameter"),
        ("Tag.1.Key=a".to_owned(), "MissingParameter"),
        (format!("ResourceId.1={id}&Tag.1.Key=aws:a"), "InvalidParameterValue"),
        ("ResourceId.1=vol-1&Tag.1.Key=a".to_owned(), "InvalidID"),
        ("ResourceId.1=i-00000000000000001&Tag.1.Key=a".to_owned(), "InvalidInstanceID.NotFound"),
        (format!("ResourceId.1={id}&Tag.1.Key=a&DryRun=true"), "DryRunOperation"),
    ] {
        assert_eq!(lab.refused(Service::Ec2, "CreateTags", &form), code, "{form}");
    }
}

#[test]
fn notebooks_are_updated_while_they_are_stopped() {
    let lab = Lab::new(100);
    let call = |name: &str, input: Value| lab.client.document(Service::SageMaker, name, &input);
    let name = "churn-model";
    let named = json!({ "NotebookInstanceName": name });
    let status = || {
        let text = call("DescribeNotebookInstance", named.clone()).json();
        let version = &text["InstanceMetadataServiceConfiguration"];
        let version = version["MinimumInstanceMetadataServiceVersion"].as_str().map(str::to_owned);
        (text["NotebookInstanceStatus"].as_str().unwrap().to_owned(), version)
    };
    let wish = |version: &str| {
        json!({ "NotebookInstanceName": name, "InstanceMetadataServiceConfiguration": {
            "MinimumInstanceMetadataServiceVersion": version } })
    };
    let invalid = (400, "ValidationException".to_owned());
    if status().0 == "InService" {
        assert_eq!(call("UpdateNotebookInstance", wish("2")).error(), invalid);
        assert_eq!(call("StartNotebookInstance", named.clone()).error(), invalid);
        assert_eq!(call("StopNotebookInstance", named.clone()).status, 200);
        assert_eq!(status().0, "Stopping");
        assert_eq!(call("UpdateNotebookInstance", wish("2")).error(), invalid);
        lab.client.cloud.advance(2);
    }
    assert_eq!(status().0, "Stopped");
    for version in ["1", "2"] {
        assert_eq!(call("UpdateNotebookInstance", wish(version)).status, 200);
        assert_eq!(status().0, "Updating");
        lab.client.cloud.advance(2);
        assert_eq!(status(), ("Stopped".into(), Some(version.to_owned())));
    }
    assert_eq!(call("UpdateNotebookInstance", wish("3")).error(), invalid);
    assert_eq!(call("StartNotebookInstance", named.clone()).status, 200);
    assert_eq!(status().0, "Pending");
    lab.client.cloud.advance(2);
    assert_eq!(status(), ("InService".into(), Some("2".into())));
    let stranger = call("StopNotebookInstance", json!({ "NotebookInstanceName": "nobody" }));
    assert_eq!(stranger.error(), invalid);
}

#[test]
fn an_environment_replaces_its_instances() {
    let lab = Lab::new(3_000);
    let option = |value: &str| {
        format!(
            "EnvironmentName=Intranet-env&OptionSettings.member.1.Namespace=aws:autoscaling:launchconfiguration&OptionSettings.member.1.OptionName=DisableIMDSv1&OptionSettings.member.1.Value={value}"
        )
    };
    let members = || {
        let form = "Filter.1.Name=tag:elasticbeanstalk:environment-name&Filter.1.Value.1=Intranet-env&Filter.2.Name=instance-state-name&Filter.2.Value.1=running";
        let text = lab.ec2("DescribeInstances", form);
        let ids = values(&text, "instanceId").into_iter().map(str::to_owned).collect::<Vec<_>>();
        (ids, values(&text, "httpTokens").into_iter().all(|tokens| tokens == "required"))
    };
    let (before, all_required) = members();
    assert!(!before.is_empty() && !all_required);
    let update = |form: &str| lab.reply(Service::Beanstalk, "UpdateEnvironment", form);
    let reply = update(&option("true"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(element(&reply.text(), "Status"), "Updating");
    let invalid = (400, "InvalidParameterValue".to_owned());
    assert_eq!(update(&option("false")).error(), invalid);
    lab.client.cloud.advance(2);
    let shown = lab.reply(
        Service::Beanstalk,
        "DescribeEnvironments",
        "EnvironmentNames.member.1=Intranet-env",
    );
    assert_eq!(element(&shown.text(), "Status"), "Ready");
    let (after, all_required) = members();
    assert!(all_required);
    // What could be launched was replaced.
    let replaced = before.iter().filter(|id| !after.contains(id)).count();
    assert!(replaced > 0, "{before:?} {after:?}");
    assert_eq!(update("EnvironmentName=nobody").error(), invalid);
    assert_eq!(update(&option("perhaps")).error(), invalid);
    assert_eq!(update("").error(), (400, "MissingParameter".into()));
    let other = option("true").replace("DisableIMDSv1", "EC2KeyName");
    assert_eq!(update(&other).error(), invalid);
}

#[test]
fn lightsail_changes_options_in_place() {
    let lab = Lab::new(100);
    let call = |name: &str, input: Value| lab.client.document(Service::Lightsail, name, &input);
    let blog = || call("GetInstances", json!({})).json()["instances"][0]["metadataOptions"].clone();
    let wish = json!({ "instanceName": "blog", "httpTokens": "required" });
    let done = call("UpdateInstanceMetadataOptions", wish).json();
    assert_eq!(done["operation"]["status"], "Succeeded");
    assert_eq!((&blog()["state"], &blog()["httpTokens"]), (&json!("pending"), &json!("required")));
    call(
        "UpdateInstanceMetadataOptions",
        json!({ "instanceName": "blog", "httpPutResponseHopLimit": 3 }),
    );
    lab.client.cloud.advance(2);
    let expected = json!({ "state": "applied", "httpTokens": "required", "httpEndpoint": "enabled",
        "httpPutResponseHopLimit": 3, "httpProtocolIpv6": "disabled" });
    assert_eq!(blog(), expected);
    let refused = |input| call("UpdateInstanceMetadataOptions", input).error().1;
    assert_eq!(
        refused(json!({ "instanceName": "nobody", "httpTokens": "required" })),
        "NotFoundException"
    );
    assert_eq!(
        refused(json!({ "instanceName": "blog", "httpTokens": "no" })),
        "InvalidInputException"
    );
    assert_eq!(refused(json!({ "instanceName": "blog" })), "InvalidInputException");
    assert_eq!(
        refused(json!({ "instanceName": "blog", "httpPutResponseHopLimit": 65 })),
        "InvalidInputException"
    );
}

#[test]
fn a_group_is_deleted_with_its_members_and_its_configuration_after_it() {
    let lab = Lab::new(0);
    let image = lab.image("AMI-OLD", false);
    let named = "LaunchConfigurationName=old";
    let form = format!("{named}&ImageId={image}&InstanceType=m5.large");
    lab.scaling("CreateLaunchConfiguration", &form);
    let group = "AutoScalingGroupName=fleet";
    let form = format!(
        "{group}&MinSize=0&MaxSize=9&DesiredCapacity=2&AvailabilityZones.member.1=us-east-1a&{named}"
    );
    lab.scaling("CreateAutoScalingGroup", &form);
    lab.client.cloud.advance(10);
    let refused = |name: &str, form: &str| lab.refused(Service::AutoScaling, name, form);
    assert_eq!(refused("DeleteLaunchConfiguration", named), "ResourceInUse");
    assert_eq!(refused("DeleteAutoScalingGroup", group), "ResourceInUse");
    assert_eq!(in_service(&lab), 2);
    lab.scaling("DeleteAutoScalingGroup", &format!("{group}&ForceDelete=true"));
    lab.scaling("DeleteLaunchConfiguration", named);
    lab.client.cloud.advance(10);
    assert_eq!(in_service(&lab), 0);
    assert!(!lab.scaling("DescribeAutoScalingGroups", "").contains(">fleet<"));
    assert!(!lab.scaling("DescribeLaunchConfigurations", "").contains(">old<"));
    assert!(!lab.ec2("DescribeInstances", "").contains("<name>running<"));
    for (name, form) in [("UpdateAutoScalingGroup", group), ("DeleteLaunchConfiguration", named)] {
        assert_eq!(refused(name, form), "ValidationError");
    }
    // The names are free again.
    let form = format!("{named}&ImageId={image}&InstanceType=m5.large");
    lab.scaling("CreateLaunchConfiguration", &form);
    let form = format!("{group}&MinSize=0&MaxSize=9&AvailabilityZones.member.1=us-east-1a&{named}");
    lab.scaling("CreateAutoScalingGroup", &form);
    assert!(lab.scaling("DescribeAutoScalingGroups", "").contains(">fleet<"));
    lab.ec2("DeregisterImage", &format!("ImageId={image}"));
    let code = lab.refused(Service::Ec2, "DescribeImages", &format!("ImageId.1={image}"));
    assert_eq!(code, "InvalidAMIID.NotFound");
}

#[test]
fn an_environment_is_terminated_after_a_moment() {
    let lab = Lab::new(0);
    let call = |name: &str, form: &str| lab.reply(Service::Beanstalk, name, form);
    let environment = "EnvironmentName=Api-v1-env";
    assert_eq!(call("TerminateEnvironment", environment).status, 200);
    let shown = |more: &str| {
        let form = format!("EnvironmentNames.member.1=Api-v1-env{more}");
        call("DescribeEnvironments", &form).text()
    };
    assert_eq!(element(&shown(""), "Status"), "Terminating");
    lab.client.cloud.advance(2);
    assert!(!shown("&IncludeDeleted=false").contains("<Status>"));
    assert_eq!(element(&shown("&IncludeDeleted=true"), "Status"), "Terminated");
    let invalid = (400, "InvalidParameterValue".to_owned());
    let settings = format!("ApplicationName=Api&{environment}");
    assert_eq!(call("DescribeConfigurationSettings", &settings).error(), invalid);
    assert_eq!(call("UpdateEnvironment", environment).error(), invalid);
}
