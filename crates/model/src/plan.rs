//! A plan: what is to change in AWS, in which waves, on what evidence, and how it goes back. Data alone; how the file is
//! written stands in the crate `fix`.
//!
//! A plan is a JSON object. Its head says what holds for all changes; `changes` and `unplanned` hold one object a line, sorted
//! by wave, account, region, kind and id, so that two plans can be compared line by line.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Effect;

/// The layout of plan files that this version writes and reads.
pub const PLAN_SCHEMA: &str = "imdsure.plan/1";

/// What a change does, in the order in which kinds come within a wave: what launches before what runs, defaults after
/// both, enforcement last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// `ImdsSupport` of an AMI (ModifyImageAttribute). It cannot be taken back.
    ImageImdsSupport,
    /// A launch template in place of a launch configuration, for its groups.
    LaunchConfiguration,
    /// A new version of a launch template, and what launches from it led there.
    LaunchTemplate,
    /// The options of an instance that no group owns (ModifyInstanceMetadataOptions).
    Instance,
    /// The options of a running member of an Auto Scaling group, in place.
    GroupMember,
    /// New instances for the members of a group (StartInstanceRefresh).
    InstanceRefresh,
    /// The minimum version of a SageMaker notebook instance.
    SagemakerNotebook,
    /// `DisableIMDSv1` of a Beanstalk environment.
    BeanstalkEnvironment,
    /// The options of a Lightsail instance.
    LightsailInstance,
    /// The account's default for tokens in a region (ModifyInstanceMetadataDefaults).
    AccountDefaults,
    /// `HttpTokensEnforced` of the account in a region.
    AccountEnforcement,
}

impl ChangeKind {
    /// Whether it changes instances that run, members of groups among them.
    pub const fn is_instance(self) -> bool {
        matches!(self, Self::Instance | Self::GroupMember)
    }

    /// Every kind, in their order.
    pub const ALL: [Self; 11] = [
        Self::ImageImdsSupport,
        Self::LaunchConfiguration,
        Self::LaunchTemplate,
        Self::Instance,
        Self::GroupMember,
        Self::InstanceRefresh,
        Self::SagemakerNotebook,
        Self::BeanstalkEnvironment,
        Self::LightsailInstance,
        Self::AccountDefaults,
        Self::AccountEnforcement,
    ];

    /// What is planned when nobody chooses; of defaults and enforcement, only where nothing runs.
    pub const DEFAULT: [Self; 5] = [
        Self::LaunchTemplate,
        Self::Instance,
        Self::GroupMember,
        Self::AccountDefaults,
        Self::AccountEnforcement,
    ];

    /// The word of command line and plan.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImageImdsSupport => "image-imds-support",
            Self::LaunchConfiguration => "launch-configuration",
            Self::LaunchTemplate => "launch-template",
            Self::Instance => "instance",
            Self::GroupMember => "group-member",
            Self::InstanceRefresh => "instance-refresh",
            Self::SagemakerNotebook => "sagemaker-notebook",
            Self::BeanstalkEnvironment => "beanstalk-environment",
            Self::LightsailInstance => "lightsail-instance",
            Self::AccountDefaults => "account-defaults",
            Self::AccountEnforcement => "account-enforcement",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ChangeKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is no kind of change; kinds: {all}")
        })
    }
}

/// What holds for every change of a kind: how it is prepared, checked and taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindNotes {
    /// What it does to the resource.
    pub effect: Effect,
    /// What has to hold right before the call, else the target is skipped.
    pub precondition: String,
    /// How it is made sure afterwards that it did what it should.
    pub verified: String,
    /// How it is undone.
    pub undone: String,
    /// The IAM actions that applying and undoing need.
    pub iam: Vec<String>,
}

