//! Every operation that is simulated, one row each.

use super::{
    Access, Call, Operation, appstream, autoscaling, balancing, batch, beanstalk, cloudwatch, ec2,
    ecs, eks, emr, iam, imagebuilder, lightsail, organizations, organizations_policies, sagemaker,
    sts,
};
use crate::error::ApiError;
use crate::request::Parameters;
use crate::service::Service;
use crate::throttle::Limit;

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
        &[],
        Access::Permitted,
        organizations::describe_organization,
    ),
    managing("organizations:ListAccounts", LISTED, organizations::list_accounts),
    managing("organizations:DescribeAccount", &["AccountId"], organizations::describe_account),
    managing("organizations:ListRoots", LISTED, organizations::list_roots),
    managing(
        "organizations:ListOrganizationalUnitsForParent",
        &["ParentId", "MaxResults", "NextToken"],
        organizations::list_units_for_parent,
    ),
    managing(
        "organizations:ListAccountsForParent",
        &["ParentId", "MaxResults", "NextToken"],
        organizations::list_accounts_for_parent,
    ),
    managing(
        "organizations:ListParents",
        &["ChildId", "MaxResults", "NextToken"],
        organizations::list_parents,
    ),
    managing(
        "organizations:ListPolicies",
        &["Filter", "MaxResults", "NextToken"],
        organizations_policies::list_policies,
    ),
    managing(
        "organizations:DescribePolicy",
        &["PolicyId"],
        organizations_policies::describe_policy,
    ),
    managing(
        "organizations:ListTargetsForPolicy",
        &["PolicyId", "MaxResults", "NextToken"],
        organizations_policies::list_targets_for_policy,
    ),
    managing(
        "organizations:ListPoliciesForTarget",
        &["TargetId", "Filter", "MaxResults", "NextToken"],
        organizations_policies::list_policies_for_target,
    ),
    managing(
        "organizations:ListDelegatedAdministrators",
        &["ServicePrincipal", "MaxResults", "NextToken"],
        organizations_policies::list_delegated_administrators,
    ),
    managing(
        "organizations:ListDelegatedServicesForAccount",
        &["AccountId", "MaxResults", "NextToken"],
        organizations_policies::list_delegated_services,
    ),
    organizations(
        "organizations:DescribeEffectivePolicy",
        &["PolicyType", "TargetId"],
        Access::Permitted,
        organizations_policies::describe_effective_policy,
    ),
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
        "ec2:DescribeInstanceStatus",
        ec2::status::PARAMETERS,
        |parameters| Some(ec2::status::limit(parameters)),
        ec2::status::describe_instance_status,
    ),
    reads(
        Service::Balancing,
        "elasticloadbalancing:DescribeTargetGroups",
        balancing::DESCRIBE_GROUPS,
        balancing::describe_target_groups,
    ),
    reads(
        Service::Balancing,
        "elasticloadbalancing:DescribeTargetHealth",
        balancing::DESCRIBE_HEALTH,
        balancing::describe_target_health,
    ),
    Operation {
        limit: |_| Some(Limit::MetricData),
        ..reads(
            Service::CloudWatch,
            "cloudwatch:GetMetricData",
            cloudwatch::GET_METRIC_DATA,
            cloudwatch::get_metric_data,
        )
    },
    Operation {
        limit: |_| Some(Limit::Metrics),
        ..reads(
            Service::CloudWatch,
            "cloudwatch:ListMetrics",
            cloudwatch::LIST_METRICS,
            cloudwatch::list_metrics,
        )
    },
    reads(
        Service::SageMaker,
        "sagemaker:ListNotebookInstances",
        sagemaker::LIST,
        sagemaker::list_notebook_instances,
    ),
    reads(
        Service::SageMaker,
        "sagemaker:DescribeNotebookInstance",
        sagemaker::DESCRIBE,
        sagemaker::describe_notebook_instance,
    ),
    query(
        Service::SageMaker,
        "sagemaker:StopNotebookInstance",
        sagemaker::DESCRIBE,
        Access::Permitted,
        sagemaker::stop_notebook_instance,
    ),
    query(
        Service::SageMaker,
        "sagemaker:StartNotebookInstance",
        sagemaker::DESCRIBE,
        Access::Permitted,
        sagemaker::start_notebook_instance,
    ),
    query(
        Service::SageMaker,
        "sagemaker:UpdateNotebookInstance",
        sagemaker::UPDATE,
        Access::Permitted,
        sagemaker::update_notebook_instance,
    ),
    query(
        Service::Beanstalk,
        "elasticbeanstalk:UpdateEnvironment",
        beanstalk::UPDATE,
        Access::Permitted,
        beanstalk::update_environment,
    ),
    query(
        Service::Lightsail,
        "lightsail:UpdateInstanceMetadataOptions",
        lightsail::UPDATE,
        Access::Permitted,
        lightsail::update_instance_metadata_options,
    ),
    query(
        Service::SageMaker,
        "sagemaker:DeleteNotebookInstance",
        sagemaker::DESCRIBE,
        Access::Permitted,
        sagemaker::delete_notebook_instance,
    ),
    query(
        Service::Beanstalk,
        "elasticbeanstalk:TerminateEnvironment",
        beanstalk::TERMINATE,
        Access::Permitted,
        beanstalk::terminate_environment,
    ),
    query(
        Service::Lightsail,
        "lightsail:DeleteInstance",
        lightsail::DELETE,
        Access::Permitted,
        lightsail::delete_instance,
    ),
    reads(
        Service::Beanstalk,
        "elasticbeanstalk:DescribeApplications",
        beanstalk::DESCRIBE_APPLICATIONS,
        beanstalk::describe_applications,
    ),
    reads(
        Service::Beanstalk,
        "elasticbeanstalk:DescribeEnvironments",
        beanstalk::DESCRIBE_ENVIRONMENTS,
        beanstalk::describe_environments,
    ),
    reads(
        Service::Beanstalk,
        "elasticbeanstalk:DescribeConfigurationSettings",
        beanstalk::DESCRIBE_SETTINGS,
        beanstalk::describe_configuration_settings,
    ),
    reads(
        Service::Emr,
        "elasticmapreduce:ListSecurityConfigurations",
        emr::LIST_CONFIGURATIONS,
        emr::list_security_configurations,
    ),
    reads(
        Service::Emr,
        "elasticmapreduce:DescribeSecurityConfiguration",
        emr::DESCRIBE_CONFIGURATION,
        emr::describe_security_configuration,
    ),
    reads(Service::Emr, "elasticmapreduce:ListClusters", emr::LIST_CLUSTERS, emr::list_clusters),
    reads(
        Service::Emr,
        "elasticmapreduce:DescribeCluster",
        emr::DESCRIBE_CLUSTER,
        emr::describe_cluster,
    ),
    reads(
        Service::Lightsail,
        "lightsail:GetInstances",
        lightsail::GET_INSTANCES,
        lightsail::get_instances,
    ),
    reads(
        Service::AppStream,
        "appstream:DescribeFleets",
        appstream::DESCRIBE_FLEETS,
        appstream::describe_fleets,
    ),
    reads(
        Service::AppStream,
        "appstream:DescribeImageBuilders",
        appstream::DESCRIBE_BUILDERS,
        appstream::describe_image_builders,
    ),
    reads(
        Service::AppStream,
        "appstream:DescribeAppBlockBuilders",
        appstream::DESCRIBE_BUILDERS,
        appstream::describe_app_block_builders,
    ),
    rest(
        Service::ImageBuilder,
        "imagebuilder:ListInfrastructureConfigurations",
        "POST /ListInfrastructureConfigurations",
        imagebuilder::LIST,
        imagebuilder::list_infrastructure_configurations,
    ),
    rest(
        Service::ImageBuilder,
        "imagebuilder:GetInfrastructureConfiguration",
        "GET /GetInfrastructureConfiguration",
        imagebuilder::GET,
        imagebuilder::get_infrastructure_configuration,
    ),
    rest(Service::Eks, "eks:ListClusters", "GET /clusters", eks::LIST_CLUSTERS, eks::list_clusters),
    rest(
        Service::Eks,
        "eks:DescribeCluster",
        "GET /clusters/{name}",
        eks::DESCRIBE_CLUSTER,
        eks::describe_cluster,
    ),
    rest(
        Service::Eks,
        "eks:ListNodegroups",
        "GET /clusters/{name}/node-groups",
        eks::LIST_NODEGROUPS,
        eks::list_nodegroups,
    ),
    rest(
        Service::Eks,
        "eks:DescribeNodegroup",
        "GET /clusters/{name}/node-groups/{nodegroupName}",
        eks::DESCRIBE_NODEGROUP,
        eks::describe_nodegroup,
    ),
    reads(Service::Ecs, "ecs:ListClusters", ecs::LIST_CLUSTERS, ecs::list_clusters),
    reads(Service::Ecs, "ecs:DescribeClusters", ecs::DESCRIBE_CLUSTERS, ecs::describe_clusters),
    reads(
        Service::Ecs,
        "ecs:DescribeCapacityProviders",
        ecs::DESCRIBE_PROVIDERS,
        ecs::describe_capacity_providers,
    ),
    rest(
        Service::Batch,
        "batch:DescribeComputeEnvironments",
        "POST /v1/describecomputeenvironments",
        batch::DESCRIBE,
        batch::describe_compute_environments,
    ),
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
        "ec2:DeleteLaunchTemplate",
        ec2::templates::DELETE,
        |_| Some(Limit::Mutating),
        ec2::templates::delete_launch_template,
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
        "ec2:DeregisterImage",
        ec2::images::DEREGISTER,
        |_| Some(Limit::Mutating),
        ec2::images::deregister_image,
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
    ec2(
        "ec2:CreateTags",
        ec2::tagging::PARAMETERS,
        |_| Some(Limit::Mutating),
        ec2::tagging::create_tags,
    ),
    ec2(
        "ec2:DeleteTags",
        ec2::tagging::PARAMETERS,
        |_| Some(Limit::Mutating),
        ec2::tagging::delete_tags,
    ),
    autoscaling(
        "autoscaling:StartInstanceRefresh",
        autoscaling::refresh::START,
        autoscaling::refresh::start_instance_refresh,
    ),
    autoscaling(
        "autoscaling:DescribeInstanceRefreshes",
        autoscaling::refresh::DESCRIBE,
        autoscaling::refresh::describe_instance_refreshes,
    ),
    autoscaling(
        "autoscaling:CancelInstanceRefresh",
        autoscaling::refresh::CANCEL,
        autoscaling::refresh::cancel_instance_refresh,
    ),
    autoscaling(
        "autoscaling:DescribeScalingActivities",
        autoscaling::activities::DESCRIBE,
        autoscaling::activities::describe_scaling_activities,
    ),
    autoscaling(
        "autoscaling:SetInstanceHealth",
        autoscaling::activities::HEALTH,
        autoscaling::activities::set_instance_health,
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
        "autoscaling:DeleteLaunchConfiguration",
        autoscaling::configurations::DELETE,
        autoscaling::configurations::delete_launch_configuration,
    ),
    autoscaling(
        "autoscaling:DeleteAutoScalingGroup",
        autoscaling::change::DELETE,
        autoscaling::change::delete_auto_scaling_group,
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

/// A row for an operation that only reads, of a service without paths.
const fn reads(
    service: Service,
    action: &'static str,
    members: &'static [&'static str],
    run: Run,
) -> Operation {
    query(service, action, members, Access::Permitted, run)
}

/// A row for an operation that only reads and is called by method and path.
const fn rest(
    service: Service,
    action: &'static str,
    route: &'static str,
    members: &'static [&'static str],
    run: Run,
) -> Operation {
    Operation { route, ..reads(service, action, members, run) }
}

type Run = fn(&Call<'_>) -> Result<Vec<u8>, ApiError>;

const fn query(
    service: Service,
    action: &'static str,
    parameters: &'static [&'static str],
    access: Access,
    run: Run,
) -> Operation {
    Operation { service, action, route: "", parameters, access, limit: |_| None, run }
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

/// Members of a listing of Organizations that asks for nothing else.
const LISTED: &[&str] = &["MaxResults", "NextToken"];

const fn organizations(
    action: &'static str,
    members: &'static [&'static str],
    access: Access,
    run: Run,
) -> Operation {
    query(Service::Organizations, action, members, access, run)
}

const fn managing(action: &'static str, members: &'static [&'static str], run: Run) -> Operation {
    organizations(action, members, Access::OrganizationReader, run)
}
