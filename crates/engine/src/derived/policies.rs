//! One row a policy: whether it bears on the metadata service, and the mistakes in it.

use imdsure_policy::{Ec2Policy, LintKind, Mistake, MistakeSeverity, Policy, lint, lint_ec2};
use serde_json::{Value, json};

use super::{Kind, Row, text};
use crate::{EngineError, Session};

pub(super) const COLUMNS: &[(&str, Kind)] = &[
    ("resource", Kind::Text),
    ("name", Kind::Text),
    ("account_id", Kind::Text),
    ("policy_id", Kind::Text),
    ("type", Kind::Text),
    ("aws_managed", Kind::Boolean),
    ("attached", Kind::Integer),
    ("state", Kind::Text),
    ("errors", Kind::Integer),
    ("warnings", Kind::Integer),
    ("codes", Kind::Text),
    ("explanation", Kind::Text),
    ("place", Kind::Text),
    ("sound_form", Kind::Text),
];

/// What a text is about, if it is about the metadata service: what its keys and actions are called.
const SUBJECTS: [&str; 10] = [
    // What people write where they misspell a key counts: it is what the linter is for.
    "httptokens",
    "http_tokens",
    "hoplimit",
    "imds",
    "metadata_default",
    "metadatahttp",
    "attribute/http",
    "instancemetadata",
    "roledelivery",
    "instance_metadata_defaults",
];

pub(super) async fn rows(session: &Session) -> Result<Vec<Row>, EngineError> {
    let policies =
        session.rows("select * from aws_organizations_policy order by policy_id").await?;
    Ok(policies.iter().map(row).collect())
}

fn row(policy: &Row) -> Row {
    let content = text(policy, "content");
    let attached = text(policy, "targets")
        .and_then(|targets| serde_json::from_str::<Vec<Value>>(targets).ok())
        .map(|targets| targets.len());
    let linted = content.map(|content| mistakes(content, text(policy, "type")));
    let (state, mistakes) = match (content, linted) {
        (None, _) | (_, None) => ("unread", Vec::new()),
        (Some(_), Some(Err(error))) => {
            return base(policy, attached, "no-policy", &[], Some(error));
        }
        (Some(content), Some(Ok(mistakes))) if is_about_metadata(content) => ("linted", mistakes),
        _ => ("other", Vec::new()),
    };
    base(policy, attached, state, &mistakes, None)
}

fn base(
    policy: &Row,
    attached: Option<usize>,
    state: &str,
    mistakes: &[Mistake],
    error: Option<String>,
) -> Row {
    let of = |severity| mistakes.iter().filter(|m| m.severity == severity).count();
    let worst = mistakes
        .iter()
        .filter(|mistake| mistake.severity > MistakeSeverity::Info)
        .max_by_key(|mistake| mistake.severity);
    let mut codes: Vec<&str> = mistakes.iter().map(|mistake| mistake.code).collect();
    codes.dedup();
    let row = json!({
        "resource": policy.get("arn"),
        "name": policy.get("name"),
        "account_id": policy.get("management_account_id"),
        "policy_id": policy.get("policy_id"),
        "type": policy.get("type"),
        "aws_managed": policy.get("aws_managed"),
        "attached": attached,
        "state": state,
        "errors": of(MistakeSeverity::Error),
        "warnings": of(MistakeSeverity::Warning),
        "codes": codes.join(", "),
        "explanation": error.or_else(|| worst.map(|worst| worst.explanation.clone())),
        "place": worst.map(place),
        "sound_form": worst.and_then(|worst| worst.sound.clone()),
    });
    match row {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

/// `statement 2 (DenyV1), line 7`.
fn place(mistake: &Mistake) -> String {
    let line = mistake.position.line;
    match (mistake.statement, &mistake.sid) {
        (Some(index), Some(sid)) => format!("statement {} ({sid}), line {line}", index + 1),
        (Some(index), None) => format!("statement {}, line {line}", index + 1),
        (None, _) => format!("line {line}"),
    }
}

fn mistakes(content: &str, kind: Option<&str>) -> Result<Vec<Mistake>, String> {
    if kind == Some("DECLARATIVE_POLICY_EC2") {
        Ec2Policy::parse(content).map(|policy| lint_ec2(&policy)).map_err(|e| e.to_string())
    } else {
        let policy = Policy::parse(content).map_err(|error| error.to_string())?;
        Ok(lint(&policy, LintKind::Scp))
    }
}

fn is_about_metadata(content: &str) -> bool {
    let content = content.to_ascii_lowercase();
    SUBJECTS.iter().any(|subject| content.contains(subject))
}
