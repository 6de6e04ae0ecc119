//! `imdsure apply` and `imdsure undo`: approval, the run, and what came of it.

mod tell;

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    sync::Arc,
};

use imdsure_aws::scope::ScopeRequest;
use imdsure_fix::{
    event::{Ending, Operator},
    plan::PlanFile,
    run::{
        ApplyRequest, Clock, Halt, NoWayBack, OnBreach, Progress, UndoRequest, apply, resume, undo,
    },
};
use imdsure_model::ExitCode;
use imdsure_report::{clean, thousands};

use crate::{
    args::{AccessArguments, ApplyArguments, UndoArguments, change::BreachArgument},
    audit::stop_on_signal,
    failure::Failure,
    journal::{self, Use},
    progress::{CLEAR_LINE, ProgressLine},
    terminal,
};

pub(crate) async fn run(arguments: ApplyArguments, clock: Clock) -> Result<ExitCode, Failure> {
    let to = if arguments.resume.is_some() { Use::Read } else { Use::Begin };
    let store = journal::store(&arguments.store, &arguments.access, to).await?;
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
        announce: Box::new(|left| {
            // Over the progress line, where there is one; nobody to tell when standard error is gone.
            let clear = if io::stderr().is_terminal() { CLEAR_LINE } else { "" };
            let _ = write!(io::stderr(), "{clear}{}", tell::left_words(left, "will be left alone"));
        }),
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
    tell::applied(&applied, arguments.output)?;
    Ok(match (&applied.halt, applied.resume_after) {
        // Not finished: what was skipped counts when it is.
        (None | Some(Halt::Closed(_)), Some(_)) => ExitCode::Ok,
        _ => code(applied.halt.as_ref(), &applied.endings),
    })
}

pub(crate) async fn run_undo(arguments: UndoArguments, clock: Clock) -> Result<ExitCode, Failure> {
    let run = arguments.run;
    let store = journal::store(&arguments.store, &arguments.access, Use::Read).await?;
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
    tell::undone(&undone, arguments.output)?;
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
    Operator {
        user: imdsure_fix::journal::user(),
        host: imdsure_fix::journal::host(),
        // AWS says who that is, once it is asked.
        identity: None,
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
    let lines: Vec<_> = question.split('\n').map(clean).collect();
    let _ = write!(err, "{}", lines.join("\n")).and_then(|()| err.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read {
        Ok(_) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::usage("not approved: nothing was changed")),
    }
}
