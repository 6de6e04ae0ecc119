//! The lock of an account in an object store: an object that its holder renews. Nobody releases it for a
//! holder that died, so one that was not renewed for a while may be taken over. Every change of it names
//! the version that it changes, so of two that take it over one fails.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use jiff::Timestamp;
use object_store::{
    Error, ObjectMeta, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion,
    path::Path,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};

use super::{
    super::{
        error::Cause,
        lock::{Held, Holder, Lock, LockError},
    },
    Objects, Timing, nonce,
};

/// How often a lock is asked for when others change it at the same time.
const ATTEMPTS: u32 = 5;

/// What the object says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claim {
    holder: Holder,
    renewed_at: Timestamp,
    /// Whose it is, beyond doubt.
    token: String,
    /// Left behind by a holder that ended in order: the object stays, free for the next.
    released: bool,
}

/// A lock that is renewed in the background.
#[derive(Debug)]
pub(in super::super) struct ObjectLock {
    state: Arc<State>,
    stop: oneshot::Sender<()>,
    keeper: JoinHandle<()>,
}

/// What the keeper of the lock and its user share.
#[derive(Debug)]
struct State {
    timing: Timing,
    taken: AtomicBool,
    renewed: Mutex<Moment>,
}

/// A moment on two clocks: one that nobody sets, and one that runs while a machine sleeps.
#[derive(Debug, Clone, Copy)]
struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    fn age(self) -> Duration {
        self.steady.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

impl State {
    fn renewed(&self, moment: Moment) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    /// Taken over, or so long not renewed that it may be. A tenth is kept for clocks that differ.
    fn lost(&self) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let safe = self.timing.stale_after / 10 * 9;
        self.taken.load(Ordering::SeqCst) || renewed.age() > safe
    }
}

impl ObjectLock {
    pub(in super::super) fn lost(&self) -> bool {
        self.state.lost()
    }

    pub(in super::super) async fn release(self) {
        let Self { stop, keeper, .. } = self;
        drop(stop);
        // It has nothing to say; a lock that it could not release becomes stale.
        let _ = keeper.await;
    }
}

pub(super) async fn acquire(
    objects: Objects,
    account_id: &str,
    holder: Holder,
) -> Result<Lock, LockError> {
    let path = objects.path(&["locks", &format!("{account_id}.json")]);
    let place = objects.place_of(&path);
    let free_after = Some(objects.timing.stale_after);
    let account = account_id.to_owned();
    let keeper = Keeper { objects, path, holder, token: nonce(), version: None };
    match keeper.acquire().await {
        Ok(Outcome::Locked(lock, took_over)) => {
            Ok(Lock::new(account_id, took_over, Held::Object(lock)))
        }
        Ok(Outcome::Held(holder)) => {
            let holder = holder.map(Box::new);
            Err(LockError::Held { account_id: account, place, holder, free_after })
        }
        Err(cause) => Err(LockError::Store { account_id: account, place, cause }),
    }
}

enum Outcome {
    Locked(ObjectLock, Option<Holder>),
    Held(Option<Holder>),
}

/// Takes, renews and releases one lock.
struct Keeper {
    objects: Objects,
    path: Path,
    holder: Holder,
    token: String,
    /// The version of the object that is ours.
    version: Option<String>,
}

/// What became of a conditional write.
enum Put {
    Done,
    /// The object is not in the state that the write was meant for.
    Refused,
    /// It may have been written or not.
    Unknown(Error),
}

