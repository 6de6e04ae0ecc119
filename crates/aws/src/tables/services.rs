//! What other services launch machines with.

use super::{Kind, Table, column};

/// EKS managed node groups.
pub static AWS_EKS_NODE_GROUP: Table = Table {
    name: "aws_eks_node_group",
    about: "One managed node group (EKS DescribeNodegroup).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("cluster_name", Kind::Text, "The cluster."),
        column("node_group_name", Kind::Text, "Its name."),
        column("status", Kind::Text, "`ACTIVE`, `DELETING`, …"),
        column("ami_type", Kind::Text, "`AL2023_x86_64_STANDARD`, `CUSTOM`, …"),
        column("release_version", Kind::Text, "The AMI release."),
        column("launch_template_id", Kind::Text, "The launch template's id; null without one."),
        column("launch_template_name", Kind::Text, "The launch template's name; null without one."),
        column("launch_template_version", Kind::Text, "The version as written; null without one."),
        column(
            "autoscaling_groups",
            Kind::Json,
            "The names of its Auto Scaling groups, as a JSON array.",
        ),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};

/// ECS capacity providers.
pub static AWS_ECS_CAPACITY_PROVIDER: Table = Table {
    name: "aws_ecs_capacity_provider",
    about: "One capacity provider of the account (ECS DescribeCapacityProviders); AWS's own Fargate ones are left out.",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("status", Kind::Text, "`ACTIVE`, `PROVISIONING`, `DEPROVISIONING` or `INACTIVE`."),
        column(
            "autoscaling_group_arn",
            Kind::Text,
            "The Auto Scaling group that it scales; null for managed instances.",
        ),
        column(
            "managed_instances",
            Kind::Boolean,
            "Whether ECS launches and manages the instances itself.",
        ),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};

/// Batch compute environments.
pub static AWS_BATCH_COMPUTE_ENVIRONMENT: Table = Table {
    name: "aws_batch_compute_environment",
    about: "One compute environment (Batch DescribeComputeEnvironments).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("state", Kind::Text, "`ENABLED` or `DISABLED`."),
        column("status", Kind::Text, "`VALID`, `DELETING`, …"),
        column(
            "type",
            Kind::Text,
            "`EC2`, `SPOT`, `FARGATE`, `FARGATE_SPOT`, `ECS_MANAGED_INSTANCES`; null for unmanaged.",
        ),
        column("managed", Kind::Boolean, "Whether Batch launches its instances."),
        column("launch_template_id", Kind::Text, "The launch template's id; null without one."),
        column("launch_template_name", Kind::Text, "The launch template's name; null without one."),
        column("launch_template_version", Kind::Text, "The version as written; null without one."),
        column(
            "image_id",
            Kind::Text,
            "The AMI that the environment names itself (`imageIdOverride`, else `imageId`); null when it names none.",
        ),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};

/// SageMaker notebook instances.
pub static AWS_SAGEMAKER_NOTEBOOK_INSTANCE: Table = Table {
    name: "aws_sagemaker_notebook_instance",
    about: "One notebook instance (SageMaker DescribeNotebookInstance).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("notebook_instance_status", Kind::Text, "`InService`, `Stopped`, …"),
        column("instance_type", Kind::Text, "The instance type."),
        column("role_arn", Kind::Text, "Its role."),
        column("direct_internet_access", Kind::Text, "`Enabled` or `Disabled`."),
        column("platform_identifier", Kind::Text, "`notebook-al2-v2`, …"),
        column(
            "minimum_imds_version",
            Kind::Text,
            "`1` or `2`, verbatim; null when AWS does not report it.",
        ),
        column("creation_time", Kind::Time, "When it was made."),
    ],
};

/// Elastic Beanstalk environments.
pub static AWS_ELASTIC_BEANSTALK_ENVIRONMENT: Table = Table {
    name: "aws_elastic_beanstalk_environment",
    about: "One environment with its DisableIMDSv1 option (Elastic Beanstalk DescribeEnvironments, DescribeConfigurationSettings).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("environment_id", Kind::Text, "`e-…`."),
        column("environment_name", Kind::Text, "Its name."),
        column("application_name", Kind::Text, "Its application."),
        column("status", Kind::Text, "`Ready`, `Updating`, `Terminated`, …"),
        column("solution_stack_name", Kind::Text, "The platform."),
        column("tier", Kind::Text, "`WebServer` or `Worker`."),
        column(
            "disable_imdsv1",
            Kind::Text,
            "The option `aws:autoscaling:launchconfiguration` `DisableIMDSv1` of the settings in force, verbatim: `true` or `false`; null when they do not hold it, or could not be read.",
        ),
        column("settings_read", Kind::Boolean, "Whether the environment's settings could be read."),
    ],
};

