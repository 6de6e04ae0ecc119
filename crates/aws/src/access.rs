//! Credentials for one account, renewed once for all who wait for them.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use aws_smithy_types::error::display::DisplayErrorContext;
use imdsure_model::ErrorKind;
use tokio::sync::Mutex;

use crate::{
    client::{Client, Place},
    endpoint::Endpoints,
    error::{Class, Failure},
    read,
};

/// Credentials are renewed when they have less than this left, so that no call starts with ones that
/// expire on the way.
const MARGIN: Duration = Duration::from_secs(300);

/// How to get into one account. One value per account, shared by all its calls.
#[derive(Debug)]
pub struct Access {
    source: Source,
    current: Mutex<Option<Credentials>>,
    /// Where calls go.
    pub(crate) endpoints: Endpoints,
}

#[derive(Debug)]
enum Source {
    /// The user's own credentials.
    Own(SharedCredentialsProvider),
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
}

impl Access {
    /// The user's own credentials.
    pub fn own(provider: SharedCredentialsProvider, endpoints: Endpoints) -> Self {
        Self { source: Source::Own(provider), current: Mutex::new(None), endpoints }
    }

    /// A role's credentials.
    pub fn role(role: Role) -> Self {
        let endpoints = role.via.endpoints.clone();
        Self { source: Source::Role(role), current: Mutex::new(None), endpoints }
    }

    /// Valid credentials. Those who ask while they are renewed wait for the same renewal.
    pub(crate) async fn credentials(&self, client: &Client) -> Result<Credentials, Failure> {
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref()
            && lasts(credentials, SystemTime::now())
        {
            return Ok(credentials.clone());
        }
        let fresh = match &self.source {
            Source::Own(provider) => provider.provide_credentials().await.map_err(|e| failure(&e)),
            Source::Role(role) => assume(client, role).await,
        }?;
        *current = Some(fresh.clone());
        Ok(fresh)
    }

    /// Forgets credentials that AWS refused as expired, unless somebody renewed them meanwhile.
    pub(crate) async fn forget(&self, refused: &Credentials) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|c| c.access_key_id() == refused.access_key_id()) {
            *current = None;
        }
    }
}

fn lasts(credentials: &Credentials, now: SystemTime) -> bool {
    credentials.expiry().is_none_or(|expiry| now + MARGIN < expiry)
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
    let message = DisplayErrorContext(error).to_string();
    Failure::new("CredentialsUnavailable", message, Class::Final(ErrorKind::Credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_renewed_before_they_expire() {
        let now = SystemTime::now();
        let until = |seconds| {
            let expiry = now + Duration::from_secs(seconds);
            Credentials::new("AKIDEXAMPLE", "secret", None, Some(expiry), "test")
        };
        assert!(lasts(&until(3600), now));
        assert!(!lasts(&until(299), now));
        assert!(!lasts(&until(0), now));
        assert!(lasts(&Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"), now));
    }
}
