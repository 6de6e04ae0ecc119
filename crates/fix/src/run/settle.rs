//! Waiting until changed options are in force: many instances of one region are asked about in one call, as often as they
//! need and no more.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use imdsure_aws::{Parameters, actor::Actor, operation::DESCRIBE_INSTANCES};
use serde_json::Value;
use tokio::{sync::oneshot, time::sleep};

use crate::kinds::instance::Options;

/// Instances that one call asks about: EC2 takes 200 values of a filter.
const A_CALL: usize = 200;
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// AWS takes seconds, its own runbook waits for 30: this is when something is wrong.
const PATIENCE: Duration = Duration::from_mins(5);
/// What was sent is in force, and something else is not as it was: after so many looks that is no late read any more.
const LOOKS: u32 = 5;

/// What became of an instance that was waited for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Settled {
    /// As asked for, and in force.
    Applied(Options),
    /// As asked for; in force at its next start.
    AtNextStart(Options),
    /// Terminated, or on its way there.
    Gone,
    /// Not as asked for when patience ended, as last seen; or in force, with something else that changed.
    Not(Option<Options>),
}

struct Waiting {
    sent: Options,
    wanted: Options,
    since: Instant,
    seen: Option<Options>,
    /// How often what was sent was in force, and what is wanted was not all there.
    otherwise: u32,
    tell: oneshot::Sender<Settled>,
}

/// The instances of one region that are waited for.
pub(crate) struct Settling<'a> {
    actor: Actor<'a>,
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

impl<'a> Settling<'a> {
    pub(crate) const fn new(actor: Actor<'a>) -> Self {
        Self { actor, waiting: Mutex::new(BTreeMap::new()) }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until an instance's options are as asked for and in force: what was sent, and all else as it was.
    pub(crate) async fn until(&self, id: &str, sent: Options, wanted: Options) -> Settled {
        let (tell, told) = oneshot::channel();
        let since = Instant::now();
        let waiting = Waiting { sent, wanted, since, seen: None, otherwise: 0, tell };
        self.waiting().insert(id.to_owned(), waiting);
        told.await.unwrap_or(Settled::Not(None))
    }

    /// Asks for as long as it is polled: to be run beside the changes.
    pub(crate) async fn look(&self) -> std::convert::Infallible {
        loop {
            sleep(PAUSE).await;
            let ids: Vec<String> = self.waiting().keys().cloned().collect();
            for ids in ids.chunks(A_CALL) {
                self.ask(ids).await;
            }
            self.give_up();
        }
    }

    async fn ask(&self, ids: &[String]) {
        // By filter: an id that is gone makes no error of the others.
        let parameters =
            Parameters::new().with("Filter.1.Name", "instance-id").with_list("Filter.1.Value", ids);
        let list = ["reservationSet"];
        let take = |reservations: &[Value]| {
            let instances = reservations
                .iter()
                .filter_map(|reservation| reservation.get("instancesSet")?.as_array());
            for instance in instances.flatten() {
                if let Some(id) = instance.get("instanceId").and_then(Value::as_str) {
                    self.seen(id, instance);
                }
            }
        };
        // What cannot be read now is asked for again; patience ends by itself.
        let _ = self.actor.each_page(&DESCRIBE_INSTANCES, &parameters, &list, take).await;
    }

    fn seen(&self, id: &str, instance: &Value) {
        let mut all = self.waiting();
        let Some(waiting) = all.get_mut(id) else { return };
        let state = instance.pointer("/instanceState/name").and_then(Value::as_str);
        let options = Options::of(instance);
        // One that is stopping is as good as stopped: it takes them up when it starts.
        let stopped = matches!(state, Some("stopped" | "stopping"));
        let pending = options.as_ref().is_some_and(|options| options.pending);
        let settled = match (state, options) {
            (Some("terminated" | "shutting-down"), _) => Settled::Gone,
            (_, Some(options)) if !options.gives(&waiting.wanted) => {
                let in_force = !pending || stopped;
                waiting.otherwise += u32::from(in_force && options.gives(&waiting.sent));
                if waiting.otherwise < LOOKS {
                    waiting.seen = Some(options);
                    return;
                }
                Settled::Not(Some(options))
            }
            (_, Some(options)) if !pending => Settled::Applied(options),
            (_, Some(options)) if stopped => Settled::AtNextStart(options),
            (_, options) => {
                waiting.seen = options;
                return;
            }
        };
        if let Some(waiting) = all.remove(id) {
            // Whoever waited may be gone with the run.
            let _ = waiting.tell.send(settled);
        }
    }

    fn give_up(&self) {
        let mut all = self.waiting();
        let late: Vec<String> = all
            .iter()
            .filter(|(_, waiting)| waiting.since.elapsed() > PATIENCE)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            if let Some(Waiting { seen, tell, .. }) = all.remove(&id) {
                let _ = tell.send(Settled::Not(seen));
            }
        }
    }
}
