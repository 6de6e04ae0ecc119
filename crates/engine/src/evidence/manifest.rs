//! The manifest of an evidence set: what was read, when, by which version, and the digests by which a
//! changed file shows.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::EngineError;

/// The manifest's file name.
pub(crate) const FILE: &str = "manifest.json";
/// The layout that this version writes and reads.
const SCHEMA: &str = "imdsure.evidence/1";

/// What an evidence set holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `imdsure.evidence/1`.
    pub schema: String,
    /// The version of imdsure that wrote it.
    pub version: String,
    /// When reading began (RFC 3339, UTC).
    pub started: String,
    /// When reading ended (RFC 3339, UTC).
    pub finished: String,
    /// Account ids that were to be read, sorted.
    pub accounts: Vec<String>,
    /// Regions that were read in at least one account, sorted.
    pub regions: Vec<String>,
    /// Whether anything that was asked for could not be read (see the table `scan_error`).
    pub incomplete: bool,
    /// Whether accounts were left out that could have been read: chosen one by one or by unit, or excluded.
    #[serde(default)]
    pub narrowed: bool,
    /// Files and folders of code that were to be read, as they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// How many files of code were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// The tables, by name.
    pub tables: Vec<TableFile>,
}

/// One table's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFile {
    /// The table.
    pub name: String,
    /// Its file, beside the manifest.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// The file's size in bytes.
    pub bytes: u64,
    /// The file's SHA-256, in hex.
    pub sha256: String,
}

impl Manifest {
    pub(crate) fn new(started: String) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started,
            finished: String::new(),
            accounts: Vec::new(),
            regions: Vec::new(),
            incomplete: false,
            narrowed: false,
            paths: Vec::new(),
            files: None,
            tables: Vec::new(),
        }
    }

    pub(crate) fn read(folder: &Path) -> Result<Self, EngineError> {
        let path = folder.join(FILE);
        let text = std::fs::read(&path).map_err(EngineError::file(&path))?;
        let bad = |message| EngineError::BadManifest { path: path.clone(), message };
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if manifest.schema != SCHEMA {
            let found = &manifest.schema;
            return Err(bad(format!("its schema is `{found}`; this version reads `{SCHEMA}`")));
        }
        if !manifest.tables.iter().any(|table| table.name == "scan_error") {
            return Err(bad(
                "without the table `scan_error` nobody can tell what is missing".to_owned()
            ));
        }
        // A manifest comes from a file that somebody may have edited: its names must stay inside.
        let inside = |table: &TableFile| {
            table.file == format!("{}.parquet", table.name) && !table.file.contains(['/', '\\'])
        };
        match manifest.tables.iter().find(|table| !inside(table)) {
            Some(table) => Err(bad(format!("`{}` is no file name of a table", table.file))),
            None => Ok(manifest),
        }
    }
}
