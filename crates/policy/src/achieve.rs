//! What a tree of policies achieves for one account: which ways to version 1 it closes, by which statement,
//! and the holes that it leaves. Nothing counts as stopped unless it is refused for certain.

use serde::Serialize;

use crate::{
    Truth,
    choice::{self, Ask},
    ec2_policy::Ec2Values,
    evaluate::{Decision, Level, Outcome, StatementRef, evaluate},
    holes::{self, Hole},
    imds::Caller,
    request::{KeyValue, Request},
};

/// What governs one account.
#[derive(Debug, Clone, Copy)]
pub struct Governed<'a> {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
    /// The account's id.
    pub account: &'a str,
    /// One region, or None to judge all regions as one.
    pub region: Option<&'a str>,
    /// Service control policies do not bind the management account of an organization.
    pub is_management: bool,
    /// From the root down to the account. None of them where service control policies are not in use.
    pub levels: &'a [Level],
    /// The account's effective EC2 policy, if it has one.
    pub ec2_policy: Option<&'a Ec2Values>,
    /// Whether it may have one that could not be read.
    pub ec2_policy_unread: bool,
}

/// Whether something is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// It is refused, for every identity that no hole names.
    Stopped,
    /// It passes.
    NotStopped,
    /// It cannot be told.
    Unknown,
}

/// What stops it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A statement of a service control policy.
    Statement(StatementRef),
    /// The effective EC2 policy.
    Ec2Policy,
    /// No policy at a level of the tree allows it.
    NothingAllows,
}

/// Whether one way is closed, by what, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Way {
    /// Whether it is closed.
    pub stop: Stop,
    /// What closes it; for an unknown way the statement that would have to be known.
    pub by: Option<By>,
    /// One sentence for people.
    pub reason: String,
}

/// What the policies achieve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Achievement {
    /// A launch that lets version 1 in, whether it asks for it or stays silent.
    pub launch_with_v1: Way,
    /// An existing instance set back to optional tokens.
    pub way_back: Way,
    /// A change of the account's defaults or of their enforcement.
    pub defaults_change: Way,
    /// A hop limit of 64 at launch or later.
    pub hop_limit: Way,
    /// Calls with credentials that version 1 delivered.
    pub v1_credentials: Way,
    /// What these policies say to a launch that asks for version 2. Where it is denied, they block too much.
    pub launch_with_v2: Decision,
    /// What stays open.
    pub holes: Vec<Hole>,
}

/// Judges what the policies achieve for an ordinary identity of the account.
pub fn achieve(governed: &Governed<'_>) -> Achievement {
    let judge = Judge::of(governed);
    let silent = judge.silent_launches();
    let launch_with_v1 = judge.launch(&silent);
    let way_back = judge.way_back();
    let defaults_change = judge.defaults();
    let hop_limit = judge.hop_limit();
    let v1_credentials = judge.v1_credentials();
    let launch_with_v2 = judge.launch_with_v2();
    let ways = [&launch_with_v1, &way_back, &defaults_change, &hop_limit, &v1_credentials];
    let holes = holes::find(&judge, &ways, silent.stop != Stop::Stopped);
    Achievement {
        launch_with_v1,
        way_back,
        defaults_change,
        hop_limit,
        v1_credentials,
        launch_with_v2,
        holes,
    }
}

pub(crate) struct Judge<'a> {
    pub(crate) governed: &'a Governed<'a>,
    pub(crate) caller: Caller,
    /// Those that bind.
    pub(crate) levels: &'a [Level],
}

impl<'a> Judge<'a> {
    fn of(governed: &'a Governed<'a>) -> Self {
        let mut caller = Caller::ordinary(governed.partition, governed.account);
        caller.region = governed.region.map(str::to_owned);
        let levels = if governed.is_management { &[] } else { governed.levels };
        Self { governed, caller, levels }
    }

    pub(crate) fn decide(&self, request: &Request) -> Decision {
        evaluate(self.levels, request)
    }

    /// The decision for a caller who chooses what gets past.
    fn ask(&self, ask: &Ask) -> Decision {
        choice::decide(self.levels, ask).decision
    }

    fn way(&self, asks: &[Ask]) -> Way {
        let decisions: Vec<_> = asks.iter().map(|ask| (ask.what, self.ask(ask))).collect();
        way(&decisions)
    }

    fn launch_with_v2(&self) -> Decision {
        let launch = || self.launch_of("required", Some("enabled"), Some("1"));
        let what = "a launch that asks for HttpTokens=required";
        self.ask(&Ask { what, request: launch(), better: launch() })
    }

    pub(crate) fn enforced(&self) -> Truth {
        self.ec2_policy_says(Ec2Values::enforced)
    }

