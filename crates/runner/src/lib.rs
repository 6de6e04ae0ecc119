//! One command's work from end to end: collect → judge → report. It knows the order of things and no
//! detail of any of them.

mod audit;
mod output;

pub use audit::{Audit, AuditError, AuditRequest, Gathered, Live, Source};
pub use output::{Destination, Output, OutputError};
