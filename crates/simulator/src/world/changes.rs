//! What calls changed in a unit, laid over what is computed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::activities::Activity;
use super::configuration::Configuration;
use super::defaults::Defaults;
use super::group::Group;
use super::history::Turn;
use super::image::Image;
use super::instance::Instance;
use super::options::{MetadataOptions, State};
use super::refresh::Refresh;
use super::schedule::Set;
use super::services::Services;
use super::template::Template;

/// The changes of one unit. Whatever is not here is as it was computed.
#[derive(Default)]
pub(super) struct Changes {
    /// By the instance's index.
    pub(super) instances: HashMap<u64, Change>,
    /// Instances that calls launched, behind the computed ones.
    pub(super) launched: Vec<Instance>,
    /// Changed and created templates, by index.
    pub(super) templates: BTreeMap<u64, Template>,
    /// Launch configurations that calls created, behind the computed ones.
    pub(super) configurations: Vec<Configuration>,
    /// The indexes of those that were deleted.
    pub(super) deleted_configurations: HashSet<u64>,
    /// Changed and created groups, by index.
    pub(super) groups: BTreeMap<u64, Group>,
    /// All images, once one of them was changed.
    pub(super) images: Option<Vec<Image>>,
    pub(super) defaults: Option<Defaults>,
    /// What calls with a client token made: by action and token, the indexes or numbers of the things.
    pub(super) made: HashMap<(String, String), Vec<u64>>,
    /// The indexes of the computed members of each computed group, once somebody asked; no change, but costly to find again.
    pub(super) members: Option<Vec<Vec<u64>>>,
    /// What the software on an instance does where it was told, by the instance's index.
    pub(super) workloads: HashMap<u64, Set>,
    /// The tags of instances that were tagged anew, by index.
    pub(super) tags: HashMap<u64, Arc<[(String, String)]>>,
    /// Instance refreshes, in the order they were begun.
    pub(super) refreshes: Vec<Refresh>,
    /// What groups did, in order.
    pub(super) activities: Vec<Activity>,
    /// What was changed of the services besides EC2.
    pub(crate) services: Services,
    /// What was there before the last write.
    pub(super) before: Before,
}

/// What a reader may see who sees the last write late, and the second of real time at which it was.
#[derive(Default)]
pub(super) struct Before {
    pub(super) instances: HashMap<u64, (i64, Change)>,
    pub(super) templates: HashMap<u64, (i64, Option<Template>)>,
    pub(super) groups: HashMap<u64, (i64, Option<Group>)>,
    pub(super) defaults: Option<(i64, Option<Defaults>)>,
    pub(super) images: Option<(i64, Option<Vec<Image>>)>,
    /// When any of these was written last.
    pub(super) last: Option<i64>,
}

/// When changed metadata options are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applies {
    /// From this second since 1970 on.
    At(i64),
    /// When the instance, which is stopped, is started.
    AtStart,
}

/// What changed about one instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    pub(super) metadata: Option<(MetadataOptions, Applies)>,
    /// The state it was sent into, the second at which it settles, and the state it has then.
    pub(super) state: Option<(State, i64, State)>,
    /// What that came to for the metadata service, the oldest first.
    pub(super) turns: Vec<Turn>,
}

impl Change {
    /// Lays the change over an instance.
    pub(super) fn apply(&self, instance: &mut Instance, now: i64) {
        if let Some((passing, until, settled)) = self.state {
            instance.state = if now < until { passing } else { settled };
            instance.is_public &= instance.state == State::Running;
        }
        if let Some((options, applies)) = self.metadata {
            let pending = match applies {
                Applies::At(second) => now < second,
                Applies::AtStart => true,
            };
            instance.metadata = MetadataOptions { pending, ..options };
        }
    }
}
