//! The resource types that decide how instances start, and where they say it. `aws` is Terraform's provider
//! in other spelling, `aws-native` is CloudFormation's types.

use imdsure_model::Effect;

/// How a type spells its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A block of `httpTokens`, `httpEndpoint`, …
    Options,
    /// A block with `minimumInstanceMetadataServiceVersion`, `"1"` or `"2"`.
    MinimumVersion,
    /// `imdsSupport` of an image.
    Image,
    /// A boolean that switches version 1 off.
    Flag,
    /// Elastic Beanstalk's list of namespaced settings, by the name of the option's name.
    Settings(&'static str),
    /// It has no such option: only what it launches from decides.
    None,
}

/// A resource type.
#[derive(Debug)]
pub(super) struct Kind {
    /// Without the part of the module that repeats the name: `aws:ec2:Instance`.
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// Below `properties`, the last one being the block, flag or list itself.
    pub(super) path: &'static [&'static str],
    pub(super) effect: Effect,
    /// Where it names what it launches from; `*` is every item of a list.
    pub(super) from: &'static [&'static [&'static str]],
    /// Whether the account's default decides what is not said; else the service does.
    pub(super) account_default: bool,
}

impl Kind {
    /// Whether Terraform's provider does the work. Old ones refuse tokens without an endpoint.
    pub(super) fn is_bridged(&self) -> bool {
        self.name.starts_with("aws:")
    }
}

const OPTIONS: &[&str] = &["metadataOptions"];
const IMAGE_BUILDER: &[&str] = &["instanceMetadataOptions"];
const NOTEBOOK: &[&str] = &["instanceMetadataServiceConfiguration"];
const TEMPLATE: &[&[&str]] = &[&["launchTemplate"]];

const fn own(
    name: &'static str,
    form: Form,
    path: &'static [&'static str],
    effect: Effect,
    account_default: bool,
) -> Kind {
    Kind { name, form, path, effect, from: &[], account_default }
}

const fn instance(name: &'static str, effect: Effect) -> Kind {
    let form = Form::Options;
    Kind { name, form, path: OPTIONS, effect, from: TEMPLATE, account_default: true }
}

const fn launcher(name: &'static str, from: &'static [&'static [&'static str]]) -> Kind {
    let (form, effect) = (Form::None, Effect::InPlace);
    Kind { name, form, path: &[], effect, from, account_default: true }
}

static KINDS: &[Kind] = &[
    instance("aws:ec2:Instance", Effect::InPlace),
    instance("aws:ec2:SpotInstanceRequest", Effect::Replacement),
    own("aws:ec2:LaunchTemplate", Form::Options, OPTIONS, Effect::NewVersion, true),
    own("aws:ec2:LaunchConfiguration", Form::Options, OPTIONS, Effect::NewConfiguration, true),
    own("aws:ec2:InstanceMetadataDefaults", Form::Options, &[], Effect::AccountDefault, false),
    own("aws:ec2:Ami", Form::Image, &["imdsSupport"], Effect::Replacement, false),
    own("aws:ec2:AmiCopy", Form::Image, &["imdsSupport"], Effect::Replacement, false),
    own(
        "aws:imagebuilder:InfrastructureConfiguration",
        Form::Options,
        IMAGE_BUILDER,
        Effect::InPlace,
        false,
    ),
    own("aws:sagemaker:NotebookInstance", Form::MinimumVersion, NOTEBOOK, Effect::Restart, false),
    own(
        "aws:elasticbeanstalk:Environment",
        Form::Settings("name"),
        &["settings"],
        Effect::Replacement,
        false,
    ),
    own(
        "aws:elasticbeanstalk:ConfigurationTemplate",
        Form::Settings("name"),
        &["settings"],
        Effect::InPlace,
        false,
    ),
    launcher(
        "aws:autoscaling:Group",
        &[
            &["launchTemplate"],
            &["mixedInstancesPolicy", "launchTemplate", "launchTemplateSpecification"],
            &[
                "mixedInstancesPolicy",
                "launchTemplate",
                "overrides",
                "*",
                "launchTemplateSpecification",
            ],
            &["launchConfiguration"],
        ],
    ),
    launcher("aws:eks:NodeGroup", TEMPLATE),
    launcher("aws:batch:ComputeEnvironment", &[&["computeResources", "launchTemplate"]]),
    launcher("aws:ec2:Fleet", &[&["launchTemplateConfig", "launchTemplateSpecification"]]),
    launcher(
        "aws:ec2:SpotFleetRequest",
        &[&["launchTemplateConfigs", "*", "launchTemplateSpecification"]],
    ),
    instance("aws-native:ec2:Instance", Effect::InPlace),
    own(
        "aws-native:ec2:LaunchTemplate",
        Form::Options,
        &["launchTemplateData", "metadataOptions"],
        Effect::NewVersion,
        true,
    ),
    own(
        "aws-native:autoscaling:LaunchConfiguration",
        Form::Options,
        OPTIONS,
        Effect::NewConfiguration,
        true,
    ),
    own(
        "aws-native:imagebuilder:InfrastructureConfiguration",
        Form::Options,
        IMAGE_BUILDER,
        Effect::InPlace,
        false,
    ),
    own(
        "aws-native:sagemaker:NotebookInstance",
        Form::MinimumVersion,
        NOTEBOOK,
        Effect::InPlace,
        false,
    ),
    own("aws-native:appstream:Fleet", Form::Flag, &["disableImdsv1"], Effect::Restart, false),
    own(
        "aws-native:appstream:ImageBuilder",
        Form::Flag,
        &["disableImdsv1"],
        Effect::Restart,
        false,
    ),
    own(
        "aws-native:elasticbeanstalk:Environment",
        Form::Settings("optionName"),
        &["optionSettings"],
        Effect::Replacement,
        false,
    ),
    launcher("aws-native:autoscaling:AutoScalingGroup", TEMPLATE),
    launcher("aws-native:eks:Nodegroup", TEMPLATE),
];

/// The type of that token, where it decides anything: `aws:ec2/instance:Instance` is `aws:ec2:Instance`.
pub(super) fn kind_of(token: &str) -> Option<&'static Kind> {
    let mut parts = token.split(':');
    let (package, module, name) = (parts.next()?, parts.next()?, parts.next()?);
    let module = module.split('/').next()?;
    let token = format!("{package}:{module}:{name}");
    KINDS.iter().find(|kind| kind.name == token)
}
