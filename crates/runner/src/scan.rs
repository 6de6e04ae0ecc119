//! `scan`: read infrastructure code, judge it, repair it, write the reports.

mod excerpt;
mod policy;
mod record;
mod repair;
mod row;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::TryStreamExt as _;
use imdsure_engine::{
    EngineError, Judged, Session, embedded_catalog,
    evidence::{EvidenceSet, Finished},
};
use imdsure_iac::{
    dialect::Settings,
    scan::{Progress, Scan, Scanned},
    write::WriteError,
};
use imdsure_model::{Catalog, Control, Selection, Verdict};

pub use repair::Repaired;

use crate::{
    Audit, AuditError, Config,
    audit::{judge, named, now, open},
    output::Output,
};

/// The control whose question is the first one.
const LAUNCHES: &str = "code-launches-imdsv2";
/// The control that needs AWS evidence, and runs by itself where that is given.
const REVERTS: &str = "code-reverts-fix";

/// What to scan and where to report it.
pub struct ScanRequest {
    /// Where the rows come from.
    pub source: CodeSource,
    /// Controls by name or alias; the default ones when empty.
    pub controls: Vec<String>,
    /// The reports.
    pub outputs: Vec<Output>,
    /// What the organization decided.
    pub config: Config,
    /// AWS evidence that says what code inherits.
    pub evidence: Option<PathBuf>,
    /// Whether and what to repair.
    pub fixing: Fixing,
}

/// Where rows of code come from.
pub enum CodeSource {
    /// Files and folders.
    Paths {
        /// As they were given.
        paths: Vec<PathBuf>,
        /// Variables, beside the files.
        vars: Vec<(String, String)>,
        /// Files of variables.
        var_files: Vec<PathBuf>,
        /// The store that keeps the rows.
        save: Option<PathBuf>,
        /// Counts what was done so far.
        progress: Arc<Progress>,
    },
    /// A kept set, or the newest one of a store.
    Kept(PathBuf),
}

/// What is to be repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fixing {
    /// Whether files are written.
    pub write: bool,
    /// Whether the changes are shown.
    pub diff: bool,
    /// Whether repairs count that replace, restart or lose something.
    pub with_unsafe: bool,
}

/// A finished scan.
#[derive(Debug)]
pub struct ScanDone {
    /// The report's head, the folder of kept rows, the first report that was not written.
    pub audit: Audit,
    /// What was repaired, where that was asked for.
    pub repaired: Option<Repaired>,
}

/// Why a scan gives no report.
#[derive(Debug, thiserror::Error)]
pub enum ScanFailure {
    /// As with an audit.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// AWS evidence that cannot be opened.
    #[error("--with-evidence: {0}")]
    Evidence(EngineError),
    /// Repairs that could not be written: none was.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The reading thread ended without a result.
    #[error("the thread that reads code died")]
    ReaderDied,
}

impl From<EngineError> for ScanFailure {
    fn from(error: EngineError) -> Self {
        Self::Audit(error.into())
    }
}

impl ScanRequest {
    /// Does all of it.
    pub async fn run(self) -> Result<ScanDone, ScanFailure> {
        let catalog = embedded_catalog().map_err(AuditError::from)?;
        let controls = chosen(&catalog, &self.controls, self.evidence.is_some())?;
        let reports = open(self.outputs).map_err(AuditError::from)?;
        let evidence = self.evidence.as_deref().map(EvidenceSet::open).transpose();
        let evidence = evidence.map_err(ScanFailure::Evidence)?;
        let judging = Judging { controls, evidence, config: self.config };
        let (rows, kept, repaired) = match self.source {
            CodeSource::Kept(path) => {
                (Rows::Kept(EvidenceSet::open(&path).map_err(AuditError::Open)?), None, None)
            }
            CodeSource::Paths { paths, vars, var_files, save, progress } => {
                let settings = Settings { var_files, vars };
                let scan = Scan { paths, settings, progress, ..Scan::default() };
                let (finished, repaired) = judging.read(scan, save.as_deref(), self.fixing).await?;
                let kept = save.map(|_| finished.set.folder.clone());
                (Rows::Fresh(finished), kept, repaired)
            }
        };
        let Judging { controls, evidence, config } = &judging;
        let (head, unwritten) =
            judge(&catalog, controls, rows.set(), evidence.as_ref(), config, reports).await?;
        Ok(ScanDone { audit: Audit { head, kept, unwritten }, repaired })
    }
}

