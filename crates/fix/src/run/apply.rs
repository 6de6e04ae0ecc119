//! Carrying out a plan: preflight, wave after wave with soak between them, a look at what was changed before each next step,
//! and a stop by itself when something got worse.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use imdsure_model::plan::{ChangeKind, Wave as WaveHead};
use jiff::{SignedDuration, Timestamp};

use super::{
    ApplyRequest, Halt, Past, Progress, Run, RunError, begin,
    context::Stopped,
    lanes::{LeftAlone, Skipped, Wave},
    past::{RunState, SOAKS, kept_plan},
    preflight::{self, Found, Refused},
    undo,
};
use crate::{
    event::{Action, Breach, Ending, Event},
    journal::RunId,
    plan::{Lane, PlanFile, Window, schedule},
    watch::{self, Before, Looked, SincePlanned, Watch},
};

/// A soak that is shorter is waited for; a longer one ends the command.
const WAITED_FOR: Duration = Duration::from_mins(15);
/// So far the clocks of two machines may be apart.
const SKEW: SignedDuration = SignedDuration::from_hours(1);
/// More failures than this share of a wave, and than this number, are a breach.
const FAILURES: f64 = 0.1;
const FEW_FAILURES: u64 = 3;

/// What came of it.
#[derive(Debug)]
pub struct Applied {
    /// The run.
    pub run: RunId,
    /// How changes ended, in all.
    pub endings: BTreeMap<Ending, u64>,
    /// Some of those that were not made as planned.
    pub skipped: Vec<Skipped>,
    /// What was left alone because of what the preflight found.
    pub left: LeftAlone,
    /// What will be left alone in waves to come.
    pub left_later: LeftAlone,
    /// What was done and cannot be taken back, in words.
    pub stays: Vec<String>,
    /// Why it stopped before its end, if it did.
    pub halt: Option<Halt>,
    /// What undoing the wave came to, where that was asked for on a breach.
    pub undone: Option<Box<undo::Undone>>,
    /// When to come back, if waves are left or the last one soaks.
    pub resume_after: Option<Timestamp>,
    /// Waves that are through, of how many.
    pub waves: (u64, u64),
    /// The digest of the journal's last record.
    pub head: String,
}

/// Carries out a plan that was approved by its digest, as a new run.
pub async fn apply(
    plan: PlanFile,
    approved: &str,
    request: ApplyRequest,
) -> Result<Applied, RunError> {
    let found = plan.head.digest.clone();
    if approved != found {
        return Err(RunError::NotApproved { found, approved: approved.to_owned() });
    }
    let now = request.clock.here();
    too_old(&plan, now, request.max_age_days)?;
    request.no_way_back.check(&plan)?;
    let id = RunId::new(now);
    let began = Event::Began {
        action: Action::Apply,
        operator: request.operator.clone(),
        plan: found,
        of: None,
        ticket: plan.head.ticket.clone(),
        settings: request.settings(&plan),
    };
    let run = begin::open(request.opening(&plan, &id), Some((&began, plan.path()))).await?;
    let applied = Carrying::new(&run, &plan, &request, None).carry_out().await;
    run.release().await;
    Ok(applied)
}

/// Takes a run up again where it stopped, was cut off, or waits.
pub async fn resume(id: &RunId, request: ApplyRequest) -> Result<Applied, RunError> {
    let past = super::past::past(&request.store, id).await?;
    if past.action != Action::Apply {
        let message = format!("run {id} undoes another: `imdsure undo` takes that up again");
        return Err(RunError::NotThatRun(message));
    }
    if past.state == RunState::Finished {
        return Err(RunError::NothingLeft {
            run: id.clone(),
            state: "is finished".into(),
            wish: "resume",
        });
    }
    if let Some(why) = begin::was_put_back(&past, &request.store).await? {
        return Err(RunError::NothingLeft { run: id.clone(), state: why, wish: "resume" });
    }
    let (_kept, plan) = kept_plan(&request.store, &past).await?;
    request.no_way_back.check(&plan)?;
    let request = request.continued(&past.settings);
    let soaks = past.state == RunState::Soaking && !request.before_soak_ends;
    let not_before = past.resume_after.filter(|_| soaks);
    let resumed =
        Event::Resumed { operator: request.operator.clone(), settings: request.settings(&plan) };
    let run = begin::open_again(request.opening(&plan, id), &resumed, not_before).await?;
    let applied = Carrying::new(&run, &plan, &request, Some(&past)).carry_out().await;
    run.release().await;
    Ok(applied)
}

