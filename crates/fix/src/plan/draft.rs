//! A change before it has a wave, and what is left alone: lines of the plan, and what they are sorted by.

use imdsure_model::plan::{Change, ChangeKind, Reason, Unplanned};

use super::{PlanError, options::SplitBy};

/// What lines are sorted by within a wave.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) account_id: Box<str>,
    pub(crate) region: Box<str>,
    pub(crate) kind: ChangeKind,
    pub(crate) id: Box<str>,
}

/// When a change comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// First: where nothing runs.
    Idle,
    /// Spread over canary and growing waves.
    Spread(Spot),
    /// With the first of its groups' members; spread like them where none is planned.
    WithGroups(Spot),
    /// Spread like them, after all of them: it replaces what runs.
    Replace(Spot),
    /// After that.
    Defaults,
    /// After that.
    Enforcement,
}

/// What scatters changes over waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// No way back is known: after all that can be changed back, so that a canary tells before it.
    pub(crate) closed: bool,
    /// The canary has one of each before a second of any.
    pub(crate) stratum: u32,
    pub(crate) hash: u64,
    /// Among the first of its stratum.
    pub(crate) early: bool,
}

/// A change without its wave, written out.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) key: Key,
    /// Who gets it where plans are split.
    pub(crate) part: Option<Box<str>>,
    pub(crate) turn: Turn,
    /// Numbers of the groups that it belongs to.
    pub(crate) groups: Vec<u32>,
    /// Its line from behind the wave's number on.
    rest: Box<str>,
}

/// What a line begins with.
const HEAD: &str = "{\"wave\":0,";

impl Draft {
    pub(crate) fn new(
        change: &Change,
        part: Option<Box<str>>,
        turn: Turn,
        groups: Vec<u32>,
    ) -> Result<Self, PlanError> {
        let line = serde_json::to_string(change).map_err(PlanError::Unwritable)?;
        let rest = line.strip_prefix(HEAD).unwrap_or(&line).into();
        let key = Key {
            account_id: change.account_id.as_str().into(),
            region: change.region.as_str().into(),
            kind: change.kind,
            id: change.id.as_str().into(),
        };
        Ok(Self { key, part, turn, groups, rest })
    }

    /// One for tests of waves, whose line says nothing.
    #[cfg(test)]
    pub(crate) fn bare(kind: ChangeKind, id: &str, turn: Turn, groups: Vec<u32>) -> Self {
        let (account_id, region, id) = ("1".into(), "r".into(), id.into());
        let key = Key { account_id, region, kind, id };
        Self { key, part: None, turn, groups, rest: "".into() }
    }

    /// The line of a plan.
    pub(crate) fn line(&self, wave: u32) -> String {
        format!("{{\"wave\":{wave},{}", self.rest)
    }
}

/// Something left alone, written out.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) key: Key,
    pub(crate) part: Option<Box<str>>,
    pub(crate) reason: Reason,
    pub(crate) line: Box<str>,
}

impl Left {
    pub(crate) fn new(unplanned: &Unplanned, part: Option<Box<str>>) -> Result<Self, PlanError> {
        let line = serde_json::to_string(unplanned).map_err(PlanError::Unwritable)?;
        let key = Key {
            account_id: unplanned.account_id.as_str().into(),
            region: unplanned.region.as_str().into(),
            kind: unplanned.kind,
            id: unplanned.id.as_str().into(),
        };
        Ok(Self { key, part, reason: unplanned.reason, line: line.into() })
    }
}

/// What a resource belongs to where plans are split.
pub(crate) fn part(
    split: Option<SplitBy>,
    account_id: &str,
    unit: Option<&str>,
    owner: Option<&str>,
) -> Option<Box<str>> {
    Some(match split? {
        SplitBy::Account => account_id.into(),
        SplitBy::Unit => unit.unwrap_or("no unit").into(),
        SplitBy::Owner => owner.unwrap_or("no owner").into(),
    })
}

/// A number that scatters targets over waves, the same in every plan.
pub(crate) fn scattered(id: &str) -> u64 {
    // FNV-1a, then a finalizer: short ids that differ in one character end far apart.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}
