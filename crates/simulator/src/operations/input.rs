//! Reading the documents that operations are called with, cutting listings into pages, and answering.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::Call;
use crate::document::Document;
use crate::error::ApiError;
use crate::service::Protocol;
use crate::token;
use crate::world::Unit;
use crate::xml::Xml;

/// How an operation cuts its listing into pages.
pub(crate) struct Paging {
    /// The member that asks for a page's size; empty if the operation has none.
    pub(crate) size: &'static str,
    pub(crate) sizes: RangeInclusive<u64>,
    /// The size of a page when none is asked for.
    pub(crate) usual: u64,
    /// The member that leads to the next page.
    pub(crate) token: &'static str,
}

impl Call<'_> {
    /// The account and region that are called.
    pub(crate) fn unit(&self) -> Result<Unit, ApiError> {
        let region = self
            .cloud
            .world
            .region(self.region)
            .ok_or_else(|| self.invalid("There is no such region."))?;
        Ok(Unit { account: self.caller.account, region })
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`; `service` is the one of ARNs, which is not always that of credential scopes.
    pub(crate) fn arn(&self, service: &str, resource: impl Display) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account.id)
    }

    /// The service's refusal of an argument.
    pub(crate) fn invalid(&self, text: impl Into<String>) -> ApiError {
        ApiError::new(400, self.service.invalid_argument(), text)
    }

    /// Refuses members that the operation does not know. AWS takes no notice of them; here they are most likely something that is not simulated.
    pub(crate) fn check_members(&self, known: &[&str]) -> Result<(), ApiError> {
        let Value::Object(members) = &self.document else { return Ok(()) };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(self.invalid(format!("The parameter {name} is not simulated"))),
        }
    }

    /// A member that is text, if it is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match &self.document[name] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(wrong_type(name, "string")),
        }
    }

    /// A member that is text and must be there.
    pub(crate) fn required_text(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| self.invalid(format!("{name} is required.")))
    }

    /// A member that is a number; as text in query strings and forms.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let value = &self.document[name];
        if value.is_null() {
            return Ok(None);
        }
        integer(value, self.protocol)
            .and_then(|number| u64::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| wrong_type(name, "number"))
    }

    /// A member that is a list of texts; empty if it is not there.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>, ApiError> {
        match &self.document[name] {
            Value::Null => Ok(Vec::new()),
            Value::Array(all) => all
                .iter()
                .map(|entry| entry.as_str().ok_or_else(|| wrong_type(name, "list of strings")))
                .collect(),
            _ => Err(wrong_type(name, "list")),
        }
    }

    /// One page of a listing, and the token of the next. `listing` names what was asked for: a token is good for nothing else.
    pub(crate) fn page<'t, T>(
        &self,
        all: &'t [T],
        listing: &str,
        paging: &Paging,
    ) -> Result<(&'t [T], Option<String>), ApiError> {
        let size = match self.number(paging.size)? {
            None => paging.usual,
            Some(size) if paging.sizes.contains(&size) => size,
            Some(size) => {
                let (least, most) = (paging.sizes.start(), paging.sizes.end());
                let name = paging.size;
                return Err(self.invalid(format!(
                    "Value {size} at '{name}' failed to satisfy constraint: it must be from {least} to {most}"
                )));
            }
        };
        let listing = self.listing(listing);
        let start = match self.text(paging.token)? {
            None | Some("") => 0,
            Some(given) => token::open(&self.cloud.token_key, &listing, given)
                .ok_or_else(|| self.invalid(format!("Invalid {}", paging.token)))?,
        } as usize;
        let start = start.min(all.len());
        let end = all.len().min(start + size as usize);
        let next =
            (end < all.len()).then(|| token::seal(&self.cloud.token_key, &listing, end as u64));
        Ok((all.get(start..end).unwrap_or_default(), next))
    }

    /// What the tokens of a listing are bound to.
    pub(crate) fn listing(&self, listing: &str) -> String {
        let service = self.service.name();
        format!("{service}:{}:{}:{listing}", self.account.id, self.region)
    }

    /// An answer in the request's protocol; `name` is the operation's.
    pub(crate) fn answer(&self, name: &str, document: &Document) -> Vec<u8> {
        match self.protocol {
            Protocol::Cbor => {
                let mut out = Vec::with_capacity(1024);
                document.push_cbor(&mut out);
                out
            }
            Protocol::Ec2 | Protocol::Query => {
                super::query_answer(self, self.service, name, |xml: &mut Xml| {
                    document.push_xml(xml);
                })
            }
            Protocol::Json | Protocol::Json10 | Protocol::RestJson => json(&document.to_json()),
        }
    }
}

/// A whole number: as such, or as text where everything is text.
pub(crate) fn integer(value: &Value, protocol: Protocol) -> Option<i64> {
    let text = matches!(protocol, Protocol::Query | Protocol::RestJson)
        .then(|| value.as_str()?.parse().ok())
        .flatten();
    value.as_i64().or(text)
}

/// An answer of JSON.
pub(crate) fn json(answer: &Value) -> Vec<u8> {
    answer.to_string().into_bytes()
}

/// A member with a value of the wrong type, which no service gets to see.
pub(crate) fn wrong_type(name: &str, expected: &str) -> ApiError {
    ApiError::new(400, "SerializationException", format!("{name} must be a {expected}."))
}
