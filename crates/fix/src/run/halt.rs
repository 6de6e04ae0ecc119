//! Why a run stops before its end. The first reason counts; what is under way ends, and nothing more begins.

use std::{
    fmt,
    future::Future,
    sync::{Mutex, PoisonError},
};

use imdsure_aws::error::CallError;
use jiff::Timestamp;
use tokio::sync::watch;

use super::context::Stopped;
use crate::{event::Breach, journal::JournalError};

/// Why a run stops.
#[derive(Debug)]
pub enum Halt {
    /// The user asked.
    Asked,
    /// The journal cannot be written: nothing may be changed without a record.
    Journal(JournalError),
    /// The lock of an account was taken over by another run.
    LockLost(String),
    /// Credentials ran out and could not be renewed.
    Credentials(CallError),
    /// Something got worse since the changes.
    Breach(Vec<Breach>),
    /// Nothing was changed in the waves up to this one, so nothing is known for the next one, which has so many changes.
    Unproved {
        /// The wave.
        wave: u32,
        /// Changes of the next one.
        next: u64,
    },
    /// The hours in which changes may be made are over, until then.
    Closed(Option<Timestamp>),
    /// The plan's file can no longer be read.
    Plan(String),
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("stopped as asked"),
            Self::Journal(error) => {
                write!(f, "stopped, since nothing is changed without a record: {error}")
            }
            Self::LockLost(account) => {
                write!(f, "stopped: another run took over account {account}")
            }
            Self::Credentials(error) => {
                write!(f, "stopped: the credentials cannot be used any more: {error}")
            }
            Self::Breach(breaches) => {
                let first =
                    breaches.first().map(|breach| breach.found.as_str()).unwrap_or_default();
                match breaches.len() {
                    0 | 1 => write!(f, "stopped: {first}"),
                    many => write!(f, "stopped: {first}, and {} more", many - 1),
                }
            }
            Self::Unproved { wave, next } => write!(
                f,
                "stopped: up to wave {wave} nothing was changed, so nothing is known of how it goes, and the next wave has {next}"
            ),
            Self::Closed(None) => f.write_str("paused: it is none of the plan's hours for changes"),
            Self::Closed(Some(at)) => {
                write!(
                    f,
                    "paused: it is none of the plan's hours for changes, the next begin {at:.0}"
                )
            }
            Self::Plan(error) => write!(f, "stopped: {error}"),
        }
    }
}

/// Whether a run is to stop: asked before anything new begins.
#[derive(Debug)]
pub(crate) struct Stop {
    why: Mutex<Option<Halt>>,
    asked: watch::Receiver<bool>,
}

impl Stop {
    pub(crate) fn new(asked: watch::Receiver<bool>) -> Self {
        Self { why: Mutex::new(None), asked }
    }

    /// Stops the run, unless it is stopped already.
    pub(crate) fn halt(&self, why: Halt) {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    /// Whether nothing new may begin.
    pub(crate) fn stopped(&self) -> bool {
        if *self.asked.borrow() {
            self.halt(Halt::Asked);
        }
        self.why.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Why the run stops, if it does; asked for once, at its end.
    pub(crate) fn take(&self) -> Option<Halt> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for so long, or until the user asks to stop.
    pub(crate) async fn sleep(&self, time: std::time::Duration) {
        let _ = unless_asked(&self.asked, tokio::time::sleep(time)).await;
    }

    /// What some work comes to, unless the user asks to stop: then it ends where it stands. Only for what changes nothing.
    pub(crate) async fn unless_asked<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Stopped> {
        let done = unless_asked(&self.asked, work).await;
        done.inspect_err(|Stopped| self.halt(Halt::Asked))
    }
}

/// The same before there is a run.
pub(crate) async fn unless_asked<T>(
    asked: &watch::Receiver<bool>,
    work: impl Future<Output = T>,
) -> Result<T, Stopped> {
    let mut asked = asked.clone();
    tokio::select! {
        biased;
        Ok(_) = asked.wait_for(|asked| *asked) => Err(Stopped),
        done = work => Ok(done),
    }
}
