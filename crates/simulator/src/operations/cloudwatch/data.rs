//! `GetMetricData`: many metrics at once, in pages of data points.

use super::query::{Query, queries};
use super::{time, validation};
use crate::document::Document;
use crate::error::ApiError;
use crate::hash;
use crate::operations::Call;
use crate::token;
use crate::world::stock::Stock;
use crate::world::usage::{HOUR, STEP, Usage};

/// Members of `GetMetricData`.
pub(crate) const GET_METRIC_DATA: &[&str] = &[
    "MetricDataQueries",
    "StartTime",
    "EndTime",
    "NextToken",
    "ScanBy",
    "MaxDatapoints",
    "LabelOptions",
];

/// Data points of one answer.
const DATA_POINTS: usize = 100_800;

const DAY: i64 = 86_400;
const MINUTE: i64 = 60;

/// `GetMetricData`.
pub(crate) fn get_metric_data(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let asked = Asked::read(call)?;
    let stock = call.stock()?;
    let mut page = Page { left: asked.size, results: Vec::new(), next: None };
    for (place, query) in asked.queries.iter().enumerate().skip(asked.start.0) {
        let skipped = if place == asked.start.0 { asked.start.1 } else { 0 };
        if !page.add(place, skipped, query, asked.points(query, &stock)) {
            break;
        }
    }
    let mut members = vec![("MetricDataResults", Document::List(page.results))];
    if let Some((query, point)) = page.next {
        let offset = ((query as u64) << 32) | point as u64;
        let token = token::seal(&call.cloud.token_key, &asked.listing, offset);
        members.push(("NextToken", Document::text(token)));
    }
    members.push(("Messages", Document::List(Vec::new())));
    Ok(call.answer("GetMetricData", &Document::Structure(members)))
}

/// What a call asks for.
struct Asked {
    queries: Vec<Query>,
    start_time: i64,
    end_time: i64,
    now: i64,
    descending: bool,
    size: usize,
    /// The query to go on with, and how many of its points were answered before.
    start: (usize, usize),
    /// What page tokens are bound to.
    listing: String,
}

impl Asked {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let required = |name: &str| {
            time(&call.document[name], call.protocol)
                .ok_or_else(|| validation(format!("The parameter {name} is required.")))
        };
        let (start_time, end_time) = (required("StartTime")?, required("EndTime")?);
        if start_time >= end_time {
            return Err(validation(
                "The parameter StartTime must be less than the parameter EndTime.",
            ));
        }
        let queries = queries(call)?;
        let descending = match call.text("ScanBy")? {
            None | Some("TimestampDescending") => true,
            Some("TimestampAscending") => false,
            Some(other) => return Err(validation(format!("{other} is no value of ScanBy."))),
        };
        let size = match call.number("MaxDatapoints")? {
            None => DATA_POINTS,
            Some(size) if (1..=DATA_POINTS as u64).contains(&size) => size as usize,
            Some(_) => {
                return Err(validation(format!(
                    "The parameter MaxDatapoints must be from 1 to {DATA_POINTS}."
                )));
            }
        };
        let asked = call.document["MetricDataQueries"].to_string();
        let listing = call.listing(&format!(
            "GetMetricData {:x} {start_time} {end_time} {descending}",
            hash::text(&asked)
        ));
        let start = match call.text("NextToken")? {
            None | Some("") => 0,
            Some(given) => token::open(&call.cloud.token_key, &listing, given)
                .ok_or_else(|| ApiError::new(400, "InvalidNextToken", "Invalid NextToken"))?,
        };
        Ok(Self {
            queries,
            start_time: rounded(start_time, call.now),
            end_time,
            now: call.now,
            descending,
            size,
            start: ((start >> 32) as usize, (start & 0xffff_ffff) as usize),
            listing,
        })
    }

    /// The data points of a query, in the order they are asked for.
    fn points(&self, query: &Query, stock: &Stock<'_>) -> Vec<(i64, f64)> {
        let usage = query.metric.and_then(|(metric, instance)| {
            let index = stock.find_instance(instance)?;
            Some((metric, stock.usage(index)))
        });
        let Some((metric, usage)) = usage else { return Vec::new() };
        let mut points = self.spans(query.period, &usage, |from, to| {
            let counted = usage.counted(metric, from, to)?;
            Some(query.statistic.of(counted))
        });
        if self.descending {
            points.reverse();
        }
        points
    }

    /// Calls `count` for each period that may have data.
    fn spans(
        &self,
        period: i64,
        usage: &Usage,
        count: impl Fn(i64, i64) -> Option<f64>,
    ) -> Vec<(i64, f64)> {
        let oldest = self.now - kept(period);
        let too_old = (oldest - self.start_time).max(0);
        let end = self.end_time.min(usage.end());
        let mut points = Vec::new();
        let mut from = self.start_time + (too_old + period - 1) / period * period;
        while from < end {
            let to = (from + period).min(end);
            points.extend(count(first_step(from), first_step(to)).map(|value| (from, value)));
            from += period;
        }
        points
    }
}

