//! `imdsure journal`, and where journals are.

use imdsure_aws::identity;
use imdsure_fix::{
    event::Event,
    journal::{Location, Record, S3Access, Store, Verdict},
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

/// The store that the arguments name. S3 is entered with the same credentials as AWS.
pub(crate) async fn store(
    arguments: &StoreArguments,
    access: &AccessArguments,
) -> Result<Store, Failure> {
    open(arguments, access.profile.first().map(String::as_str), access.endpoint_url.as_deref())
        .await
}

async fn open(
    arguments: &StoreArguments,
    profile: Option<&str>,
    endpoint_url: Option<&str>,
) -> Result<Store, Failure> {
    let location = Location::parse(&arguments.journal).map_err(Failure::usage)?;
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
        JournalCommand::List { store, output } => {
            list(&open(&store, None, None).await?, output).await
        }
        JournalCommand::Show { run, store, output } => {
            let store = open(&store, None, None).await?;
            let mut records = store.read::<Event>(&run).await.map_err(Failure::usage)?;
            while let Some(record) = records.next().await {
                let record = record.map_err(Failure::incomplete)?;
                terminal::print(&match output {
                    ListFormat::Json => format!("{}\n", record_json(&record)),
                    ListFormat::Pretty => format!("{}\n", clean(&words(&record))),
                })?;
            }
            Ok(ExitCode::Ok)
        }
        JournalCommand::Verify { run, head, store } => {
            let store = open(&store, None, None).await?;
            let runs = match run {
                Some(run) => vec![run],
                None => store.runs().await.map_err(Failure::usage)?,
            };
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
                    Verdict::Sound(verified) if verified.records == 0 => {
                        (true, "no records: cut off before it began, or emptied".to_owned())
                    }
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
    let undone = |past: &Past| {
        let by = runs.iter().rev().find(|other| other.of.as_ref() == Some(&past.run));
        by.map(|by| (by.run.clone(), by.state == RunState::Finished))
    };
    let text = match output {
        ListFormat::Json => {
            let runs: Vec<Value> = runs.iter().map(|past| past_json(past, undone(past))).collect();
            format!("{:#}\n", json!({"runs": runs}))
        }
        ListFormat::Pretty if runs.is_empty() => format!("no runs in {}\n", store.place()),
        ListFormat::Pretty => runs.iter().map(|past| past_words(past, undone(past))).collect(),
    };
    terminal::print(&text)?;
    Ok(code)
}

fn past_json(past: &Past, undone: Option<(imdsure_fix::journal::RunId, bool)>) -> Value {
    json!({
        "run": past.run,
        "action": past.action.as_str(),
        "of": past.of,
        "state": past.state.as_str(),
        "why": past.why,
        "resume_after": past.resume_after.map(|at| format!("{at:.0}")),
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

fn past_words(past: &Past, undone: Option<(imdsure_fix::journal::RunId, bool)>) -> String {
    let endings: Vec<String> =
        past.endings.iter().map(|(ending, number)| format!("{number} {ending}")).collect();
    let endings =
        if endings.is_empty() { "nothing changed".to_owned() } else { endings.join(", ") };
    let back: u64 = past.put_back.values().sum();
    let back = if back > 0 { format!(", {back} put back within the run") } else { String::new() };
    let of = past.of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
    let undone = undone.map(|(run, _)| format!(" · undone by {run}")).unwrap_or_default();
    let ticket = past.ticket.as_ref().map(|ticket| format!(" · {ticket}")).unwrap_or_default();
    let who = past.operator.user.clone().unwrap_or_else(|| "somebody".to_owned());
    let resume = past
        .resume_after
        .filter(|_| matches!(past.state, RunState::Soaking | RunState::Paused))
        .map(|at| format!(" until {at:.0}"))
        .unwrap_or_default();
    clean(&format!(
        "{}  {}{of}  {}{resume}  {endings}{back}  by {who}{ticket}{undone}",
        past.run,
        past.action.as_str(),
        past.state.as_str(),
    ))
    .into_owned()
        + "\n"
}

fn record_json(record: &Record<Event>) -> Value {
    json!({
        "n": record.n,
        "at": record.at,
        "event": record.event,
        "digest": record.digest,
    })
}

/// One record in a line.
fn words(record: &Record<Event>) -> String {
    let at = format!("{:.3}", record.at);
    let told = match &record.event {
        Event::Began { action, operator, plan, of, .. } => {
            let of = of.as_ref().map(|of| format!(" of run {of}")).unwrap_or_default();
            let who = operator.user.as_deref().unwrap_or("somebody");
            let host = operator.host.as_deref().unwrap_or("somewhere");
            let simulated = match operator.simulated_seconds {
                0 => String::new(),
                seconds => format!(" (simulated: the clock is {seconds} s ahead)"),
            };
            format!("{}{of} began, by {who} on {host}, plan {plan}{simulated}", action.as_str())
        }
        Event::Resumed { operator, .. } => {
            format!("taken up again by {}", operator.user.as_deref().unwrap_or("somebody"))
        }
        Event::Entered { account_id, caller } => {
            format!("account {account_id} entered as {caller}")
        }
        Event::Preflight { account_id, region, kind, goes, found } => {
            let place = region.as_deref().unwrap_or("all regions");
            let kind = kind.map_or_else(String::new, |kind| format!(" {kind}"));
            let goes = if *goes { "goes" } else { "is left alone" };
            format!("{account_id} {place}{kind} {goes}: {found}")
        }
        Event::WaveBegan { wave } => format!("wave {wave} begins"),
        Event::Baseline { account_id, region, impaired, unhealthy, .. } => format!(
            "{account_id} {region}: before it {} impaired, {} unhealthy",
            impaired.len(),
            unhealthy.len()
        ),
        Event::LeftAlone { account_id, region, kind, changes, why, .. } => {
            format!("{changes} × {kind} ({account_id} {region}) left alone: {why}")
        }
        Event::Change { place, account_id, region, kind, id, before, .. } => {
            format!("#{place} {kind} {id} ({account_id} {region}): before {before}")
        }
        Event::Call { place, operation, sent, .. } => format!("#{place} calls {operation} {sent}"),
        Event::Answer { place, request_id, made, error, .. } => {
            let id = request_id.as_deref().unwrap_or("no request id");
            match error {
                Some(error) => format!("#{place} refused: {error}"),
                None if made.is_null() => format!("#{place} answered ({id})"),
                None => format!("#{place} answered ({id}): {made}"),
            }
        }
        Event::Ended { place, ending, why, after } => {
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let after = if after.is_null() { String::new() } else { format!("; now {after}") };
            format!("#{place} {ending}{why}{after}")
        }
        Event::WaveApplied { wave, soak_until, .. } => {
            format!("wave {wave} is applied, soaks until {soak_until}")
        }
        Event::Checked { wave, instances, gone, breaches } => {
            let gone = match gone {
                0 => String::new(),
                gone => format!(", {gone} changed members of groups are gone"),
            };
            let worse = match breaches.first() {
                None => "nothing got worse".to_owned(),
                Some(first) => format!("{} got worse: {}", breaches.len(), first.found),
            };
            format!("looked at {instances} instances up to wave {wave}{gone}: {worse}")
        }
        Event::Stopped { why, resume_after } => match resume_after {
            Some(at) => format!("{why}; come back after {at}"),
            None => why.clone(),
        },
        Event::PuttingBack { waves } => {
            let waves: Vec<String> = waves.iter().map(ToString::to_string).collect();
            format!("putting back wave {}", waves.join(", "))
        }
        Event::Finished { .. } => "finished".to_owned(),
    };
    format!("{:>5}  {at}  {told}", record.n)
}
