//! Rows by the names of their columns, and what answers hold by the names of their members: for tables
//! that are small beside that of instances, where clarity counts more than a copy.

use serde_json::{Map, Value as Json};

use crate::{
    builder::{TableBuilder, Value},
    tables::{Kind, Table},
};

/// One row of a table. Columns that are not set are null.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    table: &'static Table,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Boolean(bool),
}

impl Row {
    pub(crate) fn new(table: &'static Table) -> Self {
        Self { table, cells: vec![Cell::Null; table.columns.len()] }
    }

    /// Sets a column from what an answer holds. A value that does not fit the column's kind is null: AWS
    /// did not report what its documents say.
    pub(crate) fn set(mut self, column: &str, value: impl Into<Json>) -> Self {
        let index = self.table.index(column);
        debug_assert!(index.is_some(), "{} has no column {column}", self.table.name);
        if let Some(index) = index
            && let Some(cell) = self.cells.get_mut(index)
            && let Some(kind) = self.table.columns.get(index).map(|column| column.kind)
        {
            *cell = Cell::of(kind, &value.into());
        }
        self
    }

    /// Sets a text or JSON column to a text as it is.
    pub(crate) fn verbatim(mut self, column: &str, text: &str) -> Self {
        let index = self.table.index(column);
        debug_assert!(index.is_some(), "{} has no column {column}", self.table.name);
        if let Some(cell) = index.and_then(|index| self.cells.get_mut(index)) {
            *cell = Cell::Text(text.to_owned());
        }
        self
    }

    /// Sets columns from the members of an answer's item: `(column, member)`.
    pub(crate) fn take(mut self, item: &Json, columns: &[(&str, &str)]) -> Self {
        for (column, member) in columns {
            self = self.set(column, item.get(*member).cloned().unwrap_or_default());
        }
        self
    }

    pub(crate) fn push(&self, table: &mut TableBuilder) {
        let cells: Vec<Value<'_>> = self
            .cells
            .iter()
            .zip(self.table.columns)
            .map(|(cell, column)| match cell {
                Cell::Null => Value::Text(None),
                Cell::Text(text) => Value::Text(Some(text)),
                Cell::Integer(number) if column.kind == Kind::Time => Value::Time(Some(*number)),
                Cell::Integer(number) => Value::Integer(Some(*number)),
                Cell::Boolean(truth) => Value::Boolean(Some(*truth)),
            })
            .collect();
        table.push(&cells);
    }
}

impl Cell {
    fn of(kind: Kind, value: &Json) -> Self {
        let cell = match kind {
            Kind::Text | Kind::Unique => text(value).map(Self::Text),
            // A text is a document that came as such.
            Kind::Json => match value {
                Json::Null => None,
                Json::String(document) => Some(Self::Text(document.clone())),
                value => Some(Self::Text(value.to_string())),
            },
            Kind::Integer => integer(value).map(Self::Integer),
            Kind::Boolean => boolean(value).map(Self::Boolean),
            Kind::Time => time(value).map(Self::Integer),
        };
        cell.unwrap_or(Self::Null)
    }
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if text.is_empty() => None,
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn integer(value: &Json) -> Option<i64> {
    match value {
        Json::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    }
}

fn boolean(value: &Json) -> Option<bool> {
    match value {
        Json::String(text) => text.trim().parse().ok(),
        value => value.as_bool(),
    }
}

/// Milliseconds since 1970 of RFC 3339 text (XML, REST) or of seconds (JSON).
pub(crate) fn time(value: &Json) -> Option<i64> {
    match value {
        Json::String(text) => {
            let instant = text.trim().parse::<jiff::Timestamp>().ok()?;
            Some(instant.as_millisecond())
        }
        value => value.as_f64().map(|seconds| (seconds * 1000.0).round() as i64),
    }
}

/// The member at a path of names.
pub(crate) fn at<'a>(value: &'a Json, path: &[&str]) -> &'a Json {
    const NULL: &Json = &Json::Null;
    path.iter().fold(value, |value, name| value.get(name).unwrap_or(NULL))
}

/// The text at a path of names; none when it is missing or empty.
pub(crate) fn text_at<'a>(value: &'a Json, path: &[&str]) -> Option<&'a str> {
    at(value, path).as_str().filter(|text| !text.is_empty())
}

/// The items of a list; none when it is missing, null or no list.
pub(crate) fn items(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Tags as one JSON object, from a list of objects that name key and value in any of AWS's spellings.
pub(crate) fn tags(list: &Json) -> Json {
    if list.is_object() {
        return list.clone();
    }
    let member = |tag: &Json, names: [&str; 2]| {
        names.into_iter().find_map(|name| tag.get(name)?.as_str()).unwrap_or_default().to_owned()
    };
    let tag = |tag: &Json| (member(tag, ["key", "Key"]), member(tag, ["value", "Value"]).into());
    Json::Object(items(list).iter().map(tag).collect::<Map<_, _>>())
}

/// The role of an instance profile, by name or ARN.
pub(crate) fn profile(value: &Json) -> Json {
    let names = ["arn", "name", "Arn", "Name"];
    names
        .into_iter()
        .find_map(|name| value.get(name).filter(|v| v.is_string()))
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_what_the_column_holds() {
        assert_eq!(Cell::of(Kind::Text, &json!("")), Cell::Null);
        assert_eq!(Cell::of(Kind::Text, &json!(5)), Cell::Text("5".into()));
        assert_eq!(Cell::of(Kind::Text, &json!({})), Cell::Null);
        assert_eq!(Cell::of(Kind::Integer, &json!(" 2 ")), Cell::Integer(2));
        assert_eq!(Cell::of(Kind::Integer, &json!("two")), Cell::Null);
        assert_eq!(Cell::of(Kind::Boolean, &json!("true")), Cell::Boolean(true));
        assert_eq!(Cell::of(Kind::Time, &json!(1.5)), Cell::Integer(1500));
        // Times 1,000, the nearest binary number to it is a little less than 1,001.
        assert_eq!(Cell::of(Kind::Time, &json!(1.001)), Cell::Integer(1001));
        assert_eq!(Cell::of(Kind::Time, &json!("1970-01-01T00:00:01Z")), Cell::Integer(1000));
        assert_eq!(Cell::of(Kind::Json, &json!({"a": 1})), Cell::Text(r#"{"a":1}"#.into()));
    }

    #[test]
    fn tags_of_every_spelling_become_one_object() {
        let expected = json!({"a": "1", "b": ""});
        assert_eq!(
            tags(&json!([{"key": "a", "value": "1"}, {"key": "b", "value": null}])),
            expected
        );
        assert_eq!(tags(&json!([{"Key": "a", "Value": "1"}, {"Key": "b"}])), expected);
        assert_eq!(tags(&expected), expected);
        assert_eq!(tags(&Json::Null), json!({}));
    }
}
