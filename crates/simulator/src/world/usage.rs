//! How an instance uses its metadata service without tokens: what CloudWatch's `MetadataNoToken` and `MetadataNoTokenRejected` have counted.
//!
//! Nothing is recorded. A habit drawn from the instance's id says for every hour what was counted, so that the same hour always has the same counts.

use crate::hash::{self, Draws};

use super::changes::Applies;
use super::instance::Instance;
use super::options::{MetadataOptions, State};
use super::stock::Stock;

/// Seconds between two data points of basic monitoring, and in an hour.
pub(crate) const STEP: i64 = 300;
pub(crate) const HOUR: i64 = 3_600;
const HOURS_OF_WEEK: i64 = 168;
const HOURS_OF_DAY: i64 = 24;
/// How many hours an instance has data that was watched only of late.
const FRESH: i64 = 48;

/// What is counted: one or the other, as tokens are optional or required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Calls without a token that were answered.
    NoToken,
    /// Calls without a token that were refused.
    NoTokenRejected,
}

impl Metric {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::NoToken, Self::NoTokenRejected];

    /// The name in CloudWatch.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoToken => "MetadataNoToken",
            Self::NoTokenRejected => "MetadataNoTokenRejected",
        }
    }

    /// What is counted while these options are in force.
    const fn under(options: MetadataOptions) -> Option<Self> {
        match (options.endpoint_enabled, options.tokens_required) {
            (false, _) => None,
            (true, false) => Some(Self::NoToken),
            (true, true) => Some(Self::NoTokenRejected),
        }
    }
}

/// When the software on an instance calls without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Never.
    Silent,
    /// In every hour.
    Steady,
    /// In one hour of the week.
    Weekly,
    /// When it boots: at launch and at restarts that are 45 to 89 days apart.
    AtBoot,
    /// Never, but it has data of the last two days alone.
    Fresh,
    /// Never, but on three of ten days there is no data.
    WithGaps,
}

impl Habit {
    /// Instances that were made to require tokens had their software looked at before, most of them.
    fn draw(draws: &mut Draws, required: bool) -> Self {
        let shares = if required { [85, 89, 92, 93, 96] } else { [60, 75, 83, 89, 94] };
        let share = draws.below(100);
        let passed = shares.iter().filter(|bound| share >= **bound).count();
        [Self::Silent, Self::Steady, Self::Weekly, Self::AtBoot, Self::Fresh, Self::WithGaps]
            .get(passed)
            .copied()
            .unwrap_or(Self::Silent)
    }
}

/// What was counted in a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counted {
    pub(crate) samples: u64,
    pub(crate) sum: u64,
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Counted {
    const fn one(value: u64) -> Self {
        Self { samples: 1, sum: value, least: value, most: value }
    }

    fn with(self, other: Self) -> Self {
        Self {
            samples: self.samples + other.samples,
            sum: self.sum + other.sum,
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
}

/// Two spans, either of which may have no data.
fn both(left: Option<Counted>, right: Option<Counted>) -> Option<Counted> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.with(right)),
        (left, right) => left.or(right),
    }
}

/// The usage of one instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    key: u64,
    pub(crate) habit: Habit,
    /// The hour (since 1970) it was launched in.
    launched: i64,
    /// The hours that have data: the first, and the one behind the last.
    first: i64,
    end: i64,
    before: Option<Metric>,
    after: Option<Metric>,
    /// The hour from which on `after` counts.
    turn: i64,
}

impl Stock<'_> {
    /// The usage of the instance at `index`, which must be below [`Stock::instances`].
    pub(crate) fn usage(&self, index: u64) -> Usage {
        let instance = self.instance(index);
        let made = index.checked_sub(self.seed.instances.computed);
        let changes = self.changes.as_deref();
        let launched = made.and_then(|made| changes?.launched.get(made as usize).cloned());
        let original = launched.unwrap_or_else(|| Instance::new(&self.seed, index));
        let change = changes.and_then(|changes| changes.instances.get(&index));
        let turn = match change.and_then(|change| change.metadata) {
            Some((_, Applies::At(second))) => second,
            _ => instance.launched,
        };
        let started = match change.and_then(|change| change.state) {
            Some((_, until, State::Running)) => until,
            _ => instance.launched,
        };
        Usage::new(&instance, &original, turn, started, self.now)
    }
}

