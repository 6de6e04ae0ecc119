//! Items of lists: below or behind the last one, as its neighbours are written.

use std::sync::Arc;

use super::{Form, New, Writer, column, line_end, sure_end, unit};
use crate::{
    fix::Splice,
    node::{Node, Style, Value},
    source::Source,
};

/// Adds an item at the end of a list.
pub fn append(source: &Source, list: &Node, item: &New) -> Option<Splice> {
    let Value::List(items) = &list.value else { return None };
    match list.style {
        Style::Block => append_line(source, items, item),
        Style::Flow | Style::Json => append_brackets(source, list, items, item),
        Style::Quoted | Style::Literal => None,
    }
}

/// Below the last item whose line is whole, else above the first one.
fn append_line(source: &Source, items: &[Arc<Node>], item: &New) -> Option<Splice> {
    // An alias stands elsewhere: then no line can be taken as a model.
    let dash = |node: &Node| {
        let line = source.line_at(node.span.start);
        let before = source.slice(line.start..node.span.start);
        let blanks = before.trim_end_matches(' ').strip_suffix('-')?;
        blanks.chars().all(|c| c == ' ').then(|| line.start + blanks.len())
    };
    let first = items.first()?;
    let at = dash(first)?;
    let indent = column(source, at)?;
    let newline = source.newline();
    let unit = unit(source);
    let quoted_keys = first
        .members()
        .first()
        .is_some_and(|member| source.slice(member.key_span.clone()).starts_with('"'));
    let text = Writer { newline, unit: &unit, quoted_keys }.item(item, &indent);
    let last = items.last().filter(|last| dash(last).is_some_and(|dash| dash >= at));
    let end = last.and_then(|last| sure_end(last)).and_then(|end| line_end(source, end));
    Some(match end {
        Some(end) => Splice::of(source, end..end, format!("{newline}{indent}- {text}")),
        None => Splice::of(source, at..at, format!("- {text}{newline}{indent}")),
    })
}

fn append_brackets(
    source: &Source,
    list: &Node,
    items: &[Arc<Node>],
    item: &New,
) -> Option<Splice> {
    let json = list.style == Style::Json;
    let (newline, unit) = (source.newline(), unit(source));
    let own = |key: &str| key.starts_with('"');
    let quoted_keys = json
        || items.iter().any(|node| {
            node.members().iter().any(|member| own(source.slice(member.key_span.clone())))
        });
    let writer = Writer { newline, unit: &unit, quoted_keys };
    let inline = Form::Inline { quoted: quoted_keys };
    let Some(end_item) = items.last() else {
        let at = list.span.start + 1;
        return Some(Splice::of(source, at..at, writer.value(item, inline)));
    };
    // An alias as the last item stands elsewhere.
    if !(list.span.start..list.span.end).contains(&end_item.span.start) {
        return None;
    }
    let line = source.line_at(end_item.span.start);
    let indent = source.indent_at(line.start);
    let own_line = source.slice(line.start..end_item.span.start) == indent;
    let at = end_item.span.end;
    let form = if json { Form::Pretty { indent } } else { inline };
    let text = if own_line {
        format!(",{newline}{indent}{}", writer.value(item, form))
    } else {
        format!(", {}", writer.value(item, inline))
    };
    Some(Splice::of(source, at..at, text))
}
