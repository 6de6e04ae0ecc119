//! Instances: which of them can be changed in place, on what evidence, and what to know before.

use imdsure_model::{
    candidate::InstanceCandidate,
    plan::{BlastRadius, ChangeKind, Reason, UsageEvidence},
};

use super::{
    draft::Turn,
    options::COVERAGE,
    planner::{Doing, Planner, Siblings, Target, Waived},
    words::{counted, instant, members, minute, speaks_of_containers, the_last},
};

/// What the owner of a group's member is written like.
const AUTO_SCALING: &str = "autoscaling:";
/// October 2019, in milliseconds since 1970: before November 2019 there was no version 2.
const BEFORE_V2: i64 = 1_569_888_000_000;
const HOUR: i64 = 3_600_000;
/// The control that says what is wrong with an instance.
const CONTROL: &str = "instance-imdsv1-disabled";

impl Planner<'_> {
    /// Takes an instance that does not require tokens.
    pub fn instance(&mut self, instance: &InstanceCandidate<'_>) {
        let member = instance.managed_by.is_some_and(|owner| owner.starts_with(AUTO_SCALING));
        let kind = if member { ChangeKind::GroupMember } else { ChangeKind::Instance };
        if !self.plans(kind) || !self.chooses(instance.account_id, instance.tags) {
            return;
        }
        let target = target(instance);
        match self.against_instance(instance).or_else(|| self.would_not_last(&target)) {
            Some(why) => self.leave(target, kind, why),
            None => self.change(instance, target, kind),
        }
    }

    /// Why an instance is left alone.
    fn against_instance(&self, instance: &InstanceCandidate<'_>) -> Option<(Reason, String)> {
        let waived = Waived {
            control: CONTROL,
            resource: instance.arn,
            name: instance.name,
            account_id: instance.account_id,
            tags: instance.tags,
        };
        not_reported(instance)
            .or_else(|| owned_by_another(instance))
            .or_else(|| cannot_be_set(instance))
            .or_else(|| self.waived(&waived))
            .or_else(|| uses_v1(instance))
            .or_else(|| siblings_use_v1(instance, self.siblings_of(instance)?))
            .or_else(|| no_data(instance).filter(|_| !self.options.include_unknown))
    }

    /// Those of its group that used version 1, if there are any.
    fn siblings_of(&self, instance: &InstanceCandidate<'_>) -> Option<&Siblings> {
        self.siblings(instance.account_id, instance.region, instance.group?)
    }

    fn change(&mut self, instance: &InstanceCandidate<'_>, target: Target, kind: ChangeKind) {
        let hop_limit = self
            .options
            .hop_limit
            .filter(|limit| instance.hop_limit.is_none_or(|now| now < i64::from(*limit)));
        let group = instance.group.filter(|_| kind == ChangeKind::GroupMember);
        let known = group.and_then(|name| self.group(instance.account_id, instance.region, name));
        let mut warnings = warnings(instance, hop_limit.is_some());
        warnings.extend(self.siblings_of(instance).map(|siblings| {
            format!("{}; it was silent, and started inside the window", siblings.told())
        }));
        if known.is_some_and(|group| group.gives_v1 && !group.mended) {
            warnings.push(
                "its group still launches version 1: what replaces it will answer it again".into(),
            );
        }
        let within = group.or(instance.owner).unwrap_or_default();
        warnings.extend(self.no_way_back(&target));
        let early = instance.launch_time.is_some_and(|launched| launched < BEFORE_V2);
        let spot = self.spot(&target, within, early);
        let doing = Doing {
            kind,
            send: members([
                ("HttpTokens", "required".into()),
                ("HttpPutResponseHopLimit", hop_limit.into()),
            ]),
            before: members([
                ("HttpTokens", instance.http_tokens.into()),
                ("HttpPutResponseHopLimit", instance.hop_limit.into()),
                ("HttpEndpoint", instance.http_endpoint.into()),
                ("HttpProtocolIpv6", instance.http_protocol_ipv6.into()),
                ("InstanceMetadataTags", instance.instance_metadata_tags.into()),
            ]),
            evidence: evidence(instance),
            blast: blast(instance, group),
            warnings,
            turn: Turn::Spread(spot),
            groups: known.map(|group| group.number).into_iter().collect(),
        };
        self.plan(target, doing);
    }
}

fn target(instance: &InstanceCandidate<'_>) -> Target {
    Target {
        account_id: instance.account_id.to_owned(),
        region: instance.region.to_owned(),
        id: instance.instance_id.to_owned(),
        arn: instance.arn.to_owned(),
        name: instance.name.map(str::to_owned),
        owner: instance.owner.map(str::to_owned),
        tags: None,
    }
}

