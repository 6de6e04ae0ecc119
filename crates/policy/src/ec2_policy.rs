//! EC2 policies (declarative policies of Organizations for EC2): what they say about the metadata service.
//!
//! Source: AWS Organizations User Guide, "EC2 policy syntax and examples", instance metadata defaults.

use crate::{
    Truth,
    json::{self, Node, PolicyError},
};

/// An EC2 policy, as attached or as AWS merges it for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ec2Policy {
    pub(crate) root: Node,
}

/// What an account's effective EC2 policy says about the metadata service, each value as AWS words it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ec2Values {
    /// `required`, `optional` or `no_preference`.
    pub http_tokens: Option<String>,
    /// `enabled`, `disabled` or `no_preference`.
    pub http_tokens_enforced: Option<String>,
    /// -1 to 64.
    pub http_put_response_hop_limit: Option<String>,
    /// `enabled`, `disabled` or `no_preference`.
    pub http_endpoint: Option<String>,
    /// `enabled`, `disabled` or `no_preference`.
    pub instance_metadata_tags: Option<String>,
}

impl Ec2Policy {
    /// Whether a text looks like an EC2 policy and not like one of the IAM language.
    ///
    /// # Errors
    /// With line and column, where it is no JSON.
    pub fn is_one(text: &str) -> Result<bool, PolicyError> {
        let node = json::parse(text)?;
        let members = node.members().unwrap_or_default();
        let named = |name: &str| members.iter().any(|member| member.name == name);
        Ok(named("ec2_attributes") || (!named("Statement") && named("ec2-attributes")))
    }

    /// Reads an EC2 policy. Only its JSON has to be right: [`crate::lint_ec2`] looks at the rest.
    ///
    /// # Errors
    /// With line and column, where it is no JSON object.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let root = json::parse(text)?;
        if root.members().is_none() {
            let message = format!("an EC2 policy is a JSON object, this is {}", root.kind());
            return Err(PolicyError::new(root.at, message));
        }
        Ok(Self { root })
    }

    /// What it assigns. Values may stand alone, as in an effective policy, or under `@@assign`.
    pub fn values(&self) -> Ec2Values {
        let defaults = child(&self.root, "ec2_attributes")
            .and_then(|node| child(node, "instance_metadata_defaults"));
        let value = |name: &str| {
            let node = child(defaults?, name)?;
            node.scalar().or_else(|| child(node, "@@assign")?.scalar())
        };
        Ec2Values {
            http_tokens: value("http_tokens"),
            http_tokens_enforced: value("http_tokens_enforced"),
            http_put_response_hop_limit: value("http_put_response_hop_limit"),
            http_endpoint: value("http_endpoint"),
            instance_metadata_tags: value("instance_metadata_tags"),
        }
    }
}

impl Ec2Values {
    /// Whether launches and changes that would let version 1 in are refused.
    pub(crate) fn enforced(&self) -> Truth {
        match self.http_tokens_enforced.as_deref() {
            Some("enabled") => Truth::Yes,
            Some("disabled" | "no_preference") | None => Truth::No,
            Some(other) => Truth::unknown(format!(
                "the EC2 policy says `{other}` for http_tokens_enforced, which is not known"
            )),
        }
    }

    /// Whether a launch that names no `HttpTokens` gets version 2.
    pub(crate) fn silent_launch_is_v2(&self) -> bool {
        self.http_tokens.as_deref() == Some("required") || self.enforced() == Truth::Yes
    }

    /// Whether the account's administrators can no longer change the defaults.
    pub(crate) fn manages_defaults(&self) -> Truth {
        if self.http_tokens.is_some() || self.http_tokens_enforced.is_some() {
            return Truth::Yes;
        }
        let others =
            [&self.http_put_response_hop_limit, &self.http_endpoint, &self.instance_metadata_tags];
        if others.iter().any(|value| value.is_some()) {
            return Truth::unknown(
                "the EC2 policy sets other defaults; AWS does not document whether http_tokens can then \
                 be changed",
            );
        }
        Truth::No
    }
}

pub(crate) fn child<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.members()?.iter().find(|member| member.name == name).map(|member| &member.node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_an_attached_and_of_an_effective_policy() {
        let attached = r#"{"ec2_attributes": {"instance_metadata_defaults": {
            "http_tokens": {"@@assign": "required"}, "http_put_response_hop_limit": {"@@assign": 2}}}}"#;
        let values = Ec2Policy::parse(attached).unwrap().values();
        assert_eq!(values.http_tokens.as_deref(), Some("required"));
        assert_eq!(values.http_put_response_hop_limit.as_deref(), Some("2"));
        assert_eq!(values.enforced(), Truth::No);
        assert!(values.silent_launch_is_v2());
        let effective = r#"{"ec2_attributes": {"instance_metadata_defaults": {
            "http_tokens_enforced": "enabled"}}}"#;
        let values = Ec2Policy::parse(effective).unwrap().values();
        assert_eq!(values.enforced(), Truth::Yes);
        assert_eq!(values.manages_defaults(), Truth::Yes);
        assert_eq!(Ec2Policy::parse("{}").unwrap().values(), Ec2Values::default());
        assert!(Ec2Policy::parse("[]").is_err());
    }

    #[test]
    fn what_is_not_known_or_not_said_is_not_taken_for_granted() {
        let values =
            Ec2Values { http_tokens_enforced: Some("always".to_owned()), ..Ec2Values::default() };
        assert!(matches!(values.enforced(), Truth::Unknown(_)));
        let values =
            Ec2Values { http_endpoint: Some("enabled".to_owned()), ..Ec2Values::default() };
        assert!(matches!(values.manages_defaults(), Truth::Unknown(_)));
    }

    #[test]
    fn the_two_languages_are_told_apart() {
        assert!(Ec2Policy::is_one(r#"{"ec2_attributes": {}}"#).unwrap());
        assert!(!Ec2Policy::is_one(r#"{"Statement": []}"#).unwrap());
        assert!(!Ec2Policy::is_one("[]").unwrap());
        assert!(Ec2Policy::is_one("").is_err());
    }
}
