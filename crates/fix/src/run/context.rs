//! What every part of a run has at hand: the journal, AWS, the clock, the locks, and the count of what came of it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use imdsure_aws::{
    actor::Actor,
    client::Client,
    error::CallError,
    scope::{Account, ScopeError},
};
use imdsure_model::ErrorKind;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::{Clock, Halt, halt::Stop};
use crate::{
    event::{Ending, Event},
    journal::{Journal, JournalError, Lock, LockError, OpenError, RunId},
    plan::PlanFileError,
};

/// Why a run does not begin, or is not taken up again. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanFileError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Another run is at work in an account.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The accounts cannot be meant so.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// What was approved is not this plan.
    #[error("the plan's digest is {found}; what was approved is {approved}")]
    NotApproved {
        /// The plan's.
        found: String,
        /// What the user said.
        approved: String,
    },
    /// The plan, or the evidence that it was made from, is too old.
    #[error(
        "{what} {at}, more than {days} days ago: what the plan knows may be no more true. Plan again from what is read now, or say --max-age"
    )]
    TooOld {
        /// What was done then.
        what: &'static str,
        /// When.
        at: String,
        /// The age that is allowed.
        days: u64,
    },
    /// The plan is from a time to come.
    #[error(
        "the plan says that it was made {0}, and that is yet to come: is the clock of the machine that made it right? Plan again"
    )]
    FromTheFuture(String),
    /// The plan does not tell its age.
    #[error(
        "the plan's `{member}` is `{found}`, which is no time: its age cannot be told. Plan again"
    )]
    NoTime {
        /// The member.
        member: &'static str,
        /// What it holds.
        found: String,
    },
    /// No account of the plan can be entered.
    #[error("{}: {first}", no_account(*.kind))]
    NoAccount {
        /// What sort of error it was.
        kind: ErrorKind,
        /// What the first said.
        first: String,
    },
    /// Of the plan's accounts only the caller's own can be entered.
    #[error(
        "none of the plan's other accounts ({refused}) can be entered, only your own: nothing was changed. {first}"
    )]
    OwnAccountAlone {
        /// How many others there are.
        refused: usize,
        /// What the first said.
        first: String,
    },
    /// The credentials belong to another organization.
    #[error("the plan is of organization {planned}, and these credentials belong to {found}")]
    OtherOrganization {
        /// The plan's.
        planned: String,
        /// The caller's.
        found: String,
    },
    /// A place is accepted that the plan does not have.
    #[error(
        "--accept-no-way-back {0}: the plan changes nothing there. ACCOUNT or ACCOUNT:REGION of the plan are meant, `*` for any"
    )]
    NowhereInPlan(String),
    /// Too early to go on.
    #[error("run {run} soaks until {until}: come back then, or say --before-soak-ends")]
    TooEarly {
        /// The run.
        run: RunId,
        /// When the soak ends.
        until: String,
    },
    /// The plan that a run keeps is not the one that was approved.
    #[error(
        "run {run} was approved with the plan {approved}, and keeps another in {place}: {found}. Put the approved one back there"
    )]
    KeptPlan {
        /// The run.
        run: RunId,
        /// The digest that was approved.
        approved: String,
        /// The digest of what is kept.
        found: String,
        /// The store.
        place: String,
    },
    /// Another run carries out the same plan.
    #[error(
        "run {run} carries out this plan already, and {state}: `imdsure apply --resume {run}` goes on, `imdsure undo {run}` puts it back"
    )]
    AtWork {
        /// The run.
        run: RunId,
        /// Its state, as a predicate.
        state: &'static str,
    },
    /// The same plan made something worse, and was put back.
    #[error(
        "run {run} carried out this plan, something got worse, and it was put back: find out why (`imdsure journal show {run}`), and plan again"
    )]
    GotWorse {
        /// The run.
        run: RunId,
    },
    /// Another run keeps the same plan, and its journal cannot be read.
    #[error(
        "run {run} has this plan, and what it changed is not known, so the plan is not begun beside it: {error}"
    )]
    NotKnown {
        /// The run.
        run: RunId,
        /// What is wrong with its journal.
        error: JournalError,
    },
    /// Nothing is left to do.
    #[error("run {run} {state}: there is nothing to {wish}")]
    NothingLeft {
        /// The run.
        run: RunId,
        /// Its state, as a predicate.
        state: String,
        /// What was wished.
        wish: &'static str,
    },
    /// The user asked to stop before anything was begun.
    #[error("stopped as asked: nothing was begun")]
    Asked,
    /// A run that is no apply, where one is needed, or one that is not there.
    #[error("{0}")]
    NotThatRun(String),
}

/// Why no account could be entered, as far as the sort of error tells.
const fn no_account(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Credentials => {
            "AWS does not take these credentials, so none of the plan's accounts can be entered"
        }
        ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Malformed => {
            "AWS does not answer, so none of the plan's accounts can be entered"
        }
        ErrorKind::Denied
        | ErrorKind::ClosedByPolicy
        | ErrorKind::Interrupted
        | ErrorKind::Refused => {
            "none of the plan's accounts can be entered with these credentials: is it of another organization?"
        }
    }
}

