//! `MetadataNoTokenRejected`: calls of version 1 that were refused since tokens are required. Who makes them needs an answer
//! and gets none.

use imdsure_aws::actor::Actor;
use jiff::{SignedDuration, Timestamp};

use super::{
    Place, Target,
    counts::{Counts, Span},
};
use crate::event::Breach;

const METRIC: &str = "MetadataNoTokenRejected";
/// What was refused before the change, for instances whose software was refused already.
const BASELINE: SignedDuration = SignedDuration::from_hours(24);

/// Those of some instances whose calls are refused more often since `since` than in the day before. One that was launched since
/// has nothing before. `event` is what happened then, in words.
pub(super) async fn refused(
    actor: &Actor<'_>,
    place: Place<'_>,
    targets: &[Target],
    (event, since): (&str, Timestamp),
    now: Timestamp,
) -> Result<Vec<Breach>, String> {
    let span = Span::new(METRIC, since.checked_sub(BASELINE).unwrap_or(since), now);
    // The period that the change fell into counts as after it: before it nothing was refused.
    let turn = span.began(since);
    let ids = targets.iter().map(|target| target.id.as_str());
    let counts = span.counts(actor, ids, |_| turn).await?;
    let seconds_since = (span.to - turn) as f64;
    let refused = targets.iter().zip(counts).filter_map(|(target, counts)| {
        let found = worse(&counts, seconds_since, event)?;
        Some(place.breach(target, METRIC, &found))
    });
    Ok(refused.collect())
}

/// What is worse than before, in words. As often as before is no news; twice as often is.
fn worse(counts: &Counts, seconds_since: f64, event: &str) -> Option<String> {
    let expected = counts.before / BASELINE.as_secs_f64() * seconds_since;
    let calls = counts.since;
    (calls > 2.0 * expected).then(|| {
        let before = if expected > 0.0 {
            format!("; as before it would have been {expected:.0}")
        } else {
            String::new()
        };
        let first = counts.first_words();
        format!("{calls:.0} calls of version 1 were refused since it was {event}{first}{before}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_than_before_is_a_breach() {
        let found = |before, since| {
            let counts = Counts { before, since, first: Some(86_400), ..Counts::default() };
            worse(&counts, 86_400.0, "changed")
        };
        assert_eq!(found(0.0, 0.0), None);
        assert_eq!(found(10.0, 10.0), None);
        assert_eq!(
            found(0.0, 1.0).as_deref(),
            Some(
                "1 calls of version 1 were refused since it was changed, the first in the period that began 1970-01-02T00:00:00Z"
            )
        );
        assert!(found(10.0, 50.0).unwrap().ends_with("; as before it would have been 10"));
    }
}
