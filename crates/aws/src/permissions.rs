//! IAM policies generated from the declared operations, so that what is asked for is exactly what is
//! called.

use serde_json::{Value, json};

use crate::{
    operation::{ASSUME_ROLE, Operation},
    source::Wanted,
};

/// The actions of operations, sorted.
fn actions(operations: impl IntoIterator<Item = &'static Operation>) -> Vec<&'static str> {
    let operations = operations.into_iter();
    let mut actions: Vec<&str> = operations.flat_map(|o| o.iam.iter().copied()).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// The policy of a role that is read: every action by name, nothing else. It is also attached to each
/// session that imdsure assumes, so that even an administrator's role can only read.
pub fn read_policy(wanted: &Wanted) -> Value {
    policy(&[read_statement(wanted)])
}

/// The policy that allows these operations, every action by name, and nothing else.
pub fn policy_for(sid: &str, operations: impl IntoIterator<Item = &'static Operation>) -> Value {
    policy(&[statement(sid, &actions(operations), "*")])
}

/// The IAM actions of operations, sorted.
pub fn actions_of(operations: impl IntoIterator<Item = &'static Operation>) -> Vec<String> {
    actions(operations).into_iter().map(str::to_owned).collect()
}

/// The policy of the identity that reads a whole organization: its own account, the organization with its
/// policies, and the role to assume in each account.
pub fn organization_policy(wanted: &Wanted, role_name: &str) -> Value {
    policy(&[
        read_statement(wanted),
        statement("ReadOrganization", &actions(wanted.organization_operations()), "*"),
        statement(
            "EnterAccounts",
            &actions([&ASSUME_ROLE]),
            &format!("arn:*:iam::*:role/{role_name}"),
        ),
    ])
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn read_statement(wanted: &Wanted) -> Value {
    // None of these actions can be narrowed to a resource without knowing the account's resources.
    statement("ReadAccount", &actions(wanted.operations()), "*")
}

fn statement(sid: &str, actions: &[&str], resource: &str) -> Value {
    json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource})
}

/// The role that reads an account: what it is called, who may assume it and by what external id.
#[derive(Debug, Clone, Default)]
pub struct ReadingRole {
    /// Its name.
    pub name: String,
    /// The ARN or account id that may assume it; a parameter of the template without it.
    pub trust: Option<String>,
    /// The external id that it asks for.
    pub external_id: Option<String>,
}

/// A CloudFormation template (JSON) with the role and its policy, for a stack set over all accounts.
pub fn cloudformation(wanted: &Wanted, role: &ReadingRole) -> Value {
    let mut trusted = json!({
        "Type": "String",
        "Description": "Who may assume the role: the ARN of a role or user, or an account id"
    });
    if let Some(trust) = &role.trust {
        trusted["Default"] = json!(trust);
    }
    let external_id = json!({
        "Type": "String",
        "Default": role.external_id.as_deref().unwrap_or_default(),
        "Description": "The external id that the role asks for; empty for none"
    });
    let trust = |condition: Value| {
        json!({
            "Effect": "Allow",
            "Principal": {"AWS": {"Ref": "TrustedPrincipal"}},
            "Action": "sts:AssumeRole",
            "Condition": condition
        })
    };
    let asks = json!({"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}});
    let asks = json!({"Fn::If": ["AsksForExternalId", asks, {"Ref": "AWS::NoValue"}]});
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "imdsure: the role that reads this account, and nothing else",
        "Parameters": {"TrustedPrincipal": trusted, "ExternalId": external_id},
        "Conditions": {
            "AsksForExternalId": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalId"}, ""]}]}
        },
        "Resources": {
            "ReadingRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": role.name,
                    "Description": "Read by imdsure audit",
                    "AssumeRolePolicyDocument": policy(&[trust(asks)]),
                    "Policies": [{"PolicyName": "read", "PolicyDocument": read_policy(wanted)}]
                }
            }
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["ReadingRole", "Arn"]}}}
    })
}

/// Terraform configuration with the role and its policy.
pub fn terraform(wanted: &Wanted, role: &ReadingRole) -> String {
    let default = |value: Option<&str>| match value {
        Some(value) => format!("\n  default     = {}", quoted(value)),
        None => String::new(),
    };
    let actions = actions(wanted.operations());
    let actions: Vec<String> =
        actions.iter().map(|action| format!("      {},\n", quoted(action))).collect();
    TERRAFORM
        .replace("@TRUST@", &default(role.trust.as_deref()))
        .replace("@EXTERNAL_ID@", &default(Some(role.external_id.as_deref().unwrap_or_default())))
        .replace("@NAME@", &quoted(&role.name))
        .replace("@ACTIONS@", &actions.concat())
}

/// A text as Terraform writes it, with nothing in it interpolated.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

const TERRAFORM: &str = r#"# imdsure: the role that reads this account, and nothing else.

variable "trusted_principal" {
  description = "Who may assume the role: the ARN of a role or user, or an account id"
  type        = string@TRUST@
}

variable "external_id" {
  description = "The external id that the role asks for; empty for none"
  type        = string@EXTERNAL_ID@
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal]
    }

    dynamic "condition" {
      for_each = var.external_id == "" ? [] : [var.external_id]

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    sid       = "ReadAccount"
    resources = ["*"]

    actions = [
@ACTIONS@    ]
  }
}

resource "aws_iam_role" "read" {
  name               = @NAME@
  description        = "Read by imdsure audit"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "read" {
  name   = "read"
  role   = aws_iam_role.read.id
  policy = data.aws_iam_policy_document.read.json
}

output "role_arn" {
  value = aws_iam_role.read.arn
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_policy_fits_a_session() {
        // AssumeRole takes 2,048 characters of session policy.
        let length = read_policy(&Wanted::all()).to_string().len();
        assert!(length < 2048, "{length}");
    }
}
