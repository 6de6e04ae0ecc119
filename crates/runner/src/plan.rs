//! `plan`: read AWS or kept evidence, hand the candidates to the planner in their order.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use imdsure_aws::{
    scope::OrganizationalUnit,
    source::Wanted,
    tables::{
        AWS_CLOUDWATCH_IMDS_USAGE, AWS_EC2_AMI, AWS_EC2_AUTOSCALING_GROUP,
        AWS_EC2_AUTOSCALING_GROUP_MEMBER, AWS_EC2_INSTANCE, AWS_EC2_INSTANCE_METADATA_DEFAULTS,
        AWS_EC2_LAUNCH_CONFIGURATION, AWS_EC2_LAUNCH_TEMPLATE_USE, AWS_EC2_LAUNCH_TEMPLATE_VERSION,
        AWS_EC2_SPOT_REQUEST, AWS_ELASTIC_BEANSTALK_ENVIRONMENT, AWS_LIGHTSAIL_INSTANCE,
        AWS_SAGEMAKER_NOTEBOOK_INSTANCE, Table,
    },
};
use imdsure_engine::{Candidates, CodeRevert, Session, evidence::EvidenceSet};
use imdsure_fix::plan::{Context, PlanError, PlanOptions, Planned, Planner, Reverting, Waived};
use imdsure_model::{
    ErrorRow, Subject,
    plan::{ChangeKind, Gap, PlanSource, Reason},
};
use serde_json::{Map, Value};

use crate::{AuditError, Config, Source, audit::evidence_of, scan::code_of};

/// What launches, and what runs.
const LAUNCHES: [&Table; 9] = [
    &AWS_EC2_INSTANCE,
    &AWS_EC2_LAUNCH_TEMPLATE_VERSION,
    &AWS_EC2_LAUNCH_TEMPLATE_USE,
    &AWS_EC2_LAUNCH_CONFIGURATION,
    &AWS_EC2_AUTOSCALING_GROUP,
    &AWS_EC2_AUTOSCALING_GROUP_MEMBER,
    &AWS_EC2_AMI,
    &AWS_EC2_INSTANCE_METADATA_DEFAULTS,
    &AWS_EC2_SPOT_REQUEST,
];

/// What to plan, and from what.
pub struct PlanRequest {
    /// Where the evidence comes from.
    pub source: Source,
    /// What is to be planned, and how.
    pub options: PlanOptions,
    /// Roots and organizational units, by id or by the path of their names, whose accounts are planned; all when empty.
    pub units: Vec<String>,
    /// What the organization decided.
    pub config: Config,
    /// When the plan is made.
    pub now: jiff::Timestamp,
    /// Code that may take back what is planned: files, a folder, or a kept scan.
    pub code: Option<PathBuf>,
}

/// A plan that is not yet written.
#[derive(Debug)]
pub struct Drawn {
    /// The plan.
    pub planned: Planned,
    /// The folder of the kept evidence, if it was kept.
    pub kept: Option<PathBuf>,
    /// What could not be read.
    pub errors: Vec<ErrorRow>,
    /// Whether any of that is accepted by nobody.
    pub incomplete: bool,
    /// Tables that the evidence does not hold: what they would say is not planned.
    pub missing: Vec<&'static str>,
    /// Whether the use of version 1 was read.
    pub usage: bool,
    /// Code that would take back a change of the plan when it is applied.
    pub reverts: Vec<CodeRevert>,
    /// Code for which something is left alone.
    pub left_for_code: Vec<CodeRevert>,
    /// Files of code that could not be read.
    pub code_unread: usize,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanFailure {
    /// The evidence cannot be had.
    #[error(transparent)]
    Evidence(#[from] AuditError),
    /// The plan cannot be made or written.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A unit that the evidence does not know.
    #[error(
        "the evidence knows no organizational unit `{0}`: read the organization (--org), or name one of: {1}"
    )]
    UnknownUnit(String, String),
    /// An AMI that the evidence does not know, or that has `ImdsSupport` already.
    #[error("no AMI that one of the accounts owns and that has no ImdsSupport is called `{0}`")]
    UnknownImage(String),
    /// An account that the evidence does not hold.
    #[error("the evidence holds no account {0}")]
    UnknownAccount(String),
}

impl From<imdsure_engine::EngineError> for PlanFailure {
    fn from(error: imdsure_engine::EngineError) -> Self {
        Self::Evidence(AuditError::Engine(error))
    }
}

/// The tables that plans of these kinds are made from.
fn tables(kinds: &BTreeSet<ChangeKind>, usage: bool) -> Vec<&'static Table> {
    let of = |kind: ChangeKind, table: &'static Table| kinds.contains(&kind).then_some(table);
    let others = [
        of(ChangeKind::SagemakerNotebook, &AWS_SAGEMAKER_NOTEBOOK_INSTANCE),
        of(ChangeKind::BeanstalkEnvironment, &AWS_ELASTIC_BEANSTALK_ENVIRONMENT),
        of(ChangeKind::LightsailInstance, &AWS_LIGHTSAIL_INSTANCE),
        usage.then_some(&AWS_CLOUDWATCH_IMDS_USAGE),
    ];
    LAUNCHES.into_iter().chain(others.into_iter().flatten()).collect()
}

