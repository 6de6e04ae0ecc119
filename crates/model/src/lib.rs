//! The domain of imdsure in plain data and pure functions: verdicts, findings, controls and their
//! aliases, what a launch gets, ownership, risk, exit codes. No I/O, no clock, no network: everything here can be tested
//! with a table.

mod alias;
pub mod candidate;
mod code;
mod control;
pub mod effective;
mod error_row;
mod exit;
mod finding;
mod fix;
mod ownership;
pub mod plan;
mod report;
mod risk;
mod selection;
pub mod silence;
mod template;
mod verdict;
pub mod waiver;

pub use alias::{Catalog, ResolveError};
pub use code::{Code, Excerpt, Location, Part, TextChange};
pub use control::{Control, ControlError, Outcome};
pub use error_row::{AcceptUnread, ErrorKind, ErrorRow};
pub use exit::{ExitCode, FailOn};
pub use finding::{Finding, Waived};
pub use fix::{Effect, FIX_EFFECT, Fix, FixTemplate};
pub use ownership::managed_by;
pub use report::{
    ControlSummary, Counts, Head, InstanceQuestion, LaunchPart, LaunchQuestion, PolicyHole,
    PolicyQuestion, Questions, Scope, UsageAnswer,
};
pub use risk::{PUBLIC_ADDRESS_RISK, ROLE_RISK, severity_risk};
pub use selection::Selection;
pub use template::{Template, TemplateError};
pub use verdict::{Severity, Verdict};
pub use waiver::{Subject, Waiver, WaiverState, WaiverUse, Waivers};
