//! The queries of `GetMetricData`.

use std::collections::HashSet;

use serde_json::Value;

use super::{DIMENSION, NAMESPACE, instance_number, validation};
use crate::error::ApiError;
use crate::operations::Call;
use crate::operations::input::integer;
use crate::world::usage::{Counted, Metric};

/// Queries of one call ("CloudWatch service quotas").
const QUERIES: usize = 500;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// One metric that is asked for.
pub(super) struct Query {
    pub(super) id: String,
    pub(super) label: String,
    /// What is meant, if there is such a thing.
    pub(super) metric: Option<(Metric, u64)>,
    /// In seconds.
    pub(super) period: i64,
    pub(super) statistic: Statistic,
}

/// What is told of a span of time.
#[derive(Clone, Copy)]
pub(super) enum Statistic {
    Sum,
    SampleCount,
    Average,
    Minimum,
    Maximum,
}

impl Statistic {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "Sum" => Some(Self::Sum),
            "SampleCount" => Some(Self::SampleCount),
            "Average" => Some(Self::Average),
            "Minimum" => Some(Self::Minimum),
            "Maximum" => Some(Self::Maximum),
            _ => None,
        }
    }

    /// The number that a span's counts come to.
    pub(super) fn of(self, counted: Counted) -> f64 {
        match self {
            Self::Sum => counted.sum as f64,
            Self::SampleCount => counted.samples as f64,
            Self::Average => counted.sum as f64 / counted.samples as f64,
            Self::Minimum => counted.least as f64,
            Self::Maximum => counted.most as f64,
        }
    }
}

/// The queries of a call that are to be answered.
pub(super) fn queries(call: &Call<'_>) -> Result<Vec<Query>, ApiError> {
    let Some(all) = call.document["MetricDataQueries"].as_array().filter(|all| !all.is_empty())
    else {
        return Err(validation("The parameter MetricDataQueries is required."));
    };
    if all.len() > QUERIES {
        return Err(validation(format!(
            "The collection MetricDataQueries must not have a size greater than {QUERIES}."
        )));
    }
    let mut ids = HashSet::new();
    let mut queries = Vec::with_capacity(all.len());
    for asked in all {
        let id = asked["Id"].as_str().filter(|id| is_id(id)).ok_or_else(|| {
            validation(format!("The value {} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.", asked["Id"]))
        })?;
        if !ids.insert(id) {
            return Err(validation(format!("The id {id} is used more than once.")));
        }
        let query = query(call, id, asked)?;
        let returned = match &asked["ReturnData"] {
            Value::Null => true,
            Value::Bool(returned) => *returned,
            other => other.as_str() != Some("false"),
        };
        queries.extend(returned.then_some(query));
    }
    Ok(queries)
}

fn query(call: &Call<'_>, id: &str, asked: &Value) -> Result<Query, ApiError> {
    if !asked["Expression"].is_null() {
        return Err(validation(format!("Query {id}: expressions are not simulated.")));
    }
    let stat = &asked["MetricStat"];
    let text = |value: &Value, name: &str| {
        value.as_str().map(str::to_owned).ok_or_else(|| {
            validation(format!("The parameter MetricDataQueries.{id}.{name} is required."))
        })
    };
    let period = integer(&stat["Period"], call.protocol)
        .filter(|period| (MINUTE..=DAY * 365).contains(period) && period % MINUTE == 0)
        .ok_or_else(|| {
            let text = "must be a multiple of 60 seconds for metrics of this resolution.";
            validation(format!("The parameter MetricDataQueries.{id}.MetricStat.Period {text}"))
        })?;
    let statistic = text(&stat["Stat"], "MetricStat.Stat")?;
    let statistic = Statistic::from_name(&statistic)
        .ok_or_else(|| validation(format!("Query {id}: {statistic} is not simulated.")))?;
    let metric = &stat["Metric"];
    let name = text(&metric["MetricName"], "MetricStat.Metric.MetricName")?;
    let namespace = text(&metric["Namespace"], "MetricStat.Metric.Namespace")?;
    let unit = stat["Unit"].as_str();
    let is_counted = namespace == NAMESPACE && unit.is_none_or(|unit| unit == "Count");
    let known = Metric::ALL.into_iter().find(|metric| is_counted && metric.name() == name);
    let label = asked["Label"].as_str().map_or(name, str::to_owned);
    let metric = known.zip(only_instance(&metric["Dimensions"]));
    Ok(Query { id: id.to_owned(), label, metric, period, statistic })
}

/// The instance that is the one and only dimension.
fn only_instance(dimensions: &Value) -> Option<u64> {
    let [only] = dimensions.as_array()?.as_slice() else { return None };
    let is_instance = only["Name"].as_str() == Some(DIMENSION);
    instance_number(only["Value"].as_str().filter(|_| is_instance)?)
}

fn is_id(id: &str) -> bool {
    id.len() <= 255
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
