//! What holds for all changes of a kind: how each is prepared, checked and taken back, and what it may do in AWS.

use imdsure_aws::{
    operation::{
        CANCEL_INSTANCE_REFRESH, CREATE_LAUNCH_TEMPLATE, CREATE_LAUNCH_TEMPLATE_VERSION,
        DELETE_LAUNCH_TEMPLATE, DELETE_LAUNCH_TEMPLATE_VERSIONS, DESCRIBE_AUTO_SCALING_GROUPS,
        DESCRIBE_CONFIGURATION_SETTINGS, DESCRIBE_ENVIRONMENTS, DESCRIBE_IMAGES,
        DESCRIBE_INSTANCE_REFRESHES, DESCRIBE_INSTANCE_STATUS, DESCRIBE_INSTANCES,
        DESCRIBE_LAUNCH_CONFIGURATIONS, DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
        DESCRIBE_LAUNCH_TEMPLATES, DESCRIBE_NOTEBOOK_INSTANCE, DESCRIBE_ORGANIZATION,
        DESCRIBE_SCALING_ACTIVITIES, DESCRIBE_TARGET_GROUPS, DESCRIBE_TARGET_HEALTH,
        GET_INSTANCE_METADATA_DEFAULTS, GET_LIGHTSAIL_INSTANCES, GET_METRIC_DATA,
        MODIFY_IMAGE_ATTRIBUTE, MODIFY_INSTANCE_METADATA_DEFAULTS,
        MODIFY_INSTANCE_METADATA_OPTIONS, MODIFY_LAUNCH_TEMPLATE, Operation, RUN_INSTANCES,
        START_INSTANCE_REFRESH, START_NOTEBOOK_INSTANCE, STOP_NOTEBOOK_INSTANCE,
        UPDATE_AUTO_SCALING_GROUP, UPDATE_ENVIRONMENT, UPDATE_LIGHTSAIL_METADATA_OPTIONS,
        UPDATE_NOTEBOOK_INSTANCE,
    },
    permissions,
};
use imdsure_model::{
    Effect,
    plan::{ChangeKind, KindNotes},
};
use serde_json::{Map, Value};

/// What every run watches and asks, whatever it changes.
pub static WATCHES: [&Operation; 7] = [
    &DESCRIBE_ORGANIZATION,
    &DESCRIBE_INSTANCES,
    &GET_INSTANCE_METADATA_DEFAULTS,
    &GET_METRIC_DATA,
    &DESCRIBE_INSTANCE_STATUS,
    &DESCRIBE_TARGET_GROUPS,
    &DESCRIBE_TARGET_HEALTH,
];

/// The operations that applying, checking and undoing a kind call.
pub fn operations(kind: ChangeKind) -> &'static [&'static Operation] {
    match kind {
        ChangeKind::ImageImdsSupport => const { &[&DESCRIBE_IMAGES, &MODIFY_IMAGE_ATTRIBUTE] },
        ChangeKind::LaunchConfiguration => {
            const {
                &[
                    &DESCRIBE_AUTO_SCALING_GROUPS,
                    &DESCRIBE_LAUNCH_CONFIGURATIONS,
                    &DESCRIBE_LAUNCH_TEMPLATES,
                    &DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
                    &CREATE_LAUNCH_TEMPLATE,
                    &DELETE_LAUNCH_TEMPLATE,
                    &RUN_INSTANCES,
                    &UPDATE_AUTO_SCALING_GROUP,
                ]
            }
        }
        ChangeKind::LaunchTemplate => {
            const {
                &[
                    &DESCRIBE_LAUNCH_TEMPLATES,
                    &DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
                    &DESCRIBE_AUTO_SCALING_GROUPS,
                    &CREATE_LAUNCH_TEMPLATE_VERSION,
                    &MODIFY_LAUNCH_TEMPLATE,
                    &DELETE_LAUNCH_TEMPLATE_VERSIONS,
                    &RUN_INSTANCES,
                    &UPDATE_AUTO_SCALING_GROUP,
                ]
            }
        }
        ChangeKind::Instance => const { &[&DESCRIBE_INSTANCES, &MODIFY_INSTANCE_METADATA_OPTIONS] },
        ChangeKind::GroupMember => {
            const {
                &[
                    &DESCRIBE_INSTANCES,
                    &MODIFY_INSTANCE_METADATA_OPTIONS,
                    &DESCRIBE_SCALING_ACTIVITIES,
                ]
            }
        }
        ChangeKind::InstanceRefresh => {
            const {
                &[
                    &DESCRIBE_AUTO_SCALING_GROUPS,
                    &DESCRIBE_LAUNCH_CONFIGURATIONS,
                    &DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
                    &DESCRIBE_IMAGES,
                    &DESCRIBE_INSTANCES,
                    &DESCRIBE_INSTANCE_REFRESHES,
                    &START_INSTANCE_REFRESH,
                    &CANCEL_INSTANCE_REFRESH,
                ]
            }
        }
        ChangeKind::SagemakerNotebook => {
            const {
                &[
                    &DESCRIBE_NOTEBOOK_INSTANCE,
                    &STOP_NOTEBOOK_INSTANCE,
                    &UPDATE_NOTEBOOK_INSTANCE,
                    &START_NOTEBOOK_INSTANCE,
                ]
            }
        }
        ChangeKind::BeanstalkEnvironment => {
            const { &[&DESCRIBE_ENVIRONMENTS, &DESCRIBE_CONFIGURATION_SETTINGS, &UPDATE_ENVIRONMENT] }
        }
        ChangeKind::LightsailInstance => {
            const { &[&GET_LIGHTSAIL_INSTANCES, &UPDATE_LIGHTSAIL_METADATA_OPTIONS] }
        }
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => {
            const { &[&GET_INSTANCE_METADATA_DEFAULTS, &MODIFY_INSTANCE_METADATA_DEFAULTS] }
        }
    }
}

