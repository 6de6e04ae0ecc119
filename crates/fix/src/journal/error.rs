//! What can go wrong with a journal. Every error names the run, the place and the next step, and can be
//! given to all who wait for the same write.

use std::{fmt, io};

use super::{chain::Why, run::RunId};

/// Why a journal cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// A run of that name is there.
    #[error("there is a run {run} already in {place}: a run is written once; resume it or undo it")]
    Exists {
        /// The run.
        run: RunId,
        /// The store.
        place: String,
    },
    /// No run of that name is there.
    #[error("there is no run {run} in {place}: `imdsure journal list` shows those that there are")]
    Missing {
        /// The run.
        run: RunId,
        /// The store.
        place: String,
    },
    /// Another process writes to this run.
    #[error("run {run} is being written by another process ({place}): wait for it, or stop it")]
    InUse {
        /// The run.
        run: RunId,
        /// The journal.
        place: String,
    },
    /// The journal is not what was written.
    #[error(
        "the journal of run {run} is damaged or was changed: line {line} of {place} does not belong \
         there: {why}. What stands before it is sound; nothing after it can be trusted"
    )]
    Broken {
        /// The run.
        run: RunId,
        /// The journal.
        place: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: Why,
    },
    /// The journal is there and holds no record. A file appears with its first record.
    #[error(
        "the journal of run {run} holds no record ({place}): it was emptied (in S3 it may be that the run \
         was cut off as it began). What the run changed is not known: look in CloudTrail at what was \
         changed at its time (its sessions in other accounts are called imdsure-{run}), then move the \
         run's folder away"
    )]
    Empty {
        /// The run.
        run: RunId,
        /// The journal.
        place: String,
    },
    /// A record is sound, and its event none that this version knows.
    #[error(
        "line {line} of the journal of run {run} says something that this version of imdsure does not \
         know: {message}. Use the version that wrote it, or a newer one"
    )]
    UnknownEvent {
        /// The run.
        run: RunId,
        /// The line, from 1.
        line: u64,
        /// What is unknown.
        message: String,
    },
    /// A record could not be made durable. All later ones fail with the same error.
    #[error(
        "run {run} cannot be recorded in {place}: {cause}. Nothing is changed without a record, so the \
         run stops here; once that is repaired, resume it or undo it"
    )]
    NotRecorded {
        /// The run.
        run: RunId,
        /// The journal.
        place: String,
        /// What went wrong.
        cause: Cause,
    },
    /// The event cannot be written as a line. It was not recorded, and the journal goes on.
    #[error("an event of run {run} cannot be recorded: {message} (a bug: please report)")]
    BadEvent {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        message: String,
    },
    /// The journal was closed.
    #[error("the journal of run {run} is closed")]
    Closed {
        /// The run.
        run: RunId,
    },
    /// The run has another plan already.
    #[error(
        "run {run} keeps another plan already ({place}): a run has one plan, which stays as it is"
    )]
    OtherPlan {
        /// The run.
        run: RunId,
        /// The plan.
        place: String,
    },
    /// The run keeps no plan.
    #[error("run {run} keeps no plan ({place} is not there)")]
    NoPlan {
        /// The run.
        run: RunId,
        /// Where it would be.
        place: String,
    },
    /// The store cannot be read or written.
    #[error("{place}: {cause}")]
    Store {
        /// The file, folder or object.
        place: String,
        /// What went wrong.
        cause: Cause,
    },
}

/// What the storage says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// ENOSPC, or a quota.
    #[error("the disk is full (or a quota is used up)")]
    DiskFull,
    /// The operating system refuses.
    #[error("{message}")]
    Io {
        /// What kind of refusal.
        kind: io::ErrorKind,
        /// In the system's words.
        message: String,
    },
    /// The object is there, and another writer's.
    #[error("another process writes to it")]
    Taken,
    /// The store does not do what keeps two writers apart.
    #[error(
        "this store does not refuse what it should: {missing}. Without conditional writes two runs \
         cannot be kept apart; use a store that has them (S3 does), or a local folder"
    )]
    Unconditional {
        /// What it lacks.
        missing: String,
    },
    /// S3 has no such bucket.
    #[error(
        "the bucket does not exist (NoSuchBucket): is it spelled right, and in the partition of these credentials?"
    )]
    NoBucket,
    /// The object store refuses, or does not answer.
    #[error("the object store says: {0}")]
    Objects(String),
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            kind => Self::Io { kind, message: error.to_string() },
        }
    }
}

impl JournalError {
    /// The error of a file or folder that the operating system refuses.
    pub(crate) fn at(place: &dyn fmt::Display) -> impl Fn(io::Error) -> Self + use<> {
        let place = place.to_string();
        move |error| Self::Store { place: place.clone(), cause: error.into() }
    }
}
