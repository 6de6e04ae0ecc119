//! `imdsure audit`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    sync::Arc,
};

use imdsure_aws::{collect::Estimate, progress::Progress, scope::ScopeRequest};
use imdsure_model::{ExitCode, Head};
use imdsure_report::{FormatName, Style, clean, waiver_warning};
use imdsure_runner::{
    Audit, AuditRequest, Config, Destination, Gathered, Live, Output, Source, Usage,
};
use tokio::sync::watch;

use crate::{
    args::{AuditArguments, ReadArguments, ReportArguments},
    clock,
    failure::Failure,
    progress::{CLEAR_LINE, ProgressLine},
    terminal,
};

pub(crate) async fn run(
    arguments: AuditArguments,
    config: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let AuditArguments { read, control, report } = arguments;
    check(&report)?;
    let fail_on = report.fail_on.into();
    let format = format(&report);
    let asked_regions = read.regions.clone();
    let stop = stop_on_signal();
    let outputs = outputs(&report, format);
    let gathered = gathered(read, control, outputs, config, stop.clone()).await?;
    let audit = reported(gathered, stop).await?;
    told_on_the_side(&audit, &asked_regions, format);
    match audit.unwritten {
        Some(error) => Err(Failure::incomplete(error)),
        None => Ok(ExitCode::of_run(audit.head.scope.incomplete, audit.head.totals(), fail_on)),
    }
}

/// Reads what these controls need, for a command that tells something else than their findings.
pub(crate) async fn gather(
    read: ReadArguments,
    controls: Vec<String>,
    config: Option<&Path>,
) -> Result<Gathered, Failure> {
    gathered(read, controls, Vec::new(), config, stop_on_signal()).await
}

async fn gathered(
    read: ReadArguments,
    controls: Vec<String>,
    outputs: Vec<Output>,
    config: Option<&Path>,
    stop: watch::Receiver<bool>,
) -> Result<Gathered, Failure> {
    check_regions(&read)?;
    if read.from.is_some() && !(read.account.is_empty() && read.ou.is_empty()) {
        return Err(Failure::usage(
            "--account and --ou choose what is read from AWS: kept evidence is judged as a whole",
        ));
    }
    let config = Config::load(config).map_err(Failure::usage)?;
    let progress = Arc::new(Progress::default());
    let source = source(read, &progress, stop)?;
    let request = AuditRequest { source, controls, outputs, config };
    let line = ProgressLine::start(&progress);
    let gathered = request.gather().await;
    // The line is gone before the first word of a report.
    line.stop().await;
    Ok(gathered?)
}

/// A source for a command that judges nothing, and the line that shows how far reading is.
pub(crate) struct ReadSource {
    pub(crate) source: Source,
    pub(crate) line: ProgressLine,
}

/// What is to be read, with its progress shown.
pub(crate) fn source_of(read: ReadArguments) -> Result<ReadSource, Failure> {
    check_regions(&read)?;
    let progress = Arc::new(Progress::default());
    let source = source(read, &progress, stop_on_signal())?;
    Ok(ReadSource { source, line: ProgressLine::start(&progress) })
}

fn check_regions(read: &ReadArguments) -> Result<(), Failure> {
    if read.regions.len() > 1 && read.regions.iter().any(|region| region == "all") {
        return Err(Failure::usage("--regions takes `all` or the names of regions, not both"));
    }
    Ok(())
}

/// Says where fresh evidence is kept.
pub(crate) fn kept_on_the_side(kept: Option<&Path>) {
    if let Some(kept) = kept {
        // There is nobody left to tell when this fails.
        let _ = writeln!(io::stderr(), "evidence kept in {}", kept.display());
    }
}

/// Refuses what can be said and cannot be meant.
pub(crate) fn check(report: &ReportArguments) -> Result<(), Failure> {
    for (index, export) in report.export.iter().enumerate() {
        if export.path.as_os_str() == "-" {
            return Err(Failure::usage(
                "--export writes files; --output writes to standard output",
            ));
        }
        if report.export[..index].iter().any(|other| other.path == export.path) {
            let path = export.path.display();
            return Err(Failure::usage(format!("two --export write the same file: {path}")));
        }
    }
    Ok(())
}

