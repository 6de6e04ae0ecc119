//! Reading an evidence set back, after making sure that it is the one that was written.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{Manifest, TableFile, digest::Digested, manifest};
use crate::EngineError;

/// An evidence set in a folder.
#[derive(Debug, Clone)]
pub struct EvidenceSet {
    /// The folder.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

impl EvidenceSet {
    pub(super) const fn new(folder: PathBuf, manifest: Manifest) -> Self {
        Self { folder, manifest }
    }

    /// Opens a set, or the newest set of a store, and checks every file's size and digest.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        let folder = locate(path)?;
        let manifest = Manifest::read(&folder)?;
        for table in &manifest.tables {
            check(&folder, table)?;
        }
        Ok(Self { folder, manifest })
    }

    /// SHA-256 of its manifest, in hex: of the set, since the manifest holds the digest of every table.
    pub fn digest(&self) -> Result<String, EngineError> {
        let path = self.folder.join(manifest::FILE);
        let mut digested = Digested::new(io::sink());
        File::open(&path)
            .and_then(|mut file| io::copy(&mut file, &mut digested))
            .map_err(EngineError::file(&path))?;
        Ok(digested.finish().2)
    }

    /// A table's file.
    pub fn path(&self, table: &TableFile) -> PathBuf {
        self.folder.join(&table.file)
    }
}

/// The folder itself if it is a set, else the newest set in it (their names begin with their time).
fn locate(path: &Path) -> Result<PathBuf, EngineError> {
    if path.join(manifest::FILE).is_file() {
        return Ok(path.to_owned());
    }
    let entries = fs::read_dir(path).map_err(EngineError::file(path))?;
    let sets = entries.filter_map(|entry| {
        let folder = entry.ok()?.path();
        // Sets are named by their time; other folders are not ours to choose.
        let named = folder.file_name()?.to_string_lossy().starts_with(|c: char| c.is_ascii_digit());
        (named && folder.join(manifest::FILE).is_file()).then_some(folder)
    });
    sets.max().ok_or_else(|| EngineError::NoEvidence(path.to_owned()))
}

fn check(folder: &Path, table: &TableFile) -> Result<(), EngineError> {
    let path = folder.join(&table.file);
    let damaged = |message| Err(EngineError::Damaged { path: path.clone(), message });
    let mut digested = Digested::new(io::sink());
    if let Err(error) = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut digested)) {
        return damaged(format!("it cannot be read: {error}"));
    }
    let (_, bytes, found) = digested.finish();
    if bytes != table.bytes {
        return damaged(format!("it has {bytes} bytes, the manifest says {}", table.bytes));
    }
    if found != table.sha256 {
        return damaged(format!("its SHA-256 is {found}, the manifest says {}", table.sha256));
    }
    Ok(())
}
