//! Every habit must show where it should, and nothing may show where nothing runs.

use super::*;
use crate::config::Config;
use crate::world::options::{MetadataOptions, State};
use crate::world::{Unit, World};

/// 2026-06-15T12:34:56Z.
const NOW: i64 = 1_781_526_896;
const DAY: i64 = 86_400;
const UNIT: Unit = Unit { account: 0, region: 0 };
const HOURS_OF_WEEK: i64 = 168;

fn world() -> World {
    World::new(&Config { accounts: 1, instances: 8_000, ..Config::default() })
}

/// The usages of the running instances with this metric.
fn usages(metric: Metric) -> Vec<Usage> {
    let world = world();
    let stock = world.stock(UNIT, NOW);
    let all = (0..stock.instances()).map(|index| stock.usage(index));
    all.filter(|usage| gate(usage) == metric_gate(metric) && usage.first < usage.end).collect()
}

fn gate(usage: &Usage) -> Gate {
    usage.spells.last().unwrap().gate
}

fn metric_gate(metric: Metric) -> Gate {
    match metric {
        Metric::NoToken => Gate::Open,
        Metric::NoTokenRejected => Gate::Shut,
    }
}

/// The first and the last hour that have all their data.
fn hours(usage: &Usage) -> (i64, i64) {
    (usage.first.div_euclid(STEPS_OF_HOUR) + 1, usage.end.div_euclid(STEPS_OF_HOUR))
}

fn of(habit: Habit) -> Vec<Usage> {
    usages(Metric::NoToken).into_iter().filter(|usage| usage.habit == habit).collect()
}

fn last(usage: &Usage, days: i64) -> Option<Counted> {
    let end = usage.end();
    usage.counted(Metric::NoToken, end - days * DAY, end)
}

#[test]
fn habits_keep_their_shares() {
    let share = |all: &[Usage], habit| {
        all.iter().filter(|usage| usage.habit == habit).count() * 100 / all.len()
    };
    let optional = usages(Metric::NoToken);
    assert!((52..68).contains(&share(&optional, Habit::Silent)));
    assert!((10..20).contains(&share(&optional, Habit::Steady)));
    for habit in [Habit::Weekly, Habit::AtBoot, Habit::Fresh, Habit::WithGaps] {
        assert!((2..14).contains(&share(&optional, habit)), "{habit:?}");
    }
    for habit in [Habit::Refresh, Habit::Daily] {
        assert!((1..5).contains(&share(&optional, habit)), "{habit:?}");
    }
    let required = usages(Metric::NoTokenRejected);
    assert!((78..92).contains(&share(&required, Habit::Silent)));
}

#[test]
fn the_silent_are_counted_as_zero() {
    for usage in of(Habit::Silent) {
        let day = Counted { samples: 288, sum: 0, least: 0, most: 0 };
        assert_eq!(last(&usage, 1), Some(day));
        assert_eq!(usage.counted(Metric::NoTokenRejected, NOW - DAY, NOW), None);
    }
}

#[test]
fn the_steady_call_every_hour() {
    for usage in of(Habit::Steady) {
        let (_, end) = hours(&usage);
        for hour in end - 30..end {
            let counted = usage.counted(Metric::NoToken, hour * HOUR, (hour + 1) * HOUR).unwrap();
            assert_eq!((counted.samples, counted.sum), (12, counted.most * 12));
            assert!(counted.least > 0);
        }
    }
}

#[test]
fn cron_is_seen_once_a_week() {
    for usage in of(Habit::Weekly) {
        let (_, end) = hours(&usage);
        let busy: Vec<i64> = (end - 3 * HOURS_OF_WEEK..end)
            .filter(|hour| {
                let counted = usage.counted(Metric::NoToken, hour * HOUR, (hour + 1) * HOUR);
                counted.is_some_and(|counted| counted.sum > 0)
            })
            .collect();
        assert_eq!(busy.len(), 3);
        assert!(busy.windows(2).all(|pair| pair[1] - pair[0] == HOURS_OF_WEEK));
    }
}

#[test]
fn who_calls_daily_is_seen_every_day() {
    for usage in of(Habit::Daily) {
        for day in 0..20 {
            let (from, to) = (usage.end() - (day + 1) * DAY, usage.end() - day * DAY);
            assert_eq!(usage.counted(Metric::NoToken, from, to).unwrap().sum, 4);
        }
    }
}

#[test]
fn who_renews_seldom_hides_from_two_weeks() {
    let all = of(Habit::Refresh);
    let calls =
        |days| all.iter().filter(|usage| last(usage, days).is_some_and(|it| it.sum > 0)).count();
    assert_eq!(calls(40), all.len());
    assert!((all.len() / 4..all.len() * 4 / 5).contains(&calls(14)), "{} {}", calls(14), all.len());
}

