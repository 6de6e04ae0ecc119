//! moto, an AWS simulation that we did not write: what boto3 created and reads back is what the audit says.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use serde_json::{Value, json};

use crate::harness::{FACTS, Run as _, Server, findings, imdsure};

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

/// Verdicts of a control by the names of what it judged.
fn verdicts<'a>(report: &'a Value, control: &str) -> BTreeMap<&'a str, &'a str> {
    let found = findings(report, control).iter();
    found.map(|f| (f["name"].as_str().unwrap(), f["verdict"].as_str().unwrap())).collect()
}

/// What was not read, by operation.
fn gaps(report: &Value) -> BTreeSet<&str> {
    let errors = report["errors"].as_array().unwrap().iter();
    errors.map(|error| error["operation"].as_str().unwrap()).collect()
}

#[test]
fn templates_configurations_and_groups_as_boto3_made_them() {
    let moto = Server::moto();
    let made = moto.python("moto_launchers.py", &[]);
    what_is_declared(&moto, &made);
    what_a_launch_gets(&moto, &made);
}

fn what_is_declared(moto: &Server, made: &Value) {
    const DECLARED: [&str; 2] =
        ["launch-template-tokens-required", "launch-configuration-tokens-required"];
    let arguments = ["--regions", "eu-west-1", "--control"];
    let (code, report) = moto.audit(&[&arguments[..], &DECLARED].concat());
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    let required = |options: &Value| options["HttpTokens"] == "required";
    let expected = |required: bool| if required { "pass" } else { "fail" };
    let templates = verdicts(&report, DECLARED[0]);
    assert_eq!(templates.len(), made["templates"].as_object().unwrap().len());
    for (name, verdict) in templates {
        let mut versions = made["templates"][name].as_object().unwrap().values();
        let default = versions.find(|version| version["default"] == true).unwrap();
        assert_eq!(verdict, expected(required(&default["options"])), "{name}");
    }
    let configurations = verdicts(&report, DECLARED[1]);
    assert_eq!(configurations.len(), made["configurations"].as_object().unwrap().len());
    for (name, verdict) in configurations {
        assert_eq!(verdict, expected(required(&made["configurations"][name])), "{name}");
    }
}

/// moto has no account defaults: what hangs on them is unknown.
fn what_a_launch_gets(moto: &Server, made: &Value) {
    const TEMPLATES: &str = "launch-template-launches-imdsv2";
    const GROUPS: &str = "autoscaling-group-launches-imdsv2";
    const DEFAULTS: [&str; 2] = ["account-default-tokens-required", "account-tokens-enforced"];
    let arguments = ["--regions", "eu-west-1", "--control", TEMPLATES, GROUPS];
    let (code, report) = moto.audit(&[&arguments[..], &DEFAULTS].concat());
    assert_eq!((code, gaps(&report)), (2, BTreeSet::from(["ec2:GetInstanceMetadataDefaults"])));
    for control in DEFAULTS {
        let verdicts = findings(&report, control).iter().map(|finding| &finding["verdict"]);
        assert_eq!(verdicts.collect::<Vec<_>>(), ["unknown"], "{control}");
    }
    let templates = BTreeMap::from([
        ("behind", "fail"),
        // The default is fine, the latest is what a group launches.
        ("moved", "fail"),
        // The default is fine, a group is pinned to the first.
        ("pinned", "fail"),
        // Enforcement would refuse the launch, endpoint or not.
        ("closed", "unknown"),
        ("silent", "unknown"),
    ]);
    assert_eq!(verdicts(&report, TEMPLATES), templates);
    let groups = BTreeMap::from([
        ("on-default", "pass"),
        ("on-latest", "fail"),
        ("on-1", "fail"),
        ("on-3", "pass"),
        ("on-strict", "pass"),
        // It does not say whether there is an endpoint.
        ("on-loose", "unknown"),
        ("on-mute", "unknown"),
        // One of its overrides.
        ("mixed", "fail"),
    ]);
    assert_eq!(verdicts(&report, GROUPS), groups);
    for finding in findings(&report, GROUPS) {
        let members = &made["groups"][finding["name"].as_str().unwrap()]["members"];
        assert_eq!(finding["facts"]["members"], members.as_array().unwrap().len(), "{finding}");
    }
    assert_eq!(report["questions"]["new_launches"]["answer"], "no");
}

