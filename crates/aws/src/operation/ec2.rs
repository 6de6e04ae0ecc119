//! Operations of EC2 and Auto Scaling.

use super::{Bucket, Operation, Paging, next_token, once, paged};
use crate::service::{AUTOSCALING, EC2};

/// EC2 asks with `NextToken` and answers with `nextToken`.
const fn pages(largest: u32) -> Paging {
    Paging { size: Some(("MaxResults", largest)), token: "NextToken", next: "nextToken" }
}

/// Instances with their metadata options.
pub static DESCRIBE_INSTANCES: Operation = paged(
    &EC2,
    "DescribeInstances",
    &["ec2:DescribeInstances"],
    Bucket::Ec2NonMutating,
    pages(1000),
);

/// The regions of an account and whether each is enabled.
pub static DESCRIBE_REGIONS: Operation =
    once(&EC2, "DescribeRegions", &["ec2:DescribeRegions"], Bucket::Ec2NonMutating);

/// Launch templates with their tags, default and latest version numbers.
pub static DESCRIBE_LAUNCH_TEMPLATES: Operation = paged(
    &EC2,
    "DescribeLaunchTemplates",
    &["ec2:DescribeLaunchTemplates"],
    Bucket::Ec2NonMutating,
    pages(200),
);

/// Launch template versions with what they launch: `$Default` and `$Latest` of all templates at once, or
/// given versions of one template.
pub static DESCRIBE_LAUNCH_TEMPLATE_VERSIONS: Operation = paged(
    &EC2,
    "DescribeLaunchTemplateVersions",
    &["ec2:DescribeLaunchTemplateVersions"],
    Bucket::Ec2NonMutating,
    pages(200),
);

/// AMIs with their `ImdsSupport`.
pub static DESCRIBE_IMAGES: Operation =
    paged(&EC2, "DescribeImages", &["ec2:DescribeImages"], Bucket::Ec2NonMutating, pages(1000));

/// The account's metadata defaults in a region.
pub static GET_INSTANCE_METADATA_DEFAULTS: Operation = once(
    &EC2,
    "GetInstanceMetadataDefaults",
    &["ec2:GetInstanceMetadataDefaults"],
    Bucket::Ec2NonMutating,
);

/// Spot requests.
pub static DESCRIBE_SPOT_INSTANCE_REQUESTS: Operation = paged(
    &EC2,
    "DescribeSpotInstanceRequests",
    &["ec2:DescribeSpotInstanceRequests"],
    Bucket::Ec2NonMutating,
    pages(1000),
);

/// Spot Fleet requests.
pub static DESCRIBE_SPOT_FLEET_REQUESTS: Operation = paged(
    &EC2,
    "DescribeSpotFleetRequests",
    &["ec2:DescribeSpotFleetRequests"],
    Bucket::Ec2SpotFleet,
    pages(1000),
);

/// EC2 Fleets.
pub static DESCRIBE_FLEETS: Operation =
    paged(&EC2, "DescribeFleets", &["ec2:DescribeFleets"], Bucket::Ec2NonMutating, pages(1000));

/// Auto Scaling groups with their members.
pub static DESCRIBE_AUTO_SCALING_GROUPS: Operation = paged(
    &AUTOSCALING,
    "DescribeAutoScalingGroups",
    &["autoscaling:DescribeAutoScalingGroups"],
    Bucket::AutoScaling,
    next_token("MaxRecords", 100),
);

/// Launch configurations.
pub static DESCRIBE_LAUNCH_CONFIGURATIONS: Operation = paged(
    &AUTOSCALING,
    "DescribeLaunchConfigurations",
    &["autoscaling:DescribeLaunchConfigurations"],
    Bucket::AutoScaling,
    next_token("MaxRecords", 100),
);
