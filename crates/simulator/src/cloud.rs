//! The state that all requests share.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Config;
use crate::crypto::{hex, hmac};
use crate::denial::Denials;
use crate::fault::Faults;
use crate::hash;
use crate::identity::Identities;
use crate::policy::Policy;
use crate::stats::Counters;
use crate::throttle::Buckets;
use crate::world::World;

/// The world and everything that watches over it.
pub(crate) struct Cloud {
    pub(crate) world: World,
    pub(crate) identities: Identities,
    pub(crate) faults: Faults,
    pub(crate) denials: Denials,
    /// What is allowed at all; everything, if nobody said.
    pub(crate) allowed: Option<Policy>,
    pub(crate) buckets: Buckets,
    pub(crate) counters: Counters,
    /// Authenticates page tokens.
    pub(crate) token_key: [u8; 32],
    /// What roles ask for besides who it is.
    pub(crate) external_id: Option<String>,
    seed: u64,
    requests: AtomicU64,
}

impl Cloud {
    /// The world of a configuration that was checked.
    pub(crate) fn new(config: Config) -> Self {
        let world = World::new(&config);
        // A configuration that was checked has a policy that can be read.
        let allowed = config.allowed.as_deref().and_then(|text| Policy::parse(text).ok());
        Self {
            identities: Identities::new(config.seed, world.management()),
            world,
            faults: Faults::new(config.faults, config.seed),
            denials: Denials::new(&config.denials),
            allowed,
            buckets: Buckets::default(),
            counters: Counters::new(),
            token_key: hmac(&config.seed.to_be_bytes(), b"page tokens"),
            external_id: config.external_id,
            seed: config.seed,
            requests: AtomicU64::default(),
        }
    }

    /// An id for the next request, of the form AWS uses.
    pub(crate) fn request_id(&self) -> String {
        let number = hash::join(self.seed, self.requests.fetch_add(1, Ordering::Relaxed));
        let digits = hex(&[number.to_be_bytes(), hash::mix(number).to_be_bytes()].concat());
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }
}
