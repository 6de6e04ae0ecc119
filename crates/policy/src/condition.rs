//! Conditions, as IAM documents them: a key that is absent makes a positive operator false and a negated
//! one true, `IfExists` makes both true, `Null` asks for just that, and a set prefix decides on its own.
//!
//! Source: IAM User Guide, "Condition operators" and "Multivalued context keys".

use std::net::IpAddr;

use crate::{
    Truth,
    document::{Condition, Word},
    operator::{Comparison, Operator, Set},
    pattern::{Pattern, Token},
    request::{KeyValue, Request, Resource},
};

impl Condition {
    /// Whether the condition holds for the request on that resource.
    pub(crate) fn holds(&self, request: &Request, resource: &Resource) -> Truth {
        let Some(operator) = self.operator else {
            return Truth::unknown(format!("`{}` is no operator that is known", self.name));
        };
        let key = request.key(&self.key.text, resource);
        if operator.comparison == Comparison::Null {
            return null(&key, &self.values);
        }
        let values = match key {
            KeyValue::Unknown(why) => return Truth::Unknown(why),
            KeyValue::Absent => return absent(operator),
            KeyValue::Present(values) if values.is_empty() => return absent(operator),
            KeyValue::Present(values) => values,
        };
        let one = |value: &str| {
            let matched = Truth::any(self.values.iter().map(|wanted| {
                let wanted = self.wanted(wanted, operator.comparison, request, resource);
                wanted.map_or_else(Truth::Unknown, |wanted| {
                    compare(operator.comparison, value, &wanted)
                })
            }));
            if operator.negated { !matched } else { matched }
        };
        match (operator.set, values.as_slice()) {
            (Set::ForAllValues, values) => Truth::all(values.iter().map(|value| one(value))),
            (Set::ForAnyValue, values) => Truth::any(values.iter().map(|value| one(value))),
            (Set::Single, [value]) => one(value),
            (Set::Single, _) => Truth::unknown(format!(
                "`{}` has several values, which `{}` does not take",
                self.key.text, self.name
            )),
        }
    }

    /// A value of the policy as a pattern, its variables put in.
    fn wanted(
        &self,
        word: &Word,
        comparison: Comparison,
        request: &Request,
        resource: &Resource,
    ) -> Result<Pattern, String> {
        let wild = matches!(comparison, Comparison::Like | Comparison::Arn);
        expand(&word.text, self.variables, wild, request, resource)
    }
}

/// The text as a pattern. A variable becomes the value that the request has for it, in which no character
/// is a wildcard; `${*}`, `${?}` and `${$}` are those characters themselves.
pub(crate) fn expand(
    text: &str,
    variables: bool,
    wild: bool,
    request: &Request,
    resource: &Resource,
) -> Result<Pattern, String> {
    let plain = |text: &str| if wild { Pattern::new(text) } else { Pattern::literal(text) };
    if !variables {
        return Ok(plain(text));
    }
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        tokens.extend(plain(before).0);
        let Some((name, after)) = after.split_once('}') else {
            return Err(format!("the variable in `{text}` has no end"));
        };
        match name {
            "*" | "?" | "$" => tokens.extend(name.chars().map(Token::Char)),
            _ => match request.key(name.trim(), resource) {
                KeyValue::Present(values) if values.len() == 1 => {
                    tokens.extend(values.iter().flat_map(|value| value.chars()).map(Token::Char));
                }
                _ => return Err(format!("the value of the variable `${{{name}}}` is not known")),
            },
        }
        rest = after;
    }
    tokens.extend(plain(rest).0);
    Ok(Pattern(tokens))
}

fn null(key: &KeyValue, values: &[Word]) -> Truth {
    let absent = match key {
        KeyValue::Unknown(why) => return Truth::Unknown(why.clone()),
        KeyValue::Absent => true,
        KeyValue::Present(values) => values.is_empty(),
    };
    Truth::any(values.iter().map(|value| match boolean(&value.text) {
        Some(wanted) => Truth::from(wanted == absent),
        None => Truth::unknown(format!("`Null` takes true or false, not `{}`", value.text)),
    }))
}