fn not_reported(instance: &InstanceCandidate<'_>) -> Option<(Reason, String)> {
    let known = instance.http_tokens == Some("optional")
        && matches!(instance.http_endpoint, Some("enabled" | "disabled"));
    (!known).then(|| {
        let tokens = instance.http_tokens.unwrap_or("nothing");
        (Reason::NotReported, format!("AWS reported {tokens} for HttpTokens"))
    })
}

fn owned_by_another(instance: &InstanceCandidate<'_>) -> Option<(Reason, String)> {
    let owner = instance.managed_by.filter(|owner| !owner.starts_with(AUTO_SCALING))?;
    Some((Reason::OwnedByService, format!("{owner} owns it, and would be edited behind its back")))
}

fn cannot_be_set(instance: &InstanceCandidate<'_>) -> Option<(Reason, String)> {
    if instance.http_endpoint == Some("disabled") {
        let why = "the metadata service is off: it answers neither version";
        return Some((Reason::EndpointDisabled, why.into()));
    }
    let waits = instance.state == Some("stopped");
    (instance.options_state == Some("pending") && !waits)
        .then(|| (Reason::Pending, "its options are being changed: read again in a minute".into()))
}

fn uses_v1(instance: &InstanceCandidate<'_>) -> Option<(Reason, String)> {
    let calls = u64::try_from(instance.calls?).ok().filter(|calls| *calls > 0)?;
    let last = instance.last_nonzero.and_then(instant).as_deref().map(minute);
    let why = format!("{} of version 1{}", counted(calls, "call"), the_last(last.as_deref()));
    Some((Reason::V1CallsSeen, why))
}

/// What calls only at boot is silent until the next one: of an instance that did not start inside the window its siblings
/// tell more than its own silence.
fn siblings_use_v1(
    instance: &InstanceCandidate<'_>,
    siblings: &Siblings,
) -> Option<(Reason, String)> {
    let start = match instance.started_in_window {
        Some(true) => return None,
        Some(false) => "it did not start inside the window",
        None => "no start of it inside the window is known",
    };
    let why = format!("{}; {start}, so its own silence proves nothing", siblings.told());
    Some((Reason::V1CallsSeen, why))
}

impl Siblings {
    fn told(&self) -> String {
        let last = the_last(self.last.as_deref());
        format!(
            "{} of {} of its group used version 1{last}",
            self.used,
            counted(self.of, "instance")
        )
    }
}

/// Hours of the window.
fn window_hours(instance: &InstanceCandidate<'_>) -> Option<i64> {
    Some((instance.window_end? - instance.window_start?) / HOUR)
}

fn no_data(instance: &InstanceCandidate<'_>) -> Option<(Reason, String)> {
    if !instance.asked {
        let why = "its use of version 1 was not read: --usage reads it";
        return Some((Reason::NoData, why.into()));
    }
    if instance.calls.is_none() {
        return Some((Reason::NoData, "CloudWatch has no data of it in the window".into()));
    }
    let hours = window_hours(instance)?;
    let covered = instance.covered_hours.unwrap_or_default();
    ((covered as f64) < hours as f64 * COVERAGE).then(|| {
        (Reason::NoData, format!("CloudWatch has data of {covered} of {hours} hours of the window"))
    })
}

fn evidence(instance: &InstanceCandidate<'_>) -> Option<UsageEvidence> {
    instance.asked.then(|| UsageEvidence {
        calls: instance.calls.and_then(|calls| u64::try_from(calls).ok()),
        from: instance.window_start.and_then(instant),
        to: instance.window_end.and_then(instant),
        covered_hours: instance.covered_hours.and_then(|hours| u64::try_from(hours).ok()),
        started_in_window: instance.started_in_window,
        instances: None,
        without_data: None,
    })
}

fn blast(instance: &InstanceCandidate<'_>, group: Option<&str>) -> BlastRadius {
    BlastRadius {
        groups: group.map(str::to_owned).into_iter().collect(),
        service: None,
        role: instance.instance_profile.map(str::to_owned),
        owner: None,
        state: instance.state.map(str::to_owned),
        launched: instance.launch_time.and_then(instant),
        last_v1_call: instance.last_nonzero.and_then(instant),
        containers_likely: containers_likely(instance),
        public: instance.public,
    }
}

fn containers_likely(instance: &InstanceCandidate<'_>) -> bool {
    speaks_of_containers([
        instance.name,
        instance.group,
        instance.image_name,
        instance.instance_profile,
    ])
}

