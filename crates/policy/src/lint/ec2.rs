//! Mistakes in EC2 policies.
//!
//! Source: AWS Organizations User Guide, "EC2 policy syntax and examples" and "Inheritance operators".

use super::{Mistake, MistakeSeverity};
use crate::{
    Position,
    ec2_policy::{Ec2Policy, child},
    json::{Member, Node, Value},
    words,
};

/// Attributes of EC2 policies that are not about the metadata service.
const OTHER_ATTRIBUTES: [&str; 6] = [
    "vpc_block_public_access",
    "serial_console_access",
    "image_block_public_access",
    "allowed_images_settings",
    "snapshot_block_public_access",
    "vpc_encryption_controls",
];
const ALLOWED: &str = "@@operators_allowed_for_child_policies";
const OPERATORS: [&str; 5] = ["@@all", "@@assign", "@@append", "@@remove", "@@none"];

/// Each field, and the words it takes; none for the hop limit.
const FIELDS: [(&str, &[&str]); 5] = [
    ("http_tokens", &["required", "optional", "no_preference"]),
    ("http_tokens_enforced", &["enabled", "disabled", "no_preference"]),
    ("http_put_response_hop_limit", &[]),
    ("http_endpoint", &["enabled", "disabled", "no_preference"]),
    ("instance_metadata_tags", &["enabled", "disabled", "no_preference"]),
];

/// The mistakes of an EC2 policy, by their place in the text, and what it leaves out after them.
pub fn lint_ec2(policy: &Ec2Policy) -> Vec<Mistake> {
    let mut found = Vec::new();
    let Some(attributes) = child(&policy.root, "ec2_attributes") else {
        let words = "an EC2 policy begins with `ec2_attributes`";
        return vec![error("no-ec2-attributes", policy.root.at, words)];
    };
    let known: Vec<&str> = OTHER_ATTRIBUTES
        .into_iter()
        .chain(["instance_metadata_defaults", "exception_message"])
        .collect();
    for member in attributes.members().unwrap_or_default() {
        match member.name.as_str() {
            ALLOWED => children(member, &mut found),
            "exception_message" => {
                assigned(member, &mut found);
            }
            "instance_metadata_defaults" => defaults(member, &mut found),
            name if known.contains(&name) => {}
            name => found.push(unknown(name, member.at, &known, MistakeSeverity::Warning)),
        }
    }
    found.sort_by_key(Mistake::order);
    found
}

fn defaults(defaults: &Member, found: &mut Vec<Mistake>) {
    let Some(members) = defaults.node.members() else {
        let words = format!(
            "`instance_metadata_defaults` is a JSON object, this is {}",
            defaults.node.kind()
        );
        found.push(error("wrong-shape", defaults.node.at, words));
        return;
    };
    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    let mut values = Vec::new();
    for member in members {
        if member.name == ALLOWED {
            children(member, found);
        } else if let Some((name, words)) = FIELDS.iter().find(|(name, _)| *name == member.name) {
            if let Some(node) = assigned(member, found) {
                let text = node.scalar().unwrap_or_default();
                value(name, words, node.at, &text, found);
                values.push((*name, text));
            }
        } else {
            found.push(unknown(&member.name, member.at, &names, MistakeSeverity::Error));
        }
    }
    together(defaults.at, &values, found);
}

