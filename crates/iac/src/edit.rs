//! Splices of YAML and JSON that change one thing and leave everything else as it is: comments, order,
//! indentation, quotes, line ends. Where the text is of a form for which that cannot be promised (block
//! scalars, complex keys), there is no splice.

mod list;

use std::{fmt::Write as _, ops::Range};

use crate::{
    fix::Splice,
    node::{Member, Node, Style},
    source::Source,
};

pub use list::append;

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum New {
    /// A string.
    Text(String),
    /// A number or boolean: it gets no quotes.
    Plain(String),
    /// A mapping.
    Map(Vec<(String, New)>),
    /// A sequence.
    List(Vec<New>),
}

impl New {
    /// A string.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A number or boolean.
    pub fn plain(value: &impl ToString) -> Self {
        Self::Plain(value.to_string())
    }

    /// A mapping of strings.
    pub fn map(members: &[(&str, New)]) -> Self {
        Self::Map(members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }
}

/// How values are written at a place.
#[derive(Clone, Copy)]
enum Form<'a> {
    /// YAML lines, from that indentation on.
    Lines { indent: &'a str },
    /// In brackets on one line; keys and strings in quotes, or not.
    Inline { quoted: bool },
    /// JSON over several lines, from that indentation on.
    Pretty { indent: &'a str },
}

struct Writer<'a> {
    newline: &'a str,
    /// One level of indentation.
    unit: &'a str,
    quoted_keys: bool,
}

/// Gives a scalar another value; in quotes where it is in quotes.
pub fn set_scalar(source: &Source, node: &Node, value: &New) -> Option<Splice> {
    let old = source.slice(node.span.clone());
    let text = match value {
        New::Text(text) | New::Plain(text) => text,
        New::Map(_) | New::List(_) => return None,
    };
    let new = match (node.style, old.chars().next()) {
        (Style::Quoted, Some('"')) => double_quoted(text),
        (Style::Quoted, Some('\'')) if !text.contains(['\n', '\'']) => format!("'{text}'"),
        (Style::Json, _) => match value {
            New::Plain(text) => text.clone(),
            _ => double_quoted(text),
        },
        (Style::Block, Some(_)) if node.text().is_some() && !old.contains('\n') => scalar(value),
        _ => return None,
    };
    Some(Splice::of(source, node.span.clone(), new))
}

/// Puts a value, on one line, where another one stands, its tag included.
pub fn replace(source: &Source, node: &Node, value: &New) -> Option<Splice> {
    let mut begin = node.span.start;
    if let Some(tag) = &node.tag {
        let before = source.slice(0..begin).trim_end_matches([' ', '\t']);
        begin = before.strip_suffix(tag.as_str())?.len();
    }
    let written = source.slice(node.span.clone());
    let quoted =
        node.style == Style::Json || written.trim_start_matches(['{', ' ']).starts_with('"');
    let writer = Writer { newline: source.newline(), unit: "  ", quoted_keys: quoted };
    let text = writer.value(value, Form::Inline { quoted });
    Some(Splice::of(source, begin..node.span.end, text))
}

/// Adds members to a mapping that has none of these names.
pub fn insert(source: &Source, map: &Node, members: &[(&str, New)]) -> Option<Splice> {
    if !map.is_map() || members.iter().any(|(key, _)| map.get(key).is_some()) {
        return None;
    }
    let members: Vec<(String, New)> =
        members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    match map.style {
        Style::Block => insert_lines(source, map, &members),
        Style::Flow | Style::Json => Some(insert_brackets(source, map, &members)),
        Style::Quoted | Style::Literal => None,
    }
}

/// Gives a member whose value is nothing (`Key:` in YAML, `null` in JSON) a mapping.
pub fn fill(source: &Source, member: &Member, members: &[(&str, New)]) -> Option<Splice> {
    if member.merged || member.alias.is_some() || !member.node.is_null() {
        return None;
    }
    let members: Vec<(String, New)> =
        members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let written = source.slice(member.node.span.clone());
    if member.node.style == Style::Json || !written.trim().is_empty() {
        let quoted = member.node.style == Style::Json;
        let writer = Writer { newline: source.newline(), unit: "  ", quoted_keys: quoted };
        let text = writer.value(&New::Map(members), Form::Inline { quoted });
        return Some(Splice::of(source, member.node.span.clone(), text));
    }
    let line = source.line_at(member.key_span.end);
    let rest = source.slice(member.key_span.end..line.end);
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    if !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    let unit = unit(source);
    let indent = format!("{}{unit}", column(source, member.key_span.start)?);
    let writer = Writer { newline: source.newline(), unit: &unit, quoted_keys: false };
    let text = writer.lines(&members, &indent);
    let end = line.start + source.slice(line.clone()).trim_end().len();
    Some(Splice::of(source, end..end, format!("{}{indent}{text}", source.newline())))
}

/// Into a YAML block mapping: below the last member whose line is whole, else above the first one.
fn insert_lines(source: &Source, map: &Node, members: &[(String, New)]) -> Option<Splice> {
    let own: Vec<&Member> = map.members().iter().filter(|member| !member.merged).collect();
    // An explicit key (`? a`) or an empty one has no line to take as a model.
    let first = own.iter().find(|member| simple_key(source, member))?;
    let indent = column(source, first.key_span.start)?;
    let quoted_keys = source.slice(first.key_span.clone()).starts_with('"');
    let unit = unit(source);
    let writer = Writer { newline: source.newline(), unit: &unit, quoted_keys };
    let text = writer.lines(members, &indent);
    let newline = source.newline();
    if let Some(end) = own.last().and_then(|last| whole_line_end(source, last)) {
        return Some(Splice::of(source, end..end, format!("{newline}{indent}{text}")));
    }
    let at = first.key_span.start;
    Some(Splice::of(source, at..at, format!("{text}{newline}{indent}")))
}

/// Whether a key is followed by its colon, on one line.
fn simple_key(source: &Source, member: &Member) -> bool {
    let key = source.slice(member.key_span.clone());
    let line = source.line_at(member.key_span.end);
    let rest = source.slice(member.key_span.end..line.end);
    let before = source.slice(line.start..member.key_span.start);
    !key.is_empty()
        && !key.contains('\n')
        && rest.trim_start().starts_with(':')
        && before.chars().all(|c| matches!(c, ' ' | '-' | '\u{feff}'))
}

/// The end of the line on which a member ends, a comment behind it included. None where the end is not sure.
fn whole_line_end(source: &Source, member: &Member) -> Option<usize> {
    let end = match &member.alias {
        Some(alias) => alias.end,
        None => sure_end(&member.node)?,
    };
    line_end(source, end)
}

/// The end of a line of which nothing but a comment is left.
fn line_end(source: &Source, end: usize) -> Option<usize> {
    let line = source.line_at(end);
    let rest = source.slice(end..line.end);
    let comment = rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#');
    (rest.trim().is_empty() || comment).then_some(line.end)
}

/// Where a value ends, where the parser's word for it can be relied on.
fn sure_end(node: &Node) -> Option<usize> {
    match node.style {
        Style::Literal => None,
        Style::Block if node.is_null() => None,
        Style::Block if node.text().is_none() => {
            let last_item = node.items().last().map(|item| sure_end(item));
            let last_member = node.members().iter().rfind(|member| !member.merged);
            let last = last_item.or_else(|| {
                last_member.map(|member| match &member.alias {
                    Some(alias) => Some(alias.end),
                    None => sure_end(&member.node),
                })
            });
            // An alias as the last item stands elsewhere: then the mapping knows better.
            last?.filter(|end| *end == node.span.end)
        }
        _ => Some(node.span.end),
    }
}

/// The blanks that put a line into the column of this place. None where tabs are in the way.
fn column(source: &Source, offset: usize) -> Option<String> {
    let line = source.line_at(offset);
    let before = source.slice(line.start..offset);
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    (!before.contains('\t')).then(|| " ".repeat(before.chars().count()))
}

/// Into brackets: behind the last member, on its own line where the members have theirs.
fn insert_brackets(source: &Source, map: &Node, members: &[(String, New)]) -> Splice {
    let json = map.style == Style::Json;
    let own: Vec<&Member> = map.members().iter().filter(|member| !member.merged).collect();
    let newline = source.newline();
    let unit = unit(source);
    let Some(last) = own.last() else {
        // Behind the bracket, in front of what may be there (blanks, comments).
        let at = map.span.start + 1;
        let writer = Writer { newline, unit: &unit, quoted_keys: json };
        let text = writer.members(members, Form::Inline { quoted: json }, ", ");
        return Splice::of(source, at..at, text);
    };
    let quoted = json || source.slice(last.key_span.clone()).starts_with('"');
    let writer = Writer { newline, unit: &unit, quoted_keys: quoted };
    let line = source.line_at(last.key_span.start);
    let indent = source.indent_at(line.start);
    let own_line = source.slice(line.start..last.key_span.start).trim_start_matches('\u{feff}');
    let at = last.end();
    let text = if own_line == indent && json {
        let separator = format!(",{newline}{indent}");
        format!("{separator}{}", writer.members(members, Form::Pretty { indent }, &separator))
    } else if own_line == indent {
        let separator = format!(",{newline}{indent}");
        format!("{separator}{}", writer.members(members, Form::Inline { quoted }, &separator))
    } else {
        format!(", {}", writer.members(members, Form::Inline { quoted }, ", "))
    };
    Splice::of(source, at..at, text)
}

impl Writer<'_> {
    /// Members as YAML lines; the first one without its indentation.
    fn lines(&self, members: &[(String, New)], indent: &str) -> String {
        self.members(members, Form::Lines { indent }, &format!("{}{indent}", self.newline))
    }

