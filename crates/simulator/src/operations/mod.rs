//! The API operations, in one table.

mod autoscaling;
pub(crate) mod ec2;
mod iam;
mod organizations;
pub(crate) mod sts;

use serde_json::Value;

use crate::cloud::Cloud;
use crate::error::{ApiError, auth_failure};
use crate::identity::Caller;
use crate::request::Parameters;
use crate::service::Service;
use crate::throttle::Limit;
use crate::world::Unit;
use crate::world::accounts::Account;
use crate::world::stock::Stock;
use crate::xml::Xml;

/// Who may call an operation at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody; neither denials nor policies count, as AWS documents for `GetCallerIdentity`.
    Anyone,
    /// Everybody to whom it is not denied.
    Permitted,
    /// The same, from the organization's management account.
    ManagementAccount,
    /// Everybody to whom it is not denied in the account of the role that is named.
    RoleOwner,
}

/// One API operation.
pub(crate) struct Operation {
    pub(crate) service: Service,
    /// `service:Name`.
    pub(crate) action: &'static str,
    /// The parameters of a Query operation, with `N` for the numbers of lists.
    pub(crate) parameters: &'static [&'static str],
    pub(crate) access: Access,
    /// The bucket a call takes from; only EC2 documents its buckets.
    pub(crate) limit: fn(&Parameters) -> Option<Limit>,
    /// Answers a call that may be made.
    pub(crate) run: fn(&Call<'_>) -> Result<Vec<u8>, ApiError>,
}

impl Operation {
    /// The name without the service.
    pub(crate) fn name(&self) -> &'static str {
        self.action.split_once(':').map_or(self.action, |(_, name)| name)
    }
}

/// An authenticated call of an operation.
pub(crate) struct Call<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) caller: &'a Caller,
    /// The caller's account.
    pub(crate) account: &'a Account,
    pub(crate) region: &'a str,
    pub(crate) request_id: &'a str,
    /// Empty for JSON services.
    pub(crate) parameters: Parameters,
    /// Null for Query services.
    pub(crate) document: Value,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

impl<'a> Call<'a> {
    /// What the caller's account has in the region that is called.
    pub(crate) fn stock(&self) -> Result<Stock<'a>, ApiError> {
        let region = self.cloud.world.region(self.region).ok_or_else(auth_failure)?;
        let unit = Unit { account: self.caller.account, region };
        Ok(self.cloud.world.stock(unit, self.now))
    }
}

