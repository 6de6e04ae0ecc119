//! Takes candidates, decides about each, and gives the plan.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
};

use imdsure_model::plan::{
    BlastRadius, Change, ChangeKind, Gap, PLAN_SCHEMA, Pace, PlanHead, PlanSource, Reason,
    Unplanned, UsageEvidence, Wave,
};
use serde_json::{Map, Value};

use super::{
    PlanError,
    draft::{Draft, Key, Left, Spot, Turn, part, scattered},
    file, notes,
    options::PlanOptions,
    waves::{Waves, spread},
    words::{Row, minute, number, owned, text},
};

/// Who a waiver is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Waived<'a> {
    /// The control that the change would repair.
    pub control: &'a str,
    /// The target's ARN.
    pub resource: &'a str,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its account.
    pub account_id: &'a str,
    /// Its tags as a JSON object.
    pub tags: Option<&'a str>,
}

/// What the planner has to know beside candidates.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The organizational unit of each account.
    pub units: HashMap<String, String>,
    /// The organization, where it was read.
    pub organization: Option<String>,
    /// What the plan is made from.
    pub source: Option<PlanSource>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// When the plan is made (RFC 3339).
    pub now: String,
    /// Code that would take changes back, by account, region and id.
    pub code: HashMap<(String, String, String), Reverting>,
}

/// Code that made something and says `optional`.
#[derive(Debug, Clone)]
pub struct Reverting {
    /// Whether it is known to have made just this.
    pub certain: bool,
    /// What it would do, as a sentence.
    pub why: String,
}

/// What is known of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Group {
    pub(crate) number: u32,
    /// Whether it launches version 1, or is refused for it.
    pub(crate) gives_v1: bool,
    /// Whether the plan mends that.
    pub(crate) mended: bool,
}

/// What is known of the instances born from a group that has some that used version 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Siblings {
    pub(crate) used: u64,
    pub(crate) of: u64,
    /// The last period with calls, as people write it.
    pub(crate) last: Option<String>,
}

/// Where no instance can go back to optional tokens. A run proves it by dry runs of its own.
#[derive(Debug, Default)]
struct WayBack {
    /// The regions with enforcement, by account.
    enforced: HashMap<String, HashSet<String>>,
    /// Why an account's policies forbid it.
    guarded: HashMap<String, String>,
}

impl WayBack {
    fn why(&self, account_id: &str, region: &str) -> Option<&str> {
        if self.enforced.get(account_id).is_some_and(|regions| regions.contains(region)) {
            return Some("the account enforces required tokens in the region");
        }
        self.guarded.get(account_id).map(String::as_str)
    }
}

type Waiving<'a> = dyn Fn(&Waived<'_>) -> Option<String> + 'a;

/// Decides about candidates, one by one: what launches before what runs, so that what runs knows.
pub struct Planner<'a> {
    pub(crate) options: &'a PlanOptions,
    context: Context,
    waived: Box<Waiving<'a>>,
    drafts: Vec<Draft>,
    left: Vec<Left>,
    strata: HashMap<String, u32>,
    groups: HashMap<String, Group>,
    siblings: HashMap<String, Siblings>,
    closed: WayBack,
    failed: Option<PlanError>,
}

/// A target, as lines name it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    pub(crate) account_id: String,
    pub(crate) region: String,
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) name: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) tags: Option<String>,
}

impl Target {
    /// From a row of candidates, whose column `id` names it.
    pub(crate) fn of(row: &Row, id: &str) -> Self {
        let text = |column| owned(row, column).unwrap_or_default();
        Self {
            account_id: text("account_id"),
            region: text("region"),
            id: text(id),
            arn: text("resource"),
            name: owned(row, "name"),
            owner: owned(row, "owner"),
            tags: owned(row, "tags"),
        }
    }
}

/// What a change is to do.
pub(crate) struct Doing {
    pub(crate) kind: ChangeKind,
    pub(crate) send: Map<String, Value>,
    pub(crate) before: Map<String, Value>,
    pub(crate) evidence: Option<UsageEvidence>,
    pub(crate) blast: BlastRadius,
    pub(crate) warnings: Vec<String>,
    pub(crate) turn: Turn,
    pub(crate) groups: Vec<u32>,
}

