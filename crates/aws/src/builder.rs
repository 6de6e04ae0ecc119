//! Rows into Arrow columns, without anything in between.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BooleanBuilder, Int64Builder, RecordBatch, StringBuilder,
        TimestampMillisecondBuilder,
    },
    datatypes::SchemaRef,
    error::ArrowError,
};

use crate::tables::{Kind, Table};

/// One cell. Its kind follows the column's; a cell of another kind is written as null.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// For text, unique text and JSON columns.
    Text(Option<&'a str>),
    /// For integer columns.
    Integer(Option<i64>),
    /// For boolean columns.
    Boolean(Option<bool>),
    /// For time columns: milliseconds since 1970, UTC.
    Time(Option<i64>),
}

/// Collects the rows of one table until they are taken as a batch.
#[derive(Debug)]
pub struct TableBuilder {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
}

#[derive(Debug)]
enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Time(TimestampMillisecondBuilder),
}

impl TableBuilder {
    /// An empty builder for a table.
    pub fn new(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| ColumnBuilder::new(column.kind)).collect();
        Self { schema: table.schema(), columns, rows: 0 }
    }

    /// Adds one row: a value a column, in the table's order; missing ones are null.
    pub fn push(&mut self, row: &[Value<'_>]) {
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.push(row.get(index).copied());
        }
        self.rows += 1;
    }

    /// The number of rows collected.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Takes what was collected and starts anew.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

impl ColumnBuilder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Unique | Kind::Json => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Time => Self::Time(TimestampMillisecondBuilder::new().with_timezone("UTC")),
        }
    }

    fn push(&mut self, value: Option<Value<'_>>) {
        match (self, value) {
            (Self::Text(builder), Some(Value::Text(text))) => builder.append_option(text),
            (Self::Integer(builder), Some(Value::Integer(number))) => builder.append_option(number),
            (Self::Boolean(builder), Some(Value::Boolean(truth))) => builder.append_option(truth),
            (Self::Time(builder), Some(Value::Time(time))) => builder.append_option(time),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Integer(builder), _) => builder.append_null(),
            (Self::Boolean(builder), _) => builder.append_null(),
            (Self::Time(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Where collected rows go. Implemented by kept evidence; called from many workers at once.
pub trait Sink: Send + Sync {
    /// Hands the table's builder to `fill`. What one call adds is never torn apart from itself by
    /// another call. An error is kept by the sink and told when it is closed, so that reading need not
    /// care where rows go.
    fn append(&self, table: &'static Table, fill: &mut dyn FnMut(&mut TableBuilder));

    /// Whether rows can no longer be kept, so that reading on is pointless.
    fn failed(&self) -> bool {
        false
    }
}
