//! `imdsure apply` and `imdsure undo`: approval, the run, and what came of it.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    sync::Arc,
};

use imdsure_aws::scope::ScopeRequest;
use imdsure_fix::{
    event::{Ending, Operator},
    plan::PlanFile,
    run::{
        Applied, ApplyRequest, Clock, Halt, LeftAlone, NoWayBack, OnBreach, Progress, Skipped,
        UndoRequest, Undone, apply, resume, undo,
    },
};
use imdsure_model::ExitCode;
use imdsure_report::{clean, thousands};
use serde_json::json;

use crate::{
    args::{AccessArguments, ApplyArguments, RunFormat, UndoArguments, change::BreachArgument},
    audit::stop_on_signal,
    failure::Failure,
    journal,
    progress::ProgressLine,
    terminal,
};

pub(crate) async fn run(arguments: ApplyArguments, clock: Clock) -> Result<ExitCode, Failure> {
    let store = journal::store(&arguments.store, &arguments.access).await?;
    let progress = Arc::new(Progress::default());
    let request = ApplyRequest {
        store,
        scope: scope(&arguments.access),
        concurrency: arguments.access.concurrency.into(),
        soak_seconds: arguments.soak,
        share: arguments.rate_share,
        on_breach: arguments.on_breach.map(|what| match what {
            BreachArgument::Stop => OnBreach::Stop,
            BreachArgument::Undo => OnBreach::Undo,
        }),
        check: arguments.check,
        no_way_back: NoWayBack(arguments.accept_no_way_back),
        max_age_days: arguments.max_age,
        before_soak_ends: arguments.before_soak_ends,
        ignore_breach: arguments.ignore_breach,
        operator: operator(clock),
        clock,
        progress: Arc::clone(&progress),
        stop: stop_on_signal(),
    };
    let applied = match (arguments.resume, arguments.plan) {
        (Some(run), _) => {
            let line = ProgressLine::of_run(&progress);
            let applied = Box::pin(resume(&run, request)).await;
            line.stop().await;
            applied?
        }
        (None, Some(path)) => {
            let plan = PlanFile::open(&path).map_err(Failure::usage)?;
            if plan.head.total_changes == 0 {
                terminal::print("the plan changes nothing: there is nothing to apply\n")?;
                return Ok(ExitCode::Ok);
            }
            let approved = match arguments.approve {
                Some(approved) => approved,
                None => approved_plan(&plan)?,
            };
            let line = ProgressLine::of_run(&progress);
            let applied = Box::pin(apply(plan, &approved, request)).await;
            line.stop().await;
            applied?
        }
        (None, None) => return Err(Failure::usage("name a plan, or a run with --resume")),
    };
    tell_applied(&applied, arguments.output)?;
    Ok(match (&applied.halt, applied.resume_after) {
        // Not finished: what was skipped counts when it is.
        (None | Some(Halt::Closed(_)), Some(_)) => ExitCode::Ok,
        _ => code(applied.halt.as_ref(), &applied.endings),
    })
}

pub(crate) async fn run_undo(arguments: UndoArguments, clock: Clock) -> Result<ExitCode, Failure> {
    let run = arguments.run;
    let store = journal::store(&arguments.store, &arguments.access).await?;
    match &arguments.approve {
        Some(approved) if approved == run.as_str() => {}
        Some(approved) => {
            return Err(Failure::usage(format!("--approve says {approved}; the run is {run}")));
        }
        None => approved_undo(run.as_str())?,
    }
    let progress = Arc::new(Progress::default());
    let request = UndoRequest {
        store,
        scope: scope(&arguments.access),
        concurrency: arguments.access.concurrency.into(),
        share: arguments.rate_share,
        lift_enforcement: arguments.lift_enforcement,
        again: arguments.again,
        operator: operator(clock),
        clock,
        progress: Arc::clone(&progress),
        stop: stop_on_signal(),
    };
    let line = ProgressLine::of_run(&progress);
    let undone = Box::pin(undo(&run, request)).await;
    line.stop().await;
    let undone = undone?;
    tell_undone(&undone, arguments.output)?;
    Ok(code(undone.halt.as_ref(), &undone.endings))
}

