//! Functions over lists and maps. None: the arguments do not settle it, or are none that it takes.

use std::rc::Rc;

use super::{
    eval::MAX_ITEMS,
    ops,
    value::{Data, Map, Origin, Value},
};

fn unknown_as(value: &Value, at: &Origin) -> Option<Value> {
    value.why().map(|why| Value::new(Data::Unknown(Rc::new(why)), at.clone()))
}

fn number(number: usize, at: &Origin) -> Value {
    Value::new(Data::Number(number as f64), at.clone())
}

/// The items of a list; not the values of a map.
pub(super) fn list(value: &Value) -> Option<&Vec<Value>> {
    match &value.data {
        Data::List(items) => Some(items),
        _ => None,
    }
}

pub(super) fn lookup(map: &Value, key: &Value, default: Option<&Value>, at: &Origin) -> Value {
    if let Data::Either(both) = &map.data {
        let (one, two) = (lookup(&both.0, key, default, at), lookup(&both.1, key, default, at));
        return Value::either(one, two, both.2.clone(), at.clone());
    }
    let found = ops::index(map, key, at);
    match default {
        Some(default) if found.is_error() && matches!(map.data, Data::Map(_)) => default.clone(),
        _ => found,
    }
}

pub(super) fn merge(maps: &[Value], at: &Origin) -> Value {
    let mut merged = Map::default();
    for map in maps {
        match &map.data {
            Data::Null => {}
            Data::List(items) if items.is_empty() => {}
            Data::Map(map) => {
                if map.open.is_some() {
                    merged = Map { items: Vec::new(), open: map.open.clone() };
                }
                for (key, value) in &map.items {
                    merged.set(Rc::clone(key), value.clone());
                }
            }
            // What it has may be in any of the keys so far.
            _ => match map.why() {
                Some(why) => merged = Map { items: Vec::new(), open: Some(Rc::new(why)) },
                None => return Value::error("this is no map", map.origin.clone()),
            },
        }
        if merged.items.len() > MAX_ITEMS {
            return Value::unknown("too complex", at.clone());
        }
    }
    Value::map(merged, at.clone())
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || matches!(&value.data, Data::Text(text) if text.is_empty())
}

pub(super) fn coalesce(values: &[Value], at: &Origin) -> Value {
    for (index, value) in values.iter().enumerate() {
        match &value.data {
            // One side may be nothing, and the next one is asked.
            Data::Either(both) => {
                let rest = values.get(index + 1..).unwrap_or_default();
                let side = |side: &Value| {
                    let all: Vec<Value> =
                        std::iter::once(side.clone()).chain(rest.iter().cloned()).collect();
                    coalesce(&all, at)
                };
                return Value::either(side(&both.0), side(&both.1), both.2.clone(), at.clone());
            }
            _ if is_blank(value) => {}
            _ => return value.clone(),
        }
    }
    Value::error("all arguments of coalesce are null", at.clone())
}

pub(super) fn coalesce_list(values: &[Value], at: &Origin) -> Value {
    let empty =
        |value: &Value| value.is_null() || value.items().is_some_and(|items| items.is_empty());
    if values.iter().any(|value| value.scalar().is_some()) {
        return Value::error("this is no list", at.clone());
    }
    match values.iter().find(|value| !empty(value)) {
        Some(value) => value.clone(),
        None => Value::error("all arguments of coalescelist are empty", at.clone()),
    }
}

pub(super) fn concat(lists: &[Value], at: &Origin) -> Value {
    let mut all = Vec::new();
    for one in lists {
        match (list(one), unknown_as(one, at)) {
            (Some(items), _) => all.extend(items.iter().cloned()),
            (None, Some(unknown)) => return unknown,
            (None, None) => return Value::error("this is no list", one.origin.clone()),
        }
        if all.len() > MAX_ITEMS {
            return Value::unknown("too complex", at.clone());
        }
    }
    Value::list(all, at.clone())
}

pub(super) fn length(value: &Value, at: &Origin) -> Option<Value> {
    match &value.data {
        Data::Text(text) => Some(number(text.chars().count(), at)),
        _ => value.items().map(|items| number(items.len(), at)),
    }
}

/// The members of a map.
fn sorted(value: &Value) -> Option<Vec<(Rc<str>, Value)>> {
    value.items().filter(|_| matches!(value.data, Data::Map(_)))
}

pub(super) fn keys(value: &Value, at: &Origin) -> Option<Value> {
    let keys = sorted(value)?.into_iter().map(|(key, _)| Value::text(key, at.clone()));
    Some(Value::list(keys.collect(), at.clone()))
}

pub(super) fn values(value: &Value, at: &Origin) -> Option<Value> {
    let values = sorted(value)?.into_iter().map(|(_, value)| value);
    Some(Value::list(values.collect(), at.clone()))
}

pub(super) fn element(value: &Value, index: &Value, at: &Origin) -> Option<Value> {
    if let Data::Reference(_) = value.data {
        return Some(value.clone());
    }
    let (items, index) = (list(value)?, index.number()?);
    if items.is_empty() || index < 0.0 {
        return Some(Value::error("there is no such item", at.clone()));
    }
    items.get(index as usize % items.len()).cloned()
}