/// One change: one line of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The wave that it belongs to, from 1.
    pub wave: u32,
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// What it does.
    pub kind: ChangeKind,
    /// The target's id within account, region and kind: `i-…`, `lt-…`, a name.
    pub id: String,
    /// The target's ARN.
    pub target: String,
    /// Its name; null without one.
    pub name: Option<String>,
    /// What is sent, by AWS's names: only what changes.
    pub send: Map<String, Value>,
    /// What was there when the evidence was read, by AWS's names.
    pub before: Map<String, Value>,
    /// What it does to the resource.
    pub effect: Effect,
    /// What was seen of version 1; null where that was not read.
    pub evidence: Option<UsageEvidence>,
    /// Who and what is touched.
    pub blast: BlastRadius,
    /// What to know before approving it.
    pub warnings: Vec<String>,
}

/// What CloudWatch counted of version 1 before the change. Once tokens are required the metric is zero by construction: what
/// was true before is kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageEvidence {
    /// Calls in the window; null without data.
    pub calls: Option<u64>,
    /// Where the window begins (RFC 3339, UTC).
    pub from: Option<String>,
    /// Where it ends.
    pub to: Option<String>,
    /// Hours of the window with data; of several instances, those of the one with most.
    pub covered_hours: Option<u64>,
    /// Whether a start lies inside the window; null where that is not known.
    pub started_in_window: Option<bool>,
    /// Instances that this is the sum of: those born from a template, dead ones included; null for a single one.
    pub instances: Option<u64>,
    /// Those of them without data.
    pub without_data: Option<u64>,
}

/// Who and what a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlastRadius {
    /// The Auto Scaling group, or the groups that launch from a template.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub groups: Vec<String>,
    /// The service or stack that owns the resource, as `cloudformation:shop`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<String>,
    /// The instance profile whose credentials are delivered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<String>,
    /// Who owns it, by its tags.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// `running`, `stopped`, …
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<String>,
    /// Its last start (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub launched: Option<String>,
    /// The last hour or day with a version 1 call.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_v1_call: Option<String>,
    /// Whether containers are likely, for whom the hop limit matters.
    #[serde(skip_serializing_if = "is_false", default)]
    pub containers_likely: bool,
    /// Whether it has a public address.
    #[serde(skip_serializing_if = "is_false", default)]
    pub public: bool,
}

// The signature is serde's.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(truth: &bool) -> bool {
    !*truth
}

