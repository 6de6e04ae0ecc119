//! The decision on a request: service control policies from the root down to the account, or the policies
//! of an identity. An explicit deny wins, each level has to allow, and what is not known stays unknown
//! unless something else decides.
//!
//! Source: AWS Organizations User Guide, "SCP evaluation"; IAM User Guide, "Policy evaluation logic".

use std::sync::Arc;

use serde::Serialize;

use crate::{
    Truth,
    condition::expand,
    document::{Effect, Names, Policy, Statement, Version},
    json::Position,
    pattern::Pattern,
    request::{Request, Resource},
};

/// A policy and the name under which it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its id, name or file.
    pub name: String,
    /// What it says.
    pub policy: Arc<Policy>,
}

impl Attached {
    /// A policy under a name.
    pub fn new(name: impl Into<String>, policy: impl Into<Arc<Policy>>) -> Self {
        Self { name: name.into(), policy: policy.into() }
    }
}

/// One level of the tree, from the root over the organizational units to the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Level {
    /// The name of the root, unit or account.
    pub name: String,
    /// The service control policies attached there.
    pub policies: Vec<Attached>,
    /// AWS's own policy `FullAWSAccess` is attached there, which allows everything.
    pub full_access: bool,
    /// Names of attached policies that could not be read: they may allow or deny anything.
    pub unread: Vec<String>,
}

impl Level {
    /// A level with `FullAWSAccess` and further policies, as AWS attaches it by default.
    pub fn with_full_access(name: impl Into<String>, policies: Vec<Attached>) -> Self {
        Self { name: name.into(), policies, full_access: true, unread: Vec::new() }
    }
}

/// The statement that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementRef {
    /// The level of the tree, empty for policies of an identity.
    pub level: String,
    /// The policy, as it is named in its level.
    pub policy: String,
    /// The statement's index, from 0.
    pub index: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Where it begins in the policy's text.
    pub position: Position,
}

impl std::fmt::Display for StatementRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.sid {
            Some(sid) => write!(f, "{} of {}", sid, self.policy),
            None => write!(f, "statement {} of {}", self.index, self.policy),
        }
    }
}

/// What a request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// These policies let it pass.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
    /// It cannot be told.
    Unknown,
}

/// What a request comes to, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The outcome.
    pub outcome: Outcome,
    /// The statement that decides, or that would have to be known.
    pub by: Option<StatementRef>,
    /// The type of the resource on which it is decided.
    pub resource: Option<String>,
    /// One sentence for people.
    pub reason: String,
}

impl Decision {
    /// Whether the request is refused for certain.
    pub fn is_denied(&self) -> bool {
        matches!(self.outcome, Outcome::ExplicitDeny | Outcome::ImplicitDeny)
    }
}

/// Decides as AWS decides over service control policies: an explicit deny anywhere wins, else each level
/// has to allow the action on each resource.
pub fn evaluate(levels: &[Level], request: &Request) -> Decision {
    evaluate_counting(levels, request, &|_, _| true)
}

/// Which Deny statements count.
pub(crate) type Counts<'a> = &'a dyn Fn(&Policy, &Statement) -> bool;

/// Decides as if there were no Deny statements but those that count.
pub(crate) fn evaluate_counting(
    levels: &[Level],
    request: &Request,
    counts: Counts<'_>,
) -> Decision {
    let mut open = None;
    for resource in &request.resources {
        for level in levels {
            if let Some(name) = level.unread.first() {
                open.get_or_insert_with(|| unread(level, name));
            }
            for (by, statement, policy) in statements(level) {
                if statement.effect != Effect::Deny {
                    continue;
                }
                match statement.applies(policy, request, resource) {
                    Truth::Yes if counts(policy, statement) => return denied(by, resource),
                    Truth::Unknown(why) if counts(policy, statement) => {
                        open.get_or_insert_with(|| unknown(by, statement.effect, resource, &why));
                    }
                    _ => {}
                }
            }
        }
    }
    let mut allowed = None;
    for resource in &request.resources {
        for level in levels {
            match allows(level, request, resource) {
                Permit::Granted(by) => allowed = by.or(allowed),
                Permit::Missing => return missing(level, resource),
                Permit::Open(decision) => {
                    open.get_or_insert(*decision);
                }
            }
        }
    }
    open.unwrap_or_else(|| pass(allowed))
}

/// Decides over the policies of one identity: nothing is allowed that none of them allows.
pub fn evaluate_identity(policies: &[Attached], request: &Request) -> Decision {
    let level = Level { policies: policies.to_vec(), ..Level::default() };
    evaluate(std::slice::from_ref(&level), request)
}

/// How much stands in the way of a request: Deny statements that count and do not leave it alone, and
/// levels that do not allow it.
pub(crate) fn obstacles(levels: &[Level], request: &Request, counts: Counts<'_>) -> usize {
    let pairs = request.resources.iter().flat_map(|r| levels.iter().map(move |level| (r, level)));
    let in_the_way = |(resource, level): (&Resource, &Level)| {
        let denials = statements(level)
            .filter(|(_, statement, policy)| statement.denies() && counts(policy, statement))
            .filter(|(_, s, policy)| s.applies(policy, request, resource) != Truth::No);
        let allowed = matches!(allows(level, request, resource), Permit::Granted(_));
        denials.count() + usize::from(!allowed)
    };
    pairs.map(in_the_way).sum()
}

/// Every statement of the tree with its policy.
pub(crate) fn with_policies(
    levels: &[Level],
) -> impl Iterator<Item = (StatementRef, &Statement, &Policy)> {
    levels.iter().flat_map(statements)
}

/// Whether a level allows.
enum Permit {
    Granted(Option<StatementRef>),
    Missing,
    Open(Box<Decision>),
}

