//! Signed calls over one connection pool.

use std::{error::Error, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::form_urlencoded::Serializer;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A call before it is signed.
#[derive(Debug)]
pub(crate) struct Call {
    service: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Call {
    /// A call of the Query protocol.
    pub(crate) fn query(service: &'static str, version: &str, parameters: &[(&str, &str)]) -> Self {
        let mut form = Serializer::new(String::new());
        form.append_pair("Version", version).extend_pairs(parameters);
        let content_type = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
        Self { service, headers: vec![("content-type", content_type)], body: form.finish() }
    }

    /// A call of the JSON protocol.
    pub(crate) fn json(service: &'static str, target: &str, body: &serde_json::Value) -> Self {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", target.to_owned()),
        ];
        Self { service, headers, body: body.to_string() }
    }
}

/// Sends calls to one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    url: String,
}

impl Client {
    pub(crate) fn new(endpoint: &str, concurrency: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = HttpClient::builder(TokioExecutor::new())
            .pool_max_idle_per_host(concurrency)
            .build(connector);
        Self { http, url: format!("{}/", endpoint.trim_end_matches('/')) }
    }

    /// The whole body of the answer. There is no second attempt: a benchmark that meets an error is void.
    pub(crate) async fn send(
        &self,
        credentials: &Credentials,
        region: &str,
        call: Call,
    ) -> Result<Vec<u8>> {
        let service = call.service;
        let answer = self.http.request(self.signed(credentials, region, call)?).await?;
        let status = answer.status();
        let length = answer.headers().get("content-length").and_then(|text| text.to_str().ok());
        let length = length.and_then(|text| text.parse().ok()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(length);
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                bytes.extend_from_slice(data);
            }
        }
        if status.is_success() {
            return Ok(bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        Err(format!("{service} in {region} answered {status}: {text}").into())
    }

    fn signed(
        &self,
        credentials: &Credentials,
        region: &str,
        call: Call,
    ) -> Result<http::Request<Full<Bytes>>> {
        let mut request = http::Request::post(&self.url);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(())?;
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(call.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?;
        let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(call.body.as_bytes());
        let signable = SignableRequest::new("POST", &self.url, headers, body)?;
        let instructions = sign(signable, &parameters.into())?.into_parts().0;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request.map(|()| Full::from(call.body)))
    }
}
