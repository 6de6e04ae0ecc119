//! CloudWatch: the metrics of instances' metadata services, and nothing else.

mod data;
mod metrics;
mod query;

use serde_json::Value;

use crate::error::ApiError;
use crate::service::Protocol;

pub(crate) use data::{GET_METRIC_DATA, get_metric_data};
pub(crate) use metrics::{LIST_METRICS, list_metrics};

/// The namespace of EC2's metrics, and the one dimension of the simulated ones.
const NAMESPACE: &str = "AWS/EC2";
const DIMENSION: &str = "InstanceId";

/// CloudWatch's refusal of what its validation does not let through.
fn validation(text: impl Into<String>) -> ApiError {
    ApiError::new(400, "ValidationError", text)
}

/// A time as seconds since 1970: a number, or text of ISO 8601 where everything is text. None if it is neither.
fn time(value: &Value, protocol: Protocol) -> Option<i64> {
    let text = || {
        let text = value.as_str().filter(|_| protocol == Protocol::Query)?;
        text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
    };
    value.as_f64().map(|seconds| seconds.floor() as i64).or_else(text)
}

/// The number of an instance's id in a dimension; none if it is nobody's.
fn instance_number(id: &str) -> Option<u64> {
    match crate::world::ids::parse("i-", id) {
        crate::world::ids::Parsed::Id(number) => Some(number),
        _ => None,
    }
}
