//! Requests and errors as each protocol writes them.

mod json;
mod query;

use crate::{error::Failure, operation::Operation, service::Protocol};

/// The parameters of a call: form fields, or the members of a JSON object.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Parameters(Vec<(String, Parameter)>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Parameter {
    Text(String),
    Number(u32),
}

impl Parameters {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Parameter>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Parameter {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

/// A request before it is signed: headers beside `host` and the signature, and the body.
pub(crate) struct Message {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// Writes a call as its service's protocol wants it. Every call is a POST to `/`.
pub(crate) fn encode(operation: &Operation, parameters: &Parameters) -> Message {
    match operation.service.protocol {
        Protocol::Ec2Query(version) | Protocol::Query(version) => {
            query::encode(operation.action, version, parameters)
        }
        Protocol::Json11(target) => json::encode(target, operation.action, parameters),
    }
}

/// The error that an answer with a status other than 2xx carries.
pub(crate) fn failure(operation: &Operation, status: u16, body: &[u8]) -> Failure {
    let error = match operation.service.protocol {
        Protocol::Ec2Query(_) | Protocol::Query(_) => query::error(body),
        Protocol::Json11(_) => json::error(body),
    };
    match error {
        Some((code, message)) => Failure::answered(status, code, message),
        None => Failure::answered(status, format!("HTTP{status}"), stranger(body)),
    }
}

/// Says of an answer that could not be read whether it was this operation's at all.
pub(crate) fn explain(operation: &Operation, body: &[u8], failure: Failure) -> Failure {
    let ours = match operation.service.protocol {
        Protocol::Ec2Query(_) | Protocol::Query(_) => {
            let root = format!("<{}Response", operation.action);
            memchr::memmem::find(body, root.as_bytes()).is_some()
        }
        Protocol::Json11(_) => body.trim_ascii_start().starts_with(b"{"),
    };
    if ours { failure } else { Failure { message: stranger(body), ..failure } }
}

/// Describes an answer that no AWS service gives.
fn stranger(body: &[u8]) -> String {
    const SHOWN: usize = 80;
    let text = String::from_utf8_lossy(body);
    let start: String =
        text.trim().chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if start.is_empty() {
        "the answer is empty: is this an AWS endpoint?".to_owned()
    } else {
        format!(
            "the answer is not one that AWS gives: is this an AWS endpoint? It begins `{start}`"
        )
    }
}
