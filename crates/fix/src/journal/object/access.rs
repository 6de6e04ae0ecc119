//! As whom an S3 bucket is used, and where it is.

use std::sync::Arc;

use aws_credential_types::provider::SharedCredentialsProvider;
use imdsure_aws::partition::Partition;
use object_store::{
    ClientOptions, ObjectStore,
    aws::{AmazonS3Builder, S3ConditionalPut},
};
use url::{Host, Url};

use super::credentials::Renewed;

/// How long one request may take. A journal's are small; a plan may have some megabytes.
const TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);

/// As whom S3 is used: what `aws-config` found.
#[derive(Debug, Clone)]
pub struct S3Access {
    /// Where credentials come from, now and when they have expired.
    pub credentials: SharedCredentialsProvider,
    /// The region of the bucket.
    pub region: String,
    /// An endpoint other than AWS's (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`).
    pub endpoint_url: Option<String>,
}

/// S3 cannot be used so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAccess {
    /// The endpoint is none. What the user wrote is not repeated: it may hold a password.
    #[error(
        "the endpoint for S3 (--endpoint-url, AWS_ENDPOINT_URL… or endpoint_url in the profile) is no \
         `https://host[:port]`; `http://` is for this machine only (localhost)"
    )]
    Endpoint,
    /// Something else is wrong.
    #[error("bucket {bucket} cannot be used: {message}")]
    Bucket {
        /// The bucket.
        bucket: String,
        /// What is wrong.
        message: String,
    },
}

impl S3Access {
    /// A client of a bucket. Nothing is called.
    pub(in super::super) fn bucket(self, bucket: &str) -> Result<Arc<dyn ObjectStore>, BadAccess> {
        let endpoint = self.endpoint()?;
        let options = ClientOptions::new()
            .with_timeout(TIMEOUT)
            .with_allow_http(endpoint.as_deref().is_some_and(|url| url.starts_with("http:")));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&self.region)
            .with_credentials(Arc::new(Renewed::new(self.credentials)))
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_client_options(options);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let bad = |error: object_store::Error| BadAccess::Bucket {
            bucket: bucket.to_owned(),
            message: error.to_string(),
        };
        Ok(Arc::new(builder.build().map_err(bad)?))
    }

    /// The endpoint, where it is not the one that the client takes by itself.
    fn endpoint(&self) -> Result<Option<String>, BadAccess> {
        if let Some(url) = &self.endpoint_url {
            check(url)?;
            return Ok(Some(url.trim_end_matches('/').to_owned()));
        }
        let suffix = Partition::of_region(&self.region).dns_suffix();
        let other = suffix != "amazonaws.com";
        Ok(other.then(|| format!("https://s3.{}.{suffix}", self.region)))
    }
}

fn check(url: &str) -> Result<(), BadAccess> {
    let url = Url::parse(url).map_err(|_| BadAccess::Endpoint)?;
    let secret = !url.username().is_empty() || url.password().is_some();
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(BadAccess::Endpoint),
    };
    match url.scheme() {
        "https" if !secret => Ok(()),
        "http" if !secret && here => Ok(()),
        _ => Err(BadAccess::Endpoint),
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use aws_credential_types::Credentials;

    fn access(region: &str, endpoint_url: Option<&str>) -> S3Access {
        let credentials = Credentials::new("AKID", "secret", None, None, "test");
        S3Access {
            credentials: SharedCredentialsProvider::new(credentials),
            region: region.to_owned(),
            endpoint_url: endpoint_url.map(str::to_owned),
        }
    }

    #[test]
    fn china_has_its_own_names() {
        let endpoint = |region, url| access(region, url).endpoint();
        assert_eq!(endpoint("eu-west-1", None), Ok(None));
        let china = "https://s3.cn-north-1.amazonaws.com.cn";
        assert_eq!(endpoint("cn-north-1", None), Ok(Some(china.to_owned())));
        let own = Some("https://minio.example:9000/");
        assert_eq!(endpoint("cn-north-1", own), Ok(own.map(|url| url[..url.len() - 1].to_owned())));
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for url in ["http://localhost:9000", "http://127.0.0.1:5000", "http://[::1]:1"] {
            assert_eq!(check(url), Ok(()), "{url}");
            assert!(access("eu-west-1", Some(url)).bucket("runs").is_ok());
        }
        for url in ["http://minio.example", "ftp://localhost", "https://a:b@c", "localhost:1", ""] {
            assert_eq!(check(url), Err(BadAccess::Endpoint), "{url}");
        }
    }
}
