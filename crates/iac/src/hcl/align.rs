//! How `terraform fmt` aligns: the `=` of attributes on neighbouring lines, and the comments behind them. A
//! change of one line may move those of its neighbours, where these were aligned before.

use std::ops::Range;

use crate::source::Source;

/// What is open in a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Interpolation,
}

/// The bytes of a line that stand in no string and no comment in asterisks, up to a comment that ends the
/// line, whose first byte is the last one here.
pub(super) fn code(line: &str) -> Vec<(usize, u8)> {
    let bytes = line.as_bytes();
    let (mut code, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match (open.last(), byte) {
            (Some(Open::Text), b'\\') => at += 1,
            (Some(Open::Text), b'"') | (Some(Open::Interpolation), b'}') => {
                open.pop();
            }
            (Some(Open::Text), b'$' | b'%') if rest.get(1) == Some(&b'{') => {
                at += 1;
                open.push(Open::Interpolation);
            }
            (Some(Open::Text), _) => {}
            (_, b'"') => open.push(Open::Text),
            (Some(Open::Interpolation), b'{') => open.push(Open::Interpolation),
            (Some(Open::Interpolation), _) => {}
            (None, _) if rest.starts_with(b"/*") => {
                at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 1);
            }
            (None, _) => {
                code.push((at, byte));
                if byte == b'#' || rest.starts_with(b"//") {
                    return code;
                }
            }
        }
        at += 1;
    }
    code
}

/// Where the comment begins that ends a line behind something else.
fn comment(line: &str) -> Option<usize> {
    let (at, byte) = *code(line).last()?;
    let begins = byte == b'#' || line.get(at..)?.starts_with("//");
    (begins && !line.get(..at)?.trim().is_empty()).then_some(at)
}

