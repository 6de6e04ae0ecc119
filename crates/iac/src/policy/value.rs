//! An evaluated value as the text of a policy: what `jsonencode` makes, or a text that stands in a file.

use super::{PolicyText, Unresolved, lines::Lines, output::Output};
use crate::hcl::value::{Data, Map, Origin, Unknown, Value};

/// Deeper values are no policies.
const MAX_DEPTH: usize = 40;

impl PolicyText {
    /// The text that a value comes to; none where it is no text at all.
    pub(crate) fn of_value(value: &Value) -> Option<Result<Self, Unresolved>> {
        match &value.data {
            Data::Null => None,
            Data::Encoded(inner) => Some(encoded(inner)),
            _ => match (value.scalar(), value.why()) {
                (Some(text), _) => Some(Ok(written(&text, &value.origin))),
                (None, Some(why)) => Some(Err(open(&why))),
                (None, None) => None,
            },
        }
    }
}

fn open(why: &Unknown) -> Unresolved {
    Unresolved { reason: why.reason.as_ref().to_owned(), expression: why.at.expression() }
}

fn written(text: &str, origin: &Origin) -> PolicyText {
    let lines = Lines::of(text, origin);
    PolicyText { lines, ..PolicyText::new(text, origin.place()) }
}

/// The JSON of a value, with the places that its parts come from.
fn encoded(value: &Value) -> Result<PolicyText, Unresolved> {
    let mut out = Output::new();
    write(value, 0, &mut out)?;
    Ok(out.policy(value.origin.place()))
}

fn write(value: &Value, level: usize, out: &mut Output) -> Result<(), Unresolved> {
    let refused = |reason: &str| {
        let expression = value.origin.expression();
        Err(Unresolved { reason: reason.to_owned(), expression })
    };
    if level > MAX_DEPTH {
        return refused("nested too deep");
    }
    out.mark(value.origin.place());
    match &value.data {
        Data::Null => out.push("null"),
        Data::List(items) => {
            out.push("[");
            for (index, item) in items.iter().enumerate() {
                out.next(index, level + 1);
                write(item, level + 1, out)?;
            }
            out.close(items.is_empty(), level, "]");
        }
        Data::Map(map) => members(map, level, out)?,
        Data::Bool(_) | Data::Number(_) => out.push(&value.scalar().unwrap_or_default()),
        _ => match (value.scalar(), value.why()) {
            (Some(text), _) => out.quoted(&text),
            (None, Some(why)) => return Err(open(&why)),
            (None, None) => return refused("this is no text"),
        },
    }
    Ok(())
}

fn members(map: &Map, level: usize, out: &mut Output) -> Result<(), Unresolved> {
    if let Some(why) = &map.open {
        return Err(open(why));
    }
    out.push("{");
    for (index, (key, value)) in map.items.iter().enumerate() {
        out.next(index, level + 1);
        // A name has no place of its own: that of what it names is beside it.
        out.mark(value.origin.place());
        out.quoted(key);
        out.push(": ");
        write(value, level + 1, out)?;
    }
    out.close(map.items.is_empty(), level, "}");
    Ok(())
}
