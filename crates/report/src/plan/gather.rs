//! What is kept of a plan's changes while they pass: numbers of all of them, and a bounded choice to show. A plan may have
//! hundreds of thousands of changes.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use imdsure_model::plan::{Change, Reason, Unplanned};

use super::{
    line::{Left, Line, Seen},
    words::{foreign, one_of_few},
};

/// Different warnings and owners that are counted; what comes beyond is counted together.
const DISTINCT: usize = 500;

/// How much a format shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Waves in the table and with their changes: the first and the last of them.
    pub(super) waves: usize,
    /// Changes of a wave.
    pub(super) of_wave: usize,
    /// Changes in all.
    pub(super) changes: usize,
    /// Examples of what is not planned, of each reason.
    pub(super) of_reason: usize,
    /// Different gaps.
    pub(super) gaps: usize,
    /// Different warnings.
    pub(super) warnings: usize,
}

impl Limits {
    /// Changes shown of each of so many waves.
    fn of_each(&self, waves: usize) -> usize {
        (self.changes / waves.clamp(1, self.waves)).clamp(1, self.of_wave)
    }

    /// Whether a wave is among those shown.
    pub(super) fn shows(&self, index: usize, waves: usize) -> bool {
        let first = self.waves.div_ceil(2);
        waves <= self.waves || index < first || index >= waves - (self.waves - first)
    }
}

/// Texts with how often each came.
#[derive(Debug, Default)]
pub(super) struct Counted {
    by_text: BTreeMap<String, (u64, String)>,
    pub(super) others: u64,
}

impl Counted {
    fn add(&mut self, text: String, example: impl FnOnce() -> String) {
        let room = self.by_text.len() < DISTINCT;
        match self.by_text.entry(text) {
            Entry::Occupied(mut known) => known.get_mut().0 += 1,
            Entry::Vacant(new) if room => {
                new.insert((1, example()));
            }
            Entry::Vacant(_) => self.others += 1,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_text.is_empty()
    }

    /// The most frequent: text, number, the first that had it.
    pub(super) fn top(&self, shown: usize) -> Vec<(&str, u64, &str)> {
        let all = self.by_text.iter();
        let mut all: Vec<(&str, u64, &str)> =
            all.map(|(text, (number, first))| (text.as_str(), *number, first.as_str())).collect();
        all.sort_by_key(|(_, number, _)| std::cmp::Reverse(*number));
        all.truncate(shown);
        all
    }

    /// How many different ones are not among those.
    pub(super) fn beyond(&self, shown: usize) -> u64 {
        self.by_text.len().saturating_sub(shown) as u64 + u64::from(self.others > 0)
    }
}

/// The changes of a wave.
#[derive(Debug, Default)]
pub(super) struct WaveGathered {
    pub(super) seen: BTreeMap<Seen, u64>,
    /// What has to be looked at before the rest.
    open: Vec<Line>,
    rest: Vec<Line>,
}

impl WaveGathered {
    /// Those to show, in the plan's order: what has to be looked at comes into the choice first.
    pub(super) fn lines(&self, limit: usize) -> Vec<&Line> {
        let open = self.open.iter().take(limit);
        let rest = self.rest.iter().take(limit.saturating_sub(self.open.len()));
        let mut lines: Vec<&Line> = open.chain(rest).collect();
        lines.sort_by_key(|line| line.place);
        lines
    }
}

/// What is left alone for one reason.
#[derive(Debug, Default)]
pub(super) struct LeftGathered {
    pub(super) given: u64,
    pub(super) owners: Counted,
    pub(super) without_owner: u64,
    pub(super) examples: Vec<Left>,
}

/// All that is kept.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) limits: Limits,
    of_each: usize,
    shown: BTreeSet<u32>,
    pub(super) given: u64,
    pub(super) waves: BTreeMap<u32, WaveGathered>,
    pub(super) seen: BTreeMap<Seen, u64>,
    pub(super) warned: u64,
    pub(super) warnings: Counted,
    pub(super) containers: u64,
    pub(super) stopped: u64,
    pub(super) left: BTreeMap<Reason, LeftGathered>,
}

impl Gathered {
    /// For the waves of a plan, by their numbers.
    pub(super) fn new(limits: Limits, waves: &[u32]) -> Self {
        let shown = waves.iter().enumerate();
        let shown = shown.filter(|(index, _)| limits.shows(*index, waves.len()));
        Self {
            limits,
            of_each: limits.of_each(waves.len()),
            shown: shown.map(|(_, wave)| *wave).collect(),
            given: 0,
            waves: BTreeMap::new(),
            seen: BTreeMap::new(),
            warned: 0,
            warnings: Counted::default(),
            containers: 0,
            stopped: 0,
            left: BTreeMap::new(),
        }
    }

    pub(super) fn change(&mut self, change: &Change) {
        self.given += 1;
        let seen = Seen::of(change);
        *self.seen.entry(seen).or_default() += 1;
        self.warned += u64::from(!change.warnings.is_empty());
        for warning in &change.warnings {
            self.warnings.add(foreign(warning), || foreign(&change.id));
        }
        self.containers += u64::from(change.blast.containers_likely);
        self.stopped += u64::from(change.blast.state.as_deref() == Some("stopped"));
        // Waves that are not shown are not kept: there may be as many as changes.
        if !self.shown.contains(&change.wave) {
            return;
        }
        let wave = self.waves.entry(change.wave).or_default();
        *wave.seen.entry(seen).or_default() += 1;
        let open = seen.is_open() || !change.warnings.is_empty();
        let lines = if open { &mut wave.open } else { &mut wave.rest };
        if lines.len() < self.of_each {
            lines.push(Line::of(change, self.given));
        }
    }

    pub(super) fn unplanned(&mut self, unplanned: &Unplanned) {
        let left = self.left.entry(unplanned.reason).or_default();
        left.given += 1;
        match &unplanned.owner {
            Some(owner) => left.owners.add(one_of_few(owner), String::new),
            None => left.without_owner += 1,
        }
        if left.examples.len() < self.limits.of_reason {
            left.examples.push(Left::of(unplanned));
        }
    }

    /// The changes of a wave that are shown.
    pub(super) fn lines(&self, wave: u32) -> Vec<&Line> {
        self.waves.get(&wave).map(|wave| wave.lines(self.of_each)).unwrap_or_default()
    }

    pub(super) fn with(&self, seen: Seen) -> u64 {
        self.seen.get(&seen).copied().unwrap_or_default()
    }

    pub(super) fn left_given(&self) -> u64 {
        self.left.values().map(|left| left.given).sum()
    }
}