fn too_old(plan: &PlanFile, now: Timestamp, days: u64) -> Result<(), RunError> {
    let limit = SignedDuration::from_hours(24 * days as i64);
    let age = |member, at: &str| match at.parse::<Timestamp>() {
        Ok(at) => Ok(now.duration_since(at)),
        Err(_) => Err(RunError::NoTime { member, found: at.to_owned() }),
    };
    let (created, read) = (&plan.head.created, &plan.head.evidence.finished);
    let too_old = |what, at: &String| RunError::TooOld { what, at: at.clone(), days };
    let since = age("created", created)?;
    if since > limit {
        return Err(too_old("the plan was made", created));
    }
    if since < -SKEW {
        return Err(RunError::FromTheFuture(created.clone()));
    }
    if age("finished", read)? > limit {
        return Err(too_old("the plan's evidence was read", read));
    }
    Ok(())
}

/// A plan that is carried out.
struct Carrying<'a> {
    run: &'a Run,
    plan: &'a PlanFile,
    request: &'a ApplyRequest,
    past: Option<&'a Past>,
    skipped: RefCell<Vec<Skipped>>,
    left: RefCell<LeftAlone>,
    found: RefCell<Found>,
    /// Changes that this process made.
    made: RefCell<super::past::Places>,
    began: RefCell<BTreeMap<u32, Timestamp>>,
    before: RefCell<Before>,
    applied: RefCell<u64>,
    schedule: Vec<Window>,
}

/// What comes after a wave.
enum Next {
    On,
    /// Come back then.
    Later(Timestamp),
}

impl<'a> Carrying<'a> {
    fn new(
        run: &'a Run,
        plan: &'a PlanFile,
        request: &'a ApplyRequest,
        past: Option<&'a Past>,
    ) -> Self {
        let mut before = Before::new();
        for ((_, account_id, region), unwell) in past.into_iter().flat_map(Past::baselines) {
            let place = (account_id.clone(), region.clone());
            before.entry(place).or_default().extend(unwell.iter().cloned());
        }
        if let Some(past) = past {
            for (ending, number) in &past.endings {
                run.tally.add(*ending, *number);
            }
        }
        Self {
            run,
            plan,
            request,
            past,
            skipped: RefCell::default(),
            left: RefCell::default(),
            found: RefCell::default(),
            made: RefCell::default(),
            began: RefCell::default(),
            before: RefCell::new(before),
            applied: RefCell::new(0),
            schedule: plan.head.pace.schedule.iter().filter_map(|text| text.parse().ok()).collect(),
        }
    }

    async fn carry_out(self) -> Applied {
        Progress::set(&self.run.progress.planned, self.plan.head.total_changes);
        let resume_after = self.waves().await.unwrap_or_default();
        let halt = self.run.stop.take();
        let undone = match &halt {
            Some(Halt::Breach(breaches)) if self.request.undoes() => {
                let store = &self.request.store;
                Some(Box::new(undo::put_back(self.run, self.plan, store, breaches).await))
            }
            _ => None,
        };
        let resume_after = match &halt {
            Some(Halt::Closed(at)) => *at,
            Some(_) => None,
            None => resume_after,
        };
        self.tell_end(halt.as_ref(), resume_after).await;
        let head = self.run.journal.head().to_string();
        self.run.journal.close().await;
        let total = self.plan.head.waves.len() as u64;
        let left_later = {
            let began = self.began.borrow();
            self.found.borrow().left(self.plan, |wave| !began.contains_key(&wave))
        };
        let stays = self.stays();
        Applied {
            run: self.run.id.clone(),
            endings: self.run.tally.counts(),
            skipped: self.skipped.into_inner(),
            left: self.left.into_inner(),
            left_later,
            stays,
            halt,
            undone,
            resume_after,
            waves: (self.applied.into_inner(), total),
            head,
        }
    }