/// Why something that fails is not planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Version 1 was used in the window, or is called and refused.
    V1CallsSeen,
    /// There is no data on version 1, or not enough.
    NoData,
    /// A waiver accepts it.
    Waiver,
    /// The metadata service is off: its options cannot be set without turning it on.
    EndpointDisabled,
    /// Another service or tool owns it, and would be edited behind its back.
    OwnedByService,
    /// A change is under way already.
    Pending,
    /// AWS did not report what has to be known.
    NotReported,
    /// What stands there cannot be changed without changing something else.
    Entangled,
    /// What would have to be changed first is not part of the plan.
    Blocked,
    /// Code that made it says `optional`, and would take the change back when it is applied.
    RevertedByCode,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::V1CallsSeen,
        Self::NoData,
        Self::Waiver,
        Self::EndpointDisabled,
        Self::OwnedByService,
        Self::Pending,
        Self::NotReported,
        Self::Entangled,
        Self::Blocked,
        Self::RevertedByCode,
    ];

    /// The word of plans.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1CallsSeen => "v1-calls-seen",
            Self::NoData => "no-data",
            Self::Waiver => "waiver",
            Self::EndpointDisabled => "endpoint-disabled",
            Self::OwnedByService => "owned-by-service",
            Self::Pending => "pending",
            Self::NotReported => "not-reported",
            Self::Entangled => "entangled",
            Self::Blocked => "blocked",
            Self::RevertedByCode => "reverted-by-code",
        }
    }

    /// What it means, and what to do about it.
    pub const fn about(self) -> &'static str {
        match self {
            Self::V1CallsSeen => {
                "version 1 was used in the window: find and update the caller first"
            }
            Self::NoData => {
                "no or too little data on version 1: read usage over a longer window (--usage), or --include-unknown"
            }
            Self::Waiver => "a waiver of the configuration accepts it",
            Self::EndpointDisabled => {
                "the metadata service is off, and setting options would turn it on"
            }
            Self::OwnedByService => "another service owns it: change it there",
            Self::Pending => "a change is under way: read again later",
            Self::NotReported => "AWS did not report what has to be known",
            Self::Entangled => "it cannot be changed without changing something else: by hand",
            Self::Blocked => "something else has to be changed first",
            Self::RevertedByCode => {
                "code would take it back: repair the code first (imdsure scan PATH --fix)"
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that is not as it should be, and is left alone: one line of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unplanned {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// What would have been done.
    pub kind: ChangeKind,
    /// The target's id.
    pub id: String,
    /// Its ARN.
    pub target: String,
    /// Its name.
    pub name: Option<String>,
    /// Who owns it, by its tags.
    pub owner: Option<String>,
    /// Why it is left alone.
    pub reason: Reason,
    /// The same in words, with numbers and dates.
    pub why: String,
}

/// A wave in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// Its number, from 1.
    pub wave: u32,
    /// What it is for: `regions where nothing runs`, `canary`, …
    pub name: String,
    /// Its changes.
    pub changes: u64,
    /// The same by kind.
    pub kinds: BTreeMap<ChangeKind, u64>,
    /// Accounts that it touches.
    pub accounts: u64,
    /// Account and region pairs that it touches.
    pub regions: u64,
    /// The least time that it takes at the plan's share of AWS's rates, in seconds.
    pub least_seconds: u64,
    /// Whether anything of it can break something later: false where nothing runs, and of AMIs alone.
    pub soaks: bool,
}

/// Something that could not be read when the evidence was collected: what is there is not in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// The account; null where it is not one.
    pub account_id: Option<String>,
    /// The region; null where it is not one.
    pub region: Option<String>,
    /// The file, where it is code that could not be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
    /// The operation that failed.
    pub operation: String,
    /// AWS's code, or imdsure's own word where it is a file.
    pub code: String,
}

/// The evidence that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSource {
    /// When reading it began (RFC 3339, UTC).
    pub started: String,
    /// When reading it ended.
    pub finished: String,
    /// SHA-256 of its manifest, in hex.
    pub manifest: String,
    /// Whether anything that was asked for could not be read.
    pub incomplete: bool,
}

/// How a plan is to be carried out. `apply` may be asked for otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// The time between waves, in seconds.
    pub soak_seconds: u64,
    /// The share of each of AWS's request allowances, 0 to 1.
    pub share: f64,
    /// The hours in which changes may be made; at any time without.
    pub schedule: Vec<String>,
}

/// The head of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanHead {
    /// [`PLAN_SCHEMA`].
    pub schema: String,
    /// SHA-256 over the file, with this digest's own digits taken as zeros: what is approved.
    pub digest: String,
    /// The version of imdsure that wrote it.
    pub imdsure: String,
    /// When it was made (RFC 3339, UTC).
    pub created: String,
    /// The change's number in the system that keeps them.
    pub ticket: Option<String>,
    /// The organization, where it was read.
    pub organization: Option<String>,
    /// The part that this plan is of, where plans were split: `owner:team-shop`.
    pub part: Option<String>,
    /// What it was made from.
    pub evidence: PlanSource,
    /// How it is to be carried out.
    pub pace: Pace,
    /// The accounts that it changes.
    pub accounts: Vec<String>,
    /// Changes in all.
    pub total_changes: u64,
    /// What is left alone, by reason.
    pub total_unplanned: BTreeMap<Reason, u64>,
    /// The waves, in order.
    pub waves: Vec<Wave>,
    /// What holds for all changes of a kind.
    pub kinds: BTreeMap<ChangeKind, KindNotes>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_file() {
        for kind in ChangeKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse::<ChangeKind>(), Ok(kind));
        }
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        assert!("imagine".parse::<ChangeKind>().unwrap_err().contains("group-member"));
    }
}
