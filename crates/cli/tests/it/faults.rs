//! What cannot be read is a row with account, region, operation and code; the rest is read; the exit code
//! says that something is missing.

use serde_json::{Value, json};

use crate::harness::{Run as _, Server, findings};

const CONTROL: &str = "instance-imdsv1-disabled";
const WORLD: [&str; 4] = ["--accounts", "4", "--instances", "200"];

fn simulator(more: &[&str]) -> Server {
    Server::simulator(&[&WORLD[..], more].concat())
}

/// The second account of the world, which is a member.
fn member() -> String {
    let (_, report) = simulator(&[]).instances(&["--org"]);
    let own = simulator(&[]).instances(&[]).1["scope"]["accounts"][0].clone();
    let accounts = report["scope"]["accounts"].as_array().unwrap();
    accounts.iter().find(|id| **id != own).and_then(Value::as_str).unwrap().to_owned()
}

fn without(report: &Value, missing: impl Fn(&Value) -> bool) -> Vec<&Value> {
    findings(report, CONTROL).iter().filter(|finding| !missing(finding)).collect()
}

#[test]
fn a_denied_region_is_a_gap_and_the_rest_is_read() {
    let account = member();
    let (_, whole) = simulator(&[]).instances(&["--org"]);
    let deny = format!("{account}:eu-west-1:ec2:DescribeInstances");
    let (code, report) = simulator(&["--deny", &deny]).instances(&["--org"]);
    assert_eq!(code, 2);
    let [error] = &report["errors"].as_array().unwrap()[..] else { panic!("{}", report["errors"]) };
    assert_eq!(error["account"], json!(account));
    assert_eq!(error["region"], "eu-west-1");
    assert_eq!(error["operation"], "ec2:DescribeInstances");
    assert_eq!(error["code"], "UnauthorizedOperation");
    assert_eq!(error["kind"], "denied");
    assert!(error["message"].as_str().unwrap().contains("not authorized"));
    assert_eq!(report["controls"][0]["summary"]["unread"], 1);
    assert_eq!(report["scope"]["incomplete"], true);
    let missing = |f: &Value| f["account_id"] == account.as_str() && f["region"] == "eu-west-1";
    assert!(findings(&whole, CONTROL).iter().any(missing));
    let seen: Vec<&Value> = findings(&report, CONTROL).iter().collect();
    assert_eq!(seen, without(&whole, missing));
}

