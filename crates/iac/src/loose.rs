//! `HttpTokens` set to optional under any name (`metadata_options_http_tokens = "optional"`), found by line.
//! It catches what a dialect's structure does not lead to: renamed inputs of modules, maps of settings,
//! scripts in user data, and files with syntax errors.

use std::ops::Range;

use imdsure_model::effective::Tokens;

use crate::{
    source::Source,
    spec::{Declared, LaunchSpec},
};

/// The kind of rows that only a line stands for.
pub const KIND: &str = "text";

/// Rows for each explicit optional that lies in no covered range.
pub fn optionals(
    source: &Source,
    dialect: &'static str,
    covered: &[Range<usize>],
) -> Vec<LaunchSpec> {
    let hits = keys(source).filter_map(|key| {
        let value = value_after(source, key.end, source.slice(key.clone()).starts_with("--"))?;
        let known =
            covered.iter().any(|range| range.start <= value.start && value.end <= range.end);
        let optional = source.slice(value.clone()).eq_ignore_ascii_case("optional");
        (optional && !known && !in_comment(source, key.start)).then_some((key, value))
    });
    hits.map(|(key, value)| row(source, dialect, &key, &value)).collect()
}

fn row(
    source: &Source,
    dialect: &'static str,
    key: &Range<usize>,
    value: &Range<usize>,
) -> LaunchSpec {
    let name = source.slice(key.clone()).trim_start_matches('-');
    let mut spec = LaunchSpec::new(dialect, KIND, name, source.place(key.start..value.end));
    spec.options.http_tokens = Declared::Set {
        value: Tokens::Optional,
        verbatim: source.slice(value.clone()).to_owned(),
        place: source.place(value.clone()),
    };
    spec.count = None;
    spec.ignore_comments = crate::ignore::comments(source, &spec.place.bytes);
    spec
}

/// The names that end in `http_tokens`, however it is spelt.
fn keys(source: &Source) -> impl Iterator<Item = Range<usize>> {
    let text = source.text().as_bytes();
    let small = memchr::memmem::find_iter(text, "okens");
    let large = memchr::memmem::find_iter(text, "OKENS");
    small.chain(large).filter_map(move |at| {
        let end = at + "okens".len();
        let word = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
        if text.get(end).is_some_and(word) {
            return None;
        }
        // A name is short; without the limit a file of one long word would be read again and again.
        let before = &text[end.saturating_sub(128)..end];
        let length = before.iter().rev().take_while(|c| word(c)).count();
        let name = &text[end - length..end];
        let letters = name.iter().filter(|c| c.is_ascii_alphanumeric());
        let letters: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
        (letters.ends_with(b"httptokens") && !is_condition_key(&text[..end - length]))
            .then_some(end - length..end)
    })
}

/// Whether what follows is a key that a policy asks about, and no setting: `ec2:MetadataHttpTokens`.
fn is_condition_key(before: &[u8]) -> bool {
    ["ec2:", "ec2:Attribute/"].iter().any(|prefix| {
        let at = before.len().checked_sub(prefix.len());
        at.is_some_and(|at| before[at..].eq_ignore_ascii_case(prefix.as_bytes()))
    })
}

/// The word after a name: behind `:`, `=` or `=>`, or behind a blank where the name is a command's option.
fn value_after(source: &Source, end: usize, option: bool) -> Option<Range<usize>> {
    let line = source.line_at(end);
    let rest = source.slice(end..line.end);
    let mut text = rest.trim_start_matches(['"', '\'', '`', '\\']).trim_start();
    let separator = ["=>", ":=", ":", "="].iter().find_map(|mark| text.strip_prefix(mark));
    text = match separator {
        Some(after) => after,
        None if option && rest.starts_with([' ', '\t']) => text,
        None => return None,
    };
    let text = text.trim_start().trim_start_matches(['"', '\'', '`', '\\']);
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let begin = line.end - text.len();
    // `optional(string, "required")` is a type.
    let call = text[length..].starts_with('(');
    (length > 0 && !call).then_some(begin..begin + length)
}

fn in_comment(source: &Source, at: usize) -> bool {
    let before = source.slice(source.line_at(at).start..at);
    let begin = before.trim_start();
    ["#", "//", "/*", "* ", ";"].iter().any(|mark| begin.starts_with(mark))
        || [" #", "\t#", " //"].iter().any(|mark| before.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_is_found_under_any_name() {
        let text = "a_http_tokens = \"optional\"\n\
            metadataHttpTokens: Optional # why\n\
            \"HTTP-TOKENS\" => 'optional',\n\
            # http_tokens: optional\n\
            aws ec2 run-instances --http-tokens optional\n\
            http_tokens optional\n\
            http_tokens = var.tokens\n\
            http_tokens: required # http_tokens: optional\n\
            tokens: optional\n\
            http_tokens_x: optional\n\
            http_tokens = optional(string, \"required\")\n";
        let rows = optionals(&Source::new("a", text), "x", &[]);
        let mut lines: Vec<u32> = rows.iter().map(|row| row.place.start.line).collect();
        lines.sort_unstable();
        assert_eq!(lines, [1, 2, 3, 5]);
        assert_eq!(rows[0].address, "a_http_tokens");
        assert!(
            optionals(&Source::new("a", text), "x", std::slice::from_ref(&(0..text.len())))
                .is_empty()
        );
    }
}
