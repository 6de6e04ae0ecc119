//! What was launched since a wave changed what launches: it is what the change shows on first.

use std::collections::BTreeSet;

use imdsure_aws::{Parameters, actor::Actor, error::CallError, operation::DESCRIBE_INSTANCES};
use imdsure_model::plan::{Change, ChangeKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Target, text};

/// EC2 takes 200 values of filters in a call: more days than these are asked for by the month.
const DAYS: i64 = 190;
/// So long after its launch an instance may still be starting: status checks and load balancers say nothing of it.
const STARTING: SignedDuration = SignedDuration::from_mins(10);

/// What decides launches in a region and was changed, and since when.
#[derive(Debug, Default)]
pub(super) struct Launchers {
    since: Option<Timestamp>,
    /// Whatever is launched: the account's default.
    all: bool,
    templates: BTreeSet<String>,
    groups: BTreeSet<String>,
    environments: BTreeSet<String>,
    images: BTreeSet<String>,
}

/// An instance that was launched since.
#[derive(Debug, PartialEq)]
pub(super) struct Born {
    pub(super) target: Target,
    /// Whether it has had the time to start.
    pub(super) started: bool,
}

/// Whether a kind changes what is launched from then on, and can thereby break it. Enforcement lets nothing else be launched.
pub(super) const fn launches(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::LaunchTemplate
            | ChangeKind::LaunchConfiguration
            | ChangeKind::InstanceRefresh
            | ChangeKind::BeanstalkEnvironment
            | ChangeKind::AccountDefaults
            | ChangeKind::ImageImdsSupport
    )
}

impl Launchers {
    /// Takes a change that was made in a wave which began then.
    pub(super) fn add(&mut self, change: &Change, began: Timestamp) {
        self.since = Some(self.since.map_or(began, |since| since.min(began)));
        let id = change.id.as_str();
        match change.kind {
            ChangeKind::LaunchTemplate => {
                let template = id.split(':').next().unwrap_or_default();
                self.templates.insert(template.to_owned());
            }
            ChangeKind::LaunchConfiguration => {
                self.groups.extend(change.blast.groups.iter().cloned());
            }
            ChangeKind::InstanceRefresh => drop(self.groups.insert(id.to_owned())),
            ChangeKind::BeanstalkEnvironment => drop(self.environments.insert(id.to_owned())),
            ChangeKind::ImageImdsSupport => drop(self.images.insert(id.to_owned())),
            ChangeKind::AccountDefaults => self.all = true,
            _ => {}
        }
    }

    /// When the first of the waves that changed them began; none if nothing was changed.
    pub(super) const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// What was launched by them since, runs and requires tokens.
    pub(super) async fn born(
        &self,
        actor: &Actor<'_>,
        now: Timestamp,
    ) -> Result<Vec<Born>, CallError> {
        let Some(since) = self.since else { return Ok(Vec::new()) };
        let filters = Parameters::new()
            .with("Filter.1.Name", "launch-time")
            .with_list("Filter.1.Value", times(since, now))
            .with("Filter.2.Name", "metadata-options.http-tokens")
            .with("Filter.2.Value.1", "required")
            .with("Filter.3.Name", "instance-state-name")
            .with("Filter.3.Value.1", "running");
        let reservations = actor.list(&DESCRIBE_INSTANCES, &filters, &["reservationSet"]).await?;
        let instances = reservations
            .iter()
            .filter_map(|reservation| reservation.get("instancesSet")?.as_array())
            .flatten()
            .filter(|instance| self.launched(instance));
        Ok(instances.filter_map(|instance| born(instance, since, now)).collect())
    }

    fn launched(&self, instance: &Value) -> bool {
        let tagged = |key: &str, set: &BTreeSet<String>| {
            tag(instance, key).is_some_and(|value| set.contains(&value))
        };
        self.all
            || tagged("aws:ec2launchtemplate:id", &self.templates)
            || tagged("aws:autoscaling:groupName", &self.groups)
            || tagged("elasticbeanstalk:environment-id", &self.environments)
            || text(instance, "/imageId").is_some_and(|image| self.images.contains(&image))
    }
}

