//! The organization's tree: root, organizational units, where an account hangs, and which policies count for it.

use std::collections::HashMap;

use serde_json::Value;

use super::accounts::Account;
use super::effective::{self, MetadataPolicy};
use super::policies::{self, Attached, Policy};
use crate::crypto;

/// The units of the tree, by their place in [`Organization::units`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Root,
    Security,
    Infrastructure,
    Workloads,
    Production,
    /// Below production.
    Regulated,
    Development,
    Sandbox,
}

/// An organizational unit.
pub(crate) struct OrganizationalUnit {
    /// `ou-` ROOT `-` eight characters.
    pub(crate) id: String,
    pub(crate) name: &'static str,
    /// The id of the unit or root above it.
    pub(crate) parent: String,
    /// Ids from the organization down to the unit, each with a slash behind it.
    pub(crate) path: String,
    place: Place,
}

/// The organization itself.
pub(crate) struct Organization {
    /// `o-` and ten characters.
    pub(crate) id: String,
    /// `r-` and four characters.
    pub(crate) root: String,
    pub(crate) units: Vec<OrganizationalUnit>,
    pub(crate) policies: Vec<Policy>,
    /// What the EC2 policies come to for accounts, by the id of the root or unit above them, or their own where they have policies of their own.
    effective: HashMap<String, Option<MetadataPolicy>>,
    /// The region that a service control policy closes for one unit.
    closed_region: Option<String>,
}

impl Organization {
    pub(crate) fn new(seed: u64) -> Self {
        let letters = |label: &str, count| {
            crypto::key_letters(&seed.to_be_bytes(), label, count).to_lowercase()
        };
        let suffix = letters("root", 4);
        let mut organization = Self {
            id: format!("o-{}", letters("organization", 10)),
            root: format!("r-{suffix}"),
            units: Vec::new(),
            policies: Vec::new(),
            effective: HashMap::new(),
            closed_region: None,
        };
        let mut add = |name: &'static str, above: Option<usize>, place: Place| {
            let parent = above.map(|above| &organization.units[above]);
            let base = parent.map_or_else(
                || format!("{}/{}/", organization.id, organization.root),
                |unit| unit.path.clone(),
            );
            let id = format!("ou-{suffix}-{}", letters(&format!("{base}{name}"), 8));
            let unit = OrganizationalUnit {
                path: format!("{base}{id}/"),
                parent: parent.map_or_else(|| organization.root.clone(), |unit| unit.id.clone()),
                id,
                name,
                place,
            };
            organization.units.push(unit);
            organization.units.len() - 1
        };
        add("Security", None, Place::Security);
        add("Infrastructure", None, Place::Infrastructure);
        let workloads = add("Workloads", None, Place::Workloads);
        let production = add("Prod", Some(workloads), Place::Production);
        add("Regulated", Some(production), Place::Regulated);
        add("Dev", Some(workloads), Place::Development);
        add("Sandbox", None, Place::Sandbox);
        organization
    }

    /// The unit at a place; none for the root.
    pub(crate) fn unit(&self, place: Place) -> Option<&OrganizationalUnit> {
        self.units.iter().find(|unit| unit.place == place)
    }

    /// The id of the unit or root that accounts of this place hang under.
    pub(crate) fn parent_id(&self, place: Place) -> &str {
        self.unit(place).map_or(&self.root, |unit| &unit.id)
    }

    /// The path of an account: ids from the organization down, each with a slash behind it.
    pub(crate) fn account_path(&self, place: Place, account: &str) -> String {
        match self.unit(place) {
            Some(unit) => format!("{}{account}/", unit.path),
            None => format!("{}/{}/{account}/", self.id, self.root),
        }
    }

    /// Writes the policies, once the accounts are known; `closed_region` adds one that closes a region.
    pub(super) fn govern(&mut self, seed: u64, accounts: &[Account], closed_region: Option<&str>) {
        self.policies = policies::all(seed, self, accounts, closed_region);
        self.closed_region = closed_region.map(str::to_owned);
        let root = (self.root.as_str(), format!("{}/{}/", self.id, self.root));
        let units = self.units.iter().map(|unit| (unit.id.as_str(), unit.path.clone()));
        let has_own = |account: &&Account| {
            let mut policies = self.policies.iter();
            policies.any(|policy| policy.attached == Attached::To(account.id.clone()))
        };
        let own = accounts.iter().filter(has_own);
        let own = own.map(|account| (account.id.as_str(), account.path.clone()));
        self.effective = std::iter::once(root)
            .chain(units)
            .chain(own)
            .map(|(id, path)| {
                let policy = effective::metadata(&self.policies, below_organization(&path));
                (id.to_owned(), policy)
            })
            .collect();
    }

    /// The unit of this id.
    pub(crate) fn unit_by_id(&self, id: &str) -> Option<&OrganizationalUnit> {
        self.units.iter().find(|unit| unit.id == id)
    }

    /// What the EC2 policies above and at an account decide about its metadata defaults; none if they decide nothing.
    pub(crate) fn effective_ec2_policy(&self, account: &Account) -> Option<&MetadataPolicy> {
        let own = self.effective.get(&account.id);
        own.or_else(|| self.effective.get(&account.parent))?.as_ref()
    }

    /// The effective EC2 policy of a target, given its path; none without any policy.
    pub(crate) fn effective_ec2_document(&self, path: &str) -> Option<Value> {
        effective::effective(&self.policies, below_organization(path))
    }

    /// Whether a service control policy closes this region for an account.
    pub(crate) fn is_closed(&self, account: &Account, region: &str) -> bool {
        self.closed_region.as_deref() == Some(region)
            && account.path.split('/').any(|id| id == policies::closed_for(self))
    }
}

