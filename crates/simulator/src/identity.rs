//! Who may speak: the access key of the management account, and the temporary keys of assumed roles.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::{hmac, key_letters};
use crate::policy::Policy;
use crate::request::Request;
use crate::sigv4::{Authorization, SignatureError, signing_key};
use crate::world::accounts::Account;

/// Signing keys that are kept; a key costs four HMACs to make again.
const SIGNING_KEYS: usize = 4096;
/// How long ended sessions are remembered, in seconds, so that their keys are answered as expired and not as unknown.
const REMEMBERED: i64 = 3600;
/// Ended sessions are looked for whenever their number is a multiple of this.
const SWEEP: usize = 1024;

/// The user that the access key belongs to.
const USER: &str = "auditor";

/// Somebody who may send requests.
pub(crate) struct Caller {
    /// The place of the account in the world.
    pub(crate) account: usize,
    pub(crate) arn: String,
    /// `AIDA…` of a user, `AROA…:SESSION` of an assumed role.
    pub(crate) user_id: String,
    /// Limits what the session may do.
    pub(crate) policy: Option<Policy>,
    secret: String,
    /// None for the user, whose key does not end.
    session: Option<Session>,
    /// Whether its credentials were said to have expired.
    expired: AtomicBool,
}

struct Session {
    token: String,
    /// Seconds since 1970.
    expires: i64,
}

impl Caller {
    /// Whether this is the management account's user and not a session.
    pub(crate) const fn is_user(&self) -> bool {
        self.session.is_none()
    }

    /// Says that the credentials have expired; false if that is not to be. A session has expired for good, the user for one call.
    pub(crate) fn expire(&self) -> bool {
        let expired = !self.expired.load(Ordering::Relaxed);
        self.expired.store(expired || !self.is_user(), Ordering::Relaxed);
        expired
    }

    fn has_expired(&self, now: i64) -> bool {
        let dead = self.expired.load(Ordering::Relaxed);
        self.session.as_ref().is_some_and(|session| dead || session.expires <= now)
    }
}

/// A role that is about to be assumed.
pub(crate) struct Assumption<'a> {
    pub(crate) account: usize,
    pub(crate) account_id: &'a str,
    pub(crate) role: &'a str,
    pub(crate) session_name: &'a str,
    pub(crate) policy: Option<Policy>,
    /// Seconds since 1970.
    pub(crate) expires: i64,
}

/// Temporary credentials as they are handed out.
pub(crate) struct Issued {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) token: String,
    pub(crate) caller: Arc<Caller>,
}

/// All keys.
pub(crate) struct Identities {
    key: [u8; 32],
    user_key: String,
    user: Arc<Caller>,
    sessions: Mutex<HashMap<String, Arc<Caller>>>,
    signing_keys: Mutex<HashMap<String, [u8; 32]>>,
    issued: AtomicU64,
}

impl Identities {
    /// The user of the management account; no sessions yet.
    pub(crate) fn new(seed: u64, management: &Account) -> Self {
        let key = hmac(&seed.to_be_bytes(), b"identities");
        let user = Caller {
            account: 0,
            arn: format!("arn:aws:iam::{}:user/{USER}", management.id),
            user_id: format!("AIDA{}", key_letters(&key, "user id", 17)),
            policy: None,
            secret: secret(&key, "user"),
            session: None,
            expired: AtomicBool::default(),
        };
        Self {
            user_key: format!("AKIA{}", key_letters(&key, "user key", 16)),
            key,
            user: Arc::new(user),
            sessions: Mutex::default(),
            signing_keys: Mutex::default(),
            issued: AtomicU64::default(),
        }
    }

    /// Access key id and secret of the management account's user.
    pub(crate) fn user_credentials(&self) -> (&str, &str) {
        (&self.user_key, &self.user.secret)
    }

    /// Finds out who sent a request, and that it was really him. `now` in seconds since 1970.
    pub(crate) fn authenticate(
        &self,
        request: &Request,
        authorization: &Authorization<'_>,
        now: i64,
    ) -> Result<Arc<Caller>, SignatureError> {
        let caller = self.find(authorization.access_key).ok_or(SignatureError::UnknownKey)?;
        let expected = caller.session.as_ref().map(|session| session.token.as_str());
        if request.header("x-amz-security-token") != expected {
            return Err(SignatureError::UnknownKey);
        }
        let key = self.signing_key(authorization, &caller.secret);
        authorization.verify(request, &key, now)?;
        if caller.has_expired(now) {
            return Err(SignatureError::ExpiredSession);
        }
        Ok(caller)
    }

    /// Hands out temporary credentials.
    pub(crate) fn assume(&self, assumption: Assumption<'_>, now: i64) -> Issued {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let Assumption { account, account_id, role, session_name, policy, expires } = assumption;
        let access_key =
            format!("ASIA{}", key_letters(&self.key, &format!("session {number}"), 16));
        let token = STANDARD.encode(
            [hmac(&self.key, access_key.as_bytes()), hmac(&self.key, role.as_bytes())].concat(),
        );
        let role_id =
            format!("AROA{}", key_letters(&self.key, &format!("{account_id}/{role}"), 17));
        let caller = Arc::new(Caller {
            account,
            arn: format!("arn:aws:sts::{account_id}:assumed-role/{role}/{session_name}"),
            user_id: format!("{role_id}:{session_name}"),
            policy,
            secret: secret(&self.key, &access_key),
            session: Some(Session { token: token.clone(), expires }),
            expired: AtomicBool::default(),
        });
        self.remember(access_key.clone(), Arc::clone(&caller), now);
        Issued { access_key, secret: caller.secret.clone(), token, caller }
    }

    fn remember(&self, access_key: String, caller: Arc<Caller>, now: i64) {
        let since = now - REMEMBERED;
        let worth_it = |caller: &Caller| {
            caller.session.as_ref().is_some_and(|session| session.expires > since)
        };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() % SWEEP == SWEEP - 1 {
            sessions.retain(|_, caller| worth_it(caller));
        }
        sessions.insert(access_key, caller);
    }

    fn find(&self, access_key: &str) -> Option<Arc<Caller>> {
        if access_key == self.user_key {
            return Some(Arc::clone(&self.user));
        }
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(access_key).cloned()
    }

    fn signing_key(&self, scope: &Authorization<'_>, secret: &str) -> [u8; 32] {
        let name = [scope.access_key, scope.date, scope.region, scope.service].join("/");
        let mut keys = self.signing_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&name) {
            return *key;
        }
        if keys.len() >= SIGNING_KEYS {
            keys.clear();
        }
        let key = signing_key(secret, scope.date, scope.region, scope.service);
        keys.insert(name, key);
        key
    }
}

/// Forty characters, as AWS's secrets have.
fn secret(key: &[u8], label: &str) -> String {
    STANDARD.encode(&hmac(key, format!("secret of {label}").as_bytes())[..30])
}
