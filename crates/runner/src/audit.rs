//! `audit`: read AWS or kept evidence, run the controls, write the reports.

use std::{io, path::PathBuf, sync::Arc};

use futures::TryStreamExt;
use imdsure_aws::{
    client::Client,
    collect::{Reading, Usage, collect},
    progress::Progress,
    scope::{ScopeError, ScopeRequest},
    source::Wanted,
    tables::{AWS_CLOUDWATCH_IMDS_USAGE, AWS_EC2_INSTANCE},
};
use imdsure_engine::{
    EngineError, Guardrails, Judged, Session, embedded_catalog,
    evidence::{EvidenceSet, Finished, Recorder},
    tables_read,
};
use imdsure_model::{
    Catalog, Control, ControlError, ErrorKind, ErrorRow, Head, Questions, ResolveError, Scope,
    Selection,
};
use imdsure_report::Format;
use tokio::sync::watch;

use crate::{
    Config,
    output::{Opened, Output, OutputError},
};

/// The control that judges usage.
const JUDGES_USAGE: &str = "instance-imdsv1-unused";

/// What to audit and where to report it.
pub struct AuditRequest {
    /// Where the evidence comes from.
    pub source: Source,
    /// Controls by name or alias; the default ones when empty.
    pub controls: Vec<String>,
    /// The reports.
    pub outputs: Vec<Output>,
    /// What the organization decided.
    pub config: Config,
}

/// Where evidence comes from.
pub enum Source {
    /// AWS.
    Live(Box<Live>),
    /// An evidence set, or the newest one of a store.
    Kept(PathBuf),
}

/// How to read AWS.
pub struct Live {
    /// Accounts and regions.
    pub scope: ScopeRequest,
    /// Calls under way at once.
    pub concurrency: usize,
    /// The store that keeps the evidence.
    pub save: Option<PathBuf>,
    /// Whether and how to ask CloudWatch for usage.
    pub usage: Option<Usage>,
    /// How far the clock is set forward, in seconds: for a simulated organization, whose time is set forward as well.
    pub ahead_seconds: i64,
    /// Counts what was done so far.
    pub progress: Arc<Progress>,
    /// Turns true when the run is to end with what it has.
    pub stop: watch::Receiver<bool>,
}

/// A finished audit.
#[derive(Debug)]
pub struct Audit {
    /// The report's head.
    pub head: Head,
    /// The folder of the kept evidence, if it was kept.
    pub kept: Option<PathBuf>,
    /// The first report that could not be written to its end.
    pub unwritten: Option<OutputError>,
}

/// Why an audit gives no report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A control's name means none or several.
    #[error(transparent)]
    Control(#[from] ResolveError),
    /// The scope cannot be meant so.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// A report has nowhere to go.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// There is nowhere to keep evidence.
    #[error(transparent)]
    Save(EngineError),
    /// Evidence cannot be opened.
    #[error(transparent)]
    Open(EngineError),
    /// Evidence cannot be written or judged.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A control that costs money, and nobody said that it may.
    #[error(
        "{JUDGES_USAGE} reads CloudWatch metrics, and CloudWatch bills for them: add --usage, or read evidence that holds them (--from)"
    )]
    UsageNotAsked,
    /// Usage that costs money, and nothing that would say what it is.
    #[error("--usage asks CloudWatch about instances, and nothing that was chosen reads instances")]
    UsageOfNothing,
    /// A control that judges code.
    #[error("{0} judges code, and an audit reads AWS: `imdsure scan PATH --control {0}` runs it")]
    OfCode(String),
    /// A control that judges AWS.
    #[error("{0} judges AWS, and a scan reads code: `imdsure audit --control {0}` runs it")]
    OfAws(String),
    /// Stopped before there was anything to report.
    #[error("stopped before any account was known: there is nothing to report")]
    Stopped,
    /// An embedded control does not parse: the build let something through.
    #[error("an embedded control is broken: {0}")]
    Catalog(#[from] ControlError),
}

