//! EC2 instances.

use super::{Kind, Table, column};

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
        column(
            "autoscaling_group_name",
            Kind::Text,
            "The tag `aws:autoscaling:groupName`: the group that launched it.",
        ),
        column(
            "launch_template_id",
            Kind::Text,
            "The tag `aws:ec2launchtemplate:id`: the template that it was launched from.",
        ),
        column(
            "launch_template_version",
            Kind::Text,
            "The tag `aws:ec2launchtemplate:version`: that template's version, a number.",
        ),
        column("metadata_options", Kind::Json, "The options as one JSON object with AWS's names."),
        column("tags", Kind::Json, "All tags, as one JSON object."),
    ],
};