#[test]
fn a_region_closed_by_policy_is_called_once_and_named() {
    let server = simulator(&["--deny-by-policy", "*:us-west-2:ec2:*"]);
    let (code, report) = server.instances(&["--org"]);
    assert_eq!(code, 2);
    let errors = report["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 4);
    assert!(errors.iter().all(|error| error["kind"] == "closed_by_policy"));
    assert_eq!(server.stats()["calls"]["ec2:DescribeInstances"], 16);
    assert!(findings(&report, CONTROL).iter().all(|f| f["region"] != "us-west-2"));
}

#[test]
fn an_account_that_cannot_be_entered_is_a_gap() {
    let account = member();
    let deny = format!("{account}:*:sts:AssumeRole");
    let (code, report) = simulator(&["--deny", &deny]).instances(&["--org"]);
    assert_eq!(code, 2);
    let [error] = &report["errors"].as_array().unwrap()[..] else { panic!("{}", report["errors"]) };
    assert_eq!((&error["account"], &error["region"]), (&json!(account), &Value::Null));
    assert_eq!(
        (&error["operation"], &error["code"]),
        (&json!("sts:AssumeRole"), &json!("AccessDenied"))
    );
    assert_eq!(report["controls"][0]["summary"]["unread"], 1);
    assert!(findings(&report, CONTROL).iter().all(|f| f["account_id"] != account.as_str()));
    assert!(report["scope"]["accounts"].as_array().unwrap().contains(&json!(account)));
}

#[test]
fn question_one_counts_only_accounts_that_were_read() {
    let (_, report) = simulator(&["--deny", "*:*:sts:AssumeRole"]).instances(&["--org"]);
    let question = &report["questions"]["instances_allowing_imdsv1"];
    assert_eq!((&question["of_accounts"], &question["unread_accounts"]), (&json!(1), &json!(3)));
    let (_, report) =
        simulator(&["--deny", "*:us-west-2:ec2:DescribeInstances"]).instances(&["--org"]);
    let question = &report["questions"]["instances_allowing_imdsv1"];
    assert_eq!((&question["of_accounts"], &question["unread_accounts"]), (&json!(4), &json!(0)));
    assert!(!report["scope"]["regions"].as_array().unwrap().contains(&json!("us-west-2")));
}

#[test]
fn without_the_list_of_accounts_the_callers_own_is_read() {
    let (code, report) =
        simulator(&["--deny", "*:*:organizations:ListAccounts"]).instances(&["--org"]);
    assert_eq!(code, 2);
    assert_eq!(report["errors"][0]["operation"], "organizations:ListAccounts");
    assert_eq!(report["scope"]["accounts"].as_array().unwrap().len(), 1);
    assert!(!findings(&report, CONTROL).is_empty());
}

#[test]
fn without_the_list_of_regions_the_chosen_ones_are_read() {
    let server = simulator(&["--deny", "*:*:ec2:DescribeRegions"]);
    let (code, report) = server.instances(&["--regions", "us-east-1"]);
    assert_eq!(code, 2);
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    assert!(!findings(&report, CONTROL).is_empty());
    let (code, report) = server.instances(&[]);
    assert_eq!((code, report["errors"][0]["region"].clone()), (2, Value::Null));
    assert!(findings(&report, CONTROL).is_empty());
}

#[test]
fn a_closed_home_region_does_not_hide_the_others() {
    let server = simulator(&["--deny-by-policy", "*:us-east-1:ec2:*"]);
    let (code, report) = server.instances(&["--org"]);
    assert_eq!((code, report["scope"]["regions"].as_array().unwrap().len()), (2, 3));
    let errors = report["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 4, "one closed region in each account: {errors:?}");
    assert!(errors.iter().all(|error| error["region"] == "us-east-1"));
    assert!(findings(&report, CONTROL).iter().any(|f| f["region"] == "eu-west-1"));
}

#[test]
fn an_account_without_a_name_is_no_error() {
    let (code, report) = simulator(&["--deny", "*:*:iam:*"]).instances(&[]);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    assert_eq!(findings(&report, CONTROL)[0]["account_name"], Value::Null);
}

#[test]
fn the_exit_code_follows_what_the_user_asks() {
    let server = simulator(&[]);
    let code = |arguments: &[&str]| {
        server
            .imdsure(
                &[&["audit", "--control", "instance-imdsv1-disabled", "-o", "none"], arguments]
                    .concat(),
            )
            .ended()
            .code
    };
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--fail-on", "never"]), 0);
    assert_eq!(code(&["--fail-on", "unknown"]), 1);
    let empty = Server::simulator(&["--accounts", "2", "--instances", "0"]);
    let ended = empty
        .imdsure(&["audit", "--control", "instance-imdsv1-disabled", "--output", "pretty"])
        .ended();
    assert_eq!(ended.code, 0);
    assert!(ended.out.contains("There are no instances: nothing to look at."), "{}", ended.out);
}

#[test]
fn errors_on_every_attempt_become_a_gap() {
    let (code, report) = simulator(&["--fault", "error500=1"]).instances(&["--org"]);
    assert_eq!(code, 2);
    let error = &report["errors"][0];
    assert_eq!(
        (&error["kind"], &error["operation"]),
        (&json!("unavailable"), &json!("sts:GetCallerIdentity"))
    );
    assert_eq!(report["scope"]["accounts"], json!([]));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_it_read() {
    for signal in ["-INT", "-TERM"] {
        interrupted(signal);
    }
}

#[cfg(unix)]
fn interrupted(signal: &str) {
    use std::{process::Stdio, time::Duration};
    // Each answer takes two seconds, one at a time: the signal comes in the middle.
    let server = simulator(&["--fault", "slow=1"]);
    let mut command = server.imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--concurrency",
        "1",
    ]);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.stats()["calls"]["ec2:DescribeInstances"].as_u64().unwrap_or(0) < 2 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let sent =
        std::process::Command::new("kill").args([signal, &process.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let ended = crate::harness::ended(process.wait_with_output().unwrap());
    assert_eq!(ended.code, 2, "{signal}: {}", ended.err);
    assert!(ended.err.contains("once more to quit"), "{}", ended.err);
    let report = ended.json();
    assert_eq!(report["scope"]["incomplete"], true);
    let errors = report["errors"].as_array().unwrap();
    assert!(!errors.is_empty() && errors.iter().all(|error| error["code"] == "Interrupted"));
    assert!(!findings(&report, CONTROL).is_empty(), "what was read is reported");
}
