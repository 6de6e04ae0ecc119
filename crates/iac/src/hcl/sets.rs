//! Functions over sets, which are lists here: without doubles, in the order that Terraform gives them.

use super::{
    collections::{distinct, list},
    ops,
    value::{Data, Origin, Value},
};

/// Texts and numbers in their order, as a set gives them.
pub(super) fn of(value: &Value, at: &Origin) -> Option<Value> {
    if value.is_null() {
        return Some(value.clone());
    }
    let distinct = distinct(value, at)?;
    let mut items = list(&distinct)?.clone();
    if items.iter().all(|item| matches!(item.data, Data::Number(_))) {
        let number = |item: &Value| item.number().unwrap_or_default();
        items.sort_by(|one, two| number(one).total_cmp(&number(two)));
    } else if items.iter().all(|item| item.scalar().is_some()) {
        items.sort_by_key(Value::scalar);
    }
    Some(Value::list(items, at.clone()))
}

/// `setunion`, `setintersection`, `setsubtract`.
pub(super) fn combined(name: &str, sets: &[Value], at: &Origin) -> Option<Value> {
    let (first, rest) = sets.split_first()?;
    let mut items = list(first)?.clone();
    for other in rest {
        let other = list(other)?;
        if name == "setunion" {
            items.extend(other.iter().cloned());
            continue;
        }
        let mut kept = Vec::new();
        for item in items {
            if has(other, &item)? == (name == "setintersection") {
                kept.push(item);
            }
        }
        items = kept;
    }
    of(&Value::list(items, at.clone()), at)
}

/// Whether an item is among others; none where that is not known.
fn has(items: &[Value], wanted: &Value) -> Option<bool> {
    let mut sure = true;
    for item in items {
        match ops::same(item, wanted) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => sure = false,
        }
    }
    sure.then_some(false)
}

/// A list of texts in their order.
pub(super) fn sort(value: &Value, at: &Origin) -> Option<Value> {
    let mut items = list(value)?.clone();
    items.iter().all(|item| item.scalar().is_some()).then_some(())?;
    items.sort_by_key(Value::scalar);
    let texts = items.into_iter().map(|item| match item.scalar() {
        Some(text) => Value { data: Data::Text(text), ..item },
        None => item,
    });
    Some(Value::list(texts.collect(), at.clone()))
}

/// The sum of a list of numbers.
pub(super) fn sum(value: &Value, at: &Origin) -> Option<Value> {
    let items = list(value).filter(|items| !items.is_empty())?;
    let numbers: Option<Vec<f64>> = items.iter().map(Value::number).collect();
    Some(Value::new(Data::Number(numbers?.iter().sum()), at.clone()))
}

/// Where an item stands in a list.
pub(super) fn index(value: &Value, wanted: &Value, at: &Origin) -> Option<Value> {
    for (position, item) in list(value)?.iter().enumerate() {
        if ops::same(item, wanted)? {
            return Some(Value::new(Data::Number(position as f64), at.clone()));
        }
    }
    Some(Value::error("there is no such item", at.clone()))
}
