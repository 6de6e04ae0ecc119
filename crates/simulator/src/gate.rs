//! What may stand between an authenticated call and its answer: a fault, the request rate, a missing permission.

use crate::denial::Refusal;
use crate::dispatch::{Clock, Delivery};
use crate::error::{ApiError, refusal_words, signature_error};
use crate::fault::FaultKind;
use crate::operations::{Access, Call, Operation, sts};
use crate::policy::{Policy, Verdict};
use crate::scp::{self, Keys};
use crate::service::Service;
use crate::sigv4::SignatureError;
use crate::world::accounts::Account;
use crate::world::policies::GLOBAL_SERVICES;

/// Lets a fault happen: refuses the call, or tells how its answer is to be sent.
pub(crate) fn apply_fault(call: &Call<'_>, kind: FaultKind) -> Result<Delivery, ApiError> {
    const TROUBLE: &str = "An internal error has occurred. Retry your request.";
    match kind {
        FaultKind::Throttle => {
            call.cloud.counters.throttle();
            Err(ApiError::throttled(call.service, call.protocol))
        }
        FaultKind::Error500 => Err(ApiError::new(500, "InternalError", TROUBLE)),
        FaultKind::Error503 => Err(ApiError::new(
            503,
            "Unavailable",
            "The server is overloaded and can't handle the request.",
        )),
        FaultKind::Slow => Ok(Delivery::Late),
        FaultKind::Cut => Ok(Delivery::Cut),
        FaultKind::Expire => Err(signature_error(call.protocol, &SignatureError::ExpiredSession)),
        FaultKind::StaleRead | FaultKind::Drift => Ok(Delivery::Normal),
        FaultKind::LostReply => Ok(Delivery::Lost),
    }
}

/// Whether a call can meet a fault. What is asked last may have an effect: it is asked only of calls that meet the fault if they can.
pub(crate) fn may_meet(call: &Call<'_>, operation: &Operation, kind: FaultKind) -> bool {
    let has_writes = || call.stock().is_ok_and(|stock| stock.is_fresh());
    let is_consistent = !matches!(call.service, Service::Ec2 | Service::AutoScaling);
    match kind {
        FaultKind::StaleRead => !operation.is_changing() && !is_consistent && has_writes(),
        FaultKind::LostReply => operation.is_changing(),
        FaultKind::Expire => operation.access != Access::RoleOwner && call.caller.expire(),
        FaultKind::Drift => call.cloud.drifts.strike(call),
        _ => true,
    }
}

/// Takes a token from the operation's bucket.
pub(crate) fn take_token(
    call: &Call<'_>,
    operation: &'static Operation,
    clock: Clock,
) -> Result<(), ApiError> {
    let (Some(limit), Some(region)) =
        ((operation.limit)(&call.parameters), call.cloud.world.region(call.region))
    else {
        return Ok(());
    };
    if call
        .cloud
        .buckets
        .take((call.caller.account, region, operation.action, limit), clock.instant)
    {
        return Ok(());
    }
    call.cloud.counters.throttle();
    Err(ApiError::throttled(call.service, call.protocol))
}

/// Whether the caller may: denials, then what is allowed at all, then the session policy, then what only those may who read the organization.
pub(crate) fn permit(call: &Call<'_>, operation: &Operation) -> Result<(), ApiError> {
    if operation.access == Access::Anyone {
        return Ok(());
    }
    let action = operation.action;
    let role = (operation.access == Access::RoleOwner).then(|| sts::role_named(call)).flatten();
    let account =
        role.as_ref().map_or(call.account, |role| &call.cloud.world.accounts[role.account]);
    let what = role
        .as_ref()
        .map_or_else(|| action.to_owned(), |role| format!("{action} on resource: {}", role.arn));
    let refuse =
        |why: &str| Err(ApiError::not_authorized(call.protocol, &call.caller.arn, &what, why));
    if is_in_closed_region(call, account, operation) {
        return refuse(&refusal_words(Refusal::DeniedByPolicy, action));
    }
    if let Some(refusal) = scp::denied(call, action) {
        return Err(refusal);
    }
    if let Some(refusal) =
        call.cloud.denials.refusal((&account.id, &account.name), call.region, action)
    {
        return refuse(&refusal_words(refusal, action));
    }
    let resource = role.as_ref().map_or("", |role| role.arn);
    let keys = keys(call, action);
    let verdict = |policy: &Policy| policy.verdict(action, resource, &keys);
    match call.cloud.allowed.as_ref().map(verdict) {
        Some(Verdict::NotAllowed) => return refuse(&refusal_words(Refusal::NotAllowed, action)),
        Some(Verdict::Denied) => {
            return refuse("with an explicit deny in an identity-based policy");
        }
        Some(Verdict::Allowed) | None => {}
    }
    match call.caller.policy.as_ref().map(verdict) {
        Some(Verdict::NotAllowed) => {
            return refuse(&format!("because no session policy allows the {action} action"));
        }
        Some(Verdict::Denied) => return refuse("with an explicit deny in a session policy"),
        Some(Verdict::Allowed) | None => {}
    }
    let delegated = call.cloud.world.delegated_administrator();
    let reads_organization = call.caller.account == 0 || delegated == Some(call.caller.account);
    if operation.access == Access::OrganizationReader && !reads_organization {
        let text = "You don't have permissions to access this resource.";
        return Err(ApiError::new(400, "AccessDeniedException", text));
    }
    Ok(())
}

/// Whether the caller is also allowed an action that the call comes to, as far as denials, the allowing policy and that of the session tell.
pub(crate) fn may(call: &Call<'_>, action: &str, resource: &str, keys: &Keys) -> bool {
    let account = call.account;
    let allows = |policy: Option<&Policy>| {
        policy.is_none_or(|policy| policy.verdict(action, resource, keys) == Verdict::Allowed)
    };
    let names = (account.id.as_str(), account.name.as_str());
    call.cloud.denials.refusal(names, call.region, action).is_none()
        && allows(call.cloud.allowed.as_ref())
        && allows(call.caller.policy.as_ref())
}

/// The condition keys of a call, of those that policies here may name.
fn keys(call: &Call<'_>, action: &str) -> Vec<(&'static str, String)> {
    let template = call.parameters.get("LaunchTemplate.LaunchTemplateId");
    let template = template.filter(|_| action == "ec2:RunInstances");
    let arn = |id: &str| call.arn("ec2", format_args!("launch-template/{id}"));
    template.map(|id| ("ec2:LaunchTemplate", arn(id))).into_iter().collect()
}

/// Whether the policy that closes a region refuses this: everything but the global services, and never the management account.
fn is_in_closed_region(call: &Call<'_>, account: &Account, operation: &Operation) -> bool {
    let service = operation.action.split_once(':').map_or("", |(service, _)| service);
    let is_global = GLOBAL_SERVICES.iter().any(|open| open.strip_suffix(":*") == Some(service));
    !is_global && call.cloud.world.organization.is_closed(account, call.region)
}
