//! The API operations, in one table.

mod appstream;
mod batch;
mod beanstalk;
mod cloudwatch;
pub(crate) mod ec2;
mod ecs;
mod eks;
mod emr;
mod iam;
mod imagebuilder;
pub(crate) mod input;
mod lightsail;
mod organizations;
mod organizations_policies;
mod sagemaker;
pub(crate) mod sts;

use serde_json::Value;

use crate::cloud::Cloud;
use crate::error::{ApiError, auth_failure};
use crate::identity::Caller;
use crate::request::Parameters;
use crate::service::{Protocol, Service};
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
    /// The same, from the organization's management account or a delegated administrator's.
    OrganizationReader,
    /// Everybody to whom it is not denied in the account of the role that is named.
    RoleOwner,
}

/// One API operation.
pub(crate) struct Operation {
    pub(crate) service: Service,
    /// `service:Name`.
    pub(crate) action: &'static str,
    /// Method and path with labels in braces, `GET /clusters/{name}`, of a REST operation; empty for all others.
    pub(crate) route: &'static str,
    /// The parameters of a Query operation, with `N` for the numbers of lists; the members of every other operation's document.
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
    pub(crate) service: Service,
    pub(crate) protocol: Protocol,
    pub(crate) caller: &'a Caller,
    /// The caller's account.
    pub(crate) account: &'a Account,
    pub(crate) region: &'a str,
    pub(crate) request_id: &'a str,
    /// Empty where requests are documents.
    pub(crate) parameters: Parameters,
    /// Null where requests are forms; an object otherwise.
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
    reads(
        Service::CloudWatch,
        "cloudwatch:GetMetricData",
        cloudwatch::GET_METRIC_DATA,
        cloudwatch::get_metric_data,
    ),
    reads(
        Service::CloudWatch,
        "cloudwatch:ListMetrics",
        cloudwatch::LIST_METRICS,
        cloudwatch::list_metrics,
    ),
    reads(Service::SageMaker, "sagemaker:ListNotebookInstances", sagemaker::LIST, sagemaker::list_notebook_instances),
    reads(Service::SageMaker, "sagemaker:DescribeNotebookInstance", sagemaker::DESCRIBE, sagemaker::describe_notebook_instance),
    reads(Service::Beanstalk, "elasticbeanstalk:DescribeApplications", beanstalk::DESCRIBE_APPLICATIONS, beanstalk::describe_applications),
    reads(Service::Beanstalk, "elasticbeanstalk:DescribeEnvironments", beanstalk::DESCRIBE_ENVIRONMENTS, beanstalk::describe_environments),
    reads(Service::Beanstalk, "elasticbeanstalk:DescribeConfigurationSettings", beanstalk::DESCRIBE_SETTINGS, beanstalk::describe_configuration_settings),
    reads(Service::Emr, "elasticmapreduce:ListSecurityConfigurations", emr::LIST_CONFIGURATIONS, emr::list_security_configurations),
    reads(Service::Emr, "elasticmapreduce:DescribeSecurityConfiguration", emr::DESCRIBE_CONFIGURATION, emr::describe_security_configuration),
    reads(Service::Emr, "elasticmapreduce:ListClusters", emr::LIST_CLUSTERS, emr::list_clusters),
    reads(Service::Emr, "elasticmapreduce:DescribeCluster", emr::DESCRIBE_CLUSTER, emr::describe_cluster),
    reads(Service::Lightsail, "lightsail:GetInstances", lightsail::GET_INSTANCES, lightsail::get_instances),
    reads(Service::AppStream, "appstream:DescribeFleets", appstream::DESCRIBE_FLEETS, appstream::describe_fleets),
    reads(Service::AppStream, "appstream:DescribeImageBuilders", appstream::DESCRIBE_BUILDERS, appstream::describe_image_builders),
    reads(Service::AppStream, "appstream:DescribeAppBlockBuilders", appstream::DESCRIBE_BUILDERS, appstream::describe_app_block_builders),
    rest(Service::ImageBuilder, "imagebuilder:ListInfrastructureConfigurations", "POST /ListInfrastructureConfigurations", imagebuilder::LIST, imagebuilder::list_infrastructure_configurations),
    rest(Service::ImageBuilder, "imagebuilder:GetInfrastructureConfiguration", "GET /GetInfrastructureConfiguration", imagebuilder::GET, imagebuilder::get_infrastructure_configuration),
    rest(Service::Eks, "eks:ListClusters", "GET /clusters", eks::LIST_CLUSTERS, eks::list_clusters),
    rest(Service::Eks, "eks:DescribeCluster", "GET /clusters/{name}", eks::DESCRIBE_CLUSTER, eks::describe_cluster),
    rest(Service::Eks, "eks:ListNodegroups", "GET /clusters/{name}/node-groups", eks::LIST_NODEGROUPS, eks::list_nodegroups),
    rest(Service::Eks, "eks:DescribeNodegroup", "GET /clusters/{name}/node-groups/{nodegroupName}", eks::DESCRIBE_NODEGROUP, eks::describe_nodegroup),
    reads(Service::Ecs, "ecs:ListClusters", ecs::LIST_CLUSTERS, ecs::list_clusters),
    reads(Service::Ecs, "ecs:DescribeClusters", ecs::DESCRIBE_CLUSTERS, ecs::describe_clusters),
    reads(Service::Ecs, "ecs:DescribeCapacityProviders", ecs::DESCRIBE_PROVIDERS, ecs::describe_capacity_providers),
    rest(Service::Batch, "batch:DescribeComputeEnvironments", "POST /v1/describecomputeenvironments", batch::DESCRIBE, batch::describe_compute_environments),
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
