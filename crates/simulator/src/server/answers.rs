//! Answers as HTTP responses.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use super::payload::Payload;
use crate::dispatch::{Delivery, Reply};

/// An answer of the API.
pub(super) fn api_response(reply: Reply) -> Response<Payload> {
    let length = reply.body.len();
    let payload = if reply.delivery == Delivery::Cut {
        Payload::cut(&reply.body.into())
    } else {
        Payload::whole(reply.body.into())
    };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, reply.content_type, length, payload);
    if let Ok(id) = HeaderValue::from_str(&reply.request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// An answer of the simulator itself.
pub(super) fn json(answer: &impl Serialize) -> Response<Payload> {
    match serde_json::to_vec(answer) {
        Ok(body) => {
            response(StatusCode::OK, "application/json", body.len(), Payload::whole(body.into()))
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "no answer"),
    }
}

/// A word about a request that did not get as far as the API.
pub(super) fn plain(status: StatusCode, text: impl Into<String>) -> Response<Payload> {
    let text = Bytes::from(text.into());
    response(status, "text/plain", text.len(), Payload::whole(text))
}

fn response(
    status: StatusCode,
    content_type: &'static str,
    length: usize,
    payload: Payload,
) -> Response<Payload> {
    let mut response = Response::new(payload);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}
