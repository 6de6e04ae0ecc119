//! Metadata options in requests and answers.

use crate::error::ApiError;
use crate::request::Parameters;
use crate::world::launch::Wish;
use crate::world::options::{MetadataOptions, switch};
use crate::xml::Xml;

/// The names of the options, as requests spell them.
const NAMES: [&str; 5] = [
    "HttpTokens",
    "HttpPutResponseHopLimit",
    "HttpEndpoint",
    "HttpProtocolIpv6",
    "InstanceMetadataTags",
];

/// The words of what is off or on.
pub(super) const SWITCH: [&str; 2] = ["disabled", "enabled"];

/// Reads the options whose names begin with `prefix`.
pub(super) fn read(parameters: &Parameters, prefix: &str) -> Result<Wish, ApiError> {
    if !prefix.is_empty()
        && let Some((name, _)) = parameters.below(prefix).find(|(name, _)| !NAMES.contains(name))
    {
        let text = format!("The parameter {prefix}{name} is not recognized");
        return Err(ApiError::new(400, "UnknownParameter", text));
    }
    let get = |name: &str| parameters.get(&format!("{prefix}{name}"));
    let choice = |name, words| get(name).map(|text| one_of(name, text, words)).transpose();
    Ok(Wish {
        tokens: choice("HttpTokens", ["optional", "required"])?,
        hop_limit: get("HttpPutResponseHopLimit").map(hop_limit).transpose()?,
        endpoint: choice("HttpEndpoint", SWITCH)?,
        ipv6: choice("HttpProtocolIpv6", SWITCH)?,
        tags: choice("InstanceMetadataTags", SWITCH)?,
    })
}

/// Whether a text is the second of two words; it must be one of them.
pub(super) fn one_of(name: &str, text: &str, words: [&str; 2]) -> Result<bool, ApiError> {
    if words.contains(&text) {
        return Ok(text == words[1]);
    }
    Err(ApiError::invalid_value(format!(
        "Value ( {text} ) for parameter {name} is invalid. Valid values are: {}, {}",
        words[0], words[1]
    )))
}

fn hop_limit(text: &str) -> Result<u8, ApiError> {
    text.parse().ok().filter(|hops| (1..=64).contains(hops)).ok_or_else(|| {
        ApiError::invalid_value(format!(
            "Value ( {text} ) for parameter HttpPutResponseHopLimit is invalid. Expecting a value from 1 to 64"
        ))
    })
}

/// Writes what a wish asks for, as answers spell it.
pub(super) fn write_wish(xml: &mut Xml, wish: Wish) {
    if let Some(required) = wish.tokens {
        xml.element("httpTokens", if required { "required" } else { "optional" });
    }
    if let Some(hops) = wish.hop_limit {
        xml.element("httpPutResponseHopLimit", &hops.to_string());
    }
    let switches = [
        ("httpEndpoint", wish.endpoint),
        ("httpProtocolIpv6", wish.ipv6),
        ("instanceMetadataTags", wish.tags),
    ];
    for (name, on) in switches {
        if let Some(on) = on {
            xml.element(name, switch(on));
        }
    }
}

/// Writes the options of an instance.
pub(super) fn write(xml: &mut Xml, options: MetadataOptions) {
    xml.element("state", options.state());
    write_wish(
        xml,
        Wish {
            tokens: Some(options.tokens_required),
            hop_limit: Some(options.hop_limit),
            endpoint: Some(options.endpoint_enabled),
            ipv6: Some(options.ipv6_enabled),
            tags: Some(options.tags_enabled),
        },
    );
}
