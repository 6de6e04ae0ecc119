//! Rows of code by the names of their columns.

use std::path::{Path, PathBuf};

use imdsure_aws::{builder::Value, tables::Table};
use imdsure_iac::source::Place;

use super::record::shown;

/// One cell, owned.
enum Cell {
    Text(Option<String>),
    Number(Option<i64>),
}

impl Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text.as_deref()),
            Self::Number(number) => Value::Integer(*number),
        }
    }
}

/// A row by the names of its columns.
pub(super) struct Row {
    table: &'static Table,
    cells: Vec<Option<Cell>>,
}

impl Row {
    pub(super) fn new(table: &'static Table) -> Self {
        Self { table, cells: table.columns.iter().map(|_| None).collect() }
    }

    /// Where it stands.
    pub(super) fn place(&mut self, place: &Place, roots: &[PathBuf]) {
        self.text("path", shown(&place.path));
        self.text("root", root(&place.path, roots));
        self.number("start_line", place.start.line);
        self.number("start_column", place.start.column);
        self.number("end_line", place.end.line);
        self.number("end_column", place.end.column);
    }

    pub(super) fn text(&mut self, column: &str, text: impl IntoText) {
        self.set(column, Cell::Text(text.into_text()));
    }

    pub(super) fn number(&mut self, column: &str, number: impl IntoNumber) {
        self.set(column, Cell::Number(number.into_number()));
    }

    fn set(&mut self, column: &str, cell: Cell) {
        let index = self.table.index(column);
        debug_assert!(index.is_some(), "{} has no column {column}", self.table.name);
        if let Some(place) = index.and_then(|index| self.cells.get_mut(index)) {
            *place = Some(cell);
        }
    }

    pub(super) fn values(&self) -> Vec<Value<'_>> {
        // What is not set is null, of whatever kind the column is.
        self.cells.iter().map(|cell| cell.as_ref().map_or(Value::Text(None), Cell::value)).collect()
    }
}

pub(super) trait IntoText {
    fn into_text(self) -> Option<String>;
}

impl IntoText for &str {
    fn into_text(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoText for String {
    fn into_text(self) -> Option<String> {
        Some(self)
    }
}

impl IntoText for Option<String> {
    fn into_text(self) -> Option<String> {
        self
    }
}

pub(super) trait IntoNumber {
    fn into_number(self) -> Option<i64>;
}

impl IntoNumber for u32 {
    fn into_number(self) -> Option<i64> {
        Some(self.into())
    }
}

impl IntoNumber for Option<i64> {
    fn into_number(self) -> Option<i64> {
        self
    }
}

/// The given path that led to a file: the longest one above it, else the first.
fn root(path: &Path, roots: &[PathBuf]) -> String {
    let above = roots
        .iter()
        .filter(|root| path.starts_with(root) || (root.as_os_str() == "." && path.is_relative()));
    let root = above.max_by_key(|root| root.components().count()).or(roots.first());
    root.map(|root| root.to_string_lossy().into_owned()).unwrap_or_default()
}
