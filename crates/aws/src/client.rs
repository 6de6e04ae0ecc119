//! One client for all accounts and regions: one connection pool, credentials per request, our own
//! pacing and retries. (The SDK's retry budget and credential cache are sized for one account: shared
//! over an organization, a few throttled regions would empty them for all.)

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, SharedHttpConnector},
        identity::Identity,
        orchestrator::HttpRequest,
        result::ConnectorError,
    },
    http::Response,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use imdsure_model::ErrorKind;
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, sleep, timeout},
};

use crate::{
    access::Access,
    error::{CallError, Class, Failure, chain},
    http,
    operation::Operation,
    pacer::{Lane, Pacer},
    partition::Partition,
    progress::Progress,
    service::Reach,
    wire::{self, Parameters},
};

/// The longest that one attempt may take: a page of 1,000 instances takes AWS a few seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);
/// How imdsure's calls stand in CloudTrail.
const USER_AGENT: &str = concat!("imdsure/", env!("CARGO_PKG_VERSION"));
/// An answer larger than this is none that AWS gives.
const MAX_BODY: usize = 256 << 20;

const TRANSIENT_ATTEMPTS: u32 = 7;
const THROTTLED_ATTEMPTS: u32 = 25;
/// Fresh credentials may be refused as well, but hardly three in a row.
const EXPIRED_ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Calls AWS.
#[derive(Debug)]
pub struct Client {
    http: SharedHttpConnector,
    /// Calls that may be under way, whoever makes them: a worker may have several.
    slots: Semaphore,
    pacer: Pacer,
    names: Names,
    progress: Arc<Progress>,
    clock: Clock,
}

/// Where a call goes, and as whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) access: &'a Access,
    /// The account, where it is known already.
    pub(crate) account_id: Option<&'a str>,
    pub(crate) region: &'a str,
}

impl Client {
    /// A client whose calls are counted in `progress`. At most `concurrency` of them are under way at once.
    pub fn new(progress: Arc<Progress>, concurrency: usize) -> Self {
        Self {
            http: SharedHttpConnector::new(http::pool(concurrency)),
            slots: Semaphore::new(concurrency.max(1)),
            pacer: Pacer::default(),
            names: Names::default(),
            progress,
            clock: Clock::default(),
        }
    }

    /// The same with a share of each of AWS's allowances, 0 to 1: for changes, beside which others have to work.
    #[must_use]
    pub fn with_share(self, share: f64) -> Self {
        Self { pacer: Pacer::with_share(share), ..self }
    }

    /// The same past any proxy that the environment names: for what is served on this machine.
    #[must_use]
    pub fn without_proxy(self, concurrency: usize) -> Self {
        Self { http: SharedHttpConnector::new(http::direct_pool(concurrency)), ..self }
    }

    /// The time as AWS has it, as far as its answers told that this machine's clock is off.
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// A client whose calls go to something else than the network.
    #[cfg(test)]
    pub(crate) fn over(connector: impl HttpConnector + 'static, progress: Arc<Progress>) -> Self {
        Self {
            http: SharedHttpConnector::new(connector),
            slots: Semaphore::new(64),
            pacer: Pacer::default(),
            names: Names { known: Mutex::default(), every: true },
            progress,
            clock: Clock::default(),
        }
    }

