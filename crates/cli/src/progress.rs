//! Progress of long work, on standard error, while somebody watches.

use std::{
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
            let mut due = interval(if redrawn { REDRAW } else { LOGGED });
            if !redrawn {
                // The first is due at once, when there is nothing to tell.
                due.tick().await;
            }
            loop {
                due.tick().await;
                let line = line();
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

/// When the wave at work began, to tell its rate.
#[derive(Default)]
struct Pace {
    wave: u64,
    since: Option<Instant>,
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
        if wave != self.wave || self.since.is_none() {
            (self.wave, self.since) = (wave, Some(Instant::now()));
        }
        if all == 0 {
            return "asking what is permitted".to_owned();
        }
        let seconds = self.since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        let pace = pace(done, all, seconds, number(&progress.least_seconds));
        let wave = if wave == 0 { String::new() } else { format!("wave {wave} · ") };
        format!("{wave}{}/{} changes{pace}", thousands(done), thousands(all))
    }
}

/// The rate and the time that is left, as far as they are known: before the first change that is the plan's own estimate, if it has
/// one.
fn pace(done: u64, all: u64, seconds: f64, least_seconds: u64) -> String {
    match (done, least_seconds) {
        (0, 0) => String::new(),
        (0, least) => format!(" · at least {}", time(least)),
        _ => {
            let rate = done as f64 / seconds.max(0.1);
            let left = (all.saturating_sub(done) as f64 / rate) as u64;
            format!(" · {rate:.1} a second · {} left", time(left))
        }
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
        assert_eq!(pace(0, 28, 0.0, 0), "");
        assert_eq!(pace(0, 28, 5.0, 90), " · at least 90 s");
        assert_eq!(pace(14, 28, 7.0, 90), " · 2.0 a second · 7 s left");
    }
}
