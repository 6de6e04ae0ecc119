//! A tree of nodes as the JSON that a policy is.

use std::{fmt::Write as _, ops::Range};

use imdsure_policy::Position;

use super::{Part, Unresolved};
use crate::{
    node::{Node, Style, Value},
    source::{Place, Source},
};

/// Writes a tree as JSON and notes where each name and value comes from.
pub(super) struct Writer<'s, 'a> {
    pub(super) source: &'s Source,
    pub(super) resolve: &'s dyn Fn(&'a Node) -> Part<'a>,
    pub(super) text: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) marks: Vec<(Position, Place)>,
}

impl<'a> Writer<'_, 'a> {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        for c in text.chars() {
            if c == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
    }

    fn mark(&mut self, span: Range<usize>) {
        let at = Position { line: self.line, column: self.column };
        self.marks.push((at, self.source.place(span)));
    }

    pub(super) fn value(&mut self, node: &'a Node, level: usize) -> Result<(), Unresolved> {
        match (self.resolve)(node) {
            Part::Node(node) => self.node(node, level),
            Part::Text(text) => {
                self.mark(node.span.clone());
                self.quoted(&text);
                Ok(())
            }
            Part::Nothing => {
                self.push("null");
                Ok(())
            }
            Part::Open(reason) => {
                let expression = crate::setting::At { source: self.source, node }.expression();
                Err(Unresolved { reason, expression })
            }
        }
    }

    fn node(&mut self, node: &'a Node, level: usize) -> Result<(), Unresolved> {
        self.mark(node.span.clone());
        match &node.value {
            Value::Null => self.push("null"),
            Value::Scalar(text) if bare(node, text) => self.push(text),
            Value::Scalar(text) => self.quoted(text),
            Value::List(items) => {
                self.push("[");
                for (index, item) in items.iter().enumerate() {
                    self.next(index, level + 1);
                    self.value(item, level + 1)?;
                }
                self.close(items.is_empty(), level, "]");
            }
            Value::Map(members) => {
                self.push("{");
                let mut count = 0;
                for member in members {
                    if matches!((self.resolve)(&member.node), Part::Nothing) {
                        continue;
                    }
                    self.next(count, level + 1);
                    count += 1;
                    self.mark(member.key_span.clone());
                    self.quoted(&member.key);
                    self.push(": ");
                    self.value(&member.node, level + 1)?;
                }
                self.close(count == 0, level, "}");
            }
        }
        Ok(())
    }

    fn next(&mut self, index: usize, level: usize) {
        if index > 0 {
            self.push(",");
        }
        self.push("\n");
        self.push(&"  ".repeat(level));
    }

    fn close(&mut self, empty: bool, level: usize, bracket: &str) {
        if !empty {
            self.push("\n");
            self.push(&"  ".repeat(level));
        }
        self.push(bracket);
    }

    fn quoted(&mut self, text: &str) {
        let mut quoted = String::with_capacity(text.len() + 2);
        quoted.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                '\n' => quoted.push_str("\\n"),
                c if c.is_control() => {
                    let _ = write!(quoted, "\\u{:04x}", u32::from(c));
                }
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        self.push(&quoted);
    }
}

/// Whether a scalar is a number or a boolean.
fn bare(node: &Node, text: &str) -> bool {
    let number = text.parse::<i64>().is_ok() && !text.starts_with('+');
    match node.style {
        Style::Json => true,
        Style::Block if node.tag.is_none() => number || matches!(text, "true" | "false"),
        _ => false,
    }
}
