//! Undoing a run: what it changed is put back, newest first, each target read again before, and only if nobody else changed it
//! since. What cannot be put back is told.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{StreamExt, stream};
use imdsure_aws::{
    Parameters,
    operation::{GET_INSTANCE_METADATA_DEFAULTS, MODIFY_INSTANCE_METADATA_DEFAULTS},
    scope::ScopeRequest,
};
use imdsure_model::plan::{Change, ChangeKind};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::{
    Clock, End, Fault, Halt, Past, Progress, Run, RunError, Settling, Task,
    begin::{self, Opening},
    changed::Chosen,
    context::Stopped,
    lanes::Skipped,
    past::{Enforcing, Place, kept_plan, past_with_changes},
    turns::{self, Turn, Turns},
};
use crate::{
    event::{Action, Breach, Ending, Event, Operator},
    journal::{RunId, Store},
    kinds,
    plan::{Lane, PlanFile},
};

/// How a run is to be undone.
pub struct UndoRequest {
    /// Where journals and locks are.
    pub store: Store,
    /// As whom.
    pub scope: ScopeRequest,
    /// Calls under way at once.
    pub concurrency: usize,
    /// The share of each of AWS's allowances.
    pub share: f64,
    /// Whether enforcement that the run did not set is lifted for it, and set again afterwards.
    pub lift_enforcement: bool,
    /// Whether to undo what was undone already.
    pub again: bool,
    /// Who runs this.
    pub operator: Operator,
    /// The time.
    pub clock: Clock,
    /// What was done so far.
    pub progress: Arc<Progress>,
    /// Turns true when the user asks to stop.
    pub stop: watch::Receiver<bool>,
}

/// What undoing came to.
#[derive(Debug)]
pub struct Undone {
    /// The run that did it; that of the apply where a wave was put back at once.
    pub run: RunId,
    /// The run whose changes were put back.
    pub of: RunId,
    /// How changes were put back.
    pub endings: BTreeMap<Ending, u64>,
    /// Some of those that were not.
    pub skipped: Vec<Skipped>,
    /// Why it stopped before its end, if it did.
    pub halt: Option<Halt>,
    /// The digest of the journal's last record.
    pub head: String,
}

/// Undoes a run.
pub async fn undo(of: &RunId, request: UndoRequest) -> Result<Undone, RunError> {
    let store = &request.store;
    let (past, changed) = past_with_changes(store, of).await?;
    if past.action != Action::Apply {
        let message = format!("run {of} undid another: to change it again, plan and apply");
        return Err(RunError::NotThatRun(message));
    }
    let before = undoing(store, of).await?;
    let nothing = |state: &str| RunError::NothingLeft {
        run: of.clone(),
        state: state.to_owned(),
        wish: "undo",
    };
    if changed.is_empty() {
        return Err(nothing("changed nothing"));
    }
    let (kept, plan) = kept_plan(store, &past).await?;
    let is_back =
        |place| past.was_put_back(place) || before.iter().any(|undone| undone.is_made(place));
    let chosen = changed.choose(&plan, |_, place| request.again || !is_back(place));
    let left_lifted = left_lifted(&before);
    if chosen.number == 0 && left_lifted.is_empty() {
        return Err(nothing("is undone"));
    }
    let id = RunId::new(request.clock.here());
    let began = Event::Began {
        action: Action::Undo,
        operator: request.operator.clone(),
        plan: past.plan.clone(),
        of: Some(of.clone()),
        ticket: past.ticket.clone(),
        settings: Map::from_iter([(
            "lift_enforcement".to_owned(),
            request.lift_enforcement.into(),
        )]),
    };
    let opening = opening(&request, &id, &chosen, &left_lifted, &plan);
    let run = begin::open(opening, Some((&began, kept.path()))).await?;
    let skipped = RefCell::default();
    let back = Back { run: &run, plan: &plan, chosen: &chosen, earlier: &before, skipped };
    Progress::set(&run.progress.planned, chosen.number);
    Progress::set(&run.progress.of_wave, chosen.number);
    let mut lifted = left_lifted;
    if let Ok(refused) = back.lift(request.lift_enforcement, &mut lifted).await {
        // A failure is told by the run's halt.
        let _ = back.all(&refused).await;
    }
    back.enforce_again(&lifted).await;
    let undone = back.close(of).await;
    run.release().await;
    Ok(undone)
}

