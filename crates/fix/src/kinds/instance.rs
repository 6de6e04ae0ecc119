//! Metadata options of an instance: ModifyInstanceMetadataOptions, which keeps what is not sent. Only what changes is sent.

use imdsure_aws::{
    Parameters,
    operation::{DESCRIBE_INSTANCES, MODIFY_INSTANCE_METADATA_OPTIONS},
};
use serde_json::{Map, Value};

use super::Made;
use crate::{
    event::Ending,
    run::{End, Fault, Settled, Task},
};

/// The step of the one call.
const STEP: &str = "modify-options";
/// EC2's names of the options in requests and plans, and in answers.
const NAMES: [(&str, &str); 5] = [
    ("HttpTokens", "httpTokens"),
    ("HttpPutResponseHopLimit", "httpPutResponseHopLimit"),
    ("HttpEndpoint", "httpEndpoint"),
    ("HttpProtocolIpv6", "httpProtocolIpv6"),
    ("InstanceMetadataTags", "instanceMetadataTags"),
];

/// An instance's options, by EC2's names of requests, each as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    values: Vec<(&'static str, String)>,
    /// Whether they were asked for and are not in force yet.
    pub(crate) pending: bool,
}

impl Options {
    /// Those of an instance in an answer of DescribeInstances; none where AWS reports none.
    pub(crate) fn of(instance: &Value) -> Option<Self> {
        let options = instance.get("metadataOptions").filter(|options| options.is_object())?;
        let text = |name: &str| options.get(name).and_then(Value::as_str).map(str::to_owned);
        let values = NAMES.iter().filter_map(|(name, member)| Some((*name, text(member)?)));
        Some(Self {
            values: values.collect(),
            pending: text("state").as_deref() == Some("pending"),
        })
    }

    /// Those that a plan or journal states.
    pub(crate) fn stated(stated: &Map<String, Value>) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let values = NAMES.iter().filter_map(|(name, _)| Some((*name, text(stated.get(*name)?)?)));
        Self { values: values.collect(), pending: false }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Whether each option that `wanted` states is so.
    pub(crate) fn gives(&self, wanted: &Self) -> bool {
        wanted.values.iter().all(|(name, value)| self.get(name) == Some(value))
    }

    /// The same with what `changes` states laid over it.
    fn with(&self, changes: &Self) -> Self {
        let mut values = self.values.clone();
        for (name, value) in &changes.values {
            match values.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.clone_from(value),
                None => values.push((name, value.clone())),
            }
        }
        Self { values, pending: self.pending }
    }

    /// Of these, those that `others` states too.
    fn only(&self, others: &Self) -> Self {
        let values = self.values.iter().filter(|(name, _)| others.get(name).is_some()).cloned();
        Self { values: values.collect(), pending: false }
    }

    /// The first option that differs, in words.
    fn difference(&self, planned: &Self) -> String {
        let differs = planned.values.iter().find(|(name, value)| self.get(name) != Some(value));
        differs.map_or_else(
            || "it differs".to_owned(),
            |(name, value)| {
                format!(
                    "{name} is {}, the plan says {value}",
                    self.get(name).unwrap_or("not reported")
                )
            },
        )
    }

    pub(crate) fn json(&self) -> Value {
        let mut members: Map<String, Value> = self
            .values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        members.insert("State".to_owned(), if self.pending { "pending" } else { "applied" }.into());
        Value::Object(members)
    }

    fn parameters(&self, id: &str) -> Parameters {
        let parameters = Parameters::new().with("InstanceId", id);
        self.values
            .iter()
            .fold(parameters, |parameters, (name, value)| parameters.with(name, value.as_str()))
    }

    fn sent(&self) -> Value {
        let members =
            self.values.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
        Value::Object(members.collect())
    }
}

/// What an instance is found to be.
enum Found {
    There(Options),
    Gone(String),
}

/// Reads the instance again.
async fn find(task: &Task<'_>) -> Result<Found, Fault> {
    let id = &task.change.id;
    let named = Parameters::new().with_list("InstanceId", [id]);
    // Not page by page: EC2 takes no page size beside ids.
    let answer = match task.ask(&DESCRIBE_INSTANCES, &named).await {
        Err(error) if error.code.starts_with("InvalidInstanceID") => {
            return Ok(Found::Gone(format!("{}: {}", error.code, error.message)));
        }
        answer => answer?,
    };
    let instance = answer.pointer("/reservationSet/0/instancesSet/0");
    let Some(instance) = instance else {
        return Ok(Found::Gone("EC2 shows no such instance".into()));
    };
    let state = instance.pointer("/instanceState/name").and_then(Value::as_str);
    if let Some(state @ ("terminated" | "shutting-down")) = state {
        return Ok(Found::Gone(format!("it is {state}")));
    }
    match Options::of(instance) {
        Some(options) => Ok(Found::There(options)),
        None => Err(End::because(Ending::Failed, "AWS reported no metadata options").into()),
    }
}

