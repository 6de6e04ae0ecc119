//! Members of groups that were changed and are gone: whom the group found unhealthy and replaced is seen by no other check.

use std::collections::{BTreeMap, BTreeSet};

use imdsure_aws::{
    Parameters,
    actor::Actor,
    error::CallError,
    operation::{DESCRIBE_INSTANCES, DESCRIBE_SCALING_ACTIVITIES},
};

use super::{Place, Target, text};
use crate::event::Breach;

/// States of an instance that is there.
const THERE: [&str; 4] = ["pending", "running", "stopping", "stopped"];

/// Changed members that are gone, by their group.
#[derive(Debug, Default)]
pub(super) struct Gone(BTreeMap<String, Vec<Target>>);

impl Gone {
    /// Takes those of a group's changed members that are gone; at most 100.
    pub(super) async fn add(
        &mut self,
        actor: &Actor<'_>,
        members: impl Iterator<Item = (&str, &Target)> + Clone,
    ) -> Result<(), CallError> {
        let ids: Vec<&str> = members.clone().map(|(_, target)| target.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        // By filter: an id that is gone makes no error of the others.
        let filters = Parameters::new()
            .with("Filter.1.Name", "instance-id")
            .with_list("Filter.1.Value", &ids)
            .with("Filter.2.Name", "instance-state-name")
            .with_list("Filter.2.Value", THERE);
        let reservations = actor.list(&DESCRIBE_INSTANCES, &filters, &["reservationSet"]).await?;
        let there: BTreeSet<String> = reservations
            .iter()
            .filter_map(|reservation| reservation.get("instancesSet")?.as_array())
            .flatten()
            .filter_map(|instance| text(instance, "/instanceId"))
            .collect();
        for (group, target) in members.filter(|(_, target)| !there.contains(&target.id)) {
            self.0.entry(group.to_owned()).or_default().push(target.clone());
        }
        Ok(())
    }

    /// Those whom their group replaced because it found them unhealthy, by what the group says itself. Others went as members
    /// of groups go, and are only counted.
    pub(super) async fn replaced(
        self,
        actor: &Actor<'_>,
        place: Place<'_>,
    ) -> Result<(Vec<Breach>, u64), CallError> {
        let mut breaches = Vec::new();
        let mut gone = 0;
        for (group, targets) in self.0 {
            gone += targets.len() as u64;
            let named = Parameters::new().with("AutoScalingGroupName", group.as_str());
            let asked = actor.list(&DESCRIBE_SCALING_ACTIVITIES, &named, &["Activities"]).await;
            let activities = match asked {
                // The group is gone with its members.
                Err(error) if error.code == "ValidationError" => continue,
                activities => activities?,
            };
            for target in targets {
                let ended = activities.iter().find_map(|activity| {
                    let what = text(activity, "/Description")?;
                    (what.starts_with("Terminating") && what.contains(&target.id))
                        .then(|| text(activity, "/Cause").unwrap_or_default())
                });
                if let Some(cause) = ended.filter(|cause| is_of_health(cause)) {
                    let found = format!(
                        "group {group} replaced it after it was changed, since it was unhealthy: {cause}"
                    );
                    breaches.push(place.breach(&target, "instance status", &found));
                }
            }
        }
        gone -= breaches.len() as u64;
        Ok((breaches, gone))
    }
}

/// Whether a group ended an instance because of its health: a status check, a load balancer, or who told the group so. An instance
/// that somebody else terminated is also found to be unhealthy, and says nothing.
fn is_of_health(cause: &str) -> bool {
    let cause = cause.to_ascii_lowercase();
    let is_check = ["health check", "health-check", "status checks failure"]
        .iter()
        .any(|words| cause.contains(words));
    is_check && !cause.contains("indicating it has been terminated or stopped")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_group_found_unhealthy_counts() {
        // As EC2 Auto Scaling words them ("Troubleshoot unhealthy instances", "Scaling activities").
        for of_health in [
            "At 2026-11-30T10:00:00Z an instance was taken out of service in response to an ELB system health check failure.",
            "At 2026-11-30T10:00:00Z an instance was taken out of service in response to an EC2 instance status checks failure.",
            "At 2026-11-30T10:00:00Z an instance was taken out of service in response to a user health-check.",
        ] {
            assert!(is_of_health(of_health), "{of_health}");
        }
        for other in [
            "At 2026-11-30T10:00:00Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 4 to 3.",
            "At 2026-11-30T10:00:00Z an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.",
            "",
        ] {
            assert!(!is_of_health(other), "{other}");
        }
    }
}
