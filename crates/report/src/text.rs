//! Text for terminals: foreign text made harmless, numbers made readable.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes text from outside (tags, error messages) safe to print: control characters and those that
/// change the direction of writing become visible escapes, so that a tag cannot move a cursor, forge a
/// line, or hide what stands beside it.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if harmful(c) {
            // Writing to a string cannot fail.
            let _ = write!(cleaned, "{}", c.escape_unicode());
        } else {
            cleaned.push(c);
        }
    }
    Cow::Owned(cleaned)
}

/// The same where every character has to keep its column: a harmful one becomes one that says so.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c != '\t' && harmful(c) { '\u{fffd}' } else { c }).collect()
}

fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 instance`, `2 instances`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(clean("web-1 é 日本"), "web-1 é 日本");
        assert_eq!(clean("a\x1b[31m\nb\u{202e}c"), "a\\u{1b}[31m\\u{a}b\\u{202e}c");
    }

    #[test]
    fn numbers_are_readable() {
        let table = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        for (number, text) in table {
            assert_eq!(thousands(number), text);
        }
    }
}
