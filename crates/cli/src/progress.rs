//! Progress of long work, on standard error, while somebody watches.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::Arc,
    time::Duration,
};

use imdsure_aws::progress::Progress;
use imdsure_report::thousands;
use terminal_size::{Width, terminal_size_of};
use tokio::{task::JoinHandle, time::interval};

const REDRAW: Duration = Duration::from_millis(120);
/// Takes the progress line away.
pub(crate) const CLEAR_LINE: &str = "\r\x1b[2K";

/// A line that is redrawn until it is stopped; none when standard error is no terminal.
pub(crate) struct ProgressLine(Option<JoinHandle<()>>);

impl ProgressLine {
    pub(crate) fn start(progress: &Arc<Progress>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let progress = Arc::clone(progress);
        Self(Some(tokio::spawn(async move {
            let mut redraw = interval(REDRAW);
            loop {
                redraw.tick().await;
                // Nobody to tell when standard error is gone.
                let _ = write!(io::stderr(), "{CLEAR_LINE}{}", fitting(&line(&progress)));
            }
        })))
    }

    /// Ends the drawing and takes the line away.
    pub(crate) async fn stop(self) {
        if let Some(drawing) = self.0 {
            drawing.abort();
            // It may be in the middle of drawing.
            let _ = drawing.await;
            let _ = write!(io::stderr(), "{CLEAR_LINE}");
        }
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