impl AuditRequest {
    /// Reads: makes sure that the request can be meant so, then gathers the evidence.
    pub async fn gather(self) -> Result<Gathered, AuditError> {
        let catalog = embedded_catalog()?;
        let controls = chosen(&catalog, &self.controls)?;
        if matches!(self.source, Source::Live(_)) {
            refuse_code(&controls)?;
        }
        let (controls, wanted) = self.usage_too(&catalog, controls).await?;
        let controls = controls.into_iter().map(|control| control.name.clone()).collect();
        let reports = open(self.outputs)?;
        let (evidence, kept) = evidence_of(self.source, wanted).await?;
        Ok(Gathered { catalog, controls, reports, evidence, kept, config: self.config })
    }
}

impl AuditRequest {
    /// What usage adds: its table, for question 1, and its control where nobody chose any. A control that
    /// reads usage must not make CloudWatch bill by itself.
    async fn usage_too<'a>(
        &self,
        catalog: &'a Catalog,
        mut controls: Vec<&'a Control>,
    ) -> Result<(Vec<&'a Control>, Wanted), AuditError> {
        let usage = match &self.source {
            Source::Live(live) => live.usage.is_some(),
            Source::Kept(_) => return Ok((controls, Wanted::new([]))),
        };
        let judges_usage = catalog.get(JUDGES_USAGE).filter(|_| usage && self.controls.is_empty());
        controls.extend(judges_usage);
        let wanted = wanted(controls.iter().copied(), usage).await?;
        if !usage && wanted.has(&AWS_CLOUDWATCH_IMDS_USAGE) {
            return Err(AuditError::UsageNotAsked);
        }
        if usage && !tables_read(controls.iter().copied()).await?.contains(AWS_EC2_INSTANCE.name) {
            return Err(AuditError::UsageOfNothing);
        }
        Ok((controls, wanted))
    }
}

/// Gathered evidence, and what is to be said of it.
pub struct Gathered {
    catalog: Catalog,
    controls: Vec<String>,
    reports: Vec<Report>,
    evidence: Evidence,
    kept: Option<PathBuf>,
    config: Config,
}

impl Gathered {
    /// Judges, and writes the reports.
    pub async fn report(self) -> Result<Audit, AuditError> {
        let controls = self.controls.iter().filter_map(|name| self.catalog.get(name));
        let controls: Vec<&Control> = controls.collect();
        let (head, unwritten) =
            judge(&self.catalog, &controls, self.evidence.set(), None, &self.config, self.reports)
                .await?;
        Ok(Audit { head, kept: self.kept, unwritten })
    }
}

/// What guards an organization, and what could not be read of it.
#[derive(Debug)]
pub struct Guarded {
    /// By account, and by policy.
    pub guardrails: Guardrails,
    /// What could not be read.
    pub errors: Vec<ErrorRow>,
    /// Whether any of that is accepted by nobody.
    pub incomplete: bool,
}

impl Gathered {
    /// Tells what guards the organization, instead of judging it.
    pub async fn guardrails(&self) -> Result<Guarded, AuditError> {
        let set = self.evidence.set();
        let session = Session::open(set, &self.config.settings()).await?;
        let mut errors = session.scan_errors().await?;
        let incomplete = self.config.leaves_incomplete(&mut errors, set.manifest.incomplete);
        Ok(Guarded { guardrails: session.guardrails().await?, errors, incomplete })
    }
}

/// Opens kept evidence, or reads AWS; gives the folder as well where fresh evidence is kept.
pub(crate) async fn evidence_of(
    source: Source,
    wanted: Wanted,
) -> Result<(Evidence, Option<PathBuf>), AuditError> {
    match source {
        Source::Kept(path) => {
            Ok((Evidence::Kept(EvidenceSet::open(&path).map_err(AuditError::Open)?), None))
        }
        Source::Live(live) => {
            let keeps = live.save.is_some();
            let finished = live.collect(wanted).await?;
            let folder = keeps.then(|| finished.set.folder.clone());
            Ok((Evidence::Fresh(finished), folder))
        }
    }
}

