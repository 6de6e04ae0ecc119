//! Instances: which of them can be changed in place, on what evidence, and what to know before.

use imdsure_model::{
    candidate::InstanceCandidate,
    plan::{BlastRadius, ChangeKind, Reason, UsageEvidence},
};

use super::{
    draft::{Turn, scattered},
    options::COVERAGE,
    planner::{Doing, Planner, Target, Waived},
    words::{counted, instant, members, speaks_of_containers},
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
            .or_else(|| no_data(instance).filter(|_| !self.options.include_unknown))
    }

    fn change(&mut self, instance: &InstanceCandidate<'_>, target: Target, kind: ChangeKind) {
        let hop_limit = self
            .options
            .hop_limit
            .filter(|limit| instance.hop_limit.is_none_or(|now| now < i64::from(*limit)));
        let group = instance.group.filter(|_| kind == ChangeKind::GroupMember);
        let known = group.and_then(|name| self.group(instance.account_id, instance.region, name));
        let mut warnings = warnings(instance, hop_limit.is_some());
        if known.is_some_and(|group| group.gives_v1 && !group.mended) {
            warnings.push(
                "its group still launches version 1: what replaces it will answer it again".into(),
            );
        }
        let within = group.or(instance.owner).unwrap_or_default();
        let stratum = self.stratum(format!("{}/{}/{within}", instance.account_id, instance.region));
        let early = instance.launch_time.is_some_and(|launched| launched < BEFORE_V2);
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
            turn: Turn::Spread { stratum, hash: scattered(instance.instance_id), early },
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
    let last = instance.last_nonzero.and_then(instant);
    let last = last.map(|last| format!(", the last in the period that began {last}"));
    Some((
        Reason::V1CallsSeen,
        format!("{} of version 1{}", counted(calls, "call"), last.unwrap_or_default()),
    ))
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
        "last started before October 2019, when there was no version 2: it goes first",
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
