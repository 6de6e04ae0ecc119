//! What EC2 and Auto Scaling launch instances from.

use super::{Kind, Table, column};

/// Launch template versions.
pub static AWS_EC2_LAUNCH_TEMPLATE_VERSION: Table = Table {
    name: "aws_ec2_launch_template_version",
    about: "One version of a launch template (EC2 DescribeLaunchTemplateVersions): the default, the latest, and every version that something launches from.",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "The template's ARN."),
        column("launch_template_id", Kind::Text, "`lt-…`."),
        column("launch_template_name", Kind::Text, "The template's name."),
        column("version_number", Kind::Integer, "The version."),
        column("default_version", Kind::Boolean, "Whether it is the template's default."),
        column("latest_version", Kind::Boolean, "Whether it is the template's latest."),
        column("version_description", Kind::Text, "What its maker wrote."),
        column("created_by", Kind::Text, "The ARN of the identity that made the version."),
        column("create_time", Kind::Time, "When it was made."),
        column(
            "image_id",
            Kind::Text,
            "The AMI, or `resolve:ssm:…`; null when the version names none.",
        ),
        column("instance_type", Kind::Text, "The instance type; null when the version names none."),
        column(
            "instance_profile",
            Kind::Text,
            "The instance profile's name or ARN; null without one.",
        ),
        column(
            "http_tokens",
            Kind::Text,
            "`required` or `optional` as the version sets it; null when it is silent.",
        ),
        column(
            "http_endpoint",
            Kind::Text,
            "`enabled` or `disabled` as the version sets it; null when it is silent.",
        ),
        column(
            "hop_limit",
            Kind::Integer,
            "HttpPutResponseHopLimit as the version sets it; null when it is silent.",
        ),
        column(
            "http_protocol_ipv6",
            Kind::Text,
            "`enabled` or `disabled`; null when the version is silent.",
        ),
        column(
            "instance_metadata_tags",
            Kind::Text,
            "`enabled` or `disabled`; null when the version is silent.",
        ),
        column(
            "metadata_options",
            Kind::Json,
            "The options as one JSON object with AWS's names; null when the version has none.",
        ),
        column("instance_tags", Kind::Json, "The tags that its instances get, as one JSON object."),
        column(
            "operator",
            Kind::Text,
            "The service that manages the template (`Operator.Principal`); null for none.",
        ),
        column("tags", Kind::Json, "The template's tags, as one JSON object."),
    ],
};

/// What launches from launch templates.
pub static AWS_EC2_LAUNCH_TEMPLATE_USE: Table = Table {
    name: "aws_ec2_launch_template_use",
    about: "One place that launches instances from a launch template, as it names template and version.",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("launcher", Kind::Text, "The ARN or id of what launches."),
        column(
            "launcher_kind",
            Kind::Text,
            "`autoscaling-group`, `ec2-fleet`, `spot-fleet`, `eks-node-group` or `batch-compute-environment`.",
        ),
        column("launcher_name", Kind::Text, "Its name."),
        column(
            "part",
            Kind::Text,
            "Where in it the template is named: `launch template`, `mixed instances policy`, `override 1`, …",
        ),
        column(
            "active",
            Kind::Boolean,
            "Whether it can still launch: false for what is cancelled, deleted or disabled.",
        ),
        column(
            "launch_template_id",
            Kind::Text,
            "`lt-…`; null where only the name is given and no template of that name exists.",
        ),
        column(
            "launch_template_name",
            Kind::Text,
            "The template's name; null where it is not known.",
        ),
        column("version", Kind::Text, "The version as written: a number, `$Default` or `$Latest`."),
        column(
            "version_number",
            Kind::Integer,
            "The version's number, also of one that was deleted; null for `$Default` and `$Latest` of a template that is gone or was not read.",
        ),
    ],
};

/// Launch configurations.
pub static AWS_EC2_LAUNCH_CONFIGURATION: Table = Table {
    name: "aws_ec2_launch_configuration",
    about: "One launch configuration (Auto Scaling DescribeLaunchConfigurations).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("created_time", Kind::Time, "When it was made."),
        column("image_id", Kind::Text, "The AMI."),
        column("instance_type", Kind::Text, "The instance type."),
        column("spot_price", Kind::Text, "The highest Spot price; null for on-demand."),
        column(
            "instance_profile",
            Kind::Text,
            "The instance profile's name or ARN; null without one.",
        ),
        column(
            "associate_public_ip_address",
            Kind::Boolean,
            "Whether its instances get a public address; null for the subnet's default.",
        ),
        column(
            "http_tokens",
            Kind::Text,
            "`required` or `optional` as the configuration sets it; null when it is silent.",
        ),
        column(
            "http_endpoint",
            Kind::Text,
            "`enabled` or `disabled` as the configuration sets it; null when it is silent.",
        ),
        column(
            "hop_limit",
            Kind::Integer,
            "HttpPutResponseHopLimit as the configuration sets it; null when it is silent.",
        ),
        column(
            "metadata_options",
            Kind::Json,
            "The options as one JSON object with AWS's names; null when the configuration has none.",
        ),
    ],
};