/// The value that a field assigns.
fn assigned<'a>(field: &'a Member, found: &mut Vec<Mistake>) -> Option<&'a Node> {
    let Some(members) = field.node.members() else {
        let words = format!(
            "`{}` has its value under `@@assign`; written directly, AWS does not take it",
            field.name
        );
        let mut mistake = error("missing-assign", field.node.at, words);
        if let Some(value) = field.node.scalar() {
            mistake.sound =
                Some(format!("{:#}", serde_json::json!({&field.name: {"@@assign": value}})));
        }
        found.push(mistake);
        return None;
    };
    let mut assigned = None;
    for member in members {
        match member.name.as_str() {
            "@@assign" => assigned = Some(&member.node),
            ALLOWED => children(member, found),
            "@@append" | "@@remove" => {
                let words = format!(
                    "`{}` is for settings with several values; `{}` has one, and takes `@@assign`",
                    member.name, field.name
                );
                found.push(error("operator-not-for-this", member.at, words));
            }
            name => {
                let known = ["@@assign", ALLOWED];
                found.push(unknown(name, member.at, &known, MistakeSeverity::Error));
            }
        }
    }
    let scalar = assigned.filter(|node| node.scalar().is_some());
    if scalar.is_none() {
        let at = assigned.map_or(field.at, |node| node.at);
        let words = format!("`{}` assigns no value", field.name);
        found.push(error("missing-assign", at, words));
    }
    scalar
}

fn value(name: &str, words: &[&str], at: Position, text: &str, found: &mut Vec<Mistake>) {
    if words.is_empty() {
        if !matches!(text.parse::<i64>(), Ok(-1 | 1..=64)) {
            let words = format!("a hop limit is 1 to 64, or -1 for no preference, not `{text}`");
            found.push(error("hop-limit-range", at, words));
        }
        return;
    }
    if words.contains(&text) {
        return;
    }
    let hint = if text == "no-preference" {
        "; EC2's API writes it with a hyphen, EC2 policies with an underscore"
    } else {
        ""
    };
    let words = format!("`{name}` is {}, not `{text}`{hint}", words.join(" or "));
    found.push(error("impossible-value", at, words));
}

/// What the values come to together.
fn together(at: Position, values: &[(&str, String)], found: &mut Vec<Mistake>) {
    let value =
        |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, v)| v.as_str());
    let enforced = value("http_tokens_enforced") == Some("enabled");
    match value("http_tokens") {
        Some("optional") => {
            let words = "it makes version 1 the default of every launch that names no HttpTokens";
            found.push(Mistake::new("sets-optional", MistakeSeverity::Warning, at, words));
        }
        Some("required") if !enforced => {
            let words = "it sets defaults only: a launch that asks for HttpTokens=optional still gets \
             version 1, and instances \
                         can be set back. http_tokens_enforced refuses both";
            let mistake = Mistake::new("defaults-only", MistakeSeverity::Info, at, words);
            let sound = serde_json::json!({"http_tokens_enforced": {"@@assign": "enabled"}});
            found.push(Mistake { sound: Some(format!("{sound:#}")), ..mistake });
        }
        Some("no_preference") | None if enforced => {
            let words = "it enforces version 2 without making it the default: launches that name no \
             HttpTokens are refused, \
                         unless account or image give version 2";
            let mistake =
                Mistake::new("enforced-without-default", MistakeSeverity::Warning, at, words);
            let sound = serde_json::json!({"http_tokens": {"@@assign": "required"}});
            found.push(Mistake { sound: Some(format!("{sound:#}")), ..mistake });
        }
        _ => {}
    }
}

/// Which operators policies further down may use.
fn children(member: &Member, found: &mut Vec<Mistake>) {
    let nodes = match &member.node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(&member.node),
    };
    for node in nodes {
        let name = node.scalar().unwrap_or_default();
        if !OPERATORS.contains(&name.as_str()) {
            found.push(unknown(&name, node.at, &OPERATORS, MistakeSeverity::Error));
        }
    }
}

fn unknown(name: &str, at: Position, known: &[&str], severity: MistakeSeverity) -> Mistake {
    let hint = match words::nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known are {}", known.join(", ")),
    };
    Mistake::new("unknown-attribute", severity, at, format!("`{name}` is not known here: {hint}"))
}

fn error(code: &'static str, at: Position, words: impl Into<String>) -> Mistake {
    Mistake::new(code, MistakeSeverity::Error, at, words)
}
