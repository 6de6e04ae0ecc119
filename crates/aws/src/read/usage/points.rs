//! What follows from datapoints, without asking anybody.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::row::{at, items, text_at, time};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The time that CloudWatch is asked about, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// A UTC midnight: there CloudWatch's days and hours begin, whatever rounding it does.
    pub(crate) start: i64,
    /// A full hour; what begins at it is not part of the window.
    pub(crate) end: i64,
}

impl Window {
    /// `days` whole UTC days (one at least), and what has passed of the next one up to the last full hour
    /// before `now` (milliseconds since 1970). Asked twice within an hour, it is the same.
    pub(crate) fn before(now: i64, days: u32) -> Self {
        let end = now.div_euclid(HOUR) * HOUR;
        let midnight = end.div_euclid(DAY) * DAY;
        Self { start: midnight.saturating_sub(i64::from(days.max(1)) * DAY), end }
    }

    /// The periods that begin in it.
    pub(super) fn periods(self, seconds: i64) -> usize {
        let length = (self.end - self.start).max(0) as u64;
        length.div_ceil(seconds.unsigned_abs().max(1) * 1000) as usize
    }

    const fn has(self, instant: i64) -> bool {
        self.start <= instant && instant < self.end
    }
}

/// Datapoints: the start of each period, and the calls in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Points(BTreeMap<i64, f64>);

impl Points {
    /// Whether there is any call.
    pub(super) fn any_calls(&self) -> bool {
        self.0.values().any(|calls| *calls > 0.0)
    }
}

/// What the pages so far hold of one metric.
#[derive(Debug, Clone, Default)]
pub(super) struct Series {
    points: Points,
    /// `StatusCode` of the last page that had it.
    status: Option<String>,
}

impl Series {
    /// Adds a page's result.
    pub(super) fn add(&mut self, result: &Value) {
        let times = items(at(result, &["Timestamps"])).iter().filter_map(time);
        let values = items(at(result, &["Values"])).iter().filter_map(Value::as_f64);
        self.points.0.extend(times.zip(values));
        self.status = text_at(result, &["StatusCode"]).map(str::to_owned);
    }

    /// The datapoints, if all there are were given.
    pub(super) fn whole(self) -> Option<Points> {
        self.broken().is_none().then_some(self.points)
    }

    /// Why not all there are were given.
    pub(super) fn broken(&self) -> Option<&str> {
        match self.status.as_deref() {
            Some("Complete") => None,
            Some(status) => Some(status),
            None => Some("NoResult"),
        }
    }
}

/// The use of one instance in a window. Instants are the starts of periods.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Usage {
    /// None without data: no data is not zero.
    pub(super) calls: Option<i64>,
    pub(super) days_with_data: i64,
    pub(super) covered_hours: i64,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) last_nonzero: Option<i64>,
    pub(super) rebooted_in_window: Option<bool>,
}

impl Usage {
    /// From datapoints by the hour or by the day, and the last start of the instance.
    pub(super) fn of(points: &Points, hourly: bool, window: Window, launch: Option<i64>) -> Self {
        let inside = || points.0.iter().filter(|(start, _)| window.has(**start));
        let days: BTreeSet<i64> = inside().map(|(start, _)| start.div_euclid(DAY) * DAY).collect();
        let first = inside().next().map(|(start, _)| *start);
        let sum: f64 = inside().map(|(_, calls)| calls.max(0.0)).sum();
        let covered_hours = if hourly {
            let hours: BTreeSet<i64> = inside().map(|(start, _)| start.div_euclid(HOUR)).collect();
            hours.len() as i64
        } else {
            days.iter().map(|day| hours_of(*day, window, launch)).sum()
        };
        Self {
            calls: first.map(|_| sum.round() as i64),
            days_with_data: days.len() as i64,
            covered_hours,
            first,
            last: inside().next_back().map(|(start, _)| *start),
            last_nonzero: inside().rfind(|(_, calls)| **calls > 0.0).map(|(start, _)| *start),
            rebooted_in_window: launch.map(|instant| window.has(instant)),
        }
    }
}

/// The hours that a day with data stands for: all, but only those of the window, and on the day of the
/// last start only whole ones after it. (What ran before that start cannot be told from the day's sum.)
fn hours_of(day: i64, window: Window, launch: Option<i64>) -> i64 {
    let until = (day + DAY).min(window.end);
    let started = launch.filter(|launch| (day..day + DAY).contains(launch));
    let from = day.max(window.start).max(started.unwrap_or(day));
    ((until - from) / HOUR).max(0)
}

