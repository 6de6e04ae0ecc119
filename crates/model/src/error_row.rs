//! What could not be read, as a row: evidence of a gap is evidence too.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why something could not be read, in the few kinds that call for different next steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// AWS refused: no permission allows the call.
    Denied,
    /// AWS refused: an organization policy denies the call explicitly.
    ClosedByPolicy,
    /// Credentials are missing, expired or not valid.
    Credentials,
    /// Still throttled after all the patience a call gets.
    Throttled,
    /// No answer, a broken connection, or an error on AWS's side, after all attempts.
    Unavailable,
    /// An answer that is not what the API documents.
    Malformed,
    /// The run was stopped before this was read.
    Interrupted,
    /// Any other error that AWS answered.
    Refused,
}

impl ErrorKind {
    const ALL: [Self; 8] = [
        Self::Denied,
        Self::ClosedByPolicy,
        Self::Credentials,
        Self::Throttled,
        Self::Unavailable,
        Self::Malformed,
        Self::Interrupted,
        Self::Refused,
    ];

    /// The kind of that spelling; a word that a later version may have added reads as `refused`.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap_or(Self::Refused)
    }

    /// The spelling in the `scan_error` table and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::ClosedByPolicy => "closed_by_policy",
            Self::Credentials => "credentials",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One row of `scan_error`, and one entry of a report's `errors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// The account, where it is known.
    #[serde(rename = "account")]
    pub account_id: Option<String>,
    /// The region; null when the whole account could not be read.
    pub region: Option<String>,
    /// The call, written as IAM writes it: `ec2:DescribeInstances`; `scan:ReadFile` of a file.
    pub operation: String,
    /// The error code as AWS answered it, or imdsure's own word for what never reached AWS.
    pub code: String,
    /// The message as AWS answered it.
    pub message: String,
    /// What sort of gap this is.
    pub kind: ErrorKind,
    /// The tables whose rows are missing, comma-separated; null when it is every table.
    pub table_name: Option<String>,
    /// The file or folder, where it is code that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line in it, from 1, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The character in the line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Who answers for the gap, so that it does not make the run incomplete; null when nobody does.
    #[serde(default)]
    pub accepted: Option<AcceptUnread>,
}

impl ErrorRow {
    /// `main.tf:12:3`; none where it is no file.
    pub fn file_place(&self) -> Option<String> {
        let path = self.path.as_deref()?;
        Some(match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{path}:{line}:{column}"),
            (Some(line), None) => format!("{path}:{line}"),
            (None, _) => path.to_owned(),
        })
    }
}

/// That somebody answers for a gap until a day (`[[accept_unread]]` of the configuration).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptUnread {
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is (`2027-01-31`).
    pub expires: String,
}
