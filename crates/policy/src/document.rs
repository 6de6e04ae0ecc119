//! A policy as IAM's grammar has it. What this crate does not understand is kept by name and place, so that
//! whatever it touches is unknown and a lint can point at it.

use crate::{
    json::{self, Member, Node, PolicyError, Position, Value},
    operator::Operator,
};

/// A policy document of the IAM language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(crate) version: Version,
    pub(crate) statements: Vec<Statement>,
    /// Top-level elements that IAM does not document.
    pub(crate) unknown: Vec<Unknown>,
    /// Its length in characters, as AWS counts it against the limit when sent as written.
    pub(crate) characters: usize,
}

/// The version of the language, which decides about variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Version {
    /// 2012-10-17: `${…}` is a variable.
    Current,
    /// 2008-10-17, or none: `${…}` stands for itself.
    Old,
    Unknown(String, Position),
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(crate) at: Position,
    pub(crate) index: usize,
    pub(crate) sid: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) action: Names,
    /// None where the statement names no resource.
    pub(crate) resource: Option<Names>,
    /// Where it names a principal, which only policies on resources do.
    pub(crate) principal: Option<Position>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) unknown: Vec<Unknown>,
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, and nothing allows what is denied.
    Deny,
}

/// `Action` and `Resource`, or `NotAction` and `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) at: Position,
    /// All but these.
    pub(crate) not: bool,
    pub(crate) patterns: Vec<Word>,
}

/// A text and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) at: Position,
    pub(crate) text: String,
}

/// One operator on one key. All conditions of a statement must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    /// As written.
    pub(crate) name: String,
    pub(crate) at: Position,
    /// None for one that IAM does not document.
    pub(crate) operator: Option<Operator>,
    pub(crate) key: Word,
    pub(crate) values: Vec<Word>,
    /// Whether `${…}` in the values is a variable.
    pub(crate) variables: bool,
}

impl Condition {
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.key.text.eq_ignore_ascii_case(key)
    }
}

/// An element that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) at: Position,
    pub(crate) name: String,
}

impl Policy {
    /// Reads a policy: 100 KiB of JSON at most, without names that stand twice.
    ///
    /// # Errors
    /// With line and column, where the text is no JSON or has not the structure of a policy. Elements and
    /// operators that are not known are no error: what they touch evaluates to unknown.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let node = json::parse(text)?;
        let Some(members) = node.members() else {
            let message = format!("a policy is a JSON object, this is {}", node.kind());
            return Err(PolicyError::new(node.at, message));
        };
        let version = version(members)?;
        let Some(statement) = members.iter().find(|member| member.name == "Statement") else {
            return Err(PolicyError::new(
                node.at,
                "this object has no `Statement`: it is no policy",
            ));
        };
        let nodes = match &statement.node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(&statement.node),
        };
        if nodes.is_empty() {
            let message = "`Statement` is empty: AWS takes no policy without a statement";
            return Err(PolicyError::new(statement.node.at, message));
        }
        let variables = version == Version::Current;
        let statements = nodes.iter().enumerate();
        let statements = statements
            .map(|(index, node)| Statement::read(index, node, variables))
            .collect::<Result<_, _>>()?;
        let unknown = members
            .iter()
            .filter(|member| !["Version", "Id", "Statement"].contains(&member.name.as_str()))
            .map(Unknown::of)
            .collect();
        Ok(Self { version, statements, unknown, characters: text.chars().count() })
    }

    /// Its statements, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Statement {
    /// Its place among the statements, from 0.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Its `Sid`.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Whether it allows or denies.
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Where it begins in the text.
    pub const fn position(&self) -> Position {
        self.at
    }

    pub(crate) fn denies(&self) -> bool {
        self.effect == Effect::Deny
    }

    fn read(index: usize, node: &Node, variables: bool) -> Result<Self, PolicyError> {
        let Some(members) = node.members() else {
            let message = format!("a statement is a JSON object, this is {}", node.kind());
            return Err(PolicyError::new(node.at, message));
        };
        let find = |name: &str| members.iter().find(|member| member.name == name);
        let sid = find("Sid").map(|member| text(&member.node, "Sid")).transpose()?;
        let Some(effect) = find("Effect") else {
            return Err(PolicyError::new(node.at, "this statement has no `Effect`"));
        };
        let effect = match text(&effect.node, "Effect")?.as_str() {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            other => {
                let message =
                    format!("`Effect` is `Allow` or `Deny`, not `{}`", other.escape_debug());
                return Err(PolicyError::new(effect.node.at, message));
            }
        };
        let Some(action) = names(find("Action"), find("NotAction"))? else {
            return Err(PolicyError::new(node.at, "this statement has no `Action` or `NotAction`"));
        };
        let resource = names(find("Resource"), find("NotResource"))?;
        let principal = find("Principal").or_else(|| find("NotPrincipal")).map(|member| member.at);
        let conditions = match find("Condition") {
            Some(member) => conditions(&member.node, variables)?,
            None => Vec::new(),
        };
        let unknown = members
            .iter()
            .filter(|member| !ELEMENTS.contains(&member.name.as_str()))
            .map(Unknown::of)
            .collect();
        Ok(Self {
            at: node.at,
            index,
            sid,
            effect,
            action,
            resource,
            principal,
            conditions,
            unknown,
        })
    }
}

pub(crate) const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
];

impl Unknown {
    fn of(member: &Member) -> Self {
        Self { at: member.at, name: member.name.clone() }
    }
}

