//! What the simulator counted, for tests and benchmarks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::fault::FaultKind;
use crate::operations::OPERATIONS;

/// Counts since the simulator was started. `GET /_simulator/stats` answers them as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// TCP connections that were accepted.
    pub connections: u64,
    /// API requests that were answered, well or not; requests for these counts excepted.
    pub requests: u64,
    /// Authenticated calls per action, for example `ec2:DescribeInstances`, whatever their answer was.
    pub calls: BTreeMap<String, u64>,
    /// Calls refused for their rate, by a full bucket or by a fault.
    pub throttled: u64,
    /// Faults that were met, per kind.
    pub faults: BTreeMap<String, u64>,
    /// Changes by somebody else, which `GET /_simulator/drifted` lists.
    pub drifted: u64,
    /// Error answers per code, for example `UnauthorizedOperation`.
    pub errors: BTreeMap<String, u64>,
    /// Bytes of answers' bodies.
    pub body_bytes: u64,
}

/// The counters behind [`Stats`].
pub(crate) struct Counters {
    connections: AtomicU64,
    requests: AtomicU64,
    body_bytes: AtomicU64,
    throttled: AtomicU64,
    /// One per entry of [`OPERATIONS`].
    calls: Vec<AtomicU64>,
    faults: [AtomicU64; FaultKind::ALL.len()],
    errors: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            connections: AtomicU64::default(),
            requests: AtomicU64::default(),
            body_bytes: AtomicU64::default(),
            throttled: AtomicU64::default(),
            calls: OPERATIONS.iter().map(|_| AtomicU64::default()).collect(),
            faults: Default::default(),
            errors: Mutex::default(),
        }
    }

    /// Counts a connection.
    pub(crate) fn connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an answer with a body of so many bytes.
    pub(crate) fn answer(&self, body: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.body_bytes.fetch_add(body as u64, Ordering::Relaxed);
    }

    /// Counts an authenticated call, by its place in [`OPERATIONS`].
    pub(crate) fn call(&self, operation: usize) {
        if let Some(count) = self.calls.get(operation) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a call refused for its rate.
    pub(crate) fn throttle(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a fault.
    pub(crate) fn fault(&self, kind: FaultKind) {
        self.faults[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an error answer.
    pub(crate) fn error(&self, code: &'static str) {
        *self.errors.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    /// All counts as they are now.
    pub(crate) fn snapshot(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let nonzero = |(name, count): (String, u64)| (count > 0).then_some((name, count));
        let calls = OPERATIONS
            .iter()
            .zip(&self.calls)
            .map(|(operation, count)| (operation.action.to_owned(), load(count)));
        let faults = FaultKind::ALL
            .iter()
            .map(|kind| (kind.to_string(), load(&self.faults[*kind as usize])));
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        Stats {
            connections: load(&self.connections),
            requests: load(&self.requests),
            calls: calls.filter_map(nonzero).collect(),
            throttled: load(&self.throttled),
            faults: faults.filter_map(nonzero).collect(),
            drifted: 0,
            errors: errors.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect(),
            body_bytes: load(&self.body_bytes),
        }
    }
}
