//! What is watched between waves: whether anything that was changed is worse than it was before. Calls of version 1 that are
//! refused since, status checks, load balancers, and a command of the user's own.

mod command;
mod health;
mod metrics;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use imdsure_model::plan::ChangeKind;
use jiff::Timestamp;

use crate::{
    event::{Breach, Event},
    plan::{Lane, PlanFile},
    run::{Halt, Run},
};

pub(crate) use self::health::Unwell;

/// Regions that are looked at at once.
const AT_ONCE: usize = 64;

/// The instances of one region that were changed.
pub(crate) struct Changed<'a> {
    pub(crate) account_id: &'a str,
    pub(crate) region: &'a str,
    pub(crate) lanes: Vec<&'a Lane>,
}

/// What was looked at, and what got worse.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) instances: u64,
    pub(crate) breaches: Vec<Breach>,
    /// Regions that could not be looked at, and why: nothing is known of them.
    pub(crate) unseen: Vec<String>,
}

/// Instances that were unwell before, by account and region.
pub(crate) type Before = BTreeMap<(String, String), BTreeSet<String>>;

/// Looks at what changes instances.
pub(crate) struct Watch<'a> {
    pub(crate) run: &'a Run,
    pub(crate) plan: &'a PlanFile,
    /// Whether a place's change was made.
    pub(crate) made: &'a dyn Fn(u64) -> bool,
}

impl<'a> Watch<'a> {
    /// The regions in which waves change instances.
    fn regions(&self, waves: impl Fn(u32) -> bool) -> Vec<Changed<'a>> {
        let mut regions: BTreeMap<(&str, &str), Vec<&'a Lane>> = BTreeMap::new();
        let instances = |kind| matches!(kind, ChangeKind::Instance | ChangeKind::GroupMember);
        for lane in self.plan.lanes.iter().filter(|lane| waves(lane.wave) && instances(lane.kind)) {
            regions.entry((&lane.account_id, &lane.region)).or_default().push(lane);
        }
        let changed = regions.into_iter().map(|((account_id, region), lanes)| Changed {
            account_id,
            region,
            lanes,
        });
        changed.collect()
    }

    /// Reads and records what is unwell before a wave.
    pub(crate) async fn baseline(&self, wave: u32) -> Result<Before, ()> {
        let regions = self.regions(|of| of == wave);
        let seen = stream::iter(regions)
            .map(|changed| async move {
                let actor = self.run.actor(changed.account_id, changed.region)?;
                Some((changed, health::unwell(&actor).await.unwrap_or_default()))
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut before = Before::new();
        for (changed, unwell) in seen.into_iter().flatten() {
            let (account_id, region) = (changed.account_id.to_owned(), changed.region.to_owned());
            let Unwell { impaired, unhealthy } = unwell;
            let all = impaired.iter().chain(&unhealthy).cloned().collect();
            let event = Event::Baseline {
                wave,
                account_id: account_id.clone(),
                region: region.clone(),
                impaired: impaired.into_iter().collect(),
                unhealthy: unhealthy.into_iter().collect(),
            };
            self.run.record(&event).await.map_err(drop)?;
            before.insert((account_id, region), all);
        }
        Ok(before)
    }

    /// Looks at everything that was changed up to a wave. `began` says when each wave began.
    pub(crate) async fn look(
        &self,
        wave: u32,
        before: &Before,
        began: &BTreeMap<u32, Timestamp>,
        check: Option<&str>,
    ) -> Looked {
        let regions = self.regions(|of| of <= wave);
        let seen = stream::iter(regions)
            .map(|changed| self.region(changed, before, began))
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut looked = Looked::default();
        for region in seen {
            looked.instances += region.instances;
            looked.breaches.extend(region.breaches);
            looked.unseen.extend(region.unseen);
        }
        if let Some(command) = check {
            looked.breaches.extend(command::run(command, &self.run.id, wave).await);
        }
        looked.breaches.sort_by(|a, b| {
            (&a.account_id, &a.region, &a.instance_id).cmp(&(
                &b.account_id,
                &b.region,
                &b.instance_id,
            ))
        });
        looked
    }

    async fn region(
        &self,
        changed: Changed<'a>,
        before: &Before,
        began: &BTreeMap<u32, Timestamp>,
    ) -> Looked {
        let Changed { account_id, region, lanes } = changed;
        let mut looked = Looked::default();
        let Some(actor) = self.run.actor(account_id, region) else { return looked };
        let unwell = match health::unwell(&actor).await {
            Ok(unwell) => unwell,
            Err(error) => {
                looked.unseen.push(format!("{account_id} {region}: {error}"));
                Unwell::default()
            }
        };
        let known = before.get(&(account_id.to_owned(), region.to_owned()));
        let worse = |id: &str| known.is_none_or(|known| !known.contains(id));
        let now = self.run.clock.now(&self.run.client);
        for lane in lanes {
            let since = began.get(&lane.wave).copied().unwrap_or(now);
            let changes = match self.plan.changes(lane) {
                Ok(changes) => changes,
                Err(error) => {
                    self.run.stop.halt(Halt::Plan(error.to_string()));
                    return looked;
                }
            };
            let made = changes.filter_map(Result::ok).filter(|(place, _)| (self.made)(*place));
            let mut ids = made.map(|(_, change)| change.id);
            loop {
                let some: Vec<String> = ids.by_ref().take(metrics::A_LOOK).collect();
                if some.is_empty() {
                    break;
                }
                looked.instances += some.len() as u64;
                looked.breaches.extend(unwell.breaches(account_id, region, &some, worse));
                match metrics::refused(&actor, &some, since, now).await {
                    Ok(refused) => looked.breaches.extend(
                        refused.into_iter().map(|refused| refused.breach(account_id, region)),
                    ),
                    Err(error) => looked.unseen.push(format!("{account_id} {region}: {error}")),
                }
            }
        }
        looked
    }
}
