//! What everything in a unit is computed from.

use super::defaults::Defaults;
use super::ids::Ids;

/// The starting numbers of one region of one account; cheap to copy, and never changed by a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    /// What networks, images, templates and groups of the unit are drawn from.
    pub(crate) key: u64,
    /// What is the same in all accounts of the region is drawn from this.
    pub(crate) region: u64,
    pub(crate) instances: Ids,
    pub(crate) templates: Ids,
    pub(crate) groups: u64,
    /// The defaults the account began with.
    pub(crate) defaults: Defaults,
    /// Seconds that the time software goes by is behind the world's: whole hours, so that metrics fall into the same ones.
    /// So a world shows the same use of version 1 on whatever day it begins.
    pub(crate) behind: i64,
}

impl Seed {
    /// How many launch configurations the unit has: one for about three groups.
    pub(crate) const fn configurations(&self) -> u64 {
        self.groups.div_ceil(3)
    }
}
