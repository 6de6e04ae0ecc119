//! The account's metadata defaults: `GetInstanceMetadataDefaults`, `ModifyInstanceMetadataDefaults`.

use super::metadata::{SWITCH, one_of};
use super::{Call, answer, stop_dry_run};
use crate::error::ApiError;
use crate::world::defaults::Defaults;
use crate::world::options::switch;
use crate::xml::Xml;

/// Parameters of `ModifyInstanceMetadataDefaults`.
pub(crate) const MODIFY: &[&str] = &[
    "DryRun",
    "HttpTokens",
    "HttpPutResponseHopLimit",
    "HttpEndpoint",
    "InstanceMetadataTags",
    "HttpTokensEnforced",
];

/// `GetInstanceMetadataDefaults`: only what was set.
pub(crate) fn get_instance_metadata_defaults(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    stop_dry_run(call)?;
    let defaults = call.stock()?.defaults();
    Ok(answer(call, "GetInstanceMetadataDefaults", |xml| {
        xml.put(&["<accountLevel>"]);
        write(call, xml, defaults);
        xml.put(&["</accountLevel>"]);
    }))
}

fn write(call: &Call<'_>, xml: &mut Xml, defaults: Defaults) {
    if let Some(required) = defaults.tokens {
        xml.element("httpTokens", if required { "required" } else { "optional" });
    }
    if let Some(hops) = defaults.hop_limit {
        xml.element("httpPutResponseHopLimit", &hops.to_string());
    }
    let switches = [
        ("httpEndpoint", defaults.endpoint),
        ("instanceMetadataTags", defaults.tags),
        ("httpTokensEnforced", defaults.enforced),
    ];
    for (name, on) in switches {
        if let Some(on) = on {
            xml.element(name, switch(on));
        }
    }
    if defaults.managed {
        xml.element("managedBy", "declarative-policy");
        if let Some(message) = exception_message(call) {
            xml.element("managedExceptionMessage", message);
        }
    } else if !defaults.is_unset() {
        xml.element("managedBy", "account");
    }
}

/// What the organization's policy tells those who may not change the defaults.
fn exception_message<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    let policy = call.cloud.world.organization.effective_ec2_policy(call.account)?;
    policy.exception_message.as_deref()
}

/// `ModifyInstanceMetadataDefaults`: what is not given stays; `no-preference` and -1 take a setting away.
pub(crate) fn modify_instance_metadata_defaults(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let mut defaults = stock.defaults();
    let mut given = 0;
    let mut set = |name, words, setting: &mut Option<bool>| -> Result<(), ApiError> {
        if let Some(text) = call.parameters.get(name) {
            given += 1;
            *setting =
                if text == "no-preference" { None } else { Some(one_of(name, text, words)?) };
        }
        Ok(())
    };
    set("HttpTokens", ["optional", "required"], &mut defaults.tokens)?;
    set("HttpEndpoint", SWITCH, &mut defaults.endpoint)?;
    set("InstanceMetadataTags", SWITCH, &mut defaults.tags)?;
    set("HttpTokensEnforced", SWITCH, &mut defaults.enforced)?;
    if let Some(text) = call.parameters.get("HttpPutResponseHopLimit") {
        given += 1;
        defaults.hop_limit = hop_limit(text)?;
    }
    if given == 0 {
        let text = "The request must contain at least one of the default metadata options";
        return Err(ApiError::new(400, "MissingParameter", text));
    }
    if defaults.managed {
        let mut text = "This functionality has been disabled by a Declarative Policy.".to_owned();
        if let Some(message) = exception_message(call) {
            text.push_str(" Custom Message: ");
            text.push_str(message);
        }
        return Err(ApiError::new(403, "UnauthorizedOperation", text));
    }
    stop_dry_run(call)?;
    stock.put_defaults(defaults);
    Ok(answer(call, "ModifyInstanceMetadataDefaults", |xml| {
        xml.element("return", "true");
    }))
}

fn hop_limit(text: &str) -> Result<Option<u8>, ApiError> {
    match text.parse::<i64>() {
        Ok(-1) => Ok(None),
        Ok(hops @ 1..=64) => Ok(Some(hops as u8)),
        _ => Err(ApiError::invalid_value(format!(
            "Value ( {text} ) for parameter HttpPutResponseHopLimit is invalid. Expecting a value from 1 to 64, or -1"
        ))),
    }
}
