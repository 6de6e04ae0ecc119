//! What came of a run, for people and for programs.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use imdsure_fix::{
    event::Ending,
    run::{Applied, Halt, LeftAlone, Skipped, Undone},
};
use imdsure_report::{clean, thousands};
use serde_json::{Value, json};

use crate::{args::RunFormat, failure::Failure, terminal};

/// Breaches, and targets with one reason, that are told by name.
const SHOWN: usize = 20;
/// Accounts that are told by their ids.
const NAMED: usize = 10;
/// So many of what was not done as planned are kept to be told; all are in the journal.
const KEPT: usize = 50;

pub(super) fn applied(applied: &Applied, format: RunFormat) -> Result<(), Failure> {
    match format {
        RunFormat::None => Ok(()),
        RunFormat::Json => terminal::print(&format!("{:#}\n", applied_json(applied))),
        RunFormat::Pretty => terminal::print(&applied_words(applied)),
    }
}

pub(super) fn undone(undone: &Undone, format: RunFormat) -> Result<(), Failure> {
    match format {
        RunFormat::None => Ok(()),
        RunFormat::Json => terminal::print(&format!("{:#}\n", undone_json(undone))),
        RunFormat::Pretty => {
            let mut lines = Lines::default();
            let Undone { run, endings, skipped, halt, head, .. } = undone;
            lines.add(&format!("run {run}: {}", counts(endings)));
            lines.skipped(skipped, endings, run.as_str());
            if let Some(halt) = halt {
                lines.add(&format!("{halt}; undo again to go on"));
            }
            lines.add(&format!("journal: sha256 {head}"));
            terminal::print(&lines.0)
        }
    }
}

fn applied_json(applied: &Applied) -> Value {
    let state = match (&applied.halt, applied.resume_after) {
        (Some(Halt::Closed(_)), _) => "paused",
        (Some(_), _) => "stopped",
        (None, Some(_)) => "soaking",
        (None, None) => "finished",
    };
    json!({
        "run": applied.run,
        "state": state,
        "why": applied.halt.as_ref().map(ToString::to_string),
        "breaches": match &applied.halt {
            Some(Halt::Breach(breaches)) => json!(breaches),
            _ => json!([]),
        },
        "resume_after": applied.resume_after.map(|at| format!("{at:.0}")),
        "waves": {"applied": applied.waves.0, "of": applied.waves.1},
        "endings": applied.endings,
        "left_alone": left_json(&applied.left),
        "left_alone_later": left_json(&applied.left_later),
        "stays": applied.stays,
        "skipped": skipped_json(&applied.skipped),
        "undone": applied.undone.as_ref().map(|undone| undone_json(undone)),
        "journal_head": applied.head,
    })
}

fn undone_json(undone: &Undone) -> Value {
    json!({
        "run": undone.run,
        "of": undone.of,
        "state": if undone.halt.is_some() { "stopped" } else { "finished" },
        "why": undone.halt.as_ref().map(ToString::to_string),
        "endings": undone.endings,
        "skipped": skipped_json(&undone.skipped),
        "journal_head": undone.head,
    })
}

fn left_json(left: &LeftAlone) -> Vec<Value> {
    let one = |((account_id, why), (changes, regions)): (&(String, String), &(u64, _))| json!({"account_id": account_id, "regions": regions, "changes": changes, "why": why});
    left.iter().map(one).collect()
}

fn skipped_json(skipped: &[Skipped]) -> Vec<Value> {
    let one = |skipped: &Skipped| {
        json!({
            "account_id": skipped.account_id,
            "region": skipped.region,
            "id": skipped.id,
            "ending": skipped.ending,
            "why": skipped.why,
        })
    };
    skipped.iter().map(one).collect()
}

/// An account, with the number of changes that are left alone there, and their regions.
type Left<'a> = (&'a str, &'a (u64, BTreeSet<String>));

