//! Status checks of EC2 and the health that load balancers see: only what is unwell is asked for, which is little.

use std::collections::BTreeSet;

use imdsure_aws::{
    Parameters,
    actor::Actor,
    error::CallError,
    operation::{DESCRIBE_INSTANCE_STATUS, DESCRIBE_TARGET_GROUPS, DESCRIBE_TARGET_HEALTH},
};
use serde_json::Value;

use super::{Place, Target, text};
use crate::event::Breach;

/// The instances of a region that are unwell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unwell {
    /// A status check fails.
    pub(crate) impaired: BTreeSet<String>,
    /// A load balancer found them unhealthy.
    pub(crate) unhealthy: BTreeSet<String>,
}

impl Unwell {
    /// What of these instances is worse than before. `event` is what happened to them, in words.
    pub(super) fn breaches(
        &self,
        place: Place<'_>,
        targets: &[Target],
        event: &str,
        worse: impl Fn(&str) -> bool,
    ) -> Vec<Breach> {
        let checks = [
            (&self.impaired, "instance status", "a status check of it fails"),
            (&self.unhealthy, "target health", "a load balancer finds it unhealthy"),
        ];
        let mut breaches = Vec::new();
        for (unwell, check, found) in checks {
            for target in
                targets.iter().filter(|target| unwell.contains(&target.id) && worse(&target.id))
            {
                breaches.push(place.breach(
                    target,
                    check,
                    &format!("{found} since it was {event}"),
                ));
            }
        }
        breaches
    }
}

/// Reads what is unwell in a region.
pub(super) async fn unwell(actor: &Actor<'_>) -> Result<Unwell, CallError> {
    let mut impaired = BTreeSet::new();
    for check in ["instance-status.status", "system-status.status"] {
        let filter =
            Parameters::new().with("Filter.1.Name", check).with("Filter.1.Value.1", "impaired");
        let found = actor.list(&DESCRIBE_INSTANCE_STATUS, &filter, &["instanceStatusSet"]).await?;
        impaired.extend(found.iter().filter_map(|status| text(status, "/instanceId")));
    }
    Ok(Unwell { impaired, unhealthy: unhealthy(actor).await? })
}

async fn unhealthy(actor: &Actor<'_>) -> Result<BTreeSet<String>, CallError> {
    let all = Parameters::new();
    let groups = actor.list(&DESCRIBE_TARGET_GROUPS, &all, &["TargetGroups"]);
    let groups = match groups.await {
        // A region without load balancers has no target that could be unhealthy.
        Err(error) if error.code == "NotOffered" => return Ok(BTreeSet::new()),
        groups => groups?,
    };
    let mut unhealthy = BTreeSet::new();
    let of_instances = groups
        .iter()
        .filter(|group| text(group, "/TargetType").is_none_or(|kind| kind == "instance"));
    for arn in of_instances.filter_map(|group| text(group, "/TargetGroupArn")) {
        let named = Parameters::new().with("TargetGroupArn", arn);
        let answer = match actor.ask(&DESCRIBE_TARGET_HEALTH, &named).await {
            // Deleted since it was listed.
            Err(error) if error.code == "TargetGroupNotFound" => continue,
            answer => answer?.value,
        };
        let targets = answer.get("TargetHealthDescriptions").and_then(Value::as_array);
        let ill = targets
            .into_iter()
            .flatten()
            .filter(|target| text(target, "/TargetHealth/State").as_deref() == Some("unhealthy"));
        unhealthy.extend(ill.filter_map(|target| text(target, "/Target/Id")));
    }
    Ok(unhealthy)
}
