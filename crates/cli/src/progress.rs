//! Progress of long work, on standard error, while somebody watches.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use imdsure_aws::progress::Progress;
use imdsure_fix::run::Progress as RunProgress;
use imdsure_report::thousands;
use imdsure_runner::ScanProgress;
use terminal_size::{Width, terminal_size_of};
use tokio::{task::JoinHandle, time::interval};

const REDRAW: Duration = Duration::from_millis(120);
/// How often a log is told, where nobody watches a terminal.
const LOGGED: Duration = Duration::from_secs(30);
/// Takes the progress line away.
pub(crate) const CLEAR_LINE: &str = "\r\x1b[2K";

/// A line that is redrawn until it is stopped. Where standard error is no terminal, it is a log: a line now and then is enough.
pub(crate) struct ProgressLine {
    drawing: JoinHandle<()>,
    redrawn: bool,
}

impl ProgressLine {
    /// What is read of AWS.
    pub(crate) fn start(progress: &Arc<Progress>) -> Self {
        let progress = Arc::clone(progress);
        Self::of(move || line(&progress))
    }

    /// What is read of code.
    pub(crate) fn of_code(progress: &Arc<ScanProgress>) -> Self {
        let progress = Arc::clone(progress);
        Self::of(move || {
            let number = |number: &AtomicUsize| thousands(number.load(Ordering::Relaxed) as u64);
            let (read, found) = (number(&progress.read), number(&progress.found));
            format!("{read}/{found} files looked at")
        })
    }

    /// What a run changes: the wave, how much of it is through, the rate, and the time that is left.
    pub(crate) fn of_run(progress: &Arc<RunProgress>) -> Self {
        let progress = Arc::clone(progress);
        let mut pace = Pace::default();
        Self::of(move || pace.line(&progress))
    }

    fn of(mut line: impl FnMut() -> String + Send + 'static) -> Self {
        let redrawn = io::stderr().is_terminal();
        let drawing = tokio::spawn(async move {
            let mut due = interval(REDRAW);
            let mut logged = Instant::now();
            loop {
                due.tick().await;
                // Asked for as often in a log: a rate needs to know what was when.
                let line = line();
                if !redrawn && logged.elapsed() < LOGGED {
                    continue;
                }
                logged = Instant::now();
                // Nobody to tell when standard error is gone.
                let _ = if redrawn {
                    write!(io::stderr(), "{CLEAR_LINE}{}", fitting(&line))
                } else {
                    writeln!(io::stderr(), "{line}")
                };
            }
        });
        Self { drawing, redrawn }
    }

    /// Ends the drawing and takes the line away.
    pub(crate) async fn stop(self) {
        self.drawing.abort();
        // It may be in the middle of drawing.
        let _ = self.drawing.await;
        if self.redrawn {
            let _ = write!(io::stderr(), "{CLEAR_LINE}");
        }
    }
}

/// The time over which a rate is told: AWS lets a burst go first, which says nothing of what follows.
const WINDOW: Duration = Duration::from_secs(15);
/// Before so much of a wave went by there is no rate.
const FIRST_RATE: Duration = Duration::from_secs(3);

/// What the wave at work had made when, to tell its rate.
#[derive(Default)]
struct Pace {
    wave: u64,
    /// The oldest is at the window's beginning, or before it.
    made: VecDeque<(Instant, u64)>,
}

impl Pace {
    fn line(&mut self, progress: &RunProgress) -> String {
        let number = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let waiting = progress.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waiting) = waiting {
            return waiting;
        }
        let (wave, all, done) =
            (number(&progress.wave), number(&progress.of_wave), number(&progress.ended_of_wave));
        if all == 0 {
            return "asking what is permitted".to_owned();
        }
        let made = done.saturating_sub(number(&progress.passed_of_wave));
        let rate = self.rate(wave, made, Instant::now());
        let least = if made == 0 { number(&progress.least_seconds) } else { 0 };
        let pace = pace(rate, all.saturating_sub(done), least);
        let wave = if wave == 0 { String::new() } else { format!("wave {wave} · ") };
        format!("{wave}{}/{} changes{pace}", thousands(done), thousands(all))
    }

    /// Changes a second, of those that this process made in the window; none before it is known.
    fn rate(&mut self, wave: u64, made: u64, now: Instant) -> Option<f64> {
        let begins_anew = self.made.back().is_some_and(|(_, before)| made < *before);
        if wave != self.wave || begins_anew {
            (self.wave, self.made) = (wave, VecDeque::new());
        }
        self.made.push_back((now, made));
        let since = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at);
        while self.made.get(1).is_some_and(|next| since(next) >= WINDOW) {
            self.made.pop_front();
        }
        let first = self.made.front()?;
        let (time, number) = (since(first), made.saturating_sub(first.1));
        (time >= FIRST_RATE && number > 0).then(|| number as f64 / time.as_secs_f64())
    }
}

