//! moto, an AWS simulation that we did not write: what boto3 created and reads back is what the audit says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{FACTS, Run as _, Server, findings};

const CONTROL: &str = "instance-imdsv1-disabled";

#[test]
fn the_audit_agrees_with_boto3_instance_by_instance() {
    let moto = Server::moto();
    let created = moto.python("moto_create.py", &[]);
    let witness: BTreeMap<String, Value> =
        serde_json::from_value(moto.python("moto_read.py", &[])).unwrap();
    assert_eq!(witness.len(), created.as_array().unwrap().len());
    let (code, report) = moto.instances(&[]);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    let findings = findings(&report, CONTROL);
    assert_eq!(findings.len(), witness.len());
    for finding in findings {
        let facts = &finding["facts"];
        let instance = &witness[facts["instance_id"].as_str().unwrap()];
        assert_eq!(
            (&finding["region"], &finding["name"]),
            (&instance["region"], &instance["name"])
        );
        assert_eq!(finding["account_name"], "moto-shop");
        for fact in FACTS {
            assert_eq!(facts[fact], instance[fact], "{fact}: {finding}");
        }
        assert_eq!(finding["verdict"], verdict(instance), "{finding}");
    }
    let question = &report["questions"]["instances_allowing_imdsv1"];
    let number = |verdict: &str| findings.iter().filter(|f| f["verdict"] == verdict).count();
    assert_eq!(question["allow_imdsv1"], number("fail"));
    assert_eq!(question["of"], findings.len() - number("skip"));
}

fn verdict(instance: &Value) -> &'static str {
    let is = |fact: &str, value: &str| instance[fact] == value;
    match () {
        () if is("instance_state", "terminated") => "skip",
        () if is("http_endpoint", "disabled") || is("http_tokens", "required") => "pass",
        () if is("http_tokens", "optional") && is("http_endpoint", "enabled") => "fail",
        () => "unknown",
    }
}

#[test]
fn the_endpoint_flag_leads_to_moto_too() {
    let moto = Server::moto();
    moto.python("moto_create.py", &[]);
    let mut command = moto.imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--endpoint-url",
        moto.url(),
        "--regions",
        "eu-west-1",
    ]);
    let ended = command.env_remove("AWS_ENDPOINT_URL").ended();
    assert_eq!(ended.json()["scope"]["regions"], json!(["eu-west-1"]));
    assert_eq!(findings(&ended.json(), CONTROL).len(), 15);
}

#[test]
fn an_organization_in_moto_without_its_closed_account() {
    let moto = Server::moto();
    let members = moto.python("moto_organization.py", &[]);
    let (code, report) = moto.instances(&["--org", "--regions", "eu-west-1"]);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    let accounts = report["scope"]["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 3, "two members and the management account");
    let mut seen: Vec<&str> =
        findings(&report, CONTROL).iter().map(|f| f["account_id"].as_str().unwrap()).collect();
    seen.dedup();
    let mut members: Vec<&str> =
        members.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    members.sort_unstable();
    assert_eq!(seen, members);
}

#[test]
fn an_account_outside_any_organization_is_read_and_the_gap_told() {
    let moto = Server::moto();
    moto.python("moto_create.py", &[]);
    let (code, report) = moto.instances(&["--org", "--regions", "eu-west-1"]);
    assert_eq!(
        (code, &report["errors"][0]["operation"]),
        (2, &json!("organizations:ListAccounts"))
    );
    assert_eq!(findings(&report, CONTROL).len(), 15, "the caller's own account is read");
}
