//! The one harness that runs every control's `tests.md`: its rows become a table, the control judges them,
//! and each row must get the verdict and the outcome that it states.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray, new_null_array},
    datatypes::DataType,
};
use futures::TryStreamExt as _;
use imdsure_aws::tables::{AWS_EC2_INSTANCE, Table};
use imdsure_engine::{Judged, Session, embedded_catalog};
use imdsure_model::{Control, Finding, Selection, Verdict};

use crate::harness::workspace;

/// A row of `tests.md`: columns of the table, then what is expected.
type Row = BTreeMap<String, Option<String>>;

#[tokio::test]
async fn every_control_does_what_its_tests_say() {
    let catalog = embedded_catalog().unwrap();
    for control in catalog.controls() {
        let path = workspace().join("controls").join(&control.name).join("tests.md");
        let rows = rows(&std::fs::read_to_string(path).unwrap());
        let findings = judge(control, &rows).await;
        assert_eq!(findings.len(), rows.len(), "{}", control.name);
        for (number, row) in rows.iter().enumerate() {
            let finding = &findings[&id(number)];
            let expected: Verdict = expected(row, "verdict").parse().unwrap();
            let outcome = control.outcome(expected_outcome(row)).unwrap();
            let said = (finding.verdict, finding.reason.as_str());
            let reason = outcome.reason.render(&finding.facts);
            assert_eq!(said, (expected, reason.as_str()), "{}: {row:?}", control.name);
        }
        every_outcome_is_tested(control, &rows);
    }
}

fn every_outcome_is_tested(control: &Control, rows: &[Row]) {
    let tested: BTreeSet<&str> = rows.iter().map(expected_outcome).collect();
    let stated: BTreeSet<&str> = control.outcomes.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(tested, stated, "{}: outcomes tested, outcomes stated", control.name);
}

async fn judge(control: &Control, rows: &[Row]) -> BTreeMap<String, Finding> {
    let session = Session::empty().unwrap();
    session.add_batch(AWS_EC2_INSTANCE.name, batch(&AWS_EC2_INSTANCE, rows)).await.unwrap();
    let judged = Judged::new(&session, control).await.unwrap();
    let findings = judged.findings(Selection::All).await.unwrap();
    let findings: Vec<Finding> = findings.try_collect().await.unwrap();
    // Numbers and findings are two questions: they must have one answer.
    let summary = judged.summary().await.unwrap();
    for verdict in Verdict::ALL {
        let number = findings.iter().filter(|finding| finding.verdict == verdict).count();
        assert_eq!(summary.counts.of(verdict), number as u64, "{} {verdict}", control.name);
    }
    findings.into_iter().map(|finding| (finding.resource.clone(), finding)).collect()
}

fn id(number: usize) -> String {
    format!("arn:aws:ec2:us-east-1:111122223333:instance/i-{number:017x}")
}

fn batch(table: &Table, rows: &[Row]) -> RecordBatch {
    let columns = table.columns.iter().map(|column| -> ArrayRef {
        let text = |row: &Row| row.get(column.name).cloned().flatten();
        match (column.name, column.kind.data_type()) {
            ("arn", _) => Arc::new(StringArray::from_iter_values((0..rows.len()).map(id))),
            (_, DataType::Utf8) => Arc::new(rows.iter().map(text).collect::<StringArray>()),
            (_, DataType::Int64) => {
                let number = |row: &Row| text(row).map(|text| text.parse::<i64>().unwrap());
                Arc::new(rows.iter().map(number).collect::<Int64Array>())
            }
            (_, other) => new_null_array(&other, rows.len()),
        }
    });
    RecordBatch::try_new(table.schema(), columns.collect()).unwrap()
}

fn expected<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_deref().unwrap()
}

fn expected_outcome(row: &Row) -> &str {
    expected(row, "outcome")
}

/// The rows of all tables of a Markdown text. `null` is null.
fn rows(markdown: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut header: Vec<String> = Vec::new();
    for line in markdown.lines() {
        let Some(inside) = line.trim().strip_prefix('|') else {
            header.clear();
            continue;
        };
        let cells = inside.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned());
        if header.is_empty() {
            header = cells.collect();
            let known = |name: &String| {
                let column = AWS_EC2_INSTANCE.columns.iter().any(|column| column.name == *name);
                column || ["verdict", "outcome"].contains(&name.as_str())
            };
            assert!(header.iter().all(known), "a column that no table has: {header:?}");
        } else if !inside.starts_with("---") && !inside.starts_with(" ---") {
            let cells = cells.map(|cell| (cell != "null").then_some(cell));
            rows.push(header.iter().cloned().zip(cells).collect());
        }
    }
    assert!(!rows.is_empty());
    rows
}
