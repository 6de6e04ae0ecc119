//! The journal: what a run is about to do, and what came of it, each on disk before the next step.
//!
//! A run is a folder (or a prefix of an object store) with its plan and its records. Each record is one
//! JSON line that carries the digest of the line before it, so that an edited, deleted, inserted or moved
//! line shows. The digest of the last line is the head of the chain. Two things the chain cannot show by
//! itself: that lines are missing at its end, and that somebody rewrote all of it. Both show to whoever
//! kept the head elsewhere, which is why a run prints it at its end.
//!
//! [`Journal::append`] answers when the record is durable, or fails, and then so does every later one: a
//! run that cannot record does not call. A [`Lock`] for each account keeps two runs apart.

mod backend;
mod chain;
mod digest;
mod error;
mod local;
mod location;
mod lock;
mod object;
mod plan;
mod records;
mod run;
mod scan;
mod store;
mod writer;

#[cfg(test)]
mod lock_tests;
#[cfg(test)]
mod scan_tests;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod writer_tests;

pub use chain::{Appended, Why};
pub use digest::{BadDigest, Digest};
pub use error::{Cause, JournalError};
pub use location::{BadLocation, Location};
pub use lock::{Holder, Lock, LockError, host, user};
pub use object::{BadAccess, S3Access};
pub use plan::PlanFile;
pub use records::{Record, Records};
pub use run::{BadRunId, RunId};
pub use scan::Torn;
pub use store::{OpenError, Store, Verdict, Verified};
pub use writer::Journal;
