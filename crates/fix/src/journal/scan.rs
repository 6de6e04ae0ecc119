//! Reading a journal line by line, each checked against the one before, in the memory of one line.

use std::io::{self, BufRead, Read as _};

use super::chain::{Appended, Chain, LONGEST, Why};

/// A last line that was not written to its end, and so has no newline: the run was killed in the middle of
/// it, before the call that it would have recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The number that its record would have had.
    pub n: u64,
    /// How many bytes of it there are.
    pub bytes: u64,
    /// Where they were copied before they were cut off.
    pub kept: String,
}

/// What stands at the end of the lines that belong to the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The next record; its line is in the buffer, without the newline.
    Record(Appended),
    /// A torn last line; it is in the buffer.
    Torn,
    End,
}

/// Why reading went no further.
#[derive(Debug)]
pub(super) enum Stop {
    Read(io::Error),
    Broken { line: u64, why: Why },
}

/// The lines of a journal.
#[derive(Debug)]
pub(super) struct Scan<R> {
    reader: R,
    /// How far the chain goes.
    pub(super) chain: Chain,
    /// Where the last accepted line ends.
    pub(super) offset: u64,
    /// Whether a last line may be torn: in a file, not in objects, which are there whole or not at all.
    may_tear: bool,
    /// The line read last.
    pub(super) line: Vec<u8>,
}

impl<R: BufRead> Scan<R> {
    pub(super) const fn new(reader: R, may_tear: bool) -> Self {
        Self { reader, chain: Chain::START, offset: 0, may_tear, line: Vec::new() }
    }

    /// The next line. After anything but a record there is nothing more to ask for.
    pub(super) fn next(&mut self) -> Result<Found, Stop> {
        self.line.clear();
        let limit = LONGEST as u64 + 2;
        let mut limited = (&mut self.reader).take(limit);
        limited.read_until(b'\n', &mut self.line).map_err(Stop::Read)?;
        if self.line.is_empty() {
            return Ok(Found::End);
        }
        if self.line.last() != Some(&b'\n') {
            return match (self.line.len() > LONGEST, self.may_tear) {
                (true, _) => self.broken(Why::TooLong),
                (false, true) => Ok(Found::Torn),
                (false, false) => self.broken(Why::Unended),
            };
        }
        self.line.pop();
        match self.chain.accept(&self.line) {
            Ok(record) => {
                self.offset += self.line.len() as u64 + 1;
                Ok(Found::Record(record))
            }
            Err(why) => self.broken(why),
        }
    }

    /// Reads to the end: whether the last line is torn.
    pub(super) fn finish(&mut self) -> Result<bool, Stop> {
        loop {
            match self.next()? {
                Found::Record(_) => {}
                Found::Torn => return Ok(true),
                Found::End => return Ok(false),
            }
        }
    }

    const fn broken<T>(&self, why: Why) -> Result<T, Stop> {
        Err(Stop::Broken { line: self.chain.records + 1, why })
    }
}