impl<'a> Planner<'a> {
    /// A planner that knows nothing yet. `waived` tells why a target is to be left alone, if it is.
    pub fn new(
        options: &'a PlanOptions,
        context: Context,
        waived: impl Fn(&Waived<'_>) -> Option<String> + 'a,
    ) -> Self {
        Self {
            options,
            context,
            waived: Box::new(waived),
            drafts: Vec::new(),
            left: Vec::new(),
            strata: HashMap::new(),
            groups: HashMap::new(),
            siblings: HashMap::new(),
            closed: WayBack::default(),
            failed: None,
        }
    }

    pub(crate) fn plans(&self, kind: ChangeKind) -> bool {
        self.options.kinds.contains(&kind)
    }

    /// Whether a target is among those that were chosen.
    pub(crate) fn chooses(&self, account_id: &str, tags: Option<&str>) -> bool {
        let options = self.options;
        (options.accounts.is_empty() || options.accounts.contains(account_id))
            && options.tags.iter().all(|filter| filter.matches(tags))
    }

    pub(crate) fn waived(&self, waived: &Waived<'_>) -> Option<(Reason, String)> {
        (self.waived)(waived).map(|why| (Reason::Waiver, why))
    }

    /// Where a target stands among those that are spread, within a stratum of its account and region.
    pub(crate) fn spot(&mut self, target: &Target, within: &str, early: bool) -> Spot {
        let next = self.strata.len() as u32;
        let stratum = format!("{}/{}/{within}", target.account_id, target.region);
        let stratum = *self.strata.entry(stratum).or_insert(next);
        let closed = self.closed.why(&target.account_id, &target.region).is_some();
        Spot { closed, stratum, hash: scattered(&target.id), early }
    }

    /// Takes the regions where accounts enforce required tokens.
    pub fn enforced(&mut self, rows: &[Row]) {
        for row in rows {
            let account = owned(row, "account_id").unwrap_or_default();
            self.closed.enforced.entry(account).or_default().extend(owned(row, "region"));
        }
    }

    /// Takes the accounts where the organization's policies let no instance go back to optional tokens.
    pub fn guarded(&mut self, rows: &[Row]) {
        for row in rows {
            let why = owned(row, "way_back_reason").unwrap_or_default();
            self.closed.guarded.extend(owned(row, "account_id").map(|account| (account, why)));
        }
    }

    /// Why an instance that is changed cannot be changed back, where that is known already.
    pub(crate) fn no_way_back(&self, target: &Target) -> Option<String> {
        let why = self.closed.why(&target.account_id, &target.region)?;
        Some(format!("no way back: {why}"))
    }

    pub(crate) fn group(&self, account_id: &str, region: &str, name: &str) -> Option<Group> {
        self.groups.get(&place(account_id, region, name)).copied()
    }

    /// Takes the groups: what they launch from decides about their members.
    pub fn groups(&mut self, rows: &[Row]) {
        for row in rows {
            let target = Target::of(row, "name");
            let number = self.groups.len() as u32;
            let gives_v1 = super::words::truth(row, "gives_v1");
            let group = Group { number, gives_v1, mended: false };
            self.groups.insert(place(&target.account_id, &target.region, &target.id), group);
        }
    }

    /// Takes what was born from groups: the silence of one instance says little beside siblings that are not silent.
    pub fn born(&mut self, rows: &[Row]) {
        let of_groups = rows.iter().filter(|row| {
            text(row, "kind") == Some("autoscaling-group") && number(row, "used") > 0
        });
        for row in of_groups {
            let of = |column| text(row, column).unwrap_or_default();
            let siblings = Siblings {
                used: number(row, "used"),
                of: number(row, "instances"),
                last: text(row, "last_nonzero").map(minute),
            };
            let place = place(of("account_id"), of("region"), of("origin"));
            self.siblings.insert(place, siblings);
        }
    }

    /// Those of a group that used version 1, if there are any.
    pub(crate) fn siblings(
        &self,
        account_id: &str,
        region: &str,
        group: &str,
    ) -> Option<&Siblings> {
        self.siblings.get(&place(account_id, region, group))
    }

    pub(crate) fn mends(&mut self, account_id: &str, region: &str, name: &str) {
        if let Some(group) = self.groups.get_mut(&place(account_id, region, name)) {
            group.mended = true;
        }
    }

    fn part(&self, account_id: &str, owner: Option<&str>) -> Option<Box<str>> {
        let unit = self.context.units.get(account_id).map(String::as_str);
        part(self.options.split, account_id, unit, owner)
    }

    /// Adds a change.
    pub(crate) fn plan(&mut self, target: Target, doing: Doing) {
        let part = self.part(&target.account_id, target.owner.as_deref());
        let effect = notes::effect_of(doing.kind, &doing.send);
        let mut warnings = doing.warnings;
        warnings.extend(self.reverting(&target).map(|code| code.why.clone()));
        let change = Change {
            wave: 0,
            account_id: target.account_id,
            region: target.region,
            kind: doing.kind,
            id: target.id,
            target: target.arn,
            name: target.name,
            send: doing.send,
            before: doing.before,
            effect,
            evidence: doing.evidence,
            blast: BlastRadius { owner: target.owner, ..doing.blast },
            warnings,
        };
        match Draft::new(&change, part, doing.turn, doing.groups) {
            Ok(draft) => self.drafts.push(draft),
            Err(error) => drop(self.failed.get_or_insert(error)),
        }
    }

    /// The code that would take a change of this back.
    fn reverting(&self, target: &Target) -> Option<&Reverting> {
        if self.context.code.is_empty() {
            return None;
        }
        let id = resource_id(&target.id).to_owned();
        self.context.code.get(&(target.account_id.clone(), target.region.clone(), id))
    }

    /// Why a change would not last, where code is known to take it back.
    pub(crate) fn would_not_last(&self, target: &Target) -> Option<(Reason, String)> {
        let code = self.reverting(target).filter(|code| code.certain)?;
        (!self.options.include_reverted).then(|| (Reason::RevertedByCode, code.why.clone()))
    }

    /// Leaves something alone, and says why.
    pub(crate) fn leave(
        &mut self,
        target: Target,
        kind: ChangeKind,
        (reason, why): (Reason, String),
    ) {
        let part = self.part(&target.account_id, target.owner.as_deref());
        let unplanned = Unplanned {
            account_id: target.account_id,
            region: target.region,
            kind,
            id: target.id,
            target: target.arn,
            name: target.name,
            owner: target.owner,
            reason,
            why,
        };
        match Left::new(&unplanned, part) {
            Ok(left) => self.left.push(left),
            Err(error) => drop(self.failed.get_or_insert(error)),
        }
    }

    /// Everything was taken: gives the plan.
    pub fn finish(self) -> Result<Planned, PlanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let Self { mut drafts, mut left, options, context, .. } = self;
        drafts.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        left.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let waves = spread(&drafts, options);
        Ok(Planned { drafts, left, waves, options: options.clone(), context })
    }
}

