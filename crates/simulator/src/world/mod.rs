//! What there is: the organization, its accounts and what they have in their regions, all computed from the seed.
//!
//! Nothing is stored per instance, template or group. An id is a scattered form of a number in the world, so both ways between id and number are
//! arithmetic. What calls change is laid over that, for each account and region by itself: [`World::stock`] leads to both.

pub(crate) mod accounts;
pub(crate) mod activities;
pub(crate) mod catalog;
mod changes;
pub(crate) mod configuration;
pub(crate) mod defaults;
pub(crate) mod effective;
pub(crate) mod fleet;
pub(crate) mod group;
pub(crate) mod health;
mod history;
pub(crate) mod ids;
pub(crate) mod image;
pub(crate) mod instance;
pub(crate) mod launch;
pub(crate) mod launching;
pub(crate) mod members;
pub(crate) mod options;
pub(crate) mod organization;
pub(crate) mod owner;
pub(crate) mod policies;
pub(crate) mod refresh;
mod schedule;
pub(crate) mod seed;
pub(crate) mod services;
pub(crate) mod stock;
pub(crate) mod tags;
pub(crate) mod targets;
pub(crate) mod template;
pub(crate) mod usage;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::config::Config;
use crate::hash;

use accounts::Account;
use changes::Changes;
use defaults::Defaults;
use ids::Ids;
use organization::Organization;
use seed::Seed;
use stock::{Moment, Stock};
use usage::HOUR;

/// Labels that keep the sequences drawn from one seed apart.
const INSTANCE_IDS: u64 = 0x0069_6e73_7461_6e63;
const TEMPLATE_IDS: u64 = 0x7465_6d70_6c61;
const UNITS: u64 = 0x756e_6974;
const REGIONS: u64 = 0x7265_6769;

/// The hour at which software finds itself when its world begins: 2026-11-24T07:00:00Z.
const SOFTWARE_BEGINS: i64 = 1_795_503_600;

/// Seconds that software's time is behind that of a world which began at a second since 1970.
const fn behind(began: i64) -> i64 {
    (began - SOFTWARE_BEGINS).div_euclid(HOUR) * HOUR
}

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
    templates: u64,
    groups: u64,
    seed: u64,
    /// What [`Seed::behind`] says of every unit.
    behind: i64,
    /// Seconds until a change of an instance is through.
    delay: i64,
    /// What calls changed, one entry for each unit.
    changes: Vec<Mutex<Option<Box<Changes>>>>,
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
        let units = accounts.len() * config.regions.len();
        Self {
            accounts,
            regions: config.regions.clone(),
            organization,
            by_id,
            instances: config.instances,
            templates: config.templates.unwrap_or(config.instances / 10),
            groups: config.groups.unwrap_or(config.instances / 20),
            seed: config.seed,
            behind: config.began.map_or(0, behind),
            delay: i64::from(config.settle_seconds),
            changes: (0..units).map(|_| Mutex::default()).collect(),
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

    /// What a unit has at a moment. Other calls on the unit wait until it is let go.
    pub(crate) fn stock_at(&self, unit: Unit, moment: Moment) -> Stock<'_> {
        let changes = &self.changes[self.place(unit)];
        let Moment { now, real, is_late } = moment;
        let mut stock = Stock {
            seed: self.seed(unit),
            account: &self.accounts[unit.account],
            now,
            real,
            is_late: false,
            delay: self.delay,
            changes: changes.lock().unwrap_or_else(PoisonError::into_inner),
        };
        // What goes on by itself is no read, and knows everything.
        stock.catch_up();
        stock.is_late = is_late;
        stock
    }

    /// What a unit has as of `now` (seconds since 1970).
    #[cfg(test)]
    pub(crate) fn stock(&self, unit: Unit, now: i64) -> Stock<'_> {
        self.stock_at(unit, Moment { now, real: now, is_late: false })
    }

    /// What everything in a unit is computed from.
    pub(crate) fn seed(&self, unit: Unit) -> Seed {
        let place = self.place(unit) as u64;
        let (account, region) = (unit.account as u64, unit.region as u64);
        let key = hash::join(hash::join(hash::join(self.seed, UNITS), account), region);
        let ids =
            |kind, total| Ids::new(hash::join(self.seed, kind), &self.share(total, place), place);
        let groups = self.share(self.groups, place);
        Seed {
            key,
            region: hash::join(hash::join(self.seed, REGIONS), region),
            instances: ids(INSTANCE_IDS, self.instances),
            templates: ids(TEMPLATE_IDS, self.templates),
            groups: groups.end - groups.start,
            defaults: Defaults::draw(
                self.organization.effective_ec2_policy(&self.accounts[unit.account]),
                hash::join(self.seed, account),
                key,
            ),
            behind: self.behind,
        }
    }

    /// The place of a unit among all of them.
    const fn place(&self, unit: Unit) -> usize {
        unit.account * self.regions.len() + unit.region
    }

    /// The numbers of the things of a unit, of `total` in the world: the units share evenly, the first ones take the remainder.
    fn share(&self, total: u64, place: u64) -> Range<u64> {
        let units = self.changes.len() as u64;
        let (each, rest) = (total / units, total % units);
        let start = place * each + place.min(rest);
        start..start + each + u64::from(place < rest)
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
            let sizes: Vec<u64> =
                units(&world).map(|unit| world.seed(unit).instances.computed).collect();
            assert_eq!(sizes.iter().sum::<u64>(), instances);
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            assert!(sizes.is_sorted_by(|left, right| left >= right));
            let templates: u64 = units(&world).map(|unit| world.stock(unit, 0).templates()).sum();
            let groups: u64 = units(&world).map(|unit| world.stock(unit, 0).groups()).sum();
            assert_eq!((templates, groups), (instances / 10, instances / 20));
        }
    }

    #[test]
    fn ids_are_unique_and_lead_back() {
        let world = world(3, 5_000, 9);
        let mut seen = HashSet::new();
        for unit in units(&world) {
            let stock = world.stock(unit, 0);
            let elsewhere = Unit { account: (unit.account + 1) % 3, region: unit.region };
            let elsewhere = world.stock(elsewhere, 0);
            for index in 0..stock.instances() {
                let instance = stock.instance(index);
                assert!(seen.insert(instance.id));
                assert_eq!(stock.find_instance(instance.id), Some(index));
                assert_eq!(elsewhere.find_instance(instance.id), None);
            }
        }
        assert_eq!(seen.len(), 5_000);
    }

    #[test]
    fn a_seed_is_a_world() {
        let unit = Unit { account: 1, region: 2 };
        let id = |seed| world(3, 5_000, seed).stock(unit, 0).instance(17).id;
        assert_eq!(id(1), id(1));
        assert_ne!(id(1), id(2));
        assert_ne!(world(3, 0, 1).accounts[0].id, world(3, 0, 2).accounts[0].id);
    }
}
