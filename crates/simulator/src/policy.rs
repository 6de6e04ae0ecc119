//! Session policies: what a session may do of what its role may do.

use serde::Deserialize;
use serde_json::Value;

use crate::glob::Glob;
use crate::scp::{Condition, Keys};

/// A policy document, reduced to what decides about the simulated actions.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone)]
struct Statement {
    allow: bool,
    actions: Vec<Glob>,
    /// Whether `actions` are those the statement is *not* about.
    inverted: bool,
    /// The resources it is about, if it does not except some.
    resources: Vec<Glob>,
    conditions: Vec<Condition>,
}

/// Keys of which it is known whether a request carries them.
const KNOWN: [&str; 3] = ["ec2:launchtemplate", "ec2:createaction", "iam:passedtoservice"];

/// What a session policy says about an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Version")]
    version: Option<String>,
    #[serde(rename = "Statement")]
    statement: OneOrMany<RawStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawStatement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: String,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    condition: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

impl Policy {
    /// Reads a policy document; the error is the text for `MalformedPolicyDocument`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text)
            .map_err(|error| format!("Syntax errors in policy: {error}"))?;
        if document
            .version
            .is_some_and(|version| version != "2012-10-17" && version != "2008-10-17")
        {
            return Err("The policy has an unknown version.".into());
        }
        let statements = document
            .statement
            .into_vec()
            .into_iter()
            .map(Statement::new)
            .collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }

    /// What the policy says about an action such as `ec2:DescribeInstances` on a resource, in a request with these condition keys. A deny wins.
    /// Only a statement about every resource is about an empty one.
    pub(crate) fn verdict(&self, action: &str, resource: &str, keys: &Keys) -> Verdict {
        let about = |allow| {
            self.statements.iter().any(|statement| {
                statement.allow == allow && statement.is_about(action, resource, keys)
            })
        };
        match (about(false), about(true)) {
            (true, _) => Verdict::Denied,
            (false, true) => Verdict::Allowed,
            (false, false) => Verdict::NotAllowed,
        }
    }
}

impl Statement {
    fn new(raw: RawStatement) -> Result<Self, String> {
        let allow = match raw.effect.as_str() {
            "Allow" => true,
            "Deny" => false,
            other => return Err(format!("Invalid effect: {other}")),
        };
        // Taking no notice of a condition would allow more than the policy does.
        let conditions = match &raw.condition {
            None => Vec::new(),
            Some(conditions) => Condition::read_all(conditions, &KNOWN)
                .ok_or("Only some condition keys of policies are simulated.")?,
        };
        let (actions, inverted) = match (raw.action, raw.not_action) {
            (Some(actions), None) => (actions.into_vec(), false),
            (None, Some(actions)) => (actions.into_vec(), true),
            _ => return Err("A statement must have either Action or NotAction.".into()),
        };
        if let Some(action) = actions.iter().find(|action| *action != "*" && !action.contains(':'))
        {
            return Err(format!("Actions must be prefixed by a vendor: {action}"));
        }
        let resources = match (raw.resource, raw.not_resource) {
            (Some(resources), None) => resources.into_vec(),
            (None, Some(_)) => Vec::new(),
            _ => return Err("A statement must have either Resource or NotResource.".into()),
        };
        let actions = actions.iter().map(|action| Glob::ignoring_case(action)).collect();
        let resources = resources.iter().map(|resource| Glob::new(resource)).collect();
        Ok(Self { allow, actions, inverted, resources, conditions })
    }

    fn is_about(&self, action: &str, resource: &str, keys: &Keys) -> bool {
        self.conditions.iter().all(|condition| condition.holds(keys))
            && self.resources.iter().any(|glob| glob.matches(resource.as_bytes()))
            && self.actions.iter().any(|glob| glob.matches(action.as_bytes())) != self.inverted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_what_a_statement_allows() {
        let policy = Policy::parse(
            r#"{"Version":"2012-10-17","Statement":[
                {"Effect":"Allow","Action":["ec2:Describe*","iam:ListAccountAliases"],"Resource":"*"},
                {"Sid":"No","Effect":"Deny","Action":"ec2:DescribeVpcs","Resource":["*"]}]}"#,
        )
        .unwrap();
        assert_eq!(policy.verdict("ec2:DescribeInstances", "", &[]), Verdict::Allowed);
        assert_eq!(policy.verdict("ec2:DescribeVpcs", "", &[]), Verdict::Denied);
        assert_eq!(
            policy.verdict("ec2:ModifyInstanceMetadataOptions", "", &[]),
            Verdict::NotAllowed
        );
    }

    #[test]
    fn a_statement_about_some_resources_is_about_no_others() {
        let policy = Policy::parse(
            r#"{"Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/web-*"}}"#,
        )
        .unwrap();
        let on = |resource| policy.verdict("iam:PassRole", resource, &[]);
        assert_eq!(on("arn:aws:iam::111122223333:role/web-frontend"), Verdict::Allowed);
        assert_eq!(on("arn:aws:iam::111122223333:role/erp"), Verdict::NotAllowed);
        assert_eq!(policy.verdict("iam:PassRole", "", &[]), Verdict::NotAllowed);
    }

    #[test]
    fn a_statement_with_a_condition_is_about_requests_that_meet_it() {
        let policy = Policy::parse(
            r#"{"Statement":{"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*",
                "Condition":{"ArnLike":{"ec2:LaunchTemplate":"arn:*:ec2:*:*:launch-template/*"}}}}"#,
        )
        .unwrap();
        let with = |keys: &Keys| policy.verdict("ec2:RunInstances", "", keys);
        let template = "arn:aws:ec2:eu-west-1:111122223333:launch-template/lt-1".to_owned();
        assert_eq!(with(&[("ec2:LaunchTemplate", template)]), Verdict::Allowed);
        assert_eq!(with(&[]), Verdict::NotAllowed);
    }

    #[test]
    fn one_statement_need_not_be_a_list() {
        let policy =
            Policy::parse(r#"{"Statement":{"Effect":"Allow","NotAction":"ec2:*","Resource":"*"}}"#)
                .unwrap();
        assert_eq!(policy.verdict("iam:ListAccountAliases", "", &[]), Verdict::Allowed);
        assert_eq!(policy.verdict("ec2:DescribeRegions", "", &[]), Verdict::NotAllowed);
    }

    #[test]
    fn malformed_documents_are_refused() {
        for text in [
            "",
            "{}",
            r#"{"Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"Describe","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}"#,
            r#"{"Version":"2020","Statement":[]}"#,
        ] {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
    }
}
