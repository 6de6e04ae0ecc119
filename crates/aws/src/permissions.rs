//! IAM policies generated from the declared operations, so that what is asked for is exactly what is
//! called.

use serde_json::{Value, json};

use crate::operation::{ACCOUNT_READS, ASSUME_ROLE, LIST_ACCOUNTS, Operation};

/// The actions that reading one account needs, sorted.
pub fn account_actions() -> Vec<&'static str> {
    actions(&ACCOUNT_READS)
}

fn actions(operations: &[&Operation]) -> Vec<&'static str> {
    let mut actions: Vec<&str> = operations.iter().flat_map(|o| o.iam.iter().copied()).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// The policy of a role that is read: every action by name, nothing else. It is also attached to each
/// session that imdsure assumes, so that even an administrator's role can only read.
pub fn read_policy() -> Value {
    policy(&[read_statement()])
}

/// The policy of the identity that reads a whole organization: its own account, the list of accounts,
/// and the role to assume in each.
pub fn organization_policy(role_name: &str) -> Value {
    policy(&[
        read_statement(),
        statement("ListAccounts", &actions(&[&LIST_ACCOUNTS]), "*"),
        statement(
            "EnterAccounts",
            &actions(&[&ASSUME_ROLE]),
            &format!("arn:*:iam::*:role/{role_name}"),
        ),
    ])
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn read_statement() -> Value {
    // None of these actions can be narrowed to a resource.
    statement("ReadInstances", &account_actions(), "*")
}

fn statement(sid: &str, actions: &[&str], resource: &str) -> Value {
    json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource})
}
