//! Kept evidence as others would read it: the rows of its Parquet files, without our engine.

use std::{fs::File, path::PathBuf};

use arrow::{
    array::{Array as _, AsArray as _},
    datatypes::{DataType, Int64Type, TimestampMillisecondType},
    record_batch::RecordBatch,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::harness::{Run as _, Server};

pub(crate) type Row = Map<String, Value>;

/// An evidence set in a folder of its own, gone when this is.
pub(crate) struct Evidence {
    _store: TempDir,
    set: PathBuf,
    /// The exit code of the run that kept it.
    pub(crate) code: i32,
}

impl Evidence {
    /// Keeps what `audit` with these arguments reads.
    pub(crate) fn of(server: &Server, arguments: &[&str]) -> Self {
        let store = tempfile::tempdir().unwrap();
        let path = store.path().to_str().unwrap();
        let audit = ["audit", "-o", "none", "--save", path];
        let ended = server.imdsure(&[&audit[..], arguments].concat()).ended();
        let mut sets = std::fs::read_dir(store.path()).unwrap();
        let set = sets.next().unwrap_or_else(|| panic!("nothing kept: {}", ended.err));
        Self { set: set.unwrap().path(), _store: store, code: ended.code }
    }

    /// The rows of one table.
    pub(crate) fn rows(&self, table: &str) -> Vec<Row> {
        let path = self.set.join(format!("{table}.parquet"));
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        reader.flat_map(|batch| rows(&batch.unwrap())).collect()
    }

    /// The rows of one table with these columns alone.
    pub(crate) fn columns(&self, table: &str, columns: &[&str]) -> Vec<Row> {
        let cell = |row: &Row, column: &str| match row.get(column) {
            Some(value) => (column.to_owned(), value.clone()),
            None => panic!("{table} has no column {column}"),
        };
        let rows = self.rows(table).into_iter();
        rows.map(|row| columns.iter().map(|column| cell(&row, column)).collect()).collect()
    }
}

fn rows(batch: &RecordBatch) -> Vec<Row> {
    let schema = batch.schema();
    let row = |index: usize| {
        let cells = schema.fields().iter().zip(batch.columns());
        cells
            .map(|(field, column)| {
                let value = match column.data_type() {
                    _ if column.is_null(index) => Value::Null,
                    DataType::Utf8 => column.as_string::<i32>().value(index).into(),
                    DataType::Int64 => column.as_primitive::<Int64Type>().value(index).into(),
                    DataType::Boolean => column.as_boolean().value(index).into(),
                    DataType::Timestamp(..) => {
                        column.as_primitive::<TimestampMillisecondType>().value(index).into()
                    }
                    other => panic!("{}: {other}", field.name()),
                };
                (field.name().clone(), value)
            })
            .collect()
    };
    (0..batch.num_rows()).map(row).collect()
}
