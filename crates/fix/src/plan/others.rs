//! What is only planned when it is asked for by its kind: launch configurations, instance refreshes, AMIs, and what other
//! services run.

use std::collections::HashMap;

use imdsure_model::plan::{BlastRadius, ChangeKind, Reason};
use serde_json::{Map, Value};

use super::{
    draft::Turn,
    planner::{Doing, Planner, Target, Waived},
    templates::{Born, born_evidence, born_uses_v1, nothing_known},
    words::{Row, counted, members, number, owned, speaks_of_containers, text, the_last, truth},
};

/// What is told of what nothing is known of.
const NOT_MEASURED: &str = "its use of version 1 is not measured: nothing is known of it";

impl Planner<'_> {
    /// Takes launch configurations and the groups that launch from them.
    pub fn configurations(&mut self, rows: &[Row], groups: &[Row], born: &[Row]) {
        if !self.plans(ChangeKind::LaunchConfiguration) {
            return;
        }
        let born = Born::of(born);
        let mut users: HashMap<[&str; 3], Vec<&Row>> = HashMap::new();
        for group in
            groups.iter().filter(|group| text(group, "launch_configuration_name").is_some())
        {
            let key = ["account_id", "region", "launch_configuration_name"];
            let key = key.map(|column| text(group, column).unwrap_or_default());
            users.entry(key).or_default().push(group);
        }
        for row in rows.iter().filter(|row| matches!(text(row, "gives"), Some("v1" | "refused"))) {
            let key = ["account_id", "region", "name"]
                .map(|column| text(row, column).unwrap_or_default());
            let Some(groups) = users.get(&key) else { continue };
            self.configuration(row, groups, &born);
        }
    }

    fn configuration(&mut self, row: &Row, groups: &[&Row], born: &Born<'_>) {
        let kind = ChangeKind::LaunchConfiguration;
        let target = Target::of(row, "name");
        if !self.chooses(&target.account_id, None) {
            return;
        }
        let names: Vec<&str> = groups.iter().filter_map(|group| text(group, "name")).collect();
        let of_groups: Vec<&Row> =
            names.iter().filter_map(|name| born.get(&target, "autoscaling-group", name)).collect();
        let owner = groups.iter().find_map(|group| text(group, "managed_by"));
        let against = owner
            .map(|owner| {
                (Reason::OwnedByService, format!("{owner} owns a group that launches from it"))
            })
            .or_else(|| self.waived(&waived(&target, "launch-configuration-tokens-required")))
            .or_else(|| of_groups.iter().find_map(|born| born_uses_v1(born)))
            .or_else(|| {
                nothing_known(of_groups.first().copied(), true)
                    .filter(|_| !self.options.include_unknown)
            })
            .or_else(|| self.would_not_last(&target));
        if let Some(why) = against {
            return self.leave(target, kind, why);
        }
        let before = declared(row);
        let mut numbers = Vec::new();
        for name in &names {
            self.mends(&target.account_id, &target.region, name);
            numbers.extend(self.group(&target.account_id, &target.region, name));
        }
        let spot = self.spot(&target, "launch-configuration", false);
        let doing = Doing {
            kind,
            send: members([
                ("MetadataOptions", Value::Object(self.required(Some(&before)))),
                ("Groups", names.clone().into()),
            ]),
            before: members([("MetadataOptions", Value::Object(before))]),
            evidence: of_groups.first().map(|born| born_evidence(born)),
            blast: BlastRadius {
                groups: names.iter().map(|name| (*name).to_owned()).collect(),
                role: owned(row, "instance_profile"),
                containers_likely: speaks_of_containers([
                    text(row, "name"),
                    text(row, "instance_profile"),
                ]),
                ..BlastRadius::default()
            },
            warnings: Vec::new(),
            turn: Turn::WithGroups(spot),
            groups: numbers.into_iter().map(|group| group.number).collect(),
        };
        self.plan(target, doing);
    }

    /// Takes groups whose members are to be replaced.
    pub fn refreshes(&mut self, rows: &[Row]) {
        let kind = ChangeKind::InstanceRefresh;
        if !self.plans(kind) {
            return;
        }
        for row in rows.iter().filter(|row| number(row, "optional_members") > 0) {
            let target = Target::of(row, "name");
            if !self.chooses(&target.account_id, target.tags.as_deref()) {
                continue;
            }
            let known = self.group(&target.account_id, &target.region, &target.id);
            let still = known.is_some_and(|group| group.gives_v1 && !group.mended);
            let against = text(row, "managed_by")
                .map(|owner| (Reason::OwnedByService, format!("{owner} owns it")))
                .or_else(|| {
                    let members = self.siblings(&target.account_id, &target.region, &target.id)?;
                    let last = the_last(members.last.as_deref());
                    let of = counted(members.of, "instance");
                    let why = format!(
                        "{} of its {of} used version 1{last}; its new members would be refused",
                        members.used
                    );
                    Some((Reason::V1CallsSeen, why))
                })
                .or_else(|| {
                    let why = "it still launches version 1, and new members would have it as well";
                    still.then(|| (Reason::Blocked, why.into()))
                });
            if let Some(why) = against {
                self.leave(target, kind, why);
                continue;
            }
            let members_now = number(row, "members");
            let spot = self.spot(&target, "instance-refresh", false);
            let doing = Doing {
                kind,
                send: members([("AutoScalingGroupName", target.id.as_str().into())]),
                before: members([("Members", members_now.into())]),
                evidence: None,
                blast: BlastRadius {
                    groups: vec![target.id.clone()],
                    role: owned(row, "instance_profile"),
                    ..BlastRadius::default()
                },
                warnings: vec![format!("replaces {}", counted(members_now, "instance"))],
                turn: Turn::Replace(spot),
                groups: Vec::new(),
            };
            self.plan(target, doing);
        }
    }

    /// Takes AMIs; only those are planned that were named, since AWS never takes it back.
    pub fn images(&mut self, rows: &[Row]) {
        let kind = ChangeKind::ImageImdsSupport;
        if !self.plans(kind) {
            return;
        }
        for row in rows {
            let target = Target::of(row, "image_id");
            if !self.names(&target) {
                continue;
            }
            if let Some(why) = self.waived(&waived(&target, "ami-imdsv2")) {
                self.leave(target, kind, why);
                continue;
            }
            let spot = self.spot(&target, "image", false);
            let doing = Doing {
                kind,
                send: members([("ImdsSupport", "v2.0".into())]),
                before: Map::new(),
                evidence: None,
                blast: BlastRadius { state: owned(row, "state"), ..BlastRadius::default() },
                warnings: vec![
                    "it cannot be undone: AWS takes ImdsSupport back from no AMI".to_owned(),
                ],
                turn: Turn::Spread(spot),
                groups: Vec::new(),
            };
            self.plan(target, doing);
        }
    }

    /// Whether an AMI was named, by its id or by its name.
    fn names(&self, image: &Target) -> bool {
        let images = &self.options.images;
        self.chooses(&image.account_id, None)
            && (images.contains(&image.id)
                || image.name.as_ref().is_some_and(|name| images.contains(name)))
    }

    /// Takes SageMaker notebook instances that allow version 1. One that runs has to be stopped for it: only where that was asked for.
    pub fn notebooks(&mut self, rows: &[Row]) {
        let kind = ChangeKind::SagemakerNotebook;
        for row in rows {
            let state = text(row, "state").unwrap_or("in an unknown state");
            let against = match (text(row, "minimum_imds_version"), state) {
                (None, _) => {
                    Some((Reason::NotReported, "AWS did not report its minimum version".into()))
                }
                (_, "InService") if !self.options.restart => Some((
                    Reason::Blocked,
                    "it runs, and AWS changes a stopped one alone: stop it, or plan with --restart"
                        .into(),
                )),
                (_, "InService" | "Stopped") => None,
                _ => Some((Reason::Pending, format!("it is {state}"))),
            };
            let restarts = state == "InService";
            let warning = restarts.then_some(
                "it is stopped for it and started again: whoever works there is thrown out, and what only its memory holds is lost",
            );
            let send = members([
                ("MinimumInstanceMetadataServiceVersion", Value::from("2")),
                ("Restart", restarts.then_some(true).into()),
            ]);
            let before = ("MinimumInstanceMetadataServiceVersion", Value::from("1"));
            let role = owned(row, "role_arn");
            self.of_service(
                row,
                (kind, "name", "sagemaker-notebook-imdsv2"),
                against,
                send,
                before,
                warning,
                role,
            );
        }
    }

    /// Takes Beanstalk environments that allow version 1.
    pub fn environments(&mut self, rows: &[Row]) {
        let kind = ChangeKind::BeanstalkEnvironment;
        for row in rows {
            let state = text(row, "state").unwrap_or("in an unknown state");
            let against = match (truth(row, "settings_read"), state) {
                (false, _) => Some((Reason::NotReported, "its settings could not be read".into())),
                (true, "Ready") => None,
                (true, _) => Some((Reason::Pending, format!("it is {state}"))),
            };
            // Null where nobody set it: then it is taken away again.
            let was = text(row, "disable_imdsv1").filter(|value| !value.is_empty());
            let warning = Some(match was {
                Some(_) => "Beanstalk replaces all instances of the environment for it",
                None => {
                    "Beanstalk replaces all instances of the environment for it. Nobody set the option: on Amazon Linux 2023 version 1 is off without it"
                }
            });
            let send = members([("DisableIMDSv1", "true".into())]);
            let before = ("DisableIMDSv1", was.into());
            self.of_service(
                row,
                (kind, "environment_id", "beanstalk-imdsv2"),
                against,
                send,
                before,
                warning,
                None,
            );
        }
    }

    /// Takes Lightsail instances that allow version 1.
    pub fn lightsail(&mut self, rows: &[Row]) {
        let kind = ChangeKind::LightsailInstance;
        for row in rows {
            let against = match (text(row, "http_tokens"), text(row, "http_endpoint")) {
                (None, _) => Some((Reason::NotReported, "AWS did not report its options".into())),
                (_, Some("disabled")) => {
                    Some((Reason::EndpointDisabled, "the metadata service is off".into()))
                }
                _ if text(row, "metadata_options_state") == Some("pending") => {
                    Some((Reason::Pending, "its options are being changed".into()))
                }
                _ => None,
            };
            let was = text(row, "http_tokens").unwrap_or("optional");
            let send = members([("HttpTokens", "required".into())]);
            let before = ("HttpTokens", was.into());
            self.of_service(
                row,
                (kind, "name", "lightsail-imdsv2"),
                against,
                send,
                before,
                None,
                None,
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "three services that differ in just these")]
    fn of_service(
        &mut self,
        row: &Row,
        (kind, id, control): (ChangeKind, &str, &str),
        against: Option<(Reason, String)>,
        send: Map<String, Value>,
        before: (&str, Value),
        warning: Option<&str>,
        role: Option<String>,
    ) {
        let target = Target::of(row, id);
        if !self.plans(kind) || !self.chooses(&target.account_id, target.tags.as_deref()) {
            return;
        }
        let against = against.or_else(|| self.waived(&waived(&target, control)));
        if let Some(why) = against.or_else(|| self.would_not_last(&target)) {
            return self.leave(target, kind, why);
        }
        let spot = self.spot(&target, kind.as_str(), false);
        let doing = Doing {
            kind,
            send,
            before: members([before]),
            evidence: None,
            blast: BlastRadius {
                role,
                state: owned(row, "state"),
                public: truth(row, "public_ip"),
                ..BlastRadius::default()
            },
            warnings: warning.into_iter().chain([NOT_MEASURED]).map(str::to_owned).collect(),
            turn: Turn::Spread(spot),
            groups: Vec::new(),
        };
        self.plan(target, doing);
    }
}

