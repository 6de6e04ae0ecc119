//! An object store that holds runs and locks:
//!
//! ```text
//! PREFIX/runs/RUN/run.json                   claims the run
//! PREFIX/runs/RUN/journal/00000001.jsonl …   the records: one object for each write
//! PREFIX/runs/RUN/plan.json                  the plan
//! PREFIX/locks/ACCOUNT.json                  who changes the account
//! PREFIX/checks/…                            probes, which are removed again
//! ```
//!
//! Objects cannot be appended to. Each write is an object of its own under the next number, put only if
//! that number is free: of two writers, the second one fails.

mod access;
mod conditions;
mod credentials;
mod lines;
mod lock;
#[cfg(test)]
mod tests;

use std::{
    io::{BufRead, Write as _},
    path::Path as FilePath,
    sync::{Arc, mpsc},
    time::Duration,
};

use futures::TryStreamExt as _;
use object_store::{
    Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, path::Path,
};
use tempfile::NamedTempFile;
use tokio::{runtime::Handle, sync::OnceCell, time::sleep};

pub use self::access::{BadAccess, S3Access};
pub(super) use self::lock::ObjectLock;
use super::{
    backend::{Backend, Cut, Reopened, Tail},
    error::{Cause, JournalError},
    lock::{Holder, Lock, LockError},
    plan::PlanFile,
    records::stopped,
    run::RunId,
    scan::Scan,
};

/// How often a write is tried when it is not known what became of it.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A prefix of an object store.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// What to call it in messages.
    name: String,
    runtime: Handle,
    timing: Timing,
    /// Set once the store has shown that it refuses what it must.
    conditional: Arc<OnceCell<()>>,
}

/// How locks are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// How often a holder renews its lock.
    pub(super) renew_every: Duration,
    /// After how long without that it may be taken over.
    pub(super) stale_after: Duration,
}

impl Timing {
    const USUAL: Self =
        Self { renew_every: Duration::from_secs(30), stale_after: Duration::from_mins(5) };
}

