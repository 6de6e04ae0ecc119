//! Lightsail: instances and their metadata options.

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::error::ApiError;
use crate::hash;

/// Members of `GetInstances`.
pub(crate) const GET_INSTANCES: &[&str] = &["pageToken", "includeHealthStatus"];

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
    let key = call.cloud.world.seed(call.unit()?).key;
    let (page, next) = call.page(&INSTANCES, "GetInstances", &PAGING)?;
    let shown: Vec<Value> =
        page.iter().map(|(name, metadata)| instance(call, key, name, *metadata)).collect();
    let mut answer = json!({ "instances": shown });
    if let Some(next) = next {
        answer["nextPageToken"] = next.into();
    }
    Ok(json(&answer))
}

fn instance(call: &Call<'_>, key: u64, name: &str, metadata: Option<Options>) -> Value {
    let number = hash::join(key, hash::text(name));
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
    if let Some((tokens, endpoint, hop_limit)) = metadata {
        instance["metadataOptions"] = json!({
            "state": "applied",
            "httpTokens": tokens,
            "httpEndpoint": endpoint,
            "httpPutResponseHopLimit": hop_limit,
            "httpProtocolIpv6": "disabled",
        });
    }
    instance
}
