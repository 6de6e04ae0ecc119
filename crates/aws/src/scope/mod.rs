//! Which accounts and regions a run reads, and with which credentials.

mod base;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use base::{Base, Entry};

use crate::{
    access::Access,
    client::Client,
    endpoint::{self, BadEndpoint},
    error::CallError,
    identity::{self, IdentityError},
    partition::Partition,
    permissions,
    read::{self, ListedAccount, Tree},
    source::Wanted,
};

/// The role that Organizations creates in the accounts it creates.
pub const DEFAULT_ROLE: &str = "OrganizationAccountAccessRole";

/// Units named where one is not found.
const NAMED: usize = 20;
/// The name under which sessions stand in CloudTrail when nobody gives another.
const SESSION_NAME: &str = "imdsure";

/// What the user asked to read.
#[derive(Debug, Clone, Default)]
pub struct ScopeRequest {
    /// Profiles to read with; the default identity when empty.
    pub profiles: Vec<String>,
    /// Roles to assume and read with.
    pub role_arns: Vec<String>,
    /// Every active account of the organization.
    pub organization: bool,
    /// The role to assume in other accounts; [`DEFAULT_ROLE`] unless given.
    pub role_name: Option<String>,
    /// What the roles' trust policies ask for.
    pub external_id: Option<String>,
    /// Account ids to read; in an organization, only these of it.
    pub accounts: Vec<String>,
    /// Account ids to leave out of the organization.
    pub excluded_accounts: Vec<String>,
    /// Roots and organizational units, by id or by the path of their names, of which to read the accounts, at any depth.
    pub units: Vec<String>,
    /// Region codes to read; every enabled one when empty.
    pub regions: Vec<String>,
    /// Where all calls go, instead of AWS's endpoints.
    pub endpoint_url: Option<String>,
    /// The name under which sessions stand in CloudTrail; `imdsure` unless given.
    pub session_name: Option<String>,
}

/// An account to read.
#[derive(Debug, Clone)]
pub struct Account {
    /// The twelve digits.
    pub id: String,
    /// Its name, where the organization told it.
    pub name: Option<String>,
    /// Its ARN in Organizations.
    pub arn: Option<String>,
    /// Its root user's address.
    pub email: Option<String>,
    /// Its status in Organizations.
    pub status: Option<String>,
    /// Where it stands in the organization's tree.
    pub unit: OrganizationalUnit,
    /// The identity or role that reads it.
    pub entered_as: String,
    /// A region to ask for what has no region of its own.
    pub home_region: String,
    /// Its credentials.
    pub access: Arc<Access>,
}

/// The units above an account, from the root down; none where the tree was not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationalUnit {
    /// Their names: `Root/Workloads/Prod`.
    pub names: Option<String>,
    /// Their ids: `r-abcd/ou-abcd-11111111`.
    pub path: Option<String>,
}

impl Account {
    /// The id of its organization, by its ARN; none outside one.
    pub fn organization(&self) -> Option<&str> {
        // arn:aws:organizations::MANAGEMENT:account/o-…/ACCOUNT
        self.arn.as_deref()?.split('/').nth(1)
    }

    /// Whether it manages its organization, by its ARN; none outside an organization.
    pub fn management(&self) -> Option<bool> {
        // arn:aws:organizations::MANAGEMENT:account/o-…/ACCOUNT
        let manager = self.arn.as_deref()?.split(':').nth(4)?;
        Some(manager == self.id)
    }

    /// The account's partition.
    pub fn partition(&self) -> Partition {
        Partition::of_region(&self.home_region)
    }
}

/// What a run is going to read, and what stood in the way of finding out.
#[derive(Debug, Default)]
pub struct Scope {
    /// The accounts, each once.
    pub accounts: Vec<Account>,
    /// Whose the credentials are that the user came with: the ARNs that AWS gives.
    pub identities: Vec<String>,
    /// Calls that did not tell what they were asked.
    pub errors: Vec<CallError>,
    /// Why the organization's tree could not be read, where it was to be: what policies bind an account is
    /// not known then.
    pub(crate) without_tree: Option<CallError>,
    /// Who can read an organization's policies, for each organization that is read, by its id.
    pub(crate) organizations: BTreeMap<String, Account>,
    /// The regions chosen by the user; every enabled one when empty.
    pub regions: BTreeSet<String>,
}