#[test]
fn service_control_policies_reach_accounts_through_motos_tree() {
    let moto = Server::moto();
    let written = imdsure(&["guard", "generate", "scp"]).ended().out;
    let mut sound = tempfile::NamedTempFile::new().unwrap();
    sound.write_all(written.as_bytes()).unwrap();
    let made = moto.python("moto_policies.py", &[sound.path().to_str().unwrap()]);
    let arguments = ["--org", "--regions", "eu-west-1", "--control"];
    let controls = ["organization-guardrail", "organization-guardrail-sound"];
    let (code, report) = moto.audit(&[&arguments[..], &controls].concat());
    // moto knows neither EC2 policies nor account defaults: either could stop what no other policy stops.
    let unknown_to_moto = BTreeSet::from([
        "organizations:ListPolicies",
        "organizations:DescribeEffectivePolicy",
        "ec2:GetInstanceMetadataDefaults",
    ]);
    assert_eq!((code, gaps(&report)), (2, unknown_to_moto));
    let expected = BTreeMap::from([
        ("sound", "pass"),
        ("holed", "unknown"),
        ("open", "unknown"),
        ("master", "unknown"),
    ]);
    assert_eq!(verdicts(&report, controls[0]), expected);
    let applied = BTreeMap::from([
        ("sound", "require-v2"),
        ("holed", "no-t1, deny-optional"),
        ("open", "no-t1"),
        ("master", ""),
    ]);
    for finding in findings(&report, controls[0]) {
        let name = finding["name"].as_str().unwrap();
        assert_eq!(finding["facts"]["policies"], applied[name], "{name}");
        if name != "master" {
            assert_eq!(finding["account_id"], made["accounts"][name]);
        }
    }
    let policies = BTreeMap::from([
        ("require-v2", "pass"),
        ("deny-optional", "fail"),
        ("no-t1", "skip"),
        ("FullAWSAccess", "skip"),
    ]);
    assert_eq!(verdicts(&report, controls[1]), policies);
    for finding in findings(&report, controls[1]) {
        let targets = made["targets"][finding["name"].as_str().unwrap()].as_array().unwrap();
        assert_eq!(finding["facts"]["attached"], targets.len(), "{finding}");
    }
    let question = &report["questions"]["organization_policy"];
    let numbers = ["scp", "ec2_policy", "enforcement", "none", "unknown", "of"];
    assert_eq!(numbers.map(|number| question[number].as_u64().unwrap()), [1, 0, 0, 0, 3, 4]);
}

#[test]
fn usage_is_what_motos_cloudwatch_was_told() {
    const CONTROL: &str = "instance-imdsv1-unused";
    let moto = Server::moto();
    let made = moto.python("moto_usage.py", &[]);
    let arguments = ["--regions", "us-east-1", "--usage", "--control", CONTROL];
    let (code, report) = moto.audit(&arguments);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    let found: BTreeMap<&str, &Value> = findings(&report, CONTROL)
        .iter()
        .map(|finding| (finding["facts"]["instance_id"].as_str().unwrap(), finding))
        .collect();
    let finding = |name: &str| found[made[name].as_str().unwrap()];
    let window =
        ["window_start", "window_end"].map(|end| finding("used")["facts"][end].as_str().unwrap());
    let witness = moto.python("read_usage.py", &[&window[..], &["us-east-1"]].concat());
    assert_eq!(found.len(), witness.as_object().unwrap().len());
    for (id, finding) in &found {
        let (facts, expected) = (&finding["facts"], &witness[*id]);
        assert_eq!((&facts["metric"], &facts["calls"]), (&expected["metric"], &expected["calls"]));
        // Zero is no proof, and no data even less.
        if expected["calls"].as_u64() > Some(0) {
            assert_eq!(finding["verdict"], "fail", "{finding}");
            assert_eq!(facts["covered_hours"], expected["hours"], "{finding}");
        } else {
            assert_ne!(finding["verdict"], "fail", "{finding}");
        }
    }
    for name in ["used", "refused"] {
        assert!(finding(name)["facts"]["calls"].as_u64() > Some(40), "{name}");
    }
    for name in ["nothing", "another"] {
        let expected = (&json!("unknown"), &Value::Null);
        assert_eq!(
            (&finding(name)["verdict"], &finding(name)["facts"]["calls"]),
            expected,
            "{name}"
        );
    }
    assert_eq!(finding("short")["verdict"], "unknown");
    assert_eq!(finding("silent")["facts"]["calls"], 0);
    assert!(finding("silent")["facts"]["covered_hours"].as_u64() > Some(300));
}
