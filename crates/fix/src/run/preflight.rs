//! Before the first change: who AWS says that the caller is in each account, whether what is planned is permitted in each
//! region, and whether the way back is. What is not is told and left alone; the rest goes on.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use imdsure_aws::{
    Parameters,
    actor::Actor,
    error::CallError,
    operation::{
        CREATE_LAUNCH_TEMPLATE, CREATE_LAUNCH_TEMPLATE_VERSION, DELETE_LAUNCH_TEMPLATE,
        GET_INSTANCE_METADATA_DEFAULTS, MODIFY_IMAGE_ATTRIBUTE, MODIFY_INSTANCE_METADATA_DEFAULTS,
        MODIFY_INSTANCE_METADATA_OPTIONS, MODIFY_LAUNCH_TEMPLATE, RUN_INSTANCES,
    },
};
use imdsure_model::{
    ErrorKind,
    plan::{Change, ChangeKind},
};
use serde_json::Value;

use super::{Run, RunError, context::Stopped, lanes::LeftAlone};
use crate::{
    event::Event,
    plan::{Lane, PlanFile},
};

/// Regions that are asked at once.
const AT_ONCE: usize = 64;

/// What is found where the way back is closed and the user accepts that.
const ACCEPTED: &str = "permitted; no way back, which was accepted";

/// An account and a region.
type Place = (String, String);

/// Lanes that are not touched, and why.
pub(crate) type Refused = BTreeMap<(String, String, ChangeKind), String>;

/// Where changes may be made although there is no way back: `ACCOUNT:REGION`, `*` for any.
#[derive(Debug, Clone, Default)]
pub struct NoWayBack(pub Vec<String>);

impl NoWayBack {
    fn accepts(&self, account_id: &str, region: &str) -> bool {
        self.0.iter().any(|accepted| covers(accepted, account_id, region))
    }

    /// Refuses what names no account or region of the plan: whoever accepts the wrong place means another.
    pub(crate) fn check(&self, plan: &PlanFile) -> Result<(), RunError> {
        let in_plan = |accepted: &&String| {
            plan.lanes.iter().any(|lane| covers(accepted, &lane.account_id, &lane.region))
        };
        match self.0.iter().find(|accepted| !in_plan(accepted)) {
            Some(accepted) => Err(RunError::NowhereInPlan(accepted.clone())),
            None => Ok(()),
        }
    }
}

fn covers(accepted: &str, account_id: &str, region: &str) -> bool {
    let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    match accepted.split_once(':') {
        Some((account, place)) => fits(account, account_id) && fits(place, region),
        None => fits(accepted, account_id),
    }
}

/// What a preflight found that is not as it should be.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Lanes that are not touched, and why.
    pub(crate) refused: Refused,
    /// Accounts and regions where there is no way back, which was accepted.
    pub(crate) accepted: BTreeSet<Place>,
}

impl Found {
    /// The changes of a plan that are left alone, of the waves that `of` chooses.
    pub(crate) fn left(&self, plan: &PlanFile, of: impl Fn(u32) -> bool) -> LeftAlone {
        let mut left = LeftAlone::new();
        for lane in plan.lanes.iter().filter(|lane| of(lane.wave)) {
            if let Some(why) = self.refused.get(&key(lane)) {
                let of = left.entry((lane.account_id.clone(), why.clone())).or_default();
                of.0 += lane.changes;
                of.1.insert(lane.region.clone());
            }
        }
        left
    }
}

