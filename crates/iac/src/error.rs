//! What could not be read, as a row.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// A file, folder or part of a file that could not be read. The rest is read all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct ScanError {
    /// The file or folder.
    pub path: PathBuf,
    /// The line, where it is known.
    pub line: Option<u32>,
    /// The character in the line, where it is known.
    pub column: Option<u32>,
    /// A stable word: `NotFound`, `Denied`, `TooLarge`, `NotUtf8`, `Syntax`, `TooDeep`, …
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
}

impl ScanError {
    /// An error of a whole file or folder.
    pub fn of_file(path: &Path, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { path: path.to_path_buf(), line: None, column: None, code, message }
    }

    /// What the operating system refused.
    pub fn of_io(path: &Path, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::NotFound => "NotFound",
            io::ErrorKind::PermissionDenied => "Denied",
            _ => "Unreadable",
        };
        Self::of_file(path, code, error.to_string())
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        write!(f, ": {} ({})", self.message, self.code)
    }
}