fn warnings(instance: &InstanceCandidate<'_>, raised: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |condition: bool, text: &str| {
        if condition {
            warnings.push(text.to_owned());
        }
    };
    warn(no_data(instance).is_some(), "nothing or too little is known of its use of version 1");
    warn(
        instance.asked && instance.started_in_window == Some(false),
        "no start inside the window: what calls only at boot was not seen",
    );
    warn(
        instance.launch_time.is_some_and(|launched| launched < BEFORE_V2),
        "last started before October 2019, when there was no version 2",
    );
    warn(
        instance.hop_limit == Some(1) && !raised && containers_likely(instance),
        "containers are likely and the hop limit is 1, which stops them once version 2 is required: --hop-limit 2",
    );
    warn(
        instance.state == Some("stopped"),
        "stopped: it changes at its next start, and nobody waits for that",
    );
    warnings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Context, PlanFile, PlanOptions, words::Row};

    const END: i64 = BEFORE_V2 + 400 * 24 * HOUR;

    /// A member of the group `web` that is silent.
    fn silent(instance_id: &str) -> InstanceCandidate<'_> {
        InstanceCandidate {
            account_id: "111122223333",
            region: "eu-west-1",
            arn: instance_id,
            instance_id,
            http_tokens: Some("optional"),
            http_endpoint: Some("enabled"),
            group: Some("web"),
            managed_by: Some("autoscaling:web"),
            launch_time: Some(END - 24 * HOUR),
            calls: Some(0),
            covered_hours: Some(336),
            window_start: Some(END - 336 * HOUR),
            window_end: Some(END),
            started_in_window: Some(true),
            asked: true,
            ..InstanceCandidate::default()
        }
    }

    /// The rows of what was born from the group `web`.
    fn born(used: u64) -> Vec<Row> {
        let row = json!({
            "account_id": "111122223333", "region": "eu-west-1", "kind": "autoscaling-group", "origin": "web",
            "instances": 10, "used": used, "last_nonzero": "2020-11-01T13:00:00Z",
        });
        vec![row.as_object().cloned().unwrap()]
    }

    /// The warnings with which something is planned, or why it is left alone.
    type Decided = Result<Vec<String>, (Reason, String)>;

    /// What becomes of these, by id.
    fn decided(
        options: &PlanOptions,
        born: &[Row],
        instances: &[InstanceCandidate<'_>],
    ) -> Vec<(String, Decided)> {
        let mut planner = Planner::new(options, Context::default(), |_| None);
        planner.born(born);
        for instance in instances {
            planner.instance(instance);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        planner.finish().unwrap().write(&path, None).unwrap();
        let plan = PlanFile::open(&path).unwrap();
        let mut decided = Vec::new();
        for lane in &plan.lanes {
            let changes = plan.changes(lane).unwrap().map(|change| change.unwrap().1);
            decided.extend(changes.map(|change| (change.id, Ok(change.warnings))));
        }
        for left in plan.unplanned().unwrap().map(Result::unwrap) {
            decided.push((left.id, Err((left.reason, left.why))));
        }
        decided.sort_by(|(one, _), (other, _)| one.cmp(other));
        decided
    }

    #[test]
    fn a_silent_member_that_did_not_start_learns_from_its_siblings() {
        let old = InstanceCandidate { started_in_window: Some(false), ..silent("i-old") };
        let decided_of =
            |used| decided(&PlanOptions::default(), &born(used), &[silent("i-new"), old]);
        let told = "2 of 10 instances of its group used version 1, the last in the period that began 2020-11-01 13:00 UTC; it";
        let left =
            format!("{told} did not start inside the window, so its own silence proves nothing");
        let warned = format!("{told} was silent, and started inside the window");
        assert_eq!(
            decided_of(2),
            [
                ("i-new".to_owned(), Ok(vec![warned])),
                ("i-old".to_owned(), Err((Reason::V1CallsSeen, left)))
            ]
        );
        // Where all of them are silent, what is said is that no boot was seen.
        let unseen = "no start inside the window: what calls only at boot was not seen".to_owned();
        assert_eq!(
            decided_of(0),
            [("i-new".to_owned(), Ok(vec![])), ("i-old".to_owned(), Ok(vec![unseen]))]
        );
    }

    #[test]
    fn what_is_not_known_of_a_member_is_no_excuse_for_its_siblings() {
        let unread = InstanceCandidate {
            asked: false,
            calls: None,
            started_in_window: None,
            ..silent("i-1")
        };
        let options = PlanOptions { include_unknown: true, ..PlanOptions::default() };
        let (_, decided) = decided(&options, &born(1), &[unread]).remove(0);
        assert_eq!(decided.unwrap_err().0, Reason::V1CallsSeen);
    }

    #[test]
    fn an_instance_from_before_version_2_is_not_promised_a_place() {
        let old = InstanceCandidate { launch_time: Some(BEFORE_V2 - 1), ..silent("i-1") };
        let (_, decided) = decided(&PlanOptions::default(), &[], &[old]).remove(0);
        let warning = "last started before October 2019, when there was no version 2";
        assert_eq!(decided.unwrap(), [warning]);
    }
}
