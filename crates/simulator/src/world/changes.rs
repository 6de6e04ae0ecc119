//! What calls changed in a unit, laid over what is computed.

use std::collections::{BTreeMap, HashMap};

use super::configuration::Configuration;
use super::defaults::Defaults;
use super::group::Group;
use super::image::Image;
use super::instance::Instance;
use super::options::{MetadataOptions, State};
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
    /// Changed and created groups, by index.
    pub(super) groups: BTreeMap<u64, Group>,
    /// All images, once one of them was changed.
    pub(super) images: Option<Vec<Image>>,
    pub(super) defaults: Option<Defaults>,
    /// What calls with a client token made: by action and token, the indexes or numbers of the things.
    pub(super) made: HashMap<(String, String), Vec<u64>>,
    /// The indexes of the computed members of each computed group, once somebody asked; no change, but costly to find again.
    pub(super) members: Option<Vec<Vec<u64>>>,
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
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    pub(super) metadata: Option<(MetadataOptions, Applies)>,
    /// The state it was sent into, the second at which it settles, and the state it has then.
    pub(super) state: Option<(State, i64, State)>,
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
