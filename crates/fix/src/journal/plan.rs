//! A kept plan, as a file that can be read wherever it is kept.

use std::path::{Path, PathBuf};

use tempfile::TempPath;

/// A run's plan. Where it was fetched into a temporary file, that file lives as long as this value.
#[derive(Debug)]
pub struct PlanFile(Where);

#[derive(Debug)]
enum Where {
    Kept(PathBuf),
    Fetched(TempPath),
}

impl PlanFile {
    pub(super) const fn kept(path: PathBuf) -> Self {
        Self(Where::Kept(path))
    }

    pub(super) const fn fetched(path: TempPath) -> Self {
        Self(Where::Fetched(path))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match &self.0 {
            Where::Kept(path) => path,
            Where::Fetched(path) => path,
        }
    }
}
