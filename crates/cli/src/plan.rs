//! `imdsure plan` and `imdsure guard set`: from evidence to a plan file, and the page to review it by.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use imdsure_fix::{
    plan::{PlanFile, PlanFileError, PlanOptions, Size, SplitBy, TagFilter},
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
        change::{KindArgument, ShapeArguments, ShownAs, SplitArgument},
    },
    audit::{self, kept_on_the_side},
    failure::Failure,
    terminal,
};

/// Where a plan is written when nobody says.
const PLAN: &str = "plan.json";
const PLANS: &str = "plans";

/// What `plan` alone chooses.
struct Choice {
    kinds: BTreeSet<ChangeKind>,
    /// Whether defaults and enforcement are planned also where something runs.
    everywhere: bool,
    tags: Vec<TagFilter>,
    images: BTreeSet<String>,
    restart: bool,
    canary: Size,
    code: Option<PathBuf>,
    include_reverted: bool,
}

pub(crate) async fn run(
    arguments: PlanArguments,
    config: Option<&Path>,
    clock: Clock,
) -> Result<ExitCode, Failure> {
    let output = arguments.shaped.output;
    if let Some(path) = &arguments.show {
        show(&PlanFile::open(path).map_err(unusable)?, output)?;
        return Ok(ExitCode::Ok);
    }
    let kinds = KindArgument::all(&arguments.kind);
    let named = |kind| arguments.kind.contains(&KindArgument::Kind(kind));
    let everywhere = named(ChangeKind::AccountDefaults) || named(ChangeKind::AccountEnforcement);
    let choice = Choice {
        kinds,
        everywhere,
        tags: arguments.tag,
        images: arguments.image.into_iter().collect(),
        restart: arguments.restart,
        canary: arguments.canary,
        code: arguments.with_code,
        include_reverted: arguments.include_reverted,
    };
    choice.check()?;
    Box::pin(planned(arguments.shaped, choice, config, clock)).await
}

/// `guard set`: the same with defaults and enforcement alone, also where something runs.
pub(crate) async fn guard_set(
    arguments: GuardSetArguments,
    config: Option<&Path>,
    clock: Clock,
) -> Result<ExitCode, Failure> {
    let GuardSetArguments { defaults, enforce, shaped } = arguments;
    // Neither asks for both: a default first, then enforcement.
    let both = defaults == enforce;
    let kinds = [
        (both || defaults, ChangeKind::AccountDefaults),
        (both || enforce, ChangeKind::AccountEnforcement),
    ];
    let choice = Choice {
        kinds: kinds.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind).collect(),
        everywhere: true,
        tags: Vec::new(),
        images: BTreeSet::new(),
        restart: false,
        canary: PlanOptions::default().canary,
        code: None,
        include_reverted: false,
    };
    Box::pin(planned(shaped, choice, config, clock)).await
}

async fn planned(
    shaped: ShapeArguments,
    choice: Choice,
    config: Option<&Path>,
    clock: Clock,
) -> Result<ExitCode, Failure> {
    let (drawn, out) = Box::pin(draw(shaped, choice, config, clock)).await?;
    told(&drawn);
    old(&drawn, clock);
    Ok(if out { ExitCode::Incomplete } else { ExitCode::Ok })
}

/// Draws the plan, writes and shows it; also tells whether anything is missing from it.
async fn draw(
    shaped: ShapeArguments,
    choice: Choice,
    config: Option<&Path>,
    clock: Clock,
) -> Result<(Drawn, bool), Failure> {
    let (shown, split, code) = (shaped.output, shaped.split_by.is_some(), choice.code.clone());
    let out = shaped.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from(if split { PLANS } else { PLAN }));
    // All before anything is read: that may take hours, and cost money.
    can_hold(&out, split)?;
    if split {
        holds_no_plan(&out)?;
    }
    if let Some(code) = &code {
        std::fs::metadata(code).map_err(|error| {
            Failure::usage(format!("--with-code {} cannot be read: {error}", code.display()))
        })?;
    }
    let options = options(&shaped, choice);
    let read = shaped.read;
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
    let missing = drawn.incomplete || !drawn.missing.is_empty() || drawn.code_unread > 0;
    Ok((drawn, missing))
}