    /// Makes a call until it is answered, refused, or patience ends, and reads the answer with `read`.
    ///
    /// An answer that `read` refuses is asked for again: a page counts whole or not at all.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static Operation,
        place: &Place<'_>,
        parameters: &Parameters,
        read: impl FnMut(&[u8]) -> Result<T, Failure> + Send,
    ) -> Result<T, CallError> {
        Ok(self.call_with_id(operation, place, parameters, read).await?.0)
    }

    /// The same, with the id under which AWS knows the request.
    pub(crate) async fn call_with_id<T>(
        &self,
        operation: &'static Operation,
        place: &Place<'_>,
        parameters: &Parameters,
        mut read: impl FnMut(&[u8]) -> Result<T, Failure> + Send,
    ) -> Result<(T, Option<String>), CallError> {
        let lane = self.pacer.lane(place.access.bucket_account(), place.region, operation.bucket);
        let mut patience = Patience::default();
        loop {
            let turn = lane.turn().await;
            let failure = match self.attempt(operation, place, parameters, &mut read).await {
                Ok(answer) => {
                    lane.answered();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            self.count(&failure, &lane, turn);
            match patience.pause(failure.class) {
                Some(pause) => sleep(pause).await,
                None => return Err(error(operation, place, failure)),
            }
        }
    }

    fn count(&self, failure: &Failure, lane: &Lane, turn: Instant) {
        if failure.class == Class::Throttled {
            lane.throttled(turn);
            self.progress.throttled.add(1);
        }
    }

    async fn attempt<T>(
        &self,
        operation: &'static Operation,
        place: &Place<'_>,
        parameters: &Parameters,
        read: &mut (impl FnMut(&[u8]) -> Result<T, Failure> + Send),
    ) -> Result<(T, Option<String>), Failure> {
        let credentials = place.access.credentials(self).await?;
        // Only a closed semaphore refuses, and nobody closes it.
        let slot = self.slots.acquire().await.ok();
        let request = request(operation, place, parameters, &credentials, self.clock.now())?;
        self.progress.calls.add(1);
        let answer = timeout(ATTEMPT_TIMEOUT, self.exchange(request)).await;
        // What follows may wait for credentials, and who renews them needs a slot.
        drop(slot);
        let answer = match answer.unwrap_or_else(|_| Err(timed_out())) {
            Err(failure) if failure.code == NO_HOST && self.lacks(operation, place).await => {
                return Err(not_offered(operation, place.region));
            }
            answer => answer?,
        };
        let Answer { status, kind, request_id, date, body } = answer;
        if (200..300).contains(&status) {
            let read = read(&body).map_err(|failure| wire::explain(operation, &body, failure));
            return Ok((read?, request_id));
        }
        if (400..500).contains(&status) && self.clock.learn(date) {
            return Err(clock_was_off());
        }
        let failure = wire::failure(operation, status, kind.as_deref(), &body);
        if failure.class == Class::Expired {
            place.access.forget(&credentials).await;
        }
        Err(failure)
    }

    /// Whether a region whose host name nobody knows does without the service. It does when the same service
    /// has a name in the partition's first region: else it is the resolver that knows no names.
    async fn lacks(&self, operation: &Operation, place: &Place<'_>) -> bool {
        let service = operation.service;
        if service.reach != Reach::SomeRegions || !place.access.endpoints.is_plain(service) {
            return false;
        }
        let home = Partition::of_region(place.region).first_region();
        let host = service.endpoint(home, false, false).replace("https://", "");
        place.region != home && self.names.knows(host).await
    }

    async fn exchange(&self, request: HttpRequest) -> Result<Answer, Failure> {
        let answer = self.http.call(request).await.map_err(|error| unreachable(&error))?;
        let status = answer.status().as_u16();
        let header = |name| answer.headers().get(name).map(str::to_owned);
        let kind = header("x-amzn-errortype");
        let request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
        let date = header("date").and_then(|text| jiff::fmt::rfc2822::parse(&text).ok());
        let date = date.map(|date| SystemTime::from(date.timestamp()));
        Ok(Answer { status, kind, request_id, date, body: whole_body(answer).await? })
    }
}

/// An answer as it came.
struct Answer {
    status: u16,
    /// `x-amzn-errortype`: where REST services write the error's code.
    kind: Option<String>,
    request_id: Option<String>,
    /// When it was given, by the clock of who gave it.
    date: Option<SystemTime>,
    body: Vec<u8>,
}

async fn whole_body(answer: Response) -> Result<Vec<u8>, Failure> {
    let length = answer.headers().get("content-length").and_then(|text| text.parse().ok());
    let mut bytes = Vec::with_capacity(length.unwrap_or(16 << 10).min(MAX_BODY));
    let mut body = answer.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&*error))?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > MAX_BODY {
                return Err(Failure::malformed(format!(
                    "the answer is longer than {MAX_BODY} bytes"
                )));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

fn request(
    operation: &Operation,
    place: &Place<'_>,
    parameters: &Parameters,
    credentials: &Credentials,
    time: SystemTime,
) -> Result<HttpRequest, Failure> {
    let message = wire::encode(operation, parameters);
    let method = message.method.as_str();
    let url = place.access.endpoints.url(operation.service, place.region, &message.path);
    let mut request =
        ::http::Request::builder().method(method).uri(&url).header("user-agent", USER_AGENT);
    for (name, value) in &message.headers {
        request = request.header(*name, value);
    }
    let mut request = request.body(()).map_err(|error| bad_endpoint(&url, &error.to_string()))?;
    let identity = Identity::from(credentials.clone());
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(operation.service.signing_region(place.region))
        .name(operation.service.signing_name)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| bad_endpoint(&url, &error.to_string()))?;
    let headers = message.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let body = SignableBody::Bytes(message.body.as_bytes());
    let signed = SignableRequest::new(method, &url, headers, body)
        .and_then(|signable| sign(signable, &parameters.into()))
        .map_err(|error| bad_endpoint(&url, &chain(&error)))?;
    signed.into_parts().0.apply_to_request_http1x(&mut request);
    let request = request.map(|()| SdkBody::from(message.body));
    HttpRequest::try_from(request).map_err(|error| bad_endpoint(&url, &error.to_string()))
}

