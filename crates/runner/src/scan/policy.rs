//! Rows of the table `iac_policy`: guardrails in code, with what the linter says of them in words.

use std::path::PathBuf;

use imdsure_aws::tables::IAC_POLICY;
use imdsure_iac::{
    MistakeSeverity,
    policy::{PolicyLint, PolicySpec},
};
use imdsure_model::{Excerpt, Part};
use serde_json::{Value, json};

use super::{
    excerpt::{Texts, excerpt},
    record::shown,
    row::Row,
};

impl Row {
    pub(super) fn of_policy(spec: &PolicySpec, roots: &[PathBuf], texts: &mut Texts) -> Self {
        let mut row = Self::new(&IAC_POLICY);
        row.place(&spec.place, roots);
        row.text("dialect", spec.dialect);
        row.text("kind", spec.kind.as_str());
        row.text("address", &*spec.address);
        match &spec.text {
            Ok(text) => row.text("text", text.as_str()),
            Err(unresolved) => {
                row.text("unresolved_reason", &*unresolved.reason);
                row.text("unresolved_expression", &*unresolved.expression);
            }
        }
        row.text("lints", json!(spec.lints.iter().map(lint).collect::<Vec<_>>()).to_string());
        row.text("worst", spec.worst().map(|worst| word(worst).to_owned()));
        row.mistakes(spec);
        row.text("excerpt", json!(excerpts(spec, texts)).to_string());
        row
    }

    fn mistakes(&mut self, spec: &PolicySpec) {
        let mistakes = in_order(spec);
        self.number("mistake_count", u32::try_from(mistakes.len()).ok().map(i64::from));
        let Some(first) = mistakes.first() else { return };
        let told = mistakes.iter().map(|lint| {
            let place = place(lint, first);
            format!("{place}: {}", lint.mistake.explanation)
        });
        self.text("mistakes", told.collect::<Vec<_>>().join("; "));
        let mut codes: Vec<&str> = mistakes.iter().map(|lint| lint.mistake.code).collect();
        codes.dedup();
        self.text("codes", codes.join(", "));
        self.text("sound_form", sound_forms(&mistakes));
        self.text("mistake_path", shown(&first.place.path));
        self.number("mistake_line", first.place.start.line);
        self.number("mistake_column", first.place.start.column);
        self.number("mistake_end_line", first.place.end.line);
        self.number("mistake_end_column", first.place.end.column);
    }
}

/// What is no mere note, by its place.
fn in_order(spec: &PolicySpec) -> Vec<&PolicyLint> {
    let mistakes = spec.lints.iter().filter(|lint| lint.mistake.severity > MistakeSeverity::Info);
    let mut mistakes: Vec<&PolicyLint> = mistakes.collect();
    mistakes.sort_by_key(|lint| (lint.place.path != spec.place.path, lint.place.bytes.start));
    mistakes
}

/// `statement 2 (DenyV1), line 7`; with the file where it is another one than that of the first mistake.
fn place(found: &PolicyLint, first: &PolicyLint) -> String {
    let number = found.place.start.line;
    let line = if found.place.path == first.place.path {
        format!("line {number}")
    } else {
        format!("{}:{number}", shown(&found.place.path))
    };
    match (found.mistake.statement, &found.mistake.sid) {
        (Some(index), Some(sid)) => format!("statement {} ({sid}), {line}", index + 1),
        (Some(index), None) => format!("statement {}, {line}", index + 1),
        (None, _) => line,
    }
}

/// Each sound form once, under the places whose it is where there are several.
fn sound_forms(mistakes: &[&PolicyLint]) -> Option<String> {
    let mut forms: Vec<(&str, Vec<String>)> = Vec::new();
    let first = mistakes.first()?;
    for lint in mistakes {
        let Some(sound) = &lint.mistake.sound else { continue };
        let place = place(lint, first);
        match forms.iter_mut().find(|(known, _)| known == sound) {
            Some((_, places)) => places.push(place),
            None => forms.push((sound, vec![place])),
        }
    }
    match forms.as_slice() {
        [] => None,
        [(only, _)] => Some((*only).to_owned()),
        _ => {
            let told = forms.iter().map(|(form, places)| format!("{}:\n{form}", places.join(", ")));
            Some(told.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn lint(lint: &PolicyLint) -> Value {
    let PolicyLint { mistake, place } = lint;
    json!({
        "code": mistake.code,
        "severity": word(mistake.severity),
        "statement": mistake.statement,
        "sid": mistake.sid,
        "path": shown(&place.path),
        "line": place.start.line,
        "column": place.start.column,
        "explanation": mistake.explanation,
        "sound": mistake.sound,
    })
}

const fn word(severity: MistakeSeverity) -> &'static str {
    match severity {
        MistakeSeverity::Info => "info",
        MistakeSeverity::Warning => "warning",
        MistakeSeverity::Error => "error",
    }
}

/// The lines with mistakes; where there are none, the one at which the policy begins.
fn excerpts(spec: &PolicySpec, texts: &mut Texts) -> Vec<Excerpt> {
    let mistakes = in_order(spec).into_iter().map(|lint| (Part::Mistake, &lint.place));
    let mut places: Vec<_> = mistakes.collect();
    places.dedup_by(|one, two| one.1 == two.1);
    if places.is_empty() {
        places.push((Part::Definition, &spec.place));
    }
    let lines = places.into_iter().filter_map(|(part, place)| {
        texts.of(&place.path).and_then(|source| excerpt(part, place, source))
    });
    lines.collect()
}