/// What judges, and over which evidence.
struct Judging<'a> {
    controls: Vec<&'a Control>,
    evidence: Option<EvidenceSet>,
    config: Config,
}

/// The rows of code at a path: of a kept scan, or read now.
pub(crate) async fn code_of(path: &Path) -> Result<Rows, AuditError> {
    if let Ok(set) = EvidenceSet::open(path) {
        return Ok(Rows::Kept(set));
    }
    let started = now();
    let scan = Scan::of([path]);
    let scanned = run(&scan).await.map_err(|error| match error {
        ScanFailure::Audit(error) => error,
        _ => AuditError::Stopped,
    })?;
    Ok(Rows::Fresh(record::record(&scan, &scanned, None, started)?))
}

/// Rows of code, and whatever keeps their folder alive.
pub(crate) enum Rows {
    Kept(EvidenceSet),
    Fresh(Finished),
}

impl Rows {
    pub(crate) const fn set(&self) -> &EvidenceSet {
        match self {
            Self::Kept(set) => set,
            Self::Fresh(finished) => &finished.set,
        }
    }
}

impl Judging<'_> {
    /// Reads the code; with repairs asked for, judges, repairs, and reads what came of it.
    async fn read(
        &self,
        scan: Scan,
        save: Option<&Path>,
        fixing: Fixing,
    ) -> Result<(Finished, Option<Repaired>), ScanFailure> {
        let started = now();
        let scanned = run(&scan).await?;
        let keep = save.filter(|_| !fixing.write);
        let finished = record::record(&scan, &scanned, keep, started)?;
        if !fixing.write && !fixing.diff {
            return Ok((finished, None));
        }
        let failing = self.failing(&finished.set).await?;
        let repairs = repair::Repairs { scan: scan.clone(), scanned, failing, fixing };
        let repaired = tokio::task::spawn_blocking(move || repairs.make()).await;
        let repaired = repaired.map_err(|_| ScanFailure::ReaderDied)??;
        if !fixing.write {
            return Ok((finished, Some(repaired)));
        }
        let started = now();
        let scanned = run(&scan).await?;
        Ok((record::record(&scan, &scanned, save, started)?, Some(repaired)))
    }

    /// The places that fail, count, and have a repair.
    async fn failing(&self, set: &EvidenceSet) -> Result<BTreeSet<repair::Key>, ScanFailure> {
        let session = Session::open(set, &self.config.settings()).await?;
        if let Some(evidence) = &self.evidence {
            session.add_evidence(evidence).await?;
        }
        let mut failing = BTreeSet::new();
        for control in &self.controls {
            // One that cannot be run is told in the report.
            let Ok(judged) = Judged::new(&session, control).await else { continue };
            let findings = judged.findings(Selection::Open).await?;
            let findings: Vec<_> = findings.try_collect().await?;
            let open = findings.into_iter().filter(|finding| {
                finding.verdict == Verdict::Fail
                    && finding.waived.is_none()
                    && finding.fix.is_some()
            });
            failing.extend(open.filter_map(|finding| {
                let place = finding.location?;
                Some((place.path, place.start_line, place.start_column, place.address))
            }));
        }
        Ok(failing)
    }
}

/// Reads on threads of its own, so that progress can be drawn meanwhile.
async fn run(scan: &Scan) -> Result<Scanned, ScanFailure> {
    let scan = scan.clone();
    let read = tokio::task::spawn_blocking(move || scan.run()).await;
    read.map_err(|_| ScanFailure::ReaderDied)
}

/// The controls of code by their names; the default ones without any.
fn chosen<'a>(
    catalog: &'a Catalog,
    names: &[String],
    evidence: bool,
) -> Result<Vec<&'a Control>, AuditError> {
    if names.is_empty() {
        let reverts = catalog.get(REVERTS).filter(|_| evidence);
        let defaults = catalog.defaults().filter(|control| control.judges_code());
        let mut controls: Vec<&Control> = defaults.chain(reverts).collect();
        controls.sort_by_key(|control| control.name != LAUNCHES);
        return Ok(controls);
    }
    let controls = named(catalog, names)?;
    match controls.iter().find(|control| !control.judges_code()) {
        Some(control) => Err(AuditError::OfAws(control.name.clone())),
        None => Ok(controls),
    }
}
