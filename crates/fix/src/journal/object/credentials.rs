//! The credentials that `aws-config` found, as the S3 client asks for them: before each request. They are
//! kept until shortly before they expire, and renewed once for all who wait.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use object_store::{CredentialProvider, Error, Result, aws::AwsCredential};
use tokio::sync::Mutex;

/// Credentials are renewed when they have less than this left: a request may be tried again for three
/// minutes with the same.
const MARGIN: Duration = Duration::from_mins(5);

/// Credentials that are renewed when they expire.
#[derive(Debug)]
pub(super) struct Renewed {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Current>>,
}

#[derive(Debug, Clone)]
struct Current {
    credential: Arc<AwsCredential>,
    renew: Option<SystemTime>,
}

impl Renewed {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, current: Mutex::new(None) }
    }

    async fn credential(&self) -> Result<Arc<AwsCredential>> {
        let mut current = self.current.lock().await;
        let now = SystemTime::now();
        if let Some(Current { credential, renew }) = current.as_ref()
            && renew.is_none_or(|renew| now < renew)
        {
            return Ok(Arc::clone(credential));
        }
        let fresh = self.provider.provide_credentials().await.map_err(|error| {
            let path = "AWS credentials".to_owned();
            Error::Unauthenticated { path, source: Box::new(error) }
        })?;
        let credential = Arc::new(AwsCredential {
            key_id: fresh.access_key_id().to_owned(),
            secret_key: fresh.secret_access_key().to_owned(),
            token: fresh.session_token().map(str::to_owned),
        });
        let renew = fresh.expiry().map(|expiry| renewal(now, expiry));
        *current = Some(Current { credential: Arc::clone(&credential), renew });
        Ok(credential)
    }
}

/// When to renew credentials got now: a margin before they expire, or halfway if they are short-lived.
fn renewal(now: SystemTime, expiry: SystemTime) -> SystemTime {
    let lifetime = expiry.duration_since(now).unwrap_or_default();
    now + lifetime.saturating_sub(MARGIN).max(lifetime / 2)
}

// What `#[async_trait]` makes of the trait's one function.
impl CredentialProvider for Renewed {
    type Credential = AwsCredential;

    fn get_credential<'life, 'out>(
        &'life self,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<AwsCredential>>> + Send + 'out>>
    where
        'life: 'out,
        Self: 'out,
    {
        Box::pin(self.credential())
    }
}

#[cfg(test)]
mod unit {
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_credential_types::{
        Credentials,
        provider::{ProvideCredentials, future},
    };

    use super::*;

    /// Gives credentials with so many seconds left, each under its own name.
    #[derive(Debug)]
    struct Counting {
        given: AtomicU64,
        seconds: u64,
    }

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
            let expiry = SystemTime::now() + Duration::from_secs(self.seconds);
            let token = Some("token".to_owned());
            let key = format!("KEY{number}");
            future::ProvideCredentials::ready(Ok(Credentials::new(
                key,
                "secret",
                token,
                Some(expiry),
                "test",
            )))
        }
    }

    async fn second_key(seconds: u64) -> String {
        let provider = Counting { given: AtomicU64::new(0), seconds };
        let renewed = Renewed::new(SharedCredentialsProvider::new(provider));
        let first = renewed.get_credential().await.unwrap();
        assert_eq!((first.key_id.as_str(), first.token.as_deref()), ("KEY1", Some("token")));
        renewed.get_credential().await.unwrap().key_id.clone()
    }

    #[tokio::test]
    async fn credentials_are_kept_and_renewed_when_they_expire() {
        assert_eq!(second_key(3600).await, "KEY1");
        assert_eq!(second_key(0).await, "KEY2");
    }
}
