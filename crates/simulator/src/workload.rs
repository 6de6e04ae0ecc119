//! What the software on one instance does, when a test or a demo decides it and not the seed.

use serde::{Deserialize, Serialize};

/// When the software on an instance calls its metadata service without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Workload {
    /// It never does.
    Never,
    /// At regular times, as if it had always been so. Of the past, only what was before the first change of the instance by a call is told anew.
    Every {
        /// Between two calls: 1 second to 10 years.
        seconds: u64,
        /// Until the next call, in the world's time: up to 10 years.
        next_in: u64,
    },
}

/// Ten years: more than CloudWatch remembers.
const LONGEST: u64 = 315_360_000;

/// Why a [`Workload`] is not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadError {
    /// Not an account of the organization.
    #[error("there is no account {0}")]
    Account(String),
    /// Not one of its regions.
    #[error("there is no region {0}")]
    Region(String),
    /// Not an instance of that account and region.
    #[error("there is no instance {0} in that account and region")]
    Instance(String),
    /// Times that are out of bounds.
    #[error(
        "a workload calls every 1 to {LONGEST} seconds, for the first time in 0 to {LONGEST} seconds"
    )]
    Times,
}

impl Workload {
    /// Refuses impossible times.
    pub(crate) fn check(self) -> Result<(), WorkloadError> {
        match self {
            Self::Every { seconds, next_in }
                if !(1..=LONGEST).contains(&seconds) || next_in > LONGEST =>
            {
                Err(WorkloadError::Times)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_say_it_in_json() {
        let read = |text: &str| serde_json::from_str::<Workload>(text).ok();
        assert_eq!(read(r#""never""#), Some(Workload::Never));
        assert_eq!(
            read(r#"{"every":{"seconds":3600,"next_in":60}}"#),
            Some(Workload::Every { seconds: 3_600, next_in: 60 })
        );
        assert_eq!(read(r#"{"every":{"seconds":3600}}"#), None);
        assert_eq!(read(r#""sometimes""#), None);
        assert!(Workload::Every { seconds: 0, next_in: 0 }.check().is_err());
        assert!(Workload::Every { seconds: 1, next_in: u64::MAX }.check().is_err());
        assert!(Workload::Never.check().is_ok());
    }
}
