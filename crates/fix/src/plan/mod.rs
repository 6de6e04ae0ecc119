//! From what was seen to a plan that can be reviewed: which changes, in which waves, on what evidence, and what is left
//! alone and why.

mod draft;
pub mod file;
mod instances;
pub mod notes;
pub mod options;
mod others;
mod planner;
mod regions;
pub mod schedule;
mod templates;
mod waves;
mod words;

pub use file::{Lane, PlanFile, PlanFileError};
pub use options::{PlanOptions, Size, SplitBy, TagFilter};
pub use planner::{Context, Planned, Planner, Reverting, Waived};
pub use schedule::Window;
pub(crate) use waves::NOTHING_RUNS;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A line cannot be written as JSON.
    #[error("a change cannot be written: {0}")]
    Unwritable(serde_json::Error),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] PlanFileError),
}