/// Runs that undid a run, or tried to, the oldest first. One may have begun in the same second as the run itself. A journal that
/// cannot be read hides no other: what it may have put back is seen when the target is read again.
pub(super) async fn undoing(store: &Store, of: &RunId) -> Result<Vec<Past>, RunError> {
    let mut undoing = Vec::new();
    let since = |run: &RunId| run != of && run.second() >= of.second();
    for run in store.runs().await?.into_iter().filter(since) {
        if let Ok(past) = super::past::past(store, &run).await
            && past.of.as_ref() == Some(of)
        {
            undoing.push(past);
        }
    }
    undoing.sort_by_key(|past: &Past| past.began);
    Ok(undoing)
}

/// Where earlier attempts lifted enforcement and did not set it again.
fn left_lifted(earlier: &[Past]) -> BTreeSet<Place> {
    let mut lifted = BTreeMap::new();
    for past in earlier {
        lifted.extend(past.lifted().iter().map(|(place, lifted)| (place.clone(), *lifted)));
    }
    lifted.into_iter().filter(|(_, lifted)| *lifted).map(|(place, _)| place).collect()
}

fn opening(
    request: &UndoRequest,
    id: &RunId,
    chosen: &Chosen<'_>,
    left_lifted: &BTreeSet<Place>,
    plan: &PlanFile,
) -> Opening {
    let of_lanes = chosen.lanes.iter().map(|lane| &lane.account_id);
    let accounts = of_lanes.chain(left_lifted.iter().map(|(account_id, _)| account_id));
    let mut accounts: Vec<String> = accounts.cloned().collect();
    accounts.sort_unstable();
    accounts.dedup();
    let kinds = chosen.lanes.iter().map(|lane| lane.kind);
    // Lifting enforcement and setting it again are changes of defaults.
    let lifts = request.lift_enforcement || !left_lifted.is_empty();
    let lifting = lifts.then_some(ChangeKind::AccountEnforcement);
    Opening {
        store: request.store.clone(),
        run: id.clone(),
        scope: request.scope.clone(),
        accounts,
        kinds: kinds.chain(lifting).collect(),
        organization: plan.head.organization.clone(),
        concurrency: request.concurrency,
        share: request.share,
        clock: request.clock,
        progress: Arc::clone(&request.progress),
        stop: request.stop.clone(),
    }
}

/// Puts back, within the run that applied them, the waves that changed what got worse; the newest where that is not known.
pub(super) async fn put_back(
    run: &Run,
    plan: &PlanFile,
    store: &Store,
    breaches: &[Breach],
) -> Undone {
    run.tally.clear();
    run.of_wave.clear();
    let mut skipped = Vec::new();
    match past_with_changes(store, &run.id).await {
        Ok((past, changed)) => {
            let all = changed.choose(plan, |_, place| !past.was_put_back(place));
            let waves = waves_of(breaches, &all, plan);
            let chosen =
                changed.choose(plan, |lane, place| all.has(place) && waves.contains(&lane.wave));
            let skipped_now = RefCell::default();
            let back = Back { run, plan, chosen: &chosen, earlier: &[], skipped: skipped_now };
            // A failure is told by the run's halt.
            let _ = back.waves(waves).await;
            skipped = back.skipped.into_inner();
        }
        Err(error) => run.stop.halt(Halt::Journal(error)),
    }
    Undone {
        run: run.id.clone(),
        of: run.id.clone(),
        endings: run.tally.counts(),
        skipped,
        halt: run.stop.take(),
        head: run.journal.head().to_string(),
    }
}

/// The waves in which what got worse was changed.
fn waves_of(breaches: &[Breach], changed: &Chosen<'_>, plan: &PlanFile) -> BTreeSet<u32> {
    let newest = changed.lanes.iter().map(|lane| lane.wave).max();
    let wave_of = |breach: &Breach| {
        let is_there = |lane: &&&Lane| {
            Some(&lane.account_id) == breach.account_id.as_ref()
                && Some(&lane.region) == breach.region.as_ref()
        };
        let is_it = |change: &Change| Some(&change.id) == breach.instance_id.as_ref();
        let holds = |lane: &&&Lane| {
            let changes = plan.changes(lane).into_iter().flatten();
            changes.flatten().any(|(_, change)| is_it(&change))
        };
        changed.lanes.iter().filter(is_there).find(holds).map(|lane| lane.wave)
    };
    breaches.iter().filter_map(|breach| wave_of(breach).or(newest)).collect()
}

fn place_of(lane: &Lane) -> Place {
    (lane.account_id.clone(), lane.region.clone())
}

struct Back<'a> {
    run: &'a Run,
    plan: &'a PlanFile,
    chosen: &'a Chosen<'a>,
    /// Earlier attempts, the oldest first.
    earlier: &'a [Past],
    skipped: RefCell<Vec<Skipped>>,
}

