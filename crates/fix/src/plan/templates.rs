//! Launch templates: a new version from each version that something launches from and that gives version 1, and what
//! launches from it led there.
//!
//! What follows `$Latest` takes any new version for its own: where something does, only a version made from the latest may
//! become the latest.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use imdsure_model::plan::{BlastRadius, ChangeKind, Reason, UsageEvidence};
use serde_json::{Map, Value, json};

use super::{
    draft::Turn,
    planner::{Doing, Planner, Target, Waived},
    words::{
        NO_EVIDENCE, Row, counted, members, minute, number, owned, speaks_of_containers, text,
        the_last, truth,
    },
};

const CONTROL: &str = "launch-template-launches-imdsv2";
const GROUP: &str = "autoscaling-group";

/// Of what was born from a template or a group: its usage, by account, region, kind and origin.
pub(crate) struct Born<'r>(HashMap<[&'r str; 4], &'r Row>);

impl<'r> Born<'r> {
    pub(crate) fn of(rows: &'r [Row]) -> Self {
        let key = |row: &'r Row| {
            ["account_id", "region", "kind", "origin"]
                .map(|column| text(row, column).unwrap_or_default())
        };
        Self(rows.iter().map(|row| (key(row), row)).collect())
    }

    pub(crate) fn get(&self, target: &Target, kind: &str, origin: &str) -> Option<&'r Row> {
        self.0.get(&[&target.account_id, &target.region, kind, origin]).copied()
    }
}

/// One template: its versions and what launches from them.
struct Template<'r> {
    versions: Vec<&'r Row>,
    uses: &'r [&'r Row],
}

/// What a new version is made from, and what is led to it.
#[derive(Default)]
struct Switch<'r> {
    default: bool,
    latest: bool,
    /// Groups that name the version by its number.
    groups: Vec<&'r Row>,
    /// What names it so and is no group.
    others: Vec<&'r Row>,
}

