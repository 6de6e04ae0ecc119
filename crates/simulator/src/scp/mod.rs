//! Service control policies: which of the calls that change metadata options they refuse.
//!
//! Enforced are the Deny statements of the policies at an account, the units above it and the root, for four actions: `ModifyInstanceMetadataOptions`,
//! `ModifyInstanceMetadataDefaults`, `ModifyImageAttribute` and `RunInstances`. A statement with an element, an operator or a key that is not understood
//! here does not apply. Service control policies never bind the management account nor service-linked roles: what Auto Scaling launches is not asked.

mod condition;
mod request;

use serde_json::Value;

use crate::glob::Glob;
use crate::world::accounts::Account;
use crate::world::organization::Organization;
use crate::world::policies::{Attached, PolicyType};

pub(crate) use condition::{Condition, Keys};
pub(crate) use request::denied;

/// What a policy is asked about: an action on a resource, and the condition keys of the request.
struct Request {
    action: &'static str,
    resource: String,
    keys: Vec<(&'static str, String)>,
}

/// A Deny statement that is understood.
#[derive(Debug)]
struct Statement {
    actions: Patterns,
    resources: Patterns,
    conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug)]
struct Patterns {
    globs: Vec<Glob>,
    inverted: bool,
}

/// The Deny statements of an organization, and what they are attached to.
pub(crate) struct Guardrails(Vec<(Attached, Statement)>);

impl Guardrails {
    /// Reads the organization's policies.
    pub(crate) fn new(organization: &Organization) -> Self {
        let policies = organization.policies.iter();
        let service_control = policies.filter(|policy| policy.kind == PolicyType::ServiceControl);
        let statements = service_control.flat_map(|policy| {
            let statements = statements(&policy.content).into_iter();
            statements.map(|statement| (policy.attached.clone(), statement))
        });
        Self(statements.collect())
    }

    /// Whether a request of an account is refused.
    fn denies(&self, account: &Account, request: &Request) -> bool {
        let binds = |attached: &Attached| match attached {
            Attached::Everywhere => true,
            Attached::To(target) => account.path.split('/').any(|id| id == target),
        };
        self.0.iter().any(|(attached, statement)| binds(attached) && statement.applies(request))
    }
}

impl Statement {
    /// Reads a statement; none if it allows or is not understood.
    fn read(statement: &Value) -> Option<Self> {
        let known =
            ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
        let members = statement.as_object()?;
        let understood = members.keys().all(|name| known.contains(&name.as_str()));
        if !understood || statement["Effect"] != "Deny" {
            return None;
        }
        let conditions = match statement.get("Condition") {
            None => Vec::new(),
            Some(conditions) => Condition::read_all(conditions, &condition::GUARDED)?,
        };
        Some(Self {
            actions: Patterns::read(statement, "Action", Glob::ignoring_case)?,
            resources: Patterns::read(statement, "Resource", Glob::new)?,
            conditions,
        })
    }

    fn applies(&self, request: &Request) -> bool {
        self.actions.cover(request.action)
            && self.resources.cover(&request.resource)
            && self.conditions.iter().all(|condition| condition.holds(&request.keys))
    }
}

impl Patterns {
    fn read(statement: &Value, name: &str, glob: fn(&str) -> Glob) -> Option<Self> {
        let inverted = statement.get(name).is_none();
        let value =
            if inverted { statement.get(format!("Not{name}"))? } else { statement.get(name)? };
        let globs = texts(value)?.iter().map(|text| glob(text)).collect();
        Some(Self { globs, inverted })
    }

    fn cover(&self, text: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(text.as_bytes())) != self.inverted
    }
}

/// The Deny statements of a policy that are understood.
fn statements(content: &str) -> Vec<Statement> {
    let document: Value = serde_json::from_str(content).unwrap_or_default();
    let all = match &document["Statement"] {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    all.iter().filter_map(Statement::read).collect()
}

/// A value or a list of values as texts; none if one of them is something else.
fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match value {
        Value::Array(all) => all.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
