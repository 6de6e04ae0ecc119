//! JSON as HCL: the JSON form of Terraform's language, and JSON and YAML in texts.

use std::{fmt::Write as _, rc::Rc};

use super::{
    ast::{Expr, Item, Key, Kind, Span},
    convert,
    value::{Data, Map, Origin, Value},
};
use crate::node::{Node, Style, Value as Tree};

/// A JSON value as an expression: texts are templates.
pub fn expression(node: &Node) -> Expr {
    let span = Span::from(node.span.clone());
    let kind = match &node.value {
        Tree::Null => Kind::Null,
        Tree::Scalar(text) if node.style == Style::Quoted => {
            if text.contains("${") || text.contains("%{") {
                return convert::template(text, span);
            }
            Kind::Text(text.as_str().into())
        }
        Tree::Scalar(text) => match (text.as_str(), text.parse::<f64>()) {
            ("true", _) => Kind::Bool(true),
            ("false", _) => Kind::Bool(false),
            (_, Ok(number)) => Kind::Number(number),
            _ => Kind::Text(text.as_str().into()),
        },
        Tree::List(items) => Kind::List(items.iter().map(|item| expression(item)).collect()),
        Tree::Map(members) => {
            let items = members.iter().map(|member| Item {
                key: Key::Text(member.key.as_str().into()),
                value: expression(&member.node),
            });
            Kind::Map(items.collect())
        }
    };
    Expr { span, kind }
}

/// What a JSON or YAML text stands for. Its parts have places of their own where it is a file's; else all of it
/// is decided where the text is.
pub fn value_of_text(text: &str, at: &Origin, yaml: bool) -> Option<Value> {
    let parsed = if yaml { crate::yaml::parse(text) } else { crate::json::parse(text) };
    if parsed.error.is_some() {
        return Some(Value::error("this text cannot be decoded", at.clone()));
    }
    let at = Origin { literal: false, ..at.clone() };
    let own = at.span.range() == (0..text.len()) && at.source.text() == text;
    parsed.documents.first().map(|node| value(node, &at, own))
}

fn value(node: &Node, at: &Origin, own: bool) -> Value {
    let data = match &node.value {
        Tree::Null => Data::Null,
        Tree::Scalar(text) if matches!(node.style, Style::Quoted | Style::Literal) => {
            Data::Text(text.as_str().into())
        }
        Tree::Scalar(text) => match (crate::node::boolean(text), text.parse::<f64>()) {
            (Some(value), _) => Data::Bool(value),
            (_, Ok(number)) if number.is_finite() => Data::Number(number),
            _ => Data::Text(text.as_str().into()),
        },
        Tree::List(items) => {
            Data::List(Rc::new(items.iter().map(|item| value(item, at, own)).collect()))
        }
        Tree::Map(members) => {
            let mut map = Map::default();
            for member in members {
                map.set(member.key.as_str().into(), value(&member.node, at, own));
            }
            Data::Map(Rc::new(map))
        }
    };
    let span = if own { Span::from(node.span.clone()) } else { at.span };
    Value::new(data, Origin { span, ..at.clone() })
}

/// A known value as JSON.
pub(super) fn encode(value: &Value) -> Option<String> {
    let mut text = String::new();
    write(value, &mut text, 0)?;
    Some(text)
}

fn write(value: &Value, out: &mut String, depth: usize) -> Option<()> {
    if depth > 60 || out.len() > super::eval::MAX_TEXT {
        return None;
    }
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(_) | Data::Number(_) => out.push_str(&value.scalar()?),
        Data::Text(_) | Data::Encoded(_) => quote(&value.scalar()?, out),
        Data::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, out, depth + 1)?;
            }
            out.push(']');
        }
        Data::Map(map) if map.open.is_none() => {
            out.push('{');
            let mut items: Vec<_> = map.items.iter().collect();
            items.sort_by(|one, two| one.0.cmp(&two.0));
            for (index, (key, item)) in items.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                quote(key, out);
                out.push(':');
                write(item, out, depth + 1)?;
            }
            out.push('}');
        }
        _ => return None,
    }
    Some(())
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