impl Back<'_> {
    /// Puts back what is chosen of these waves.
    async fn waves(&self, waves: BTreeSet<u32>) -> Result<(), Stopped> {
        self.run.record(&Event::PuttingBack { waves }).await?;
        let refused = self.lift(false, &mut BTreeSet::new()).await?;
        self.all(&refused).await
    }

    /// Finds where enforcement, which the run did not set, forbids the way back; lifts it there if that was asked for, and adds the
    /// place to `lifted` before. Gives where instances stay.
    async fn lift(
        &self,
        lift: bool,
        lifted: &mut BTreeSet<Place>,
    ) -> Result<BTreeMap<Place, String>, Stopped> {
        let of = |kinds: &[ChangeKind]| {
            let lanes = self.chosen.lanes.iter().filter(|lane| kinds.contains(&lane.kind));
            lanes.map(|lane| place_of(lane)).collect::<BTreeSet<_>>()
        };
        let ours = of(&[ChangeKind::AccountEnforcement]);
        let instances = of(&[ChangeKind::Instance, ChangeKind::GroupMember]);
        let mut refused = BTreeMap::new();
        for place in instances.difference(&ours) {
            if self.enforcement(place).await.as_deref() != Ok("enabled") {
                continue;
            }
            let why = if lift {
                // Whatever AWS answers: it may be lifted.
                lifted.insert(place.clone());
                match self.set_enforcement(place, false).await? {
                    Ok(()) => continue,
                    Err(why) => why,
                }
            } else {
                "enforcement is on, and this run did not set it: no instance can go back while it is; --lift-enforcement lifts it meanwhile".to_owned()
            };
            refused.insert(place.clone(), why);
        }
        Ok(refused)
    }

    /// What a region's enforcement is, or why that is not known.
    async fn enforcement(&self, (account_id, region): &Place) -> Result<String, String> {
        let Some(actor) = self.run.actor(account_id, region) else {
            return Err(self.run.why_not_entered(account_id));
        };
        let answer = actor.ask(&GET_INSTANCE_METADATA_DEFAULTS, &Parameters::new()).await;
        let reply = answer.map_err(|error| error.to_string())?;
        let found = reply.value.pointer("/accountLevel/httpTokensEnforced").and_then(Value::as_str);
        Ok(found.unwrap_or("no-preference").to_owned())
    }

    /// Sets enforcement again where it was lifted, unless somebody else has given it up since.
    async fn enforce_again(&self, lifted: &BTreeSet<Place>) {
        for place in lifted {
            let set = match self.enforcement(place).await {
                Ok(found) if found == "no-preference" => continue,
                // Reads may be late: what shows as enabled may be off.
                Ok(_) => self.set_enforcement(place, true).await,
                Err(why) => Ok(Err(why)),
            };
            if let Ok(Err(why)) = set {
                let end = End::because(
                    Ending::Failed,
                    format!("enforcement is off, and could not be set again: {why}"),
                );
                self.skip(&place.0, &place.1, "enforcement", &end);
                self.run.count(Ending::Failed);
            }
        }
    }

    /// Sets enforcement, recorded like any call. What AWS says against it is given back.
    async fn set_enforcement(
        &self,
        place: &Place,
        on: bool,
    ) -> Result<Result<(), String>, Stopped> {
        let Some(actor) = self.run.actor(&place.0, &place.1) else {
            return Ok(Err(self.run.why_not_entered(&place.0)));
        };
        let enforcing = Enforcing { place: place.clone(), on };
        let (step, value) = (enforcing.step(), enforcing.value());
        let operation = MODIFY_INSTANCE_METADATA_DEFAULTS.name();
        let sent = json!({"HttpTokensEnforced": value});
        let call = Event::Call { place: u64::MAX, step: step.clone(), operation, sent };
        self.run.record(&call).await?;
        let parameters = Parameters::new().with("HttpTokensEnforced", value);
        let answer = actor.ask(&MODIFY_INSTANCE_METADATA_DEFAULTS, &parameters).await;
        let error = answer.as_ref().err().map(|error| format!("{}: {}", error.code, error.message));
        let request_id = answer.ok().and_then(|reply| reply.request_id);
        let event = Event::Answer {
            place: u64::MAX,
            step,
            request_id,
            made: Value::Null,
            error: error.clone(),
        };
        self.run.record(&event).await?;
        Ok(error.map_or(Ok(()), Err))
    }

    /// Puts back what was changed: wave by wave from the newest, and within a wave enforcement first and what launches last.
    async fn all(&self, refused: &BTreeMap<Place, String>) -> Result<(), Stopped> {
        let mut steps: BTreeMap<(u32, ChangeKind), BTreeMap<Place, Vec<&Lane>>> = BTreeMap::new();
        for lane in self.chosen.lanes.iter().rev() {
            // Members of groups and other instances go back together.
            let kind = if lane.kind.is_instance() { ChangeKind::Instance } else { lane.kind };
            let step = steps.entry((lane.wave, kind)).or_default();
            step.entry(place_of(lane)).or_default().push(lane);
        }
        for (_, places) in steps.into_iter().rev() {
            stream::iter(places)
                .for_each_concurrent(turns::REGIONS, |(place, lanes)| async move {
                    self.place(&place, lanes, refused.get(&place)).await;
                })
                .await;
            if self.run.stopped() {
                return Err(Stopped);
            }
        }
        Ok(())
    }

    /// Puts back what was changed in one region.
    async fn place(
        &self,
        (account_id, region): &Place,
        lanes: Vec<&Lane>,
        refused: Option<&String>,
    ) {
        let Some(actor) = self.run.actor(account_id, region) else {
            let why = self.run.why_not_entered(account_id);
            for (place, change) in self.changes(lanes) {
                let end = End::because(Ending::Refused, why.as_str());
                self.end(place, &change, end).await;
            }
            return;
        };
        let settling = Settling::new(actor);
        let turns = Turns::new(&self.run.under_way);
        let (turns, settling_now) = (&turns, &settling);
        let begun = stream::iter(self.changes(lanes));
        let begun = begun.then(|change| async { (change, turns.next().await) });
        let work =
            begun.for_each_concurrent(turns::OF_A_REGION, |((place, change), turn)| async move {
                match refused.filter(|_| change.kind.is_instance()) {
                    Some(why) => {
                        self.end(place, &change, End::because(Ending::Refused, why.as_str())).await;
                    }
                    None => self.one(place, &change, settling_now, turn).await,
                }
            });
        let (work, look) = (std::pin::pin!(work), std::pin::pin!(settling.look()));
        let _ = futures::future::select(work, look).await;
    }

    /// The changes that are to be put back, newest first. A plan that cannot be read any more stops the run.
    fn changes<'b>(&'b self, lanes: Vec<&'b Lane>) -> impl Iterator<Item = (u64, Change)> + 'b {
        let of_lane = |lane| self.plan.changes_backwards(lane, &|place| self.chosen.has(place));
        let halt = |error| self.run.stop.halt(Halt::Plan(format!("{error}")));
        let lanes = lanes.into_iter().filter_map(move |lane| of_lane(lane).map_err(halt).ok());
        lanes.flatten().filter_map(move |change| change.map_err(halt).ok())
    }

    async fn one(&self, place: u64, change: &Change, settling: &Settling<'_>, turn: Turn) {
        if self.run.stopped() {
            return;
        }
        let Some(actor) = self.run.actor(&change.account_id, &change.region) else { return };
        let mut touched = match self.chosen.get(place) {
            Ok(touched) => touched,
            Err(error) => {
                let message = format!("what was changed cannot be read any more: {error}");
                return self.run.stop.halt(Halt::Plan(message));
            }
        };
        let begun = touched.ending.is_none();
        let undoing = self.earlier.iter().find_map(|past| past.before(place));
        touched.made.undoing = undoing.cloned();
        let stepped = false.into();
        let task = Task { run: self.run, actor, settling, place, change, begun, stepped, turn };
        match kinds::undo(&task, &touched.made).await {
            Ok(end) => self.end(place, change, end).await,
            Err(Fault::Stopped | Fault::Call(_) | Fault::End(_)) => {}
        }
    }

    async fn end(&self, place: u64, change: &Change, end: End) {
        let event = Event::Ended {
            place,
            ending: end.ending,
            why: end.why.clone(),
            after: end.after.clone(),
        };
        if self.run.record(&event).await == Err(Stopped) {
            return;
        }
        self.run.count(end.ending);
        if end.ending != Ending::Done || end.why.is_some() {
            self.skip(&change.account_id, &change.region, &change.id, &end);
        }
    }

    fn skip(&self, account_id: &str, region: &str, id: &str, end: &End) {
        Skipped::add(&mut self.skipped.borrow_mut(), (account_id, region, id), end);
    }

    async fn end_run(&self, halt: Option<&Halt>) {
        let event = match halt {
            Some(halt) => Event::Stopped { why: halt.to_string(), resume_after: None },
            None => Event::Finished { endings: self.run.tally.counts() },
        };
        let _ = self.run.record(&event).await;
    }

    async fn close(self, of: &RunId) -> Undone {
        let halt = self.run.stop.take();
        self.end_run(halt.as_ref()).await;
        let head = self.run.journal.head().to_string();
        self.run.journal.close().await;
        Undone {
            run: self.run.id.clone(),
            of: of.clone(),
            endings: self.run.tally.counts(),
            skipped: self.skipped.into_inner(),
            halt,
            head,
        }
    }
}
