//! From a request to its answer: who asks, what for, whether he may, and what goes wrong.

use std::sync::Arc;
use std::time::Instant;

use crate::cloud::Cloud;
use crate::config::{DEFAULT_REGIONS, OPT_IN_REGIONS};
use crate::error::{ApiError, signature_error};
use crate::fault::FaultKind;
use crate::gate::{apply_fault, may_meet, permit, take_token};
use crate::identity::Caller;
use crate::operations::Call;
use crate::request::Request;
use crate::service::{Protocol, Service};
use crate::sigv4::{Authorization, SignatureError};

mod routing;

use routing::Meant;

/// Where the global services count as being.
const GLOBAL_REGION: &str = "us-east-1";

/// The time, for signatures and for buckets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    pub(crate) instant: Instant,
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Normal,
    /// Two seconds late.
    Late,
    /// Half of the body, then the end of the connection.
    Cut,
    /// Nothing but the end of the connection.
    Lost,
}

/// The answer to a request.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) request_id: String,
    /// Headers that not every answer has.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
}

/// Answers a request.
pub(crate) fn answer(cloud: &Cloud, request: &Request, clock: Clock) -> Reply {
    let request_id = cloud.request_id();
    let guess = guessed_service(request);
    let (service, result, delivery) = match identify(cloud, request, guess, clock) {
        Ok(asked) => {
            let mut delivery = Delivery::Normal;
            let result = perform(cloud, request, &asked, clock, &request_id, &mut delivery);
            (asked.service, result, delivery)
        }
        Err((service, error)) => (service, Err(error), Delivery::Normal),
    };
    let protocol = service.protocol_of(request);
    let mut headers = Vec::new();
    if protocol == Protocol::Cbor {
        headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    }
    let (status, body) = match result {
        Ok(body) => (200, body),
        Err(error) => {
            cloud.counters.error(error.code);
            headers.extend(error.headers(service, protocol));
            (error.status, error.body(service, protocol, &request_id))
        }
    };
    cloud.counters.answer(body.len());
    let content_type = protocol.content_type();
    Reply { status, content_type, request_id, headers, body, delivery }
}

/// An authenticated request.
struct Asked<'a> {
    service: Service,
    protocol: Protocol,
    region: &'a str,
    caller: Arc<Caller>,
}

/// Finds the service by the credential scope and authenticates the caller.
fn identify<'a>(
    cloud: &Cloud,
    request: &'a Request,
    guess: Service,
    clock: Clock,
) -> Result<Asked<'a>, (Service, ApiError)> {
    let refused = |service: Service| {
        move |error| (service, signature_error(service.protocol_of(request), &error))
    };
    let header =
        request.header("authorization").ok_or(SignatureError::Missing).map_err(refused(guess))?;
    let authorization = Authorization::parse(header).map_err(refused(guess))?;
    let Some(service) = Service::from_name(authorization.service) else {
        let names = Service::ALL.map(Service::name).join(", ");
        let text = format!(
            "The service {} is not simulated; simulated are {names}.",
            authorization.service
        );
        return Err((guess, ApiError::new(404, "UnknownService", text)));
    };
    let protocol = service.protocol_of(request);
    let caller = cloud
        .identities
        .authenticate(request, &authorization, clock.seconds)
        .map_err(refused(service))?;
    let region = region_of(cloud, service, protocol, authorization.region)
        .map_err(|error| (service, error))?;
    Ok(Asked { service, protocol, region, caller })
}

/// The service that an unsigned request most likely means, so that its refusal comes in a form the client can read.
fn guessed_service(request: &Request) -> Service {
    let target = request
        .header("x-amz-target")
        .and_then(|target| target.split_once('.'))
        .or_else(|| routing::rpc_path(&request.path))
        .map(|(service, _)| service);
    let parameters = request.parameters();
    let version = parameters.get("Version");
    let is_meant = |service: &Service| match service.protocol() {
        Protocol::RestJson => routing::is_routed(*service, request),
        _ => {
            target == Some(service.target())
                || version.is_some() && version == Some(service.version())
        }
    };
    Service::ALL.into_iter().find(is_meant).unwrap_or(Service::Sts)
}