impl Keeper {
    async fn acquire(mut self) -> Result<Outcome, Cause> {
        self.objects.check_conditions().await?;
        let mut took_over = None;
        let mut mode = PutMode::Create;
        let mut failure = None;
        for _ in 0..ATTEMPTS {
            let sent = Moment::now();
            match self.put(mode, false).await? {
                Put::Done => return Ok(self.locked(sent, took_over)),
                Put::Refused => failure = None,
                Put::Unknown(error) => failure = Some(error),
            }
            mode = PutMode::Create;
            let Some((claim, object)) = self.found().await? else { continue };
            if self.is_ours(claim.as_ref()) {
                self.version = object.e_tag;
                return Ok(self.locked(sent, took_over));
            }
            let released = claim.as_ref().is_some_and(|claim| claim.released);
            let holder = claim.map(|claim| claim.holder);
            if !released && self.objects.age(&object).await? <= self.objects.timing.stale_after {
                return Ok(Outcome::Held(holder));
            }
            took_over = holder.filter(|_| !released);
            mode = update(object.e_tag);
        }
        failure.map_or(Ok(Outcome::Held(None)), |error| Err(error.into()))
    }

    /// Begins to renew the lock, which was taken by a write that was sent then.
    fn locked(self, sent: Moment, took_over: Option<Holder>) -> Outcome {
        let state = Arc::new(State {
            timing: self.objects.timing,
            taken: AtomicBool::new(false),
            renewed: Mutex::new(sent),
        });
        let (stop, stopped) = oneshot::channel();
        let runtime = self.objects.runtime.clone();
        let keeper = runtime.spawn(self.keep(Arc::clone(&state), stopped));
        Outcome::Locked(ObjectLock { state, stop, keeper }, took_over)
    }

    /// Renews the lock until it is released or lost.
    async fn keep(mut self, state: Arc<State>, mut stopped: oneshot::Receiver<()>) {
        let every = self.objects.timing.renew_every;
        let mut pause = every;
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                () = sleep(pause) => {}
            }
            let sent = Moment::now();
            pause = match self.renew().await {
                Some(true) => {
                    state.renewed(sent);
                    every
                }
                // Not known: soon again.
                None => every / 6,
                Some(false) => {
                    state.taken.store(true, Ordering::SeqCst);
                    return;
                }
            };
        }
        // At worst it becomes stale by itself.
        let _ = self.put(update(self.version.clone()), true).await;
    }

    /// Whether the lock is still ours; nothing where that could not be found out.
    async fn renew(&mut self) -> Option<bool> {
        match self.put(update(self.version.clone()), false).await {
            Ok(Put::Done) => return Some(true),
            Ok(Put::Refused) => {}
            Ok(Put::Unknown(_)) | Err(_) => return None,
        }
        // Refused: somebody took it, or the answer to an earlier renewal of ours was lost.
        match self.found().await {
            Err(_) => None,
            Ok(Some((claim, object))) if self.is_ours(claim.as_ref()) => {
                self.version = object.e_tag;
                None
            }
            Ok(_) => Some(false),
        }
    }

    fn is_ours(&self, claim: Option<&Claim>) -> bool {
        claim.is_some_and(|claim| claim.token == self.token && !claim.released)
    }

    /// What stands there, if anything; no claim where it is not one of ours to read.
    async fn found(&self) -> Result<Option<(Option<Claim>, ObjectMeta)>, Cause> {
        let got = match self.objects.store.get(&self.path).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            got => got?,
        };
        let object = got.meta.clone();
        let claim = serde_json::from_slice(&got.bytes().await?).ok();
        Ok(Some((claim, object)))
    }

    async fn put(&mut self, mode: PutMode, released: bool) -> Result<Put, Cause> {
        let claim = Claim {
            holder: self.holder.clone(),
            renewed_at: Timestamp::now(),
            token: self.token.clone(),
            released,
        };
        let text = serde_json::to_vec(&claim).map_err(|error| Cause::Objects(error.to_string()))?;
        let options = PutOptions::from(mode);
        let put = self.objects.store.put_opts(&self.path, PutPayload::from(text), options);
        match put.await {
            Ok(result) => {
                self.version = result.e_tag;
                Ok(Put::Done)
            }
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::Refused),
            Err(error @ Error::Generic { .. }) => Ok(Put::Unknown(error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// An update of that version and no other.
const fn update(version: Option<String>) -> PutMode {
    PutMode::Update(UpdateVersion { e_tag: version, version: None })
}