#[test]
fn boots_are_seen_in_ninety_days_but_seldom_in_fourteen() {
    let all = of(Habit::AtBoot);
    let calls =
        |days| all.iter().filter(|usage| last(usage, days).is_some_and(|it| it.sum > 0)).count();
    assert_eq!(calls(90), all.len());
    assert!(calls(14) < all.len() / 2);
}

#[test]
fn the_fresh_have_two_days_and_gaps_are_no_zeros() {
    for usage in of(Habit::Fresh) {
        assert_eq!(last(&usage, 30).unwrap().samples, 2 * 288);
    }
    let long = |usage: &Usage| usage.end - usage.first > 100 * STEPS_OF_DAY;
    for usage in of(Habit::WithGaps).into_iter().filter(long) {
        let samples = last(&usage, 100).unwrap().samples;
        assert!((100 * 288 / 2..100 * 288 * 9 / 10).contains(&samples));
    }
}

#[test]
fn parts_add_up() {
    for usage in of(Habit::Weekly).iter().chain(&of(Habit::Steady)).take(40) {
        let end = usage.end();
        let steps = (0..7 * 288).filter_map(|step| {
            let from = end - 7 * DAY + step * STEP;
            usage.counted(Metric::NoToken, from, from + STEP)
        });
        assert_eq!(steps.reduce(Counted::with), last(usage, 7));
    }
}

#[test]
fn nothing_is_counted_where_nothing_runs() {
    let world = world();
    let stock = world.stock(UNIT, NOW);
    let mut seen = 0;
    for index in 0..stock.instances() {
        let instance = stock.instance(index);
        let usage = stock.usage(index);
        let counts = Metric::ALL
            .iter()
            .any(|metric| usage.counted(*metric, NOW - 400 * DAY, NOW + DAY).is_some());
        let runs = instance.state == State::Running && instance.metadata.endpoint_enabled;
        // An instance with gaps may have nothing but those, if it was launched of late; none is here.
        assert_eq!(counts, runs, "{index}");
        seen += u32::from(!runs);
    }
    assert!(seen > 100);
    let instance = stock.instance(0);
    let before = instance.launched.div_euclid(HOUR) * HOUR;
    let usage = stock.usage(0);
    assert!(
        Metric::ALL.iter().all(|metric| usage.counted(*metric, before - DAY, before).is_none())
    );
}

fn is_open(usage: &Usage, habit: Habit) -> bool {
    usage.habit == habit && gate(usage) == Gate::Open && usage.first < usage.end
}

/// An instance of this habit whose tokens are optional, and one second of time after the other.
struct Case {
    world: World,
    index: u64,
}

impl Case {
    fn new(habit: Habit) -> Self {
        let world = world();
        let stock = world.stock(UNIT, NOW);
        let index = (0..stock.instances()).find(|index| is_open(&stock.usage(*index), habit));
        drop(stock);
        Self { world, index: index.unwrap() }
    }

    fn require(&self, required: bool, at: i64) {
        let mut stock = self.world.stock(UNIT, at);
        let instance = stock.instance(self.index);
        let options = MetadataOptions { tokens_required: required, ..instance.metadata };
        stock.set_options(&instance, options);
    }

    fn usage(&self, at: i64) -> Usage {
        self.world.stock(UNIT, at).usage(self.index)
    }

    fn is_failing(&self, at: i64) -> bool {
        self.world.stock(UNIT, at).is_failing(self.index)
    }

    /// The sum from one second up to another, as it is told at the end.
    fn sum(&self, metric: Metric, from: i64, to: i64) -> Option<u64> {
        self.usage(to).counted(metric, from, to).map(|counted| counted.sum)
    }
}

/// The first step behind [`NOW`] and the two seconds in which a change settles.
const TURN: i64 = (NOW + 2 + STEP - 1) / STEP * STEP;

#[test]
fn a_change_turns_the_count() {
    let case = Case::new(Habit::Steady);
    case.require(true, NOW);
    let now = NOW + 10 * HOUR;
    let usage = case.usage(now);
    let sum = |metric, from| usage.counted(metric, from, now).map(|it| it.sum);
    assert!(usage.counted(Metric::NoToken, NOW - DAY, TURN).unwrap().sum > 0);
    assert_eq!(sum(Metric::NoToken, TURN), None);
    assert!(sum(Metric::NoTokenRejected, TURN).unwrap() > 0);
}

