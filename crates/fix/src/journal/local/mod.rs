//! A folder that holds runs and locks:
//!
//! ```text
//! DIR/runs/RUN/journal.jsonl     the records
//! DIR/runs/RUN/journal.lock      locked while a process writes them
//! DIR/runs/RUN/journal.torn-N    what was cut off as record N, once a run was killed in a write
//! DIR/runs/RUN/plan.json         the plan
//! DIR/locks/ACCOUNT.lock         locked while a run changes the account
//! ```

mod disk;
mod lock;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

pub(super) use self::lock::FileLock;
use super::{
    backend::{Backend, Cut, Reopened, Tail},
    digest::Digest,
    error::JournalError,
    lock::{Holder, Lock, LockError},
    plan::PlanFile,
    records::stopped,
    run::RunId,
    scan::{Scan, Torn},
};

#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn folder(&self, run: &RunId) -> PathBuf {
        self.root.join("runs").join(run.as_str())
    }

    fn journal(&self, run: &RunId) -> PathBuf {
        self.folder(run).join("journal.jsonl")
    }

    fn missing(&self, run: &RunId, path: &Path, error: io::Error) -> JournalError {
        if error.kind() == io::ErrorKind::NotFound {
            JournalError::Missing { run: run.clone(), place: self.place() }
        } else {
            JournalError::at(&path.display())(error)
        }
    }

    /// Makes sure that no other process writes to the run while the file lives.
    fn writer_lock(&self, run: &RunId) -> Result<File, JournalError> {
        let path = self.folder(run).join("journal.lock");
        let at = JournalError::at(&path.display());
        let file = disk::new_files().truncate(false).open(&path);
        let file = file.map_err(&at)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::Error(error)) => Err(at(error)),
            Err(TryLockError::WouldBlock) => {
                let place = self.journal_place(run);
                Err(JournalError::InUse { run: run.clone(), place })
            }
        }
    }

    /// Copies a torn line aside and cuts it off.
    fn cut(&self, run: &RunId, file: &File, scan: &Scan<impl BufRead>) -> io::Result<Torn> {
        let n = scan.chain.records + 1;
        let folder = self.folder(run);
        let (mut aside, path) = disk::create_numbered(&folder, &format!("journal.torn-{n}"))?;
        aside.write_all(&scan.line)?;
        aside.sync_all()?;
        disk::sync_folder(&folder)?;
        file.set_len(scan.offset)?;
        file.sync_all()?;
        Ok(Torn { n, bytes: scan.line.len() as u64, kept: path.display().to_string() })
    }
}

impl Backend for Folder {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn journal_place(&self, run: &RunId) -> String {
        self.journal(run).display().to_string()
    }

    fn may_tear(&self) -> bool {
        true
    }

    fn create(&self, run: &RunId) -> Result<Box<dyn Tail>, JournalError> {
        let folder = self.folder(run);
        let at = JournalError::at(&folder.display());
        disk::make_folder(&folder).map_err(&at)?;
        let lock = self.writer_lock(run)?;
        let path = self.journal(run);
        if path.try_exists().map_err(&at)? {
            return Err(JournalError::Exists { run: run.clone(), place: self.place() });
        }
        disk::sync_folder(&folder).map_err(&at)?;
        Ok(Box::new(FileTail { file: Place::NotYet(path), _lock: Some(lock) }))
    }

    fn reopen(&self, run: &RunId) -> Result<Reopened, JournalError> {
        let path = self.journal(run);
        let file = OpenOptions::new().read(true).append(true).open(&path);
        let file = file.map_err(|error| self.missing(run, &path, error))?;
        let lock = self.writer_lock(run)?;
        let mut scan = Scan::new(BufReader::new(&file), true);
        let place = self.journal_place(run);
        let torn = scan.finish().map_err(|stop| stopped(stop, run, &place))?;
        let cut = || self.cut(run, &file, &scan).map_err(JournalError::at(&place));
        let torn = torn.then(cut).transpose()?;
        let chain = scan.chain;
        // A process that was killed may have left a file that is complete and not yet on the disk.
        file.sync_all().map_err(JournalError::at(&place))?;
        let tail = Box::new(FileTail { file: Place::Open(file), _lock: Some(lock) });
        Ok(Reopened { tail, chain, torn })
    }