pub(super) fn one(value: &Value, at: &Origin) -> Option<Value> {
    if let Data::Reference(_) = value.data {
        return Some(value.clone());
    }
    match list(value)?.as_slice() {
        [] => Some(Value::null(at.clone())),
        [only] => Some(only.clone()),
        _ => Some(Value::error("one has several", at.clone())),
    }
}

pub(super) fn flatten(value: &Value, at: &Origin) -> Option<Value> {
    fn into(items: &[Value], flat: &mut Vec<Value>, depth: usize) -> Option<()> {
        for item in items {
            match &item.data {
                Data::List(inner) if depth < 50 => into(inner, flat, depth + 1)?,
                Data::Unknown(_) | Data::Either(_) => return None,
                _ => flat.push(item.clone()),
            }
            (flat.len() <= MAX_ITEMS).then_some(())?;
        }
        Some(())
    }
    let mut flat = Vec::new();
    let items = list(value)?;
    match into(items, &mut flat, 0) {
        Some(()) => Some(Value::list(flat, at.clone())),
        None => items.iter().find_map(|item| unknown_as(item, at)),
    }
}

pub(super) fn compact(value: &Value, at: &Origin) -> Option<Value> {
    let items = list(value)?;
    if let Some(either) = items.iter().find(|item| matches!(item.data, Data::Either(_))) {
        return unknown_as(either, at);
    }
    let kept = items.iter().filter(|item| !is_blank(item)).cloned();
    Some(Value::list(kept.collect(), at.clone()))
}

/// Sets are lists here. What is not known may be the same as another, or not.
pub(super) fn distinct(value: &Value, at: &Origin) -> Option<Value> {
    let items = match &value.data {
        Data::Map(_) => values(value, at)?,
        _ => value.clone(),
    };
    let mut kept: Vec<Value> = Vec::new();
    let items = list(&items)?;
    if items.len() > 1_000 {
        return Some(Value::list(items.clone(), at.clone()));
    }
    for item in items {
        if !kept.iter().any(|other| ops::same(other, item) == Some(true)) {
            kept.push(item.clone());
        }
    }
    Some(Value::list(kept, at.clone()))
}

pub(super) fn reverse(value: &Value, at: &Origin) -> Option<Value> {
    Some(Value::list(list(value)?.iter().rev().cloned().collect(), at.clone()))
}

pub(super) fn slice(value: &Value, from: &Value, to: &Value, at: &Origin) -> Option<Value> {
    let (from, to) = (from.number()? as usize, to.number()? as usize);
    match list(value)?.get(from..to) {
        Some(items) => Some(Value::list(items.to_vec(), at.clone())),
        None => Some(Value::error("there is no such slice", at.clone())),
    }
}

pub(super) fn zipmap(keys: &Value, values: &Value, at: &Origin) -> Option<Value> {
    let mut map = Map::default();
    for (key, value) in list(keys)?.iter().zip(list(values)?) {
        map.set(key.scalar()?, value.clone());
    }
    Some(Value::map(map, at.clone()))
}

pub(super) fn contains(value: &Value, wanted: &Value, at: &Origin) -> Option<Value> {
    let mut sure = true;
    for item in list(value)? {
        match ops::same(item, wanted) {
            Some(true) => return Some(Value::new(Data::Bool(true), at.clone())),
            Some(false) => {}
            None => sure = false,
        }
    }
    sure.then(|| Value::new(Data::Bool(false), at.clone()))
}

/// Between types of collections nothing changes here.
pub(super) fn converted(value: &Value) -> Option<Value> {
    matches!(value.data, Data::List(_) | Data::Map(_) | Data::Null).then(|| value.clone())
}

pub(super) fn range(values: &[Value], at: &Origin) -> Option<Value> {
    let numbers: Vec<f64> = values.iter().map(Value::number).collect::<Option<_>>()?;
    let (from, to, step) = match numbers.as_slice() {
        [to] => (0.0, *to, 1.0),
        [from, to] => (*from, *to, 1.0),
        [from, to, step] => (*from, *to, *step),
        _ => return None,
    };
    if step == 0.0 {
        return None;
    }
    let mut items = Vec::new();
    let mut next = from;
    while (step > 0.0 && next < to) || (step < 0.0 && next > to) {
        items.push(Value::new(Data::Number(next), at.clone()));
        next += step;
        if items.len() > MAX_ITEMS {
            return Some(Value::unknown("too complex", at.clone()));
        }
    }
    Some(Value::list(items, at.clone()))
}

pub(super) fn product(lists: &[Value], at: &Origin) -> Option<Value> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for one in lists {
        let items = list(one)?;
        if rows.len().saturating_mul(items.len()) > MAX_ITEMS {
            return Some(Value::unknown("too complex", at.clone()));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |item| [row.as_slice(), std::slice::from_ref(item)].concat())
            })
            .collect();
    }
    let rows = rows.into_iter().map(|row| Value::list(row, at.clone()));
    Some(Value::list(rows.collect(), at.clone()))
}

pub(super) fn truths(all: bool, value: &Value, at: &Origin) -> Option<Value> {
    let truths: Vec<bool> = list(value)?.iter().map(Value::boolean).collect::<Option<_>>()?;
    let truth = if all { truths.iter().all(|one| *one) } else { truths.iter().any(|one| *one) };
    Some(Value::new(Data::Bool(truth), at.clone()))
}
