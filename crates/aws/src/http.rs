//! HTTP as all calls use it: TLS by rustls and ring with the system's certificates, proxies as the
//! environment names them (`HTTPS_PROXY`, `NO_PROXY`).

use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{Connector, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// AWS closes idle connections after some minutes; ours are given up before.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// The connection pool of the reads: one for all accounts.
pub(crate) fn pool(concurrency: usize) -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
    // The pool may open a connection too many while another becomes free: twice the number may idle, so
    // that those are used and not closed.
    connector(settings, 2 * concurrency, ProxyConfig::from_env())
}

/// The same past any proxy: for what is served on this machine.
pub(crate) fn direct_pool(concurrency: usize) -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
    connector(settings, 2 * concurrency, ProxyConfig::disabled())
}

/// The client with which `aws-config` fetches credentials; each of its providers sets its own timeouts.
pub(crate) fn for_credentials() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_with_connector_fn(|settings, _| {
        let fallback = || HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
        connector(settings.cloned().unwrap_or_else(fallback), 1, ProxyConfig::from_env())
    })
}

fn connector(
    settings: HttpConnectorSettings,
    idle_connections: usize,
    proxy: ProxyConfig,
) -> Connector {
    Connector::builder()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .proxy_config(proxy)
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(idle_connections)
        .build()
}
