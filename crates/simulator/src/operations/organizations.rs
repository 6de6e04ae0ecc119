//! AWS Organizations: the accounts and the tree they hang in.

use serde_json::{Value, json};

use super::Call;
use crate::error::ApiError;
use crate::token;
use crate::world::accounts::Account;
use crate::world::organization::OrganizationalUnit;
use crate::world::policies::PolicyType;

/// What one answer of a listing holds at most.
const PAGE: u64 = 20;

/// `DescribeOrganization`.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn describe_organization(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let management = call.cloud.world.management();
    Ok(bytes(&json!({ "Organization": {
        "Id": call.cloud.world.organization.id,
        "Arn": arn(call, "organization", None),
        "FeatureSet": "ALL",
        "MasterAccountId": management.id,
        "MasterAccountArn": arn(call, "account", Some(&management.id)),
        "MasterAccountEmail": management.email,
        "AvailablePolicyTypes": [{ "Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED" }],
    }})))
}

/// `ListAccounts`: all accounts, in pages of up to 20.
pub(crate) fn list_accounts(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let accounts: Vec<&Account> = call.cloud.world.accounts.iter().collect();
    page(call, "Accounts", "ListAccounts", &accounts, |account| account_json(call, account))
}

/// `DescribeAccount`.
pub(crate) fn describe_account(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let id = text(call, "AccountId")?;
    let world = &call.cloud.world;
    match world.account(id) {
        Some(place) => Ok(bytes(&json!({ "Account": account_json(call, &world.accounts[place]) }))),
        None => Err(not_found(
            "AccountNotFoundException",
            "You specified an account that doesn't exist.",
        )),
    }
}

/// `ListRoots`: there is one.
pub(crate) fn list_roots(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let root = &call.cloud.world.organization.root;
    let types = [PolicyType::ServiceControl, PolicyType::Ec2]
        .map(|kind| json!({ "Type": kind.name(), "Status": "ENABLED" }));
    page(call, "Roots", "ListRoots", &[root], |root| {
        json!({
            "Id": root,
            "Arn": arn(call, "root", Some(root)),
            "Name": "Root",
            "PolicyTypes": types,
        })
    })
}

/// `ListOrganizationalUnitsForParent`.
pub(crate) fn list_units_for_parent(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parent = known_parent(call)?;
    let units: Vec<&OrganizationalUnit> =
        call.cloud.world.organization.units.iter().filter(|unit| unit.parent == parent).collect();
    let listing = format!("ListOrganizationalUnitsForParent {parent}");
    page(
        call,
        "OrganizationalUnits",
        &listing,
        &units,
        |unit| json!({ "Id": unit.id, "Arn": arn(call, "ou", Some(&unit.id)), "Name": unit.name, "Path": unit.path }),
    )
}

/// `ListAccountsForParent`: the accounts directly below a root or unit.
pub(crate) fn list_accounts_for_parent(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parent = known_parent(call)?;
    let accounts: Vec<&Account> =
        call.cloud.world.accounts.iter().filter(|account| account.parent == parent).collect();
    let listing = format!("ListAccountsForParent {parent}");
    page(call, "Accounts", &listing, &accounts, |account| account_json(call, account))
}

/// `ListParents`: the one root or unit above an account or unit.
pub(crate) fn list_parents(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let child = text(call, "ChildId")?;
    let world = &call.cloud.world;
    let of_account = world.account(child).map(|place| &world.accounts[place].parent);
    let of_unit = || world.organization.unit_by_id(child).map(|unit| &unit.parent);
    let parent = of_account.or_else(of_unit).ok_or_else(|| {
        not_found("ChildNotFoundException", "We can't find an organizational unit (OU) or account with the ChildId that you specified.")
    })?;
    page(call, "Parents", &format!("ListParents {child}"), &[parent], |parent| {
        let kind = if **parent == world.organization.root { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
        json!({ "Id": parent, "Type": kind })
    })
}

pub(super) fn account_json(call: &Call<'_>, account: &Account) -> Value {
    let joined = if account.id == call.cloud.world.management().id { "INVITED" } else { "CREATED" };
    json!({
        "Id": account.id,
        "Arn": arn(call, "account", Some(&account.id)),
        "Email": account.email,
        "Name": account.name,
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "Paths": [account.path],
        "JoinedMethod": joined,
        "JoinedTimestamp": account.joined,
    })
}

/// `arn:aws:organizations::MANAGEMENT:KIND/ORGANIZATION/ID`.
pub(super) fn arn(call: &Call<'_>, kind: &str, id: Option<&str>) -> String {
    let world = &call.cloud.world;
    let base = format!(
        "arn:aws:organizations::{}:{kind}/{}",
        world.management().id,
        world.organization.id
    );
    id.map_or_else(|| base.clone(), |id| format!("{base}/{id}"))
}

/// One page of a listing. `listing` is what the page's token is bound to.
pub(super) fn page<T>(
    call: &Call<'_>,
    field: &str,
    listing: &str,
    all: &[T],
    show: impl Fn(&T) -> Value,
) -> Result<Vec<u8>, ApiError> {
    let size = match &call.document["MaxResults"] {
        Value::Null => PAGE,
        number => number
            .as_u64()
            .filter(|size| (1..=PAGE).contains(size))
            .ok_or_else(|| invalid("INVALID_PATTERN"))?,
    };
    let listing = format!("organizations:{listing}");
    let start = match &call.document["NextToken"] {
        Value::Null => 0,
        given => given
            .as_str()
            .and_then(|given| token::open(&call.cloud.token_key, &listing, given))
            .ok_or_else(|| invalid("INVALID_NEXT_TOKEN"))?,
    };
    let shown: Vec<Value> = all.iter().skip(start as usize).take(size as usize).map(show).collect();
    let end = start + shown.len() as u64;
    let mut answer = json!({});
    answer[field] = Value::Array(shown);
    if end < all.len() as u64 {
        answer["NextToken"] = json!(token::seal(&call.cloud.token_key, &listing, end));
    }
    Ok(bytes(&answer))
}

/// `ParentId`, if it is the root or a unit.
fn known_parent<'a>(call: &'a Call<'_>) -> Result<&'a str, ApiError> {
    let parent = text(call, "ParentId")?;
    let organization = &call.cloud.world.organization;
    if parent == organization.root || organization.unit_by_id(parent).is_some() {
        return Ok(parent);
    }
    Err(not_found(
        "ParentNotFoundException",
        "We can't find a root or OU with the ParentId that you specified.",
    ))
}

pub(super) fn text<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a str, ApiError> {
    call.document[name].as_str().ok_or_else(|| invalid("INPUT_REQUIRED"))
}

pub(super) fn invalid(reason: &'static str) -> ApiError {
    let error = ApiError::new(400, "InvalidInputException", "You specified an invalid value.");
    ApiError { reason: Some(reason), ..error }
}

pub(super) fn not_found(code: &'static str, text: &str) -> ApiError {
    ApiError::new(400, code, text)
}

pub(super) fn bytes(answer: &Value) -> Vec<u8> {
    answer.to_string().into_bytes()
}
