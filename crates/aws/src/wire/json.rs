//! The JSON 1.1 protocol.

use serde_json::{Map, Value, json};

use super::{Message, Parameter, Parameters};

pub(super) fn encode(target: &str, action: &str, parameters: &Parameters) -> Message {
    let member = |(name, value): &(String, Parameter)| match value {
        Parameter::Text(text) => (name.clone(), json!(text)),
        Parameter::Number(number) => (name.clone(), json!(number)),
    };
    let body: Map<String, Value> = parameters.0.iter().map(member).collect();
    let headers = vec![
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("x-amz-target", format!("{target}.{action}")),
    ];
    Message { headers, body: Value::Object(body).to_string() }
}

/// Code and message: `__type` (its namespace dropped) and `Message` or `message`.
pub(super) fn error(body: &[u8]) -> Option<(String, String)> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let code = answer.get("__type")?.as_str()?;
    let code = code.rsplit('#').next().unwrap_or(code).to_owned();
    let message = ["Message", "message"].iter().find_map(|key| answer.get(key)?.as_str());
    Some((code, message.unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_with_or_without_namespace() {
        let plain = br#"{"__type":"AccessDeniedException","Message":"no"}"#;
        let spaced = br#"{"__type":"com.amazonaws#ThrottlingException","message":"slow"}"#;
        assert_eq!(error(plain), Some(("AccessDeniedException".into(), "no".into())));
        assert_eq!(error(spaced), Some(("ThrottlingException".into(), "slow".into())));
        assert_eq!(error(b"{}"), None);
        assert_eq!(error(b"<html>"), None);
    }
}
