//! How each kind of change is made, checked and taken back: one module each, the same steps in all of them.
//!
//! The target is read again just before; what is not as planned is left alone. Then each call is recorded and made, and the
//! result is read and compared. Taking back sends the values that were there, and only those that were changed.

mod beanstalk;
mod defaults;
mod group;
mod image;
pub(crate) mod instance;
mod launch_configuration;
mod launch_data;
mod launches;
mod lightsail;
mod notebook;
mod refresh;
mod template;
mod wait;

use imdsure_aws::{environment_is_gone, error::CallError, notebook_is_gone};
use imdsure_model::plan::ChangeKind;

use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

/// What a kind's change came to, with the faults of calls told apart: refused for good, or failed. Instances are many: the larger
/// futures of the other kinds are not part of theirs.
pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let made = match task.change.kind {
        ChangeKind::Instance | ChangeKind::GroupMember => instance::apply(task).await,
        ChangeKind::LaunchTemplate => Box::pin(template::apply(task)).await,
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => {
            Box::pin(defaults::apply(task)).await
        }
        ChangeKind::LaunchConfiguration => Box::pin(launch_configuration::apply(task)).await,
        ChangeKind::ImageImdsSupport => Box::pin(image::apply(task)).await,
        ChangeKind::InstanceRefresh => Box::pin(refresh::apply(task)).await,
        ChangeKind::SagemakerNotebook => Box::pin(notebook::apply(task)).await,
        ChangeKind::BeanstalkEnvironment => Box::pin(beanstalk::apply(task)).await,
        ChangeKind::LightsailInstance => Box::pin(lightsail::apply(task)).await,
    };
    ended(task.change.kind, made)
}

/// Puts back what a change did; `made` is what its calls made.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let undone = match task.change.kind {
        ChangeKind::Instance | ChangeKind::GroupMember => instance::undo(task, made).await,
        ChangeKind::LaunchTemplate => Box::pin(template::undo(task, made)).await,
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => {
            Box::pin(defaults::undo(task, made)).await
        }
        ChangeKind::LaunchConfiguration => Box::pin(launch_configuration::undo(task, made)).await,
        ChangeKind::ImageImdsSupport => Box::pin(image::undo(task, made)).await,
        ChangeKind::InstanceRefresh => Box::pin(refresh::undo(task, made)).await,
        ChangeKind::SagemakerNotebook => Box::pin(notebook::undo(task, made)).await,
        ChangeKind::BeanstalkEnvironment => Box::pin(beanstalk::undo(task, made)).await,
        ChangeKind::LightsailInstance => Box::pin(lightsail::undo(task, made)).await,
    };
    ended(task.change.kind, undone)
}

/// The text at a path within an answer; none where it is missing or empty.
fn text<'a>(value: &'a serde_json::Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty())
}

/// What an earlier run's change did, by its journal.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Made {
    /// The run that made it: its name stands in what it made.
    pub(crate) run: String,
    /// What was there before.
    pub(crate) before: serde_json::Value,
    /// What each step's call made.
    pub(crate) steps: Vec<(String, serde_json::Value)>,
    /// What was there when an earlier run began to undo it, and did not come to an end with it.
    pub(crate) undoing: Option<serde_json::Value>,
}

impl Made {
    /// What a step made, if it was answered.
    pub(crate) fn step(&self, name: &str) -> Option<&serde_json::Value> {
        self.steps.iter().rev().find(|(step, _)| step == name).map(|(_, made)| made)
    }
}

/// Whether an error says that what a change is about is not there: somebody deleted it after it was read.
fn says_gone(kind: ChangeKind, error: &CallError) -> bool {
    match kind {
        ChangeKind::LaunchTemplate => template::says_gone(error),
        ChangeKind::ImageImdsSupport => error.code.starts_with("InvalidAMIID"),
        ChangeKind::InstanceRefresh => group::says_gone(error),
        ChangeKind::SagemakerNotebook => notebook_is_gone(error),
        ChangeKind::BeanstalkEnvironment => environment_is_gone(error),
        ChangeKind::LightsailInstance => error.code == "NotFoundException",
        _ => false,
    }
}

/// A call that AWS refuses is a refusal; any other failure may have done something.
fn ended(kind: ChangeKind, result: Result<End, Fault>) -> Result<End, Fault> {
    use imdsure_model::ErrorKind;
    match result {
        Err(Fault::Call(error)) if says_gone(kind, &error) => {
            let why = format!("{}: {}: {}", error.operation, error.code, error.message);
            Ok(End::because(Ending::Gone, why))
        }
        Err(Fault::Call(error)) => {
            let ending = match error.kind {
                ErrorKind::Denied | ErrorKind::ClosedByPolicy | ErrorKind::Refused => {
                    Ending::Refused
                }
                ErrorKind::Credentials => return Err(Fault::Stopped),
                _ => Ending::Failed,
            };
            Ok(End::because(
                ending,
                format!("{}: {}: {}", error.operation, error.code, error.message),
            ))
        }
        Err(Fault::End(end)) => Ok(end),
        other => other,
    }
}
