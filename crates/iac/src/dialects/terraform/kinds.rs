//! The resource types that decide how instances start, and where they say it. From the provider's
//! documentation.

use imdsure_model::Effect;

/// How a type spells its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dialects) enum Form {
    /// A block of `http_tokens`, `http_endpoint`, …
    Options,
    /// A block with `minimum_instance_metadata_service_version`, `"1"` or `"2"`.
    MinimumVersion,
    /// JSON with `MinimumInstanceMetadataServiceVersion`.
    EmrJson,
    /// `imds_support` of an image.
    Image,
    /// A boolean that switches version 1 off.
    Flag,
    /// The word itself, as an input of a module.
    Word,
    /// Elastic Beanstalk's list of namespaced settings.
    Settings,
    /// It has no such option: only what it launches from decides.
    None,
}

/// A resource type.
#[derive(Debug)]
pub(in crate::dialects) struct Kind {
    pub(in crate::dialects) name: &'static str,
    pub(in crate::dialects) form: Form,
    /// The block, flag or list; empty where the options stand in the resource itself.
    pub(in crate::dialects) path: &'static [&'static str],
    pub(in crate::dialects) effect: Effect,
    /// Where it names what it launches from; `*` is every block of a list.
    pub(in crate::dialects) from: &'static [&'static [&'static str]],
    /// Whether the account's default decides what is not said; else the service does.
    pub(in crate::dialects) account_default: bool,
}

const OPTIONS: &[&str] = &["metadata_options"];
const TEMPLATE: &[&[&str]] = &[&["launch_template"]];

const fn kind(
    name: &'static str,
    form: Form,
    path: &'static [&'static str],
    effect: Effect,
    from: &'static [&'static [&'static str]],
    account_default: bool,
) -> Kind {
    Kind { name, form, path, effect, from, account_default }
}

const fn launcher(name: &'static str, from: &'static [&'static [&'static str]]) -> Kind {
    kind(name, Form::None, &[], Effect::InPlace, from, true)
}

const fn own(
    name: &'static str,
    form: Form,
    path: &'static [&'static str],
    effect: Effect,
    account_default: bool,
) -> Kind {
    kind(name, form, path, effect, &[], account_default)
}

pub(in crate::dialects) static KINDS: &[Kind] = &[
    kind("aws_instance", Form::Options, OPTIONS, Effect::InPlace, TEMPLATE, true),
    own("aws_launch_template", Form::Options, OPTIONS, Effect::NewVersion, true),
    own("aws_launch_configuration", Form::Options, OPTIONS, Effect::NewConfiguration, true),
    kind("aws_spot_instance_request", Form::Options, OPTIONS, Effect::Replacement, TEMPLATE, true),
    own("aws_ec2_instance_metadata_defaults", Form::Options, &[], Effect::AccountDefault, false),
    own("aws_ami", Form::Image, &["imds_support"], Effect::Replacement, false),
    own("aws_ami_copy", Form::Image, &["imds_support"], Effect::Replacement, false),
    own(
        "aws_sagemaker_notebook_instance",
        Form::MinimumVersion,
        &["instance_metadata_service_configuration"],
        Effect::Restart,
        false,
    ),
    own(
        "aws_imagebuilder_infrastructure_configuration",
        Form::Options,
        &["instance_metadata_options"],
        Effect::InPlace,
        false,
    ),
    own(
        "aws_elastic_beanstalk_environment",
        Form::Settings,
        &["setting"],
        Effect::Replacement,
        false,
    ),
    own(
        "aws_elastic_beanstalk_configuration_template",
        Form::Settings,
        &["setting"],
        Effect::InPlace,
        false,
    ),
    own(
        "aws_emr_security_configuration",
        Form::EmrJson,
        &["configuration"],
        Effect::NewConfiguration,
        false,
    ),
    launcher(
        "aws_autoscaling_group",
        &[
            &["launch_template"],
            &["mixed_instances_policy", "launch_template", "launch_template_specification"],
            &[
                "mixed_instances_policy",
                "launch_template",
                "override",
                "*",
                "launch_template_specification",
            ],
            &["launch_configuration"],
        ],
    ),
    launcher("aws_eks_node_group", TEMPLATE),
    launcher("aws_batch_compute_environment", &[&["compute_resources", "launch_template"]]),
    launcher("aws_ec2_fleet", &[&["launch_template_config", "*", "launch_template_specification"]]),
    launcher(
        "aws_spot_fleet_request",
        &[&["launch_template_config", "*", "launch_template_specification"]],
    ),
    kind("awscc_ec2_instance", Form::Options, OPTIONS, Effect::InPlace, TEMPLATE, true),
    own(
        "awscc_ec2_launch_template",
        Form::Options,
        &["launch_template_data", "metadata_options"],
        Effect::NewVersion,
        true,
    ),
    own(
        "awscc_autoscaling_launch_configuration",
        Form::Options,
        OPTIONS,
        Effect::NewConfiguration,
        true,
    ),
    own(
        "awscc_imagebuilder_infrastructure_configuration",
        Form::Options,
        &["instance_metadata_options"],
        Effect::InPlace,
        false,
    ),
    own(
        "awscc_sagemaker_notebook_instance",
        Form::MinimumVersion,
        &["instance_metadata_service_configuration"],
        Effect::Restart,
        false,
    ),
    own("awscc_appstream_image_builder", Form::Flag, &["disable_imdsv1"], Effect::Restart, false),
    own(
        "awscc_appstream_app_block_builder",
        Form::Flag,
        &["disable_imdsv1"],
        Effect::Restart,
        false,
    ),
    own("awscc_appstream_fleet", Form::Flag, &["disable_imdsv1"], Effect::Restart, false),
    launcher("awscc_autoscaling_auto_scaling_group", TEMPLATE),
    launcher("awscc_eks_nodegroup", TEMPLATE),
];

/// The type of that name, where it decides anything.
pub(in crate::dialects) fn kind_of(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