/// The region that a call is made in, if the service answers there.
fn region_of<'a>(
    cloud: &Cloud,
    service: Service,
    protocol: Protocol,
    region: &'a str,
) -> Result<&'a str, ApiError> {
    let enabled = cloud.world.region(region).is_some();
    match service {
        Service::Iam | Service::Organizations => Ok(GLOBAL_REGION),
        Service::Sts => {
            let known =
                enabled || DEFAULT_REGIONS.contains(&region) || OPT_IN_REGIONS.contains(&region);
            let text = "Credential should be scoped to a valid region.";
            if known { Ok(region) } else { Err(ApiError::new(403, "SignatureDoesNotMatch", text)) }
        }
        _ if enabled => Ok(region),
        // An account has no credentials in a region that it did not opt in to.
        _ => Err(signature_error(protocol, &SignatureError::UnknownKey)),
    }
}

/// Performs the operation, if nothing is in its way. Faults come first, then the rate, then permission.
fn perform(
    cloud: &Cloud,
    request: &Request,
    asked: &Asked<'_>,
    clock: Clock,
    request_id: &str,
    delivery: &mut Delivery,
) -> Result<Vec<u8>, ApiError> {
    let Meant { place, operation, parameters, document } =
        routing::route(request, asked.service, asked.protocol)?;
    cloud.counters.call(place);
    let account = &cloud.world.accounts[asked.caller.account];
    let mut call = Call {
        cloud,
        service: asked.service,
        protocol: asked.protocol,
        caller: &asked.caller,
        account,
        region: asked.region,
        request_id,
        parameters,
        document,
        now: cloud.world_time(clock.seconds),
        real: clock.seconds,
        is_late: false,
    };
    let may = |kind| may_meet(&call, operation, kind);
    let fault = cloud.faults.draw(&account.id, asked.region, operation.action, may);
    let mut sent = Delivery::Normal;
    if let Some(kind) = fault {
        // Only what was carried out is lost: that is counted at the end.
        if kind != FaultKind::LostReply {
            cloud.counters.fault(kind);
        }
        sent = apply_fault(&call, kind)?;
        call.is_late = kind == FaultKind::StaleRead;
    }
    *delivery = if sent == Delivery::Lost { Delivery::Normal } else { sent };
    take_token(&call, operation, clock)?;
    permit(&call, operation)?;
    if call.document.is_null() {
        call.parameters.check(operation.service, operation.parameters)?;
    } else {
        call.check_members(operation.parameters)?;
    }
    let done = (operation.run)(&call)?;
    if sent == Delivery::Lost {
        cloud.counters.fault(FaultKind::LostReply);
        *delivery = sent;
    }
    Ok(done)
}

#[cfg(test)]
mod client;

#[cfg(test)]
#[path = "dispatch_tests.rs"]
mod tests;

#[cfg(test)]
mod lab;

#[cfg(test)]
#[path = "launch_tests.rs"]
mod launch_tests;

#[cfg(test)]
#[path = "scaling_tests.rs"]
mod scaling_tests;

#[cfg(test)]
#[path = "policies_tests.rs"]
mod policies_tests;

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod metrics_tests;

#[cfg(test)]
#[path = "services_tests.rs"]
mod services_tests;

#[cfg(test)]
#[path = "waves_tests.rs"]
mod waves_tests;

#[cfg(test)]
#[path = "trouble_tests.rs"]
mod trouble_tests;

#[cfg(test)]
#[path = "forbidden_tests.rs"]
mod forbidden_tests;

#[cfg(test)]
#[path = "changing_tests.rs"]
mod changing_tests;
