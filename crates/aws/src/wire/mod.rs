//! Requests, answers and errors as each protocol writes them.

mod json;
mod query;
mod rest;

use serde_json::Value;

use crate::{error::Failure, operation::Operation, service::Protocol};

/// The parameters of a call: form fields, members of a JSON object, or parts of a path and query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters(Vec<(String, Parameter)>);

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A text.
    Text(String),
    /// A number.
    Number(u32),
    /// A document, for JSON services alone.
    Json(Value),
}

impl Parameters {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Parameter>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// A list as the EC2 protocol writes it: `Name.1=`, `Name.2=`, …
    #[must_use]
    pub fn with_list<T: AsRef<str>>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        for (index, value) in values.into_iter().enumerate() {
            self.0.push((format!("{name}.{}", index + 1), value.as_ref().into()));
        }
        self
    }

    /// A document as form fields of the Query protocol: members joined by dots, lists as `.member.1`, …; null is left out.
    #[must_use]
    pub fn with_members(mut self, name: &str, value: &Value) -> Self {
        match value {
            Value::Null => self,
            Value::Object(members) => members.iter().fold(self, |parameters, (member, value)| {
                let name =
                    if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                parameters.with_members(&name, value)
            }),
            Value::Array(items) => {
                items.iter().enumerate().fold(self, |parameters, (index, value)| {
                    parameters.with_members(&format!("{name}.member.{}", index + 1), value)
                })
            }
            Value::String(text) => {
                self.0.push((name.to_owned(), text.as_str().into()));
                self
            }
            scalar => {
                self.0.push((name.to_owned(), Parameter::Text(scalar.to_string())));
                self
            }
        }
    }

    /// These parameters, then those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }
}

impl Parameter {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Json(value) => value.to_string(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::from(*number),
            Self::Json(value) => value.clone(),
        }
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

impl From<String> for Parameter {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Value> for Parameter {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// The HTTP methods that operations use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Parameters in path and query.
    Get,
    /// Parameters in the body.
    Post,
}

impl Method {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request before it is signed: method, path with its query, headers beside `host` and the signature,
/// and the body.
pub(crate) struct Message {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Message {
    /// A POST to `/`.
    fn post(headers: Vec<(&'static str, String)>, body: String) -> Self {
        Self { method: Method::Post, path: "/".to_owned(), headers, body }
    }
}

/// Writes a call as its service's protocol wants it.
pub(crate) fn encode(operation: &Operation, parameters: &Parameters) -> Message {
    match operation.service.protocol {
        Protocol::Ec2Query(version) | Protocol::Query(version) => {
            query::encode(operation.action, version, parameters)
        }
        Protocol::Json(target, version) => {
            json::encode(target, version, operation.action, parameters)
        }
        Protocol::RestJson => rest::encode(&operation.route, parameters),
    }
}

/// An answer as one JSON value, whatever the protocol: for answers that are small or rare. Elements of
/// XML become members, lists arrays, all else texts; an element without content is null. Of a Query
/// answer it is the result.
pub(crate) fn decode(operation: &Operation, body: &[u8]) -> Result<Value, Failure> {
    if operation.silent && body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    match operation.service.protocol {
        Protocol::Ec2Query(_) => query::decode(operation.action, body, false),
        Protocol::Query(_) => query::decode(operation.action, body, true),
        Protocol::Json(..) | Protocol::RestJson => json::decode(body),
    }
}

/// The error that an answer with a status other than 2xx carries; `kind` is its `x-amzn-errortype` header.
pub(crate) fn failure(
    operation: &Operation,
    status: u16,
    kind: Option<&str>,
    body: &[u8],
) -> Failure {
    let error = match operation.service.protocol {
        Protocol::Ec2Query(_) | Protocol::Query(_) => query::error(body),
        Protocol::Json(..) | Protocol::RestJson => json::error(kind, body),
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
        Protocol::Json(..) | Protocol::RestJson => body.trim_ascii_start().starts_with(b"{"),
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
