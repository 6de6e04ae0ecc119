//! The engine: kept evidence (Parquet), the DataFusion session over it, and the runner of controls.
//!
//! A control is a query over evidence; its rows are findings. Nothing here calls AWS.

mod candidates;
mod catalog;
mod derived;
mod error;
pub mod evidence;
mod functions;
mod judge;
mod questions;
mod rows;
mod session;
mod views;
mod waivers;

pub use candidates::Candidates;
pub use catalog::embedded_catalog;
pub use derived::{CodeRevert, Guardrails};
pub use error::EngineError;
pub use judge::{Judged, tables_read};
pub use session::{Session, Settings};
