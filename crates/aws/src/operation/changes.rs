//! Operations that change something. Reading never calls them; what applies a plan asks for their permission by name.

use super::{Bucket, Operation, next_token, once, paged};
use crate::service::{AUTOSCALING, EC2, ELASTIC_BEANSTALK, LIGHTSAIL, SAGEMAKER};

/// An action of EC2 that has a throttle bucket of its own.
const fn own(action: &'static str, iam: &'static [&'static str]) -> Operation {
    once(&EC2, action, iam, Bucket::Ec2Change(action))
}

/// The metadata options of an instance: what is not sent stays.
pub static MODIFY_INSTANCE_METADATA_OPTIONS: Operation =
    own("ModifyInstanceMetadataOptions", &["ec2:ModifyInstanceMetadataOptions"]);

/// The account's metadata defaults in a region: what is not sent stays.
pub static MODIFY_INSTANCE_METADATA_DEFAULTS: Operation = once(
    &EC2,
    "ModifyInstanceMetadataDefaults",
    &["ec2:ModifyInstanceMetadataDefaults"],
    Bucket::Ec2Defaults,
);

/// A launch template, from nothing.
pub static CREATE_LAUNCH_TEMPLATE: Operation =
    once(&EC2, "CreateLaunchTemplate", &["ec2:CreateLaunchTemplate"], Bucket::Ec2Mutating);

/// A launch template that nothing uses any more.
pub static DELETE_LAUNCH_TEMPLATE: Operation =
    once(&EC2, "DeleteLaunchTemplate", &["ec2:DeleteLaunchTemplate"], Bucket::Ec2Mutating);

/// A version of a launch template, from another version.
pub static CREATE_LAUNCH_TEMPLATE_VERSION: Operation =
    own("CreateLaunchTemplateVersion", &["ec2:CreateLaunchTemplateVersion"]);

/// Versions of a launch template.
pub static DELETE_LAUNCH_TEMPLATE_VERSIONS: Operation = once(
    &EC2,
    "DeleteLaunchTemplateVersions",
    &["ec2:DeleteLaunchTemplateVersions"],
    Bucket::Ec2Mutating,
);

/// The default version of a launch template.
pub static MODIFY_LAUNCH_TEMPLATE: Operation =
    own("ModifyLaunchTemplate", &["ec2:ModifyLaunchTemplate"]);

/// `ImdsSupport` of an AMI, which cannot be taken back.
pub static MODIFY_IMAGE_ATTRIBUTE: Operation =
    own("ModifyImageAttribute", &["ec2:ModifyImageAttribute"]);

/// A launch, only ever as a dry run: what leads a group to another launch template has to be permitted to launch from it.
/// The role of the template's instance profile has to be one that may be passed.
pub static RUN_INSTANCES: Operation = once(
    &EC2,
    "RunInstances",
    &["ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"],
    Bucket::Ec2Launch,
);

/// What a group launches from. With a launch template, AWS asks for the permission to launch from it as well.
pub static UPDATE_AUTO_SCALING_GROUP: Operation = once(
    &AUTOSCALING,
    "UpdateAutoScalingGroup",
    &["autoscaling:UpdateAutoScalingGroup", "ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"],
    Bucket::AutoScalingChange,
);

/// New instances for a group's members.
pub static START_INSTANCE_REFRESH: Operation = once(
    &AUTOSCALING,
    "StartInstanceRefresh",
    &["autoscaling:StartInstanceRefresh", "ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"],
    Bucket::AutoScalingChange,
);

/// The end of an instance refresh before its time.
pub static CANCEL_INSTANCE_REFRESH: Operation = once(
    &AUTOSCALING,
    "CancelInstanceRefresh",
    &["autoscaling:CancelInstanceRefresh"],
    Bucket::AutoScalingChange,
);

/// The instance refreshes of a group.
pub static DESCRIBE_INSTANCE_REFRESHES: Operation = once(
    &AUTOSCALING,
    "DescribeInstanceRefreshes",
    &["autoscaling:DescribeInstanceRefreshes"],
    Bucket::AutoScaling,
);

/// What a group launched and ended in six weeks, and why.
pub static DESCRIBE_SCALING_ACTIVITIES: Operation = paged(
    &AUTOSCALING,
    "DescribeScalingActivities",
    &["autoscaling:DescribeScalingActivities"],
    Bucket::AutoScaling,
    next_token("MaxRecords", 100),
);

/// The end of a notebook instance's run; its volume stays.
pub static STOP_NOTEBOOK_INSTANCE: Operation = Operation {
    silent: true,
    ..once(
        &SAGEMAKER,
        "StopNotebookInstance",
        &["sagemaker:StopNotebookInstance"],
        Bucket::Other("sagemaker"),
    )
};

/// The start of a notebook instance.
pub static START_NOTEBOOK_INSTANCE: Operation = Operation {
    silent: true,
    ..once(
        &SAGEMAKER,
        "StartNotebookInstance",
        &["sagemaker:StartNotebookInstance"],
        Bucket::Other("sagemaker"),
    )
};

/// The settings of a stopped notebook instance.
pub static UPDATE_NOTEBOOK_INSTANCE: Operation = once(
    &SAGEMAKER,
    "UpdateNotebookInstance",
    &["sagemaker:UpdateNotebookInstance"],
    Bucket::Other("sagemaker"),
);

/// The options of a Beanstalk environment.
pub static UPDATE_ENVIRONMENT: Operation = once(
    &ELASTIC_BEANSTALK,
    "UpdateEnvironment",
    &["elasticbeanstalk:UpdateEnvironment"],
    Bucket::Other("elasticbeanstalk"),
);

/// The metadata options of a Lightsail instance.
pub static UPDATE_LIGHTSAIL_METADATA_OPTIONS: Operation = once(
    &LIGHTSAIL,
    "UpdateInstanceMetadataOptions",
    &["lightsail:UpdateInstanceMetadataOptions"],
    Bucket::Other("lightsail"),
);
