//! One instance: a light value, computed from its id.

use crate::hash::{self, Draws};

use super::catalog::{ARM_MACHINES, Machine, WORKLOADS, Workload, X86_MACHINES};
use super::options::{MetadataOptions, State};

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

/// How the instance was launched, as its tags tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    ByHand,
    AutoScaling,
    Kubernetes,
    Beanstalk,
    CloudFormation,
}

impl Origin {
    fn draw(draws: &mut Draws) -> Self {
        match draws.below(100) {
            0..30 => Self::AutoScaling,
            30..40 => Self::Kubernetes,
            40..43 => Self::Beanstalk,
            43..46 => Self::CloudFormation,
            _ => Self::ByHand,
        }
    }
}

/// Everything about an instance that a filter may ask for or that decides its shape; plain ids follow from `id`.
// Independent facts; none of them excludes another.
#[allow(clippy::struct_excessive_bools)]
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
    pub(crate) origin: Origin,
    /// Which of the like-named groups, clusters or stacks of its origin it belongs to.
    pub(crate) group: u64,
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
}

impl Instance {
    /// Instances of one reservation share what they were launched with; the rest is each one's own.
    pub(crate) fn new(id: u64, unit: u64, index: u64) -> Self {
        let block = hash::join(unit, index / BLOCK);
        let place = index % BLOCK;
        let first = u64::from(BLOCKS[(block % BLOCKS.len() as u64) as usize][place as usize]);
        let reservation = hash::join(block, first);

        let mut launch = Draws::new(reservation);
        let origin = Origin::draw(&mut launch);
        let windows = launch.chance(70) && origin != Origin::Kubernetes;
        let arm = launch.chance(220) && !windows;
        let machine = if arm { launch.pick(&ARM_MACHINES) } else { launch.pick(&X86_MACHINES) };
        let workload = launch.pick(&WORKLOADS);
        let spot_share =
            if matches!(origin, Origin::AutoScaling | Origin::Kubernetes) { 150 } else { 10 };

        let mut own = Draws::new(id);
        let state = State::draw(&mut own);
        Self {
            id,
            unit,
            index,
            reservation,
            launch_index: place - first,
            state,
            machine,
            workload,
            origin,
            group: launch.below(6),
            launched: FIRST_LAUNCH + launch.below((LAST_LAUNCH - FIRST_LAUNCH) as u64) as i64,
            windows,
            spot: launch.chance(spot_share),
            has_role: launch.chance(700),
            network: launch.below(2),
            metadata: MetadataOptions::draw(&mut own, state),
            is_public: own.chance(250) && state == State::Running,
            volumes: 1 + own.below(10) / 7 + u64::from(own.chance(80)),
            zone: own.below(3),
        }
    }

    /// Whether it still has its network and its volumes: terminated instances lose them.
    pub(crate) fn has_network(&self) -> bool {
        self.state != State::Terminated
    }

    /// A number for one more id of this instance; `label` tells the ids apart.
    pub(crate) const fn derived(&self, label: u64) -> u64 {
        hash::join(self.id, label)
    }

    /// The image: a few per unit, architecture and system.
    pub(crate) const fn image(&self) -> u64 {
        let system = if self.windows { 2 } else { self.machine.arm as u64 };
        hash::join(self.unit, 100 + system * 10 + self.reservation % 3)
    }

    /// The network (VPC).
    pub(crate) const fn vpc(&self) -> u64 {
        hash::join(self.unit, 200 + self.network)
    }

    /// The subnet: one per network and zone.
    pub(crate) const fn subnet(&self) -> u64 {
        hash::join(self.unit, 300 + self.network * 3 + self.zone)
    }

    /// The launch template of an Auto Scaling group.
    pub(crate) fn launch_template(&self) -> u64 {
        hash::join(hash::join(self.unit, hash::text(self.workload.name)), 400 + self.group)
    }

    /// The version of the launch template: 1 to 12.
    pub(crate) const fn launch_template_version(&self) -> u64 {
        1 + self.reservation % 12
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

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;