/// Refuses what no plan can be written to: a pipe or a device would become a file.
fn can_hold(out: &Path, split: bool) -> Result<(), Failure> {
    let place = out.display();
    if out == Path::new("-") {
        return Err(Failure::usage(
            "a plan is a file, approved by its digest: name one with --out (--output md or html prints it to be read)",
        ));
    }
    match std::fs::metadata(out) {
        Ok(found) if split && !found.is_dir() => {
            Err(Failure::usage(format!("{place} is no folder, and several plans need one")))
        }
        Ok(found) if !split && !found.is_file() => {
            Err(Failure::usage(format!("{place} is no regular file: a plan is not written there")))
        }
        Err(_) if out.is_symlink() => Err(Failure::usage(format!(
            "{place} is a link to nothing: a plan is not written there"
        ))),
        // One that is not there is made.
        _ => Ok(()),
    }
}

/// Refuses a folder that holds plans: those of an earlier day would be taken for some of today's.
fn holds_no_plan(folder: &Path) -> Result<(), Failure> {
    // One that is not there is made.
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    match paths.iter().find(|path| is_plan(path)) {
        Some(plan) => Err(Failure::usage(format!(
            "{} holds plans already ({}), and those that nobody gets today would stay there: name another folder \
             with --out, or remove them",
            folder.display(),
            plan.display()
        ))),
        None => Ok(()),
    }
}

/// Whether a file begins as plans do.
fn is_plan(path: &Path) -> bool {
    const HEAD: u64 = 64;
    let json = path.extension().is_some_and(|extension| extension == "json");
    let mut head = Vec::new();
    let read = |head: &mut Vec<u8>| File::open(path)?.take(HEAD).read_to_end(head);
    json && read(&mut head).is_ok() && String::from_utf8_lossy(&head).contains("\"imdsure.plan/")
}

fn options(shaped: &ShapeArguments, choice: Choice) -> PlanOptions {
    let kept = shaped.read.from.is_some();
    PlanOptions {
        kinds: choice.kinds,
        only_idle_regions: !choice.everywhere,
        hop_limit: shaped.hop_limit.0,
        canary: choice.canary,
        max_per_wave: shaped.max_per_wave,
        include_unknown: shaped.include_unknown,
        include_reverted: choice.include_reverted,
        tags: choice.tags,
        accounts: if kept {
            shaped.read.account.iter().cloned().collect()
        } else {
            BTreeSet::new()
        },
        images: choice.images,
        restart: choice.restart,
        split: shaped.split_by.map(|by| match by {
            SplitArgument::Account => SplitBy::Account,
            SplitArgument::Ou => SplitBy::Unit,
            SplitArgument::Owner => SplitBy::Owner,
        }),
        soak_seconds: shaped.soak,
        share: shaped.rate_share,
        schedule: shaped.schedule.clone(),
        ticket: shaped.ticket.clone(),
    }
}

impl Choice {
    /// Options that go with a kind, and the kind that goes with an option.
    fn check(&self) -> Result<(), Failure> {
        let image = self.kinds.contains(&ChangeKind::ImageImdsSupport);
        let wrong = if image && self.images.is_empty() {
            "image-imds-support cannot be undone: name each AMI with --image"
        } else if !image && !self.images.is_empty() {
            "--image goes with --kind image-imds-support"
        } else if self.restart && !self.kinds.contains(&ChangeKind::SagemakerNotebook) {
            "--restart goes with --kind sagemaker-notebook"
        } else {
            return Ok(());
        };
        Err(Failure::usage(wrong))
    }
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
    if let Some(columns) = terminal::columns() {
        report = report.within(columns);
    }
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

/// Says when the plan will be refused for the age of its evidence.
fn old(drawn: &Drawn, clock: Clock) {
    const MAX_AGE_DAYS: i64 = 7;
    let Some(read) = drawn.planned.evidence_read() else { return };
    let days = clock.here().duration_since(read).as_hours() / 24;
    if days >= MAX_AGE_DAYS {
        let _ = writeln!(
            io::stderr().lock(),
            "note: the evidence is {days} days old: `apply` refuses the plan unless it is told so by --max-age; read AWS again"
        );
    }
}

/// Says which code would take changes back.
fn tell_of_code(drawn: &Drawn, err: &mut dyn io::Write) {
    if drawn.code_unread > 0 {
        let number = drawn.code_unread;
        let files = if number == 1 { "file" } else { "files" };
        let _ = writeln!(
            err,
            "incomplete: {number} {files} of code could not be read, and may take changes back: `imdsure scan` says why"
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
