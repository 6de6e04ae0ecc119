//! Every habit must show where it should, and nothing may show where nothing runs.

use super::*;
use crate::config::Config;
use crate::world::{Unit, World};

/// 2026-06-15T12:34:56Z.
const NOW: i64 = 1_781_526_896;
const DAY: i64 = 86_400;
const UNIT: Unit = Unit { account: 0, region: 0 };

fn world() -> World {
    World::new(&Config { accounts: 1, instances: 8_000, ..Config::default() })
}

/// The usages of the running instances with this metric.
fn usages(metric: Metric) -> Vec<Usage> {
    let world = world();
    let stock = world.stock(UNIT, NOW);
    let all = (0..stock.instances()).map(|index| stock.usage(index));
    all.filter(|usage| usage.after == Some(metric) && usage.first < usage.end).collect()
}

fn of(habit: Habit) -> Vec<Usage> {
    usages(Metric::NoToken).into_iter().filter(|usage| usage.habit == habit).collect()
}

fn last(usage: &Usage, days: i64) -> Option<Counted> {
    let end = usage.end() * HOUR;
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
        for hour in usage.end() - 30..usage.end() {
            let counted = usage.counted(Metric::NoToken, hour * HOUR, (hour + 1) * HOUR).unwrap();
            assert_eq!((counted.samples, counted.sum), (12, counted.most * 12));
            assert!(counted.least > 0);
        }
    }
}

#[test]
fn cron_is_seen_once_a_week() {
    for usage in of(Habit::Weekly) {
        let end = usage.end();
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
    let long = |usage: &Usage| usage.end() - usage.first > 100 * HOURS_OF_DAY;
    for usage in of(Habit::WithGaps).into_iter().filter(long) {
        let samples = last(&usage, 100).unwrap().samples;
        assert!((100 * 288 / 2..100 * 288 * 9 / 10).contains(&samples));
    }
}

#[test]
fn parts_add_up() {
    for usage in of(Habit::Weekly).iter().chain(&of(Habit::Steady)).take(40) {
        let end = usage.end() * HOUR;
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

#[test]
fn a_change_turns_the_count() {
    let world = world();
    let mut stock = world.stock(UNIT, NOW);
    let index = (0..stock.instances())
        .find(|index| {
            let usage = stock.usage(*index);
            usage.habit == Habit::Steady
                && usage.after == Some(Metric::NoToken)
                && usage.first < usage.end
        })
        .unwrap();
    let instance = stock.instance(index);
    let options = MetadataOptions { tokens_required: true, ..instance.metadata };
    stock.set_options(&instance, options);
    drop(stock);
    let usage = world.stock(UNIT, NOW + 10 * HOUR).usage(index);
    let sum = |metric, from| usage.counted(metric, from, NOW + 10 * HOUR).map(|it| it.sum);
    let turn = (NOW.div_euclid(HOUR) + 1) * HOUR;
    assert!(usage.counted(Metric::NoToken, NOW - DAY, turn).unwrap().sum > 0);
    assert_eq!(sum(Metric::NoToken, turn), None);
    assert!(sum(Metric::NoTokenRejected, turn).unwrap() > 0);
}
