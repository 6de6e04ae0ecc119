//! What a run did, read from its journal: which changes ended and how, what was begun and never told, where it stands.

use std::collections::{BTreeMap, BTreeSet};

use imdsure_model::plan::ChangeKind;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    RunError,
    changed::{Changed, Taking, Touched},
};
use crate::{
    event::{Action, Breach, Ending, Event, Operator},
    journal::{self, JournalError, RunId, Store},
    kinds::Made,
    plan::{Lane, PlanFile},
};

/// Why a run stopped, where it soaks.
pub(super) const SOAKS: &str = "soaks";

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It is at work, or was cut off.
    Open,
    /// Waits between waves.
    Soaking,
    /// Waits for the hours in which changes may be made.
    Paused,
    /// Stopped before its end.
    Stopped,
    /// Through.
    Finished,
}

impl RunState {
    /// The word of lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Soaking => "soaking",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Finished => "finished",
        }
    }
}

/// What a journal tells of its run.
#[derive(Debug, Clone)]
pub struct Past {
    /// The run.
    pub run: RunId,
    /// What it does.
    pub action: Action,
    /// The run that it undoes.
    pub of: Option<RunId>,
    /// Who began it.
    pub operator: Operator,
    /// The callers' ARNs, by account.
    pub callers: BTreeMap<String, String>,
    /// Its plan's digest.
    pub plan: String,
    /// The change's number in the system that keeps them.
    pub ticket: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// When its last record was written.
    pub last: Timestamp,
    /// Where it stands.
    pub state: RunState,
    /// The last word on why it stopped or waits.
    pub why: Option<String>,
    /// When to come back, where it waits.
    pub resume_after: Option<Timestamp>,
    /// How changes ended.
    pub endings: BTreeMap<Ending, u64>,
    /// How changes were put back within the run, after something got worse.
    pub put_back: BTreeMap<Ending, u64>,
    /// What got worse, as last found.
    pub breaches: Vec<Breach>,
    /// How it was asked to proceed, as it began or was last taken up again.
    pub settings: serde_json::Map<String, Value>,
    /// Changes that ended, one bit for each place.
    ended: Places,
    /// Changes that changed AWS.
    done: Places,
    /// Changes that are as they were meant to be.
    made: Places,
    /// Those of them that were put back within the run.
    back: Places,
    /// Whether what is told now is of putting back.
    is_putting_back: bool,
    /// Changes that were begun and have not ended, or failed: they may be tried again.
    open: BTreeMap<u64, Touched>,
    /// Waves that are through, and when each began.
    waves: BTreeMap<u32, WaveOf>,
    baselines: BTreeMap<(u32, String, String), BTreeSet<String>>,
    left_alone: BTreeSet<(u32, String, String, ChangeKind)>,
    /// Accounts and regions where enforcement was lifted for a way back, and whether it still is for all that the run told.
    lifted: BTreeMap<Place, bool>,
}

/// An account and a region.
pub(super) type Place = (String, String);

/// Turning enforcement off for a way back, and on again: a step that belongs to none of the plan's changes.
pub(super) struct Enforcing {
    pub(super) place: Place,
    pub(super) on: bool,
}

impl Enforcing {
    /// What stands in the journal as the step.
    pub(super) fn step(&self) -> String {
        format!("enforcement {} {} {}", self.place.0, self.place.1, self.value())
    }

    /// The value that is sent.
    pub(super) const fn value(&self) -> &'static str {
        if self.on { "enabled" } else { "disabled" }
    }

    fn of(step: &str) -> Option<Self> {
        let mut words = step.strip_prefix("enforcement ")?.split(' ');
        let place = (words.next()?.to_owned(), words.next()?.to_owned());
        Some(Self { place, on: words.next()? == "enabled" })
    }
}

/// A wave in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaveOf {
    pub(crate) began: Timestamp,
    pub(crate) applied: bool,
}

/// A set of places: one bit each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<u64>);

impl Places {
    pub(crate) fn add(&mut self, place: u64) {
        let word = (place / 64) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (place % 64);
    }

    pub(crate) fn any(&self) -> bool {
        self.0.iter().any(|word| *word != 0)
    }

    pub(crate) fn has(&self, place: u64) -> bool {
        self.0.get((place / 64) as usize).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }
}

/// Reads a run's journal to its end; of its changes, only those that have not ended are kept whole.
pub async fn past(store: &Store, run: &RunId) -> Result<Past, JournalError> {
    read(store, run, |_, _| Ok(())).await
}

/// The same with what was changed: for undoing.
pub(crate) async fn past_with_changes(
    store: &Store,
    run: &RunId,
) -> Result<(Past, Changed), JournalError> {
    let at = || JournalError::at(&"a temporary file");
    let mut taking = Taking::new().map_err(at())?;
    let past = read(store, run, |place, touched| taking.take(place, touched).map_err(at())).await?;
    for (place, touched) in &past.open {
        taking.take(*place, touched).map_err(at())?;
    }
    let changed = taking.finish().map_err(at())?;
    Ok((past, changed))
}

