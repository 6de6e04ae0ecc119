//! The syntax tree, with the bytes of the file that each part stands at. HCL and its JSON form give the
//! same tree.

use std::ops::Range;

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first one.
    pub start: u32,
    /// The one behind the last.
    pub end: u32,
}

impl Span {
    /// As a range of offsets.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl From<Range<usize>> for Span {
    /// Files are at most 16 MiB.
    fn from(range: Range<usize>) -> Self {
        let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: clip(range.start), end: clip(range.end) }
    }
}

/// The content of a file or a block.
#[derive(Debug, Default)]
pub struct Body {
    /// `name = value`, in order.
    pub attributes: Vec<Attribute>,
    /// Nested blocks, in order.
    pub blocks: Vec<Block>,
}

/// `name = value`.
#[derive(Debug)]
pub struct Attribute {
    /// The name.
    pub name: Box<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// The value.
    pub value: Expr,
}

/// `kind "label" { … }`.
#[derive(Debug)]
pub struct Block {
    /// Its first word.
    pub kind: Box<str>,
    /// Its labels.
    pub labels: Vec<Box<str>>,
    /// What is between the braces.
    pub body: Body,
    /// All of it.
    pub span: Span,
    /// Whether it comes from the JSON form.
    pub json: bool,
}

impl Body {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&Expr> {
        self.attributes.iter().find(|one| &*one.name == name).map(|one| &one.value)
    }

    /// Whether there is an attribute or block of that name.
    pub fn says(&self, name: &str) -> bool {
        self.attribute(name).is_some()
            || self.blocks(name).next().is_some()
            || self.dynamics(name).next().is_some()
    }

    /// The bytes of all that is said under a name.
    pub fn spans<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Span> {
        let attributes = self.attributes.iter().filter(move |one| &*one.name == name);
        let attributes =
            attributes.map(|one| Span { start: one.name_span.start, end: one.value.span.end });
        attributes.chain(self.blocks(name).chain(self.dynamics(name)).map(|block| block.span))
    }

    /// The blocks of a kind.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| &*block.kind == kind)
    }

    /// The `dynamic` blocks that make blocks of a kind.
    pub fn dynamics<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks("dynamic").filter(move |block| block.label(0) == Some(kind))
    }
}

impl Block {
    /// A label.
    pub fn label(&self, index: usize) -> Option<&str> {
        self.labels.get(index).map(|label| &**label)
    }
}

/// An expression. Parentheses are left out.
#[derive(Debug)]
pub struct Expr {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What an expression is.
#[derive(Debug)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string without interpolation.
    Text(Box<str>),
    /// A string with interpolations, or a heredoc.
    Template(Vec<Part>),
    /// `[…]`
    List(Vec<Expr>),
    /// `{…}`
    Map(Vec<Item>),
    /// A name that stands alone.
    Name(Box<str>),
    /// An expression and the steps into it: `var.x[0].y`.
    Path(Box<Expr>, Vec<Step>),
    /// `condition ? yes : no`
    If(Box<[Expr; 3]>),
    /// A call, and whether its last argument is expanded (`…`).
    Call(Box<str>, Vec<Expr>, bool),
    /// `!x`
    Not(Box<Expr>),
    /// `-x`
    Minus(Box<Expr>),
    /// `a op b`
    Binary(Op, Box<[Expr; 2]>),
    /// `[for …]`, `{for …}`
    For(Box<For>),
    /// What is not understood, and why.
    Opaque(&'static str),
}

/// A part of a template.
#[derive(Debug)]
pub enum Part {
    /// As it stands.
    Text(Box<str>),
    /// `${…}`
    Value(Expr),
    /// `%{…}`
    Directive,
}

/// A member of an object.
#[derive(Debug)]
pub struct Item {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub value: Expr,
}

/// The key of a member.
#[derive(Debug)]
pub enum Key {
    /// A word or string.
    Text(Box<str>),
    /// `(expression)`, or a string with interpolations.
    Computed(Expr),
}

/// A step into a value.
#[derive(Debug)]
pub enum Step {
    /// `.name`
    Attribute(Box<str>),
    /// `[expression]`, `.0`
    Index(Expr),
    /// `[*]`: all that follows is asked of each.
    Splat,
    /// `.*`: the attributes that follow are asked of each.
    AttributeSplat,
}

/// An operator with two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Op {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
}

/// A loop in an expression.
#[derive(Debug)]
pub struct For {
    /// The name of the key.
    pub key: Option<Box<str>>,
    /// The name of the value.
    pub value: Box<str>,
    /// What it goes over.
    pub over: Expr,
    /// The key of the result, which is then an object.
    pub result_key: Option<Expr>,
    /// The value of the result.
    pub result: Expr,
    /// `if …`
    pub condition: Option<Expr>,
    /// `…`: values of one key become a list.
    pub grouping: bool,
}