    /// What the EC2 policy in effect says; nothing without one, and who knows what where it was not read.
    fn ec2_policy_says(&self, says: impl FnOnce(&Ec2Values) -> Truth) -> Truth {
        match self.governed.ec2_policy {
            Some(values) => says(values),
            None if self.governed.ec2_policy_unread => {
                Truth::unknown("the EC2 policy in effect could not be read")
            }
            None => Truth::No,
        }
    }

    /// A launch that names no option and inherits version 1. Whether AWS then sets the key is not
    /// documented, so both have to be refused: the key absent, and the key `optional`.
    fn silent_launches(&self) -> Way {
        if self.governed.ec2_policy.is_some_and(Ec2Values::silent_launch_is_v2) {
            let reason =
                "the EC2 policy makes version 2 the default of launches that name no HttpTokens";
            return by_ec2_policy(reason);
        }
        let mut asks = self.silent_asks(&KeyValue::Absent);
        let absent = self.way(&asks);
        let others = self.silent_asks(&KeyValue::of("optional"));
        let inherited = self.way(&others);
        if (absent.stop == Stop::Stopped) == (inherited.stop == Stop::Stopped) {
            asks.extend(others);
            return self.way(&asks);
        }
        let by = absent.by.or(inherited.by);
        let reason = "a launch that names no HttpTokens is refused only if AWS sets the key \
         `ec2:MetadataHttpTokens` \
                      for it in one of two ways, and which is not documented";
        Way { stop: Stop::Unknown, by, reason: reason.to_owned() }
    }

    fn launch(&self, silent: &Way) -> Way {
        self.unless_enforced(|| {
            let asked = self.asked_for_v1();
            match (asked.stop, silent.stop) {
                (Stop::Stopped, Stop::NotStopped | Stop::Unknown) => silent.clone(),
                _ => asked,
            }
        })
    }

    pub(crate) fn asked_for_v1(&self) -> Way {
        self.way(&self.launch_asks())
    }

    fn way_back(&self) -> Way {
        self.unless_enforced(|| self.way(&self.way_back_asks()))
    }

    /// Enforcement by EC2 policy refuses what lets version 1 in, whoever asks.
    fn unless_enforced(&self, otherwise: impl FnOnce() -> Way) -> Way {
        match self.enforced() {
            Truth::Yes => by_ec2_policy("the EC2 policy enforces version 2 (http_tokens_enforced)"),
            Truth::No => otherwise(),
            Truth::Unknown(reason) => match otherwise() {
                way if way.stop == Stop::Stopped => way,
                _ => Way { stop: Stop::Unknown, by: Some(By::Ec2Policy), reason },
            },
        }
    }

    fn defaults(&self) -> Way {
        let scp = self.way(&self.defaults_asks());
        match self.ec2_policy_says(Ec2Values::manages_defaults) {
            Truth::Yes => by_ec2_policy("the EC2 policy manages the defaults of the account"),
            Truth::Unknown(reason) if scp.stop != Stop::Stopped => {
                Way { stop: Stop::Unknown, by: Some(By::Ec2Policy), reason }
            }
            _ => scp,
        }
    }

    fn hop_limit(&self) -> Way {
        self.way(&self.hop_limit_asks())
    }

    fn v1_credentials(&self) -> Way {
        self.way(&self.v1_credentials_asks())
    }
}

fn by_ec2_policy(reason: &str) -> Way {
    Way { stop: Stop::Stopped, by: Some(By::Ec2Policy), reason: reason.to_owned() }
}

/// Stopped when all of it is denied; open as soon as one of it passes.
fn way(decisions: &[(&str, Decision)]) -> Way {
    let find = |outcome: Outcome| decisions.iter().find(|(_, d)| d.outcome == outcome);
    let (stop, (what, decision)) = if let Some(passed) = find(Outcome::Allowed) {
        (Stop::NotStopped, passed)
    } else if let Some(open) = find(Outcome::Unknown) {
        (Stop::Unknown, open)
    } else if let Some(first) = decisions.first() {
        (Stop::Stopped, first)
    } else {
        let reason = "nothing was asked".to_owned();
        return Way { stop: Stop::Unknown, by: None, reason };
    };
    let by = match (stop, &decision.by) {
        (Stop::NotStopped, _) | (Stop::Unknown, None) => None,
        (_, Some(by)) => Some(By::Statement(by.clone())),
        (Stop::Stopped, None) => Some(By::NothingAllows),
    };
    let verb = match stop {
        Stop::Stopped => "is refused",
        Stop::NotStopped => "passes",
        Stop::Unknown => "may pass",
    };
    Way { stop, by, reason: format!("{what} {verb}: {}", decision.reason) }
}
