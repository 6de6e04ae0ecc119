//! What the EC2 policies on the way from the root to an account come to ("Understanding management policy inheritance", Organizations User Guide).

use serde_json::{Map, Value};

use super::policies::{Policy, PolicyType};

/// What a policy decides about the account defaults of instance metadata, in the words of the EC2 API (`no-preference`, not `no_preference`).
/// What it leaves open is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MetadataPolicy {
    /// `required`, `optional` or `no-preference`.
    pub(crate) http_tokens: Option<String>,
    /// 1 to 64, or -1 for no preference.
    pub(crate) hop_limit: Option<i64>,
    /// `enabled`, `disabled` or `no-preference`.
    pub(crate) http_endpoint: Option<String>,
    /// `enabled`, `disabled` or `no-preference`.
    pub(crate) instance_metadata_tags: Option<String>,
    /// `enabled`, `disabled` or `no-preference`.
    pub(crate) http_tokens_enforced: Option<String>,
    /// What `ManagedExceptionMessage` shows.
    pub(crate) exception_message: Option<String>,
}

impl MetadataPolicy {
    /// Reads the effective policy; none if it says nothing about the metadata defaults.
    fn of(effective: &Value) -> Option<Self> {
        let attributes = &effective["ec2_attributes"];
        let defaults = attributes.get("instance_metadata_defaults")?;
        let text = |name: &str| Some(defaults[name].as_str()?.replace('_', "-"));
        let hop = &defaults["http_put_response_hop_limit"];
        Some(Self {
            http_tokens: text("http_tokens"),
            hop_limit: hop.as_i64().or_else(|| hop.as_str()?.parse().ok()),
            http_endpoint: text("http_endpoint"),
            instance_metadata_tags: text("instance_metadata_tags"),
            http_tokens_enforced: text("http_tokens_enforced"),
            exception_message: attributes["exception_message"].as_str().map(str::to_owned),
        })
    }
}

/// The effective EC2 policy along `path`, the ids from the root down to the target: the lower one wins, value by value. None without any policy.
pub(crate) fn effective<'a>(
    policies: &[Policy],
    path: impl Iterator<Item = &'a str>,
) -> Option<Value> {
    let mut merged = Map::new();
    for target in path {
        let here = policies
            .iter()
            .filter(|policy| policy.kind == PolicyType::Ec2 && policy.is_attached_to(target));
        for policy in here {
            if let Ok(Value::Object(document)) = serde_json::from_str(&policy.content) {
                assign(&mut merged, document);
            }
        }
    }
    (!merged.is_empty()).then_some(Value::Object(merged))
}

/// The metadata part of [`effective`].
pub(crate) fn metadata<'a>(
    policies: &[Policy],
    path: impl Iterator<Item = &'a str>,
) -> Option<MetadataPolicy> {
    effective(policies, path).as_ref().and_then(MetadataPolicy::of)
}

/// Lays a policy over what was inherited; `@@assign` replaces, everything else descends.
fn assign(inherited: &mut Map<String, Value>, policy: Map<String, Value>) {
    for (name, value) in policy {
        let Value::Object(mut value) = value else { continue };
        if let Some(assigned) = value.remove("@@assign") {
            inherited.insert(name, assigned);
            continue;
        }
        let below = inherited.entry(name).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(below) = below {
            assign(below, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::world::policies::Attached;

    fn policy(target: &str, content: &Value) -> Policy {
        Policy {
            id: format!("p-{target}"),
            name: "test",
            description: "",
            kind: PolicyType::Ec2,
            content: content.to_string(),
            attached: Attached::To(target.to_owned()),
        }
    }

    fn defaults(values: &Value) -> Value {
        json!({ "ec2_attributes": { "instance_metadata_defaults": values } })
    }

    #[test]
    fn the_lower_policy_wins_value_by_value() {
        let policies = [
            policy("123", &defaults(&json!({ "http_endpoint": { "@@assign": "no_preference" } }))),
            policy(
                "ou",
                &defaults(
                    &json!({ "http_tokens": { "@@assign": "optional" }, "http_put_response_hop_limit": { "@@assign": 3 } }),
                ),
            ),
            policy(
                "r",
                &defaults(
                    &json!({ "http_tokens": { "@@assign": "required" }, "http_endpoint": { "@@assign": "enabled" } }),
                ),
            ),
        ];
        let read = |path: &[&str]| metadata(&policies, path.iter().copied());
        let tokens = |path: &[&str]| read(path).and_then(|found| found.http_tokens);
        assert_eq!(tokens(&["r"]).as_deref(), Some("required"));
        assert_eq!(tokens(&["r", "ou"]).as_deref(), Some("optional"));
        let account = read(&["r", "ou", "123"]).unwrap();
        assert_eq!(account.http_endpoint.as_deref(), Some("no-preference"));
        assert_eq!(
            (account.hop_limit, account.http_tokens.as_deref()),
            (Some(3), Some("optional"))
        );
        assert_eq!(read(&["other"]), None);
    }

    #[test]
    fn a_policy_about_something_else_decides_nothing_here() {
        let policies = [policy(
            "r",
            &json!({ "ec2_attributes": { "serial_console_access": { "status": { "@@assign": "disabled" } } } }),
        )];
        assert!(effective(&policies, ["r"].into_iter()).is_some());
        assert_eq!(metadata(&policies, ["r"].into_iter()), None);
    }
}
