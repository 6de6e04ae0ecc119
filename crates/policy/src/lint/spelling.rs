//! Actions, keys and values that look right and are not.

use super::{Mistake, MistakeSeverity, probe};
use crate::{
    document::{Condition, Effect, Statement, Word},
    imds::{
        ATTRIBUTE, DEFAULT_OPTIONS, DEFAULTS, ENDPOINT, HOP_LIMIT, INSTANCE_OPTIONS, LAUNCH_KEYS,
        MODIFY, ROLE_DELIVERY, RUN, TOKENS,
    },
    operator::{Comparison, Set},
    pattern::Pattern,
    words,
};

/// The keys of `autoscaling:CreateLaunchConfiguration`.
const AUTOSCALING_KEYS: [&str; 3] = [
    "autoscaling:MetadataHttpTokens",
    "autoscaling:MetadataHttpEndpoint",
    "autoscaling:MetadataHttpPutResponseHopLimit",
];

pub(super) fn lint(statement: &Statement, found: &mut Vec<Mistake>) {
    for word in &statement.action.patterns {
        found.extend(action(word).map(|mistake| mistake.of(statement)));
    }
    for word in statement.resource.iter().flat_map(|names| &names.patterns) {
        found.extend(arn(word).map(|mistake| mistake.of(statement)));
    }
    for condition in &statement.conditions {
        let key = &condition.key;
        found.extend(unknown_key(key).map(|mistake| mistake.of(statement)));
        if let Some(subject) = Subject::of(&key.text) {
            operator(condition, &subject, statement, found);
            for value in &condition.values {
                found.extend(value_of(condition, value, &subject).map(|m| m.of(statement)));
            }
        }
    }
}

fn error(code: &'static str, word: &Word, words: String) -> Mistake {
    Mistake::new(code, MistakeSeverity::Error, word.at, words)
}

/// Actions that are none, and look like one of ours.
fn action(word: &Word) -> Option<Mistake> {
    let text = &word.text;
    if text == "*" {
        return None;
    }
    let Some((service, name)) = text.split_once(':') else {
        let words = format!("`{text}` has no service: an action is written SERVICE:ACTION");
        return Some(error("unknown-action", word, words));
    };
    // Actions of EC2 that are near to ours by their letters.
    let real = ["ec2:GetInstanceMetadataDefaults", "ec2:RunScheduledInstances"];
    let known = [RUN, MODIFY, DEFAULTS];
    let exact = |known: &&str| known.eq_ignore_ascii_case(text);
    if known.iter().chain(&real).any(exact) || text.contains(['*', '?']) {
        return None;
    }
    let ours = known.iter().find(|known| {
        known.split_once(':').is_some_and(|(_, action)| action.eq_ignore_ascii_case(name))
    });
    let near = ours.copied().or_else(|| match name.to_lowercase().as_str() {
        _ if !service.eq_ignore_ascii_case("ec2") => None,
        "modifymetadataoptions" | "modifyinstancemetadata" => Some(MODIFY),
        _ => words::nearest(text, known).filter(|_| !near_miss_is_real(name)),
    });
    let near = near?;
    let words = format!("`{text}` is no action, and matches nothing: did you mean {near}?");
    Some(error("unknown-action", word, words))
}

/// Resources with too few parts. A wildcard at the end of one stands for the parts that lack.
fn arn(word: &Word) -> Option<Mistake> {
    let text = word.text.as_str();
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let last = parts.last()?;
    let whole = parts.len() == 6 || (last.ends_with('*') && !last.contains('/'));
    if whole || !text.starts_with("arn:") || text.contains("${") {
        return None;
    }
    let words = format!(
        "`{text}` has {} parts, and an ARN has six (arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE): \
         it matches nothing",
        parts.len()
    );
    Some(error("malformed-arn", word, words))
}

/// Actions of EC2 whose letters are near to ours, but which are others.
fn near_miss_is_real(name: &str) -> bool {
    ["ModifyInstanceMaintenanceOptions", "ModifyInstancePlacement", "StartInstances"]
        .iter()
        .any(|real| real.eq_ignore_ascii_case(name))
}

/// A key that is none, and looks like one of ours.
fn unknown_key(key: &Word) -> Option<Mistake> {
    let lower = key.text.to_lowercase();
    let attribute = |name: &&str| lower == format!("{ATTRIBUTE}{name}").to_lowercase();
    let options = || INSTANCE_OPTIONS.iter().chain(&DEFAULT_OPTIONS);
    let keys = || LAUNCH_KEYS.iter().chain(&[ROLE_DELIVERY]).chain(&AUTOSCALING_KEYS).copied();
    let known = keys().any(|known| known.eq_ignore_ascii_case(&lower)) || options().any(attribute);
    if known {
        return None;
    }
    let attributes: Vec<String> = options().map(|name| format!("{ATTRIBUTE}{name}")).collect();
    let candidates = keys().chain(attributes.iter().map(String::as_str));
    let near = words::nearest(&key.text, candidates).or_else(|| telling(&lower))?;
    let words =
        format!("`{}` is no condition key: it is never there. Did you mean {near}?", key.text);
    Some(error("unknown-condition-key", key, words))
}

