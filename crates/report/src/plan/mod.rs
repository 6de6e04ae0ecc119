//! A plan for people: may this run against production? One file for each format; what they say is said once, here beside
//! them.
//!
//! The head is known first, then changes pass by one by one, then what is left alone. Of them only numbers and a bounded
//! choice are kept, so that a plan of any size makes a report that can be read.

mod gather;
mod html;
mod line;
mod markdown;
mod pretty;
mod summary;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::{fmt, io, path::Path, str::FromStr};

use imdsure_model::plan::{Change, PlanHead, Unplanned};

use self::{
    gather::{Gathered, Limits},
    summary::Summary,
};
use crate::Style;

/// The formats in which a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFormat {
    /// For a terminal.
    Pretty,
    /// For a pull request or a ticket: short enough for a comment on GitHub.
    Markdown,
    /// One page that needs nothing else.
    Html,
}

/// A name that no format of plans has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no format of a plan; there are: {}", PlanFormat::ALL.map(PlanFormat::as_str).join(", "))]
pub struct UnknownPlanFormat {
    /// What was asked for.
    pub name: String,
}

impl PlanFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Pretty, Self::Markdown, Self::Html];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }

    /// The format that a file's extension stands for.
    pub fn of_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "txt" => Some(Self::Pretty),
            _ => None,
        }
    }

    const fn limits(self) -> Limits {
        match self {
            Self::Pretty => pretty::LIMITS,
            Self::Markdown => markdown::LIMITS,
            Self::Html => html::LIMITS,
        }
    }
}

impl fmt::Display for PlanFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PlanFormat {
    type Err = UnknownPlanFormat;

    fn from_str(name: &str) -> Result<Self, UnknownPlanFormat> {
        let named = Self::ALL.into_iter().find(|format| format.as_str() == name);
        named.ok_or_else(|| UnknownPlanFormat { name: name.to_owned() })
    }
}

/// The report of one plan. Give it every change and everything unplanned, in the plan's order, then write it.
#[derive(Debug)]
pub struct PlanReport<'h> {
    format: PlanFormat,
    style: Style,
    head: &'h PlanHead,
    file: String,
    /// Columns of the terminal.
    width: usize,
    gathered: Gathered,
}

impl<'h> PlanReport<'h> {
    /// Of the plan with this head, which lies in this file: that is how the command to approve it names it.
    pub fn new(format: PlanFormat, style: Style, head: &'h PlanHead, file: &str) -> Self {
        let waves: Vec<u32> = head.waves.iter().map(|wave| wave.wave).collect();
        let gathered = Gathered::new(format.limits(), &waves);
        let (file, width) = (file.to_owned(), pretty::WIDTH);
        Self { format, style, head, file, width, gathered }
    }

    /// For a terminal of so many columns.
    #[must_use]
    pub fn within(self, columns: usize) -> Self {
        Self { width: columns.max(pretty::NARROWEST), ..self }
    }

    /// One change.
    pub fn change(&mut self, change: &Change) {
        self.gathered.change(change);
    }

    /// One thing that is left alone.
    pub fn unplanned(&mut self, unplanned: &Unplanned) {
        self.gathered.unplanned(unplanned);
    }

    /// Writes the report.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let summary = Summary::of(self.head, &self.gathered, &self.file);
        match self.format {
            PlanFormat::Pretty => pretty::write(&summary, self.style, self.width, out),
            PlanFormat::Markdown => markdown::write(&summary, out),
            PlanFormat::Html => html::write(&summary, out),
        }
    }
}
