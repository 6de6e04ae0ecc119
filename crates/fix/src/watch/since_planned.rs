//! What was planned because it made no call of version 1, and has made one since: evidence grows old while a run soaks.

use std::collections::BTreeMap;

use imdsure_aws::actor::Actor;
use imdsure_model::plan::Change;
use jiff::{SignedDuration, Timestamp};

use super::{
    Watch,
    counts::{A_LOOK, Counts, Span},
    goes,
};
use crate::{
    plan::Lane,
    run::{Halt, Refused},
};

const METRIC: &str = "MetadataNoToken";
/// Evidence that ends no longer ago is as good as new: it ends at a full hour.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// What was found of the changes of a wave that are still to be made.
#[derive(Debug, Default)]
pub(crate) struct SincePlanned {
    /// Why a change is not to be made, by its place.
    pub(crate) called: BTreeMap<u64, String>,
    /// What could not be read.
    pub(crate) unseen: Vec<String>,
}

/// A change whose evidence is to be read on.
struct Asked {
    place: u64,
    id: String,
    since: Timestamp,
}

impl Asked {
    /// Only what said zero can have become more. Who planned without evidence knew that there was none.
    fn of(place: u64, change: Change, now: Timestamp) -> Option<Self> {
        let evidence = change.evidence.filter(|evidence| evidence.calls == Some(0))?;
        let since: Timestamp = evidence.to?.parse().ok()?;
        (now.duration_since(since) > FRESH).then_some(Self { place, id: change.id, since })
    }
}

impl Watch<'_> {
    /// Reads on where the evidence of a wave's changes ends. `to_do` says which of them are still to be made.
    pub(crate) async fn since_planned(
        &self,
        wave: u32,
        refused: &Refused,
        to_do: impl Fn(u64) -> bool,
    ) -> SincePlanned {
        let to_do = &to_do;
        let regions = self
            .regions(|lane| lane.wave == wave && lane.kind.is_instance() && goes(lane, refused));
        let found = self
            .everywhere(regions, |changed| async move {
                let mut found = SincePlanned::default();
                let Some(actor) = self.run.actor(changed.place.account_id, changed.place.region)
                else {
                    return found;
                };
                for lane in &changed.lanes {
                    if let Err(why) = self.lane_since_planned(&actor, lane, to_do, &mut found).await
                    {
                        found.unseen.push(changed.place.unseen(&why));
                    }
                }
                found
            })
            .await;
        let mut all = SincePlanned::default();
        for found in found {
            all.called.extend(found.called);
            all.unseen.extend(found.unseen);
        }
        all
    }

    async fn lane_since_planned(
        &self,
        actor: &Actor<'_>,
        lane: &Lane,
        to_do: &impl Fn(u64) -> bool,
        found: &mut SincePlanned,
    ) -> Result<(), String> {
        let now = self.run.clock.now(&self.run.client);
        let changes = match self.plan.changes(lane) {
            Ok(changes) => changes,
            Err(error) => {
                self.run.stop.halt(Halt::Plan(error.to_string()));
                return Ok(());
            }
        };
        let mut asked = changes
            .filter_map(Result::ok)
            .filter(|(place, _)| to_do(*place))
            .filter_map(|(place, change)| Asked::of(place, change, now));
        loop {
            let some: Vec<Asked> = asked.by_ref().take(A_LOOK).collect();
            let Some(oldest) = some.iter().map(|asked| asked.since).min() else { return Ok(()) };
            let span = Span::new(METRIC, oldest, now);
            let ids = some.iter().map(|asked| asked.id.as_str());
            // A period that began before the evidence ends holds nothing of it: it said zero.
            let counts = span.counts(actor, ids, |at| span.began(some[at].since)).await?;
            for (asked, counts) in some.iter().zip(counts).filter(|(_, counts)| counts.since > 0.0)
            {
                found.called.insert(asked.place, words(&counts));
            }
        }
    }
}

fn words(counts: &Counts) -> String {
    format!("{:.0} calls of version 1 since it was planned{}", counts.since, counts.first_words())
}