/// Where the `=` of a line stands, if what follows is whole on this line.
pub(super) fn assignment(line: &str) -> Option<usize> {
    let (mut equal, mut depth) = (None, 0_i32);
    let bytes = line.as_bytes();
    // A comment may go on on the next line.
    if line.rfind("/*") > line.rfind("*/") {
        return None;
    }
    for (at, byte) in code(line) {
        match byte {
            b'#' => break,
            b'{' | b'[' | b'(' => depth += i32::from(equal.is_some()),
            b'}' | b']' | b')' => depth -= i32::from(equal.is_some()),
            b'<' if bytes.get(at + 1) == Some(&b'<') => return None,
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
    }
    equal.filter(|_| depth == 0)
}

/// The lines around one that have something at that place of them, without a gap.
fn run(
    source: &Source,
    line: &Range<usize>,
    has: impl Fn(&str) -> Option<usize>,
    below: bool,
) -> Vec<Range<usize>> {
    let wanted = |line: &Range<usize>| has(source.slice(line.clone())).is_some();
    let mut lines = vec![line.clone()];
    while let Some(first) = lines.first().filter(|first| first.start > 0) {
        let above = source.line_at(first.start - 1);
        if !wanted(&above) {
            break;
        }
        lines.insert(0, above);
    }
    while let Some(next) = lines.last().filter(|_| below).and_then(|last| after(source, last)) {
        if !wanted(&next) {
            break;
        }
        lines.push(next);
    }
    lines
}

fn after(source: &Source, line: &Range<usize>) -> Option<Range<usize>> {
    let at = source.text().get(line.end..)?.find('\n')?;
    let begin = line.end + at + 1;
    (begin < source.text().len()).then(|| source.line_at(begin))
}

/// Text before a place, without the blanks that align it: its width, and theirs.
fn widths(line: &str, at: usize) -> (usize, usize) {
    let lead = line[..at].trim_end_matches([' ', '\t']);
    (lead.chars().count(), line[lead.len()..at].chars().count())
}

fn aligned(widths: &[(usize, usize)]) -> bool {
    let widest = widths.iter().map(|(lead, _)| *lead).max().unwrap_or(0);
    widths.iter().all(|(lead, gap)| lead + gap == widest + 1)
}

/// A literal's new text, and the comments behind it and its neighbours moved along.
pub(super) fn replace(
    source: &Source,
    literal: &Range<usize>,
    new: &str,
) -> (Range<usize>, String) {
    let plain = (literal.clone(), new.to_owned());
    let line = source.line_at(literal.start);
    if literal.end > line.end || comment(source.slice(line.clone())).is_none() {
        return plain;
    }
    let lines = run(source, &line, comment, true);
    let old: Vec<&str> = lines.iter().map(|line| source.slice(line.clone())).collect();
    let places: Vec<usize> = old.iter().filter_map(|line| comment(line)).collect();
    let before: Vec<_> = old.iter().zip(&places).map(|(line, at)| widths(line, *at)).collect();
    if lines.len() == 1 || places.len() != lines.len() || !aligned(&before) {
        return plain;
    }
    let grown = |width: usize| {
        (width + new.chars().count()).saturating_sub(source.slice(literal.clone()).chars().count())
    };
    let lead = |index: usize| {
        if lines[index] == line { grown(before[index].0) } else { before[index].0 }
    };
    let widest = (0..lines.len()).map(lead).max().unwrap_or(0);
    let moved = |index: &usize| lead(*index) + before[*index].1 != widest + 1;
    let changed = |index: &usize| moved(index) || lines[*index] == line;
    let first = (0..lines.len()).find(changed);
    let last = (0..lines.len()).rfind(changed);
    let (Some(first), Some(last)) = (first, last) else { return plain };
    let mut text = String::new();
    let begin = if lines[first] == line { literal.start } else { lines[first].start };
    let mut end = begin;
    for index in first..=last {
        let (line_begin, at) = (lines[index].start, places[index]);
        let lead_end = line_begin + old[index][..at].trim_end_matches([' ', '\t']).len();
        if lines[index] == line {
            text.push_str(source.slice(end..literal.start));
            text.push_str(new);
            text.push_str(source.slice(literal.end..lead_end));
        } else {
            text.push_str(source.slice(end..lead_end));
        }
        text.push_str(&" ".repeat(widest + 1 - lead(index)));
        end = line_begin + at;
    }
    (begin..end, text)
}

/// New attributes below a line, aligned with their neighbours if these are aligned. Where many would have
/// to move, an empty line keeps them apart.
pub(super) fn below(
    source: &Source,
    line: &Range<usize>,
    new: &[(&str, &str)],
) -> (Range<usize>, String) {
    let newline = source.newline();
    let indent = source.indent_at(line.start);
    let lines = run(source, line, assignment, false);
    let texts = lines.iter().map(|line| source.slice(line.clone()));
    let before: Vec<_> =
        texts.filter_map(|text| assignment(text).map(|at| widths(text, at))).collect();
    let widest = before.iter().map(|(lead, _)| *lead).max().unwrap_or(0);
    let own = |name: &str| indent.chars().count() + name.chars().count();
    let longest = new.iter().map(|(name, _)| own(name)).max().unwrap_or(0);
    let write = |width: usize| -> String {
        let line = |(name, value): &(&str, &str)| {
            format!("{newline}{indent}{name}{}= {value}", " ".repeat(width + 1 - own(name)))
        };
        new.iter().map(line).collect()
    };
    if before.len() != lines.len() || !aligned(&before) {
        return (line.end..line.end, write(longest));
    }
    if longest <= widest {
        return (line.end..line.end, write(widest));
    }
    if lines.len() > 4 || below_heredoc(source, lines.first()) {
        return (line.end..line.end, format!("{newline}{}", write(longest)));
    }
    // The new name is the longest one: its few neighbours move.
    let begin = lines.first().map_or(line.start, |first| first.start);
    let (mut text, mut end) = (String::new(), begin);
    for whole in &lines {
        let old = source.slice(whole.clone());
        let Some(equal) = assignment(old) else { continue };
        let lead = old[..equal].trim_end_matches([' ', '\t']);
        text.push_str(source.slice(end..whole.start + lead.len()));
        text.push_str(&" ".repeat(longest + 1 - lead.chars().count()));
        end = whole.start + equal;
    }
    text.push_str(source.slice(end..line.end));
    (begin..line.end, text + &write(longest))
}

/// A heredoc is one long line to `fmt`, which aligns what stands above it and below.
fn below_heredoc(source: &Source, first: Option<&Range<usize>>) -> bool {
    let Some(first) = first.filter(|first| first.start > 0) else { return false };
    let above = source.slice(source.line_at(first.start - 1)).trim();
    !above.is_empty() && above.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
