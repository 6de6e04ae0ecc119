//! `.terraform/modules/modules.json`: which versions `terraform init` took, and where their code lies.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::session::Session;

/// What was taken, by the names of calls joined by dots.
#[derive(Debug)]
pub(super) struct Manifest {
    entries: HashMap<String, Entry>,
}

/// One module.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) folder: PathBuf,
    pub(super) version: Option<String>,
}

impl Manifest {
    /// That of a root module, if it is there.
    pub(super) fn of(session: &Session<'_>, root: &Path) -> Option<Self> {
        let path = root.join(".terraform/modules/modules.json");
        let source = session.open(&path)?;
        let document = source.json().documents.first()?.clone();
        let entries = document.get("Modules")?.items().iter().filter_map(|module| {
            let folder = root.join(module.text_of("Dir")?);
            let version = module.text_of("Version").map(str::to_owned);
            Some((module.text_of("Key")?.to_owned(), Entry { folder, version }))
        });
        Some(Self { entries: entries.collect() })
    }

    /// The entry of a call.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }
}
