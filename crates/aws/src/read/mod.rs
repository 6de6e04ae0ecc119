//! The reads: one function per operation or source, from call to rows or plain values. None judges
//! anything.

mod accounts;
mod autoscaling;
mod defaults;
#[cfg(test)]
mod fuzz;
mod images;
mod instances;
mod options;
mod paged;
mod policies;
mod regions;
mod spot;
mod sts;
mod templates;
mod tree;
mod usage;

pub(crate) use accounts::{ListedAccount, account_alias, list_accounts};
pub(crate) use autoscaling::{groups, launch_configurations};
pub(crate) use defaults::metadata_defaults;
pub(crate) use images::images;
#[cfg(test)]
pub(crate) use instances::InstanceWriter;
pub(crate) use instances::instances;
pub use instances::{InstancePage, InstanceRow, MetadataOptions};
pub(crate) use paged::{answer, pages};
pub(crate) use policies::{effective_policy, organization_policies};
pub(crate) use regions::{RegionRow, describe_regions};
pub(crate) use spot::{fleets, spot_fleets, spot_requests};
pub(crate) use sts::{Caller, assume_role, caller_identity};
pub(crate) use templates::{template_uses, templates};
pub(crate) use tree::Tree;
pub(crate) use usage::usage;

use crate::{error::Failure, xml::XmlError};

impl From<XmlError> for Failure {
    fn from(error: XmlError) -> Self {
        Self::malformed(error.to_string())
    }
}