/// Lines of text, each safe to print.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, words: &str) {
        self.0 += &clean(words);
        self.0.push('\n');
    }

    /// What is left alone, a line for each reason.
    fn left(&mut self, left: &LeftAlone, what: &str) {
        let mut by_reason: BTreeMap<&str, Vec<Left<'_>>> = BTreeMap::new();
        for ((account_id, why), there) in left {
            by_reason.entry(why).or_default().push((account_id, there));
        }
        for (why, places) in by_reason {
            let changes = thousands(places.iter().map(|(_, (changes, _))| changes).sum());
            self.add(&format!("  {what}: {changes} in {}: {why}", accounts(&places)));
            if why.starts_with("no way back") {
                let account = match places.as_slice() {
                    [(account_id, _)] => account_id,
                    _ => "ACCOUNT (once for each)",
                };
                self.add(&format!(
                    "    to change them all the same: --accept-no-way-back {account}"
                ));
            }
        }
    }

    /// What was not done as planned, by reason.
    fn skipped(&mut self, skipped: &[Skipped], endings: &BTreeMap<Ending, u64>, run: &str) {
        let mut by_reason: BTreeMap<(Ending, Cow<'_, str>), Vec<&Skipped>> = BTreeMap::new();
        for one in skipped {
            by_reason.entry((one.ending, reason(one))).or_default().push(one);
        }
        for ((ending, why), targets) in by_reason {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            let name = |one: &&Skipped| format!("{} ({} {})", one.id, one.account_id, one.region);
            match targets.as_slice() {
                [one] => self.add(&format!("  {ending}: {}{why}", name(one))),
                several => {
                    self.add(&format!("  {ending}, {} of them{why}", several.len()));
                    several.iter().take(SHOWN).for_each(|one| {
                        self.add(&format!("    {}", name(one)));
                    });
                    if let Some(more @ 1..) = several.len().checked_sub(SHOWN) {
                        self.add(&format!("    … and {more} more"));
                    }
                }
            }
        }
        let as_planned = [Ending::Done, Ending::Already];
        let all = endings.iter().filter(|(ending, _)| !as_planned.contains(ending));
        let all: u64 = all.map(|(_, number)| number).sum();
        if skipped.len() >= KEPT && all > skipped.len() as u64 {
            self.add(&format!(
                "  … and more: {} in all were not done as planned; `imdsure journal show {run}` has each",
                thousands(all)
            ));
        }
    }
}

/// One account with its regions, or several by their ids.
fn accounts(places: &[Left<'_>]) -> String {
    if let [(account_id, (_, regions))] = places {
        let regions = regions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        return format!("{account_id} ({regions})");
    }
    let ids: Vec<&str> = places.iter().take(NAMED).map(|(account_id, _)| *account_id).collect();
    let more = if places.len() > NAMED { ", …" } else { "" };
    format!("{} accounts ({}{more})", places.len(), ids.join(", "))
}

/// Why a change was not done as planned, where that is not plain.
fn reason(skipped: &Skipped) -> Cow<'_, str> {
    match skipped.ending {
        Ending::Deferred if skipped.why.is_empty() => {
            "it is stopped: in force at its next start".into()
        }
        _ => plain(&skipped.why, &skipped.id).into(),
    }
}

/// AWS's words without what differs from target to target and says nothing to people.
fn plain(why: &str, id: &str) -> String {
    let why = why.split(". Encoded authorization failure message").next().unwrap_or_default();
    let why = why.replace("You are not authorized to perform this operation. ", "");
    why.replace(id, "…")
}

/// What is left alone because of what the preflight found.
pub(super) fn left_words(left: &LeftAlone, what: &str) -> String {
    let mut lines = Lines::default();
    lines.left(left, what);
    lines.0
}