    fn lines(&self, run: &RunId) -> Result<Box<dyn BufRead + Send>, JournalError> {
        let path = self.journal(run);
        let file = File::open(&path).map_err(|error| self.missing(run, &path, error))?;
        Ok(Box::new(BufReader::with_capacity(64 * 1024, file)))
    }

    fn runs(&self) -> Result<Vec<RunId>, JournalError> {
        let folder = self.root.join("runs");
        let at = JournalError::at(&folder.display());
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(&at)?,
        };
        let mut runs = Vec::new();
        for entry in entries {
            let name = entry.map_err(&at)?.file_name();
            let run = name.to_str().and_then(|name| name.parse().ok());
            runs.extend(run.filter(|run| self.journal(run).is_file()));
        }
        Ok(runs)
    }

    fn keep_plan(&self, run: &RunId, plan: &Path) -> Result<(), JournalError> {
        let folder = self.folder(run);
        let target = folder.join("plan.json");
        let at = JournalError::at(&target.display());
        let mut source = File::open(plan).map_err(JournalError::at(&plan.display()))?;
        disk::make_folder(&folder).map_err(&at)?;
        let mut copy = NamedTempFile::new_in(&folder).map_err(&at)?;
        io::copy(&mut source, &mut copy).map_err(&at)?;
        copy.as_file().sync_all().map_err(&at)?;
        match copy.persist_noclobber(&target) {
            Ok(_) => disk::sync_folder(&folder).map_err(at),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                same_plan(run, plan, &target)
            }
            Err(error) => Err(at(error.error)),
        }
    }

    fn plan(&self, run: &RunId) -> Result<PlanFile, JournalError> {
        let path = self.folder(run).join("plan.json");
        if path.is_file() {
            return Ok(PlanFile::kept(path));
        }
        Err(JournalError::NoPlan { run: run.clone(), place: path.display().to_string() })
    }

    fn lock(&self, account_id: &str, holder: &Holder) -> Result<Lock, LockError> {
        lock::acquire(&self.root.join("locks"), account_id, holder)
    }
}

/// Keeping the same plan twice is no mistake.
fn same_plan(run: &RunId, plan: &Path, kept: &Path) -> Result<(), JournalError> {
    let digest = |path: &Path| {
        File::open(path).and_then(Digest::of_reader).map_err(JournalError::at(&path.display()))
    };
    if digest(plan)? == digest(kept)? {
        return Ok(());
    }
    Err(JournalError::OtherPlan { run: run.clone(), place: kept.display().to_string() })
}

/// The end of a journal file.
pub(super) struct FileTail {
    file: Place,
    /// Keeps other writers out.
    _lock: Option<File>,
}

/// The file that is written, or the one that the first write makes.
enum Place {
    NotYet(PathBuf),
    Open(File),
}

impl Tail for FileTail {
    fn commit(&mut self, lines: &[u8]) -> Result<(), Cut> {
        match &mut self.file {
            Place::NotYet(path) => self.file = Place::Open(begin(path, lines)?),
            Place::Open(file) => {
                let (whole, written) = write(file, lines);
                // The file's length is part of its data.
                let synced = file.sync_data();
                let durable = if synced.is_ok() { whole } else { 0 };
                written.and(synced).map_err(|error| Cut { durable, cause: error.into() })?;
            }
        }
        Ok(())
    }
}

/// Writes as much as there is room for, and tells how much that was: on a disk that fills up, a beginning.
fn write(file: &mut File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Makes a journal with its first lines. It is there with them or not at all: one that is empty was emptied.
fn begin(path: &Path, lines: &[u8]) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(lines)?;
    new.as_file().sync_all()?;
    new.persist_noclobber(path).map_err(|error| error.error)?;
    disk::sync_folder(folder)?;
    OpenOptions::new().append(true).open(path)
}

#[cfg(test)]
impl FileTail {
    pub(super) const fn of(file: File) -> Self {
        Self { file: Place::Open(file), _lock: None }
    }
}
