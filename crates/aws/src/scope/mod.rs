//! Which accounts and regions a run reads, and with which credentials.

mod base;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use base::Base;

use crate::{
    access::Access,
    client::Client,
    endpoint::{self, BadEndpoint},
    error::CallError,
    identity::{self, IdentityError},
    partition::Partition,
    read::{self, ListedAccount},
};

/// The role that Organizations creates in the accounts it creates.
pub const DEFAULT_ROLE: &str = "OrganizationAccountAccessRole";

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
    /// Account ids to read; in an organization, only these of it.
    pub accounts: Vec<String>,
    /// Region codes to read; every enabled one when empty.
    pub regions: Vec<String>,
    /// Where all calls go, instead of AWS's endpoints.
    pub endpoint_url: Option<String>,
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
    /// The identity or role that reads it.
    pub entered_as: String,
    /// A region to ask for what has no region of its own.
    pub home_region: String,
    /// Its credentials.
    pub access: Arc<Access>,
}

impl Account {
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
    /// Calls that did not tell what they were asked.
    pub errors: Vec<CallError>,
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
    pub async fn resolve(&self, client: &Client) -> Result<Scope, ScopeError> {
        self.check()?;
        let mut scope =
            Scope { regions: self.regions.iter().cloned().collect(), ..Scope::default() };
        let bases = self.bases(client, &mut scope).await?;
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
        if let Some(bad) = self.accounts.iter().find(|id| !is_account_id(id)) {
            return Err(ScopeError::BadAccountId(bad.clone()));
        }
        if let Some(url) = &self.endpoint_url {
            endpoint::check(url)?;
        }
        if self.role_name.is_some() && !self.organization && self.accounts.is_empty() {
            return Err(ScopeError::RoleNameAlone);
        }
        self.check_roles()
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
    async fn bases(&self, client: &Client, scope: &mut Scope) -> Result<Vec<Base>, ScopeError> {
        let mut bases = Vec::new();
        let default = [None];
        let named: Vec<Option<&str>> =
            self.profiles.iter().map(|name| Some(name.as_str())).collect();
        for profile in if named.is_empty() { &default[..] } else { &named } {
            let identity = identity::load(*profile, self.endpoint_url.as_deref()).await?;
            match Base::of(client, identity).await {
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
            return match read::list_accounts(client, &base.place()).await {
                Ok(listed) => self.of_organization(base, listed, scope),
                Err(error) => {
                    // What can be read without the list is read all the same.
                    scope.errors.push(error);
                    Ok(vec![base.own()])
                }
            };
        }
        let by_arn = |arn: &String| Some(base.by_role(account_of_role(arn)?, arn.clone()));
        let by_id = |id: &String| base.by_role(id, base.role_arn(id, self.role_name()));
        Ok(match (self.role_arns.as_slice(), self.accounts.as_slice()) {
            ([], []) => vec![base.own()],
            ([], ids) => ids.iter().map(by_id).collect(),
            (arns, _) => arns.iter().filter_map(by_arn).collect(),
        })
    }

    fn of_organization(
        &self,
        base: &Base,
        listed: Vec<ListedAccount>,
        scope: &mut Scope,
    ) -> Result<Vec<Account>, ScopeError> {
        let active: Vec<ListedAccount> = listed.into_iter().filter(ListedAccount::active).collect();
        let missing = |id: &&String| !active.iter().any(|account| account.id == **id);
        if let Some(id) = self.accounts.iter().find(missing) {
            return Err(ScopeError::NotInOrganization(id.clone()));
        }
        let chosen = |account: &ListedAccount| {
            self.accounts.is_empty() || self.accounts.contains(&account.id)
        };
        let accounts = active.into_iter().filter(chosen);
        let mut accounts: Vec<Account> =
            accounts.map(|account| base.member(account, self.role_name())).collect();
        let own = |account: &Account| account.id == base.caller.account_id;
        if self.accounts.is_empty() && !accounts.iter().any(own) {
            // A list that leaves out who asks is not the whole organization.
            scope.errors.push(base.not_listed());
            accounts.push(base.own());
        }
        Ok(accounts)
    }

    fn role_name(&self) -> &str {
        self.role_name.as_deref().unwrap_or(DEFAULT_ROLE)
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
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
