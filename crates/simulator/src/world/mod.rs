//! What there is: the organization, its accounts and their instances, all computed from the seed.
//!
//! Nothing is stored per instance. An instance's id is a scattered form of its number in the world, so both ways between id and number are arithmetic.

pub(crate) mod accounts;
pub(crate) mod catalog;
pub(crate) mod effective;
pub(crate) mod instance;
pub(crate) mod options;
pub(crate) mod organization;
pub(crate) mod policies;
pub(crate) mod tags;

use std::collections::HashMap;
use std::ops::Range;

use crate::config::Config;
use crate::hash;

use accounts::Account;
use instance::Instance;
use organization::Organization;

/// Labels that keep the sequences drawn from one seed apart.
const INSTANCE_IDS: u64 = 0x0069_6e73_7461_6e63;
const UNITS: u64 = 0x756e_6974;

/// One region of one account, by their places in [`World::accounts`] and [`World::regions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) account: usize,
    pub(crate) region: usize,
}

/// The simulated organization.
pub(crate) struct World {
    pub(crate) accounts: Vec<Account>,
    pub(crate) regions: Vec<String>,
    pub(crate) organization: Organization,
    by_id: HashMap<String, usize>,
    instances: u64,
    /// What instance numbers are combined with before they are scattered into ids.
    id_key: u64,
    unit_key: u64,
}

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        let mut organization = Organization::new(config.seed);
        let accounts = accounts::all(config.seed, config.accounts, &organization);
        organization.govern(config.seed, &accounts, config.closed_region.as_deref());
        let by_id = accounts
            .iter()
            .enumerate()
            .map(|(place, account)| (account.id.clone(), place))
            .collect();
        Self {
            accounts,
            regions: config.regions.clone(),
            organization,
            by_id,
            instances: config.instances,
            id_key: hash::join(config.seed, INSTANCE_IDS),
            unit_key: hash::join(config.seed, UNITS),
        }
    }

    /// The account that manages the organization: the first.
    pub(crate) fn management(&self) -> &Account {
        &self.accounts[0]
    }

    /// The place of the account that may read the organization like the managing one: `security-tooling`, or the last of fewer; none if there is only one.
    pub(crate) fn delegated_administrator(&self) -> Option<usize> {
        const SECURITY_TOOLING: usize = 6;
        (self.accounts.len() > 1).then(|| SECURITY_TOOLING.min(self.accounts.len() - 1))
    }

    /// The place of an account, by its id.
    pub(crate) fn account(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The place of an enabled region, by its name.
    pub(crate) fn region(&self, name: &str) -> Option<usize> {
        self.regions.iter().position(|region| region == name)
    }

    /// The numbers of the instances of a unit; all units together cover `0..instances`.
    pub(crate) fn numbers(&self, unit: Unit) -> Range<u64> {
        let units = self.accounts.len() as u64 * self.regions.len() as u64;
        let place = unit.account as u64 * self.regions.len() as u64 + unit.region as u64;
        let (each, rest) = (self.instances / units, self.instances % units);
        let start = place * each + place.min(rest);
        start..start + each + u64::from(place < rest)
    }

    /// The instance at `index` of a unit, as it is now. This is the one place where instances come into being: changes made to them belong laid over here.
    pub(crate) fn instance(&self, unit: Unit, index: u64) -> Instance {
        let id = hash::mix((self.numbers(unit).start + index) ^ self.id_key);
        Instance::new(id, self.unit_seed(unit), index)
    }

    /// The index within the unit of the instance with this id, if it is there.
    pub(crate) fn find(&self, unit: Unit, id: u64) -> Option<u64> {
        let number = hash::unmix(id) ^ self.id_key;
        let numbers = self.numbers(unit);
        numbers.contains(&number).then(|| number - numbers.start)
    }

    /// What networks, images and groups of a unit are drawn from.
    pub(crate) fn unit_seed(&self, unit: Unit) -> u64 {
        hash::join(hash::join(self.unit_key, unit.account as u64), unit.region as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn world(accounts: u32, instances: u64, seed: u64) -> World {
        World::new(&Config { accounts, instances, seed, ..Config::default() })
    }

    fn units(world: &World) -> impl Iterator<Item = Unit> {
        let regions = world.regions.len();
        (0..world.accounts.len())
            .flat_map(move |account| (0..regions).map(move |region| Unit { account, region }))
    }

    #[test]
    fn the_total_is_exact_and_even() {
        for (accounts, instances) in [(1, 0), (1, 3), (12, 2_000), (7, 1_000_003)] {
            let world = world(accounts, instances, 1);
            let sizes: Vec<u64> = units(&world)
                .map(|unit| world.numbers(unit))
                .map(|numbers| numbers.end - numbers.start)
                .collect();
            assert_eq!(sizes.iter().sum::<u64>(), instances);
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            assert!(sizes.is_sorted_by(|left, right| left >= right));
        }
    }

    #[test]
    fn ids_are_unique_and_lead_back() {
        let world = world(3, 5_000, 9);
        let mut seen = HashSet::new();
        for unit in units(&world) {
            let numbers = world.numbers(unit);
            for index in 0..numbers.end - numbers.start {
                let instance = world.instance(unit, index);
                assert!(seen.insert(instance.id));
                assert_eq!(world.find(unit, instance.id), Some(index));
                let elsewhere = Unit { account: (unit.account + 1) % 3, region: unit.region };
                assert_eq!(world.find(elsewhere, instance.id), None);
            }
        }
        assert_eq!(seen.len(), 5_000);
    }

    #[test]
    fn a_seed_is_a_world() {
        let unit = Unit { account: 1, region: 2 };
        let id = |seed| world(3, 5_000, seed).instance(unit, 17).id;
        assert_eq!(id(1), id(1));
        assert_ne!(id(1), id(2));
        assert_ne!(world(3, 0, 1).accounts[0].id, world(3, 0, 2).accounts[0].id);
    }
}
