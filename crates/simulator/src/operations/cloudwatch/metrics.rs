//! `ListMetrics`: what has data of the last two weeks.

use serde_json::Value;

use super::{DIMENSION, NAMESPACE, instance_number};
use crate::document::Document;
use crate::error::ApiError;
use crate::operations::Call;
use crate::token;
use crate::world::ids;
use crate::world::stock::Stock;
use crate::world::usage::{HOUR, Metric};

/// Members of `ListMetrics`.
pub(crate) const LIST_METRICS: &[&str] =
    &["Namespace", "MetricName", "Dimensions", "NextToken", "RecentlyActive"];

/// Metrics in one answer.
const PAGE: usize = 500;
/// Two weeks, and `RecentlyActive`, in seconds.
const LISTED: i64 = 14 * 24 * HOUR;
const RECENT: i64 = 3 * HOUR;

/// `ListMetrics`.
pub(crate) fn list_metrics(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let asked = Asked::read(call)?;
    let stock = call.stock()?;
    let mut metrics = Vec::new();
    let mut next = None;
    for place in asked.start..asked.end(&stock) {
        let (index, metric) = (place / 2, Metric::ALL[(place % 2) as usize]);
        if !asked.names(metric) || !asked.is_active(&stock, index, metric) {
            continue;
        }
        if metrics.len() == PAGE {
            next = Some(place);
            break;
        }
        metrics.push(shown(metric, stock.seed.instances.id(index)));
    }
    let mut members = vec![("Metrics", Document::List(metrics))];
    if let Some(next) = next {
        let token = token::seal(&call.cloud.token_key, &asked.listing, next);
        members.push(("NextToken", Document::text(token)));
    }
    Ok(call.answer("ListMetrics", &Document::Structure(members)))
}

/// What a call asks for.
struct Asked {
    /// Whether anything that is simulated can be meant.
    possible: bool,
    metric: Option<String>,
    /// The one instance that is asked for, if one is.
    instance: Option<u64>,
    /// How far back it looks, in seconds.
    span: i64,
    /// The place to begin at: two for each instance.
    start: u64,
    listing: String,
}

impl Asked {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let namespace = call.text("Namespace")?;
        let metric = call.text("MetricName")?.map(str::to_owned);
        let span = match call.text("RecentlyActive")? {
            None => LISTED,
            Some("PT3H") => RECENT,
            Some(other) => return Err(invalid(format!("{other} is no value of RecentlyActive."))),
        };
        let mut possible = namespace.is_none_or(|namespace| namespace == NAMESPACE);
        let mut instance = None;
        for dimension in dimensions(call)? {
            let name = dimension["Name"].as_str();
            possible &= name == Some(DIMENSION);
            if let Some(id) = dimension["Value"].as_str() {
                instance = instance_number(id);
                possible &= instance.is_some();
            }
        }
        let listing =
            call.listing(&format!("ListMetrics {namespace:?} {metric:?} {instance:?} {span}"));
        let start = match call.text("NextToken")? {
            None | Some("") => 0,
            Some(given) => token::open(&call.cloud.token_key, &listing, given)
                .ok_or_else(|| invalid("Request parameter NextToken is not valid."))?,
        };
        Ok(Self { possible, metric, instance, span, start, listing })
    }

    fn names(&self, metric: Metric) -> bool {
        self.metric.as_deref().is_none_or(|name| name == metric.name())
    }

    /// The place behind the last one.
    fn end(&self, stock: &Stock<'_>) -> u64 {
        if self.possible { stock.instances() * 2 } else { 0 }
    }

    fn is_active(&self, stock: &Stock<'_>, index: u64, metric: Metric) -> bool {
        if self.instance.is_some_and(|instance| instance != stock.seed.instances.id(index)) {
            return false;
        }
        let usage = stock.usage(index);
        usage.is_active(metric, usage.end() - self.span, usage.end())
    }
}

fn dimensions<'a>(call: &'a Call<'_>) -> Result<&'a [Value], ApiError> {
    match &call.document["Dimensions"] {
        Value::Null => Ok(&[]),
        Value::Array(all) if all.len() <= 10 => Ok(all),
        _ => Err(invalid("Dimensions must be a list of up to 10.")),
    }
}

fn shown(metric: Metric, instance: u64) -> Document {
    let dimension = Document::Structure(vec![
        ("Name", Document::text(DIMENSION)),
        ("Value", Document::text(ids::text("i-", instance))),
    ]);
    Document::Structure(vec![
        ("Namespace", Document::text(NAMESPACE)),
        ("MetricName", Document::text(metric.name())),
        ("Dimensions", Document::List(vec![dimension])),
    ])
}

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new(400, "InvalidParameterValue", text)
}
