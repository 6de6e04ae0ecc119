//! How an instance uses its metadata service without tokens: what CloudWatch's `MetadataNoToken` and `MetadataNoTokenRejected` have counted, and whether
//! its software fails for want of an answer.
//!
//! Nothing is recorded. A habit drawn from the instance's id gives its software a schedule, calls gave the instance its turns ([`Gate`]), and both together
//! say what was counted in every step, so that the same step always has the same counts.
//!
//! A call that is refused is made again in every step until it is answered, and until then the software fails. Software that met required tokens
//! from the start has always lived without an answer: it is refused as often as it calls, and never fails.

use crate::hash::{self, Draws};

use super::history::{Gate, Turn};
use super::instance::Instance;
use super::schedule::{STEPS_OF_DAY, STEPS_OF_HOUR, Schedule, Set, both};
use super::stock::Stock;
use crate::workload::Workload;

pub(crate) use super::schedule::{Counted, HOUR, STEP};

/// How many steps of data an instance has that was watched only of late: two days.
const FRESH: i64 = 2 * STEPS_OF_DAY;

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
}

/// When the software on an instance calls without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Never.
    Silent,
    /// When it renews its credentials, every 15 to 40 days: two weeks may show nothing of it.
    Refresh,
    /// All the time.
    Steady,
    /// Once a day.
    Daily,
    /// Once a week.
    Weekly,
    /// When it boots: at launch and at restarts that are 45 to 89 days apart.
    AtBoot,
    /// Never, but it has data of the last two days alone.
    Fresh,
    /// Never, but on three of ten days there is no data.
    WithGaps,
}

impl Habit {
    /// In the order of the shares.
    const ALL: [Self; 8] = [
        Self::Silent,
        Self::Refresh,
        Self::Steady,
        Self::Daily,
        Self::Weekly,
        Self::AtBoot,
        Self::Fresh,
        Self::WithGaps,
    ];

    /// Instances that were made to require tokens had their software looked at before, most of them.
    fn draw(draws: &mut Draws, required: bool) -> Self {
        let shares =
            if required { [84, 85, 88, 89, 92, 93, 96] } else { [58, 60, 73, 75, 83, 89, 94] };
        let share = draws.below(100);
        let passed = shares.iter().filter(|bound| share >= **bound).count();
        Self::ALL.get(passed).copied().unwrap_or(Self::Silent)
    }

    /// The schedule; an instance whose software calls at boot has booted in the step `boot`.
    fn schedule(self, key: u64, boot: i64) -> Schedule {
        let drawn = |shift: u32, bound: i64| (key >> shift) as i64 % bound;
        let periodic = |period, phase, calls| Schedule::Periodic { period, phase, calls };
        match self {
            Self::Silent | Self::Fresh | Self::WithGaps => Schedule::Never,
            Self::Steady => Schedule::Steady(key),
            Self::Daily => periodic(STEPS_OF_DAY, drawn(16, STEPS_OF_DAY), 4),
            Self::Weekly => {
                let hour = key as i64 % (7 * 24);
                periodic(7 * STEPS_OF_DAY, hour * STEPS_OF_HOUR + drawn(16, STEPS_OF_HOUR), 6)
            }
            Self::Refresh => {
                let period = (15 + drawn(8, 26)) * STEPS_OF_DAY;
                periodic(period, drawn(16, period), 3)
            }
            Self::AtBoot => periodic((45 + drawn(8, 45)) * STEPS_OF_DAY, boot, 9),
        }
    }
}

/// Steps under one gate.
#[derive(Debug, Clone, Copy)]
struct Spell {
    from: i64,
    to: i64,
    gate: Gate,
    schedule: Schedule,
}

/// Steps in which one metric is counted.
struct Piece {
    from: i64,
    to: i64,
    metric: Metric,
    schedule: Schedule,
    /// What a step without a scheduled call counts: a call that is made again.
    floor: u64,
}