/// Judges and reports. A signal that came while reading has done its work: the report is what it asked
/// for. One that comes now ends the run, and takes unfinished files away.
async fn reported(gathered: Gathered, mut stop: watch::Receiver<bool>) -> Result<Audit, Failure> {
    if *stop.borrow() {
        return Ok(gathered.report().await?);
    }
    tokio::select! {
        audit = gathered.report() => Ok(audit?),
        Ok(_) = stop.wait_for(|stopped| *stopped) => {
            Err(Failure::incomplete("stopped before the report was complete"))
        }
    }
}

fn source(
    read: ReadArguments,
    progress: &Arc<Progress>,
    stop: watch::Receiver<bool>,
) -> Result<Source, Failure> {
    if let Some(kept) = read.from {
        return Ok(Source::Kept(kept));
    }
    let all = read.regions.iter().any(|region| region == "all");
    let mut accounts = read.account;
    if let Some(file) = &read.accounts_file {
        accounts.extend(accounts_of(file)?);
    }
    let ahead_seconds = clock::clock()?.ahead_seconds;
    if ahead_seconds != 0 {
        let _ = writeln!(io::stderr(), "SIMULATED: the clock is set {ahead_seconds} s ahead");
    }
    let usage = read.usage.then(|| Usage {
        days: read.usage_days.into(),
        max_cost: read.max_cost,
        ahead_seconds,
        announce: Box::new(announce),
    });
    Ok(Source::Live(Box::new(Live {
        scope: ScopeRequest {
            profiles: read.profile,
            role_arns: read.role_arn,
            organization: read.org || !read.ou.is_empty(),
            role_name: read.role_name,
            external_id: read.external_id,
            accounts,
            excluded_accounts: read.exclude_account,
            units: read.ou,
            regions: if all { Vec::new() } else { read.regions },
            endpoint_url: read.endpoint_url,
            session_name: None,
        },
        concurrency: read.concurrency.into(),
        save: read.save,
        usage,
        ahead_seconds,
        progress: Arc::clone(progress),
        stop,
    })))
}

/// The account ids of a file: one a line, `#` begins a comment.
fn accounts_of(file: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("the accounts file {} cannot be read: {error}", file.display()))
    })?;
    let mut accounts = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let id = line.split('#').next().unwrap_or_default().trim();
        if id.is_empty() {
            continue;
        }
        if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
            let place = format!("{}:{}:1", file.display(), number + 1);
            return Err(Failure::usage(format!(
                "{place}: `{id}` is no account id: twelve digits are"
            )));
        }
        accounts.push(id.to_owned());
    }
    if accounts.is_empty() {
        let file = file.display();
        return Err(Failure::usage(format!("the accounts file {file} names no account")));
    }
    Ok(accounts)
}

/// Says what asking CloudWatch is about to cost.
fn announce(estimate: &Estimate) {
    let Estimate { instances, dollars, at_most } = estimate;
    // Over the progress line, where there is one.
    let clear = if io::stderr().is_terminal() { CLEAR_LINE } else { "" };
    let _ = writeln!(
        io::stderr(),
        "{clear}usage: asking CloudWatch about {instances} instances, about {}, at most {}",
        cost(*dollars),
        cost(*at_most),
    );
}

fn cost(dollars: f64) -> String {
    if dollars < 0.01 { "1 cent".to_owned() } else { format!("${dollars:.2}") }
}

/// The first Ctrl-C (or termination signal) ends reading and reports what was read; a second one ends the
/// program.
pub(crate) fn stop_on_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        if asked_to_stop().await {
            let _ = stop.send(true);
            let _ = writeln!(io::stderr(), "stopping; once more to quit at once");
            if asked_to_stop().await {
                abandon();
            }
        }
        // Kept for the life of the run: a closed channel would mean that nobody can stop it.
        std::future::pending::<()>().await;
    });
    stopped
}

