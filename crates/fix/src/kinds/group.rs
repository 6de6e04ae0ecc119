//! What an Auto Scaling group launches from, led from one version of a template to another: UpdateAutoScalingGroup. A mixed
//! instances policy is sent whole, as it was read, with the version alone changed, and compared afterwards.

use std::time::{Duration, Instant};

use imdsure_aws::{
    Parameters,
    error::CallError,
    operation::{DESCRIBE_AUTO_SCALING_GROUPS, UPDATE_AUTO_SCALING_GROUP},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::wait::{LATE, Patience};
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const GROUPS: [&str; 1] = ["AutoScalingGroups"];
const POLICY: &str = "MixedInstancesPolicy";
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(1);

/// A group whose version is bumped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Launches {
    name: String,
}

impl Launches {
    /// The groups that a change's plan names, each once.
    pub(crate) fn planned(task: &Task<'_>) -> Vec<Self> {
        let groups = task.change.send.get("Groups").and_then(Value::as_array);
        let names = groups.into_iter().flatten().filter_map(|group| {
            group.as_str().or_else(|| group.get("AutoScalingGroupName")?.as_str())
        });
        let mut all: Vec<Self> = names.map(|name| Self { name: name.to_owned() }).collect();
        all.dedup();
        all
    }

    async fn find(&self, task: &Task<'_>) -> Result<Option<Value>, Fault> {
        find(task, &self.name).await
    }

    /// Why the group is not as planned, if it is not: it does not name the version any more.
    pub(crate) async fn drifted(
        &self,
        task: &Task<'_>,
        template: &str,
        source: u64,
    ) -> Result<Option<String>, Fault> {
        let Some(group) = self.find(task).await? else {
            return Ok(Some(format!("group {} is gone", self.name)));
        };
        let named = names(&group, template, source) || task.begun;
        Ok((!named).then(|| format!("group {} does not name version {source} any more", self.name)))
    }