/// The tables that a plan of these kinds reads from AWS.
pub fn plan_tables(kinds: &BTreeSet<ChangeKind>, usage: bool) -> Wanted {
    Wanted::new(tables(kinds, usage).into_iter().map(|table| table.name))
}

impl PlanRequest {
    /// Gathers the evidence and draws the plan.
    pub async fn draw(self) -> Result<Drawn, PlanFailure> {
        let asks_usage = matches!(&self.source, Source::Live(live) if live.usage.is_some());
        let wanted = plan_tables(&self.options.kinds, asks_usage);
        let (evidence, kept) = evidence_of(self.source, wanted).await?;
        let set = evidence.set();
        let session = Session::open_to_plan(set, &self.config.settings()).await?;
        let usage = session.has(AWS_CLOUDWATCH_IMDS_USAGE.name);
        let needed = tables(&self.options.kinds, true);
        let names: Vec<&'static str> = needed.iter().map(|table| table.name).collect();
        let missing = session.fill_in(&names).await?;
        let missing =
            missing.into_iter().filter(|name| *name != AWS_CLOUDWATCH_IMDS_USAGE.name).collect();
        let mut errors = session.scan_errors().await?;
        let incomplete = self.config.leaves_incomplete(&mut errors, set.manifest.incomplete);
        let accounts = session.candidates(Candidates::Accounts).await?;
        let options = chosen(self.options, &accounts, &self.units)?;
        let (code, unread) = match &self.code {
            Some(code) => reverts(&session, code, &self.config).await?,
            None => (Vec::new(), Vec::new()),
        };
        let code_unread = unread.iter().map(|gap| &gap.path).collect::<BTreeSet<_>>().len();
        let mut context = context(set, &accounts, &errors, incomplete, self.now)?;
        context.code = reverting(&code);
        context.gaps.extend(unread);
        let planned = draw(&session, &options, context, &self.config).await?;
        let reverts = code_of_targets(&code, planned.targets());
        let left_for_code = code_of_targets(&code, planned.left_for(Reason::RevertedByCode));
        Ok(Drawn {
            planned,
            kept,
            errors,
            incomplete,
            missing,
            usage,
            reverts,
            left_for_code,
            code_unread,
        })
    }
}

/// The code that would take back what may be planned, and what of it could not be read.
async fn reverts(
    session: &Session,
    code: &Path,
    config: &Config,
) -> Result<(Vec<CodeRevert>, Vec<Gap>), PlanFailure> {
    let rows = code_of(code).await?;
    session.add_code(rows.set()).await?;
    // A session of its own: that of the plan holds the gaps of AWS.
    let of_code = Session::open(rows.set(), &config.settings()).await?;
    let unread = of_code.scan_errors().await?.iter().map(gap).collect();
    Ok((session.code_that_reverts().await?, unread))
}

fn gap(error: &ErrorRow) -> Gap {
    Gap {
        account_id: error.account_id.clone(),
        region: error.region.clone(),
        path: error.path.clone(),
        operation: error.operation.clone(),
        code: error.code.clone(),
    }
}

/// The same by what it would take back. Where several places would, one that is certain is named.
fn reverting(code: &[CodeRevert]) -> HashMap<(String, String, String), Reverting> {
    let mut all: HashMap<_, Reverting> = HashMap::new();
    for one in code {
        let perhaps = if one.certain { "" } else { "perhaps " };
        let why = format!(
            "applying {perhaps}{} ({}, found by {}) would take it back: repair the code first",
            one.place, one.address, one.traced_by
        );
        let reverting = Reverting { certain: one.certain, why };
        let known = all.entry((one.account_id.clone(), one.region.clone(), one.id.clone()));
        let known = known.or_insert_with(|| reverting.clone());
        if reverting.certain && !known.certain {
            *known = reverting;
        }
    }
    all
}

/// What of it concerns these targets.
fn code_of_targets<'a>(
    code: &[CodeRevert],
    targets: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) -> Vec<CodeRevert> {
    if code.is_empty() {
        return Vec::new();
    }
    let targets: BTreeSet<_> = targets.collect();
    let is_of = |one: &&CodeRevert| targets.contains(&(&*one.account_id, &*one.region, &*one.id));
    code.iter().filter(is_of).cloned().collect()
}