/// The plan that a run keeps, if it is the one that was approved.
pub(super) async fn kept_plan(
    store: &Store,
    past: &Past,
) -> Result<(journal::PlanFile, PlanFile), RunError> {
    let kept = store.plan(&past.run).await?;
    let plan = PlanFile::open(kept.path())?;
    if plan.head.digest != past.plan {
        return Err(RunError::KeptPlan {
            run: past.run.clone(),
            approved: past.plan.clone(),
            found: plan.head.digest,
            place: store.place(),
        });
    }
    Ok((kept, plan))
}

/// Whether the plan that a run keeps is the one that was approved, whole and as it was written.
pub async fn check_plan(store: &Store, run: &RunId) -> Result<(), RunError> {
    let past = past(store, run).await?;
    kept_plan(store, &past).await.map(drop)
}

/// `ended` is given each change that ended for good.
async fn read(
    store: &Store,
    run: &RunId,
    mut ended: impl FnMut(u64, &Touched) -> Result<(), JournalError>,
) -> Result<Past, JournalError> {
    let mut records = store.read::<Event>(run).await?;
    let mut past: Option<Past> = None;
    while let Some(record) = records.next().await {
        let record = record?;
        let Some(past) = &mut past else {
            past = Past::begin(run, record.event, record.at);
            continue;
        };
        if let Some((place, touched)) = past.take(record.event, record.at) {
            ended(place, &touched)?;
        }
    }
    past.ok_or_else(|| JournalError::Empty { run: run.clone(), place: store.place() })
}

impl Past {
    fn empty(run: &RunId) -> Self {
        Self {
            run: run.clone(),
            action: Action::Apply,
            of: None,
            operator: Operator::default(),
            callers: BTreeMap::new(),
            plan: String::new(),
            ticket: None,
            began: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            state: RunState::Open,
            why: None,
            resume_after: None,
            endings: BTreeMap::new(),
            put_back: BTreeMap::new(),
            breaches: Vec::new(),
            settings: serde_json::Map::new(),
            ended: Places::default(),
            done: Places::default(),
            made: Places::default(),
            back: Places::default(),
            is_putting_back: false,
            open: BTreeMap::new(),
            waves: BTreeMap::new(),
            baselines: BTreeMap::new(),
            left_alone: BTreeSet::new(),
            lifted: BTreeMap::new(),
        }
    }

    fn begin(run: &RunId, event: Event, at: Timestamp) -> Option<Self> {
        let Event::Began { action, operator, plan, of, ticket, settings } = event else {
            return None;
        };
        let empty = Self::empty(run);
        Some(Self { action, of, operator, plan, ticket, settings, began: at, last: at, ..empty })
    }

    /// Takes one event. A change that ends for good by it is given back.
    fn take(&mut self, event: Event, at: Timestamp) -> Option<(u64, Touched)> {
        self.last = at;
        match event {
            Event::Began { .. } | Event::Preflight { .. } => {}
            Event::Resumed { settings, .. } => {
                self.settings = settings;
                self.is_putting_back = false;
                (self.state, self.why, self.resume_after) = (RunState::Open, None, None);
            }
            Event::PuttingBack { .. } => self.is_putting_back = true,
            Event::Change { .. } | Event::Call { .. } | Event::Answer { .. }
                if self.is_putting_back => {}
            Event::Ended { place, ending, .. } if self.is_putting_back => {
                *self.put_back.entry(ending).or_default() += 1;
                if ending.is_made() {
                    self.back.add(place);
                }
            }
            Event::Entered { account_id, caller } => drop(self.callers.insert(account_id, caller)),
            Event::WaveBegan { wave } => {
                self.waves.entry(wave).or_insert(WaveOf { began: at, applied: false });
            }
            Event::Baseline { wave, account_id, region, impaired, unhealthy } => {
                let unwell = impaired.into_iter().chain(unhealthy);
                self.baselines.entry((wave, account_id, region)).or_default().extend(unwell);
            }
            Event::LeftAlone { wave, account_id, region, kind, changes, .. } => {
                if self.left_alone.insert((wave, account_id, region, kind)) {
                    *self.endings.entry(Ending::Refused).or_default() += changes;
                }
            }
            Event::Change { place, before, .. } => {
                let made = Made { run: self.run.to_string(), before, ..Made::default() };
                // Begun again after it was cut off: what was there first counts.
                self.open.entry(place).or_insert(Touched { made, ending: None, called: false });
            }
            // Asked for, it may have been lifted, with an answer or without one.
            Event::Call { place: u64::MAX, step, .. } => {
                if let Some(lifted) = Enforcing::of(&step).filter(|step| !step.on) {
                    self.lifted.insert(lifted.place, true);
                }
            }
            Event::Answer { place: u64::MAX, step, error: None, .. } => {
                if let Some(again) = Enforcing::of(&step).filter(|step| step.on) {
                    self.lifted.insert(again.place, false);
                }
            }
            Event::Call { place, .. } => {
                if let Some(touched) = self.open.get_mut(&place) {
                    touched.called = true;
                }
            }
            Event::Answer { place, step, made, error, .. } => {
                if let Some(touched) = self.open.get_mut(&place).filter(|_| error.is_none()) {
                    touched.made.steps.push((step, made));
                }
            }
            Event::Ended { place, ending, .. } => return self.end(place, ending),
            Event::WaveApplied { wave, soak_until, .. } => {
                if let Some(wave) = self.waves.get_mut(&wave) {
                    wave.applied = true;
                }
                self.resume_after = soak_until.parse().ok();
            }
            Event::Checked { breaches, .. } => self.breaches = breaches,
            Event::Stopped { why, resume_after } => {
                self.state = match &resume_after {
                    Some(_) if why == SOAKS => RunState::Soaking,
                    Some(_) => RunState::Paused,
                    None => RunState::Stopped,
                };
                self.why = Some(why);
                self.resume_after = resume_after.and_then(|at| at.parse().ok());
            }
            Event::Finished { .. } => {
                (self.state, self.why, self.resume_after) = (RunState::Finished, None, None);
            }
        }
        None
    }

