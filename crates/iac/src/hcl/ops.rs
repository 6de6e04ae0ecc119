//! Operators, and steps into values.

use std::rc::Rc;

use super::{
    ast::Op,
    value::{Data, Origin, Reference, Toggle, Value},
};

/// Why a value cannot be used here.
fn stopped(value: &Value, otherwise: &str, at: Origin) -> Value {
    match value.why() {
        Some(why) => Value::new(Data::Unknown(Rc::new(why)), at),
        None => Value::error(otherwise, at),
    }
}

/// `value.name`
pub(super) fn attribute(value: &Value, name: &str, at: &Origin) -> Value {
    match &value.data {
        Data::Map(map) => match (map.get(name), &map.open) {
            (Some(found), _) => found.clone(),
            (None, Some(why)) => Value::new(Data::Unknown(Rc::clone(why)), at.clone()),
            (None, None) => Value::error(format!("there is no {name}"), at.clone()),
        },
        Data::Reference(reference) => {
            let path = if reference.path.is_empty() {
                name.to_owned()
            } else {
                format!("{}.{name}", reference.path)
            };
            let reference = Reference { path: path.into(), ..reference.clone() };
            Value::new(Data::Reference(reference), at.clone())
        }
        Data::Either(both) => {
            let (one, two) = (attribute(&both.0, name, at), attribute(&both.1, name, at));
            Value::either(one, two, both.2.clone(), at.clone())
        }
        Data::Unknown(_) => value.clone(),
        Data::Null => Value::error(format!("null has no {name}"), at.clone()),
        _ => Value::error(format!("there is no {name}"), at.clone()),
    }
}

/// `value[key]`
pub(super) fn index(value: &Value, key: &Value, at: &Origin) -> Value {
    match &value.data {
        Data::Either(both) => {
            let (one, two) = (index(&both.0, key, at), index(&both.1, key, at));
            return Value::either(one, two, both.2.clone(), at.clone());
        }
        Data::Reference(reference) => {
            let key = key.scalar();
            let reference = Reference { key, open: false, ..reference.clone() };
            return Value::new(Data::Reference(reference), at.clone());
        }
        Data::Unknown(_) => return value.clone(),
        _ => {}
    }
    let Some(name) = key.scalar() else { return stopped(key, "this is no key", at.clone()) };
    match &value.data {
        Data::List(items) => {
            let item = key.number().filter(|at| *at >= 0.0 && at.fract() == 0.0);
            match item.and_then(|at| items.get(at as usize)) {
                Some(item) => item.clone(),
                None => Value::error("there is no such item", at.clone()),
            }
        }
        _ => attribute(value, &name, at),
    }
}

/// `!value`
pub(super) fn not(value: &Value, at: Origin) -> Value {
    let Some(truth) = value.boolean() else { return stopped(value, "this is no boolean", at) };
    let toggle = value.toggled().map(|toggle| match toggle.other {
        Data::Bool(other) => Toggle { other: Data::Bool(!other), ..toggle },
        _ => toggle,
    });
    Value { data: Data::Bool(!truth), origin: at, toggle: toggle.map(Rc::new) }
}

/// `one op two`; the second side is evaluated where it matters.
pub(super) fn binary(op: Op, one: &Value, two: impl FnOnce() -> Value, at: Origin) -> Value {
    match op {
        Op::And | Op::Or => logic(op == Op::And, one, &two(), at),
        Op::Equal => equal(one, &two(), at),
        Op::NotEqual => not(&equal(one, &two(), at.clone()), at),
        _ => arithmetic(op, one, &two(), at),
    }
}

/// One side that decides is enough, whichever it is.
fn logic(and: bool, one: &Value, two: &Value, at: Origin) -> Value {
    let (left, right) = (one.boolean(), two.boolean());
    if left == Some(!and) || right == Some(!and) {
        let toggle = match (left, right) {
            // The one that decides alone would let the other one through.
            (Some(left), Some(right)) if left != right => {
                let decider = if left == and { two } else { one };
                decider.toggled().map(|toggle| Toggle { other: Data::Bool(and), ..toggle })
            }
            _ => None,
        };
        return Value { data: Data::Bool(!and), origin: at, toggle: toggle.map(Rc::new) };
    }
    match (left, right) {
        (Some(_), Some(_)) => Value::new(Data::Bool(and), at),
        (None, _) => stopped(one, "this is no boolean", at),
        (_, None) => stopped(two, "this is no boolean", at),
    }
}

fn equal(one: &Value, two: &Value, at: Origin) -> Value {
    match same(one, two) {
        Some(same) => Value::new(Data::Bool(same), at),
        None if one.why().is_some() => stopped(one, "", at),
        None => match two.why() {
            Some(why) => Value::new(Data::Unknown(Rc::new(why)), at),
            // Something within them is not known.
            None => Value::unknown("this is not compared here", at),
        },
    }
}

/// Whether two values are the same; none where that is not known.
pub(super) fn same(one: &Value, two: &Value) -> Option<bool> {
    match (&one.data, &two.data) {
        // What has an id or a text is not nothing.
        (Data::Reference(_) | Data::Encoded(_), Data::Null)
        | (Data::Null, Data::Reference(_) | Data::Encoded(_)) => Some(false),
        (Data::Unknown(_) | Data::Either(_) | Data::Reference(_), _)
        | (_, Data::Unknown(_) | Data::Either(_) | Data::Reference(_)) => None,
        (Data::Null, Data::Null) => Some(true),
        (Data::Bool(one), Data::Bool(two)) => Some(one == two),
        (Data::Number(one), Data::Number(two)) => Some((one - two).abs() < f64::EPSILON),
        (Data::Text(one), Data::Text(two)) => Some(one == two),
        (Data::List(one), Data::List(two)) => {
            if one.len() != two.len() {
                return Some(false);
            }
            all(one.iter().zip(two.iter()).map(|(one, two)| same(one, two)))
        }
        (Data::Map(one), Data::Map(two)) => {
            if one.open.is_some() || two.open.is_some() {
                return None;
            }
            if one.items.len() != two.items.len() {
                return Some(false);
            }
            all(one.items.iter().map(|(key, value)| match two.get(key) {
                Some(other) => same(value, other),
                None => Some(false),
            }))
        }
        (Data::Encoded(_), _) | (_, Data::Encoded(_)) => Some(one.scalar()? == two.scalar()?),
        _ => Some(false),
    }
}

fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

fn arithmetic(op: Op, one: &Value, two: &Value, at: Origin) -> Value {
    let (Some(left), Some(right)) = (one.number(), two.number()) else {
        let culprit = if one.number().is_none() { one } else { two };
        return stopped(culprit, "this is no number", at);
    };
    let data = match op {
        Op::Less => Data::Bool(left < right),
        Op::LessEqual => Data::Bool(left <= right),
        Op::Greater => Data::Bool(left > right),
        Op::GreaterEqual => Data::Bool(left >= right),
        Op::Add => Data::Number(left + right),
        Op::Subtract => Data::Number(left - right),
        Op::Multiply => Data::Number(left * right),
        Op::Divide if right != 0.0 => Data::Number(left / right),
        Op::Remainder if right != 0.0 => Data::Number(left % right),
        _ => return Value::error("this cannot be computed", at),
    };
    Value::new(data, at)
}
