//! Code judged with AWS evidence: what is silent inherits what was read.

use std::path::Path;

use imdsure_aws::{
    builder::{Sink as _, Value as Cell},
    collect::Coverage,
    source::Wanted,
    tables::{
        AWS_ACCOUNT, AWS_EC2_INSTANCE, AWS_EC2_INSTANCE_METADATA_DEFAULTS,
        AWS_EC2_LAUNCH_TEMPLATE_VERSION, AWS_REGION, Table,
    },
};
use imdsure_engine::evidence::Recorder;

use crate::{
    harness::{Run as _, findings, imdsure},
    scan::{folder, report},
};

const CODE: &str = r#"resource "aws_instance" "silent" {
  ami = "ami-1"
}
"#;

/// Appends a row of these columns.
fn append(recorder: &Recorder, table: &'static Table, cells: &[(&str, Cell<'_>)]) {
    let cell = |column: &str| {
        cells.iter().find(|(name, _)| *name == column).map_or(Cell::Text(None), |(_, cell)| *cell)
    };
    let row: Vec<Cell<'_>> = table.columns.iter().map(|column| cell(column.name)).collect();
    recorder.append(table, &mut |builder| builder.push(&row));
}

/// Keeps evidence of one account with these defaults by region.
fn keep(store: &Path, defaults: &[(&str, &str)]) {
    keep_with(store, defaults, "required");
}

/// The same with what one instance has.
fn keep_with(store: &Path, defaults: &[(&str, &str)], tokens: &str) {
    let tables =
        [&AWS_EC2_INSTANCE, &AWS_EC2_INSTANCE_METADATA_DEFAULTS, &AWS_EC2_LAUNCH_TEMPLATE_VERSION]
            .map(|one| one.name);
    let started = "2026-01-01T00:00:00Z".to_owned();
    let recorder = Recorder::start(Some(store), started.clone(), &Wanted::new(tables)).unwrap();
    let account = ("account_id", Cell::Text(Some("111122223333")));
    append(&recorder, &AWS_ACCOUNT, &[account]);
    for (region, tokens) in defaults {
        let region = ("region", Cell::Text(Some(region)));
        append(&recorder, &AWS_REGION, &[account, region, ("read", Cell::Boolean(Some(true)))]);
        let tokens = ("http_tokens", Cell::Text(Some(tokens)));
        append(&recorder, &AWS_EC2_INSTANCE_METADATA_DEFAULTS, &[account, region, tokens]);
    }
    let instance = [
        account,
        ("region", Cell::Text(Some("us-east-1"))),
        ("instance_id", Cell::Text(Some("i-0abc"))),
        ("arn", Cell::Text(Some("arn:aws:ec2:us-east-1:111122223333:instance/i-0abc"))),
        ("instance_state", Cell::Text(Some("running"))),
        ("http_tokens", Cell::Text(Some(tokens))),
        ("http_endpoint", Cell::Text(Some("enabled"))),
        ("state", Cell::Text(Some("applied"))),
        ("hop_limit", Cell::Integer(Some(1))),
    ];
    append(&recorder, &AWS_EC2_INSTANCE, &instance);
    recorder.finish(started, Coverage::default(), false).unwrap();
}

#[test]
fn what_is_silent_inherits_what_was_read() {
    for (defaults, verdict, reason) in [
        (
            &[("us-east-1", "required"), ("eu-west-1", "required")][..],
            "pass",
            "every region that was read (2)",
        ),
        (
            &[("us-east-1", "required"), ("eu-west-1", "optional")],
            "fail",
            "nothing shows that this requires tokens",
        ),
        (&[("us-east-1", "optional")], "fail", "inherits optional from the account default"),
    ] {
        let folder = folder(&[("main.tf", CODE)]);
        keep(&folder.path().join("aws"), defaults);
        let (code, report) = report(
            folder.path(),
            &["main.tf", "--with-evidence", "aws", "--control", "CKV_AWS_79"],
        );
        let finding = &findings(&report, "code-launches-imdsv2")[0];
        assert_eq!(finding["verdict"], verdict, "{finding:#}");
        assert!(finding["reason"].as_str().unwrap().contains(reason), "{finding:#}");
        assert_eq!(code, i32::from(verdict == "fail"));
    }
}

#[test]
fn evidence_beats_what_is_assumed() {
    let config = "[assume]\naccount_default = \"required\"\n";
    let folder = folder(&[("main.tf", CODE), ("imdsure.toml", config)]);
    keep(&folder.path().join("aws"), &[("us-east-1", "optional")]);
    let (code, _) = report(folder.path(), &["main.tf"]);
    assert_eq!(code, 0);
    let (code, _) = report(folder.path(), &["main.tf", "--with-evidence", "aws"]);
    assert_eq!(code, 1);
}

const STATE: &str = r#"{"version":4,"terraform_version":"1.9.0","resources":[{"mode":"managed","type":"aws_instance","name":"web","instances":[{"attributes":{"id":"i-0abc","metadata_options":[{"http_tokens":"required","http_endpoint":"enabled"}]}}]}]}"#;

