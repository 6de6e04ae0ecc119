//! The organization's policies: what they say and where they are attached.
//!
//! Half of the service control policies are wrong on purpose, each in one way that is common: readers of guardrails must tell them from the sound one.

use serde_json::{Value, json};

use super::accounts::Account;
use super::organization::{Organization, Place};
use crate::crypto;

/// The account, by its place, that an EC2 policy of its own makes an exception of.
const EXCEPTION: usize = 3;

/// The services that have no regions, and STS: what a policy that closes a region must leave open (the SCP examples of the Organizations User Guide).
pub(crate) const GLOBAL_SERVICES: [&str; 6] =
    ["iam:*", "organizations:*", "sts:*", "support:*", "route53:*", "cloudfront:*"];

/// The unit that a region is closed for, if one is.
const CLOSED_FOR: Place = Place::Development;

/// The types of policies that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyType {
    ServiceControl,
    /// The declarative policy for EC2.
    Ec2,
}

impl PolicyType {
    /// The name in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::Ec2 => "DECLARATIVE_POLICY_EC2",
        }
    }
}

/// A policy and its targets.
pub(crate) struct Policy {
    /// `p-` and what AWS puts behind it.
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) kind: PolicyType,
    /// The policy document, as it was stored.
    pub(crate) content: String,
    pub(crate) attached: Attached,
}

/// What a policy is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attached {
    /// The root, every unit and every account: `FullAWSAccess`.
    Everywhere,
    /// The one root, unit or account with this id.
    To(String),
}

impl Policy {
    /// Whether AWS wrote it.
    pub(crate) fn is_aws_managed(&self) -> bool {
        self.attached == Attached::Everywhere
    }

    /// Whether it is attached directly to this root, unit or account.
    pub(crate) fn is_attached_to(&self, target: &str) -> bool {
        match &self.attached {
            Attached::Everywhere => true,
            Attached::To(id) => id == target,
        }
    }
}

/// All policies of an organization.
pub(crate) fn all(
    seed: u64,
    organization: &Organization,
    accounts: &[Account],
    closed_region: Option<&str>,
) -> Vec<Policy> {
    let mut policies = vec![Policy {
        id: "p-FullAWSAccess".into(),
        name: "FullAWSAccess",
        description: "Allows access to every operation",
        kind: PolicyType::ServiceControl,
        content: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#.into(),
        attached: Attached::Everywhere,
    }];
    let mut add = |kind, name, description, content: &Value, target: &str| {
        let letters = crypto::key_letters(&seed.to_be_bytes(), &format!("policy {name}"), 10);
        policies.push(Policy {
            id: format!("p-{}", letters.to_lowercase()),
            name,
            description,
            kind,
            content: content.to_string(),
            attached: Attached::To(target.to_owned()),
        });
    };
    for (name, description, content, place) in service_control_policies() {
        let target = organization.parent_id(place);
        add(PolicyType::ServiceControl, name, description, &content, target);
    }
    if let Some(region) = closed_region {
        let content = closing(region);
        let target = organization.parent_id(CLOSED_FOR);
        let description = "Nothing may be used in a region that was given up";
        add(PolicyType::ServiceControl, "CloseRegion", description, &content, target);
    }
    for (name, description, content, place) in ec2_policies() {
        let target = organization.parent_id(place);
        add(PolicyType::Ec2, name, description, &content, target);
    }
    if let Some(account) = accounts.get(EXCEPTION) {
        let description = "Version 1 stays possible here until the old cluster is gone";
        add(PolicyType::Ec2, "imds-data-exception", description, &exception(), &account.id);
    }
    policies
}

fn scp(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The exemption of those who run the organization's guardrails.
fn all_but_administrators() -> Value {
    json!({ "ArnNotLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/OrganizationAccountAccessRole" } })
}

const INSTANCES: &str = "arn:aws:ec2:*:*:instance/*";

fn service_control_policies() -> [(&'static str, &'static str, Value, Place); 5] {
    [
        (
            "RequireImdsV2",
            "Version 2 at launch and for good; the defaults are the platform team's",
            sound(),
            Place::Production,
        ),
        (
            "KeepImdsV2",
            "Version 2 at launch and for good",
            wrong_key_for_modify(),
            Place::Development,
        ),
        (
            "NoImdsV1",
            "Nobody launches with version 1",
            scp(&json!([{
                "Sid": "DenyVersion1",
                "Effect": "Deny",
                "Action": "ec2:RunInstances",
                "Resource": INSTANCES,
                "Condition": { "StringEquals": { "ec2:MetadataHttpTokens": "optional" } },
            }])),
            Place::Sandbox,
        ),
        (
            "ImdsV2Everywhere",
            "Version 2 at launch",
            scp(&json!([{
                "Sid": "RequireVersion2",
                "Effect": "Deny",
                "Action": "ec2:RunInstances",
                "Resource": "*",
                "Condition": { "StringNotEquals": { "ec2:MetadataHttpTokens": "required" } },
            }])),
            Place::Infrastructure,
        ),
        (
            "OnlyWhatIsNeeded",
            "Everything is closed that security accounts do not need",
            scp(&json!([{
                "Sid": "DenyTheRest",
                "Effect": "Deny",
                "NotAction": [
                    "autoscaling:*", "cloudwatch:*", "ec2:Describe*", "ec2:Get*", "ec2:Modify*",
                    "ec2:RunInstances", "iam:*", "organizations:*", "sts:*",
                ],
                "Resource": "*",
                "Condition": all_but_administrators(),
            }])),
            Place::Security,
        ),
    ]
}

