//! What is watched between waves: whether anything that was changed, or was launched by what was changed, is worse than it was
//! before. Calls of version 1 that are refused since, status checks, load balancers, and a command of the user's own. And right
//! before a wave: what is unwell already, and what has called version 1 since it was planned.

mod born;
mod command;
mod counts;
mod gone;
mod health;
mod metrics;
mod region;
mod since_planned;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    event::{Breach, Event},
    plan::{Lane, PlanFile},
    run::{Refused, Run, Stopped},
};

pub(crate) use self::{command::run as check, since_planned::SincePlanned};

/// Regions that are looked at at once.
const AT_ONCE: usize = 64;

/// A region of an account.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    account_id: &'a str,
    region: &'a str,
}

/// An instance that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    id: String,
    name: Option<String>,
}

impl Place<'_> {
    fn breach(&self, target: &Target, check: &str, found: &str) -> Breach {
        let Self { account_id, region } = self;
        let id = &target.id;
        let name = target.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
        Breach {
            account_id: Some((*account_id).to_owned()),
            region: Some((*region).to_owned()),
            instance_id: Some(id.clone()),
            check: check.to_owned(),
            found: format!("{id} ({name}{account_id} {region}): {found}"),
        }
    }

    /// What is said of a region that could not be looked at.
    fn unseen(&self, why: &str) -> String {
        format!("{} {}: {why}", self.account_id, self.region)
    }
}

/// The lanes of one region that are looked at.
struct Changed<'a> {
    place: Place<'a>,
    lanes: Vec<&'a Lane>,
}

/// What was looked at, and what got worse.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) instances: u64,
    /// Changed members of groups that are gone, and not because of their health.
    pub(crate) gone: u64,
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
}

/// Whether the preflight lets the changes of a lane be made.
fn goes(lane: &Lane, refused: &Refused) -> bool {
    !refused.contains_key(&(lane.account_id.clone(), lane.region.clone(), lane.kind))
}

impl<'a> Watch<'a> {
    /// The regions of the lanes that are chosen.
    fn regions(&self, choose: impl Fn(&Lane) -> bool) -> Vec<Changed<'a>> {
        let mut regions: BTreeMap<(&str, &str), Vec<&'a Lane>> = BTreeMap::new();
        for lane in self.plan.lanes.iter().filter(|lane| choose(lane)) {
            regions.entry((&lane.account_id, &lane.region)).or_default().push(lane);
        }
        let changed = regions.into_iter().map(|((account_id, region), lanes)| Changed {
            place: Place { account_id, region },
            lanes,
        });
        changed.collect()
    }

    /// Looks at many regions at once.
    async fn everywhere<F: Future>(
        &self,
        regions: Vec<Changed<'a>>,
        look: impl Fn(Changed<'a>) -> F,
    ) -> Vec<F::Output> {
        stream::iter(regions).map(look).buffer_unordered(AT_ONCE).collect().await
    }

    /// The waves that have nothing to soak, since nothing runs there: there is nothing to look at.
    fn idle_waves(&self) -> BTreeSet<u32> {
        let waves = self.plan.head.waves.iter().filter(|wave| !wave.soaks);
        waves.map(|wave| wave.wave).collect()
    }

    /// Reads and records what is unwell before a wave. Where that cannot be read, nothing is recorded.
    pub(crate) async fn baseline(
        &self,
        wave: u32,
        refused: &Refused,
    ) -> Result<(Before, Vec<String>), Stopped> {
        let regions = self
            .regions(|lane| lane.wave == wave && lane.kind.is_instance() && goes(lane, refused));
        let read = self.everywhere(regions, |changed| async move {
            let actor = self.run.actor(changed.place.account_id, changed.place.region)?;
            Some((changed.place, health::unwell(&actor).await))
        });
        let seen = self.run.stop.unless_asked(read).await?;
        let (mut before, mut unseen) = (Before::new(), Vec::new());
        for (place, unwell) in seen.into_iter().flatten() {
            let unwell = match unwell {
                Ok(unwell) => unwell,
                Err(error) => {
                    unseen.push(place.unseen(&error.to_string()));
                    continue;
                }
            };
            let (account_id, region) = (place.account_id.to_owned(), place.region.to_owned());
            let all = unwell.impaired.iter().chain(&unwell.unhealthy).cloned().collect();
            let event = Event::Baseline {
                wave,
                account_id: account_id.clone(),
                region: region.clone(),
                impaired: unwell.impaired.into_iter().collect(),
                unhealthy: unwell.unhealthy.into_iter().collect(),
            };
            self.run.record(&event).await?;
            before.insert((account_id, region), all);
        }
        Ok((before, unseen))
    }

    /// Looks at everything that was changed up to a wave. `made` says whether a place's change was made, `began` when each wave
    /// began.
    pub(crate) async fn look(
        &self,
        wave: u32,
        made: &dyn Fn(u64) -> bool,
        before: &Before,
        began: &BTreeMap<u32, Timestamp>,
    ) -> Looked {
        let idle = self.idle_waves();
        let regions = self.regions(|lane| {
            let looked_at = lane.kind.is_instance() || born::launches(lane.kind);
            lane.wave <= wave && looked_at && !idle.contains(&lane.wave)
        });
        let of = region::Looking { watch: self, made, before, began };
        let seen = self.everywhere(regions, |changed| of.region(changed)).await;
        let mut looked = Looked::default();
        for region in seen {
            looked.instances += region.instances;
            looked.gone += region.gone;
            looked.breaches.extend(region.breaches);
            looked.unseen.extend(region.unseen);
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
}

fn text(value: &Value, path: &str) -> Option<String> {
    value.pointer(path).and_then(Value::as_str).map(str::to_owned)
}
