//! Code judged with AWS evidence: what is silent inherits what was read.

use std::path::Path;

use imdsure_aws::{
    builder::{Sink as _, Value as Cell},
    collect::Coverage,
    source::Wanted,
    tables::{
        AWS_ACCOUNT, AWS_EC2_INSTANCE_METADATA_DEFAULTS, AWS_EC2_LAUNCH_TEMPLATE_VERSION,
        AWS_REGION, Table,
    },
};
use imdsure_engine::evidence::Recorder;

use crate::{
    harness::findings,
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
pub(crate) fn keep(store: &Path, defaults: &[(&str, &str)]) {
    let tables =
        [&AWS_EC2_INSTANCE_METADATA_DEFAULTS, &AWS_EC2_LAUNCH_TEMPLATE_VERSION].map(|one| one.name);
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