fn resource(key: &Key) -> (&str, &str, &str) {
    (&key.account_id, &key.region, resource_id(&key.id))
}

/// The id under which AWS knows what a change is about: a template's is followed by a version.
fn resource_id(id: &str) -> &str {
    id.split_once(':').filter(|(id, _)| id.starts_with("lt-")).map_or(id, |(id, _)| id)
}

fn place(account_id: &str, region: &str, name: &str) -> String {
    format!("{account_id}/{region}/{name}")
}

/// A plan that is not yet written.
#[derive(Debug)]
pub struct Planned {
    drafts: Vec<Draft>,
    left: Vec<Left>,
    waves: Waves,
    options: PlanOptions,
    context: Context,
}

impl Planned {
    /// When its evidence was read, if that is known.
    pub fn evidence_read(&self) -> Option<jiff::Timestamp> {
        self.context.source.as_ref()?.finished.parse().ok()
    }

    /// How many changes there are.
    pub fn changes(&self) -> usize {
        self.drafts.len()
    }

    /// What is changed: account, region, id.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.drafts.iter().map(|draft| resource(&draft.key))
    }

    /// What is left alone for a reason: account, region, id.
    pub fn left_for(&self, reason: Reason) -> impl Iterator<Item = (&str, &str, &str)> {
        let left = self.left.iter().filter(move |left| left.reason == reason);
        left.map(|left| resource(&left.key))
    }

    /// How many things are left alone.
    pub fn unplanned(&self) -> usize {
        self.left.len()
    }

    /// The parts that it is split into, with their words for plan and file name; one without words when it is not split.
    pub fn parts(&self) -> Vec<Option<String>> {
        if self.options.split.is_none() {
            return vec![None];
        }
        let drafts = self.drafts.iter().map(|draft| draft.part.as_deref());
        let parts = drafts.chain(self.left.iter().map(|left| left.part.as_deref()));
        let parts: BTreeSet<&str> = parts.flatten().collect();
        parts.into_iter().map(|part| Some(part.to_owned())).collect()
    }

    /// Writes one of its parts, whole or not at all; gives the digest.
    pub fn write(&self, path: &Path, part: Option<&str>) -> Result<String, PlanError> {
        let mut order: Vec<usize> = (0..self.drafts.len())
            .filter(|place| self.drafts[*place].part.as_deref() == part)
            .collect();
        // Drafts are sorted: a stable sort by wave keeps their order within each.
        order.sort_by_key(|place| self.waves.of[*place]);
        let left = || self.left.iter().filter(|left| left.part.as_deref() == part);
        let head = self.head(&order, left(), part);
        let changes = order.iter().map(|place| self.drafts[*place].line(self.waves.of[*place]));
        Ok(file::write(path, head, changes, left().map(|left| &*left.line))?)
    }

    fn head<'p>(
        &self,
        order: &[usize],
        left: impl Iterator<Item = &'p Left>,
        part: Option<&str>,
    ) -> PlanHead {
        let mut total_unplanned = BTreeMap::new();
        for left in left {
            *total_unplanned.entry(left.reason).or_default() += 1;
        }
        let drafts = || order.iter().map(|place| &self.drafts[*place]);
        let kinds: BTreeSet<ChangeKind> = drafts().map(|draft| draft.key.kind).collect();
        let accounts: BTreeSet<&str> = drafts().map(|draft| &*draft.key.account_id).collect();
        let source = self.context.source.clone();
        PlanHead {
            schema: PLAN_SCHEMA.to_owned(),
            digest: String::new(),
            imdsure: env!("CARGO_PKG_VERSION").to_owned(),
            created: self.context.now.clone(),
            ticket: self.options.ticket.clone(),
            organization: self.context.organization.clone(),
            part: self.options.split.zip(part).map(|(by, part)| format!("{}:{part}", by.as_str())),
            evidence: source.unwrap_or(PlanSource {
                started: String::new(),
                finished: String::new(),
                manifest: String::new(),
                incomplete: false,
            }),
            pace: Pace {
                soak_seconds: self.options.soak_seconds,
                share: self.options.share,
                schedule: self.options.schedule.iter().map(ToString::to_string).collect(),
            },
            accounts: accounts.into_iter().map(str::to_owned).collect(),
            total_changes: order.len() as u64,
            total_unplanned,
            waves: self.in_numbers(order),
            kinds: kinds.into_iter().map(|kind| (kind, notes::notes(kind))).collect(),
            gaps: self.context.gaps.clone(),
        }
    }

    /// The waves that have any of these drafts, which are sorted by wave.
    fn in_numbers(&self, order: &[usize]) -> Vec<Wave> {
        let wave = |place: &usize| self.waves.of[*place];
        let of_waves = order.chunk_by(|one, next| wave(one) == wave(next));
        let waves = of_waves.filter_map(|places| {
            let number = wave(places.first()?);
            let name = self.waves.names.get((number as usize).checked_sub(1)?)?;
            let drafts: Vec<&Draft> = places.iter().map(|place| &self.drafts[*place]).collect();
            Some(wave_of(number, name, &drafts, self.options.share))
        });
        waves.collect()
    }
}

