//! `imdsure plan` and `imdsure guard set`: from evidence to a plan file, and the page to review it by.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use imdsure_fix::{
    plan::{PlanFile, PlanFileError, PlanOptions, SplitBy},
    run::Clock,
};
use imdsure_model::{ExitCode, plan::ChangeKind};
use imdsure_report::{
    Style, clean,
    plan::{PlanFormat, PlanReport},
};
use imdsure_runner::{CodeRevert, Config, Drawn, PlanRequest};

use crate::{
    args::{
        GuardSetArguments, PlanArguments,
        change::{KindArgument, ShownAs, SplitArgument},
    },
    audit::{self, kept_on_the_side},
    failure::Failure,
    terminal,
};

/// Where a plan is written when nobody says.
const PLAN: &str = "plan.json";
const PLANS: &str = "plans";

pub(crate) async fn run(
    arguments: PlanArguments,
    config: Option<&Path>,
    clock: Clock,
) -> Result<ExitCode, Failure> {
    if let Some(path) = &arguments.show {
        show(&PlanFile::open(path).map_err(unusable)?, arguments.output)?;
        return Ok(ExitCode::Ok);
    }
    let (drawn, out) = Box::pin(draw(arguments, config, clock)).await?;
    told(&drawn);
    Ok(if out { ExitCode::Incomplete } else { ExitCode::Ok })
}

/// `guard set`: the same with defaults and enforcement alone, also where something runs.
pub(crate) async fn guard_set(
    arguments: GuardSetArguments,
    config: Option<&Path>,
    clock: Clock,
) -> Result<ExitCode, Failure> {
    let GuardSetArguments { defaults, enforce, mut plan } = arguments;
    if !plan.kind.is_empty() || plan.show.is_some() {
        return Err(Failure::usage(
            "guard set plans defaults and enforcement: --kind and --show are plan's",
        ));
    }
    // Neither asks for both: a default first, then enforcement.
    let both = defaults == enforce;
    let kinds = [
        (both || defaults, ChangeKind::AccountDefaults),
        (both || enforce, ChangeKind::AccountEnforcement),
    ];
    plan.kind = kinds
        .into_iter()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, kind)| KindArgument::Kind(kind))
        .collect();
    Box::pin(run(plan, config, clock)).await
}

/// Draws the plan, writes and shows it; also tells whether anything is missing from it.
async fn draw(
    arguments: PlanArguments,
    config: Option<&Path>,
    clock: Clock,
) -> Result<(Drawn, bool), Failure> {
    let options = options(&arguments)?;
    let (out, shown, split) = (arguments.out, arguments.output, options.split.is_some());
    let out = out.unwrap_or_else(|| PathBuf::from(if split { PLANS } else { PLAN }));
    let (read, code) = (arguments.read, arguments.with_code);
    // Of kept evidence they choose; from AWS only they are read.
    let units = if read.from.is_some() { read.ou.clone() } else { Vec::new() };
    let config = Config::load(config).map_err(Failure::usage)?;
    let source = audit::source_of(read)?;
    let (source, line) = (source.source, source.line);
    let now = clock.here();
    let request = PlanRequest { source, options, units, config, now, code };
    let drawn = request.draw().await;
    line.stop().await;
    let drawn = drawn?;
    write(&drawn, &out, shown, split)?;
    let missing = drawn.incomplete || !drawn.missing.is_empty();
    Ok((drawn, missing))
}

fn options(arguments: &PlanArguments) -> Result<PlanOptions, Failure> {
    let kinds = KindArgument::all(&arguments.kind);
    let named = |kind| arguments.kind.contains(&KindArgument::Kind(kind));
    let everywhere = named(ChangeKind::AccountDefaults) || named(ChangeKind::AccountEnforcement);
    check(arguments, &kinds).map_err(Failure::usage)?;
    let kept = arguments.read.from.is_some();
    Ok(PlanOptions {
        kinds,
        only_idle_regions: !everywhere,
        hop_limit: arguments.hop_limit.0,
        canary: arguments.canary,
        max_per_wave: arguments.max_per_wave,
        include_unknown: arguments.include_unknown,
        include_reverted: arguments.include_reverted,
        tags: arguments.tag.clone(),
        accounts: if kept {
            arguments.read.account.iter().cloned().collect()
        } else {
            BTreeSet::new()
        },
        images: arguments.image.iter().cloned().collect(),
        restart: arguments.restart,
        split: arguments.split_by.map(|by| match by {
            SplitArgument::Account => SplitBy::Account,
            SplitArgument::Ou => SplitBy::Unit,
            SplitArgument::Owner => SplitBy::Owner,
        }),
        soak_seconds: arguments.soak,
        share: arguments.rate_share,
        schedule: arguments.schedule.clone(),
        ticket: arguments.ticket.clone(),
    })
}

/// Options that go with a kind, and the kind that goes with an option.
fn check(arguments: &PlanArguments, kinds: &BTreeSet<ChangeKind>) -> Result<(), &'static str> {
    let image = kinds.contains(&ChangeKind::ImageImdsSupport);
    if image && arguments.image.is_empty() {
        return Err("image-imds-support cannot be undone: name each AMI with --image");
    }
    if !image && !arguments.image.is_empty() {
        return Err("--image goes with --kind image-imds-support");
    }
    if arguments.restart && !kinds.contains(&ChangeKind::SagemakerNotebook) {
        return Err("--restart goes with --kind sagemaker-notebook");
    }
    Ok(())
}