fn allows(level: &Level, request: &Request, resource: &Resource) -> Permit {
    if level.full_access {
        return Permit::Granted(None);
    }
    let mut open = level.unread.first().map(|name| unread(level, name));
    for (by, statement, policy) in statements(level) {
        if statement.effect != Effect::Allow {
            continue;
        }
        match statement.applies(policy, request, resource) {
            Truth::Yes => return Permit::Granted(Some(by)),
            Truth::Unknown(why) => {
                open.get_or_insert_with(|| unknown(by, statement.effect, resource, &why));
            }
            Truth::No => {}
        }
    }
    open.map_or(Permit::Missing, |decision| Permit::Open(Box::new(decision)))
}

fn statements(level: &Level) -> impl Iterator<Item = (StatementRef, &Statement, &Policy)> {
    level.policies.iter().flat_map(move |attached| {
        let of = move |statement: &Statement| StatementRef {
            level: level.name.clone(),
            policy: attached.name.clone(),
            index: statement.index,
            sid: statement.sid.clone(),
            position: statement.at,
        };
        let policy = attached.policy.as_ref();
        policy.statements.iter().map(move |statement| (of(statement), statement, policy))
    })
}

fn denied(by: StatementRef, resource: &Resource) -> Decision {
    Decision {
        reason: format!("{by} denies it{}", on(resource)),
        outcome: Outcome::ExplicitDeny,
        by: Some(by),
        resource: Some(resource.kind.clone()),
    }
}

fn unknown(by: StatementRef, effect: Effect, resource: &Resource, why: &str) -> Decision {
    let may = match effect {
        Effect::Deny => "may deny it",
        Effect::Allow => "may be what allows it",
    };
    Decision {
        reason: format!("{by} {may}{}: {why}", on(resource)),
        outcome: Outcome::Unknown,
        by: Some(by),
        resource: Some(resource.kind.clone()),
    }
}

fn unread(level: &Level, name: &str) -> Decision {
    Decision {
        outcome: Outcome::Unknown,
        by: None,
        resource: None,
        reason: format!("the policy {name} of {} could not be read", level.name),
    }
}

fn missing(level: &Level, resource: &Resource) -> Decision {
    let place = if level.name.is_empty() { String::new() } else { format!(" at {}", level.name) };
    Decision {
        outcome: Outcome::ImplicitDeny,
        by: None,
        resource: Some(resource.kind.clone()),
        reason: format!("no statement{place} allows it{}", on(resource)),
    }
}

fn pass(by: Option<StatementRef>) -> Decision {
    Decision {
        outcome: Outcome::Allowed,
        reason: match &by {
            Some(by) => format!("{by} allows it, and no statement denies it"),
            None => "no statement denies it".to_owned(),
        },
        by,
        resource: None,
    }
}

fn on(resource: &Resource) -> String {
    match resource.kind.as_str() {
        "" | "resource" => String::new(),
        kind => format!(" on {kind}/*"),
    }
}

impl Statement {
    /// Whether it denies the request for certain on one of its resources.
    pub(crate) fn denies_request(&self, policy: &Policy, request: &Request) -> bool {
        let applies = |resource| self.applies(policy, request, resource) == Truth::Yes;
        self.denies() && request.resources.iter().any(applies)
    }

    /// Whether it may deny the request on one of its resources.
    pub(crate) fn may_deny(&self, policy: &Policy, request: &Request) -> bool {
        let applies = |resource| self.applies(policy, request, resource) != Truth::No;
        self.denies() && request.resources.iter().any(applies)
    }

    /// Whether the statement is about the request on that resource.
    pub(crate) fn applies(&self, policy: &Policy, request: &Request, resource: &Resource) -> Truth {
        let action = self.names_action(&request.action);
        if action == Truth::No {
            return Truth::No;
        }
        action
            .and(self.names_resource(policy, request, resource))
            .and(self.understood(policy))
            .and(Truth::all(self.conditions.iter().map(|c| c.holds(request, resource))))
    }

    /// Whether the statement is about the action, conditions and resources aside.
    pub(crate) fn names_action(&self, action: &str) -> Truth {
        let class = Pattern::literal(&action.to_lowercase());
        let patterns = self.action.patterns.iter();
        let named = Truth::any(patterns.map(|word| Pattern::lowercase(&word.text).matches(&class)));
        if self.action.not { !named } else { named }
    }

    pub(crate) fn names_resource(
        &self,
        policy: &Policy,
        request: &Request,
        resource: &Resource,
    ) -> Truth {
        let Some(Names { not, patterns, .. }) = &self.resource else {
            return Truth::unknown("the statement names no resource");
        };
        let class = resource.pattern();
        let variables = policy.version == Version::Current;
        let matches = |text: &str| match expand(text, variables, true, request, resource) {
            Ok(pattern) if resource.is_none() => Truth::from(pattern.is_everything()),
            Ok(pattern) => pattern.matches_arn(&class),
            Err(why) => Truth::Unknown(why),
        };
        let named = Truth::any(patterns.iter().map(|word| matches(&word.text)));
        if *not { !named } else { named }
    }

    /// What stands in the statement has to be understood before it decides anything.
    fn understood(&self, policy: &Policy) -> Truth {
        if let Some(element) = policy.unknown.first().or(self.unknown.first()) {
            return Truth::unknown(format!("the element `{}` is not known", element.name));
        }
        if let Version::Unknown(version, _) = &policy.version {
            return Truth::unknown(format!("the version `{version}` of the language is not known"));
        }
        match self.principal {
            Some(_) => Truth::unknown("it names a principal, which only policies on resources do"),
            None => Truth::Yes,
        }
    }
}
