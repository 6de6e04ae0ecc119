//! Which operation a request means, and with what: four ways of saying so.

use serde_json::{Map, Value};

use crate::cbor;
use crate::error::ApiError;
use crate::operations::{OPERATIONS, Operation};
use crate::request::{Parameters, Request, percent_decoded};
use crate::service::{Protocol, Service};

/// An operation and its input.
pub(super) struct Meant {
    /// The operation's place in [`OPERATIONS`].
    pub(super) place: usize,
    pub(super) operation: &'static Operation,
    /// The form of a Query request.
    pub(super) parameters: Parameters,
    /// The document of every other request, with labels of the path and the query string as members; that of CloudWatch's Query requests too.
    pub(super) document: Value,
}

/// Finds the operation and reads its input.
pub(super) fn route(
    request: &Request,
    service: Service,
    protocol: Protocol,
) -> Result<Meant, ApiError> {
    if protocol == Protocol::RestJson {
        return by_path(request, service);
    }
    let expected = if protocol == Protocol::Cbor { "/service/" } else { "/" };
    let elsewhere = match protocol {
        Protocol::Cbor => !request.path.starts_with(expected),
        _ => request.path != expected,
    };
    if elsewhere {
        return Err(nothing_there(request, service));
    }
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Err(ApiError::new(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ));
    }
    match protocol {
        Protocol::Ec2 | Protocol::Query => by_action(request, service),
        Protocol::Cbor => by_rpc_path(request, service),
        _ => by_target(request, service),
    }
}

fn nothing_there(request: &Request, service: Service) -> ApiError {
    let text = format!("There is nothing of {} at {}.", service.name(), request.path);
    ApiError::new(404, "UnknownOperationException", text)
}

/// The operation of a service with this name.
fn find(service: Service, name: &str) -> Option<(usize, &'static Operation)> {
    OPERATIONS
        .iter()
        .enumerate()
        .find(|(_, operation)| operation.service == service && operation.name() == name)
}

/// Query: the parameters `Action` and `Version`.
fn by_action(request: &Request, service: Service) -> Result<Meant, ApiError> {
    let parameters = request.parameters();
    let missing = |name| {
        let text = format!("The request must contain the parameter {name}");
        ApiError::new(400, "MissingParameter", text)
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
    let (place, operation) = find(service, name).ok_or_else(invalid)?;
    let document = if service == Service::CloudWatch { parameters.document() } else { Value::Null };
    Ok(Meant { place, operation, parameters, document })
}

/// JSON: the header `X-Amz-Target`.
fn by_target(request: &Request, service: Service) -> Result<Meant, ApiError> {
    let name = request
        .header("x-amz-target")
        .and_then(|target| target.strip_prefix(service.target())?.strip_prefix('.'));
    let (place, operation) = name
        .and_then(|name| find(service, name))
        .ok_or_else(|| ApiError::new(400, "UnknownOperationException", ""))?;
    let document = json_object(&request.body)?;
    Ok(Meant { place, operation, parameters: Parameters::default(), document })
}

/// RPC v2: the path `/service/SERVICE/operation/NAME`.
fn by_rpc_path(request: &Request, service: Service) -> Result<Meant, ApiError> {
    let name = rpc_path(&request.path)
        .filter(|(target, _)| *target == service.target())
        .map(|(_, name)| name);
    let (place, operation) = name
        .and_then(|name| find(service, name))
        .ok_or_else(|| ApiError::new(404, "UnknownOperationException", ""))?;
    // An operation without input is called without a body.
    let document = if request.body.is_empty() {
        Value::Object(Map::new())
    } else {
        cbor::read(&request.body)
            .filter(Value::is_object)
            .ok_or_else(|| unreadable("The request body is no CBOR map."))?
    };
    Ok(Meant { place, operation, parameters: Parameters::default(), document })
}

/// Service and operation of a path of RPC v2.
pub(super) fn rpc_path(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/service/")?.split_once("/operation/")
}

/// REST: method and path.
fn by_path(request: &Request, service: Service) -> Result<Meant, ApiError> {
    let of_service =
        OPERATIONS.iter().enumerate().filter(|(_, operation)| operation.service == service);
    for (place, operation) in of_service {
        let Some(labels) = labels(operation.route, request) else { continue };
        let mut document = if request.body.is_empty() {
            Map::new()
        } else {
            match json_object(&request.body)? {
                Value::Object(members) => members,
                _ => Map::new(),
            }
        };
        document.extend(labels);
        for (name, value) in request.query_parameters() {
            document.insert(name, Value::String(value));
        }
        let document = Value::Object(document);
        return Ok(Meant { place, operation, parameters: Parameters::default(), document });
    }
    Err(nothing_there(request, service))
}

/// Whether any operation of the service is called this way.
pub(super) fn is_routed(service: Service, request: &Request) -> bool {
    OPERATIONS
        .iter()
        .any(|operation| operation.service == service && labels(operation.route, request).is_some())
}

/// The labels of a route such as `GET /clusters/{name}`, if the request is one of its.
fn labels(route: &str, request: &Request) -> Option<Vec<(String, Value)>> {
    let path = route.strip_prefix(request.method.as_str())?.strip_prefix(' ')?;
    let mut expected = path.split('/');
    let mut given = request.path.split('/');
    let mut labels = Vec::new();
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return Some(labels),
            (Some(expected), Some(given)) => {
                match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(_) if given.is_empty() => return None,
                    Some(name) => {
                        labels.push((name.to_owned(), Value::String(percent_decoded(given))));
                    }
                    None if expected == given => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

fn json_object(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| unreadable("The request body is no JSON object."))
}

fn unreadable(text: &str) -> ApiError {
    ApiError::new(400, "SerializationException", text)
}
