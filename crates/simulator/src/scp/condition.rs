//! Conditions of policies ("IAM JSON policy elements: Condition operators", IAM User Guide).

use serde_json::Value;

use super::texts;
use crate::glob::Glob;

/// How a key's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    EqualsIgnoringCase,
    Like,
    Arn,
    Bool,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    NumberEquals,
}

/// One operator with one key: `"StringNotEquals": { "ec2:MetadataHttpTokens": "required" }`.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    key: String,
    values: Vec<String>,
    operator: Operator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `Null`.
    Absent,
    Compare {
        how: Comparison,
        negated: bool,
        if_exists: bool,
    },
}

/// The condition keys of a request, with their values.
pub(crate) type Keys = [(&'static str, String)];

/// Keys of which it is known whether a request carries them, when service control policies are asked.
pub(super) const GUARDED: [&str; 6] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:requestedregion",
    "ec2:region",
    "ec2:metadatahttp*",
    "ec2:attribute*",
];

impl Condition {
    /// Reads all conditions of a statement; none if one of them is not understood.
    pub(crate) fn read_all(conditions: &Value, known: &[&str]) -> Option<Vec<Self>> {
        let mut all = Vec::new();
        for (name, keys) in conditions.as_object()? {
            let operator = Operator::from_name(name)?;
            for (key, values) in keys.as_object()? {
                let key = key.to_ascii_lowercase();
                if !known.iter().any(|known| Glob::new(known).matches(key.as_bytes())) {
                    return None;
                }
                all.push(Self { key, values: texts(values)?, operator });
            }
        }
        Some(all)
    }

    /// Whether it holds of a request. A key that a request does not carry equals nothing, so that a negated comparison holds.
    pub(crate) fn holds(&self, keys: &Keys) -> bool {
        let named = |(key, _): &&(&str, String)| key.eq_ignore_ascii_case(&self.key);
        let value = keys.iter().find(named).map(|(_, value)| value.as_str());
        let matches =
            |value: &str, how| self.values.iter().any(|wanted| compare(how, value, wanted));
        match (self.operator, value) {
            (Operator::Absent, value) => {
                self.values.iter().any(|wanted| (wanted == "true") == value.is_none())
            }
            (Operator::Compare { if_exists: true, .. }, None) => true,
            (Operator::Compare { negated, .. }, None) => negated,
            (Operator::Compare { how, negated, .. }, Some(value)) => matches(value, how) != negated,
        }
    }
}

impl Operator {
    fn from_name(name: &str) -> Option<Self> {
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (how, negated) = match name {
            "Null" if !if_exists => return Some(Self::Absent),
            "StringEquals" => (Comparison::Equals, false),
            "StringNotEquals" => (Comparison::Equals, true),
            "StringEqualsIgnoreCase" => (Comparison::EqualsIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (Comparison::EqualsIgnoringCase, true),
            "StringLike" => (Comparison::Like, false),
            "StringNotLike" => (Comparison::Like, true),
            "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
            "Bool" => (Comparison::Bool, false),
            "NumericEquals" => (Comparison::NumberEquals, false),
            "NumericNotEquals" => (Comparison::NumberEquals, true),
            "NumericLessThan" => (Comparison::Less, false),
            "NumericLessThanEquals" => (Comparison::LessOrEqual, false),
            "NumericGreaterThan" => (Comparison::Greater, false),
            "NumericGreaterThanEquals" => (Comparison::GreaterOrEqual, false),
            _ => return None,
        };
        Some(Self::Compare { how, negated, if_exists })
    }
}

fn compare(how: Comparison, value: &str, wanted: &str) -> bool {
    match how {
        Comparison::Equals => value == wanted,
        Comparison::EqualsIgnoringCase | Comparison::Bool => value.eq_ignore_ascii_case(wanted),
        Comparison::Like => Glob::new(wanted).matches(value.as_bytes()),
        Comparison::Arn => arn_matches(value, wanted),
        numeric => match (value.parse::<f64>(), wanted.parse::<f64>()) {
            (Ok(value), Ok(wanted)) => compare_numbers(numeric, value, wanted),
            _ => false,
        },
    }
}

fn compare_numbers(how: Comparison, value: f64, wanted: f64) -> bool {
    match how {
        Comparison::Less => value < wanted,
        Comparison::LessOrEqual => value <= wanted,
        Comparison::Greater => value > wanted,
        Comparison::GreaterOrEqual => value >= wanted,
        _ => (value - wanted).abs() < f64::EPSILON,
    }
}

/// Each of the six parts by itself, so that a star does not reach over a colon.
fn arn_matches(value: &str, wanted: &str) -> bool {
    let (value, wanted): (Vec<&str>, Vec<&str>) =
        (value.splitn(6, ':').collect(), wanted.splitn(6, ':').collect());
    value.len() == wanted.len()
        && value
            .iter()
            .zip(&wanted)
            .all(|(value, wanted)| Glob::new(wanted).matches(value.as_bytes()))
}
