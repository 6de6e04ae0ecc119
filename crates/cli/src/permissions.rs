//! `imdsure permissions`: the policy that a command needs, generated from the operations it declares.

use imdsure_aws::{permissions, scope::DEFAULT_ROLE};
use imdsure_model::ExitCode;

use crate::{args::PermissionsCommand, failure::Failure, terminal};

pub(crate) fn run(command: &PermissionsCommand) -> Result<ExitCode, Failure> {
    let PermissionsCommand::Audit { org, role_name } = command;
    let wanted = imdsure_aws::source::Wanted::all();
    let policy = if *org {
        permissions::organization_policy(&wanted, role_name.as_deref().unwrap_or(DEFAULT_ROLE))
    } else {
        permissions::read_policy(&wanted)
    };
    terminal::print(&format!("{policy:#}\n"))?;
    Ok(ExitCode::Ok)
}