/// What a run has done so far, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Changes in all waves that this run is to make.
    pub planned: AtomicU64,
    /// Changes of the wave at work.
    pub of_wave: AtomicU64,
    /// Those of them that ended.
    pub ended_of_wave: AtomicU64,
    /// Those of the ended ones that were no work: they ended before the run was taken up again, or are left alone.
    pub passed_of_wave: AtomicU64,
    /// The wave at work; zero before the first.
    pub wave: AtomicU64,
    /// The least seconds that the wave takes.
    pub least_seconds: AtomicU64,
    /// Changes that ended, in all.
    pub ended: AtomicU64,
    /// Why the run waits, if it does.
    pub waiting: Mutex<Option<String>>,
}

impl Progress {
    pub(crate) fn wait(&self, why: Option<String>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Counts changes of the wave that need no work.
    pub(crate) fn pass(&self, changes: u64) {
        self.ended_of_wave.fetch_add(changes, Ordering::Relaxed);
        self.passed_of_wave.fetch_add(changes, Ordering::Relaxed);
    }

    pub(crate) fn set(number: &AtomicU64, value: u64) {
        number.store(value, Ordering::Relaxed);
    }
}

/// How many changes ended how.
#[derive(Debug, Default)]
pub(crate) struct Tally([AtomicU64; Ending::ALL.len()]);

impl Tally {
    pub(crate) fn add(&self, ending: Ending, number: u64) {
        let place = Ending::ALL.iter().position(|known| *known == ending);
        if let Some(count) = place.and_then(|place| self.0.get(place)) {
            count.fetch_add(number, Ordering::Relaxed);
        }
    }

    pub(crate) fn clear(&self) {
        for count in &self.0 {
            count.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<Ending, u64> {
        let counts = Ending::ALL.into_iter().zip(&self.0);
        let counts = counts.map(|(ending, count)| (ending, count.load(Ordering::Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

/// A run at work.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) journal: Journal,
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    pub(crate) stop: Stop,
    pub(crate) tally: Tally,
    pub(crate) of_wave: Tally,
    pub(crate) progress: Arc<Progress>,
    /// Turns for changes, for all regions together.
    pub(crate) under_way: Arc<Semaphore>,
    /// The accounts that were entered.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// What AWS said of the accounts that were not.
    pub(crate) not_entered: BTreeMap<String, String>,
    pub(crate) locks: Vec<Lock>,
}

impl Run {
    pub(crate) fn actor<'a>(&'a self, account_id: &str, region: &'a str) -> Option<Actor<'a>> {
        let account = self.accounts.get(account_id)?;
        Some(Actor { client: &self.client, account, region })
    }

    /// Why an account was not entered, in words.
    pub(crate) fn why_not_entered(&self, account_id: &str) -> String {
        match self.not_entered.get(account_id) {
            Some(why) => format!("the account could not be entered: {why}"),
            None => "the account could not be entered".to_owned(),
        }
    }

    /// Records an event; the run stops where that cannot be done.
    pub(crate) async fn record(&self, event: &Event) -> Result<(), Stopped> {
        self.write(event).await
    }

    async fn write<E: Serialize + Sync>(&self, event: &E) -> Result<(), Stopped> {
        match self.journal.append(event, self.clock.now(&self.client)).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.stop.halt(Halt::Journal(error));
                Err(Stopped)
            }
        }
    }

    /// Whether nothing new may begin: the user asked, the journal failed, or a lock was lost.
    pub(crate) fn stopped(&self) -> bool {
        if let Some(lost) = self.locks.iter().find(|lock| lock.lost()) {
            self.stop.halt(Halt::LockLost(lost.account_id().to_owned()));
        }
        self.stop.stopped()
    }

    /// Releases the accounts, and waits until others may lock them.
    pub(crate) async fn release(self) {
        futures::future::join_all(self.locks.into_iter().map(Lock::release)).await;
    }

    /// Counts a change that ended.
    pub(crate) fn count(&self, ending: Ending) {
        self.tell(ending, 1);
        self.progress.ended_of_wave.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts changes that are left alone.
    pub(crate) fn count_left_alone(&self, changes: u64) {
        self.tell(Ending::Refused, changes);
        self.progress.pass(changes);
    }

    fn tell(&self, ending: Ending, number: u64) {
        self.tally.add(ending, number);
        self.of_wave.add(ending, number);
        self.progress.ended.fetch_add(number, Ordering::Relaxed);
    }

    /// Stops the run where a call failed because of its credentials: all others would as well.
    pub(crate) fn heed(&self, error: &CallError) {
        if error.kind == ErrorKind::Credentials {
            self.stop.halt(Halt::Credentials(error.clone()));
        }
    }
}

/// The run stops; why stands in its [`Stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stopped;
