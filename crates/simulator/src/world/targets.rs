//! Target groups of load balancers: one for about half of the Auto Scaling groups, and two with instances that are in no group.

use crate::hash;

use super::group::{Group, GroupSeed};
use super::instance::Instance;
use super::options::State;
use super::owner::Owner;
use super::stock::Stock;

const TARGETS: u64 = 0x7461_7267;
const REGISTERED: u64 = 0x0072_6567_6973;
/// Target groups without an Auto Scaling group, and of so many instances of a unit they take theirs: a target group holds 1,000 targets.
const STANDALONE: u64 = 2;
const CONSIDERED: u64 = 1_000;

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetGroup {
    pub(crate) name: String,
    /// What the id in its ARN is made from.
    pub(crate) key: u64,
    pub(crate) members: Members,
}

/// Who is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    /// The members of the Auto Scaling group at an index.
    Group(u64),
    /// Instances in no group, by the number of the target group.
    Standalone(u64),
}

impl TargetGroup {
    /// The part of its ARN behind the account.
    pub(crate) fn resource(&self) -> String {
        format!("targetgroup/{}/{:016x}", self.name, self.key)
    }

    /// The part of its load balancer's ARN behind the account.
    pub(crate) fn balancer(&self) -> String {
        format!("loadbalancer/app/{}/{:016x}", self.name, hash::mix(self.key))
    }

    pub(crate) fn port(&self) -> u64 {
        if (self.key >> 8).is_multiple_of(2) { 80 } else { 8080 }
    }
}

impl Group {
    /// The target group that its members are registered with, if there is one.
    pub(crate) fn target_group(&self) -> Option<TargetGroup> {
        of_group(self.index, self.key, self.owner)
    }
}

fn of_group(index: u64, key: u64, owner: Owner) -> Option<TargetGroup> {
    let key = hash::join(key, TARGETS);
    (owner != Owner::Batch && key.is_multiple_of(2)).then(|| TargetGroup {
        name: format!("tg-{index}-{:06x}", key >> 40),
        key,
        members: Members::Group(index),
    })
}

impl Stock<'_> {
    /// All target groups, those of Auto Scaling groups first.
    pub(crate) fn target_groups(&self) -> Vec<TargetGroup> {
        let groups = (0..self.groups()).filter_map(|index| self.group_of_targets(index));
        let mut all: Vec<TargetGroup> = groups.collect();
        let standalone = if self.seed.instances.computed > 0 { STANDALONE } else { 0 };
        all.extend((0..standalone).map(|number| {
            let key = hash::join(hash::join(self.seed.key, TARGETS), number);
            let name = format!("tg-standalone-{number}");
            TargetGroup { name, key, members: Members::Standalone(number) }
        }));
        all
    }

    fn group_of_targets(&self, index: u64) -> Option<TargetGroup> {
        if let Some(group) = self.changed_group(index) {
            return group.target_group();
        }
        let drawn = GroupSeed::new(&self.seed, index);
        of_group(index, drawn.key, drawn.owner)
    }

    /// The instances that are registered with a target group.
    pub(crate) fn targets(&mut self, group: &TargetGroup) -> Vec<Instance> {
        match group.members {
            Members::Group(index) => self.members(index),
            Members::Standalone(number) => (0..self.seed.instances.computed.min(CONSIDERED))
                .map(|index| self.instance(index))
                .filter(|instance| instance.group.is_none() && instance.state != State::Terminated)
                .filter(|instance| {
                    let drawn = instance.derived(REGISTERED);
                    drawn.is_multiple_of(6) && (drawn >> 32) % STANDALONE == number
                })
                .collect(),
        }
    }
}
