//! Deny statements on launches: whether version 1 is stopped, version 2 passes, and whether the resources
//! that the statement names carry the keys that it asks for.

use super::{
    Mistake, MistakeSeverity,
    probe::{self, Asked},
};
use crate::{
    Truth,
    document::{Policy, Statement},
    imds::{DEFAULTS, HOP_LIMIT, LAUNCH_KEYS, RUN, TOKENS},
    statements,
};

/// Which launches some statement denies, if the key of an option that is not named is absent.
#[derive(Clone, Copy)]
pub(super) struct Denied {
    /// Those that name no `HttpTokens`.
    silent: bool,
    /// Those that ask for version 1.
    optional: bool,
    /// Those that ask for version 1, and do not name the endpoint.
    without_endpoint: bool,
}

impl Denied {
    pub(super) fn by(policy: &Policy) -> Self {
        let denies = |asked: Asked| {
            policy.statements.iter().any(|statement| {
                statement.denies()
                    && probe::launch(statement, policy, "instance", &asked) == Truth::Yes
            })
        };
        Self {
            silent: denies(Asked::silent()),
            optional: denies(Asked::tokens("optional")),
            without_endpoint: denies(Asked::tokens("optional").no_endpoint()),
        }
    }
}

pub(super) fn lint(
    statement: &Statement,
    policy: &Policy,
    denied: Denied,
    found: &mut Vec<Mistake>,
) {
    let Some(condition) = probe::condition_on(statement, &LAUNCH_KEYS) else { return };
    if !statement.denies() {
        return;
    }
    if probe::unrelated(statement, policy) == Truth::Yes {
        let words = format!(
            "`{}` stands only in launches, on the resource type instance. Where it is absent the \
             condition holds, and this \
             statement covers other calls too: it denies those as well, ec2:DescribeInstances for one",
            condition.key.text
        );
        found.push(mistake("denies-unrelated-calls", statement, policy, words));
        return;
    }
    if statement.action.not && statement.names_action(RUN) == Truth::No {
        let words = "`NotAction` leaves RunInstances out, so launches are not what this statement \
             is about, though its \
                         condition is on a key of launches";
        found.push(mistake("not-action-leaves-out", statement, policy, words.to_owned()));
        return;
    }
    if let Some(action) = probe::named_without_key(statement, policy) {
        let words = format!(
            "`{}` never stands in {action}: the condition then holds, and every such call is denied. \
             What a template or configuration says is checked when it launches",
            condition.key.text
        );
        found.push(mistake("denies-unrelated-calls", statement, policy, words));
        return;
    }
    if let Some(action) = probe::covers_on_instances(statement, policy) {
        let words = format!(
            "this statement covers {action} too. AWS documents `{}` for launches; in other calls it is \
             absent, or says how the instance stands: calls on instances that still answer version 1 are \
             then denied, perhaps also the change to version 2",
            condition.key.text
        );
        found.push(mistake("may-deny-other-calls", statement, policy, words));
    }
    if statement.names_action(RUN) == Truth::No {
        return;
    }
    if let Some(words) = resource(statement, policy) {
        let code = if words.1 { "denies-every-launch" } else { "resource-lacks-key" };
        found.push(mistake(code, statement, policy, words.0));
        return;
    }
    if let Some(words) = inverted(statement, policy) {
        found.push(mistake("condition-inverted", statement, policy, words.to_owned()));
        return;
    }
    if probe::condition_on(statement, &[TOKENS]).is_some() {
        tokens(statement, policy, denied, found);
    }
}

/// Resource types on which the key never stands. The second value: every launch is denied.
fn resource(statement: &Statement, policy: &Policy) -> Option<(String, bool)> {
    let denies =
        |kind: &str| probe::launch(statement, policy, kind, &Asked::silent()) == Truth::Yes;
    if let Some(kind) = ["image", "subnet", "network-interface", "security-group", "volume"]
        .iter()
        .find(|k| denies(k))
    {
        let words = format!(
            "a launch is evaluated over image, subnet and other resources too, and only instance/* \
             carries the key. On {kind}/* \
             it is absent, the condition holds, and the statement denies every launch, those with version 2 too"
        );
        return Some((words, true));
    }
    if denies("launch-template") {
        let words = "on launch-template/* the key never stands: the condition holds there, and every \
         launch from a template is \
                     denied, those with version 2 too";
        return Some((words.to_owned(), false));
    }
    let class = probe::caller(policy).launch(&crate::Launch::default());
    let instance = class.resources.first()?;
    if statement.names_resource(policy, &class, instance) == Truth::No {
        let words = "the statement does not cover instance/*, and no other resource carries the key: it \
         never denies anything";
        return Some((words.to_owned(), false));
    }
    None
}

