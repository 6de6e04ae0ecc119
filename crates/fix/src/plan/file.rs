//! Plan files: a JSON object whose changes stand one a line, with a digest over every byte.
//!
//! One line a change makes two plans comparable in a diff, and lets `apply` read the part of one account and region without
//! holding the rest: memory does not grow with the number of targets. The price is that a plan must stay as it was written;
//! the digest makes sure of that, and what was approved is what is carried out.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
};

use imdsure_model::plan::{Change, ChangeKind, PLAN_SCHEMA, PlanHead, Unplanned};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// What stands before the hex digits of a digest.
const PREFIX: &str = "sha256:";
const DIGITS: usize = 64;
const CHANGES: &str = "  \"changes\": [\n";
const UNPLANNED: &str = "  ],\n  \"unplanned\": [\n";
const END: &str = "  ]\n}\n";
/// A line longer than this is none of ours.
const LONGEST_LINE: u64 = 4 << 20;

/// Why a file is no plan that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what a plan looks like.
    #[error("{}:{line}: this is no plan as `imdsure plan` writes it: {message}", path.display())]
    NotAPlan {
        /// Which.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// It was written by another version.
    #[error(
        "{}: its schema is `{found}`, and this version of imdsure reads `{PLAN_SCHEMA}`: {}",
        path.display(),
        if found.starts_with("imdsure.plan/") { "plan again, or use the version that wrote it" } else { "is it a plan?" }
    )]
    OtherSchema {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: String,
    },
    /// Its digest is right, and what it says cannot be.
    #[error("{}: the plan contradicts itself: {message}. Plan again", path.display())]
    Contradiction {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// It was changed after it was written.
    #[error(
        "{}: the plan was changed after it was written: its digest says {stated}, its content has {found}. Plan again; \
         --account, --tag, --kind and waivers choose what is planned",
        path.display()
    )]
    Edited {
        /// Which.
        path: PathBuf,
        /// The digest that it states.
        stated: String,
        /// The digest of what it holds.
        found: String,
    },
}

impl PlanFileError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// Writes a plan, whole or not at all, and gives its digest. `changes` and `unplanned` are lines of JSON, sorted.
pub fn write(
    path: &Path,
    mut head: PlanHead,
    changes: impl Iterator<Item: AsRef<str>>,
    unplanned: impl Iterator<Item: AsRef<str>>,
) -> Result<String, PlanFileError> {
    head.digest = format!("{PREFIX}{}", "0".repeat(DIGITS));
    let failed = || PlanFileError::file(path);
    // Through a link: what it leads to is replaced, and not the link.
    let led = if path.is_symlink() { Some(path.canonicalize().map_err(failed())?) } else { None };
    let target = led.as_deref().unwrap_or(path);
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let staged = staged(folder).map_err(failed())?;
    let (staged, digest, at) = fill(staged, &head, changes, unplanned).map_err(failed())?;
    let mut file = staged.as_file();
    file.seek(SeekFrom::Start(at as u64)).map_err(failed())?;
    file.write_all(digest.as_bytes()).map_err(failed())?;
    file.sync_all().map_err(failed())?;
    staged.persist(target).map_err(|error| PlanFileError::file(path)(error.error))?;
    Ok(format!("{PREFIX}{digest}"))
}