fn born(instance: &Value, since: Timestamp, now: Timestamp) -> Option<Born> {
    let launched: Timestamp = text(instance, "/launchTime")?.parse().ok()?;
    // EC2 tells whole seconds.
    (launched.as_second() >= since.as_second()).then_some(())?;
    let target = Target { id: text(instance, "/instanceId")?, name: tag(instance, "Name") };
    Some(Born { target, started: now.duration_since(launched) >= STARTING })
}

fn tag(instance: &Value, key: &str) -> Option<String> {
    let tags = instance.get("tagSet")?.as_array()?;
    let found = tags.iter().find(|tag| text(tag, "/key").as_deref() == Some(key))?;
    text(found, "/value").filter(|value| !value.is_empty())
}

/// The days from one instant to another as EC2's filter writes them, or the months.
fn times(since: Timestamp, now: Timestamp) -> Vec<String> {
    let day = SignedDuration::from_hours(24);
    let by_month = now.duration_since(since) > day * DAYS as i32;
    let pattern = |at: Timestamp| {
        let text = at.to_string();
        if by_month { format!("{}-*", &text[..7]) } else { format!("{}T*", &text[..10]) }
    };
    let mut times: Vec<String> = Vec::new();
    let mut at = since;
    while at < now {
        times.push(pattern(at));
        at = at.checked_add(day).unwrap_or(now);
    }
    times.push(pattern(now));
    times.dedup();
    times
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_asked_for_one_by_one_and_a_year_by_its_months() {
        let days = times(at("2026-11-28T23:59:59Z"), at("2026-11-30T00:00:01Z"));
        assert_eq!(days, ["2026-11-28T*", "2026-11-29T*", "2026-11-30T*"]);
        assert_eq!(times(at("2026-11-30T01:00:00Z"), at("2026-11-30T02:00:00Z")).len(), 1);
        assert_eq!(times(at("2026-11-30T02:00:00Z"), at("2026-11-30T01:00:00Z")).len(), 1);
        let months = times(at("2025-11-30T01:00:00Z"), at("2026-11-30T02:00:00Z"));
        assert_eq!(months.len(), 13);
        assert_eq!((months[0].as_str(), months[12].as_str()), ("2025-11-*", "2026-11-*"));
        assert_eq!(times(at("2026-05-24T01:00:00Z"), at("2026-11-30T00:00:00Z")).len(), 191);
    }

    #[test]
    fn an_instance_is_born_of_what_launched_it() {
        let instance = json!({
            "instanceId": "i-1", "launchTime": "2026-11-30T10:00:00.000Z", "imageId": "ami-1",
            "tagSet": [
                {"key": "aws:ec2launchtemplate:id", "value": "lt-1"},
                {"key": "Name", "value": "web"},
            ],
        });
        let of = |templates: &[&str], images: &[&str], all| {
            let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            let launchers = Launchers {
                all,
                templates: set(templates),
                images: set(images),
                ..Launchers::default()
            };
            launchers.launched(&instance)
        };
        assert!(of(&["lt-1"], &[], false) && of(&[], &["ami-1"], false) && of(&[], &[], true));
        assert!(!of(&["lt-2"], &["lt-1"], false));
        let born = |since: &str, now: &str| born(&instance, at(since), at(now));
        assert_eq!(born("2026-11-30T10:00:01Z", "2026-11-30T11:00:00Z"), None);
        let found = born("2026-11-30T10:00:00.7Z", "2026-11-30T10:10:00Z").unwrap();
        assert_eq!((found.target.name.as_deref(), found.started), (Some("web"), true));
        assert!(!born("2026-11-30T09:00:00Z", "2026-11-30T10:09:00Z").unwrap().started);
    }
}