/// The rate and the time that is left, as far as they are known: before the first change that is the plan's own estimate, if it has
/// one.
fn pace(rate: Option<f64>, open: u64, least_seconds: u64) -> String {
    match rate {
        _ if open == 0 => String::new(),
        Some(rate) => {
            let left = (open as f64 / rate).ceil() as u64;
            format!(" · {rate:.1} a second · {} left", time(left.max(1)))
        }
        None if least_seconds > 0 => format!(" · at least {}", time(least_seconds)),
        None => String::new(),
    }
}

fn time(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6_000 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// As much as fits: a line that wraps cannot be taken away again.
fn fitting(line: &str) -> &str {
    let columns: usize =
        terminal_size_of(io::stderr()).map_or(80, |(Width(columns), _)| columns.into());
    let end = line.char_indices().nth(columns.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

fn line(progress: &Progress) -> String {
    let done = |done: u64, all: u64| format!("{}/{}", thousands(done), thousands(all));
    let mut parts = vec![
        format!("{} accounts", done(progress.accounts_entered.get(), progress.accounts.get())),
        format!("{} regions", done(progress.regions_done.get(), progress.regions.get())),
        format!("{} instances", thousands(progress.instances.get())),
    ];
    let seldom = [("throttled", progress.throttled.get()), ("errors", progress.errors.get())];
    let happened = seldom.into_iter().filter(|(_, number)| *number > 0);
    parts.extend(happened.map(|(name, number)| format!("{} {name}", thousands(number))));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rate_is_told_before_there_is_one() {
        assert_eq!(pace(None, 28, 0), "");
        assert_eq!(pace(None, 28, 90), " · at least 90 s");
        assert_eq!(pace(Some(2.0), 14, 0), " · 2.0 a second · 7 s left");
        assert_eq!(pace(Some(500.0), 1, 0), " · 500.0 a second · 1 s left", "something is left");
        assert_eq!(pace(Some(2.0), 0, 0), "");
    }

    /// The rates that are told where so much was made at those milliseconds.
    fn rates(samples: &[(u64, u64, u64)]) -> Vec<Option<f64>> {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        samples.iter().map(|(time, wave, made)| pace.rate(*wave, *made, at(*time))).collect()
    }

    #[test]
    fn a_rate_is_of_what_was_made_lately() {
        // A burst at once says nothing yet.
        assert_eq!(rates(&[(0, 1, 0), (100, 1, 278), (2_900, 1, 278)]), [None; 3]);
        // Ten a second, later two: the window forgets.
        let told = rates(&[(0, 1, 0), (10_000, 1, 100), (20_000, 1, 120), (30_000, 1, 140)]);
        assert_eq!(told, [None, Some(10.0), Some(6.0), Some(2.0)]);
        // Nothing came of it lately: then nothing is known.
        let told = rates(&[(0, 1, 0), (4_000, 1, 8), (19_000, 1, 8), (34_000, 1, 8)]);
        assert_eq!(told, [None, Some(2.0), None, None]);
    }

    #[test]
    fn each_wave_has_a_rate_of_its_own() {
        let told =
            rates(&[(0, 1, 0), (5_000, 1, 50), (5_100, 2, 0), (7_000, 2, 9), (9_100, 2, 20)]);
        assert_eq!(told, [None, Some(10.0), None, None, Some(5.0)]);
        // Taken up again within a wave, or putting back what was made: counted from there.
        assert_eq!(rates(&[(0, 1, 9), (4_000, 1, 9), (5_000, 1, 3), (9_000, 1, 11)])[3], Some(2.0));
    }
}
