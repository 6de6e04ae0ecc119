//! `imdsure permissions`: what a command needs, generated from the operations it declares.

use imdsure_aws::{
    permissions::{self, Purpose, ReadingRole},
    scope::{DEFAULT_ROLE, is_role_name},
    source::Wanted,
};
use imdsure_fix::plan::notes::all_operations;
use imdsure_model::ExitCode;
use imdsure_runner::{plan_tables, tables_of};

use crate::{
    args::{
        EnforceArguments, PermissionsCommand, PlanPermissionsArguments, PolicyFormat,
        RoleArguments, change::KindArgument,
    },
    failure::Failure,
    terminal,
};

/// The name that the templates give the role.
const ROLE_NAME: &str = "imdsure-audit";
const ENFORCING_ROLE: &str = "imdsure-enforce";

pub(crate) async fn run(command: PermissionsCommand) -> Result<ExitCode, Failure> {
    let arguments = match command {
        PermissionsCommand::Audit(arguments) => arguments,
        PermissionsCommand::Plan(arguments) => return plan(&arguments),
        PermissionsCommand::Enforce(arguments) => return enforce(arguments),
    };
    check(&arguments.role)?;
    let wanted = tables_of(&arguments.control, arguments.usage).await?;
    terminal::print(&text(&wanted, &arguments.role))?;
    Ok(ExitCode::Ok)
}

/// The role that reads what plans of these kinds are made from.
fn plan(arguments: &PlanPermissionsArguments) -> Result<ExitCode, Failure> {
    let wanted = plan_tables(&KindArgument::all(&arguments.kind), arguments.usage);
    check(&arguments.role)?;
    terminal::print(&text(&wanted, &arguments.role))?;
    Ok(ExitCode::Ok)
}

/// The role that applies plans, for these kinds of changes.
fn enforce(arguments: EnforceArguments) -> Result<ExitCode, Failure> {
    let kinds = KindArgument::all(&arguments.kind);
    let EnforceArguments { org, role_name, format, trust, external_id, .. } = arguments;
    check(&RoleArguments {
        org,
        role_name: role_name.clone(),
        format,
        trust: trust.clone(),
        external_id: external_id.clone(),
    })?;
    let purpose = Purpose::ENFORCE;
    let actions = permissions::actions_of(all_operations(kinds));
    if org {
        let role_name = role_name.as_deref().unwrap_or(DEFAULT_ROLE);
        let policy = permissions::entering_policy(purpose.sid, &actions, role_name);
        terminal::print(&format!("{policy:#}\n"))?;
        return Ok(ExitCode::Ok);
    }
    let role = ReadingRole {
        name: role_name.unwrap_or_else(|| ENFORCING_ROLE.to_owned()),
        trust,
        external_id,
    };
    terminal::print(&match format {
        PolicyFormat::Json => format!("{:#}\n", permissions::policy_of(purpose.sid, &actions)),
        PolicyFormat::CloudFormation => {
            format!("{:#}\n", permissions::cloudformation_for(&actions, &purpose, &role))
        }
        PolicyFormat::Terraform => permissions::terraform_for(&actions, &purpose, &role),
    })?;
    Ok(ExitCode::Ok)
}

fn check(arguments: &RoleArguments) -> Result<(), Failure> {
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

fn text(wanted: &Wanted, arguments: &RoleArguments) -> String {
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
