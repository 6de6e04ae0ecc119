//! The tables that AWS fills, column by column. Where Steampipe has a table of the same name, the same
//! columns carry the same values.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A table: what one row is, and its columns in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in SQL and as a file of kept evidence.
    pub name: &'static str,
    /// What one row stands for.
    pub about: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

/// A column. Every column may be null: null is "AWS did not report it".
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means, and where it comes from.
    pub about: &'static str,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text with few distinct values, or many rows a value.
    Text,
    /// Text that differs from row to row.
    Unique,
    /// A JSON document as text.
    Json,
    /// A 64-bit integer.
    Integer,
    /// True or false.
    Boolean,
    /// A UTC instant in milliseconds.
    Time,
}

impl Table {
    /// The Arrow schema.
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &Column| Field::new(column.name, column.kind.data_type(), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

impl Kind {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Unique | Self::Json => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }
}

const fn column(name: &'static str, kind: Kind, about: &'static str) -> Column {
    Column { name, kind, about }
}

/// Every table that AWS fills.
pub static TABLES: [&Table; 4] = [&AWS_ACCOUNT, &AWS_REGION, &AWS_EC2_INSTANCE, &SCAN_ERROR];

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

/// EC2 instances.
pub static AWS_EC2_INSTANCE: Table = Table {
    name: "aws_ec2_instance",
    about: "One EC2 instance (EC2 DescribeInstances), terminated ones included while AWS shows them.",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("partition", Kind::Text, "`aws`, `aws-cn` or `aws-us-gov`."),
        column("arn", Kind::Unique, "The instance's ARN."),
        column("instance_id", Kind::Unique, "`i-…`."),
        column("title", Kind::Unique, "The `Name` tag, else the instance id."),
        column("name", Kind::Text, "The `Name` tag; null without one."),
        column(
            "instance_state",
            Kind::Text,
            "`pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.",
        ),
        column("instance_type", Kind::Text, "`m5.large`, …"),
        column(
            "instance_lifecycle",
            Kind::Text,
            "`spot`, `scheduled`, `capacity-block`; null for on-demand.",
        ),
        column("image_id", Kind::Text, "The AMI it was launched from."),
        column("platform", Kind::Text, "`windows`; null otherwise."),
        column("key_name", Kind::Text, "The key pair's name."),
        column("launch_time", Kind::Time, "The last start."),
        column("placement_availability_zone", Kind::Text, "The zone."),
        column("vpc_id", Kind::Text, "The VPC."),
        column("subnet_id", Kind::Text, "The subnet."),
        column("private_ip_address", Kind::Unique, "The first private IPv4 address."),
        column("public_ip_address", Kind::Unique, "The public IPv4 address; null without one."),
        column("public_dns_name", Kind::Unique, "The public DNS name; null without one."),
        column(
            "iam_instance_profile_arn",
            Kind::Text,
            "The instance profile's ARN; null without a role.",
        ),
        column("instance_profile", Kind::Text, "The instance profile's name; null without a role."),
        column(
            "http_tokens",
            Kind::Text,
            "`required` or `optional`, verbatim; null when AWS reports no metadata options.",
        ),
        column("http_endpoint", Kind::Text, "`enabled` or `disabled`, verbatim."),
        column("http_protocol_ipv6", Kind::Text, "`enabled` or `disabled`, verbatim."),
        column("instance_metadata_tags", Kind::Text, "`enabled` or `disabled`, verbatim."),
        column("hop_limit", Kind::Integer, "HttpPutResponseHopLimit, 1 to 64."),
        column(
            "metadata_options_state",
            Kind::Text,
            "`applied`, or `pending`: then the other options are the requested ones, not those in force.",
        ),
        column("metadata_options", Kind::Json, "The options as one JSON object with AWS's names."),
        column("tags", Kind::Json, "All tags, as one JSON object."),
    ],
};

/// What could not be read.
pub static SCAN_ERROR: Table = Table {
    name: "scan_error",
    about: "One call that did not give what was asked: a gap in the evidence.",
    columns: &[
        column("account_id", Kind::Text, "The account; null when it is not known."),
        column("region", Kind::Text, "The region; null when the whole account could not be read."),
        column("operation", Kind::Text, "The call, as IAM writes it: `ec2:DescribeInstances`."),
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
    ],
};
