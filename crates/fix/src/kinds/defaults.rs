//! The account's defaults and enforcement in a region: ModifyInstanceMetadataDefaults, which keeps what is not sent.

use std::time::{Duration, Instant};

use imdsure_aws::{
    Parameters,
    operation::{GET_INSTANCE_METADATA_DEFAULTS, MODIFY_INSTANCE_METADATA_DEFAULTS},
};
use serde_json::{Map, Value};
use tokio::time::sleep;

use super::Made;
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const STEP: &str = "modify-defaults";
/// EC2's names of the settings in requests and plans, and in answers.
const NAMES: [(&str, &str); 5] = [
    ("HttpTokens", "httpTokens"),
    ("HttpPutResponseHopLimit", "httpPutResponseHopLimit"),
    ("HttpEndpoint", "httpEndpoint"),
    ("InstanceMetadataTags", "instanceMetadataTags"),
    ("HttpTokensEnforced", "httpTokensEnforced"),
];
/// What takes a setting away, in a request.
const NONE: &str = "no-preference";
const NO_HOP_LIMIT: &str = "-1";
/// Reads may show the state before a change for some seconds.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(1);

/// Settings by their names in requests; what is not set stands as what takes it away.
type Settings = Vec<(&'static str, String)>;

fn unset(name: &str) -> &'static str {
    if name == "HttpPutResponseHopLimit" { NO_HOP_LIMIT } else { NONE }
}

/// Settings as a plan or journal states them.
fn stated(stated: &Map<String, Value>) -> Settings {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    NAMES.iter().filter_map(|(name, _)| Some((*name, text(stated.get(*name)?)?))).collect()
}

fn json(settings: &Settings) -> Value {
    let members = settings.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
    Value::Object(members.collect())
}

fn gives(now: &Settings, wanted: &Settings) -> bool {
    wanted.iter().all(|pair| now.contains(pair))
}

/// The account's settings in the region, and who manages them.
async fn find(task: &Task<'_>) -> Result<(Settings, bool), Fault> {
    let answer = task.ask(&GET_INSTANCE_METADATA_DEFAULTS, &Parameters::new()).await?;
    let level = answer.get("accountLevel").cloned().unwrap_or_default();
    let value = |name: &str, member: &str| {
        let text = level.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.unwrap_or_else(|| unset(name)).to_owned()
    };
    let settings = NAMES.iter().map(|(name, member)| (*name, value(name, member))).collect();
    let by_policy = level.get("managedBy").and_then(Value::as_str) == Some("declarative-policy");
    Ok((settings, by_policy))
}

/// Sends what the plan says, if the settings that it changes are as the plan says.
pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let changes = stated(&task.change.send);
    // A setting that the plan found unset has no value there.
    let planned: Settings = changes
        .iter()
        .map(|(name, _)| {
            let before = stated(&task.change.before).into_iter().find(|(known, _)| known == name);
            before.unwrap_or_else(|| (name, unset(name).to_owned()))
        })
        .collect();
    let (now, by_policy) = find(task).await?;
    if by_policy {
        let why = "an EC2 policy of the organization decides it by now";
        return Ok(End::because(Ending::Refused, why));
    }
    let already = gives(&now, &changes);
    if already && !task.begun {
        return Ok(End::new(Ending::Already, json(&now)));
    }
    if !already && !gives(&now, &planned) {
        return Ok(End::because(Ending::Drifted, difference(&now, &planned)));
    }
    task.begin(json(if already { &planned } else { &now })).await?;
    send(task, &changes).await
}

/// Puts back the settings that were sent, if nobody else changed them since.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let empty = Map::new();
    let before = stated(made.before.as_object().unwrap_or(&empty));
    let sent = stated(&task.change.send);
    let back: Settings = sent
        .iter()
        .map(|(name, _)| {
            let value = before.iter().find(|(known, _)| known == name);
            value.cloned().unwrap_or_else(|| (name, unset(name).to_owned()))
        })
        .collect();
    let (now, by_policy) = find(task).await?;
    if by_policy {
        let why = "an EC2 policy of the organization decides it by now";
        return Ok(End::because(Ending::Refused, why));
    }
    if !gives(&now, &sent) && !gives(&now, &back) {
        let why = format!("changed by somebody else since: {}", difference(&now, &sent));
        return Ok(End::because(Ending::Drifted, why));
    }
    task.begin(json(&now)).await?;
    send(task, &back).await
}

fn difference(now: &Settings, planned: &Settings) -> String {
    let of =
        |name: &str| now.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let differs = planned.iter().find(|pair| !now.contains(pair));
    differs.map_or_else(
        || "it differs".to_owned(),
        |(name, value)| format!("{name} is {}, not {value}", of(name).unwrap_or("not reported")),
    )
}

async fn send(task: &Task<'_>, settings: &Settings) -> Result<End, Fault> {
    let parameters = settings
        .iter()
        .fold(Parameters::new(), |parameters, (name, value)| parameters.with(name, value.as_str()));
    task.call(STEP, &MODIFY_INSTANCE_METADATA_DEFAULTS, &parameters, json(settings), |_| {
        Value::Null
    })
    .await?;
    let since = Instant::now();
    loop {
        let (now, _) = find(task).await?;
        if gives(&now, settings) {
            return Ok(End::new(Ending::Done, json(&now)));
        }
        if since.elapsed() > PATIENCE {
            let why = Some(difference(&now, settings));
            return Ok(End { ending: Ending::Unverified, why, after: json(&now) });
        }
        sleep(PAUSE).await;
    }
}
