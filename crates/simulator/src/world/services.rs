//! What calls changed of the services besides EC2: notebooks, Beanstalk environments, Lightsail's instances. All by name.

use std::collections::{HashMap, HashSet};

use super::launch::Wish;
use super::stock::Stock;

/// A state that is passed through, the second at which it ends, and the one behind it.
pub(crate) type Passage = (&'static str, i64, &'static str);

/// The state as of now.
pub(crate) const fn state_of((passing, until, settled): Passage, now: i64) -> &'static str {
    if now < until { passing } else { settled }
}

/// The state of what does not show any more.
pub(crate) const DELETED: &str = "Deleted";

/// A notebook instance that was changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotebookChange {
    pub(crate) status: Passage,
    /// The oldest version of the metadata service that it allows, if that was set.
    pub(crate) version: Option<&'static str>,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

/// An environment that was changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnvironmentChange {
    /// `DisableIMDSv1`; none where it was taken away.
    pub(crate) disabled: Option<&'static str>,
    /// The second at which it is ready again, or terminated.
    pub(crate) ready: i64,
    pub(crate) is_terminated: bool,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

/// Metadata options of a Lightsail instance that were changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MachineChange {
    pub(crate) wish: Wish,
    /// The second at which they are in force.
    pub(crate) applied: i64,
}

/// All changes of a unit.
#[derive(Debug, Default)]
pub(crate) struct Services {
    pub(crate) notebooks: HashMap<&'static str, NotebookChange>,
    pub(crate) environments: HashMap<&'static str, EnvironmentChange>,
    pub(crate) machines: HashMap<&'static str, MachineChange>,
    pub(crate) deleted_machines: HashSet<&'static str>,
}

impl Stock<'_> {
    /// What was changed of the other services, if anything was.
    pub(crate) fn services(&self) -> Option<&Services> {
        self.changes.as_deref().map(|changes| &changes.services)
    }

    /// The same, about to be changed.
    pub(crate) fn services_mut(&mut self) -> &mut Services {
        &mut self.change().services
    }
}
