//! Whether a request is stopped, when whoever sends it may choose the rest of it: the region, the instance
//! type, the tags. A statement that a better choice gets past stops nobody who wants to get past it.
//!
//! Source of which resource types carry a key: Service Authorization Reference, "Amazon EC2".

use std::collections::BTreeSet;

use crate::{
    Policy, Statement,
    document::Condition,
    evaluate::{
        Decision, Level, Outcome, StatementRef, evaluate_counting, obstacles, with_policies,
    },
    holes::others,
    imds::RUN,
    operator::Comparison,
    request::{KeyValue, Request},
};

/// One request, and the same with what guardrails ask for in place of what they deny.
pub(crate) struct Ask {
    pub(crate) what: &'static str,
    pub(crate) request: Request,
    pub(crate) better: Request,
}

/// What an ask comes to.
pub(crate) struct Answer<'a> {
    pub(crate) decision: Decision,
    /// The statements that the choice got past.
    pub(crate) past: Vec<(StatementRef, &'a Statement)>,
}

/// Keys of a launch that its caller decides about: the resource types that carry each, and its values
/// where there are few.
const CHOICES: [(&str, &[&str], &[&str]); 17] = [
    ("ec2:associatepublicipaddress", &["network-interface"], &["true", "false"]),
    ("ec2:availabilityzone", &["instance", "subnet", "network-interface", "volume"], &[]),
    ("ec2:ebsoptimized", &["instance"], &["true", "false"]),
    ("ec2:encrypted", &["volume"], &["true", "false"]),
    ("ec2:imageid", &["image"], &[]),
    ("ec2:instancemarkettype", &["instance"], &["on-demand", "spot"]),
    ("ec2:instancetype", &["instance"], &[]),
    ("ec2:owner", &["image"], &[]),
    ("ec2:placementgroup", &["instance"], &[]),
    ("ec2:public", &["image"], &["true", "false"]),
    ("ec2:rootdevicetype", &["instance", "image"], &["ebs", "instance-store"]),
    ("ec2:subnet", &["network-interface"], &[]),
    ("ec2:subnetid", &["subnet"], &[]),
    ("ec2:tenancy", &["instance"], &["default", "dedicated", "host"]),
    ("ec2:volumesize", &["volume"], &[]),
    ("ec2:volumetype", &["volume"], &[]),
    ("ec2:vpc", &["subnet", "network-interface", "security-group"], &[]),
];
/// What a launch creates, and can tag.
const TAGGED: [&str; 3] = ["instance", "network-interface", "volume"];
const REGIONS: [&str; 2] = ["aws:requestedregion", "ec2:region"];
const REQUEST_TAG: &str = "aws:requesttag/";
const TAG_KEYS: &str = "aws:tagkeys";
/// A value like any other.
const ANY: &str = "imdsure-any";

/// Decides for a caller who chooses what gets past, if anything does.
pub(crate) fn decide<'a>(levels: &'a [Level], ask: &Ask) -> Answer<'a> {
    let (request, better) = (open(&ask.request), open(&ask.better));
    let counts = |policy: &Policy, statement: &Statement| counts(policy, statement, &better);
    let decision = evaluate_counting(levels, &request, &counts);
    let plain = |decision| Answer { decision, past: Vec::new() };
    match decision.outcome {
        Outcome::ExplicitDeny => return plain(decision),
        Outcome::Allowed => return plain(explained(decision, levels, &request, &counts)),
        Outcome::ImplicitDeny => return plain(implicit(levels, decision, &request, &better)),
        Outcome::Unknown => {}
    }
    let chosen = choose(levels, &request, &counts);
    let found = evaluate_counting(levels, &chosen, &counts);
    match found.outcome {
        Outcome::Allowed => {
            let past = past(levels, &request, &chosen);
            Answer { decision: explained(found, levels, &chosen, &counts), past }
        }
        Outcome::Unknown => plain(found),
        // That this choice is refused does not say that every other is.
        _ => plain(decision),
    }
}

/// Every statement that denies the request for certain, whatever the caller chooses, and counts.
pub(crate) fn denying<'a>(levels: &'a [Level], ask: &Ask) -> Vec<(StatementRef, &'a Statement)> {
    let (request, better) = (open(&ask.request), open(&ask.better));
    with_policies(levels)
        .filter(|(_, statement, policy)| {
            statement.denies_request(policy, &request) && counts(policy, statement, &better)
        })
        .map(|(by, statement, _)| (by, statement))
        .collect()
}

/// What refuses the better request as well has nothing to do with what makes it better, unless it refuses
/// everybody whom it does not name.
fn counts(policy: &Policy, statement: &Statement, better: &Request) -> bool {
    !statement.denies_request(policy, better) || others(statement).all(|c| is_about_who(c, better))
}

/// Whether the condition is on who the caller is, or on what the question has settled. Tags are not who
/// somebody is: they come and go.
fn is_about_who(condition: &Condition, request: &Request) -> bool {
    let key = condition.key.text.to_lowercase();
    let settled = REGIONS.contains(&key.as_str()) && !is_choice(&key, request);
    let principal = key.starts_with("aws:principal") && !key.contains("tag/");
    settled || principal || ["aws:userid", "aws:username"].contains(&key.as_str())
}

