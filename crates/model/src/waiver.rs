//! Waivers: findings that somebody accepts, with a reason, until a day. Whether one covers a resource is
//! decided here; the engine asks the same of all findings at once, in SQL.

mod pattern;
mod used;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

pub use pattern::Pattern;
pub use used::{WaiverState, WaiverUse};

use crate::Waived;

/// `[[waive]]`: what is accepted, why, and until when. All that it names has to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The controls, by their own names.
    pub controls: Vec<String>,
    /// Fits the ARN or the name.
    pub resource: Option<Pattern>,
    /// Fits the path of the file (code findings).
    pub path: Option<Pattern>,
    /// The account's twelve digits.
    pub account: Option<String>,
    /// A tag that the resource carries.
    pub tag: Option<Tag>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    pub expires: Date,
    /// What reduces the risk meanwhile.
    pub compensating: Vec<String>,
    /// Where it is written: `imdsure.toml:12`.
    pub from: String,
}

/// What a waiver may cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subject<'a> {
    /// The ARN.
    pub resource: &'a str,
    /// The `Name` tag or the resource's own name.
    pub name: Option<&'a str>,
    /// The account's twelve digits.
    pub account_id: Option<&'a str>,
    /// The tags, as a JSON object of texts.
    pub tags: Option<&'a str>,
    /// The path of the file, where it is code.
    pub path: Option<&'a str>,
}

/// All waivers, in the order in which they are written: of several that cover a finding, the first counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waivers(Vec<Waiver>);

impl Waivers {
    /// These waivers, in this order.
    pub const fn new(waivers: Vec<Waiver>) -> Self {
        Self(waivers)
    }

    /// All of them, in their order.
    pub fn all(&self) -> &[Waiver] {
        &self.0
    }

    /// The waiver that covers a failing or unknown finding of this control on this day: the first one that
    /// is in force and fits.
    pub fn covering(&self, control: &str, subject: &Subject<'_>, today: Date) -> Option<&Waiver> {
        let covers = |waiver: &&Waiver| {
            waiver.in_force(today) && waiver.names(control) && waiver.fits(subject)
        };
        self.0.iter().find(covers)
    }
}

impl Waiver {
    /// Whether it still waives on this day.
    pub fn in_force(&self, today: Date) -> bool {
        today <= self.expires
    }

    /// Whether it waives findings of this control.
    pub fn names(&self, control: &str) -> bool {
        self.controls.iter().any(|known| known == control)
    }

    /// Whether all that it names fits the subject. What is not known fits nothing.
    pub fn fits(&self, subject: &Subject<'_>) -> bool {
        let resource = |pattern: &Pattern| {
            pattern.matches(subject.resource)
                || subject.name.is_some_and(|name| pattern.matches(name))
        };
        let path = |pattern: &Pattern| subject.path.is_some_and(|path| pattern.matches(path));
        let tag = |tag: &Tag| subject.tags.is_some_and(|tags| tag.is_in(tags));
        self.resource.as_ref().is_none_or(resource)
            && self.path.as_ref().is_none_or(path)
            && self.account.as_deref().is_none_or(|account| subject.account_id == Some(account))
            && self.tag.as_ref().is_none_or(tag)
    }

    /// What a covered finding says of it.
    pub fn waived(&self) -> Waived {
        Waived {
            reason: self.reason.clone(),
            expires: Some(self.expires.to_string()),
            compensating: self.compensating.clone(),
            from: self.from.clone(),
        }
    }
}

/// A tag: `key=value`, or `key` with whatever value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Tag {
    /// The key. It holds no `=`.
    pub key: String,
    /// The value; any without it.
    pub value: Option<String>,
}

impl TryFrom<String> for Tag {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
            None => (text, None),
        };
        if key.is_empty() {
            return Err("a tag is written `key=value`, or `key` for any value".to_owned());
        }
        Ok(Self { key, value })
    }
}

impl Tag {
    /// Whether these tags (a JSON object of texts) hold it.
    pub fn is_in(&self, tags: &str) -> bool {
        let known = tag(tags, &self.key);
        known.is_some_and(|known| self.value.as_ref().is_none_or(|value| *value == known))
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

/// The value of a tag; none where there is no such tag. What is not a JSON object of texts holds no tag.
pub fn tag(tags: &str, key: &str) -> Option<String> {
    // Most resources do not carry the tag, and to look is quicker than to parse.
    if !tags.contains(key) && !tags.contains('\\') {
        return None;
    }
    let mut tags: BTreeMap<Text<'_>, Text<'_>> = serde_json::from_str(tags).ok()?;
    tags.remove(key).map(|Text(value)| value.into_owned())
}

/// A text that is borrowed where it holds no escape.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
#[path = "waiver_tests.rs"]
mod tests;