/// Auto Scaling groups.
pub static AWS_EC2_AUTOSCALING_GROUP: Table = Table {
    name: "aws_ec2_autoscaling_group",
    about: "One Auto Scaling group (Auto Scaling DescribeAutoScalingGroups).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("autoscaling_group_arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column(
            "status",
            Kind::Text,
            "`Delete in progress` while it is being deleted; null otherwise.",
        ),
        column("created_time", Kind::Time, "When it was made."),
        column("min_size", Kind::Integer, "The smallest size."),
        column("max_size", Kind::Integer, "The largest size."),
        column("desired_capacity", Kind::Integer, "The size that is wanted now."),
        column(
            "launch_configuration_name",
            Kind::Text,
            "The launch configuration; null where templates are used.",
        ),
        column(
            "launch_template_id",
            Kind::Text,
            "The launch template's id, also that of a mixed instances policy; null otherwise.",
        ),
        column("launch_template_name", Kind::Text, "The launch template's name, likewise."),
        column(
            "launch_template_version",
            Kind::Text,
            "The version as written, likewise: a number, `$Default` or `$Latest`; AWS takes none for `$Default`.",
        ),
        column(
            "mixed_instances_policy",
            Kind::Json,
            "The mixed instances policy with AWS's names; null without one.",
        ),
        column("instances", Kind::Json, "The members with AWS's names."),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};

/// Members of Auto Scaling groups.
pub static AWS_EC2_AUTOSCALING_GROUP_MEMBER: Table = Table {
    name: "aws_ec2_autoscaling_group_member",
    about: "One instance of an Auto Scaling group, as the group lists it.",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("autoscaling_group_arn", Kind::Text, "The group's ARN."),
        column("autoscaling_group_name", Kind::Text, "The group's name."),
        column("instance_id", Kind::Text, "`i-…`."),
        column("lifecycle_state", Kind::Text, "`InService`, `Standby`, `Warmed:Stopped`, …"),
        column("health_status", Kind::Text, "`Healthy` or `Unhealthy`."),
        column(
            "launch_configuration_name",
            Kind::Text,
            "The launch configuration that it was launched from.",
        ),
        column("launch_template_id", Kind::Text, "The launch template that it was launched from."),
        column(
            "launch_template_version",
            Kind::Text,
            "The version that it was launched from, a number.",
        ),
    ],
};

/// AMIs.
pub static AWS_EC2_AMI: Table = Table {
    name: "aws_ec2_ami",
    about: "One AMI that the account owns or that something in the region launches from (EC2 DescribeImages).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("image_id", Kind::Text, "`ami-…`."),
        column("name", Kind::Text, "Its name."),
        column("owner_id", Kind::Text, "The account that owns it."),
        column("owner_alias", Kind::Text, "`amazon`, `aws-marketplace`, …; null for none."),
        column("owned", Kind::Boolean, "Whether the account that was read owns it."),
        column(
            "in_use",
            Kind::Boolean,
            "Whether an instance, a template version, a launch configuration or a Spot request of the region names it.",
        ),
        column("public", Kind::Boolean, "Whether everybody may launch it."),
        column("state", Kind::Text, "`available`, `disabled`, …"),
        column(
            "imds_support",
            Kind::Text,
            "`v2.0`: launches get required tokens and hop limit 2 unless something above decides; null otherwise.",
        ),
        column("creation_date", Kind::Time, "When it was made."),
        column("deprecation_time", Kind::Time, "When it is or was deprecated."),
        column("platform", Kind::Text, "`windows`; null otherwise."),
        column("architecture", Kind::Text, "`x86_64`, `arm64`, …"),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};

/// Account defaults.
pub static AWS_EC2_INSTANCE_METADATA_DEFAULTS: Table = Table {
    name: "aws_ec2_instance_metadata_defaults",
    about: "The metadata defaults of one account in one region (EC2 GetInstanceMetadataDefaults); a row also where nothing is set.",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("http_tokens", Kind::Text, "`required` or `optional`; null when it was never set."),
        column("http_endpoint", Kind::Text, "`enabled` or `disabled`; null when it was never set."),
        column("hop_limit", Kind::Integer, "The hop limit, 1 to 64; null when it was never set."),
        column(
            "instance_metadata_tags",
            Kind::Text,
            "`enabled` or `disabled`; null when it was never set.",
        ),
        column(
            "http_tokens_enforced",
            Kind::Text,
            "`enabled`: launches that do not resolve to required tokens fail, and no instance can go back to optional; `disabled`, or null when it was never set.",
        ),
        column("managed_by", Kind::Text, "`account` or `declarative-policy`."),
        column(
            "managed_exception_message",
            Kind::Text,
            "What the policy says to who tries to change them.",
        ),
    ],
};

/// Spot requests.
pub static AWS_EC2_SPOT_REQUEST: Table = Table {
    name: "aws_ec2_spot_request",
    about: "One launch specification of a Spot request or Spot Fleet that names no launch template: it has no field for metadata options (EC2 DescribeSpotInstanceRequests, DescribeSpotFleetRequests).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("request_id", Kind::Text, "`sir-…` or `sfr-…`."),
        column("kind", Kind::Text, "`spot-request` or `spot-fleet`."),
        column("specification", Kind::Integer, "The specification's place in the request, from 1."),
        column("state", Kind::Text, "`open`, `active`, `closed`, `cancelled`, …"),
        column("type", Kind::Text, "`one-time`, `persistent`, `request` or `maintain`."),
        column("image_id", Kind::Text, "The AMI."),
        column("instance_type", Kind::Text, "The instance type; null for a choice of them."),
        column(
            "instance_profile",
            Kind::Text,
            "The instance profile's name or ARN; null without one.",
        ),
        column(
            "instance_id",
            Kind::Text,
            "The instance that it launched last; null for none or for a fleet.",
        ),
        column("create_time", Kind::Time, "When it was made."),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};
