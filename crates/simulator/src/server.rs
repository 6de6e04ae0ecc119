//! The HTTP server around the simulator.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::cloud::Cloud;
use crate::config::{Config, ConfigError};
use crate::dispatch::{self, Clock, Delivery};
use crate::drift::Drift;
use crate::request::Request;
use crate::stats::Stats;
use crate::workload::{Workload, WorkloadError};

mod answers;
mod control;
mod payload;

use answers::{api_response, plain};
use payload::Payload;

/// Bytes a request's body may have.
const BODY_LIMIT: usize = 1 << 20;
/// How late a slow answer is.
const LATE: Duration = Duration::from_secs(2);
/// How long to wait before accepting again after an error, so that running out of file descriptors does not spin.
const BREATH: Duration = Duration::from_millis(50);

/// A simulated organization, computed from its [`Config`].
pub struct Simulator {
    cloud: Cloud,
}

/// Why the simulator does not serve.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address as asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Simulator {
    /// Makes the world. Its size costs memory by accounts, not by instances.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let began = config.began.or_else(|| Some(real_time()));
        Ok(Self { cloud: Cloud::new(Config { began, ..config }) })
    }

    /// Listens and serves until [`Running::stop`], or until the [`Running`] is dropped. Port 0 takes a free one.
    /// Must be called within a Tokio runtime.
    pub async fn serve(self, listen: SocketAddr) -> Result<Running, SimulatorError> {
        let failed = |source| SimulatorError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let cloud = Arc::new(self.cloud);
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(accept(listener, Arc::clone(&cloud), stopped));
        Ok(Running { cloud, address, stop, server })
    }
}

/// A simulator that serves.
pub struct Running {
    cloud: Arc<Cloud>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Running {
    /// The base URL of all services, for example `http://127.0.0.1:4566`.
    pub fn endpoint_url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{address}")
    }

    /// The id of the organization's management account.
    pub fn management_account(&self) -> &str {
        &self.cloud.world.management().id
    }

    /// The id of the account that may read the organization besides the managing one; none if there is only one account.
    pub fn delegated_administrator(&self) -> Option<&str> {
        let world = &self.cloud.world;
        let place = world.delegated_administrator()?;
        world.accounts.get(place).map(|account| account.id.as_str())
    }

    /// Access key id and secret of the management account's user.
    pub fn access_key(&self) -> (&str, &str) {
        self.cloud.identities.user_credentials()
    }

    /// The environment variables that lead any AWS client here: endpoint, access key, and the first region as default.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let (id, secret) = self.access_key();
        let region = self.cloud.world.regions.first().cloned().unwrap_or_default();
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint_url()),
            ("AWS_ACCESS_KEY_ID", id.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
            ("AWS_DEFAULT_REGION", region),
        ]
    }

    /// What was counted up to now.
    pub fn stats(&self) -> Stats {
        self.cloud.stats()
    }

    /// The world's time, in seconds since 1970.
    pub fn world_time(&self) -> i64 {
        self.cloud.world_time(real_time())
    }

    /// Lets so many seconds go by in the world, a hundred years in all at most; its time is then the answer, in seconds since 1970.
    pub fn advance(&self, seconds: u64) -> i64 {
        self.cloud.advance(seconds);
        self.world_time()
    }

    /// Decides from now on when the software on an instance calls its metadata service without a token, instead of what the seed drew.
    pub fn set_workload(
        &self,
        account_id: &str,
        region: &str,
        instance_id: &str,
        workload: Workload,
    ) -> Result<(), WorkloadError> {
        self.cloud.set_workload([account_id, region, instance_id], workload, real_time())
    }

    /// The same for every instance of an account's region.
    pub fn set_workloads(
        &self,
        account_id: &str,
        region: &str,
        workload: Workload,
    ) -> Result<(), WorkloadError> {
        self.cloud.set_workloads([account_id, region], workload, real_time())
    }

    /// What somebody else changed, by the fault `drift`.
    pub fn drifted(&self) -> Vec<Drift> {
        self.cloud.drifts.list()
    }

    /// Stops listening and ends all connections.
    pub async fn stop(self) {
        // Either fails only when the server has ended already.
        let _ = self.stop.send(());
        let _ = self.server.await;
    }
}

/// Accepts connections until told to stop; the connections end with it.
async fn accept(listener: TcpListener, cloud: Arc<Cloud>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Also when the sender was dropped.
            _ = &mut stopped => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    cloud.counters.connection();
                    connections.spawn(converse(stream, Arc::clone(&cloud)));
                }
                Err(_) => tokio::time::sleep(BREATH).await,
            }
        }
    }
}

/// Serves one connection until either side ends it.
async fn converse(stream: TcpStream, cloud: Arc<Cloud>) {
    // Without it small answers may wait for acknowledgements; a connection that refuses it still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let cloud = Arc::clone(&cloud);
        async move { respond(&cloud, request).await }
    });
    // An error here is a client that went away, or a fault that was asked for.
    let _ = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The answer does not leave the simulator; its connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost")]
struct Lost;

fn real_time() -> i64 {
    jiff::Timestamp::now().as_second()
}

async fn respond(
    cloud: &Cloud,
    request: http::Request<Incoming>,
) -> Result<Response<Payload>, Lost> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "request body too large"));
        }
        Err(_) => return Ok(plain(StatusCode::BAD_REQUEST, "request body broke off")),
    };
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let seconds = real_time().saturating_add(cloud.clock_ahead());
    let clock = Clock { seconds, instant: Instant::now() };
    if control::is_meant(&request.path) {
        return Ok(control::answer(cloud, &request, clock.seconds));
    }
    let reply = dispatch::answer(cloud, &request, clock);
    match reply.delivery {
        Delivery::Late => tokio::time::sleep(LATE).await,
        Delivery::Lost => return Err(Lost),
        Delivery::Normal | Delivery::Cut => {}
    }
    let mut response = api_response(reply);
    // Where the clock is the machine's, hyper says the same.
    if let Some(date) = http_date(seconds).filter(|_| cloud.clock_ahead() != 0) {
        response.headers_mut().insert(header::DATE, date);
    }
    Ok(response)
}

/// A time as HTTP writes it (RFC 9110, 5.6.7).
fn http_date(seconds: i64) -> Option<HeaderValue> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    HeaderValue::try_from(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}
