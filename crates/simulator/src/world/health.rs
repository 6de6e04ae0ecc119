//! How an instance fares: what EC2's status checks see of it, and what a load balancer does.

use super::instance::Instance;
use super::options::State;
use super::stock::Stock;

const HOST_AGENT: u64 = 0x0061_6765_6e74;
const SICK: u64 = 0x7369_636b;
/// Seconds after a boot in which the status checks are not through.
const CHECKING: i64 = 60;

/// A status check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Ok,
    Impaired,
    Initializing,
    NotApplicable,
}

impl Check {
    /// The word of the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Impaired => "impaired",
            Self::Initializing => "initializing",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// What `reachability` is called.
    pub(crate) const fn reachability(self) -> Option<&'static str> {
        match self {
            Self::Ok => Some("passed"),
            Self::Impaired => Some("failed"),
            Self::Initializing => Some("initializing"),
            Self::NotApplicable => None,
        }
    }
}

/// `TargetHealth`: state, reason and description.
pub(crate) type TargetHealth = (&'static str, Option<(&'static str, &'static str)>);

impl Stock<'_> {
    /// The system's and the instance's status check. Failing software is no matter of theirs, unless it is what keeps the host going: so on every tenth.
    pub(crate) fn checks(&self, instance: &Instance) -> (Check, Check) {
        if instance.state != State::Running {
            let check = match instance.state {
                State::Pending => Check::Initializing,
                _ => Check::NotApplicable,
            };
            return (check, check);
        }
        if self.booted(instance.index).is_some_and(|at| self.now < at + CHECKING) {
            return (Check::Initializing, Check::Initializing);
        }
        let keeps_host = instance.derived(HOST_AGENT).is_multiple_of(10);
        let impaired = keeps_host && self.is_failing(instance.index);
        (Check::Ok, if impaired { Check::Impaired } else { Check::Ok })
    }

    /// What the load balancer finds when it asks an instance how it is. A few have never been well.
    pub(crate) fn target_health(&self, instance: &Instance) -> TargetHealth {
        match instance.state {
            State::Pending => (
                "initial",
                Some(("Elb.RegistrationInProgress", "Target registration is in progress")),
            ),
            State::Running if self.is_sick(instance) || self.is_failing(instance.index) => {
                let text = "Health checks failed with these codes: [503]";
                ("unhealthy", Some(("Target.ResponseCodeMismatch", text)))
            }
            State::Running => ("healthy", None),
            State::Stopping | State::Stopped => {
                ("unused", Some(("Target.InvalidState", "Target is in the stopped state")))
            }
            State::ShuttingDown | State::Terminated => (
                "draining",
                Some(("Target.DeregistrationInProgress", "Target deregistration is in progress")),
            ),
        }
    }

    /// Whether an instance answers its load balancer badly whatever its software does: three of a hundred computed ones.
    fn is_sick(&self, instance: &Instance) -> bool {
        instance.index < self.seed.instances.computed && instance.derived(SICK) % 100 < 3
    }
}