#[test]
fn software_that_is_refused_tries_again_until_it_is_answered() {
    let case = Case::new(Habit::Daily);
    case.require(true, NOW);
    let before = case.usage(NOW + 2 * DAY);
    let called = before.spells.last().unwrap().schedule.next(TURN / STEP, i64::MAX).unwrap() * STEP;
    assert!(!case.is_failing(called - 1), "nobody has called yet");
    assert!(case.is_failing(called) && case.is_failing(called + 3 * DAY));
    let end = called + 10 * STEP;
    assert_eq!(case.sum(Metric::NoTokenRejected, TURN, called).unwrap_or(0), 0);
    // The four calls of the day, and one in each of nine steps after it.
    assert_eq!(case.sum(Metric::NoTokenRejected, TURN, end), Some(4 + 9));
    case.require(false, end - 2);
    assert!(case.is_failing(end - 1) && !case.is_failing(end));
    assert_eq!(case.sum(Metric::NoTokenRejected, TURN, end + DAY), Some(4 + 9));
    // The call that was made again is answered, and so is the next day's.
    assert_eq!(case.sum(Metric::NoToken, end, end + DAY), Some(1 + 4));
    // Until somebody asks for tokens again.
    case.require(true, end + DAY);
    assert!(!case.is_failing(end + DAY + 10) && case.is_failing(end + 3 * DAY));
}

#[test]
fn software_that_always_met_required_tokens_copes() {
    let world = world();
    let stock = world.stock(UNIT, NOW);
    let index = (0..stock.instances())
        .find(|index| {
            let usage = stock.usage(*index);
            usage.habit == Habit::Steady && gate(&usage) == Gate::Shut
        })
        .unwrap();
    let usage = stock.usage(index);
    assert!(usage.counted(Metric::NoTokenRejected, NOW - DAY, NOW).unwrap().sum > 0);
    assert!(!usage.is_failing() && !stock.is_failing(index));
}

#[test]
fn a_boot_calls_and_a_stop_ends_the_data() {
    let case = Case::new(Habit::AtBoot);
    let turn = |passing, settled, at| {
        let mut stock = case.world.stock(UNIT, at);
        let instance = stock.instance(case.index);
        stock.set_state(&instance, passing, settled);
    };
    turn(State::Stopping, State::Stopped, NOW);
    let there = case.usage(NOW + HOUR).counted(Metric::NoToken, NOW - DAY, NOW + HOUR).unwrap();
    // The step in which it was stopped had begun before.
    assert_eq!(there.samples, 288 + 1);
    case.require(true, NOW + HOUR);
    turn(State::Pending, State::Running, NOW + 2 * HOUR);
    let booted = (NOW + 2 * HOUR + 2 + STEP - 1) / STEP * STEP;
    assert!(!case.is_failing(booted - 1) && case.is_failing(booted));
    assert_eq!(case.sum(Metric::NoTokenRejected, NOW, booted + STEP), Some(9));
}

#[test]
fn a_workload_that_was_set_is_what_counts() {
    let case = Case::new(Habit::Steady);
    let set = |workload, at| case.world.stock(UNIT, at).set_workload(case.index, workload);
    set(Workload::Never, NOW);
    assert_eq!(case.sum(Metric::NoToken, NOW - 14 * DAY, NOW), Some(0));
    case.require(true, NOW);
    assert!(!case.is_failing(NOW + DAY));
    // Who begins to call now has not called since the change.
    set(Workload::Every { seconds: 86_400, next_in: 3_600 }, NOW + DAY);
    assert!(!case.is_failing(NOW + DAY) && case.is_failing(NOW + DAY + HOUR));
    assert!(case.sum(Metric::NoToken, NOW - 14 * DAY, NOW).unwrap() >= 13);
}

#[test]
fn a_world_shows_the_same_use_on_whatever_day_it_begins() {
    let used = |began: i64| -> Vec<_> {
        let config =
            Config { accounts: 1, instances: 800, began: Some(began), ..Config::default() };
        let world = World::new(&config);
        let stock = world.stock(UNIT, began + 600);
        let end = began.div_euclid(HOUR) * HOUR;
        let of = |index| {
            let usage = stock.usage(index);
            Metric::ALL
                .map(|metric| [1, 14, 40].map(|days| usage.counted(metric, end - days * DAY, end)))
        };
        (0..stock.instances()).map(of).collect()
    };
    let today = used(NOW);
    assert!(today.iter().flatten().flatten().flatten().any(|counted| counted.sum > 0));
    for days in [1, 9, 400, -3] {
        assert!(today == used(NOW + days * DAY + 5 * HOUR), "{days} days later");
    }
}
