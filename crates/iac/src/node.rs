//! One tree for YAML and JSON, with the bytes of every key and value: a dialect that comes in both is read
//! by one reader. Depth and size (aliases expanded) are bounded when a tree is built, so whoever walks one
//! may recurse.

use std::{ops::Range, sync::Arc};

/// Deeper nesting is refused.
pub const MAX_DEPTH: usize = 200;
/// More nodes, aliases expanded, are refused: a few lines of YAML can stand for billions.
pub const MAX_NODES: usize = 2_000_000;

/// What a text holds: its documents, and the error that ended the reading.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The documents that were read to their end. JSON has one; empty YAML documents are left out.
    pub documents: Vec<Arc<Node>>,
    /// Why the rest was not read.
    pub error: Option<TreeError>,
}

/// Why a text is no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TreeError {
    /// Where, in bytes of the file.
    pub offset: usize,
    /// `Syntax`, `TooDeep` or `TooManyNodes`.
    pub code: &'static str,
    /// What is wrong there.
    pub message: String,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A YAML scalar or collection without brackets or quotes.
    Block,
    /// A YAML collection in brackets.
    Flow,
    /// A scalar in quotes, of YAML or JSON.
    Quoted,
    /// A YAML scalar that begins with `|` or `>`.
    Literal,
    /// A JSON collection, or a JSON number, boolean or null.
    Json,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its bytes, without tag and anchor.
    pub span: Range<usize>,
    /// A YAML tag as written: `!Ref`.
    pub tag: Option<String>,
    /// How it is written.
    pub style: Style,
    /// What it is.
    pub value: Value,
    depth: usize,
    weight: usize,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// A string, number or boolean: its text, escapes resolved.
    Scalar(String),
    /// A sequence.
    List(Vec<Arc<Node>>),
    /// A mapping, in the order of the text.
    Map(Vec<Member>),
}

/// A member of a mapping.
#[derive(Debug, Clone)]
pub struct Member {
    /// The key's text; what is no scalar has an empty one.
    pub key: String,
    /// The key's bytes.
    pub key_span: Range<usize>,
    /// Its value; that of the anchor, where an alias stands here.
    pub node: Arc<Node>,
    /// The bytes of the alias that stands here instead of a value.
    pub alias: Option<Range<usize>>,
    /// Whether it came by a merge key (`<<`) and stands elsewhere.
    pub merged: bool,
}

impl Member {
    /// Where its text ends, in the mapping that it is a member of.
    pub fn end(&self) -> usize {
        self.alias.as_ref().map_or(self.node.span.end, |alias| alias.end).max(self.key_span.end)
    }

    /// Key and value.
    pub fn span(&self) -> Range<usize> {
        self.key_span.start..self.end()
    }
}

impl Node {
    pub(crate) fn new(
        span: Range<usize>,
        tag: Option<String>,
        style: Style,
        value: Value,
    ) -> Result<Self, (&'static str, &'static str)> {
        let (mut depth, mut weight) = (0, 1_usize);
        let mut count = |node: &Node| {
            depth = depth.max(node.depth);
            weight = weight.saturating_add(node.weight);
        };
        match &value {
            Value::List(items) => items.iter().for_each(|item| count(item)),
            Value::Map(members) => members.iter().for_each(|member| count(&member.node)),
            Value::Null | Value::Scalar(_) => {}
        }
        if depth >= MAX_DEPTH {
            return Err(("TooDeep", "nested too deep"));
        }
        if weight > MAX_NODES {
            return Err(("TooManyNodes", "too many nodes: aliases multiply them"));
        }
        Ok(Self { span, tag, style, value, depth: depth + 1, weight })
    }

    /// How many nodes it is, aliases expanded.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The member of that name; the last one where it stands twice, as readers of YAML and JSON take it.
    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members().iter().rev().find(|member| member.key == key)
    }

    /// The value of the member of that name.
    pub fn get(&self, key: &str) -> Option<&Arc<Node>> {
        self.member(key).map(|member| &member.node)
    }

    /// The value at the end of a path of names.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key).map(Arc::as_ref))
    }

    /// The members; none where it is no mapping.
    pub fn members(&self) -> &[Member] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// The items; none where it is no sequence.
    pub fn items(&self) -> &[Arc<Node>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the member of that name.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// A boolean, quoted or not.
    pub fn boolean(&self) -> Option<bool> {
        boolean(self.text()?)
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Visits it and everything below, mappings before their members.
    pub fn visit<'a>(&'a self, visitor: &mut dyn FnMut(&'a Node)) {
        visitor(self);
        match &self.value {
            Value::List(items) => items.iter().for_each(|item| item.visit(visitor)),
            Value::Map(members) => members.iter().for_each(|member| member.node.visit(visitor)),
            Value::Null | Value::Scalar(_) => {}
        }
    }

    /// Whether it means the same, wherever and however it is written.
    pub fn same(&self, other: &Node) -> bool {
        self.tag == other.tag
            && match (&self.value, &other.value) {
                (Value::Null, Value::Null) => true,
                (Value::Scalar(one), Value::Scalar(two)) => one == two,
                (Value::List(one), Value::List(two)) => {
                    one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.same(two))
                }
                (Value::Map(one), Value::Map(two)) => {
                    one.len() == two.len()
                        && one
                            .iter()
                            .zip(two)
                            .all(|(one, two)| one.key == two.key && one.node.same(&two.node))
                }
                _ => false,
            }
    }
}

/// A boolean as YAML 1.1, YAML 1.2 and JSON write it.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
