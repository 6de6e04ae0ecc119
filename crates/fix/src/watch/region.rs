//! One region: the instances that were changed there, and those that were launched by what was changed.

use std::collections::BTreeMap;

use imdsure_aws::actor::Actor;
use imdsure_model::plan::{Change, ChangeKind};
use jiff::Timestamp;

use super::{
    Before, Changed, Looked, Place, Target, Watch,
    born::{Launchers, launches},
    counts::A_LOOK,
    gone::Gone,
    health::{self, Unwell},
    metrics,
};
use crate::{plan::Lane, run::Halt};

/// What was changed, and how it was before.
pub(super) struct Looking<'l, 'a> {
    pub(super) watch: &'l Watch<'a>,
    pub(super) made: &'l dyn Fn(u64) -> bool,
    pub(super) before: &'l Before,
    pub(super) began: &'l BTreeMap<u32, Timestamp>,
}

/// A region at the time of the look.
struct Scene<'l> {
    actor: Actor<'l>,
    place: Place<'l>,
    now: Timestamp,
    unwell: Unwell,
}

impl Looking<'_, '_> {
    pub(super) async fn region(&self, changed: Changed<'_>) -> Looked {
        let mut looked = Looked::default();
        let place = changed.place;
        if let Err(why) = self.into(changed, &mut looked).await {
            looked.unseen.push(place.unseen(&why));
        }
        looked
    }

    /// Looks at a region; the error says why nothing more is known of it.
    async fn into(&self, changed: Changed<'_>, looked: &mut Looked) -> Result<(), String> {
        let Changed { place, mut lanes } = changed;
        // Where nothing was changed there is nothing to see.
        lanes.retain(|lane| lane.places().any(self.made));
        let run = self.watch.run;
        let Some(actor) = run.actor(place.account_id, place.region) else { return Ok(()) };
        let now = run.clock.now(&run.client);
        let launchers = self.launchers(&lanes, now);
        let born = launchers.born(&actor, now).await.map_err(|error| error.to_string())?;
        let mut born: BTreeMap<String, _> =
            born.into_iter().map(|born| (born.target.id.clone(), born)).collect();
        lanes.retain(|lane| lane.kind.is_instance());
        if lanes.is_empty() && born.is_empty() {
            return Ok(());
        }
        let unwell = health::unwell(&actor).await.map_err(|error| error.to_string())?;
        let scene = Scene { actor, place, now, unwell };
        let mut gone = Gone::default();
        for lane in lanes {
            let since = self.began.get(&lane.wave).copied().unwrap_or(now);
            let mut changes = self.changes(lane);
            loop {
                let some: Vec<Change> = changes.by_ref().take(A_LOOK).collect();
                if some.is_empty() {
                    break;
                }
                let targets: Vec<Target> = some.iter().map(target).collect();
                for target in &targets {
                    born.remove(&target.id);
                }
                let members = some.iter().zip(&targets).filter_map(|(change, target)| {
                    let is_member = change.kind == ChangeKind::GroupMember;
                    let group = change.blast.groups.first().filter(|_| is_member)?;
                    Some((group.as_str(), target))
                });
                gone.add(&scene.actor, members).await.map_err(|error| error.to_string())?;
                self.look(&scene, &targets, ("changed", since), looked).await?;
                self.ill(&scene, &targets, "changed", looked);
            }
        }
        let (replaced, gone) =
            gone.replaced(&scene.actor, place).await.map_err(|error| error.to_string())?;
        looked.breaches.extend(replaced);
        looked.gone += gone;
        let since = launchers.since().unwrap_or(now);
        let (started, starting): (Vec<_>, Vec<_>) = born.into_values().partition(|it| it.started);
        for (born, started) in [(started, true), (starting, false)] {
            let targets: Vec<Target> = born.into_iter().map(|born| born.target).collect();
            for some in targets.chunks(A_LOOK) {
                self.look(&scene, some, ("launched", since), looked).await?;
                if started {
                    self.ill(&scene, some, "launched", looked);
                }
            }
        }
        Ok(())
    }

    /// What was changed that decides launches.
    fn launchers(&self, lanes: &[&Lane], now: Timestamp) -> Launchers {
        let mut launchers = Launchers::default();
        for lane in lanes.iter().filter(|lane| launches(lane.kind)) {
            let began = self.began.get(&lane.wave).copied().unwrap_or(now);
            for change in self.changes(lane) {
                launchers.add(&change, began);
            }
        }
        launchers
    }

    /// The changes of a lane that were made.
    fn changes(&self, lane: &Lane) -> impl Iterator<Item = Change> {
        let changes = match self.watch.plan.changes(lane) {
            Ok(changes) => Some(changes),
            Err(error) => {
                self.watch.run.stop.halt(Halt::Plan(error.to_string()));
                None
            }
        };
        let made = changes.into_iter().flatten().filter_map(Result::ok);
        made.filter(|(place, _)| (self.made)(*place)).map(|(_, change)| change)
    }

    /// Whose calls are refused since.
    async fn look(
        &self,
        scene: &Scene<'_>,
        targets: &[Target],
        event: (&str, Timestamp),
        looked: &mut Looked,
    ) -> Result<(), String> {
        looked.instances += targets.len() as u64;
        let Scene { actor, place, now, .. } = scene;
        looked.breaches.extend(metrics::refused(actor, *place, targets, event, *now).await?);
        Ok(())
    }

    /// Who is unwell and was not before.
    fn ill(&self, scene: &Scene<'_>, targets: &[Target], event: &str, looked: &mut Looked) {
        let place = scene.place;
        let known = self.before.get(&(place.account_id.to_owned(), place.region.to_owned()));
        let worse = |id: &str| known.is_none_or(|known| !known.contains(id));
        looked.breaches.extend(scene.unwell.breaches(place, targets, event, worse));
    }
}

fn target(change: &Change) -> Target {
    Target { id: change.id.clone(), name: change.name.clone() }
}