fn wave_of(wave: u32, name: &str, drafts: &[&Draft], share: f64) -> Wave {
    let mut kinds = BTreeMap::new();
    let mut lanes: HashMap<(&str, &str, ChangeKind), u64> = HashMap::new();
    let mut accounts = BTreeSet::new();
    let mut regions = BTreeSet::new();
    for draft in drafts {
        let (account, region) = (&*draft.key.account_id, &*draft.key.region);
        *kinds.entry(draft.key.kind).or_default() += 1;
        *lanes.entry((account, region, draft.key.kind)).or_default() += 1;
        accounts.insert(account);
        regions.insert((account, region));
    }
    let least =
        lanes.iter().map(|((_, _, kind), number)| least_seconds(*kind, *number, share)).max();
    let soaks =
        |draft: &&Draft| draft.turn != Turn::Idle && draft.key.kind != ChangeKind::ImageImdsSupport;
    Wave {
        wave,
        name: name.to_owned(),
        changes: drafts.len() as u64,
        kinds,
        accounts: accounts.len() as u64,
        regions: regions.len() as u64,
        least_seconds: least.unwrap_or_default(),
        soaks: drafts.iter().any(soaks),
    }
}

/// The least time that so many changes of one kind take in one account and region, by the allowance of the call that makes
/// them.
fn least_seconds(kind: ChangeKind, number: u64, share: f64) -> u64 {
    let slowest = notes::operations(kind).iter().map(|operation| {
        let (size, rate) = operation.bucket.allowance();
        let beyond = (number as f64 - (size * share).max(1.0)).max(0.0);
        (beyond / (rate * share)).ceil() as u64
    });
    slowest.max().unwrap_or_default()
}