/// Waits for Ctrl-C, a termination signal or the end of the terminal; false when none can come.
async fn asked_to_stop() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate());
        if let (Ok(mut terminate), Ok(mut hang_up)) = (terminate, signal(SignalKind::hangup())) {
            return tokio::select! {
                interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
                terminated = terminate.recv() => terminated.is_some(),
                hung_up = hang_up.recv() => hung_up.is_some(),
            };
        }
    }
    tokio::signal::ctrl_c().await.is_ok()
}

#[expect(clippy::exit, reason = "the user asked twice: nothing is left to wait for")]
fn abandon() {
    std::process::exit(i32::from(ExitCode::Incomplete as u8));
}

/// The format of standard output.
pub(crate) fn format(report: &ReportArguments) -> FormatName {
    let default = if io::stdout().is_terminal() { FormatName::Pretty } else { FormatName::Brief };
    report.output.unwrap_or(default)
}

pub(crate) fn outputs(report: &ReportArguments, format: FormatName) -> Vec<Output> {
    let exports = report.export.iter().map(|export| Output {
        format: export.format,
        style: Style::default(),
        destination: Destination::File(export.path.clone()),
    });
    let stream = Destination::Stream(Box::new(io::stdout()));
    // Files first: they are complete even if whoever reads the stream goes away.
    exports.chain([Output { format, style: terminal::style(), destination: stream }]).collect()
}

/// What is good to know beside the report. There is nobody to tell when standard error is gone.
fn told_on_the_side(audit: &Audit, asked_regions: &[String], format: FormatName) {
    /// Gaps that are written out where the report has none.
    const SHOWN: usize = 5;
    kept_on_the_side(audit.kept.as_deref());
    let mut err = io::stderr().lock();
    if format != FormatName::Pretty {
        warn_of_waivers(&audit.head, &mut err);
    }
    let errors = &audit.head.errors;
    for region in not_enabled(audit, asked_regions) {
        let _ = writeln!(
            err,
            "note: {region} is enabled in none of the accounts: nothing was read there"
        );
    }
    let silent = [FormatName::JsonLines, FormatName::Csv, FormatName::Nothing].contains(&format);
    if errors.is_empty() || !silent {
        return;
    }
    let _ = writeln!(err, "incomplete: {} could not be read", errors.len());
    for error in errors.iter().take(SHOWN) {
        let place = [error.account_id.as_deref(), error.region.as_deref()];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let line =
            format!("{} {}: {}: {}", place.join(" "), error.operation, error.code, error.message);
        let _ = writeln!(err, "  {}", clean(&line));
    }
    if errors.len() > SHOWN {
        let _ = writeln!(err, "  … and {} more: --output json has all", errors.len() - SHOWN);
    }
}

/// Says which waivers do nothing any more. The report for people has that itself.
pub(crate) fn warn_of_waivers(head: &Head, err: &mut dyn io::Write) {
    const SHOWN: usize = 20;
    let warnings: Vec<String> = head.waivers.iter().filter_map(waiver_warning).collect();
    for warning in warnings.iter().take(SHOWN) {
        let _ = writeln!(err, "warning: {warning}");
    }
    if let Some(more @ 1..) = warnings.len().checked_sub(SHOWN) {
        let _ = writeln!(err, "  … and {more} more such waivers: --output json has all");
    }
}

/// Regions that were asked for and that no account has enabled: neither read nor a gap.
fn not_enabled<'a>(audit: &'a Audit, asked: &'a [String]) -> impl Iterator<Item = &'a String> {
    let Head { scope, errors, .. } = &audit.head;
    let gap = |region: &String| {
        errors.iter().any(|error| error.region.as_ref().is_none_or(|known| known == region))
    };
    asked
        .iter()
        .filter(move |region| *region != "all" && !scope.regions.contains(region) && !gap(region))
}
