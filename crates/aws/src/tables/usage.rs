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
        column(
            "window_start",
            Kind::Time,
            "Where the window begins: a UTC midnight, as many whole days before the day of its end as were asked for.",
        ),
        column(
            "window_end",
            Kind::Time,
            "Where it ends: the last full hour before the reading. The current hour is not part of it.",
        ),
        column(
            "calls",
            Kind::Integer,
            "The calls in the window; null without data: no data is not zero.",
        ),
        column(
            "days_with_data",
            Kind::Integer,
            "UTC days of the window with at least one datapoint, the day of its end included.",
        ),
        column(
            "covered_hours",
            Kind::Integer,
            "Hours of the window with data. Where hours were asked for, those with a datapoint; else 24 for each day with data, but only those before the window's end, and on the day of the last start only those after it.",
        ),
        column(
            "hourly",
            Kind::Boolean,
            "Whether the hours were asked for and given (only where there were calls): then all numbers of this row come from hours, else from days.",
        ),
        column(
            "first_datapoint",
            Kind::Time,
            "The start of the first period (hour or day) with data.",
        ),
        column("last_datapoint", Kind::Time, "The start of the last period with data."),
        column("last_nonzero", Kind::Time, "The start of the last period with calls."),
        column(
            "rebooted_in_window",
            Kind::Boolean,
            "Whether it was started within the window (its launch time): what calls only at boot has had its chance. A reboot without a stop leaves the launch time as it is and is not seen; null without a launch time.",
        ),
    ],
};
