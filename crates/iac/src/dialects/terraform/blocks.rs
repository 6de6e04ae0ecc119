//! Blocks as values: a block is a list of objects, whether it is written as blocks, as `dynamic` blocks or
//! as an attribute.

use std::rc::Rc;

use crate::hcl::{
    ast::{Block, Body, Kind, Span},
    eval::{Binding, Evaluator},
    value::{Data, Map, Toggle, Value},
};

/// Nested blocks deeper than any resource has them.
const MAX_DEPTH: usize = 12;

/// What a body says under a name: an attribute's value, or its blocks as a list.
pub(in crate::dialects) fn read(
    evaluator: &Evaluator<'_>,
    body: &Body,
    name: &str,
    at: Span,
) -> Value {
    read_at(evaluator, body, name, at, 0)
}

fn read_at(evaluator: &Evaluator<'_>, body: &Body, name: &str, at: Span, depth: usize) -> Value {
    if let Some(expr) = body.attribute(name) {
        return evaluator.eval(expr);
    }
    if let Some(dynamic) = json_dynamic(body, name) {
        return Value::unknown("a dynamic block in JSON is not evaluated", evaluator.at(dynamic));
    }
    let origin = evaluator.at(at);
    let mut list: Vec<Value> = body
        .blocks(name)
        .map(|block| object(evaluator, &block.body, block.span, depth + 1))
        .collect();
    for block in body.dynamics(name) {
        match dynamic(evaluator, block, depth + 1) {
            Ok(items) => list.extend(items),
            Err(unknown) if list.is_empty() => return unknown,
            // What may follow is not asked: the first one counts.
            Err(_) => break,
        }
    }
    if list.is_empty() {
        let toggle = body.dynamics(name).find_map(|block| flag(evaluator, block, depth + 1));
        return Value { toggle: toggle.map(Rc::new), ..Value::null(origin) };
    }
    Value::list(list, origin)
}

/// The flag that would make a block of a loop over nothing, and what the block would be.
fn flag(evaluator: &Evaluator<'_>, block: &Block, depth: usize) -> Option<Toggle> {
    let over = evaluator.eval(block.body.attribute("for_each")?);
    let toggle = over.toggle.as_deref().filter(|toggle| toggle.named)?.clone();
    let other = Value::new(toggle.other, over.origin);
    let (key, value) = other.items()?.into_iter().next()?;
    let made = turn(evaluator, block, Value::text(key, other.origin.clone()), value, depth)?;
    Some(Toggle { other: made.data, ..toggle })
}

/// The block that one turn of a loop makes.
fn turn(
    evaluator: &Evaluator<'_>,
    block: &Block,
    key: Value,
    value: Value,
    depth: usize,
) -> Option<Value> {
    let content = block.body.blocks("content").next()?;
    let iterator = match block.body.attribute("iterator").map(|expr| &expr.kind) {
        Some(Kind::Name(name)) => &**name,
        _ => block.label(0).unwrap_or_default(),
    };
    let origin = value.origin.clone();
    let items = vec![("key".into(), key), ("value".into(), value)];
    let binding = Binding {
        name: iterator,
        value: Value::map(Map { items, open: None }, origin),
        outer: evaluator.bound,
    };
    Some(object(&evaluator.with(&binding), &content.body, content.span, depth))
}

fn json_dynamic(body: &Body, name: &str) -> Option<Span> {
    let expr = body.attribute("dynamic")?;
    let has = match &expr.kind {
        Kind::Map(items) => items
            .iter()
            .any(|item| matches!(&item.key, crate::hcl::ast::Key::Text(key) if &**key == name)),
        _ => true,
    };
    has.then_some(expr.span)
}

/// A body as an object: its attributes, and its blocks as lists.
pub(in crate::dialects) fn object(
    evaluator: &Evaluator<'_>,
    body: &Body,
    at: Span,
    depth: usize,
) -> Value {
    let mut map = Map::default();
    for attribute in &body.attributes {
        map.set((*attribute.name).into(), evaluator.eval(&attribute.value));
    }
    for block in body.blocks.iter().filter(|_| depth < MAX_DEPTH) {
        let kind = match &*block.kind {
            "dynamic" => block.label(0).unwrap_or_default(),
            kind => kind,
        };
        if map.get(kind).is_none() {
            map.set(kind.into(), read_at(evaluator, body, kind, at, depth));
        }
    }
    Value::map(map, evaluator.at(at))
}

