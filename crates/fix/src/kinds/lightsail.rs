//! Metadata options of a Lightsail instance: UpdateInstanceMetadataOptions, which keeps what is not sent. In place.

use imdsure_aws::{
    Parameters,
    operation::{GET_LIGHTSAIL_INSTANCES, UPDATE_LIGHTSAIL_METADATA_OPTIONS},
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

const STEP: &str = "modify-options";
/// The option, in plans and journals.
const TOKENS: &str = "HttpTokens";

/// An instance as Lightsail shows it now.
struct Now {
    tokens: Option<String>,
    is_off: bool,
    is_pending: bool,
    is_stopped: bool,
}

impl Now {
    fn tokens(&self) -> &str {
        self.tokens.as_deref().unwrap_or("not reported")
    }

    fn json(&self) -> Value {
        let state = if self.is_pending { "pending" } else { "applied" };
        json!({TOKENS: self.tokens, "State": state})
    }
}

/// Reads the instance again. One that was made anew under its name is another one.
async fn find(task: &Task<'_>) -> Result<Option<Now>, Fault> {
    let all = task.list(&GET_LIGHTSAIL_INSTANCES, &Parameters::new(), &["instances"]).await?;
    let change = task.change;
    let is_it = |instance: &&Value| {
        text(instance, "/name") == Some(change.id.as_str())
            && text(instance, "/arn") == Some(change.target.as_str())
    };
    Ok(all.iter().find(is_it).map(|instance| Now {
        tokens: text(instance, "/metadataOptions/httpTokens").map(str::to_owned),
        is_off: text(instance, "/metadataOptions/httpEndpoint") == Some("disabled"),
        is_pending: text(instance, "/metadataOptions/state") == Some("pending"),
        is_stopped: text(instance, "/state/name") == Some("stopped"),
    }))
}

fn gone() -> End {
    End::because(Ending::Gone, "Lightsail shows no such instance")
}

fn stated(stated: &Map<String, Value>) -> &str {
    stated.get(TOKENS).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let (planned, wanted) = (stated(&task.change.before), stated(&task.change.send));
    let Some(now) = find(task).await? else { return Ok(gone()) };
    let is_wanted = now.tokens() == wanted;
    if is_wanted && !task.begun {
        return Ok(End::new(Ending::Already, now.json()));
    }
    if !is_wanted && now.tokens() != planned {
        let why = format!("{TOKENS} is {}, the plan says {planned}", now.tokens());
        return Ok(End::because(Ending::Drifted, why));
    }
    if now.is_off {
        return Ok(End::because(Ending::Drifted, "its metadata service was turned off"));
    }
    task.begin(json!({TOKENS: planned})).await?;
    send(task, wanted).await
}

/// Sets what was there, if nobody set anything else since.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let sent = stated(&task.change.send);
    let Some(before) = text(&made.before, "/HttpTokens") else {
        let why = "what was there before was not reported: it cannot be put back";
        return Ok(End::because(Ending::Irreversible, why));
    };
    let Some(now) = find(task).await? else { return Ok(gone()) };
    // As it was is no proof that nothing was changed: reads may be late, and sending it again does no harm.
    if ![sent, before].contains(&now.tokens()) {
        let why = format!("changed by somebody else since: {TOKENS} is {}", now.tokens());
        return Ok(End::because(Ending::Drifted, why));
    }
    task.begin(now.json()).await?;
    send(task, before).await
}

async fn send(task: &Task<'_>, tokens: &str) -> Result<End, Fault> {
    let parameters =
        Parameters::new().with("instanceName", task.change.id.as_str()).with("httpTokens", tokens);
    let update = &UPDATE_LIGHTSAIL_METADATA_OPTIONS;
    task.call(STEP, update, &parameters, json!({TOKENS: tokens}), |_| Value::Null).await?;
    task.is_sent();
    let mut patience = Patience::of(MINUTES);
    loop {
        let Some(now) = find(task).await? else { return Ok(gone()) };
        if now.tokens() == tokens && !now.is_pending {
            return Ok(End::new(Ending::Done, now.json()));
        }
        if now.tokens() == tokens && now.is_stopped {
            return Ok(End::new(Ending::Deferred, now.json()));
        }
        if !patience.lasts(task).await? {
            let why = format!("{TOKENS} is {}, or still pending", now.tokens());
            return Ok(End { ending: Ending::Unverified, why: Some(why), after: now.json() });
        }
    }
}
