//! From Arrow rows to JSON values and findings.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{DataType, Int32Type, Int64Type, TimeUnit, TimestampMillisecondType, UInt64Type},
};
use datafusion::prelude::DataFrame;
use imdsure_model::{
    Code, Control, Excerpt, FIX_EFFECT, Finding, Location, Part, Verdict, Waived, Waiver,
    silence::{self, Comment},
};
use serde_json::{Map, Value};

use crate::{
    EngineError, Settings,
    waivers::{COMMENTS, SILENCED, WAIVER},
};

/// Columns of a judged row that are no facts: they have a field of their own, or, as `tags`, serve one.
const FIELDS: [&str; 13] = [
    "resource",
    "name",
    "account_id",
    "account_name",
    "organizational_unit",
    "owner",
    // What the owner is read from.
    "tags",
    "region",
    "managed_by",
    "outcome",
    "verdict",
    "risk",
    WAIVER,
];

/// The rows of a batch as JSON objects, in the order of the columns.
pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<Map<String, Value>>, EngineError> {
    (0..batch.num_rows()).map(|index| row(batch, index)).collect()
}

fn row(batch: &RecordBatch, index: usize) -> Result<Map<String, Value>, EngineError> {
    let schema = batch.schema_ref();
    let mut row = Map::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        row.insert(field.name().clone(), value(column, index)?);
    }
    Ok(row)
}

/// The number that a query of one row and one column answers.
pub(crate) async fn number(query: DataFrame) -> Result<u64, EngineError> {
    for batch in query.collect().await? {
        if let Some(row) = rows(&batch)?.first() {
            let number = row.values().next().and_then(Value::as_u64);
            return Ok(number.unwrap_or_default());
        }
    }
    Ok(0)
}

fn value(column: &ArrayRef, row: usize) -> Result<Value, EngineError> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Null => Value::Null,
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row).into(),
        DataType::Utf8View => column.as_string_view().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            instant(column.as_primitive::<TimestampMillisecondType>().value(row))
        }
        _ => arrow::util::display::array_value_to_string(column, row)?.into(),
    })
}

/// RFC 3339, UTC, without fractions where there are none.
fn instant(milliseconds: i64) -> Value {
    match jiff::Timestamp::from_millisecond(milliseconds) {
        Ok(instant) => instant.to_string().into(),
        Err(_) => Value::Null,
    }
}

/// The findings of a batch of judged rows. One at a time: a batch as objects is ten times as large as its columns.
pub(crate) fn findings<'a>(
    control: &'a Control,
    settings: &'a Settings,
    batch: RecordBatch,
) -> impl Iterator<Item = Result<Finding, EngineError>> + use<'a> {
    (0..batch.num_rows()).map(move |index| finding(control, settings, row(&batch, index)?))
}

fn finding(
    control: &Control,
    settings: &Settings,
    mut row: Map<String, Value>,
) -> Result<Finding, EngineError> {
    let outcome = row.get("outcome").and_then(Value::as_str).unwrap_or_default();
    let Some(outcome) = control.outcome(outcome) else {
        let outcome = outcome.to_owned();
        return Err(EngineError::UnknownOutcome { control: control.name.clone(), outcome });
    };
    let fix = outcome.fix.as_ref().and_then(|name| control.fix(name));
    let fix = fix.and_then(|fix| fix.for_finding(&row));
    let mut text = |column: &str| match row.get_mut(column).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let resource = text("resource").unwrap_or_default();
    let name = text("name");
    let account_id = text("account_id");
    let account_name = text("account_name");
    let organizational_unit = text("organizational_unit");
    let owner = text("owner");
    let region = text("region");
    let managed_by = text("managed_by");
    let open = matches!(outcome.verdict, Verdict::Fail | Verdict::Unknown);
    let risk = row.get("risk").and_then(Value::as_u64).and_then(|risk| u8::try_from(risk).ok());
    let waived = waived(control, settings, &row);
    row.retain(|column, _| !FIELDS.contains(&column.as_str()));
    let reason = outcome.reason.render(&row);
    let location = location(&mut row);
    let repairs = outcome.fix.is_some();
    let code = location.is_some().then(|| Box::new(code(&mut row, repairs)));
    Ok(Finding {
        control: control.name.clone(),
        aliases: control.aliases.clone(),
        verdict: outcome.verdict,
        severity: control.severity_of(outcome),
        risk: risk.filter(|_| open),
        resource,
        name,
        owner,
        account_id,
        account_name,
        organizational_unit,
        region,
        managed_by,
        reason,
        facts: row,
        location,
        fix,
        waived,
        code,
    })
}

/// Who accepts the finding of a row: a waiver of the configuration, or a comment in the code.
fn waived(control: &Control, settings: &Settings, row: &Map<String, Value>) -> Option<Waived> {
    let number = row.get(WAIVER)?.as_i64()?;
    if number == SILENCED {
        let comment = silencing(control, settings, row.get(COMMENTS)?.as_str()?)?;
        let path = row.get("path").and_then(Value::as_str).unwrap_or_default();
        return Some(comment.waived(path));
    }
    let waiver = settings.waivers.all().get(usize::try_from(number).ok()?);
    waiver.map(Waiver::waived)
}

/// The comment that silences this control, of those that count.
pub(crate) fn silencing(control: &Control, settings: &Settings, comments: &str) -> Option<Comment> {
    silence::silencing(comments, &settings.honoured_comments, &control.aliases)
}

/// Where in code the row stands: its columns of that name, which are no facts then.
fn location(row: &mut Map<String, Value>) -> Option<Location> {
    const PLACE: [&str; 6] =
        ["path", "start_line", "start_column", "end_line", "end_column", "address"];
    if !PLACE.iter().all(|column| row.get(*column).is_some_and(|value| !value.is_null())) {
        return None;
    }
    let place = PLACE.into_iter().filter_map(|column| row.remove_entry(column));
    serde_json::from_value(Value::Object(place.collect())).ok()
}

/// What shows and repairs it: columns that are no facts. The query says as `marks` what it judges.
fn code(row: &mut Map<String, Value>, repairs: bool) -> Code {
    let mut text = |column: &str| match row.remove(column) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let [marks, excerpt, splices, fix_title] =
        ["marks", "excerpt", "fix_splices", "fix_title"].map(&mut text);
    for column in [FIX_EFFECT, COMMENTS, "fix_option", "root"] {
        row.remove(column);
    }
    // They are of our own making; of an altered set they are as if they were not there.
    let mut excerpts: Vec<Excerpt> =
        excerpt.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let marked = match marks.as_deref() {
        Some("hop_limit") => Part::HopLimit,
        Some("mistake") => Part::Mistake,
        _ => Part::HttpTokens,
    };
    excerpts.retain(|excerpt| [Part::Definition, Part::Between, marked].contains(&excerpt.part));
    let splices = splices.filter(|_| repairs).and_then(|text| serde_json::from_str(&text).ok());
    Code {
        excerpts,
        splices: splices.unwrap_or_default(),
        fix_title: fix_title.filter(|_| repairs),
    }
}
