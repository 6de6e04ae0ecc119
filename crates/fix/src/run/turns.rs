//! How many changes are under way at once. A region reads few of them ahead, so that what was read is still true when it is
//! sent; and all regions together hold no more than memory is meant for, however many targets there are.

use std::{cell::RefCell, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Accounts and regions that are worked on at once: each has a file open.
pub(crate) const REGIONS: usize = 256;
/// Changes of one region that are under way at once: AWS lets 5 of a kind be sent in a second, and they take some seconds to be
/// in force.
pub(crate) const OF_A_REGION: usize = 128;
/// Changes of one region between being read again and being sent.
const READ_AHEAD: usize = 16;
/// Changes of all regions that are under way at once: with 256 regions at work each has its READ_AHEAD.
const IN_ALL: usize = REGIONS * READ_AHEAD;

/// What all regions of a run share.
pub(crate) fn in_all() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(IN_ALL))
}

/// The turns of one region.
pub(crate) struct Turns {
    in_all: Arc<Semaphore>,
    unsent: Arc<Semaphore>,
}

impl Turns {
    pub(crate) fn new(in_all: &Arc<Semaphore>) -> Self {
        Self { in_all: Arc::clone(in_all), unsent: Arc::new(Semaphore::new(READ_AHEAD)) }
    }

    /// Waits until the next change may begin. Only a closed semaphore refuses, and nobody closes these.
    pub(crate) async fn next(&self) -> Turn {
        let unsent = RefCell::new(Arc::clone(&self.unsent).acquire_owned().await.ok());
        Turn { unsent, _under_way: Arc::clone(&self.in_all).acquire_owned().await.ok() }
    }
}

/// A change's turn, until it is dropped.
pub(crate) struct Turn {
    unsent: RefCell<Option<OwnedSemaphorePermit>>,
    _under_way: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// The change is sent, and only waited for from now on: the next may be read.
    pub(crate) fn is_sent(&self) {
        drop(self.unsent.borrow_mut().take());
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn the_next_is_read_when_one_is_sent_and_begins_when_one_ends() {
        let in_all = Arc::new(Semaphore::new(READ_AHEAD + 1));
        let (one, other) = (Turns::new(&in_all), Turns::new(&in_all));
        let mut held: Vec<Turn> =
            (0..READ_AHEAD).map(|_| one.next().now_or_never().unwrap()).collect();
        assert!(one.next().now_or_never().is_none());
        held[0].is_sent();
        held.push(one.next().now_or_never().unwrap());
        assert!(other.next().now_or_never().is_none());
        held.pop();
        assert!(other.next().now_or_never().is_some());
    }
}