fn applied_words(applied: &Applied) -> String {
    let mut lines = Lines::default();
    let (through, of) = applied.waves;
    let run = &applied.run;
    lines.add(&format!("run {run}: {through} of {of} waves · {}", counts(&applied.endings)));
    lines.left(&applied.left, "left alone");
    if applied.resume_after.is_some() {
        lines.left(&applied.left_later, "will be left alone in later waves");
    }
    lines.skipped(&applied.skipped, &applied.endings, run.as_str());
    match &applied.halt {
        Some(Halt::Breach(breaches)) => {
            lines.add("stopped, since something got worse:");
            for breach in breaches.iter().take(SHOWN) {
                lines.add(&format!("  {}", breach.found));
            }
            if let Some(more @ 1..) = breaches.len().checked_sub(SHOWN) {
                lines.add(&format!("  … and {more} more: --output json has all"));
            }
        }
        Some(halt) => lines.add(&halt.to_string()),
        None => {}
    }
    if let Some(undone) = &applied.undone {
        lines.add(&format!("the wave was put back: {}", counts(&undone.endings)));
        lines.skipped(&undone.skipped, &undone.endings, run.as_str());
    }
    lines.add(&next(applied));
    lines.add(&format!("journal: sha256 {}", applied.head));
    lines.0
}

/// What can be done next.
fn next(applied: &Applied) -> String {
    let run = &applied.run;
    let undo = match (touched(applied), applied.stays.as_slice()) {
        (false, _) => None,
        (true, []) => Some(format!("`imdsure undo {run}` puts everything back")),
        (true, stays) => Some(format!(
            "`imdsure undo {run}` puts back what can go back; what stays: {}",
            stays.join(", ")
        )),
    };
    match (&applied.halt, applied.resume_after) {
        (Some(Halt::Closed(_)) | None, Some(at)) => {
            format!("next: after {at:.0}, `imdsure apply --resume {run}`")
        }
        (Some(halt), _) => {
            let mut ways = match (halt, &applied.undone) {
                // What was put back is not gone on with.
                (_, Some(_)) => vec!["find out why, and plan again".to_owned()],
                (Halt::Breach(_), None) => vec![format!(
                    "`imdsure apply --resume {run}` looks again, and goes on if all is well (with --ignore-breach, although it is not)"
                )],
                _ => vec![format!("`imdsure apply --resume {run}` goes on")],
            };
            ways.extend(
                undo.filter(|_| applied.undone.as_ref().is_none_or(|it| rest(applied, it))),
            );
            ways.push(format!("`imdsure journal show {run}` tells all"));
            format!("next: {}", ways.join("; "))
        }
        (None, None) => match undo {
            Some(undo) => format!("finished; {undo}"),
            None => "finished; nothing was changed".to_owned(),
        },
    }
}

/// Whether changes are in force that were not put back.
fn rest(applied: &Applied, undone: &Undone) -> bool {
    let sum = |endings: &BTreeMap<Ending, u64>, is: fn(Ending) -> bool| {
        endings.iter().filter(|(ending, _)| is(**ending)).map(|(_, number)| number).sum::<u64>()
    };
    let is_back =
        |ending| matches!(ending, Ending::Done | Ending::Deferred | Ending::Already | Ending::Gone);
    sum(&applied.endings, Ending::touched) > sum(&undone.endings, is_back)
}

fn touched(applied: &Applied) -> bool {
    applied.endings.keys().any(|ending| ending.touched())
}

fn counts(endings: &BTreeMap<Ending, u64>) -> String {
    if endings.is_empty() {
        return "nothing was changed".to_owned();
    }
    let one = |(ending, number): (&Ending, &u64)| format!("{} {ending}", thousands(*number));
    endings.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_of_many_targets_is_one_reason() {
        let why = |id: &str, code: &str| {
            let said = format!(
                "UnauthorizedOperation: You are not authorized to perform this operation. User: arn:… is not authorized to perform: ec2:X on resource: arn:aws:ec2:eu-west-1:1:instance/{id} with an explicit deny in a service control policy. Encoded authorization failure message: {code}"
            );
            plain(&said, id)
        };
        assert_eq!(why("i-1", "abc"), why("i-2", "def"));
        assert!(why("i-1", "abc").ends_with("with an explicit deny in a service control policy"));
    }
}
