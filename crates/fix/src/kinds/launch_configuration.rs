//! A launch template in place of a launch configuration, which cannot be changed: CreateLaunchTemplate with all that it says, then
//! UpdateAutoScalingGroup for each of its groups. The configuration stays, so that the groups can go back to it.

use imdsure_aws::{
    Parameters,
    operation::{
        CREATE_LAUNCH_TEMPLATE, DELETE_LAUNCH_TEMPLATE, DESCRIBE_LAUNCH_CONFIGURATIONS,
        DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, DESCRIBE_LAUNCH_TEMPLATES, UPDATE_AUTO_SCALING_GROUP,
    },
};
use imdsure_model::ErrorKind;
use serde_json::{Map, Value, json};

use super::{
    Made, group,
    launch_data::{self, Data},
    template::is_gone,
    text,
    wait::{Patience, SHORT, shows},
};
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const CREATE: &str = "create-template";
const DELETE: &str = "delete-template";
const ID: &str = "LaunchTemplateId";
/// Characters of a configuration's name that stand in its template's name.
const NAME: usize = 76;

/// What a group launches from.
#[derive(PartialEq, Eq)]
enum Source {
    Configuration,
    Template,
    Other,
    Gone,
}

/// The name of the template that a run makes for a change: found again by it where the answer never came. AWS takes letters,
/// digits and `().-/_`, 128 of them.
fn template_name(configuration: &str, run: &str, place: u64) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "().-/_".contains(c) { c } else { '-' };
    let name: String = configuration.chars().take(NAME).map(allowed).collect();
    format!("{name}-imdsv2-{run}-{place}")
}

/// The configuration as AWS shows it. One that was made anew under its name is another one.
async fn find(task: &Task<'_>) -> Result<Option<Value>, Fault> {
    let named = Parameters::new().with_list("LaunchConfigurationNames.member", [&task.change.id]);
    let list = ["LaunchConfigurations"];
    let found = task.list(&DESCRIBE_LAUNCH_CONFIGURATIONS, &named, &list).await?;
    let same =
        |it: &Value| text(it, "/LaunchConfigurationARN") == Some(task.change.target.as_str());
    Ok(found.into_iter().find(same))
}

/// The id of a template of this name.
async fn template_named(task: &Task<'_>, name: &str) -> Result<Option<String>, Fault> {
    let named = Parameters::new().with_list("LaunchTemplateName", [name]);
    let list = ["launchTemplates"];
    match task.list(&DESCRIBE_LAUNCH_TEMPLATES, &named, &list).await {
        Err(error) if is_gone(&error.code) => Ok(None),
        found => Ok(found?.first().and_then(|it| text(it, "/launchTemplateId")).map(str::to_owned)),
    }
}

async fn launches_from(
    task: &Task<'_>,
    name: &str,
    template: Option<&str>,
) -> Result<Source, Fault> {
    Ok(match group::find(task, name).await? {
        None => Source::Gone,
        Some(group) if template.is_some_and(|template| group::uses(&group, template)) => {
            Source::Template
        }
        Some(group)
            if text(&group, "/LaunchConfigurationName") == Some(task.change.id.as_str()) =>
        {
            Source::Configuration
        }
        Some(_) => Source::Other,
    })
}

fn groups<'a>(task: &Task<'a>) -> Vec<&'a str> {
    let groups = task.change.send.get("Groups").and_then(Value::as_array);
    groups.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn options(stated: &Map<String, Value>) -> Map<String, Value> {
    stated.get("MetadataOptions").and_then(Value::as_object).cloned().unwrap_or_default()
}

pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let Some(configuration) = find(task).await? else {
        return Ok(End::because(Ending::Gone, "the launch configuration is gone"));
    };
    if let Some(why) = options_differ(task, &configuration) {
        return Ok(End::because(Ending::Drifted, why));
    }
    let name = template_name(&task.change.id, task.run.id.as_str(), task.place);
    let mut now = look(task, &name).await?;
    if task.begun && now.why.is_some() {
        // A group that was led before the run was cut off shows it, and its template does not yet.
        let as_planned = async || Ok(Some(look(task, &name).await?).filter(|it| it.why.is_none()));
        now = shows(task, as_planned).await?.unwrap_or(now);
    }
    let before_run = now.template;
    if let Some(why) = now.why {
        // A run that was cut off may have led others already: undoing has to look.
        let ending = if before_run.is_some() { Ending::Failed } else { Ending::Drifted };
        return Ok(End::because(ending, why));
    }
    let data = match launch_data::of_configuration(&configuration, &options(&task.change.send)) {
        Ok(data) => data,
        Err(why) => return Ok(End::because(Ending::Refused, why)),
    };
    task.begin(json!({"LaunchConfigurationName": task.change.id, "Groups": groups(task)})).await?;
    let template = match before_run {
        Some(template) => template,
        None => create(task, &name, &data).await?,
    };
    task.is_sent();
    compare(task, &template, &data).await?;
    let mut led = 0;
    for group in groups(task) {
        if let Err(fault) = lead(task, group, &template).await {
            return Err(not_led(task, group, &template, led, fault).await?);
        }
        led += 1;
    }
    Ok(End::new(Ending::Done, json!({ID: template, "LaunchTemplateName": name, "Groups": led})))
}

/// What there is of the change before it is made.
struct Look {
    /// The template that an earlier part of the run made.
    template: Option<String>,
    /// Why the groups are not as planned, if they are not.
    why: Option<String>,
}

async fn look(task: &Task<'_>, name: &str) -> Result<Look, Fault> {
    let template = if task.begun { template_named(task, name).await? } else { None };
    for group in groups(task) {
        let why = match launches_from(task, group, template.as_deref()).await? {
            Source::Configuration | Source::Template => continue,
            Source::Gone => format!("group {group} is gone"),
            Source::Other => format!("group {group} launches from something else by now"),
        };
        return Ok(Look { template, why: Some(why) });
    }
    Ok(Look { template, why: None })
}

/// Whether the configuration's options are not those of the plan. (It never changes: then the plan is of another one.)
fn options_differ(task: &Task<'_>, configuration: &Value) -> Option<String> {
    let planned = options(&task.change.before);
    let found = configuration.get("MetadataOptions").and_then(Value::as_object);
    let found: Map<String, Value> = found
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let same = planned.len() == found.len()
        && planned
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|it| shown(it) == shown(value)));
    (!same).then(|| "its options are not those of the plan".to_owned())
}

/// Makes the template. The client token makes sure that a call that is made again makes none again.
async fn create(task: &Task<'_>, name: &str, data: &Data) -> Result<String, Fault> {
    let description = format!("imdsure {} {}", task.run.id, task.place);
    let parameters = Parameters::new()
        .with("LaunchTemplateName", name)
        .with("VersionDescription", description.as_str())
        .with("ClientToken", format!("imdsure-{}-{}", task.run.id, task.place));
    let parameters = data.iter().fold(parameters, |parameters, (setting, value)| {
        parameters.with(&format!("LaunchTemplateData.{setting}"), value.as_str())
    });
    // User data may hold secrets, and a journal is read by many.
    let shown: Map<String, Value> = data
        .iter()
        .filter(|(setting, _)| *setting != "UserData")
        .map(|(setting, value)| (setting.clone(), value.as_str().into()))
        .collect();
    let sent = json!({
        "LaunchTemplateName": name,
        "VersionDescription": description,
        "LaunchTemplateData": shown,
    });
    let id = |answer: &Value| text(answer, "/launchTemplate/launchTemplateId").map(str::to_owned);
    let made = |answer: &Value| json!({ID: id(answer)});
    let reply = task.call(CREATE, &CREATE_LAUNCH_TEMPLATE, &parameters, sent, made).await?;
    id(&reply.value)
        .ok_or_else(|| End::because(Ending::Failed, "AWS told no id of the template").into())
}

