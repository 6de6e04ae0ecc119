//! The one harness that runs every control's `tests.md`, as CONTRIBUTING.md describes it: rows of one
//! table with the verdict that each must get, and scenarios of several tables with exactly the findings
//! that must come of them.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use imdsure_aws::tables::TABLES;
use imdsure_engine::{Judged, Session, Settings, embedded_catalog};
use imdsure_model::{Control, Finding, Selection, Verdict};
use serde_json::Value;

use crate::{
    harness::workspace,
    literate::{Block, Row, batch, blocks},
};

/// Columns of a row-wise table that say what is expected.
const EXPECTED: [&str; 2] = ["verdict", "outcome"];

#[tokio::test]
async fn every_control_does_what_its_tests_say() {
    let catalog = embedded_catalog().unwrap();
    for control in catalog.controls() {
        let path = workspace().join("controls").join(&control.name).join("tests.md");
        let sections = blocks(&std::fs::read_to_string(path).unwrap());
        let mut tested = BTreeSet::new();
        for (heading, blocks) in &sections {
            let place = format!("{}: {heading}", control.name);
            let rows = if blocks.iter().any(|block| block.table == "expected") {
                scenario(control, blocks, &place).await
            } else {
                row_by_row(control, blocks, &place).await
            };
            tested.extend(rows);
        }
        let stated = control.outcomes.iter().map(|outcome| outcome.name.clone());
        let stated: BTreeSet<String> = stated.collect();
        assert_eq!(tested, stated, "{}: outcomes tested, outcomes stated", control.name);
    }
}

/// Each row is a resource of its own. Gives the outcomes that were tested.
async fn row_by_row(control: &Control, blocks: &[Block], place: &str) -> Vec<String> {
    let mut outcomes = Vec::new();
    for block in blocks {
        let findings = judge(control, std::slice::from_ref(block)).await;
        assert_eq!(findings.len(), block.rows.len(), "{place}: findings, rows");
        for (number, row) in block.rows.iter().enumerate() {
            let resource = Some(crate::literate::resource(number));
            let finding =
                findings.iter().find(|finding| Some(&finding.resource) == resource.as_ref());
            outcomes.push(check(control, finding.unwrap(), row, place));
        }
    }
    outcomes
}

/// The tables together give exactly the findings expected. Gives the outcomes that were tested.
async fn scenario(control: &Control, blocks: &[Block], place: &str) -> Vec<String> {
    let (expected, given): (Vec<&Block>, Vec<&Block>) =
        blocks.iter().partition(|block| block.table == "expected");
    let [expected] = expected[..] else { panic!("{place}: one table `expected`") };
    let given: Vec<Block> = given.into_iter().cloned().collect();
    let findings = judge(control, &given).await;
    let names: Vec<_> =
        findings.iter().map(|finding| (&finding.resource, finding.verdict)).collect();
    assert_eq!(findings.len(), expected.rows.len(), "{place}: findings are {names:?}");
    let mut outcomes = Vec::new();
    for row in &expected.rows {
        let is_meant = |finding: &&Finding| {
            let by = |column: &str, value: Option<&str>| {
                row.get(column).is_none_or(|wanted| wanted.as_deref() == value)
            };
            by("resource", Some(&finding.resource)) && by("name", finding.name.as_deref())
        };
        let meant: Vec<&Finding> = findings.iter().filter(is_meant).collect();
        let [finding] = meant[..] else { panic!("{place}: {row:?} means {meant:?}") };
        let outcome = check(control, finding, row, place);
        check_facts(finding, row, place);
        outcomes.push(outcome);
    }
    outcomes
}

fn check(control: &Control, finding: &Finding, row: &Row, place: &str) -> String {
    let text = |column: &str| row.get(column).cloned().flatten();
    let verdict: Verdict = text("verdict").unwrap().parse().unwrap();
    let name = text("outcome").unwrap();
    let outcome = control.outcome(&name).unwrap_or_else(|| panic!("{place}: no outcome {name}"));
    let said = (finding.verdict, finding.reason.as_str());
    let reason = outcome.reason.render(&finding.facts);
    assert_eq!(said, (verdict, reason.as_str()), "{place}: {row:?}\n{finding:#?}");
    assert!(!finding.facts.contains_key("tags"), "{place}: tags are no fact");
    name
}

