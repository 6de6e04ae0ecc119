//! A small AWS client for tests: signs requests and hands them over without a network.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::{Clock, Reply, answer};
use crate::cloud::Cloud;
use crate::config::Config;
use crate::request::Request;
use crate::service::Service;
use crate::sigv4::{Authorization, signing_key};

/// 2026-06-15T12:00:00Z, when all test requests are signed.
pub(super) const NOW: i64 = 1_781_524_800;
const TIMESTAMP: &str = "20260615T120000Z";

/// Credentials: key id, secret, session token.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// A simulated organization and the clock its requests are answered by.
pub(super) struct Client {
    pub(super) cloud: Cloud,
    /// Seconds that the server's clock is ahead of the requests'.
    pub(super) late: i64,
    instant: Instant,
}

impl Client {
    pub(super) fn new(config: Config) -> Self {
        Self { cloud: Cloud::new(config), late: 0, instant: Instant::now() }
    }

    /// The management account's user.
    pub(super) fn user(&self) -> Credentials {
        let (key, secret) = self.cloud.identities.user_credentials();
        Credentials { key: key.into(), secret: secret.into(), token: None }
    }

    /// The id of an account by its place.
    pub(super) fn account(&self, place: usize) -> &str {
        &self.cloud.world.accounts[place].id
    }

    /// Calls an operation; `input` is a form without action and version, or a JSON document.
    pub(super) fn call(
        &self,
        by: &Credentials,
        service: Service,
        region: &str,
        name: &str,
        input: &str,
    ) -> Reply {
        if !service.target().is_empty() {
            let target = [("x-amz-target", format!("{}.{name}", service.target()))];
            return self.signed(
                by,
                service,
                region,
                ["POST", "/", ""],
                &target,
                input.to_owned().into(),
            );
        }
        let form = format!("Action={name}&Version={}&{input}", service.version());
        self.signed(by, service, region, ["POST", "/", ""], &[], form.into())
    }

    /// Calls a JSON operation as the management account's user.
    pub(super) fn document(&self, service: Service, name: &str, input: &Value) -> Reply {
        self.call(&self.user(), service, "us-east-1", name, &input.to_string())
    }

    /// Follows a listing to its end; returns the entries and the number of pages. `members` are those of the entries, of the token that is given and of
    /// the one that is answered.
    pub(super) fn all(
        &self,
        service: Service,
        name: &str,
        input: &Value,
        members: [&str; 3],
    ) -> (Vec<Value>, usize) {
        let [list, given, next] = members;
        let mut input = input.clone();
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            let answer = self.document(service, name, &input).json();
            found.extend(answer[list].as_array().unwrap().iter().cloned());
            pages += 1;
            if answer[next].is_null() {
                return (found, pages);
            }
            input[given] = answer[next].clone();
        }
    }

    /// Calls a REST operation.
    pub(super) fn rest(
        &self,
        by: &Credentials,
        service: Service,
        line: [&str; 3],
        body: &str,
    ) -> Reply {
        self.signed(by, service, "us-east-1", line, &[], body.to_owned().into())
    }

    /// Calls an operation by RPC v2 with CBOR.
    pub(super) fn rpc(
        &self,
        by: &Credentials,
        service: Service,
        name: &str,
        body: Vec<u8>,
    ) -> Reply {
        let path = format!("/service/{}/operation/{name}", service.target());
        let header = [("smithy-protocol", "rpc-v2-cbor".to_owned())];
        self.signed(by, service, "us-east-1", ["POST", &path, ""], &header, body.into())
    }

    /// Signs and sends a request; its line is method, path and query.
    pub(super) fn signed(
        &self,
        by: &Credentials,
        service: Service,
        region: &str,
        [method, path, query]: [&str; 3],
        more: &[(&'static str, String)],
        body: Bytes,
    ) -> Reply {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).unwrap())
        };
        put("host", "localhost");
        put("x-amz-date", TIMESTAMP);
        let mut signed = vec!["host", "x-amz-date"];
        if let Some(token) = &by.token {
            put("x-amz-security-token", token);
            signed.push("x-amz-security-token");
        }
        for (name, value) in more {
            put(name, value);
            signed.push(name);
        }
        let mut request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers,
            body,
        };
        let authorization = authorization(by, service.name(), region, &request, &signed);
        request.headers.insert("authorization", HeaderValue::from_str(&authorization).unwrap());
        self.send(&request)
    }

    /// Hands over a request as it is.
    pub(super) fn send(&self, request: &Request) -> Reply {
        answer(&self.cloud, request, Clock { seconds: NOW + self.late, instant: self.instant })
    }

    /// Assumes the reading role of an account.
    pub(super) fn assume(&self, place: usize, more: &str) -> Credentials {
        let form = format!(
            "RoleArn=arn:aws:iam::{}:role/imdsure-read&RoleSessionName=test&{more}",
            self.account(place)
        );
        let reply = self.call(&self.user(), Service::Sts, "us-east-1", "AssumeRole", &form);
        let text = reply.text();
        assert_eq!(reply.status, 200, "{text}");
        Credentials {
            key: element(&text, "AccessKeyId").into(),
            secret: element(&text, "SecretAccessKey").into(),
            token: Some(element(&text, "SessionToken").into()),
        }
    }
}

/// The `Authorization` header of a request.
fn authorization(
    by: &Credentials,
    service: &str,
    region: &str,
    request: &Request,
    signed: &[&str],
) -> String {
    let date = &TIMESTAMP[..8];
    let scope = Authorization {
        access_key: &by.key,
        date,
        region,
        service,
        signed_headers: signed.to_vec(),
        signature: "",
    };
    let key = signing_key(&by.secret, date, region, service);
    let signature = scope.signature_of(request, TIMESTAMP, &key).unwrap();
    let (key, signed) = (&by.key, signed.join(";"));
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/{date}/{region}/{service}/aws4_request, SignedHeaders={signed}, Signature={signature}"
    )
}

impl Reply {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The answer of a JSON operation.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
    }

    /// Status and error code.
    pub(super) fn error(&self) -> (u16, String) {
        if let Some(code) = self.header("x-amzn-errortype") {
            return (self.status, code.to_owned());
        }
        let text = self.text();
        let code = match serde_json::from_str::<Value>(&text) {
            Ok(document) => document["__type"].as_str().unwrap_or_default().to_owned(),
            Err(_) => element(&text, "Code").to_owned(),
        };
        (self.status, code)
    }
}

/// The text of the first element of this name, or nothing.
pub(super) fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let between = || xml.split_once(&format!("<{name}>"))?.1.split_once(&format!("</{name}>"));
    between().map_or("", |(text, _)| text)
}