impl Objects {
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        name: String,
        runtime: Handle,
    ) -> Self {
        let (prefix, conditional) = (Path::from(prefix), Arc::default());
        Self { store, prefix, name, runtime, timing: Timing::USUAL, conditional }
    }

    fn path(&self, parts: &[&str]) -> Path {
        parts.iter().fold(self.prefix.clone(), |path, part| path.join(*part))
    }

    fn run_path(&self, run: &RunId, parts: &[&str]) -> Path {
        let run = self.path(&["runs", run.as_str()]);
        parts.iter().fold(run, |path, part| path.join(*part))
    }

    /// Waits for something that the runtime does. Never called on the runtime's own threads.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Cause> {
        let (sender, receiver) = mpsc::channel();
        // The receiver waits below.
        self.runtime.spawn(async move { drop(sender.send(work.await)) });
        // A runtime that ends drops the work, and the sender with it.
        receiver.recv().map_err(|_| Cause::Ending)
    }

    fn error(&self, path: &Path) -> impl Fn(Cause) -> JournalError + use<> {
        let place = self.place_of(path);
        move |cause| JournalError::Store { place: place.clone(), cause }
    }

    fn place_of(&self, path: &Path) -> String {
        let base = self.prefix.as_ref();
        let inside = path.as_ref().strip_prefix(base).unwrap_or(path.as_ref());
        format!("{}/{}", self.name, inside.trim_start_matches('/'))
    }

    /// Writes an object that was not there. Where an answer was lost the object tells whose it is, so two
    /// writers have to write different bytes.
    async fn put_new(&self, path: &Path, bytes: Vec<u8>) -> Result<(), Cause> {
        let payload = PutPayload::from(bytes.clone());
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let options = PutOptions::from(PutMode::Create);
            let error = match self.store.put_opts(path, payload.clone(), options).await {
                Ok(_) => return Ok(()),
                Err(Error::AlreadyExists { .. }) => match self.content(path).await {
                    Ok(Some(found)) if found == bytes => return Ok(()),
                    Ok(Some(_)) => return Err(Cause::Taken),
                    Ok(None) => Cause::Taken,
                    Err(cause) => cause,
                },
                Err(error @ Error::Generic { .. }) => error.into(),
                Err(error) => return Err(error.into()),
            };
            if attempt == ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
            sleep(pause).await;
            pause *= 2;
        }
    }

    /// What an object holds; nothing where there is none.
    async fn content(&self, path: &Path) -> Result<Option<Vec<u8>>, Cause> {
        match self.store.get(path).await {
            // A bucket that is not there is another matter than an object.
            Err(error @ Error::NotFound { .. }) => match error.into() {
                Cause::NoBucket => Err(Cause::NoBucket),
                _ => Ok(None),
            },
            got => Ok(Some(got?.bytes().await?.to_vec())),
        }
    }

    async fn claim(&self, run: &RunId) -> Result<(), Cause> {
        self.check_conditions().await?;
        let claim = format!("{{\"run\":\"{run}\",\"writer\":\"{}\"}}\n", nonce());
        self.put_new(&self.run_path(run, &["run.json"]), claim.into_bytes()).await
    }

    /// The numbers of a journal's objects, in order; nothing where there is no such run.
    async fn numbers(&self, run: &RunId) -> Result<Option<Vec<u64>>, Cause> {
        let folder = self.run_path(run, &["journal"]);
        let listed = self.store.list(Some(&folder));
        let number = |path: &Path| lines::number(path.filename()?);
        let numbers = listed.map_ok(|object| number(&object.location));
        let mut numbers: Vec<u64> =
            numbers.try_filter_map(|number| async move { Ok(number) }).try_collect().await?;
        numbers.sort_unstable();
        if numbers.is_empty() && self.content(&self.run_path(run, &["run.json"])).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(numbers))
    }

    /// A journal's lines, and the number of its last object.
    fn open_lines(&self, run: &RunId) -> Result<(lines::ObjectLines, u64), JournalError> {
        let (objects, wanted) = (self.clone(), run.clone());
        let folder = self.run_path(run, &["journal"]);
        let numbers = self.wait(async move { objects.numbers(&wanted).await }).flatten();
        let Some(numbers) = numbers.map_err(self.error(&folder))? else {
            return Err(JournalError::Missing { run: run.clone(), place: self.place() });
        };
        let last = numbers.last().copied().unwrap_or(0);
        Ok((lines::ObjectLines::new(self, folder, numbers), last))
    }

    fn tail(&self, run: &RunId, last: u64) -> Box<dyn Tail> {
        let folder = self.run_path(run, &["journal"]);
        Box::new(ObjectTail { objects: self.clone(), folder, last })
    }
}

/// Text that no other process has.
fn nonce() -> String {
    format!("{:032x}", fastrand::u128(..))
}

impl Backend for Objects {
    fn place(&self) -> String {
        self.name.clone()
    }

    fn journal_place(&self, run: &RunId) -> String {
        self.place_of(&self.run_path(run, &["journal"]))
    }

    fn may_tear(&self) -> bool {
        false
    }

    fn create(&self, run: &RunId) -> Result<Box<dyn Tail>, JournalError> {
        let (objects, wanted) = (self.clone(), run.clone());
        match self.wait(async move { objects.claim(&wanted).await }).flatten() {
            Ok(()) => Ok(self.tail(run, 0)),
            Err(Cause::Taken) => {
                Err(JournalError::Exists { run: run.clone(), place: self.place() })
            }
            Err(cause) => Err(self.error(&self.run_path(run, &["run.json"]))(cause)),
        }
    }

    fn reopen(&self, run: &RunId) -> Result<Reopened, JournalError> {
        let place = self.journal_place(run);
        let objects = self.clone();
        let checked = self.wait(async move { objects.check_conditions().await }).flatten();
        checked.map_err(|cause| JournalError::Store { place: place.clone(), cause })?;
        let (lines, last) = self.open_lines(run)?;
        let mut scan = Scan::new(lines, false);
        scan.finish().map_err(|stop| stopped(stop, run, &place))?;
        Ok(Reopened { tail: self.tail(run, last), chain: scan.chain, torn: None })
    }

