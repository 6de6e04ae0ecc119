//! EC2 Image Builder: what the machines are like that build and test images.

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::error::ApiError;

/// Members of the operations.
pub(crate) const LIST: &[&str] = &["maxResults", "nextToken"];
pub(crate) const GET: &[&str] = &["infrastructureConfigurationArn"];

const PAGING: Paging = Paging { size: "maxResults", sizes: 1..=100, usual: 25, token: "nextToken" };

/// `httpTokens` and hop limit.
type Options = (&'static str, Option<u64>);

/// Names and what is said about the metadata service; none where nothing is.
const CONFIGURATIONS: [(&str, Option<Options>); 5] = [
    ("golden-linux", Some(("required", Some(2)))),
    ("golden-windows", Some(("required", None))),
    ("legacy-linux", Some(("optional", Some(1)))),
    ("containers", None),
    ("gpu", None),
];

const CREATED: &str = "2023-02-14T09:30:00.000Z";

fn arn(call: &Call<'_>, name: &str) -> String {
    call.arn("imagebuilder", format_args!("infrastructure-configuration/{name}"))
}

/// `ListInfrastructureConfigurations`: without the metadata options, which only the single answer has.
pub(crate) fn list_infrastructure_configurations(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let (page, next) = call.page(&CONFIGURATIONS, "ListInfrastructureConfigurations", &PAGING)?;
    let shown: Vec<Value> = page
        .iter()
        .map(|(name, _)| {
            json!({
                "arn": arn(call, name),
                "name": name,
                "dateCreated": CREATED,
                "tags": {},
                "instanceTypes": ["m5.large"],
                "instanceProfileName": "EC2InstanceProfileForImageBuilder",
            })
        })
        .collect();
    let mut answer = json!({
        "requestId": call.request_id,
        "infrastructureConfigurationSummaryList": shown,
    });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(json(&answer))
}

/// `GetInfrastructureConfiguration`.
pub(crate) fn get_infrastructure_configuration(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let asked = call.required_text("infrastructureConfigurationArn")?;
    let found = CONFIGURATIONS.iter().find(|(name, _)| arn(call, name) == asked);
    let (name, metadata) = found.ok_or_else(|| {
        call.invalid(format!("The infrastructure configuration {asked} does not exist."))
    })?;
    let mut configuration = json!({
        "arn": asked,
        "name": name,
        "instanceTypes": ["m5.large"],
        "instanceProfileName": "EC2InstanceProfileForImageBuilder",
        "terminateInstanceOnFailure": true,
        "dateCreated": CREATED,
        "tags": {},
    });
    if let Some((tokens, hop_limit)) = metadata {
        let mut options = json!({ "httpTokens": tokens });
        if let Some(hop_limit) = hop_limit {
            options["httpPutResponseHopLimit"] = (*hop_limit).into();
        }
        configuration["instanceMetadataOptions"] = options;
    }
    Ok(json(&json!({
        "requestId": call.request_id,
        "infrastructureConfiguration": configuration,
    })))
}