    /// What of the changes that were made no undo takes back.
    fn stays(&self) -> Vec<String> {
        let began = self.began.borrow();
        let lanes = || self.plan.lanes.iter().filter(|lane| began.contains_key(&lane.wave));
        let kinds = [
            (ChangeKind::ImageImdsSupport, "AMIs: ImdsSupport stays"),
            (ChangeKind::InstanceRefresh, "instances that were replaced"),
        ];
        let kinds = kinds.into_iter().filter(|(kind, _)| lanes().any(|lane| lane.kind == *kind));
        let found = self.found.borrow();
        let places = found.accepted.iter().filter(|(account_id, region)| {
            lanes().any(|lane| lane.account_id == *account_id && lane.region == *region)
        });
        let place = |(account_id, region): &(String, String)| {
            format!("{account_id} {region} (no way back)")
        };
        kinds.map(|(_, what)| what.to_owned()).chain(places.map(place)).collect()
    }

    async fn tell_end(&self, halt: Option<&Halt>, resume_after: Option<Timestamp>) {
        let at = |at: Timestamp| format!("{at:.0}");
        let event = match (halt, resume_after) {
            (Some(halt), after) => {
                Event::Stopped { why: halt.to_string(), resume_after: after.map(at) }
            }
            (None, Some(after)) => {
                Event::Stopped { why: SOAKS.to_owned(), resume_after: Some(at(after)) }
            }
            (None, None) => Event::Finished { endings: self.run.tally.counts() },
        };
        // Why the journal cannot be written is what it would tell.
        let _ = self.run.record(&event).await;
    }

    /// Goes through the waves; gives when to come back, if anything is left.
    async fn waves(&self) -> Result<Option<Timestamp>, Stopped> {
        let found = preflight::preflight(self.run, self.plan, &self.request.no_way_back).await?;
        let applied =
            |wave| self.past.and_then(|past| past.wave(wave)).is_some_and(|it| it.applied);
        let left = found.left(self.plan, |wave| !applied(wave));
        if !left.is_empty() {
            (self.request.announce)(&left);
        }
        let refused = found.refused.clone();
        *self.found.borrow_mut() = found;
        let waves = &self.plan.head.waves;
        for (index, wave) in waves.iter().enumerate() {
            let past = self.past.and_then(|past| past.wave(wave.wave));
            if let Some(past) = past {
                self.began.borrow_mut().insert(wave.wave, past.began);
            }
            if past.is_some_and(|past| past.applied) {
                *self.applied.borrow_mut() += 1;
                // The soak is over, or the user says so: how is what was changed?
                if waves
                    .get(index + 1)
                    .is_none_or(|next| self.past.and_then(|past| past.wave(next.wave)).is_none())
                {
                    self.look(wave.wave).await?;
                }
                continue;
            }
            self.wave(wave, &refused).await?;
            *self.applied.borrow_mut() += 1;
            match self.soak(wave, waves.get(index + 1)).await? {
                Next::On => {}
                Next::Later(at) => return Ok(Some(at)),
            }
        }
        Ok(None)
    }

    async fn wave(&self, wave: &WaveHead, refused: &Refused) -> Result<(), Stopped> {
        self.open_hours()?;
        let number = wave.wave;
        let progress = &self.run.progress;
        Progress::set(&progress.wave, u64::from(number));
        Progress::set(&progress.of_wave, wave.changes);
        Progress::set(&progress.ended_of_wave, 0);
        Progress::set(&progress.passed_of_wave, 0);
        Progress::set(&progress.least_seconds, wave.least_seconds);
        self.run.of_wave.clear();
        let called = self.since_planned(number, refused).await?;
        if self.past.and_then(|past| past.wave(number)).is_none() {
            self.begin(number, refused).await?;
        }
        let making = Wave {
            run: self.run,
            plan: self.plan,
            past: self.past,
            refused,
            called: &called,
            skipped: &self.skipped,
            left: &self.left,
            made: &self.made,
            schedule: &self.schedule,
        };
        making.make(number).await;
        if self.run.stopped() {
            return Err(Stopped);
        }
        self.look(number).await
    }

