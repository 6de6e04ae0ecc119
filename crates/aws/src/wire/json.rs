//! The JSON protocols: requests with their target, and answers and errors, of REST-JSON too.

use serde_json::{Map, Value};

use super::{Message, Parameters};
use crate::error::Failure;

pub(super) fn encode(
    target: &str,
    version: &str,
    action: &str,
    parameters: &Parameters,
) -> Message {
    let members = parameters.0.iter().map(|(name, value)| (name.clone(), value.json()));
    let body: Map<String, Value> = members.collect();
    let headers = vec![
        ("content-type", format!("application/x-amz-json-{version}")),
        ("x-amz-target", format!("{target}.{action}")),
    ];
    Message::post(headers, Value::Object(body).to_string())
}

pub(super) fn decode(body: &[u8]) -> Result<Value, Failure> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Failure::malformed("the answer is no JSON object")),
        Err(error) => Err(Failure::malformed(error.to_string())),
    }
}

/// Code and message: the header `x-amzn-errortype` or `__type` (without namespace and address), and
/// `Message` or `message`.
pub(super) fn error(kind: Option<&str>, body: &[u8]) -> Option<(String, String)> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let code =
        kind.or_else(|| ["__type", "code"].iter().find_map(|key| answer.get(key)?.as_str()))?;
    let code = code.split(':').next().unwrap_or(code);
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
        assert_eq!(error(None, plain), Some(("AccessDeniedException".into(), "no".into())));
        assert_eq!(error(None, spaced), Some(("ThrottlingException".into(), "slow".into())));
        assert_eq!(error(None, b"{}"), None);
        assert_eq!(error(None, b"<html>"), None);
        let rest = error(Some("AccessDeniedException:http://internal/"), br#"{"message":"no"}"#);
        assert_eq!(rest, Some(("AccessDeniedException".into(), "no".into())));
    }
}
