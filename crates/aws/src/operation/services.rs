//! Operations of CloudWatch and of the other services that launch machines.

use super::{Bucket, Operation, Paging, Route, lower_token, next_token, once, paged};
use crate::{
    service::{
        APPSTREAM, BATCH, CLOUDWATCH, ECS, EKS, ELASTIC_BEANSTALK, EMR, IMAGEBUILDER, LIGHTSAIL,
        SAGEMAKER,
    },
    wire::Method,
};

const fn get(path: &'static str) -> Route {
    Route { method: Method::Get, path }
}

const fn post(path: &'static str) -> Route {
    Route { method: Method::Post, path }
}

/// Datapoints of up to 500 metrics.
pub static GET_METRIC_DATA: Operation = paged(
    &CLOUDWATCH,
    "GetMetricData",
    &["cloudwatch:GetMetricData"],
    Bucket::MetricData,
    Paging { size: None, token: "NextToken", next: "NextToken" },
);

/// EKS clusters, by name.
pub static LIST_EKS_CLUSTERS: Operation = Operation {
    route: get("/clusters"),
    ..paged(
        &EKS,
        "ListClusters",
        &["eks:ListClusters"],
        Bucket::Other("eks"),
        lower_token("maxResults", 100),
    )
};

/// The node groups of a cluster, by name.
pub static LIST_NODEGROUPS: Operation = Operation {
    route: get("/clusters/{name}/node-groups"),
    ..paged(
        &EKS,
        "ListNodegroups",
        &["eks:ListNodegroups"],
        Bucket::Other("eks"),
        lower_token("maxResults", 100),
    )
};

/// A node group.
pub static DESCRIBE_NODEGROUP: Operation = Operation {
    route: get("/clusters/{name}/node-groups/{nodegroupName}"),
    ..once(&EKS, "DescribeNodegroup", &["eks:DescribeNodegroup"], Bucket::Other("eks"))
};

/// ECS capacity providers.
pub static DESCRIBE_CAPACITY_PROVIDERS: Operation = paged(
    &ECS,
    "DescribeCapacityProviders",
    &["ecs:DescribeCapacityProviders"],
    Bucket::Other("ecs"),
    lower_token("maxResults", 10),
);

/// Batch compute environments.
pub static DESCRIBE_COMPUTE_ENVIRONMENTS: Operation = Operation {
    route: post("/v1/describecomputeenvironments"),
    ..paged(
        &BATCH,
        "DescribeComputeEnvironments",
        &["batch:DescribeComputeEnvironments"],
        Bucket::Other("batch"),
        lower_token("maxResults", 100),
    )
};

/// SageMaker notebook instances, by name.
pub static LIST_NOTEBOOK_INSTANCES: Operation = paged(
    &SAGEMAKER,
    "ListNotebookInstances",
    &["sagemaker:ListNotebookInstances"],
    Bucket::Other("sagemaker"),
    next_token("MaxResults", 100),
);

/// A SageMaker notebook instance.
pub static DESCRIBE_NOTEBOOK_INSTANCE: Operation = once(
    &SAGEMAKER,
    "DescribeNotebookInstance",
    &["sagemaker:DescribeNotebookInstance"],
    Bucket::Other("sagemaker"),
);

/// Beanstalk environments.
pub static DESCRIBE_ENVIRONMENTS: Operation = paged(
    &ELASTIC_BEANSTALK,
    "DescribeEnvironments",
    &["elasticbeanstalk:DescribeEnvironments"],
    Bucket::Other("elasticbeanstalk"),
    next_token("MaxRecords", 1000),
);

/// The options of a Beanstalk environment. The Service Authorization Reference names no action beside its
/// own; for an environment that the caller may not see, the answer is empty.
pub static DESCRIBE_CONFIGURATION_SETTINGS: Operation = once(
    &ELASTIC_BEANSTALK,
    "DescribeConfigurationSettings",
    &["elasticbeanstalk:DescribeConfigurationSettings"],
    Bucket::Other("elasticbeanstalk"),
);

/// EMR security configurations, by name.
pub static LIST_SECURITY_CONFIGURATIONS: Operation = paged(
    &EMR,
    "ListSecurityConfigurations",
    &["elasticmapreduce:ListSecurityConfigurations"],
    Bucket::Other("elasticmapreduce"),
    Paging { size: None, token: "Marker", next: "Marker" },
);

/// An EMR security configuration.
pub static DESCRIBE_SECURITY_CONFIGURATION: Operation = once(
    &EMR,
    "DescribeSecurityConfiguration",
    &["elasticmapreduce:DescribeSecurityConfiguration"],
    Bucket::Other("elasticmapreduce"),
);

/// Lightsail instances.
pub static GET_LIGHTSAIL_INSTANCES: Operation = paged(
    &LIGHTSAIL,
    "GetInstances",
    &["lightsail:GetInstances"],
    Bucket::Other("lightsail"),
    Paging { size: None, token: "pageToken", next: "nextPageToken" },
);

/// AppStream fleets.
pub static DESCRIBE_APPSTREAM_FLEETS: Operation = paged(
    &APPSTREAM,
    "DescribeFleets",
    &["appstream:DescribeFleets"],
    Bucket::Other("appstream"),
    Paging { size: None, token: "NextToken", next: "NextToken" },
);

/// AppStream image builders.
pub static DESCRIBE_IMAGE_BUILDERS: Operation = paged(
    &APPSTREAM,
    "DescribeImageBuilders",
    &["appstream:DescribeImageBuilders"],
    Bucket::Other("appstream"),
    Paging { size: None, token: "NextToken", next: "NextToken" },
);

/// AppStream app block builders.
pub static DESCRIBE_APP_BLOCK_BUILDERS: Operation = paged(
    &APPSTREAM,
    "DescribeAppBlockBuilders",
    &["appstream:DescribeAppBlockBuilders"],
    Bucket::Other("appstream"),
    next_token("MaxResults", 25),
);

/// Image Builder infrastructure configurations, by ARN.
pub static LIST_INFRASTRUCTURE_CONFIGURATIONS: Operation = Operation {
    route: post("/ListInfrastructureConfigurations"),
    ..paged(
        &IMAGEBUILDER,
        "ListInfrastructureConfigurations",
        &["imagebuilder:ListInfrastructureConfigurations"],
        Bucket::Other("imagebuilder"),
        lower_token("maxResults", 100),
    )
};

/// An Image Builder infrastructure configuration.
pub static GET_INFRASTRUCTURE_CONFIGURATION: Operation = Operation {
    route: get("/GetInfrastructureConfiguration"),
    ..once(
        &IMAGEBUILDER,
        "GetInfrastructureConfiguration",
        &["imagebuilder:GetInfrastructureConfiguration"],
        Bucket::Other("imagebuilder"),
    )
};
