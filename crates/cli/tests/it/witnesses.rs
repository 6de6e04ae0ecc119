//! What launches and what guards, and an independent witness: boto3 has to find the same templates, groups,
//! images, services and policies, with the same metadata options.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    harness::{Run as _, Server},
    tables::{Evidence, Row},
};

/// Controls that together read every table of what launches.
const LAUNCHERS: [&str; 13] = [
    "--control",
    "launch-template-launches-imdsv2",
    "autoscaling-group-launches-imdsv2",
    "launch-configuration-hop-limit",
    "ami-imdsv2",
    "spot-request-launches-imdsv2",
    "eks-node-group-imdsv2",
    "sagemaker-notebook-imdsv2",
    "beanstalk-imdsv2",
    "emr-imdsv2",
    "lightsail-imdsv2",
    "appstream-imdsv2",
    "imagebuilder-imdsv2",
];

/// Rows in an order of their own.
fn sorted(rows: impl IntoIterator<Item = Row>) -> Vec<String> {
    let text = |row: Row| {
        let cells: BTreeMap<String, Value> = row.into_iter().collect();
        serde_json::to_string(&cells).unwrap()
    };
    let mut rows: Vec<String> = rows.into_iter().map(text).collect();
    rows.sort();
    rows
}

/// The table holds the witness's rows, and no others.
fn assert_agrees(evidence: &Evidence, table: &str, witness: &[Row]) {
    let columns: Vec<&str> = witness[0].keys().map(String::as_str).collect();
    let seen = sorted(evidence.columns(table, &columns));
    let witness = sorted(witness.iter().cloned());
    if let Some(row) = seen.iter().find(|row| !witness.contains(row)) {
        panic!("{table}: only imdsure has {row}; boto3 has {witness:#?}");
    }
    if let Some(row) = witness.iter().find(|row| !seen.contains(row)) {
        panic!("{table}: only boto3 has {row}");
    }
    assert_eq!(seen, witness, "{table}: a row twice");
}

fn tables(witness: &Value) -> BTreeMap<String, Vec<Row>> {
    serde_json::from_value(witness["tables"].clone()).unwrap()
}

#[test]
fn what_launches_is_what_boto3_reads() {
    let (mut pinned, mut gone) = (0, 0);
    for seed in ["1", "2"] {
        let world = ["--accounts", "2", "--instances", "240", "--regions", "2"];
        let launchers = ["--templates", "120", "--groups", "80", "--seed", seed];
        let server = Server::simulator(&[&world[..], &launchers].concat());
        let evidence = Evidence::of(&server, &LAUNCHERS);
        assert_eq!(evidence.code, 1);
        assert_eq!(evidence.rows("scan_error"), Vec::<Row>::new());
        let witness = server.python("read_launchers.py", &[]);
        let tables = tables(&witness);
        assert_eq!(tables.len(), 15);
        for (table, rows) in &tables {
            assert!(!rows.is_empty(), "{table}");
            assert_agrees(&evidence, table, rows);
        }
        let versions = &tables["aws_ec2_launch_template_version"];
        // Reading every version would be more than twice as much.
        assert!(versions.len() as u64 * 2 < witness["versions_in_all"].as_u64().unwrap());
        let neither =
            |row: &&Row| row["default_version"] == false && row["latest_version"] == false;
        pinned += versions.iter().filter(neither).count();
        let same = |one: &Row, other: &Row, column: &str| one[column] == other[column];
        let read = |used: &Row| {
            let is =
                |v: &Row| ["launch_template_id", "version_number"].iter().all(|c| same(v, used, c));
            versions.iter().any(is)
        };
        gone += tables["aws_ec2_launch_template_use"].iter().filter(|used| !read(used)).count();
    }
    assert!(
        pinned > 2 && gone > 2,
        "{pinned} versions in use beside default and latest, {gone} gone"
    );
}

#[test]
fn what_guards_is_what_boto3_reads() {
    let world = ["--accounts", "12", "--instances", "120", "--regions", "1"];
    let server = Server::simulator(&world);
    let guardrails =
        ["--org", "--control", "organization-guardrail", "organization-guardrail-sound"];
    let evidence = Evidence::of(&server, &guardrails);
    let ended = server.imdsure(&["guard", "show", "--org", "-o", "json"]).ended();
    assert_eq!(ended.code, 0, "{}", ended.err);
    let witness = server.python("read_policies.py", &[]);
    let tables = tables(&witness);
    for (table, rows) in &tables {
        assert_agrees(&evidence, table, rows);
    }
    let shown = &ended.json()["accounts"];
    let accounts = witness["accounts"].as_object().unwrap();
    assert_eq!(shown.as_array().unwrap().len(), accounts.len());
    let mut met = BTreeSet::new();
    for account in shown.as_array().unwrap() {
        let seen = &accounts[account["account_id"].as_str().unwrap()];
        let applied: Vec<&str> = seen["policies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(account["policies"], applied.join(", "), "{account}");
        assert_eq!(account["management"], seen["management"]);
        let effective = &seen["effective"];
        let enforced = effective["http_tokens_enforced"] == "enabled";
        assert_eq!(account["stopped_by"] == "ec2-policy", enforced, "{account} {seen}");
        // A policy that sets tokens takes the defaults out of the account's hands.
        if !effective["http_tokens"].is_null() {
            assert_eq!(account["defaults_change"], "stopped", "{account} {seen}");
        }
        // Who tried was refused where, and only where, enforcement is told.
        assert_eq!(account["enforced_regions"] == account["regions"], seen["launch_refused"]);
        if seen["launch_refused"] == true {
            assert_eq!(
                (&account["launch"], &account["way_back"]),
                (&json!("stopped"), &json!("stopped"))
            );
        }
        met.insert((account["launch"].to_string(), account["stopped_by"].to_string(), enforced));
    }
    assert!(met.len() > 3, "{met:?}");
}

#[test]
fn what_guards_an_organization_for_people() {
    let world = ["--accounts", "12", "--instances", "24", "--regions", "1", "--seed", "3"];
    let server = Server::simulator(&world);
    let ended = server.imdsure(&["guard", "show", "--org", "-o", "pretty"]).ended();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out);
}
