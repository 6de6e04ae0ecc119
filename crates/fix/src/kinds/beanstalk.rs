//! `DisableIMDSv1` of a Beanstalk environment: UpdateEnvironment. Beanstalk replaces the environment's instances for it, and
//! again for the way back.

use imdsure_aws::{
    DISABLE_IMDSV1, Parameters, disable_imdsv1, environment_is_gone,
    operation::{DESCRIBE_CONFIGURATION_SETTINGS, DESCRIBE_ENVIRONMENTS, UPDATE_ENVIRONMENT},
};
use serde_json::{Map, Value, json};

use super::{
    Made, text,
    wait::{HOURS, Patience, SHORT},
};
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const STEP: &str = "update-environment";
const OPTION: &str = DISABLE_IMDSV1.1;
const READY: &str = "Ready";

/// An environment as Beanstalk shows it now.
struct Now {
    status: String,
    health: Value,
    /// The option; none where nobody set it.
    value: Option<String>,
}

impl Now {
    fn json(&self) -> Value {
        json!({OPTION: self.value, "Status": self.status, "Health": self.health})
    }
}

fn shown(value: Option<&str>) -> &str {
    value.unwrap_or("not set")
}

/// Reads the environment again; its absence ends the change.
async fn find(task: &Task<'_>) -> Result<Now, Fault> {
    let gone = || End::because(Ending::Gone, "Beanstalk shows no such environment").into();
    let named = Parameters::new()
        .with_list("EnvironmentIds.member", [&task.change.id])
        .with("IncludeDeleted", "false");
    let found = task.list(&DESCRIBE_ENVIRONMENTS, &named, &["Environments"]).await?;
    let Some(environment) = found.first() else { return Err(gone()) };
    let status = text(environment, "/Status").unwrap_or_default();
    if status.starts_with("Terminat") {
        return Err(gone());
    }
    let asked = ["ApplicationName", "EnvironmentName"]
        .into_iter()
        .fold(Parameters::new(), |asked, name| {
            asked.with(name, text(environment, &format!("/{name}")).unwrap_or_default())
        });
    let settings = match task.ask(&DESCRIBE_CONFIGURATION_SETTINGS, &asked).await {
        Err(error) if environment_is_gone(&error) => return Err(gone()),
        settings => settings?,
    };
    let Some(value) = disable_imdsv1(&settings) else {
        let why = "Beanstalk does not show the environment's settings to this role";
        return Err(End::because(Ending::Failed, why).into());
    };
    Ok(Now {
        status: status.to_owned(),
        health: environment.get("Health").cloned().unwrap_or_default(),
        value: value.as_str().filter(|text| !text.is_empty()).map(str::to_owned),
    })
}

fn stated(stated: &Map<String, Value>) -> Option<&str> {
    stated.get(OPTION).and_then(Value::as_str)
}

pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let (planned, wanted) = (stated(&task.change.before), stated(&task.change.send));
    let mut now = find(task).await?;
    if task.begun {
        // A run that was cut off may have sent it: what comes of that is waited for.
        now = ready(task, now).await?;
    }
    let value = now.value.as_deref();
    if value == wanted && !task.begun {
        return Ok(End::new(Ending::Already, now.json()));
    }
    if value != planned && value != wanted {
        let why = format!("{OPTION} is {}, the plan says {}", shown(value), shown(planned));
        return Ok(End::because(Ending::Drifted, why));
    }
    if now.status != READY {
        return Ok(End::because(Ending::Drifted, format!("it is {} by now", now.status)));
    }
    task.begin(json!({OPTION: planned})).await?;
    if value == wanted {
        return Ok(End::new(Ending::Done, now.json()));
    }
    send(task, wanted).await
}

/// Sets the option to what it was, or takes it away where nobody had set it.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let sent = stated(&task.change.send);
    let before = made.before.get(OPTION).and_then(Value::as_str);
    let now = find(task).await?;
    let now = ready(task, now).await?;
    let value = now.value.as_deref();
    if value != sent && value != before {
        let why = format!("changed by somebody else since: {OPTION} is {}", shown(value));
        return Ok(End::because(Ending::Drifted, why));
    }
    task.begin(now.json()).await?;
    send(task, before).await
}

/// Waits until an update that is under way is through.
async fn ready(task: &Task<'_>, mut now: Now) -> Result<Now, Fault> {
    let mut patience = Patience::of(HOURS);
    while now.status != READY {
        if !patience.lasts(task).await? {
            let why = Some(format!("it is still {}", now.status));
            return Err(End { ending: Ending::Unverified, why, after: now.json() }.into());
        }
        now = find(task).await?;
    }
    Ok(now)
}

/// Sends the option's value, or takes it away, and waits until the environment is ready with it.
async fn send(task: &Task<'_>, value: Option<&str>) -> Result<End, Fault> {
    let list = if value.is_some() { "OptionSettings" } else { "OptionsToRemove" };
    let mut option = json!({"Namespace": DISABLE_IMDSV1.0, "OptionName": OPTION});
    if let Some(value) = value {
        option["Value"] = value.into();
    }
    let sent = json!({"EnvironmentId": task.change.id, list: [option]});
    let parameters = Parameters::new().with_members("", &sent);
    let called = task.call(STEP, &UPDATE_ENVIRONMENT, &parameters, sent, |_| Value::Null).await;
    task.is_sent();
    let mut now = find(task).await?;
    match called {
        // Answered by nobody it was sent again, and refused since the first was being carried out, or has been.
        Err(Fault::Call(error))
            if error.code == "InvalidParameterValue"
                && (now.status != READY || now.value.as_deref() == value) => {}
        called => drop(called?),
    }
    let mut late = Patience::of(SHORT);
    loop {
        now = ready(task, now).await?;
        if now.value.as_deref() == value {
            return Ok(End::new(Ending::Done, now.json()));
        }
        if !late.lasts(task).await? {
            let why = format!(
                "{OPTION} is {}, and the environment Ready: Beanstalk's events tell why",
                shown(now.value.as_deref())
            );
            return Ok(End { ending: Ending::Unverified, why: Some(why), after: now.json() });
        }
        now = find(task).await?;
    }
}
