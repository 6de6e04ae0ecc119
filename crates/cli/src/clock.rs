//! The time that changing commands go by: AWS's, unless a simulated organization's was set forward.

use imdsure_fix::run::Clock;

use crate::{args::change::duration, failure::Failure};

/// How far the simulated organization's time was set forward: `26h`. Journals say so; it is no way to end a soak early in
/// earnest, for what CloudWatch has counted by then is not there.
const VARIABLE: &str = "IMDSURE_SIMULATED_TIME";

/// The clock, set forward where the environment says so.
pub(crate) fn clock() -> Result<Clock, Failure> {
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(Clock::default()) };
    let wrong = |why: String| Failure::usage(format!("{VARIABLE}: {why}"));
    let ahead = duration(&text).map_err(wrong)?;
    let ahead_seconds =
        i64::try_from(ahead).map_err(|_| wrong("it is too far ahead".to_owned()))?;
    Ok(Clock { ahead_seconds })
}
