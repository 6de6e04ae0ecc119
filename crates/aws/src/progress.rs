//! Counters of a run, for whoever shows its progress. Written by many workers, read at leisure.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a run has done so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Accounts to read.
    pub accounts: Counter,
    /// Accounts whose regions are known (or that could not be entered).
    pub accounts_entered: Counter,
    /// Account × region pairs to read, as far as they are known.
    pub regions: Counter,
    /// Account × region pairs done.
    pub regions_done: Counter,
    /// Instances seen.
    pub instances: Counter,
    /// Attempts sent to AWS.
    pub calls: Counter,
    /// Attempts that AWS throttled.
    pub throttled: Counter,
    /// Rows of `scan_error`.
    pub errors: Counter,
}
