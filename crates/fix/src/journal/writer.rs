//! The journal of a run that is under way. Many tasks append; one thread writes. It takes all that waits,
//! writes it at once, makes it durable once, and answers all: so the order of records is the order in the
//! file, and thousands of them a second cost some dozens of syncs.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::oneshot;

use super::{
    backend::{Cut, Tail},
    chain::{Appended, Chain, LONGEST},
    digest::Digest,
    error::{Cause, JournalError},
    run::RunId,
    scan::Torn,
};

/// The most that is written at once, so that the first of many does not wait for the last.
const BATCH: usize = 4 * 1024 * 1024;
/// What a record has beside its event.
const ENVELOPE: usize = 256;

/// The journal of a run. Clones append to the same journal.
#[derive(Debug, Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    run: RunId,
    place: String,
    queue: mpsc::Sender<Message>,
    state: Arc<Mutex<Chain>>,
    recovered: Option<Torn>,
}

#[derive(Debug)]
enum Message {
    Append(Entry),
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Entry {
    event: String,
    at: Timestamp,
    answer: oneshot::Sender<Result<Appended, JournalError>>,
}

impl Journal {
    /// Starts the thread that writes.
    pub(super) fn start(
        run: RunId,
        place: String,
        tail: Box<dyn Tail>,
        chain: Chain,
        recovered: Option<Torn>,
    ) -> Result<Self, JournalError> {
        let (queue, messages) = mpsc::channel();
        let state = Arc::new(Mutex::new(chain));
        let writer = Writer {
            run: run.clone(),
            place: place.clone(),
            tail,
            chain,
            state: Arc::clone(&state),
            failed: None,
        };
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.work(&messages))
            .map_err(JournalError::at(&place))?;
        Ok(Self { shared: Arc::new(Shared { run, place, queue, state, recovered }) })
    }

    /// The run.
    pub fn run(&self) -> &RunId {
        &self.shared.run
    }

    /// Where it is written, for messages.
    pub fn place(&self) -> &str {
        &self.shared.place
    }

    /// The torn line that was cut off when the journal was reopened.
    pub fn recovered(&self) -> Option<&Torn> {
        self.shared.recovered.as_ref()
    }

    /// How many records are durable.
    pub fn records(&self) -> u64 {
        self.chain().records
    }

    /// The digest of the last durable record: what to keep elsewhere.
    pub fn head(&self) -> Digest {
        self.chain().head
    }

    fn chain(&self) -> Chain {
        *self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an event. When it returns, the record is durable; when it fails, nothing may be done that
    /// needed it. An append that nobody waits for any more is recorded all the same.
    pub async fn append<E: Serialize + ?Sized>(
        &self,
        event: &E,
        at: Timestamp,
    ) -> Result<Appended, JournalError> {
        let event = self.text(event)?;
        let (answer, answered) = oneshot::channel();
        let closed = || JournalError::Closed { run: self.shared.run.clone() };
        self.shared
            .queue
            .send(Message::Append(Entry { event, at, answer }))
            .map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// The event as one line of JSON.
    fn text<E: Serialize + ?Sized>(&self, event: &E) -> Result<String, JournalError> {
        let bad = |message| JournalError::BadEvent { run: self.shared.run.clone(), message };
        let text = serde_json::to_string(event).map_err(|error| bad(error.to_string()))?;
        if text.contains('\n') {
            return Err(bad("it does not fit in a line".to_owned()));
        }
        if text.len() > LONGEST - ENVELOPE {
            return Err(bad(format!("it has {} bytes", text.len())));
        }
        Ok(text)
    }

    /// Ends the journal, for all clones, when everything handed over before is answered; then another
    /// process may reopen it. (Dropping all clones does the same without waiting.)
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.shared.queue.send(Message::Close(answer)).is_ok() {
            // An error is the thread's end, which is what is waited for.
            let _ = answered.await;
        }
    }
}

struct Writer {
    run: RunId,
    place: String,
    tail: Box<dyn Tail>,
    chain: Chain,
    state: Arc<Mutex<Chain>>,
    /// Why nothing is written any more.
    failed: Option<Cause>,
}

impl Writer {
    fn work(mut self, messages: &mpsc::Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            if let Some(closed) = self.batch(first, messages) {
                // The file's lock goes with it, before the answer.
                drop(self);
                let _ = closed.send(());
                return;
            }
        }
    }

    /// Commits what waits; gives back who is to hear that the journal is closed, if it is.
    fn batch(
        &mut self,
        first: Message,
        messages: &mpsc::Receiver<Message>,
    ) -> Option<oneshot::Sender<()>> {
        let mut entries = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        let mut closed = None;
        while let Some(message) = next.take() {
            match message {
                Message::Append(entry) => {
                    bytes += entry.event.len() + ENVELOPE;
                    entries.push(entry);
                }
                Message::Close(answer) => {
                    closed = Some(answer);
                    break;
                }
            }
            if bytes < BATCH {
                next = messages.try_recv().ok();
            }
        }
        self.commit(entries);
        closed
    }

    fn commit(&mut self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let mut chain = self.chain;
        let mut lines = Vec::new();
        let mut answers = Vec::with_capacity(entries.len());
        for Entry { event, at, answer } in entries {
            let appended = chain.extend(&mut lines, at, &event);
            answers.push((answer, appended, lines.len(), chain));
        }
        let (durable, failed) = match self.write(&lines) {
            Ok(()) => (lines.len(), None),
            Err(Cut { durable, cause }) => (durable, Some(cause)),
        };
        // A record that is there whole is one, whatever became of those after it: who reads the journal finds it.
        let last = answers.iter().rev().find(|(_, _, end, _)| *end <= durable);
        if let Some((.., chain)) = last {
            self.chain = *chain;
            *self.state.lock().unwrap_or_else(PoisonError::into_inner) = *chain;
        }
        for (answer, appended, end, _) in answers {
            let outcome = match &failed {
                Some(cause) if end > durable => Err(self.error(cause.clone())),
                _ => Ok(appended),
            };
            // Who asked may have gone.
            let _ = answer.send(outcome);
        }
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), Cut> {
        if let Some(cause) = &self.failed {
            return Err(cause.clone().into());
        }
        let outcome = self.tail.commit(lines);
        self.failed = outcome.as_ref().err().map(|cut| cut.cause.clone());
        outcome
    }

    fn error(&self, cause: Cause) -> JournalError {
        let (run, place) = (self.run.clone(), self.place.clone());
        JournalError::NotRecorded { run, place, cause }
    }
}
