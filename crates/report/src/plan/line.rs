//! One change, and one thing that is left alone, in words. Everything from outside is harmless from here on.

use imdsure_model::{
    Effect,
    plan::{BlastRadius, Change, ChangeKind, Unplanned, UsageEvidence},
};
use serde_json::{Map, Value};

use super::words::{day, few, foreign, hours, minute, value, window};
use crate::text::{count, thousands};

/// Groups named of a change; the rest is counted.
const GROUPS: usize = 3;
/// Warnings shown of a change; the rest is counted.
const WARNINGS: usize = 6;

/// A change in words.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its place among the changes of its wave.
    pub(super) place: u64,
    pub(super) kind: ChangeKind,
    pub(super) effect: Effect,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) target: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) edits: Vec<Edit>,
    /// What the edits cannot say: what a new version is made from, what is led to it.
    pub(super) also: Vec<String>,
    /// What was there and stays, `HttpEndpoint enabled`.
    pub(super) kept: Vec<String>,
    pub(super) seen: Seen,
    pub(super) evidence: String,
    pub(super) touches: Vec<Touch>,
    pub(super) warnings: Vec<String>,
}

/// A value before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) name: String,
    /// None where nothing was set.
    pub(super) before: Option<String>,
    pub(super) after: String,
}

impl Edit {
    pub(super) fn before(&self) -> &str {
        self.before.as_deref().unwrap_or("not set")
    }
}

/// What is known of version 1. No data is no zero: they never share a word or a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    /// Calls were counted.
    Used,
    /// CloudWatch has no data.
    NoData,
    /// It was not asked.
    NotRead,
    /// There is data, and no call.
    Silent,
    /// Nothing counts calls for this kind of change.
    NotMeasured,
}

impl Seen {
    pub(super) const ALL: [Self; 5] =
        [Self::Used, Self::NoData, Self::NotRead, Self::Silent, Self::NotMeasured];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Used => "v1 calls seen",
            Self::NoData => "no data",
            Self::NotRead => "usage not read",
            Self::Silent => "no v1 call",
            Self::NotMeasured => "not measured",
        }
    }

    pub(super) const fn of(change: &Change) -> Self {
        match &change.evidence {
            None if is_measured(change.kind) => Self::NotRead,
            None => Self::NotMeasured,
            Some(UsageEvidence { calls: None, .. }) => Self::NoData,
            Some(UsageEvidence { calls: Some(0), .. }) => Self::Silent,
            Some(_) => Self::Used,
        }
    }

    /// What so many changes are, after their number.
    pub(super) const fn are(self) -> &'static str {
        match self {
            Self::Used => "with v1 calls in the window",
            Self::NoData => "without data on version 1",
            Self::NotRead => "whose use of version 1 was not read",
            Self::Silent => "without a v1 call",
            Self::NotMeasured => "whose v1 calls nothing counts",
        }
    }

    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Used => "version 1 was called in the window: what calls it will be refused",
            Self::NoData => "CloudWatch knows nothing of them: that is not the same as no call",
            Self::NotRead => "plan again from evidence that was read with --usage",
            Self::Silent => "there is data of the window, and no call of version 1 in it",
            Self::NotMeasured => "nothing counts calls of version 1 for this kind of change",
        }
    }

    /// Whether somebody has to look at it before approving.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Used | Self::NoData | Self::NotRead)
    }
}

/// Something that a change touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touch {
    pub(super) what: &'static str,
    /// Empty where `what` says it all.
    pub(super) who: String,
    /// Whether it makes the change more urgent or more dangerous.
    pub(super) loud: bool,
}

impl Touch {
    pub(super) fn text(&self) -> String {
        if self.who.is_empty() {
            self.what.to_owned()
        } else {
            format!("{} {}", self.what, self.who)
        }
    }
}

impl Line {
    /// The evidence where its label stands beside it.
    pub(super) fn evidence_beside_label(&self) -> &str {
        self.evidence.strip_prefix(self.seen.label()).unwrap_or(&self.evidence).trim_start()
    }

    /// Whether somebody has to look at it before approving.
    pub(super) fn is_open(&self) -> bool {
        !self.warnings.is_empty() || self.seen.is_open()
    }

