//! What AWS does not take, or takes otherwise than it looks: elements, operators, version, length.

use std::collections::BTreeSet;

use super::{LintKind, Mistake, MistakeSeverity};
use crate::{
    Position,
    document::{ELEMENTS, Policy, Statement, Version},
    generate::SCP_LIMIT,
    operator::Operator,
    words,
};

pub(super) fn lint(policy: &Policy, kind: LintKind, found: &mut Vec<Mistake>) {
    whole(policy, kind, found);
    let mut sids = BTreeSet::new();
    for statement in &policy.statements {
        if let Some(sid) = statement.sid.as_deref().filter(|sid| !sids.insert(*sid)) {
            let words = format!("the Sid `{sid}` stands twice in the policy: AWS wants it unique");
            found.push(warning("duplicate-sid", statement.at, words).of(statement));
        }
        one(statement, found);
        variables(statement, policy, found);
    }
}

fn whole(policy: &Policy, kind: LintKind, found: &mut Vec<Mistake>) {
    for element in &policy.unknown {
        found.push(unknown_element(&element.name, element.at, &["Version", "Id", "Statement"]));
    }
    if let Version::Unknown(version, at) = &policy.version {
        let words = format!("`{version}` is no version of the policy language: write 2012-10-17");
        found.push(error("unknown-version", *at, words));
    }
    if kind == LintKind::Scp && policy.characters > SCP_LIMIT {
        let words = format!(
            "{} characters, and AWS takes {SCP_LIMIT} in a service control policy: spaces count as well",
            policy.characters
        );
        found.push(error("policy-too-long", Position::START, words));
    }
}

fn one(statement: &Statement, found: &mut Vec<Mistake>) {
    for element in &statement.unknown {
        found.push(unknown_element(&element.name, element.at, &ELEMENTS).of(statement));
    }
    if let Some(at) = statement.principal {
        let words = "only policies on resources name a principal; AWS does not take it here. To exempt \
         somebody, use the \
                     condition ArnNotLike on aws:PrincipalArn";
        found.push(error("principal-not-allowed", at, words).of(statement));
    }
    if statement.resource.is_none() {
        let words = "the statement has no `Resource` or `NotResource`: AWS does not take it";
        found.push(error("no-resource", statement.at, words).of(statement));
    }
    for condition in statement.conditions.iter().filter(|c| c.operator.is_none()) {
        let hint = match Operator::nearest(&condition.name) {
            Some(near) => format!(": did you mean {near}?"),
            None => String::new(),
        };
        let words = format!("`{}` is no condition operator{hint}", condition.name);
        found.push(error("unknown-operator", condition.at, words).of(statement));
    }
}

/// Variables are of the newer language; the older one takes them for plain text.
fn variables(statement: &Statement, policy: &Policy, found: &mut Vec<Mistake>) {
    if policy.version != Version::Old {
        return;
    }
    let values = statement.conditions.iter().flat_map(|condition| &condition.values);
    let resources = statement.resource.iter().flat_map(|names| &names.patterns);
    if let Some(word) = values.chain(resources).find(|word| word.text.contains("${")) {
        let words = format!(
            "without \"Version\": \"2012-10-17\" the variable in `{}` is taken as plain text",
            word.text
        );
        found.push(warning("variable-taken-literally", word.at, words).of(statement));
    }
}

fn unknown_element(name: &str, at: Position, known: &[&str]) -> Mistake {
    let hint = match words::nearest(name, known.iter().copied()) {
        Some(near) => format!(": did you mean {near}?"),
        None => String::new(),
    };
    error("unknown-element", at, format!("`{name}` is no element of the policy language{hint}"))
}

fn error(code: &'static str, at: Position, words: impl Into<String>) -> Mistake {
    Mistake::new(code, MistakeSeverity::Error, at, words)
}

fn warning(code: &'static str, at: Position, words: impl Into<String>) -> Mistake {
    Mistake::new(code, MistakeSeverity::Warning, at, words)
}
