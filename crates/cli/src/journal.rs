//! `imdsure journal`, and where journals are.

mod words;

use std::{fs, io, path::Path};

use imdsure_aws::identity;
use imdsure_fix::{
    event::{Ending, Event},
    journal::{Location, RunId, S3Access, Store, Verdict},
    run::{Past, RunState, check_plan, past},
};
use imdsure_model::ExitCode;
use imdsure_report::clean;
use serde_json::{Value, json};

use crate::{
    args::{AccessArguments, JournalCommand, ListFormat, StoreArguments},
    failure::Failure,
    terminal,
};

/// Whether a store has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A new run may make it.
    Begin,
    /// What is in it is wanted.
    Read,
}

/// The store that the arguments name. S3 is entered with the same credentials as AWS.
pub(crate) async fn store(
    arguments: &StoreArguments,
    access: &AccessArguments,
    to: Use,
) -> Result<Store, Failure> {
    let profile = access.profile.first().map(String::as_str);
    open(arguments, profile, access.endpoint_url.as_deref(), to).await
}

/// The store that is read.
async fn reading(arguments: &StoreArguments) -> Result<Store, Failure> {
    open(arguments, None, None, Use::Read).await
}

/// Refuses a file, and a folder that is not there where what is in it is wanted. The folder that nobody has to name is made by the
/// first run: without it there are none.
fn check_folder(folder: &Path, to: Use) -> Result<(), Failure> {
    let wrong = |why: &str| Err(Failure::usage(format!("--journal {}: {why}", folder.display())));
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => wrong("this is a file. Journals are in a folder, or in s3://BUCKET/PREFIX"),
        Err(error) if error.kind() != io::ErrorKind::NotFound => wrong(&error.to_string()),
        Err(_) if to == Use::Begin || is_usual(folder) => Ok(()),
        Err(_) => wrong("there is no such folder"),
    }
}

fn is_usual(folder: &Path) -> bool {
    Location::default() == Location::Folder(folder.to_owned())
}

async fn open(
    arguments: &StoreArguments,
    profile: Option<&str>,
    endpoint_url: Option<&str>,
    to: Use,
) -> Result<Store, Failure> {
    let location = Location::parse(&arguments.journal).map_err(Failure::usage)?;
    if let Location::Folder(folder) = &location {
        check_folder(folder, to)?;
    }
    let access = match &location {
        Location::Folder(_) => None,
        Location::S3 { .. } => {
            let identity = identity::load(profile, endpoint_url).await.map_err(Failure::usage)?;
            let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
            Some(S3Access {
                credentials: identity.credentials,
                region: identity.region.unwrap_or_else(|| "us-east-1".to_owned()),
                endpoint_url: endpoint_url
                    .map(str::to_owned)
                    .or_else(|| variable("AWS_ENDPOINT_URL_S3"))
                    .or_else(|| variable("AWS_ENDPOINT_URL")),
            })
        }
    };
    Store::open(&location, access).map_err(Failure::usage)
}

pub(crate) async fn run(command: JournalCommand) -> Result<ExitCode, Failure> {
    match command {
        JournalCommand::List { store, output } => list(&reading(&store).await?, output).await,
        JournalCommand::Show { run, store, output } => {
            let store = reading(&store).await?;
            let mut records = store.read::<Event>(&run).await.map_err(Failure::usage)?;
            let mut told = words::Telling::default();
            while let Some(record) = records.next().await {
                let record = record.map_err(Failure::incomplete)?;
                terminal::print(&match output {
                    ListFormat::Json => format!("{}\n", record.line),
                    ListFormat::Pretty => told.record(&record),
                })?;
            }
            Ok(ExitCode::Ok)
        }
        JournalCommand::Verify { run, head, store } => {
            let store = reading(&store).await?;
            let runs = match run {
                Some(run) => vec![run],
                None => store.runs().await.map_err(Failure::usage)?,
            };
            if runs.is_empty() {
                terminal::print(&format!("{}: there is nothing to verify\n", no_runs(&store)))?;
            }
            let mut code = ExitCode::Ok;
            for run in runs {
                let plan = check_plan(&store, &run).await.err();
                let (sound, line) = match store.verify(&run).await.map_err(Failure::usage)? {
                    Verdict::Sound(verified)
                        if head.as_ref().is_some_and(|head| *head != verified.head.to_string()) =>
                    {
                        (
                            false,
                            format!(
                                "its last record is {}, not the one that was kept",
                                verified.head
                            ),
                        )
                    }
                    Verdict::Sound(_) if plan.is_some() => {
                        (false, plan.map(|error| error.to_string()).unwrap_or_default())
                    }
                    Verdict::Empty => (
                        false,
                        "no record is left: it was emptied (in S3 it may be that the run was cut off as it began). What the run changed is not known: CloudTrail tells"
                            .to_owned(),
                    ),
                    Verdict::Sound(verified) => {
                        let torn = if verified.torn {
                            "; its last line was cut off by a crash, and is none"
                        } else {
                            ""
                        };
                        (
                            true,
                            format!(
                                "sound, {} records, last sha256 {}{torn}",
                                verified.records, verified.head
                            ),
                        )
                    }
                    Verdict::Broken { line, why } => {
                        (false, format!("broken at line {line}: {why}"))
                    }
                };
                if !sound {
                    code = ExitCode::Incomplete;
                }
                terminal::print(&format!("{run}: {}\n", clean(&line)))?;
            }
            Ok(code)
        }
    }
}

