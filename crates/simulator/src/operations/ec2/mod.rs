//! EC2: regions, instances, and everything that launches them.

mod criteria;
pub(crate) mod defaults;
mod details;
mod filters;
pub(crate) mod fleets;
pub(crate) mod images;
pub(crate) mod instances;
mod interfaces;
pub(crate) mod lifecycle;
mod metadata;
pub(crate) mod options;
mod page;
pub(crate) mod regions;
mod render;
pub(crate) mod run;
pub(crate) mod spot;
pub(crate) mod status;
pub(crate) mod tagging;
mod template_data;
pub(crate) mod template_versions;
pub(crate) mod templates;

use super::Call;
use crate::error::ApiError;
use crate::request::Parameters;
use crate::service::Service;
use crate::world::launch::Wish;
use crate::world::launching::Refusal;
use crate::world::stock::Stock;
use crate::xml::Xml;

/// What a launch asks of its metadata options, itself or by its template, and its image; none if that cannot be found out.
pub(crate) fn launch_wish(call: &Call<'_>) -> Option<(Wish, String)> {
    let stock = call.stock().ok()?;
    let order = run::order(call, &stock).ok()?;
    Some((order.wish, order.image.unwrap_or_default()))
}

/// The words in which EC2 refuses a launch.
pub(crate) fn launch_refusal(refusal: &Refusal) -> String {
    run::refused(refusal).message
}

/// Opens the answer of an operation in a document with room for `capacity` bytes.
fn open_answer(call: &Call<'_>, name: &str, capacity: usize) -> Xml {
    let mut xml = Xml::with_capacity(capacity);
    xml.put(&[
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<",
        name,
        "Response xmlns=\"",
        Service::Ec2.namespace(),
    ]);
    xml.put(&["\">\n<requestId>", call.request_id, "</requestId>"]);
    xml
}

/// Answers a dry run as EC2 does: with an error that says it would have worked.
fn stop_dry_run(call: &Call<'_>) -> Result<(), ApiError> {
    if call.parameters.flag("DryRun")? {
        let text = "Request would have succeeded, but DryRun flag is set.";
        return Err(ApiError::new(412, "DryRunOperation", text));
    }
    Ok(())
}

/// What an earlier call with the same client token made, so that a call that is sent again does nothing twice. With other parameters it is refused.
fn made_before(call: &Call<'_>, stock: &Stock<'_>, action: &str) -> Result<Option<u64>, ApiError> {
    let token = call.parameters.get("ClientToken");
    let Some(made) = stock.made_before(action, token) else { return Ok(None) };
    match made[..] {
        [made, asked] if asked == call.parameters.fingerprint() => Ok(Some(made)),
        _ => Err(ApiError::new(
            400,
            "IdempotentParameterMismatch",
            format!(
                "The client token '{}' was used before with other parameters",
                token.unwrap_or_default()
            ),
        )),
    }
}

/// Remembers what a call with a client token made.
fn remember(call: &Call<'_>, stock: &mut Stock<'_>, action: &str, made: u64) {
    let asked = call.parameters.fingerprint();
    stock.remember(action, call.parameters.get("ClientToken"), vec![made, asked]);
}

/// A parameter that must be there and is not.
fn missing(name: &str) -> ApiError {
    ApiError::new(400, "MissingParameter", format!("The request must contain the parameter {name}"))
}

/// The tags that a request gives to what it makes: those of the `TagSpecification.N` for this type of resource.
fn given_tags(parameters: &Parameters, resource: &str) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    for number in parameters.numbers("TagSpecification") {
        let list = format!("TagSpecification.{number}");
        if parameters.get(&format!("{list}.ResourceType")) != Some(resource) {
            continue;
        }
        for tag in parameters.numbers(&format!("{list}.Tag")) {
            let part = |part| parameters.get(&format!("{list}.Tag.{tag}.{part}"));
            if let Some(key) = part("Key") {
                tags.push((key.to_owned(), part("Value").unwrap_or_default().to_owned()));
            }
        }
    }
    tags
}

/// Writes a set of tags.
fn write_tags(xml: &mut Xml, tags: &[(String, String)]) {
    xml.put(&["<tagSet>"]);
    for (key, value) in tags {
        xml.put(&["<item>"]).element("key", key).element("value", value).put(&["</item>"]);
    }
    xml.put(&["</tagSet>"]);
}

/// Appends an element with an id.
fn write_id(xml: &mut Xml, name: &str, prefix: &str, id: u64) {
    xml.put(&["<", name, ">"]).id(prefix, id).put(&["</", name, ">"]);
}

/// Appends an element with a time.
fn write_time(xml: &mut Xml, name: &str, seconds: i64) {
    xml.put(&["<", name, ">"]).time(seconds).put(&["</", name, ">"]);
}

/// Appends an element with a number.
fn write_number(xml: &mut Xml, name: &str, number: u64) {
    xml.put(&["<", name, ">"]).number(number).put(&["</", name, ">"]);
}

/// The whole answer of an operation that has only this to say.
fn answer(call: &Call<'_>, name: &str, write: impl FnOnce(&mut Xml)) -> Vec<u8> {
    let mut xml = open_answer(call, name, 2048);
    write(&mut xml);
    xml.put(&["</", name, "Response>"]);
    xml.into_bytes()
}
