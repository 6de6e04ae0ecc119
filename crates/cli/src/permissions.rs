//! `imdsure permissions`: what a command needs, generated from the operations it declares.

use imdsure_aws::{
    permissions::{self, ReadingRole},
    scope::{DEFAULT_ROLE, is_role_name},
    source::Wanted,
};
use imdsure_model::ExitCode;
use imdsure_runner::tables_of;

use crate::{
    args::{PermissionsArguments, PermissionsCommand, PolicyFormat},
    failure::Failure,
    terminal,
};

/// The name that the templates give the role.
const ROLE_NAME: &str = "imdsure-audit";

pub(crate) async fn run(command: PermissionsCommand) -> Result<ExitCode, Failure> {
    let PermissionsCommand::Audit(arguments) = command;
    check(&arguments)?;
    let wanted = tables_of(&arguments.control, arguments.usage).await?;
    terminal::print(&text(&wanted, &arguments))?;
    Ok(ExitCode::Ok)
}

fn check(arguments: &PermissionsArguments) -> Result<(), Failure> {
    let template = arguments.format != PolicyFormat::Json;
    if template && arguments.org {
        return Err(Failure::usage(
            "--org prints the policy of the identity that starts; the templates are for the role in each account",
        ));
    }
    for (flag, given) in
        [("--trust", arguments.trust.is_some()), ("--external-id", arguments.external_id.is_some())]
    {
        if given && !template {
            return Err(Failure::usage(format!(
                "{flag} goes with --format cloudformation or terraform: a policy alone trusts nobody"
            )));
        }
    }
    if let Some(trust) = arguments.trust.as_ref().filter(|trust| !is_principal(trust)) {
        return Err(Failure::usage(format!(
            "`{trust}` is nobody who can be trusted: an account id, or the ARN of a role or user, is"
        )));
    }
    // A template names the role without a path.
    let name = arguments
        .role_name
        .as_ref()
        .filter(|name| !is_role_name(name) || (template && name.contains('/')));
    if let Some(name) = name {
        return Err(Failure::usage(format!(
            "`{name}` is no name of a role: letters, digits and `+=,.@_-` are"
        )));
    }
    if arguments.role_name.is_some() && !template && !arguments.org {
        return Err(Failure::usage("--role-name goes with --org or with a template"));
    }
    Ok(())
}

/// Twelve digits, or an ARN of IAM or STS.
fn is_principal(text: &str) -> bool {
    let account = |id: &str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.splitn(6, ':');
    let arn = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| partition.starts_with("aws"))
        && parts.next().is_some_and(|service| ["iam", "sts"].contains(&service))
        && parts.next() == Some("")
        && parts.next().is_some_and(account)
        && parts.next().is_some_and(|rest| !rest.is_empty() && !rest.contains(['*', ' ', '"']));
    account(text) || arn
}

fn text(wanted: &Wanted, arguments: &PermissionsArguments) -> String {
    let name = |default: &str| arguments.role_name.clone().unwrap_or_else(|| default.to_owned());
    let role = || ReadingRole {
        name: name(ROLE_NAME),
        trust: arguments.trust.clone(),
        external_id: arguments.external_id.clone(),
    };
    match arguments.format {
        PolicyFormat::Json if arguments.org => {
            format!("{:#}\n", permissions::organization_policy(wanted, &name(DEFAULT_ROLE)))
        }
        PolicyFormat::Json => format!("{:#}\n", permissions::read_policy(wanted)),
        PolicyFormat::CloudFormation => {
            format!("{:#}\n", permissions::cloudformation(wanted, &role()))
        }
        PolicyFormat::Terraform => permissions::terraform(wanted, &role()),
    }
}
