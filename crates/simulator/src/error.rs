//! The errors of AWS: codes, texts, statuses, and how each protocol spells them.

use serde_json::json;

use crate::denial::Refusal;
use crate::service::{Protocol, Service};
use crate::sigv4::SignatureError;
use crate::xml::Xml;

/// What AWS answers when it does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// `Reason` of some errors of Organizations.
    pub(crate) reason: Option<&'static str>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), reason: None }
    }

    /// A parameter with a value that is not possible.
    pub(crate) fn invalid_value(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    /// More requests than the rate allows.
    pub(crate) fn throttled(service: Service) -> Self {
        match service {
            Service::Ec2 => Self::new(503, "RequestLimitExceeded", "Request limit exceeded."),
            Service::AutoScaling | Service::Sts | Service::Iam => {
                Self::new(400, "Throttling", "Rate exceeded")
            }
            Service::Organizations => Self::new(
                400,
                "TooManyRequestsException",
                "AWS Organizations can't complete your request because too many calls were made.",
            ),
        }
    }

    /// An action that is not permitted; `why` stands behind it, for example `because no session policy allows the ec2:DescribeInstances action`.
    pub(crate) fn not_authorized(service: Service, caller: &str, action: &str, why: &str) -> Self {
        let text = format!("User: {caller} is not authorized to perform: {action} {why}");
        match service {
            Service::Ec2 => Self::new(
                403,
                "UnauthorizedOperation",
                format!("You are not authorized to perform this operation. {text}"),
            ),
            Service::AutoScaling | Service::Sts | Service::Iam => {
                Self::new(403, "AccessDenied", text)
            }
            Service::Organizations => Self::new(400, "AccessDeniedException", text),
        }
    }

    /// The body of the answer.
    pub(crate) fn body(&self, protocol: Protocol, namespace: &str, request_id: &str) -> Vec<u8> {
        let mut xml = Xml::with_capacity(512);
        match protocol {
            Protocol::Ec2 => {
                xml.put(&["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"]);
                xml.element("Code", self.code).element("Message", &self.message);
                xml.put(&["</Error></Errors><RequestID>", request_id, "</RequestID></Response>"]);
            }
            Protocol::Query => {
                let side = if self.status >= 500 { "Receiver" } else { "Sender" };
                xml.put(&["<ErrorResponse xmlns=\"", namespace, "\"><Error>"]);
                xml.element("Type", side)
                    .element("Code", self.code)
                    .element("Message", &self.message);
                xml.put(&["</Error><RequestId>", request_id, "</RequestId></ErrorResponse>"]);
            }
            Protocol::Json => {
                let mut body = json!({ "__type": self.code, "Message": self.message });
                if let Some(reason) = self.reason {
                    body["Reason"] = json!(reason);
                }
                return body.to_string().into_bytes();
            }
        }
        xml.into_bytes()
    }
}

/// The words behind an action that a denial refuses.
pub(crate) fn refusal_words(refusal: Refusal, action: &str) -> String {
    match refusal {
        Refusal::NotAllowed => {
            format!("because no identity-based policy allows the {action} action")
        }
        Refusal::DeniedByPolicy => "with an explicit deny in a service control policy".to_owned(),
    }
}

/// EC2's answer to whoever it does not believe.
pub(crate) fn auth_failure() -> ApiError {
    ApiError::new(
        401,
        "AuthFailure",
        "AWS was not able to validate the provided access credentials",
    )
}

/// How each protocol says that a request is not believed.
pub(crate) fn signature_error(service: Service, error: &SignatureError) -> ApiError {
    const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
        Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    const UNKNOWN: &str = "The security token included in the request is invalid.";
    const EXPIRED: &str = "The security token included in the request is expired";
    let new = |status, code, text: &str| ApiError::new(status, code, text);
    match (service.protocol(), error) {
        (Protocol::Ec2 | Protocol::Query, SignatureError::Mismatch) => {
            new(403, "SignatureDoesNotMatch", MISMATCH)
        }
        (Protocol::Ec2, SignatureError::Skewed(_) | SignatureError::ExpiredSession) => {
            new(400, "RequestExpired", "Request has expired.")
        }
        (Protocol::Ec2, _) => auth_failure(),
        (Protocol::Query, SignatureError::Missing) => {
            new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        }
        (Protocol::Query, SignatureError::Incomplete(text)) => {
            new(400, "IncompleteSignature", text)
        }
        (Protocol::Query, SignatureError::UnknownKey) => new(403, "InvalidClientTokenId", UNKNOWN),
        (Protocol::Query, SignatureError::Skewed(text)) => new(403, "SignatureDoesNotMatch", text),
        (Protocol::Query, SignatureError::ExpiredSession) => new(403, "ExpiredToken", EXPIRED),
        (Protocol::Json, SignatureError::Missing) => {
            new(400, "MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        (Protocol::Json, SignatureError::Incomplete(text)) => {
            new(400, "IncompleteSignatureException", text)
        }
        (Protocol::Json, SignatureError::UnknownKey) => {
            new(400, "UnrecognizedClientException", UNKNOWN)
        }
        (Protocol::Json, SignatureError::Mismatch) => {
            new(400, "InvalidSignatureException", MISMATCH)
        }
        (Protocol::Json, SignatureError::Skewed(text)) => {
            new(400, "InvalidSignatureException", text)
        }
        (Protocol::Json, SignatureError::ExpiredSession) => {
            new(400, "ExpiredTokenException", EXPIRED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_shape() {
        let error = ApiError::new(400, "Some", "a < b");
        let text = |protocol| String::from_utf8(error.body(protocol, "urn:x", "id-1")).unwrap();
        assert!(text(Protocol::Ec2).contains(
            "<Response><Errors><Error><Code>Some</Code><Message>a &lt; b</Message></Error></Errors><RequestID>id-1</RequestID></Response>"
        ));
        assert_eq!(
            text(Protocol::Query),
            "<ErrorResponse xmlns=\"urn:x\"><Error><Type>Sender</Type><Code>Some</Code><Message>a &lt; b</Message></Error>\
             <RequestId>id-1</RequestId></ErrorResponse>"
        );
        assert_eq!(text(Protocol::Json), r#"{"__type":"Some","Message":"a < b"}"#);
    }
}
