//! What CloudWatch counted of version 1 calls: days for all instances, and hours for those that called.
//! CloudWatch charges by the metric asked for, so that silent instances are asked about once.

mod points;

use std::ops::Range;

use futures::{StreamExt, stream};
use imdsure_model::ErrorKind;
use serde_json::{Value, json};

pub(crate) use self::points::Window;
use self::points::{Points, Series, Usage};
use super::described::CALLS_AT_ONCE;
use crate::{
    client::endless,
    error::CallError,
    operation::GET_METRIC_DATA,
    row::{Row, items, text_at},
    tables::{AWS_CLOUDWATCH_IMDS_USAGE, Table},
    unit::{SeenInstance, Unit},
    wire::Parameters,
};

const TABLES: [&Table; 1] = [&AWS_CLOUDWATCH_IMDS_USAGE];
/// Metrics that one call may ask for.
const METRICS_A_CALL: usize = 500;
/// Datapoints that one call may give.
const POINTS_A_CALL: usize = 100_800;
const RESULTS: &str = "MetricDataResults";

/// How long a datapoint's period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Day,
    Hour,
}

impl Period {
    const fn seconds(self) -> i64 {
        match self {
            Self::Day => 86_400,
            Self::Hour => 3_600,
        }
    }
}

/// The metrics that reading these many instances asks for at most: each by day, and by hour where it
/// called. CloudWatch charges $0.01 for 1,000 of them.
pub(crate) const fn most_metrics(instances: u64) -> u64 {
    instances.saturating_mul(2)
}

/// Reads the calls of instances in a window into the table, and tells how many metrics it asked for.
///
/// An instance that CloudWatch has no data of has a row without calls. One whose data could not be read
/// has none, and the error is written; where its days could be read and its hours not, its row has the days.
pub(crate) async fn usage(unit: &Unit<'_>, instances: &[SeenInstance], window: Window) -> u64 {
    let every: Vec<&SeenInstance> = instances.iter().collect();
    let days = series(unit, &every, window, Period::Day).await;
    let called = |points: &Option<Points>| points.as_ref().is_some_and(Points::any_calls);
    let callers: Vec<usize> =
        (0..every.len()).filter(|i| days.get(*i).is_some_and(called)).collect();
    let calling: Vec<&SeenInstance> =
        callers.iter().filter_map(|index| every.get(*index).copied()).collect();
    let hours = series(unit, &calling, window, Period::Hour).await;
    let mut hours_of: Vec<Option<Points>> = vec![None; every.len()];
    for (index, points) in callers.iter().zip(hours) {
        if let Some(place) = hours_of.get_mut(*index) {
            *place = points;
        }
    }
    let rows: Vec<Row> = every
        .iter()
        .zip(days.into_iter().zip(hours_of))
        .filter_map(|(instance, (days, hours))| {
            let hourly = hours.is_some();
            let used = Usage::of(&hours.or(days)?, hourly, window, instance.launch_time);
            Some(row(unit, instance, window, hourly, &used))
        })
        .collect();
    unit.append(&AWS_CLOUDWATCH_IMDS_USAGE, &rows);
    (every.len() + calling.len()) as u64
}

/// The metric that counts for an instance: calls refused where tokens are required, else calls answered.
const fn metric(instance: &SeenInstance) -> &'static str {
    if instance.tokens_required { "MetadataNoTokenRejected" } else { "MetadataNoToken" }
}

/// The datapoints of instances, in their order; none of those that could not be read whole.
async fn series(
    unit: &Unit<'_>,
    instances: &[&SeenInstance],
    window: Window,
    period: Period,
) -> Vec<Option<Points>> {
    let points = window.periods(period.seconds()).max(1);
    let size = (POINTS_A_CALL / points).clamp(1, METRICS_A_CALL);
    let chunks = (0..instances.len()).step_by(size);
    let chunks: Vec<Range<usize>> =
        chunks.map(|start| start..(start + size).min(instances.len())).collect();
    let ask = |range: Range<usize>| async move {
        let some = instances.get(range).unwrap_or_default();
        (some.len(), metric_data(unit, some, window, period).await)
    };
    let answers: Vec<_> = stream::iter(chunks).map(ask).buffered(CALLS_AT_ONCE).collect().await;
    let (mut all, mut errors) = (Vec::with_capacity(instances.len()), Vec::new());
    for (size, answer) in answers {
        match answer {
            Ok(series) => {
                errors.extend(broken(unit, &series));
                all.extend(series.into_iter().map(Series::whole));
            }
            Err(error) => {
                errors.push(error);
                all.extend(std::iter::repeat_n(None, size));
            }
        }
    }
    unit.unread_each(errors, &TABLES);
    all
}

