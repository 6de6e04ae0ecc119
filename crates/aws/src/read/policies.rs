//! Policies of the organization: service control policies and EC2 (declarative) policies with what they
//! are attached to, and the EC2 policy that is in effect for one account.

use serde_json::{Value, json};

use crate::{
    client::{Client, Place},
    error::CallError,
    operation::{
        DESCRIBE_EFFECTIVE_POLICY, DESCRIBE_POLICY, LIST_POLICIES, LIST_TARGETS_FOR_POLICY,
    },
    read::{answer, pages},
    row::{Row, at, text_at},
    tables::{AWS_ORGANIZATIONS_EFFECTIVE_POLICY, AWS_ORGANIZATIONS_POLICY},
    wire::Parameters,
};

/// The type of EC2 policies.
const EC2_POLICY: &str = "DECLARATIVE_POLICY_EC2";
/// The types of policies that bear on metadata options.
const TYPES: [&str; 2] = ["SERVICE_CONTROL_POLICY", EC2_POLICY];
/// An account for which no such policy is in effect, or that is in no organization.
const NONE_IN_EFFECT: [&str; 3] = [
    "EffectivePolicyNotFoundException",
    "AWSOrganizationsNotInUseException",
    "PolicyTypeNotEnabledException",
];

/// Reads all policies, and hands their rows and what could not be read on. A type that could not be
/// listed, a text or targets that could not be read, are gaps of their own.
pub(crate) async fn organization_policies(
    client: &Client,
    place: &Place<'_>,
) -> (Vec<Row>, Vec<CallError>) {
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for kind in TYPES {
        let mut listed = Vec::new();
        let filter = Parameters::new().with("Filter", kind);
        let list = pages(client, &LIST_POLICIES, place, &filter, &["Policies"], |items| {
            listed.extend_from_slice(items);
        });
        if let Err(error) = list.await {
            errors.push(error);
        }
        for policy in &listed {
            let id = text_at(policy, &["Id"]).unwrap_or_default();
            let asked = Parameters::new().with("PolicyId", id);
            let content = match answer(client, &DESCRIBE_POLICY, place, &asked).await {
                Ok(answer) => at(&answer, &["Policy", "Content"]).clone(),
                Err(error) => gap(&mut errors, error),
            };
            let targets = match targets(client, place, &asked).await {
                Ok(targets) => targets,
                Err(error) => gap(&mut errors, error),
            };
            rows.push(row(policy, kind, content, targets));
        }
    }
    (rows, errors)
}

fn gap(errors: &mut Vec<CallError>, error: CallError) -> Value {
    errors.push(error);
    Value::Null
}

async fn targets(
    client: &Client,
    place: &Place<'_>,
    policy: &Parameters,
) -> Result<Value, CallError> {
    let mut targets = Vec::new();
    let keep = |target: &Value| {
        json!({
            "TargetId": at(target, &["TargetId"]),
            "Name": at(target, &["Name"]),
            "Type": at(target, &["Type"]),
        })
    };
    pages(client, &LIST_TARGETS_FOR_POLICY, place, policy, &["Targets"], |items| {
        targets.extend(items.iter().map(keep));
    })
    .await?;
    Ok(Value::Array(targets))
}

fn row(policy: &Value, kind: &str, content: Value, targets: Value) -> Row {
    // arn:aws:organizations::MANAGEMENT:policy/o-…/service_control_policy/p-…; AWS's own name no organization.
    let arn = text_at(policy, &["Arn"]).unwrap_or_default();
    let manager = arn.split(':').nth(4).filter(|account| *account != "aws");
    let organization = arn.split('/').nth(1).filter(|id| id.starts_with("o-"));
    Row::new(&AWS_ORGANIZATIONS_POLICY)
        .take(
            policy,
            &[
                ("policy_id", "Id"),
                ("arn", "Arn"),
                ("name", "Name"),
                ("description", "Description"),
                ("aws_managed", "AwsManaged"),
            ],
        )
        .set("type", kind)
        .set("content", content)
        .set("targets", targets)
        .set("organization_id", organization)
        .set("management_account_id", manager)
}

/// Reads the EC2 policy that is in effect for the account that asks; none where none is.
pub(crate) async fn effective_policy(
    client: &Client,
    place: &Place<'_>,
    account_id: &str,
) -> Result<Option<Row>, CallError> {
    let asked = Parameters::new().with("PolicyType", EC2_POLICY);
    let answer = match answer(client, &DESCRIBE_EFFECTIVE_POLICY, place, &asked).await {
        Ok(answer) => answer,
        Err(error) if NONE_IN_EFFECT.contains(&error.code.as_str()) => return Ok(None),
        Err(error) => return Err(error),
    };
    let policy = at(&answer, &["EffectivePolicy"]);
    let content = text_at(policy, &["PolicyContent"]).unwrap_or_default();
    let document: Value = serde_json::from_str(content).unwrap_or_default();
    let defaults = at(&document, &["ec2_attributes", "instance_metadata_defaults"]);
    let row = Row::new(&AWS_ORGANIZATIONS_EFFECTIVE_POLICY)
        .set("account_id", account_id)
        .set("type", EC2_POLICY)
        .set("content", content)
        .set("last_updated", at(policy, &["LastUpdatedTimestamp"]).clone())
        .take(
            defaults,
            &[
                ("http_tokens", "http_tokens"),
                ("http_tokens_enforced", "http_tokens_enforced"),
                ("hop_limit", "http_put_response_hop_limit"),
            ],
        );
    Ok(Some(row))
}