/// A temporary file with the permissions of a new file, not those of a secret.
fn staged(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".imdsure-plan-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

type Filled = (tempfile::NamedTempFile, String, usize);

/// Writes everything with zeros for a digest; gives the digest and where its digits belong.
fn fill(
    staged: tempfile::NamedTempFile,
    head: &PlanHead,
    changes: impl Iterator<Item: AsRef<str>>,
    unplanned: impl Iterator<Item: AsRef<str>>,
) -> io::Result<Filled> {
    let mut out = Hashed { inner: BufWriter::with_capacity(1 << 20, staged), hash: Sha256::new() };
    let text = serde_json::to_string_pretty(head)?;
    let text = text.strip_suffix("\n}").unwrap_or(&text);
    let at = text.find(PREFIX).map_or(0, |at| at + PREFIX.len());
    out.write_all(text.as_bytes())?;
    out.write_all(b",\n")?;
    out.write_all(CHANGES.as_bytes())?;
    lines(&mut out, changes)?;
    out.write_all(UNPLANNED.as_bytes())?;
    lines(&mut out, unplanned)?;
    out.write_all(END.as_bytes())?;
    let digest = hex(out.hash.finalize().as_slice());
    let staged = out.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok((staged, digest, at))
}

fn lines(out: &mut impl Write, lines: impl Iterator<Item: AsRef<str>>) -> io::Result<()> {
    let mut first = true;
    for line in lines {
        if !first {
            out.write_all(b",\n")?;
        }
        first = false;
        out.write_all(line.as_ref().as_bytes())?;
    }
    if first { Ok(()) } else { out.write_all(b"\n") }
}

struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A plan that was read through once and found to be as it was written.
#[derive(Debug, Clone)]
pub struct PlanFile {
    path: PathBuf,
    /// Its head.
    pub head: PlanHead,
    /// The parts of it that one worker carries out, in the file's order.
    pub lanes: Vec<Lane>,
    /// Where the unplanned begin, in bytes.
    unplanned: u64,
}

/// The changes of one kind in one account and region of a wave: they draw from the same allowances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The wave.
    pub wave: u32,
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// What its changes do.
    pub kind: ChangeKind,
    /// The place of its first change among all changes, from 0.
    pub first: u64,
    /// How many changes it has.
    pub changes: u64,
    /// Where its lines begin, in bytes.
    start: u64,
}

/// What a lane is told by.
#[derive(Deserialize)]
struct Place<'a> {
    wave: u32,
    #[serde(borrow)]
    account_id: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    region: std::borrow::Cow<'a, str>,
    kind: ChangeKind,
    #[serde(borrow)]
    send: Sent<'a>,
}

/// What of a change's `send` must not be.
#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(rename = "HttpTokens", default, borrow)]
    tokens: Option<std::borrow::Cow<'a, str>>,
}

impl PlanFile {
    /// Reads a plan through: its head, where its lanes lie, and whether every byte is as it was written.
    pub fn open(path: &Path) -> Result<Self, PlanFileError> {
        let file = File::open(path).map_err(PlanFileError::file(path))?;
        let mut reader = Reader::new(path, file);
        let head = reader.head()?;
        let lanes = reader.lanes()?;
        let unplanned = reader.at;
        reader.rest()?;
        let found = format!("{PREFIX}{}", hex(reader.hash.finalize().as_slice()));
        if found != head.digest {
            let stated = head.digest;
            return Err(PlanFileError::Edited { path: path.to_owned(), stated, found });
        }
        if let Some(message) = contradiction(&head, &lanes) {
            return Err(PlanFileError::Contradiction { path: path.to_owned(), message });
        }
        Ok(Self { path: path.to_owned(), head, lanes, unplanned })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The changes of a lane, in order, each with its place among all changes.
    pub fn changes(
        &self,
        lane: &Lane,
    ) -> Result<impl Iterator<Item = Result<(u64, Change), PlanFileError>> + use<>, PlanFileError>
    {
        let lines = self.lines(lane.start, lane.changes)?;
        let first = lane.first;
        Ok((first..).zip(lines).map(|(place, change)| Ok((place, change?))))
    }

    /// The changes of a lane that `choose` takes by their place, the last one first.
    pub fn changes_backwards(
        &self,
        lane: &Lane,
        choose: &dyn Fn(u64) -> bool,
    ) -> Result<impl Iterator<Item = Result<(u64, Change), PlanFileError>> + use<>, PlanFileError>
    {
        let starts = self.starts(lane, choose)?;
        let plan = self.path.clone();
        let mut file = BufReader::new(self.at(lane.start)?);
        let mut line = String::new();
        Ok(starts.into_iter().rev().map(move |(place, start)| {
            line.clear();
            let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_line(&mut line));
            read.map_err(PlanFileError::file(&plan))?;
            Ok((place, parsed(&plan, line.trim_end())?))
        }))
    }