/// Asks for the metrics of some instances, page by page.
async fn metric_data(
    unit: &Unit<'_>,
    instances: &[&SeenInstance],
    window: Window,
    period: Period,
) -> Result<Vec<Series>, CallError> {
    let asked = parameters(instances, window, period);
    let mut series = vec![Series::default(); instances.len()];
    let mut token: Option<String> = None;
    loop {
        let page = match &token {
            Some(token) => asked.clone().with("NextToken", token.as_str()),
            None => asked.clone(),
        };
        let answer = unit.ask_for(&GET_METRIC_DATA, &page, RESULTS).await?;
        for result in items(answer.get(RESULTS).unwrap_or(&Value::Null)) {
            let index = text_at(result, &["Id"]).and_then(|id| id.strip_prefix('m'));
            let index = index.and_then(|number| number.parse::<usize>().ok());
            if let Some(series) = index.and_then(|index| series.get_mut(index)) {
                series.add(result);
            }
        }
        let next = text_at(&answer, &["NextToken"]).map(str::to_owned);
        if next.is_none() {
            return Ok(series);
        }
        if next == token {
            return Err(endless(&GET_METRIC_DATA, &unit.place()));
        }
        token = next;
    }
}

fn parameters(instances: &[&SeenInstance], window: Window, period: Period) -> Parameters {
    let query = |(index, instance): (usize, &&SeenInstance)| {
        json!({
            "Id": format!("m{index}"),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/EC2",
                    "MetricName": metric(instance),
                    "Dimensions": [{"Name": "InstanceId", "Value": instance.id}],
                },
                "Period": period.seconds(),
                "Stat": "Sum",
            },
            "ReturnData": true,
        })
    };
    let queries: Vec<Value> = instances.iter().enumerate().map(query).collect();
    Parameters::new()
        .with("StartTime", Value::from(window.start / 1000))
        .with("EndTime", Value::from(window.end / 1000))
        .with("MetricDataQueries", Value::from(queries))
}

/// What CloudWatch did not give whole, as errors.
fn broken(unit: &Unit<'_>, series: &[Series]) -> Vec<CallError> {
    let error = |status: &str| CallError {
        account_id: Some(unit.account.id.clone()),
        region: Some(unit.region.to_owned()),
        operation: GET_METRIC_DATA.name(),
        code: status.to_owned(),
        message: "CloudWatch did not give all data of an instance's metric".to_owned(),
        kind: if status == "Forbidden" { ErrorKind::Denied } else { ErrorKind::Unavailable },
    };
    series.iter().filter_map(Series::broken).map(error).collect()
}

fn row(
    unit: &Unit<'_>,
    instance: &SeenInstance,
    window: Window,
    hourly: bool,
    used: &Usage,
) -> Row {
    // Every instant here is a whole second.
    let instant = |time: Option<i64>| Value::from(time.map(|milliseconds| milliseconds / 1000));
    unit.row(&AWS_CLOUDWATCH_IMDS_USAGE)
        .set("instance_id", instance.id.as_str())
        .set("metric", metric(instance))
        .set("window_start", instant(Some(window.start)))
        .set("window_end", instant(Some(window.end)))
        .set("calls", used.calls)
        .set("days_with_data", used.days_with_data)
        .set("covered_hours", used.covered_hours)
        .set("hourly", hourly)
        .set("first_datapoint", instant(used.first))
        .set("last_datapoint", instant(used.last))
        .set("last_nonzero", instant(used.last_nonzero))
        .set("rebooted_in_window", used.rebooted_in_window)
}

#[cfg(test)]
mod tests;
