//! Small words that lines of a plan are made of.

use imdsure_model::plan::UsageEvidence;
use serde_json::{Map, Value};

/// A row of candidates, by column.
pub(crate) type Row = Map<String, Value>;

pub(crate) fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str)
}

pub(crate) fn owned(row: &Row, column: &str) -> Option<String> {
    text(row, column).map(str::to_owned)
}

pub(crate) fn number(row: &Row, column: &str) -> u64 {
    row.get(column).and_then(Value::as_u64).unwrap_or_default()
}

pub(crate) fn truth(row: &Row, column: &str) -> bool {
    row.get(column).and_then(Value::as_bool).unwrap_or_default()
}

/// An instant as sentences have it: `2026-11-22 14:00 UTC`; anything else as it is.
pub(crate) fn minute(time: &str) -> String {
    let time_of = time.parse::<jiff::Timestamp>();
    time_of.map_or_else(|_| time.to_owned(), |it| it.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// Milliseconds since 1970 as RFC 3339.
pub(crate) fn instant(millis: i64) -> Option<String> {
    let instant = jiff::Timestamp::from_millisecond(millis).ok()?;
    Some(format!("{instant:.0}"))
}

/// `, the last in the period that began …`, where that is known.
pub(crate) fn the_last(began: Option<&str>) -> String {
    began.map(|began| format!(", the last in the period that began {began}")).unwrap_or_default()
}

/// `1 call`, `3 calls`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// JSON members from pairs; null ones are left out.
pub(crate) fn members<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    let known = pairs.into_iter().filter(|(_, value)| !value.is_null());
    known.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Evidence of nothing: it was not read, or there is none.
pub(crate) const NO_EVIDENCE: UsageEvidence = UsageEvidence {
    calls: None,
    from: None,
    to: None,
    covered_hours: None,
    started_in_window: None,
    instances: None,
    without_data: None,
};

/// Words in names that stand for containers, whose calls need a hop more.
const CONTAINERS: [&str; 9] =
    ["docker", "ecs", "eks", "k8s", "kube", "container", "bottlerocket", "nomad", "openshift"];

/// Whether any of these names speaks of containers.
pub(crate) fn speaks_of_containers<'a>(names: impl IntoIterator<Item = Option<&'a str>>) -> bool {
    let speaks = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| CONTAINERS.iter().any(|known| word.starts_with(known)))
    };
    names.into_iter().flatten().any(speaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_guessed_from_whole_words() {
        for name in
            ["eks-node-1", "amzn2-ami-ecs-hvm-2.0", "kubernetes.io/cluster/x", "docker-host"]
        {
            assert!(speaks_of_containers([Some(name)]), "{name}");
        }
        for name in ["web-1", "seeks", "specs", "geeksforgeeks"] {
            assert!(!speaks_of_containers([Some(name), None]), "{name}");
        }
    }
}
