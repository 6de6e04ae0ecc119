//! The words of a plan's reports: durations, days, text from outside made short and harmless, lists with an end.

use std::borrow::Cow;

use serde_json::Value;

use crate::text::{clean, count, thousands};

/// The longest text from outside that is shown, in characters: a tag may have 256, a list of groups any number.
const LONGEST: usize = 300;

/// The longest name that is shown where several stand in a row.
const LONGEST_OF_FEW: usize = 64;

/// Text from outside, harmless and not too long.
pub(super) fn foreign(text: &str) -> String {
    cut(text, LONGEST)
}

/// A name that stands among others.
pub(super) fn one_of_few(text: &str) -> String {
    cut(text, LONGEST_OF_FEW)
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => clean(text).into_owned(),
        Some((end, _)) => format!("{}…", clean(&text[..end])),
    }
}

/// The first few of many: `web, api and 3 more`.
pub(super) fn few<T: AsRef<str>>(all: &[T], shown: usize) -> String {
    let texts: Vec<String> = all.iter().take(shown).map(|text| one_of_few(text.as_ref())).collect();
    let texts = texts.join(", ");
    match all.len().saturating_sub(shown) {
        0 => texts,
        more => format!("{texts} and {} more", thousands(more as u64)),
    }
}

/// A JSON value as people write it: text without quotes.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => foreign(text),
        other => foreign(&other.to_string()),
    }
}

/// Seconds in the two units that matter: `34 min`, `2 h 10 min`, `3 days`.
pub(super) fn duration(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    let (hours, days) = (minutes / 60, minutes / (24 * 60));
    match seconds {
        0..60 => "under a minute".to_owned(),
        _ if hours == 0 => format!("{minutes} min"),
        _ if hours < 48 => two(&format!("{hours} h"), minutes % 60, "min"),
        _ => two(&count(days, "day", "days"), hours % 24, "h"),
    }
}

fn two(first: &str, rest: u64, unit: &str) -> String {
    if rest == 0 { first.to_owned() } else { format!("{first} {rest} {unit}") }
}

/// `2026-11-22T14:00:05Z` as `2026-11-22 14:00 UTC`; anything else as it is.
pub(super) fn minute(time: &str) -> String {
    match time.parse::<jiff::Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => foreign(time),
    }
}

/// `2026-11-22T14:00:05Z` as `2026-11-22`; anything else as it is.
pub(super) fn day(time: &str) -> String {
    match time.parse::<jiff::Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d").to_string(),
        Err(_) => foreign(time),
    }
}

/// The hours between two instants.
pub(super) fn hours(from: Option<&str>, to: Option<&str>) -> Option<u64> {
    let from = from?.parse::<jiff::Timestamp>().ok()?;
    let to = to?.parse::<jiff::Timestamp>().ok()?;
    u64::try_from(to.duration_since(from).as_hours()).ok().filter(|hours| *hours > 0)
}

/// A window as it is: `14 days`, `14 days 21 h`, `36 h`.
pub(super) fn window(hours: u64) -> String {
    duration(hours.saturating_mul(3_600))
}

/// The text as one word of a POSIX shell.
pub(super) fn shell_word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_up_and_short() {
        let table = [
            (0, "under a minute"),
            (1, "under a minute"),
            (60, "1 min"),
            (61, "2 min"),
            (2040, "34 min"),
            (3600, "1 h"),
            (7800, "2 h 10 min"),
            (86_400, "24 h"),
            (172_800, "2 days"),
            (270_000, "3 days 3 h"),
        ];
        for (seconds, text) in table {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn windows_are_days_where_they_are_long() {
        let of = |from, to| hours(Some(from), Some(to));
        assert_eq!(of("2026-11-08T14:00:00Z", "2026-11-22T14:00:00Z"), Some(336));
        assert_eq!(of("2026-11-22T14:00:00Z", "2026-11-08T14:00:00Z"), None);
        assert_eq!(of("yesterday", "2026-11-08T14:00:00Z"), None);
        assert_eq!([336, 357, 24].map(window), ["14 days", "14 days 21 h", "24 h"]);
    }

    #[test]
    fn text_from_outside_is_short_and_harmless() {
        assert_eq!(foreign("web\n\u{202e}1"), "web\\u{a}\\u{202e}1");
        assert_eq!(foreign(&"é".repeat(400)).chars().count(), LONGEST + 1);
        assert_eq!(few(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(shell_word("plan $x.json"), "'plan $x.json'");
    }
}
