//! Policies of the organization.

use super::{Kind, Table, column};

/// Organization policies.
pub static AWS_ORGANIZATIONS_POLICY: Table = Table {
    name: "aws_organizations_policy",
    about: "One service control policy or EC2 (declarative) policy of the organization (Organizations ListPolicies, DescribePolicy, ListTargetsForPolicy).",
    columns: &[
        column("policy_id", Kind::Text, "`p-…`."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("description", Kind::Text, "What its maker wrote."),
        column("type", Kind::Text, "`SERVICE_CONTROL_POLICY` or `DECLARATIVE_POLICY_EC2`."),
        column("aws_managed", Kind::Boolean, "Whether AWS maintains it."),
        column(
            "content",
            Kind::Json,
            "The policy's text, verbatim; null when it could not be read.",
        ),
        column(
            "targets",
            Kind::Json,
            "Where it is attached: an array of objects with `TargetId`, `Name` and `Type` (`ROOT`, `ORGANIZATIONAL_UNIT`, `ACCOUNT`); null when it could not be read.",
        ),
        column("organization_id", Kind::Text, "`o-…`, from the ARN."),
        column("management_account_id", Kind::Text, "The management account, from the ARN."),
    ],
};

/// Effective EC2 policies.
pub static AWS_ORGANIZATIONS_EFFECTIVE_POLICY: Table = Table {
    name: "aws_organizations_effective_policy",
    about: "The EC2 (declarative) policy that is in effect for one account, all inheritance applied (Organizations DescribeEffectivePolicy); no row where none is.",
    columns: &[
        column("account_id", Kind::Text, "The account."),
        column("type", Kind::Text, "`DECLARATIVE_POLICY_EC2`."),
        column("content", Kind::Json, "The policy's text, verbatim."),
        column("last_updated", Kind::Time, "When it was last computed."),
        column(
            "http_tokens",
            Kind::Text,
            "`required`, `optional` or `no_preference`; null when the policy is silent.",
        ),
        column(
            "http_tokens_enforced",
            Kind::Text,
            "`enabled`, `disabled` or `no_preference`; null when the policy is silent.",
        ),
        column(
            "hop_limit",
            Kind::Integer,
            "http_put_response_hop_limit; null when the policy is silent.",
        ),
    ],
};
