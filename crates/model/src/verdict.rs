//! The three-valued verdict (and `skip` for what is not judged), and severity.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a control says of one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The control's condition is broken.
    Fail,
    /// What would decide it was not readable, not resolvable, or never seen before. Never a pass.
    Unknown,
    /// The control's condition holds, on values that were read.
    Pass,
    /// Not judged, with a reason (a terminated instance, say).
    Skip,
}

impl Verdict {
    /// Every verdict, worst first: the order of reports.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Unknown, Self::Pass, Self::Skip];

    /// The spelling used in every output of imdsure.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::Skip => "skip",
        }
    }

    /// The status that Powerpipe's formats use for it.
    pub const fn powerpipe_status(self) -> &'static str {
        match self {
            Self::Fail => "alarm",
            Self::Unknown => "error",
            Self::Pass => "ok",
            Self::Skip => "skip",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no verdict or severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of {1}")]
pub struct UnknownWord(String, &'static str);

impl FromStr for Verdict {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
            .ok_or_else(|| UnknownWord(word.to_owned(), "fail, unknown, pass, skip"))
    }
}

/// How much a failing control matters, as Security Hub grades it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be repaired when convenient.
    Low,
    /// To be repaired as a priority.
    Medium,
    /// To be repaired at once.
    High,
    /// To be repaired before anything else.
    Critical,
}

impl Severity {
    /// The spelling used in every output of imdsure.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