    fn members(&self, members: &[(String, New)], form: Form<'_>, separator: &str) -> String {
        let written = members.iter().map(|(key, value)| {
            let key = if self.quoted_keys { double_quoted(key) } else { scalar(&New::text(key)) };
            let gap = match (form, value) {
                (Form::Lines { .. }, New::Map(members)) if !members.is_empty() => "",
                (Form::Lines { .. }, New::List(items)) if !items.is_empty() => "",
                _ => " ",
            };
            format!("{key}:{gap}{}", self.value(value, form))
        });
        written.collect::<Vec<_>>().join(separator)
    }

    fn value(&self, value: &New, form: Form<'_>) -> String {
        let (members, newline) = match value {
            New::Map(members) => (members, self.newline),
            New::List(items) => return self.list(items, form),
            New::Text(text) if quotes(form) => return double_quoted(text),
            _ => return scalar(value),
        };
        match form {
            _ if members.is_empty() => "{}".to_owned(),
            Form::Lines { indent } => {
                let indent = format!("{indent}{}", self.unit);
                format!("{newline}{indent}{}", self.lines(members, &indent))
            }
            Form::Inline { quoted: true } => format!("{{ {} }}", self.members(members, form, ", ")),
            Form::Inline { quoted: false } => format!("{{{}}}", self.members(members, form, ", ")),
            Form::Pretty { indent } => {
                let inner = format!("{indent}{}", self.unit);
                let separator = format!(",{newline}{inner}");
                let members = self.members(members, Form::Pretty { indent: &inner }, &separator);
                format!("{{{newline}{inner}{members}{newline}{indent}}}")
            }
        }
    }

