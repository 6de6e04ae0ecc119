//! How a plan is to be carried out: what the user said now, and what the run was told before.

use std::sync::Arc;

use imdsure_aws::scope::ScopeRequest;
use serde_json::{Map, json};
use tokio::sync::watch::Receiver;

use super::{Clock, LeftAlone, NoWayBack, Progress, begin::Opening, preflight};
use crate::{
    event::Operator,
    journal::{RunId, Store},
    plan::PlanFile,
};

/// What to do when something got worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBreach {
    /// Stop, and say so.
    #[default]
    Stop,
    /// Put the wave back.
    Undo,
}

/// How a plan is to be carried out.
pub struct ApplyRequest {
    /// Where journals and locks are.
    pub store: Store,
    /// As whom; its accounts are those of the plan.
    pub scope: ScopeRequest,
    /// Calls under way at once.
    pub concurrency: usize,
    /// The time between waves; the run's, else the plan's where none is said.
    pub soak_seconds: Option<u64>,
    /// The share of each of AWS's allowances; the run's, else the plan's where none is said.
    pub share: Option<f64>,
    /// What to do when something got worse; where nothing is said, what the run did before, else stop.
    pub on_breach: Option<OnBreach>,
    /// A command that says whether all is well; the run's where none is said, none where it is empty.
    pub check: Option<String>,
    /// Where changes may be made although there is no way back, beside where the run was allowed to.
    pub no_way_back: NoWayBack,
    /// Days after which a plan is too old.
    pub max_age_days: u64,
    /// Whether to go on although a soak has not ended.
    pub before_soak_ends: bool,
    /// Whether to go on although something got worse.
    pub ignore_breach: bool,
    /// Told what will be left alone, before the first change.
    pub announce: Box<dyn Fn(&LeftAlone) + Send + Sync>,
    /// Who runs this.
    pub operator: Operator,
    /// The time.
    pub clock: Clock,
    /// What was done so far.
    pub progress: Arc<Progress>,
    /// Turns true when the user asks to stop.
    pub stop: Receiver<bool>,
}

impl ApplyRequest {
    pub(super) fn settings(&self, plan: &PlanFile) -> Map<String, serde_json::Value> {
        let settings = json!({
            "soak_seconds": self.soak(plan),
            "share": self.share(plan),
            "on_breach": if self.undoes() { "undo" } else { "stop" },
            "check": self.check(),
            "accept_no_way_back": self.no_way_back.0,
        });
        settings.as_object().cloned().unwrap_or_default()
    }

    /// With what the run was told before, where nothing else is said now.
    pub(super) fn continued(mut self, settings: &Map<String, serde_json::Value>) -> Self {
        let text = |name: &str| settings.get(name).and_then(serde_json::Value::as_str);
        let number = |name: &str| settings.get(name).and_then(serde_json::Value::as_u64);
        let share = settings.get("share").and_then(serde_json::Value::as_f64);
        self.soak_seconds = self.soak_seconds.or_else(|| number("soak_seconds"));
        self.share = self.share.or(share);
        self.on_breach = self.on_breach.or_else(|| match text("on_breach")? {
            "undo" => Some(OnBreach::Undo),
            _ => Some(OnBreach::Stop),
        });
        self.check = self.check.or_else(|| text("check").map(str::to_owned));
        let accepted = settings.get("accept_no_way_back").and_then(serde_json::Value::as_array);
        let accepted = accepted.into_iter().flatten().filter_map(serde_json::Value::as_str);
        for place in accepted {
            if !self.no_way_back.0.iter().any(|known| known == place) {
                self.no_way_back.0.push(place.to_owned());
            }
        }
        self
    }

    pub(super) fn undoes(&self) -> bool {
        self.on_breach == Some(OnBreach::Undo)
    }

    pub(super) fn check(&self) -> Option<&str> {
        self.check.as_deref().filter(|command| !command.is_empty())
    }

    pub(super) fn soak(&self, plan: &PlanFile) -> u64 {
        self.soak_seconds.unwrap_or(plan.head.pace.soak_seconds)
    }

    fn share(&self, plan: &PlanFile) -> f64 {
        self.share.unwrap_or(plan.head.pace.share)
    }

    pub(super) fn opening(&self, plan: &PlanFile, run: &RunId) -> Opening {
        Opening {
            store: self.store.clone(),
            run: run.clone(),
            scope: self.scope.clone(),
            accounts: preflight::accounts(plan).into_iter().map(str::to_owned).collect(),
            kinds: plan.lanes.iter().map(|lane| lane.kind).collect(),
            organization: plan.head.organization.clone(),
            concurrency: self.concurrency,
            share: self.share(plan),
            clock: self.clock,
            progress: Arc::clone(&self.progress),
            stop: self.stop.clone(),
        }
    }
}
