//! What a finding on code carries beside its verdict: where it stands, the lines that show it, and the
//! repair as changes of the text.

use serde::{Deserialize, Serialize};

/// Where in code a finding stands. Lines and columns count from 1, columns in characters; the end is the
/// character after the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file.
    pub path: String,
    /// The first line.
    pub start_line: u32,
    /// The character in it.
    pub start_column: u32,
    /// The last line.
    pub end_line: u32,
    /// The character in it.
    pub end_column: u32,
    /// The address in the code's own words: `module.web.aws_instance.this`, a logical id, `Kind/name`.
    pub address: String,
}

/// What shows a finding to people, and what repairs it. No part of the finding in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// Lines of the code, from the definition to what decides.
    pub excerpts: Vec<Excerpt>,
    /// The changes of the text that repair it; empty where nothing does.
    pub splices: Vec<TextChange>,
    /// What the repair does, in words.
    pub fix_title: Option<String>,
}

/// One line of code with a part of it marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The file.
    pub path: String,
    /// The line's number, from 1.
    pub line: u32,
    /// The line, or of a long one the part around what is marked.
    pub text: String,
    /// How many characters of the line are left out before that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u32,
    /// The first marked character of the text, from 1.
    pub start_column: u32,
    /// The character after the last marked one.
    pub end_column: u32,
    /// What it is.
    pub part: Part,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What a marked part of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Where the definition begins.
    Definition,
    /// What decides `HttpTokens`.
    HttpTokens,
    /// What decides the hop limit.
    HopLimit,
    /// What is wrong in a policy.
    Mistake,
    /// The one line between a definition and what decides: it is shorter than saying that one is left out.
    Between,
}

/// One change of a text: a part that goes, and what comes in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextChange {
    /// The file.
    pub path: String,
    /// Where the part that goes begins.
    pub start_line: u32,
    /// The character in that line.
    pub start_column: u32,
    /// Where it ends.
    pub end_line: u32,
    /// The character after its last one.
    pub end_column: u32,
    /// What comes.
    pub inserted: String,
}
