//! A journal's records in words: one line each, broken where the terminal ends.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, IsTerminal as _},
};

use imdsure_fix::{
    event::{Event, Operator},
    journal::Record,
};
use imdsure_model::plan::UsageEvidence;
use imdsure_report::{clean, thousands};
use serde_json::{Map, Value};
use terminal_size::{Width, terminal_size};

/// Where the words of a record begin, and go on when they are broken.
const INDENT: usize = 7;

/// Tells records in their order.
pub(super) struct Telling {
    /// The targets of changes that have not ended, by their place.
    targets: HashMap<u64, String>,
    /// Columns of the terminal, if there is one.
    columns: Option<usize>,
}

impl Default for Telling {
    fn default() -> Self {
        let size = io::stdout().is_terminal().then(terminal_size).flatten();
        Self { targets: HashMap::new(), columns: size.map(|(Width(columns), _)| columns.into()) }
    }
}

impl Telling {
    /// One record.
    pub(super) fn record(&mut self, record: &Record<Event>) -> String {
        let told = self.words(&record.event);
        let line = format!("{:>5}  {:.3}  {told}", record.n, record.at);
        match self.columns {
            Some(columns) => broken(&clean(&line), columns),
            None => format!("{}\n", clean(&line)),
        }
    }

    fn words(&mut self, event: &Event) -> String {
        match event {
            Event::Change { place, account_id, region, kind, id, before, evidence, .. } => {
                self.targets.insert(*place, id.clone());
                let seen =
                    evidence.as_ref().map(|it| format!("; {}", seen(it))).unwrap_or_default();
                let before = brief(before);
                format!("#{place} {kind} {id} ({account_id} {region}): before {before}{seen}")
            }
            Event::Call { place, step, operation, sent } => {
                format!("{} calls {operation} {}", self.of(*place, step), brief(sent))
            }
            Event::Answer { place, step, request_id, made, error } => {
                let id = request_id.as_deref().unwrap_or("no request id");
                let of = self.of(*place, step);
                match error {
                    Some(error) => format!("{of} refused: {error}"),
                    None if made.is_null() => format!("{of} answered ({id})"),
                    None => format!("{of} answered ({id}): {}", brief(made)),
                }
            }
            Event::Ended { place, ending, why, after } => {
                let of = self.of(*place, "");
                self.targets.remove(place);
                let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                let after =
                    if after.is_null() { String::new() } else { format!("; now {}", brief(after)) };
                format!("{of} {ending}{why}{after}")
            }
            other => of_the_run(other),
        }
    }

    /// What a record is about: the change with its target, or a step that belongs to none of the plan's.
    fn of(&self, place: u64, step: &str) -> String {
        match self.targets.get(&place) {
            Some(id) => format!("#{place} {id}"),
            None if place == u64::MAX => step.to_owned(),
            None => format!("#{place}"),
        }
    }
}

/// Records that are about no single change.
fn of_the_run(event: &Event) -> String {
    match event {
        Event::Began { action, operator, plan, of, ticket, settings } => {
            let of = of.as_ref().map(|of| format!(" of run {of}")).unwrap_or_default();
            let ticket = ticket.as_ref().map(|it| format!(", ticket {it}")).unwrap_or_default();
            let settings = with(settings);
            let host = operator.host.as_deref().unwrap_or("a host without a name");
            let (action, who) = (action.as_str(), who(operator));
            let simulated = simulated(operator);
            format!(
                "{action}{of} began, by {who} on {host}, plan {plan}{ticket}{settings}{simulated}"
            )
        }
        Event::Resumed { operator, settings } => {
            format!("taken up again by {}{}{}", who(operator), with(settings), simulated(operator))
        }
        Event::Entered { account_id, caller } => {
            format!("account {account_id} entered as {caller}")
        }
        Event::Preflight { account_id, region, kind, goes, found } => {
            let place = region.as_deref().unwrap_or("all regions");
            let kind = kind.map_or_else(String::new, |kind| format!(" {kind}"));
            let goes = if *goes { "goes" } else { "is left alone" };
            format!("{account_id} {place}{kind} {goes}: {found}")
        }
        Event::WaveBegan { wave } => format!("wave {wave} begins"),
        Event::Baseline { account_id, region, impaired, unhealthy, .. } => format!(
            "{account_id} {region}: before it {} impaired, {} unhealthy",
            impaired.len(),
            unhealthy.len()
        ),
        Event::LeftAlone { account_id, region, kind, changes, why, .. } => {
            format!("{changes} × {kind} ({account_id} {region}) left alone: {why}")
        }
        Event::WaveApplied { wave, soak_until, .. } => {
            format!("wave {wave} is applied, soaks until {soak_until}")
        }
        Event::Checked { wave, instances, gone, breaches } => {
            let gone = match gone {
                0 => String::new(),
                gone => format!(", {gone} changed members of groups are gone"),
            };
            let looked = format!("looked at {instances} instances up to wave {wave}{gone}");
            match breaches.first() {
                None => format!("{looked}: nothing got worse"),
                Some(first) => {
                    format!("{looked}: {} got worse: {}", breaches.len(), first.found)
                }
            }
        }
        Event::Stopped { why, resume_after } => match resume_after {
            Some(at) => format!("{why}; come back after {at}"),
            None => why.clone(),
        },
        Event::PuttingBack { waves } => {
            let waves: Vec<String> = waves.iter().map(ToString::to_string).collect();
            format!("putting back wave {}", waves.join(", "))
        }
        Event::Finished { .. } => "finished".to_owned(),
        // Told with their targets.
        Event::Change { .. } | Event::Call { .. } | Event::Answer { .. } | Event::Ended { .. } => {
            String::new()
        }
    }
}

