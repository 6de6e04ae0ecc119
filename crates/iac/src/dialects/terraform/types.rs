//! The types of variables, as far as they decide values: attributes of objects that may be left out have
//! their defaults there.

use std::rc::Rc;

use crate::hcl::{
    ast::{Expr, Item, Key, Kind},
    eval::Evaluator,
    value::{Data, Map, Value},
};

/// A value as its type makes it.
pub(super) fn shaped(evaluator: &Evaluator<'_>, kind: &Expr, value: Value) -> Value {
    let Kind::Call(name, arguments, _) = &kind.kind else { return value };
    match (&**name, arguments.as_slice(), &value.data) {
        ("object", [Expr { kind: Kind::Map(items), .. }], Data::Map(map)) => {
            let map = object(evaluator, items, map);
            Value { data: Data::Map(Rc::new(map)), ..value }
        }
        ("map", [inner], Data::Map(map)) => {
            let items = map.items.iter();
            let items =
                items.map(|(key, one)| (key.clone(), shaped(evaluator, inner, one.clone())));
            let map = Map { items: items.collect(), open: map.open.clone() };
            Value { data: Data::Map(Rc::new(map)), ..value }
        }
        ("list" | "set", [inner], Data::List(items)) => {
            let items = items.iter().map(|one| shaped(evaluator, inner, one.clone()));
            Value { data: Data::List(Rc::new(items.collect())), ..value }
        }
        (_, _, Data::Either(both)) => {
            let one = shaped(evaluator, kind, both.0.clone());
            let two = shaped(evaluator, kind, both.1.clone());
            Value::either(one, two, both.2.clone(), value.origin)
        }
        _ => value,
    }
}

fn object(evaluator: &Evaluator<'_>, items: &[Item], map: &Map) -> Map {
    let mut shape = map.clone();
    for item in items {
        let Key::Text(name) = &item.key else { continue };
        let given = map.get(name).filter(|value| !value.is_null()).cloned();
        let (kind, default) = match &item.value.kind {
            Kind::Call(name, arguments, _) if &**name == "optional" => match arguments.as_slice() {
                [kind, rest @ ..] => (kind, Some(rest.first())),
                [] => continue,
            },
            _ => (&item.value, None),
        };
        let value = match (given, default) {
            (Some(given), _) => shaped(evaluator, kind, given),
            (None, _) if map.open.is_some() && map.get(name).is_none() => continue,
            (None, Some(Some(default))) => shaped(evaluator, kind, evaluator.eval(default)),
            (None, Some(None)) => Value::null(evaluator.at(item.value.span)),
            (None, None) => continue,
        };
        shape.set((**name).into(), value);
    }
    shape
}
