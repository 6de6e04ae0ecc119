//! `imdsure scan`.

use std::{
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use imdsure_model::{ExitCode, Head};
use imdsure_report::{FormatName, clean};
use imdsure_runner::{CodeSource, Config, Fixing, Repaired, ScanDone, ScanProgress, ScanRequest};

use crate::{
    args::{FixArgument, ScanArguments},
    audit::{check, format, kept_on_the_side, outputs, warn_of_waivers},
    failure::Failure,
    progress::ProgressLine,
    terminal,
};

/// Places that are named one by one; the rest is counted.
const SHOWN: usize = 10;

pub(crate) async fn run(
    arguments: ScanArguments,
    config: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let ScanArguments {
        paths,
        var,
        var_file,
        save,
        from,
        control,
        with_evidence,
        fix,
        diff,
        report,
    } = arguments;
    check(&report)?;
    let fail_on = report.fail_on.into();
    let config = Config::load(config).map_err(Failure::usage)?;
    // The diff takes the report's place.
    let format = if diff.is_some() { FormatName::Nothing } else { format(&report) };
    let fixing = Fixing {
        write: fix.is_some(),
        diff: diff.is_some(),
        with_unsafe: [fix, diff].contains(&Some(FixArgument::Unsafe)),
    };
    let progress = Arc::new(ScanProgress::default());
    let source = match from {
        Some(from) => CodeSource::Kept(from),
        None => CodeSource::Paths {
            paths,
            vars: var,
            var_files: var_file,
            save,
            progress: Arc::clone(&progress),
        },
    };
    let request = ScanRequest {
        source,
        controls: control,
        outputs: outputs(&report, format),
        config,
        evidence: with_evidence,
        fixing,
    };
    let line = ProgressLine::of_code(&progress);
    let done = request.run().await;
    line.stop().await;
    let ScanDone { audit, repaired } = done?;
    if diff.is_some() {
        print_diff(repaired.as_ref())?;
    }
    told_on_the_side(&audit.head, format);
    kept_on_the_side(audit.kept.as_deref());
    if let Some(repaired) = &repaired {
        told_of_repairs(repaired, fixing);
    }
    if let Some(error) = audit.unwritten {
        return Err(Failure::incomplete(error));
    }
    let failed = repaired.is_some_and(|repaired| !repaired.not_sound.is_empty());
    let incomplete = audit.head.scope.incomplete || failed;
    Ok(ExitCode::of_run(incomplete, audit.head.totals(), fail_on))
}

/// As it is, for `git apply`: foreign text in it is the user's own file.
fn print_diff(repaired: Option<&Repaired>) -> Result<(), Failure> {
    let diffs = repaired.iter().flat_map(|repaired| &repaired.files);
    terminal::print(&diffs.map(|(_, diff)| diff.as_str()).collect::<String>())
}

/// What is good to know beside the report. There is nobody to tell when standard error is gone.
fn told_on_the_side(head: &Head, format: FormatName) {
    let mut err = io::stderr().lock();
    if format != FormatName::Pretty {
        warn_of_waivers(head, &mut err);
    }
    let places: u64 =
        head.controls.iter().map(|c| c.counts.total() + c.waived.total()).max().unwrap_or(0);
    if !head.errors.is_empty() {
        // What was there is not known.
    } else if head.scope.files == Some(0) {
        let paths = head.scope.paths.join(", ");
        let _ = writeln!(
            err,
            "note: no infrastructure code that imdsure reads is in {}",
            clean(&paths)
        );
    } else if places == 0 {
        let _ = writeln!(err, "note: nothing in this code launches instances");
    }
    let silent = [FormatName::JsonLines, FormatName::Csv, FormatName::Nothing].contains(&format);
    if head.errors.is_empty() || !silent {
        return;
    }
    let _ = writeln!(err, "incomplete: {} could not be read", head.errors.len());
    for error in head.errors.iter().take(SHOWN) {
        let place = error.file_place().unwrap_or_else(|| error.operation.clone());
        let line = format!("{place}: {} ({})", error.message, error.code);
        let _ = writeln!(err, "  {}", clean(&line));
    }
    if head.errors.len() > SHOWN {
        let more = head.errors.len() - SHOWN;
        let _ = writeln!(err, "  … and {more} more: --output json has all");
    }
}

/// What was repaired, what that does, and what is left.
fn told_of_repairs(repaired: &Repaired, fixing: Fixing) {
    let mut err = io::stderr().lock();
    let places: usize = repaired.effects.values().sum();
    let verb = if fixing.write { "repaired" } else { "would repair" };
    if places == 0 {
        let _ = writeln!(err, "{verb} nothing");
    } else {
        let effects = repaired.effects.iter().map(|(effect, number)| format!("{effect}: {number}"));
        let effects = effects.collect::<Vec<_>>().join(", ");
        let files = repaired.files.len();
        let _ = writeln!(err, "{verb} {places} places in {files} files ({effects})");
        for (file, _) in &repaired.files {
            let _ = writeln!(err, "  {}", clean(file));
        }
    }
    list(
        &mut err,
        "applying it would replace instances, so left alone without --fix=unsafe",
        &repaired.unsafe_left,
    );
    let outside: Vec<String> =
        repaired.outside.iter().map(|(place, file)| format!("{place}: {file}")).collect();
    list(&mut err, "decided in files outside the given paths, so left alone", &outside);
    list(&mut err, "the repair did not come out as meant, so left alone", &repaired.not_sound);
}

fn list(err: &mut dyn io::Write, why: &str, places: &[String]) {
    if places.is_empty() {
        return;
    }
    let _ = writeln!(err, "{why}:");
    for place in places.iter().take(SHOWN) {
        let _ = writeln!(err, "  {}", clean(place));
    }
    if places.len() > SHOWN {
        let _ = writeln!(err, "  … and {} more", places.len() - SHOWN);
    }
}
