//! The store of runs: begins, continues, lists, reads and verifies their journals, keeps their plans, and
//! locks accounts.

use std::{path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use tokio::{
    runtime::Handle,
    task::{JoinError, spawn_blocking},
};

use super::{
    backend::Backend,
    chain::{Chain, Why},
    digest::Digest,
    error::{Cause, JournalError},
    local::Folder,
    location::Location,
    lock::{Holder, Lock, LockError, check_account},
    object::{BadAccess, Objects, S3Access},
    plan::PlanFile,
    records::{Records, records, stopped},
    run::RunId,
    scan::{Scan, Stop},
    writer::Journal,
};

/// A folder, or a prefix of an object store, with runs and locks. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
}

/// Why a store cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// S3 is asked for and nobody said as whom.
    #[error("{location} needs AWS credentials and a region")]
    NeedsAccess {
        /// The store.
        location: Location,
    },
    /// S3 cannot be reached so.
    #[error(transparent)]
    BadAccess(#[from] BadAccess),
    /// Object stores work in the background.
    #[error("{location} can only be opened in an async runtime (a bug: please report)")]
    NoRuntime {
        /// The store.
        location: Location,
    },
}

/// A journal whose lines all belong to their chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// The digest of the last: to be compared with the one that was kept elsewhere.
    pub head: Digest,
    /// Whether a torn line follows, which is no record.
    pub torn: bool,
}

/// What a journal turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of it belongs together.
    Sound(Verified),
    /// There is no record: it was emptied.
    Empty,
    /// A line does not belong where it stands.
    Broken {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: Why,
    },
}

impl Store {
    /// Opens a store. Nothing is read or made before it is used. S3 needs to know as whom.
    pub fn open(location: &Location, s3: Option<S3Access>) -> Result<Self, OpenError> {
        let location = location.clone();
        let backend: Arc<dyn Backend> = match &location {
            Location::Folder(folder) => Arc::new(Folder::new(folder.clone())),
            Location::S3 { bucket, prefix } => {
                let Some(access) = s3 else { return Err(OpenError::NeedsAccess { location }) };
                let Ok(runtime) = Handle::try_current() else {
                    return Err(OpenError::NoRuntime { location });
                };
                let bucket = access.bucket(bucket)?;
                Arc::new(Objects::new(bucket, prefix, location.to_string(), runtime))
            }
        };
        Ok(Self { backend })
    }

    #[cfg(test)]
    pub(super) fn over(backend: impl Backend + 'static) -> Self {
        Self { backend: Arc::new(backend) }
    }

    /// What to call it in messages.
    pub fn place(&self) -> String {
        self.backend.place()
    }

    /// Begins the journal of a new run. It appears with its first record.
    pub async fn create(&self, run: &RunId) -> Result<Journal, JournalError> {
        self.with(run, |backend, run| {
            let tail = backend.create(run)?;
            Journal::start(run.clone(), backend.journal_place(run), tail, Chain::START, None)
        })
        .await
    }

    /// Continues the journal of a run, when all of it belongs together. A torn last line is cut off, after
    /// it was copied aside: [`Journal::recovered`] tells.
    pub async fn reopen(&self, run: &RunId) -> Result<Journal, JournalError> {
        self.with(run, |backend, run| {
            let again = backend.reopen(run)?;
            let place = backend.journal_place(run);
            Journal::start(run.clone(), place, again.tail, again.chain, again.torn)
        })
        .await
    }

    /// The runs that are there, oldest first. Folders of other names are no runs.
    pub async fn runs(&self) -> Result<Vec<RunId>, JournalError> {
        let backend = Arc::clone(&self.backend);
        let mut runs =
            spawn_blocking(move || backend.runs()).await.map_err(|e| self.ended(&e))??;
        runs.sort();
        Ok(runs)
    }

    /// The records of a run. It may be under way.
    pub async fn read<E: DeserializeOwned + Send + 'static>(
        &self,
        run: &RunId,
    ) -> Result<Records<E>, JournalError> {
        let reader = self.with(run, |backend, run| backend.lines(run)).await?;
        let (records, reading) = records(self.backend.as_ref(), run, reader);
        // It ends when the records are taken, or dropped.
        drop(spawn_blocking(reading));
        Ok(records)
    }

    /// Reads a run's journal to its end and checks each line.
    pub async fn verify(&self, run: &RunId) -> Result<Verdict, JournalError> {
        self.with(run, |backend, run| {
            let mut scan = Scan::new(backend.lines(run)?, backend.may_tear());
            match scan.finish() {
                Ok(_) if scan.chain.records == 0 => Ok(Verdict::Empty),
                Ok(torn) => {
                    let Chain { records, head } = scan.chain;
                    Ok(Verdict::Sound(Verified { records, head, torn }))
                }
                Err(Stop::Broken { line, why }) => Ok(Verdict::Broken { line, why }),
                Err(stop) => Err(stopped(stop, run, &backend.journal_place(run))),
            }
        })
        .await
    }

    /// Copies a plan file into a run, whole or not at all. Another plan than the one it keeps is refused.
    pub async fn keep_plan(&self, run: &RunId, plan: &Path) -> Result<(), JournalError> {
        let plan = plan.to_owned();
        self.with(run, move |backend, run| backend.keep_plan(run, &plan)).await
    }

    /// The plan that a run keeps, as a local file.
    pub async fn plan(&self, run: &RunId) -> Result<PlanFile, JournalError> {
        self.with(run, |backend, run| backend.plan(run)).await
    }

    /// Locks an account, so that no other run that uses this store changes it.
    pub async fn lock(&self, account_id: &str, holder: Holder) -> Result<Lock, LockError> {
        check_account(account_id)?;
        let backend = Arc::clone(&self.backend);
        let account = account_id.to_owned();
        let locked = spawn_blocking(move || backend.lock(&account, &holder)).await;
        locked.unwrap_or_else(|_| {
            Err(LockError::Store {
                account_id: account_id.to_owned(),
                place: self.place(),
                cause: Cause::Ending,
            })
        })
    }

    /// Does something that may wait.
    async fn with<T: Send + 'static>(
        &self,
        run: &RunId,
        act: impl FnOnce(&dyn Backend, &RunId) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (backend, run) = (Arc::clone(&self.backend), run.clone());
        let done = spawn_blocking(move || act(backend.as_ref(), &run)).await;
        done.map_err(|error| self.ended(&error))?
    }

    fn ended(&self, _error: &JoinError) -> JournalError {
        JournalError::Store { place: self.place(), cause: Cause::Ending }
    }
}
