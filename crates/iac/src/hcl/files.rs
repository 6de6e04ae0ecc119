//! Functions that read files beside the code: `file` and `templatefile`. Where a name leads, and whether it may
//! be read, is the word of who owns the names.

use std::{rc::Rc, sync::Arc};

use super::{
    ast::{Span, Step},
    convert,
    eval::{Binding, Evaluator, MAX_TEXT, Names},
    value::{Data, Origin, Unknown, Value},
};
use crate::source::Source;

/// A template knows what it is given, and nothing else.
struct Nothing;

impl Names for Nothing {
    fn name(&self, _: &str, _: &[Step], _: Origin) -> Option<(Value, usize)> {
        None
    }
}

/// More names are not given to a template.
const MAX_NAMES: usize = 1_000;

/// Calls one of them; none where it is another function, or an argument is not known.
pub(super) fn call(
    evaluator: &Evaluator<'_>,
    name: &str,
    values: &[Value],
    at: &Origin,
) -> Option<Value> {
    let (path, given) = match (name, values) {
        ("file", [path]) => (path.scalar()?, None),
        ("templatefile", [path, given]) => (path.scalar()?, Some(given)),
        _ => return None,
    };
    let Some(source) = evaluator.names.file(&path) else {
        return Some(Value::unknown(format!("the file {path} cannot be read"), at.clone()));
    };
    if source.text().len() > MAX_TEXT {
        return Some(Value::unknown("too complex", at.clone()));
    }
    match given {
        None => Some(Value::text(source.text(), whole(&source))),
        Some(given) => {
            let given = given.items()?;
            if given.len() > MAX_NAMES {
                return Some(Value::unknown("too complex", at.clone()));
            }
            Some(at_the_call(template(evaluator, &source, &given, None), &source, at))
        }
    }
}

/// What a template does not know is shown where it is filled in: all of its own text would say less.
fn at_the_call(value: Value, source: &Arc<Source>, at: &Origin) -> Value {
    match &value.data {
        Data::Unknown(why) if Arc::ptr_eq(&why.at.source, source) => {
            let why = Unknown { at: at.clone(), ..(**why).clone() };
            Value::new(Data::Unknown(Rc::new(why)), at.clone())
        }
        _ => value,
    }
}

fn whole(source: &Arc<Source>) -> Origin {
    Origin::new(source, Span::from(0..source.text().len()))
}

/// The template with each of the given values bound to its name.
fn template(
    evaluator: &Evaluator<'_>,
    source: &Arc<Source>,
    given: &[(Rc<str>, Value)],
    bound: Option<&Binding<'_>>,
) -> Value {
    if let Some(((name, value), rest)) = given.split_first() {
        let binding = Binding { name, value: value.clone(), outer: bound };
        return template(evaluator, source, rest, Some(&binding));
    }
    let at = whole(source);
    let expr = convert::template(source.text(), at.span);
    let inner = Evaluator { names: &Nothing, source, bound, budget: evaluator.budget };
    let value = inner.eval(&expr);
    match value.data {
        // Its own text has a place in the file; what was put in had another.
        Data::Text(_) => Value { origin: at, ..value },
        _ => value,
    }
}
