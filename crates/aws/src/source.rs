//! The sources of a region: which tables each fills, which operations it calls, and how it reads. What is
//! called, and what a reading role must be allowed, both follow from here.

use std::{collections::BTreeSet, pin::Pin};

use crate::{
    error::CallError,
    operation::{
        ACCOUNT_READS, DESCRIBE_APP_BLOCK_BUILDERS, DESCRIBE_APPSTREAM_FLEETS,
        DESCRIBE_AUTO_SCALING_GROUPS, DESCRIBE_CAPACITY_PROVIDERS, DESCRIBE_COMPUTE_ENVIRONMENTS,
        DESCRIBE_CONFIGURATION_SETTINGS, DESCRIBE_EFFECTIVE_POLICY, DESCRIBE_ENVIRONMENTS,
        DESCRIBE_FLEETS, DESCRIBE_IMAGE_BUILDERS, DESCRIBE_IMAGES, DESCRIBE_INSTANCES,
        DESCRIBE_LAUNCH_CONFIGURATIONS, DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
        DESCRIBE_LAUNCH_TEMPLATES, DESCRIBE_NODEGROUP, DESCRIBE_NOTEBOOK_INSTANCE, DESCRIBE_POLICY,
        DESCRIBE_SECURITY_CONFIGURATION, DESCRIBE_SPOT_FLEET_REQUESTS,
        DESCRIBE_SPOT_INSTANCE_REQUESTS, GET_INFRASTRUCTURE_CONFIGURATION,
        GET_INSTANCE_METADATA_DEFAULTS, GET_LIGHTSAIL_INSTANCES, GET_METRIC_DATA, LIST_ACCOUNTS,
        LIST_ACCOUNTS_FOR_PARENT, LIST_EKS_CLUSTERS, LIST_INFRASTRUCTURE_CONFIGURATIONS,
        LIST_NODEGROUPS, LIST_NOTEBOOK_INSTANCES, LIST_ORGANIZATIONAL_UNITS_FOR_PARENT,
        LIST_POLICIES, LIST_ROOTS, LIST_SECURITY_CONFIGURATIONS, LIST_TARGETS_FOR_POLICY,
        Operation,
    },
    read,
    tables::{
        AWS_ACCOUNT, AWS_APPSTREAM_FLEET, AWS_BATCH_COMPUTE_ENVIRONMENT, AWS_CLOUDWATCH_IMDS_USAGE,
        AWS_EC2_AMI, AWS_EC2_AUTOSCALING_GROUP, AWS_EC2_AUTOSCALING_GROUP_MEMBER, AWS_EC2_INSTANCE,
        AWS_EC2_INSTANCE_METADATA_DEFAULTS, AWS_EC2_LAUNCH_CONFIGURATION,
        AWS_EC2_LAUNCH_TEMPLATE_USE, AWS_EC2_LAUNCH_TEMPLATE_VERSION, AWS_EC2_SPOT_REQUEST,
        AWS_ECS_CAPACITY_PROVIDER, AWS_EKS_NODE_GROUP, AWS_ELASTIC_BEANSTALK_ENVIRONMENT,
        AWS_EMR_SECURITY_CONFIGURATION, AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION,
        AWS_LIGHTSAIL_INSTANCE, AWS_ORGANIZATIONS_EFFECTIVE_POLICY, AWS_ORGANIZATIONS_POLICY,
        AWS_REGION, AWS_SAGEMAKER_NOTEBOOK_INSTANCE, SCAN_ERROR, TABLES, Table,
    },
    unit::Unit,
};

/// One source of a region.
pub struct Source {
    /// The tables that it adds rows to.
    pub fills: &'static [&'static Table],
    /// The operations that it calls.
    pub operations: &'static [&'static Operation],
    /// Reads one region into the tables.
    pub(crate) read: Read,
}

/// Reads one unit. An error is a gap in all tables of the source; smaller gaps it writes itself.
pub(crate) type Read = for<'a, 'b> fn(&'a mut Unit<'b>) -> Reading<'a>;

type Reading<'a> = Pin<Box<dyn Future<Output = Result<(), CallError>> + Send + 'a>>;

