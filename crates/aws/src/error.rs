//! What can go wrong with a call, sorted by what to do about it.

use imdsure_model::{ErrorKind, ErrorRow};

/// A call that AWS did not answer as asked, after everything that could be tried was tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}{} failed: {code}: {message}", place(.account_id.as_deref(), .region.as_deref()))]
pub struct CallError {
    /// The account whose credentials were used, or that was to be entered.
    pub account_id: Option<String>,
    /// The region that was asked.
    pub region: Option<String>,
    /// The operation (`ec2:DescribeInstances`).
    pub operation: String,
    /// AWS's error code, or a word of ours where AWS did not answer.
    pub code: String,
    /// AWS's message, or what happened.
    pub message: String,
    /// What sort of error it is.
    pub kind: ErrorKind,
}

fn place(account: Option<&str>, region: Option<&str>) -> String {
    match (account, region) {
        (Some(account), Some(region)) => format!(" ({account}, {region})"),
        (Some(place), None) | (None, Some(place)) => format!(" ({place})"),
        (None, None) => String::new(),
    }
}

impl CallError {
    /// The row of `scan_error` for it: the rows of `table` that are missing because of it.
    pub fn row(&self, table: Option<&str>) -> ErrorRow {
        ErrorRow {
            account_id: self.account_id.clone(),
            region: self.region.clone(),
            operation: self.operation.clone(),
            code: self.code.clone(),
            message: self.message.clone(),
            kind: self.kind,
            table_name: table.map(str::to_owned),
            path: None,
            line: None,
            column: None,
            accepted: None,
        }
    }
}

/// An error with its causes, each once, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

/// One attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) class: Class,
    /// The operation that failed, where it is not the one that was called: getting its credentials.
    pub(crate) operation: Option<String>,
}

/// What an attempt's failure calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Slow the bucket down and try again, patiently.
    Throttled,
    /// Try again a few times.
    Transient(ErrorKind),
    /// Renew the credentials and try once more.
    Expired,
    /// Final.
    Final(ErrorKind),
}

impl Failure {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>, class: Class) -> Self {
        Self { code: code.into(), message: message.into(), class, operation: None }
    }

    /// An answer that is not what the API documents. A broken page may be whole at the next attempt.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new("MalformedAnswer", message, Class::Transient(ErrorKind::Malformed))
    }

    /// An error that AWS answered, sorted by its code.
    pub(crate) fn answered(status: u16, code: String, message: String) -> Self {
        let class = classify(status, &code, &message);
        Self::new(code, message, class)
    }

    pub(crate) const fn kind(&self) -> ErrorKind {
        match self.class {
            Class::Throttled => ErrorKind::Throttled,
            Class::Expired => ErrorKind::Credentials,
            Class::Transient(kind) | Class::Final(kind) => kind,
        }
    }
}

fn classify(status: u16, code: &str, message: &str) -> Class {
    match code {
        "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "CallRateLimitExceededException"
        | "EC2ThrottledException"
        | "SlowDown"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete" => Class::Throttled,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Class::Expired,
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "ForbiddenException"
        | "InsufficientPrivilegesException" => {
            if message.contains("explicit deny in a service control policy") {
                Class::Final(ErrorKind::ClosedByPolicy)
            } else {
                Class::Final(ErrorKind::Denied)
            }
        }
        "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "UnauthenticatedException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException"
        | "IncompleteSignature"
        | "InvalidSignatureException" => Class::Final(ErrorKind::Credentials),
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerException"
        | "InternalServiceError"
        | "InternalServiceFault"
        | "ServerException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "Unavailable"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ServiceException" => Class::Transient(ErrorKind::Unavailable),
        // Lightsail, while an account or region is being prepared: whether anything is there is not known.
        "AccountSetupInProgressException" | "RegionSetupInProgressException" => {
            Class::Final(ErrorKind::Unavailable)
        }
        _ if status == 429 => Class::Throttled,
        _ if status >= 500 => Class::Transient(ErrorKind::Unavailable),
        _ => Class::Final(ErrorKind::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sorted_by_what_to_do() {
        let scp = "User: x is not authorized to perform: ec2:DescribeInstances with an explicit deny in a service control policy";
        let table = [
            (503, "RequestLimitExceeded", "", Class::Throttled),
            (400, "TooManyRequestsException", "", Class::Throttled),
            (429, "Whatever", "", Class::Throttled),
            (503, "Unavailable", "", Class::Transient(ErrorKind::Unavailable)),
            (502, "", "", Class::Transient(ErrorKind::Unavailable)),
            (403, "UnauthorizedOperation", "no", Class::Final(ErrorKind::Denied)),
            (403, "UnauthorizedOperation", scp, Class::Final(ErrorKind::ClosedByPolicy)),
            (403, "ExpiredToken", "", Class::Expired),
            (401, "AuthFailure", "", Class::Final(ErrorKind::Credentials)),
            (400, "InvalidParameterValue", "", Class::Final(ErrorKind::Refused)),
            // The services beside EC2, each with the codes of its own model.
            (400, "AccessDeniedException", "no", Class::Final(ErrorKind::Denied)),
            (403, "AccessDeniedException", scp, Class::Final(ErrorKind::ClosedByPolicy)),
            (403, "ForbiddenException", "no", Class::Final(ErrorKind::Denied)),
            (403, "InsufficientPrivilegesException", "", Class::Final(ErrorKind::Denied)),
            (403, "InsufficientPrivilegesException", scp, Class::Final(ErrorKind::ClosedByPolicy)),
            (400, "UnrecognizedClientException", "", Class::Final(ErrorKind::Credentials)),
            (400, "UnauthenticatedException", "", Class::Final(ErrorKind::Credentials)),
            (400, "ExpiredTokenException", "", Class::Expired),
            (400, "ThrottlingException", "", Class::Throttled),
            (400, "CallRateLimitExceededException", "", Class::Throttled),
            (400, "InternalServerException", "", Class::Transient(ErrorKind::Unavailable)),
            (400, "ServerException", "", Class::Transient(ErrorKind::Unavailable)),
            (400, "InternalServiceFault", "", Class::Transient(ErrorKind::Unavailable)),
            (400, "InvalidRequestException", "", Class::Final(ErrorKind::Refused)),
            (404, "ResourceNotFoundException", "", Class::Final(ErrorKind::Refused)),
            (400, "RegionSetupInProgressException", "", Class::Final(ErrorKind::Unavailable)),
            // AWS says of these that the account's status wants repair, not that it has nothing there.
            (403, "OptInRequired", "", Class::Final(ErrorKind::Refused)),
            (400, "SubscriptionRequiredException", "", Class::Final(ErrorKind::Refused)),
        ];
        for (status, code, message, class) in table {
            assert_eq!(classify(status, code, message), class, "{status} {code}");
        }
    }
}