/// The first data point at or after a second.
const fn first_step(second: i64) -> i64 {
    (second + STEP - 1).div_euclid(STEP) * STEP
}

/// How long data is kept in periods of this length: minutes for 15 days, five minutes for 63, hours for 455.
const fn kept(period: i64) -> i64 {
    if period % HOUR == 0 {
        455 * DAY
    } else if period % (5 * MINUTE) == 0 {
        63 * DAY
    } else {
        15 * DAY
    }
}

/// The start time as CloudWatch rounds it: down to the finest period that is kept so long.
const fn rounded(start: i64, now: i64) -> i64 {
    let unit = match now - start {
        ..=1_296_000 => MINUTE,
        1_296_001..=5_443_200 => 5 * MINUTE,
        _ => HOUR,
    };
    start.div_euclid(unit) * unit
}

/// A page being filled.
struct Page {
    /// How many more points it takes.
    left: usize,
    results: Vec<Document>,
    /// Where the next page begins: the query, and how many of its points came before.
    next: Option<(usize, usize)>,
}

impl Page {
    /// Adds a query's points but for those of earlier pages; false when the page is full.
    fn add(
        &mut self,
        place: usize,
        skipped: usize,
        query: &Query,
        points: Vec<(i64, f64)>,
    ) -> bool {
        let rest = points.len().saturating_sub(skipped);
        if self.left == 0 && rest > 0 {
            self.next = Some((place, skipped));
            return false;
        }
        let shown = rest.min(self.left);
        self.left -= shown;
        let complete = shown == rest;
        if !complete {
            self.next = Some((place, skipped + shown));
        }
        let (times, values) = points
            .into_iter()
            .skip(skipped)
            .take(shown)
            .map(|(time, value)| (Document::Time(time), Document::Double(value)))
            .unzip();
        self.results.push(Document::Structure(vec![
            ("Id", Document::text(query.id.as_str())),
            ("Label", Document::text(query.label.as_str())),
            ("Timestamps", Document::List(times)),
            ("Values", Document::List(values)),
            ("StatusCode", Document::text(if complete { "Complete" } else { "PartialData" })),
        ]));
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_data_is_kept_in_long_periods() {
        assert_eq!([60, 600, 7_200].map(kept), [15 * DAY, 63 * DAY, 455 * DAY]);
    }

    #[test]
    fn start_times_are_rounded_down() {
        let now = 100 * DAY;
        assert_eq!(rounded(now - DAY + 59, now), now - DAY);
        assert_eq!(rounded(now - 20 * DAY + 299, now), now - 20 * DAY);
        assert_eq!(rounded(now - 70 * DAY + 3599, now), now - 70 * DAY);
        assert_eq!((first_step(1), first_step(300)), (300, 300));
    }
}
