//! Where calls go: the public endpoints, or those that the user set by flag, environment or profile.

use std::{collections::BTreeMap, sync::Arc};

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use crate::service::{SERVICES, Service};

/// An endpoint that calls cannot be sent to. What the user wrote is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the endpoint (--endpoint-url, AWS_ENDPOINT_URL… or endpoint_url in the profile) is no \
     `https://host[:port]`, without user and password"
)]
pub struct BadEndpoint;

/// Makes sure that calls can be sent to an endpoint.
pub(crate) fn check(url: &str) -> Result<(), BadEndpoint> {
    let url = url::Url::parse(url).map_err(|_| BadEndpoint)?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let secret = !url.username().is_empty() || url.password().is_some();
    if web && !secret { Ok(()) } else { Err(BadEndpoint) }
}

/// The endpoints of one identity.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    custom: Arc<BTreeMap<&'static str, String>>,
    fips: bool,
    dual_stack: bool,
}

impl Endpoints {
    /// Everything to one place: a simulated organization.
    pub fn all_to(url: &str) -> Result<Self, BadEndpoint> {
        check(url)?;
        let custom = SERVICES.into_iter().map(|service| (service.name, url.to_owned())).collect();
        Ok(Self { custom: Arc::new(custom), fips: false, dual_stack: false })
    }

    /// `flag` beats `AWS_ENDPOINT_URL_<SERVICE>`, which beats `AWS_ENDPOINT_URL`; each may stand in the
    /// profile as well.
    pub(crate) fn of(config: &SdkConfig, flag: Option<&str>) -> Result<Self, BadEndpoint> {
        let of_service = |service: &Service| {
            let key = ServiceConfigKey::builder()
                .service_id(service.id)
                .env("AWS_ENDPOINT_URL")
                .profile("endpoint_url")
                .build()
                .ok()?;
            config.service_config()?.load_config(key)
        };
        let custom = SERVICES.into_iter().filter_map(|service| {
            let url = flag
                .map(str::to_owned)
                .or_else(|| of_service(service))
                .or_else(|| config.endpoint_url().map(str::to_owned))?;
            Some((service.name, url))
        });
        let custom: BTreeMap<&'static str, String> = custom.collect();
        for url in custom.values() {
            check(url)?;
        }
        Ok(Self {
            custom: Arc::new(custom),
            fips: config.use_fips().unwrap_or_default(),
            dual_stack: config.use_dual_stack().unwrap_or_default(),
        })
    }

    /// Whether a service's calls go to the endpoint that every region with the service has: not to one that
    /// the user set, nor to a FIPS or dual-stack one, which not all have.
    pub(crate) fn is_plain(&self, service: &Service) -> bool {
        !self.fips && !self.dual_stack && !self.custom.contains_key(service.name)
    }

    /// The URL of a service's call for a region, `path` (it begins with `/`) included.
    pub(crate) fn url(&self, service: &Service, region: &str, path: &str) -> String {
        let base = match self.custom.get(service.name) {
            Some(url) => url.clone(),
            None => service.endpoint(region, self.fips, self.dual_stack),
        };
        format!("{}{path}", base.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{EKS, EMR};

    #[test]
    fn only_a_plain_endpoint_tells_where_a_service_is() {
        let plain = Endpoints::default();
        assert!(plain.is_plain(&EKS));
        assert!(!Endpoints { fips: true, ..plain.clone() }.is_plain(&EKS));
        assert!(!Endpoints { dual_stack: true, ..plain.clone() }.is_plain(&EKS));
        let custom = Arc::new(BTreeMap::from([("eks", "https://x".to_owned())]));
        let custom = Endpoints { custom, ..plain };
        assert!(!custom.is_plain(&EKS) && custom.is_plain(&EMR));
    }
}