/// The usage of one instance. All its steps are of the software's own time ([`Seed::behind`]); what is asked and told is the world's.
#[derive(Debug)]
pub(crate) struct Usage {
    key: u64,
    /// Seconds that the software's time is behind the world's.
    behind: i64,
    has_gaps: bool,
    /// The first step that has data, and the one that is not over yet.
    first: i64,
    end: i64,
    /// Whether the software never had an answer and does without.
    copes: bool,
    spells: Vec<Spell>,
    #[cfg(test)]
    pub(super) habit: Habit,
}

impl Stock<'_> {
    /// The usage of the instance at `index`, which must be below [`Stock::instances`].
    pub(crate) fn usage(&self, index: u64) -> Usage {
        let changes = self.changes.as_deref();
        let made = index.checked_sub(self.seed.instances.computed);
        let launched = made.and_then(|made| changes?.launched.get(made as usize).cloned());
        let behind = self.seed.behind;
        let original = match launched {
            Some(instance) => Instance { launched: instance.launched - behind, ..instance },
            None => Instance::new(&self.seed, index),
        };
        let change = changes.and_then(|changes| changes.instances.get(&index));
        let turns = change.map_or(&[][..], |change| &change.turns);
        let set = changes.and_then(|changes| changes.workloads.get(&index));
        Usage::new(&original, turns, set.copied(), Time { now: self.now, behind })
    }

    /// Whether the software of the instance at `index` fails for want of its metadata.
    pub(crate) fn is_failing(&self, index: u64) -> bool {
        let change = self.changes.as_deref().and_then(|changes| changes.instances.get(&index));
        // Whom nobody touched nobody broke.
        change.is_some_and(|change| !change.turns.is_empty()) && self.usage(index).is_failing()
    }

    /// Gives the software of the instance at `index` another schedule.
    pub(crate) fn set_workload(&mut self, index: u64, workload: Workload) {
        let set = Set { workload, at: self.now };
        self.change().workloads.insert(index, set);
    }

    /// The second at which the instance at `index` was booted last by a call.
    pub(crate) fn booted(&self, index: u64) -> Option<i64> {
        let change = self.changes.as_deref()?.instances.get(&index)?;
        change.turns.iter().rev().find(|turn| turn.boots).map(|turn| turn.at)
    }
}

/// The first step that begins at or after a second.
const fn step_after(second: i64) -> i64 {
    (second + STEP - 1).div_euclid(STEP)
}

/// When a usage is looked at.
#[derive(Debug, Clone, Copy)]
struct Time {
    /// The world's time, in seconds since 1970.
    now: i64,
    /// Seconds that the software's time is behind it.
    behind: i64,
}

impl Usage {
    /// Of an instance whose launch is told in the software's time, with turns and a workload told in the world's.
    fn new(original: &Instance, turns: &[Turn], set: Option<Set>, time: Time) -> Self {
        let Time { now, behind } = time;
        let key = original.derived(hash::text("metadata usage"));
        let habit = Habit::draw(&mut Draws::new(key), original.metadata.tokens_required);
        let gate = Gate::of(original.state, original.metadata);
        let end = (now - behind).div_euclid(STEP);
        let first = step_after(original.launched);
        let changed = turns.first().map(|turn| turn.at - behind);
        let fixed = set.map(|set| Set { at: set.at - behind, ..set }.schedule(changed));
        let mut boot = (original.launched.div_euclid(HOUR) + 1) * STEPS_OF_HOUR;
        let mut usage = Self {
            key,
            behind,
            has_gaps: habit == Habit::WithGaps && set.is_none(),
            first: if habit == Habit::Fresh && set.is_none() {
                first.max(end - FRESH)
            } else {
                first
            },
            end,
            copes: Gate::under(original.metadata) != Gate::Open,
            spells: Vec::with_capacity(1 + turns.len()),
            #[cfg(test)]
            habit,
        };
        let mut begin = |from, gate, boots| {
            boot = if boots { from } else { boot };
            let schedule = fixed.unwrap_or_else(|| habit.schedule(key, boot));
            usage.spells.push(Spell { from, to: from, gate, schedule });
        };
        begin(first, gate, false);
        for turn in turns {
            begin(step_after(turn.at - behind).max(first), turn.gate, turn.boots);
        }
        // Each ends where the next begins; the last one holds for the step that runs.
        let mut next = end + 1;
        for spell in usage.spells.iter_mut().rev() {
            spell.from = spell.from.min(next);
            spell.to = next;
            next = spell.from;
        }
        usage
    }

