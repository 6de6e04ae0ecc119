//! A file's text and the places in it. Offsets are bytes of the file as it lies on the disk (a byte order
//! mark included), so that a splice needs no translation; lines and columns are for people.

use std::{
    fmt, fs,
    io::Read as _,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use crate::{ScanError, node::Parsed};

/// Larger files are refused unread. The largest template that CloudFormation takes has 1 MB.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

const BOM: char = '\u{feff}';

/// A place in a text, counted from 1; columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: Arc<Path>,
    /// Its bytes.
    pub bytes: Range<usize>,
    /// Where it begins.
    pub start: Position,
    /// Where it ends: the character after its last one.
    pub end: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.start)
    }
}

/// A file that was read.
#[derive(Debug)]
pub struct Source {
    path: Arc<Path>,
    text: String,
    /// Where each line begins.
    lines: OnceLock<Vec<usize>>,
    yaml: OnceLock<Parsed>,
    json: OnceLock<Parsed>,
}

impl Source {
    /// A source from a text that is at hand.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self {
            path: Arc::from(path.into()),
            text: text.into(),
            lines: OnceLock::new(),
            yaml: OnceLock::new(),
            json: OnceLock::new(),
        }
    }

    /// A source from bytes, which have to be UTF-8.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, ScanError> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(error) => Err(not_utf8(path, &error)),
        }
    }

    /// Reads a regular file of at most [`MAX_BYTES`].
    pub fn read(path: &Path) -> Result<Self, ScanError> {
        Self::from_bytes(path, read_bytes(path)?)
    }

    /// The file.
    pub fn path(&self) -> &Arc<Path> {
        &self.path
    }

    /// All of the text, a byte order mark included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text after a byte order mark, and the offset at which it begins.
    pub fn body(&self) -> (&str, usize) {
        match self.text.strip_prefix(BOM) {
            Some(body) => (body, BOM.len_utf8()),
            None => (&self.text, 0),
        }
    }

    /// The text of a range; empty where the range is not of this text.
    pub fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// How this file ends its lines: as its first line does.
    pub fn newline(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// The tree of a YAML file, parsed when first asked for: several dialects read the same file.
    pub fn yaml(&self) -> &Parsed {
        self.yaml.get_or_init(|| crate::yaml::parse(&self.text))
    }

    /// The tree of a JSON file; comments and trailing commas are allowed.
    pub fn json(&self) -> &Parsed {
        self.json.get_or_init(|| crate::json::parse(&self.text))
    }

    /// The tree of a file that may be either: JSON by its first character, whatever the file is called. Tabs
    /// are no YAML, so JSON is not read as such.
    pub fn tree(&self) -> &Parsed {
        if self.body().0.trim_start().starts_with('{') {
            let json = self.json();
            if json.error.is_none() || crate::dialect::has_extension(&self.path, &["json"]) {
                return json;
            }
        }
        self.yaml()
    }

    /// Where a byte is.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let lines = self.lines();
        let line = lines.partition_point(|&begin| begin <= offset).max(1);
        let begin = lines.get(line - 1).copied().unwrap_or(0);
        let before = self.slice(begin..offset);
        let before = before.strip_prefix(BOM).unwrap_or(before);
        Position { line: count(line), column: count(before.chars().count() + 1) }
    }

    /// The byte at a place; the end of the line or text where there is no such character.
    pub fn offset(&self, at: Position) -> usize {
        let line = (at.line as usize).saturating_sub(1);
        let Some(&begin) = self.lines().get(line) else { return self.text.len() };
        let range = begin..self.line_at(begin).end;
        let text = self.slice(range.clone());
        let mark = text.len() - text.trim_start_matches(BOM).len();
        let column = (at.column as usize).saturating_sub(1);
        let inner = text[mark..].char_indices().nth(column).map(|(at, _)| mark + at);
        inner.map_or(range.end, |inner| begin + inner)
    }

    /// A range as a place.
    pub fn place(&self, bytes: Range<usize>) -> Place {
        let (start, end) = (self.position(bytes.start), self.position(bytes.end));
        Place { path: Arc::clone(&self.path), bytes, start, end }
    }

    /// The range of the line that a byte is in, without its line break.
    pub fn line_at(&self, offset: usize) -> Range<usize> {
        let offset = offset.min(self.text.len());
        let bytes = self.text.as_bytes();
        let begin = memchr::memrchr(b'\n', &bytes[..offset]).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', &bytes[offset..]).map_or(bytes.len(), |at| offset + at);
        let end = if end > begin && bytes[end - 1] == b'\r' { end - 1 } else { end };
        begin..end
    }

    /// The line's white space before its first other character.
    pub fn indent_at(&self, offset: usize) -> &str {
        let line = self.slice(self.line_at(offset));
        let line = line.strip_prefix(BOM).unwrap_or(line);
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// An error at a byte of this file.
    pub fn error(
        &self,
        offset: usize,
        code: &'static str,
        message: impl Into<String>,
    ) -> ScanError {
        let at = self.position(offset);
        ScanError {
            path: self.path.to_path_buf(),
            line: Some(at.line),
            column: Some(at.column),
            code,
            message: message.into(),
        }
    }

    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(breaks.map(|at| at + 1)).collect()
        })
    }
}

/// The bytes of a regular file of at most [`MAX_BYTES`].
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, ScanError> {
    let failed = |error: &std::io::Error| ScanError::of_io(path, error);
    // A pipe or a device would be waited for without end.
    let found = fs::metadata(path).map_err(|error| failed(&error))?;
    if !found.is_file() {
        return Err(ScanError::of_file(path, "NotAFile", "neither a file nor a folder"));
    }
    if found.len() > MAX_BYTES {
        return Err(too_large(path));
    }
    let mut bytes = Vec::with_capacity(found.len() as usize);
    let file = fs::File::open(path).map_err(|error| failed(&error))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_BYTES { Err(too_large(path)) } else { Ok(bytes) }
}

fn too_large(path: &Path) -> ScanError {
    let message = format!("larger than {} MiB: not read", MAX_BYTES / 1024 / 1024);
    ScanError::of_file(path, "TooLarge", message)
}

/// The place is counted in what came before, which is sound.
fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> ScanError {
    let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let source = Source::new(path, String::from_utf8_lossy(sound));
    source.error(sound.len(), "NotUtf8", "this byte is not UTF-8")
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_no_byte_order_mark() {
        let source = Source::new("a", "\u{feff}äb\r\nc😀d");
        assert_eq!(source.position(3), Position { line: 1, column: 1 });
        assert_eq!(source.position(5), Position { line: 1, column: 2 });
        let d = source.text().find('d').unwrap();
        assert_eq!(source.position(d), Position { line: 2, column: 3 });
        assert_eq!(source.offset(source.position(d)), d);
        assert_eq!(source.offset(Position { line: 1, column: 1 }), 3);
        assert_eq!(source.offset(Position { line: 9, column: 1 }), source.text().len());
        assert_eq!(source.position(9_999), Position { line: 2, column: 4 });
        assert_eq!(source.newline(), "\r\n");
        assert_eq!(source.slice(source.line_at(4)), "\u{feff}äb");
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_place() {
        let error = Source::from_bytes(Path::new("a"), b"ab\nc\xff".to_vec()).unwrap_err();
        assert_eq!((error.code, error.line, error.column), ("NotUtf8", Some(2), Some(2)));
    }

    #[test]
    fn a_large_file_is_refused_unread() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(Source::read(file.path()).unwrap_err().code, "TooLarge");
        assert_eq!(Source::read(Path::new("/")).unwrap_err().code, "NotAFile");
    }
}