/// All operations that a run with changes of these kinds may call in an account.
pub fn all_operations(
    kinds: impl IntoIterator<Item = ChangeKind>,
) -> impl Iterator<Item = &'static Operation> {
    WATCHES.into_iter().chain(kinds.into_iter().flat_map(operations).copied())
}

/// What a session with changes of these kinds may do at most. Beanstalk makes an update with its caller's rights on everything
/// that the environment is made of: with it in the plan, the role alone says what may be done.
pub fn session_policy(kinds: impl IntoIterator<Item = ChangeKind> + Clone) -> String {
    if kinds.clone().into_iter().any(|kind| kind == ChangeKind::BeanstalkEnvironment) {
        return permissions::policy_of("ChangeMetadataOptions", &["*".to_owned()]).to_string();
    }
    let actions = permissions::actions_of(all_operations(kinds));
    permissions::policy_of("ChangeMetadataOptions", &actions).to_string()
}

/// What a change of this kind does to the resource.
pub const fn effect(kind: ChangeKind) -> Effect {
    match kind {
        ChangeKind::ImageImdsSupport => Effect::Irreversible,
        ChangeKind::LaunchConfiguration => Effect::NewConfiguration,
        ChangeKind::LaunchTemplate => Effect::NewVersion,
        ChangeKind::Instance | ChangeKind::GroupMember | ChangeKind::LightsailInstance => {
            Effect::InPlace
        }
        ChangeKind::InstanceRefresh | ChangeKind::BeanstalkEnvironment => Effect::Replacement,
        ChangeKind::SagemakerNotebook => Effect::Restart,
        ChangeKind::AccountDefaults | ChangeKind::AccountEnforcement => Effect::AccountDefault,
    }
}

/// What a change does, by what it sends: a notebook instance that is stopped anyway is not started again for it.
pub fn effect_of(kind: ChangeKind, send: &Map<String, Value>) -> Effect {
    match kind {
        ChangeKind::SagemakerNotebook if !send.contains_key("Restart") => Effect::InPlace,
        kind => effect(kind),
    }
}

/// What holds for all changes of a kind.
pub fn notes(kind: ChangeKind) -> KindNotes {
    let (precondition, verified, undone) = words(kind);
    KindNotes {
        effect: effect(kind),
        precondition: precondition.to_owned(),
        verified: verified.to_owned(),
        undone: undone.to_owned(),
        iam: permissions::actions_of(operations(kind).iter().copied()),
    }
}

const fn words(kind: ChangeKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        ChangeKind::ImageImdsSupport => (
            "the AMI has no ImdsSupport, and was named on the command line",
            "ImdsSupport is v2.0 when read again",
            "not at all: AWS takes ImdsSupport back from no AMI",
        ),
        ChangeKind::LaunchConfiguration => (
            "the configuration says what it said, and each group still launches from it",
            "the new template says what the configuration says but for the options that were sent, and each group launches from it",
            "each group is led back to the configuration, which is kept; the template is deleted if nothing else uses it",
        ),
        ChangeKind::LaunchTemplate => (
            "default, latest and pinned versions are those of the plan, and the source version says what it said",
            "everything but HttpTokens is the same in the new version, and default and groups name it",
            "default and pinned versions are put back, and the new version is deleted if nothing else launches from it",
        ),
        ChangeKind::Instance | ChangeKind::GroupMember => (
            "the options are those of the plan, and a dry run back to optional is permitted",
            "the options are as asked for and State is applied; of a stopped instance at its next start (deferred)",
            "the options that were changed are set to what they were",
        ),
        ChangeKind::InstanceRefresh => (
            "the group launches version 2, some member allows version 1, and no refresh runs",
            "the refresh ends as Successful, and all members require tokens",
            "one that still runs is cancelled; the instances that were replaced are gone and do not come back",
        ),
        ChangeKind::SagemakerNotebook => (
            "the minimum version is that of the plan; the notebook is stopped, or runs and the plan says that it is restarted",
            "the minimum version is 2, and the notebook runs again if it ran",
            "the minimum version is set to what it was, for which a notebook that was restarted is stopped and started once more",
        ),
        ChangeKind::BeanstalkEnvironment => (
            "DisableIMDSv1 is what it was, and the environment is Ready",
            "DisableIMDSv1 is true, and the environment is Ready again",
            "DisableIMDSv1 is set to what it was, or taken away if nobody had set it: Beanstalk replaces the environment's instances once more",
        ),
        ChangeKind::LightsailInstance => (
            "the options are those of the plan",
            "the options are as asked for and their state is applied",
            "the options that were changed are set to what they were",
        ),
        ChangeKind::AccountDefaults => (
            "the default is what it was, and the account manages it",
            "the default is required when read again",
            "the default is set to what it was, no-preference if nothing was set",
        ),
        ChangeKind::AccountEnforcement => (
            "enforcement is off, and the account manages it",
            "enforcement is enabled when read again",
            "enforcement is set to what it was, before anything else of the run is undone",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_session_policy_is_too_long() {
        // AssumeRole takes 2,048 characters of session policy.
        let kinds =
            ChangeKind::ALL.into_iter().filter(|kind| *kind != ChangeKind::BeanstalkEnvironment);
        let length = session_policy(kinds).len();
        assert!(length < 2048, "{length}");
    }

    #[test]
    fn every_kind_says_how_it_is_checked_and_undone() {
        for kind in ChangeKind::ALL {
            let notes = notes(kind);
            assert!(!notes.iam.is_empty() && notes.iam.iter().all(|action| !action.contains('*')));
            assert!(!notes.verified.is_empty() && !notes.undone.is_empty());
        }
    }
}