    /// Where the chosen lines of a lane begin.
    fn starts(
        &self,
        lane: &Lane,
        choose: &dyn Fn(u64) -> bool,
    ) -> Result<Vec<(u64, u64)>, PlanFileError> {
        let mut lines = BufReader::new(self.at(lane.start)?);
        let mut at = lane.start;
        let mut starts = Vec::new();
        for place in lane.places() {
            if choose(place) {
                starts.push((place, at));
            }
            at += lines.skip_until(b'\n').map_err(PlanFileError::file(&self.path))? as u64;
        }
        Ok(starts)
    }

    /// What is left alone.
    pub fn unplanned(
        &self,
    ) -> Result<impl Iterator<Item = Result<Unplanned, PlanFileError>> + use<>, PlanFileError> {
        let number = self.head.total_unplanned.values().sum();
        self.lines(self.unplanned, number)
    }

    fn lines<T: for<'de> Deserialize<'de>>(
        &self,
        start: u64,
        number: u64,
    ) -> Result<impl Iterator<Item = Result<T, PlanFileError>> + use<T>, PlanFileError> {
        let path = self.path.clone();
        let mut lines = BufReader::new(self.at(start)?).lines();
        Ok((0..number).map_while(move |_| {
            Some(match lines.next()? {
                Ok(line) => parsed(&path, &line),
                Err(error) => Err(PlanFileError::file(&path)(error)),
            })
        }))
    }

    /// The file, to be read from a byte on.
    fn at(&self, start: u64) -> Result<File, PlanFileError> {
        let file = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(start))?;
            Ok(file)
        });
        file.map_err(PlanFileError::file(&self.path))
    }
}

/// What a head says of its changes that is not so, or that nobody may ask for.
fn contradiction(head: &PlanHead, lanes: &[Lane]) -> Option<String> {
    let share = head.pace.share;
    if !(share > 0.0 && share <= 1.0) {
        return Some(format!("`share` is {share}, and AWS's allowances are from 0 to 1"));
    }
    let mut waves: BTreeMap<u32, u64> = BTreeMap::new();
    for lane in lanes {
        *waves.entry(lane.wave).or_default() += lane.changes;
    }
    let changes: u64 = waves.values().sum();
    let stated = head.total_changes;
    if stated != changes {
        return Some(format!("`total_changes` is {stated}, and it has {changes}"));
    }
    let said: BTreeMap<u32, u64> =
        head.waves.iter().map(|wave| (wave.wave, wave.changes)).collect();
    let both = |wave| [&said, &waves].map(|of| of.get(wave).copied().unwrap_or_default());
    let mut all = said.keys().chain(waves.keys()).map(|wave| (wave, both(wave)));
    let (wave, [said, found]) = all.find(|(_, [said, found])| said != found)?;
    Some(format!("wave {wave} is said to have {said} changes, and has {found}"))
}

/// What a line of a plan says.
fn parsed<T: for<'de> Deserialize<'de>>(path: &Path, line: &str) -> Result<T, PlanFileError> {
    let json = line.strip_suffix(',').unwrap_or(line);
    serde_json::from_str(json).map_err(|error| PlanFileError::NotAPlan {
        path: path.to_owned(),
        line: 0,
        message: error.to_string(),
    })
}