/// Who ran it: as AWS has it, and the user of the machine.
pub(super) fn who(operator: &Operator) -> String {
    match (operator.user.as_deref(), operator.identity.as_deref()) {
        (Some(user), Some(identity)) => format!("{user} ({identity})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "a user that is not recorded".to_owned(),
    }
}

fn simulated(operator: &Operator) -> String {
    match operator.simulated_seconds {
        0 => String::new(),
        seconds => format!(" (simulated: the clock is {seconds} s ahead)"),
    }
}

fn with(settings: &Map<String, Value>) -> String {
    let said = settings
        .iter()
        .filter(|(_, value)| !value.is_null() && **value != Value::from([(); 0].as_slice()));
    let said: Map<String, Value> =
        said.map(|(name, value)| (name.clone(), value.clone())).collect();
    if said.is_empty() { String::new() } else { format!(", with {}", brief(&said.into())) }
}

/// What was seen of version 1 before.
fn seen(evidence: &UsageEvidence) -> String {
    let hours = evidence.covered_hours.unwrap_or_default();
    let since = evidence.from.as_deref().map(|from| format!(" since {from}")).unwrap_or_default();
    match evidence.calls {
        Some(calls) => {
            format!("{} calls of version 1 seen in {hours} h of data{since}", thousands(calls))
        }
        None => format!("no data on version 1{since}"),
    }
}

/// A value in few words: `HttpTokens=optional, HttpEndpoint=enabled`; members of members with a dot between.
fn brief(value: &Value) -> String {
    fn add(value: &Value, name: &str, text: &mut String) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (member, value) in members {
                    let dot = if name.is_empty() { "" } else { "." };
                    add(value, &format!("{name}{dot}{member}"), text);
                }
            }
            value => {
                let comma = if text.is_empty() { "" } else { ", " };
                let equals = if name.is_empty() { "" } else { "=" };
                let value = match value {
                    Value::String(word) => word.clone(),
                    Value::Null => "nothing".to_owned(),
                    other => other.to_string(),
                };
                // Writing to a string cannot fail.
                let _ = write!(text, "{comma}{name}{equals}{value}");
            }
        }
    }
    let mut text = String::new();
    add(value, "", &mut text);
    text
}

/// A line broken between words, so that none is broken by the terminal; a word that is too long stays whole.
fn broken(line: &str, columns: usize) -> String {
    let (mut text, mut used) = (String::new(), 0);
    for word in line.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if used > INDENT && used + length > columns {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.push_str(&" ".repeat(INDENT));
            used = INDENT;
        }
        text.push_str(word);
        used += word.chars().count();
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_told_without_braces() {
        let value =
            json!({"HttpTokens": "optional", "Launch": {"Hops": 2, "Tags": [1]}, "x": null});
        assert_eq!(brief(&value), "HttpTokens=optional, Launch.Hops=2, Launch.Tags=[1], x=nothing");
        assert_eq!(brief(&json!("plain")), "plain");
    }

    #[test]
    fn lines_are_broken_between_words() {
        let line = "    1  2026-11-24T18:56:00.123Z  apply began, by alice on a host";
        let broken = broken(line, 40);
        assert!(broken.lines().all(|line| line.chars().count() <= 40), "{broken}");
        let words: Vec<&str> = broken.split_whitespace().collect();
        assert_eq!(words, line.split_whitespace().collect::<Vec<_>>());
        assert!(broken.lines().nth(1).is_some_and(|line| line.starts_with("       ")), "{broken}");
    }
}
