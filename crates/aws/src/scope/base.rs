//! An identity of the user, the account that it belongs to, and the ways from there into accounts.

use std::sync::Arc;

use imdsure_model::ErrorKind;

use super::{Account, OrganizationalUnit};
use crate::{
    access::{Access, Role},
    client::{Client, Place},
    error::CallError,
    identity::Identity,
    operation::LIST_ACCOUNTS,
    partition::Partition,
    read::{self, Caller, ListedAccount},
};

pub(super) struct Base {
    pub(super) caller: Caller,
    access: Arc<Access>,
    region: String,
    entry: Arc<Entry>,
}

/// How roles are entered.
#[derive(Debug)]
pub(super) struct Entry {
    /// What a session may do, whatever its role may.
    pub(super) session_policy: String,
    /// What it is called.
    pub(super) session_name: String,
    /// What the roles' trust policies ask for.
    pub(super) external_id: Option<String>,
}

impl Base {
    pub(super) async fn of(
        client: &Client,
        identity: Identity,
        entry: Arc<Entry>,
    ) -> Result<Self, CallError> {
        let region = identity.region.unwrap_or_else(|| Partition::Aws.first_region().to_owned());
        let access = Arc::new(Access::own(identity.credentials, identity.endpoints));
        let place = Place { access: &access, account_id: None, region: &region };
        let caller = read::caller_identity(client, &place).await?;
        access.belongs_to(&caller.account_id);
        Ok(Self { caller, access, region, entry })
    }

    pub(super) fn place(&self) -> Place<'_> {
        let account_id = Some(self.caller.account_id.as_str());
        Place { access: &self.access, account_id, region: &self.region }
    }

    /// The caller's own account, with the caller's own credentials.
    pub(super) fn own(&self) -> Account {
        let access = Arc::clone(&self.access);
        self.account(&self.caller.account_id, self.caller.arn.clone(), access)
    }

    /// The caller's own account as it was found, entered with the caller's own credentials.
    pub(super) fn in_place_of(&self, found: Account) -> Account {
        let Account { name, arn, email, status, unit, .. } = found;
        Account { name, arn, email, status, unit, ..self.own() }
    }

    pub(super) fn by_role(&self, account_id: &str, arn: String) -> Account {
        let access = Access::role(Role {
            via: Arc::clone(&self.access),
            region: self.region.clone(),
            arn: arn.clone(),
            account_id: account_id.to_owned(),
            session_policy: self.entry.session_policy.clone(),
            session_name: self.entry.session_name.clone(),
            external_id: self.entry.external_id.clone(),
        });
        self.account(account_id, arn, Arc::new(access))
    }

    pub(super) fn member(&self, listed: ListedAccount, role_name: &str) -> Account {
        let account = self.by_role(&listed.id, self.role_arn(&listed.id, role_name));
        let ListedAccount { name, arn, email, state, .. } = listed;
        Account { name, arn, email, status: state, ..account }
    }

    pub(super) fn role_arn(&self, account_id: &str, role_name: &str) -> String {
        let partition = Partition::of_arn(&self.caller.arn).name();
        format!("arn:{partition}:iam::{account_id}:role/{role_name}")
    }

    /// The gap that a list of accounts without the asking one leaves.
    pub(super) fn not_listed(&self) -> CallError {
        CallError {
            account_id: Some(self.caller.account_id.clone()),
            region: None,
            operation: LIST_ACCOUNTS.name(),
            code: "IncompleteList".to_owned(),
            message: "the list of the organization's accounts does not contain the account that \
                      asked for it: is it in an organization?"
                .to_owned(),
            kind: ErrorKind::Malformed,
        }
    }

    fn account(&self, id: &str, entered_as: String, access: Arc<Access>) -> Account {
        Account {
            id: id.to_owned(),
            name: None,
            arn: None,
            email: None,
            status: None,
            unit: OrganizationalUnit::default(),
            entered_as,
            home_region: self.region.clone(),
            access,
        }
    }
}
