//! AWS partitions: sets of regions that share an ARN prefix, a DNS suffix and global services.

/// A partition, told by the prefix of its region codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Partition {
    /// `aws`: the commercial regions.
    Aws,
    /// `aws-cn`: `cn-*`.
    China,
    /// `aws-us-gov`: `us-gov-*`.
    UsGov,
}

impl Partition {
    /// The partition that a region belongs to. A prefix that is not known is taken as commercial.
    pub fn of_region(region: &str) -> Self {
        if region.starts_with("cn-") {
            Self::China
        } else if region.starts_with("us-gov-") {
            Self::UsGov
        } else {
            Self::Aws
        }
    }

    /// The partition of an ARN (`arn:PARTITION:…`).
    pub fn of_arn(arn: &str) -> Self {
        match arn.split(':').nth(1) {
            Some("aws-cn") => Self::China,
            Some("aws-us-gov") => Self::UsGov,
            _ => Self::Aws,
        }
    }

    /// The name as ARNs carry it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::UsGov => "aws-us-gov",
        }
    }

    /// The DNS suffix of service endpoints.
    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::China => "amazonaws.com.cn",
            Self::Aws | Self::UsGov => "amazonaws.com",
        }
    }

    /// The DNS suffix of dual-stack (IPv6) service endpoints.
    pub const fn dual_stack_suffix(self) -> &'static str {
        match self {
            Self::China => "api.amazonwebservices.com.cn",
            Self::Aws | Self::UsGov => "api.aws",
        }
    }

    /// A region that every account of the partition has enabled: where to ask when no region is set.
    pub const fn first_region(self) -> &'static str {
        match self {
            Self::Aws => "us-east-1",
            Self::China => "cn-north-1",
            Self::UsGov => "us-gov-west-1",
        }
    }

    /// Regions of the partition, on several continents, that need no opt-in: where to ask when an
    /// organization policy closes the usual one.
    pub const fn open_regions(self) -> &'static [&'static str] {
        match self {
            Self::Aws => &[
                "us-east-1",
                "eu-west-1",
                "eu-central-1",
                "us-west-2",
                "ap-southeast-1",
                "sa-east-1",
            ],
            Self::China => &["cn-north-1", "cn-northwest-1"],
            Self::UsGov => &["us-gov-west-1", "us-gov-east-1"],
        }
    }
}