    /// Leads the group from one version to another, wherever it names the template by number; gives whether somebody else led it
    /// elsewhere meanwhile.
    pub(crate) async fn lead(
        &self,
        task: &Task<'_>,
        template: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, Fault> {
        let known = |group: &Value| names(group, template, from) || names(group, template, to);
        let mut patience = Patience::of(LATE);
        loop {
            let Some(group) = self.find(task).await? else { return Ok(false) };
            // As it should be is no proof that it is: reads may be late, and sending it again does no harm.
            if known(&group) {
                self.update(task, &group, template, from, to).await?;
                return Ok(false);
            }
            // Somebody else's is believed when it shows again.
            if !patience.lasts(task).await? {
                return Ok(true);
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    async fn update(
        &self,
        task: &Task<'_>,
        group: &Value,
        template: &str,
        from: u64,
        to: u64,
    ) -> Result<(), Fault> {
        let wanted = replaced(group, template, from, to);
        let changed = if wanted.get(POLICY).is_some_and(|policy| !policy.is_null()) {
            by_id(&json!({POLICY: wanted.get(POLICY)}))
        } else {
            let id = wanted.pointer("/LaunchTemplate/LaunchTemplateId");
            json!({"LaunchTemplate": {"LaunchTemplateId": id, "Version": to.to_string()}})
        };
        let parameters = Parameters::new()
            .with("AutoScalingGroupName", self.name.as_str())
            .with_members("", &changed);
        let mut sent = changed;
        sent["AutoScalingGroupName"] = self.name.as_str().into();
        let step = format!("update-group {}", self.name);
        match task.call(&step, &UPDATE_AUTO_SCALING_GROUP, &parameters, sent, |_| Value::Null).await
        {
            Err(Fault::Call(error)) if says_gone(&error) => return Ok(()),
            called => drop(called?),
        }
        self.verify(task, &wanted).await
    }

    async fn verify(&self, task: &Task<'_>, wanted: &Value) -> Result<(), Fault> {
        let launches = |group: &Value| {
            ["LaunchTemplate", POLICY].map(|name| group.get(name).cloned().unwrap_or_default())
        };
        let since = Instant::now();
        loop {
            let Some(group) = self.find(task).await? else { return Ok(()) };
            if launches(&group) == launches(wanted) {
                return Ok(());
            }
            if since.elapsed() > PATIENCE {
                let why = format!("group {} does not launch from what it was led to", self.name);
                return Err(End::because(Ending::Unverified, why).into());
            }
            sleep(PAUSE).await;
        }
    }
}

/// A group as AWS shows it; none where it is gone.
pub(crate) async fn find(task: &Task<'_>, name: &str) -> Result<Option<Value>, Fault> {
    let named = Parameters::new().with_list("AutoScalingGroupNames.member", [name]);
    let found = task.list(&DESCRIBE_AUTO_SCALING_GROUPS, &named, &GROUPS).await?;
    Ok(found.into_iter().next())
}

/// Whether an error says that a group is not there.
pub(crate) fn says_gone(error: &CallError) -> bool {
    error.code == "ValidationError" && error.message.starts_with("AutoScalingGroup name not found")
}

/// A group that names a version of a template by its number, of all of the region; `led` were led away from it just now.
pub(crate) async fn that_names(
    task: &Task<'_>,
    template: &str,
    version: u64,
    led: &[&str],
) -> Result<Option<String>, Fault> {
    that(task, |group| names(group, template, version), led).await
}

/// A group that names a template, whichever version of it, of all of the region; `led` were led away from it just now.
pub(crate) async fn that_uses(
    task: &Task<'_>,
    template: &str,
    led: &[&str],
) -> Result<Option<String>, Fault> {
    that(task, |group| uses(group, template), led).await
}

/// A group that was led away is believed to be there only when it shows so again: reads may be late.
async fn that(
    task: &Task<'_>,
    wanted: impl Fn(&Value) -> bool,
    led: &[&str],
) -> Result<Option<String>, Fault> {
    let mut patience = Patience::of(LATE);
    loop {
        let groups = task.list(&DESCRIBE_AUTO_SCALING_GROUPS, &Parameters::new(), &GROUPS).await?;
        let users = groups.iter().filter(|group| wanted(group));
        let mut users = users.filter_map(|group| group.get("AutoScalingGroupName")?.as_str());
        let Some(user) = users.next() else { return Ok(None) };
        if !led.contains(&user) || !patience.lasts(task).await? {
            return Ok(Some(user.to_owned()));
        }
    }
}

/// Whether a group names a template, anywhere but in the history of its members.
pub(crate) fn uses(group: &Value, template: &str) -> bool {
    specifications(group)
        .any(|named| named.get("LaunchTemplateId").and_then(Value::as_str) == Some(template))
}

/// What a group names to launch from: its template, or those of its mixed instances policy.
pub(crate) fn specifications(group: &Value) -> impl Iterator<Item = &Value> {
    let named = |path: &str| group.pointer(path).filter(|value| value.is_object());
    let policy = "/MixedInstancesPolicy/LaunchTemplate";
    let overrides = group.pointer(&format!("{policy}/Overrides")).and_then(Value::as_array);
    let of_overrides = overrides
        .into_iter()
        .flatten()
        .filter_map(|it| it.get("LaunchTemplateSpecification").filter(|value| value.is_object()));
    named("/LaunchTemplate")
        .into_iter()
        .chain(named(&format!("{policy}/LaunchTemplateSpecification")))
        .chain(of_overrides)
}

/// Whether a document names a version of a template by its number, anywhere in it.
fn names(value: &Value, template: &str, version: u64) -> bool {
    match value {
        Value::Object(members) => {
            is_specification(value, template, version)
                // What members were launched from is history.
                || members.iter().any(|(name, value)| name != "Instances" && names(value, template, version))
        }
        Value::Array(items) => items.iter().any(|item| names(item, template, version)),
        _ => false,
    }
}

fn is_specification(value: &Value, template: &str, version: u64) -> bool {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    text("LaunchTemplateId") == Some(template)
        && text("Version").and_then(|version| version.parse().ok()) == Some(version)
}

/// The same with another version, wherever the template's version is named. A template that is named by id is not named by its
/// name as well: AWS takes one of them.
fn replaced(value: &Value, template: &str, from: u64, to: u64) -> Value {
    match value {
        Value::Object(members) => {
            let ours = is_specification(value, template, from);
            let member = |(name, value): (&String, &Value)| {
                let value = match name.as_str() {
                    "Version" if ours => to.to_string().into(),
                    "Instances" => value.clone(),
                    _ => replaced(value, template, from, to),
                };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(items) => {
            items.iter().map(|item| replaced(item, template, from, to)).collect()
        }
        other => other.clone(),
    }
}

/// The same with templates named by their ids alone: Auto Scaling shows id and name, and takes only one of them.
fn by_id(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let has_id = members.get("LaunchTemplateId").is_some_and(Value::is_string);
            let kept = members.iter().filter(|(name, _)| !has_id || *name != "LaunchTemplateName");
            Value::Object(kept.map(|(name, value)| (name.clone(), by_id(value))).collect())
        }
        Value::Array(items) => items.iter().map(by_id).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_and_replaced_wherever_it_is_named() {
        let of = |version: &str| json!({"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "Version": version});
        let group = |version: &str| {
            json!({
                "AutoScalingGroupName": "web",
                "MixedInstancesPolicy": {"LaunchTemplate": {
                    "LaunchTemplateSpecification": of(version),
                    "Overrides": [{"InstanceType": "m5.large"}, {"LaunchTemplateSpecification": of(version)},
                                  {"LaunchTemplateSpecification": {"LaunchTemplateId": "lt-2", "Version": "3"}}]
                }},
                "Instances": [{"LaunchTemplate": of("3")}]
            })
        };
        assert!(names(&group("3"), "lt-1", 3));
        assert!(!names(&group("4"), "lt-1", 3));
        assert!(!names(&group("$Latest"), "lt-1", 3));
        assert_eq!(replaced(&group("3"), "lt-1", 3, 7), group("7"));
        let sent = by_id(&group("3")).to_string();
        assert!(
            !sent.contains("LaunchTemplateName") && sent.matches("LaunchTemplateId").count() == 4
        );
        assert_eq!(
            by_id(&json!({"LaunchTemplateName": "web"})),
            json!({"LaunchTemplateName": "web"})
        );
        assert_eq!(specifications(&group("3")).count(), 3);
        assert!(uses(&group("$Latest"), "lt-1") && uses(&group("1"), "lt-2"));
        assert!(!uses(&json!({"Instances": [{"LaunchTemplate": of("3")}]}), "lt-1"));
    }
}