#[cfg(test)]
impl Points {
    pub(super) fn from_pairs(pairs: &[(i64, f64)]) -> Self {
        Self(pairs.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    fn window() -> Window {
        Window::before(ms("2026-03-29T10:59:59.999Z"), 14)
    }

    fn points(pairs: &[(&str, f64)]) -> Points {
        Points::from_pairs(&pairs.iter().map(|(at, calls)| (ms(at), *calls)).collect::<Vec<_>>())
    }

    #[test]
    fn a_window_is_whole_days_and_the_hours_of_today() {
        let window = window();
        assert_eq!(window.start, ms("2026-03-15T00:00:00Z"));
        assert_eq!(window.end, ms("2026-03-29T10:00:00Z"));
        assert_eq!((window.periods(86_400), window.periods(3_600)), (15, 14 * 24 + 10));
        let midnight = Window::before(ms("2026-03-29T00:00:00Z"), 14);
        assert_eq!((midnight.end, midnight.periods(86_400)), (ms("2026-03-29T00:00:00Z"), 14));
        assert_eq!(Window::before(ms("2026-03-29T10:00:00Z"), 14), window);
        assert_eq!(Window::before(ms("2026-03-29T10:00:00Z"), 0).periods(86_400), 2);
    }

    #[test]
    fn a_day_has_24_hours_wherever_clocks_change() {
        // Clocks change in Europe on 2026-03-29, in North America on 2026-03-08.
        for day in ["2026-03-29", "2026-03-08", "2025-10-26", "2025-11-02"] {
            let midnight = ms(&format!("{day}T00:00:00Z"));
            let window = Window::before(midnight + DAY, 1);
            assert_eq!((window.start, window.periods(3_600)), (midnight, 24));
            let points = Points::from_pairs(&[(midnight, 0.0)]);
            assert_eq!(Usage::of(&points, false, window, None).covered_hours, 24);
        }
    }

    #[test]
    fn no_data_is_not_zero() {
        let none = Usage::of(&Points::default(), false, window(), None);
        assert_eq!((none.calls, none.days_with_data, none.covered_hours), (None, 0, 0));
        assert_eq!((none.first, none.last, none.last_nonzero), (None, None, None));
        assert_eq!(none.rebooted_in_window, None);
        let zero = points(&[("2026-03-20T00:00:00Z", 0.0), ("2026-03-21T00:00:00Z", 0.0)]);
        let zero = Usage::of(&zero, false, window(), None);
        assert_eq!((zero.calls, zero.days_with_data, zero.covered_hours), (Some(0), 2, 48));
        assert_eq!(zero.last_nonzero, None);
        assert_eq!(zero.first, Some(ms("2026-03-20T00:00:00Z")));
        assert_eq!(zero.last, Some(ms("2026-03-21T00:00:00Z")));
    }

    #[test]
    fn hours_are_counted_one_by_one() {
        let hours = points(&[
            ("2026-03-20T05:00:00Z", 2.0),
            ("2026-03-20T06:00:00Z", 3.0),
            ("2026-03-22T07:00:00Z", 0.0),
        ]);
        let used = Usage::of(&hours, true, window(), None);
        assert_eq!((used.calls, used.days_with_data, used.covered_hours), (Some(5), 2, 3));
        assert_eq!(used.last_nonzero, Some(ms("2026-03-20T06:00:00Z")));
        assert_eq!(used.last, Some(ms("2026-03-22T07:00:00Z")));
    }

    #[test]
    fn today_counts_up_to_the_last_full_hour() {
        let today = points(&[("2026-03-29T00:00:00Z", 7.0)]);
        let used = Usage::of(&today, false, window(), None);
        assert_eq!((used.calls, used.covered_hours), (Some(7), 10));
    }

    #[test]
    fn what_lies_outside_the_window_does_not_count() {
        let outside = points(&[("2026-03-14T00:00:00Z", 9.0), ("2026-03-29T10:00:00Z", 9.0)]);
        assert_eq!(Usage::of(&outside, true, window(), None).calls, None);
    }

    #[test]
    fn a_day_counts_from_the_last_start_and_days_before_it_in_full() {
        let days = points(&[("2026-03-19T00:00:00Z", 1.0), ("2026-03-20T00:00:00Z", 1.0)]);
        let used = |launch: &str| Usage::of(&days, false, window(), Some(ms(launch)));
        let within = used("2026-03-20T17:30:00Z");
        assert_eq!((within.covered_hours, within.rebooted_in_window), (24 + 6, Some(true)));
        let long_ago = used("2019-06-01T00:00:00Z");
        assert_eq!((long_ago.covered_hours, long_ago.rebooted_in_window), (48, Some(false)));
        // Started after the last full hour: the window cannot show what it does.
        assert_eq!(used("2026-03-29T10:20:00Z").rebooted_in_window, Some(false));
    }

    proptest! {
        #[test]
        fn any_datapoints_give_numbers_that_fit(
            pairs in prop::collection::vec((any::<i64>(), any::<f64>()), 0..20),
            now in any::<i64>(), days in any::<u32>(), launch in any::<Option<i64>>(), hourly in any::<bool>(),
        ) {
            let window = Window::before(now.clamp(-1 << 60, 1 << 60), days);
            let used = Usage::of(&Points::from_pairs(&pairs), hourly, window, launch);
            prop_assert_eq!(used.calls.is_some(), used.days_with_data > 0);
            prop_assert!(used.covered_hours >= 0 && used.covered_hours <= 24 * used.days_with_data);
        }
    }
}
