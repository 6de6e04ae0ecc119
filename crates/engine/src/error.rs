//! What can go wrong with evidence and controls.

use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;

/// An error of the engine, with the place it happened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder that holds no evidence.
    #[error("{} holds no evidence set (no manifest.json in it or in a folder below it)", .0.display())]
    NoEvidence(PathBuf),
    /// A manifest that cannot be understood.
    #[error("{}: this is no manifest of an evidence set: {message}", path.display())]
    BadManifest {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A table's file is not the one that was written.
    #[error("{}: the evidence is damaged: {message}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What differs.
        message: String,
    },
    /// A set was to be finished while somebody could still write to it.
    #[error("the evidence set is still being written to")]
    StillRecording,
    /// The writing thread ended without a result.
    #[error("the thread that writes evidence died")]
    WriterDied,
    /// A control asks for a table that the evidence does not hold.
    #[error("the evidence does not hold what this control reads: {0}")]
    CannotRun(String),
    /// A control's query does not have a column that every control has.
    #[error("control {control}: the query has no column `{column}`")]
    MissingColumn {
        /// Whose.
        control: String,
        /// Which.
        column: &'static str,
    },
    /// A control's reason or command names a fact that its query does not have.
    #[error(
        "control {control}: a reason or command names `{{{fact}}}`, which is no column of the query"
    )]
    UnknownFact {
        /// Whose.
        control: String,
        /// Which.
        fact: String,
    },
    /// A control's query answered an outcome that its front matter does not explain.
    #[error(
        "control {control}: the query answered the outcome `{outcome}`, which control.md does not explain"
    )]
    UnknownOutcome {
        /// Whose.
        control: String,
        /// Which.
        outcome: String,
    },
    /// DataFusion could not run something.
    #[error(transparent)]
    Query(#[from] DataFusionError),
    /// Arrow data could not be put together.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// Parquet could not be written.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

impl EngineError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
