//! Lightsail: instances and their metadata options.

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::error::ApiError;
use crate::hash;
use crate::world::launch::Wish;
use crate::world::options::switch;
use crate::world::owner;
use crate::world::services::MachineChange;
use crate::world::stock::Stock;

/// Members of `GetInstances`.
pub(crate) const GET_INSTANCES: &[&str] = &["pageToken", "includeHealthStatus"];

/// Members of `UpdateInstanceMetadataOptions`.
pub(crate) const UPDATE: &[&str] =
    &["instanceName", "httpTokens", "httpEndpoint", "httpPutResponseHopLimit", "httpProtocolIpv6"];

/// Members of `DeleteInstance`.
pub(crate) const DELETE: &[&str] = &["instanceName", "forceDeleteAddOns"];

/// AWS does not say how many instances an answer holds; few, so that readers must ask again.
const PAGING: Paging = Paging { size: "", sizes: 3..=3, usual: 3, token: "pageToken" };

/// `httpTokens`, `httpEndpoint` and hop limit.
type Options = (&'static str, &'static str, u64);

/// Names and metadata options; none for an instance that shows none.
const INSTANCES: [(&str, Option<Options>); 7] = [
    ("blog", Some(("optional", "enabled", 1))),
    ("landing-page", Some(("required", "enabled", 1))),
    ("staging", Some(("optional", "enabled", 1))),
    ("mail", Some(("required", "enabled", 2))),
    ("minecraft", None),
    ("vpn", Some(("optional", "disabled", 1))),
    ("wiki", Some(("required", "enabled", 1))),
];

/// 2022-09-01.
const CREATED: i64 = 1_661_990_400;

/// `GetInstances`.
pub(crate) fn get_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let stock = call.stock()?;
    let mut instances = INSTANCES.to_vec();
    instances.retain(|(name, _)| !is_deleted(&stock, name));
    let (page, next) = call.page(&instances, "GetInstances", &PAGING)?;
    let shown: Vec<Value> =
        page.iter().map(|(name, metadata)| instance(call, &stock, name, *metadata)).collect();
    let mut answer = json!({ "instances": shown });
    if let Some(next) = next {
        answer["nextPageToken"] = next.into();
    }
    Ok(json(&answer))
}

fn instance(call: &Call<'_>, stock: &Stock<'_>, name: &str, metadata: Option<Options>) -> Value {
    let number = hash::join(stock.seed.key, hash::text(name));
    let stopped = number.is_multiple_of(7);
    let mut instance = json!({
        "name": name,
        "arn": call.arn("lightsail", format_args!("Instance/{}", crate::world::owner::uuid(number))),
        "supportCode": format!("{}/i-0{number:016x}", call.account.id),
        "createdAt": CREATED,
        "location": { "availabilityZone": format!("{}a", call.region), "regionName": call.region },
        "resourceType": "Instance",
        "tags": [],
        "blueprintId": "wordpress",
        "blueprintName": "WordPress",
        "bundleId": "small_3_0",
        "isStaticIp": false,
        "privateIpAddress": format!("172.26.{}.{}", number % 16, 4 + number % 200),
        "ipAddressType": "dualstack",
        "hardware": { "cpuCount": 2, "ramSizeInGb": 2.0 },
        "state": if stopped { json!({ "code": 80, "name": "stopped" }) } else { json!({ "code": 16, "name": "running" }) },
        "username": "bitnami",
        "sshKeyName": "LightsailDefaultKeyPair",
    });
    let changed = stock.services().and_then(|services| services.machines.get(name));
    if metadata.is_some() || changed.is_some() {
        instance["metadataOptions"] = shown(stock.now, metadata, changed);
    }
    instance
}

/// The options as drawn, with what a call changed laid over them.
fn shown(now: i64, drawn: Option<Options>, changed: Option<&MachineChange>) -> Value {
    let (tokens, endpoint, hop_limit) = drawn.unwrap_or(("optional", "enabled", 1));
    let wish = changed.map(|change| change.wish).unwrap_or_default();
    let pending = changed.is_some_and(|change| now < change.applied);
    json!({
        "state": if pending { "pending" } else { "applied" },
        "httpTokens": wish.tokens.map_or(tokens, |it| if it { "required" } else { "optional" }),
        "httpEndpoint": wish.endpoint.map_or(endpoint, switch),
        "httpPutResponseHopLimit": wish.hop_limit.map_or(hop_limit, u64::from),
        "httpProtocolIpv6": switch(wish.ipv6 == Some(true)),
    })
}

/// `UpdateInstanceMetadataOptions`: what is not given stays.
pub(crate) fn update_instance_metadata_options(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = call.required_text("instanceName")?;
    let wish = wish(call)?;
    let mut stock = call.stock()?;
    let name = named(&stock, name)?;
    let before = stock.services().and_then(|services| services.machines.get(name).copied());
    let change = MachineChange {
        wish: wish.or(before.map(|change| change.wish).unwrap_or_default()),
        applied: stock.settled(),
    };
    stock.services_mut().machines.insert(name, change);
    Ok(json(&json!({ "operation": operation(call, name, "UpdateInstanceMetadataOptions") })))
}

/// `DeleteInstance`.
pub(crate) fn delete_instance(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = call.required_text("instanceName")?;
    let mut stock = call.stock()?;
    let name = named(&stock, name)?;
    stock.services_mut().deleted_machines.insert(name);
    Ok(json(&json!({ "operations": [operation(call, name, "DeleteInstance")] })))
}

fn operation(call: &Call<'_>, name: &str, what: &str) -> Value {
    json!({
        "id": owner::uuid(hash::text(call.request_id)),
        "resourceName": name,
        "resourceType": "Instance",
        "createdAt": call.now,
        "location": { "availabilityZone": format!("{}a", call.region), "regionName": call.region },
        "isTerminal": true,
        "operationType": what,
        "status": "Succeeded",
        "statusChangedAt": call.now,
    })
}

fn is_deleted(stock: &Stock<'_>, name: &str) -> bool {
    stock.services().is_some_and(|services| services.deleted_machines.contains(name))
}

/// The instance of a name.
fn named(stock: &Stock<'_>, name: &str) -> Result<&'static str, ApiError> {
    let found = INSTANCES.iter().map(|(known, _)| *known).find(|known| *known == name);
    found.filter(|name| !is_deleted(stock, name)).ok_or_else(|| {
        let text = format!("The Instance does not exist: {name}");
        ApiError::new(400, "NotFoundException", text)
    })
}

fn wish(call: &Call<'_>) -> Result<Wish, ApiError> {
    let choice = |name: &str, [off, on]: [&str; 2]| match call.text(name)? {
        None => Ok(None),
        Some(word) if word == on => Ok(Some(true)),
        Some(word) if word == off => Ok(Some(false)),
        Some(word) => Err(call.invalid(format!("Invalid {name}: {word}"))),
    };
    let hop_limit = match call.number("httpPutResponseHopLimit")? {
        None => None,
        Some(hops @ 1..=64) => Some(hops as u8),
        Some(hops) => return Err(call.invalid(format!("Invalid httpPutResponseHopLimit: {hops}"))),
    };
    let wish = Wish {
        tokens: choice("httpTokens", ["optional", "required"])?,
        hop_limit,
        endpoint: choice("httpEndpoint", ["disabled", "enabled"])?,
        ipv6: choice("httpProtocolIpv6", ["disabled", "enabled"])?,
        tags: None,
    };
    if wish.is_empty() {
        return Err(call.invalid("At least one metadata option must be given"));
    }
    Ok(wish)
}