fn version(members: &[Member]) -> Result<Version, PolicyError> {
    let Some(member) = members.iter().find(|member| member.name == "Version") else {
        return Ok(Version::Old);
    };
    Ok(match text(&member.node, "Version")?.as_str() {
        "2012-10-17" => Version::Current,
        "2008-10-17" => Version::Old,
        other => Version::Unknown(other.to_owned(), member.node.at),
    })
}

fn text(node: &Node, name: &str) -> Result<String, PolicyError> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        _ => {
            Err(PolicyError::new(node.at, format!("`{name}` is a string, this is {}", node.kind())))
        }
    }
}

/// A name and its opposite, of which a statement has one at most.
fn names(plain: Option<&Member>, not: Option<&Member>) -> Result<Option<Names>, PolicyError> {
    let (member, not) = match (plain, not) {
        (Some(plain), Some(not)) => {
            let message = format!("a statement has either `{}` or `{}`", plain.name, not.name);
            return Err(PolicyError::new(not.at, message));
        }
        (Some(plain), None) => (plain, false),
        (None, Some(not)) => (not, true),
        (None, None) => return Ok(None),
    };
    let nodes = match &member.node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(&member.node),
    };
    if nodes.is_empty() {
        let message = format!("`{}` is empty", member.name);
        return Err(PolicyError::new(member.node.at, message));
    }
    let word = |node: &Node| Ok(Word { at: node.at, text: text(node, &member.name)? });
    let patterns = nodes.iter().map(word).collect::<Result<_, PolicyError>>()?;
    Ok(Some(Names { at: member.at, not, patterns }))
}

fn conditions(node: &Node, variables: bool) -> Result<Vec<Condition>, PolicyError> {
    let shape = |node: &Node, what: &str| {
        PolicyError::new(node.at, format!("{what} is a JSON object, this is {}", node.kind()))
    };
    let mut conditions = Vec::new();
    for operator in node.members().ok_or_else(|| shape(node, "`Condition`"))? {
        let keys = operator.node.members();
        for key in keys.ok_or_else(|| shape(&operator.node, "what a condition operator holds"))? {
            conditions.push(Condition {
                name: operator.name.clone(),
                at: operator.at,
                operator: Operator::parse(&operator.name),
                key: Word { at: key.at, text: key.name.clone() },
                values: values(&key.node)?,
                variables,
            });
        }
    }
    Ok(conditions)
}

fn values(node: &Node) -> Result<Vec<Word>, PolicyError> {
    let nodes = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let word = |node: &Node| {
        let text = node.scalar().ok_or_else(|| {
            let message = format!("the value of a condition is a string, this is {}", node.kind());
            PolicyError::new(node.at, message)
        })?;
        Ok(Word { at: node.at, text })
    };
    nodes.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, words: &str) {
        let error = Policy::parse(text).unwrap_err();
        assert!(error.message.contains(words), "{error}");
    }

    #[test]
    fn a_statement_may_stand_alone_and_values_too() {
        let policy = Policy::parse(
            r#"{"Version": "2012-10-17", "Statement": {"Sid": "A", "Effect": "Deny", "NotAction": "a:b",
                "NotResource": ["x", "y"], "Condition": {"Bool": {"k": false}, "NumericLessThan": {"n": [2, "3"]}}}}"#,
        )
        .unwrap();
        let [statement] = policy.statements() else { panic!("{policy:?}") };
        assert_eq!((statement.sid(), statement.effect()), (Some("A"), Effect::Deny));
        assert!(statement.action.not);
        let values: Vec<_> = statement
            .conditions
            .iter()
            .flat_map(|condition| condition.values.iter().map(|value| value.text.as_str()))
            .collect();
        assert_eq!(values, ["false", "2", "3"]);
    }

    #[test]
    fn what_is_not_known_is_kept() {
        let policy = Policy::parse(
            r#"{"Version": "2030-01-01", "New": 1, "Statement": [{"Effect": "Allow", "Action": "*",
                "Resource": "*", "Unless": {}, "Condition": {"StringNear": {"k": "v"}}}]}"#,
        )
        .unwrap();
        assert!(matches!(&policy.version, Version::Unknown(version, _) if version == "2030-01-01"));
        assert_eq!(policy.unknown[0].name, "New");
        assert_eq!(policy.statements[0].unknown[0].name, "Unless");
        assert_eq!(policy.statements[0].conditions[0].operator, None);
    }

    #[test]
    fn what_has_not_the_structure_is_refused() {
        refused("[]", "an array");
        refused("{}", "no `Statement`");
        refused(r#"{"Statement": []}"#, "empty");
        refused(r#"{"Statement": "x"}"#, "a string");
        refused(r#"{"Statement": [{}]}"#, "no `Effect`");
        refused(r#"{"Statement": {"Effect": "Refuse"}}"#, "`Refuse`");
        refused(r#"{"Statement": {"Effect": "Deny"}}"#, "no `Action`");
        refused(r#"{"Statement": {"Effect": "Deny", "Action": []}}"#, "`Action` is empty");
        refused(r#"{"Statement": {"Effect": "Deny", "Action": [1]}}"#, "a number");
        refused(r#"{"Statement": {"Effect": "Deny", "Action": "*", "NotAction": "*"}}"#, "either");
        let condition = |json: &str| {
            format!(r#"{{"Statement": {{"Effect": "Deny", "Action": "*", "Condition": {json}}}}}"#)
        };
        refused(&condition("[]"), "`Condition`");
        refused(&condition(r#"{"Bool": "x"}"#), "operator holds");
        refused(&condition(r#"{"Bool": {"k": {}}}"#), "an object");
    }
}
