//! `MetadataNoTokenRejected`: calls of version 1 that were refused since tokens are required. Who makes them needs an answer
//! and gets none.

use imdsure_aws::{Parameters, actor::Actor, error::CallError, operation::GET_METRIC_DATA};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::event::Breach;

/// Instances that one call asks about. With a day before and two days after in periods of five minutes that is 86,400
/// datapoints; CloudWatch gives 100,800.
pub(super) const A_LOOK: usize = 100;
/// Basic monitoring has a datapoint every five minutes.
const PERIOD: i64 = 300;
/// Beyond two days, hours are enough.
const LONG: i64 = 2 * 86_400;
const HOUR: i64 = 3_600;
/// What was refused before the change, for instances whose software was refused already.
const BASELINE: SignedDuration = SignedDuration::from_hours(24);

/// An instance whose calls are refused more than before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    id: String,
    calls: f64,
    first: Option<Timestamp>,
    expected: f64,
}

impl Refused {
    pub(super) fn breach(self, account_id: &str, region: &str) -> Breach {
        let Self { id, calls, first, expected } = self;
        let first = first.map(|first| format!(", the first in the period that began {first:.0}"));
        let before = if expected > 0.0 {
            format!("; as before it would have been {expected:.0}")
        } else {
            String::new()
        };
        let found = format!(
            "{id}: {calls:.0} calls of version 1 were refused since it was changed{}{before}",
            first.unwrap_or_default()
        );
        Breach {
            account_id: Some(account_id.to_owned()),
            region: Some(region.to_owned()),
            instance_id: Some(id),
            check: "MetadataNoTokenRejected".to_owned(),
            found,
        }
    }
}

/// Those of some instances whose calls are refused more often since `since` than in the day before.
pub(super) async fn refused(
    actor: &Actor<'_>,
    ids: &[String],
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Refused>, CallError> {
    let period = if (now - BASELINE).as_second().abs_diff(since.as_second()) > LONG as u64 {
        HOUR
    } else {
        PERIOD
    };
    let aligned = |at: Timestamp| at.as_second().div_euclid(period) * period;
    // The period that the change fell into counts as after it: before it nothing was refused.
    let from = aligned(since.checked_sub(BASELINE).unwrap_or(since));
    let to = aligned(now) + period;
    let queries: Vec<Value> =
        ids.iter().enumerate().map(|(index, id)| query(index, id, period)).collect();
    let parameters = Parameters::new()
        .with("StartTime", json!(from))
        .with("EndTime", json!(to))
        .with("ScanBy", "TimestampAscending")
        .with("MetricDataQueries", json!(queries));
    let results = actor.list(&GET_METRIC_DATA, &parameters, &["MetricDataResults"]).await?;
    let change = aligned(since);
    Ok(counted(ids, &results, change, (to - change) as f64))
}

fn query(index: usize, id: &str, period: i64) -> Value {
    json!({
        "Id": format!("m{index}"),
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/EC2",
                "MetricName": "MetadataNoTokenRejected",
                "Dimensions": [{"Name": "InstanceId", "Value": id}]
            },
            "Period": period,
            "Stat": "Sum"
        },
        "ReturnData": true
    })
}

/// Sums each instance's datapoints before and after the change. An instance may come in several results, page by page.
fn counted(ids: &[String], results: &[Value], change: i64, seconds_after: f64) -> Vec<Refused> {
    let mut sums = vec![(0.0, 0.0, None::<i64>); ids.len()];
    for result in results {
        let place = result
            .get("Id")
            .and_then(Value::as_str)
            .and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
        let Some(sum) = place.and_then(|place| sums.get_mut(place)) else { continue };
        let times = result.get("Timestamps").and_then(Value::as_array).into_iter().flatten();
        let values = result.get("Values").and_then(Value::as_array).into_iter().flatten();
        for (time, value) in times.zip(values) {
            let (Some(time), Some(value)) = (seconds(time), value.as_f64()) else { continue };
            if time < change {
                sum.0 += value;
            } else if value > 0.0 {
                sum.1 += value;
                sum.2 = Some(sum.2.map_or(time, |first| first.min(time)));
            }
        }
    }
    let refused = ids.iter().zip(sums).filter_map(|(id, (before, calls, first))| {
        let expected = before / BASELINE.as_secs_f64() * seconds_after;
        // As often as before is no news; twice as often is.
        (calls > 2.0 * expected).then(|| Refused {
            id: id.clone(),
            calls,
            first: first.and_then(|first| Timestamp::from_second(first).ok()),
            expected,
        })
    });
    refused.collect()
}

/// Seconds since 1970, as number or as RFC 3339.
fn seconds(time: &Value) -> Option<i64> {
    match time {
        Value::String(text) => Some(text.parse::<Timestamp>().ok()?.as_second()),
        number => number.as_f64().map(|seconds| seconds as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_than_before_is_a_breach() {
        let ids = ["i-1", "i-2", "i-3", "i-4"].map(str::to_owned);
        let results = [
            // Nothing before, one call after.
            json!({"Id": "m0", "Timestamps": [100, 86_500], "Values": [0.0, 1.0]}),
            // As often as before: ten in a day before, ten in a day after.
            json!({"Id": "m1", "Timestamps": [100, 86_500], "Values": [10.0, 10.0]}),
            // Five times as often, on two pages.
            json!({"Id": "m2", "Timestamps": [100, 86_500], "Values": [10.0, 25.0]}),
            json!({"Id": "m2", "Timestamps": [90_000], "Values": [25.0]}),
            // Silent.
            json!({"Id": "m3", "Timestamps": [86_500], "Values": [0.0]}),
        ];
        let found = counted(&ids, &results, 86_400, 86_400.0);
        let found: Vec<_> =
            found.iter().map(|refused| (refused.id.as_str(), refused.calls)).collect();
        assert_eq!(found, [("i-1", 1.0), ("i-3", 50.0)]);
    }
}