/// The blocks of a `dynamic` block; where their number is not known, what they would be or nothing.
fn dynamic(evaluator: &Evaluator<'_>, block: &Block, depth: usize) -> Result<Vec<Value>, Value> {
    let Some(each) = block.body.attribute("for_each") else { return Ok(Vec::new()) };
    let over = evaluator.eval(each);
    let turn = |key: Value, value: Value| {
        let at = value.origin.clone();
        turn(evaluator, block, key, value, depth).unwrap_or_else(|| Value::null(at))
    };
    if let Data::Null = over.data {
        return Ok(Vec::new());
    }
    if let Some(items) = over.items() {
        let at = over.origin.clone();
        let items = items.into_iter().take(100);
        return Ok(items.map(|(key, value)| turn(Value::text(key, at.clone()), value)).collect());
    }
    let Some(why) = over.why() else { return Ok(Vec::new()) };
    let at = evaluator.at(block.span);
    if let Data::Either(both) = &over.data {
        let side = |side: &Value| match side.items() {
            Some(items) => match items.into_iter().next() {
                Some((key, value)) => turn(Value::text(key, at.clone()), value),
                None => Value::null(at.clone()),
            },
            None => Value::new(Data::Unknown(Rc::new(why.clone())), at.clone()),
        };
        return Err(Value::either(side(&both.0), side(&both.1), why.clone(), at.clone()));
    }
    let unknown = Value::new(Data::Unknown(Rc::new(why.clone())), at.clone());
    let maybe = turn(unknown.clone(), unknown);
    Err(Value::either(Value::null(at.clone()), maybe, why, at))
}

/// The one block that is meant.
pub(in crate::dialects) fn first(value: &Value) -> Value {
    match &value.data {
        Data::List(items) => match items.first() {
            Some(first) => first.clone(),
            None => Value::null(value.origin.clone()),
        },
        Data::Either(both) => {
            let (one, two) = (first(&both.0), first(&both.1));
            Value::either(one, two, both.2.clone(), value.origin.clone())
        }
        _ => value.clone(),
    }
}

/// An argument of a block; nothing where it is not given.
pub(in crate::dialects) fn get(value: &Value, name: &str) -> Value {
    let block = first(value);
    match &block.data {
        Data::Map(map) => match (map.get(name), &map.open) {
            // The provider takes an empty text for nothing.
            (Some(found), _) if matches!(&found.data, Data::Text(text) if text.is_empty()) => {
                Value::null(found.origin.clone())
            }
            (Some(found), _) => found.clone(),
            (None, Some(why)) => Value::new(Data::Unknown(Rc::clone(why)), block.origin.clone()),
            (None, None) => Value::null(block.origin.clone()),
        },
        Data::Either(both) => {
            let (one, two) = (get(&both.0, name), get(&both.1, name));
            Value::either(one, two, both.2.clone(), block.origin.clone())
        }
        Data::Null => Value::null(block.origin.clone()),
        _ => match block.why() {
            Some(why) => Value::new(Data::Unknown(Rc::new(why)), block.origin.clone()),
            None => Value::null(block.origin.clone()),
        },
    }
}

/// The values at the end of a path; `*` is every block of a list.
pub(in crate::dialects) fn each(value: &Value, path: &[&str]) -> Vec<Value> {
    match path.split_first() {
        None => vec![value.clone()],
        Some((&"*", rest)) => match &value.data {
            Data::List(items) => items.iter().flat_map(|item| each(item, rest)).collect(),
            Data::Map(map) => map.items.iter().flat_map(|(_, item)| each(item, rest)).collect(),
            _ => Vec::new(),
        },
        Some((name, rest)) => each(&get(value, name), rest),
    }
}