/// Evidence, and whatever keeps its folder alive.
pub(crate) enum Evidence {
    Kept(EvidenceSet),
    Fresh(Finished),
}

impl Evidence {
    pub(crate) const fn set(&self) -> &EvidenceSet {
        match self {
            Self::Kept(set) => set,
            Self::Fresh(finished) => &finished.set,
        }
    }
}

/// The tables that controls need, by their names or aliases; those of the default ones without any. With
/// `usage` those that asking CloudWatch fills as well.
pub async fn tables_of(controls: &[String], usage: bool) -> Result<Wanted, AuditError> {
    let catalog = embedded_catalog()?;
    let controls = chosen(&catalog, controls)?;
    refuse_code(&controls)?;
    wanted(controls, usage).await.map_err(AuditError::from)
}

/// The tables that these controls need, and no other.
async fn wanted(
    controls: impl IntoIterator<Item = &Control>,
    usage: bool,
) -> Result<Wanted, EngineError> {
    let tables = tables_read(controls).await?;
    let usage = usage.then_some(AWS_CLOUDWATCH_IMDS_USAGE.name);
    Ok(Wanted::new(tables.iter().map(String::as_str).chain(usage)))
}

fn chosen<'a>(catalog: &'a Catalog, names: &[String]) -> Result<Vec<&'a Control>, ResolveError> {
    if names.is_empty() {
        return Ok(catalog.defaults().filter(|control| !control.judges_code()).collect());
    }
    named(catalog, names)
}

/// Controls by their names or aliases, each once.
pub(crate) fn named<'a>(
    catalog: &'a Catalog,
    names: &[String],
) -> Result<Vec<&'a Control>, ResolveError> {
    let mut controls: Vec<&Control> = Vec::new();
    for name in names {
        let control = catalog.resolve(name)?;
        // Two aliases of one control are one question.
        if !controls.iter().any(|known| known.name == control.name) {
            controls.push(control);
        }
    }
    Ok(controls)
}

/// AWS has no rows for a control that judges code.
fn refuse_code(controls: &[&Control]) -> Result<(), AuditError> {
    match controls.iter().find(|control| control.judges_code()) {
        Some(control) => Err(AuditError::OfCode(control.name.clone())),
        None => Ok(()),
    }
}

pub(crate) type Report = (Box<dyn Format>, Opened);

pub(crate) fn open(outputs: Vec<Output>) -> Result<Vec<Report>, OutputError> {
    let open = |output: Output| {
        let opened = Opened::open(output.destination)?;
        Ok((output.format.writer(output.style), opened))
    };
    outputs.into_iter().map(open).collect()
}

impl Live {
    /// Reads AWS into an evidence set.
    async fn collect(self, wanted: Wanted) -> Result<Finished, AuditError> {
        let started = at(self.ahead_seconds);
        let ahead_seconds = self.ahead_seconds;
        let client = Client::new(Arc::clone(&self.progress), self.concurrency);
        let mut stop = self.stop.clone();
        let ScopeRequest { accounts, excluded_accounts, units, .. } = &self.scope;
        let narrowed = [accounts, excluded_accounts, units].iter().any(|named| !named.is_empty());
        let scope = tokio::select! {
            scope = self.scope.resolve(&client, &wanted) => scope?,
            Ok(_) = stop.wait_for(|stopped| *stopped) => return Err(AuditError::Stopped),
        };
        let recorder =
            Recorder::start(self.save.as_deref(), started, &wanted).map_err(AuditError::Save)?;
        let sink = Arc::clone(&recorder);
        let reading =
            Reading { wanted, usage: self.usage, concurrency: self.concurrency, stop: self.stop };
        let coverage = collect(client, scope, sink, self.progress, reading).await;
        Ok(recorder.finish(at(ahead_seconds), coverage, narrowed)?)
    }
}

pub(crate) fn now() -> String {
    at(0)
}

