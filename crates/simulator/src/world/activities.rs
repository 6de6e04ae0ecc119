//! What groups launched and ended since calls changed anything, and why.

use super::stock::Stock;

/// What a group did to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Launched,
    Terminated,
}

/// Why a group did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It had so many members, and wanted so many.
    Size(u64, u64),
    /// Somebody terminated or stopped it.
    Ended,
    /// Somebody told the group that it is unhealthy.
    Told,
    Refresh,
}

/// One activity of a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Activity {
    pub(crate) group: u64,
    /// The number of the instance's id.
    pub(crate) instance: u64,
    pub(crate) deed: Deed,
    pub(crate) cause: Cause,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

impl Stock<'_> {
    /// The activities of a group, the newest first.
    pub(crate) fn activities(&self, group: u64) -> Vec<Activity> {
        let all = self.changes.as_deref().map_or(&[][..], |changes| &changes.activities);
        all.iter().rev().filter(|activity| activity.group == group).copied().collect()
    }

    /// Remembers what a group did now.
    pub(crate) fn acted(&mut self, group: u64, instance: u64, deed: Deed, cause: Cause) {
        let activity = Activity { group, instance, deed, cause, at: self.now };
        self.change().activities.push(activity);
    }
}
