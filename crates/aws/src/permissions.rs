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

/// Actions that are allowed under a condition alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    sid: &'static str,
    action: &'static str,
    operator: &'static str,
    key: &'static str,
    values: &'static [&'static str],
}

/// What a role that changes needs more carefully bound than by "any resource". AWS asks for these of whoever leads a group to a
/// launch template: he has to be permitted to launch from it, with its tags and its instance profile.
const BOUND: [Bound; 3] = [
    // No launch but from a template that is there.
    Bound {
        sid: "LaunchFromTemplates",
        action: "ec2:RunInstances",
        operator: "ArnLike",
        key: "ec2:LaunchTemplate",
        values: &["arn:*:ec2:*:*:launch-template/*"],
    },
    Bound {
        sid: "TagWhatIsLaunched",
        action: "ec2:CreateTags",
        operator: "StringEquals",
        key: "ec2:CreateAction",
        values: &["RunInstances"],
    },
    // To instances, and to no other service.
    Bound {
        sid: "PassInstanceRoles",
        action: "iam:PassRole",
        operator: "StringEquals",
        key: "iam:PassedToService",
        values: &["ec2.amazonaws.com", "ec2.amazonaws.com.cn"],
    },
];

/// A statement of a role's policy: these actions on any resource, bound if need be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    sid: &'static str,
    actions: Vec<String>,
    bound: Option<Bound>,
}

/// The statements for these actions; each that needs a condition by itself.
fn allowed(sid: &'static str, actions: &[String]) -> Vec<Allowed> {
    let is_bound = |action: &String| BOUND.iter().any(|bound| bound.action == action);
    let (bound, free): (Vec<String>, Vec<String>) = actions.iter().cloned().partition(is_bound);
    let bound = BOUND.into_iter().filter(|one| bound.iter().any(|action| action == one.action));
    let bound = bound.map(|bound| Allowed {
        sid: bound.sid,
        actions: vec![bound.action.to_owned()],
        bound: Some(bound),
    });
    std::iter::once(Allowed { sid, actions: free, bound: None }).chain(bound).collect()
}

impl Allowed {
    fn json(&self) -> Value {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        let mut statement = statement(self.sid, &actions, "*");
        if let Some(Bound { operator, key, values, .. }) = &self.bound {
            statement["Condition"] = json!({*operator: {*key: values}});
        }
        statement
    }

    fn terraform(&self) -> String {
        let actions: Vec<String> =
            self.actions.iter().map(|action| format!("      {},\n", quoted(action))).collect();
        let actions = actions.concat();
        let condition = match &self.bound {
            None => String::new(),
            Some(Bound { operator, key, values, .. }) => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!(
                    "\n    condition {{\n      test     = {}\n      variable = {}\n      values   = [{}]\n    }}\n",
                    quoted(operator),
                    quoted(key),
                    values.join(", ")
                )
            }
        };
        format!(
            "  statement {{\n    sid       = {}\n    resources = [\"*\"]\n\n    actions = [\n{actions}    ]\n{condition}  }}\n",
            quoted(self.sid)
        )
    }
}

/// The policy of whoever starts `apply` or `undo` for an organization: his own account, and the role to assume in each other.
pub fn entering_policy(sid: &'static str, actions: &[String], role_name: &str) -> Value {
    let own = allowed(sid, actions);
    let enter = statement(
        "EnterAccounts",
        &self::actions([&ASSUME_ROLE]),
        &format!("arn:*:iam::*:role/{role_name}"),
    );
    policy(&own.iter().map(Allowed::json).chain([enter]).collect::<Vec<_>>())
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

/// What a role is for, in the words of its templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose {
    /// The statement's id.
    pub sid: &'static str,
    /// The name of the inline policy, and of what the templates call the role.
    pub name: &'static str,
    /// What it does, behind "the role that".
    pub does: &'static str,
    /// The role's description.
    pub description: &'static str,
}

impl Purpose {
    /// Reading for an audit.
    pub const READ: Self = Self {
        sid: "ReadAccount",
        name: "read",
        does: "reads this account, and nothing else",
        description: "Read by imdsure audit",
    };
    /// Applying and undoing plans.
    pub const ENFORCE: Self = Self {
        sid: "ChangeMetadataOptions",
        name: "enforce",
        does: "changes metadata options in this account, and nothing else",
        description: "Used by imdsure apply and undo",
    };
}

/// A policy that allows these actions, and launches, tags and the passing of roles as far as a template needs them.
pub fn policy_of(sid: &'static str, actions: &[String]) -> Value {
    policy(&allowed(sid, actions).iter().map(Allowed::json).collect::<Vec<_>>())
}

/// A CloudFormation template (JSON) with the role that reads and its policy, for a stack set over all accounts.
pub fn cloudformation(wanted: &Wanted, role: &ReadingRole) -> Value {
    cloudformation_for(&actions_of(wanted.operations()), &Purpose::READ, role)
}

/// The same for any actions.
pub fn cloudformation_for(actions: &[String], purpose: &Purpose, role: &ReadingRole) -> Value {
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
    let logical = if *purpose == Purpose::READ { "ReadingRole" } else { "EnforcingRole" };
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("imdsure: the role that {}", purpose.does),
        "Parameters": {"TrustedPrincipal": trusted, "ExternalId": external_id},
        "Conditions": {
            "AsksForExternalId": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalId"}, ""]}]}
        },
        "Resources": {
            logical: {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": role.name,
                    "Description": purpose.description,
                    "AssumeRolePolicyDocument": policy(&[trust(asks)]),
                    "Policies": [{
                        "PolicyName": purpose.name,
                        "PolicyDocument": policy_of(purpose.sid, actions)
                    }]
                }
            }
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": [logical, "Arn"]}}}
    })
}

/// Terraform configuration with the role that reads and its policy.
pub fn terraform(wanted: &Wanted, role: &ReadingRole) -> String {
    terraform_for(&actions_of(wanted.operations()), &Purpose::READ, role)
}

/// The same for any actions.
pub fn terraform_for(actions: &[String], purpose: &Purpose, role: &ReadingRole) -> String {
    let default = |value: Option<&str>| match value {
        Some(value) => format!("\n  default     = {}", quoted(value)),
        None => String::new(),
    };
    let statements: Vec<String> =
        allowed(purpose.sid, actions).iter().map(Allowed::terraform).collect();
    TERRAFORM
        .replace("@PURPOSE@", purpose.name)
        .replace("@DOES@", purpose.does)
        .replace("@DESCRIPTION@", purpose.description)
        .replace("@TRUST@", &default(role.trust.as_deref()))
        .replace("@EXTERNAL_ID@", &default(Some(role.external_id.as_deref().unwrap_or_default())))
        .replace("@NAME@", &quoted(&role.name))
        .replace("@STATEMENTS@", &statements.join("\n"))
}

/// A text as Terraform writes it, with nothing in it interpolated.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

const TERRAFORM: &str = r#"# imdsure: the role that @DOES@.

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

data "aws_iam_policy_document" "@PURPOSE@" {
@STATEMENTS@}

resource "aws_iam_role" "@PURPOSE@" {
  name               = @NAME@
  description        = "@DESCRIPTION@"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "@PURPOSE@" {
  name   = "@PURPOSE@"
  role   = aws_iam_role.@PURPOSE@.id
  policy = data.aws_iam_policy_document.@PURPOSE@.json
}

output "role_arn" {
  value = aws_iam_role.@PURPOSE@.arn
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
