//! When changes may be made: `Mon-Fri 09:00-17:00 Europe/Berlin`.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Time, Weekday},
    tz::TimeZone,
};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Whose time it is when nobody says.
const UTC: &str = "UTC";

/// Days of the week, the hours between two times of each, and whose time that is. A window that ends before it begins ends
/// on the next day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    text: String,
    days: [bool; 7],
    from: Time,
    /// None is the end of the day.
    to: Option<Time>,
    zone: TimeZone,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: String| {
            format!("`{text}` is no window like `Mon-Fri 09:00-17:00 Europe/Berlin`: {what}")
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (days, hours, zone) = match words.as_slice() {
            [days, hours] => (*days, *hours, UTC),
            [days, hours, zone] => (*days, *hours, *zone),
            _ => return Err(wrong("it has days, hours and at most a time zone".to_owned())),
        };
        let text = format!("{days} {hours} {zone}");
        let days = parse_days(days).map_err(wrong)?;
        let (from, to) = parse_hours(hours).map_err(wrong)?;
        let zone = TimeZone::get(zone)
            .map_err(|_| wrong(format!("the time zone `{zone}` is not known here; `UTC` is")))?;
        Ok(Self { text, days, from, to, zone })
    }
}

fn parse_days(text: &str) -> Result<[bool; 7], String> {
    if text == "*" {
        return Ok([true; 7]);
    }
    let day = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let found = DAYS.iter().position(|(known, _)| *known == lower);
        found.ok_or_else(|| format!("`{name}` is no day: Mon, Tue, Wed, Thu, Fri, Sat, Sun, or *"))
    };
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let mut at = first;
        days[at] = true;
        while at != last {
            at = (at + 1) % 7;
            days[at] = true;
        }
    }
    Ok(days)
}

fn parse_hours(text: &str) -> Result<(Time, Option<Time>), String> {
    let (from, to) = text.split_once('-').ok_or_else(|| format!("`{text}` is no span of time"))?;
    let from = parse_time(from)?;
    if matches!(to, "24:00" | "24") {
        return Ok((from, None));
    }
    let to = parse_time(to)?;
    if from == to { Err("it begins when it ends".to_owned()) } else { Ok((from, Some(to))) }
}

fn parse_time(text: &str) -> Result<Time, String> {
    let wrong = || format!("`{text}` is no time of day: 09:00 is");
    let (hour, minute) = text.split_once(':').unwrap_or((text, "00"));
    let (Ok(hour), Ok(minute)) = (hour.parse(), minute.parse()) else { return Err(wrong()) };
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

impl Window {
    /// Whether it is open.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let here = now.to_zoned(self.zone.clone());
        let (time, today) = (here.time(), self.has(here.weekday()));
        let Some(to) = self.to else { return today && time >= self.from };
        if self.from < to {
            return today && time >= self.from && time < to;
        }
        let yesterday = self.has(here.weekday().previous());
        today && time >= self.from || yesterday && time < to
    }

    /// When it opens next; none within a week and a day.
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let here = now.to_zoned(self.zone.clone());
        (0_i64..=8)
            .filter_map(|days| {
                let day = here.date().checked_add(days.days()).ok()?;
                let at = day.to_datetime(self.from).to_zoned(self.zone.clone()).ok()?;
                self.has(at.weekday()).then(|| at.timestamp())
            })
            .find(|at| *at > now)
    }

    fn has(&self, day: Weekday) -> bool {
        DAYS.iter().zip(self.days).any(|((_, known), open)| *known == day && open)
    }
}

/// Whether changes may be made now; else when they may next.
pub fn open_now(windows: &[Window], now: Timestamp) -> Result<(), Option<Timestamp>> {
    if windows.is_empty() || windows.iter().any(|window| window.is_open(now)) {
        return Ok(());
    }
    Err(windows.iter().filter_map(|window| window.opens(now)).min())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_open_and_close_in_their_own_time() {
        // 2026-11-24 is a Tuesday.
        let table = [
            ("Mon-Fri 09:00-17:00", "2026-11-24T09:00:00Z", true),
            ("Mon-Fri 09:00-17:00", "2026-11-24T17:00:00Z", false),
            ("Mon-Fri 09:00-17:00", "2026-11-28T10:00:00Z", false),
            ("Sat,Sun 00:00-24:00", "2026-11-28T23:59:59Z", true),
            ("Sat-Mon 0-24", "2026-11-30T10:00:00Z", true),
            ("Sat-Mon 0-24", "2026-11-24T10:00:00Z", false),
            ("* 22:00-02:00", "2026-11-24T23:00:00Z", true),
            ("* 22:00-02:00", "2026-11-24T01:59:00Z", true),
            ("* 22:00-02:00", "2026-11-24T02:00:00Z", false),
            ("Mon 22:00-02:00 UTC", "2026-11-24T01:00:00Z", true),
            ("Tue 22:00-02:00 UTC", "2026-11-24T01:00:00Z", false),
        ];
        for (window, now, open) in table {
            assert_eq!(window.parse::<Window>().unwrap().is_open(at(now)), open, "{window} {now}");
        }
    }

    #[test]
    fn a_window_says_whose_time_it_is() {
        let said = |text: &str| text.parse::<Window>().unwrap().to_string();
        assert_eq!(said("Mon-Fri  09:00-17:00"), "Mon-Fri 09:00-17:00 UTC");
        assert_eq!(said("* 9-17 Europe/Berlin"), "* 9-17 Europe/Berlin");
    }

    #[test]
    fn who_comes_too_early_is_told_when_to_come() {
        let windows = ["Mon-Fri 09:00-17:00".parse().unwrap(), "Sat 08:00-09:00".parse().unwrap()];
        assert_eq!(open_now(&windows, at("2026-11-24T10:00:00Z")), Ok(()));
        let next = Some(at("2026-11-28T08:00:00Z"));
        assert_eq!(open_now(&windows, at("2026-11-27T17:00:00Z")), Err(next));
        assert_eq!(open_now(&[], at("2026-11-27T17:00:00Z")), Ok(()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for wrong in [
            "",
            "Mon",
            "Mon 9",
            "Moon 09:00-10:00",
            "Mon 25:00-26:00",
            "Mon 9-9",
            "Mon 9-10 Mars/X",
        ] {
            assert!(wrong.parse::<Window>().is_err(), "{wrong}");
        }
    }
}
