//! What every run fills: accounts, regions, and what could not be read.

use super::{Kind, Table, column};

/// Accounts that were to be read.
pub static AWS_ACCOUNT: Table = Table {
    name: "aws_account",
    about: "One AWS account that was to be read, also when it could not be entered.",
    columns: &[
        column("account_id", Kind::Text, "The twelve digits."),
        column(
            "name",
            Kind::Text,
            "The name in the organization, else the account's alias; null when neither could be read.",
        ),
        column("arn", Kind::Text, "The account's ARN in Organizations; null outside `--org`."),
        column(
            "email",
            Kind::Text,
            "The root user's address (Organizations); null outside `--org`.",
        ),
        column("partition", Kind::Text, "`aws`, `aws-cn` or `aws-us-gov`."),
        column(
            "status",
            Kind::Text,
            "`ACTIVE`, as Organizations reports it; null outside `--org`.",
        ),
        column(
            "management",
            Kind::Boolean,
            "Whether it is the organization's management account; null outside `--org`.",
        ),
        column(
            "organizational_unit",
            Kind::Text,
            "The names of the units above it, from the root down: `Root/Workloads/Prod`; null where the tree could not be read.",
        ),
        column(
            "organizational_path",
            Kind::Text,
            "The ids of the root and the units above it: `r-abcd/ou-abcd-11111111`; null likewise.",
        ),
        column("entered_as", Kind::Text, "The ARN of the identity or role that read it."),
    ],
};

/// Regions of the accounts.
pub static AWS_REGION: Table = Table {
    name: "aws_region",
    about: "One region of one account (EC2 DescribeRegions), also those that are not enabled.",
    columns: &[
        column("account_id", Kind::Text, "The account."),
        column("region", Kind::Text, "The region's code."),
        column("opt_in_status", Kind::Text, "`opt-in-not-required`, `opted-in` or `not-opted-in`."),
        column(
            "read",
            Kind::Boolean,
            "Whether the run was to read it: enabled, and chosen by `--regions`.",
        ),
    ],
};

/// What could not be read.
pub static SCAN_ERROR: Table = Table {
    name: "scan_error",
    about: "One call that did not give what was asked, or one file that could not be read: a gap in the evidence.",
    columns: &[
        column("account_id", Kind::Text, "The account; null when it is not known."),
        column("region", Kind::Text, "The region; null when the whole account could not be read."),
        column(
            "operation",
            Kind::Text,
            "The call, as IAM writes it: `ec2:DescribeInstances`; `scan:ReadFile` of a file.",
        ),
        column("code", Kind::Text, "AWS's error code, or imdsure's word where AWS did not answer."),
        column("message", Kind::Text, "AWS's message, or what happened."),
        column(
            "kind",
            Kind::Text,
            "`denied`, `closed_by_policy`, `credentials`, `throttled`, `unavailable`, `malformed`, `interrupted`, `refused`.",
        ),
        column(
            "table_name",
            Kind::Text,
            "The table whose rows are missing; null when it is every table.",
        ),
        column("path", Kind::Text, "The file or folder, where it is code; else null."),
        column("line", Kind::Integer, "The line in it, from 1, where it is known."),
        column("column", Kind::Integer, "The character in the line, from 1."),
    ],
};
