//! `imdsure audit`.

use std::{io, io::IsTerminal as _, sync::Arc};

use imdsure_aws::{progress::Progress, scope::ScopeRequest};
use imdsure_model::ExitCode;
use imdsure_report::{FormatName, Style};
use imdsure_runner::{Audit, AuditRequest, Destination, Live, Output, Source};
use tokio::sync::watch;

use crate::{
    args::{AuditArguments, ReadArguments, ReportArguments},
    failure::Failure,
    progress::ProgressLine,
    terminal,
};

pub(crate) async fn run(arguments: AuditArguments) -> Result<ExitCode, Failure> {
    let AuditArguments { read, control, report } = arguments;
    let fail_on = report.fail_on.into();
    let progress = Arc::new(Progress::default());
    let asked_regions = read.regions.clone();
    let source = source(read, &progress);
    let request = AuditRequest { source, controls: control, outputs: outputs(&report) };
    let line = ProgressLine::start(&progress);
    let gathered = request.gather().await;
    // The line is gone before the first word of a report.
    line.stop().await;
    let audit = gathered?.report().await?;
    told_on_the_side(&audit, &asked_regions);
    Ok(ExitCode::of_run(audit.head.scope.incomplete, audit.head.totals(), fail_on))
}

fn source(read: ReadArguments, progress: &Arc<Progress>) -> Source {
    if let Some(kept) = read.from {
        return Source::Kept(kept);
    }
    let all = read.regions.iter().any(|region| region == "all");
    Source::Live(Live {
        scope: ScopeRequest {
            profiles: read.profile,
            role_arns: read.role_arn,
            organization: read.org,
            role_name: read.role_name,
            accounts: read.account,
            regions: if all { Vec::new() } else { read.regions },
            endpoint_url: read.endpoint_url,
        },
        concurrency: read.concurrency.into(),
        save: read.save,
        progress: Arc::clone(progress),
        stop: stop_on_interrupt(),
    })
}

/// The first Ctrl-C (or termination signal) ends reading and reports what was read; a second one ends the program.
fn stop_on_interrupt() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        if asked_to_stop().await {
            let _ = stop.send(true);
            if asked_to_stop().await {
                abandon();
            }
        }
        // Kept for the life of the run: a closed channel would mean that nobody can stop it.
        std::future::pending::<()>().await;
    });
    stopped
}

/// Waits for Ctrl-C or a termination signal; false when none can come.
async fn asked_to_stop() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            return tokio::select! {
                interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
                terminated = terminate.recv() => terminated.is_some(),
            };
        }
    }
    tokio::signal::ctrl_c().await.is_ok()
}

#[expect(clippy::exit, reason = "the user asked twice: nothing is left to wait for")]
fn abandon() {
    std::process::exit(i32::from(ExitCode::Incomplete as u8));
}

fn outputs(report: &ReportArguments) -> Vec<Output> {
    let default = if io::stdout().is_terminal() { FormatName::Pretty } else { FormatName::Brief };
    let exports = report.export.iter().map(|export| Output {
        format: export.format,
        style: Style::default(),
        destination: Destination::File(export.path.clone()),
    });
    // Files first: they are complete even if whoever reads the stream goes away.
    exports
        .chain([Output {
            format: report.output.unwrap_or(default),
            style: terminal::style(),
            destination: Destination::Stream(Box::new(io::stdout())),
        }])
        .collect()
}

fn told_on_the_side(audit: &Audit, asked_regions: &[String]) {
    use io::Write as _;
    let mut err = io::stderr().lock();
    if let Some(kept) = &audit.kept {
        // There is nobody to tell when standard error is gone.
        let _ = writeln!(err, "evidence kept in {}", kept.display());
    }
    let read = &audit.head.scope.regions;
    for region in asked_regions.iter().filter(|region| *region != "all" && !read.contains(region)) {
        let _ = writeln!(
            err,
            "note: {region} is enabled in none of the accounts: nothing was read there"
        );
    }
    if !audit.head.errors.is_empty() {
        let gaps = audit.head.errors.len();
        let _ = writeln!(err, "incomplete: {gaps} could not be read, see `errors` in the report");
    }
}
