//! Splices of HCL that keep everything else as it is, and keep `terraform fmt` content where it was.

use super::{
    align,
    ast::{Block, Body, Span},
    layout::{Layout, lines},
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
    let range = origin.span.range();
    let old = origin.source.slice(range.clone());
    let bare = value.trim_matches('"');
    // In JSON an expression is a text with a place of its own, and a literal within it has none.
    if old.contains("${") || old.contains("%{") {
        return None;
    }
    let new = match old {
        "true" | "false" if matches!(bare, "true" | "false") => bare.to_owned(),
        "null" => value.to_owned(),
        _ if old.starts_with('"') && old.ends_with('"') && old.len() >= 2 => format!("\"{bare}\""),
        _ if old.parse::<f64>().is_ok() && bare.parse::<f64>().is_ok() => bare.to_owned(),
        _ => return None,
    };
    let (range, text) = align::replace(&origin.source, &range, &new);
    Some(Splice::of(&origin.source, range, text))
}

/// Adds a block of attributes at the end of a block.
pub fn insert_block(
    source: &Source,
    parent: &Block,
    kind: &str,
    attributes: New<'_>,
) -> Option<Splice> {
    braces(source, parent, &format!("{kind} {{"), attributes)
}

/// Adds an attribute whose value is an object over several lines, at the end of a block.
pub fn insert_object(
    source: &Source,
    parent: &Block,
    name: &str,
    attributes: New<'_>,
) -> Option<Splice> {
    braces(source, parent, &format!("{name} = {{"), attributes)
}

fn braces(source: &Source, parent: &Block, head: &str, attributes: New<'_>) -> Option<Splice> {
    let layout = Layout::of(source, parent)?;
    let inner = layout.inner();
    let newline = source.newline();
    let lines = lines(attributes, &format!("{inner}{}", layout.unit), newline);
    let text = format!("{inner}{head}{newline}{lines}{inner}}}");
    Some(layout.append(source, &text, true))
}

/// Adds attributes to a block: below its last attribute that stands on one line.
pub fn insert_attributes(source: &Source, parent: &Block, new: New<'_>) -> Option<Splice> {
    if new.iter().any(|(name, _)| parent.body.attribute(name).is_some()) {
        return None;
    }
    let layout = Layout::of(source, parent)?;
    if layout.one_line {
        return Some(layout.unfold(source, new));
    }
    let text = lines(new, &layout.inner(), source.newline());
    match last_simple(source, &parent.body) {
        Some(line) => {
            let (range, text) = align::below(source, &line, new);
            Some(Splice::of(source, range, text))
        }
        None if parent.body.attributes.is_empty() && parent.body.blocks.is_empty() => {
            Some(layout.append(source, text.trim_end(), false))
        }
        None => layout.prepend(source, text.trim_end()),
    }
}

/// Adds an attribute in front of all others, apart from them: behind them there may be another new one.
pub fn insert_first(source: &Source, parent: &Block, new: (&str, &str)) -> Option<Splice> {
    let layout = Layout::of(source, parent)?;
    if layout.one_line || parent.body.attributes.is_empty() && parent.body.blocks.is_empty() {
        return insert_attributes(source, parent, &[new]);
    }
    layout.prepend(source, lines(&[new], &layout.inner(), source.newline()).trim_end())
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
    // A comment keeps the line to itself, and so does what ends on a line and did not begin there.
    let last = source.slice(line.clone());
    if align::assignment(last).is_none() {
        let indent = source.indent_at(line.start);
        let text = format!("{}{indent}{name} = {value}", source.newline());
        return Some(Splice::of(source, end..end, text));
    }
    let (range, text) = align::below(source, &line, &[(name, value)]);
    Some(Splice::of(source, range, text))
}

/// The line of the last attribute that stands on one line.
fn last_simple(source: &Source, body: &Body) -> Option<std::ops::Range<usize>> {
    let simple = body.attributes.iter().rev().find(|attribute| {
        let line = source.line_at(attribute.name_span.range().start);
        attribute.value.span.range().end <= line.end
            && align::assignment(source.slice(line)).is_some()
    })?;
    Some(source.line_at(simple.name_span.range().start))
}
