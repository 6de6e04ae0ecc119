//! The time that a run goes by: AWS's, as its answers tell it, so that windows and soaks do not depend on this machine's clock.

use std::time::SystemTime;

use imdsure_aws::client::Client;
use jiff::{SignedDuration, Timestamp};

/// Tells the time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// How far it is set forward, in seconds: for a simulated organization, whose time is set forward as well. What a journal
    /// records says so.
    pub ahead_seconds: i64,
}

impl Clock {
    /// The time now, as far as `client` knows that this machine's clock is off.
    pub fn now(self, client: &Client) -> Timestamp {
        self.of(client.now())
    }

    /// The time now by this machine's clock.
    pub fn here(self) -> Timestamp {
        self.of(SystemTime::now())
    }

    fn of(self, time: SystemTime) -> Timestamp {
        let now = Timestamp::try_from(time).unwrap_or_else(|_| Timestamp::now());
        now.checked_add(SignedDuration::from_secs(self.ahead_seconds)).unwrap_or(now)
    }
}
