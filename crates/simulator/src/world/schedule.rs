//! When software calls its metadata service without a token, and what CloudWatch counts of it, in steps of five minutes since 1970.
//!
//! A schedule is a rule and no list: what it comes to in a year costs no more than what it comes to in an hour.

use crate::hash;
use crate::workload::Workload;

/// Seconds between two data points of basic monitoring.
pub(crate) const STEP: i64 = 300;
pub(crate) const HOUR: i64 = 3_600;
pub(super) const STEPS_OF_HOUR: i64 = HOUR / STEP;
pub(super) const STEPS_OF_DAY: i64 = 24 * STEPS_OF_HOUR;

/// What was counted in a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counted {
    pub(crate) samples: u64,
    pub(crate) sum: u64,
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Counted {
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            samples: self.samples + other.samples,
            sum: self.sum + other.sum,
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// Steps of which `hits` have `calls` each, and the others `floor`.
    fn of(steps: u64, hits: u64, calls: u64, floor: u64) -> Self {
        let hits = hits.min(steps);
        let calls = calls.max(floor);
        Self {
            samples: steps,
            sum: hits * calls + (steps - hits) * floor,
            least: if hits == steps { calls } else { floor },
            most: if hits > 0 { calls } else { floor },
        }
    }
}

/// Two spans, either of which may have no data.
pub(super) fn both(left: Option<Counted>, right: Option<Counted>) -> Option<Counted> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.with(right)),
        (left, right) => left.or(right),
    }
}

/// When software calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schedule {
    Never,
    /// In every step, as often as the key and the hour say.
    Steady(u64),
    /// So many calls in the step `phase` and in every `period`th before and behind it.
    Periodic {
        period: i64,
        phase: i64,
        calls: u64,
    },
    Every(Regular),
}

/// Single calls at regular seconds, but for a span in which there were none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Regular {
    pub(super) seconds: i64,
    /// The second of one of the calls.
    pub(super) anchor: i64,
    /// From `pause` up to `resumed` (seconds) nothing was called.
    pub(super) pause: i64,
    pub(super) resumed: i64,
}

/// A workload that was set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    pub(super) workload: Workload,
    /// The second since 1970 at which it was.
    pub(super) at: i64,
}

impl Set {
    /// The schedule, on an instance that was first changed at `changed`.
    pub(super) fn schedule(self, changed: Option<i64>) -> Schedule {
        match self.workload {
            Workload::Never => Schedule::Never,
            Workload::Every { seconds, next_in } => Schedule::Every(Regular {
                seconds: (seconds as i64).max(1),
                anchor: self.at + next_in as i64,
                pause: changed.unwrap_or(self.at).min(self.at),
                resumed: self.at,
            }),
        }
    }
}

impl Schedule {
    /// What is counted in the steps from `from` up to `to`, if a step without a call counts `floor`; none without steps.
    pub(super) fn counted(&self, from: i64, to: i64, floor: u64) -> Option<Counted> {
        let steps = u64::try_from(to - from).ok().filter(|steps| *steps > 0)?;
        Some(match self {
            Self::Never => Counted::of(steps, 0, 0, floor),
            Self::Steady(key) => return steady(*key, from, to),
            Self::Periodic { period, phase, calls } => {
                let before = |step: i64| (step - phase).div_euclid(*period);
                let hits = (before(to - 1) - before(from - 1)) as u64;
                Counted::of(steps, hits, *calls, floor)
            }
            Self::Every(regular) if regular.seconds >= STEP => {
                Counted::of(steps, regular.calls(from * STEP, to * STEP), 1, floor)
            }
            Self::Every(regular) => {
                let one = |step: i64| {
                    Counted::of(1, 1, regular.calls(step * STEP, (step + 1) * STEP), floor)
                };
                return (from..to).map(one).reduce(Counted::with);
            }
        })
    }

