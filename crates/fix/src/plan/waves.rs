//! Waves: a canary first, then ever larger ones, so that what goes wrong goes wrong on few.
//!
//! The canary has one of each stratum before a second of any: a group, an owner's instances of an account and region. The
//! rest is scattered, so that no wave takes a service as a whole.

use std::collections::HashMap;

use super::{
    draft::{Draft, Turn},
    options::PlanOptions,
};

/// The name of the wave of regions where nothing runs: there is nothing to break, and nothing to wait for.
pub(crate) const NOTHING_RUNS: &str = "regions where nothing runs";

/// How many times larger each wave is than the one before.
const GROWTH: u64 = 5;

/// The wave of each draft, and the names of the waves.
#[derive(Debug, Default)]
pub(crate) struct Waves {
    /// By the draft's place.
    pub(crate) of: Vec<u32>,
    /// In order; the first is wave 1.
    pub(crate) names: Vec<String>,
}

/// Spreads drafts over waves.
pub(crate) fn spread(drafts: &[Draft], options: &PlanOptions) -> Waves {
    let mut waves = Waves { of: vec![0; drafts.len()], names: Vec::new() };
    let is = |turn: Turn| move |draft: &Draft| draft.turn == turn;
    waves.whole(drafts, is(Turn::Idle), NOTHING_RUNS);
    let order = in_order(drafts, options);
    let first = waves.names.len() as u32 + 1;
    let sizes = sizes(order.len() as u64, options);
    let mut rest = order.as_slice();
    for (index, size) in sizes.iter().enumerate() {
        let (now, later) = rest.split_at((*size as usize).min(rest.len()));
        let wave = waves.begin(match index {
            0 => "canary".to_owned(),
            _ => format!("wave {} of {}", index + 1, sizes.len()),
        });
        for place in now {
            waves.of[*place] = wave;
        }
        rest = later;
    }
    waves.with_groups(drafts, first, sizes.len());
    waves.whole(drafts, is(Turn::After), "account defaults and replacements");
    waves.whole(drafts, is(Turn::Last), "enforcement");
    waves
}

impl Waves {
    fn begin(&mut self, name: String) -> u32 {
        self.names.push(name);
        self.names.len() as u32
    }

    /// A wave of its own for all of a kind, if there are any.
    fn whole(&mut self, drafts: &[Draft], is: impl Fn(&Draft) -> bool, name: &str) {
        if !drafts.iter().any(&is) {
            return;
        }
        let wave = self.begin(name.to_owned());
        for (place, _) in drafts.iter().enumerate().filter(|(_, draft)| is(draft)) {
            self.of[place] = wave;
        }
    }

    /// What groups launch from comes with the first of their members, else with the first wave after the canary.
    fn with_groups(&mut self, drafts: &[Draft], first: u32, spread: usize) {
        let mut earliest: HashMap<u32, u32> = HashMap::new();
        for (draft, wave) in drafts.iter().zip(&self.of) {
            if matches!(draft.turn, Turn::Spread { .. }) {
                for group in &draft.groups {
                    earliest
                        .entry(*group)
                        .and_modify(|known| *known = (*known).min(*wave))
                        .or_insert(*wave);
                }
            }
        }
        let with_groups = |draft: &Draft| draft.turn == Turn::WithGroups;
        if !drafts.iter().any(with_groups) {
            return;
        }
        let otherwise = match spread {
            0 => self.begin("launch templates".to_owned()),
            1 => first,
            _ => first + 1,
        };
        for (place, draft) in drafts.iter().enumerate().filter(|(_, draft)| with_groups(draft)) {
            let wave = draft.groups.iter().filter_map(|group| earliest.get(group)).min();
            self.of[place] = wave.copied().unwrap_or(otherwise);
        }
    }
}

/// The places of what is spread, in the order in which it comes.
fn in_order(drafts: &[Draft], options: &PlanOptions) -> Vec<usize> {
    let mut spread: Vec<(usize, u32, u64, bool)> = drafts
        .iter()
        .enumerate()
        .filter_map(|(place, draft)| match draft.turn {
            Turn::Spread { stratum, hash, early } => Some((place, stratum, hash, early)),
            _ => None,
        })
        .collect();
    // Within a stratum, who comes first; then round by round.
    spread.sort_unstable_by_key(|(place, stratum, hash, early)| (*stratum, !early, *hash, *place));
    let mut round = 0;
    let mut last = None;
    let mut rounds: Vec<(u32, u64, usize)> = Vec::with_capacity(spread.len());
    for (place, stratum, hash, _) in &spread {
        round = if last == Some(*stratum) { round + 1 } else { 0 };
        last = Some(*stratum);
        rounds.push((round, *hash, *place));
    }
    rounds.sort_unstable();
    let canary = options.canary.of(rounds.len() as u64).min(rounds.len() as u64) as usize;
    if let Some(rest) = rounds.get_mut(canary..) {
        rest.sort_unstable_by_key(|(_, hash, place)| (*hash, *place));
    }
    rounds.into_iter().map(|(_, _, place)| place).collect()
}

/// The sizes of the waves that so many changes fall into.
fn sizes(total: u64, options: &PlanOptions) -> Vec<u64> {
    let most = options.max_per_wave.unwrap_or(u64::MAX).max(1);
    let mut sizes = Vec::new();
    let mut left = total;
    let mut next = options.canary.of(total).min(most);
    while left > 0 {
        // A remainder smaller than the wave before it is no wave of its own.
        let size = if left <= next.saturating_add(next / 2) { left.min(most) } else { next };
        sizes.push(size);
        left -= size;
        next = next.saturating_mul(GROWTH).min(most);
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::options::Size;

    fn options(canary: Size, max_per_wave: Option<u64>) -> PlanOptions {
        PlanOptions { canary, max_per_wave, ..PlanOptions::default() }
    }

    #[test]
    fn waves_grow_from_the_canary_to_the_largest() {
        let table = [
            (0, Size::Share(0.01), None, vec![]),
            (1, Size::Share(0.01), None, vec![1]),
            (4, Size::Share(0.01), None, vec![1, 3]),
            (30, Size::Share(0.01), None, vec![1, 5, 24]),
            (10_000, Size::Share(0.01), None, vec![100, 500, 2500, 6900]),
            (1_000, Size::Number(10), Some(200), vec![10, 50, 200, 200, 200, 200, 140]),
            (100, Size::Number(500), Some(40), vec![40, 40, 20]),
        ];
        for (total, canary, max, expected) in table {
            let sizes = sizes(total, &options(canary, max));
            assert_eq!(sizes, expected, "{total}");
            assert_eq!(sizes.iter().sum::<u64>(), total);
        }
    }
}
