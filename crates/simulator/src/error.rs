//! The errors of AWS: codes, texts, statuses, and how each protocol spells them.

use crate::denial::Refusal;
use crate::document::Document;
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
    pub(crate) fn throttled(service: Service, protocol: Protocol) -> Self {
        match protocol {
            Protocol::Ec2 => Self::new(503, "RequestLimitExceeded", "Request limit exceeded."),
            Protocol::Query => Self::new(400, "Throttling", "Rate exceeded"),
            Protocol::Json if service == Service::Organizations => Self::new(
                400,
                "TooManyRequestsException",
                "AWS Organizations can't complete your request because too many calls were made.",
            ),
            Protocol::RestJson => Self::new(429, "TooManyRequestsException", "Rate exceeded"),
            Protocol::Json | Protocol::Json10 | Protocol::Cbor => {
                Self::new(400, "ThrottlingException", "Rate exceeded")
            }
        }
    }

    /// An action that is not permitted; `why` stands behind it, for example `because no session policy allows the ec2:DescribeInstances action`.
    pub(crate) fn not_authorized(
        protocol: Protocol,
        caller: &str,
        action: &str,
        why: &str,
    ) -> Self {
        let text = format!("User: {caller} is not authorized to perform: {action} {why}");
        match protocol {
            Protocol::Ec2 => Self::new(
                403,
                "UnauthorizedOperation",
                format!("You are not authorized to perform this operation. {text}"),
            ),
            Protocol::Query => Self::new(403, "AccessDenied", text),
            Protocol::RestJson => Self::new(403, "AccessDeniedException", text),
            Protocol::Json | Protocol::Json10 | Protocol::Cbor => {
                Self::new(400, "AccessDeniedException", text)
            }
        }
    }

    /// The body of the answer.
    pub(crate) fn body(&self, service: Service, protocol: Protocol, request_id: &str) -> Vec<u8> {
        match protocol {
            Protocol::Ec2 => self.ec2_body(request_id),
            Protocol::Query => self.query_body(service, request_id),
            Protocol::Cbor => {
                let shape = format!("{}#{}", service.shape_namespace(), self.shape(service));
                let mut body = Vec::with_capacity(128);
                self.document(service, Some(&shape)).push_cbor(&mut body);
                body
            }
            Protocol::RestJson => self.document(service, None).to_json().to_string().into_bytes(),
            Protocol::Json | Protocol::Json10 => {
                let document = self.document(service, Some(self.shape(service)));
                document.to_json().to_string().into_bytes()
            }
        }
    }

    /// The headers that tell the error's code besides the body, or instead of it.
    pub(crate) fn headers(
        &self,
        service: Service,
        protocol: Protocol,
    ) -> Option<(&'static str, String)> {
        match protocol {
            Protocol::RestJson => Some(("x-amzn-errortype", self.code.to_owned())),
            Protocol::Json10 | Protocol::Cbor if self.shape(service) != self.code => {
                let side = if self.status >= 500 { "Receiver" } else { "Sender" };
                Some(("x-amzn-query-error", format!("{};{side}", self.code)))
            }
            _ => None,
        }
    }

    /// The name of the error's shape. CloudWatch keeps the codes it had when it spoke only Query; its shapes are called otherwise.
    fn shape(&self, service: Service) -> &'static str {
        match (service, self.code) {
            (Service::CloudWatch, "InvalidParameterValue") => "InvalidParameterValueException",
            (Service::CloudWatch, "MissingParameter") => "MissingRequiredParameterException",
            (Service::CloudWatch, "ValidationError") => "ValidationException",
            (_, code) => code,
        }
    }

    fn document(&self, service: Service, shape: Option<&str>) -> Document {
        let mut members = Vec::with_capacity(3);
        members.extend(shape.map(|shape| ("__type", Document::text(shape))));
        members.push((service.message_member(), Document::text(self.message.as_str())));
        members.extend(self.reason.map(|reason| ("Reason", Document::text(reason))));
        Document::Structure(members)
    }

    fn ec2_body(&self, request_id: &str) -> Vec<u8> {
        let mut xml = Xml::with_capacity(512);
        xml.put(&["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"]);
        xml.element("Code", self.code).element("Message", &self.message);
        xml.put(&["</Error></Errors><RequestID>", request_id, "</RequestID></Response>"]);
        xml.into_bytes()
    }

    fn query_body(&self, service: Service, request_id: &str) -> Vec<u8> {
        let side = if self.status >= 500 { "Receiver" } else { "Sender" };
        let mut xml = Xml::with_capacity(512);
        xml.put(&["<ErrorResponse xmlns=\"", service.namespace(), "\"><Error>"]);
        xml.element("Type", side).element("Code", self.code).element("Message", &self.message);
        xml.put(&["</Error><RequestId>", request_id, "</RequestId></ErrorResponse>"]);
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
pub(crate) fn signature_error(protocol: Protocol, error: &SignatureError) -> ApiError {
    match protocol {
        Protocol::Ec2 => ec2_signature_error(error),
        Protocol::Query => query_signature_error(error),
        Protocol::RestJson => ApiError { status: 403, ..json_signature_error(error) },
        Protocol::Json | Protocol::Json10 | Protocol::Cbor => json_signature_error(error),
    }
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
    Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
const UNKNOWN: &str = "The security token included in the request is invalid.";
const EXPIRED: &str = "The security token included in the request is expired";

fn ec2_signature_error(error: &SignatureError) -> ApiError {
    match error {
        SignatureError::Mismatch => ApiError::new(403, "SignatureDoesNotMatch", MISMATCH),
        SignatureError::Skewed(_) | SignatureError::ExpiredSession => {
            ApiError::new(400, "RequestExpired", "Request has expired.")
        }
        _ => auth_failure(),
    }
}

fn query_signature_error(error: &SignatureError) -> ApiError {
    let new = |code, text: &str| ApiError::new(403, code, text);
    match error {
        SignatureError::Mismatch => new("SignatureDoesNotMatch", MISMATCH),
        SignatureError::Missing => {
            new("MissingAuthenticationToken", "Request is missing Authentication Token")
        }
        SignatureError::Incomplete(text) => {
            ApiError { status: 400, ..new("IncompleteSignature", text) }
        }
        SignatureError::UnknownKey => new("InvalidClientTokenId", UNKNOWN),
        SignatureError::Skewed(text) => new("SignatureDoesNotMatch", text),
        SignatureError::ExpiredSession => new("ExpiredToken", EXPIRED),
    }
}

fn json_signature_error(error: &SignatureError) -> ApiError {
    let new = |code, text: &str| ApiError::new(400, code, text);
    match error {
        SignatureError::Missing => {
            new("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        SignatureError::Incomplete(text) => new("IncompleteSignatureException", text),
        SignatureError::UnknownKey => new("UnrecognizedClientException", UNKNOWN),
        SignatureError::Mismatch => new("InvalidSignatureException", MISMATCH),
        SignatureError::Skewed(text) => new("InvalidSignatureException", text),
        SignatureError::ExpiredSession => new("ExpiredTokenException", EXPIRED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_shape() {
        let error = ApiError::new(400, "Some", "a < b");
        let text =
            |service, protocol| String::from_utf8(error.body(service, protocol, "id-1")).unwrap();
        assert!(text(Service::Ec2, Protocol::Ec2).contains(
            "<Response><Errors><Error><Code>Some</Code><Message>a &lt; b</Message></Error></Errors><RequestID>id-1</RequestID></Response>"
        ));
        assert_eq!(
            text(Service::Sts, Protocol::Query),
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>Some</Code>\
             <Message>a &lt; b</Message></Error><RequestId>id-1</RequestId></ErrorResponse>"
        );
        let json = r#"{"__type":"Some","Message":"a < b"}"#;
        assert_eq!(text(Service::Organizations, Protocol::Json), json);
        assert_eq!(text(Service::Eks, Protocol::RestJson), r#"{"message":"a < b"}"#);
        let header = error.headers(Service::Eks, Protocol::RestJson);
        assert_eq!(header, Some(("x-amzn-errortype", "Some".to_owned())));
    }

    #[test]
    fn cloudwatch_tells_its_old_codes_in_a_header() {
        let error = ApiError::invalid_value("no");
        let (service, protocol) = (Service::CloudWatch, Protocol::Cbor);
        let header = Some(("x-amzn-query-error", "InvalidParameterValue;Sender".to_owned()));
        assert_eq!(error.headers(service, protocol), header);
        let body = crate::cbor::read(&error.body(service, protocol, "id-1")).unwrap();
        assert_eq!(body["__type"], "com.amazonaws.cloudwatch#InvalidParameterValueException");
        assert_eq!(body["message"], "no");
    }
}
