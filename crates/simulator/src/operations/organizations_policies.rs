//! AWS Organizations: policies, their targets, what they come to, and who may read them.

use serde_json::{Value, json};

use super::Call;
use super::organizations::{account_json, arn, bytes, invalid, not_found, page, text};
use crate::error::ApiError;
use crate::world::accounts::Account;
use crate::world::policies::{Attached, Policy, PolicyType};

/// 2026-02-03, when the policies were written and the administrator was appointed.
const SINCE: i64 = 1_770_076_800;

/// The services that the delegated administrator looks after.
const DELEGATED: [&str; 2] = ["config.amazonaws.com", "securityhub.amazonaws.com"];

/// Policy types that exist and that the organization has no policies of.
const UNUSED_TYPES: [&str; 10] = [
    "RESOURCE_CONTROL_POLICY",
    "TAG_POLICY",
    "BACKUP_POLICY",
    "AISERVICES_OPT_OUT_POLICY",
    "CHATBOT_POLICY",
    "SECURITYHUB_POLICY",
    "SECURITYHUB_CSPM_POLICY",
    "INSPECTOR_POLICY",
    "UPGRADE_ROLLOUT_POLICY",
    "BEDROCK_POLICY",
];

/// A root, unit or account that policies are attached to.
struct Target<'a> {
    id: &'a str,
    name: &'a str,
    /// The path of ids from the organization down.
    path: String,
    kind: TargetKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TargetKind {
    Root,
    Unit,
    Account,
}

impl<'a> Target<'a> {
    fn root(call: &'a Call<'_>) -> Self {
        let organization = &call.cloud.world.organization;
        let path = format!("{}/{}/", organization.id, organization.root);
        Self { id: &organization.root, name: "Root", path, kind: TargetKind::Root }
    }

    fn account(account: &'a Account) -> Self {
        let path = account.path.clone();
        Self { id: &account.id, name: &account.name, path, kind: TargetKind::Account }
    }

    /// All targets: the root, the units, the accounts.
    fn all(call: &'a Call<'_>) -> impl Iterator<Item = Self> {
        let world = &call.cloud.world;
        let units = world.organization.units.iter().map(|unit| Self {
            id: &unit.id,
            name: unit.name,
            path: unit.path.clone(),
            kind: TargetKind::Unit,
        });
        std::iter::once(Self::root(call))
            .chain(units)
            .chain(world.accounts.iter().map(Self::account))
    }

    fn find(call: &'a Call<'_>, id: &str) -> Result<Self, ApiError> {
        Self::all(call).find(|target| target.id == id).ok_or_else(|| {
            let text = "We can't find a root, OU, or account with the TargetId that you specified.";
            not_found("TargetNotFoundException", text)
        })
    }

    fn show(&self, call: &Call<'_>) -> Value {
        let (word, kind) = match self.kind {
            TargetKind::Root => ("root", "ROOT"),
            TargetKind::Unit => ("ou", "ORGANIZATIONAL_UNIT"),
            TargetKind::Account => ("account", "ACCOUNT"),
        };
        json!({ "TargetId": self.id, "Arn": arn(call, word, Some(self.id)), "Name": self.name, "Type": kind })
    }
}

/// `ListPolicies`: those of one type.
pub(crate) fn list_policies(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let kind = filter(call)?;
    let policies: Vec<&Policy> =
        policies(call).filter(|policy| Some(policy.kind) == kind).collect();
    let listing = format!("ListPolicies {}", text(call, "Filter")?);
    page(call, "Policies", &listing, &policies, |policy| summary(call, policy))
}

/// `ListPoliciesForTarget`: those attached directly to a root, unit or account.
pub(crate) fn list_policies_for_target(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let kind = filter(call)?;
    let id = text(call, "TargetId")?;
    let target = Target::find(call, id)?;
    let policies: Vec<&Policy> = policies(call)
        .filter(|policy| Some(policy.kind) == kind && policy.is_attached_to(target.id))
        .collect();
    let listing = format!("ListPoliciesForTarget {id} {}", text(call, "Filter")?);
    page(call, "Policies", &listing, &policies, |policy| summary(call, policy))
}

/// `DescribePolicy`.
pub(crate) fn describe_policy(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let policy = named(call)?;
    Ok(bytes(&json!({ "Policy": {
        "PolicySummary": summary(call, policy),
        "Content": policy.content,
    } })))
}

/// `ListTargetsForPolicy`.
pub(crate) fn list_targets_for_policy(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let policy = named(call)?;
    let targets: Vec<Target<'_>> = match &policy.attached {
        Attached::Everywhere => Target::all(call).collect(),
        Attached::To(id) => vec![Target::find(call, id)?],
    };
    let listing = format!("ListTargetsForPolicy {}", policy.id);
    page(call, "Targets", &listing, &targets, |target| target.show(call))
}

