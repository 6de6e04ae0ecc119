//! What a guardrail leaves open even where it holds: whom it does not bind, whom it lets through, and how it
//! can be taken away.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    Statement, Truth,
    achieve::{By, Judge, Stop, Way},
    choice::{self, Ask},
    document::Condition,
    evaluate::StatementRef,
    imds::{ATTRIBUTE, LAUNCH_KEYS, ROLE_DELIVERY},
};

/// Something that a guardrail leaves open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hole {
    /// A stable name in kebab-case, one of [`HOLES`].
    pub code: &'static str,
    /// One sentence for people.
    pub words: String,
}

impl Hole {
    fn new(code: &'static str, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }
}

/// The code of every hole there is.
pub const HOLES: [&str; 9] = [
    "service-linked-roles",
    "management-account",
    "exempted-principals",
    "exempted-by-tag",
    "only-under-condition",
    "defaults-unprotected",
    "policy-removable",
    "may-leave-organization",
    "silent-launches",
];

/// What takes a policy away.
const REMOVALS: [&str; 4] = [
    "organizations:DetachPolicy",
    "organizations:DeletePolicy",
    "organizations:UpdatePolicy",
    "organizations:DisablePolicyType",
];

pub(crate) fn find(judge: &Judge<'_>, ways: &[&Way; 5], silent_open: bool) -> Vec<Hole> {
    let mut holes = BTreeSet::new();
    let [launch, _, defaults, ..] = ways;
    if judge.governed.is_management {
        holes.insert(Hole::new(
            "management-account",
            "service control policies do not bind the management account: no guardrail of theirs holds here",
        ));
    }
    let by_scp = |way: &Way| {
        way.stop == Stop::Stopped && matches!(way.by, Some(By::Statement(_) | By::NothingAllows))
    };
    if by_scp(launch) {
        holes.insert(Hole::new(
            "service-linked-roles",
            "service control policies do not bind service-linked roles: AWSServiceRoleForAutoScaling \
             and those of \
             Spot launch what their templates say",
        ));
    }
    if launch.stop != Stop::Stopped && silent_open && asked_is_stopped(judge) {
        holes.insert(Hole::new(
            "silent-launches",
            "a launch that names no HttpTokens and inherits version 1 from the account or the image may pass",
        ));
    }
    if defaults.stop != Stop::Stopped {
        holes.insert(Hole::new(
            "defaults-unprotected",
            "the account's own administrators can change its metadata defaults and their enforcement",
        ));
    }
    let stopped = ways.iter().any(|way| way.stop == Stop::Stopped);
    if stopped {
        removal(judge, &mut holes);
    }
    exemptions(judge, ways, &mut holes);
    holes.into_iter().collect()
}

fn asked_is_stopped(judge: &Judge<'_>) -> bool {
    judge.enforced() == Truth::Yes || judge.asked_for_v1().stop == Stop::Stopped
}

fn removal(judge: &Judge<'_>, holes: &mut BTreeSet<Hole>) {
    let open = |action: &&&str| !judge.decide(&judge.caller.call(action)).is_denied();
    let removals: Vec<&str> = REMOVALS.iter().filter(open).copied().collect();
    if !removals.is_empty() {
        let words = format!(
            "the policy is not protected against its own removal: {} pass for whoever administers \
             policies here",
            removals.join(", ")
        );
        holes.insert(Hole::new("policy-removable", words));
    }
    if !judge.decide(&judge.caller.call("organizations:LeaveOrganization")).is_denied() {
        holes.insert(Hole::new(
            "may-leave-organization",
            "the account can leave the organization, and its policies behind (organizations:LeaveOrganization)",
        ));
    }
}

/// Whom the statements let through that stop something. Where another statement stops it for everybody,
/// nobody is let through.
fn exemptions(judge: &Judge<'_>, ways: &[&Way; 5], holes: &mut BTreeSet<Hole>) {
    for (index, (way, asks)) in ways.iter().zip(judge.asks()).enumerate() {
        for ask in asks {
            if way.stop != Stop::Stopped {
                got_past(judge, &ask, index == 0, holes);
                continue;
            }
            let denials = choice::denying(judge.levels, &ask);
            let by_statement = matches!(way.by, Some(By::Statement(_)));
            if !by_statement || denials.iter().any(|(_, s)| others(s).next().is_none()) {
                continue;
            }
            for (by, statement) in &denials {
                holes.extend(others(statement).map(|condition| exempted(by, condition)));
            }
        }
    }
}

/// What would stop it, if the caller could not choose. Statements that are about other things are worth a
/// word where a launch passes, and not once more for what else passes.
fn got_past(judge: &Judge<'_>, ask: &Ask, any: bool, holes: &mut BTreeSet<Hole>) {
    let past = choice::decide(judge.levels, ask).past;
    let about = |statement: &Statement| others(statement).count() < statement.conditions.len();
    for (by, statement) in past.iter().filter(|(_, statement)| any || about(statement)) {
        let conditions = choice::chosen_by_caller(statement, &ask.request);
        holes.extend(conditions.map(|condition| exempted(by, condition)));
    }
}

/// Conditions on anything but the metadata service.
pub(crate) fn others(statement: &Statement) -> impl Iterator<Item = &Condition> {
    statement.conditions.iter().filter(|condition| !is_imds_key(&condition.key.text))
}

pub(crate) fn is_imds_key(key: &str) -> bool {
    let begins = key.get(..ATTRIBUTE.len());
    begins.is_some_and(|begin| begin.eq_ignore_ascii_case(ATTRIBUTE))
        || LAUNCH_KEYS.iter().chain(&[ROLE_DELIVERY]).any(|known| known.eq_ignore_ascii_case(key))
}

fn exempted(by: &StatementRef, condition: &Condition) -> Hole {
    let key = condition.key.text.to_lowercase();
    let values: Vec<&str> = condition.values.iter().map(|value| value.text.as_str()).collect();
    let what = format!("{} {} {}", condition.key.text, condition.name, values.join(", "));
    let (code, words) = if key.contains("tag/") || key == "aws:tagkeys" {
        ("exempted-by-tag", "whoever may set that tag is let through")
    } else if key.starts_with("aws:principal") || key == "aws:userid" || key == "aws:username" {
        ("exempted-principals", "identities are let through")
    } else {
        ("only-under-condition", "it holds only under this condition")
    };
    Hole::new(code, format!("{by}: {words} ({what})"))
}
