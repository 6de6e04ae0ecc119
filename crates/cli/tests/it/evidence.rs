//! Kept evidence: judged again offline with the same result, by other rules, and refused when it is not
//! what was written.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Ended, INSTANCES, Run as _, Server, imdsure};

struct Kept {
    folder: TempDir,
    live: Value,
    code: i32,
}

fn kept(arguments: &[&str]) -> Kept {
    let server = Server::simulator(&["--accounts", "4", "--instances", "200"]);
    kept_from(&server, arguments)
}

fn kept_from(server: &Server, arguments: &[&str]) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let save = ["--org", "--save", store.to_str().unwrap()];
    let (code, live) = server.instances(&[&save[..], arguments].concat());
    Kept { folder, live, code }
}

impl Kept {
    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn set(&self) -> PathBuf {
        let mut sets = fs::read_dir(self.store()).unwrap();
        let set = sets.next().unwrap().unwrap().path();
        assert!(sets.next().is_none(), "one set, and no leftovers");
        set
    }

    fn again(&self, arguments: &[&str]) -> Ended {
        let store = self.store();
        let from = ["audit", "--output", "json", "--from", store.to_str().unwrap()];
        let chosen: &[&str] = if arguments.contains(&"--control") { &[] } else { &INSTANCES };
        imdsure(&[&from[..], chosen, arguments].concat()).ended()
    }
}

#[test]
fn the_same_result_offline() {
    let kept = kept(&[]);
    let again = kept.again(&[]);
    assert_eq!((kept.code, again.code), (1, 1));
    assert_eq!(again.json(), kept.live);
}

#[test]
fn a_path_may_lead_upwards() {
    let kept = kept(&[]);
    let beside = kept.folder.path().join("beside");
    fs::create_dir(&beside).unwrap();
    let from = ["audit", "--output", "none", "--from", "../store"];
    let mut command = imdsure(&[&from[..], &INSTANCES].concat());
    let again = command.current_dir(&beside).ended();
    assert_eq!((again.code, again.err.as_str()), (1, ""));
}

#[test]
fn gaps_are_kept_too() {
    let world =
        ["--accounts", "4", "--instances", "200", "--deny", "*:us-east-1:ec2:DescribeInstances"];
    let kept = kept_from(&Server::simulator(&world), &[]);
    let again = kept.again(&[]);
    assert_eq!((kept.code, again.code), (2, 2));
    assert_eq!(again.json(), kept.live);
    assert_eq!(kept.live["errors"].as_array().unwrap().len(), 4);
}

#[test]
fn other_rules_over_the_same_evidence() {
    let kept = kept(&[]);
    let report = kept.again(&["--control", "EC2.8,cis-aws:5.6"]).json();
    let names: Vec<&Value> =
        report["controls"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(names, ["instance-tokens-required", "instance-tokens-required-and-applied"]);
    // The question is asked of the same table, whatever controls were chosen.
    assert_eq!(report["questions"], kept.live["questions"]);
}

#[test]
fn a_manifest_tells_what_is_inside() {
    let kept = kept(&[]);
    let text = fs::read_to_string(kept.set().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["schema"], "imdsure.evidence/1");
    assert_eq!(manifest["accounts"], kept.live["scope"]["accounts"]);
    let rows = |table: &str| {
        let tables = manifest["tables"].as_array().unwrap();
        tables.iter().find(|known| known["name"] == table).unwrap()["rows"].clone()
    };
    assert_eq!((rows("aws_account"), rows("aws_ec2_instance")), (json!(4), json!(200)));
    assert_eq!(rows("scan_error"), json!(0));
}

#[test]
fn the_newest_set_of_a_store_is_judged() {
    let kept = kept(&[]);
    let newest = kept.store().join("99991231T000000Z-ffffff");
    fs::rename(kept.set(), &newest).unwrap();
    let other = kept_from(&Server::simulator(&["--accounts", "2", "--instances", "10"]), &[]);
    fs::rename(other.set(), kept.store().join("20000101T000000Z-000000")).unwrap();
    assert_eq!(kept.again(&[]).json(), kept.live);
}

#[test]
fn damaged_evidence_is_refused() {
    let kept = kept(&[]);
    let table = kept.set().join("aws_ec2_instance.parquet");
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&table, &bytes).unwrap();
    let ended = kept.again(&[]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.err.contains("aws_ec2_instance.parquet") && ended.err.contains("SHA-256"),
        "{}",
        ended.err
    );
    fs::write(&table, &bytes[..middle]).unwrap();
    assert!(kept.again(&[]).err.contains("bytes"));
    fs::remove_file(&table).unwrap();
    assert_ne!(kept.again(&[]).code, 0);
}

#[test]
fn what_is_no_manifest_is_refused() {
    let kept = kept(&[]);
    let manifest = kept.set().join("manifest.json");
    let good = fs::read_to_string(&manifest).unwrap();
    let bad = [
        "{}".to_owned(),
        "not json".to_owned(),
        good.replace("imdsure.evidence/1", "imdsure.evidence/9"),
        good.replace("aws_account.parquet", "../../aws_account.parquet"),
        good.replace("scan_error", "scan_other"),
    ];
    for text in bad {
        fs::write(&manifest, &text).unwrap();
        let ended = kept.again(&[]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{text}");
        assert!(ended.err.contains("manifest.json"), "{}", ended.err);
    }
}

#[test]
fn no_evidence_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("missing")] {
        let ended = imdsure(&[
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "--from",
            path.to_str().unwrap(),
        ])
        .ended();
        assert_eq!(ended.code, 64, "{}", ended.err);
    }
}

#[test]
fn a_table_that_a_set_does_not_hold_stops_its_controls_only() {
    let kept = kept(&[]);
    let path = kept.set().join("manifest.json");
    let mut manifest: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let tables = manifest["tables"].as_array_mut().unwrap();
    tables.retain(|table| table["name"] != "aws_ec2_instance");
    fs::write(&path, manifest.to_string()).unwrap();
    let ended = kept.again(&[]);
    assert_eq!(ended.code, 2);
    let report = ended.json();
    assert_eq!(report["errors"][0]["operation"], "control:instance-imdsv1-disabled");
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("aws_ec2_instance"));
    assert_eq!(report["questions"]["instances_allowing_imdsv1"], Value::Null);
}

#[test]
fn a_folder_with_signs_that_patterns_use_is_a_folder() {
    let kept = kept(&[]);
    let odd = kept.folder.path().join("a [b] *c?% é");
    fs::rename(kept.store(), &odd).unwrap();
    let ended = imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--from",
        odd.to_str().unwrap(),
    ])
    .ended();
    assert_eq!(ended.json(), kept.live);
}
