//! The trait that every format implements, and the names under which users ask for them.

use std::{fmt, io, path::Path, str::FromStr};

use imdsure_model::{ControlSummary, Finding, Head, Selection};

use crate::{
    brief::Brief, csv::Csv, json::Json, jsonl::JsonLines, nothing::Nothing, pretty::Pretty,
    sarif::Sarif,
};

/// One way of writing a report. Called in this order: `begin`, then for each control `control`, its
/// findings, `control_end`; then `end`.
pub trait Format: Send {
    /// The findings it wants of each control.
    fn selection(&self) -> Selection;

    /// The report begins.
    fn begin(&mut self, _head: &Head, _out: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }

    /// A control's findings begin.
    fn control(&mut self, _control: &ControlSummary, _out: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }

    /// One finding of the current control.
    fn finding(&mut self, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()>;

    /// The current control's findings are through.
    fn control_end(&mut self, _out: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }

    /// The report ends.
    fn end(&mut self, _head: &Head, _out: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}

/// How text for people looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Whether to use colour.
    pub colour: bool,
}

/// The formats, as users name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatName {
    /// For people at a terminal.
    Pretty,
    /// A line a finding, for logs.
    Brief,
    /// One report object.
    Json,
    /// A finding a line.
    JsonLines,
    /// Powerpipe's columns.
    Csv,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// Nothing: the exit code tells.
    Nothing,
}

/// A name that no format has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no output format; there are: {}", names())]
pub struct UnknownFormat {
    /// What was asked for.
    pub name: String,
}

fn names() -> String {
    FormatName::ALL.map(FormatName::as_str).join(", ")
}

impl FormatName {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Pretty,
        Self::Brief,
        Self::Json,
        Self::JsonLines,
        Self::Csv,
        Self::Sarif,
        Self::Nothing,
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Brief => "brief",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Sarif => "sarif",
            Self::Nothing => "none",
        }
    }

    /// The format that a file's extension stands for.
    pub fn of_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            "sarif" => Some(Self::Sarif),
            "txt" => Some(Self::Brief),
            _ => None,
        }
    }

    /// A writer of this format.
    pub fn writer(self, style: Style) -> Box<dyn Format> {
        match self {
            Self::Pretty => Box::new(Pretty::new(style)),
            Self::Brief => Box::new(Brief),
            Self::Json => Box::new(Json::default()),
            Self::JsonLines => Box::new(JsonLines),
            Self::Csv => Box::new(Csv::default()),
            Self::Sarif => Box::new(Sarif::default()),
            Self::Nothing => Box::new(Nothing),
        }
    }
}

impl fmt::Display for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FormatName {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let named = Self::ALL.into_iter().find(|format| format.as_str() == name);
        named.ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}
