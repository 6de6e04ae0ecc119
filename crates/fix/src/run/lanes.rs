//! A wave at work: all accounts and regions at once, each at its share of AWS's rates; within one, kind after kind.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use futures::{StreamExt, future::Either, stream};
use imdsure_model::plan::{Change, ChangeKind};

use super::{
    End, Fault, Halt, Past, Run, Settling, Task,
    context::Stopped,
    past::Places,
    turns::{self, Turn, Turns},
};
use crate::{
    event::{Ending, Event},
    kinds,
    plan::{Lane, PlanFile, Window, schedule},
};

/// What is skipped is told in so many words at the end.
const TOLD: usize = 50;

/// A change that was not made as planned, for the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// The target.
    pub id: String,
    /// How it ended.
    pub ending: Ending,
    /// Why.
    pub why: String,
}

impl Skipped {
    /// Adds one to those that are told, of which there are few: their number stands in the endings.
    pub(crate) fn add(
        all: &mut Vec<Self>,
        (account_id, region, id): (&str, &str, &str),
        end: &End,
    ) {
        if all.len() < TOLD {
            all.push(Self {
                account_id: account_id.to_owned(),
                region: region.to_owned(),
                id: id.to_owned(),
                ending: end.ending,
                why: end.why.clone().unwrap_or_default(),
            });
        }
    }
}

/// By account and reason: how many changes are left alone, and in which regions.
pub type LeftAlone = BTreeMap<(String, String), (u64, BTreeSet<String>)>;

/// Carries out lanes.
pub(crate) struct Wave<'a> {
    pub(crate) run: &'a Run,
    pub(crate) plan: &'a PlanFile,
    /// What the run did before it was taken up again.
    pub(crate) past: Option<&'a Past>,
    /// Why lanes are not touched, by account, region and kind.
    pub(crate) refused: &'a BTreeMap<(String, String, ChangeKind), String>,
    /// Why changes are not made although they are permitted, by their place.
    pub(crate) called: &'a BTreeMap<u64, String>,
    pub(crate) skipped: &'a RefCell<Vec<Skipped>>,
    pub(crate) left: &'a RefCell<LeftAlone>,
    /// Changes that were made.
    pub(crate) made: &'a RefCell<Places>,
    /// The hours in which changes may be made.
    pub(crate) schedule: &'a [Window],
}

impl Wave<'_> {
    /// Makes the changes of one wave.
    pub(crate) async fn make(&self, wave: u32) {
        let mut units: BTreeMap<(&str, &str), Vec<&Lane>> = BTreeMap::new();
        for lane in self.plan.lanes.iter().filter(|lane| lane.wave == wave) {
            units.entry((&lane.account_id, &lane.region)).or_default().push(lane);
        }
        stream::iter(units.into_values())
            .for_each_concurrent(turns::REGIONS, |lanes| async move {
                for lane in lanes {
                    if self.run.stopped() {
                        return;
                    }
                    self.lane(lane).await;
                }
            })
            .await;
    }

    async fn lane(&self, lane: &Lane) {
        let key = (lane.account_id.clone(), lane.region.clone(), lane.kind);
        if let Some(why) = self.refused.get(&key) {
            return self.leave(lane, why).await;
        }
        let Some(actor) = self.run.actor(&lane.account_id, &lane.region) else { return };
        let settling = Settling::new(actor);
        let changes = match self.plan.changes(lane) {
            Ok(changes) => changes,
            Err(error) => return self.run.stop.halt(Halt::Plan(error.to_string())),
        };
        let turns = Turns::new(&self.run.under_way);
        let (turns, settling_now) = (&turns, &settling);
        let begun = stream::iter(changes).then(|change| async { (change, turns.next().await) });
        let work = begun.for_each_concurrent(turns::OF_A_REGION, |(change, turn)| async move {
            match change {
                Ok((place, change)) => self.one(place, &change, settling_now, turn).await,
                Err(error) => self.run.stop.halt(Halt::Plan(error.to_string())),
            }
        });
        // Looking ends with the work that waits for it.
        let (work, look) = (std::pin::pin!(work), std::pin::pin!(settling.look()));
        match futures::future::select(work, look).await {
            Either::Left(((), _)) => {}
            Either::Right((never, _)) => match never {},
        }
    }

    /// Leaves a lane alone, and tells so once for all of its changes.
    async fn leave(&self, lane: &Lane, why: &str) {
        if self.past.is_some_and(|past| past.left_alone(lane)) {
            // Told and counted before the run was taken up again.
            self.run.progress.pass(lane.changes);
        } else {
            let event = Event::LeftAlone {
                wave: lane.wave,
                account_id: lane.account_id.clone(),
                region: lane.region.clone(),
                kind: lane.kind,
                changes: lane.changes,
                why: why.to_owned(),
            };
            if self.run.record(&event).await == Err(Stopped) {
                return;
            }
            self.run.count_left_alone(lane.changes);
        }
        let mut left = self.left.borrow_mut();
        let of = left.entry((lane.account_id.clone(), why.to_owned())).or_default();
        of.0 += lane.changes;
        of.1.insert(lane.region.clone());
    }

    async fn one(&self, place: u64, change: &Change, settling: &Settling<'_>, turn: Turn) {
        let begun = match self.past {
            Some(past) if past.has_ended(place) => return self.run.progress.pass(1),
            Some(past) => past.was_begun(place),
            None => false,
        };
        if self.run.stopped() || !self.is_open() {
            return;
        }
        let Some(actor) = self.run.actor(&change.account_id, &change.region) else { return };
        let stepped = self.past.is_some_and(|past| past.has_stepped(place)).into();
        let task = Task { run: self.run, actor, settling, place, change, begun, stepped, turn };
        if let Some(why) = self.called.get(&place) {
            return self.end(&task, End::because(Ending::Drifted, why.as_str())).await;
        }
        match kinds::apply(&task).await {
            Ok(end) => {
                let end = task.ended(end);
                self.end(&task, end).await;
            }
            Err(Fault::Stopped | Fault::Call(_) | Fault::End(_)) => {}
        }
    }

    /// Whether changes may be made now; the run pauses when not.
    fn is_open(&self) -> bool {
        let open = schedule::open_now(self.schedule, self.run.clock.now(&self.run.client));
        open.map_err(|next| self.run.stop.halt(Halt::Closed(next))).is_ok()
    }

    async fn end(&self, task: &Task<'_>, end: End) {
        let change = task.change;
        let (ending, place) = (end.ending, task.place);
        let event = Event::Ended { place, ending, why: end.why.clone(), after: end.after.clone() };
        if self.run.record(&event).await == Err(Stopped) {
            return;
        }
        self.run.count(ending);
        if ending.touched() {
            self.made.borrow_mut().add(place);
        }
        if !matches!(ending, Ending::Done | Ending::Already) {
            self.skip(&change.account_id, &change.region, &change.id, &end);
        }
    }

    fn skip(&self, account_id: &str, region: &str, id: &str, end: &End) {
        Skipped::add(&mut self.skipped.borrow_mut(), (account_id, region, id), end);
    }
}
