//! Which accounts and regions a run reads, and with which credentials.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    access::{Access, Role},
    client::{Client, Place},
    error::CallError,
    identity::{self, Identity, IdentityError},
    partition::Partition,
    permissions,
    read::{self, Caller, ListedAccount},
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
    /// An endpoint that is no URL.
    #[error("`{0}` is no endpoint: `https://host[:port]` is")]
    BadEndpoint(String),
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
        let mut by_id = BTreeMap::new();
        for base in self.bases(client, &mut scope).await? {
            self.check_regions(client, &base).await?;
            for account in self.accounts_of(client, &base, &mut scope).await? {
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
        if let Some(bad) = self.role_arns.iter().find(|arn| account_of_role(arn).is_none()) {
            return Err(ScopeError::BadRoleArn(bad.clone()));
        }
        if let Some(url) = &self.endpoint_url {
            let scheme = url::Url::parse(url)
                .map(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
            if scheme != Ok(true) {
                return Err(ScopeError::BadEndpoint(url.clone()));
            }
        }
        match (self.role_arns.is_empty(), self.organization, self.accounts.is_empty()) {
            (false, true, _) => Err(ScopeError::RoleArnWith("--org")),
            (false, _, false) => Err(ScopeError::RoleArnWith("--account")),
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

    /// Refuses regions that do not exist, before anything is read.
    async fn check_regions(&self, client: &Client, base: &Base) -> Result<(), ScopeError> {
        if self.regions.is_empty() {
            return Ok(());
        }
        // An error here says nothing on the regions; the run itself will show it.
        let Ok(regions) = read::describe_regions(client, &base.place()).await else {
            return Ok(());
        };
        let known: Vec<String> = regions.into_iter().map(|region| region.name).collect();
        match self.regions.iter().find(|region| !known.contains(region)) {
            Some(region) => Err(ScopeError::UnknownRegion { region: region.clone(), known }),
            None => Ok(()),
        }
    }

    async fn accounts_of(
        &self,
        client: &Client,
        base: &Base,
        scope: &mut Scope,
    ) -> Result<Vec<Account>, ScopeError> {
        if !self.role_arns.is_empty() {
            let by_role = |arn: &String| Some(base.by_role(account_of_role(arn)?, arn.clone()));
            return Ok(self.role_arns.iter().filter_map(by_role).collect());
        }
        if self.organization {
            return match read::list_accounts(client, &base.place()).await {
                Ok(listed) => self.of_organization(base, listed),
                Err(error) => {
                    // What can be read without the list is read all the same.
                    scope.errors.push(error);
                    Ok(vec![base.own(client).await])
                }
            };
        }
        if self.accounts.is_empty() {
            return Ok(vec![base.own(client).await]);
        }
        let mut accounts = Vec::new();
        for id in &self.accounts {
            accounts.push(if *id == base.caller.account_id {
                base.own(client).await
            } else {
                base.by_role(id, base.role_arn(id, self.role_name()))
            });
        }
        Ok(accounts)
    }

    fn of_organization(
        &self,
        base: &Base,
        listed: Vec<ListedAccount>,
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
        Ok(accounts.map(|account| base.member(account, self.role_name())).collect())
    }

    fn role_name(&self) -> &str {
        self.role_name.as_deref().unwrap_or(DEFAULT_ROLE)
    }
}

/// An identity, and the account it belongs to.
struct Base {
    caller: Caller,
    access: Arc<Access>,
    region: String,
}

impl Base {
    async fn of(client: &Client, identity: Identity) -> Result<Self, CallError> {
        let region = identity.region.unwrap_or_else(|| Partition::Aws.first_region().to_owned());
        let access = Arc::new(Access::own(identity.credentials, identity.endpoints));
        let place = Place { access: &access, account_id: None, region: &region };
        let caller = read::caller_identity(client, &place).await?;
        Ok(Self { caller, access, region })
    }

    fn place(&self) -> Place<'_> {
        let account_id = Some(self.caller.account_id.as_str());
        Place { access: &self.access, account_id, region: &self.region }
    }

    /// The caller's own account, with the caller's own credentials.
    async fn own(&self, client: &Client) -> Account {
        // A name is good to have; without the permission the account has none.
        let name = read::account_alias(client, &self.place()).await.unwrap_or_default();
        Account {
            name,
            ..self.account(
                &self.caller.account_id,
                self.caller.arn.clone(),
                Arc::clone(&self.access),
            )
        }
    }

    fn by_role(&self, account_id: &str, arn: String) -> Account {
        let access = Access::role(Role {
            via: Arc::clone(&self.access),
            region: self.region.clone(),
            arn: arn.clone(),
            account_id: account_id.to_owned(),
            session_policy: permissions::read_policy().to_string(),
        });
        self.account(account_id, arn, Arc::new(access))
    }

    fn member(&self, listed: ListedAccount, role_name: &str) -> Account {
        let account = if listed.id == self.caller.account_id {
            self.account(&listed.id, self.caller.arn.clone(), Arc::clone(&self.access))
        } else {
            self.by_role(&listed.id, self.role_arn(&listed.id, role_name))
        };
        let status = listed.state().map(str::to_owned);
        Account { name: listed.name, arn: listed.arn, email: listed.email, status, ..account }
    }

    fn role_arn(&self, account_id: &str, role_name: &str) -> String {
        let partition = Partition::of_arn(&self.caller.arn).name();
        format!("arn:{partition}:iam::{account_id}:role/{role_name}")
    }

    fn account(&self, id: &str, entered_as: String, access: Arc<Access>) -> Account {
        Account {
            id: id.to_owned(),
            name: None,
            arn: None,
            email: None,
            status: None,
            entered_as,
            home_region: self.region.clone(),
            access,
        }
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