async fn draw(
    session: &Session,
    options: &PlanOptions,
    context: Context,
    config: &Config,
) -> Result<Planned, PlanFailure> {
    let today = Config::today();
    let waivers = config.waivers();
    let waived = |asked: &Waived<'_>| {
        let subject = Subject {
            resource: asked.resource,
            name: asked.name,
            account_id: Some(asked.account_id),
            tags: asked.tags,
            path: None,
        };
        let waiver = waivers.covering(asked.control, &subject, today)?;
        Some(format!("waived until {} ({}): {}", waiver.expires, waiver.from, waiver.reason))
    };
    let mut planner = Planner::new(options, context, waived);
    let groups = session.candidates(Candidates::Groups).await?;
    let born = session.candidates(Candidates::Born).await?;
    let has = |kind| options.kinds.contains(&kind);
    planner.groups(&groups);
    planner.born(&born);
    planner.enforced(&session.candidates(Candidates::Enforced).await?);
    if session.has_guardrails() {
        planner.guarded(&session.candidates(Candidates::Guarded).await?);
    }
    planner.regions(&session.candidates(Candidates::Regions).await?);
    let versions = session.candidates(Candidates::Templates).await?;
    planner.templates(&versions, &session.candidates(Candidates::Uses).await?, &born);
    let configurations = session.candidates(Candidates::Configurations).await?;
    planner.configurations(&configurations, &groups, &born);
    planner.refreshes(&groups);
    if has(ChangeKind::ImageImdsSupport) {
        let images = session.candidates(Candidates::Images).await?;
        if let Some(unknown) = options.images.iter().find(|name| !is_there(&images, name)) {
            return Err(PlanFailure::UnknownImage(unknown.clone()));
        }
        planner.images(&images);
    }
    if has(ChangeKind::SagemakerNotebook) {
        planner.notebooks(&session.candidates(Candidates::Notebooks).await?);
    }
    if has(ChangeKind::BeanstalkEnvironment) {
        planner.environments(&session.candidates(Candidates::Environments).await?);
    }
    if has(ChangeKind::LightsailInstance) {
        planner.lightsail(&session.candidates(Candidates::Lightsail).await?);
    }
    session.instance_candidates(|instance| planner.instance(instance)).await?;
    Ok(planner.finish()?)
}

/// Whether an AMI of this id or name is among these.
fn is_there(images: &[Map<String, Value>], named: &str) -> bool {
    let is = |image: &Map<String, Value>, column| {
        image.get(column).and_then(Value::as_str) == Some(named)
    };
    images.iter().any(|image| is(image, "image_id") || is(image, "name"))
}

/// The options with the accounts that the chosen units come to.
fn chosen(
    options: PlanOptions,
    accounts: &[Map<String, Value>],
    units: &[String],
) -> Result<PlanOptions, PlanFailure> {
    let text = |row: &Map<String, Value>, column: &str| {
        row.get(column).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let known: BTreeSet<String> = accounts.iter().map(|row| text(row, "account_id")).collect();
    if let Some(unknown) = options.accounts.iter().find(|id| !known.contains(*id)) {
        return Err(PlanFailure::UnknownAccount(unknown.clone()));
    }
    if units.is_empty() {
        return Ok(options);
    }
    let mut within = BTreeSet::new();
    for unit in units {
        let in_unit = |row: &&Map<String, Value>| {
            let (names, path) =
                (text(row, "organizational_unit"), text(row, "organizational_path"));
            OrganizationalUnit { names: Some(names), path: Some(path) }.is_in(unit)
        };
        let found: Vec<String> =
            accounts.iter().filter(in_unit).map(|row| text(row, "account_id")).collect();
        if found.is_empty() {
            let names: BTreeSet<String> =
                accounts.iter().map(|row| text(row, "organizational_unit")).collect();
            let names = names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>();
            return Err(PlanFailure::UnknownUnit(unit.clone(), names.join(", ")));
        }
        within.extend(found);
    }
    let accounts = if options.accounts.is_empty() {
        within
    } else {
        options.accounts.intersection(&within).cloned().collect()
    };
    Ok(PlanOptions { accounts, ..options })
}

fn context(
    set: &EvidenceSet,
    accounts: &[Map<String, Value>],
    errors: &[ErrorRow],
    incomplete: bool,
    now: jiff::Timestamp,
) -> Result<Context, PlanFailure> {
    let text = |row: &Map<String, Value>, column: &str| {
        row.get(column).and_then(Value::as_str).map(str::to_owned)
    };
    let units = accounts
        .iter()
        .filter_map(|row| Some((text(row, "account_id")?, text(row, "organizational_unit")?)));
    // arn:aws:organizations::MANAGEMENT:account/o-…/ACCOUNT
    let organization =
        accounts.iter().find_map(|row| Some(text(row, "arn")?.split('/').nth(1)?.to_owned()));
    let manifest = &set.manifest;
    Ok(Context {
        units: units.collect::<HashMap<_, _>>(),
        organization,
        source: Some(PlanSource {
            started: manifest.started.clone(),
            finished: manifest.finished.clone(),
            manifest: set.digest()?,
            incomplete,
        }),
        gaps: errors.iter().filter(|error| error.accepted.is_none()).map(gap).collect(),
        now: format!("{now:.0}"),
        code: HashMap::new(),
    })
}
