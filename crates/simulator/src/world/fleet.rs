//! Spot fleets and EC2 fleets: what each launches from.

use crate::hash::{self, Draws};

use super::group::{Reference, VersionWish};
use super::stock::Stock;
use super::template::{TemplateSeed, VersionSeed};

const SPOT_FLEETS: u64 = 0x7366_6c65;
const FLEETS: u64 = 0x666c_6565;

/// What a fleet launches from.
#[derive(Debug, Clone)]
pub(crate) enum FleetSource {
    /// Launch specifications, which only Spot fleets have.
    Specification(VersionSeed),
    /// A launch template, and the machine types that its overrides name.
    Template(Reference, Vec<&'static str>),
}

/// A fleet of either kind.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    pub(crate) key: u64,
    pub(crate) source: FleetSource,
    pub(crate) target: u64,
    pub(crate) active: bool,
    /// Whether it keeps its target, and is no single request.
    pub(crate) maintains: bool,
    /// Seconds since 1970.
    pub(crate) created: i64,
}

impl Stock<'_> {
    /// The Spot fleets: one for about fifteen groups; a third launch from specifications.
    pub(crate) fn spot_fleets(&self) -> Vec<Fleet> {
        self.fleets_of(SPOT_FLEETS, 330)
    }

    /// The EC2 fleets: as many, all from launch templates.
    pub(crate) fn fleets(&self) -> Vec<Fleet> {
        self.fleets_of(FLEETS, 0)
    }

    fn fleets_of(&self, kind: u64, specified: u64) -> Vec<Fleet> {
        let key = hash::join(self.seed.key, kind);
        let templates = self.seed.templates.computed;
        if templates == 0 || self.seed.groups == 0 {
            return Vec::new();
        }
        let count = (self.seed.groups + key % 15) / 15;
        (0..count).map(|number| self.fleet(hash::join(key, number), templates, specified)).collect()
    }

    fn fleet(&self, key: u64, templates: u64, specified: u64) -> Fleet {
        let mut draws = Draws::new(key);
        let index = draws.below(templates);
        let seed = TemplateSeed::new(&self.seed, index);
        let asked = seed.version(seed.default);
        let version = match draws.below(3) {
            0 => VersionWish::Default,
            1 => VersionWish::Latest,
            _ => VersionWish::Number(seed.latest),
        };
        let source = if draws.chance(specified) {
            FleetSource::Specification(asked)
        } else {
            let template = self.template(index);
            let reference =
                Reference { id: template.id, name: template.name, version: Some(version.text()) };
            let types = super::group::overrides(asked.machine.arm).map(|machine| machine.name);
            FleetSource::Template(reference, types.to_vec())
        };
        Fleet {
            key,
            source,
            target: 1 + draws.below(10),
            active: draws.chance(850),
            maintains: draws.chance(700),
            created: 1_700_000_000 + draws.below(80_000_000) as i64,
        }
    }
}