/// A request that cannot be meant so.
#[derive(Debug, thiserror::Error)]
pub enum ScopeError {
    /// The identity cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// An account id that is none.
    #[error("`{0}` is no account id: twelve digits are")]
    BadAccountId(String),
    /// A unit that the organization does not have.
    #[error("the organization has no unit `{0}`; there are, by names: {1}")]
    UnknownUnit(String, String),
    /// Units, and a tree that could not be read.
    #[error("--ou needs the organization's tree, which could not be read: {0}")]
    NoTree(CallError),
    /// An account that is named and left out at once.
    #[error("--account {0} is outside the units of --ou, or left out by --exclude-account")]
    ChosenAndNot(String),
    /// The only account that could be read without the list is left out.
    #[error(
        "the organization's accounts could not be listed, and the caller's own is left out by --exclude-account"
    )]
    NothingWithoutList,
    /// A role name that is none.
    #[error("`{}` is no name of a role: letters, digits and `+=,.@_-/` are{}", .0, arn_hint(.0))]
    BadRoleName(String),
    /// Nothing is left to read.
    #[error(
        "no account is left to read: --ou, --account and --exclude-account leave none of the organization's {0} active accounts"
    )]
    NoAccountLeft(usize),
    /// Exclusions, and no organization to exclude from.
    #[error("{0} goes with --org: it chooses among the accounts of the organization")]
    WithoutOrganization(&'static str),
    /// An external id, and no role to assume with it.
    #[error("--external-id goes with --org, --account or --role-arn: roles are assumed with it")]
    ExternalIdAlone,
    /// A role ARN that is none.
    #[error("`{0}` is no role ARN: `arn:aws:iam::111122223333:role/NAME` is")]
    BadRoleArn(String),
    /// An account outside the organization.
    #[error("{0} is not an active account of the organization")]
    NotInOrganization(String),
    /// A region that the partition does not have.
    #[error("there is no region `{region}`{}", similar(.known, .region))]
    UnknownRegion {
        /// What was asked for.
        region: String,
        /// The regions that there are.
        known: Vec<String>,
    },
    /// Two ways of choosing accounts that exclude each other.
    #[error("--role-arn names its account itself: it cannot be used with {0}")]
    RoleArnWith(&'static str),
    /// A role name, and no account to use it in.
    #[error(
        "--role-name goes with --org or --account: it names the role to assume in other accounts"
    )]
    RoleNameAlone,
    /// Roles to assume, and several identities that could.
    #[error("--role-arn with several --profile: say which of them assumes the roles")]
    SeveralSources,
    /// Two roles that lead into one account.
    #[error("two --role-arn lead into account {0}: it is read once")]
    RolesOfOneAccount(String),
    /// An endpoint that is no URL.
    #[error(transparent)]
    BadEndpoint(#[from] BadEndpoint),
}

fn arn_hint(name: &str) -> &'static str {
    if name.starts_with("arn:") { "; --role-arn takes ARNs" } else { "" }
}

fn similar(known: &[String], region: &str) -> String {
    let prefix = region.split('-').next().unwrap_or_default();
    let near: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|name| name.split('-').next() == Some(prefix))
        .collect();
    match near.as_slice() {
        [] => format!("; there are: {}", known.join(", ")),
        near => format!("; there are: {}", near.join(", ")),
    }
}

impl ScopeRequest {
    /// Finds the accounts. Mistakes of the user are errors; what AWS refuses is part of the scope.
    /// Roles are entered for reading `wanted` and nothing else.
    pub async fn resolve(&self, client: &Client, wanted: &Wanted) -> Result<Scope, ScopeError> {
        self.resolve_with(client, permissions::read_policy(wanted).to_string()).await
    }

    /// The same, where roles are entered for what a policy (IAM's JSON) allows and nothing else.
    pub async fn resolve_with(
        &self,
        client: &Client,
        session_policy: String,
    ) -> Result<Scope, ScopeError> {
        self.check()?;
        let mut scope =
            Scope { regions: self.regions.iter().cloned().collect(), ..Scope::default() };
        let external_id = self.external_id.clone();
        let session_name = self.session_name.clone().unwrap_or_else(|| SESSION_NAME.to_owned());
        let entry = Arc::new(Entry { session_policy, session_name, external_id });
        let bases = self.bases(client, &entry, &mut scope).await?;
        scope.identities = bases.iter().map(|base| base.caller.arn.clone()).collect();
        self.check_regions(client, &bases).await?;
        let mut by_id = BTreeMap::new();
        for base in &bases {
            for account in self.accounts_of(client, base, &mut scope).await? {
                // An account that one of the identities belongs to is read with that identity.
                let own = bases.iter().find(|base| base.caller.account_id == account.id);
                let account = match own {
                    Some(own) if self.role_arns.is_empty() => own.in_place_of(account),
                    _ => account,
                };
                by_id.entry(account.id.clone()).or_insert(account);
            }
        }
        scope.accounts = by_id.into_values().collect();
        Ok(scope)
    }

