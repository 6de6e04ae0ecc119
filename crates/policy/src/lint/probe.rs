//! Asking one statement what it does to one request, its conditions on anything but the metadata service
//! aside: whom it exempts is not what is probed.

use crate::{
    Caller, KeyValue, Launch, Request, Truth,
    document::{Condition, Policy, Statement},
    holes::is_imds_key,
    imds::{ENDPOINT, HOP_LIMIT, LAUNCH_KEYS, MODIFY, TOKENS},
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
    pub(super) endpoint: KeyValue,
}

impl Asked {
    pub(super) fn tokens(tokens: &str) -> Self {
        Self { tokens: KeyValue::of(tokens), hop_limit: KeyValue::of("64"), ..Self::silent() }
    }

    pub(super) fn silent() -> Self {
        let endpoint = KeyValue::of("enabled");
        Self { tokens: KeyValue::Absent, hop_limit: KeyValue::Absent, endpoint }
    }

    pub(super) fn hop_limit(self, hops: &str) -> Self {
        Self { hop_limit: KeyValue::of(hops), ..self }
    }

    /// It does not name the endpoint, which is then enabled.
    pub(super) fn no_endpoint(self) -> Self {
        Self { endpoint: KeyValue::Absent, ..self }
    }
}

/// Whether the statement fits a launch on a resource type.
pub(super) fn launch(statement: &Statement, policy: &Policy, kind: &str, asked: &Asked) -> Truth {
    let launch = Launch { template: true, ..Launch::default() };
    let mut request = caller(policy).launch(&launch);
    for resource in request.resources.iter_mut().filter(|resource| resource.kind == "instance") {
        resource.context.set(TOKENS, asked.tokens.clone());
        resource.context.set(HOP_LIMIT, asked.hop_limit.clone());
        resource.context.set(ENDPOINT, asked.endpoint.clone());
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

/// Whether the statement fits another call on an instance that exists, as AWS describes it either way: it
/// carries no key of the metadata service, or how the instance stands.
pub(super) fn on_instances(statement: &Statement, policy: &Policy, action: &str) -> Truth {
    let mut request = caller(policy).modify([]);
    action.clone_into(&mut request.action);
    let mut fits = |set: &dyn Fn(&str) -> KeyValue| {
        for key in LAUNCH_KEYS {
            request.context.set(key, set(key));
        }
        request.resources.first().map_or(Truth::No, |r| fits(statement, policy, &request, r))
    };
    let absent = fits(&|_| KeyValue::Absent);
    let standing = fits(&|key| {
        KeyValue::of(match key {
            TOKENS => "optional",
            ENDPOINT => "enabled",
            _ => "64",
        })
    });
    match (absent, standing) {
        (absent, standing) if absent == standing => absent,
        _ => Truth::unknown("AWS's documents contradict each other"),
    }
}

/// An action that the statement names letter by letter, neither a launch nor a change of metadata options,
/// on resources that never carry the keys of a launch, where the statement then holds.
pub(super) fn named_without_key<'a>(statement: &'a Statement, policy: &Policy) -> Option<&'a str> {
    if statement.action.not {
        return None;
    }
    let partition = partition(policy);
    let words = statement.action.patterns.iter().map(|word| word.text.as_str());
    words.filter(|text| !text.contains(['*', '?'])).find(|text| {
        let lower = text.to_lowercase();
        let arn = match lower.as_str() {
            "ec2:createlaunchtemplate" | "ec2:createlaunchtemplateversion" => {
                format!("arn:{partition}:ec2:*:*:launch-template/*")
            }
            "autoscaling:createlaunchconfiguration" => format!(
                "arn:{partition}:autoscaling:*:*:launchConfiguration:*:launchConfigurationName/*"
            ),
            other if other.starts_with("ec2:") => return false,
            _ => "*".to_owned(),
        };
        let mut request = caller(policy).call(text);
        request.resources = vec![Resource::new("resource", arn)];
        for key in LAUNCH_KEYS {
            request.context.set(key, KeyValue::Absent);
        }
        request.resources.first().map_or(Truth::No, |r| fits(statement, policy, &request, r))
            == Truth::Yes
    })
}

/// A call of EC2 that the statement covers, which is neither a launch nor a change of metadata options, and
/// where the condition holds or may hold.
pub(super) fn covers_on_instances(statement: &Statement, policy: &Policy) -> Option<String> {
    let ours = [crate::imds::RUN, MODIFY, crate::imds::DEFAULTS];
    let words = statement.action.patterns.iter().map(|word| word.text.as_str());
    let literal = words.filter(|text| {
        !statement.action.not
            && text.to_lowercase().starts_with("ec2:")
            && !text.contains(['*', '?'])
            && !text.to_lowercase().starts_with("ec2:createlaunchtemplate")
            && !ours.iter().any(|known| known.eq_ignore_ascii_case(text))
    });
    let wide = ["ec2:TerminateInstances", "ec2:StopInstances"];
    literal
        .chain(wide)
        .find(|action| on_instances(statement, policy, action) != Truth::No)
        .map(str::to_owned)
}

/// Whether the statement names the action by itself, and not among all there are. A grant of a whole service
/// is not about it either.
pub(super) fn names_by_itself(statement: &Statement, action: &str) -> bool {
    let names = |word: &str| {
        !["*", "*:*"].contains(&word.to_lowercase().as_str())
            && (statement.denies() || !word.eq_ignore_ascii_case("ec2:*"))
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
