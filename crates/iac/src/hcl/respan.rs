//! A template within a JSON string: offsets within the string are none within the file.

use super::ast::{Expr, Key, Kind, Part, Span, Step};

/// Puts all of an expression at one place.
pub(super) fn respan(expr: &mut Expr, span: Span) {
    expr.span = span;
    match &mut expr.kind {
        Kind::Template(parts) => {
            for part in parts {
                if let Part::Value(value) = part {
                    respan(value, span);
                }
            }
        }
        Kind::List(items) | Kind::Call(_, items, _) => respan_all(items, span),
        Kind::Map(items) => {
            for item in items {
                respan(&mut item.value, span);
                if let Key::Computed(key) = &mut item.key {
                    respan(key, span);
                }
            }
        }
        Kind::Path(inner, steps) => {
            respan(inner, span);
            for step in steps {
                if let Step::Index(index) = step {
                    respan(index, span);
                }
            }
        }
        Kind::If(three) => respan_all(&mut **three, span),
        Kind::Not(inner) | Kind::Minus(inner) => respan(inner, span),
        Kind::Binary(_, two) => respan_all(&mut **two, span),
        Kind::For(each) => {
            let each = &mut **each;
            let inner = [&mut each.over, &mut each.result].into_iter();
            respan_all(inner.chain(&mut each.result_key).chain(&mut each.condition), span);
        }
        Kind::Null
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::Text(_)
        | Kind::Name(_)
        | Kind::Opaque(_) => {}
    }
}

fn respan_all<'a>(all: impl IntoIterator<Item = &'a mut Expr>, span: Span) {
    for one in all {
        respan(one, span);
    }
}
