//! Faults on demand: what goes wrong now and then, at a rate, the same way in every run.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError, RwLock};

use crate::hash;

/// One kind of mishap and the share of calls that meet it. Written `KIND=RATE`, for example `throttle=0.05`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// How often, from 0 (never) to 1 (always).
    pub rate: f64,
}

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// Refused for its rate: `RequestLimitExceeded` 503 (EC2), `Throttling` 400 (Auto Scaling, STS, IAM), `TooManyRequestsException` 400 (Organizations) or
    /// 429 (services called by path), `ThrottlingException` 400 (all others).
    Throttle,
    /// `InternalError`, status 500.
    Error500,
    /// `Unavailable`, status 503.
    Error503,
    /// The right answer, two seconds late.
    Slow,
    /// The connection ends in the middle of the right answer.
    Cut,
    /// A read of EC2 or Auto Scaling shows the state before the last write of what it shows, if that was less than ten seconds ago.
    StaleRead,
    /// A call that changes something is carried out, then the connection ends without a byte of its answer.
    LostReply,
    /// Refused for credentials that have expired: `RequestExpired` 400 (EC2), `ExpiredToken` 403 (Query), `ExpiredTokenException` (all others). A session is
    /// dead from then on; the user's next call works. `AssumeRole` is spared.
    Expire,
    /// Before the call is served, somebody else changes one of the instances, launch templates or groups that it names; none of them twice.
    Drift,
}

impl FaultKind {
    /// All kinds, in the order they are listed to users.
    pub const ALL: [Self; 9] = [
        Self::Throttle,
        Self::Error500,
        Self::Error503,
        Self::Slow,
        Self::Cut,
        Self::StaleRead,
        Self::LostReply,
        Self::Expire,
        Self::Drift,
    ];

    /// The name users write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Error500 => "error500",
            Self::Error503 => "error503",
            Self::Slow => "slow",
            Self::Cut => "cut",
            Self::StaleRead => "stale-read",
            Self::LostReply => "lost-reply",
            Self::Expire => "expire",
            Self::Drift => "drift",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a text is no [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultParseError {
    /// No equals sign.
    #[error("{0:?} is no fault: write KIND=RATE, for example throttle=0.05; kinds: {kinds}", kinds = kinds())]
    Form(String),
    /// A kind that does not exist.
    #[error("there is no fault {0:?}; kinds: {kinds}", kinds = kinds())]
    Kind(String),
    /// A rate that is no number from 0 to 1.
    #[error("rate {rate:?} of fault {kind}: it must be a number from 0 to 1; kinds: {kinds}", kinds = kinds())]
    Rate {
        /// The kind it was given for.
        kind: FaultKind,
        /// The rate as written.
        rate: String,
    },
}

fn kinds() -> String {
    FaultKind::ALL.map(FaultKind::name).join(", ")
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.kind, self.rate)
    }
}

impl FromStr for Fault {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rate) =
            text.split_once('=').ok_or_else(|| FaultParseError::Form(text.to_owned()))?;
        let kind = FaultKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| FaultParseError::Kind(name.to_owned()))?;
        match rate.parse::<f64>() {
            Ok(value) if (0.0..=1.0).contains(&value) => Ok(Self { kind, rate: value }),
            _ => Err(FaultParseError::Rate { kind, rate: rate.to_owned() }),
        }
    }
}

/// Decides which calls meet which fault: by a hash of the seed, what is called, and how often that was called before. Two runs that call the same things
/// in the same order meet the same faults, whatever the order between accounts and regions was.
pub(crate) struct Faults {
    list: RwLock<Vec<Fault>>,
    seed: u64,
    calls: Mutex<HashMap<u64, u64>>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self { list: RwLock::new(faults), seed, calls: Mutex::default() }
    }

    /// From now on these go wrong, and nothing else.
    pub(crate) fn set(&self, faults: Vec<Fault>) {
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// What goes wrong now.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.list.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The fault that this call meets, if any. The first of several that would hit counts; `may` says which it can meet at all.
    pub(crate) fn draw(
        &self,
        account: &str,
        region: &str,
        action: &str,
        may: impl Fn(FaultKind) -> bool,
    ) -> Option<FaultKind> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        if list.is_empty() {
            return None;
        }
        let key =
            hash::join(hash::join(hash::text(account), hash::text(region)), hash::text(action));
        let count = {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            let count = calls.entry(key).or_default();
            *count += 1;
            *count
        };
        let call = hash::join(hash::join(self.seed, key), count);
        let hit =
            |fault: &&Fault| hash::unit_interval(hash::join(call, fault.kind as u64)) < fault.rate;
        list.iter().filter(hit).map(|fault| fault.kind).find(|kind| may(*kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_users_write() {
        assert_eq!("throttle=0.05".parse(), Ok(Fault { kind: FaultKind::Throttle, rate: 0.05 }));
        assert_eq!("cut=1".parse(), Ok(Fault { kind: FaultKind::Cut, rate: 1.0 }));
    }

    #[test]
    fn refusals_list_the_kinds() {
        for text in ["throttle", "trottle=0.1", "slow=1.5", "slow=-0.1", "slow=NaN", "slow="] {
            let message = text.parse::<Fault>().unwrap_err().to_string();
            let kinds =
                "throttle, error500, error503, slow, cut, stale-read, lost-reply, expire, drift";
            assert!(message.contains(kinds), "{message}");
        }
    }

    #[test]
    fn draws_repeat_and_keep_the_rate() {
        let run = |seed| {
            let faults = Faults::new(vec![Fault { kind: FaultKind::Error503, rate: 0.2 }], seed);
            (0..5_000)
                .map(|_| {
                    let action = "ec2:DescribeInstances";
                    faults.draw("111122223333", "us-east-1", action, |_| true).is_some()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let hits = run(1).iter().filter(|hit| **hit).count();
        assert!((850..1150).contains(&hits), "{hits}");
    }
}
