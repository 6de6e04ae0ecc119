//! SARIF 2.1.0, as code hosts read it: each control a rule, each finding that fails or is unknown a result with its
//! region, a fingerprint that does not move with lines, and its repair as replacements of text. Gaps are
//! notifications, waivers suppressions.

use std::{collections::BTreeMap, fmt::Write as _, io};

use imdsure_model::{
    ControlSummary, ErrorRow, Finding, Head, Location, Selection, Severity, TextChange, Verdict,
};
use serde_json::{Value, json};

use crate::{Format, waivers};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The name of our fingerprint and its version.
const FINGERPRINT: &str = "imdsure/1";

#[derive(Default)]
pub(crate) struct Sarif {
    results: usize,
    /// How often a fingerprint was given: places of one address are told apart by their order.
    given: BTreeMap<String, usize>,
}

impl Format for Sarif {
    fn selection(&self) -> Selection {
        Selection::Open
    }

    fn begin(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        let rules: Vec<Value> = head.controls.iter().map(rule).collect();
        let driver = json!({
            "name": "imdsure",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        });
        let scope = &head.scope;
        let invocation = json!({
            "executionSuccessful": !scope.incomplete,
            "startTimeUtc": scope.started,
            "endTimeUtc": scope.finished,
            "toolExecutionNotifications": head.errors.iter().map(notification).collect::<Vec<_>>(),
        });
        write!(out, "{{\n\"$schema\": \"{SCHEMA}\",\n\"version\": \"2.1.0\",\n\"runs\": [{{\n")?;
        writeln!(out, "\"tool\": {},", json!({"driver": driver}))?;
        writeln!(out, "\"columnKind\": \"unicodeCodePoints\",")?;
        write!(out, "\"invocations\": [{invocation}],\n\"results\": [")
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(if self.results > 0 { b",\n" } else { b"\n" })?;
        self.results += 1;
        let result = self.result(finding);
        Ok(serde_json::to_writer(out, &result)?)
    }

    fn end(&mut self, _: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(b"]\n}]\n}\n")
    }
}

impl Sarif {
    fn result(&mut self, finding: &Finding) -> Value {
        let unknown = finding.verdict == Verdict::Unknown;
        let mut result = json!({
            "ruleId": finding.control,
            // Its kind would be `review`, which has to go without a level, and then is shown nowhere.
            "level": if unknown { "note" } else { level(finding.severity) },
            "message": {"text": message(finding)},
            "locations": [place(finding)],
            "partialFingerprints": {FINGERPRINT: self.fingerprint(finding)},
            "properties": {"verdict": finding.verdict, "severity": finding.severity},
        });
        let Some(members) = result.as_object_mut() else { return result };
        if let Some(waived) = &finding.waived {
            let justification = waivers::terms(waived);
            // A comment in the code has no last day; a waiver of the configuration has one.
            let kind = if waived.expires.is_none() { "inSource" } else { "external" };
            let suppression = json!({"kind": kind, "justification": justification});
            members.insert("suppressions".to_owned(), json!([suppression]));
        }
        if let Some(fix) = fix(finding) {
            members.insert("fixes".to_owned(), json!([fix]));
        }
        result
    }

    /// What is found, and no line: code above it may change.
    fn fingerprint(&mut self, finding: &Finding) -> String {
        let base = format!("{}:{}", finding.control, finding.resource);
        let number = self.given.entry(base.clone()).or_default();
        *number += 1;
        if *number == 1 { base } else { format!("{base}#{number}") }
    }
}

fn rule(control: &ControlSummary) -> Value {
    json!({
        "id": control.name,
        "shortDescription": {"text": control.title},
        "fullDescription": {"text": control.description},
        "help": {"text": format!("imdsure control show {}", control.name)},
        "defaultConfiguration": {"level": level(control.severity)},
        "properties": {
            "tags": ["security", "imds"],
            "aliases": control.aliases,
            // What GitHub orders security findings by.
            "security-severity": score(control.severity),
        },
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High | Severity::Critical => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "3.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

fn message(finding: &Finding) -> String {
    let name = finding.name.as_deref().unwrap_or(&finding.resource);
    format!("{name} {}", finding.reason)
}

fn place(finding: &Finding) -> Value {
    let logical = json!([{"fullyQualifiedName": finding.resource}]);
    match &finding.location {
        Some(location) => json!({
            "physicalLocation": {
                "artifactLocation": artifact(&location.path),
                "region": region(location),
            },
            "logicalLocations": [{
                "name": location.address,
                "fullyQualifiedName": finding.resource,
            }],
        }),
        None => json!({"logicalLocations": logical}),
    }
}

fn region(location: &Location) -> Value {
    json!({
        "startLine": location.start_line,
        "startColumn": location.start_column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
    })
}

/// A path as a URI: relative to where the scan ran, or absolute.
fn artifact(path: &str) -> Value {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            byte => {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    if path.starts_with('/') {
        json!({"uri": format!("file://{uri}")})
    } else {
        json!({"uri": uri})
    }
}

fn fix(finding: &Finding) -> Option<Value> {
    let fix = finding.fix.as_ref()?;
    let code = finding.code.as_ref().filter(|code| !code.splices.is_empty())?;
    let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for change in &code.splices {
        files.entry(&change.path).or_default().push(replacement(change));
    }
    let changes = files.into_iter().map(|(path, replacements)| {
        json!({"artifactLocation": artifact(path), "replacements": replacements})
    });
    let title = code.fix_title.as_deref().unwrap_or(&fix.name);
    Some(json!({
        "description": {"text": format!("{title} ({})", fix.effect.as_str())},
        "artifactChanges": changes.collect::<Vec<_>>(),
    }))
}

fn replacement(change: &TextChange) -> Value {
    json!({
        "deletedRegion": {
            "startLine": change.start_line,
            "startColumn": change.start_column,
            "endLine": change.end_line,
            "endColumn": change.end_column,
        },
        "insertedContent": {"text": change.inserted},
    })
}

/// A gap: what could not be read, and where.
fn notification(error: &ErrorRow) -> Value {
    let place = [error.account_id.as_deref(), error.region.as_deref()];
    let place: Vec<&str> = place.into_iter().flatten().chain([error.operation.as_str()]).collect();
    let text = format!("{}: {}: {}", place.join(" "), error.code, error.message);
    let mut notification = json!({"level": "error", "message": {"text": text}});
    if let (Some(path), Some(members)) = (&error.path, notification.as_object_mut()) {
        let mut physical = json!({"artifactLocation": artifact(path)});
        if let (Some(line), Some(members)) = (error.line, physical.as_object_mut()) {
            let column = error.column.unwrap_or(1);
            members.insert("region".to_owned(), json!({"startLine": line, "startColumn": column}));
        }
        members.insert("locations".to_owned(), json!([{"physicalLocation": physical}]));
    }
    notification
}
