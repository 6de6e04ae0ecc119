//! Reading a run's records back, one by one, in flat memory.

use std::{
    io::BufRead,
    pin::Pin,
    task::{Context, Poll},
};

use futures::Stream;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{
    backend::Backend,
    digest::Digest,
    error::JournalError,
    run::RunId,
    scan::{Found, Scan, Stop},
};

/// Records that wait to be taken.
const AHEAD: usize = 256;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<E> {
    /// Its number, from 1.
    pub n: u64,
    /// When it was handed over.
    pub at: Timestamp,
    /// What happened.
    pub event: E,
    /// The digest of its line.
    pub digest: Digest,
    /// Its line as it stands in the journal, without the newline.
    pub line: String,
}

/// The records of a run, in order, as a stream. Each was checked against the one before. It ends after the
/// last whole record (a torn line is no record), or with an error, as where there is no record at all.
#[derive(Debug)]
pub struct Records<E> {
    receiver: Receiver<Result<Record<E>, JournalError>>,
}

impl<E> Records<E> {
    /// The next record.
    pub async fn next(&mut self) -> Option<Result<Record<E>, JournalError>> {
        self.receiver.recv().await
    }
}

impl<E> Stream for Records<E> {
    type Item = Result<Record<E>, JournalError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context)
    }
}

/// The records of a journal, and what has to run (it waits) so that they come.
pub(super) fn records<E: DeserializeOwned + Send + 'static>(
    backend: &dyn Backend,
    run: &RunId,
    reader: Box<dyn BufRead + Send>,
) -> (Records<E>, impl FnOnce() + Send + 'static) {
    let (sender, receiver) = channel(AHEAD);
    let reading = Reading {
        scan: Scan::new(reader, backend.may_tear()),
        run: run.clone(),
        place: backend.journal_place(run),
        sender,
    };
    (Records { receiver }, move || reading.all())
}

struct Reading<E> {
    scan: Scan<Box<dyn BufRead + Send>>,
    run: RunId,
    place: String,
    sender: Sender<Result<Record<E>, JournalError>>,
}

impl<E: DeserializeOwned> Reading<E> {
    fn all(mut self) {
        while let Some(record) = self.record() {
            let failed = record.is_err();
            // Nobody takes them any more: that is an end too.
            if self.sender.blocking_send(record).is_err() || failed {
                return;
            }
        }
    }

    fn record(&mut self) -> Option<Result<Record<E>, JournalError>> {
        match self.scan.next() {
            Ok(Found::Record(appended)) => {
                let event = self.event(appended.n);
                Some(event.map(|Line { n, at, event }| Record {
                    n,
                    at,
                    event,
                    digest: appended.digest,
                    line: String::from_utf8_lossy(&self.scan.line).trim_end().to_owned(),
                }))
            }
            Ok(Found::Torn | Found::End) if self.scan.chain.records == 0 => {
                let (run, place) = (self.run.clone(), self.place.clone());
                Some(Err(JournalError::Empty { run, place }))
            }
            Ok(Found::Torn | Found::End) => None,
            Err(stop) => Some(Err(stopped(stop, &self.run, &self.place))),
        }
    }

    fn event(&self, line: u64) -> Result<Line<E>, JournalError> {
        serde_json::from_slice(&self.scan.line).map_err(|error| JournalError::UnknownEvent {
            run: self.run.clone(),
            line,
            message: error.to_string(),
        })
    }
}

#[derive(Deserialize)]
struct Line<E> {
    n: u64,
    at: Timestamp,
    event: E,
}

/// Why reading stopped, with the run and its place.
pub(super) fn stopped(stop: Stop, run: &RunId, place: &str) -> JournalError {
    match stop {
        Stop::Read(error) => JournalError::at(&place)(error),
        Stop::Broken { line, why } => {
            JournalError::Broken { run: run.clone(), place: place.to_owned(), line, why }
        }
    }
}