/// Whether it denies version 2, and lets version 1 pass.
fn inverted(statement: &Statement, policy: &Policy) -> Option<&'static str> {
    let fits = |asked: &Asked| probe::launch(statement, policy, "instance", asked);
    let one = fits(&Asked::tokens("optional"));
    let two = fits(&Asked::tokens("required"));
    match (one, two, fits(&Asked::silent())) {
        (Truth::No, Truth::Yes, _) => {
            Some("it denies launches that require version 2, and lets those pass that do not")
        }
        // Null "false" alone denies whoever names the option, whatever he names.
        (Truth::Yes, Truth::Yes, Truth::No)
            if probe::condition_on(statement, &[TOKENS]).is_some() =>
        {
            Some(
                "it denies every launch that names HttpTokens, those with version 2 too, and lets those \
                 pass that name none",
            )
        }
        _ => None,
    }
}

fn tokens(statement: &Statement, policy: &Policy, denied: Denied, found: &mut Vec<Mistake>) {
    let fits = |asked: &Asked| probe::launch(statement, policy, "instance", asked);
    let optional = fits(&Asked::tokens("optional"));
    let low = fits(&Asked::tokens("optional").hop_limit("1"));
    if optional != low && probe::condition_on(statement, &[HOP_LIMIT]).is_some() {
        let words = "all conditions of a statement have to hold together: version 1 is denied only \
         along with a hop limit that \
                     is too high. Each needs a statement of its own";
        let both = [
            statements::launch(probe::partition(policy)),
            statements::launch_hop_limit(probe::partition(policy), 2),
        ];
        let mistake = mistake("conditions-are-anded", statement, policy, words.to_owned());
        found.push(mistake.sound(&probe::kept(statement, both)));
        return;
    }
    if optional == Truth::No && !denied.optional {
        let words = "it never denies a launch that asks for version 1: no launch with \
         HttpTokens=optional fulfils its condition";
        found.push(mistake("never-denies-v1", statement, policy, words.to_owned()));
        return;
    }
    let unnamed = fits(&Asked::tokens("optional").no_endpoint());
    if optional == Truth::Yes && unnamed == Truth::No && !denied.without_endpoint {
        let words = "a launch that names no HttpEndpoint need not carry the key, and its endpoint is \
         enabled: the condition is then false, and version 1 slips through. StringNotEquals required on \
         the tokens alone denies both";
        found.push(mistake("omitted-option-slips-through", statement, policy, words.to_owned()));
        return;
    }
    if optional == Truth::Yes && !denied.silent {
        let words = "a launch that names no HttpTokens need not carry the key: the condition is then \
         false, and a launch that \
                     inherits version 1 slips through. StringNotEquals required denies both";
        found.push(mistake("omitted-option-slips-through", statement, policy, words.to_owned()));
    }
}

/// How bad each of them is, and the sound form.
fn mistake(code: &'static str, statement: &Statement, policy: &Policy, words: String) -> Mistake {
    let severity = match code {
        "omitted-option-slips-through" | "conditions-are-anded" | "may-deny-other-calls" => {
            MistakeSeverity::Warning
        }
        _ => MistakeSeverity::Error,
    };
    let at = probe::condition_on(statement, &LAUNCH_KEYS).map_or(statement.at, |c| c.key.at);
    let partition = probe::partition(policy);
    let sound = if probe::condition_on(statement, &[TOKENS]).is_some() {
        vec![statements::launch(partition)]
    } else if probe::condition_on(statement, &[HOP_LIMIT]).is_some() {
        vec![statements::launch_hop_limit(partition, 2)]
    } else {
        Vec::new()
    };
    let mistake = Mistake::new(code, severity, at, words).of(statement);
    if sound.is_empty() { mistake } else { mistake.sound(&probe::kept(statement, sound)) }
}

/// Conditions on a key that its action does not carry.
pub(super) fn defaults(statement: &Statement, found: &mut Vec<Mistake>) {
    let Some(condition) = statement
        .conditions
        .iter()
        .find(|c| probe::attribute(c).is_some() || LAUNCH_KEYS.iter().any(|key| c.is_on(key)))
    else {
        return;
    };
    let whole_service = statement.names_action("ec2:StopInstances") == Truth::Yes;
    if statement.denies() && !whole_service && probe::names_by_itself(statement, DEFAULTS) {
        let words = format!(
            "AWS documents no key for the values of ModifyInstanceMetadataDefaults: whether `{}` ever \
             stands there is not known. \
             Deny the action without a condition on it",
            condition.key.text
        );
        let mistake =
            Mistake::new("no-key-for-defaults", MistakeSeverity::Warning, condition.key.at, words);
        found.push(mistake.of(statement).sound(&probe::kept(statement, [statements::defaults()])));
    }
}
