//! The one place where errors become words and exit codes.

use std::io::Write as _;

use imdsure_aws::scope::ScopeError;
use imdsure_engine::EngineError;
use imdsure_fix::{
    journal::{Cause, JournalError, LockError},
    run::RunError,
};
use imdsure_model::{ErrorKind, ExitCode};
use imdsure_report::clean;
use imdsure_runner::{AuditError, PlanFailure, ScanFailure};

/// Why a command ends without a report.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: ExitCode,
    message: String,
    hint: Option<&'static str>,
}

#[expect(clippy::needless_pass_by_value, reason = "so that they fit `map_err`")]
impl Failure {
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self { code: ExitCode::Usage, message: message.to_string(), hint: None }
    }

    pub(crate) fn bug(message: impl ToString) -> Self {
        Self { code: ExitCode::Bug, message: message.to_string(), hint: Some(REPORT_A_BUG) }
    }

    pub(crate) fn incomplete(message: impl ToString) -> Self {
        Self { code: ExitCode::Incomplete, message: message.to_string(), hint: None }
    }

    fn stopped(message: impl ToString) -> Self {
        Self { code: ExitCode::Stopped, message: message.to_string(), hint: None }
    }

    fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(crate) fn print(&self) {
        let mut err = std::io::stderr().lock();
        // There is nobody left to tell when this fails.
        let _ = writeln!(err, "imdsure: {}", clean(&self.message));
        if let Some(hint) = self.hint {
            let _ = writeln!(err, "  → {hint}");
        }
    }
}

const REPORT_A_BUG: &str = "this is a bug in imdsure: please report it with the command you ran";

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        match &error {
            AuditError::Scope(ScopeError::Identity(_)) => {
                Self::usage(&error).hint("`imdsure demo` shows an audit without any AWS account")
            }
            AuditError::Stopped | AuditError::Scope(ScopeError::NoTree(_)) => {
                Self::incomplete(&error)
            }
            AuditError::Control(_)
            | AuditError::OfCode(_)
            | AuditError::OfAws(_)
            | AuditError::Output(_)
            | AuditError::Scope(_)
            | AuditError::UsageNotAsked
            | AuditError::UsageOfNothing
            | AuditError::Save(_) => Self::usage(&error),
            AuditError::Open(engine) => unopened(engine),
            AuditError::Engine(engine) => unfinished(engine),
            AuditError::Catalog(_) => Self::bug(&error),
        }
    }
}

impl From<ScanFailure> for Failure {
    fn from(error: ScanFailure) -> Self {
        match error {
            ScanFailure::Audit(error) => error.into(),
            ScanFailure::Evidence(error) => unopened(&error),
            ScanFailure::Write(_) => Self::incomplete(error),
            ScanFailure::ReaderDied => Self::bug(error),
        }
    }
}

impl From<PlanFailure> for Failure {
    fn from(error: PlanFailure) -> Self {
        match error {
            PlanFailure::Evidence(error) => error.into(),
            PlanFailure::Plan(_)
            | PlanFailure::UnknownUnit(..)
            | PlanFailure::UnknownAccount(_)
            | PlanFailure::UnknownImage(_) => Self::usage(error),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match &error {
            // Nothing was changed: what was asked for cannot be meant, or not now.
            RunError::Plan(_)
            | RunError::KeptPlan { .. }
            | RunError::AtWork { .. }
            | RunError::GotWorse { .. }
            | RunError::NotKnown { .. }
            | RunError::Open(_)
            | RunError::Journal(
                JournalError::Missing { .. }
                | JournalError::Store { cause: Cause::NoBucket, .. },
            )
            | RunError::Locked(LockError::Store { cause: Cause::NoBucket, .. })
            | RunError::Scope(_)
            | RunError::NotApproved { .. }
            | RunError::TooOld { .. }
            | RunError::FromTheFuture(_)
            | RunError::NoTime { .. }
            | RunError::OtherOrganization { .. }
            | RunError::NowhereInPlan(_)
            | RunError::TooEarly { .. }
            | RunError::NothingLeft { .. }
            | RunError::NotThatRun(_) => Self::usage(&error),
            RunError::NoAccount { kind, .. } => match kind {
                ErrorKind::Credentials => Self::usage(&error).hint(
                    "sign in again, or look at AWS_ACCESS_KEY_ID and the profile (--profile, AWS_PROFILE)",
                ),
                ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Malformed => Self::stopped(&error).hint(
                    "look at the network, the proxy (HTTPS_PROXY) and the endpoint (--endpoint-url, AWS_ENDPOINT_URL)",
                ),
                _ => Self::usage(&error).hint(
                    "--role-name says which role is assumed in each account; `imdsure permissions enforce` prints what it needs",
                ),
            },
            RunError::OwnAccountAlone { .. } => Self::stopped(&error).hint(
                "--role-name says which role is assumed in the other accounts: is it spelled as it is there, and does it trust you?",
            ),
            // It could not begin: another is at work, nothing can be recorded, or the user asked.
            RunError::Journal(_) | RunError::Locked(_) | RunError::Asked => {
                Self::stopped(&error)
            }
        }
    }
}

/// `--from` named something that is no evidence, or evidence that is not what was written.
fn unopened(error: &EngineError) -> Failure {
    match error {
        EngineError::BadManifest { .. } | EngineError::Damaged { .. } => Failure::incomplete(error)
            .hint("evidence is never changed once written: take another set, or read AWS again"),
        _ => Failure::usage(error),
    }
}

/// Something broke after the run had begun.
fn unfinished(error: &EngineError) -> Failure {
    match error {
        EngineError::StillRecording
        | EngineError::WriterDied
        | EngineError::MissingColumn { .. }
        | EngineError::UnknownFact { .. }
        | EngineError::UnknownOutcome { .. } => Failure::bug(error),
        _ => Failure::incomplete(error),
    }
}

/// Says of a panic what its reader needs to know, in place of a bare backtrace.
pub(crate) fn announce_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        let _ = writeln!(std::io::stderr(), "imdsure: {REPORT_A_BUG}");
    }));
}
