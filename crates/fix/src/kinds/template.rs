//! Launch templates: a new version from a source version with only the options changed, compared with it as a whole; then
//! the default is moved, and groups that name the version by number are led to the new one. The old version stays.

use std::time::{Duration, Instant};

use imdsure_aws::{
    Parameters,
    error::CallError,
    operation::{
        CREATE_LAUNCH_TEMPLATE_VERSION, DELETE_LAUNCH_TEMPLATE_VERSIONS,
        DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, DESCRIBE_LAUNCH_TEMPLATES, MODIFY_LAUNCH_TEMPLATE,
    },
};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::{
    Made,
    group::{self, Launches},
    wait::shows,
};
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const CREATE: &str = "create-version";
const SET_DEFAULT: &str = "set-default";
const DELETE: &str = "delete-version";
/// Reads may show the state before a change for some seconds.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(1);
/// The members of an answer's options, and their names in requests.
const OPTIONS: [(&str, &str); 5] = [
    ("httpTokens", "HttpTokens"),
    ("httpPutResponseHopLimit", "HttpPutResponseHopLimit"),
    ("httpEndpoint", "HttpEndpoint"),
    ("httpProtocolIpv6", "HttpProtocolIpv6"),
    ("instanceMetadataTags", "InstanceMetadataTags"),
];

/// The template and the version that a change is about.
struct About<'a> {
    template: &'a str,
    source: u64,
}

impl<'a> About<'a> {
    /// `lt-…:3`.
    fn of(task: &Task<'a>) -> Result<Self, Fault> {
        let parsed =
            task.change.id.split_once(':').and_then(|(template, source)| {
                Some(Self { template, source: source.parse().ok()? })
            });
        let wrong =
            || End::because(Ending::Failed, "the plan names no version of a template").into();
        parsed.ok_or_else(wrong)
    }

    fn parameters(&self) -> Parameters {
        Parameters::new().with("LaunchTemplateId", self.template)
    }
}

/// What the template says now.
struct Now {
    default: u64,
    latest: u64,
}

async fn now(task: &Task<'_>, about: &About<'_>) -> Result<Option<Now>, Fault> {
    let named = Parameters::new().with_list("LaunchTemplateId", [about.template]);
    let found = match task.list(&DESCRIBE_LAUNCH_TEMPLATES, &named, &["launchTemplates"]).await {
        Err(error) if is_gone(&error.code) => return Ok(None),
        found => found?,
    };
    let number = |name: &str| found.first()?.get(name)?.as_str()?.parse().ok();
    Ok(number("defaultVersionNumber")
        .zip(number("latestVersionNumber"))
        .map(|(default, latest)| Now { default, latest }))
}

/// Whether an error says that a template is not there.
pub(super) fn is_gone(code: &str) -> bool {
    code.starts_with("InvalidLaunchTemplateId") || code.starts_with("InvalidLaunchTemplateName")
}

/// Whether an error says that the template itself is not there, and not only a version of it.
pub(super) fn says_gone(error: &CallError) -> bool {
    is_gone(&error.code) && error.code.contains(".NotFound")
}

/// A version as AWS shows it; none where there is none.
async fn version(task: &Task<'_>, about: &About<'_>, number: u64) -> Result<Option<Value>, Fault> {
    let named = about.parameters().with_list("LaunchTemplateVersion", [number.to_string()]);
    let list = ["launchTemplateVersionSet"];
    match task.list(&DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, &named, &list).await {
        Err(error) if is_gone(&error.code) => Ok(None),
        found => Ok(found?.into_iter().next()),
    }
}

/// The version that a run made for this change: its description says so.
async fn made_by(task: &Task<'_>, about: &About<'_>, run: &str) -> Result<Option<u64>, Fault> {
    let named = about.parameters().with("MinVersion", (about.source + 1).to_string());
    let list = ["launchTemplateVersionSet"];
    let versions = task.list(&DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, &named, &list).await?;
    let ours = description(run, task.place);
    let made = versions
        .iter()
        .find(|version| version.get("versionDescription").and_then(Value::as_str) == Some(&ours));
    Ok(made.and_then(number_of))
}

fn number_of(version: &Value) -> Option<u64> {
    version.get("versionNumber")?.as_str()?.parse().ok()
}

/// What a version of ours is described by: the run and the change's place in its plan.
fn description(run: &str, place: u64) -> String {
    format!("imdsure {run} {place}")
}

pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let about = About::of(task)?;
    let Some(now) = now(task, &about).await? else { return Ok(gone()) };
    let run = task.run.id.as_str();
    let mut before_run = if task.begun { made_by(task, &about, run).await? } else { None };
    if before_run.is_none()
        && let Some(why) = drifted(task, &now)
    {
        if task.begun {
            // The newer version may be the run's own, which does not show yet.
            before_run = shows(task, async || made_by(task, &about, run).await).await?;
        }
        if before_run.is_none() {
            return Ok(End::because(Ending::Drifted, why));
        }
    }
    let Some(source) = version(task, &about, about.source).await? else {
        return Ok(End::because(Ending::Gone, format!("version {} is gone", about.source)));
    };
    if let Some(why) = options_differ(task, &source) {
        return Ok(End::because(Ending::Drifted, why));
    }
    let groups = Launches::planned(task);
    for group in &groups {
        if let Some(why) = group.drifted(task, about.template, about.source).await? {
            return Ok(End::because(Ending::Drifted, why));
        }
    }
    task.begin(json!({
        "DefaultVersion": now.default,
        "LatestVersion": now.latest,
        "MetadataOptions": task.change.before.get("MetadataOptions"),
    }))
    .await?;
    let new = match before_run {
        Some(new) => new,
        None => create(task, &about).await?,
    };
    compare(task, &about, &source, new).await?;
    if sets_default(task) {
        set_default(task, &about, new).await?;
    }
    for group in &groups {
        if group.lead(task, about.template, about.source, new).await? {
            let why =
                format!("group {} does not name version {} any more", group.name(), about.source);
            let after = json!({"Version": new});
            return Ok(End { ending: Ending::Unverified, why: Some(why), after });
        }
    }
    Ok(End::new(Ending::Done, json!({"Version": new})))
}

fn gone() -> End {
    End::because(Ending::Gone, "the template is gone")
}

fn sets_default(task: &Task<'_>) -> bool {
    task.change.send.get("SetDefaultVersion").and_then(Value::as_bool).unwrap_or_default()
}

/// Whether default or latest are not those of the plan, where the change depends on them.
fn drifted(task: &Task<'_>, now: &Now) -> Option<String> {
    let planned = |name: &str| task.change.before.get(name).and_then(Value::as_u64);
    let follows = task.change.before.get("FollowsLatest").is_some();
    if sets_default(task) && planned("DefaultVersion") != Some(now.default) {
        return Some(format!("the default version is {} by now", now.default));
    }
    // Somebody who made a version since may mean it to be launched: a newer one of ours would take its place.
    (follows && planned("LatestVersion") != Some(now.latest))
        .then(|| format!("the latest version is {} by now", now.latest))
}

/// Whether the source's options are not those of the plan. (A version never changes: then the plan is of another template.)
fn options_differ(task: &Task<'_>, source: &Value) -> Option<String> {
    let empty = Map::new();
    let planned =
        task.change.before.get("MetadataOptions").and_then(Value::as_object).unwrap_or(&empty);
    let found = options(source);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let same = planned.len() == found.len()
        && planned
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| text(found) == text(value)));
    (!same).then(|| "the source version's options are not those of the plan".to_owned())
}

/// The options of a version, by their names in requests.
fn options(version: &Value) -> Map<String, Value> {
    let options = version.pointer("/launchTemplateData/metadataOptions");
    let members = OPTIONS.iter().filter_map(|(member, name)| {
        let value = options?.get(*member).filter(|value| !value.is_null())?;
        Some(((*name).to_owned(), value.clone()))
    });
    members.collect()
}

/// Makes the version. The client token makes sure that a call that is made again makes none again.
async fn create(task: &Task<'_>, about: &About<'_>) -> Result<u64, Fault> {
    let options = task.change.send.get("MetadataOptions").cloned().unwrap_or_default();
    let parameters = about
        .parameters()
        .with("SourceVersion", about.source.to_string())
        .with("VersionDescription", description(task.run.id.as_str(), task.place))
        .with("ClientToken", format!("imdsure-{}-{}", task.run.id, task.place))
        .with_members("LaunchTemplateData.MetadataOptions", &options);
    let sent = json!({
        "LaunchTemplateId": about.template,
        "SourceVersion": about.source,
        "VersionDescription": description(task.run.id.as_str(), task.place),
        "MetadataOptions": options,
    });
    let number = |answer: &Value| answer.get("launchTemplateVersion").and_then(number_of);
    let made = |answer: &Value| json!({"Version": number(answer)});
    let reply = task.call(CREATE, &CREATE_LAUNCH_TEMPLATE_VERSION, &parameters, sent, made).await?;
    number(&reply.value)
        .ok_or_else(|| End::because(Ending::Failed, "AWS told no number of the new version").into())
}

