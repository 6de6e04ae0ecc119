//! Pacing: one allowance per account, region and throttle bucket, so that one busy region never slows
//! another. It mirrors AWS's token buckets, halves its rate when AWS says it was too fast all the same
//! (others draw from the same bucket), and finds its way back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::operation::Bucket;

/// The slowest that an allowance gets: one call in two seconds.
const SLOWEST: f64 = 0.5;

/// How long a turn is waited for before the rate is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Tokens are counted in fractions: what is missing by rounding alone is not missing.
const ROUNDING: f64 = 1e-6;

#[derive(Debug)]
pub(crate) struct Pacer {
    /// The share of each allowance that is ours to use, 0 to 1.
    share: f64,
    allowances: Mutex<HashMap<Key, Lane>>,
}

impl Default for Pacer {
    fn default() -> Self {
        Self::with_share(1.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    account: String,
    region: String,
    bucket: Bucket,
}

/// The allowance that one call draws from.
#[derive(Debug, Clone)]
pub(crate) struct Lane(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Who waits for a turn, first come, first served.
    queue: tokio::sync::Mutex<()>,
    allowance: Mutex<Allowance>,
}

impl Pacer {
    pub(crate) fn with_share(share: f64) -> Self {
        Self { share, allowances: Mutex::default() }
    }

    pub(crate) fn lane(&self, account: &str, region: &str, bucket: Bucket) -> Lane {
        let key = Key { account: account.to_owned(), region: region.to_owned(), bucket };
        let mut allowances = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        let (size, rate) = bucket.allowance();
        // A bucket holds at least one call: else none could ever be made.
        let allowance = ((size * self.share).max(1.0), rate * self.share);
        let fresh = || {
            let allowance = Mutex::new(Allowance::new(allowance, Instant::now()));
            Lane(Arc::new(Shared { queue: tokio::sync::Mutex::default(), allowance }))
        };
        allowances.entry(key).or_insert_with(fresh).clone()
    }
}

impl Lane {
    /// Waits for this call's turn, and tells when that came. Only the first in the queue watches the allowance, and looks again
    /// while it waits: the rate may have changed, and who gave up waiting has taken nothing.
    pub(crate) async fn turn(&self) -> Instant {
        let _first = self.0.queue.lock().await;
        loop {
            let wait = self.with(|allowance| allowance.draw(Instant::now()));
            if wait.is_zero() {
                return Instant::now();
            }
            sleep(wait.min(LOOK_AGAIN)).await;
        }
    }

    /// AWS refused the call whose turn was then.
    pub(crate) fn throttled(&self, turn: Instant) {
        self.with(|allowance| allowance.slow_down(turn, Instant::now()));
    }

    pub(crate) fn answered(&self) {
        self.with(Allowance::speed_up);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Allowance) -> T) -> T {
        act(&mut self.0.allowance.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug)]
struct Allowance {
    capacity: f64,
    full_rate: f64,
    rate: f64,
    tokens: f64,
    at: Instant,
    /// When the rate was halved last.
    slowed: Option<Instant>,
}

impl Allowance {
    const fn new((capacity, rate): (f64, f64), now: Instant) -> Self {
        Self { capacity, full_rate: rate, rate, tokens: capacity, at: now, slowed: None }
    }

    /// Takes a token if there is one, or says how long it takes until there is one.
    fn draw(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = self.rate.mul_add(passed, self.tokens).min(self.capacity);
        let missing = 1.0 - self.tokens;
        if missing > ROUNDING {
            return Duration::from_secs_f64(missing / self.rate);
        }
        self.tokens -= 1.0;
        Duration::ZERO
    }

    /// Halves the rate, once for all calls that were under way together: those whose turn came before it was halved say nothing
    /// about the new rate.
    fn slow_down(&mut self, turn: Instant, now: Instant) {
        if self.slowed.is_some_and(|slowed| turn <= slowed) {
            return;
        }
        self.slowed = Some(now);
        self.rate = (self.rate / 2.0).max(SLOWEST.min(self.full_rate));
        self.tokens = self.tokens.min(0.0);
    }

    fn speed_up(&mut self) {
        self.rate = self.full_rate.mul_add(0.05, self.rate).min(self.full_rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws so many times, waiting as told; how long it took.
    fn draws(allowance: &mut Allowance, number: u32, start: Instant) -> Duration {
        let mut now = start;
        for _ in 0..number {
            now = turn(allowance, now);
        }
        now - start
    }

    /// When the turn comes of who is first in the queue then.
    fn turn(allowance: &mut Allowance, mut now: Instant) -> Instant {
        loop {
            let wait = allowance.draw(now);
            if wait.is_zero() {
                return now;
            }
            now += wait;
        }
    }

    fn full(now: Instant) -> Allowance {
        Allowance::new(Bucket::Ec2NonMutating.allowance(), now)
    }

    #[test]
    fn a_burst_is_free_and_the_rest_comes_at_the_documented_rate() {
        let now = Instant::now();
        let mut allowance = full(now);
        assert_eq!(draws(&mut allowance, 100, now), Duration::ZERO);
        let seconds = draws(&mut allowance, 200, now).as_secs_f64();
        assert!((9.9..10.1).contains(&seconds), "{seconds}");
    }

    /// Turns that workers take from a lane in so many seconds, each as soon as it had the one before, by a clock of
    /// our own; in each span of ten seconds, how many.
    fn turns(lane: &Lane, start: Instant, workers: usize, seconds: u64) -> Vec<u32> {
        let mut free = vec![start; workers];
        let mut last = start;
        let mut spans = vec![0; (seconds / 10) as usize];
        loop {
            let Some(worker) = free.iter_mut().min() else { return spans };
            last = lane.with(|allowance| turn(allowance, last.max(*worker)));
            *worker = last;
            let span = ((*worker - start).as_nanos().saturating_sub(1) / 10_000_000_000) as usize;
            match spans.get_mut(span) {
                Some(taken) => *taken += 1,
                None => return spans,
            }
        }
    }

    #[test]
    fn a_share_is_used_up_and_never_exceeded() {
        let pacer = Pacer::with_share(0.5);
        let changing = Bucket::Ec2Change("ModifyInstanceMetadataOptions");
        let start = Instant::now();
        // Half of 100 at once and half of 5 a second, then not one more and not one less.
        for workers in [1, 16] {
            let lane = pacer.lane("1", &workers.to_string(), changing);
            assert_eq!(turns(&lane, start, workers, 30), [75, 25, 25]);
        }
        let lane = pacer.lane("1", "a", Bucket::Ec2Defaults);
        assert_eq!(turns(&lane, start, 4, 20), [11, 10]);
    }

    #[test]
    fn throttling_slows_one_lane_down_and_only_that() {
        let pacer = Pacer::default();
        let lane = |region| pacer.lane("1", region, Bucket::Ec2NonMutating);
        let now = Instant::now();
        lane("a").throttled(now);
        let now = Instant::now();
        let wait = |region| lane(region).with(|allowance| allowance.draw(now));
        assert!(wait("a") >= Duration::from_millis(95));
        assert_eq!(wait("b"), Duration::ZERO);
    }

    #[test]
    fn calls_that_were_under_way_together_slow_a_lane_down_once() {
        let now = Instant::now();
        let mut allowance = full(now);
        let later = now + Duration::from_millis(300);
        (0..32).for_each(|_| allowance.slow_down(now, later));
        assert!((allowance.rate - allowance.full_rate / 2.0).abs() < f64::EPSILON);
        allowance.slow_down(later + Duration::from_millis(1), later + Duration::from_millis(300));
        assert!((allowance.rate - allowance.full_rate / 4.0).abs() < f64::EPSILON);
    }

    #[test]
    fn who_waits_has_taken_nothing_and_is_quicker_when_the_rate_is_back() {
        let now = Instant::now();
        let mut allowance = full(now);
        for second in (1..=20).map(Duration::from_secs) {
            allowance.slow_down(now + second, now + second);
        }
        // Forty that gave up make nobody wait longer.
        let waits: Vec<Duration> = (0..40).map(|_| allowance.draw(now)).collect();
        assert!(waits.iter().all(|wait| *wait == Duration::from_secs(2)), "{waits:?}");
        (0..20).for_each(|_| allowance.speed_up());
        assert_eq!(allowance.draw(now + Duration::from_millis(50)), Duration::ZERO);
    }

    #[test]
    fn a_slow_lane_finds_its_way_back() {
        let now = Instant::now();
        let mut allowance = full(now);
        for second in (1..=20).map(Duration::from_secs) {
            allowance.slow_down(now + second, now + second);
        }
        assert!((allowance.rate - SLOWEST).abs() < f64::EPSILON);
        (0..20).for_each(|_| allowance.speed_up());
        assert!((allowance.rate - allowance.full_rate).abs() < f64::EPSILON);
    }
}
