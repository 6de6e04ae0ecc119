//! The reads: one function per operation or source, from call to rows or plain values. None judges
//! anything.

mod accounts;
mod appstream;
mod autoscaling;
mod batch;
mod beanstalk;
mod defaults;
mod described;
mod ecs;
mod eks;
mod emr;
#[cfg(test)]
mod fuzz;
mod imagebuilder;
mod images;
mod instances;
#[cfg(test)]
mod launch_tests;
mod lightsail;
mod options;
mod paged;
mod policies;
mod regions;
mod sagemaker;
#[cfg(test)]
mod scene;
mod spot;
mod sts;
mod templates;
mod tree;
mod usage;

pub(crate) use accounts::{ListedAccount, account_alias, list_accounts};
pub(crate) use appstream::{app_block_builders, appstream_fleets, image_builders};
pub(crate) use autoscaling::{groups, launch_configurations};
pub(crate) use batch::compute_environments;
pub(crate) use beanstalk::environments;
pub use beanstalk::{DISABLE_IMDSV1, disable_imdsv1, is_gone as environment_is_gone};
pub(crate) use defaults::metadata_defaults;
pub(crate) use ecs::capacity_providers;
pub(crate) use eks::node_groups;
pub(crate) use emr::security_configurations;
pub(crate) use imagebuilder::infrastructure_configurations;
pub(crate) use images::images;
#[cfg(test)]
pub(crate) use instances::InstanceWriter;
pub(crate) use instances::instances;
pub use instances::{InstancePage, InstanceRow, MetadataOptions};
pub(crate) use lightsail::lightsail_instances;
pub(crate) use paged::{answer, pages};
pub(crate) use policies::{effective_policy, organization_policies};
pub(crate) use regions::{RegionRow, describe_regions};
pub use sagemaker::is_gone as notebook_is_gone;
pub(crate) use sagemaker::notebooks;
pub(crate) use spot::{fleets, spot_fleets, spot_requests};
pub(crate) use sts::{Caller, assume_role, caller_identity};
pub(crate) use templates::{template_uses, templates};
pub(crate) use tree::Tree;
pub(crate) use usage::{Window, most_metrics, usage};

use crate::{error::Failure, xml::XmlError};

impl From<XmlError> for Failure {
    fn from(error: XmlError) -> Self {
        Self::malformed(error.to_string())
    }
}
