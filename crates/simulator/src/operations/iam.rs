//! IAM: the account's alias.

use super::{Call, query_answer};
use crate::error::ApiError;
use crate::service::Service;

/// `ListAccountAliases`: an account has one alias, its name.
pub(crate) fn list_account_aliases(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    if call.parameters.get("Marker").is_some() {
        return Err(ApiError::new(400, "ValidationError", "Invalid Marker"));
    }
    match call.parameters.get("MaxItems").map(str::parse::<u32>) {
        None | Some(Ok(1..=1000)) => {}
        Some(_) => {
            return Err(ApiError::new(400, "ValidationError", "MaxItems must be from 1 to 1000"));
        }
    }
    Ok(query_answer(call, Service::Iam, "ListAccountAliases", |xml| {
        xml.put(&["<AccountAliases>"]).element("member", &call.account.name);
        xml.put(&["</AccountAliases><IsTruncated>false</IsTruncated>"]);
    }))
}