/// Makes sure that the template says what was sent, and nothing else.
async fn compare(task: &Task<'_>, template: &str, data: &Data) -> Result<(), Fault> {
    let first = Parameters::new().with(ID, template).with_list("LaunchTemplateVersion", ["1"]);
    let list = ["launchTemplateVersionSet"];
    let mut patience = Patience::of(SHORT);
    let unverified = |why: String| {
        let after = json!({ID: template});
        Fault::End(End { ending: Ending::Unverified, why: Some(why), after })
    };
    loop {
        let found = match task.list(&DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, &first, &list).await {
            Err(error) if is_gone(&error.code) => None,
            found => found?.into_iter().next(),
        };
        if let Some(found) = found {
            let shown = found.get("launchTemplateData").cloned().unwrap_or_default();
            let found = launch_data::of_template(&shown);
            return launch_data::difference(data, &found).map_or(Ok(()), |setting| {
                Err(unverified(format!(
                    "template {template} differs from the configuration in {setting}: no group was led to it"
                )))
            });
        }
        if !patience.lasts(task).await? {
            return Err(unverified(format!("template {template} does not show")));
        }
    }
}

/// Leads a group to the template, and looks whether it is there.
async fn lead(task: &Task<'_>, group: &str, template: &str) -> Result<(), Fault> {
    let to = json!({ID: template, "Version": "$Default"});
    let mut patience = Patience::of(SHORT);
    loop {
        let answer = update(task, group, "LaunchTemplate", to.clone()).await;
        // Auto Scaling sees a new template a moment after EC2 does.
        let early = matches!(&answer, Err(Fault::Call(error))
            if error.code == "ValidationError" && error.message.contains("does not exist"));
        if !early || !patience.lasts(task).await? {
            unless_gone(answer)?;
            break;
        }
    }
    verify(task, group, template, true).await
}

/// A group that is gone is led nowhere, and is no failure.
fn unless_gone(answer: Result<(), Fault>) -> Result<(), Fault> {
    match answer {
        Err(Fault::Call(error)) if group::says_gone(&error) => Ok(()),
        answer => answer,
    }
}

async fn update(task: &Task<'_>, group: &str, member: &str, to: Value) -> Result<(), Fault> {
    let sent = json!({"AutoScalingGroupName": group, member: to});
    let parameters = Parameters::new().with_members("", &sent);
    let step = format!("update-group {group}");
    task.call(&step, &UPDATE_AUTO_SCALING_GROUP, &parameters, sent, |_| Value::Null).await?;
    Ok(())
}

async fn verify(
    task: &Task<'_>,
    group: &str,
    template: &str,
    by_template: bool,
) -> Result<(), Fault> {
    let mut patience = Patience::of(SHORT);
    loop {
        match (launches_from(task, group, Some(template)).await?, by_template) {
            (Source::Gone, _) | (Source::Template, true) | (Source::Configuration, false) => {
                return Ok(());
            }
            _ => {}
        }
        if !patience.lasts(task).await? {
            let why = format!("group {group} does not launch from what it was led to");
            return Err(End::because(Ending::Unverified, why).into());
        }
    }
}

/// What a group that could not be led comes to: where AWS refused the first, the template goes again and nothing was changed.
async fn not_led(
    task: &Task<'_>,
    group: &str,
    template: &str,
    led: usize,
    fault: Fault,
) -> Result<Fault, Fault> {
    let Fault::Call(error) = fault else { return Ok(fault) };
    let refused =
        matches!(error.kind, ErrorKind::Denied | ErrorKind::ClosedByPolicy | ErrorKind::Refused);
    let unused = group::that_uses(task, template, &[]).await?.is_none();
    if refused && led == 0 && unused {
        delete(task, template).await?;
        task.is_taken_back();
        return Ok(Fault::Call(error));
    }
    let why =
        format!("group {group} could not be led to {template}: {}: {}", error.code, error.message);
    Ok(End::because(Ending::Failed, why).into())
}