fn absent(operator: Operator) -> Truth {
    match operator.set {
        // Documented: true when the key is not there.
        Set::ForAllValues => Truth::Yes,
        // The page on set operators says false, the one on IfExists says true.
        Set::ForAnyValue if operator.if_exists => Truth::unknown(
            "AWS's documents disagree on ForAnyValue with IfExists for an absent key",
        ),
        Set::ForAnyValue => Truth::No,
        Set::Single => Truth::from(operator.if_exists || operator.negated),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Compares a value of the request with one of the policy, the operator's negation aside.
fn compare(comparison: Comparison, value: &str, wanted: &Pattern) -> Truth {
    let text = || -> String {
        let plain = |token: &Token| match token {
            Token::Char(c) => *c,
            Token::Any | Token::Part => '*',
            Token::One => '?',
        };
        wanted.0.iter().map(plain).collect()
    };
    match comparison {
        Comparison::Text | Comparison::Binary => Truth::from(value == text()),
        Comparison::TextIgnoringCase => Truth::from(value.to_lowercase() == text().to_lowercase()),
        Comparison::Like => wanted.matches(&Pattern::literal(value)),
        Comparison::Arn => wanted.matches_arn_parts(&Pattern::literal(value)),
        Comparison::Bool => both(boolean(value), boolean(&text()), "boolean", |a, b| a == b),
        Comparison::Number(order) => {
            let holds = |a: f64, b: f64| a.partial_cmp(&b).is_some_and(|found| order.holds(found));
            both(number(value), number(&text()), "number", holds)
        }
        Comparison::Date(order) => {
            let holds = |a: i128, b: i128| order.holds(a.cmp(&b));
            both(date(value), date(&text()), "date", holds)
        }
        Comparison::Address => {
            let holds = |a: IpAddr, (net, bits): (IpAddr, u32)| within(a, net, bits);
            both(value.parse().ok(), network(&text()), "IP address or range", holds)
        }
        // Asked before there is a value.
        Comparison::Null => Truth::unknown("Null compares no values"),
    }
}

/// Two values that have to be of a kind. What IAM makes of others is not documented.
fn both<A, B>(a: Option<A>, b: Option<B>, kind: &str, holds: impl Fn(A, B) -> bool) -> Truth {
    match (a, b) {
        (Some(a), Some(b)) => Truth::from(holds(a, b)),
        _ => Truth::unknown(format!("a value that is compared is no {kind}")),
    }
}

/// A decimal number. Neither infinity nor the other words that Rust reads as one.
pub(crate) fn number(text: &str) -> Option<f64> {
    let decimal = text.chars().all(|c| c.is_ascii_digit() || ".-+eE".contains(c));
    text.parse().ok().filter(|_| decimal)
}

/// Nanoseconds since 1970, from an ISO 8601 date or time, or from seconds since 1970.
fn date(text: &str) -> Option<i128> {
    const SECOND: i128 = 1_000_000_000;
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_nanosecond());
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(midnight.timestamp().as_nanosecond());
    }
    // Four digits are a year to ISO 8601 and a second to the epoch.
    if text.len() == 4 {
        return None;
    }
    text.parse::<i64>().ok().map(|seconds| i128::from(seconds) * SECOND)
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = if bits.is_empty() { most } else { bits.parse().ok()? };
    (bits <= most).then_some((address, bits))
}

fn within(address: IpAddr, net: IpAddr, bits: u32) -> bool {
    match (address, net) {
        (IpAddr::V4(address), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            address.to_bits() & mask == net.to_bits() & mask
        }
        (IpAddr::V6(address), IpAddr::V6(net)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            address.to_bits() & mask == net.to_bits() & mask
        }
        _ => false,
    }
}