/// The error for a page that names itself as the next one: reading on would never end.
pub(crate) fn endless(operation: &Operation, place: &Place<'_>) -> CallError {
    error(operation, place, Failure::malformed("a page names itself as the next page"))
}

fn error(operation: &Operation, place: &Place<'_>, failure: Failure) -> CallError {
    CallError {
        account_id: place.account_id.map(str::to_owned),
        region: Some(place.region.to_owned()),
        kind: failure.kind(),
        operation: failure.operation.unwrap_or_else(|| operation.name()),
        code: failure.code,
        message: failure.message,
    }
}

fn bad_endpoint(url: &str, message: &str) -> Failure {
    let message = format!("no request can be made to `{url}`: {message}");
    Failure::new("BadEndpoint", message, Class::Final(ErrorKind::Unavailable))
}

fn timed_out() -> Failure {
    let message = format!("no whole answer within {} seconds", ATTEMPT_TIMEOUT.as_secs());
    Failure::new("Timeout", message, Class::Transient(ErrorKind::Unavailable))
}

/// This machine's clock, and how far AWS's is ahead of it. AWS refuses signatures that are more than some minutes off.
#[derive(Debug, Default)]
struct Clock {
    ahead_millis: AtomicI64,
}

impl Clock {
    fn now(&self) -> SystemTime {
        let ahead = self.ahead_millis.load(Ordering::Relaxed);
        let by = Duration::from_millis(ahead.unsigned_abs());
        let now = SystemTime::now();
        if ahead < 0 { now - by } else { now + by }
    }

    /// Follows the clock of an answer that refused a call, if it is far from what is taken for the time: true when the call is
    /// worth another attempt.
    fn learn(&self, date: Option<SystemTime>) -> bool {
        let Some(date) = date else { return false };
        let (now, millis) = (self.now(), |time: Duration| time.as_millis() as i64);
        let off = match date.duration_since(now) {
            Ok(ahead) => millis(ahead),
            Err(error) => -millis(error.duration()),
        };
        let far = off.unsigned_abs() > OFF.as_millis() as u64;
        if far {
            self.ahead_millis.fetch_add(off, Ordering::Relaxed);
        }
        far
    }
}

/// A clock that is off by more than this is corrected: AWS accepts five minutes.
const OFF: Duration = Duration::from_mins(4);

fn clock_was_off() -> Failure {
    let message = "this machine's clock is minutes off from AWS's";
    Failure::new("ClockSkew", message, Class::Expired)
}

/// Which host names of services resolve, each asked for once.
#[derive(Debug, Default)]
struct Names {
    known: Mutex<HashMap<String, bool>>,
    /// Every name is taken as known: for tests, that must not ask the network.
    every: bool,
}

impl Names {
    async fn knows(&self, host: String) -> bool {
        if self.every {
            return true;
        }
        let mut known = self.known.lock().await;
        if let Some(known) = known.get(&host) {
            return *known;
        }
        let found = tokio::net::lookup_host((host.as_str(), 443)).await.is_ok();
        known.insert(host, found);
        found
    }
}