/// Stopped is stronger than skipped; a pause is neither.
fn code(halt: Option<&Halt>, endings: &std::collections::BTreeMap<Ending, u64>) -> ExitCode {
    const SKIPPED: [Ending; 5] = [
        Ending::Drifted,
        Ending::Refused,
        Ending::Failed,
        Ending::Unverified,
        Ending::Irreversible,
    ];
    match halt {
        Some(Halt::Closed(_)) | None
            if SKIPPED.iter().any(|ending| endings.contains_key(ending)) =>
        {
            ExitCode::Skipped
        }
        Some(Halt::Closed(_)) | None => ExitCode::Ok,
        Some(_) => ExitCode::Stopped,
    }
}

fn scope(access: &AccessArguments) -> ScopeRequest {
    ScopeRequest {
        profiles: access.profile.clone(),
        role_arns: access.role_arn.clone(),
        role_name: access.role_name.clone(),
        external_id: access.external_id.clone(),
        endpoint_url: access.endpoint_url.clone(),
        ..ScopeRequest::default()
    }
}

fn operator(clock: Clock) -> Operator {
    let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    Operator {
        user: variable(&["USER", "LOGNAME", "USERNAME"]),
        host: host
            .map(|host| host.trim().to_owned())
            .or_else(|| variable(&["HOSTNAME", "COMPUTERNAME"])),
        imdsure: env!("CARGO_PKG_VERSION").to_owned(),
        simulated_seconds: clock.ahead_seconds,
    }
}

fn approved_plan(plan: &PlanFile) -> Result<String, Failure> {
    let head = &plan.head;
    let accounts = head.accounts.len();
    let question = format!(
        "{} changes in {} waves, {accounts} accounts. The first wave: {}.\n{}\nApply it? Type `yes`: ",
        thousands(head.total_changes),
        head.waves.len(),
        head.waves
            .first()
            .map(|wave| format!("{} ({} changes)", wave.name, wave.changes))
            .unwrap_or_default(),
        head.digest,
    );
    let hint = format!("pass --approve {}", head.digest);
    asked(&question, &hint)?;
    Ok(head.digest.clone())
}

fn approved_undo(run: &str) -> Result<(), Failure> {
    asked(
        &format!("Put back everything that run {run} changed? Type `yes`: "),
        &format!("pass --approve {run}"),
    )
}

/// Asks on a terminal; refuses where there is none.
fn asked(question: &str, hint: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(format!("nothing is changed without approval: {hint}")));
    }
    let mut err = io::stderr();
    let _ = write!(err, "{}", clean(question).replace("\\n", "\n")).and_then(|()| err.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read {
        Ok(_) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::usage("not approved: nothing was changed")),
    }
}

fn tell_applied(applied: &Applied, format: RunFormat) -> Result<(), Failure> {
    match format {
        RunFormat::None => Ok(()),
        RunFormat::Json => terminal::print(&format!("{:#}\n", applied_json(applied))),
        RunFormat::Pretty => terminal::print(&applied_words(applied)),
    }
}

fn applied_json(applied: &Applied) -> serde_json::Value {
    let state = match (&applied.halt, applied.resume_after) {
        (Some(Halt::Closed(_)), _) => "paused",
        (Some(_), _) => "stopped",
        (None, Some(_)) => "soaking",
        (None, None) => "finished",
    };
    json!({
        "run": applied.run,
        "state": state,
        "why": applied.halt.as_ref().map(ToString::to_string),
        "breaches": match &applied.halt {
            Some(Halt::Breach(breaches)) => json!(breaches),
            _ => json!([]),
        },
        "resume_after": applied.resume_after.map(|at| format!("{at:.0}")),
        "waves": {"applied": applied.waves.0, "of": applied.waves.1},
        "endings": applied.endings,
        "left_alone": left_json(&applied.left),
        "skipped": skipped_json(&applied.skipped),
        "undone": applied.undone.as_ref().map(|undone| undone_json(undone)),
        "journal_head": applied.head,
    })
}

