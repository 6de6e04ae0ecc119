//! One instance: a light value, computed from its id.

use std::sync::Arc;

use crate::hash::{self, Draws};

use super::catalog::{ARM_MACHINES, Machine, WORKLOADS, Workload, X86_MACHINES};
use super::group::{GroupSeed, LaunchedFrom};
use super::image::{self, System};
use super::launch::resolve;
use super::options::{MetadataOptions, State};
use super::seed::Seed;

/// Instances that one block of reservations holds; see [`BLOCKS`].
const BLOCK: u64 = 6;

/// How a block of six instances falls into reservations: for each, the first instance of its reservation.
const BLOCKS: [[u8; BLOCK as usize]; 8] = [
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, 5],
    [0, 0, 2, 3, 4, 5],
    [0, 1, 1, 3, 4, 4],
    [0, 0, 0, 3, 4, 5],
    [0, 1, 2, 2, 2, 5],
];

/// 2018-01-01 and 2026-06-01: between them everything was launched.
const FIRST_LAUNCH: i64 = 1_514_764_800;
const LAST_LAUNCH: i64 = 1_780_272_000;

/// How the instance came into being, as its tags tell.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    ByHand,
    /// A CloudFormation stack that launched it by itself.
    Stack,
    /// A member of one of the unit's computed groups.
    Member(GroupSeed),
}

/// Everything about an instance that a filter may ask for or that decides its shape; plain ids follow from `id`.
// Independent facts; none of them excludes another.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: u64,
    /// The seed of the unit it lives in.
    pub(crate) unit: u64,
    /// Its place within the unit.
    pub(crate) index: u64,
    pub(crate) reservation: u64,
    /// Its place within the reservation.
    pub(crate) launch_index: u64,
    pub(crate) state: State,
    pub(crate) machine: &'static Machine,
    pub(crate) workload: &'static Workload,
    /// The id of its image.
    pub(crate) image: u64,
    pub(crate) origin: Origin,
    /// The index of the group it is a member of.
    pub(crate) group: Option<u64>,
    /// The launch template or configuration it was launched from.
    pub(crate) from: Option<LaunchedFrom>,
    /// Which of the like-named stacks or cost centers it belongs to.
    pub(crate) set: u64,
    /// Seconds since 1970.
    pub(crate) launched: i64,
    pub(crate) metadata: MetadataOptions,
    pub(crate) windows: bool,
    pub(crate) spot: bool,
    pub(crate) has_role: bool,
    pub(crate) is_public: bool,
    pub(crate) volumes: u64,
    /// Availability zone: 0, 1 or 2.
    pub(crate) zone: u64,
    /// Which of the unit's two networks.
    pub(crate) network: u64,
    /// The instance profile of an instance that a call launched; that of the others is named after their role.
    pub(crate) profile: Option<Arc<str>>,
    /// The tags of an instance that a call launched; those of the others are computed.
    pub(crate) tags: Option<Arc<[(String, String)]>>,
}

/// Of 100 instances, how many Auto Scaling launched where there are groups, and how many a stack did.
const MEMBERS: u64 = 43;
const STACKS: u64 = 3;

impl Instance {
    /// The computed instance at `index` of a unit, as it is before any call changes it. Instances of one reservation share what they were launched
    /// with; the rest is each one's own.
    pub(crate) fn new(seed: &Seed, index: u64) -> Self {
        let id = seed.instances.id(index);
        let block = hash::join(seed.key, index / BLOCK);
        let place = index % BLOCK;
        let first = u64::from(BLOCKS[(block % BLOCKS.len() as u64) as usize][place as usize]);
        let reservation = hash::join(block, first);

        let mut launch = Draws::new(reservation);
        let kind = launch.below(100);
        let windows = launch.chance(70);
        let arm = launch.chance(220) && !windows;
        let machine = if arm { launch.pick(&ARM_MACHINES) } else { launch.pick(&X86_MACHINES) };
        let workload = launch.pick(&WORKLOADS);
        let member = kind < MEMBERS && seed.groups > 0;
        let set = launch.below(if member { seed.groups } else { 6 });
        let launched = FIRST_LAUNCH + launch.below((LAST_LAUNCH - FIRST_LAUNCH) as u64) as i64;

        let mut own = Draws::new(id);
        let state = State::draw(&mut own);
        let instance = Self {
            id,
            unit: seed.key,
            index,
            reservation,
            launch_index: place - first,
            state,
            machine,
            workload,
            image: image::id(seed, System::of(arm, windows).image(reservation)),
            origin: if (MEMBERS..MEMBERS + STACKS).contains(&kind) {
                Origin::Stack
            } else {
                Origin::ByHand
            },
            group: None,
            from: None,
            set,
            launched,
            windows,
            spot: launch.chance(if member { 150 } else { 10 }),
            has_role: launch.chance(700),
            network: launch.below(2),
            metadata: MetadataOptions::draw(&mut own, state),
            is_public: own.chance(250) && state == State::Running,
            volumes: 1 + own.below(10) / 7 + u64::from(own.chance(80)),
            zone: own.below(3),
            profile: None,
            tags: None,
        };
        if member { instance.enrolled(seed) } else { instance }
    }

    /// The instance as a member of the group that `set` picks: made as the group makes its members.
    fn enrolled(mut self, seed: &Seed) -> Self {
        let group = GroupSeed::new(seed, self.set);
        let member = group.member(seed, self.reservation, self.id);
        if !member.changed {
            let v2 = image::is_v2(seed, member.image);
            self.metadata = resolve(member.wish, seed.defaults, v2);
        }
        // A group replaces a member that stops, unless it is on standby: then it may stay so.
        if matches!(self.state, State::Stopping | State::Stopped) && !self.id.is_multiple_of(8) {
            self.state = State::Running;
        }
        self.group = Some(group.index);
        self.from = Some(member.from);
        self.machine = member.machine;
        self.image = image::id(seed, member.image);
        self.windows = member.windows;
        self.workload = group.workload;
        self.set = group.index % 6;
        self.origin = Origin::Member(group);
        self
    }

    /// Whether it still has its network and its volumes: terminated instances lose them.
    pub(crate) fn has_network(&self) -> bool {
        self.state != State::Terminated
    }

    /// A number for one more id of this instance; `label` tells the ids apart.
    pub(crate) const fn derived(&self, label: u64) -> u64 {
        hash::join(self.id, label)
    }

    /// The network (VPC).
    pub(crate) const fn vpc(&self) -> u64 {
        hash::join(self.unit, 200 + self.network)
    }

    /// The subnet: one per network and zone.
    pub(crate) const fn subnet(&self) -> u64 {
        subnet_id(self.unit, self.network, self.zone)
    }

    /// The private IPv4 address: from 10.0.0.4 on, by its place in the unit.
    pub(crate) const fn private_address(&self) -> u32 {
        let (net, host) = (self.index / 250, 4 + self.index % 250);
        (10 << 24) | (((net & 0xffff) as u32) << 8) | host as u32
    }

    /// The public IPv4 address, in blocks that EC2 really uses.
    pub(crate) const fn public_address(&self) -> u32 {
        const FIRST: [u32; 4] = [3, 18, 52, 54];
        let drawn = self.derived(1);
        (FIRST[(drawn >> 62) as usize] << 24) | (drawn as u32 & 0x00ff_ffff)
    }
}

/// The id of a unit's subnet: one for each of its networks and zones.
pub(crate) const fn subnet_id(unit: u64, network: u64, zone: u64) -> u64 {
    hash::join(unit, 300 + network * 3 + zone)
}

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;
