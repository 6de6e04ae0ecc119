//! The sound statements, as JSON: what `generate` puts together and what a lint offers to paste.

use serde_json::{Map, Value, json};

use crate::document::Condition;

/// Launches have to ask for version 2. AWS's own example of this is named `RequireImdsV2`.
pub(crate) fn launch(partition: &str) -> Value {
    json!({
        "Sid": "RequireImdsV2AtLaunch",
        "Effect": "Deny",
        "Action": "ec2:RunInstances",
        "Resource": instances(partition),
        "Condition": {"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}},
    })
}

/// Instances cannot go back. The `Null` guard lets changes pass that leave the tokens alone.
pub(crate) fn change(partition: &str) -> Value {
    json!({
        "Sid": "DenyWayBackToImdsV1",
        "Effect": "Deny",
        "Action": "ec2:ModifyInstanceMetadataOptions",
        "Resource": instances(partition),
        "Condition": {
            "StringNotEquals": {"ec2:Attribute/HttpTokens": "required"},
            "Null": {"ec2:Attribute/HttpTokens": "false"},
        },
    })
}

/// The account's defaults and their enforcement stay as they are.
pub(crate) fn defaults() -> Value {
    json!({
        "Sid": "DenyChangeOfMetadataDefaults",
        "Effect": "Deny",
        "Action": "ec2:ModifyInstanceMetadataDefaults",
        "Resource": "*",
    })
}

pub(crate) fn launch_hop_limit(partition: &str, most: u8) -> Value {
    json!({
        "Sid": "MaxHopLimitAtLaunch",
        "Effect": "Deny",
        "Action": "ec2:RunInstances",
        "Resource": instances(partition),
        "Condition": {"NumericGreaterThan": {"ec2:MetadataHttpPutResponseHopLimit": most.to_string()}},
    })
}

pub(crate) fn change_hop_limit(partition: &str, most: u8) -> Value {
    json!({
        "Sid": "MaxHopLimitOfInstances",
        "Effect": "Deny",
        "Action": "ec2:ModifyInstanceMetadataOptions",
        "Resource": instances(partition),
        "Condition": {"NumericGreaterThan": {"ec2:Attribute/HttpPutResponseHopLimit": most.to_string()}},
    })
}

/// The policy stays attached, and the account in the organization.
pub(crate) fn self_protection() -> Value {
    json!({
        "Sid": "DenyRemovalOfThisPolicy",
        "Effect": "Deny",
        "Action": [
            "organizations:DeletePolicy",
            "organizations:DetachPolicy",
            "organizations:DisablePolicyType",
            "organizations:LeaveOrganization",
            "organizations:UpdatePolicy",
        ],
        "Resource": "*",
    })
}

/// Credentials that version 1 delivered are good for nothing.
pub(crate) fn role_delivery() -> Value {
    json!({
        "Sid": "DenyCredentialsFromImdsV1",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"NumericLessThan": {"ec2:RoleDelivery": "2.0"}},
    })
}

/// Credentials of an instance are good only where that instance is, as AWS documents it.
pub(crate) fn source(sid: &str, key: &str, variable: &str) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "StringNotEquals": {key: variable},
            "Null": {"ec2:SourceInstanceARN": "false"},
            "BoolIfExists": {"aws:ViaAWSService": "false"},
        },
    })
}

pub(crate) fn instances(partition: &str) -> String {
    format!("arn:{partition}:ec2:*:*:instance/*")
}

/// A whole policy.
pub(crate) fn policy(statements: &[Value]) -> String {
    format!("{:#}", json!({"Version": "2012-10-17", "Statement": statements}))
}

/// Adds a condition to a statement.
pub(crate) fn add_condition(statement: &mut Value, operator: &str, key: &str, values: Value) {
    let Some(members) = statement.as_object_mut() else { return };
    let condition = members.entry("Condition").or_insert_with(|| Value::Object(Map::new()));
    let Some(operators) = condition.as_object_mut() else { return };
    let keys = operators.entry(operator).or_insert_with(|| Value::Object(Map::new()));
    if let Some(keys) = keys.as_object_mut() {
        keys.insert(key.to_owned(), values);
    }
}

/// Takes over the conditions of somebody's statement that are not about the metadata service.
pub(crate) fn keep_conditions<'a>(
    statement: &mut Value,
    others: impl Iterator<Item = &'a Condition>,
) {
    for condition in others {
        let mut values: Vec<Value> =
            condition.values.iter().map(|value| value.text.clone().into()).collect();
        let values = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        add_condition(statement, &condition.name, &condition.key.text, values);
    }
}