    /// Begins a wave, once it is known what is unwell before it.
    async fn begin(&self, wave: u32, refused: &Refused) -> Result<(), Stopped> {
        let (before, unseen) = self.watch().baseline(wave, refused).await?;
        self.unseen(wave, unseen).await?;
        self.run.record(&Event::WaveBegan { wave }).await?;
        let now = self.run.clock.now(&self.run.client);
        self.began.borrow_mut().insert(wave, now);
        let mut known = self.before.borrow_mut();
        for (place, unwell) in before {
            known.entry(place).or_default().extend(unwell);
        }
        Ok(())
    }

    /// Which changes of a wave are not to be made, since their targets have called version 1 after they were planned.
    async fn since_planned(
        &self,
        wave: u32,
        refused: &Refused,
    ) -> Result<BTreeMap<u64, String>, Stopped> {
        // What was begun may have been changed: it is brought to its end.
        let to_do =
            |place| self.past.is_none_or(|past| !past.has_ended(place) && !past.was_begun(place));
        self.run
            .progress
            .wait(Some("reading who called version 1 since it was planned".to_owned()));
        let watch = self.watch();
        let reading = watch.since_planned(wave, refused, to_do);
        let found = self.run.stop.unless_asked(reading).await;
        self.run.progress.wait(None);
        let SincePlanned { called, unseen } = found?;
        self.unseen(wave, unseen).await?;
        Ok(called)
    }

    /// Whether changes may be made now.
    fn open_hours(&self) -> Result<(), Stopped> {
        match schedule::open_now(&self.schedule, self.run.clock.now(&self.run.client)) {
            Ok(()) => Ok(()),
            Err(next) => {
                self.run.stop.halt(Halt::Closed(next));
                Err(Stopped)
            }
        }
    }

