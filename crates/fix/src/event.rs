//! What a journal records: who began what, every call before it is made and what came of it, what was checked, how it ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use imdsure_model::plan::{ChangeKind, UsageEvidence};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::journal::RunId;

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Carries out a plan.
    Apply,
    /// Puts back what a run changed.
    Undo,
}

impl Action {
    /// The word of journals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Undo => "undo",
        }
    }
}

/// How one change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Changed, and found to be as asked for.
    Done,
    /// It already was as asked for; nothing was sent.
    Already,
    /// Changed, but in force only at the next start: it is stopped.
    Deferred,
    /// Not touched: it is not what the plan says.
    Drifted,
    /// Not touched: it is gone.
    Gone,
    /// Not touched: AWS refuses it, or there would be no way back.
    Refused,
    /// A call failed; what it did is read again when the run is resumed or undone.
    Failed,
    /// Changed, but not found to be as asked for in time.
    Unverified,
    /// It cannot be put back.
    Irreversible,
}

impl Ending {
    /// Every ending.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Already,
        Self::Deferred,
        Self::Drifted,
        Self::Gone,
        Self::Refused,
        Self::Failed,
        Self::Unverified,
        Self::Irreversible,
    ];

    /// The word of journals and summaries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::Deferred => "deferred",
            Self::Drifted => "drifted",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unverified => "unverified",
            Self::Irreversible => "irreversible",
        }
    }

    /// Whether it is as it was meant to be, now or at the next start.
    pub const fn is_made(self) -> bool {
        matches!(self, Self::Done | Self::Deferred)
    }

    /// Whether AWS was changed, or may have been.
    pub const fn touched(self) -> bool {
        matches!(self, Self::Done | Self::Deferred | Self::Failed | Self::Unverified)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who runs imdsure, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Operator {
    /// The user of this machine.
    pub user: Option<String>,
    /// This machine.
    pub host: Option<String>,
    /// Whose the credentials are that the user came with: the ARN that AWS gives, several with commas between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The version of imdsure.
    pub imdsure: String,
    /// How far the clock was set forward for a simulation, in seconds; zero in earnest.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub simulated_seconds: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_nobody(number: &u64) -> bool {
    *number == 0
}

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// A run began.
    Began {
        /// What it does.
        action: Action,
        /// By whom.
        operator: Operator,
        /// The digest of its plan.
        plan: String,
        /// The run that it undoes.
        of: Option<RunId>,
        /// The change's number in the system that keeps them.
        ticket: Option<String>,
        /// How it was asked to proceed.
        settings: Map<String, Value>,
    },
    /// A run was taken up again.
    Resumed {
        /// By whom.
        operator: Operator,
        /// How it was asked to proceed.
        settings: Map<String, Value>,
    },
    /// An account was entered.
    Entered {
        /// The account.
        account_id: String,
        /// The caller's ARN, as AWS has it.
        caller: String,
    },
    /// An account or region was asked whether what is planned there is permitted, and the way back.
    Preflight {
        /// The account.
        account_id: String,
        /// The region; null for the account as a whole.
        region: Option<String>,
        /// The kind that this is about; null for all.
        kind: Option<ChangeKind>,
        /// Whether its changes are made.
        goes: bool,
        /// What was found.
        found: String,
    },
    /// A wave began; what was unwell before it.
    WaveBegan {
        /// The wave.
        wave: u32,
    },
    /// What was unwell in a region before a wave.
    Baseline {
        /// The wave.
        wave: u32,
        /// The account.
        account_id: String,
        /// The region.
        region: String,
        /// Instances with a failing status check.
        impaired: Vec<String>,
        /// Instances that a load balancer found unhealthy.
        unhealthy: Vec<String>,
    },
    /// Changes are left alone, since the preflight found that they cannot be made or taken back.
    LeftAlone {
        /// The wave.
        wave: u32,
        /// The account.
        account_id: String,
        /// The region.
        region: String,
        /// What they would do.
        kind: ChangeKind,
        /// How many they are.
        changes: u64,
        /// Why.
        why: String,
    },
    /// A change is about to be made.
    Change {
        /// Its place in the plan, from 0.
        place: u64,
        /// Its wave.
        wave: u32,
        /// The account.
        account_id: String,
        /// The region.
        region: String,
        /// What it does.
        kind: ChangeKind,
        /// The target's id.
        id: String,
        /// Its ARN.
        target: String,
        /// What was there, read just now.
        before: Value,
        /// What was seen of version 1 when it was planned.
        evidence: Option<UsageEvidence>,
    },
    /// A call is about to be made.
    Call {
        /// The change's place.
        place: u64,
        /// Which step of it.
        step: String,
        /// The operation.
        operation: String,
        /// What is sent.
        sent: Value,
    },
    /// A call was answered.
    Answer {
        /// The change's place.
        place: u64,
        /// Which step of it.
        step: String,
        /// The id under which AWS knows the request.
        request_id: Option<String>,
        /// What was made by it (a version, a template); null otherwise.
        made: Value,
        /// AWS's error, where it refused.
        error: Option<String>,
    },
    /// A change ended.
    Ended {
        /// Its place.
        place: u64,
        /// How.
        ending: Ending,
        /// Why, where that is not plain.
        why: Option<String>,
        /// What is there now, where it was read again.
        after: Value,
    },
    /// All changes of a wave are made; nothing more until then.
    WaveApplied {
        /// The wave.
        wave: u32,
        /// When the soak ends (RFC 3339).
        soak_until: String,
        /// How its changes ended.
        endings: BTreeMap<Ending, u64>,
    },
    /// What was changed was looked at.
    Checked {
        /// The newest wave that was looked at.
        wave: u32,
        /// Instances whose metrics and health were read.
        instances: u64,
        /// Changed members of groups that are gone by now, and not because of their health.
        #[serde(default, skip_serializing_if = "is_nobody")]
        gone: u64,
        /// What was found to be worse than before.
        breaches: Vec<Breach>,
    },
    /// Something got worse: what these waves changed is put back from here on, in the same run.
    PuttingBack {
        /// The waves.
        waves: BTreeSet<u32>,
    },
    /// The run ends here for now.
    Stopped {
        /// Why.
        why: String,
        /// When to come back (RFC 3339), where it is only a pause.
        resume_after: Option<String>,
    },
    /// The run is over.
    Finished {
        /// How its changes ended.
        endings: BTreeMap<Ending, u64>,
    },
}

/// Something that got worse since a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// The account; null where it is about all.
    pub account_id: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The instance.
    pub instance_id: Option<String>,
    /// What was looked at: `MetadataNoTokenRejected`, `instance status`, `target health`, `check`, `failures`.
    pub check: String,
    /// What was found, in words.
    pub found: String,
}