/// Asks everywhere, and records what was found.
pub(crate) async fn preflight(
    run: &Run,
    plan: &PlanFile,
    accepted: &NoWayBack,
) -> Result<Found, Stopped> {
    let mut places: BTreeMap<Place, Vec<&Lane>> = BTreeMap::new();
    for lane in &plan.lanes {
        let lanes = places.entry((lane.account_id.clone(), lane.region.clone())).or_default();
        // One change of each kind stands for all of them.
        if !lanes.iter().any(|known| known.kind == lane.kind) {
            lanes.push(lane);
        }
    }
    let asking = stream::iter(places)
        .map(|((account_id, region), lanes)| async move {
            if run.stopped() {
                return Vec::new();
            }
            let Some(actor) = run.actor(&account_id, &region) else {
                let why = run.why_not_entered(&account_id);
                return lanes.iter().map(|lane| (key(lane), Err(why.clone()))).collect();
            };
            region_answers(&actor, plan, &lanes, accepted).await
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>();
    // Dry runs change nothing: who asks to stop does not wait for their turns.
    let answers = run.stop.unless_asked(asking).await?;
    let mut all = Found::default();
    for ((account_id, region, kind), answer) in answers.into_iter().flatten() {
        let goes = answer.is_ok();
        let found = answer.unwrap_or_else(|why| {
            all.refused.insert((account_id.clone(), region.clone(), kind), why.clone());
            why
        });
        if goes && found.starts_with(ACCEPTED) {
            all.accepted.insert((account_id.clone(), region.clone()));
        }
        let (region, kind) = (Some(region), Some(kind));
        run.record(&Event::Preflight { account_id, region, kind, goes, found }).await?;
    }
    if run.stopped() { Err(Stopped) } else { Ok(all) }
}

fn key(lane: &Lane) -> (String, String, ChangeKind) {
    (lane.account_id.clone(), lane.region.clone(), lane.kind)
}

/// For each kind of a region, what was found, or why its changes are not made.
async fn region_answers(
    actor: &Actor<'_>,
    plan: &PlanFile,
    lanes: &[&Lane],
    accepted: &NoWayBack,
) -> Vec<((String, String, ChangeKind), Result<String, String>)> {
    let enforced = enforced(actor).await;
    let mut answers = Vec::new();
    for lane in lanes {
        let first = plan.changes(lane).ok().and_then(|mut changes| changes.next()?.ok());
        let answer = match first {
            Some((_, change)) => ask(actor, &change, &enforced, accepted).await,
            None => Err("the plan could not be read again".to_owned()),
        };
        answers.push((key(lane), answer));
    }
    answers
}

/// Whether the account's enforcement is on in the region.
async fn enforced(actor: &Actor<'_>) -> Result<bool, CallError> {
    let answer = actor.ask(&GET_INSTANCE_METADATA_DEFAULTS, &Parameters::new()).await?.value;
    let enforced = answer.pointer("/accountLevel/httpTokensEnforced").and_then(Value::as_str);
    Ok(enforced == Some("enabled"))
}

async fn ask(
    actor: &Actor<'_>,
    change: &Change,
    enforced: &Result<bool, CallError>,
    accepted: &NoWayBack,
) -> Result<String, String> {
    forward(actor, change).await.map_err(|error| format!("not permitted: {}", short(&error)))?;
    match back(actor, change, enforced).await {
        Ok(()) => Ok(proved(change.kind).to_owned()),
        Err(why) if accepted.accepts(&actor.account.id, actor.region) => {
            Ok(format!("{ACCEPTED}: {why}"))
        }
        Err(why) => Err(format!("no way back: {why}")),
    }
}

/// What the answers prove. Only EC2 has dry runs.
const fn proved(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Instance
        | ChangeKind::GroupMember
        | ChangeKind::AccountDefaults
        | ChangeKind::AccountEnforcement
        | ChangeKind::LaunchTemplate => "permitted, and so is the way back",
        ChangeKind::ImageImdsSupport => "permitted; there is no way back, as the plan says",
        ChangeKind::LaunchConfiguration => {
            "a template may be made and deleted again; Auto Scaling has no dry run: the first group shows whether groups may be led to it, and the template goes again if not"
        }
        ChangeKind::InstanceRefresh => {
            "not proved: Auto Scaling has no dry run; what is refused changes nothing, and what is replaced does not come back, as the plan says"
        }
        ChangeKind::SagemakerNotebook
        | ChangeKind::BeanstalkEnvironment
        | ChangeKind::LightsailInstance => {
            "not proved: the service has no dry run; the first change shows whether it is permitted, and so is the way back, which is the same call"
        }
    }
}

/// What AWS said, without what differs from target to target.
fn short(error: &CallError) -> String {
    let why = ["with an explicit deny in ", "because no "].iter().find_map(|words| {
        let at = error.message.find(words)?;
        error.message.get(at..)?.split(". ").next()
    });
    match why {
        Some(why) => format!("{} of {} ({why})", error.code, error.operation),
        None => format!("{} of {}: {}", error.code, error.operation, error.message),
    }
}

/// Whether AWS would make the change. What only the target itself can answer (it is gone, or in another state) is no matter of
/// permission.
async fn forward(actor: &Actor<'_>, change: &Change) -> Result<(), CallError> {
    let template = change.id.split(':').next().unwrap_or_default();
    match change.kind {
        ChangeKind::Instance | ChangeKind::GroupMember => {
            let parameters = options(&change.id, &change.send);
            permitted(actor.would(&MODIFY_INSTANCE_METADATA_OPTIONS, parameters).await)
        }
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => {
            let parameters =
                Parameters::new().with_members("", &Value::Object(change.send.clone()));
            permitted(actor.would(&MODIFY_INSTANCE_METADATA_DEFAULTS, parameters).await)
        }
        ChangeKind::ImageImdsSupport => {
            let parameters = Parameters::new()
                .with("ImageId", change.id.as_str())
                .with("ImdsSupport.Value", "v2.0");
            permitted(actor.would(&MODIFY_IMAGE_ATTRIBUTE, parameters).await)
        }
        ChangeKind::LaunchTemplate => {
            let named = Parameters::new().with("LaunchTemplateId", template);
            let version = named
                .clone()
                .with("SourceVersion", change.id.split(':').nth(1).unwrap_or_default())
                .with("LaunchTemplateData.MetadataOptions.HttpTokens", "required");
            permitted(actor.would(&CREATE_LAUNCH_TEMPLATE_VERSION, version).await)?;
            permitted(
                actor.would(&MODIFY_LAUNCH_TEMPLATE, named.with("SetDefaultVersion", "1")).await,
            )?;
            // Who leads a group to a version has to be permitted to launch from it.
            match change.send.get("Groups") {
                Some(_) => permitted(actor.would(&RUN_INSTANCES, launch(template)).await),
                None => Ok(()),
            }
        }
        ChangeKind::LaunchConfiguration => {
            let template = Parameters::new()
                .with("LaunchTemplateName", NOBODYS)
                .with("LaunchTemplateData.MetadataOptions.HttpTokens", "required");
            permitted(actor.would(&CREATE_LAUNCH_TEMPLATE, template).await)
        }
        // These services have no dry run: the first change is the test.
        ChangeKind::InstanceRefresh
        | ChangeKind::SagemakerNotebook
        | ChangeKind::BeanstalkEnvironment
        | ChangeKind::LightsailInstance => Ok(()),
    }
}

/// A template that is not there: asked about by dry runs.
const NOBODYS: &str = "imdsure-preflight";

fn launch(template: &str) -> Parameters {
    Parameters::new()
        .with("LaunchTemplate.LaunchTemplateId", template)
        .with("MinCount", 1)
        .with("MaxCount", 1)
}

fn options(id: &str, options: &serde_json::Map<String, Value>) -> Parameters {
    Parameters::new().with("InstanceId", id).with_members("", &Value::Object(options.clone()))
}

/// Anything but a missing permission is a matter of the target.
fn permitted(answer: Result<(), CallError>) -> Result<(), CallError> {
    match answer {
        Err(error) if !is_about_permission(&error) => Ok(()),
        answer => answer,
    }
}

fn is_about_permission(error: &CallError) -> bool {
    let kind = matches!(
        error.kind,
        ErrorKind::Denied
            | ErrorKind::ClosedByPolicy
            | ErrorKind::Credentials
            | ErrorKind::Unavailable
            | ErrorKind::Malformed
    );
    kind || error.code == "UnsupportedOperation"
}

/// Whether AWS would take the change back.
async fn back(
    actor: &Actor<'_>,
    change: &Change,
    enforced: &Result<bool, CallError>,
) -> Result<(), String> {
    match change.kind {
        ChangeKind::Instance | ChangeKind::GroupMember => {
            match enforced {
                Ok(false) => {}
                Ok(true) => {
                    return Err("the account enforces required tokens in the region: no instance can go back to optional".to_owned());
                }
                Err(error) => return Err(format!("whether the account enforces required tokens is not known: {}", error.code)),
            }
            let before: serde_json::Map<String, Value> = change
                .before
                .iter()
                .filter(|(name, _)| change.send.contains_key(*name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let answer = actor.would(&MODIFY_INSTANCE_METADATA_OPTIONS, options(&change.id, &before)).await;
            permitted(answer).map_err(|error| short(&error))
        }
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => {
            let mut before = Parameters::new();
            for name in change.send.keys() {
                let unset = if name == "HttpPutResponseHopLimit" { "-1" } else { "no-preference" };
                let value = change.before.get(name).map_or_else(
                    || unset.to_owned(),
                    |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                );
                before = before.with(name, value);
            }
            let answer = actor.would(&MODIFY_INSTANCE_METADATA_DEFAULTS, before).await;
            permitted(answer).map_err(|error| short(&error))
        }
        // That the template is not there is no matter of permission.
        ChangeKind::LaunchConfiguration => {
            let template = Parameters::new().with("LaunchTemplateName", NOBODYS);
            permitted(actor.would(&DELETE_LAUNCH_TEMPLATE, template).await).map_err(|error| short(&error))
        }
        // Asked for by the AMI's own name, with the plan saying that it stays.
        ChangeKind::ImageImdsSupport
        // What leads back is what led there, and was permitted.
        | ChangeKind::LaunchTemplate
        | ChangeKind::InstanceRefresh
        | ChangeKind::SagemakerNotebook
        | ChangeKind::BeanstalkEnvironment
        | ChangeKind::LightsailInstance => Ok(()),
    }
}

/// The accounts of a plan's changes.
pub(crate) fn accounts(plan: &PlanFile) -> BTreeSet<&str> {
    plan.lanes.iter().map(|lane| lane.account_id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_back_is_accepted_by_name() {
        let accepts = |accepted: &str, place: (&str, &str)| {
            NoWayBack(vec![accepted.to_owned()]).accepts(place.0, place.1)
        };
        let place = ("111122223333", "eu-west-1");
        for accepted in
            ["111122223333:eu-west-1", "111122223333", "*:eu-west-1", "111122223333:*", "*"]
        {
            assert!(accepts(accepted, place), "{accepted}");
        }
        for other in ["111122223333:us-east-1", "444455556666", "444455556666:*", ""] {
            assert!(!accepts(other, place), "{other}");
        }
    }
}
