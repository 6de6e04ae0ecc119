//! The minimum version of a SageMaker notebook instance: UpdateNotebookInstance, which takes it from a stopped one alone. One that
//! runs is stopped and started again, if the plan says so (`Restart`); it ends in the state in which it was found.

use imdsure_aws::{
    Parameters,
    error::CallError,
    notebook_is_gone,
    operation::{
        DESCRIBE_NOTEBOOK_INSTANCE, Operation, START_NOTEBOOK_INSTANCE, STOP_NOTEBOOK_INSTANCE,
        UPDATE_NOTEBOOK_INSTANCE,
    },
};
use serde_json::{Map, Value, json};

use super::{
    Made, text,
    wait::{MINUTES, Patience},
};
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const NAME: &str = "NotebookInstanceName";
const CONFIGURATION: &str = "InstanceMetadataServiceConfiguration";
const MINIMUM: &str = "MinimumInstanceMetadataServiceVersion";
const RUNS: &str = "InService";
const STOPPED: &str = "Stopped";
/// States that pass by themselves.
const PASSING: [&str; 3] = ["Pending", "Stopping", "Updating"];
const DELETING: &str = "Deleting";

/// A call, and how it shows that it was carried out; it knows the version that was asked for.
struct Step {
    name: &'static str,
    operation: &'static Operation,
    is_done: fn(&Now, Option<&str>) -> bool,
}

const STOPPING: Step =
    Step { name: "stop", operation: &STOP_NOTEBOOK_INSTANCE, is_done: |now, _| !now.runs() };
const UPDATING: Step = Step {
    name: "update",
    operation: &UPDATE_NOTEBOOK_INSTANCE,
    is_done: |now, version| version == Some(now.version.as_str()),
};
const STARTING: Step =
    Step { name: "start", operation: &START_NOTEBOOK_INSTANCE, is_done: |now, _| now.runs() };

/// A notebook instance as SageMaker shows it now.
struct Now {
    /// One that was made before there was a choice allows version 1.
    version: String,
    status: String,
}

impl Now {
    fn runs(&self) -> bool {
        self.status == RUNS
    }

    fn json(&self) -> Value {
        json!({MINIMUM: self.version, "Status": self.status})
    }
}

/// Reads it again; its absence ends the change.
async fn find(task: &Task<'_>) -> Result<Now, Fault> {
    let gone = || End::because(Ending::Gone, "SageMaker shows no such notebook instance");
    let named = Parameters::new().with(NAME, task.change.id.as_str());
    let answer = match task.ask(&DESCRIBE_NOTEBOOK_INSTANCE, &named).await {
        Err(error) if notebook_is_gone(&error) => return Err(gone().into()),
        answer => answer?,
    };
    let version = answer.pointer(&format!("/{CONFIGURATION}/{MINIMUM}")).and_then(Value::as_str);
    let status = text(&answer, "/NotebookInstanceStatus").unwrap_or_default();
    let another =
        text(&answer, "/NotebookInstanceArn").is_some_and(|arn| arn != task.change.target);
    if another || status == DELETING {
        return Err(gone().into());
    }
    Ok(Now { version: version.unwrap_or("1").to_owned(), status: status.to_owned() })
}

/// Reads it until it is in a state that lasts.
async fn settled(task: &Task<'_>) -> Result<Now, Fault> {
    let mut patience = Patience::of(MINUTES);
    loop {
        let now = find(task).await?;
        if !PASSING.contains(&now.status.as_str()) {
            return Ok(now);
        }
        if !patience.lasts(task).await? {
            let why = Some(format!("it is still {}", now.status));
            return Err(End { ending: Ending::Unverified, why, after: now.json() }.into());
        }
    }
}

fn stated(stated: &Map<String, Value>) -> &str {
    stated.get(MINIMUM).and_then(Value::as_str).unwrap_or_default()
}

/// Whether the plan says that it is stopped for the change and started again.
fn restarts(task: &Task<'_>) -> bool {
    task.change.send.get("Restart").and_then(Value::as_bool).unwrap_or_default()
}

pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let (planned, wanted) = (stated(&task.change.before), stated(&task.change.send));
    // A run that was cut off may have left it on its way.
    let now = if task.begun { settled(task).await? } else { find(task).await? };
    if now.version == wanted && !task.begun {
        return Ok(End::new(Ending::Already, now.json()));
    }
    if ![planned, wanted].contains(&now.version.as_str()) {
        let why = format!("{MINIMUM} is {}, the plan says {planned}", now.version);
        return Ok(End::because(Ending::Drifted, why));
    }
    if let Some(why) = another_state(task, &now) {
        return Ok(End::because(Ending::Drifted, why));
    }
    let status = if restarts(task) { RUNS } else { STOPPED };
    task.begin(json!({MINIMUM: planned, "Status": status})).await?;
    reach(task, wanted, restarts(task)).await
}

