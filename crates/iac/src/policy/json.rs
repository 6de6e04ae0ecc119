//! A tree of nodes as the JSON that a policy is.

use super::{Part, Unresolved, output::Output};
use crate::{
    node::{Node, Style, Value},
    source::Source,
};

/// Writes a tree as JSON and notes where each name and value comes from.
pub(super) struct Writer<'s, 'a> {
    pub(super) source: &'s Source,
    pub(super) resolve: &'s dyn Fn(&'a Node) -> Part<'a>,
    pub(super) out: Output,
}

impl<'a> Writer<'_, 'a> {
    pub(super) fn value(&mut self, node: &'a Node, level: usize) -> Result<(), Unresolved> {
        match (self.resolve)(node) {
            Part::Node(node) => self.node(node, level),
            Part::Text(text) => {
                self.out.mark(self.source.place(node.span.clone()));
                self.out.quoted(&text);
                Ok(())
            }
            Part::Nothing => {
                self.out.push("null");
                Ok(())
            }
            Part::Open(reason) => {
                let expression = crate::setting::At { source: self.source, node }.expression();
                Err(Unresolved { reason, expression })
            }
        }
    }

    fn node(&mut self, node: &'a Node, level: usize) -> Result<(), Unresolved> {
        self.out.mark(self.source.place(node.span.clone()));
        match &node.value {
            Value::Null => self.out.push("null"),
            Value::Scalar(text) if bare(node, text) => self.out.push(text),
            Value::Scalar(text) => self.out.quoted(text),
            Value::List(items) => {
                self.out.push("[");
                for (index, item) in items.iter().enumerate() {
                    self.out.next(index, level + 1);
                    self.value(item, level + 1)?;
                }
                self.out.close(items.is_empty(), level, "]");
            }
            Value::Map(members) => {
                self.out.push("{");
                let mut count = 0;
                for member in members {
                    if matches!((self.resolve)(&member.node), Part::Nothing) {
                        continue;
                    }
                    self.out.next(count, level + 1);
                    count += 1;
                    self.out.mark(self.source.place(member.key_span.clone()));
                    self.out.quoted(&member.key);
                    self.out.push(": ");
                    self.value(&member.node, level + 1)?;
                }
                self.out.close(count == 0, level, "}");
            }
        }
        Ok(())
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