fn no_runs(store: &Store) -> String {
    let place = store.place();
    if is_usual(Path::new(&place)) && !Path::new(&place).exists() {
        return format!("no runs yet ({place} is not there)");
    }
    format!("no runs in {place}")
}

async fn list(store: &Store, output: ListFormat) -> Result<ExitCode, Failure> {
    let mut runs = Vec::new();
    let mut code = ExitCode::Ok;
    for run in store.runs().await.map_err(Failure::usage)? {
        match past(store, &run).await {
            Ok(past) => runs.push(past),
            Err(error) => {
                // One journal that is broken hides no other.
                Failure::incomplete(error).print();
                code = ExitCode::Incomplete;
            }
        }
    }
    let undone = |past: &Past| undone_by(past, &runs);
    let text = match output {
        ListFormat::Json => {
            let runs: Vec<Value> = runs.iter().map(|past| past_json(past, undone(past))).collect();
            format!("{:#}\n", json!({"runs": runs}))
        }
        ListFormat::Pretty if runs.is_empty() && code == ExitCode::Ok => {
            format!("{}\n", no_runs(store))
        }
        ListFormat::Pretty => runs.iter().map(|past| past_words(past, undone(past))).collect(),
    };
    terminal::print(&text)?;
    Ok(code)
}

/// The newest run that put something back of what a run did, or may have, and whether nothing is left of it.
fn undone_by(past: &Past, runs: &[Past]) -> Option<(RunId, bool)> {
    const BACK: [Ending; 3] = [Ending::Done, Ending::Already, Ending::Deferred];
    let back = |other: &&Past| {
        other.of.as_ref() == Some(&past.run)
            && (other.touches_anything()
                || BACK.iter().any(|ending| other.endings.contains_key(ending)))
    };
    // Two may have begun in the same second.
    let by = runs.iter().filter(back).max_by_key(|other| other.last)?;
    // What is gone has no way back to go.
    let whole = |ending: &Ending| BACK.contains(ending) || *ending == Ending::Gone;
    Some((by.run.clone(), by.state == RunState::Finished && by.endings.keys().all(whole)))
}

/// Where a run stands, and until when it waits: what was undone waits for nothing.
fn standing(past: &Past, undone: bool) -> (&'static str, Option<String>) {
    match past.state {
        RunState::Soaking | RunState::Paused if undone => ("undone", None),
        state => (state.as_str(), past.resume_after.map(|at| format!("{at:.0}"))),
    }
}

fn past_json(past: &Past, undone: Option<(RunId, bool)>) -> Value {
    let (state, waits) = standing(past, undone.as_ref().is_some_and(|(_, whole)| *whole));
    json!({
        "run": past.run,
        "action": past.action.as_str(),
        "of": past.of,
        "state": state,
        "why": past.why,
        "resume_after": waits,
        "began": format!("{:.0}", past.began),
        "last": format!("{:.0}", past.last),
        "operator": past.operator,
        "callers": past.callers,
        "plan": past.plan,
        "ticket": past.ticket,
        "endings": past.endings,
        "put_back": past.put_back,
        "breaches": past.breaches,
        "undone_by": undone.as_ref().map(|(run, _)| run),
        "undone": undone.is_some_and(|(_, whole)| whole),
    })
}

fn past_words(past: &Past, undone: Option<(RunId, bool)>) -> String {
    let mut endings: Vec<String> =
        past.endings.iter().map(|(ending, number)| format!("{number} {ending}")).collect();
    if let Some(cut_off @ 1..) = (past.state == RunState::Open).then(|| past.cut_off()) {
        endings.push(format!("{cut_off} begun"));
    }
    let endings =
        if endings.is_empty() { "nothing changed".to_owned() } else { endings.join(", ") };
    let back: u64 = past.put_back.values().sum();
    let back = if back > 0 { format!(", {back} put back within the run") } else { String::new() };
    let of = past.of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
    let (state, waits) = standing(past, undone.as_ref().is_some_and(|(_, whole)| *whole));
    let undone = match undone {
        Some((run, true)) => format!(" · undone by {run}"),
        Some((run, false)) => format!(" · partly undone by {run}"),
        None => String::new(),
    };
    let ticket = past.ticket.as_ref().map(|ticket| format!(" · {ticket}")).unwrap_or_default();
    let who = words::who(&past.operator);
    let resume = waits
        .filter(|_| matches!(past.state, RunState::Soaking | RunState::Paused))
        .map(|at| format!(" until {at}"))
        .unwrap_or_default();
    clean(&format!(
        "{}  {}{of}  {}{resume}  {endings}{back}  by {who}{ticket}{undone}",
        past.run,
        past.action.as_str(),
        state,
    ))
    .into_owned()
        + "\n"
}