    /// The first step with a call from `from` on and before `to`.
    pub(super) fn next(&self, from: i64, to: i64) -> Option<i64> {
        let step = match self {
            Self::Never => return None,
            Self::Steady(_) => from,
            Self::Periodic { period, phase, .. } => from + (phase - from).rem_euclid(*period),
            Self::Every(regular) => regular.next(from * STEP).div_euclid(STEP),
        };
        (step < to).then_some(step)
    }
}

impl Regular {
    /// How many calls there are from one second up to another.
    fn calls(&self, from: i64, to: i64) -> u64 {
        let before = |second: i64| (second - self.anchor - 1).div_euclid(self.seconds);
        let between =
            |from: i64, to: i64| if from < to { (before(to) - before(from)) as u64 } else { 0 };
        between(from, to.min(self.pause)) + between(from.max(self.resumed), to)
    }

    /// The second of the first call from `from` on.
    fn next(&self, from: i64) -> i64 {
        let at = |from: i64| from + (self.anchor - from).rem_euclid(self.seconds);
        let found = at(from);
        if (self.pause..self.resumed).contains(&found) { at(self.resumed) } else { found }
    }
}

/// Every hour has its number of calls in each step.
fn steady(key: u64, from: i64, to: i64) -> Option<Counted> {
    let mut counted = None;
    let mut at = from;
    while at < to {
        let hour = at.div_euclid(STEPS_OF_HOUR);
        let next = ((hour + 1) * STEPS_OF_HOUR).min(to);
        let each = 1 + (key >> 8) % 5 + hash::join(key, hour as u64) % 3;
        let steps = (next - at) as u64;
        counted = both(counted, Some(Counted::of(steps, steps, each, 0)));
        at = next;
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule that sums up whole spans must say the same as one that is asked step by step.
    fn agrees(schedule: &Schedule, from: i64, to: i64, floor: u64) {
        let single = (from..to).filter_map(|step| schedule.counted(step, step + 1, floor));
        assert_eq!(single.reduce(Counted::with), schedule.counted(from, to, floor), "{schedule:?}");
        let called = (from..to)
            .find(|step| schedule.counted(*step, step + 1, 0).is_some_and(|it| it.sum > 0));
        assert_eq!(schedule.next(from, to), called, "{schedule:?}");
    }

    #[test]
    fn spans_are_the_sum_of_their_steps() {
        let regular = |seconds, anchor, pause, resumed| {
            Schedule::Every(Regular { seconds, anchor, pause, resumed })
        };
        let schedules = [
            Schedule::Never,
            Schedule::Steady(0x1234_5678),
            Schedule::Periodic { period: 7, phase: 3, calls: 6 },
            Schedule::Periodic { period: 288, phase: -12, calls: 4 },
            regular(3_600, 1_000, 0, 0),
            regular(300, 299, 0, 0),
            regular(70, 13, 0, 0),
            regular(900, 13, 3_000, 30_000),
            regular(60, 13, 3_000, 30_000),
        ];
        for schedule in schedules {
            for (from, to) in [(0, 1), (0, 12), (5, 400), (-20, 20), (11, 300), (4, 4)] {
                agrees(&schedule, from, to, 0);
                let counted = schedule.counted(from, to, 1);
                assert_eq!(counted.is_none(), from == to);
                assert!(counted.is_none_or(|it| it.least >= 1 && it.sum >= it.samples));
            }
        }
    }

    #[test]
    fn a_workload_calls_when_it_was_told() {
        let set = Set { workload: Workload::Every { seconds: 86_400, next_in: 600 }, at: 90_000 };
        assert_eq!(set.schedule(None).next(300, 10_000), Some(302));
        // What was before is as if it had always been so, but for the time since the instance was changed.
        assert_eq!(set.schedule(None).next(10, 10_000), Some(14));
        assert_eq!(set.schedule(Some(4_000)).next(10, 10_000), Some(302));
    }
}