    /// What was counted from one second up to another, both multiples of [`STEP`] since 1970; none without data.
    pub(crate) fn counted(&self, metric: Metric, from: i64, to: i64) -> Option<Counted> {
        let (from, to) = (self.step(from), self.step(to));
        let mut counted = None;
        self.walk(&mut |piece| {
            if piece.metric == metric {
                let (from, to) = self.with_data(&piece, from, to);
                counted = both(counted, self.within(&piece, from, to));
            }
        });
        counted
    }

    /// Whether there is any data from one second up to another.
    pub(crate) fn is_active(&self, metric: Metric, from: i64, to: i64) -> bool {
        let (from, to) = (self.step(from), self.step(to));
        let mut active = false;
        self.walk(&mut |piece| {
            let (from, to) = self.with_data(&piece, from, to);
            active |= piece.metric == metric && self.days(from, to).next().is_some();
        });
        active
    }

    /// The second up to which everything is counted.
    pub(crate) const fn end(&self) -> i64 {
        self.end * STEP + self.behind
    }

    /// The step of the software's time that begins at a second of the world's.
    const fn step(&self, second: i64) -> i64 {
        (second - self.behind).div_euclid(STEP)
    }

    /// Whether the software was refused and had no answer since.
    pub(crate) fn is_failing(&self) -> bool {
        self.walk(&mut |_| {})
    }

    /// Goes through everything from the start, and tells how it ends: whether the software fails.
    fn walk(&self, visit: &mut impl FnMut(Piece)) -> bool {
        let mut failing = false;
        for spell in self.spells.iter().filter(|spell| spell.from < spell.to) {
            let mut piece = |from, to, metric, floor| {
                visit(Piece { from, to, metric, schedule: spell.schedule, floor });
            };
            // The first step in which an answer is missed.
            let missed = match failing {
                _ if self.copes => spell.to,
                true => spell.from,
                false => spell.schedule.next(spell.from, spell.to).unwrap_or(spell.to),
            };
            match spell.gate {
                Gate::Off => failing = false,
                Gate::Closed => failing = missed < spell.to,
                Gate::Shut => {
                    piece(spell.from, missed, Metric::NoTokenRejected, 0);
                    piece(missed, spell.to, Metric::NoTokenRejected, 1);
                    failing = missed < spell.to;
                }
                Gate::Open => {
                    let again = spell.from + i64::from(failing);
                    piece(spell.from, again, Metric::NoToken, 1);
                    piece(again, spell.to, Metric::NoToken, 0);
                    failing = false;
                }
            }
        }
        failing
    }

    /// The part of a piece that is asked for and over.
    fn with_data(&self, piece: &Piece, from: i64, to: i64) -> (i64, i64) {
        (piece.from.max(from).max(self.first), piece.to.min(to).min(self.end))
    }

    fn within(&self, piece: &Piece, from: i64, to: i64) -> Option<Counted> {
        if !self.has_gaps {
            return piece.schedule.counted(from, to, piece.floor);
        }
        let days = self.days(from, to);
        days.fold(None, |sum, (from, to)| both(sum, piece.schedule.counted(from, to, piece.floor)))
    }

    /// The spans of data: all at once, or the days without the gaps.
    fn days(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
        let (key, has_gaps) = (self.key, self.has_gaps);
        let mut at = from;
        std::iter::from_fn(move || {
            while at < to {
                let day = at.div_euclid(STEPS_OF_DAY);
                let next = if has_gaps { ((day + 1) * STEPS_OF_DAY).min(to) } else { to };
                let span = (at, next);
                at = next;
                if !has_gaps || hash::join(key, day as u64) % 10 >= 3 {
                    return Some(span);
                }
            }
            None
        })
    }
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
