//! The printed policies are enough, and nothing in them is too much.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Run as _, Server, imdsure};

fn policy(arguments: &[&str]) -> Value {
    let ended = imdsure(&[&["permissions", "audit"], arguments].concat()).ended();
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.json()
}

fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|s| s["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn controls() -> Vec<String> {
    let listed = imdsure(&["control", "list", "--output", "json"]).ended().json();
    let controls = listed["controls"].as_array().unwrap().iter();
    // Code needs no permission of AWS.
    let controls = controls.filter(|control| control["judges"] == "aws");
    controls.map(|control| control["name"].as_str().unwrap().to_owned()).collect()
}

/// A simulator that denies what is not among these actions.
fn allowing(actions: &BTreeSet<String>, more: &[&str]) -> Server {
    let world = ["--accounts", "2", "--instances", "90", "--regions", "1"];
    Server::allowing(actions, &[&world[..], more].concat())
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
fn the_printed_policy_is_enough_for_each_control() {
    for control in controls() {
        let usage: &[&str] = if control == "instance-imdsv1-unused" { &["--usage"] } else { &[] };
        let chosen = [usage, &["--control", &control]].concat();
        let server = allowing(&actions(&policy(&chosen)), &[]);
        let (code, report) = server.audit(&chosen);
        assert_eq!(report["errors"], json!([]), "{control}");
        assert!([0, 1].contains(&code), "{control}: {code}");
    }
}

#[test]
fn no_action_of_the_printed_policy_is_too_much() {
    // The account's alias is a name that is good to have, and nothing fails without it.
    let mut tried = BTreeSet::from(["iam:ListAccountAliases".to_owned()]);
    for control in controls() {
        let usage: &[&str] = if control == "instance-imdsv1-unused" { &["--usage"] } else { &[] };
        let chosen = [usage, &["--control", &control]].concat();
        let needed = actions(&policy(&chosen));
        for missing in needed.iter().filter(|action| tried.insert((*action).clone())) {
            let mut rest = needed.clone();
            rest.remove(missing);
            let (code, report) = allowing(&rest, &[]).audit(&chosen);
            assert_eq!(code, 2, "{missing}");
            let errors = report["errors"].as_array().unwrap();
            let operations: BTreeSet<&str> =
                errors.iter().map(|error| error["operation"].as_str().unwrap()).collect();
            assert_eq!(operations, BTreeSet::from([missing.as_str()]), "{errors:?}");
            assert!(errors.iter().all(|error| error["kind"] == "denied"), "{missing}: {errors:?}");
        }
    }
    assert!(actions(&policy(&["--usage"])).is_subset(&tried));
}

#[test]
fn an_organization_is_read_with_the_organizations_policy() {
    let server = allowing(&actions(&policy(&["--org"])), &[]);
    let (code, report) = server.audit(&["--org"]);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    let stats = server.stats();
    let called: BTreeSet<String> = stats["calls"].as_object().unwrap().keys().cloned().collect();
    let mut named = actions(&policy(&["--org"]));
    // AWS asks for no permission for it; the organization told the names of its accounts.
    named.insert("sts:GetCallerIdentity".to_owned());
    named.remove("iam:ListAccountAliases");
    assert_eq!(called, named);
}

#[test]
fn templates_hold_the_policy_the_trust_and_the_external_id() {
    let trust = ["--trust", "arn:aws:iam::111122223333:role/audit", "--external-id", "shop-42"];
    let template = policy(&[&["--format", "cloudformation"], &trust[..]].concat());
    let role = &template["Resources"]["ReadingRole"]["Properties"];
    assert_eq!(role["Policies"][0]["PolicyDocument"], policy(&[]));
    assert_eq!(template["Parameters"]["ExternalId"]["Default"], "shop-42");
    let principal = &template["Parameters"]["TrustedPrincipal"]["Default"];
    assert_eq!(principal, "arn:aws:iam::111122223333:role/audit");
    let arguments = [&["permissions", "audit", "--format", "terraform"], &trust[..]].concat();
    let terraform = imdsure(&arguments).ended().out;
    for action in actions(&policy(&[])) {
        assert!(terraform.contains(&format!("      \"{action}\",\n")), "{action}: {terraform}");
    }
    insta::assert_snapshot!(
        imdsure(&[
            "permissions",
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "--format",
            "terraform"
        ])
        .ended()
        .out
    );
    for wrong in [
        &["--trust", "111122223333"][..],
        &["--external-id", "x"],
        &["--role-name", "x"],
        &["--org", "--format", "terraform"],
    ] {
        let ended = imdsure(&[&["permissions", "audit"], wrong].concat()).ended();
        assert_eq!(ended.code, 64, "{wrong:?}");
    }
}

/// Every kind but images, which are named one by one and read for every plan.
const KINDS: &str = "default,launch-configuration,instance-refresh,sagemaker-notebook,beanstalk-environment,lightsail-instance";

#[test]
fn the_printed_policy_is_enough_to_plan_every_kind() {
    let of = |arguments: &[&str]| {
        let ended = imdsure(&[&["permissions", "plan"], arguments].concat()).ended();
        assert_eq!(ended.code, 0, "{}", ended.err);
        actions(&ended.json())
    };
    let folder = tempfile::tempdir().unwrap();
    let plan = |allowed: &BTreeSet<String>, more: &[&str]| {
        let server = allowing(allowed, &[]);
        let plan = ["plan", "--kind", KINDS, "--usage", "--restart", "--output", "none"];
        let mut command = server.imdsure(&[&plan[..], more].concat());
        command.current_dir(folder.path()).ended()
    };
    for org in [&[][..], &["--org"]] {
        let whole = of(&[&["--kind", KINDS, "--usage"], org].concat());
        let ended = plan(&whole, org);
        assert_eq!(ended.code, 0, "{}", ended.err);
        // What a kind or the use of version 1 is read by is not asked for without them.
        let few = of(org);
        for action in [
            "elasticbeanstalk:DescribeEnvironments",
            "sagemaker:ListNotebookInstances",
            "lightsail:GetInstances",
            "cloudwatch:GetMetricData",
        ] {
            assert!(whole.contains(action) && !few.contains(action), "{action}: {whole:?}");
            let mut less = whole.clone();
            less.remove(action);
            let ended = plan(&less, org);
            assert_eq!(ended.code, 2, "{action}: {ended:?}");
            let plan = std::fs::read(folder.path().join("plan.json")).unwrap();
            let plan: Value = serde_json::from_slice(&plan).unwrap();
            let gaps = plan["gaps"].as_array().unwrap();
            assert!(!gaps.is_empty(), "{action}");
            assert!(gaps.iter().all(|gap| gap["operation"] == action), "{gaps:?}");
        }
    }
    let wrong = imdsure(&["permissions", "plan", "--trust", "111122223333"]).ended();
    assert_eq!(wrong.code, 64, "{wrong:?}");
}