fn write(drawn: &Drawn, out: &Path, shown: ShownAs, split: bool) -> Result<(), Failure> {
    use std::fmt::Write as _;

    if !split {
        drawn.planned.write(out, None).map_err(Failure::usage)?;
        return show(&PlanFile::open(out).map_err(unusable)?, shown);
    }
    std::fs::create_dir_all(out)
        .map_err(|error| Failure::usage(format!("{} cannot be made: {error}", out.display())))?;
    let mut names = BTreeSet::new();
    let mut lines = String::new();
    for part in drawn.planned.parts() {
        let name = file_name(part.as_deref().unwrap_or_default(), &mut names);
        let path = out.join(format!("{name}.json"));
        drawn.planned.write(&path, part.as_deref()).map_err(Failure::usage)?;
        let plan = PlanFile::open(&path).map_err(unusable)?;
        page(&plan, &out.join(format!("{name}.md")))?;
        let head = &plan.head;
        let left: u64 = head.total_unplanned.values().sum();
        let _ = writeln!(
            lines,
            "{}: {} changes, {left} left alone ({})",
            clean(part.as_deref().unwrap_or_default()),
            head.total_changes,
            path.display()
        );
    }
    if shown == ShownAs::Nothing { Ok(()) } else { terminal::print(&lines) }
}

/// The readable page of one part.
fn page(plan: &PlanFile, path: &Path) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::usage(format!("{} cannot be written: {error}", path.display()));
    let mut text = Vec::new();
    render(plan, PlanFormat::Markdown, Style::default(), &mut text)?;
    std::fs::write(path, text).map_err(failed)
}

/// A part as a file name: letters, digits, `-` and `_`; numbered where two are alike.
fn file_name(part: &str, taken: &mut BTreeSet<String>) -> String {
    let safe: String = part
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .take(80)
        .collect();
    let safe = if safe.is_empty() { "none".to_owned() } else { safe };
    let mut name = safe.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{safe}-{number}");
        number += 1;
    }
    name
}

fn show(plan: &PlanFile, shown: ShownAs) -> Result<(), Failure> {
    let ShownAs::Format(format) = shown else { return Ok(()) };
    let mut out = io::BufWriter::new(io::stdout().lock());
    render(plan, format, terminal::style(), &mut out)
}

fn render(
    plan: &PlanFile,
    format: PlanFormat,
    style: Style,
    out: &mut dyn io::Write,
) -> Result<(), Failure> {
    let file = plan.path().display().to_string();
    let mut report = PlanReport::new(format, style, &plan.head, &file);
    for lane in &plan.lanes {
        for change in plan.changes(lane).map_err(unusable)? {
            report.change(&change.map_err(unusable)?.1);
        }
    }
    for unplanned in plan.unplanned().map_err(unusable)? {
        report.unplanned(&unplanned.map_err(unusable)?);
    }
    match report.write(out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::usage(format!("the plan cannot be shown: {error}")))
        }
        _ => Ok(()),
    }
}

fn unusable(error: PlanFileError) -> Failure {
    Failure::usage(error)
}

/// What is good to know beside the plan.
fn told(drawn: &Drawn) {
    kept_on_the_side(drawn.kept.as_deref());
    let mut err = io::stderr().lock();
    for table in &drawn.missing {
        let _ = writeln!(
            err,
            "incomplete: the evidence holds no {table}: what it would say is not planned"
        );
    }
    if drawn.incomplete {
        let number = drawn.errors.iter().filter(|error| error.accepted.is_none()).count();
        let _ = writeln!(
            err,
            "incomplete: {number} could not be read: what is there is not in the plan"
        );
    }
    tell_of_code(drawn, &mut err);
    if !drawn.usage && drawn.planned.unplanned() > 0 {
        let _ = writeln!(
            err,
            "note: the use of version 1 was not read, so that what it decides is unplanned: --usage reads it, or --from evidence that holds it"
        );
    }
}

/// Says which code would take changes back.
fn tell_of_code(drawn: &Drawn, err: &mut dyn io::Write) {
    if drawn.code_unread > 0 {
        let number = drawn.code_unread;
        let _ = writeln!(
            err,
            "note: {number} files of code could not be read: `imdsure scan` says which"
        );
    }
    tell_of(
        &drawn.left_for_code,
        "left alone, since code says optional and takes a change back when it is applied: repair it first (imdsure scan PATH --fix), or --include-reverted",
        err,
    );
    tell_of(
        &drawn.reverts,
        "planned although code says optional, and takes the change back when it is applied: repair it first (imdsure scan PATH --fix)",
        err,
    );
}

/// A number of places in code, and the first of them.
fn tell_of(code: &[CodeRevert], what: &str, err: &mut dyn io::Write) {
    const SHOWN: usize = 10;
    if code.is_empty() {
        return;
    }
    let number = code.len();
    let _ = writeln!(err, "warning: {number} {what}");
    for one in code.iter().take(SHOWN) {
        let perhaps = if one.certain { "" } else { "perhaps " };
        let line = format!(
            "{} ({} {}): {perhaps}{} {}, found by {}",
            one.id, one.account_id, one.region, one.place, one.address, one.traced_by
        );
        let _ = writeln!(err, "  {}", clean(&line));
    }
    if number > SHOWN {
        let _ = writeln!(
            err,
            "  … and {} more: imdsure scan PATH --with-evidence SET lists them",
            number - SHOWN
        );
    }
}
