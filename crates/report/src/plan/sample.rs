//! A plan as an organization might get it: what the tests render, and what eyes look at.

use std::collections::{BTreeMap, BTreeSet};

use imdsure_model::{
    Effect,
    plan::{
        BlastRadius, Change, ChangeKind, Gap, KindNotes, PLAN_SCHEMA, Pace, PlanHead, PlanSource,
        Reason, Unplanned, UsageEvidence, Wave,
    },
};
use serde_json::{Map, Value, json};

/// A plan, whole.
pub(super) struct Sample {
    pub(super) head: PlanHead,
    pub(super) changes: Vec<Change>,
    pub(super) unplanned: Vec<Unplanned>,
}

const ACCOUNTS: [&str; 3] = ["111122223333", "222233334444", "333344445555"];
const REGIONS: [&str; 3] = ["eu-central-1", "us-east-1", "us-west-2"];
const OWNERS: [&str; 4] = ["team-shop", "team-search", "team-data", "platform"];

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

pub(super) fn change(wave: u32, kind: ChangeKind, number: usize) -> Change {
    let account = ACCOUNTS[number % 3];
    let region = REGIONS[number % 2];
    let id = match kind {
        ChangeKind::LaunchTemplate => format!("lt-0{number:015x}:{}", number % 5 + 1),
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => region.to_owned(),
        ChangeKind::SagemakerNotebook => format!("notebook-{number}"),
        ChangeKind::ImageImdsSupport => format!("ami-0{number:015x}"),
        _ => format!("i-0{:016x}", 0x1f3_a5c7 * (number as u64 + 1)),
    };
    Change {
        wave,
        account_id: account.to_owned(),
        region: region.to_owned(),
        kind,
        target: format!("arn:aws:ec2:{region}:{account}:instance/{id}"),
        id,
        name: None,
        send: object(json!({"HttpTokens": "required"})),
        before: object(json!({"HttpTokens": "optional"})),
        effect: effect(kind),
        evidence: None,
        blast: BlastRadius::default(),
        warnings: Vec::new(),
    }
}

const fn effect(kind: ChangeKind) -> Effect {
    match kind {
        ChangeKind::ImageImdsSupport => Effect::Irreversible,
        ChangeKind::LaunchTemplate => Effect::NewVersion,
        ChangeKind::SagemakerNotebook => Effect::Restart,
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => Effect::AccountDefault,
        _ => Effect::InPlace,
    }
}

fn usage(calls: Option<u64>, covered: Option<u64>) -> UsageEvidence {
    UsageEvidence {
        calls,
        from: Some("2026-11-08T14:00:00Z".to_owned()),
        to: Some("2026-11-22T14:00:00Z".to_owned()),
        covered_hours: covered,
        started_in_window: None,
        instances: None,
        without_data: None,
    }
}

fn instance(wave: u32, kind: ChangeKind, number: usize) -> Change {
    let names = ["web", "api", "cart", "search-indexer", "ledger", "build-agent"];
    let name = names[number % names.len()];
    let mut warnings = Vec::new();
    let started = number % 4 != 1;
    if !started {
        warnings
            .push("no start inside the window: what calls only at boot was not seen".to_owned());
    }
    let unknown = number % 9 == 7;
    if unknown {
        warnings.push("nothing or too little is known of its use of version 1".to_owned());
    }
    let containers = number % 11 == 3;
    if containers {
        warnings.push(
            "containers are likely and the hop limit is 1, which stops them once version 2 is required: --hop-limit 2"
                .to_owned(),
        );
    }
    let stopped = number % 13 == 5;
    if stopped {
        warnings
            .push("stopped: it changes at its next start, and nobody waits for that".to_owned());
    }
    Change {
        name: Some(format!("{name}-{number}")),
        before: object(json!({
            "HttpTokens": "optional",
            "HttpPutResponseHopLimit": if containers || number.is_multiple_of(2) { 1 } else { 2 },
            "HttpEndpoint": "enabled",
            "InstanceMetadataTags": "disabled",
        })),
        evidence: Some(if unknown {
            usage(None, None)
        } else {
            UsageEvidence {
                started_in_window: Some(started),
                ..usage(Some(0), Some(336 - number as u64))
            }
        }),
        blast: BlastRadius {
            groups: if kind == ChangeKind::GroupMember {
                vec![name.to_owned()]
            } else {
                Vec::new()
            },
            role: (number % 3 != 2).then(|| format!("{name}-role")),
            owner: (number % 5 != 4).then(|| OWNERS[number % 4].to_owned()),
            state: Some(if stopped { "stopped" } else { "running" }.to_owned()),
            launched: Some(format!("2026-0{}-11T06:12:00Z", number % 9 + 1)),
            last_v1_call: (number % 10 == 6).then(|| "2026-09-30T22:00:00Z".to_owned()),
            containers_likely: containers,
            public: number.is_multiple_of(6),
            ..BlastRadius::default()
        },
        warnings,
        ..change(wave, kind, number)
    }
}