/// The ids of a path from the root on down.
fn below_organization(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').skip(1).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::world::World;

    #[test]
    fn the_tree_has_ids_of_aws_s_form() {
        let organization = Organization::new(1);
        assert_eq!(organization.id.len(), 12);
        assert_eq!(organization.root.len(), 6);
        let prod = organization.unit(Place::Production).unwrap();
        assert!(prod.id.starts_with(&format!("ou-{}-", &organization.root[2..])));
        assert_eq!(prod.path.split('/').count(), 5);
        assert_eq!(organization.parent_id(Place::Root), organization.root);
        let path = organization.account_path(Place::Root, "111122223333");
        assert_eq!(path, format!("{}/{}/111122223333/", organization.id, organization.root));
    }

    #[test]
    fn units_have_up_to_three_levels() {
        let organization = Organization::new(1);
        let depth = |place| organization.unit(place).unwrap().path.split('/').count() - 3;
        assert_eq!([Place::Sandbox, Place::Production, Place::Regulated].map(depth), [1, 2, 3]);
    }

    #[test]
    fn ec2_policies_reach_down_to_accounts() {
        let world = World::new(&Config::default());
        let policy = |name: &str| {
            let account = world.accounts.iter().find(|account| account.name == name).unwrap();
            world.organization.effective_ec2_policy(account).cloned()
        };
        let tokens_and_hops = |name| {
            let policy = policy(name).unwrap();
            (policy.http_tokens.unwrap(), policy.hop_limit)
        };
        assert_eq!(tokens_and_hops("shop-prod"), ("required".into(), Some(2)));
        assert_eq!(tokens_and_hops("payments-prod"), ("required".into(), Some(1)));
        assert_eq!(tokens_and_hops("data-platform-prod"), ("optional".into(), Some(2)));
        let enforced = policy("security-tooling").unwrap().http_tokens_enforced;
        assert_eq!(enforced.as_deref(), Some("enabled"));
        for name in ["management", "network-hub", "shop-dev", "sandbox-platform"] {
            assert_eq!(policy(name), None, "{name}");
        }
    }

    #[test]
    fn a_region_is_closed_for_one_unit() {
        let config = Config { closed_region: Some("eu-west-1".into()), ..Config::default() };
        let world = World::new(&config);
        let closed: Vec<&str> = world
            .accounts
            .iter()
            .filter(|account| world.organization.is_closed(account, "eu-west-1"))
            .map(|account| account.name.as_str())
            .collect();
        assert_eq!(closed, ["shop-dev", "data-platform-dev", "payments-staging"]);
        assert!(!world.organization.is_closed(&world.accounts[2], "us-east-1"));
        assert!(world.organization.policies.iter().any(|policy| policy.name == "CloseRegion"));
    }

    #[test]
    fn service_control_policies_fit_into_aws_s_limit() {
        let config = Config { closed_region: Some("eu-west-1".into()), ..Config::default() };
        for policy in &World::new(&config).organization.policies {
            assert!(policy.content.len() <= 5_120, "{}", policy.name);
            assert!(serde_json::from_str::<Value>(&policy.content).is_ok(), "{}", policy.name);
        }
    }
}
