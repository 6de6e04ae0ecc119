//! The printed policies are enough, and nothing more is called.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Run as _, Server, imdsure};

fn policy(arguments: &[&str]) -> Value {
    let ended = imdsure(&[&["permissions", "audit"], arguments].concat()).ended();
    assert_eq!(ended.code, 0);
    ended.json()
}

fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|s| s["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_action_is_named_and_none_is_a_pattern() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&policy(&[])).unwrap());
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&policy(&["--org", "--role-name", "audit"])).unwrap()
    );
    let all = actions(&policy(&["--org"]));
    assert!(all.iter().all(|action| !action.contains('*')), "{all:?}");
}

#[test]
fn what_is_called_is_what_the_policy_names() {
    let server = Server::simulator(&["--accounts", "3", "--instances", "60"]);
    assert_eq!(server.audit(&["--org"]).0, 1);
    assert_eq!(server.audit(&[]).0, 1);
    let stats = server.stats();
    let called: BTreeSet<String> = stats["calls"].as_object().unwrap().keys().cloned().collect();
    let mut named = actions(&policy(&["--org"]));
    // AWS asks for no permission for it.
    named.insert("sts:GetCallerIdentity".to_owned());
    assert_eq!(called, named);
}