/// Every operation that is simulated.
pub(crate) static OPERATIONS: &[Operation] = &[
    query(Service::Sts, "sts:GetCallerIdentity", &[], Access::Anyone, sts::get_caller_identity),
    query(Service::Sts, "sts:AssumeRole", sts::ASSUME_ROLE, Access::RoleOwner, sts::assume_role),
    query(
        Service::Iam,
        "iam:ListAccountAliases",
        &["Marker", "MaxItems"],
        Access::Permitted,
        iam::list_account_aliases,
    ),
    organizations(
        "organizations:DescribeOrganization",
        Access::Permitted,
        organizations::describe_organization,
    ),
    managing("organizations:ListAccounts", organizations::list_accounts),
    managing("organizations:DescribeAccount", organizations::describe_account),
    managing("organizations:ListRoots", organizations::list_roots),
    managing(
        "organizations:ListOrganizationalUnitsForParent",
        organizations::list_units_for_parent,
    ),
    managing("organizations:ListAccountsForParent", organizations::list_accounts_for_parent),
    managing("organizations:ListParents", organizations::list_parents),
    Operation {
        limit: |_| Some(Limit::Reading),
        ..query(
            Service::Ec2,
            "ec2:DescribeRegions",
            ec2::regions::PARAMETERS,
            Access::Permitted,
            ec2::regions::describe_regions,
        )
    },
    Operation {
        limit: |parameters| Some(ec2::instances::limit(parameters)),
        ..query(
            Service::Ec2,
            "ec2:DescribeInstances",
            ec2::instances::PARAMETERS,
            Access::Permitted,
            ec2::instances::describe_instances,
        )
    },
    ec2(
        "ec2:DescribeLaunchTemplates",
        ec2::templates::DESCRIBE,
        |_| Some(Limit::Reading),
        ec2::templates::describe_launch_templates,
    ),
    ec2(
        "ec2:DescribeLaunchTemplateVersions",
        ec2::template_versions::DESCRIBE,
        |_| Some(Limit::Reading),
        ec2::template_versions::describe_launch_template_versions,
    ),
    ec2(
        "ec2:DescribeImages",
        ec2::images::DESCRIBE,
        |_| Some(Limit::Reading),
        ec2::images::describe_images,
    ),
    ec2(
        "ec2:GetInstanceMetadataDefaults",
        &["DryRun"],
        |_| Some(Limit::Reading),
        ec2::defaults::get_instance_metadata_defaults,
    ),
    ec2(
        "ec2:DescribeSpotInstanceRequests",
        ec2::spot::PARAMETERS,
        |parameters| Some(ec2::spot::limit(parameters)),
        ec2::spot::describe_spot_instance_requests,
    ),
    ec2(
        "ec2:DescribeSpotFleetRequests",
        ec2::fleets::SPOT,
        |_| Some(Limit::SpotFleets),
        ec2::fleets::describe_spot_fleet_requests,
    ),
    ec2(
        "ec2:DescribeFleets",
        ec2::fleets::FLEETS,
        |_| Some(Limit::Reading),
        ec2::fleets::describe_fleets,
    ),
    ec2(
        "ec2:RunInstances",
        ec2::run::PARAMETERS,
        |_| Some(Limit::Launching),
        ec2::run::run_instances,
    ),
    ec2(
        "ec2:ModifyInstanceMetadataOptions",
        ec2::options::PARAMETERS,
        |_| Some(Limit::Changing),
        ec2::options::modify_instance_metadata_options,
    ),
    ec2(
        "ec2:ModifyInstanceMetadataDefaults",
        ec2::defaults::MODIFY,
        |_| Some(Limit::Defaults),
        ec2::defaults::modify_instance_metadata_defaults,
    ),
    ec2(
        "ec2:CreateLaunchTemplate",
        ec2::templates::CREATE,
        |_| Some(Limit::Changing),
        ec2::templates::create_launch_template,
    ),
    ec2(
        "ec2:CreateLaunchTemplateVersion",
        ec2::template_versions::CREATE,
        |_| Some(Limit::Changing),
        ec2::template_versions::create_launch_template_version,
    ),
    ec2(
        "ec2:ModifyLaunchTemplate",
        ec2::templates::MODIFY,
        |_| Some(Limit::Changing),
        ec2::templates::modify_launch_template,
    ),
    ec2(
        "ec2:DeleteLaunchTemplateVersions",
        ec2::template_versions::DELETE,
        |_| Some(Limit::Changing),
        ec2::template_versions::delete_launch_template_versions,
    ),
    ec2(
        "ec2:ModifyImageAttribute",
        ec2::images::MODIFY,
        |_| Some(Limit::Changing),
        ec2::images::modify_image_attribute,
    ),
    ec2(
        "ec2:RegisterImage",
        ec2::images::REGISTER,
        |_| Some(Limit::Changing),
        ec2::images::register_image,
    ),
    ec2(
        "ec2:StartInstances",
        ec2::lifecycle::START,
        |_| Some(Limit::Launching),
        ec2::lifecycle::start_instances,
    ),
    ec2(
        "ec2:StopInstances",
        ec2::lifecycle::STOP,
        |_| Some(Limit::Mutating),
        ec2::lifecycle::stop_instances,
    ),
    ec2(
        "ec2:TerminateInstances",
        ec2::lifecycle::TERMINATE,
        |_| Some(Limit::Changing),
        ec2::lifecycle::terminate_instances,
    ),
    autoscaling(
        "autoscaling:DescribeAutoScalingGroups",
        autoscaling::groups::PARAMETERS,
        autoscaling::groups::describe_auto_scaling_groups,
    ),
    autoscaling(
        "autoscaling:DescribeAutoScalingInstances",
        autoscaling::instances::PARAMETERS,
        autoscaling::instances::describe_auto_scaling_instances,
    ),
    autoscaling(
        "autoscaling:DescribeLaunchConfigurations",
        autoscaling::configurations::DESCRIBE,
        autoscaling::configurations::describe_launch_configurations,
    ),
    autoscaling(
        "autoscaling:CreateLaunchConfiguration",
        autoscaling::configurations::CREATE,
        autoscaling::configurations::create_launch_configuration,
    ),
    autoscaling(
        "autoscaling:CreateAutoScalingGroup",
        autoscaling::change::CREATE,
        autoscaling::change::create_auto_scaling_group,
    ),
    autoscaling(
        "autoscaling:UpdateAutoScalingGroup",
        autoscaling::change::UPDATE,
        autoscaling::change::update_auto_scaling_group,
    ),
    autoscaling(
        "autoscaling:SetDesiredCapacity",
        autoscaling::change::SET,
        autoscaling::change::set_desired_capacity,
    ),
];

type Run = fn(&Call<'_>) -> Result<Vec<u8>, ApiError>;

const fn query(
    service: Service,
    action: &'static str,
    parameters: &'static [&'static str],
    access: Access,
    run: Run,
) -> Operation {
    Operation { service, action, parameters, access, limit: |_| None, run }
}

const fn ec2(
    action: &'static str,
    parameters: &'static [&'static str],
    limit: fn(&Parameters) -> Option<Limit>,
    run: Run,
) -> Operation {
    Operation { limit, ..query(Service::Ec2, action, parameters, Access::Permitted, run) }
}

const fn autoscaling(
    action: &'static str,
    parameters: &'static [&'static str],
    run: Run,
) -> Operation {
    query(Service::AutoScaling, action, parameters, Access::Permitted, run)
}

const fn organizations(action: &'static str, access: Access, run: Run) -> Operation {
    query(Service::Organizations, action, &[], access, run)
}

const fn managing(action: &'static str, run: Run) -> Operation {
    organizations(action, Access::ManagementAccount, run)
}

/// The answer of a Query operation, with its result written by `write`.
fn query_answer(
    call: &Call<'_>,
    service: Service,
    name: &str,
    write: impl FnOnce(&mut Xml),
) -> Vec<u8> {
    let mut xml = Xml::with_capacity(2048);
    xml.put(&["<", name, "Response xmlns=\"", service.namespace(), "\"><", name, "Result>"]);
    write(&mut xml);
    xml.put(&["</", name, "Result><ResponseMetadata><RequestId>", call.request_id]);
    xml.put(&["</RequestId></ResponseMetadata></", name, "Response>"]);
    xml.into_bytes()
}
