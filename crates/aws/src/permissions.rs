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