fn waived<'a>(target: &'a Target, control: &'a str) -> Waived<'a> {
    Waived {
        control,
        resource: &target.arn,
        name: target.name.as_deref(),
        account_id: &target.account_id,
        tags: target.tags.as_deref(),
    }
}

/// The options that a launch configuration sets.
fn declared(row: &Row) -> Map<String, Value> {
    let set = |column| text(row, column).filter(|value| *value != "silent");
    let hops = set("declared_hop_limit").and_then(|hops| hops.parse::<u64>().ok());
    members([
        ("HttpTokens", set("declared_http_tokens").into()),
        ("HttpEndpoint", set("declared_http_endpoint").into()),
        ("HttpPutResponseHopLimit", hops.into()),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Context, PlanOptions};

    fn rows(row: &Value) -> Vec<Row> {
        vec![row.as_object().cloned().unwrap()]
    }

    #[test]
    fn a_group_that_uses_version_1_is_not_replaced() {
        let options =
            PlanOptions { kinds: [ChangeKind::InstanceRefresh].into(), ..PlanOptions::default() };
        let group = json!({
            "account_id": "111122223333", "region": "eu-west-1", "name": "web", "resource": "arn",
            "members": 10, "optional_members": 3,
        });
        let planned = |used: u64| {
            let born = json!({
                "account_id": "111122223333", "region": "eu-west-1", "kind": "autoscaling-group", "origin": "web",
                "instances": 10, "used": used,
            });
            let mut planner = Planner::new(&options, Context::default(), |_| None);
            planner.born(&rows(&born));
            planner.refreshes(&rows(&group));
            let planned = planner.finish().unwrap();
            (planned.changes(), planned.left_for(Reason::V1CallsSeen).count())
        };
        assert_eq!(planned(0), (1, 0));
        assert_eq!(planned(2), (0, 1));
    }
}
