//! The request rates that EC2 and CloudWatch document: token buckets per account, region and action.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The documented size and refill of a bucket ("Request throttling for the Amazon EC2 API", "CloudWatch service quotas").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    /// Describe calls with pages or filters, and most others that only read.
    Reading,
    /// Describe calls that ask for everything at once.
    ReadingAll,
    /// `DescribeSpotFleetRequests`.
    SpotFleets,
    /// Calls that change something and have a bucket of their own: options, templates and images.
    Changing,
    /// All other calls that change something.
    Mutating,
    /// `RunInstances`.
    Launching,
    /// `ModifyInstanceMetadataDefaults`.
    Defaults,
    /// `GetMetricData`. CloudWatch documents rates alone; a bucket holds one second of them.
    MetricData,
    /// `ListMetrics`.
    Metrics,
}

impl Limit {
    const fn capacity(self) -> f64 {
        match self {
            Self::Reading | Self::Changing => 100.0,
            Self::ReadingAll | Self::SpotFleets | Self::Mutating | Self::MetricData => 50.0,
            Self::Metrics => 25.0,
            Self::Launching => 5.0,
            Self::Defaults => 2.0,
        }
    }

    /// Tokens per second.
    const fn refill(self) -> f64 {
        match self {
            Self::MetricData => 50.0,
            Self::Metrics => 25.0,
            Self::Reading => 20.0,
            Self::ReadingAll => 10.0,
            Self::Changing | Self::Mutating => 5.0,
            Self::SpotFleets => 3.0,
            Self::Launching | Self::Defaults => 2.0,
        }
    }
}

/// Whose bucket: account, region (their places in the world), action.
pub(crate) type BucketKey = (usize, usize, &'static str, Limit);

struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// All buckets that were ever used; at most a few per account and region.
#[derive(Default)]
pub(crate) struct Buckets(Mutex<HashMap<BucketKey, Bucket>>);

impl Buckets {
    /// Takes a token, unless there is none.
    pub(crate) fn take(&self, key: BucketKey, now: Instant) -> bool {
        let limit = key.3;
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: limit.capacity(), filled: now });
        let elapsed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * limit.refill()).min(limit.capacity());
        bucket.filled = now;
        let granted = bucket.tokens >= 1.0;
        if granted {
            bucket.tokens -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_refills() {
        let buckets = Buckets::default();
        let start = Instant::now();
        let key = (0, 0, "DescribeInstances", Limit::Reading);
        assert_eq!((0..150).filter(|_| buckets.take(key, start)).count(), 100);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..150).filter(|_| buckets.take(key, later)).count(), 20);
        assert!(buckets.take((0, 1, "DescribeInstances", Limit::Reading), start));
        assert_eq!(
            (0..150)
                .filter(|_| buckets.take((0, 0, "DescribeInstances", Limit::ReadingAll), start))
                .count(),
            50
        );
    }
}
