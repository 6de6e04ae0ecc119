//! Signature Version 4: how AWS knows who sends a request ("Create a signed AWS API request" in the IAM User Guide).

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::crypto::{hex, hmac, sha256};
use crate::request::{Request, percent_decoded_bytes};

/// How far a request's clock may be off, in seconds.
const TOLERANCE: i64 = 15 * 60;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Why a request is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// There is no signature.
    Missing,
    /// There is one, but a part of it is missing or malformed.
    Incomplete(String),
    /// Nobody has this access key, or the session token is not the key's.
    UnknownKey,
    /// It was signed with another secret, or is another request.
    Mismatch,
    /// It was signed too long ago, or in the future.
    Skewed(String),
    /// The temporary credentials have ended.
    ExpiredSession,
}

/// The `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) date: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) signed_headers: Vec<&'a str>,
    pub(crate) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the header.
    pub(crate) fn parse(header: &'a str) -> Result<Self, SignatureError> {
        let incomplete = |what: &str| {
            SignatureError::Incomplete(format!("Authorization header requires {what}"))
        };
        let rest = header.strip_prefix(ALGORITHM).ok_or(SignatureError::Missing)?;
        let field = |name: &str| {
            rest.split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .filter(|value| !value.is_empty())
        };
        let credential =
            field("Credential").ok_or_else(|| incomplete("'Credential' parameter."))?;
        let signed =
            field("SignedHeaders").ok_or_else(|| incomplete("'SignedHeaders' parameter."))?;
        let signature = field("Signature").ok_or_else(|| incomplete("'Signature' parameter."))?;
        let scope: Vec<&str> = credential.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope[..] else {
            return Err(incomplete(
                "a credential of the form KEY/DATE/REGION/SERVICE/aws4_request.",
            ));
        };
        Ok(Self {
            access_key,
            date,
            region,
            service,
            signed_headers: signed.split(';').collect(),
            signature,
        })
    }

    /// Checks the signature with the signing key that belongs to the scope; `now` in seconds since 1970.
    pub(crate) fn verify(
        &self,
        request: &Request,
        signing_key: &[u8; 32],
        now: i64,
    ) -> Result<(), SignatureError> {
        let timestamp = self.timestamp(request, now)?;
        if !self.signed_headers.contains(&"host") {
            return Err(SignatureError::Incomplete(
                "'Host' must be a 'SignedHeader' in the AWS Authorization.".into(),
            ));
        }
        if self.signature_of(request, timestamp, signing_key)? == self.signature {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }

    /// The signature that the request ought to have.
    pub(crate) fn signature_of(
        &self,
        request: &Request,
        timestamp: &str,
        signing_key: &[u8; 32],
    ) -> Result<String, SignatureError> {
        let canonical = self.canonical_request(request, &self.payload_hash(request)?)?;
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let digest = hex(&sha256(canonical.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{timestamp}\n{scope}\n{digest}");
        Ok(hex(&hmac(signing_key, to_sign.as_bytes())))
    }

    /// The time of signing, if it is one, signed, of the scope's day and near enough.
    fn timestamp<'r>(&self, request: &'r Request, now: i64) -> Result<&'r str, SignatureError> {
        let incomplete = |text: &str| SignatureError::Incomplete(text.to_owned());
        let text = request.header("x-amz-date").ok_or_else(|| {
            incomplete("Authorization header requires existence of 'X-Amz-Date'.")
        })?;
        let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text)
            .ok()
            .and_then(|time| Offset::UTC.to_timestamp(time).ok())
            .ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format'."))?;
        if !text.starts_with(self.date) || !self.signed_headers.contains(&"x-amz-date") {
            return Err(incomplete(
                "Date in Credential scope does not match the signed X-Amz-Date.",
            ));
        }
        if (time.as_second() - now).abs() > TOLERANCE {
            return Err(SignatureError::Skewed(format!(
                "Signature expired or not yet valid: it is dated {text}."
            )));
        }
        Ok(text)
    }

    /// What stands for the body in the canonical request: its digest, or that it is not signed, if that is itself signed.
    fn payload_hash(&self, request: &Request) -> Result<String, SignatureError> {
        let digest = hex(&sha256(&request.body));
        match request.header("x-amz-content-sha256") {
            Some(UNSIGNED) if self.signed_headers.contains(&"x-amz-content-sha256") => {
                Ok(UNSIGNED.to_owned())
            }
            Some(claimed) if claimed != digest => Err(SignatureError::Mismatch),
            _ => Ok(digest),
        }
    }

    fn canonical_request(
        &self,
        request: &Request,
        payload_hash: &str,
    ) -> Result<String, SignatureError> {
        let mut text = format!(
            "{}\n{}\n{}\n",
            request.method,
            canonical_path(&request.path),
            canonical_query(&request.query)
        );
        for name in &self.signed_headers {
            let mut values = request.headers.get_all(*name).iter().peekable();
            if values.peek().is_none() {
                return Err(SignatureError::Mismatch);
            }
            text.push_str(name);
            for (position, value) in values.enumerate() {
                text.push(if position == 0 { ':' } else { ',' });
                let value = value.to_str().map_err(|_| SignatureError::Mismatch)?;
                let words: Vec<&str> = value.split_ascii_whitespace().collect();
                text.push_str(&words.join(" "));
            }
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.signed_headers.join(";"));
        text.push('\n');
        text.push_str(payload_hash);
        Ok(text)
    }
}

/// The key that signs requests of one day, region and service.
pub(crate) fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> [u8; 32] {
    let key = hmac(format!("AWS4{secret}").as_bytes(), date.as_bytes());
    let key = hmac(&key, region.as_bytes());
    let key = hmac(&key, service.as_bytes());
    hmac(&key, b"aws4_request")
}

/// The path as every service but S3 has it signed: without dots and empty segments, and what stands in it already encoded is encoded once more.
fn canonical_path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            other => segments.push(encoded_bytes(other.as_bytes())),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// The query string with every part encoded AWS's way, sorted by name and value.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// A part of a query string, decoded and encoded again.
fn encoded(text: &str) -> String {
    encoded_bytes(&percent_decoded_bytes(text))
}

/// Everything but A–Z a–z 0–9 - . _ ~ as `%XX`.
fn encoded_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex(&[byte]).to_uppercase());
        }
    }
    out
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
