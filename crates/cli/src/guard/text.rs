//! What people read of lints and decisions, and how it is coloured.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};
use imdsure_policy::{Decision, Mistake, MistakeSeverity, Outcome};
use imdsure_report::{Style, clean};

use super::Linted;

pub(super) fn paint(style: Style, ansi: Ansi, text: &str) -> String {
    if style.colour {
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    } else {
        text.to_owned()
    }
}

pub(super) const BOLD: Ansi = Ansi::new().bold();
pub(super) const DIM: Ansi = Ansi::new().dimmed();
pub(super) const RED: Ansi = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Ansi = AnsiColor::Yellow.on_default();
pub(super) const GREEN: Ansi = AnsiColor::Green.on_default();

/// The mistakes of each file.
pub(super) fn mistakes(files: &[Linted], style: Style) -> String {
    let mut text = String::new();
    for (index, file) in files.iter().enumerate() {
        // Writing to a string cannot fail.
        if index > 0 {
            let _ = writeln!(text);
        }
        let path = paint(style, BOLD, &clean(&file.path));
        let _ = writeln!(text, "{path} ({}): {}", kind(file.kind), summary(&file.mistakes, style));
        for mistake in &file.mistakes {
            one(&file.path, mistake, style, &mut text);
        }
    }
    text
}

fn kind(kind: &str) -> &str {
    match kind {
        "scp" => "service control policy",
        "iam" => "policy of identities",
        _ => "EC2 policy",
    }
}

fn summary(mistakes: &[Mistake], style: Style) -> String {
    let number = |severity| mistakes.iter().filter(|m| m.severity == severity).count();
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    };
    let parts =
        [(MistakeSeverity::Error, "error", RED), (MistakeSeverity::Warning, "warning", YELLOW)];
    let mut words: Vec<String> = parts
        .into_iter()
        .filter(|(severity, ..)| number(*severity) > 0)
        .map(|(severity, word, ansi)| paint(style, ansi, &count(number(severity), word)))
        .collect();
    if words.is_empty() {
        words.push(paint(style, GREEN, "no mistakes"));
    }
    let notes = number(MistakeSeverity::Info);
    words.extend((notes > 0).then(|| count(notes, "note")));
    words.join(", ")
}

fn one(path: &str, mistake: &Mistake, style: Style, text: &mut String) {
    let (word, ansi) = match mistake.severity {
        MistakeSeverity::Error => ("error", RED),
        MistakeSeverity::Warning => ("warning", YELLOW),
        MistakeSeverity::Info => ("note", DIM),
    };
    let statement = match (mistake.statement, &mistake.sid) {
        (_, Some(sid)) => format!(", in {}", clean(sid)),
        (Some(index), None) => format!(", in statement {}", index + 1),
        (None, None) => String::new(),
    };
    let place = format!("{}:{}{statement}", clean(path), mistake.position);
    let _ = writeln!(text, "\n  {} {}", paint(style, ansi, word), paint(style, BOLD, mistake.code));
    let _ = writeln!(text, "    {}", paint(style, DIM, &place));
    let _ = writeln!(text, "    {}", clean(&mistake.explanation));
    if let Some(sound) = &mistake.sound {
        let _ = writeln!(text, "    {}", paint(style, DIM, "sound form:"));
        for line in sound.lines() {
            let _ = writeln!(text, "      {}", clean(line));
        }
    }
}

/// What was decided on each request.
pub(super) fn decisions(
    decisions: &[(String, Decision)],
    full_access: bool,
    style: Style,
) -> String {
    let mut text = String::new();
    if full_access {
        let words = "None of these policies allows anything: FullAWSAccess is taken as attached beside them.";
        let _ = writeln!(text, "{}", paint(style, DIM, words));
    }
    for (request, decision) in decisions {
        let (word, ansi) = match decision.outcome {
            Outcome::Allowed => ("allowed", Ansi::new()),
            Outcome::ExplicitDeny | Outcome::ImplicitDeny => ("denied", BOLD),
            Outcome::Unknown => ("unknown", YELLOW),
        };
        let place = match &decision.by {
            Some(by) => paint(style, DIM, &format!(" ({}:{})", clean(&by.policy), by.position)),
            None => String::new(),
        };
        let _ = writeln!(text, "{}", clean(request));
        let _ =
            writeln!(text, "  {}: {}{place}", paint(style, ansi, word), clean(&decision.reason));
    }
    text
}