/// The code of a host name that nobody knows.
const NO_HOST: &str = "NoSuchHost";
/// The code of a call to a service in a region that does not have it.
pub(crate) const NOT_OFFERED: &str = "NotOffered";

fn not_offered(operation: &Operation, region: &str) -> Failure {
    let message = format!("{} has no endpoint in {region}", operation.service.id);
    Failure::new(NOT_OFFERED, message, Class::Final(ErrorKind::Unavailable))
}

fn unreachable(error: &ConnectorError) -> Failure {
    let message = chain(error);
    if is_unknown_host(&message) {
        return Failure::new(NO_HOST, message, Class::Transient(ErrorKind::Unavailable));
    }
    Failure::new("Unreachable", message, Class::Transient(ErrorKind::Unavailable))
}

/// Whether the resolver said that there is no such host, and not that it could not tell just now: only the
/// former means that a service is not offered. The words are those of glibc, musl, macOS and Windows.
fn is_unknown_host(message: &str) -> bool {
    const WORDS: [&str; 5] = [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "nodename nor servname provided",
        "No such host is known",
    ];
    message.contains("dns error") && WORDS.iter().any(|words| message.contains(words))
}

fn broken(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Failure {
    let message = format!("the answer broke off: {}", chain(error));
    Failure::new("BrokenAnswer", message, Class::Transient(ErrorKind::Unavailable))
}

/// What is left of a call's attempts.
#[derive(Debug, Default)]
struct Patience {
    transient: u32,
    throttled: u32,
    expired: u32,
}

impl Patience {
    /// How long to wait before the next attempt; none when this failure was the last.
    fn pause(&mut self, class: Class) -> Option<Duration> {
        let (count, limit) = match class {
            Class::Final(_) => return None,
            Class::Expired => {
                self.expired += 1;
                return (self.expired < EXPIRED_ATTEMPTS).then_some(Duration::ZERO);
            }
            Class::Throttled => (&mut self.throttled, THROTTLED_ATTEMPTS),
            Class::Transient(_) => (&mut self.transient, TRANSIENT_ATTEMPTS),
        };
        *count += 1;
        if *count >= limit {
            return None;
        }
        let longest = FIRST_PAUSE.saturating_mul(1 << (*count - 1).min(16)).min(LONGEST_PAUSE);
        // Full jitter: those who failed together must not come back together.
        Some(longest.mul_f64(fastrand::f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_follows_aws_when_it_is_far_off() {
        let clock = Clock::default();
        let now = SystemTime::now();
        assert!(!clock.learn(None));
        assert!(!clock.learn(Some(now + Duration::from_mins(3))));
        assert!(clock.learn(Some(now - Duration::from_hours(2))));
        let off = |clock: &Clock| {
            now.duration_since(clock.now()).unwrap().abs_diff(Duration::from_hours(2))
        };
        assert!(off(&clock) < Duration::from_mins(1));
        assert!(!clock.learn(Some(now - Duration::from_hours(2))));
        assert!(clock.learn(Some(now)));
    }

    #[test]
    fn a_resolver_that_cannot_tell_has_not_said_no() {
        let error = |why| {
            format!("dispatch failure: dns error: failed to lookup address information: {why}")
        };
        assert!(is_unknown_host(&error("Name or service not known")));
        assert!(!is_unknown_host(&error("Temporary failure in name resolution")));
        assert!(!is_unknown_host("tcp connect error: Name or service not known"));
    }

    #[test]
    fn patience_ends() {
        let attempts = |class| {
            let mut patience = Patience::default();
            let pauses = std::iter::from_fn(|| patience.pause(class));
            pauses.inspect(|pause| assert!(*pause <= LONGEST_PAUSE)).count() + 1
        };
        assert_eq!(attempts(Class::Final(ErrorKind::Denied)), 1);
        assert_eq!(attempts(Class::Expired), EXPIRED_ATTEMPTS as usize);
        assert_eq!(attempts(Class::Transient(ErrorKind::Unavailable)), TRANSIENT_ATTEMPTS as usize);
        assert_eq!(attempts(Class::Throttled), THROTTLED_ATTEMPTS as usize);
    }
}