/// `DescribeEffectivePolicy`: everybody may ask about himself, the organization's readers about everybody.
pub(crate) fn describe_effective_policy(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let kind = text(call, "PolicyType")?;
    let world = &call.cloud.world;
    let reads_all =
        call.caller.account == 0 || world.delegated_administrator() == Some(call.caller.account);
    let target = match call.document["TargetId"].as_str() {
        Some(id) if id != call.account.id && !reads_all => {
            let text = "You don't have permissions to access this resource.";
            return Err(ApiError::new(400, "AccessDeniedException", text));
        }
        Some(id) => Target::find(call, id)?,
        None => Target::account(call.account),
    };
    if target.kind != TargetKind::Account {
        return Err(invalid("INVALID_PATTERN_TARGET_ID"));
    }
    let is_of_other_type = kind != "RESOURCE_CONTROL_POLICY" && UNUSED_TYPES.contains(&kind);
    let effective = match kind {
        "DECLARATIVE_POLICY_EC2" => world.organization.effective_ec2_document(&target.path),
        _ if is_of_other_type => None,
        // Permissions are not inherited that way: service control policies have no effective policy.
        _ => return Err(invalid("INVALID_ENUM_POLICY_TYPE")),
    };
    let effective = effective.ok_or_else(|| {
        let text = "The account does not have an effective policy of this type.";
        not_found("EffectivePolicyNotFoundException", text)
    })?;
    Ok(bytes(&json!({ "EffectivePolicy": {
        "PolicyContent": effective.to_string(),
        "LastUpdatedTimestamp": SINCE,
        "TargetId": target.id,
        "PolicyType": kind,
    } })))
}

/// `ListDelegatedAdministrators`, of all services or of one.
pub(crate) fn list_delegated_administrators(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let service = call.document["ServicePrincipal"].as_str();
    let world = &call.cloud.world;
    let administrators: Vec<&Account> = world
        .delegated_administrator()
        .filter(|_| service.is_none_or(|service| DELEGATED.contains(&service)))
        .and_then(|place| world.accounts.get(place))
        .into_iter()
        .collect();
    let listing = format!("ListDelegatedAdministrators {}", service.unwrap_or_default());
    page(call, "DelegatedAdministrators", &listing, &administrators, |account| {
        let mut shown = account_json(call, account);
        if let Some(members) = shown.as_object_mut() {
            members.remove("Paths");
        }
        shown["DelegationEnabledDate"] = json!(SINCE);
        shown
    })
}

/// `ListDelegatedServicesForAccount`.
pub(crate) fn list_delegated_services(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let id = text(call, "AccountId")?;
    let world = &call.cloud.world;
    let place = world.account(id).ok_or_else(|| {
        let text = "You specified an account that doesn't exist.";
        not_found("AccountNotFoundException", text)
    })?;
    if world.delegated_administrator() != Some(place) {
        let text = "The specified account is not a delegated administrator for this AWS service.";
        return Err(not_found("AccountNotRegisteredException", text));
    }
    let listing = format!("ListDelegatedServicesForAccount {id}");
    page(
        call,
        "DelegatedServices",
        &listing,
        &DELEGATED,
        |service| json!({ "ServicePrincipal": service, "DelegationEnabledDate": SINCE }),
    )
}

fn policies<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a Policy> {
    call.cloud.world.organization.policies.iter()
}

/// The type that is asked for; none if there are no policies of it.
fn filter(call: &Call<'_>) -> Result<Option<PolicyType>, ApiError> {
    let name = text(call, "Filter")?;
    let kind =
        [PolicyType::ServiceControl, PolicyType::Ec2].into_iter().find(|kind| kind.name() == name);
    if kind.is_none() && !UNUSED_TYPES.contains(&name) {
        return Err(invalid("INVALID_ENUM_POLICY_TYPE"));
    }
    Ok(kind)
}

/// The policy that `PolicyId` names.
fn named<'a>(call: &'a Call<'_>) -> Result<&'a Policy, ApiError> {
    let id = text(call, "PolicyId")?;
    policies(call).find(|policy| policy.id == id).ok_or_else(|| {
        let text = "We can't find a policy with the PolicyId that you specified.";
        not_found("PolicyNotFoundException", text)
    })
}

fn summary(call: &Call<'_>, policy: &Policy) -> Value {
    let kind = policy.kind.name().to_lowercase();
    let arn = if policy.is_aws_managed() {
        format!("arn:aws:organizations::aws:policy/{kind}/{}", policy.id)
    } else {
        arn(call, "policy", Some(&format!("{kind}/{}", policy.id)))
    };
    json!({
        "Id": policy.id,
        "Arn": arn,
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.kind.name(),
        "AwsManaged": policy.is_aws_managed(),
    })
}
