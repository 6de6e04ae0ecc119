//! The head of a report: what was read, what the controls say in numbers, what could not be read.

use serde::Serialize;

use crate::{ErrorRow, Severity, Verdict, WaiverUse};

/// How many findings of each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Failing.
    pub fail: u64,
    /// Unknown.
    pub unknown: u64,
    /// Passing.
    pub pass: u64,
    /// Not judged.
    pub skip: u64,
}

impl Counts {
    /// The number for one verdict.
    pub const fn of(self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Fail => self.fail,
            Verdict::Unknown => self.unknown,
            Verdict::Pass => self.pass,
            Verdict::Skip => self.skip,
        }
    }

    /// Adds findings of one verdict.
    pub const fn add(&mut self, verdict: Verdict, number: u64) {
        match verdict {
            Verdict::Fail => self.fail += number,
            Verdict::Unknown => self.unknown += number,
            Verdict::Pass => self.pass += number,
            Verdict::Skip => self.skip += number,
        }
    }

    /// All that were judged: everything but `skip`.
    pub const fn judged(self) -> u64 {
        self.fail + self.unknown + self.pass
    }

    /// All findings.
    pub const fn total(self) -> u64 {
        self.judged() + self.skip
    }

    /// These and those.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            fail: self.fail + other.fail,
            unknown: self.unknown + other.unknown,
            pass: self.pass + other.pass,
            skip: self.skip + other.skip,
        }
    }
}

/// What a run looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Scope {
    /// Ids of the accounts that were to be read, sorted.
    pub accounts: Vec<String>,
    /// Region codes that were read in at least one account, sorted.
    pub regions: Vec<String>,
    /// Files and folders of code that were to be read, as they were given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// How many files of code were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// When reading began (RFC 3339, UTC).
    pub started: String,
    /// When reading ended (RFC 3339, UTC).
    pub finished: String,
    /// Whether anything that was asked for could not be read.
    pub incomplete: bool,
}

/// One control's result in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlSummary {
    /// The control's name.
    pub name: String,
    /// What it asks for, in a line.
    pub title: String,
    /// Its severity.
    pub severity: Severity,
    /// What other tools and frameworks call it.
    pub aliases: Vec<String>,
    /// What it judges, in a paragraph.
    #[serde(skip)]
    pub description: String,
    /// Findings by verdict, without those that are waived.
    pub counts: Counts,
    /// Waived findings by verdict: they fail or are unknown, and do not count.
    pub waived: Counts,
    /// The account × region pairs that it could not judge, because they could not be read. An account
    /// that could not be entered at all counts once, and so does a list of accounts that could not
    /// be read.
    pub unread: u64,
}

/// Question 1: how many instances still allow IMDSv1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceQuestion {
    /// Instances that answer IMDSv1, waived or not.
    pub allow_imdsv1: u64,
    /// How many of them are waived.
    pub waived: u64,
    /// Instances of which it cannot be said (a change pending, a value never seen).
    pub unknown: u64,
    /// Instances judged: all but the terminated ones.
    pub of: u64,
    /// Accounts with at least one instance that answers IMDSv1.
    pub accounts: u64,
    /// Accounts that were read, at least in part.
    pub of_accounts: u64,
    /// Accounts that were to be read and could not be, in no region.
    pub unread_accounts: u64,
    /// Account × region pairs whose instances could not be read; an account that could not be entered counts
    /// once.
    pub unread_regions: u64,
    /// Instances that answer IMDSv1 and carry a role: credentials can be stolen there.
    pub with_role: u64,
    /// … and have a public address as well.
    pub with_role_and_public_address: u64,
    /// How many of them were seen to use version 1; null when usage was not read.
    pub usage: Option<UsageAnswer>,
}

/// How the instances that allow IMDSv1 used it in the window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct UsageAnswer {
    /// Instances with version 1 calls.
    pub used: u64,
    /// Instances with data and no version 1 call.
    pub silent: u64,
    /// Instances without data: nothing can be said of them.
    pub no_data: u64,
    /// Instances that CloudWatch was not asked about, or did not answer for.
    pub not_asked: u64,
    /// Where the window begins (RFC 3339); null when nobody was asked about.
    pub window_start: Option<String>,
    /// Where it ends.
    pub window_end: Option<String>,
}

/// Question 2: does an organization policy stop it?
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PolicyQuestion {
    /// Accounts in which launches with IMDSv1 are stopped by a service control policy.
    pub scp: u64,
    /// … by the EC2 (declarative) policy in effect.
    pub ec2_policy: u64,
    /// … by enforcement in every region, that no organization policy holds in place.
    pub enforcement: u64,
    /// Accounts in which nothing stops them, waived or not.
    pub none: u64,
    /// How many of these are waived.
    pub waived: u64,
    /// Accounts of which it cannot be said.
    pub unknown: u64,
    /// Accounts judged.
    pub of: u64,
    /// What is left open also where something stops them: the hole, in how many accounts.
    pub holes: Vec<PolicyHole>,
}

/// Something that guardrails leave open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyHole {
    /// Its name in kebab-case.
    pub hole: String,
    /// In how many accounts.
    pub accounts: u64,
}

/// Question 3: do new launches get IMDSv2 by themselves? What decides, each in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaunchQuestion {
    /// What launches, or decides for what is silent.
    pub by: Vec<LaunchPart>,
    /// `yes` when nothing fails and nothing is unknown, `no` when something fails, else `unknown`.
    pub answer: &'static str,
}

/// One thing that decides what new instances get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaunchPart {
    /// What it is, in the plural: `launch templates`.
    pub what: &'static str,
    /// The control that judged it.
    pub control: String,
    /// How many get version 2 and how many do not, waived or not.
    #[serde(flatten)]
    pub counts: Counts,
    /// How many of those that do not are waived.
    pub waived: u64,
    /// Account × region pairs that could not be read.
    pub unread: u64,
}

/// The questions an auditor asks. One that the chosen controls' tables cannot answer is null.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Questions {
    /// How many instances still allow IMDSv1?
    pub instances_allowing_imdsv1: Option<InstanceQuestion>,
    /// Does an organization policy stop it?
    pub organization_policy: Option<PolicyQuestion>,
    /// Do new launches get IMDSv2 by themselves?
    pub new_launches: Option<LaunchQuestion>,
}

/// Everything of a report but its findings. Small: it does not grow with the number of resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// What was looked at.
    pub scope: Scope,
    /// The auditor's questions.
    pub questions: Questions,
    /// One entry per control that ran.
    pub controls: Vec<ControlSummary>,
    /// What could not be read, or run.
    pub errors: Vec<ErrorRow>,
    /// What became of each waiver of the configuration.
    pub waivers: Vec<WaiverUse>,
}

impl Head {
    /// The findings of all controls by verdict, without those that are waived.
    pub fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        for control in &self.controls {
            for verdict in Verdict::ALL {
                totals.add(verdict, control.counts.of(verdict));
            }
        }
        totals
    }
}
