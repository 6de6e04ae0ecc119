//! STS: who am I, and becoming a role.

use super::{Call, query_answer};
use crate::error::ApiError;
use crate::identity::{Assumption, Issued};
use crate::policy::Policy;
use crate::service::Service;
use crate::xml::Xml;

/// The role of member accounts that trusts the management account alone.
const MANAGEMENT_ROLE: &str = "OrganizationAccountAccessRole";
/// The role of member accounts that trusts the management account and the delegated administrator's.
const READING_ROLE: &str = "imdsure-read";
/// The role of member accounts that changes them; it trusts the management account alone.
const ENFORCING_ROLE: &str = "imdsure-enforce";

/// Seconds that a session lasts at most when it is begun from another.
const CHAINED: i64 = 3600;

/// Parameters of `AssumeRole`.
pub(crate) const ASSUME_ROLE: &[&str] =
    &["RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId"];

/// Characters AWS allows in a session policy.
const POLICY_LENGTH: usize = 2048;

/// A role by its ARN.
pub(crate) struct Role<'a> {
    /// The place of its account in the world.
    pub(crate) account: usize,
    pub(crate) arn: &'a str,
    name: &'a str,
}

/// `GetCallerIdentity`.
// Every operation may fail but this one; the table knows only one type.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn get_caller_identity(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    Ok(query_answer(call, Service::Sts, "GetCallerIdentity", |xml| {
        xml.element("Arn", &call.caller.arn);
        xml.element("UserId", &call.caller.user_id).element("Account", &call.account.id);
    }))
}

/// The role that a call of `AssumeRole` names, if its account is one of the organization's.
pub(crate) fn role_named<'a>(call: &'a Call<'_>) -> Option<Role<'a>> {
    let arn = call.parameters.get("RoleArn")?;
    let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    Some(Role { account: call.cloud.world.account(account)?, arn, name: path })
}

/// `AssumeRole`, for the roles of member accounts.
pub(crate) fn assume_role(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let required = |name: &str| {
        call.parameters.get(name).ok_or_else(|| {
            validation(format!(
                "Value null at '{name}' failed to satisfy constraint: Member must not be null"
            ))
        })
    };
    let arn = required("RoleArn")?;
    let session_name = required("RoleSessionName")?;
    if !is_session_name(session_name) {
        return Err(validation(format!(
            "Value '{session_name}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{{2,64}}"
        )));
    }
    if !arn.starts_with("arn:aws:iam::") {
        return Err(validation(format!("{arn} is invalid")));
    }
    let duration = duration(call.parameters.get("DurationSeconds"))?;
    if !call.caller.is_user() && duration > CHAINED {
        return Err(validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    let policy = call.parameters.get("Policy").map(session_policy).transpose()?;
    let role = trusted_role(call, arn)?;
    let expires = call.real + duration;
    let assumption = Assumption {
        account: role.account,
        account_id: &call.cloud.world.accounts[role.account].id,
        role: role.name,
        session_name,
        policy,
        expires,
    };
    let issued = call.cloud.identities.assume(assumption, call.real);
    let packed = call.parameters.get("Policy").map(|policy| policy.len() * 100 / POLICY_LENGTH);
    Ok(query_answer(call, Service::Sts, "AssumeRole", |xml| {
        write_credentials(xml, &issued, expires, packed);
    }))
}

/// The role, if it exists and trusts the caller, who must know the external id if there is one. AWS does not tell which of these is not so.
fn trusted_role<'a>(call: &'a Call<'_>, arn: &str) -> Result<Role<'a>, ApiError> {
    let delegated = call.cloud.world.delegated_administrator();
    let knows_id = match &call.cloud.external_id {
        Some(id) => call.parameters.get("ExternalId") == Some(id),
        None => true,
    };
    let trusts = |role: &Role<'_>| {
        let by_name = match role.name {
            MANAGEMENT_ROLE | ENFORCING_ROLE => call.caller.is_user(),
            READING_ROLE => call.caller.is_user() || delegated == Some(call.caller.account),
            _ => false,
        };
        knows_id && by_name && role.account != 0 && role.account != call.caller.account
    };
    role_named(call).filter(trusts).ok_or_else(|| {
        let caller = &call.caller.arn;
        let text = format!(
            "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        );
        ApiError::new(403, "AccessDenied", text)
    })
}

fn write_credentials(xml: &mut Xml, issued: &Issued, expires: i64, packed: Option<usize>) {
    xml.put(&["<AssumedRoleUser>"]);
    xml.element("AssumedRoleId", &issued.caller.user_id).element("Arn", &issued.caller.arn);
    xml.put(&["</AssumedRoleUser><Credentials>"]);
    xml.element("AccessKeyId", &issued.access_key).element("SecretAccessKey", &issued.secret);
    xml.element("SessionToken", &issued.token);
    xml.put(&["<Expiration>"]).time(expires).put(&["</Expiration></Credentials>"]);
    if let Some(packed) = packed {
        xml.put(&["<PackedPolicySize>"]).number(packed as u64).put(&["</PackedPolicySize>"]);
    }
}

fn validation(text: impl Into<String>) -> ApiError {
    ApiError::new(400, "ValidationError", text)
}

fn is_session_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (2..=64).contains(&name.len()) && name.bytes().all(allowed)
}

fn duration(text: Option<&str>) -> Result<i64, ApiError> {
    match text.map(str::parse::<i64>) {
        None => Ok(3600),
        Some(Ok(seconds @ 900..=43_200)) => Ok(seconds),
        Some(_) => Err(validation("DurationSeconds must be a number from 900 to 43200")),
    }
}

fn session_policy(text: &str) -> Result<Policy, ApiError> {
    if text.len() > POLICY_LENGTH {
        return Err(validation(format!(
            "Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to {POLICY_LENGTH}"
        )));
    }
    Policy::parse(text).map_err(|why| ApiError::new(400, "MalformedPolicyDocument", why))
}
