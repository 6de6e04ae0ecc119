//! The state that all requests share.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::config::Config;
use crate::crypto::{hex, hmac};
use crate::denial::Denials;
use crate::drift::Drifts;
use crate::fault::Faults;
use crate::hash;
use crate::identity::Identities;
use crate::policy::Policy;
use crate::scp::Guardrails;
use crate::stats::{Counters, Stats};
use crate::throttle::Buckets;
use crate::workload::{Workload, WorkloadError};
use crate::world::stock::{Moment, Stock};
use crate::world::{Unit, World, ids};

/// A hundred years: the world's time does not go further ahead of real time.
const FURTHEST: i64 = 3_155_760_000;

/// The world and everything that watches over it.
pub(crate) struct Cloud {
    pub(crate) world: World,
    pub(crate) identities: Identities,
    pub(crate) faults: Faults,
    pub(crate) denials: Denials,
    pub(crate) guardrails: Guardrails,
    /// What is allowed at all; everything, if nobody said.
    pub(crate) allowed: Option<Policy>,
    pub(crate) buckets: Buckets,
    pub(crate) counters: Counters,
    /// What somebody else changed.
    pub(crate) drifts: Drifts,
    /// Authenticates page tokens.
    pub(crate) token_key: [u8; 32],
    /// What roles ask for besides who it is.
    pub(crate) external_id: Option<String>,
    seed: u64,
    /// Seconds that the world's time is ahead of this AWS's clock.
    ahead: AtomicI64,
    /// Seconds that this AWS's clock is ahead of the machine's.
    clock: AtomicI64,
    requests: AtomicU64,
}

impl Cloud {
    /// The world of a configuration that was checked.
    pub(crate) fn new(config: Config) -> Self {
        let world = World::new(&config);
        // A configuration that was checked has a policy that can be read.
        let allowed = config.allowed.as_deref().and_then(|text| Policy::parse(text).ok());
        Self {
            guardrails: Guardrails::new(&world.organization),
            identities: Identities::new(config.seed, world.management()),
            world,
            faults: Faults::new(config.faults, config.seed),
            denials: Denials::new(&config.denials),
            allowed,
            buckets: Buckets::default(),
            counters: Counters::new(),
            drifts: Drifts::default(),
            token_key: hmac(&config.seed.to_be_bytes(), b"page tokens"),
            external_id: config.external_id,
            seed: config.seed,
            ahead: AtomicI64::default(),
            clock: AtomicI64::default(),
            requests: AtomicU64::default(),
        }
    }

    /// How far this AWS's clock is ahead of the machine's, in seconds; negative where it is behind.
    pub(crate) fn clock_ahead(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// Sets this AWS's clock: what signatures and sessions go by, and what answers are dated with.
    pub(crate) fn set_clock_ahead(&self, seconds: i64) {
        self.clock.store(seconds.clamp(-FURTHEST, FURTHEST), Ordering::Relaxed);
    }

    /// The world's time at a second of real time.
    pub(crate) fn world_time(&self, real: i64) -> i64 {
        real.saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// Lets so many seconds go by in the world, and none in real time.
    pub(crate) fn advance(&self, seconds: u64) {
        let further = |ahead: i64| {
            let seconds = i64::try_from(seconds).unwrap_or(FURTHEST);
            Some(ahead.saturating_add(seconds).min(FURTHEST))
        };
        // The closure refuses nothing, so neither does this.
        let _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, further);
    }

    /// What was counted up to now.
    pub(crate) fn stats(&self) -> Stats {
        Stats { drifted: self.drifts.count(), ..self.counters.snapshot() }
    }

    /// Decides what the software on an instance does.
    pub(crate) fn set_workload(
        &self,
        [account, region, instance]: [&str; 3],
        workload: Workload,
        real: i64,
    ) -> Result<(), WorkloadError> {
        workload.check()?;
        let mut stock = self.stock_of([account, region], real)?;
        let index = match ids::parse("i-", instance) {
            ids::Parsed::Id(id) => stock.find_instance(id),
            ids::Parsed::Nobody | ids::Parsed::Malformed => None,
        };
        let index = index.ok_or_else(|| WorkloadError::Instance(instance.to_owned()))?;
        stock.set_workload(index, workload);
        Ok(())
    }

    /// The same for every instance of an account's region.
    pub(crate) fn set_workloads(
        &self,
        place: [&str; 2],
        workload: Workload,
        real: i64,
    ) -> Result<(), WorkloadError> {
        workload.check()?;
        let mut stock = self.stock_of(place, real)?;
        (0..stock.instances()).for_each(|index| stock.set_workload(index, workload));
        Ok(())
    }

    fn stock_of(
        &self,
        [account, region]: [&str; 2],
        real: i64,
    ) -> Result<Stock<'_>, WorkloadError> {
        let world = &self.world;
        let place = world.account(account);
        let place = place.ok_or_else(|| WorkloadError::Account(account.to_owned()))?;
        let found = world.region(region);
        let found = found.ok_or_else(|| WorkloadError::Region(region.to_owned()))?;
        let moment = Moment { now: self.world_time(real), real, is_late: false };
        Ok(world.stock_at(Unit { account: place, region: found }, moment))
    }

    /// An id for the next request, of the form AWS uses.
    pub(crate) fn request_id(&self) -> String {
        let number = hash::join(self.seed, self.requests.fetch_add(1, Ordering::Relaxed));
        let digits = hex(&[number.to_be_bytes(), hash::mix(number).to_be_bytes()].concat());
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }
}