    pub(super) fn of(change: &Change, place: u64) -> Self {
        let seen = Seen::of(change);
        let (edits, kept) = edits(&change.send, &change.before);
        let mut warnings: Vec<String> =
            change.warnings.iter().take(WARNINGS).map(|warning| foreign(warning)).collect();
        if let more @ 1.. = change.warnings.len().saturating_sub(WARNINGS) {
            warnings.push(format!("and {}", count(more as u64, "more warning", "more warnings")));
        }
        let (id, name) = named(&change.id, change.name.as_deref(), &change.region);
        Self {
            place,
            kind: change.kind,
            effect: change.effect,
            id,
            name,
            target: foreign(&change.target),
            account: foreign(&change.account_id),
            region: foreign(&change.region),
            edits,
            also: also(change),
            kept,
            seen,
            evidence: evidence(change, seen),
            touches: touches(change.kind, &change.blast),
            warnings,
        }
    }
}

/// What to call it by, and its name where that is another. What stands for an account in a region has the region for an
/// id, which stands beside it anyway.
fn named(id: &str, name: Option<&str>, region: &str) -> (String, Option<String>) {
    match name.filter(|name| *name != id) {
        Some(name) if id == region => (foreign(name), None),
        name => (foreign(id), name.map(foreign)),
    }
}

/// What launches or calls, and is counted by CloudWatch for it.
const fn is_measured(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::Instance
            | ChangeKind::GroupMember
            | ChangeKind::LaunchTemplate
            | ChangeKind::LaunchConfiguration
    )
}

fn evidence(change: &Change, seen: Seen) -> String {
    let Some(evidence) = &change.evidence else { return seen.label().to_owned() };
    let hours = hours(evidence.from.as_deref(), evidence.to.as_deref());
    let within = hours.map(|hours| format!(" in {}", window(hours))).unwrap_or_default();
    let Some(calls) = evidence.calls else {
        let of = match evidence.instances {
            Some(0) => ": no instance of it was seen".to_owned(),
            Some(number) => format!(" on any of {}", count(number, "instance", "instances")),
            None => String::new(),
        };
        return format!("{}{within}{of}", seen.label());
    };
    // Nothing is known of the hours without data: they are no part of what is said.
    let one = evidence.instances.is_none_or(|number| number == 1);
    let within = match (evidence.covered_hours.map(thousands), hours.map(thousands)) {
        (Some(covered), Some(hours)) if one => format!(" in the {covered} of {hours} h with data"),
        (Some(covered), Some(hours)) => {
            format!(" in the hours with data (at most {covered} of {hours})")
        }
        (Some(covered), None) if one => format!(" in the {covered} h with data"),
        (Some(covered), None) => format!(" in the hours with data (at most {covered})"),
        (None, _) => format!("{within}, hours with data not known"),
    };
    let said = match calls {
        0 => seen.label().to_owned(),
        calls => count(calls, "v1 call", "v1 calls"),
    };
    let mut parts = vec![format!("{said}{within}")];
    if let Some(instances) = evidence.instances {
        let without = match evidence.without_data {
            None | Some(0) => String::new(),
            Some(number) => format!(", {} without data", thousands(number)),
        };
        parts.push(format!("{}{without}", count(instances, "instance", "instances")));
    }
    if let Some(started) = evidence.started_in_window {
        let start = if started { "a start in the window" } else { "no start in the window" };
        parts.push(start.to_owned());
    }
    parts.join(", ")
}

/// Members that are arguments of the request and no state: `also` says them in words.
const ARGUMENTS: [&str; 4] =
    ["SourceVersion", "SetDefaultVersion", "Groups", "AutoScalingGroupName"];
/// Members that say where a template stood: `also` uses them.
const POSITIONS: [&str; 4] = ["DefaultVersion", "LatestVersion", "FollowsLatest", "Members"];

/// What changes, and what was there and stays.
fn edits(send: &Map<String, Value>, before: &Map<String, Value>) -> (Vec<Edit>, Vec<String>) {
    let new = flat(send, &ARGUMENTS);
    let old = flat(before, &POSITIONS);
    let of = |name: &str| old.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let edits = new.iter().filter(|(name, now)| of(name) != Some(*now)).map(|(name, now)| Edit {
        name: foreign(name),
        before: of(name).map(value),
        after: value(now),
    });
    let edits: Vec<Edit> = edits.collect();
    let changes = |name: &str| edits.iter().any(|edit| edit.name == name);
    let kept = old.iter().filter(|(name, _)| !changes(name));
    let kept = kept.map(|(name, was)| format!("{} {}", foreign(name), value(was))).collect();
    (edits, kept)
}

