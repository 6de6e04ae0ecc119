//! One command's work from end to end: collect → judge → report. It knows the order of things and no
//! detail of any of them.

mod audit;
mod config;
mod output;
mod plan;
mod scan;

pub use audit::{Audit, AuditError, AuditRequest, Gathered, Guarded, Live, Source, tables_of};
pub use config::{Config, ConfigError, DEFAULT_FILE};
pub use imdsure_aws::collect::Usage;
pub use imdsure_engine::{CodeRevert, Guardrails};
pub use imdsure_iac::scan::Progress as ScanProgress;
pub use output::{Destination, Output, OutputError};
pub use plan::{Drawn, PlanFailure, PlanRequest, plan_tables};
pub use scan::{CodeSource, Fixing, Repaired, ScanDone, ScanFailure, ScanRequest};