    fn check(&self) -> Result<(), ScopeError> {
        let mut ids = self.accounts.iter().chain(&self.excluded_accounts);
        if let Some(bad) = ids.find(|id| !is_account_id(id)) {
            return Err(ScopeError::BadAccountId(bad.clone()));
        }
        if let Some(url) = &self.endpoint_url {
            endpoint::check(url)?;
        }
        if self.role_name.is_some() && !self.organization && self.accounts.is_empty() {
            return Err(ScopeError::RoleNameAlone);
        }
        if let Some(name) = self.role_name.as_ref().filter(|name| !is_role_name(name)) {
            return Err(ScopeError::BadRoleName(name.clone()));
        }
        self.check_organization()?;
        self.check_roles()
    }

    fn check_organization(&self) -> Result<(), ScopeError> {
        let roles = !self.accounts.is_empty() || !self.role_arns.is_empty();
        match self.organization {
            false if !self.excluded_accounts.is_empty() => {
                Err(ScopeError::WithoutOrganization("--exclude-account"))
            }
            false if self.external_id.is_some() && !roles => Err(ScopeError::ExternalIdAlone),
            _ => Ok(()),
        }
    }

    fn check_roles(&self) -> Result<(), ScopeError> {
        let mut accounts = BTreeSet::new();
        for arn in &self.role_arns {
            match account_of_role(arn) {
                None => return Err(ScopeError::BadRoleArn(arn.clone())),
                Some(account) if !accounts.insert(account) => {
                    return Err(ScopeError::RolesOfOneAccount(account.to_owned()));
                }
                Some(_) => {}
            }
        }
        match (accounts.is_empty(), self.organization, self.accounts.is_empty()) {
            (false, true, _) => Err(ScopeError::RoleArnWith("--org")),
            (false, _, false) => Err(ScopeError::RoleArnWith("--account")),
            (false, ..) if self.profiles.len() > 1 => Err(ScopeError::SeveralSources),
            _ => Ok(()),
        }
    }

    /// The identities to start from, each with the account that it belongs to.
    async fn bases(
        &self,
        client: &Client,
        entry: &Arc<Entry>,
        scope: &mut Scope,
    ) -> Result<Vec<Base>, ScopeError> {
        let mut bases = Vec::new();
        let default = [None];
        let named: Vec<Option<&str>> =
            self.profiles.iter().map(|name| Some(name.as_str())).collect();
        for profile in if named.is_empty() { &default[..] } else { &named } {
            let identity = identity::load(*profile, self.endpoint_url.as_deref()).await?;
            match Base::of(client, identity, Arc::clone(entry)).await {
                Ok(base) => bases.push(base),
                Err(error) => scope.errors.push(error),
            }
        }
        Ok(bases)
    }

    /// Refuses regions that none of the identities knows, before anything is read.
    async fn check_regions(&self, client: &Client, bases: &[Base]) -> Result<(), ScopeError> {
        if self.regions.is_empty() {
            return Ok(());
        }
        let mut known = BTreeSet::new();
        for base in bases {
            // An error here says nothing on the regions; the run itself will show it.
            let Ok(regions) = read::describe_regions(client, &base.place()).await else {
                return Ok(());
            };
            known.extend(regions.into_iter().map(|region| region.name));
        }
        match self.regions.iter().find(|region| !known.contains(*region)) {
            Some(region) if !bases.is_empty() => Err(ScopeError::UnknownRegion {
                region: region.clone(),
                known: known.into_iter().collect(),
            }),
            _ => Ok(()),
        }
    }

    async fn accounts_of(
        &self,
        client: &Client,
        base: &Base,
        scope: &mut Scope,
    ) -> Result<Vec<Account>, ScopeError> {
        if self.organization {
            return self.of_organization(client, base, scope).await;
        }
        let by_arn = |arn: &String| Some(base.by_role(account_of_role(arn)?, arn.clone()));
        let by_id = |id: &String| base.by_role(id, base.role_arn(id, self.role_name()));
        Ok(match (self.role_arns.as_slice(), self.accounts.as_slice()) {
            ([], []) => vec![base.own()],
            ([], ids) => ids.iter().map(by_id).collect(),
            (arns, _) => arns.iter().filter_map(by_arn).collect(),
        })
    }

