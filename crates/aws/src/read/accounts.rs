//! The accounts of an organization, and the name of an account outside one.

use serde_json::Value;

use crate::{
    client::{Client, Place},
    error::{CallError, Failure},
    operation::{LIST_ACCOUNT_ALIASES, LIST_ACCOUNTS},
    read::paged::pages,
    row::text_at,
    wire::Parameters,
    xml::Cursor,
};

/// An account as Organizations lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedAccount {
    pub(crate) id: String,
    pub(crate) arn: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    /// `State`, or `Status`, which it is replacing.
    pub(crate) state: Option<String>,
}

impl ListedAccount {
    fn read(account: &Value) -> Option<Self> {
        let text = |name: &str| text_at(account, &[name]).map(str::to_owned);
        Some(Self {
            id: text("Id")?,
            arn: text("Arn"),
            email: text("Email"),
            name: text("Name"),
            state: text("State").or_else(|| text("Status")),
        })
    }

    pub(crate) fn active(&self) -> bool {
        self.state.as_deref() == Some("ACTIVE")
    }
}

pub(crate) async fn list_accounts(
    client: &Client,
    place: &Place<'_>,
) -> Result<Vec<ListedAccount>, CallError> {
    let mut accounts = Vec::new();
    pages(client, &LIST_ACCOUNTS, place, &Parameters::new(), &["Accounts"], |listed| {
        accounts.extend(listed.iter().filter_map(ListedAccount::read));
    })
    .await?;
    Ok(accounts)
}

/// The account's alias, if it has one.
pub(crate) async fn account_alias(
    client: &Client,
    place: &Place<'_>,
) -> Result<Option<String>, CallError> {
    client.call(&LIST_ACCOUNT_ALIASES, place, &Parameters::new(), alias).await
}

fn alias(page: &[u8]) -> Result<Option<String>, Failure> {
    let mut xml = Cursor::new(page)?;
    xml.root("ListAccountAliasesResponse")?;
    while let Some(name) = xml.child()? {
        match name {
            "ListAccountAliasesResult" | "AccountAliases" => {}
            "member" => return Ok(Some(xml.text()?.into_owned())),
            _ => xml.skip()?,
        }
    }
    Ok(None)
}
