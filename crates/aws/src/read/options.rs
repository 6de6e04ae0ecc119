//! Metadata options as launch templates, launch configurations and other services state them.

use serde_json::{Map, Value};

use crate::row::{Row, at};

/// AWS's names of the options, and how the EC2 protocol and the JSON services spell them.
const OPTIONS: [(&str, &str); 6] = [
    ("HttpTokens", "httpTokens"),
    ("HttpPutResponseHopLimit", "httpPutResponseHopLimit"),
    ("HttpEndpoint", "httpEndpoint"),
    ("HttpProtocolIpv6", "httpProtocolIpv6"),
    ("InstanceMetadataTags", "instanceMetadataTags"),
    ("State", "state"),
];

/// One option, in whichever spelling it comes.
fn option<'a>(options: &'a Value, name: &str) -> &'a Value {
    let spellings = OPTIONS.iter().find(|(known, _)| *known == name);
    spellings.map_or(&Value::Null, |(upper, lower)| match at(options, &[upper]) {
        Value::Null => at(options, &[lower]),
        value => value,
    })
}

/// Sets `http_tokens`, `http_endpoint` and `hop_limit`.
pub(crate) fn declared(row: Row, options: &Value) -> Row {
    row.set("http_tokens", option(options, "HttpTokens").clone())
        .set("http_endpoint", option(options, "HttpEndpoint").clone())
        .set("hop_limit", option(options, "HttpPutResponseHopLimit").clone())
}

/// The options as one JSON object with AWS's names; null when there are none.
pub(crate) fn as_json(options: &Value) -> Value {
    if !options.is_object() {
        return Value::Null;
    }
    let mut json = Map::new();
    for (name, _) in OPTIONS {
        let value = option(options, name);
        let number = value.as_str().filter(|_| name == "HttpPutResponseHopLimit");
        match number.and_then(|text| text.trim().parse::<i64>().ok()) {
            Some(number) => drop(json.insert(name.to_owned(), number.into())),
            None if value.is_null() => {}
            None => drop(json.insert(name.to_owned(), value.clone())),
        }
    }
    Value::Object(json)
}
