//! `ModifyInstanceMetadataOptions`.

use super::instances::find_named;
use super::run::ENFORCED;
use super::{Call, answer, metadata, missing, stop_dry_run, write_id};
use crate::error::ApiError;
use crate::world::ids;
use crate::world::options::{MetadataOptions, State};

/// Parameters of `ModifyInstanceMetadataOptions`.
pub(crate) const PARAMETERS: &[&str] = &[
    "DryRun",
    "InstanceId",
    "HttpTokens",
    "HttpPutResponseHopLimit",
    "HttpEndpoint",
    "HttpProtocolIpv6",
    "InstanceMetadataTags",
];

/// `ModifyInstanceMetadataOptions`: what is not given stays as it is.
pub(crate) fn modify_instance_metadata_options(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let id = call.parameters.get("InstanceId").ok_or_else(|| missing("InstanceId"))?;
    let wish = metadata::read(&call.parameters, "")?;
    if wish.is_empty() {
        let text = "The request must contain at least one metadata option to modify";
        return Err(ApiError::new(400, "MissingParameter", text));
    }
    let mut stock = call.stock()?;
    let Some(index) = find_named(&stock, &[id])?.pop() else {
        return Err(missing("InstanceId"));
    };
    let instance = stock.instance(index);
    if matches!(instance.state, State::Terminated | State::ShuttingDown) {
        let text = format!(
            "Instance {} is in state {}: its metadata options cannot be modified.",
            ids::text("i-", instance.id),
            instance.state.name()
        );
        return Err(ApiError::new(400, "IncorrectInstanceState", text));
    }
    if wish.tokens == Some(false) && stock.defaults().is_enforced() {
        return Err(ApiError::new(400, "UnsupportedOperation", ENFORCED));
    }
    stop_dry_run(call)?;
    let now = instance.metadata;
    let options = MetadataOptions {
        pending: true,
        tokens_required: wish.tokens.unwrap_or(now.tokens_required),
        hop_limit: wish.hop_limit.unwrap_or(now.hop_limit),
        endpoint_enabled: wish.endpoint.unwrap_or(now.endpoint_enabled),
        ipv6_enabled: wish.ipv6.unwrap_or(now.ipv6_enabled),
        tags_enabled: wish.tags.unwrap_or(now.tags_enabled),
    };
    stock.set_options(&instance, options);
    Ok(answer(call, "ModifyInstanceMetadataOptions", |xml| {
        write_id(xml, "instanceId", "i-", instance.id);
        xml.put(&["<instanceMetadataOptions>"]);
        metadata::write(xml, options);
        xml.put(&["</instanceMetadataOptions>"]);
    }))
}