/// Reads a plan line by line, hashing what it reads.
struct Reader<'a> {
    path: &'a Path,
    inner: BufReader<File>,
    hash: Sha256,
    line: Vec<u8>,
    number: u64,
    at: u64,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, file: File) -> Self {
        let inner = BufReader::with_capacity(1 << 20, file);
        Self { path, inner, hash: Sha256::new(), line: Vec::new(), number: 0, at: 0 }
    }

    /// The next line with its end; empty at the end of the file.
    fn next(&mut self) -> Result<(), PlanFileError> {
        self.line.clear();
        let mut limited = (&mut self.inner).take(LONGEST_LINE);
        let read = limited.read_until(b'\n', &mut self.line);
        let read = read.map_err(PlanFileError::file(self.path))?;
        self.number += 1;
        self.at += read as u64;
        if read as u64 == LONGEST_LINE {
            return Err(self.wrong(format!("a line has more than {LONGEST_LINE} bytes")));
        }
        Ok(())
    }

    fn wrong(&self, message: impl Into<String>) -> PlanFileError {
        let message = message.into();
        PlanFileError::NotAPlan { path: self.path.to_owned(), line: self.number, message }
    }

    fn head(&mut self) -> Result<PlanHead, PlanFileError> {
        let mut text = Vec::new();
        loop {
            self.next()?;
            if self.line == CHANGES.as_bytes() {
                break;
            }
            if self.line.is_empty() || text.len() > LONGEST_LINE as usize {
                return Err(self.schema_of(&text).unwrap_or_else(|| {
                    self.wrong("it has no line `\"changes\": [`: was it formatted anew, or given other line ends?")
                }));
            }
            text.extend_from_slice(&self.line);
        }
        let body = text.strip_suffix(b",\n").unwrap_or(&text);
        let whole = [body, b"\n}"].concat();
        if let Some(other) = self.schema_of(&whole) {
            return Err(other);
        }
        let head: PlanHead =
            serde_json::from_slice(&whole).map_err(|error| self.wrong(error.to_string()))?;
        self.hash_head(text, &head.digest);
        Ok(head)
    }

    /// The error for a file of another schema; none where it states ours, or none.
    fn schema_of(&self, json: &[u8]) -> Option<PlanFileError> {
        #[derive(Deserialize)]
        struct Stated {
            schema: String,
        }
        let found = serde_json::from_slice::<Stated>(json).ok()?.schema;
        let path = self.path.to_owned();
        (found != PLAN_SCHEMA).then_some(PlanFileError::OtherSchema { path, found })
    }

    /// Hashes the head with zeros where the digest's digits stand, where they first stand.
    fn hash_head(&mut self, mut text: Vec<u8>, digest: &str) {
        let digits = digest.strip_prefix(PREFIX).unwrap_or_default().as_bytes();
        let found = (digits.len() == DIGITS)
            .then(|| text.windows(DIGITS).position(|window| window == digits));
        if let Some(at) = found.flatten() {
            text[at..at + DIGITS].fill(b'0');
        }
        self.hash.update(&text);
        self.hash.update(CHANGES);
    }

    fn lanes(&mut self) -> Result<Vec<Lane>, PlanFileError> {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut place = 0;
        loop {
            let start = self.at;
            self.next()?;
            self.hash.update(&self.line);
            if self.line.starts_with(b"  ]") {
                break;
            }
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            let json = line.strip_suffix(b",").unwrap_or(line);
            let found: Place<'_> =
                serde_json::from_slice(json).map_err(|error| self.wrong(error.to_string()))?;
            if found.send.tokens.as_deref().is_some_and(|tokens| tokens != "required") {
                return Err(self.wrong("it sends an `HttpTokens` that is not `required`"));
            }
            match lanes.last_mut() {
                Some(lane) if lane.is_of(&found) => lane.changes += 1,
                _ => lanes.push(Lane {
                    wave: found.wave,
                    account_id: found.account_id.into_owned(),
                    region: found.region.into_owned(),
                    kind: found.kind,
                    first: place,
                    changes: 1,
                    start,
                }),
            }
            place += 1;
        }
        self.next()?;
        self.hash.update(&self.line);
        Ok(lanes)
    }

    fn rest(&mut self) -> Result<(), PlanFileError> {
        loop {
            self.next()?;
            if self.line.is_empty() {
                return Ok(());
            }
            self.hash.update(&self.line);
        }
    }
}

impl Lane {
    /// The places of its changes among all changes.
    pub fn places(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.changes
    }

    fn is_of(&self, place: &Place<'_>) -> bool {
        self.wave == place.wave
            && self.kind == place.kind
            && self.account_id == place.account_id
            && self.region == place.region
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
