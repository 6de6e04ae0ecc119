//! How a block is laid out, and what is put into it.

use super::{align, ast::Block};
use crate::{fix::Splice, source::Source};

/// A block's place and white space.
pub(super) struct Layout {
    /// The white space before its first word.
    indent: String,
    /// One level of indentation.
    pub(super) unit: String,
    /// The byte behind `{`.
    open: usize,
    /// The byte of `}`.
    close: usize,
    /// Whether braces and content stand on one line.
    pub(super) one_line: bool,
}

impl Layout {
    pub(super) fn of(source: &Source, block: &Block) -> Option<Self> {
        let range = block.span.range();
        let text = source.slice(range.clone());
        if block.json || !text.ends_with('}') {
            return None;
        }
        let open = range.start + header_end(text)?;
        let close = range.end - 1;
        let indent = source.indent_at(range.start).to_owned();
        let one_line = !source.slice(open..close).contains('\n');
        let content = block.body.attributes.first().map(|first| first.name_span.range().start);
        let content =
            content.or_else(|| block.body.blocks.first().map(|first| first.span.range().start));
        let unit = content
            .map(|at| source.indent_at(at))
            .and_then(|inner| inner.strip_prefix(&*indent))
            .filter(|unit| !unit.is_empty() && !one_line && unit.len() <= 8)
            .unwrap_or("  ")
            .to_owned();
        Some(Self { indent, unit, open, close, one_line })
    }

    pub(super) fn inner(&self) -> String {
        format!("{}{}", self.indent, self.unit)
    }

    /// Puts lines (the first one indented, the last one without its break) before the closing brace.
    pub(super) fn append(&self, source: &Source, text: &str, spaced: bool) -> Splice {
        let newline = source.newline();
        let content = source.slice(self.open..self.close);
        let (kept, indent) = (content.trim_end(), &self.indent);
        if kept.is_empty() {
            let text = format!("{newline}{text}{newline}{indent}");
            return Splice::of(source, self.open..self.close, text);
        }
        let blank = if spaced { newline } else { "" };
        if self.one_line {
            let (inner, kept) = (self.inner(), kept.trim_start());
            let text = format!("{newline}{inner}{kept}{newline}{blank}{text}{newline}{indent}");
            return Splice::of(source, self.open..self.close, text);
        }
        let end = self.open + kept.len();
        // Behind a comment the closing brace may stand on its line.
        let (until, tail) = if source.slice(end..self.close).contains('\n') {
            (end, String::new())
        } else {
            (self.close, format!("{newline}{indent}"))
        };
        Splice::of(source, end..until, format!("{newline}{blank}{text}{tail}"))
    }

    /// Opens a block on one line, and puts attributes beside the only one that it may have.
    pub(super) fn unfold(&self, source: &Source, new: &[(&str, &str)]) -> Splice {
        let kept = source.slice(self.open..self.close).trim();
        let own = kept.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        let own = own.filter(|(name, _)| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
        let Some(own) = own else {
            let text = lines(new, &self.inner(), source.newline());
            return self.append(source, text.trim_end(), false);
        };
        let (inner, newline) = (self.inner(), source.newline());
        let body = lines(&[&[own], new].concat(), &inner, newline);
        let text = format!("{newline}{body}{}", self.indent);
        Splice::of(source, self.open..self.close, text)
    }

    /// Puts lines behind the opening brace's line, with an empty one below. None where a comment begins
    /// there and goes on.
    pub(super) fn prepend(&self, source: &Source, text: &str) -> Option<Splice> {
        let newline = source.newline();
        let at = source.line_at(self.open).end;
        let behind = source.slice(self.open..at);
        let whole = behind.rfind("/*") <= behind.rfind("*/");
        whole.then(|| Splice::of(source, at..at, format!("{newline}{text}{newline}")))
    }
}

/// Attributes on lines of their own, aligned.
pub(super) fn lines(attributes: &[(&str, &str)], indent: &str, newline: &str) -> String {
    let width = attributes.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, value): &(&str, &str)| format!("{indent}{name:<width$} = {value}{newline}");
    attributes.iter().map(line).collect()
}

/// Behind the `{` of a block's text.
fn header_end(text: &str) -> Option<usize> {
    let header = text.lines().next()?;
    align::code(header).into_iter().find(|(_, byte)| *byte == b'{').map(|(at, _)| at + 1)
}