fn template(wave: u32, number: usize) -> Change {
    Change {
        name: Some(["web", "api", "cart"][number % 3].to_owned()),
        send: object(json!({
            "SourceVersion": 3,
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required"},
            "SetDefaultVersion": true,
            "Groups": [{"AutoScalingGroupName": "web", "Part": "template"}, {"AutoScalingGroupName": "web-blue", "Part": "template"}],
        })),
        before: object(json!({
            "DefaultVersion": 3,
            "LatestVersion": 7,
            "MetadataOptions": if number.is_multiple_of(2) { json!({"HttpEndpoint": "enabled", "HttpTokens": "optional"}) } else { json!({"HttpEndpoint": "enabled"}) },
        })),
        evidence: Some(UsageEvidence {
            instances: Some(12),
            without_data: Some(3),
            ..usage(Some(0), Some(336))
        }),
        blast: BlastRadius {
            groups: ["web", "web-blue", "web-green", "web-canary", "web-dr"]
                .map(str::to_owned)
                .to_vec(),
            role: Some("web-role".to_owned()),
            ..BlastRadius::default()
        },
        warnings: if number.is_multiple_of(2) {
            Vec::new()
        } else {
            vec![
                "ec2-fleet fleet-0a1b names the old version by its number and stays with it"
                    .to_owned(),
            ]
        },
        ..change(wave, ChangeKind::LaunchTemplate, number)
    }
}

fn defaults(wave: u32, number: usize, enforcement: bool) -> Change {
    let region = ["ap-northeast-3", "ca-central-1", "eu-north-1", "sa-east-1"][number % 4];
    let account = ACCOUNTS[number % 3];
    let name = Some(["shop-prod", "search-prod", "data-prod"][number % 3].to_owned());
    let (kind, member, after) = if enforcement {
        (ChangeKind::AccountEnforcement, "HttpTokensEnforced", "enabled")
    } else {
        (ChangeKind::AccountDefaults, "HttpTokens", "required")
    };
    Change {
        account_id: account.to_owned(),
        region: region.to_owned(),
        id: region.to_owned(),
        target: format!("arn:aws:iam::{account}:root"),
        name,
        send: object(json!({member: after})),
        before: object(json!({member: "no-preference"})),
        warnings: if enforcement {
            vec!["while it is on, no instance of the region can go back to version 1".to_owned()]
        } else {
            Vec::new()
        },
        ..change(wave, kind, number)
    }
}

fn notebook(wave: u32, number: usize) -> Change {
    Change {
        send: object(json!({"MinimumInstanceMetadataServiceVersion": "2"})),
        before: object(json!({"MinimumInstanceMetadataServiceVersion": "1"})),
        blast: BlastRadius {
            state: Some("InService".to_owned()),
            role: Some(format!("arn:aws:iam::{}:role/research", ACCOUNTS[number % 3])),
            ..BlastRadius::default()
        },
        warnings: vec![
            "it is stopped for it and started again: whoever works there is thrown out".to_owned(),
            "nothing counts its calls of version 1".to_owned(),
        ],
        ..change(wave, ChangeKind::SagemakerNotebook, number)
    }
}