/// The sources, in the order in which they are read: later ones use what earlier ones found.
pub static SOURCES: [Source; 21] = [
    Source {
        fills: &[&AWS_EC2_INSTANCE],
        operations: &[&DESCRIBE_INSTANCES],
        read: |unit| Box::pin(read::instances(unit)),
    },
    Source {
        fills: &[&AWS_EC2_LAUNCH_TEMPLATE_VERSION, &AWS_EC2_LAUNCH_TEMPLATE_USE],
        operations: &[&DESCRIBE_LAUNCH_TEMPLATES, &DESCRIBE_LAUNCH_TEMPLATE_VERSIONS],
        read: |unit| Box::pin(read::templates(unit)),
    },
    Source {
        fills: &[&AWS_EC2_LAUNCH_CONFIGURATION],
        operations: &[&DESCRIBE_LAUNCH_CONFIGURATIONS],
        read: |unit| Box::pin(read::launch_configurations(unit)),
    },
    Source {
        fills: &[
            &AWS_EC2_AUTOSCALING_GROUP,
            &AWS_EC2_AUTOSCALING_GROUP_MEMBER,
            &AWS_EC2_LAUNCH_TEMPLATE_USE,
        ],
        operations: &[&DESCRIBE_AUTO_SCALING_GROUPS],
        read: |unit| Box::pin(read::groups(unit)),
    },
    Source {
        fills: &[&AWS_EC2_SPOT_REQUEST],
        operations: &[&DESCRIBE_SPOT_INSTANCE_REQUESTS],
        read: |unit| Box::pin(read::spot_requests(unit)),
    },
    Source {
        fills: &[&AWS_EC2_SPOT_REQUEST, &AWS_EC2_LAUNCH_TEMPLATE_USE],
        operations: &[&DESCRIBE_SPOT_FLEET_REQUESTS],
        read: |unit| Box::pin(read::spot_fleets(unit)),
    },
    Source {
        fills: &[&AWS_EC2_LAUNCH_TEMPLATE_USE],
        operations: &[&DESCRIBE_FLEETS],
        read: |unit| Box::pin(read::fleets(unit)),
    },
    Source {
        fills: &[&AWS_EKS_NODE_GROUP, &AWS_EC2_LAUNCH_TEMPLATE_USE],
        operations: &[&LIST_EKS_CLUSTERS, &LIST_NODEGROUPS, &DESCRIBE_NODEGROUP],
        read: |unit| Box::pin(read::node_groups(unit)),
    },
    Source {
        fills: &[&AWS_BATCH_COMPUTE_ENVIRONMENT, &AWS_EC2_LAUNCH_TEMPLATE_USE],
        operations: &[&DESCRIBE_COMPUTE_ENVIRONMENTS],
        read: |unit| Box::pin(read::compute_environments(unit)),
    },
    // After all that launch from templates: it reads the versions that they name.
    Source {
        fills: &[&AWS_EC2_LAUNCH_TEMPLATE_USE],
        operations: &[&DESCRIBE_LAUNCH_TEMPLATE_VERSIONS],
        read: |unit| Box::pin(read::template_uses(unit)),
    },
    Source {
        fills: &[&AWS_EC2_AMI],
        operations: &[&DESCRIBE_IMAGES],
        read: |unit| Box::pin(read::images(unit)),
    },
    Source {
        fills: &[&AWS_EC2_INSTANCE_METADATA_DEFAULTS],
        operations: &[&GET_INSTANCE_METADATA_DEFAULTS],
        read: |unit| Box::pin(read::metadata_defaults(unit)),
    },
    Source {
        fills: &[&AWS_ECS_CAPACITY_PROVIDER],
        operations: &[&DESCRIBE_CAPACITY_PROVIDERS],
        read: |unit| Box::pin(read::capacity_providers(unit)),
    },
    Source {
        fills: &[&AWS_SAGEMAKER_NOTEBOOK_INSTANCE],
        operations: &[&LIST_NOTEBOOK_INSTANCES, &DESCRIBE_NOTEBOOK_INSTANCE],
        read: |unit| Box::pin(read::notebooks(unit)),
    },
    Source {
        fills: &[&AWS_ELASTIC_BEANSTALK_ENVIRONMENT],
        operations: &[&DESCRIBE_ENVIRONMENTS, &DESCRIBE_CONFIGURATION_SETTINGS],
        read: |unit| Box::pin(read::environments(unit)),
    },
    Source {
        fills: &[&AWS_EMR_SECURITY_CONFIGURATION],
        operations: &[&LIST_SECURITY_CONFIGURATIONS, &DESCRIBE_SECURITY_CONFIGURATION],
        read: |unit| Box::pin(read::security_configurations(unit)),
    },
    Source {
        fills: &[&AWS_LIGHTSAIL_INSTANCE],
        operations: &[&GET_LIGHTSAIL_INSTANCES],
        read: |unit| Box::pin(read::lightsail_instances(unit)),
    },
    Source {
        fills: &[&AWS_APPSTREAM_FLEET],
        operations: &[&DESCRIBE_APPSTREAM_FLEETS],
        read: |unit| Box::pin(read::appstream_fleets(unit)),
    },
    Source {
        fills: &[&AWS_APPSTREAM_FLEET],
        operations: &[&DESCRIBE_IMAGE_BUILDERS],
        read: |unit| Box::pin(read::image_builders(unit)),
    },
    Source {
        fills: &[&AWS_APPSTREAM_FLEET],
        operations: &[&DESCRIBE_APP_BLOCK_BUILDERS],
        read: |unit| Box::pin(read::app_block_builders(unit)),
    },
    Source {
        fills: &[&AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION],
        operations: &[&LIST_INFRASTRUCTURE_CONFIGURATIONS, &GET_INFRASTRUCTURE_CONFIGURATION],
        read: |unit| Box::pin(read::infrastructure_configurations(unit)),
    },
];

