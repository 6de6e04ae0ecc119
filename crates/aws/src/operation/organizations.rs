//! Operations of Organizations: the accounts, the tree above them, and the policies attached to it.

use super::{Bucket, Operation, next_token, once, paged};
use crate::service::ORGANIZATIONS;

const fn list(action: &'static str, iam: &'static [&'static str]) -> Operation {
    paged(&ORGANIZATIONS, action, iam, Bucket::Organizations, next_token("MaxResults", 20))
}

/// The accounts of the organization, from the management account or a delegated administrator.
pub static LIST_ACCOUNTS: Operation = list("ListAccounts", &["organizations:ListAccounts"]);

/// The root of the organization's tree.
pub static LIST_ROOTS: Operation = list("ListRoots", &["organizations:ListRoots"]);

/// The organizational units right below a root or unit.
pub static LIST_ORGANIZATIONAL_UNITS_FOR_PARENT: Operation =
    list("ListOrganizationalUnitsForParent", &["organizations:ListOrganizationalUnitsForParent"]);

/// The accounts right below a root or unit.
pub static LIST_ACCOUNTS_FOR_PARENT: Operation =
    list("ListAccountsForParent", &["organizations:ListAccountsForParent"]);

/// The policies of one type.
pub static LIST_POLICIES: Operation = list("ListPolicies", &["organizations:ListPolicies"]);

/// A policy with its text.
pub static DESCRIBE_POLICY: Operation = once(
    &ORGANIZATIONS,
    "DescribePolicy",
    &["organizations:DescribePolicy"],
    Bucket::Organizations,
);

/// What a policy is attached to.
pub static LIST_TARGETS_FOR_POLICY: Operation =
    list("ListTargetsForPolicy", &["organizations:ListTargetsForPolicy"]);

/// The EC2 (declarative) policy in effect for the calling account, all inheritance applied.
pub static DESCRIBE_EFFECTIVE_POLICY: Operation = once(
    &ORGANIZATIONS,
    "DescribeEffectivePolicy",
    &["organizations:DescribeEffectivePolicy"],
    Bucket::Organizations,
);

/// The organization that the caller's account belongs to.
pub static DESCRIBE_ORGANIZATION: Operation = once(
    &ORGANIZATIONS,
    "DescribeOrganization",
    &["organizations:DescribeOrganization"],
    Bucket::Organizations,
);