impl Planner<'_> {
    /// Takes launch templates, what launches from them, and what was born from them.
    pub fn templates(&mut self, versions: &[Row], uses: &[Row], born: &[Row]) {
        if !self.plans(ChangeKind::LaunchTemplate) {
            return;
        }
        let born = Born::of(born);
        let key = |row: &Row| {
            ["account_id", "region", "launch_template_id"]
                .map(|column| owned(row, column).unwrap_or_default())
        };
        let mut used: HashMap<[String; 3], Vec<&Row>> = HashMap::new();
        for row in uses {
            used.entry(key(row)).or_default().push(row);
        }
        let mut templates: BTreeMap<[String; 3], Vec<&Row>> = BTreeMap::new();
        for row in versions {
            templates.entry(key(row)).or_default().push(row);
        }
        for (key, versions) in templates {
            let uses = used.get(&key).map_or(&[][..], Vec::as_slice);
            self.template(&Template { versions, uses }, &born);
        }
    }

    fn template(&mut self, template: &Template<'_>, born: &Born<'_>) {
        let follows_latest = template.follows_latest();
        for (source, switch) in template.switches() {
            let Some(row) = template.version(source) else { continue };
            let target = template_target(row, source);
            if !self.chooses(&target.account_id, target.tags.as_deref()) {
                continue;
            }
            let born = born.get(
                &target,
                "launch-template",
                text(row, "launch_template_id").unwrap_or_default(),
            );
            let against = entangled(&switch, follows_latest, row)
                .or_else(|| self.against_template(&target, row, born, !template.uses.is_empty()))
                .or_else(|| self.would_not_last(&target));
            match against {
                Some(why) => self.leave(target, ChangeKind::LaunchTemplate, why),
                None => self.new_version(target, template, row, &switch, born),
            }
        }
    }

    fn against_template(
        &self,
        target: &Target,
        row: &Row,
        born: Option<&Row>,
        launches: bool,
    ) -> Option<(Reason, String)> {
        if let Some(owner) = text(row, "managed_by") {
            let why = format!("{owner} owns it, and would be edited behind its back");
            return Some((Reason::OwnedByService, why));
        }
        if text(row, "gives") == Some("unknown") {
            let missing = text(row, "missing").unwrap_or("a layer");
            return Some((
                Reason::NotReported,
                format!("what it launches is not known: {missing} was not read"),
            ));
        }
        if truth(row, "uses_unread") {
            return Some((
                Reason::NotReported,
                "what launches from it, or was born from it, could not be read".into(),
            ));
        }
        let waived = Waived {
            control: CONTROL,
            resource: &target.arn,
            name: target.name.as_deref(),
            account_id: &target.account_id,
            tags: target.tags.as_deref(),
        };
        self.waived(&waived)
            .or_else(|| born.and_then(born_uses_v1))
            .or_else(|| nothing_known(born, launches).filter(|_| !self.options.include_unknown))
    }

    fn new_version(
        &mut self,
        target: Target,
        template: &Template<'_>,
        row: &Row,
        switch: &Switch<'_>,
        born: Option<&Row>,
    ) {
        let mut groups = Vec::new();
        for used in template.uses.iter().filter(|used| switch.leads(used, row)) {
            let name = text(used, "launcher_name").unwrap_or_default();
            if text(used, "launcher_kind") == Some(GROUP) {
                self.mends(&target.account_id, &target.region, name);
                groups.extend(self.group(&target.account_id, &target.region, name));
            }
        }
        let pinned: Vec<Value> = switch.groups.iter().map(|used| {
            json!({"AutoScalingGroupName": text(used, "launcher_name"), "Part": text(used, "part")})
        }).collect();
        let before = options_of(row);
        let spot = self.spot(&target, "launch-template", false);
        let doing = Doing {
            kind: ChangeKind::LaunchTemplate,
            send: members([
                ("SourceVersion", number(row, "version_number").into()),
                ("MetadataOptions", Value::Object(self.required(before.as_ref()))),
                ("SetDefaultVersion", if switch.default { true.into() } else { Value::Null }),
                ("Groups", if pinned.is_empty() { Value::Null } else { pinned.into() }),
            ]),
            before: members([
                ("DefaultVersion", template.number("default_version").into()),
                ("LatestVersion", template.number("latest_version").into()),
                ("FollowsLatest", if switch.latest { true.into() } else { Value::Null }),
                ("MetadataOptions", before.map_or(Value::Null, Value::Object)),
            ]),
            evidence: Some(born.map_or(NO_EVIDENCE, born_evidence)),
            blast: Self::template_blast(template, row, born),
            warnings: warnings(switch, template, born),
            turn: Turn::WithGroups(spot),
            groups: groups.into_iter().map(|group| group.number).collect(),
        };
        self.plan(target, doing);
    }

    /// The options of the new version, whole: a nested structure that is sent takes the place of the source's.
    pub(crate) fn required(&self, before: Option<&Map<String, Value>>) -> Map<String, Value> {
        let mut options = before.cloned().unwrap_or_default();
        options.insert("HttpTokens".to_owned(), "required".into());
        if let Some(limit) = self.options.hop_limit {
            let now = options.get("HttpPutResponseHopLimit").and_then(Value::as_u64);
            if now.is_none_or(|now| now < u64::from(limit)) {
                options.insert("HttpPutResponseHopLimit".to_owned(), limit.into());
            }
        }
        options
    }

    fn template_blast(template: &Template<'_>, row: &Row, born: Option<&Row>) -> BlastRadius {
        let launchers: BTreeSet<String> =
            template.uses.iter().filter_map(|used| owned(used, "launcher_name")).collect();
        let names = [text(row, "name"), text(row, "image_name"), text(row, "instance_profile")];
        BlastRadius {
            groups: launchers.into_iter().collect(),
            role: owned(row, "instance_profile"),
            last_v1_call: born.and_then(|born| owned(born, "last_nonzero")),
            containers_likely: speaks_of_containers(names),
            ..BlastRadius::default()
        }
    }
}

fn template_target(row: &Row, source: u64) -> Target {
    let target = Target::of(row, "launch_template_id");
    Target { id: format!("{}:{source}", target.id), ..target }
}

impl<'r> Template<'r> {
    fn version(&self, number_wanted: u64) -> Option<&'r Row> {
        self.versions.iter().copied().find(|row| number(row, "version_number") == number_wanted)
    }

    fn number(&self, which: &str) -> Option<u64> {
        let row = self.versions.iter().find(|row| truth(row, which))?;
        Some(number(row, "version_number"))
    }

    fn follows_latest(&self) -> bool {
        self.uses.iter().any(|used| text(used, "version") == Some("$Latest"))
    }

    /// The versions that something launches from and that give version 1 (or are refused for it), each with what is to be led
    /// to its successor.
    fn switches(&self) -> BTreeMap<u64, Switch<'r>> {
        let gives_v1 = |row: &Row| matches!(text(row, "gives"), Some("v1" | "refused" | "unknown"));
        let mut switches: BTreeMap<u64, Switch<'r>> = BTreeMap::new();
        for row in self.versions.iter().filter(|row| gives_v1(row)) {
            let source = number(row, "version_number");
            if truth(row, "default_version") {
                switches.entry(source).or_default().default = true;
            }
            if truth(row, "latest_version") && self.follows_latest() {
                switches.entry(source).or_default().latest = true;
            }
            for used in self.uses.iter().copied().filter(|used| pins(used, source)) {
                let switch = switches.entry(source).or_default();
                match text(used, "launcher_kind") {
                    Some(GROUP) => switch.groups.push(used),
                    _ => switch.others.push(used),
                }
            }
        }
        switches
    }
}