/// What a table needs beside its own sources: an AMI is in use where one of these names it, and metrics are
/// asked for by instance.
static NEEDS: [(&Table, &[&Table]); 2] = [
    (
        &AWS_EC2_AMI,
        &[
            &AWS_EC2_INSTANCE,
            &AWS_EC2_LAUNCH_TEMPLATE_VERSION,
            &AWS_EC2_LAUNCH_CONFIGURATION,
            &AWS_EC2_SPOT_REQUEST,
        ],
    ),
    (&AWS_CLOUDWATCH_IMDS_USAGE, &[&AWS_EC2_INSTANCE]),
];

/// The tables of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(BTreeSet<&'static str>);

impl Wanted {
    /// Those that are asked for, with what they need and what every run fills.
    pub fn new<'a>(asked: impl IntoIterator<Item = &'a str>) -> Self {
        let asked: BTreeSet<&str> = asked.into_iter().collect();
        let always = [AWS_ACCOUNT.name, AWS_REGION.name, SCAN_ERROR.name];
        let known = TABLES.iter().map(|table| table.name);
        let mut tables: BTreeSet<&'static str> =
            known.filter(|name| asked.contains(name) || always.contains(name)).collect();
        for (table, needs) in NEEDS {
            if tables.contains(table.name) {
                tables.extend(needs.iter().map(|table| table.name));
            }
        }
        Self(tables)
    }

    /// Every table.
    pub fn all() -> Self {
        Self::new(TABLES.iter().map(|table| table.name))
    }

    /// Whether a table is among them.
    pub fn has(&self, table: &Table) -> bool {
        self.0.contains(table.name)
    }

    /// The tables, in the order in which they are defined.
    pub fn tables(&self) -> impl Iterator<Item = &'static Table> {
        TABLES.into_iter().filter(|table| self.has(table))
    }

    /// The operations that fill them in one account.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let sources = SOURCES.iter().filter(|source| source.serves(self));
        let of_account = ACCOUNT_SOURCES.iter().filter(|(table, _)| self.has(table));
        ACCOUNT_READS
            .into_iter()
            .chain(sources.flat_map(|source| source.operations.iter().copied()))
            .chain(of_account.map(|(_, operation)| *operation))
    }

    /// The operations that read the organization itself.
    pub fn organization_operations(&self) -> impl Iterator<Item = &'static Operation> {
        let policies = POLICIES.into_iter().filter(|_| self.has(&AWS_ORGANIZATIONS_POLICY));
        TREE.into_iter().chain(policies)
    }
}

/// What the tree of the organization is read with.
static TREE: [&Operation; 4] =
    [&LIST_ACCOUNTS, &LIST_ROOTS, &LIST_ORGANIZATIONAL_UNITS_FOR_PARENT, &LIST_ACCOUNTS_FOR_PARENT];

/// What the organization's policies are read with.
static POLICIES: [&Operation; 3] = [&LIST_POLICIES, &DESCRIBE_POLICY, &LIST_TARGETS_FOR_POLICY];

/// Tables that are filled for an account as a whole.
static ACCOUNT_SOURCES: [(&Table, &Operation); 2] = [
    (&AWS_ORGANIZATIONS_EFFECTIVE_POLICY, &DESCRIBE_EFFECTIVE_POLICY),
    (&AWS_CLOUDWATCH_IMDS_USAGE, &GET_METRIC_DATA),
];

impl Source {
    /// Whether it has to be read for these tables.
    pub(crate) fn serves(&self, wanted: &Wanted) -> bool {
        self.fills.iter().any(|table| wanted.has(table))
    }
}
