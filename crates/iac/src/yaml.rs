//! YAML into a [`Node`] tree. Tags are kept as written, aliases and merge keys resolved; what would make
//! the tree too deep or too large ends the reading with an error.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle, Tag};

use crate::node::{MAX_DEPTH, MAX_NODES, Member, Node, Parsed, Style, TreeError, Value};

/// Reads all documents of a text.
pub fn parse(text: &str) -> Parsed {
    let (body, base) = match text.strip_prefix('\u{feff}') {
        Some(body) => (body, text.len() - body.len()),
        None => (text, 0),
    };
    let mut builder = Builder { base, ..Builder::default() };
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    for event in Parser::new_from_str_with_options(body, options) {
        let step = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(TreeError {
                offset: base + error.marker().byte_offset().unwrap_or(0),
                code: code_of(&error),
                message: error.info(),
            }),
        };
        if let Err(error) = step {
            return Parsed { documents: builder.documents, error: Some(error) };
        }
    }
    Parsed { documents: builder.documents, error: None }
}

fn code_of(error: &granit_parser::ScanError) -> &'static str {
    match error.kind() {
        granit_parser::ErrorKind::RecursionLimitExceeded => "TooDeep",
        _ => "Syntax",
    }
}

#[derive(Default)]
struct Builder {
    base: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Arc<Node>>,
    documents: Vec<Arc<Node>>,
    /// Nodes of all documents, aliases expanded.
    total: usize,
}

/// A collection whose end has not come yet.
struct Open {
    begin: usize,
    /// Where its last part ended: the end event of a block collection is somewhere below it.
    last: usize,
    anchor: usize,
    tag: Option<String>,
    style: Style,
    content: Content,
}

enum Content {
    List(Vec<Arc<Node>>),
    Map { members: Vec<Member>, merges: Vec<Arc<Node>>, key: Option<Key> },
}

struct Key {
    text: String,
    span: Range<usize>,
    /// Whether it is `<<`, unquoted.
    merge: bool,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), TreeError> {
        let bytes = self.bytes(span);
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let node = Self::scalar(&text, style, tag.as_deref(), bytes)?;
                self.anchored(anchor, node)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.begin(bytes.start, style, anchor, tag.as_deref(), Content::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, tag) => {
                let content = Content::Map { members: Vec::new(), merges: Vec::new(), key: None };
                self.begin(bytes.start, style, anchor, tag.as_deref(), content);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&bytes)?,
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some(node) => self.add(node, Some(bytes))?,
                None => return Err(fail(bytes.start, "Syntax", "this alias is within its anchor")),
            },
            Event::UnresolvedAlias(name) => {
                let message = format!("no anchor is named `{name}`");
                return Err(TreeError { offset: bytes.start, code: "Syntax", message });
            }
            _ => {}
        }
        Ok(())
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        self.base + range.start..self.base + range.end.max(range.start)
    }

    fn scalar(
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Range<usize>,
    ) -> Result<Arc<Node>, TreeError> {
        let plain = matches!(style, ScalarStyle::Plain);
        let null = plain && tag.is_none() && matches!(text, "" | "~" | "null" | "Null" | "NULL");
        let value = if null { Value::Null } else { Value::Scalar(text.to_owned()) };
        let style = match style {
            ScalarStyle::Plain => Style::Block,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Literal,
            _ => Style::Quoted,
        };
        build(span, tag.map(Tag::original), style, value)
    }

    fn begin(
        &mut self,
        begin: usize,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        content: Content,
    ) {
        let style = match style {
            StructureStyle::Block => Style::Block,
            StructureStyle::Flow => Style::Flow,
        };
        let tag = tag.map(Tag::original);
        self.open.push(Open { begin, last: begin, anchor, tag, style, content });
    }

    fn end(&mut self, at: &Range<usize>) -> Result<(), TreeError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let end = if open.style == Style::Flow { at.end } else { open.last };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { members, merges, .. } => Value::Map(merge(members, &merges)),
        };
        let node = build(open.begin..end.max(open.begin), open.tag, open.style, value)?;
        self.anchored(open.anchor, node)
    }

    fn anchored(&mut self, anchor: usize, node: Arc<Node>) -> Result<(), TreeError> {
        if anchor != 0 {
            self.anchors.insert(anchor, Arc::clone(&node));
        }
        self.add(node, None)
    }

    /// Puts a complete node where it belongs.
    fn add(&mut self, node: Arc<Node>, alias: Option<Range<usize>>) -> Result<(), TreeError> {
        let span = alias.clone().unwrap_or_else(|| node.span.clone());
        // Every node is counted at each of the places in which it stands, collections with all they hold.
        if alias.is_some() {
            self.total = self.total.saturating_add(node.weight());
        } else {
            self.total = self.total.saturating_add(1);
        }
        if self.total > MAX_NODES {
            return Err(fail(span.start, "TooManyNodes", "too many nodes: aliases multiply them"));
        }
        let Some(open) = self.open.last_mut() else {
            if !node.is_null() {
                self.documents.push(node);
            }
            return Ok(());
        };
        open.last = open.last.max(span.end);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { members, merges, key } => match key.take() {
                None => {
                    let text = node.text().unwrap_or_default().to_owned();
                    let merge = text == "<<" && node.style == Style::Block;
                    *key = Some(Key { text, span, merge });
                }
                Some(key) if key.merge => merges.push(node),
                Some(Key { text, span, .. }) => {
                    members.push(Member { key: text, key_span: span, node, alias, merged: false });
                }
            },
        }
        Ok(())
    }
}

/// Members of merged mappings come first, so that the last of a name wins: own ones before merged ones,
/// earlier merged mappings before later ones.
fn merge(own: Vec<Member>, merges: &[Arc<Node>]) -> Vec<Member> {
    if merges.is_empty() {
        return own;
    }
    let sources = merges.iter().flat_map(|node| match &node.value {
        Value::List(items) => items.iter().map(Arc::as_ref).collect(),
        _ => vec![node.as_ref()],
    });
    let mut sources: Vec<&Node> = sources.collect();
    sources.reverse();
    // One that is overruled would double with every level of merging.
    let mut known: HashSet<&str> = own.iter().map(|member| member.key.as_str()).collect();
    let foreign = sources.into_iter().flat_map(Node::members).rev();
    let mut all: Vec<Member> = foreign
        .filter(|member| known.insert(&member.key))
        .map(|member| Member { merged: true, ..member.clone() })
        .collect();
    all.reverse();
    all.extend(own);
    all
}

fn build(
    span: Range<usize>,
    tag: Option<String>,
    style: Style,
    value: Value,
) -> Result<Arc<Node>, TreeError> {
    let offset = span.start;
    match Node::new(span, tag, style, value) {
        Ok(node) => Ok(Arc::new(node)),
        Err((code, message)) => Err(fail(offset, code, message)),
    }
}

fn fail(offset: usize, code: &'static str, message: &str) -> TreeError {
    TreeError { offset, code, message: message.to_owned() }
}
