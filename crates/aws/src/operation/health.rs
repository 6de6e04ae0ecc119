//! Operations that tell how instances are: what is watched while changes are made.

use super::{Bucket, Operation, Paging, paged};
use crate::service::{EC2, ELASTIC_LOAD_BALANCING};

/// The status checks of instances.
pub static DESCRIBE_INSTANCE_STATUS: Operation = paged(
    &EC2,
    "DescribeInstanceStatus",
    &["ec2:DescribeInstanceStatus"],
    Bucket::Ec2NonMutating,
    Paging { size: Some(("MaxResults", 1000)), token: "NextToken", next: "nextToken" },
);

/// The target groups of load balancers.
pub static DESCRIBE_TARGET_GROUPS: Operation = paged(
    &ELASTIC_LOAD_BALANCING,
    "DescribeTargetGroups",
    &["elasticloadbalancing:DescribeTargetGroups"],
    Bucket::Other("elasticloadbalancing"),
    Paging { size: Some(("PageSize", 400)), token: "Marker", next: "NextMarker" },
);

/// The health of a target group's targets, all in one answer.
pub static DESCRIBE_TARGET_HEALTH: Operation = super::once(
    &ELASTIC_LOAD_BALANCING,
    "DescribeTargetHealth",
    &["elasticloadbalancing:DescribeTargetHealth"],
    Bucket::Other("elasticloadbalancing"),
);