impl Usage {
    fn new(instance: &Instance, original: &Instance, turn: i64, started: i64, now: i64) -> Self {
        let key = instance.derived(hash::text("metadata usage"));
        let habit = Habit::draw(&mut Draws::new(key), original.metadata.tokens_required);
        // The hour that runs is not over, and counted for nobody.
        let end = now.div_euclid(HOUR);
        let started = started.div_euclid(HOUR) + 1;
        let first = if habit == Habit::Fresh { started.max(end - FRESH) } else { started };
        let runs = instance.state == State::Running;
        Self {
            key,
            habit,
            launched: instance.launched.div_euclid(HOUR),
            first: if runs { first } else { end },
            end,
            before: Metric::under(original.metadata),
            after: Metric::under(instance.metadata),
            turn: turn.div_euclid(HOUR) + 1,
        }
    }

    /// What was counted from one second up to another, both multiples of [`STEP`] since 1970; none without data.
    pub(crate) fn counted(&self, metric: Metric, from: i64, to: i64) -> Option<Counted> {
        let from = from.max(self.first * HOUR);
        let to = to.min(self.end * HOUR);
        let mut at = from;
        let mut counted = None;
        while at < to {
            let hour = at.div_euclid(HOUR);
            let next = ((hour + 1) * HOUR).min(to);
            if self.has_data(metric, hour) {
                counted = both(counted, self.within(hour, at, next));
            }
            at = next;
        }
        counted
    }

    /// Whether there is any data from one hour up to another.
    pub(crate) fn is_active(&self, metric: Metric, from: i64, to: i64) -> bool {
        (from.max(self.first)..to.min(self.end)).any(|hour| self.has_data(metric, hour))
    }

    /// The hour that is not yet counted.
    pub(crate) const fn end(&self) -> i64 {
        self.end
    }

    fn has_data(&self, metric: Metric, hour: i64) -> bool {
        let counting = if hour < self.turn { self.before } else { self.after };
        let is_gap = self.habit == Habit::WithGaps
            && hash::join(self.key, hour.div_euclid(HOURS_OF_DAY) as u64) % 10 < 3;
        counting == Some(metric) && !is_gap
    }

    /// What was counted in a part of one hour, in seconds since 1970.
    fn within(&self, hour: i64, from: i64, to: i64) -> Option<Counted> {
        let (first, end) = ((from - hour * HOUR) / STEP, (to - hour * HOUR) / STEP);
        let steps = (end - first) as u64;
        if steps == 0 {
            return None;
        }
        let silence = Counted { samples: steps, ..Counted::one(0) };
        let (calls, at) = match self.habit {
            Habit::Steady => {
                let each = 1 + (self.key >> 8) % 5 + hash::join(self.key, hour as u64) % 3;
                let steady = Counted::one(each);
                return Some(Counted { samples: steps, sum: each * steps, ..steady });
            }
            Habit::Weekly if (hour - self.key as i64 % HOURS_OF_WEEK) % HOURS_OF_WEEK == 0 => {
                (6, (self.key >> 16) as i64 % 12)
            }
            Habit::AtBoot if (hour - self.launched - 1) % self.hours_between_boots() == 0 => (9, 0),
            _ => return Some(silence),
        };
        if (first..end).contains(&at) {
            let least = if steps == 1 { calls } else { 0 };
            Some(Counted { samples: steps, sum: calls, least, most: calls })
        } else {
            Some(silence)
        }
    }

    const fn hours_between_boots(&self) -> i64 {
        (45 + (self.key >> 8) as i64 % 45) * HOURS_OF_DAY
    }
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
