//! Sums of one metric of some instances, as CloudWatch has them. What it does not give whole is not known, and never zero.

use imdsure_aws::{Parameters, actor::Actor, operation::GET_METRIC_DATA};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Instances that one call asks about. CloudWatch gives 100,800 datapoints a call.
pub(super) const A_LOOK: usize = 100;
/// Periods of one instance in a call, at most.
const PERIODS: i64 = 1_000;
/// Basic monitoring has a datapoint every five minutes; a longer time is asked for by the hour, or by the day.
const PERIOD: i64 = 300;
const LONGER: [i64; 2] = [3_600, 86_400];

/// What is asked for: a metric of `AWS/EC2` from one second since 1970 up to another, both multiples of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) metric: &'static str,
    pub(super) from: i64,
    pub(super) to: i64,
    period: i64,
}

impl Span {
    /// The time from `from` up to now, with the period that `now` falls into.
    pub(super) fn new(metric: &'static str, from: Timestamp, now: Timestamp) -> Self {
        let seconds = now.as_second() - from.as_second();
        let fits = |period: &i64| seconds / period < PERIODS;
        let longest = LONGER[LONGER.len() - 1];
        let period =
            if fits(&PERIOD) { PERIOD } else { LONGER.into_iter().find(fits).unwrap_or(longest) };
        let mut span = Self { metric, from: 0, to: 0, period };
        span.from = span.began(from);
        span.to = span.began(now) + period;
        span
    }

    /// When the period of an instant began.
    pub(super) fn began(&self, at: Timestamp) -> i64 {
        at.as_second().div_euclid(self.period) * self.period
    }

    fn query(&self, index: usize, id: &str) -> Value {
        json!({
            "Id": format!("m{index}"),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/EC2",
                    "MetricName": self.metric,
                    "Dimensions": [{"Name": "InstanceId", "Value": id}]
                },
                "Period": self.period,
                "Stat": "Sum"
            },
            "ReturnData": true
        })
    }

    /// For each instance, its calls before and from a second on; `turn` gives that second by the instance's place. The error
    /// says why they are not known.
    pub(super) async fn counts<'a>(
        &self,
        actor: &Actor<'_>,
        ids: impl Iterator<Item = &'a str>,
        turn: impl Fn(usize) -> i64,
    ) -> Result<Vec<Counts>, String> {
        let queries: Vec<Value> =
            ids.enumerate().map(|(index, id)| self.query(index, id)).collect();
        let parameters = Parameters::new()
            .with("StartTime", json!(self.from))
            .with("EndTime", json!(self.to))
            .with("ScanBy", "TimestampAscending")
            .with("MetricDataQueries", json!(queries));
        let results = actor.list(&GET_METRIC_DATA, &parameters, &["MetricDataResults"]).await;
        counted(queries.len(), &results.map_err(|error| error.to_string())?, turn)
    }
}

/// What one instance's calls come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) before: f64,
    pub(super) since: f64,
    /// The beginning of the first period with calls since.
    pub(super) first: Option<i64>,
    pub(super) is_whole: bool,
}

impl Counts {
    /// `, the first in the period that began …`.
    pub(super) fn first_words(&self) -> String {
        let first = self.first.and_then(|first| Timestamp::from_second(first).ok());
        first.map_or_else(String::new, |first| {
            format!(", the first in the period that began {first:.0}")
        })
    }
}

/// Sums each instance's datapoints. An instance may come in several results, page by page: the last one says whether they are all.
fn counted(
    instances: usize,
    results: &[Value],
    turn: impl Fn(usize) -> i64,
) -> Result<Vec<Counts>, String> {
    let mut counts = vec![Counts::default(); instances];
    let mut why = None;
    for result in results {
        let place = result
            .get("Id")
            .and_then(Value::as_str)
            .and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
        let Some((place, of)) = place.and_then(|place| Some((place, counts.get_mut(place)?)))
        else {
            continue;
        };
        let status = result.get("StatusCode").and_then(Value::as_str).unwrap_or("no StatusCode");
        of.is_whole = status == "Complete";
        if !of.is_whole {
            why = Some(status);
        }
        of.add(result, turn(place));
    }
    let broken = counts.iter().filter(|of| !of.is_whole).count();
    if broken > 0 {
        let why = why.unwrap_or("no result");
        return Err(format!(
            "CloudWatch gave not all datapoints of {broken} of {instances} instances ({why})"
        ));
    }
    Ok(counts)
}

impl Counts {
    fn add(&mut self, result: &Value, turn: i64) {
        let times = result.get("Timestamps").and_then(Value::as_array).into_iter().flatten();
        let values = result.get("Values").and_then(Value::as_array).into_iter().flatten();
        for (time, value) in times.zip(values) {
            let (Some(time), Some(value)) = (seconds(time), value.as_f64()) else { continue };
            if time < turn {
                self.before += value;
            } else if value > 0.0 {
                self.since += value;
                self.first = Some(self.first.map_or(time, |first| first.min(time)));
            }
        }
    }
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

    fn result(id: &str, points: &[(i64, f64)], status: &str) -> Value {
        let (times, values): (Vec<i64>, Vec<f64>) = points.iter().copied().unzip();
        json!({"Id": id, "Timestamps": times, "Values": values, "StatusCode": status})
    }

    #[test]
    fn pages_add_up_and_each_instance_has_its_own_turn() {
        let results = [
            result("m0", &[(100, 3.0), (400, 5.0)], "PartialData"),
            result("m1", &[(100, 2.0)], "Complete"),
            result("m0", &[(700, 1.0), (1_000, 0.0)], "Complete"),
        ];
        let counts = counted(2, &results, |place| [400, 0][place]).unwrap();
        let told: Vec<_> = counts.iter().map(|of| (of.before, of.since, of.first)).collect();
        assert_eq!(told, [(3.0, 6.0, Some(400)), (0.0, 2.0, Some(100))]);
    }

    #[test]
    fn what_is_not_whole_is_not_known() {
        let of = |results: &[Value]| counted(1, results, |_| 0).unwrap_err();
        assert!(of(&[]).contains("no result"));
        assert!(of(&[result("m0", &[], "InternalError")]).contains("InternalError"));
        assert!(of(&[result("m7", &[], "Complete")]).contains("1 of 1"));
        assert!(counted(1, &[result("m0", &[], "Complete")], |_| 0).is_ok());
    }

    #[test]
    fn a_long_time_is_asked_for_by_longer_periods() {
        let now: Timestamp = "2026-11-30T10:02:03Z".parse().unwrap();
        for (days, period) in [(0, 300), (3, 300), (4, 3_600), (41, 3_600), (42, 86_400)] {
            let span = Span::new("m", now - jiff::SignedDuration::from_hours(24 * days), now);
            assert_eq!(span.period, period, "{days}");
            assert!((span.to - span.from) / period <= PERIODS + 1);
            assert!(span.from % period == 0 && span.to > now.as_second());
        }
    }
}
