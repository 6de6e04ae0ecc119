//! Ignore comments of other tools. They are recorded and not acted on: whether they count is a setting.

use std::ops::Range;

use crate::source::{Place, Source};

/// A comment that silences a rule of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreComment {
    /// The tool: `checkov`, `trivy`, `tfsec`, `kics`, `bridgecrew`, `datadog`.
    pub tool: &'static str,
    /// The rule as written; empty where the comment silences all.
    pub rule: String,
    /// The reason that follows it; empty where there is none.
    pub reason: String,
    /// The comment.
    pub place: Place,
}

/// Marker, tool, and whether a rule follows it.
const MARKERS: [(&str, &str, bool); 7] = [
    ("checkov:skip=", "checkov", true),
    ("bridgecrew:skip=", "bridgecrew", true),
    ("trivy:ignore:", "trivy", true),
    ("tfsec:ignore:", "tfsec", true),
    ("kics-scan ignore-line", "kics", false),
    ("kics-scan ignore-block", "kics", false),
    ("dd-iac-scan ignore", "datadog", false),
];

/// The ignore comments in a definition and in the comment lines directly above it.
pub fn comments(source: &Source, span: &Range<usize>) -> Vec<IgnoreComment> {
    let begin = above(source, span.start);
    let end = source.line_at(span.end.saturating_sub(1).max(span.start)).end.max(begin);
    let text = source.slice(begin..end);
    let mut found = Vec::new();
    for (marker, tool, has_rule) in MARKERS {
        for at in memchr::memmem::find_iter(text.as_bytes(), marker) {
            found.push(comment(source, begin + at, marker.len(), tool, has_rule));
        }
    }
    found.sort_by_key(|comment| comment.place.bytes.start);
    found
}

/// Where the comment lines begin that stand directly above a line.
fn above(source: &Source, offset: usize) -> usize {
    let mut begin = source.line_at(offset).start;
    while begin > 0 {
        let line = source.line_at(begin - 1);
        let text = source.slice(line.clone()).trim_start();
        if !["#", "//", "/*", "*"].iter().any(|mark| text.starts_with(mark)) {
            break;
        }
        begin = line.start;
    }
    begin
}

fn comment(
    source: &Source,
    at: usize,
    marker: usize,
    tool: &'static str,
    has_rule: bool,
) -> IgnoreComment {
    let line = source.line_at(at);
    let rest = source.slice(at + marker..line.end).trim_end_matches("*/").trim_end();
    let end = rest.find([':', ' ', '\t', '"']).filter(|_| has_rule).unwrap_or(rest.len());
    let (rule, reason) = if has_rule { rest.split_at(end) } else { ("", rest) };
    let reason = reason.trim_start_matches([':', ' ', '\t', '"']);
    IgnoreComment {
        tool,
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        place: source.place(at..at + marker + rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_above_and_within_are_found() {
        let text = "#checkov:skip=CKV_AWS_1:not this\n\nA: 1\n# trivy:ignore:AWS-0028 old agent\nB:\n  # checkov:skip=CKV_AWS_79: why not\n  C: 2 # kics-scan ignore-line\nD: 1 # tfsec:ignore:x";
        let source = Source::new("a", text);
        let begin = text.find("B:").unwrap();
        let end = text.find("2 #").unwrap() + 1;
        let found: Vec<_> = comments(&source, &(begin..end))
            .into_iter()
            .map(|comment| (comment.tool, comment.rule, comment.reason))
            .collect();
        let expected = [
            ("trivy", "AWS-0028", "old agent"),
            ("checkov", "CKV_AWS_79", "why not"),
            ("kics", "", ""),
        ];
        let expected: Vec<_> =
            expected.map(|(tool, rule, reason)| (tool, rule.to_owned(), reason.to_owned())).into();
        assert_eq!(found, expected);
    }
}
