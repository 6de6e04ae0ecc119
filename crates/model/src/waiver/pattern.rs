//! Patterns of waivers: text in which `*` stands for any characters, also for none.

use serde::Deserialize;

/// A pattern that says more than `*`. Case counts, and only `*` is special.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(String);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("an empty pattern fits nothing".to_owned());
        }
        if text.bytes().all(|byte| byte == b'*') {
            return Err(format!("`{text}` fits everything: say what is accepted"));
        }
        Ok(Self(text))
    }
}

impl Pattern {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text fits.
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let text = text.strip_prefix(first).and_then(|text| text.strip_suffix(last));
        let Some(mut text) = text else { return false };
        // The earliest place of each part leaves the most for those after it.
        for part in middle.split('*') {
            let Some(at) = text.find(part) else { return false };
            text = &text[at + part.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::try_from(pattern.to_owned()).is_ok_and(|pattern| pattern.matches(text))
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        let fitting = [
            ("web-1", "web-1"),
            ("web-*", "web-"),
            ("web-*", "web-1/2:3"),
            ("*-1", "web-1"),
            ("*eb*", "web-1"),
            ("a*b*c", "abbbc"),
            ("a**b", "ab"),
            ("*a*a*", "aa"),
            ("arn:*:instance/i-*", "arn:aws:ec2:us-east-1:111122223333:instance/i-0abc"),
            ("100%_\\", "100%_\\"),
            ("*é", "日é"),
        ];
        let others = [
            ("web-1", "web-12"),
            ("web-1", "a web-1"),
            ("web-*", "Web-1"),
            ("a*a", "a"),
            ("*a*a*", "a"),
            ("a*b*c", "acb"),
            ("100%", "100 per cent"),
            ("a_c", "abc"),
            ("a?c", "abc"),
        ];
        for (pattern, text) in fitting {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in others {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_that_narrows_nothing_is_none() {
        for text in ["", " ", "*", "***"] {
            assert!(Pattern::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