    fn list(&self, items: &[New], form: Form<'_>) -> String {
        let newline = self.newline;
        let joined = |form: Form<'_>, separator: &str| {
            let items: Vec<String> = items.iter().map(|item| self.value(item, form)).collect();
            items.join(separator)
        };
        match form {
            _ if items.is_empty() => "[]".to_owned(),
            Form::Lines { indent } => {
                let indent = format!("{indent}{}", self.unit);
                let item = |item| format!("{newline}{indent}- {}", self.item(item, &indent));
                items.iter().map(item).collect()
            }
            Form::Inline { .. } => format!("[{}]", joined(form, ", ")),
            Form::Pretty { indent } => {
                let inner = format!("{indent}{}", self.unit);
                let separator = format!(",{newline}{inner}");
                let items = joined(Form::Pretty { indent: &inner }, &separator);
                format!("[{newline}{inner}{items}{newline}{indent}]")
            }
        }
    }

    /// An item of a YAML list, behind its dash.
    fn item(&self, item: &New, indent: &str) -> String {
        match item {
            New::Map(members) if !members.is_empty() => self.lines(members, &format!("{indent}  ")),
            New::Map(_) | New::List(_) => {
                self.value(item, Form::Inline { quoted: self.quoted_keys })
            }
            _ => self.value(item, Form::Lines { indent }),
        }
    }
}

const fn quotes(form: Form<'_>) -> bool {
    matches!(form, Form::Inline { quoted: true } | Form::Pretty { .. })
}

/// A scalar without quotes where YAML reads it back as the same string, else with them.
fn scalar(value: &New) -> String {
    match value {
        New::Plain(text) => text.clone(),
        New::Text(text) if plain(text) => text.clone(),
        New::Text(text) => double_quoted(text),
        New::Map(_) | New::List(_) => String::new(),
    }
}

/// Whether YAML takes a text for a string as it stands. Narrow on purpose.
fn plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(word)
        && crate::node::boolean(text).is_none()
        && !matches!(text.to_ascii_lowercase().as_str(), "null" | "y" | "n")
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || c == '\u{feff}' || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// One level of indentation: that of the first line that is indented.
fn unit(source: &Source) -> String {
    let indent =
        |line: &str| -> Range<usize> { 0..line.len() - line.trim_start_matches([' ', '\t']).len() };
    let lines = source.text().lines().take(2_000);
    lines
        .filter(|line| !line.trim_start().starts_with(['#', '*', '-']) && !line.trim().is_empty())
        .map(|line| &line[indent(line)])
        .find(|indent| !indent.is_empty())
        .filter(|indent| indent.len() <= 8)
        .unwrap_or("  ")
        .to_owned()
}