#[test]
fn code_that_would_take_a_fix_back_is_found_by_its_state() {
    let code = "resource \"aws_instance\" \"web\" {\n  metadata_options {\n    http_tokens = \"optional\"\n  }\n}\n";
    let folder = folder(&[("main.tf", code), ("terraform.tfstate", STATE)]);
    keep(&folder.path().join("aws"), &[("us-east-1", "required")]);
    let (code, with) =
        report(folder.path(), &["main.tf", "terraform.tfstate", "--with-evidence", "aws"]);
    assert_eq!(code, 1);
    let [finding] = &findings(&with, "code-reverts-fix")[..] else { panic!("{with:#}") };
    assert_eq!(
        (&finding["verdict"], &finding["resource"]),
        (&"fail".into(), &"main.tf:aws_instance.web".into())
    );
    assert_eq!(
        (&finding["facts"]["live_id"], &finding["location"]["start_line"]),
        (&"i-0abc".into(), &1.into())
    );
    assert!(finding["reason"].as_str().unwrap().contains("the state terraform.tfstate"));
    // Without evidence nothing is known of what runs, and the control is not asked.
    let (_, without) = report(folder.path(), &["main.tf", "terraform.tfstate"]);
    let names: Vec<_> =
        without["controls"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert!(!names.contains(&"code-reverts-fix".into()), "{names:?}");
}

#[test]
fn what_code_takes_back_is_left_alone_or_planned_with_a_warning() {
    let code = "resource \"aws_instance\" \"web\" {\n  metadata_options {\n    http_tokens = \"optional\"\n  }\n}\n";
    let folder = folder(&[("infra/main.tf", code), ("infra/terraform.tfstate", STATE)]);
    keep_with(&folder.path().join("aws"), &[("us-east-1", "optional")], "optional");
    let plan = |arguments: &[&str]| {
        let base = ["plan", "--from", "aws", "--include-unknown", "--output", "none"];
        let ended = imdsure(&[&base, arguments].concat()).current_dir(folder.path()).ended();
        // The evidence holds some tables and not all.
        assert_eq!(ended.code, 2, "{}", ended.err);
        let planned = std::fs::read_to_string(folder.path().join("plan.json")).unwrap();
        (ended.err, serde_json::from_str::<serde_json::Value>(&planned).unwrap())
    };
    let place = "i-0abc (111122223333 us-east-1): infra/main.tf:3 aws_instance.web";
    let why = "applying infra/main.tf:3 (aws_instance.web, found by the state infra/terraform.tfstate) would take it back: repair the code first";
    let (told, planned) = plan(&["--with-code", "infra"]);
    assert!(told.contains("warning: 1 left alone") && told.contains(place), "{told}");
    assert_eq!(planned["total_unplanned"]["reverted-by-code"], 1, "{planned:#}");
    let left = planned["unplanned"].as_array().unwrap();
    let left: Vec<_> = left.iter().filter(|left| left["reason"] == "reverted-by-code").collect();
    assert_eq!((&left[0]["id"], &left[0]["why"]), (&"i-0abc".into(), &why.into()));
    assert!(planned["changes"].as_array().unwrap().iter().all(|change| change["id"] != "i-0abc"));
    // Asked for by name it is planned, and the warning stands beside the change.
    let (told, planned) = plan(&["--with-code", "infra", "--include-reverted"]);
    assert!(told.contains("warning: 1 planned although") && told.contains(place), "{told}");
    let change = &planned["changes"][0];
    assert_eq!(change["id"], "i-0abc");
    assert!(change["warnings"].as_array().unwrap().contains(&why.into()), "{change:#}");
    assert!(!plan(&[]).0.contains("repair it first"));
    // A file that cannot be read might do the same: it is a gap, and no part of the evidence of AWS.
    std::fs::write(folder.path().join("infra/broken.tf"), "resource \"aws_instance\" {{{").unwrap();
    let (told, planned) = plan(&["--with-code", "infra"]);
    assert!(told.contains("incomplete: 1 file of code could not be read"), "{told}");
    let gaps = planned["gaps"].as_array().unwrap();
    let paths: Vec<_> = gaps.iter().filter_map(|gap| gap["path"].as_str()).collect();
    assert_eq!(paths, ["infra/broken.tf"], "{gaps:?}");
    std::fs::remove_file(folder.path().join("infra/broken.tf")).unwrap();
    let nowhere = ["plan", "--from", "aws", "--with-code", "nowhere"];
    let nowhere = imdsure(&nowhere).current_dir(folder.path()).ended();
    assert_eq!(nowhere.code, 64, "{}", nowhere.err);
    assert!(nowhere.err.contains("--with-code nowhere cannot be read"), "{}", nowhere.err);
    // A kept scan says the same; repaired code takes nothing back.
    report(folder.path(), &["infra", "--save", "scans"]);
    assert!(plan(&["--with-code", "scans"]).0.contains(place));
    report(folder.path(), &["infra", "--fix"]);
    let (told, planned) = plan(&["--with-code", "infra"]);
    assert!(!told.contains("repair it first"), "{told}");
    assert_eq!(planned["changes"][0]["id"], "i-0abc");
}
