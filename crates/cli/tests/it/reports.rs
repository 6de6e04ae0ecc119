//! What people read, as snapshots; what programs read, as data.

use serde_json::{Value, json};

use crate::harness::{Run as _, Server, findings, imdsure};

const CONTROL: &str = "instance-imdsv1-disabled";

/// A small world that is always the same, with one gap.
fn world() -> Server {
    Server::simulator(&[
        "--accounts",
        "3",
        "--instances",
        "24",
        "--seed",
        "11",
        "--regions",
        "2",
        "--deny-by-policy",
        "*:us-west-2:ec2:DescribeInstances",
    ])
}

fn output(format: &str) -> String {
    let ended = world()
        .imdsure(&["audit", "--control", "instance-imdsv1-disabled", "--org", "--output", format])
        .ended();
    assert_eq!(ended.code, 2);
    let time = ended
        .out
        .lines()
        .next()
        .and_then(|line| Some(line.split_once("read 2")?.1.get(..19)?.to_owned()));
    match time {
        Some(time) => ended.out.replace(&format!("2{time}"), "[TIME]"),
        None => ended.out,
    }
}

#[test]
fn pretty() {
    insta::assert_snapshot!(output("pretty"));
}

/// The head of what everybody sees first: the three questions, and every control in numbers.
#[test]
fn the_three_questions_in_pretty_and_brief() {
    let server = Server::simulator(&["--accounts", "12", "--instances", "96", "--regions", "1"]);
    for format in ["pretty", "brief"] {
        let ended = server.imdsure(&["audit", "--org", "--output", format]).ended();
        assert_eq!(ended.code, 1, "{}", ended.err);
        let head = |line: &&str| !line.starts_with("12 accounts");
        let lines = ended.out.lines().filter(head);
        let head: Vec<&str> = match format {
            "pretty" => lines.take_while(|line| !line.contains(": the worst")).collect(),
            _ => lines.filter(|line| line.starts_with("question")).collect(),
        };
        insta::assert_snapshot!(head.join("\n"));
    }
    let (_, report) = server.audit(&["--org"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&report["questions"]).unwrap());
}

#[test]
fn brief() {
    insta::assert_snapshot!(output("brief"));
}

#[test]
fn csv() {
    insta::assert_snapshot!(output("csv"));
}

#[test]
fn none() {
    assert_eq!(output("none"), "");
}

#[test]
fn a_finding_has_the_fields_of_the_contract_in_their_order() {
    let out = output("jsonl");
    let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "control",
        "aliases",
        "verdict",
        "severity",
        "risk",
        "resource",
        "name",
        "owner",
        "account_id",
        "account_name",
        "organizational_unit",
        "region",
        "managed_by",
        "reason",
        "facts",
        "location",
        "fix",
        "waived",
    ];
    assert_eq!(keys, expected);
    let mut facts: Vec<&str> =
        first["facts"].as_object().unwrap().keys().map(String::as_str).collect();
    facts.sort_unstable();
    let expected = [
        "hop_limit",
        "http_endpoint",
        "http_tokens",
        "instance_id",
        "instance_profile",
        "instance_state",
        "launch_time",
        "public_ip",
        "state",
    ];
    assert_eq!(facts, expected);
}

#[test]
fn the_report_object_holds_together() {
    let (_, report) = world().instances(&["--org"]);
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["schema", "scope", "questions", "controls", "errors", "waivers"]);
    assert_eq!(report["schema"], "imdsure.report/1");
    let control = &report["controls"][0];
    for verdict in ["fail", "unknown", "pass", "skip"] {
        let number = findings(&report, CONTROL).iter().filter(|f| f["verdict"] == verdict).count();
        assert_eq!(control["summary"][verdict], number, "{verdict}");
    }
    assert_eq!(control["summary"]["unread"], 3);
    let question = &report["questions"]["instances_allowing_imdsv1"];
    assert_eq!(question["allow_imdsv1"], control["summary"]["fail"]);
    assert_eq!(question["usage"], Value::Null);
    assert_eq!(report["questions"]["organization_policy"], Value::Null);
}

