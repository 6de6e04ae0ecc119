//! A structure as an argument: JSON, the AWS CLI's shorthand, or a file of JSON. It is read into the common
//! tree, and every value knows where in the script it was written.

use std::{ops::Range, sync::Arc};

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    expand::{Expanded, OPEN, Variables, expression},
    lexer::Quote,
    shorthand::shorthand,
};
use crate::{
    dialect::Files,
    edit::New,
    fix::Splice,
    node::{Node, Style},
    setting::{self, At, Setting},
    source::Source,
    spec::{Declared, OptionValue, Options, Switch},
};

/// What stands around an argument.
pub(super) struct Around<'a> {
    pub(super) files: &'a Files<'a>,
    pub(super) source: &'a Source,
    pub(super) variables: &'a Variables<'a>,
}

/// A structure.
pub(super) enum Document {
    /// Written in the call, or in variables that it names.
    Inline(Expanded, Arc<Node>),
    /// In a file beside the script.
    File(Arc<Source>, Arc<Node>),
    /// Not known, and why.
    Open(String, Range<usize>),
}

impl Document {
    /// The structure that an argument is.
    pub(super) fn of(around: &Around<'_>, text: &Expanded) -> Self {
        let open = |reason: &str| Self::Open(reason.to_owned(), text.span.clone());
        if let Some(path) = text.text.strip_prefix("file://") {
            return match (text.reason(&(0..text.text.len())), around.variables.file(path)) {
                (Some(reason), _) => open(reason),
                (None, Some(body)) if !body.text.starts_with("file://") => Self::of(around, &body),
                (None, _) => file(around.files, around.source, path, &text.span),
            };
        }
        let trimmed = text.text.trim_start();
        let node =
            if trimmed.starts_with(['{', '[']) { json(&text.text) } else { shorthand(&text.text) };
        match node {
            Some(node) => Self::Inline(text.clone(), node),
            None => open(text.reason(&(0..text.text.len())).unwrap_or("this cannot be read")),
        }
    }

    fn node(&self) -> Option<&Arc<Node>> {
        match self {
            Self::Inline(_, node) | Self::File(_, node) => Some(node),
            Self::Open(..) => None,
        }
    }

    /// The options of the block at a path.
    pub(super) fn options(&self, source: &Source, path: &[&str]) -> Options {
        let value = |name: &'static str| [path, &[name]].concat();
        Options {
            http_tokens: self.declared(source, &value("HttpTokens"), Tokens::parse),
            http_endpoint: self.declared(source, &value("HttpEndpoint"), Endpoint::parse),
            hop_limit: self.declared(source, &value("HttpPutResponseHopLimit"), i64::parse),
            instance_metadata_tags: self.declared(
                source,
                &value("InstanceMetadataTags"),
                Switch::parse,
            ),
            http_protocol_ipv6: self.declared(source, &value("HttpProtocolIpv6"), Switch::parse),
        }
    }

    fn declared<T: OptionValue>(
        &self,
        source: &Source,
        path: &[&str],
        parse: fn(&str) -> Option<T>,
    ) -> Declared<T> {
        match self {
            Self::Open(reason, span) => unresolved(source, reason, span),
            Self::File(file, root) => Setting::literal(file, root.at(path)).declared(parse),
            Self::Inline(text, root) => match root.at(path) {
                None => Declared::Absent,
                Some(node) if node.is_null() => Declared::Absent,
                Some(node) => {
                    let inner = inner(node);
                    let place = text.place(&inner);
                    let reason = text.reason(&inner).unwrap_or("this is no value of the option");
                    match node.text().and_then(|text| Some((parse(text)?, text))) {
                        Some((value, verbatim)) => Declared::Set {
                            value,
                            verbatim: verbatim.to_owned(),
                            place: source.place(place),
                        },
                        None => unresolved(source, reason, &place),
                    }
                }
            },
        }
    }