/// Further columns of `expected`: fields of the finding, its fix, and facts.
fn check_facts(finding: &Finding, row: &Row, place: &str) {
    let fix = finding.fix.as_ref();
    for (column, expected) in row {
        let actual = match column.as_str() {
            "resource" | "name" | "verdict" | "outcome" => continue,
            "region" => finding.region.clone(),
            "account_id" => finding.account_id.clone(),
            "managed_by" => finding.managed_by.clone(),
            "severity" => Some(finding.severity.to_string()),
            "fix_effect" => fix.map(|fix| fix.effect.as_str().to_owned()),
            "fix" => fix.map(|fix| fix.name.clone()),
            "command" => fix.map(|fix| fix.command.clone()),
            fact => match finding.facts.get(fact) {
                None => panic!("{place}: no fact {fact}: {:?}", finding.facts),
                Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.clone()),
                Some(other) => Some(other.to_string()),
            },
        };
        assert_eq!(&actual, expected, "{place}: {column} of {}", finding.resource);
    }
}

/// The findings over these tables; every other table is there and empty.
async fn judge(control: &Control, given: &[Block]) -> Vec<Finding> {
    let session = Session::empty().unwrap();
    for table in TABLES {
        let rows = given.iter().filter(|block| block.table == table.name);
        let rows: Vec<Row> = rows.flat_map(|block| block.rows.iter().cloned()).collect();
        session.add_batch(table.name, batch(table, &rows, &EXPECTED)).await.unwrap();
    }
    session.derive().await.unwrap();
    let judged = Judged::new(&session, control).await.unwrap();
    let findings = judged.findings(Selection::All).await.unwrap();
    let findings: Vec<Finding> = findings.try_collect().await.unwrap();
    // Numbers and findings are two questions: they must have one answer.
    let summary = judged.summary().await.unwrap();
    for verdict in Verdict::ALL {
        let number = findings.iter().filter(|finding| finding.verdict == verdict).count();
        assert_eq!(summary.counts.of(verdict), number as u64, "{} {verdict}", control.name);
    }
    findings
}

#[tokio::test]
async fn the_highest_hop_limit_is_the_sessions() {
    let catalog = embedded_catalog().unwrap();
    let control = catalog.get("instance-hop-limit").unwrap();
    let rows = "| instance_state | hop_limit |\n|---|---|\n| running | 1 |\n| running | 2 |\n| running | 3 |\n";
    let sections = blocks(rows);
    let rows = &sections[0].1[0].rows;
    for (limit, failing) in [(None, 1), (Some(1), 2), (Some(64), 0)] {
        let session = match limit {
            Some(max_hop_limit) => {
                Session::with(&Settings { max_hop_limit, ..Settings::default() }).unwrap()
            }
            None => Session::empty().unwrap(),
        };
        let table = &imdsure_aws::tables::AWS_EC2_INSTANCE;
        session.add_batch(table.name, batch(table, rows, &[])).await.unwrap();
        let judged = Judged::new(&session, control).await.unwrap();
        assert_eq!(judged.summary().await.unwrap().counts.fail, failing, "{limit:?}");
    }
}

#[tokio::test]
async fn a_control_without_its_tables_says_which() {
    let catalog = embedded_catalog().unwrap();
    let control = catalog.get("launch-template-launches-imdsv2").unwrap();
    let session = Session::empty().unwrap();
    for table in TABLES {
        let missing = ["aws_ec2_ami", "aws_ec2_instance_metadata_defaults"];
        if !missing.contains(&table.name) {
            session.add_batch(table.name, batch(table, &[], &[])).await.unwrap();
        }
    }
    let error = Judged::new(&session, control).await.unwrap_err().to_string();
    let expected = "the tables aws_ec2_instance_metadata_defaults, aws_ec2_ami";
    assert!(error.ends_with(expected), "{error}");
}

#[tokio::test]
async fn a_command_may_name_facts_and_fields_alone() {
    let front = |command: &str| {
        format!(
            "+++\ntitle = \"T\"\nseverity = \"low\"\n\
             [[outcome]]\nname = \"good\"\nverdict = \"pass\"\nreason = \"r\"\n\
             [[outcome]]\nname = \"bad\"\nverdict = \"fail\"\nreason = \"r\"\nfix = \"mend\"\n\
             [[fix]]\nname = \"mend\"\neffect = \"in place\"\ncommand = \"{command}\"\n+++\n\
             ## What it judges\n## Why it matters\n## How to repair\n## Sources\n"
        )
    };
    let sql =
        "select *, case when hop_limit = 1 then 'good' else 'bad' end as outcome from instance";
    let session = Session::unfilled().await.unwrap();
    let known = "aws {resource} {name} {account_id} {region} {instance_id}";
    let control = Control::parse("x", &front(known), sql).unwrap();
    assert!(Judged::new(&session, &control).await.is_ok());
    for unknown in ["{nothing}", "{tags}", "{managed_by}", "{outcome}"] {
        let control = Control::parse("x", &front(unknown), sql).unwrap();
        let error = Judged::new(&session, &control).await.unwrap_err().to_string();
        assert!(error.contains(unknown), "{error}");
    }
}