/// Sends what the plan says, if the instance is as the plan says.
pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let planned = Options::stated(&task.change.before);
    let changes = Options::stated(&task.change.send);
    let wanted = planned.with(&changes);
    let now = match find(task).await? {
        Found::Gone(why) => return Ok(End::because(Ending::Gone, why)),
        Found::There(now) => now,
    };
    if now.gives(&wanted) && !task.begun {
        return Ok(End::new(Ending::Already, now.json()));
    }
    // A run that was cut off may have sent it: then it is as wanted, and sending it again changes nothing.
    let is_ours = task.begun && now.gives(&wanted);
    if !is_ours && !now.gives(&planned) {
        return Ok(End::because(Ending::Drifted, now.difference(&planned)));
    }
    let before = if now.gives(&planned) { now.json() } else { planned.json() };
    task.begin(before).await?;
    send(task, &changes, &wanted).await
}

/// Puts back the options that were sent, if nobody else changed them since. What others changed beside them stays.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let empty = Map::new();
    let before = Options::stated(made.before.as_object().unwrap_or(&empty));
    let sent = Options::stated(&task.change.send);
    let back = before.only(&sent);
    if back.values.len() < sent.values.len() {
        let why = "what was there before was not reported: it cannot be put back";
        return Ok(End::because(Ending::Irreversible, why));
    }
    let now = match find(task).await? {
        Found::Gone(why) => return Ok(End::because(Ending::Gone, why)),
        Found::There(now) => now,
    };
    // As it was before is no proof that nothing was changed: what was read may be old. Sending it again does no harm.
    if !now.gives(&sent) && !now.gives(&back) {
        let why = format!("changed by somebody else since: {}", now.difference(&sent));
        return Ok(End::because(Ending::Drifted, why));
    }
    task.begin(now.json()).await?;
    send(task, &back, &back).await
}

async fn send(task: &Task<'_>, changes: &Options, wanted: &Options) -> Result<End, Fault> {
    let id = &task.change.id;
    let parameters = changes.parameters(id);
    let modify = &MODIFY_INSTANCE_METADATA_OPTIONS;
    let call = task.call(STEP, modify, &parameters, changes.sent(), |_| Value::Null);
    match call.await {
        Err(Fault::Call(error))
            if error.code == "IncorrectInstanceState"
                || error.code.starts_with("InvalidInstanceID") =>
        {
            return Ok(End::because(Ending::Gone, format!("{}: {}", error.code, error.message)));
        }
        answer => drop(answer?),
    }
    task.is_sent();
    Ok(match task.settling.until(id, changes.clone(), wanted.clone()).await {
        Settled::Applied(options) => End::new(Ending::Done, options.json()),
        Settled::AtNextStart(options) => End::new(Ending::Deferred, options.json()),
        Settled::Gone => End::because(Ending::Gone, "it was terminated meanwhile"),
        Settled::Not(seen) => End {
            ending: Ending::Unverified,
            why: Some(seen.as_ref().map_or_else(
                || "it could not be read again".to_owned(),
                |seen| {
                    if seen.gives(wanted) {
                        "it is still pending".to_owned()
                    } else if seen.gives(changes) {
                        let change = seen.difference(wanted);
                        format!("what was sent is there, and somebody else changed it: {change}")
                    } else {
                        seen.difference(wanted)
                    }
                },
            )),
            after: seen.map_or(Value::Null, |seen| seen.json()),
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(stated: &Value) -> Options {
        Options::stated(stated.as_object().unwrap())
    }

    #[test]
    fn only_what_is_stated_is_compared_and_sent() {
        let answer = json!({"metadataOptions": {
            "state": "applied", "httpTokens": "optional", "httpPutResponseHopLimit": "2",
            "httpEndpoint": "enabled", "httpProtocolIpv6": "disabled", "instanceMetadataTags": "disabled"
        }});
        let now = Options::of(&answer).unwrap();
        let planned = options(&json!({"HttpTokens": "optional", "HttpPutResponseHopLimit": 2}));
        assert!(now.gives(&planned));
        let changes = options(&json!({"HttpTokens": "required"}));
        assert!(!now.gives(&planned.with(&changes)));
        assert_eq!(changes.sent(), json!({"HttpTokens": "required"}));
        let drifted = options(&json!({"HttpTokens": "optional", "HttpPutResponseHopLimit": 1}));
        assert_eq!(now.difference(&drifted), "HttpPutResponseHopLimit is 2, the plan says 1");
        assert_eq!(Options::of(&json!({"metadataOptions": null})), None);
    }
}
