//! Launch configurations of Auto Scaling, which cannot be changed once they are made.

use serde_json::{Map, Value};

use crate::hash::{self, Draws};

use super::accounts::Account;
use super::catalog::{Machine, WORKLOADS, X86_MACHINES};
use super::ids;
use super::image::{self, System};
use super::launch::Wish;
use super::seed::Seed;

const CONFIGURATIONS: u64 = 0x0063_6f6e_6669;
/// 2018-03-01, and a day.
const FIRST: i64 = 1_519_862_400;
const DAY: i64 = 86_400;

/// What decides about a computed launch configuration, without its texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfigurationSeed {
    index: u64,
    key: u64,
    pub(crate) machine: &'static Machine,
    /// The number of the image.
    pub(crate) image: u64,
    pub(crate) wish: Wish,
}

impl ConfigurationSeed {
    /// The launch configuration at `index` of the unit.
    pub(crate) fn new(seed: &Seed, index: u64) -> Self {
        let key = hash::join(hash::join(seed.key, CONFIGURATIONS), index);
        let mut draws = Draws::new(key);
        let hops = |required, hop_limit| Wish {
            hop_limit: Some(hop_limit),
            endpoint: Some(true),
            ..Wish::tokens(required)
        };
        let wish = match draws.below(100) {
            0..45 => Wish::default(),
            45..65 => Wish::tokens(true),
            65..80 => Wish::tokens(false),
            80..90 => hops(true, 2 + draws.below(2) as u8),
            90..95 => hops(false, 1),
            _ => hops(true, 1),
        };
        Self {
            index,
            key,
            machine: draws.pick(&X86_MACHINES),
            image: System::LinuxX86.image(draws.below(3)),
            wish,
        }
    }

    /// The launch configuration with its texts.
    pub(crate) fn configuration(&self, seed: &Seed, account: &Account) -> Configuration {
        let workload = &WORKLOADS[(self.key % WORKLOADS.len() as u64) as usize];
        Configuration {
            name: format!("lc-{}-{}-{}", workload.name, account.environment, self.index),
            key: self.key,
            image: ids::text("ami-", image::id(seed, self.image)),
            instance_type: self.machine.name.to_owned(),
            profile: Some(workload.role.to_owned()),
            metadata: (!self.wish.is_empty()).then_some(self.wish),
            created: FIRST + (self.key % 2_000) as i64 * DAY,
            more: Map::new(),
        }
    }
}

/// A launch configuration as `DescribeLaunchConfigurations` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) name: String,
    /// What the UUID in its ARN is made from.
    pub(crate) key: u64,
    pub(crate) image: String,
    pub(crate) instance_type: String,
    pub(crate) profile: Option<String>,
    /// Tokens, hop limit and endpoint; launch configurations know no more.
    pub(crate) metadata: Option<Wish>,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// All else, as it was given: by AWS's names, lists as arrays.
    pub(crate) more: Map<String, Value>,
}
