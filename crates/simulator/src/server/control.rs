//! What tests and demos ask of the simulator itself, unsigned, below `/_simulator/`.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answers::{json, plain};
use super::payload::Payload;
use crate::cloud::Cloud;
use crate::fault::Fault;
use crate::request::Request;
use crate::workload::Workload;

/// What the paths of control begin with.
const PREFIX: &str = "/_simulator/";

/// The body of `POST /_simulator/workload`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkloadBody {
    account_id: String,
    region: String,
    instance_id: String,
    workload: Workload,
}

/// Whether a path is one of control's.
pub(super) fn is_meant(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Answers a request to the simulator itself; `real` in seconds since 1970.
pub(super) fn answer(cloud: &Cloud, request: &Request, real: i64) -> Response<Payload> {
    let method = request.method.as_str();
    let is_post = method == Method::POST.as_str();
    match request.path.strip_prefix(PREFIX).unwrap_or_default() {
        "stats" => json(&cloud.stats()),
        "drifted" => json(&cloud.drifts.list()),
        "time" => json(&time(cloud, real)),
        "faults" if !is_post => json(&faults(cloud)),
        "faults" => set_faults(cloud, &request.body),
        "advance" | "clock" | "workload" if !is_post => {
            plain(StatusCode::METHOD_NOT_ALLOWED, "this is sent by POST")
        }
        "advance" => advance(cloud, request, real),
        "clock" => set_clock(cloud, request),
        "workload" => set_workload(cloud, &request.body, real),
        _ => plain(
            StatusCode::NOT_FOUND,
            "there are stats, time, drifted, faults, advance?seconds=N, clock?ahead=SECONDS and workload",
        ),
    }
}

/// The world's time in both forms.
fn time(cloud: &Cloud, real: i64) -> impl Serialize + use<> {
    let seconds = cloud.world_time(real);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    json!({ "time": time.to_string(), "seconds": seconds })
}

/// What goes wrong, as it is written on the command line.
fn faults(cloud: &Cloud) -> impl Serialize + use<> {
    cloud.faults.list().iter().map(ToString::to_string).collect::<Vec<_>>()
}

/// The body is a list: `["throttle=0.5"]`. What was there before ends.
fn set_faults(cloud: &Cloud, body: &Bytes) -> Response<Payload> {
    let asked: Vec<String> = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => return plain(StatusCode::BAD_REQUEST, error.to_string()),
    };
    match asked.iter().map(|fault| fault.parse()).collect::<Result<Vec<Fault>, _>>() {
        Ok(list) => {
            cloud.faults.set(list);
            json(&faults(cloud))
        }
        Err(error) => plain(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

fn advance(cloud: &Cloud, request: &Request, real: i64) -> Response<Payload> {
    let seconds = request.query_parameters().find(|(name, _)| name == "seconds");
    let Some(seconds) = seconds.and_then(|(_, value)| value.parse().ok()) else {
        return plain(StatusCode::BAD_REQUEST, "seconds is a number, 0 or more");
    };
    cloud.advance(seconds);
    json(&time(cloud, real))
}

/// The clock of this AWS is so many seconds ahead of the machine's, or behind it.
fn set_clock(cloud: &Cloud, request: &Request) -> Response<Payload> {
    let ahead = request.query_parameters().find(|(name, _)| name == "ahead");
    let Some(ahead) = ahead.and_then(|(_, value)| value.parse().ok()) else {
        return plain(StatusCode::BAD_REQUEST, "ahead is a number of seconds");
    };
    cloud.set_clock_ahead(ahead);
    json(&json!({ "ahead": cloud.clock_ahead() }))
}

fn set_workload(cloud: &Cloud, body: &Bytes, real: i64) -> Response<Payload> {
    let asked: WorkloadBody = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => return plain(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let names = [asked.account_id.as_str(), &asked.region, &asked.instance_id];
    match cloud.set_workload(names, asked.workload, real) {
        Ok(()) => json(&time(cloud, real)),
        Err(error) => plain(StatusCode::BAD_REQUEST, error.to_string()),
    }
}
