//! `UpdateEnvironment`: another value for the option, and new instances. `TerminateEnvironment`.

use super::{Call, DISABLE, Environment, LAUNCHING, all, query_answer};
use crate::error::ApiError;
use crate::world::group::{Group, Source};
use crate::world::instance::Instance;
use crate::world::members::counts;
use crate::world::owner::{self, Owner};
use crate::world::services::EnvironmentChange;
use crate::world::stock::Stock;
use crate::world::template::{TemplateData, Version};

/// Parameters of `UpdateEnvironment`.
pub(crate) const UPDATE: &[&str] = &[
    "ApplicationName",
    "EnvironmentId",
    "EnvironmentName",
    "OptionSettings.member.N.Namespace",
    "OptionSettings.member.N.OptionName",
    "OptionSettings.member.N.ResourceName",
    "OptionSettings.member.N.Value",
    "OptionsToRemove.member.N.Namespace",
    "OptionsToRemove.member.N.OptionName",
    "OptionsToRemove.member.N.ResourceName",
];
/// Parameters of `TerminateEnvironment`.
pub(crate) const TERMINATE: &[&str] =
    &["EnvironmentId", "EnvironmentName", "TerminateResources", "ForceTerminate"];

/// `UpdateEnvironment`.
pub(crate) fn update_environment(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let environment = named(call, &stock)?;
    let disabled = wanted(call, environment.disabled)?;
    if !environment.is_ready {
        return Err(call.invalid(format!(
            "Environment named {} is in an invalid state for this operation. Must be Ready.",
            environment.name
        )));
    }
    if disabled != environment.disabled {
        renew(&mut stock, environment.name, disabled == Some("true"));
    }
    let change =
        EnvironmentChange { disabled, ready: stock.settled(), is_terminated: false, at: stock.now };
    stock.services_mut().environments.insert(environment.name, change);
    let now = named(call, &stock)?;
    Ok(query_answer(call, call.service, "UpdateEnvironment", |xml| now.write(call, xml)))
}

/// `TerminateEnvironment`. What runs in it is not ended here.
pub(crate) fn terminate_environment(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let Environment { name, disabled, .. } = named(call, &stock)?;
    let (ready, at) = (stock.settled(), stock.now);
    let change = EnvironmentChange { disabled, ready, is_terminated: true, at };
    stock.services_mut().environments.insert(name, change);
    let now = all(&stock).into_iter().find(|environment| environment.name == name);
    Ok(query_answer(call, call.service, "TerminateEnvironment", |xml| {
        if let Some(now) = now {
            now.write(call, xml);
        }
    }))
}

/// The environment that a call names by name or by id.
fn named(call: &Call<'_>, stock: &Stock<'_>) -> Result<Environment, ApiError> {
    let get = |name| call.parameters.get(name);
    let (name, id) = (get("EnvironmentName"), get("EnvironmentId"));
    let application = get("ApplicationName");
    let text = name.or(id).ok_or_else(|| {
        let text = "Either EnvironmentName or EnvironmentId must be specified.";
        ApiError::new(400, "MissingParameter", text)
    })?;
    let is_meant = |environment: &Environment| {
        name.is_none_or(|name| environment.name == name)
            && id.is_none_or(|id| environment.id == id)
            && application.is_none_or(|application| environment.application == application)
    };
    let found = all(stock).into_iter().filter(|it| !it.is_gone()).find(is_meant);
    found.ok_or_else(|| {
        call.invalid(format!("No Environment found for EnvironmentName = '{text}'."))
    })
}

/// What the option is to be: as it is, if nothing is said; none takes it away. No other option is simulated.
fn wanted(call: &Call<'_>, now: Option<&'static str>) -> Result<Option<&'static str>, ApiError> {
    let mut wanted = now;
    for list in ["OptionSettings", "OptionsToRemove"] {
        for number in call.parameters.numbers(&format!("{list}.member")) {
            let part = |part: &str| call.parameters.get(&format!("{list}.member.{number}.{part}"));
            if (part("Namespace"), part("OptionName")) != (Some(LAUNCHING), Some(DISABLE)) {
                return Err(
                    call.invalid(format!("Only the option {DISABLE} of {LAUNCHING} is simulated"))
                );
            }
            wanted = match part("Value") {
                Some("true") => Some("true"),
                Some("false") => Some("false"),
                None if list == "OptionsToRemove" => None,
                _ => return Err(call.invalid(format!("Invalid option value for {DISABLE}"))),
            };
        }
    }
    Ok(wanted)
}

/// Lets the groups of an environment launch with or without version 1, and replaces their members. What cannot be launched leaves the old ones.
fn renew(stock: &mut Stock<'_>, environment: &str, required: bool) {
    for index in 0..stock.groups() {
        let group = stock.group(index);
        if group.owner != Owner::Beanstalk || owner::environment(index) != environment {
            continue;
        }
        let group = launching(stock, group, required);
        stock.put_group(group.clone());
        let members = stock.members(index).into_iter();
        let members: Vec<Instance> = members.filter(|member| counts(member.state)).collect();
        // A refusal shows in what runs on.
        let _ = stock.replace(&group, &members);
    }
}

/// The group with what it launches from changed: a new version of its template, or a copy of its launch configuration.
fn launching(stock: &mut Stock<'_>, mut group: Group, required: bool) -> Group {
    match &mut group.source {
        Source::Configuration(name) => {
            if let Some((_, mut copy)) = stock.find_configuration(name) {
                let mut wish = copy.metadata.unwrap_or_default();
                wish.tokens = Some(required);
                copy.metadata = Some(wish);
                copy.created = stock.now;
                copy.name = format!("{}-{}", copy.name, stock.configurations());
                name.clone_from(&copy.name);
                stock.add_configuration(copy);
            }
        }
        Source::Template(reference) | Source::Mixed { template: reference, .. } => {
            if let Some((index, mut template)) = stock.find_template(reference.id) {
                let current = template.number(reference.version.as_deref().unwrap_or("$Default"));
                let data = current.and_then(|number| template.version(number));
                let data = data.map(|version| version.data.clone()).unwrap_or_default();
                let mut wish = data.metadata.unwrap_or_default();
                wish.tokens = Some(required);
                template.given += 1;
                template.latest = template.given;
                template.default = template.latest;
                template.versions.push(Version {
                    number: template.latest,
                    created: stock.now,
                    description: None,
                    data: TemplateData { metadata: Some(wish), ..data },
                });
                reference.version = Some(template.latest.to_string());
                stock.put_template(index, template);
            }
        }
    }
    group
}
