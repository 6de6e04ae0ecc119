//! The AWS CLI's shorthand for structures.

use std::{ops::Range, sync::Arc};

use super::expand::OPEN;
use crate::node::{Member, Node, Style, Value};

/// Deeper shorthand is not read.
const MAX_DEPTH: usize = 40;

/// `Key=value,Key={Key=value},Key=[a,b]`
pub(super) fn shorthand(text: &str) -> Option<Arc<Node>> {
    let mut reader = Shorthand { text, at: 0 };
    let node = reader.members(None, 0)?;
    (reader.at >= text.len()).then_some(node)
}

struct Shorthand<'a> {
    text: &'a str,
    at: usize,
}

impl Shorthand<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// The members of a mapping, up to its bracket, which is consumed.
    fn members(&mut self, end: Option<char>, depth: usize) -> Option<Arc<Node>> {
        let begin = self.at.saturating_sub(usize::from(end.is_some()));
        let mut members = Vec::new();
        loop {
            self.blanks();
            if self.ends(end) {
                break;
            }
            let from = self.at;
            let length = self.rest().find(['=', ',', '{', '}', '[', ']', OPEN])?;
            if length == 0 || !self.rest()[length..].starts_with('=') {
                return None;
            }
            let key = self.rest()[..length].trim().to_owned();
            let key_span = from..from + length;
            self.at += length + 1;
            let node = self.value(depth + 1)?;
            members.push(Member { key, key_span, node, alias: None, merged: false });
            self.blanks();
            match self.rest().chars().next() {
                Some(',') => self.at += 1,
                other if other == end => {}
                _ => return None,
            }
        }
        if members.is_empty() && end.is_none() {
            return None;
        }
        build(begin..self.at, Value::Map(members), Style::Block)
    }

    /// Whether this is the end; its bracket is consumed.
    fn ends(&mut self, end: Option<char>) -> bool {
        match (self.rest().chars().next(), end) {
            (None, None) => true,
            (Some(found), Some(end)) if found == end => {
                self.at += 1;
                true
            }
            _ => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Arc<Node>> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.blanks();
        match self.rest().chars().next() {
            Some('{') => {
                self.at += 1;
                self.members(Some('}'), depth)
            }
            Some('[') => {
                let begin = self.at;
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.blanks();
                    if self.ends(Some(']')) {
                        break;
                    }
                    items.push(self.value(depth + 1)?);
                    self.blanks();
                    if self.rest().starts_with(',') {
                        self.at += 1;
                    } else if !self.rest().starts_with(']') {
                        return None;
                    }
                }
                build(begin..self.at, Value::List(items), Style::Block)
            }
            Some(mark @ ('"' | '\'')) => {
                let begin = self.at;
                let length = self.rest()[1..].find(mark)?;
                let text = self.rest()[1..=length].to_owned();
                self.at += length + 2;
                build(begin..self.at, Value::Scalar(text), Style::Quoted)
            }
            _ => Some(self.plain()?),
        }
    }

    /// A word; several of them (`Key=a,b`) are a list.
    fn plain(&mut self) -> Option<Arc<Node>> {
        let begin = self.at;
        let mut words = Vec::new();
        loop {
            let from = self.at;
            let length = self.rest().find([',', '}', ']']).unwrap_or(self.rest().len());
            let word = self.rest()[..length].to_owned();
            self.at += length;
            words.push(build(from..self.at, Value::Scalar(word), Style::Block)?);
            let Some(after) = self.rest().strip_prefix(',') else { break };
            let next = after.split([',', '}', ']']).next().unwrap_or_default();
            if next.contains('=') || next.trim().is_empty() {
                break;
            }
            self.at += 1;
        }
        match words.as_slice() {
            [one] => Some(Arc::clone(one)),
            _ => build(begin..self.at, Value::List(words), Style::Block),
        }
    }
}

fn build(span: Range<usize>, value: Value, style: Style) -> Option<Arc<Node>> {
    Node::new(span, None, style, value).ok().map(Arc::new)
}
