//! What people and programs read: one file per output format. A format gets the head of a report first
//! (numbers, questions, gaps), then the findings it asked for one by one, so that no format needs them
//! all in memory.

mod answers;
mod brief;
mod csv;
mod format;
mod json;
mod jsonl;
mod nothing;
pub mod plan;
mod pretty;
mod sarif;
mod text;
mod waivers;

pub use format::{Format, FormatName, Style, UnknownFormat};
pub use text::{clean, thousands};
pub use waivers::waiver_warning;