fn undone_json(undone: &Undone) -> serde_json::Value {
    json!({
        "run": undone.run,
        "state": if undone.halt.is_some() { "stopped" } else { "finished" },
        "why": undone.halt.as_ref().map(ToString::to_string),
        "endings": undone.endings,
        "skipped": skipped_json(&undone.skipped),
        "journal_head": undone.head,
    })
}

fn left_json(left: &LeftAlone) -> Vec<serde_json::Value> {
    let one = |((account_id, why), (changes, regions)): (&(String, String), &(u64, _))| json!({"account_id": account_id, "regions": regions, "changes": changes, "why": why});
    left.iter().map(one).collect()
}

fn skipped_json(skipped: &[Skipped]) -> Vec<serde_json::Value> {
    let one = |skipped: &Skipped| {
        json!({
            "account_id": skipped.account_id,
            "region": skipped.region,
            "id": skipped.id,
            "ending": skipped.ending,
            "why": skipped.why,
        })
    };
    skipped.iter().map(one).collect()
}

fn applied_words(applied: &Applied) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text += &clean(&words);
        text.push('\n');
    };
    let (through, of) = applied.waves;
    line(format!("run {}: {through} of {of} waves · {}", applied.run, counts(&applied.endings)));
    for ((account_id, why), (changes, regions)) in &applied.left {
        let regions = regions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        line(format!("  left alone: {} in {account_id} ({regions}): {why}", thousands(*changes)));
        if why.starts_with("no way back") {
            line(format!("    to change them all the same: --accept-no-way-back {account_id}"));
        }
    }
    skipped_words(&applied.skipped, &mut line);
    match &applied.halt {
        Some(Halt::Breach(breaches)) => {
            line("stopped, since something got worse:".to_owned());
            for breach in breaches.iter().take(20) {
                line(format!("  {}", breach.found));
            }
            if breaches.len() > 20 {
                line(format!("  … and {} more: --output json has all", breaches.len() - 20));
            }
        }
        Some(halt) => line(halt.to_string()),
        None => {}
    }
    if let Some(undone) = &applied.undone {
        line(format!("the wave was put back: {}", counts(&undone.endings)));
        skipped_words(&undone.skipped, &mut line);
    }
    let run = &applied.run;
    match (&applied.halt, applied.resume_after) {
        (Some(Halt::Closed(_)) | None, Some(at)) => {
            line(format!("next: after {at:.0}, `imdsure apply --resume {run}`"));
        }
        (Some(_), _) => line(format!(
            "next: `imdsure undo {run}` puts everything back, `imdsure apply --resume {run}` goes on; `imdsure journal show {run}` tells all"
        )),
        (None, None) => line(format!("finished; `imdsure undo {run}` would put everything back")),
    }
    line(format!("journal: sha256 {}", applied.head));
    text
}

fn tell_undone(undone: &Undone, format: RunFormat) -> Result<(), Failure> {
    match format {
        RunFormat::None => Ok(()),
        RunFormat::Json => terminal::print(&format!("{:#}\n", undone_json(undone))),
        RunFormat::Pretty => {
            let mut text = String::new();
            let mut line = |words: String| {
                text += &clean(&words);
                text.push('\n');
            };
            line(format!("run {}: {}", undone.run, counts(&undone.endings)));
            skipped_words(&undone.skipped, &mut line);
            if let Some(halt) = &undone.halt {
                line(format!("{halt}; undo again to go on"));
            }
            line(format!("journal: sha256 {}", undone.head));
            terminal::print(&text)
        }
    }
}

fn skipped_words(skipped: &[Skipped], line: &mut impl FnMut(String)) {
    for skipped in skipped {
        let Skipped { account_id, region, id, ending, why } = skipped;
        line(format!("  {ending}: {id} ({account_id} {region}): {why}"));
    }
}

fn counts(endings: &std::collections::BTreeMap<Ending, u64>) -> String {
    if endings.is_empty() {
        return "nothing was changed".to_owned();
    }
    let one = |(ending, number): (&Ending, &u64)| format!("{} {ending}", thousands(*number));
    endings.iter().map(one).collect::<Vec<_>>().join(", ")
}
