//! What a plan is asked to be.

use std::{collections::BTreeSet, str::FromStr};

use imdsure_model::plan::ChangeKind;

use super::schedule::Window;

/// Hours of the window that need data, as a share: with less nothing is known.
pub(crate) const COVERAGE: f64 = 0.5;

/// What is to be planned, and how it is to be carried out.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that the user has")]
pub struct PlanOptions {
    /// The kinds of changes.
    pub kinds: BTreeSet<ChangeKind>,
    /// Whether defaults and enforcement are planned only where nothing runs.
    pub only_idle_regions: bool,
    /// The hop limit to raise to; none keeps each one's.
    pub hop_limit: Option<u8>,
    /// How many changes go first.
    pub canary: Size,
    /// The largest wave; none for any size.
    pub max_per_wave: Option<u64>,
    /// Whether to plan what there is no data of.
    pub include_unknown: bool,
    /// Whether to plan what code would take back.
    pub include_reverted: bool,
    /// Only what has this tag, as key or key and value.
    pub tags: Vec<TagFilter>,
    /// Only these accounts; all when empty.
    pub accounts: BTreeSet<String>,
    /// AMIs whose `ImdsSupport` may be set for ever.
    pub images: BTreeSet<String>,
    /// Whether to plan what has to be stopped for it and started again.
    pub restart: bool,
    /// What the file is split by.
    pub split: Option<SplitBy>,
    /// The time between waves.
    pub soak_seconds: u64,
    /// The share of each of AWS's allowances.
    pub share: f64,
    /// When changes may be made; at any time when empty.
    pub schedule: Vec<Window>,
    /// The change's number in the system that keeps them.
    pub ticket: Option<String>,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            kinds: ChangeKind::DEFAULT.into(),
            only_idle_regions: true,
            hop_limit: None,
            canary: Size::Share(0.01),
            max_per_wave: None,
            include_unknown: false,
            include_reverted: false,
            tags: Vec::new(),
            accounts: BTreeSet::new(),
            images: BTreeSet::new(),
            restart: false,
            split: None,
            soak_seconds: 24 * 3600,
            share: 0.5,
            schedule: Vec::new(),
            ticket: None,
        }
    }
}

/// A number of changes, or a share of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// So many.
    Number(u64),
    /// A share, 0 to 1.
    Share(f64),
}

impl Size {
    /// The number that it is of a total; at least one.
    pub fn of(self, total: u64) -> u64 {
        match self {
            Self::Number(number) => number.max(1),
            Self::Share(share) => ((total as f64 * share).ceil() as u64).max(1),
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}`: say a number from 1 on (`10`), or a share above 0% and up to 100% (`1%`)"
            )
        };
        match text.strip_suffix('%') {
            Some(share) => match share.trim().parse::<f64>() {
                Ok(share) if share > 0.0 && share <= 100.0 => Ok(Self::Share(share / 100.0)),
                _ => Err(wrong()),
            },
            None => match text.parse::<u64>() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => Err(wrong()),
            },
        }
    }
}

/// What one plan file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitBy {
    /// An account.
    Account,
    /// An organizational unit.
    Unit,
    /// An owner, by tags.
    Owner,
}

impl SplitBy {
    /// The word of command line and plans.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Unit => "ou",
            Self::Owner => "owner",
        }
    }
}

/// A tag that a resource must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    key: String,
    value: Option<String>,
}

impl FromStr for TagFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text, None),
        };
        if key.is_empty() {
            return Err("a tag is KEY or KEY=VALUE".to_owned());
        }
        Ok(Self { key: key.to_owned(), value })
    }
}

impl TagFilter {
    /// Whether tags (a JSON object) have it.
    pub(crate) fn matches(&self, tags: Option<&str>) -> bool {
        let tags = tags.and_then(|tags| serde_json::from_str::<serde_json::Value>(tags).ok());
        let found = tags.as_ref().and_then(|tags| tags.get(&self.key)?.as_str());
        found.is_some_and(|found| self.value.as_ref().is_none_or(|value| value == found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_or_shares() {
        assert_eq!("10".parse(), Ok(Size::Number(10)));
        assert_eq!("2.5%".parse(), Ok(Size::Share(0.025)));
        for wrong in ["0", "-1", "0%", "101%", "x", "%", ""] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
        assert_eq!(Size::Share(0.01).of(0), 1);
        assert_eq!(Size::Share(0.01).of(101), 2);
        assert_eq!(Size::Number(5).of(3), 5);
    }

    #[test]
    fn tags_are_asked_for_by_key_or_value() {
        let filter = |text: &str| text.parse::<TagFilter>().unwrap();
        let tags = Some(r#"{"team":"shop","empty":""}"#);
        assert!(filter("team").matches(tags));
        assert!(filter("team=shop").matches(tags));
        assert!(filter("empty=").matches(tags));
        assert!(!filter("team=web").matches(tags));
        assert!(!filter("owner").matches(tags));
        assert!(!filter("team").matches(None));
        assert!("=x".parse::<TagFilter>().is_err());
    }
}