/// Leads the groups back to the configuration, and deletes the template that was made.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let told = made.step(CREATE).and_then(|made| text(made, "/LaunchTemplateId"));
    let template = match told {
        Some(template) => Some(template.to_owned()),
        // The answer of the call never came: the template's name says whose it is.
        None => {
            let name = template_name(&task.change.id, &made.run, task.place);
            shows(task, async || template_named(task, &name).await).await?
        }
    };
    let Some(template) = template else {
        let why = "no template was made: there is nothing to put back";
        return Ok(End::because(Ending::Done, why));
    };
    if find(task).await?.is_none() {
        return without_configuration(task, &template).await;
    }
    task.begin(json!({ID: template})).await?;
    let (mut back, mut elsewhere) = (Vec::new(), Vec::new());
    for group in groups(task).into_iter().rev() {
        let known = async || {
            let source = launches_from(task, group, Some(&template)).await?;
            Ok(Some(source).filter(|source| *source != Source::Other))
        };
        // Somebody else's is believed when it shows again.
        match shows(task, known).await? {
            Some(Source::Gone) => {}
            None | Some(Source::Other) => elsewhere.push(group),
            // As it was is no proof that it was not led: reads may be late, and sending it again does no harm.
            Some(Source::Template | Source::Configuration) => {
                let to = Value::from(task.change.id.as_str());
                unless_gone(update(task, group, "LaunchConfigurationName", to).await)?;
                verify(task, group, &template, false).await?;
                back.push(group);
            }
        }
    }
    if let Some(why) = in_use(task, &template, &back).await? {
        return Ok(End { ending: Ending::Done, why: Some(why), after: json!({ID: template}) });
    }
    delete(task, &template).await?;
    if elsewhere.is_empty() {
        return Ok(End::new(Ending::Done, json!({"Deleted": template})));
    }
    let why = format!("led elsewhere by somebody else since: {}", elsewhere.join(", "));
    Ok(End::because(Ending::Drifted, why))
}

/// What undoing comes to where the configuration was deleted: groups that launch from the template stay with it. Without them
/// nothing is left to go back, but the template.
async fn without_configuration(task: &Task<'_>, template: &str) -> Result<End, Fault> {
    let why = "the launch configuration was deleted since, and AWS makes no new one of the same";
    if let Some(group) = group::that_uses(task, template, &[]).await? {
        let why = format!("{why}: group {group} stays with template {template}");
        return Ok(End::because(Ending::Irreversible, why));
    }
    if version_of(task, template).await?.is_some() && in_use(task, template, &[]).await?.is_none() {
        task.begin(json!({ID: template})).await?;
        delete(task, template).await?;
    }
    Ok(End::because(Ending::Gone, why))
}

/// The number of a template's latest version; none where the template is gone.
async fn version_of(task: &Task<'_>, template: &str) -> Result<Option<String>, Fault> {
    let named = Parameters::new().with_list(ID, [template]);
    match task.list(&DESCRIBE_LAUNCH_TEMPLATES, &named, &["launchTemplates"]).await {
        Err(error) if is_gone(&error.code) => Ok(None),
        found => {
            let found = found?;
            Ok(found.first().and_then(|it| text(it, "/latestVersionNumber")).map(str::to_owned))
        }
    }
}

/// Why the template stays, if it does: it has become somebody else's as well. `led` were led away from it.
async fn in_use(task: &Task<'_>, template: &str, led: &[&str]) -> Result<Option<String>, Fault> {
    if let Some(group) = group::that_uses(task, template, led).await? {
        return Ok(Some(format!("template {template} stays: group {group} launches from it")));
    }
    let grown = version_of(task, template).await?.is_some_and(|latest| latest != "1");
    Ok(grown.then(|| format!("template {template} stays: somebody made versions of it since")))
}

async fn delete(task: &Task<'_>, template: &str) -> Result<(), Fault> {
    let parameters = Parameters::new().with(ID, template);
    let sent = json!({ID: template});
    match task.call(DELETE, &DELETE_LAUNCH_TEMPLATE, &parameters, sent, |_| Value::Null).await {
        Err(Fault::Call(error)) if is_gone(&error.code) => Ok(()),
        called => called.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_templates_are_ones_that_aws_takes() {
        let name = template_name("web blue/green #2", "20261124T185600Z-3f9a2c", 7);
        assert_eq!(name, "web-blue/green--2-imdsv2-20261124T185600Z-3f9a2c-7");
        let longest = template_name(&"ä".repeat(255), "20261124T185600Z-3f9a2c", u64::MAX);
        assert!(longest.len() <= 128 && longest.is_ascii(), "{longest}");
    }
}
