//! `imdsure guard show`: what guards each account, read from AWS or from kept evidence.

use std::{fmt::Write as _, path::Path};

use imdsure_model::{ErrorRow, ExitCode};
use imdsure_report::{Style, clean};
use imdsure_runner::{Guarded, Guardrails};
use serde_json::{Map, Value, json};

use super::text::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use crate::{
    args::{GuardShowArguments, ListFormat},
    audit,
    failure::Failure,
    terminal,
};

/// The controls whose tables tell what guards an account.
const CONTROLS: [&str; 2] = ["organization-guardrail", "organization-guardrail-sound"];
/// The ways to version 1: their column, and what they are called.
const WAYS: [(&str, &str); 5] = [
    ("launch", "launch with version 1"),
    ("way_back", "back to optional tokens"),
    ("defaults_change", "change of defaults"),
    ("hop_limit", "hop limit of 64"),
    ("v1_credentials", "use of version 1 credentials"),
];
/// Accounts that are named of a group of like ones.
const NAMED: usize = 8;

type Row = Map<String, Value>;

pub(super) async fn run(
    arguments: GuardShowArguments,
    config: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let controls = CONTROLS.map(str::to_owned).to_vec();
    let gathered = audit::gather(arguments.read, controls, config).await?;
    let guarded = gathered.guardrails().await?;
    terminal::print(&match arguments.output {
        ListFormat::Json => json(&guarded),
        ListFormat::Pretty => pretty(&guarded, terminal::style()),
    })?;
    Ok(if guarded.incomplete { ExitCode::Incomplete } else { ExitCode::Ok })
}

fn json(guarded: &Guarded) -> String {
    let Guarded { guardrails, errors, incomplete } = guarded;
    let Guardrails { accounts, policies } = guardrails;
    let report = json!({
        "accounts": accounts,
        "policies": policies,
        "errors": errors,
        "incomplete": incomplete,
    });
    format!("{report:#}\n")
}

fn pretty(guarded: &Guarded, style: Style) -> String {
    let mut text = String::new();
    for accounts in alike(&guarded.guardrails.accounts) {
        account(&accounts, style, &mut text);
    }
    if !guarded.guardrails.policies.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", paint(style, BOLD, "Policies on the metadata service"));
        for row in &guarded.guardrails.policies {
            policy(row, style, &mut text);
        }
        text.push('\n');
    }
    errors(&guarded.errors, style, &mut text);
    text
}

/// Accounts that differ in nothing but who they are.
fn alike(accounts: &[Row]) -> Vec<Vec<&Row>> {
    const OWN: [&str; 3] = ["resource", "account_id", "account_name"];
    let rest = |row: &Row| -> Row {
        let others = row.iter().filter(|(column, _)| !OWN.contains(&column.as_str()));
        others.map(|(column, value)| (column.clone(), value.clone())).collect()
    };
    let mut groups: Vec<(Row, Vec<&Row>)> = Vec::new();
    for account in accounts {
        let key = rest(account);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(account),
            None => groups.push((key, vec![account])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

fn account(accounts: &[&Row], style: Style, text: &mut String) {
    let Some(first) = accounts.first() else { return };
    let mut names: Vec<String> = accounts.iter().take(NAMED).map(|row| name(row)).collect();
    if accounts.len() > NAMED {
        names.push(format!("… and {} more like them", accounts.len() - NAMED));
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", paint(style, BOLD, &names.join("\n")));
    for (column, what) in WAYS {
        let (word, ansi) = match column_text(first, column) {
            "stopped" => ("stopped", GREEN),
            "not-stopped" => ("not stopped", RED),
            _ => ("not known", YELLOW),
        };
        let reason = column_text(first, &format!("{column}_reason"));
        let line = format!(
            "  {what:<28}  {}  {}",
            paint(style, ansi, &format!("{word:<11}")),
            clean(reason)
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for (what, column) in [("policies", "policies"), ("still open", "hole_words")] {
        let words = column_text(first, column);
        if !words.is_empty() {
            let _ = writeln!(text, "  {}", paint(style, DIM, &format!("{what}: {}", clean(words))));
        }
    }
    text.push('\n');
}

fn name(row: &Row) -> String {
    let id = column_text(row, "account_id");
    match column_text(row, "account_name") {
        "" => clean(id).into_owned(),
        name => format!("{} ({})", clean(name), clean(id)),
    }
}

fn policy(row: &Row, style: Style, text: &mut String) {
    let number = |column: &str| row.get(column).and_then(Value::as_i64).unwrap_or_default();
    let (word, ansi) = match column_text(row, "state") {
        "unread" => ("not read", YELLOW),
        "no-policy" => ("not understood", YELLOW),
        _ if number("errors") > 0 => ("does not hold", RED),
        _ if number("warnings") > 0 => ("has holes", YELLOW),
        _ => ("sound", GREEN),
    };
    let attached = match row.get("attached").and_then(Value::as_i64) {
        Some(0) => ", attached nowhere",
        _ => "",
    };
    let name = column_text(row, "name");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "  {} {}{attached}",
        paint(style, ansi, &format!("{word:<14}")),
        clean(name)
    );
    let (place, explanation) = (column_text(row, "place"), column_text(row, "explanation"));
    if !explanation.is_empty() {
        let _ = writeln!(text, "      {}: {}", clean(place), clean(explanation));
    }
}

fn errors(errors: &[ErrorRow], style: Style, text: &mut String) {
    if errors.is_empty() {
        return;
    }
    // Writing to a string cannot fail.
    let _ =
        writeln!(text, "{}", paint(style, YELLOW, "Not read. What was not read stops nothing."));
    for error in errors {
        let place: Vec<&str> =
            [error.account_id.as_deref(), error.region.as_deref()].into_iter().flatten().collect();
        let ErrorRow { operation, code, message, .. } = error;
        let line = format!("  {operation} ({}): {code}: {message}", place.join(", "));
        let _ = writeln!(text, "{}", clean(&line));
    }
}

fn column_text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}