/// Whether something names a version by its number.
fn pins(used: &Row, source: u64) -> bool {
    text(used, "version").and_then(|version| version.parse::<u64>().ok()) == Some(source)
}

impl Switch<'_> {
    /// Whether this leads a launcher to the new version.
    fn leads(&self, used: &Row, row: &Row) -> bool {
        match text(used, "version") {
            Some("$Latest") => self.latest,
            Some("$Default") | None => self.default,
            Some(_) => pins(used, number(row, "version_number")),
        }
    }
}

fn entangled(switch: &Switch<'_>, follows_latest: bool, row: &Row) -> Option<(Reason, String)> {
    if follows_latest && !truth(row, "latest_version") {
        let why = "something launches from $Latest, which is another version: a new version made from this one would take \
                   its place";
        return Some((Reason::Entangled, why.into()));
    }
    let pinned_by = switch
        .others
        .first()
        .filter(|_| !switch.default && !switch.latest && switch.groups.is_empty())?;
    let (kind, name) = (text(pinned_by, "launcher_kind"), text(pinned_by, "launcher_name"));
    let (kind, name) = (kind.unwrap_or("something"), name.unwrap_or_default());
    Some((
        Reason::OwnedByService,
        format!("{kind} {name} names this version: lead it to a version that requires tokens"),
    ))
}

/// The options of a version as a request states them.
fn options_of(row: &Row) -> Option<Map<String, Value>> {
    let mut options: Map<String, Value> =
        serde_json::from_str(text(row, "metadata_options")?).ok()?;
    options.remove("State");
    options.retain(|_, value| !value.is_null());
    Some(options)
}

pub(crate) fn born_uses_v1(born: &Row) -> Option<(Reason, String)> {
    let (used, refused, all) =
        (number(born, "used"), number(born, "refused"), number(born, "instances"));
    let last = text(born, "last_nonzero").map(minute);
    let last = the_last(last.as_deref());
    if used > 0 {
        let calls = counted(number(born, "calls"), "call");
        let why = format!("{used} of {all} instances born from it used version 1: {calls}{last}");
        return Some((Reason::V1CallsSeen, why));
    }
    (refused > 0).then(|| {
        let why = format!(
            "{refused} of {all} instances born from it call version 1 and are refused{last}"
        );
        (Reason::V1CallsSeen, why)
    })
}

pub(crate) fn nothing_known(born: Option<&Row>, launches: bool) -> Option<(Reason, String)> {
    let Some(born) = born else {
        let why = "something launches from it, and no instance born from it is there to learn from";
        return launches.then(|| (Reason::NoData, why.into()));
    };
    if number(born, "silent") > 0 {
        return None;
    }
    let all = number(born, "instances");
    let why = if number(born, "not_asked") == all {
        "the use of version 1 was not read: --usage reads it".to_owned()
    } else {
        format!("CloudWatch has data of none of the {all} instances born from it")
    };
    Some((Reason::NoData, why))
}

pub(crate) fn born_evidence(born: &Row) -> UsageEvidence {
    let without_data = number(born, "no_data") + number(born, "not_asked");
    UsageEvidence {
        calls: born.get("calls").and_then(Value::as_u64),
        from: owned(born, "window_start"),
        to: owned(born, "window_end"),
        covered_hours: born.get("longest_covered_hours").and_then(Value::as_u64),
        started_in_window: None,
        instances: Some(number(born, "instances")),
        without_data: Some(without_data),
    }
}

fn warnings(switch: &Switch<'_>, template: &Template<'_>, born: Option<&Row>) -> Vec<String> {
    let mut warnings = Vec::new();
    if switch.latest {
        warnings.push(
            "something launches from $Latest: the new version takes effect with its creation"
                .to_owned(),
        );
    }
    if born.is_none() {
        warnings.push(
            "no instance born from it is there: nothing is known of its use of version 1"
                .to_owned(),
        );
    } else if nothing_known(born, true).is_some() {
        warnings
            .push("nothing is known of the use of version 1 by what was born from it".to_owned());
    }
    for used in &switch.others {
        let (kind, name) = (text(used, "launcher_kind"), text(used, "launcher_name"));
        let (kind, name) = (kind.unwrap_or("something"), name.unwrap_or_default());
        warnings
            .push(format!("{kind} {name} names the old version by its number and stays with it"));
    }
    if template.uses.iter().any(|used| text(used, "launcher_kind") == Some("eks-node-group")) {
        warnings.push(
            "an EKS node group launches from it: it takes a new version only when it is updated"
                .to_owned(),
        );
    }
    warnings
}
