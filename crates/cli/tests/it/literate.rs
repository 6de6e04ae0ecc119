//! Tables in Markdown: what `tests.md` of a control is made of.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
    },
    datatypes::DataType,
};
use imdsure_aws::tables::{AWS_EC2_INSTANCE, TABLES, Table};

/// A row: what its columns hold. `null` is null.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// One Markdown table.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The name above it; `aws_ec2_instance` without one.
    pub(crate) table: String,
    /// Its rows.
    pub(crate) rows: Vec<Row>,
}

/// The tables of a text by `##` heading.
pub(crate) fn blocks(markdown: &str) -> Vec<(String, Vec<Block>)> {
    let mut sections: Vec<(String, Vec<Block>)> = Vec::new();
    let mut heading = String::new();
    let mut name: Option<String> = None;
    let mut header: Vec<String> = Vec::new();
    for line in markdown.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut heading);
        }
        let Some(inside) = line.strip_prefix('|') else {
            header.clear();
            let quoted = line.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            if !line.is_empty() {
                name = quoted.map(str::to_owned);
            }
            continue;
        };
        // A bar within a cell is written `\|`.
        let inside = inside.strip_suffix('|').unwrap_or(inside).replace("\\|", "\0");
        let cells = inside.split('|').map(|cell| cell.trim().replace('\0', "|"));
        if header.is_empty() {
            header = cells.collect();
            let table = name.take().unwrap_or_else(|| AWS_EC2_INSTANCE.name.to_owned());
            check_table(&table, &header);
            if sections.last().is_none_or(|(last, _)| *last != heading) {
                sections.push((heading.clone(), Vec::new()));
            }
            sections.last_mut().unwrap().1.push(Block { table, rows: Vec::new() });
        } else if !inside.trim_start().starts_with("---") {
            let cells: Vec<_> = cells.map(|cell| (cell != "null").then_some(cell)).collect();
            assert_eq!(cells.len(), header.len(), "{line}");
            let row = header.iter().cloned().zip(cells).collect();
            sections.last_mut().unwrap().1.last_mut().unwrap().rows.push(row);
        }
    }
    assert!(!sections.is_empty());
    sections
}

fn check_table(name: &str, header: &[String]) {
    if name == "expected" {
        return;
    }
    let table = TABLES.into_iter().find(|table| table.name == name);
    let table = table.unwrap_or_else(|| panic!("there is no table {name}"));
    for column in header {
        let known =
            table.index(column).is_some() || ["verdict", "outcome"].contains(&column.as_str());
        assert!(known, "{name} has no column {column}");
    }
}

/// What identifies a row of a table when the row does not say it.
pub(crate) fn resource(number: usize) -> String {
    format!("arn:aws:test:us-east-1:111122223333:row/{number}")
}

/// Rows as Arrow. Account, region and ARN have values of their own where a row does not give them.
pub(crate) fn batch(table: &Table, rows: &[Row], ignored: &[&str]) -> RecordBatch {
    let columns = table.columns.iter().map(|column| -> ArrayRef {
        assert!(!ignored.contains(&column.name), "{} would be ignored", column.name);
        let texts = rows.iter().enumerate().map(|(number, row)| match row.get(column.name) {
            Some(given) => given.clone(),
            None => default_of(column.name, number),
        });
        let kind = column.kind.data_type();
        match &kind {
            DataType::Int64 => {
                let number = |text: Option<String>| text.map(|text| text.parse::<i64>().unwrap());
                Arc::new(texts.map(number).collect::<Int64Array>())
            }
            DataType::Boolean => {
                let boolean = |text: Option<String>| text.map(|text| text.parse::<bool>().unwrap());
                Arc::new(texts.map(boolean).collect::<BooleanArray>())
            }
            DataType::Timestamp(..) => {
                let instant = |text: Option<String>| {
                    text.map(|text| text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
                };
                let instants: TimestampMillisecondArray = texts.map(instant).collect();
                Arc::new(instants.with_timezone("UTC"))
            }
            _ => Arc::new(texts.collect::<StringArray>()),
        }
    });
    RecordBatch::try_new(table.schema(), columns.collect()).unwrap()
}

fn default_of(column: &str, number: usize) -> Option<String> {
    match column {
        "account_id" => Some("111122223333".to_owned()),
        "region" => Some("us-east-1".to_owned()),
        "arn" | "autoscaling_group_arn" => Some(resource(number)),
        _ => None,
    }
}
