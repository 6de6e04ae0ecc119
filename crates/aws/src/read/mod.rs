//! The reads: one function per operation, from call to rows or plain values. None judges anything.

mod accounts;
#[cfg(test)]
mod fuzz;
mod instances;
mod regions;
mod sts;

pub(crate) use accounts::{ListedAccount, account_alias, list_accounts};
pub use instances::{InstancePage, InstanceRow, MetadataOptions};
pub(crate) use instances::{InstanceWriter, describe_instances};
pub(crate) use regions::{RegionRow, describe_regions};
pub(crate) use sts::{Caller, assume_role, caller_identity};

use crate::{error::Failure, xml::XmlError};

impl From<XmlError> for Failure {
    fn from(error: XmlError) -> Self {
        Self::malformed(error.to_string())
    }
}
