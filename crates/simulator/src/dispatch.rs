//! From a request to its answer: who asks, what for, whether he may, and what goes wrong.

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use crate::cloud::Cloud;
use crate::config::{DEFAULT_REGIONS, OPT_IN_REGIONS};
use crate::error::{ApiError, auth_failure, signature_error};
use crate::gate::{apply_fault, permit, take_token};
use crate::identity::Caller;
use crate::operations::{Call, OPERATIONS, Operation};
use crate::request::{Parameters, Request};
use crate::service::{Protocol, Service};
use crate::sigv4::{Authorization, SignatureError};

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
}

/// The answer to a request.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) request_id: String,
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
    let protocol = service.protocol();
    let (status, body) = match result {
        Ok(body) => (200, body),
        Err(error) => {
            cloud.counters.error(error.code);
            (error.status, error.body(protocol, service.namespace(), &request_id))
        }
    };
    cloud.counters.answer(body.len());
    let content_type = match protocol {
        Protocol::Ec2 => "text/xml;charset=UTF-8",
        Protocol::Query => "text/xml",
        Protocol::Json => "application/x-amz-json-1.1",
    };
    Reply { status, content_type, request_id, body, delivery }
}

/// An authenticated request.
struct Asked<'a> {
    service: Service,
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
    let refused = |service| move |error| (service, signature_error(service, &error));
    let header =
        request.header("authorization").ok_or(SignatureError::Missing).map_err(refused(guess))?;
    let authorization = Authorization::parse(header).map_err(refused(guess))?;
    let Some(service) = Service::from_name(authorization.service) else {
        let text = format!(
            "The service {} is not simulated; simulated are autoscaling, ec2, iam, organizations and sts.",
            authorization.service
        );
        return Err((guess, ApiError::new(404, "UnknownService", text)));
    };
    if request.path != "/" {
        let text =
            format!("There is nothing at {}: {} is called at /.", request.path, service.name());
        return Err((service, ApiError::new(404, "UnknownOperationException", text)));
    }
    let caller = cloud
        .identities
        .authenticate(request, &authorization, clock.seconds)
        .map_err(refused(service))?;
    let region =
        region_of(cloud, service, authorization.region).map_err(|error| (service, error))?;
    Ok(Asked { service, region, caller })
}

/// The service that an unsigned request most likely means, so that its refusal comes in a form the client can read.
fn guessed_service(request: &Request) -> Service {
    if request.header("x-amz-target").is_some() {
        Service::Organizations
    } else if request.parameters().get("Version") == Some(Service::Ec2.version()) {
        Service::Ec2
    } else {
        Service::Sts
    }
}

/// The region that a call is made in, if the service answers there.
fn region_of<'a>(cloud: &Cloud, service: Service, region: &'a str) -> Result<&'a str, ApiError> {
    match service {
        Service::Iam | Service::Organizations => Ok(GLOBAL_REGION),
        Service::Ec2 | Service::AutoScaling if cloud.world.region(region).is_some() => Ok(region),
        Service::Ec2 => Err(auth_failure()),
        Service::AutoScaling => Err(signature_error(service, &SignatureError::UnknownKey)),
        Service::Sts => {
            let known = cloud.world.region(region).is_some()
                || DEFAULT_REGIONS.contains(&region)
                || OPT_IN_REGIONS.contains(&region);
            let text = "Credential should be scoped to a valid region.";
            if known { Ok(region) } else { Err(ApiError::new(403, "SignatureDoesNotMatch", text)) }
        }
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
    let (parameters, document) = read_input(request, asked.service)?;
    let (place, operation) = find_operation(request, asked.service, &parameters)?;
    cloud.counters.call(place);
    let account = &cloud.world.accounts[asked.caller.account];
    let call = Call {
        cloud,
        caller: &asked.caller,
        account,
        region: asked.region,
        request_id,
        parameters,
        document,
        now: clock.seconds,
    };
    let fault = cloud.faults.draw(&account.id, asked.region, operation.action);
    if let Some(kind) = fault {
        cloud.counters.fault(kind);
        *delivery = apply_fault(cloud, asked.service, kind)?;
    }
    take_token(&call, operation, clock)?;
    permit(&call, operation)?;
    if operation.service.protocol() != Protocol::Json {
        call.parameters.check(operation.service, operation.parameters)?;
    }
    (operation.run)(&call)
}

/// Parameters of Query requests, the document of JSON requests.
fn read_input(request: &Request, service: Service) -> Result<(Parameters, Value), ApiError> {
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Err(ApiError::new(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ));
    }
    if service.protocol() != Protocol::Json {
        return Ok((request.parameters(), Value::Null));
    }
    match serde_json::from_slice(&request.body) {
        Ok(document @ Value::Object(_)) => Ok((Parameters::default(), document)),
        _ => {
            Err(ApiError::new(400, "SerializationException", "The request body is no JSON object."))
        }
    }
}

fn find_operation(
    request: &Request,
    service: Service,
    parameters: &Parameters,
) -> Result<(usize, &'static Operation), ApiError> {
    let find = |name: &str| {
        OPERATIONS
            .iter()
            .enumerate()
            .find(|(_, operation)| operation.service == service && operation.name() == name)
    };
    if service.protocol() == Protocol::Json {
        let target = request
            .header("x-amz-target")
            .and_then(|target| target.strip_prefix("AWSOrganizationsV20161128."));
        return target
            .and_then(find)
            .ok_or_else(|| ApiError::new(400, "UnknownOperationException", ""));
    }
    let missing = |name| {
        ApiError::new(
            400,
            "MissingParameter",
            format!("The request must contain the parameter {name}"),
        )
    };
    let name = parameters
        .get("Action")
        .ok_or_else(|| ApiError { code: "MissingAction", ..missing("Action") })?;
    let version = parameters.get("Version").ok_or_else(|| missing("Version"))?;
    let invalid = || {
        let text = if service == Service::Ec2 {
            format!("The action {name} is not valid for this web service.")
        } else {
            format!("Could not find operation {name} for version {version}")
        };
        ApiError::new(400, "InvalidAction", text)
    };
    if version != service.version() {
        return Err(invalid());
    }
    find(name).ok_or_else(invalid)
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