#[test]
fn risk_orders_the_work() {
    let server = Server::simulator(&["--accounts", "3", "--instances", "300"]);
    let (_, report) = server.instances(&["--org"]);
    for finding in findings(&report, CONTROL) {
        let facts = &finding["facts"];
        let role = if facts["instance_profile"].is_null() { 0 } else { 30 };
        let public = if facts["public_ip"] == true { 20 } else { 0 };
        let open = finding["verdict"] == "fail" || finding["verdict"] == "unknown";
        let expected = if open { json!(35 + role + public) } else { Value::Null };
        assert_eq!(finding["risk"], expected, "{finding}");
    }
    let urgent: Vec<&str> = findings(&report, CONTROL)
        .iter()
        .filter(|finding| finding["risk"] == 85 && finding["verdict"] == "fail")
        .filter_map(|finding| finding["facts"]["instance_id"].as_str())
        .collect();
    assert!((1..=20).contains(&urgent.len()), "the world fits the test: {urgent:?}");
    let pretty = server
        .imdsure(&["audit", "--control", "instance-imdsv1-disabled", "--org", "-o", "pretty"])
        .ended()
        .out;
    let rows = pretty.lines().filter(|line| line.starts_with("    fail") && line.contains(" i-"));
    assert_eq!(rows.count(), 20);
    for id in urgent {
        assert!(pretty.contains(id), "{id} has a role and a public address: it comes first");
    }
}

#[test]
fn exports_are_written_beside_the_output() {
    let server = world();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let exports = [path("a.json"), path("b.csv"), format!("jsonl:{}", path("c.txt"))];
    let flags: Vec<&str> = exports.iter().flat_map(|export| ["--export", export]).collect();
    let ended = server
        .imdsure(
            &[
                &["audit", "--control", "instance-imdsv1-disabled", "--org", "-o", "none"],
                &flags[..],
            ]
            .concat(),
        )
        .ended();
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(path("a.json")).unwrap()).unwrap();
    let lines = std::fs::read_to_string(path("c.txt")).unwrap();
    assert_eq!(lines.lines().count(), findings(&report, CONTROL).len());
    let csv = std::fs::read_to_string(path("b.csv")).unwrap();
    assert!(csv.starts_with("group_id,title,description,control_id,control_title,control_description,reason,resource,status,severity,account_id,region"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "no leftovers");
}

#[test]
fn aliases_lead_to_controls_and_are_listed() {
    let list = imdsure(&["control", "list", "--output", "json"]).ended().json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&list).unwrap());
    for control in list["controls"].as_array().unwrap() {
        let name = control["name"].as_str().unwrap();
        for alias in control["aliases"].as_array().unwrap() {
            let shown = imdsure(&["control", "show", alias.as_str().unwrap()]).ended();
            assert!(shown.out.contains(&format!("Control: {name}\n")), "{alias}");
        }
    }
    let table = [
        ("EC2.8", "instance-tokens-required"),
        ("cis-aws:5.6", "instance-tokens-required-and-applied"),
        ("6.7", "instance-tokens-required-and-applied"),
        (
            "aws_compliance.control.foundational_security_ec2_8",
            "instance-tokens-required-and-applied",
        ),
        ("query.ec2_instance_uses_imdsv2", "instance-tokens-required-and-applied"),
        ("ec2_instance_imdsv2_enabled", "instance-imdsv1-disabled"),
    ];
    for (alias, name) in table {
        let shown = imdsure(&["control", "show", alias]).ended();
        assert!(shown.out.contains(&format!("Control: {name}\n")), "{alias}: {shown:?}");
    }
}

#[test]
fn a_control_runs_alone() {
    let server = world();
    let ended = server.imdsure(&["control", "run", "EC2.8", "--org", "-o", "json"]).ended();
    assert_eq!((ended.code, ended.json()["controls"].as_array().unwrap().len()), (2, 1));
    assert_eq!(ended.json()["controls"][0]["name"], "instance-tokens-required");
}

#[test]
fn a_terminal_gets_colour_and_no_remains_of_progress() {
    const CLEAR_LINE: &str = "\r\u{1b}[2K";
    let server = world();
    let program = env!("CARGO_BIN_EXE_imdsure");
    let seen =
        server.python("on_a_terminal.py", &[program, "audit", "--control", CONTROL, "--org"]);
    assert_eq!(seen["code"], 2);
    let out = seen["out"].as_str().unwrap();
    let (progress, report) = out.split_once("3 accounts, 1 region").unwrap();
    assert!(progress.contains("instances"), "progress is shown: {progress:?}");
    let last = progress.rsplit(CLEAR_LINE).next().unwrap();
    assert!(!last.contains("instances"), "and taken away before the report: {progress:?}");
    assert!(report.contains("\u{1b}[1m") && report.contains("\u{1b}[31m"), "{report:?}");
    let plain = server.python(
        "on_a_terminal.py",
        &["env", "NO_COLOR=1", program, "audit", "--control", CONTROL, "--org"],
    );
    let plain = plain["out"].as_str().unwrap().replace(CLEAR_LINE, "");
    assert!(plain.contains("How many instances") && !plain.contains('\u{1b}'), "{plain:?}");
}
