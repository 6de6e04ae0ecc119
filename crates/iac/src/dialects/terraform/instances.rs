//! How often something is made: `count` and `for_each`.

use std::rc::Rc;

use super::session::{Scope, Session};
use crate::hcl::value::{Data, Map, Origin, Unknown, Value};

/// Names that one turn binds.
pub(super) type Bound = Vec<(&'static str, Value)>;

/// More instances are not told apart.
const MAX_INSTANCES: usize = 1_000;

/// The instances of a resource or call.
pub(super) enum Instances {
    /// One, without a key.
    Single,
    /// By number.
    Indexed(Vec<(Rc<str>, Bound)>),
    /// By key.
    Keyed(Vec<(Rc<str>, Bound)>),
    /// The text does not say.
    Open(Bound),
}

/// One of them: the suffix of its address, its names, and whether it is sure to be made.
pub(super) struct Turn {
    pub(super) key: Option<Rc<str>>,
    pub(super) suffix: String,
    pub(super) bound: Bound,
    pub(super) counted: bool,
}

impl Instances {
    /// Each of them; one that stands for all where their number is not known.
    pub(super) fn turns(&self) -> Vec<Turn> {
        let turn = |key: &Rc<str>, suffix: String, bound: &Bound| Turn {
            key: Some(Rc::clone(key)),
            suffix,
            bound: bound.clone(),
            counted: true,
        };
        let plain = |bound: &Bound, counted| Turn {
            key: None,
            suffix: String::new(),
            bound: bound.clone(),
            counted,
        };
        match self {
            Self::Single => vec![plain(&Vec::new(), true)],
            Self::Open(bound) => vec![plain(bound, false)],
            Self::Indexed(all) => {
                all.iter().map(|(key, bound)| turn(key, format!("[{key}]"), bound)).collect()
            }
            Self::Keyed(all) => {
                all.iter().map(|(key, bound)| turn(key, format!("[\"{key}\"]"), bound)).collect()
            }
        }
    }
}

impl Session<'_> {
    /// The instances that a part of a module makes, found out once.
    pub(super) fn instances(&self, scope: &Scope, part: usize) -> Rc<Instances> {
        if let Some(known) = scope.instances.borrow().get(&part) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.find(scope, part));
        if !self.exhausted() {
            scope.instances.borrow_mut().insert(part, Rc::clone(&found));
        }
        found
    }

    fn find(&self, scope: &Scope, part: usize) -> Instances {
        let nothing = Vec::new();
        let said = |name: &'static str| {
            let (source, block) = scope.module.says(part, name)?;
            block.body.attribute(name).map(|expr| (source, expr))
        };
        if let Some((source, count)) = said("count") {
            let value = self.eval(scope, source, &nothing, count);
            return match value.number() {
                Some(number) if number >= 0.0 && number <= MAX_INSTANCES as f64 => {
                    let all = (0..number as usize).map(|index| counted(index, &value));
                    Instances::Indexed(all.collect())
                }
                _ => open(&value, &Origin::new(source, count.span)),
            };
        }
        let Some((source, each)) = said("for_each") else { return Instances::Single };
        let value = self.eval(scope, source, &nothing, each);
        keyed(&value).unwrap_or_else(|| open(&value, &Origin::new(source, each.span)))
    }
}

fn counted(index: usize, count: &Value) -> (Rc<str>, Bound) {
    let number = Value::new(Data::Number(index as f64), count.origin.clone());
    let map = Map { items: vec![("index".into(), number)], open: None };
    (index.to_string().into(), vec![("count", Value::map(map, count.origin.clone()))])
}

fn keyed(value: &Value) -> Option<Instances> {
    let items = value.items().filter(|items| items.len() <= MAX_INSTANCES)?;
    let set = matches!(value.data, Data::List(_));
    let turns = items.into_iter().map(|(key, value)| {
        // The members of a set are their own keys.
        let key = if set { value.scalar()? } else { key };
        // Another key would be another instance.
        let origin = Origin { literal: false, ..value.origin.clone() };
        let value = if set { Value { origin: origin.clone(), ..value } } else { value };
        let bound = each(Value::text(Rc::clone(&key), origin), value);
        Some((key, bound))
    });
    turns.collect::<Option<Vec<_>>>().map(Instances::Keyed)
}

fn each(key: Value, value: Value) -> Bound {
    let origin = value.origin.clone();
    let map = Map { items: vec![("key".into(), key), ("value".into(), value)], open: None };
    vec![("each", Value::map(map, origin))]
}

fn open(value: &Value, at: &Origin) -> Instances {
    let partly = match &value.data {
        Data::Map(map) => map.open.as_deref().cloned(),
        _ => None,
    };
    let why = value.why().or(partly).unwrap_or_else(|| Unknown {
        reason: "how many there are is not known".into(),
        error: false,
        at: at.clone(),
    });
    let unknown = Value::new(Data::Unknown(Rc::new(why)), at.clone());
    let mut bound = each(unknown.clone(), unknown.clone());
    let map = Map { items: vec![("index".into(), unknown)], open: None };
    bound.push(("count", Value::map(map, at.clone())));
    Instances::Open(bound)
}
