//! The accounts: ids, names and where they hang in the organization.

use crate::hash;

use super::organization::{Organization, Place};

/// One account of the organization.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Twelve digits.
    pub(crate) id: String,
    /// Lowercase letters, digits and hyphens; the account's alias too.
    pub(crate) name: String,
    pub(crate) email: String,
    /// What the `Environment` tag of its instances says.
    pub(crate) environment: &'static str,
    /// The id of the unit or root above.
    pub(crate) parent: String,
    /// Ids from the organization down to the account.
    pub(crate) path: String,
    /// Seconds since 1970.
    pub(crate) joined: i64,
}

/// Twelve-digit numbers without a leading zero.
const IDS: u64 = 900_000_000_000;
const FIRST_ID: u64 = 100_000_000_000;
/// Has no factor in common with [`IDS`], so that its multiples do not repeat within it.
const STRIDE: u64 = 556_230_590_401;

/// 2019-03-04, when the organization was founded.
const FOUNDED: i64 = 1_551_690_000;
const DAY: i64 = 86_400;

/// Names in the order they are given out; a number is added when the list begins anew.
const NAMES: [(&str, &str, Place); 36] = [
    ("management", "prod", Place::Root),
    ("shop-prod", "prod", Place::Production),
    ("shop-dev", "dev", Place::Development),
    ("data-platform-prod", "prod", Place::Production),
    ("data-platform-dev", "dev", Place::Development),
    ("log-archive", "prod", Place::Security),
    ("security-tooling", "prod", Place::Security),
    ("network-hub", "prod", Place::Infrastructure),
    ("shared-services", "prod", Place::Infrastructure),
    ("payments-prod", "prod", Place::Regulated),
    ("payments-staging", "staging", Place::Development),
    ("sandbox-platform", "sandbox", Place::Sandbox),
    ("search-prod", "prod", Place::Production),
    ("search-dev", "dev", Place::Development),
    ("mobile-api-prod", "prod", Place::Production),
    ("mobile-api-dev", "dev", Place::Development),
    ("ml-platform-prod", "prod", Place::Production),
    ("ml-platform-dev", "dev", Place::Development),
    ("logistics-prod", "prod", Place::Production),
    ("logistics-staging", "staging", Place::Development),
    ("ci-runners", "prod", Place::Infrastructure),
    ("observability", "prod", Place::Infrastructure),
    ("identity-prod", "prod", Place::Regulated),
    ("identity-dev", "dev", Place::Development),
    ("media-prod", "prod", Place::Production),
    ("media-dev", "dev", Place::Development),
    ("partner-portal-prod", "prod", Place::Production),
    ("partner-portal-dev", "dev", Place::Development),
    ("erp-prod", "prod", Place::Production),
    ("erp-staging", "staging", Place::Development),
    ("iot-prod", "prod", Place::Production),
    ("iot-dev", "dev", Place::Development),
    ("forensics", "prod", Place::Security),
    ("sandbox-data", "sandbox", Place::Sandbox),
    ("analytics-prod", "prod", Place::Production),
    ("analytics-dev", "dev", Place::Development),
];

/// All accounts; the first one manages the organization.
pub(crate) fn all(seed: u64, count: u32, organization: &Organization) -> Vec<Account> {
    let offset = hash::join(seed, hash::text("accounts")) % IDS;
    (0..count).map(|number| account(offset, u64::from(number), organization)).collect()
}

fn account(offset: u64, number: u64, organization: &Organization) -> Account {
    let id = (FIRST_ID + (offset + number * STRIDE) % IDS).to_string();
    let (base, environment, place) = NAMES[(number % NAMES.len() as u64) as usize];
    let round = number / NAMES.len() as u64;
    // Only one account manages the organization, whatever its name's place in the list.
    let (base, place) = if number > 0 && place == Place::Root {
        ("backup", Place::Infrastructure)
    } else {
        (base, place)
    };
    let name = if round == 0 { base.to_owned() } else { format!("{base}-{}", round + 1) };
    Account {
        email: format!("aws+{name}@example.com"),
        parent: organization.parent_id(place).to_owned(),
        path: organization.account_path(place, &id),
        joined: FOUNDED + (number % 2_000) as i64 * DAY,
        id,
        name,
        environment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_and_names_are_distinct() {
        let organization = Organization::new(3);
        let accounts = all(3, 5_000, &organization);
        let ids: HashSet<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
        let names: HashSet<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
        assert_eq!((ids.len(), names.len()), (5_000, 5_000));
        assert!(ids.iter().all(|id| id.len() == 12 && !id.starts_with('0')));
        assert_eq!(accounts[1].name, "shop-prod");
        assert_eq!(
            accounts.iter().filter(|account| account.parent == organization.root).count(),
            1
        );
    }
}