/// What a key of EC2 must have meant by a part of it. Other services have keys of their own.
fn telling(lower: &str) -> Option<&'static str> {
    let parts = [
        ("httptoken", TOKENS),
        ("hoplimit", HOP_LIMIT),
        ("httpendpoint", ENDPOINT),
        ("roledelivery", ROLE_DELIVERY),
        ("imdsv2", TOKENS),
    ];
    // Tags may be named as they like.
    let name = lower.strip_prefix("ec2:").filter(|name| !name.contains("tag/"))?;
    parts.iter().find(|(part, _)| name.contains(part)).map(|(_, key)| *key)
}

/// What values a key has.
enum Subject {
    Words(&'static [&'static str]),
    Number,
}

impl Subject {
    fn of(key: &str) -> Option<Self> {
        const ON_OFF: &[&str] = &["enabled", "disabled"];
        let lower = key.to_lowercase();
        let lower = lower.replacen("autoscaling:", "ec2:", 1);
        Some(match lower.strip_prefix("ec2:attribute/").unwrap_or(&lower) {
            "ec2:metadatahttptokens" | "httptokens" => Self::Words(&["required", "optional"]),
            "ec2:metadatahttpendpoint"
            | "httpendpoint"
            | "httpprotocolipv6"
            | "instancemetadatatags"
            | "httptokensenforced" => Self::Words(ON_OFF),
            "ec2:metadatahttpputresponsehoplimit"
            | "httpputresponsehoplimit"
            | "ec2:roledelivery" => Self::Number,
            _ => return None,
        })
    }
}

/// Operators that do not go with the key.
fn operator(
    condition: &Condition,
    subject: &Subject,
    statement: &Statement,
    found: &mut Vec<Mistake>,
) {
    let Some(operator) = condition.operator else { return };
    let at = Word { at: condition.at, text: condition.name.clone() };
    let text = matches!(
        operator.comparison,
        Comparison::Text | Comparison::TextIgnoringCase | Comparison::Like
    );
    let number = matches!(operator.comparison, Comparison::Number(_));
    let right = match subject {
        _ if operator.comparison == Comparison::Null => true,
        Subject::Words(_) => text,
        Subject::Number => number,
    };
    if !right {
        let kind = if matches!(subject, Subject::Number) { "a number" } else { "a word" };
        let (severity, words) = if text {
            let words = "which compares letter by letter: 2 and 2.0, or 10 and 9, are not what they are \
             as numbers";
            (MistakeSeverity::Warning, words)
        } else {
            (MistakeSeverity::Error, "which it never is")
        };
        let words = format!(
            "`{}` is {kind}; `{}` takes another, {words}",
            condition.key.text, condition.name
        );
        let code = "operator-does-not-fit";
        found.push(Mistake::new(code, severity, condition.at, words).of(statement));
    }
    if operator.set == Set::Single {
        return;
    }
    let (severity, words) = match (operator.set, statement.effect) {
        (Set::ForAllValues, Effect::Allow) => (
            MistakeSeverity::Error,
            "`ForAllValues` is true when the key is absent: this allows whoever leaves the option out",
        ),
        (Set::ForAllValues, Effect::Deny) => (
            MistakeSeverity::Warning,
            "`ForAllValues` is true when the key is absent, and this key has one value: leave the prefix away",
        ),
        _ => (
            MistakeSeverity::Warning,
            "`ForAnyValue` is false when the key is absent, even when negated, and this key has one \
             value: leave the prefix away",
        ),
    };
    let mistake = error("set-operator-on-single-value", &at, words.to_owned());
    found.push(Mistake { severity, ..mistake }.of(statement));
}

/// Values that the key never has.
fn value_of(condition: &Condition, value: &Word, subject: &Subject) -> Option<Mistake> {
    let operator = condition.operator?;
    let text = &value.text;
    if text.contains("${") {
        return None;
    }
    let wrong = |words: String| Some(error("impossible-value", value, words));
    match (operator.comparison, subject) {
        (Comparison::Null, _) => {
            let boolean = ["true", "false"].iter().any(|word| word.eq_ignore_ascii_case(text));
            if boolean { None } else { wrong(format!("`Null` takes true or false, not `{text}`")) }
        }
        (Comparison::Number(_), _) if crate::condition::number(text).is_none() => {
            wrong(format!("`{}` compares numbers, and `{text}` is none", condition.name))
        }
        (
            Comparison::Text | Comparison::TextIgnoringCase | Comparison::Like,
            Subject::Words(words),
        ) => {
            let matches = |word: &&str| match operator.comparison {
                Comparison::Text => *word == text,
                Comparison::TextIgnoringCase => word.eq_ignore_ascii_case(text),
                _ => Pattern::new(text).matches(&Pattern::literal(word)) == crate::Truth::Yes,
            };
            // The defaults of an account know a third value.
            let third = probe::attribute(condition).is_some() && text == "no-preference";
            if third || words.iter().any(matches) {
                return None;
            }
            wrong(format!(
                "`{}` is {}, in lower case, and never `{text}`",
                condition.key.text,
                words.join(" or ")
            ))
        }
        _ => None,
    }
}
