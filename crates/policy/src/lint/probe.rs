//! Asking one statement what it does to one request, its conditions on anything but the metadata service
//! aside: whom it exempts is not what is probed.

use crate::{
    Caller, KeyValue, Launch, Request, Truth,
    document::{Condition, Policy, Statement},
    holes::is_imds_key,
    imds::{LAUNCH_KEYS, TOKENS},
    request::Resource,
};

/// The partition that a policy's resources name.
pub(super) fn partition(policy: &Policy) -> &str {
    let resources = policy.statements.iter().filter_map(|statement| statement.resource.as_ref());
    resources
        .flat_map(|names| &names.patterns)
        .filter_map(|word| word.text.strip_prefix("arn:")?.split(':').next())
        .find(|partition| ["aws-cn", "aws-us-gov"].contains(partition))
        .unwrap_or("aws")
}

pub(super) fn caller(policy: &Policy) -> Caller {
    Caller { partition: partition(policy).to_owned(), ..Caller::default() }
}

/// Whether the statement fits the request on that resource. A pattern that names some of the resources of a
/// type counts as naming them all.
pub(super) fn fits(
    statement: &Statement,
    policy: &Policy,
    request: &Request,
    resource: &Resource,
) -> Truth {
    let resources = statement.names_resource(policy, request, resource);
    let conditions = statement.conditions.iter().filter(|c| is_imds_key(&c.key.text));
    statement
        .names_action(&request.action)
        .and(Truth::from(resources != Truth::No))
        .and(Truth::all(conditions.map(|condition| condition.holds(request, resource))))
}

/// What a launch does, as far as a probe is about it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) tokens: KeyValue,
    pub(super) hop_limit: KeyValue,
}

impl Asked {
    pub(super) fn tokens(tokens: &str) -> Self {
        Self { tokens: KeyValue::of(tokens), hop_limit: KeyValue::of("64") }
    }

    pub(super) fn silent() -> Self {
        Self { tokens: KeyValue::Absent, hop_limit: KeyValue::Absent }
    }

    pub(super) fn hop_limit(self, hops: &str) -> Self {
        Self { hop_limit: KeyValue::of(hops), ..self }
    }
}

/// Whether the statement fits a launch on a resource type.
pub(super) fn launch(statement: &Statement, policy: &Policy, kind: &str, asked: &Asked) -> Truth {
    let launch =
        Launch { endpoint: Some("enabled".to_owned()), template: true, ..Launch::default() };
    let mut request = caller(policy).launch(&launch);
    for resource in request.resources.iter_mut().filter(|resource| resource.kind == "instance") {
        resource.context.set(TOKENS, asked.tokens.clone());
        resource.context.set(crate::imds::HOP_LIMIT, asked.hop_limit.clone());
    }
    let resource = request.resources.iter().find(|resource| resource.kind == kind);
    resource.map_or(Truth::No, |resource| fits(statement, policy, &request, resource))
}

/// Whether the statement fits a change that sends these options.
pub(super) fn change(statement: &Statement, policy: &Policy, options: &[(&str, &str)]) -> Truth {
    let request = caller(policy).modify(options.iter().copied());
    let resource = request.resources.first();
    resource.map_or(Truth::No, |resource| fits(statement, policy, &request, resource))
}

/// Whether the statement fits a call of EC2 that has nothing to do with the metadata service.
pub(super) fn unrelated(statement: &Statement, policy: &Policy) -> Truth {
    let mut request = caller(policy).call("ec2:DescribeInstances");
    request.resources = vec![Resource::none()];
    request.context.set("ec2:Attribute/*", KeyValue::Absent);
    for key in LAUNCH_KEYS {
        request.context.set(key, KeyValue::Absent);
    }
    request.resources.first().map_or(Truth::No, |r| fits(statement, policy, &request, r))
}

/// Whether the statement names the action by itself, and not among all of a service.
pub(super) fn names_by_itself(statement: &Statement, action: &str) -> bool {
    let names = |word: &str| {
        !["*", "*:*", "ec2:*"].contains(&word.to_lowercase().as_str())
            && crate::pattern::Pattern::lowercase(word)
                .matches(&crate::pattern::Pattern::literal(&action.to_lowercase()))
                == Truth::Yes
    };
    !statement.action.not && statement.action.patterns.iter().any(|word| names(&word.text))
}

pub(super) fn condition_on<'a>(statement: &'a Statement, keys: &[&str]) -> Option<&'a Condition> {
    statement.conditions.iter().find(|condition| keys.iter().any(|key| condition.is_on(key)))
}

/// The name of an option in a condition on `ec2:Attribute/NAME`.
pub(super) fn attribute(condition: &Condition) -> Option<&str> {
    let prefix = crate::imds::ATTRIBUTE;
    let begins = condition.key.text.get(..prefix.len())?;
    begins.eq_ignore_ascii_case(prefix).then(|| condition.key.text.get(prefix.len()..))?
}

/// The sound statements with the exemptions of the statement at hand.
pub(super) fn kept(
    statement: &Statement,
    sound: impl IntoIterator<Item = serde_json::Value>,
) -> Vec<serde_json::Value> {
    let keep = |mut value| {
        crate::statements::keep_conditions(&mut value, crate::holes::others(statement));
        value
    };
    sound.into_iter().map(keep).collect()
}