/// The time in so many seconds.
fn at(ahead_seconds: i64) -> String {
    let now = jiff::Timestamp::now();
    let ahead = jiff::SignedDuration::from_secs(ahead_seconds);
    format!("{:.3}", now.checked_add(ahead).unwrap_or(now))
}

/// Judges a set and writes the reports. Code is judged with what AWS `evidence` says of what it inherits.
pub(crate) async fn judge(
    catalog: &Catalog,
    controls: &[&Control],
    set: &EvidenceSet,
    evidence: Option<&EvidenceSet>,
    config: &Config,
    outputs: Vec<Report>,
) -> Result<(Head, Option<OutputError>), AuditError> {
    let session = Session::open(set, &config.settings()).await?;
    if let Some(evidence) = evidence {
        session.add_evidence(evidence).await?;
    }
    let mut errors = session.scan_errors().await?;
    let mut judged = Vec::new();
    let mut summaries = Vec::new();
    for control in controls {
        match summarised(&session, control).await {
            Ok((control, summary)) => {
                judged.push(control);
                summaries.push(summary);
            }
            Err(error) => {
                errors.push(unanswered(&format!("control:{}", control.name), &error));
            }
        }
    }
    // The auditor's questions are about what runs.
    let of_aws = controls.iter().any(|control| !control.judges_code());
    let questions = match session.questions(catalog, &judged, &summaries).await {
        Ok(questions) if of_aws => questions,
        Ok(_) => Questions::default(),
        Err(error) => {
            errors.push(unanswered("questions", &error));
            Questions::default()
        }
    };
    let manifest = &set.manifest;
    let waivers = match session.waiver_uses(&judged, manifest.narrowed, &manifest.paths).await {
        Ok(waivers) => waivers,
        Err(error) => {
            errors.push(unanswered("waivers", &error));
            Vec::new()
        }
    };
    let incomplete = config.leaves_incomplete(&mut errors, manifest.incomplete);
    let head = Head {
        scope: Scope {
            accounts: manifest.accounts.clone(),
            regions: manifest.regions.clone(),
            paths: manifest.paths.clone(),
            files: manifest.files,
            started: manifest.started.clone(),
            finished: manifest.finished.clone(),
            incomplete,
        },
        questions,
        controls: summaries,
        errors,
        waivers,
    };
    let mut unwritten = None;
    for (mut format, mut opened) in outputs {
        let written = write(&head, &judged, &mut *format, opened.writer()).await;
        if let Err(error) = opened.close(written) {
            // One report that fails takes no other with it.
            unwritten.get_or_insert(error);
        }
    }
    Ok((head, unwritten))
}

async fn summarised<'a>(
    session: &'a Session,
    control: &'a Control,
) -> Result<(Judged<'a>, imdsure_model::ControlSummary), EngineError> {
    let judged = Judged::new(session, control).await?;
    let summary = judged.summary().await?;
    Ok((judged, summary))
}

/// A control that could not be run, or a question that could not be answered, is a gap like any other.
fn unanswered(operation: &str, error: &EngineError) -> ErrorRow {
    ErrorRow {
        account_id: None,
        region: None,
        operation: operation.to_owned(),
        code: "NotRun".to_owned(),
        message: error.to_string(),
        kind: ErrorKind::Malformed,
        table_name: None,
        path: None,
        line: None,
        column: None,
        accepted: None,
    }
}

async fn write(
    head: &Head,
    judged: &[Judged<'_>],
    format: &mut dyn Format,
    out: &mut (dyn io::Write + Send),
) -> io::Result<()> {
    format.begin(head, out)?;
    for (control, summary) in judged.iter().zip(&head.controls) {
        format.control(summary, out)?;
        if format.selection() != Selection::Nothing {
            let findings = control.findings(format.selection()).await.map_err(io::Error::other)?;
            let mut findings = std::pin::pin!(findings);
            while let Some(finding) = findings.try_next().await.map_err(io::Error::other)? {
                format.finding(&finding, out)?;
            }
        }
        format.control_end(out)?;
    }
    format.end(head, out)
}