/// Makes sure that the new version says what the source says, but for the options that were sent.
async fn compare(
    task: &Task<'_>,
    about: &About<'_>,
    source: &Value,
    new: u64,
) -> Result<(), Fault> {
    let since = Instant::now();
    let found = loop {
        if let Some(found) = version(task, about, new).await? {
            break found;
        }
        if since.elapsed() > PATIENCE {
            return Err(End::because(Ending::Unverified, "the new version does not show").into());
        }
        sleep(PAUSE).await;
    };
    let without_options = |version: &Value| {
        let mut data = version.get("launchTemplateData").cloned().unwrap_or_default();
        if let Some(data) = data.as_object_mut() {
            data.remove("metadataOptions");
        }
        data
    };
    let wanted = task.change.send.get("MetadataOptions").and_then(Value::as_object);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let options = options(&found);
    let as_wanted = wanted.is_some_and(|wanted| {
        wanted.len() == options.len()
            && wanted
                .iter()
                .all(|(name, value)| options.get(name).is_some_and(|is| text(is) == text(value)))
    });
    if as_wanted && without_options(&found) == without_options(source) {
        return Ok(());
    }
    let why = format!(
        "version {new} does not say what version {} says, but for the options: nothing was led to it",
        about.source
    );
    Err(End { ending: Ending::Unverified, why: Some(why), after: json!({"Version": new}) }.into())
}

async fn set_default(task: &Task<'_>, about: &About<'_>, version: u64) -> Result<(), Fault> {
    let parameters = about.parameters().with("SetDefaultVersion", version.to_string());
    let sent = json!({"LaunchTemplateId": about.template, "DefaultVersion": version});
    task.call(SET_DEFAULT, &MODIFY_LAUNCH_TEMPLATE, &parameters, sent, |_| Value::Null).await?;
    let since = Instant::now();
    while now(task, about).await?.ok_or_else(gone)?.default != version {
        if since.elapsed() > PATIENCE {
            return Err(End::because(
                Ending::Unverified,
                "the default does not show the new version",
            )
            .into());
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Leads groups and default back, newest first, and deletes the version that was made.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let about = About::of(task)?;
    let Some(now) = now(task, &about).await? else { return Ok(gone()) };
    let told = made.step(CREATE).and_then(|made| made.get("Version")?.as_u64());
    let new = match told {
        Some(new) => Some(new),
        // The answer of the call never came: what it made says whose it is.
        None => shows(task, async || made_by(task, &about, &made.run).await).await?,
    };
    let Some(new) = new else {
        return Ok(End::because(Ending::Done, "no version was made: there is nothing to put back"));
    };
    let before = made.before.get("DefaultVersion").and_then(Value::as_u64);
    task.begin(json!({"DefaultVersion": now.default, "LatestVersion": now.latest})).await?;
    let groups = Launches::planned(task);
    let (mut back, mut elsewhere, mut refused) = (Vec::new(), Vec::new(), None);
    for group in groups.iter().rev() {
        match group.lead(task, about.template, new, about.source).await {
            Ok(true) => elsewhere.push(group.name()),
            Ok(false) => back.push(group.name()),
            // One group that cannot be led back keeps neither the others nor the default from it.
            Err(fault @ (Fault::Call(_) | Fault::End(_))) => refused = Some(fault),
            Err(stopped) => return Err(stopped),
        }
    }
    if let Some(before) = before.filter(|_| sets_default(task)) {
        if now.default != new && now.default != before {
            let why = format!("somebody made version {} the default since", now.default);
            return Ok(End::because(Ending::Drifted, why));
        }
        set_default(task, &about, before).await?;
    }
    if let Some(refused) = refused {
        return Err(refused);
    }
    if let Some(user) = group::that_names(task, about.template, new, &back).await? {
        let why = format!("version {new} stays: group {user} launches from it");
        return Ok(End { ending: Ending::Done, why: Some(why), after: json!({"Version": new}) });
    }
    delete(task, &about, new).await?;
    if !elsewhere.is_empty() {
        let why = format!("led elsewhere by somebody else since: {}", elsewhere.join(", "));
        return Ok(End::because(Ending::Drifted, why));
    }
    Ok(End::new(Ending::Done, json!({"DefaultVersion": before, "Deleted": new})))
}

async fn delete(task: &Task<'_>, about: &About<'_>, version: u64) -> Result<(), Fault> {
    let parameters = about.parameters().with_list("LaunchTemplateVersion", [version.to_string()]);
    let sent = json!({"LaunchTemplateId": about.template, "Version": version});
    let call =
        task.call(DELETE, &DELETE_LAUNCH_TEMPLATE_VERSIONS, &parameters, sent, |_| Value::Null);
    let reply = call.await?.value;
    let refused = reply
        .pointer("/unsuccessfullyDeletedLaunchTemplateVersionSet/0/responseError/code")
        .and_then(Value::as_str);
    match refused {
        None | Some("launchTemplateVersionDoesNotExist") => Ok(()),
        Some(code) => {
            let why = format!("version {version} could not be deleted: {code}");
            Err(End { ending: Ending::Unverified, why: Some(why), after: Value::Null }.into())
        }
    }
}
