//! One queue for all workers: work begets work (an account's regions), and the end is when none is
//! left and nobody is busy.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Notify,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    busy: usize,
}

enum Next<T> {
    Work(T),
    /// All is done.
    Nothing,
    /// What somebody is busy with may beget more.
    Later,
}

impl<T> Queue<T> {
    pub(crate) fn new(work: impl IntoIterator<Item = T>) -> Self {
        let state = State { waiting: work.into_iter().collect(), busy: 0 };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// The next piece of work; none when all is done. Each piece taken must be [finished](Self::done).
    pub(crate) async fn take(&self) -> Option<T> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that a change in between is not missed.
            changed.as_mut().enable();
            match self.with(State::take) {
                Next::Work(work) => return Some(work),
                Next::Nothing => return None,
                Next::Later => changed.await,
            }
        }
    }

    /// Reports a piece of work as finished, and what it begot.
    pub(crate) fn done(&self, begot: impl IntoIterator<Item = T>) {
        self.with(|state| {
            state.waiting.extend(begot);
            state.busy -= 1;
        });
        self.changed.notify_waiters();
    }

    fn with<R>(&self, act: impl FnOnce(&mut State<T>) -> R) -> R {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> State<T> {
    fn take(&mut self) -> Next<T> {
        match self.waiting.pop_front() {
            Some(work) => {
                self.busy += 1;
                Next::Work(work)
            }
            None if self.busy == 0 => Next::Nothing,
            None => Next::Later,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn work_that_begets_work_is_all_done_by_all_workers() {
        let queue = Arc::new(Queue::new([3u32; 10]));
        let done = Arc::new(AtomicUsize::new(0));
        let worker = || {
            let (queue, done) = (Arc::clone(&queue), Arc::clone(&done));
            tokio::spawn(async move {
                while let Some(depth) = queue.take().await {
                    tokio::task::yield_now().await;
                    done.fetch_add(1, Ordering::Relaxed);
                    queue.done((depth > 0).then(|| [depth - 1; 2]).into_iter().flatten());
                }
            })
        };
        let workers: Vec<_> = (0..7).map(|_| worker()).collect();
        for worker in workers {
            worker.await.unwrap();
        }
        // 10 trees of depth 3: 1 + 2 + 4 + 8 each.
        assert_eq!(done.load(Ordering::Relaxed), 150);
    }
}