/// Nothing allows it. Whoever has the tag that an Allow asks for is another matter.
fn implicit(levels: &[Level], decision: Decision, request: &Request, better: &Request) -> Decision {
    if evaluate_counting(levels, better, &|_, _| true).outcome != Outcome::ImplicitDeny {
        return decision;
    }
    let mut tagged = request.clone();
    for key in ["aws:PrincipalTag/*", "aws:ResourceTag/*", "ec2:ResourceTag/*"] {
        let why = format!("`{key}` depends on who calls and on what");
        tagged.context.set(key, KeyValue::Unknown(why));
    }
    let tagged = evaluate_counting(levels, &tagged, &|_, _| true);
    if tagged.is_denied() { decision } else { tagged }
}

/// Names what refuses the request and is no guardrail.
fn explained(
    mut decision: Decision,
    levels: &[Level],
    request: &Request,
    counts: &dyn Fn(&Policy, &Statement) -> bool,
) -> Decision {
    let other = with_policies(levels).find(|(_, statement, policy)| {
        statement.denies_request(policy, request) && !counts(policy, statement)
    });
    if let Some((by, statement, _)) = other {
        let keys: Vec<&str> = others(statement).map(|c| c.key.text.as_str()).collect();
        decision.reason = format!(
            "no guardrail denies it. {by} is about {}, and refuses what is harmless as well",
            keys.join(", ")
        );
    }
    decision
}

/// The request before its caller has chosen.
fn open(request: &Request) -> Request {
    let mut open = request.clone();
    if open.action == RUN {
        for key in ["aws:RequestTag/*", "aws:TagKeys"] {
            let why = format!("whoever launches chooses `{key}`");
            open.context.set(key, KeyValue::Unknown(why));
        }
    }
    open
}

fn choice(key: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    let found = CHOICES.iter().find(|(known, ..)| *known == key);
    found.map(|(_, kinds, values)| (*kinds, *values))
}

fn is_choice(key: &str, request: &Request) -> bool {
    if REGIONS.contains(&key) {
        return !matches!(request.context.get("aws:RequestedRegion"), Some(KeyValue::Present(_)));
    }
    request.action == RUN
        && (key.starts_with(REQUEST_TAG) || key == TAG_KEYS || choice(key).is_some())
}

/// One key after the other gets the value that leaves the fewest statements in the way.
fn choose(
    levels: &[Level],
    request: &Request,
    counts: &dyn Fn(&Policy, &Statement) -> bool,
) -> Request {
    let conditions: Vec<&Condition> = with_policies(levels)
        .filter(|(_, statement, _)| statement.names_action(&request.action) != crate::Truth::No)
        .flat_map(|(_, statement, _)| chosen_by_caller(statement, request))
        .collect();
    let keys: BTreeSet<String> = conditions.iter().map(|c| c.key.text.to_lowercase()).collect();
    let mut chosen = request.clone();
    for key in keys {
        let on_key = conditions.iter().copied().filter(|condition| condition.is_on(&key));
        let tried = candidates(&key, on_key).into_iter().map(|value| with(&chosen, &key, &value));
        if let Some(best) = tried.min_by_key(|tried| obstacles(levels, tried, counts)) {
            chosen = best;
        }
    }
    chosen
}

/// The values that conditions tell apart, as far as they can be read off them.
fn candidates<'a>(key: &str, conditions: impl Iterator<Item = &'a Condition>) -> Vec<KeyValue> {
    if let Some((_, values)) = choice(key)
        && !values.is_empty()
    {
        return values.iter().map(|value| KeyValue::of(*value)).collect();
    }
    let mut texts = vec![ANY.to_owned()];
    for condition in conditions {
        let Some(operator) = condition.operator else { continue };
        for text in condition.values.iter().map(|value| &value.text) {
            match operator.comparison {
                Comparison::Null => {}
                Comparison::Like | Comparison::Arn => texts.push(text.replace(['*', '?'], "x")),
                Comparison::Number(_) => {
                    let number = text.parse::<i64>().ok();
                    let near = |number: i64| [-1, 0, 1].map(|step| number.saturating_add(step));
                    texts.extend(number.into_iter().flat_map(near).map(|n| n.to_string()));
                }
                _ => texts.push(text.clone()),
            }
        }
    }
    let mut values: Vec<KeyValue> = texts.iter().map(KeyValue::of).collect();
    if key == TAG_KEYS {
        values.push(KeyValue::Present(texts));
    }
    if key == TAG_KEYS || key.starts_with(REQUEST_TAG) {
        values.push(KeyValue::Absent);
    }
    values
}

/// The request with a key chosen, on the resources that carry it.
fn with(request: &Request, key: &str, value: &KeyValue) -> Request {
    let mut chosen = request.clone();
    if REGIONS.contains(&key) {
        for key in REGIONS {
            chosen.context.set(key, value.clone());
        }
        return chosen;
    }
    let kinds = choice(key).map_or(TAGGED.as_slice(), |(kinds, _)| kinds);
    for resource in chosen.resources.iter_mut().filter(|r| kinds.contains(&r.kind.as_str())) {
        resource.context.set(key, value.clone());
    }
    chosen
}

/// The statements that may deny the request, and do not deny the chosen one.
fn past<'a>(
    levels: &'a [Level],
    request: &Request,
    chosen: &Request,
) -> Vec<(StatementRef, &'a Statement)> {
    with_policies(levels)
        .filter(|(_, statement, policy)| {
            statement.may_deny(policy, request) && !statement.may_deny(policy, chosen)
        })
        .map(|(by, statement, _)| (by, statement))
        .collect()
}

/// The conditions of a statement on what the caller chooses.
pub(crate) fn chosen_by_caller<'a>(
    statement: &'a Statement,
    request: &Request,
) -> impl Iterator<Item = &'a Condition> {
    statement.conditions.iter().filter(|c| is_choice(&c.key.text.to_lowercase(), request))
}