    fn lines(&self, run: &RunId) -> Result<Box<dyn BufRead + Send>, JournalError> {
        Ok(Box::new(self.open_lines(run)?.0))
    }

    fn runs(&self) -> Result<Vec<RunId>, JournalError> {
        let (store, folder) = (Arc::clone(&self.store), self.path(&["runs"]));
        let wanted = folder.clone();
        let listed = self.wait(async move { store.list_with_delimiter(Some(&wanted)).await });
        let listed = listed.and_then(|listed| Ok(listed?)).map_err(self.error(&folder))?;
        let names = listed.common_prefixes.iter().filter_map(Path::filename);
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }

    fn keep_plan(&self, run: &RunId, plan: &FilePath) -> Result<(), JournalError> {
        let bytes = std::fs::read(plan).map_err(JournalError::at(&plan.display()))?;
        let path = self.run_path(run, &["plan.json"]);
        let (objects, target) = (self.clone(), path.clone());
        match self.wait(async move { objects.put_new(&target, bytes).await }).flatten() {
            Err(Cause::Taken) => {
                Err(JournalError::OtherPlan { run: run.clone(), place: self.place_of(&path) })
            }
            kept => kept.map_err(self.error(&path)),
        }
    }

    fn plan(&self, run: &RunId) -> Result<PlanFile, JournalError> {
        let path = self.run_path(run, &["plan.json"]);
        let (objects, wanted) = (self.clone(), path.clone());
        let content = self.wait(async move { objects.content(&wanted).await }).flatten();
        let Some(content) = content.map_err(self.error(&path))? else {
            return Err(JournalError::NoPlan { run: run.clone(), place: self.place_of(&path) });
        };
        let failed = JournalError::at(&"a temporary copy of the plan");
        let mut file = NamedTempFile::new().map_err(&failed)?;
        file.write_all(&content).map_err(failed)?;
        Ok(PlanFile::fetched(file.into_temp_path()))
    }

    fn lock(&self, account_id: &str, holder: &Holder) -> Result<Lock, LockError> {
        let (objects, account, holder) = (self.clone(), account_id.to_owned(), holder.clone());
        let locked = self.wait(async move { lock::acquire(objects, &account, holder).await });
        locked.map_err(|cause| LockError::Store {
            account_id: account_id.to_owned(),
            place: self.place(),
            cause,
        })?
    }
}

/// The end of a journal of objects.
struct ObjectTail {
    objects: Objects,
    folder: Path,
    last: u64,
}

impl Tail for ObjectTail {
    fn commit(&mut self, lines: &[u8]) -> Result<(), Cut> {
        let path = self.folder.clone().join(lines::name(self.last + 1));
        let (objects, lines) = (self.objects.clone(), lines.to_vec());
        self.objects.wait(async move { objects.put_new(&path, lines).await }).flatten()?;
        self.last += 1;
        Ok(())
    }
}

impl From<Error> for Cause {
    fn from(error: Error) -> Self {
        match error {
            Error::NotImplemented { operation, .. } => Self::Unconditional { missing: operation },
            error => Self::of_s3(&error.to_string()),
        }
    }
}

impl Cause {
    /// What S3 says in its XML, without the ids that say nothing to people; the whole text where it is none.
    fn of_s3(text: &str) -> Self {
        let element = |name: &str| {
            let (_, after) = text.split_once(&format!("<{name}>"))?;
            after.split_once(&format!("</{name}>")).map(|(inside, _)| inside)
        };
        match (element("Code"), element("Message")) {
            (Some("NoSuchBucket"), _) => Self::NoBucket,
            (Some(code), Some(message)) => Self::Objects(in_a_line(&format!("{code}: {message}"))),
            (Some(code), None) => Self::Objects(in_a_line(code)),
            _ => Self::Objects(in_a_line(text)),
        }
    }
}

/// Foreign text for a message: S3 answers with pages of XML.
fn in_a_line(text: &str) -> String {
    const LONGEST: usize = 600;
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}
