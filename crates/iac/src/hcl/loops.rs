//! `for` in expressions.

use std::rc::Rc;

use super::{
    ast::{Expr, For},
    eval::{Binding, Evaluator, MAX_ITEMS},
    value::{Data, Map, Origin, Value},
};

impl Evaluator<'_> {
    /// `[for …]`, `{for …}`
    pub(super) fn each(&self, each: &For, expr: &Expr) -> Value {
        let over = self.eval(&each.over);
        let at = self.at(expr.span);
        let Some(items) = over.items() else {
            let why = over.why().map_or_else(
                || Value::error("this is no collection", at.clone()).data,
                |why| Data::Unknown(Rc::new(why)),
            );
            return Value::new(why, at);
        };
        let numbered = matches!(over.data, Data::List(_));
        let (mut list, mut map) = (Vec::new(), Map::default());
        for (key, value) in items {
            if list.len() + map.items.len() > MAX_ITEMS {
                return Value::unknown("too complex", at);
            }
            let key = match key.parse::<f64>() {
                Ok(index) if numbered => Data::Number(index),
                _ => Data::Text(key),
            };
            let outer = Binding {
                name: each.key.as_deref().unwrap_or_default(),
                value: Value::new(key, over.origin.clone()),
                outer: self.bound,
            };
            let binding = Binding { name: &each.value, value, outer: Some(&outer) };
            let inner = self.with(&binding);
            if let Some(condition) = &each.condition {
                let truth = inner.eval(condition);
                match truth.boolean() {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        let why = truth.why().map_or(Data::Null, |why| Data::Unknown(Rc::new(why)));
                        return Value::new(why, at);
                    }
                }
            }
            let result = inner.eval(&each.result);
            let Some(key) = &each.result_key else {
                list.push(result);
                continue;
            };
            let key = inner.eval(key);
            match key.scalar() {
                Some(key) if each.grouping => group(&mut map, key, result, &at),
                Some(key) => map.set(key, result),
                None => map.open = key.why().map(Rc::new),
            }
        }
        match each.result_key {
            Some(_) => Value::map(map, at),
            None => Value::list(list, at),
        }
    }
}

fn group(map: &mut Map, key: Rc<str>, value: Value, at: &Origin) {
    let mut items = match map.get(&key).map(|old| &old.data) {
        Some(Data::List(items)) => items.as_ref().clone(),
        _ => Vec::new(),
    };
    items.push(value);
    map.set(key, Value::list(items, at.clone()));
}