/// Members and those of members, by their own names: AWS's are not ambiguous.
fn flat<'a>(members: &'a Map<String, Value>, but: &[&str]) -> Vec<(&'a str, &'a Value)> {
    let mut flat = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| !but.contains(&name.as_str())) {
        match value {
            Value::Object(nested) => {
                flat.extend(nested.iter().map(|(name, value)| (name.as_str(), value)));
            }
            Value::Null => {}
            other => flat.push((name.as_str(), other)),
        }
    }
    flat
}

fn also(change: &Change) -> Vec<String> {
    let sent = |name: &str| change.send.get(name);
    let was = |name: &str| change.before.get(name).map(value);
    let mut also = Vec::new();
    if let Some(source) = sent("SourceVersion") {
        also.push(format!("new version, made from version {}", value(source)));
    }
    if change.kind == ChangeKind::LaunchConfiguration {
        also.push("new launch template in its place".to_owned());
    }
    if sent("SetDefaultVersion") == Some(&Value::Bool(true)) {
        let until_now = was("DefaultVersion").map(|was| format!(", in place of {was}"));
        also.push(format!("it becomes the default version{}", until_now.unwrap_or_default()));
    }
    if change.before.get("FollowsLatest") == Some(&Value::Bool(true)) {
        let until_now = was("LatestVersion").map(|was| format!(", in place of {was}"));
        also.push(format!("it becomes $Latest{}", until_now.unwrap_or_default()));
    }
    if let Some(groups) = sent("Groups") {
        also.push(format!("led to it: {}", few(&group_names(groups), GROUPS)));
    }
    if change.kind == ChangeKind::InstanceRefresh {
        let members = was("Members").map(|members| format!(", {members} now"));
        also.push(format!("new instances for all members{}", members.unwrap_or_default()));
    } else if let Some(group) = sent("AutoScalingGroupName") {
        also.push(format!("of group {}", value(group)));
    }
    also
}

fn group_names(groups: &Value) -> Vec<String> {
    let Value::Array(groups) = groups else { return vec![value(groups)] };
    let name = |group: &Value| match group.get("AutoScalingGroupName") {
        Some(name) => value(name),
        None => value(group),
    };
    groups.iter().map(name).collect()
}

fn touches(kind: ChangeKind, blast: &BlastRadius) -> Vec<Touch> {
    let mut touches = Vec::new();
    let mut touch = |what, who: Option<String>, loud| {
        touches.extend(who.map(|who| Touch { what, who, loud }));
    };
    let yes = |truth: bool| truth.then(String::new);
    let text = |text: &Option<String>| text.as_deref().map(foreign);
    touch("public address", yes(blast.public), true);
    touch("containers likely", yes(blast.containers_likely), true);
    // Of what runs nothing need be said.
    let state = blast.state.as_deref().filter(|state| *state != "running");
    touch("state", state.map(foreign), matches!(state, Some("stopped")));
    touch("last v1 call", blast.last_v1_call.as_deref().map(day), true);
    let groups = (!blast.groups.is_empty()).then(|| few(&blast.groups, GROUPS));
    let what = match kind {
        ChangeKind::LaunchTemplate | ChangeKind::LaunchConfiguration => "launches",
        _ => "group",
    };
    touch(what, groups, false);
    touch("service", text(&blast.service), false);
    touch("role", text(&blast.role), false);
    touch("owner", text(&blast.owner), false);
    touch("started", blast.launched.as_deref().map(minute), false);
    touches
}

/// Something that is left alone, in words.
#[derive(Debug, Clone)]
pub(super) struct Left {
    pub(super) kind: ChangeKind,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) target: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) owner: Option<String>,
    pub(super) why: String,
}

impl Left {
    pub(super) fn of(unplanned: &Unplanned) -> Self {
        let (id, name) = named(&unplanned.id, unplanned.name.as_deref(), &unplanned.region);
        Self {
            kind: unplanned.kind,
            id,
            name,
            target: foreign(&unplanned.target),
            account: foreign(&unplanned.account_id),
            region: foreign(&unplanned.region),
            owner: unplanned.owner.as_deref().map(foreign),
            why: foreign(&unplanned.why),
        }
    }
}
