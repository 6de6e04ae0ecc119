//! What may stand between an authenticated call and its answer: a fault, the request rate, a missing permission.

use crate::cloud::Cloud;
use crate::denial::Refusal;
use crate::dispatch::{Clock, Delivery};
use crate::error::{ApiError, refusal_words};
use crate::fault::FaultKind;
use crate::operations::{Access, Call, Operation, sts};
use crate::policy::Verdict;
use crate::service::Service;

/// Lets a fault happen: refuses the call, or tells how its answer is to be sent.
pub(crate) fn apply_fault(
    cloud: &Cloud,
    service: Service,
    kind: FaultKind,
) -> Result<Delivery, ApiError> {
    const TROUBLE: &str = "An internal error has occurred. Retry your request.";
    match kind {
        FaultKind::Throttle => {
            cloud.counters.throttle();
            Err(ApiError::throttled(service))
        }
        FaultKind::Error500 => Err(ApiError::new(500, "InternalError", TROUBLE)),
        FaultKind::Error503 => Err(ApiError::new(
            503,
            "Unavailable",
            "The server is overloaded and can't handle the request.",
        )),
        FaultKind::Slow => Ok(Delivery::Late),
        FaultKind::Cut => Ok(Delivery::Cut),
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
    Err(ApiError::throttled(operation.service))
}

/// Whether the caller may: denials, then what is allowed at all, then the session policy, then what only the management account may.
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
        |why: &str| Err(ApiError::not_authorized(operation.service, &call.caller.arn, &what, why));
    if let Some(refusal) =
        call.cloud.denials.refusal((&account.id, &account.name), call.region, action)
    {
        return refuse(&refusal_words(refusal, action));
    }
    match call.cloud.allowed.as_ref().map(|policy| policy.verdict(action)) {
        Some(Verdict::NotAllowed) => return refuse(&refusal_words(Refusal::NotAllowed, action)),
        Some(Verdict::Denied) => {
            return refuse("with an explicit deny in an identity-based policy");
        }
        Some(Verdict::Allowed) | None => {}
    }
    match call.caller.policy.as_ref().map(|policy| policy.verdict(action)) {
        Some(Verdict::NotAllowed) => {
            return refuse(&format!("because no session policy allows the {action} action"));
        }
        Some(Verdict::Denied) => return refuse("with an explicit deny in a session policy"),
        Some(Verdict::Allowed) | None => {}
    }
    if operation.access == Access::ManagementAccount && call.caller.account != 0 {
        let text = "You don't have permissions to access this resource.";
        return Err(ApiError::new(400, "AccessDeniedException", text));
    }
    Ok(())
}
