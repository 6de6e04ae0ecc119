//! `CreateTags` and `DeleteTags`, for instances and launch templates.

use std::sync::Arc;

use super::instances::find_named;
use super::templates::by_id;
use super::{Call, answer, missing, stop_dry_run};
use crate::error::ApiError;
use crate::world::stock::Stock;
use crate::world::tags;

/// Parameters of `CreateTags` and of `DeleteTags`.
pub(crate) const PARAMETERS: &[&str] = &["DryRun", "ResourceId.N", "Tag.N.Key", "Tag.N.Value"];

/// Tags that a resource may have.
const MOST: usize = 50;

/// A tag that is written (with a value) or taken away (with this value, or with any).
type Given = (String, Option<String>);

/// `CreateTags`: what has the key gets the value.
pub(crate) fn create_tags(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let given = given(call)?;
    if given.is_empty() {
        return Err(missing("Tag"));
    }
    tag(call, "CreateTags", |tags| {
        for (key, value) in &given {
            tags.retain(|(known, _)| known != key);
            tags.push((key.clone(), value.clone().unwrap_or_default()));
        }
    })
}

/// `DeleteTags`: those with this key and value, or with this key; all without any key.
pub(crate) fn delete_tags(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let given = given(call)?;
    tag(call, "DeleteTags", |tags| {
        tags.retain(|(key, value)| {
            let meant = |(name, only): &Given| {
                name == key && only.as_ref().is_none_or(|only| only == value)
            };
            key.starts_with("aws:") || !(given.is_empty() || given.iter().any(meant))
        });
    })
}

fn given(call: &Call<'_>) -> Result<Vec<Given>, ApiError> {
    let mut given = Vec::new();
    for number in call.parameters.numbers("Tag") {
        let name = format!("Tag.{number}.Key");
        let key = call.parameters.get(&name).ok_or_else(|| missing(&name))?;
        if key.is_empty() || key.len() > 128 || key.to_ascii_lowercase().starts_with("aws:") {
            let text = "Tag keys starting with 'aws:' are reserved for internal use";
            return Err(ApiError::invalid_value(text));
        }
        let value = call.parameters.get(&format!("Tag.{number}.Value"));
        given.push((key.to_owned(), value.map(str::to_owned)));
    }
    Ok(given)
}

/// Changes the tags of everything that is named, or of nothing.
fn tag(
    call: &Call<'_>,
    name: &str,
    change: impl Fn(&mut Vec<(String, String)>),
) -> Result<Vec<u8>, ApiError> {
    let named = call.parameters.list("ResourceId");
    if named.is_empty() {
        return Err(missing("ResourceId"));
    }
    let mut stock = call.stock()?;
    let (templates, instances): (Vec<&str>, Vec<&str>) =
        named.into_iter().partition(|id| id.starts_with("lt-"));
    if let Some(other) = instances.iter().find(|id| !id.starts_with("i-")) {
        let text = format!("The ID '{other}' is not valid");
        return Err(ApiError::new(400, "InvalidID", text));
    }
    let mut changed_templates = Vec::new();
    for id in templates {
        let (index, mut template) = by_id(&stock, id)?;
        change(&mut template.tags);
        within_limit(&template.tags)?;
        changed_templates.push((index, template));
    }
    let mut changed_instances = Vec::new();
    for index in find_named(&stock, &instances)? {
        let mut tags = tags_of(&stock, index);
        change(&mut tags);
        within_limit(&tags)?;
        changed_instances.push((index, tags));
    }
    stop_dry_run(call)?;
    for (index, template) in changed_templates {
        stock.put_template(index, template);
    }
    for (index, tags) in changed_instances {
        stock.put_tags(index, Arc::from(tags));
    }
    Ok(answer(call, name, |xml| {
        xml.element("return", "true");
    }))
}

fn tags_of(stock: &Stock<'_>, index: u64) -> Vec<(String, String)> {
    let mut found = Vec::new();
    tags::each(&stock.instance(index), stock.account, &mut |key, value| {
        found.push((key.to_owned(), value.text()));
    });
    found
}

fn within_limit(tags: &[(String, String)]) -> Result<(), ApiError> {
    // AWS's own do not count.
    if tags.iter().filter(|(key, _)| !key.starts_with("aws:")).count() <= MOST {
        return Ok(());
    }
    let text = format!("The maximum number of Tags for a resource is {MOST}");
    Err(ApiError::new(400, "TagLimitExceeded", text))
}
