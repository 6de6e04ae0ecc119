//! Waiting for what AWS does by itself: looks that come ever more seldom, until patience ends or the run stops.

use std::time::{Duration, Instant};

use crate::run::{Fault, Task};

/// For reads that may show the state before a change for some seconds.
pub(crate) const SHORT: Duration = Duration::from_mins(1);
/// For what is believed only when it shows again: for so long a read may show the state before a change.
pub(crate) const LATE: Duration = Duration::from_secs(12);
/// For what takes AWS minutes: a notebook that stops or starts, options that come into force.
pub(crate) const MINUTES: Duration = Duration::from_mins(20);
/// For what replaces machines one after the other.
pub(crate) const HOURS: Duration = Duration::from_hours(6);

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Looks until something shows, for as long as reads may be late; none if it never does.
pub(crate) async fn shows<T>(
    task: &Task<'_>,
    look: impl AsyncFn() -> Result<Option<T>, Fault>,
) -> Result<Option<T>, Fault> {
    let mut patience = Patience::of(LATE);
    loop {
        let found = look().await?;
        if found.is_some() || !patience.lasts(task).await? {
            return Ok(found);
        }
    }
}

/// How long something is waited for.
pub(crate) struct Patience {
    since: Instant,
    longest: Duration,
    pause: Duration,
}

impl Patience {
    /// Beginning now.
    pub(crate) fn of(longest: Duration) -> Self {
        Self { since: Instant::now(), longest, pause: FIRST_PAUSE }
    }

    /// Waits until the next look; false when patience has ended. A run that stops does not wait: what it began is looked at again
    /// when it is resumed or undone.
    pub(crate) async fn lasts(&mut self, task: &Task<'_>) -> Result<bool, Fault> {
        if self.since.elapsed() > self.longest {
            return Ok(false);
        }
        task.run.stop.sleep(self.pause).await;
        if task.run.stopped() {
            return Err(Fault::Stopped);
        }
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        Ok(true)
    }
}
