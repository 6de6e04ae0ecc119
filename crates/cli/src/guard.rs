//! `imdsure guard`: what guards the organization now; policies written, looked over and asked.

mod show;
mod text;

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::Path,
};

use imdsure_model::ExitCode;
use imdsure_policy::{
    Attached, Decision, Ec2Options, Ec2Policy, Effect, GuardOptions, Kind, Level, LintKind,
    MAX_BYTES, Mistake, MistakeSeverity, Policy, PolicyError, Request, evaluate, generate, lint,
    lint_ec2,
};
use serde_json::json;

use crate::{
    args::{
        GenerateCommand, GuardArguments, GuardCommand, LintArguments, ListFormat, SimulateArguments,
    },
    clock,
    failure::Failure,
    plan, terminal,
};

pub(crate) async fn run(command: GuardCommand, config: Option<&Path>) -> Result<ExitCode, Failure> {
    match command {
        GuardCommand::Show(arguments) => Box::pin(show::run(*arguments, config)).await,
        GuardCommand::Set(arguments) => {
            Box::pin(plan::guard_set(*arguments, config, clock::clock()?)).await
        }
        GuardCommand::Generate(command) => write(command),
        GuardCommand::Lint(arguments) => look_over(&arguments),
        GuardCommand::Simulate(arguments) => simulate(&arguments),
    }
}

fn write(command: GenerateCommand) -> Result<ExitCode, Failure> {
    let kind = match command {
        GenerateCommand::Scp(arguments) => {
            let self_protection = !arguments.no_self_protection;
            Kind::Scp(GuardOptions { self_protection, ..options(arguments.guard) })
        }
        GenerateCommand::Iam(arguments) => Kind::Iam(options(arguments)),
        GenerateCommand::Ec2Policy(arguments) => Kind::Ec2Policy(Ec2Options {
            enforce: !arguments.defaults_only,
            hop_limit: arguments.hop_limit,
            exception_message: arguments.exception_message,
        }),
        GenerateCommand::DataPerimeter(arguments) => {
            Kind::DataPerimeter { partition: arguments.partition, exempt: arguments.exempt }
        }
    };
    let generated = generate(&kind).map_err(Failure::usage)?;
    terminal::print(&generated.text)?;
    let mut err = io::stderr().lock();
    // There is nobody left to tell when this fails.
    let _ = writeln!(err, "imdsure: before you attach it:");
    for note in generated.notes {
        let _ = writeln!(err, "  → {note}");
    }
    Ok(ExitCode::Ok)
}

fn options(arguments: GuardArguments) -> GuardOptions {
    GuardOptions {
        partition: arguments.perimeter.partition,
        max_hop_limit: arguments.max_hop_limit,
        exempt: arguments.perimeter.exempt,
        role_delivery: arguments.role_delivery,
        self_protection: false,
    }
}

/// A file that was looked over.
struct Linted {
    path: String,
    kind: &'static str,
    mistakes: Vec<Mistake>,
}

fn look_over(arguments: &LintArguments) -> Result<ExitCode, Failure> {
    let files = arguments.file.iter().map(|path| lint_file(path)).collect::<Result<Vec<_>, _>>()?;
    terminal::print(&match arguments.output {
        ListFormat::Pretty => text::mistakes(&files, terminal::style()),
        ListFormat::Json => {
            let file = |file: &Linted| json!({"path": file.path, "kind": file.kind, "mistakes": file.mistakes});
            let files: Vec<_> = files.iter().map(file).collect();
            format!("{:#}\n", json!({"files": files}))
        }
    })?;
    let mut mistakes = files.iter().flat_map(|file| &file.mistakes);
    let fails = mistakes.any(|mistake| mistake.severity != MistakeSeverity::Info);
    Ok(if fails { ExitCode::Findings } else { ExitCode::Ok })
}

fn lint_file(path: &Path) -> Result<Linted, Failure> {
    let (name, text) = read(path)?;
    let refused = |error| refused(&name, &error);
    if Ec2Policy::is_one(&text).map_err(refused)? {
        let policy = Ec2Policy::parse(&text).map_err(refused)?;
        return Ok(Linted { path: name, kind: "ec2-policy", mistakes: lint_ec2(&policy) });
    }
    let policy = Policy::parse(&text).map_err(refused)?;
    let kind = LintKind::of(&policy);
    let mistakes = lint(&policy, kind);
    let kind = match kind {
        LintKind::Scp => "scp",
        LintKind::Identity => "iam",
    };
    Ok(Linted { path: name, kind, mistakes })
}

fn simulate(arguments: &SimulateArguments) -> Result<ExitCode, Failure> {
    let requests = arguments.request.iter().map(|text| Request::parse(text));
    let requests = requests.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    let policies =
        arguments.file.iter().map(|path| attached(path)).collect::<Result<Vec<_>, _>>()?;
    let mut statements = policies.iter().flat_map(|attached| attached.policy.statements());
    let full_access = !statements.any(|statement| statement.effect() == Effect::Allow);
    let level = Level { name: String::new(), policies, full_access, unread: Vec::new() };
    let decide = |(text, request): (&String, &Request)| {
        (text.clone(), evaluate(std::slice::from_ref(&level), request))
    };
    let decisions: Vec<(String, Decision)> =
        arguments.request.iter().zip(&requests).map(decide).collect();
    terminal::print(&match arguments.output {
        ListFormat::Pretty => text::decisions(&decisions, full_access, terminal::style()),
        ListFormat::Json => {
            let one = |(request, decision): &(String, Decision)| json!({"request": request, "decision": decision});
            let all: Vec<_> = decisions.iter().map(one).collect();
            format!("{:#}\n", json!({"full_access_assumed": full_access, "requests": all}))
        }
    })?;
    Ok(ExitCode::Ok)
}

fn attached(path: &Path) -> Result<Attached, Failure> {
    let (name, text) = read(path)?;
    let refused = |error| refused(&name, &error);
    if Ec2Policy::is_one(&text).map_err(refused)? {
        return Err(Failure::usage(format!(
            "{name} is an EC2 policy: it sets the account's metadata options and decides no requests. \
             `guard lint` reads it"
        )));
    }
    let policy = Policy::parse(&text).map_err(refused)?;
    Ok(Attached::new(name, policy))
}

/// A file's name and text. One that is too long for a policy is not read to its end.
fn read(path: &Path) -> Result<(String, String), Failure> {
    let name =
        if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
    let mut text = String::new();
    let most = MAX_BYTES as u64 + 1;
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok((name, text)),
        Err(error) => Err(Failure::usage(format!("cannot read {name}: {error}"))),
    }
}

/// `path:line:column: what is wrong`.
fn refused(name: &str, error: &PolicyError) -> Failure {
    Failure::usage(format!("{name}:{error}"))
}