    async fn of_organization(
        &self,
        client: &Client,
        base: &Base,
        scope: &mut Scope,
    ) -> Result<Vec<Account>, ScopeError> {
        let tree = self.tree(client, base, scope).await?;
        let listed = match read::list_accounts(client, &base.place()).await {
            Ok(listed) => listed,
            // What can be read without the list is read all the same.
            Err(error) => {
                scope.errors.push(error);
                return self.without_list(base);
            }
        };
        let active: Vec<ListedAccount> = listed.into_iter().filter(ListedAccount::active).collect();
        let missing = |id: &&String| !active.iter().any(|account| account.id == **id);
        if let Some(id) = self.accounts.iter().find(missing) {
            return Err(ScopeError::NotInOrganization(id.clone()));
        }
        let all = active.len();
        let member = |account: ListedAccount| {
            let unit = tree.of(&account.id);
            Account { unit, ..base.member(account, self.role_name()) }
        };
        let mut accounts: Vec<Account> = active.into_iter().map(member).collect();
        let own = |account: &Account| account.id == base.caller.account_id;
        if accounts.iter().any(own) {
            let id = accounts.iter().find_map(Account::organization).unwrap_or_default().to_owned();
            scope.organizations.entry(id).or_insert_with(|| base.own());
        } else {
            // A list that leaves out who asks is not the whole organization.
            scope.errors.push(base.not_listed());
            accounts.push(base.own());
        }
        let within = |id: &&String| accounts.iter().any(|a| a.id == **id && self.chooses(a));
        if let Some(id) = self.accounts.iter().find(|id| !within(id)) {
            return Err(ScopeError::ChosenAndNot(id.clone()));
        }
        accounts.retain(|account| self.chooses(account));
        if accounts.is_empty() {
            return Err(ScopeError::NoAccountLeft(all));
        }
        Ok(accounts)
    }

    /// The accounts that can be read without the list: those that are named, else the caller's own.
    fn without_list(&self, base: &Base) -> Result<Vec<Account>, ScopeError> {
        let named =
            self.accounts.iter().map(|id| base.by_role(id, base.role_arn(id, self.role_name())));
        let mut accounts: Vec<Account> = named.collect();
        if accounts.is_empty() {
            accounts.push(base.own());
        }
        accounts.retain(|account| !self.excluded_accounts.contains(&account.id));
        if accounts.is_empty() {
            return Err(ScopeError::NothingWithoutList);
        }
        Ok(accounts)
    }

    /// The organization's tree. Only who chooses units needs it; for others it is good to have.
    async fn tree(
        &self,
        client: &Client,
        base: &Base,
        scope: &mut Scope,
    ) -> Result<Tree, ScopeError> {
        let tree = match Tree::read(client, &base.place()).await {
            Ok(tree) => tree,
            Err(error) if !self.units.is_empty() => return Err(ScopeError::NoTree(error)),
            Err(error) => {
                scope.without_tree = Some(error);
                return Ok(Tree::default());
            }
        };
        match self.units.iter().find(|unit| !tree.has(unit)) {
            Some(unit) => {
                let names = tree.names().collect::<BTreeSet<_>>().into_iter();
                let names = names.take(NAMED).collect::<Vec<_>>().join(", ");
                Err(ScopeError::UnknownUnit(unit.clone(), names))
            }
            None => Ok(tree),
        }
    }

    fn chooses(&self, account: &Account) -> bool {
        let within = |unit: &String| account.unit.is_in(unit);
        (self.accounts.is_empty() || self.accounts.contains(&account.id))
            && !self.excluded_accounts.contains(&account.id)
            && (self.units.is_empty() || self.units.iter().any(within))
    }

    fn role_name(&self) -> &str {
        self.role_name.as_deref().unwrap_or(DEFAULT_ROLE)
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A role's name, with its path before it where it has one.
pub fn is_role_name(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&b);
    !text.is_empty() && !text.starts_with('/') && !text.ends_with('/') && text.bytes().all(word)
}

/// The account in `arn:PARTITION:iam::ACCOUNT:role/NAME`.
fn account_of_role(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let fits = parts.next() == Some("arn") && parts.next().is_some_and(|p| p.starts_with("aws"));
    let fits = fits && parts.next() == Some("iam") && parts.next() == Some("");
    let account = parts.next().filter(|id| fits && is_account_id(id))?;
    parts.next().filter(|rest| rest.len() > 5 && rest.starts_with("role/")).map(|_| account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_called_by_id_or_by_the_path_of_their_names() {
        let unit = OrganizationalUnit {
            names: Some("Root/Workloads/Prod".to_owned()),
            path: Some("r-abcd/ou-abcd-11111111/ou-abcd-22222222".to_owned()),
        };
        for within in
            ["r-abcd", "ou-abcd-11111111", "Root", "Root/Workloads", "Root/Workloads/Prod"]
        {
            assert!(unit.is_in(within), "{within}");
        }
        for other in ["", "ou-abcd-33333333", "Prod", "Root/Work", "Root/Workloads/Prod/Web"] {
            assert!(!unit.is_in(other), "{other}");
        }
        assert!(!OrganizationalUnit::default().is_in("r-abcd"));
    }

    #[test]
    fn role_arns_name_their_account() {
        assert_eq!(account_of_role("arn:aws:iam::111122223333:role/a/b"), Some("111122223333"));
        assert_eq!(account_of_role("arn:aws-cn:iam::111122223333:role/a"), Some("111122223333"));
        for bad in [
            "role/a",
            "arn:aws:iam::1:role/a",
            "arn:aws:iam::111122223333:user/a",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert_eq!(account_of_role(bad), None, "{bad}");
        }
    }
}
