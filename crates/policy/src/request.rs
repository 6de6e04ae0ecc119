//! A request as IAM sees it: an action, the resources that it is evaluated over, and the context keys of
//! each. A key that nobody stated is unknown, not absent.

use std::collections::BTreeMap;

use crate::pattern::Pattern;

/// What is known of a context key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValue {
    /// The key is in the request with these values.
    Present(Vec<String>),
    /// The key is not in the request.
    Absent,
    /// It is not known whether the key is there, or with which value; and why.
    Unknown(String),
}

impl KeyValue {
    /// One value.
    pub fn of(value: impl Into<String>) -> Self {
        Self::Present(vec![value.into()])
    }
}

/// Context keys and what is known of them. Keys have no case. A key that ends with `/*` stands for all keys
/// with that beginning which are not stated themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, KeyValue>);

impl Context {
    /// States a key, in place of what was stated before.
    pub fn set(&mut self, key: &str, value: KeyValue) {
        self.0.insert(key.to_lowercase(), value);
    }

    /// What is stated of a key.
    pub fn get(&self, key: &str) -> Option<&KeyValue> {
        let key = key.to_lowercase();
        let family = || {
            let (family, _) = key.split_once('/')?;
            self.0.get(&format!("{family}/*"))
        };
        self.0.get(&key).or_else(family)
    }
}

/// One resource that a request is evaluated over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its type, as `instance` or `image`; empty for an action that knows no resources.
    pub kind: String,
    /// Its ARN, where `*` stands for any value: `arn:aws:ec2:*:111122223333:instance/*`.
    pub arn: String,
    /// The keys that this resource alone carries.
    pub context: Context,
}

impl Resource {
    /// A resource of a type.
    pub fn new(kind: &str, arn: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), arn: arn.into(), context: Context::default() }
    }

    /// For an action that knows no resource types: only `*` in a policy matches it.
    pub fn none() -> Self {
        Self::new("", "*")
    }

    /// Any resource at all.
    pub fn any() -> Self {
        Self::new("resource", "*")
    }

    pub(crate) fn is_none(&self) -> bool {
        self.kind.is_empty()
    }

    pub(crate) fn pattern(&self) -> Pattern {
        Pattern::new(&self.arn)
    }
}

/// A request for authorization. It is allowed when it is for each of its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `service:Action`.
    pub action: String,
    /// What it is evaluated over: at least one.
    pub resources: Vec<Resource>,
    /// The keys of the request as a whole.
    pub context: Context,
}

impl Request {
    /// What is known of a key for one of the resources.
    pub(crate) fn key(&self, key: &str, resource: &Resource) -> KeyValue {
        let stated = resource.context.get(key).or_else(|| self.context.get(key));
        stated.cloned().unwrap_or_else(|| {
            KeyValue::Unknown(format!("the request does not say what `{key}` is"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_no_case_and_a_family_speaks_for_its_members() {
        let mut context = Context::default();
        context.set("aws:PrincipalTag/*", KeyValue::Absent);
        context.set("AWS:PrincipalTag/Team", KeyValue::of("a"));
        assert_eq!(context.get("aws:principaltag/team"), Some(&KeyValue::of("a")));
        assert_eq!(context.get("aws:PrincipalTag/other"), Some(&KeyValue::Absent));
        assert_eq!(context.get("aws:PrincipalArn"), None);
    }

    #[test]
    fn what_is_not_stated_is_unknown() {
        let request = Request {
            action: "ec2:RunInstances".to_owned(),
            resources: vec![Resource::any()],
            context: Context::default(),
        };
        let value = request.key("ec2:Region", &request.resources[0]);
        assert!(matches!(value, KeyValue::Unknown(why) if why.contains("`ec2:Region`")));
    }
}