/// Why its state is not the plan's, if it is not: whether it runs decides what is done to it.
fn another_state(task: &Task<'_>, now: &Now) -> Option<String> {
    match (restarts(task), now.status.as_str()) {
        (true, RUNS) | (false, STOPPED) => None,
        (true, STOPPED) if task.begun => None,
        (false, RUNS) => Some(
            "it runs by now, and the plan does not say that it is stopped for the change"
                .to_owned(),
        ),
        (_, status) => Some(format!("it is {status} by now")),
    }
}

/// Sets what was there, by the same steps.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let sent = stated(&task.change.send);
    let Some(before) = made.before.get(MINIMUM).and_then(Value::as_str) else {
        let why = "what was there before was not reported: it cannot be put back";
        return Ok(End::because(Ending::Irreversible, why));
    };
    let now = settled(task).await?;
    if ![sent, before].contains(&now.version.as_str()) {
        let why = format!("changed by somebody else since: {MINIMUM} is {}", now.version);
        return Ok(End::because(Ending::Drifted, why));
    }
    if now.runs() && !restarts(task) && now.version != before {
        let why = "it was stopped when it was changed and runs by now: stop it, and undo again";
        return Ok(End::because(Ending::Refused, why));
    }
    // Stopped by the run and not started again, or by an earlier attempt to undo it; what somebody else stopped since stays stopped.
    let ran = made.undoing.as_ref().is_some_and(|before| text(before, "/Status") == Some(RUNS));
    let left_stopped = restarts(task) && (ran || made.step(STARTING.name).is_none());
    task.begin(now.json()).await?;
    reach(task, before, now.runs() || left_stopped).await
}

/// Leads it to a minimum version, and to running or not.
async fn reach(task: &Task<'_>, version: &str, runs: bool) -> Result<End, Fault> {
    let mut now = settled(task).await?;
    if now.version != version {
        if now.runs() {
            now = step(task, &STOPPING, None).await?;
        }
        if now.status == STOPPED {
            now = match step(task, &UPDATING, Some(version)).await {
                Err(Fault::Call(error)) if runs => return Err(run_again(task, error).await),
                now => now?,
            };
        }
    }
    if runs && now.status == STOPPED {
        now = match step(task, &STARTING, None).await {
            Err(Fault::Call(error)) => return Err(not_started(&error).into()),
            now => now?,
        };
    }
    if now.version == version && now.runs() == runs {
        return Ok(End::new(Ending::Done, now.json()));
    }
    let why = Some(format!("{MINIMUM} is {}, and it is {}", now.version, now.status));
    Ok(End { ending: Ending::Unverified, why, after: now.json() })
}

/// Starts again what was stopped for a change that AWS refuses. Then nothing was changed.
async fn run_again(task: &Task<'_>, refused: CallError) -> Fault {
    match step(task, &STARTING, None).await {
        Ok(now) if now.runs() => {
            task.is_taken_back();
            Fault::Call(refused)
        }
        Ok(_) => not_started(&refused).into(),
        Err(Fault::Call(error)) => not_started(&error).into(),
        Err(fault) => fault,
    }
}

fn not_started(error: &CallError) -> End {
    let CallError { operation, code, message, .. } = error;
    let why = format!("it was stopped and does not run again: {operation}: {code}: {message}");
    End::because(Ending::Failed, why)
}

/// One call, with the minimum version where it sets one, and what it leads to. A call that was answered by nobody is made again,
/// and may then be refused since the first was carried out: what is there decides.
async fn step(task: &Task<'_>, step: &Step, version: Option<&str>) -> Result<Now, Fault> {
    let mut parameters = Parameters::new().with(NAME, task.change.id.as_str());
    let mut sent = json!({NAME: task.change.id});
    if let Some(version) = version {
        let configuration = json!({MINIMUM: version});
        sent[CONFIGURATION] = configuration.clone();
        parameters = parameters.with(CONFIGURATION, configuration);
    }
    let called = task.call(step.name, step.operation, &parameters, sent, |_| Value::Null).await;
    task.is_sent();
    match called {
        Err(Fault::Call(error)) if error.code == "ValidationException" => {
            let now = settled(task).await?;
            if (step.is_done)(&now, version) { Ok(now) } else { Err(Fault::Call(error)) }
        }
        Err(fault) => Err(fault),
        Ok(_) => settled(task).await,
    }
}
