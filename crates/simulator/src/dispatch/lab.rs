//! One account in one region with calls that must succeed, for tests of what launches instances.

use super::client::{Client, Credentials, element};
use super::*;
use crate::config::{Config, default_regions};

pub(super) const REGION: &str = "us-east-1";

/// One account, one region, and calls that must succeed.
pub(super) struct Lab {
    pub(super) client: Client,
    pub(super) user: Credentials,
}

impl Lab {
    pub(super) fn new(instances: u64) -> Self {
        let regions = default_regions(1);
        let client = Client::new(Config { accounts: 1, regions, instances, ..Config::default() });
        let lab = Self { user: client.user(), client };
        // Whatever the seed drew, the tests begin without account defaults.
        lab.defaults(
            "HttpTokens=no-preference&HttpTokensEnforced=no-preference&HttpPutResponseHopLimit=-1",
        );
        lab
    }

    pub(super) fn reply(&self, service: Service, name: &str, form: &str) -> Reply {
        self.client.call(&self.user, service, REGION, name, form)
    }

    pub(super) fn ec2(&self, name: &str, form: &str) -> String {
        let reply = self.reply(Service::Ec2, name, form);
        assert_eq!(reply.status, 200, "{name} {form}: {}", reply.text());
        reply.text()
    }

    pub(super) fn scaling(&self, name: &str, form: &str) -> String {
        let reply = self.reply(Service::AutoScaling, name, form);
        assert_eq!(reply.status, 200, "{name} {form}: {}", reply.text());
        reply.text()
    }

    pub(super) fn refused(&self, service: Service, name: &str, form: &str) -> String {
        let (status, code) = self.reply(service, name, form).error();
        assert_ne!(status, 200, "{name} {form}");
        code
    }

    pub(super) fn defaults(&self, form: &str) {
        self.ec2("ModifyInstanceMetadataDefaults", form);
    }

    pub(super) fn image(&self, name: &str, v2: bool) -> String {
        let support = if v2 { "&ImdsSupport=v2.0" } else { "" };
        element(&self.ec2("RegisterImage", &format!("Name={name}{support}")), "imageId").to_owned()
    }

    pub(super) fn instance(&self, id: &str) -> String {
        self.ec2("DescribeInstances", &format!("InstanceId.1={id}"))
    }

    /// The template `lab` with one version of these data, and its id.
    pub(super) fn template(&self, data: &str) -> String {
        let form = format!("LaunchTemplateName=lab&{data}");
        element(&self.ec2("CreateLaunchTemplate", &form), "launchTemplateId").to_owned()
    }

    /// `HttpTokens` of the members of a group, in the order they were launched.
    pub(super) fn tokens(&self, group: &str) -> Vec<String> {
        let form = format!("AutoScalingGroupNames.member.1={group}");
        let text = self.scaling("DescribeAutoScalingGroups", &form);
        let ids = text.split("<InstanceId>").skip(1).map(|part| part[..19].to_owned());
        ids.map(|id| element(&self.instance(&id), "httpTokens").to_owned()).collect()
    }

    pub(super) fn later(&mut self, seconds: i64) {
        self.client.late += seconds;
    }
}

pub(super) fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}>");
    text.split(&open).skip(1).filter_map(|part| part.split('<').next()).collect()
}