fn notes(kind: ChangeKind) -> KindNotes {
    let (precondition, verified, undone, iam): (_, _, _, &[&str]) = match kind {
        ChangeKind::LaunchTemplate => (
            "default, latest and pinned versions are those of the plan, and the source version says what it said",
            "everything but HttpTokens is the same in the new version, and default and groups name it",
            "default and pinned versions are put back, and the new version is deleted if nothing else launches from it",
            &[
                "autoscaling:UpdateAutoScalingGroup",
                "ec2:CreateLaunchTemplateVersion",
                "ec2:DeleteLaunchTemplateVersions",
                "ec2:ModifyLaunchTemplate",
                "ec2:RunInstances",
            ],
        ),
        ChangeKind::SagemakerNotebook => (
            "the minimum version is that of the plan, and the notebook is in service or stopped",
            "the minimum version is 2, and the notebook runs again if it ran",
            "it is stopped, set to what it was and started again",
            &[
                "sagemaker:DescribeNotebookInstance",
                "sagemaker:StartNotebookInstance",
                "sagemaker:StopNotebookInstance",
                "sagemaker:UpdateNotebookInstance",
            ],
        ),
        ChangeKind::AccountDefaults => (
            "the default is what it was, and the account manages it",
            "the default is required when read again",
            "the default is set to what it was, no-preference if nothing was set",
            &["ec2:GetInstanceMetadataDefaults", "ec2:ModifyInstanceMetadataDefaults"],
        ),
        ChangeKind::AccountEnforcement => (
            "enforcement is off, and the account manages it",
            "enforcement is enabled when read again",
            "enforcement is set to what it was, before anything else of the run is undone",
            &["ec2:GetInstanceMetadataDefaults", "ec2:ModifyInstanceMetadataDefaults"],
        ),
        ChangeKind::ImageImdsSupport => (
            "the AMI has no ImdsSupport, and was named on the command line",
            "ImdsSupport is v2.0 when read again",
            "not at all: AWS takes ImdsSupport back from no AMI",
            &["ec2:DescribeImages", "ec2:ModifyImageAttribute"],
        ),
        _ => (
            "the options are those of the plan, and a dry run back to optional is permitted",
            "the options are as asked for and State is applied; of a stopped instance at its next start (deferred)",
            "the options that were changed are set to what they were",
            &["ec2:DescribeInstances", "ec2:ModifyInstanceMetadataOptions"],
        ),
    };
    KindNotes {
        effect: effect(kind),
        precondition: precondition.to_owned(),
        verified: verified.to_owned(),
        undone: undone.to_owned(),
        iam: iam.iter().map(|action| (*action).to_owned()).collect(),
    }
}

pub(super) fn left(reason: Reason, number: usize) -> Unplanned {
    let kinds = [ChangeKind::Instance, ChangeKind::GroupMember];
    let why = match reason {
        Reason::V1CallsSeen => {
            "1,204 calls of version 1, the last in the period that began 2026-11-22 13:00 UTC"
        }
        Reason::NoData => "CloudWatch has data of 12 of 336 hours of the window",
        Reason::Waiver => "waived until 2027-01-31: the vendor's appliance speaks version 1 only",
        Reason::EndpointDisabled => "the metadata service is off: it answers neither version",
        Reason::OwnedByService => "eks:shop owns it, and would be edited behind its back",
        Reason::Pending => "its options are being changed: read again in a minute",
        Reason::NotReported => "AWS reported nothing for HttpTokens",
        Reason::Entangled => {
            "something launches from $Latest, which is another version: a new version made from this one would take its place"
        }
        Reason::RevertedByCode => {
            "applying infra/main.tf:3 (aws_instance.web, found by the state infra/terraform.tfstate) would take it back: repair the code first"
        }
        Reason::Blocked => {
            "the region has 41 instances and 6 templates, configurations, groups or requests: it comes after them, by --kind"
        }
    };
    let id = format!("i-0{:016x}", 0x77_1234 * (number as u64 + 1));
    let (account, region) = (ACCOUNTS[number % 3], REGIONS[number % 2]);
    Unplanned {
        account_id: account.to_owned(),
        region: region.to_owned(),
        kind: kinds[number % 2],
        target: format!("arn:aws:ec2:{region}:{account}:instance/{id}"),
        id,
        name: (number % 4 != 3).then(|| format!("legacy-{number}")),
        owner: (number % 3 != 2).then(|| OWNERS[number % 4].to_owned()),
        reason,
        why: why.to_owned(),
    }
}

