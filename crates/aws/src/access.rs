//! Credentials for one account, renewed once for all who wait for them.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use imdsure_model::ErrorKind;
use tokio::sync::Mutex;

use crate::{
    client::{Client, Place},
    endpoint::Endpoints,
    error::{Class, Failure, chain},
    read,
};

/// Credentials are renewed when they have less than this left, so that no call starts with ones that
/// expire on the way.
const MARGIN: Duration = Duration::from_mins(5);

/// How to get into one account. One value per account, shared by all its calls.
#[derive(Debug)]
pub struct Access {
    source: Source,
    current: Mutex<Option<Current>>,
    /// Where calls go.
    pub(crate) endpoints: Endpoints,
}

/// Credentials, and when to renew them.
#[derive(Debug)]
struct Current {
    credentials: Credentials,
    renew: Option<SystemTime>,
}

#[derive(Debug)]
enum Source {
    /// The user's own credentials, and the account that they turned out to belong to.
    Own(SharedCredentialsProvider, OnceLock<String>),
    /// A role, assumed with other credentials.
    Role(Role),
}

/// A role to assume.
#[derive(Debug)]
pub struct Role {
    /// With whose credentials.
    pub via: Arc<Access>,
    /// The region whose STS endpoint is asked.
    pub region: String,
    /// The role.
    pub arn: String,
    /// The account that the role leads into.
    pub account_id: String,
    /// The most that the session may do (an IAM policy in JSON), whatever the role allows.
    pub session_policy: String,
    /// The name under which the session stands in CloudTrail: 2 to 64 letters, digits and `_+=,.@-`.
    pub session_name: String,
    /// What the role's trust policy asks for, if it does.
    pub external_id: Option<String>,
}

impl Access {
    /// The user's own credentials.
    pub fn own(provider: SharedCredentialsProvider, endpoints: Endpoints) -> Self {
        let source = Source::Own(provider, OnceLock::new());
        Self { source, current: Mutex::new(None), endpoints }
    }

    /// A role's credentials.
    pub fn role(role: Role) -> Self {
        let endpoints = role.via.endpoints.clone();
        Self { source: Source::Role(role), current: Mutex::new(None), endpoints }
    }

    /// Tells whose the user's own credentials are, once AWS has said so.
    pub(crate) fn belongs_to(&self, account_id: &str) {
        if let Source::Own(_, account) = &self.source {
            // Said once; AWS does not change its mind.
            let _ = account.set(account_id.to_owned());
        }
    }

    /// The account whose throttle buckets its calls draw from; empty until it is known.
    pub(crate) fn bucket_account(&self) -> &str {
        match &self.source {
            Source::Own(_, account) => account.get().map_or("", String::as_str),
            Source::Role(role) => &role.account_id,
        }
    }

    /// Valid credentials. Those who ask while they are renewed wait for the same renewal.
    pub(crate) async fn credentials(&self, client: &Client) -> Result<Credentials, Failure> {
        let mut current = self.current.lock().await;
        let now = SystemTime::now();
        if let Some(Current { credentials, renew }) = current.as_ref()
            && renew.is_none_or(|renew| now < renew)
        {
            return Ok(credentials.clone());
        }
        let fresh = match &self.source {
            Source::Own(provider, _) => {
                provider.provide_credentials().await.map_err(|e| failure(&e))
            }
            Source::Role(role) => assume(client, role).await,
        }?;
        let renew = fresh.expiry().map(|expiry| renewal(now, expiry));
        *current = Some(Current { credentials: fresh.clone(), renew });
        Ok(fresh)
    }

    /// Forgets credentials that AWS refused as expired, unless somebody renewed them meanwhile.
    pub(crate) async fn forget(&self, refused: &Credentials) {
        let mut current = self.current.lock().await;
        let same =
            |current: &Current| current.credentials.access_key_id() == refused.access_key_id();
        if current.as_ref().is_some_and(same) {
            *current = None;
        }
    }
}

/// When to renew credentials got now: a margin before they expire, or halfway if they are short-lived.
fn renewal(now: SystemTime, expiry: SystemTime) -> SystemTime {
    let lifetime = expiry.duration_since(now).unwrap_or_default();
    now + lifetime.saturating_sub(MARGIN).max(lifetime / 2)
}

async fn assume(client: &Client, role: &Role) -> Result<Credentials, Failure> {
    let place =
        Place { access: &role.via, account_id: Some(&role.account_id), region: &role.region };
    // Boxed: assuming a role is a call, and a call needs credentials.
    Box::pin(read::assume_role(client, &place, role)).await.map_err(|error| Failure {
        message: error.message,
        class: Class::Final(error.kind),
        code: error.code,
        operation: Some(error.operation),
    })
}

fn failure(error: &CredentialsError) -> Failure {
    let message = chain(error);
    Failure::new("CredentialsUnavailable", message, Class::Final(ErrorKind::Credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_renewed_before_they_expire() {
        let now = SystemTime::now();
        let after = |seconds| {
            let expiry = now + Duration::from_secs(seconds);
            renewal(now, expiry).duration_since(now).unwrap().as_secs()
        };
        assert_eq!((after(3600), after(900), after(200), after(0)), (3300, 600, 100, 0));
        assert_eq!(renewal(now, now - Duration::from_secs(9)), now);
    }
}
