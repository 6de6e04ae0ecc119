//! The resource types that decide how instances start, and where they say it. From the resource schemas.

use imdsure_model::Effect;

/// How a type spells its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A block of `HttpTokens`, `HttpEndpoint`, …
    Options,
    /// A block with `MinimumInstanceMetadataServiceVersion`, `"1"` or `"2"`.
    MinimumVersion,
    /// A boolean that switches version 1 off.
    Flag,
    /// Elastic Beanstalk's list of namespaced settings.
    Settings,
    /// It has no such option: only what it launches from decides.
    None,
}

/// Where a type names what it launches from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// Nowhere.
    Nothing,
    /// A launch template specification at each of these paths; `*` is every item of a list.
    Templates(&'static [&'static [&'static str]]),
}

/// A resource type.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// Below `Properties`, the last one being the block, flag or list itself.
    pub(super) path: &'static [&'static str],
    pub(super) effect: Effect,
    pub(super) from: From,
    /// Whether the account's default decides what is not said; else the service does.
    pub(super) account_default: bool,
}

const OPTIONS: &[&str] = &["MetadataOptions"];
const DISABLE: &[&str] = &["DisableIMDSV1"];
const SETTINGS: &[&str] = &["OptionSettings"];
const NONE: &[&str] = &[];

const fn kind(
    name: &'static str,
    form: Form,
    path: &'static [&'static str],
    effect: Effect,
    account_default: bool,
) -> Kind {
    Kind { name, form, path, effect, from: From::Nothing, account_default }
}

const fn launcher(name: &'static str, paths: &'static [&'static [&'static str]]) -> Kind {
    let from = From::Templates(paths);
    Kind {
        name,
        form: Form::None,
        path: NONE,
        effect: Effect::InPlace,
        from,
        account_default: true,
    }
}

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "AWS::EC2::Instance",
        form: Form::Options,
        path: OPTIONS,
        effect: Effect::InPlace,
        from: From::Templates(&[&["LaunchTemplate"]]),
        account_default: true,
    },
    kind(
        "AWS::EC2::LaunchTemplate",
        Form::Options,
        &["LaunchTemplateData", "MetadataOptions"],
        Effect::NewVersion,
        true,
    ),
    // The property can only be set when the configuration is created.
    kind(
        "AWS::AutoScaling::LaunchConfiguration",
        Form::Options,
        OPTIONS,
        Effect::NewConfiguration,
        true,
    ),
    kind(
        "AWS::ImageBuilder::InfrastructureConfiguration",
        Form::Options,
        &["InstanceMetadataOptions"],
        Effect::InPlace,
        false,
    ),
    kind(
        "AWS::WorkspacesInstances::WorkspaceInstance",
        Form::Options,
        &["ManagedInstance", "MetadataOptions"],
        Effect::Replacement,
        true,
    ),
    kind(
        "AWS::SageMaker::NotebookInstance",
        Form::MinimumVersion,
        &["InstanceMetadataServiceConfiguration"],
        Effect::InPlace,
        false,
    ),
    kind(
        "AWS::EMR::SecurityConfiguration",
        Form::MinimumVersion,
        &["SecurityConfiguration", "InstanceMetadataServiceConfiguration"],
        Effect::NewConfiguration,
        false,
    ),
    kind("AWS::AppStream::Fleet", Form::Flag, DISABLE, Effect::Restart, false),
    kind("AWS::AppStream::ImageBuilder", Form::Flag, DISABLE, Effect::Restart, false),
    kind("AWS::AppStream::AppBlockBuilder", Form::Flag, DISABLE, Effect::Restart, false),
    Kind {
        name: "AWS::ElasticBeanstalk::Environment",
        form: Form::Settings,
        path: SETTINGS,
        effect: Effect::Replacement,
        from: From::Templates(&[&["TemplateName"]]),
        account_default: false,
    },
    kind(
        "AWS::ElasticBeanstalk::ConfigurationTemplate",
        Form::Settings,
        SETTINGS,
        Effect::InPlace,
        false,
    ),
    launcher(
        "AWS::AutoScaling::AutoScalingGroup",
        &[
            &["LaunchTemplate"],
            &["MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification"],
            &[
                "MixedInstancesPolicy",
                "LaunchTemplate",
                "Overrides",
                "*",
                "LaunchTemplateSpecification",
            ],
            &["LaunchConfigurationName"],
        ],
    ),
    launcher(
        "AWS::EC2::EC2Fleet",
        &[&["LaunchTemplateConfigs", "*", "LaunchTemplateSpecification"]],
    ),
    launcher(
        "AWS::EC2::SpotFleet",
        &[&[
            "SpotFleetRequestConfigData",
            "LaunchTemplateConfigs",
            "*",
            "LaunchTemplateSpecification",
        ]],
    ),
    launcher("AWS::EKS::Nodegroup", &[&["LaunchTemplate"]]),
    launcher("AWS::Batch::ComputeEnvironment", &[&["ComputeResources", "LaunchTemplate"]]),
];

/// The type of that name, where it decides anything.
pub(super) fn kind_of(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