/// A head for these changes.
pub(super) fn head(changes: &[Change], unplanned: &[Unplanned], names: &[&str]) -> PlanHead {
    let waves = (1..=names.len() as u32).zip(names).map(|(number, name)| {
        let of: Vec<&Change> = changes.iter().filter(|change| change.wave == number).collect();
        let mut kinds = BTreeMap::new();
        for change in &of {
            *kinds.entry(change.kind).or_default() += 1;
        }
        let accounts: BTreeSet<&str> = of.iter().map(|change| change.account_id.as_str()).collect();
        let regions: BTreeSet<(&str, &str)> =
            of.iter().map(|change| (change.account_id.as_str(), change.region.as_str())).collect();
        Wave {
            wave: number,
            name: (*name).to_owned(),
            changes: of.len() as u64,
            kinds,
            accounts: accounts.len() as u64,
            regions: regions.len() as u64,
            least_seconds: 20 + 170 * of.len() as u64,
            soaks: !name.starts_with("regions"),
        }
    });
    let accounts: BTreeSet<&str> =
        changes.iter().map(|change| change.account_id.as_str()).collect();
    let kinds: BTreeSet<ChangeKind> = changes.iter().map(|change| change.kind).collect();
    let mut total_unplanned = BTreeMap::new();
    for left in unplanned {
        *total_unplanned.entry(left.reason).or_default() += 1;
    }
    PlanHead {
        schema: PLAN_SCHEMA.to_owned(),
        digest: format!("sha256:{}", "9f3a61c0de84b752".repeat(4)),
        imdsure: "0.1.0".to_owned(),
        created: "2026-11-22T15:30:00Z".to_owned(),
        ticket: Some("CHG0041273".to_owned()),
        organization: Some("o-a1b2c3d4e5".to_owned()),
        part: None,
        evidence: PlanSource {
            started: "2026-11-22T14:00:00Z".to_owned(),
            finished: "2026-11-22T14:12:00Z".to_owned(),
            manifest: "c0ffee11d00dfeed".repeat(4),
            incomplete: false,
        },
        pace: Pace {
            soak_seconds: 86_400,
            share: 0.5,
            schedule: vec!["Mon-Thu 08:00-16:00 Europe/Berlin".to_owned()],
        },
        accounts: accounts.into_iter().map(str::to_owned).collect(),
        total_changes: changes.len() as u64,
        total_unplanned,
        waves: waves.collect(),
        kinds: kinds.into_iter().map(|kind| (kind, notes(kind))).collect(),
        gaps: Vec::new(),
    }
}

fn sort(changes: &mut [Change]) {
    changes.sort_by(|a, b| {
        (a.wave, &a.account_id, &a.region, a.kind, &a.id).cmp(&(
            b.wave,
            &b.account_id,
            &b.region,
            b.kind,
            &b.id,
        ))
    });
}

/// Some of everything.
pub(super) fn realistic() -> Sample {
    let mut changes: Vec<Change> = (0..4).map(|number| defaults(1, number, false)).collect();
    changes.extend((0..4).map(|number| defaults(1, number, true)));
    changes.extend((0..4).map(|number| instance(2, ChangeKind::Instance, number)));
    changes.push(template(2, 0));
    changes.extend((4..16).map(|number| instance(3, ChangeKind::Instance, number)));
    changes.extend((16..26).map(|number| instance(3, ChangeKind::GroupMember, number)));
    changes.extend((1..4).map(|number| template(3, number)));
    changes.extend((0..2).map(|number| notebook(4, number)));
    sort(&mut changes);
    let mut unplanned: Vec<Unplanned> = Vec::new();
    for (index, reason) in Reason::ALL.into_iter().enumerate() {
        unplanned.extend((0..index % 3 * 3 + 2).map(|number| left(reason, number + index)));
    }
    let names = ["regions where nothing runs", "canary", "wave 2 of 2", "replacements"];
    let mut head = head(&changes, &unplanned, &names);
    head.part = Some("owner:team-shop".to_owned());
    head.evidence.incomplete = true;
    let gap = |account: Option<&str>, region: Option<&str>, operation: &str, code: &str| Gap {
        account_id: account.map(str::to_owned),
        region: region.map(str::to_owned),
        path: None,
        operation: operation.to_owned(),
        code: code.to_owned(),
    };
    head.gaps = vec![
        gap(Some("444455556666"), None, "AssumeRole", "AccessDenied"),
        gap(Some(ACCOUNTS[0]), Some("ap-south-1"), "DescribeInstances", "UnauthorizedOperation"),
        gap(Some(ACCOUNTS[1]), Some("ap-south-1"), "DescribeInstances", "UnauthorizedOperation"),
    ];
    Sample { head, changes, unplanned }
}

/// Little of it, for snapshots that can be read.
pub(super) fn small() -> Sample {
    let mut changes = vec![
        defaults(1, 0, false),
        instance(2, ChangeKind::Instance, 0),
        instance(2, ChangeKind::GroupMember, 7),
        template(2, 1),
        notebook(3, 0),
    ];
    sort(&mut changes);
    let unplanned =
        vec![left(Reason::V1CallsSeen, 0), left(Reason::NoData, 2), left(Reason::NoData, 5)];
    let mut head =
        head(&changes, &unplanned, &["regions where nothing runs", "canary", "replacements"]);
    head.evidence.incomplete = true;
    head.gaps = vec![Gap {
        account_id: Some("444455556666".to_owned()),
        region: None,
        path: None,
        operation: "AssumeRole".to_owned(),
        code: "AccessDenied".to_owned(),
    }];
    Sample { head, changes, unplanned }
}