/// EMR security configurations.
pub static AWS_EMR_SECURITY_CONFIGURATION: Table = Table {
    name: "aws_emr_security_configuration",
    about: "One security configuration (EMR DescribeSecurityConfiguration).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "An ARN built from the name: EMR gives none."),
        column("name", Kind::Text, "Its name."),
        column("creation_date_time", Kind::Time, "When it was made."),
        column(
            "minimum_imds_version",
            Kind::Text,
            "MinimumInstanceMetadataServiceVersion, `1` or `2`; null when the configuration is silent.",
        ),
        column(
            "hop_limit",
            Kind::Integer,
            "HttpPutResponseHopLimit; null when the configuration is silent.",
        ),
        column(
            "security_configuration",
            Kind::Json,
            "The configuration's text, verbatim; null when it could not be read.",
        ),
    ],
};

/// Lightsail instances.
pub static AWS_LIGHTSAIL_INSTANCE: Table = Table {
    name: "aws_lightsail_instance",
    about: "One Lightsail instance (Lightsail GetInstances).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("state_name", Kind::Text, "`running`, `stopped`, …"),
        column("bundle_id", Kind::Text, "Its bundle."),
        column("blueprint_id", Kind::Text, "Its blueprint."),
        column("public_ip_address", Kind::Unique, "Its public IPv4 address; null without one."),
        column("created_at", Kind::Time, "When it was made."),
        column(
            "http_tokens",
            Kind::Text,
            "`required` or `optional` as Lightsail reports it; null when it is silent.",
        ),
        column(
            "http_endpoint",
            Kind::Text,
            "`enabled` or `disabled` as Lightsail reports it; null when it is silent.",
        ),
        column(
            "hop_limit",
            Kind::Integer,
            "HttpPutResponseHopLimit as Lightsail reports it; null when it is silent.",
        ),
        column("metadata_options_state", Kind::Text, "`applied` or `pending`."),
        column("metadata_options", Kind::Json, "The options as one JSON object with AWS's names."),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};

/// AppStream fleets and builders.
pub static AWS_APPSTREAM_FLEET: Table = Table {
    name: "aws_appstream_fleet",
    about: "One fleet, image builder or app block builder (AppStream DescribeFleets, DescribeImageBuilders, DescribeAppBlockBuilders).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("kind", Kind::Text, "`fleet`, `image-builder` or `app-block-builder`."),
        column("state", Kind::Text, "`RUNNING`, `STOPPED`, …"),
        column("instance_type", Kind::Text, "The instance type."),
        column(
            "image_name",
            Kind::Text,
            "The image's name, or its ARN where AWS gives only that; null for none.",
        ),
        column("iam_role_arn", Kind::Text, "Its role; null without one."),
        column("disable_imdsv1", Kind::Boolean, "DisableIMDSV1; null when AWS does not report it."),
        column("created_time", Kind::Time, "When it was made."),
    ],
};

/// Image Builder infrastructure configurations.
pub static AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION: Table = Table {
    name: "aws_imagebuilder_infrastructure_configuration",
    about: "One infrastructure configuration: what build and test instances are launched with (Image Builder GetInfrastructureConfiguration).",
    columns: &[
        column("account_id", Kind::Text, "The account that was read."),
        column("region", Kind::Text, "The region's code."),
        column("arn", Kind::Text, "Its ARN."),
        column("name", Kind::Text, "Its name."),
        column("instance_profile", Kind::Text, "The instance profile's name; null without one."),
        column(
            "http_tokens",
            Kind::Text,
            "`required` or `optional` as the configuration sets it; null when it is silent.",
        ),
        column("http_endpoint", Kind::Text, "Null: Image Builder has no such option."),
        column(
            "hop_limit",
            Kind::Integer,
            "HttpPutResponseHopLimit as the configuration sets it; null when it is silent.",
        ),
        column("date_created", Kind::Text, "When it was made, verbatim."),
        column("tags", Kind::Json, "Its tags, as one JSON object."),
    ],
};
