//! Splices of HCL that keep everything else as it is, and keep `terraform fmt` content where it was: it
//! aligns the `=` of attributes on neighbouring lines, so a new line may move those of its neighbours.

use super::{
    ast::{Block, Body, Span},
    value::Origin,
};
use crate::{fix::Splice, source::Source};

/// The names and values of new attributes, the values as HCL spells them.
pub type New<'a> = &'a [(&'a str, &'a str)];

/// Gives a literal another value. A quoted one stays quoted, and a `null` becomes what HCL would write.
pub fn set(origin: &Origin, value: &str) -> Option<Splice> {
    if !origin.literal {
        return None;
    }
    let old = origin.source.slice(origin.span.range());
    let bare = value.trim_matches('"');
    let new = match old {
        "true" | "false" if matches!(bare, "true" | "false") => bare.to_owned(),
        "null" => value.to_owned(),
        _ if old.starts_with('"') && old.ends_with('"') && old.len() >= 2 => format!("\"{bare}\""),
        _ if old.parse::<f64>().is_ok() && bare.parse::<f64>().is_ok() => bare.to_owned(),
        _ => return None,
    };
    Some(realigned_comments(&origin.source, origin.span, &new))
}

/// A change of length moves the comment behind it, and `fmt` aligns comments of neighbouring lines.
fn realigned_comments(source: &Source, span: Span, new: &str) -> Splice {
    let range = span.range();
    let line = source.line_at(range.end);
    let behind = source.slice(range.end..line.end);
    let blanks = behind.len() - behind.trim_start_matches(' ').len();
    let comment = behind.trim_start().starts_with(['#', '/']);
    let before = source.slice(range.clone()).chars().count();
    let after = new.chars().count();
    if !comment || before == after || !neighbour_has_comment(source, &line) {
        return Splice::of(source, range, new);
    }
    // Shorter, or there is room: the comment stays in its column.
    let column = before + blanks;
    let pad = column.saturating_sub(after).max(1);
    Splice::of(source, range.start..range.end + blanks, format!("{new}{}", " ".repeat(pad)))
}

fn neighbour_has_comment(source: &Source, line: &std::ops::Range<usize>) -> bool {
    let above = line.start.checked_sub(1).map(|at| source.line_at(at));
    let below = source.text().get(line.end..).and_then(|rest| rest.find('\n'));
    let below = below.map(|at| source.line_at(line.end + at + 1));
    [above, below].into_iter().flatten().any(|line| {
        let text = source.slice(line).trim_start();
        !text.starts_with(['#', '/']) && (text.contains(" #") || text.contains(" //"))
    })
}

/// Adds a block of attributes at the end of a block.
pub fn insert_block(
    source: &Source,
    parent: &Block,
    kind: &str,
    attributes: New<'_>,
) -> Option<Splice> {
    let layout = Layout::of(source, parent)?;
    let inner = layout.inner();
    let deeper = format!("{inner}{}", layout.unit);
    let newline = source.newline();
    let lines = lines(attributes, &deeper, newline);
    let text = format!("{inner}{kind} {{{newline}{lines}{inner}}}");
    Some(layout.append(source, &text, true))
}

/// Adds an attribute whose value is an object over several lines, at the end of a block.
pub fn insert_object(
    source: &Source,
    parent: &Block,
    name: &str,
    attributes: New<'_>,
) -> Option<Splice> {
    let layout = Layout::of(source, parent)?;
    let inner = layout.inner();
    let deeper = format!("{inner}{}", layout.unit);
    let newline = source.newline();
    let lines = lines(attributes, &deeper, newline);
    let text = format!("{inner}{name} = {{{newline}{lines}{inner}}}");
    Some(layout.append(source, &text, true))
}

/// Adds an attribute to a block: below its last attribute that stands on one line.
pub fn insert_attribute(
    source: &Source,
    parent: &Block,
    name: &str,
    value: &str,
) -> Option<Splice> {
    let layout = Layout::of(source, parent)?;
    let text = format!("{}{name} = {value}", layout.inner());
    if layout.one_line {
        return Some(layout.append(source, &text, false));
    }
    match last_simple(source, &parent.body) {
        Some(line) => Some(insert_below(source, line, name, value)),
        None if parent.body.attributes.is_empty() && parent.body.blocks.is_empty() => {
            Some(layout.append(source, &text, false))
        }
        None => Some(layout.prepend(source, &text)),
    }
}

/// Adds a member to an object literal that has none of that name.
pub fn insert_item(source: &Source, object: Span, name: &str, value: &str) -> Option<Splice> {
    let range = object.range();
    let text = source.slice(range.clone());
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    if inside.trim().is_empty() {
        return Some(Splice::of(source, range, format!("{{ {name} = {value} }}")));
    }
    let end = range.start + 1 + inside.trim_end().len();
    if !inside.contains('\n') {
        let comma = if inside.trim_end().ends_with(',') { "" } else { "," };
        return Some(Splice::of(source, end..end, format!("{comma} {name} = {value}")));
    }
    let line = source.line_at(end);
    if line.end != end || line.start <= range.start {
        return None;
    }
    // An item in a comma's world has its comma; a comment keeps the line to itself.
    let last = source.slice(line.clone());
    if last.trim_start().starts_with(['#', '/', '*']) {
        let indent = source.indent_at(line.start);
        let text = format!("{}{indent}{name} = {value}", source.newline());
        return Some(Splice::of(source, end..end, text));
    }
    Some(insert_below(source, line, name, value))
}

/// Attributes on lines of their own, aligned.
fn lines(attributes: New<'_>, indent: &str, newline: &str) -> String {
    let width = attributes.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, value): &(&str, &str)| format!("{indent}{name:<width$} = {value}{newline}");
    attributes.iter().map(line).collect()
}

