//! Replacing the members of a group: instance refreshes, which go on step by step while the world's time does.
//!
//! Nothing happens between two calls. Whoever looks at a unit first carries out what was due until then, each step at its own time.

use crate::hash;

use super::activities::{Cause, Deed};
use super::group::Group;
use super::instance::Instance;
use super::launching::Refusal;
use super::members::counts;
use super::options::State;
use super::stock::{LATE, Stock};

const REFRESHES: u64 = 0x7265_6672;

/// What has become of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing was replaced yet.
    Pending,
    Underway,
    Successful,
    /// A member could not be launched.
    Failed(Refusal),
    Cancelled,
}

/// What a refresh is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// How many percent of the group must stay in service.
    pub(crate) min_healthy: u64,
    /// Whether members that are as the group would launch them stay.
    pub(crate) skip_matching: bool,
}

/// A refresh of a group.
#[derive(Debug, Clone)]
pub(crate) struct Refresh {
    /// What its UUID is made from.
    pub(crate) key: u64,
    pub(crate) group: u64,
    pub(crate) preferences: Preferences,
    pub(crate) progress: Progress,
    /// Seconds since 1970.
    pub(crate) begun: i64,
    /// The same in real time.
    asked: i64,
    pub(crate) ended: Option<i64>,
    /// How many members it is about.
    pub(crate) total: u64,
    /// The indexes of those that are still to be replaced.
    pub(crate) left: Vec<u64>,
    /// How many are replaced at once.
    batch: usize,
    /// The second of the next step.
    due: i64,
}

impl Refresh {
    /// Whether it goes on.
    pub(crate) const fn is_active(&self) -> bool {
        matches!(self.progress, Progress::Pending | Progress::Underway)
    }

    fn end(&mut self, progress: Progress, at: i64) {
        self.progress = progress;
        self.ended = Some(at);
    }
}

impl Stock<'_> {
    /// The refreshes of a group, the newest first. A late reader does not see one that began a moment ago.
    pub(crate) fn refreshes(&self, group: u64) -> Vec<&Refresh> {
        let all = self.changes.as_deref().map_or(&[][..], |changes| &changes.refreshes);
        let shows = |refresh: &&Refresh| !(self.is_late && self.real - refresh.asked <= LATE);
        all.iter().rev().filter(|refresh| refresh.group == group).filter(shows).collect()
    }

    /// Begins a refresh; the first members are replaced a moment later.
    pub(crate) fn begin_refresh(&mut self, index: u64, preferences: Preferences) -> u64 {
        let group = self.group(index);
        // The group keeps its size, whatever is launched and terminated on the way.
        self.put_group(group.clone());
        let members: Vec<Instance> =
            self.members(index).into_iter().filter(|member| counts(member.state)).collect();
        let size = members.len() as u64;
        let left: Vec<u64> = members
            .into_iter()
            .filter(|member| !(preferences.skip_matching && self.matches(&group, member)))
            .map(|member| member.index)
            .collect();
        let (begun, due, asked) = (self.now, self.now + self.step(), self.real);
        let healthy = (size * preferences.min_healthy.min(100)).div_ceil(100);
        let number = self.changes.as_deref().map_or(0, |it| it.refreshes.len() as u64);
        let key = hash::join(hash::join(self.seed.key, REFRESHES), number);
        self.change().refreshes.push(Refresh {
            key,
            group: index,
            preferences,
            progress: Progress::Pending,
            begun,
            asked,
            ended: None,
            total: left.len() as u64,
            left,
            batch: (size.saturating_sub(healthy) as usize).max(1),
            due,
        });
        key
    }

    /// Ends the refresh of a group that goes on; its key, if there was one. What was replaced stays replaced.
    pub(crate) fn cancel_refresh(&mut self, group: u64) -> Option<u64> {
        let now = self.now;
        let mut all = self.change().refreshes.iter_mut();
        let refresh = all.find(|refresh| refresh.group == group && refresh.is_active())?;
        refresh.end(Progress::Cancelled, now);
        Some(refresh.key)
    }

    /// Carries out what refreshes had to do until now.
    pub(super) fn catch_up(&mut self) {
        let is_due = |refresh: &Refresh| refresh.is_active() && refresh.due <= self.now;
        if !self.changes.as_deref().is_some_and(|it| it.refreshes.iter().any(is_due)) {
            return;
        }
        let now = self.now;
        let mut all = std::mem::take(&mut self.change().refreshes);
        for refresh in &mut all {
            while refresh.is_active() && refresh.due <= now {
                self.now = refresh.due;
                self.carry_on(refresh);
            }
        }
        self.now = now;
        self.change().refreshes = all;
    }

    /// One step of a refresh.
    fn carry_on(&mut self, refresh: &mut Refresh) {
        if refresh.left.is_empty() {
            refresh.end(Progress::Successful, self.now);
            return;
        }
        let rest = refresh.left.split_off(refresh.batch.min(refresh.left.len()));
        let batch = std::mem::replace(&mut refresh.left, rest);
        let members = batch.into_iter().map(|index| self.instance(index));
        let members: Vec<Instance> = members.filter(|member| counts(member.state)).collect();
        let group = self.group(refresh.group);
        match self.replace(&group, &members) {
            Ok(()) => refresh.progress = Progress::Underway,
            Err(refusal) => refresh.end(Progress::Failed(refusal), self.now),
        }
        refresh.due += self.step();
    }

    /// Launches a member as the group does it now for each of these, and terminates them.
    pub(crate) fn replace(&mut self, group: &Group, members: &[Instance]) -> Result<(), Refusal> {
        for (number, member) in (0..).zip(members) {
            let order = self.next_order(group, number).ok_or(Refusal::NoImage)?;
            for member in self.launch(&order, 1)? {
                self.acted(group.index, member.id, Deed::Launched, Cause::Refresh);
            }
            self.set_state(member, State::ShuttingDown, State::Terminated);
            self.acted(group.index, member.id, Deed::Terminated, Cause::Refresh);
        }
        Ok(())
    }

    /// Whether a member is from what the group would launch from.
    fn matches(&self, group: &Group, member: &Instance) -> bool {
        let orders = (0..group.source.ways()).filter_map(|number| self.next_order(group, number));
        orders.into_iter().any(|order| order.from == member.from)
    }

    /// Seconds between two steps.
    fn step(&self) -> i64 {
        self.delay.max(1)
    }
}