    const fn watch(&self) -> Watch<'a> {
        Watch { run: self.run, plan: self.plan }
    }

    /// Looks at what was changed up to a wave. Something that got worse stops the run.
    async fn look(&self, wave: u32) -> Result<(), Stopped> {
        let made = |place| {
            self.made.borrow().has(place) || self.past.is_some_and(|past| past.was_done(place))
        };
        let before = self.before.borrow().clone();
        let began = self.began.borrow().clone();
        self.run.progress.wait(Some("looking at what was changed".to_owned()));
        let looked = self.looked(wave, &made, &before, &began).await;
        self.run.progress.wait(None);
        // Cut short it says nothing.
        let looked = looked?;
        let mut breaches = looked.breaches;
        breaches.extend(self.failures());
        breaches.extend(not_looked_at("what was changed", looked.unseen));
        let (instances, gone) = (looked.instances, looked.gone);
        self.checked(Event::Checked { wave, instances, gone, breaches }).await
    }

    /// What is to be seen, and what the user's own command says.
    async fn looked(
        &self,
        wave: u32,
        made: &dyn Fn(u64) -> bool,
        before: &Before,
        began: &BTreeMap<u32, Timestamp>,
    ) -> Result<Looked, Stopped> {
        let watch = self.watch();
        let looking = watch.look(wave, made, before, began);
        let mut looked = self.run.stop.unless_asked(looking).await?;
        if let Some(command) = self.request.check() {
            let check = watch::check(command, &self.run.id, wave, &self.run.stop).await?;
            looked.breaches.extend(check);
        }
        Ok(looked)
    }

    /// Stops the run where something could not be looked at before a wave: what is not known is not well.
    async fn unseen(&self, wave: u32, unseen: Vec<String>) -> Result<(), Stopped> {
        if unseen.is_empty() {
            return Ok(());
        }
        let breaches = not_looked_at("what is to be changed", unseen).collect();
        self.checked(Event::Checked { wave, instances: 0, gone: 0, breaches }).await
    }

    /// Records a look, and stops the run if it found anything.
    async fn checked(&self, event: Event) -> Result<(), Stopped> {
        self.run.record(&event).await?;
        let Event::Checked { breaches, .. } = event else { return Ok(()) };
        if breaches.is_empty() || self.request.ignore_breach {
            return Ok(());
        }
        self.run.stop.halt(Halt::Breach(breaches));
        Err(Stopped)
    }

    /// Failures are a breach when there are many.
    fn failures(&self) -> Option<Breach> {
        let counts = self.run.of_wave.counts();
        let of = |endings: &[Ending]| {
            endings.iter().filter_map(|ending| counts.get(ending)).sum::<u64>()
        };
        let failed = of(&[Ending::Failed, Ending::Unverified]);
        let all: u64 = counts.values().sum();
        let many = failed > FEW_FAILURES.max((all as f64 * FAILURES) as u64);
        many.then(|| Breach {
            account_id: None,
            region: None,
            instance_id: None,
            check: "failures".to_owned(),
            found: format!("{failed} of {all} changes of the wave failed or could not be verified"),
        })
    }

    /// Whether anything was changed in waves, or may have been.
    fn changed(&self, is_meant: impl Fn(&WaveHead) -> bool) -> bool {
        let made = self.made.borrow();
        let is_made = |place| made.has(place) || self.past.is_some_and(|past| past.was_done(place));
        let waves = self.plan.head.waves.iter().filter(|wave| is_meant(wave));
        let waves: BTreeSet<u32> = waves.map(|wave| wave.wave).collect();
        let lanes = self.plan.lanes.iter().filter(|lane| waves.contains(&lane.wave));
        lanes.flat_map(Lane::places).any(is_made)
    }

    /// Records that a wave is through, and waits if that is short. What changed nothing needs no soak, and proves nothing.
    async fn soak(&self, wave: &WaveHead, next: Option<&WaveHead>) -> Result<Next, Stopped> {
        let now = self.run.clock.now(&self.run.client);
        let wished = Duration::from_secs(self.request.soak(self.plan));
        let soaks = wave.soaks && self.changed(|it| it.wave == wave.wave);
        let soak = if soaks { wished } else { Duration::ZERO };
        let until = now.checked_add(soak).unwrap_or(now);
        let event = Event::WaveApplied {
            wave: wave.wave,
            soak_until: format!("{until:.0}"),
            endings: self.run.of_wave.counts(),
        };
        self.run.record(&event).await?;
        if soak.is_zero() {
            if let Some(next) = next.filter(|_| wave.soaks && !wished.is_zero()) {
                self.proved(wave.wave, next.changes)?;
            }
            return Ok(Next::On);
        }
        if soak > WAITED_FOR {
            return Ok(Next::Later(until));
        }
        let what = if next.is_none() { "the last wave soaks" } else { "the wave soaks" };
        self.run.progress.wait(Some(format!("{what} until {until:.0}")));
        self.run.stop.sleep(soak).await;
        self.run.progress.wait(None);
        if self.run.stopped() {
            return Err(Stopped);
        }
        self.look(wave.wave).await?;
        Ok(Next::On)
    }

    /// Stops the run where a larger wave would come before any that changed something.
    fn proved(&self, wave: u32, next: u64) -> Result<(), Stopped> {
        if self.changed(|it| it.soaks && it.wave <= wave) {
            return Ok(());
        }
        self.run.stop.halt(Halt::Unproved { wave, next });
        Err(Stopped)
    }
}

/// What cannot be looked at is not well: nothing is known of it.
fn not_looked_at(what: &'static str, unseen: Vec<String>) -> impl Iterator<Item = Breach> {
    unseen.into_iter().map(move |unseen| Breach {
        account_id: None,
        region: None,
        instance_id: None,
        check: "not looked at".to_owned(),
        found: format!("{what} could not be looked at: {unseen}"),
    })
}
