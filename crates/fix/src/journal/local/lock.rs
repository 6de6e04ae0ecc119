//! The lock of an account in a folder: the operating system's lock on a file, which it releases when the
//! process ends, however it ends. What stands in the file only tells others who holds it.

use std::{
    fs::{File, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::{
    super::{
        error::Cause,
        lock::{Held, Holder, Lock, LockError},
    },
    disk,
};

/// More than any holder's description has.
const LONGEST: u64 = 64 * 1024;

/// A locked file.
#[derive(Debug)]
pub(in super::super) struct FileLock {
    file: File,
    path: PathBuf,
}

pub(super) fn acquire(folder: &Path, account_id: &str, holder: &Holder) -> Result<Lock, LockError> {
    let path = folder.join(format!("{account_id}.lock"));
    let place = path.display().to_string();
    let failed = |error: io::Error| LockError::Store {
        account_id: account_id.to_owned(),
        place: place.clone(),
        cause: Cause::from(error),
    };
    disk::make_folder(folder).map_err(failed)?;
    loop {
        let file = open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    account_id: account_id.to_owned(),
                    place,
                    holder: said(&file).map(Box::new),
                    free_after: None,
                });
            }
        }
        let lock = FileLock { file, path: path.clone() };
        // The file may have been removed between opening and locking: then nobody else sees this lock.
        if lock.lost() {
            continue;
        }
        let took_over = said(&lock.file);
        lock.say(holder).map_err(failed)?;
        return Ok(Lock::new(account_id, took_over, Held::File(lock)));
    }
}

fn open(path: &Path) -> io::Result<File> {
    disk::new_files().read(true).truncate(false).open(path)
}

/// Who the file says holds it. A holder that has not yet written, or wrote something else, is unknown.
fn said(mut file: &File) -> Option<Holder> {
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    // A reader of the same file later begins at the beginning again.
    io::Seek::rewind(&mut file).ok()?;
    serde_json::from_slice(&text).ok()
}

impl FileLock {
    fn say(&self, holder: &Holder) -> io::Result<()> {
        self.file.set_len(0)?;
        let text = serde_json::to_vec(holder)?;
        (&self.file).write_all(&text)
    }

    /// Whether somebody removed the file: another run would lock a new one.
    pub(in super::super) fn lost(&self) -> bool {
        !same_file(&self.file, &self.path)
    }
}

#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), path.metadata()) {
        (Ok(ours), Ok(theirs)) => (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()),
        _ => false,
    }
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn same_file(_file: &File, _path: &Path) -> bool {
    true
}

impl Drop for FileLock {
    /// An empty file says that its holder ended in order. The lock itself goes with the file.
    fn drop(&mut self) {
        // Nothing depends on it: at worst the next run hears of a holder that is gone.
        let _ = self.file.set_len(0);
    }
}
