//! What an expression of a template comes to.

use std::{borrow::Cow, rc::Rc};

use crate::{
    node::{Node, Value as Tree},
    source::Source,
    spec::{Declared, OptionValue},
};

/// A value, and the part of the text that decided it.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// A literal: changing it there changes the value.
    Node(&'a Node),
    /// Put together by this expression.
    Text(String, &'a Node),
    /// The property is not there.
    Nothing,
    /// `AWS::NoValue`: the same, said by this expression.
    Removed(&'a Node),
    /// The text does not settle it: why, and the expression.
    Unknown(String, &'a Node),
    /// One of two, by a condition that the text does not settle.
    Either(Rc<(Value<'a>, Value<'a>)>, String, &'a Node),
}

impl<'a> Value<'a> {
    /// One of two; both are kept, also where they say the same: a fix has to change both.
    pub(super) fn either(one: Self, two: Self, reason: String, at: &'a Node) -> Self {
        match (&one, &two) {
            (Self::Nothing, Self::Nothing) => one,
            _ => Self::Either(Rc::new((one, two)), reason, at),
        }
    }

    /// Whether nothing is said, whatever a condition comes to.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Nothing | Self::Removed(_) => true,
            Self::Either(both, ..) => both.0.is_nothing() && both.1.is_nothing(),
            _ => false,
        }
    }

    /// The text of a scalar that is known.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Node(node) => node.text().map(Cow::Borrowed),
            Self::Text(text, _) => Some(Cow::Borrowed(text)),
            Self::Either(both, ..) => {
                both.0.text().filter(|one| both.1.text().as_ref() == Some(one))
            }
            Self::Nothing | Self::Removed(_) | Self::Unknown(..) => None,
        }
    }

    /// The mapping or sequence that is known.
    pub(super) fn node(&self) -> Option<&'a Node> {
        match self {
            Self::Node(node) => Some(node),
            _ => None,
        }
    }

    /// What this says of an option.
    pub(super) fn declared<T: OptionValue>(
        &self,
        source: &Source,
        parse: fn(&str) -> Option<T>,
    ) -> Declared<T> {
        let (text, at): (Cow<'_, str>, _) = match self {
            Self::Nothing | Self::Removed(_) => return Declared::Absent,
            Self::Unknown(reason, at) => return unresolved(source, reason, at),
            Self::Either(both, reason, at) => {
                let (one, two) = (both.0.declared(source, parse), both.1.declared(source, parse));
                let agree = one.word() == two.word() && one.value() == two.value();
                return match one {
                    Declared::Unresolved { .. } => one,
                    _ if agree => one,
                    _ => unresolved(source, reason, at),
                };
            }
            Self::Node(node) => match &node.value {
                Tree::Scalar(text) => (Cow::Borrowed(text), *node),
                Tree::Null => return Declared::Absent,
                _ => return unresolved(source, "this is no value of the option", node),
            },
            Self::Text(text, node) => (Cow::Borrowed(text), *node),
        };
        match parse(&text) {
            Some(value) => Declared::Set {
                value,
                verbatim: text.into_owned(),
                place: source.place(at.span.clone()),
            },
            None => unresolved(source, "this is no value of the option", at),
        }
    }
}

fn unresolved<T>(source: &Source, reason: &str, at: &Node) -> Declared<T> {
    Declared::Unresolved {
        reason: reason.to_owned(),
        expression: expression(source, at),
        place: source.place(at.span.clone()),
    }
}

/// An expression as written, on one line and not too long.
pub(super) fn expression(source: &Source, node: &Node) -> String {
    let written = source.slice(node.span.clone());
    let words: Vec<&str> = written.split_whitespace().take(50).collect();
    let text = words.join(" ");
    let text = match &node.tag {
        Some(tag) => format!("{tag} {text}"),
        None => text,
    };
    if text.chars().count() <= 200 { text } else { text.chars().take(199).chain(['…']).collect() }
}
