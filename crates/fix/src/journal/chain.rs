//! The form of a record, and the chain that records make.
//!
//! `{"n":1,"at":"2026-11-24T18:56:00.123Z","event":…,"prev":"…"}` and a newline. `n` counts from 1; `prev`
//! is the SHA-256 of the line before, without its newline, and 64 zeros in the first.

use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};

use super::digest::Digest;

/// The longest line that is written or read. A record is a few hundred bytes; a file that has no newline
/// must not fill the memory.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;

/// A record that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its number, from 1.
    pub n: u64,
    /// The digest of its line: the head of the chain while it is the last one.
    pub digest: Digest,
}

/// Why a line does not belong where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The line is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// The line is JSON, and no record.
    #[error("it is no record: {0}")]
    NotRecord(String),
    /// Lines are missing, moved or inserted.
    #[error("it is record {found} where record {expected} belongs")]
    Number {
        /// The number that belongs here.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },
    /// The line before is not the one that was written.
    #[error("it follows a line with digest {found}, and the line before it has {expected}")]
    Link {
        /// The digest of the line before.
        expected: Digest,
        /// What the record names.
        found: Digest,
    },
    /// No record is so long.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// An object was cut, which no writer does.
    #[error("it does not end")]
    Unended,
}

/// How far a chain goes: what the next record has to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) records: u64,
    pub(super) head: Digest,
}

/// A record without its event.
#[derive(Deserialize)]
struct Envelope {
    n: u64,
    #[serde(rename = "at")]
    _at: Timestamp,
    #[serde(rename = "event")]
    _event: IgnoredAny,
    prev: Digest,
}

impl Chain {
    pub(super) const START: Self = Self { records: 0, head: Digest::START };

    /// Adds a record to `lines`.
    pub(super) fn extend(&mut self, lines: &mut Vec<u8>, at: Timestamp, event: &str) -> Appended {
        let n = self.records + 1;
        let line = format!(r#"{{"n":{n},"at":"{at:.3}","event":{event},"prev":"{}"}}"#, self.head);
        *self = Self { records: n, head: Digest::of(line.as_bytes()) };
        lines.extend_from_slice(line.as_bytes());
        lines.push(b'\n');
        Appended { n, digest: self.head }
    }

    /// Takes a line (without its newline) as the next one, if it is.
    pub(super) fn accept(&mut self, line: &[u8]) -> Result<Appended, Why> {
        let envelope: Envelope = serde_json::from_slice(line).map_err(|error| {
            let text = error.to_string();
            if error.is_data() { Why::NotRecord(text) } else { Why::NotJson(text) }
        })?;
        let expected = self.records + 1;
        if envelope.n != expected {
            return Err(Why::Number { expected, found: envelope.n });
        }
        if envelope.prev != self.head {
            return Err(Why::Link { expected: self.head, found: envelope.prev });
        }
        *self = Self { records: expected, head: Digest::of(line) };
        Ok(Appended { n: expected, digest: self.head })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_the_documented_line() {
        let mut lines = Vec::new();
        let mut chain = Chain::START;
        let at = "2026-11-24T18:56:00.1239Z".parse().unwrap();
        let first = chain.extend(&mut lines, at, r#"{"kind":"begun"}"#);
        let zeros = "0".repeat(64);
        let line = format!(
            r#"{{"n":1,"at":"2026-11-24T18:56:00.123Z","event":{{"kind":"begun"}},"prev":"{zeros}"}}"#
        );
        assert_eq!(lines, format!("{line}\n").into_bytes());
        assert_eq!(first, Appended { n: 1, digest: Digest::of(line.as_bytes()) });
        chain.extend(&mut lines, at, "null");
        let second = lines.split(|byte| *byte == b'\n').nth(1).unwrap();
        assert!(String::from_utf8_lossy(second).contains(&first.digest.to_string()));
    }

    #[test]
    fn what_was_written_is_accepted_once_and_in_order() {
        let mut lines = Vec::new();
        let mut writer = Chain::START;
        for event in ["1", r#""two""#, "[3]"] {
            writer.extend(&mut lines, Timestamp::UNIX_EPOCH, event);
        }
        let lines: Vec<_> = lines.strip_suffix(b"\n").unwrap().split(|b| *b == b'\n').collect();
        let mut reader = Chain::START;
        assert!(matches!(reader.accept(lines[1]), Err(Why::Number { expected: 1, found: 2 })));
        for line in &lines {
            reader.accept(line).unwrap();
        }
        assert_eq!(reader, writer);
        assert!(reader.accept(lines[2]).is_err());
    }
}