/// As AWS's documents have it: each condition key on the action and the resource that carry it.
fn sound() -> Value {
    scp(&json!([
        {
            "Sid": "RequireVersion2AtLaunch",
            "Effect": "Deny",
            "Action": "ec2:RunInstances",
            "Resource": INSTANCES,
            "Condition": { "StringNotEquals": { "ec2:MetadataHttpTokens": "required" } },
        },
        {
            "Sid": "KeepVersion2",
            "Effect": "Deny",
            "Action": "ec2:ModifyInstanceMetadataOptions",
            "Resource": INSTANCES,
            "Condition": {
                "StringNotEquals": { "ec2:Attribute/HttpTokens": "required" },
                "Null": { "ec2:Attribute/HttpTokens": "false" },
            },
        },
        {
            "Sid": "ProtectDefaults",
            "Effect": "Deny",
            "Action": "ec2:ModifyInstanceMetadataDefaults",
            "Resource": "*",
            "Condition": all_but_administrators(),
        },
    ]))
}

/// `ec2:MetadataHttpTokens` says what an instance is launched with; a request to modify one does not carry it.
fn wrong_key_for_modify() -> Value {
    scp(&json!([
        {
            "Sid": "RequireVersion2AtLaunch",
            "Effect": "Deny",
            "Action": "ec2:RunInstances",
            "Resource": INSTANCES,
            "Condition": { "StringNotEquals": { "ec2:MetadataHttpTokens": "required" } },
        },
        {
            "Sid": "KeepVersion2",
            "Effect": "Deny",
            "Action": "ec2:ModifyInstanceMetadataOptions",
            "Resource": INSTANCES,
            "Condition": { "StringEquals": { "ec2:MetadataHttpTokens": "optional" } },
        },
    ]))
}

fn closing(region: &str) -> Value {
    scp(&json!([{
        "Sid": "CloseRegion",
        "Effect": "Deny",
        "NotAction": GLOBAL_SERVICES,
        "Resource": "*",
        "Condition": { "StringEquals": { "aws:RequestedRegion": [region] } },
    }]))
}

/// The unit whose accounts find the region closed.
pub(crate) fn closed_for(organization: &Organization) -> &str {
    organization.parent_id(CLOSED_FOR)
}

fn ec2_policies() -> [(&'static str, &'static str, Value, Place); 4] {
    [
        (
            "imds-require-tokens",
            "New instances of production use version 2",
            json!({ "ec2_attributes": {
                "instance_metadata_defaults": {
                    "http_tokens": { "@@assign": "required" },
                    "http_put_response_hop_limit": { "@@assign": "2" },
                    "http_endpoint": { "@@assign": "enabled" },
                    "instance_metadata_tags": { "@@assign": "no_preference" },
                },
                "exception_message": { "@@assign": "Managed by the platform team: ask in #platform" },
            } }),
            Place::Production,
        ),
        (
            "imds-regulated",
            "Where cards are handled, no container reaches the metadata",
            json!({ "ec2_attributes": { "instance_metadata_defaults": {
                "http_put_response_hop_limit": { "@@assign": "1" },
            } } }),
            Place::Regulated,
        ),
        (
            "imds-enforce-tokens",
            "Security accounts do not launch without version 2",
            json!({ "ec2_attributes": {
                "instance_metadata_defaults": {
                    "http_tokens": { "@@assign": "required" },
                    "http_put_response_hop_limit": { "@@assign": "2" },
                    "http_endpoint": { "@@assign": "enabled" },
                    "http_tokens_enforced": { "@@assign": "enabled" },
                },
                "exception_message": { "@@assign": "Managed by security: ask in #security" },
            } }),
            Place::Security,
        ),
        (
            "no-serial-console",
            "Nobody uses the serial console",
            json!({ "ec2_attributes": { "serial_console_access": { "status": { "@@assign": "disabled" } } } }),
            Place::Infrastructure,
        ),
    ]
}

fn exception() -> Value {
    json!({ "ec2_attributes": { "instance_metadata_defaults": { "http_tokens": { "@@assign": "optional" } } } })
}