    /// The text at a path, or the expression that stands there.
    pub(super) fn text(&self, source: &Source, path: &[&str]) -> Option<String> {
        let node = self.node()?.at(path)?;
        let text = node.text()?;
        match self {
            Self::Inline(whole, _) if text.contains(OPEN) => {
                Some(expression(source, &whole.place(&inner(node))))
            }
            _ => Some(text.to_owned()),
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.node().map(|node| node.items()).unwrap_or_default();
        let one = |node: &Arc<Node>| match self {
            Self::Inline(text, _) => Self::Inline(text.clone(), Arc::clone(node)),
            Self::File(source, _) => Self::File(Arc::clone(source), Arc::clone(node)),
            Self::Open(reason, span) => Self::Open(reason.clone(), span.clone()),
        };
        items.iter().map(one).collect()
    }

    /// The splice that sets a value at a path, whether it is there or not.
    pub(super) fn set(&self, source: &Source, path: &[&str], word: &str) -> Option<Splice> {
        match self {
            Self::Open(..) => None,
            Self::File(file, root) => match root.at(path) {
                Some(node) if !node.is_null() => {
                    Setting::Literal(At { source: file, node }).set(&New::text(word))
                }
                _ => setting::add(file, root, path, &New::text(word)),
            },
            Self::Inline(text, root) => match root.at(path) {
                Some(node) => {
                    let (span, _) = text.written(&inner(node))?;
                    (node.text() == Some(source.slice(span.clone())))
                        .then(|| Splice::of(source, span, word))
                }
                None => insert(source, text, root, path, word),
            },
        }
    }
}

/// Adds what is missing of a path behind the bracket that opens the mapping.
fn insert(
    source: &Source,
    text: &Expanded,
    root: &Node,
    path: &[&str],
    word: &str,
) -> Option<Splice> {
    let (first, rest) = path.split_first()?;
    if let Some(inner) = root.get(first) {
        return insert(source, text, inner, rest, word);
    }
    if !root.is_map() {
        return None;
    }
    let json = root.style == Style::Json;
    let bracket = text.text.get(root.span.start..)?.starts_with('{');
    let first_byte = root.span.start..root.span.start + 1;
    let (span, quote) = text.written(&first_byte)?;
    let quote_mark = match (json, quote) {
        (true, Quote::Single | Quote::Here) => "\"",
        (true, Quote::Double) => "\\\"",
        (true, Quote::None) => return None,
        (false, _) => "",
    };
    let quoted = |text: &str| format!("{quote_mark}{text}{quote_mark}");
    let value = rest.iter().rev().fold(quoted(word), |inner, key| {
        if json { format!("{{{}: {inner}}}", quoted(key)) } else { format!("{{{key}={inner}}}") }
    });
    let member =
        if json { format!("{}: {value}", quoted(first)) } else { format!("{first}={value}") };
    let at = if bracket { span.end } else { span.start };
    let comma = if root.members().is_empty() { "" } else { "," };
    if !json {
        return Some(Splice::of(source, at..at, format!("{member}{comma}")));
    }
    // On a line of its own where the first member has one.
    let gap: String =
        text.text[first_byte.end..].chars().take_while(|c| c.is_whitespace()).collect();
    let (before, behind) = match (gap.contains('\n'), root.members().is_empty()) {
        (_, true) => ("", ""),
        (false, false) if gap.is_empty() => ("", " "),
        (_, false) => (gap.as_str(), ""),
    };
    let known = !gap.contains(OPEN);
    known.then(|| Splice::of(source, at..at, format!("{before}{member}{comma}{behind}")))
}

/// The bytes of a scalar without its quotes.
fn inner(node: &Node) -> Range<usize> {
    match node.style {
        Style::Quoted if node.span.len() >= 2 => node.span.start + 1..node.span.end - 1,
        _ => node.span.clone(),
    }
}

pub(super) fn unresolved<T>(source: &Source, reason: &str, span: &Range<usize>) -> Declared<T> {
    Declared::Unresolved {
        reason: reason.to_owned(),
        expression: expression(source, span),
        place: source.place(span.clone()),
    }
}

/// A file by its path from the folder of the script.
fn file(files: &Files<'_>, source: &Source, path: &str, span: &Range<usize>) -> Document {
    let open = |reason: String| Document::Open(reason, span.clone());
    if path.starts_with('/') || path.is_empty() {
        return open(format!("file {path} is not beside the script"));
    }
    let folder = source.path().parent().unwrap_or(std::path::Path::new(""));
    let Ok(file) = files.open(&folder.join(path)) else {
        return open(format!("file {path} is not beside the script"));
    };
    let root = file.tree().documents.first().cloned();
    match root {
        Some(root) => Document::File(file, root),
        None => open(format!("file {path} cannot be read")),
    }
}

fn json(text: &str) -> Option<Arc<Node>> {
    let whole = crate::json::parse(text);
    if whole.error.is_none() {
        return whole.documents.first().cloned();
    }
    // An unknown value without quotes would be a number: one of as many bytes, and of no option.
    let filled = text.replace(OPEN, "1e0");
    let parsed = crate::json::parse(&filled);
    parsed.documents.first().filter(|_| parsed.error.is_none()).cloned()
}
