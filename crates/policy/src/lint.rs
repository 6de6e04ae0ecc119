//! Mistakes in guardrails: what a policy does not do although it looks like it, or does beyond what it was
//! meant for. Where it can, a lint asks the evaluator instead of looking at the spelling, so that whatever is
//! sound stays clean however it is written.

mod change;
mod delivery;
mod ec2;
mod exempt;
mod gaps;
mod grant;
mod launch;
mod probe;
mod spelling;
mod structure;

use serde::Serialize;

use crate::{
    Position,
    document::{Policy, Statement},
};

pub use ec2::lint_ec2;

/// What a policy of the IAM language is attached as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintKind {
    /// A service control policy.
    Scp,
    /// A policy of identities, or a permissions boundary.
    Identity,
}

impl LintKind {
    /// What a policy is most likely attached as: guardrails deny, policies of identities need not.
    pub fn of(policy: &Policy) -> Self {
        if policy.statements.iter().any(Statement::denies) { Self::Scp } else { Self::Identity }
    }
}

/// How bad a mistake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MistakeSeverity {
    /// Worth knowing: something the policy does not cover. No mistake by itself.
    Info,
    /// It leaves a hole, or blocks more than it was meant to.
    Warning,
    /// It does not do what it says at all, or AWS refuses it.
    Error,
}

/// One mistake in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// A stable name in kebab-case.
    pub code: &'static str,
    /// How bad it is.
    pub severity: MistakeSeverity,
    /// Index of the statement, from 0; None for the policy as a whole and for EC2 policies.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// Where it stands in the text.
    pub position: Position,
    /// Why it does not do what it seems to do; for people.
    pub explanation: String,
    /// The sound form, as JSON to paste: one statement or several, or a part of an EC2 policy.
    pub sound: Option<String>,
}

impl Mistake {
    pub(crate) fn new(
        code: &'static str,
        severity: MistakeSeverity,
        position: Position,
        explanation: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            statement: None,
            sid: None,
            position,
            explanation: explanation.into(),
            sound: None,
        }
    }

    /// Mistakes by their place, notes after them.
    pub(crate) fn order(&self) -> (bool, Position, &'static str) {
        (self.severity == MistakeSeverity::Info, self.position, self.code)
    }

    pub(crate) fn of(self, statement: &Statement) -> Self {
        Self { statement: Some(statement.index), sid: statement.sid.clone(), ..self }
    }

    pub(crate) fn sound(self, statements: &[serde_json::Value]) -> Self {
        let texts: Vec<String> = statements.iter().map(|value| format!("{value:#}")).collect();
        Self { sound: Some(texts.join(",\n")), ..self }
    }
}

/// The mistakes of a policy, by their place in the text, and what it leaves out after them. A sound policy has none but of severity info.
pub fn lint(policy: &Policy, kind: LintKind) -> Vec<Mistake> {
    let mut found = Vec::new();
    structure::lint(policy, kind, &mut found);
    // Asked once for all statements.
    let denied = launch::Denied::by(policy);
    let granted = grant::granted(policy);
    for statement in &policy.statements {
        let before = found.len();
        spelling::lint(statement, &mut found);
        exempt::lint(statement, &mut found);
        // What is misspelt means nothing: what it would do is not worth asking.
        let misspelt = found.iter().skip(before).any(|m| m.severity == MistakeSeverity::Error);
        if misspelt || !statement.unknown.is_empty() {
            continue;
        }
        launch::lint(statement, policy, denied, &mut found);
        change::lint(statement, policy, &mut found);
        delivery::lint(statement, policy, &mut found);
        grant::lint(statement, policy, &granted, &mut found);
    }
    gaps::lint(policy, &mut found);
    found.sort_by_key(Mistake::order);
    found
}