    fn end(&mut self, place: u64, ending: Ending) -> Option<(u64, Touched)> {
        // Tried again after it failed: counted once.
        if self.has_failed(place)
            && let Some(failed) = self.endings.get_mut(&Ending::Failed)
        {
            *failed = failed.saturating_sub(1);
        }
        *self.endings.entry(ending).or_default() += 1;
        self.ended.add(place);
        if ending.touched() {
            self.done.add(place);
        }
        if ending.is_made() {
            self.made.add(place);
        }
        if let Some(touched) = self.open.get_mut(&place) {
            touched.ending = Some(ending);
        }
        if ending == Ending::Failed { None } else { self.open.remove_entry(&place) }
    }

    fn has_failed(&self, place: u64) -> bool {
        self.open.get(&place).is_some_and(|touched| touched.ending == Some(Ending::Failed))
    }

    /// Whether a change ended. One that failed may be tried again.
    pub(crate) fn has_ended(&self, place: u64) -> bool {
        self.ended.has(place) && !self.has_failed(place)
    }

    /// Whether a change was begun and its end not told, or failed.
    pub(crate) fn was_begun(&self, place: u64) -> bool {
        self.open.contains_key(&place) && !self.has_ended(place)
    }

    /// Whether a call of a change that has not ended, or failed, was carried out.
    pub(crate) fn has_stepped(&self, place: u64) -> bool {
        self.open.get(&place).is_some_and(|touched| !touched.made.steps.is_empty())
    }

    /// What was there when a change was begun that has not ended, or failed.
    pub(crate) fn before(&self, place: u64) -> Option<&Value> {
        self.open.get(&place).map(|touched| &touched.made.before)
    }

    /// Whether something may have been changed, and was not put back within the run.
    pub(crate) fn was_done(&self, place: u64) -> bool {
        self.done.has(place) && !self.back.has(place)
    }

    /// Whether a change was put back within the run.
    pub(crate) fn was_put_back(&self, place: u64) -> bool {
        self.back.has(place)
    }

    /// Whether something is as it was meant to be: of an undo, as it was before.
    pub(crate) fn is_made(&self, place: u64) -> bool {
        self.made.has(place)
    }

    /// Where enforcement was lifted by a run, and whether it still is for all that the run told.
    pub(super) const fn lifted(&self) -> &BTreeMap<Place, bool> {
        &self.lifted
    }

    /// Whether something got worse, or could not be looked at, when the run looked last.
    pub(super) fn has_breach(&self) -> bool {
        !self.breaches.is_empty()
    }

    /// Whether it changed anything, or may have: a call counts without its answer.
    pub fn touches_anything(&self) -> bool {
        self.done.any()
            || self.made.any()
            || self.lifted.values().any(|lifted| *lifted)
            || self.open.values().any(|touched| touched.called)
    }

    /// How many changes were begun, with a call to AWS, and their ends not told.
    pub fn cut_off(&self) -> usize {
        self.open.values().filter(|touched| touched.called && touched.ending.is_none()).count()
    }

    /// Whether the changes of a lane were left alone before, and counted.
    pub(crate) fn left_alone(&self, lane: &Lane) -> bool {
        let key = (lane.wave, lane.account_id.clone(), lane.region.clone(), lane.kind);
        self.left_alone.contains(&key)
    }

    pub(crate) fn wave(&self, wave: u32) -> Option<WaveOf> {
        self.waves.get(&wave).copied()
    }

    /// Instances that were unwell before a wave.
    pub(crate) fn baselines(&self) -> &BTreeMap<(u32, String, String), BTreeSet<String>> {
        &self.baselines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_single_bits() {
        let mut places = Places::default();
        for place in [0, 63, 64, 1_000_000] {
            assert!(!places.has(place));
            places.add(place);
            assert!(places.has(place));
        }
        assert!(!places.has(1) && !places.has(999_999) && !places.has(u64::MAX));
    }
}
