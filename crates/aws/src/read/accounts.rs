//! The accounts of an organization, and the name of an account outside one.

use serde::Deserialize;

use crate::{
    client::{Client, Place, endless},
    error::{CallError, Failure},
    operation::{LIST_ACCOUNT_ALIASES, LIST_ACCOUNTS},
    wire::Parameters,
    xml::Cursor,
};

/// An account as Organizations lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListedAccount {
    pub(crate) id: String,
    pub(crate) arn: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    status: Option<String>,
    /// What `Status` is being replaced by.
    state: Option<String>,
}

impl ListedAccount {
    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_deref().or(self.status.as_deref())
    }

    pub(crate) fn active(&self) -> bool {
        self.state() == Some("ACTIVE")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    accounts: Vec<ListedAccount>,
    next_token: Option<String>,
}

pub(crate) async fn list_accounts(
    client: &Client,
    place: &Place<'_>,
) -> Result<Vec<ListedAccount>, CallError> {
    let mut accounts = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let parameters = LIST_ACCOUNTS.page(token.as_deref());
        let page: Page = client.call(&LIST_ACCOUNTS, place, &parameters, json).await?;
        accounts.extend(page.accounts);
        match page.next_token {
            Some(next) if token.as_ref() == Some(&next) => {
                return Err(endless(&LIST_ACCOUNTS, place));
            }
            Some(next) if !next.is_empty() => token = Some(next),
            _ => return Ok(accounts),
        }
    }
}

fn json<T: for<'de> Deserialize<'de>>(page: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(page).map_err(|error| Failure::malformed(error.to_string()))
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
