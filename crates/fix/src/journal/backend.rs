//! What a place has to do so that journals and locks can live there: a folder does it, and an object
//! store. All of it may wait; [`Store`](super::Store) calls it where waiting is allowed.

use std::{fmt, io::BufRead, path::Path};

use super::{
    chain::Chain,
    error::{Cause, JournalError},
    lock::{Holder, Lock, LockError},
    plan::PlanFile,
    run::RunId,
    scan::Torn,
};

/// The end of a journal, where records are added.
pub(super) trait Tail: Send {
    /// Makes whole lines durable, after all that came before. After an error nothing more is committed.
    fn commit(&mut self, lines: &[u8]) -> Result<(), Cut>;
}

/// A write that ended early.
#[derive(Debug)]
pub(super) struct Cut {
    /// How many of its bytes are durable all the same. What of a line is missing makes it none.
    pub(super) durable: usize,
    pub(super) cause: Cause,
}

impl<E: Into<Cause>> From<E> for Cut {
    fn from(cause: E) -> Self {
        Self { durable: 0, cause: cause.into() }
    }
}

/// A journal that may be continued.
pub(super) struct Reopened {
    pub(super) tail: Box<dyn Tail>,
    pub(super) chain: Chain,
    pub(super) torn: Option<Torn>,
}

/// A place for journals, plans and locks.
pub(super) trait Backend: fmt::Debug + Send + Sync {
    /// What to call the store in messages.
    fn place(&self) -> String;

    /// What to call a run's journal in messages.
    fn journal_place(&self, run: &RunId) -> String;

    /// Whether a last line may be torn here.
    fn may_tear(&self) -> bool;

    /// Begins a run, unless it is there. A file appears with the first record that is committed, so that
    /// none without a record is left by a crash.
    fn create(&self, run: &RunId) -> Result<Box<dyn Tail>, JournalError>;

    /// Checks a run's journal, cuts a torn line off, and continues it.
    fn reopen(&self, run: &RunId) -> Result<Reopened, JournalError>;

    /// A run's journal, to be read from its beginning.
    fn lines(&self, run: &RunId) -> Result<Box<dyn BufRead + Send>, JournalError>;

    /// The runs that are there, in any order.
    fn runs(&self) -> Result<Vec<RunId>, JournalError>;

    /// Copies a plan into its run, whole or not at all.
    fn keep_plan(&self, run: &RunId, plan: &Path) -> Result<(), JournalError>;

    /// The run's plan as a local file.
    fn plan(&self, run: &RunId) -> Result<PlanFile, JournalError>;

    /// Locks an account, whose number was checked.
    fn lock(&self, account_id: &str, holder: &Holder) -> Result<Lock, LockError>;
}
