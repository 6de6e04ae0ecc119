//! What CloudWatch counted.

use super::{Kind, Table, column};

/// Version 1 calls.
pub static AWS_CLOUDWATCH_IMDS_USAGE: Table = Table {
    name: "aws_cloudwatch_imds_usage",
    about: "The version 1 calls of one instance in the window (CloudWatch GetMetricData on `MetadataNoToken`, or on `MetadataNoTokenRejected` where tokens are required); a row for every instance that was asked about, also without data.",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("instance_id", Kind::Text, "`i-…`."),
        column("metric", Kind::Text, "`MetadataNoToken` or `MetadataNoTokenRejected`."),
        column("window_start", Kind::Time, "Where the window begins."),
        column("window_end", Kind::Time, "Where it ends."),
        column(
            "calls",
            Kind::Integer,
            "The calls in the window; null without data: no data is not zero.",
        ),
        column("days_with_data", Kind::Integer, "Days of the window with at least one datapoint."),
        column(
            "covered_hours",
            Kind::Integer,
            "Hours of the window with data: counted where hours were asked for, else the whole days with data.",
        ),
        column(
            "hourly",
            Kind::Boolean,
            "Whether the hours were asked for (only where there were calls).",
        ),
        column("first_datapoint", Kind::Time, "The start of the first period with data."),
        column("last_datapoint", Kind::Time, "The start of the last period with data."),
        column("last_nonzero", Kind::Time, "The start of the last period with calls."),
        column(
            "rebooted_in_window",
            Kind::Boolean,
            "Whether it was started within the window (its launch time): what calls only at boot has had its chance.",
        ),
    ],
};