/// The line of the last attribute that stands on one line, if nothing of the body stands below it that
/// would be torn apart.
fn last_simple(source: &Source, body: &Body) -> Option<std::ops::Range<usize>> {
    let simple = body.attributes.iter().rev().find(|attribute| {
        let line = source.line_at(attribute.name_span.range().start);
        attribute.value.span.range().end <= line.end && assignment(source.slice(line)).is_some()
    })?;
    Some(source.line_at(simple.name_span.range().start))
}

/// Adds a line below another one, and aligns both with their neighbours if these are aligned.
fn insert_below(source: &Source, line: std::ops::Range<usize>, name: &str, value: &str) -> Splice {
    let newline = source.newline();
    let indent = source.indent_at(line.start).to_owned();
    let (first, leads) = chain(source, &line);
    let widest = leads.iter().map(|(lead, _)| *lead).max().unwrap_or(0);
    let aligned = leads.iter().all(|(lead, gap)| lead + gap == widest + 1);
    let own = indent.chars().count() + name.chars().count();
    if !aligned {
        let text = format!("{newline}{indent}{name} = {value}");
        return Splice::of(source, line.end..line.end, text);
    }
    let width = widest.max(own);
    let pad = |lead: usize| " ".repeat(width - lead + 1);
    let new = format!("{newline}{indent}{name}{}= {value}", pad(own));
    if width == widest {
        return Splice::of(source, line.end..line.end, new);
    }
    // The new name is the longest one: all lines of the chain move.
    let mut text = String::new();
    let mut at = first;
    while at <= line.end {
        let whole = source.line_at(at);
        let old = source.slice(whole.clone());
        if let Some(equal) = assignment(old) {
            let lead = old[..equal].trim_end();
            text.push_str(&format!("{lead}{}{}", pad(lead.chars().count()), &old[equal..]));
        }
        if whole.end >= line.end {
            break;
        }
        text.push_str(newline);
        at = whole.end + newline.len();
    }
    Splice::of(source, first..line.end, format!("{text}{new}"))
}

/// Where the run of lines with a `=` begins that ends with this one, and for each its text before the `=`
/// and the blanks between, in characters.
fn chain(source: &Source, line: &std::ops::Range<usize>) -> (usize, Vec<(usize, usize)>) {
    let (mut first, mut leads) = (line.start, Vec::new());
    let mut current = line.clone();
    loop {
        let text = source.slice(current.clone());
        let Some(equal) = assignment(text) else { break };
        let lead = text[..equal].trim_end();
        let gap = text[lead.len()..equal].chars().count();
        leads.push((lead.chars().count(), gap));
        first = current.start;
        if first == 0 {
            break;
        }
        current = source.line_at(first - 1);
    }
    (first, leads)
}

/// Where the `=` of a line stands, if what follows is whole on this line.
fn assignment(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let (mut equal, mut depth, mut at) = (None, 0_i32, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'#' => break,
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => break,
            b'<' if bytes.get(at + 1) == Some(&b'<') => return None,
            b'{' | b'[' | b'(' => depth += i32::from(equal.is_some()),
            b'}' | b']' | b')' => depth -= i32::from(equal.is_some()),
            b'=' if equal.is_none() => {
                let part_of_other = matches!(bytes.get(at + 1), Some(b'=' | b'>'))
                    || at > 0 && matches!(bytes[at - 1], b'=' | b'!' | b'<' | b'>');
                if part_of_other || line[..at].trim().is_empty() {
                    return None;
                }
                equal = Some(at);
            }
            _ => {}
        }
        at += 1;
    }
    equal.filter(|_| depth == 0)
}

/// How a block is laid out.
struct Layout {
    /// The white space before its first word.
    indent: String,
    /// One level of indentation.
    unit: String,
    /// The byte behind `{`.
    open: usize,
    /// The byte of `}`.
    close: usize,
    /// Whether braces and content stand on one line.
    one_line: bool,
}

impl Layout {
    fn of(source: &Source, block: &Block) -> Option<Self> {
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

    fn inner(&self) -> String {
        format!("{}{}", self.indent, self.unit)
    }

    /// Puts lines (the first one indented, the last one without its break) before the closing brace.
    fn append(&self, source: &Source, text: &str, spaced: bool) -> Splice {
        let newline = source.newline();
        let content = source.slice(self.open..self.close);
        let kept = content.trim_end();
        let indent = &self.indent;
        if kept.is_empty() {
            let text = format!("{newline}{text}{newline}{indent}");
            return Splice::of(source, self.open..self.close, text);
        }
        if self.one_line {
            // Only several lines hold several things.
            let (inner, kept) = (self.inner(), kept.trim_start());
            let own = kept.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
            let new = text.trim_start().split_once(" = ");
            let gap = if spaced { newline } else { "" };
            let body = match (own, new) {
                (Some(own), Some(new)) if !spaced => lines(&[own, new], &inner, newline),
                _ => format!("{inner}{kept}{newline}{gap}{text}{newline}"),
            };
            let text = format!("{newline}{body}{indent}");
            return Splice::of(source, self.open..self.close, text);
        }
        let end = self.open + kept.len();
        let blank = if spaced { newline } else { "" };
        Splice::of(source, end..end, format!("{newline}{blank}{text}"))
    }

    /// Puts a line behind the opening brace's line, with an empty one below.
    fn prepend(&self, source: &Source, text: &str) -> Splice {
        let newline = source.newline();
        let at = source.line_at(self.open).end;
        Splice::of(source, at..at, format!("{newline}{text}{newline}"))
    }
}

/// Behind the `{` of a block's text.
fn header_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'{' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}
