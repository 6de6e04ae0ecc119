//! The API operations: what each is made of, and what it is called with.

mod appstream;
mod autoscaling;
mod balancing;
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
mod table;

use serde_json::Value;

use crate::cloud::Cloud;
use crate::error::{ApiError, auth_failure};
use crate::identity::Caller;
use crate::request::Parameters;
use crate::service::{Protocol, Service};
use crate::throttle::Limit;
use crate::world::Unit;
use crate::world::accounts::Account;
use crate::world::stock::{Moment, Stock};
use crate::xml::Xml;

pub(crate) use table::OPERATIONS;

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
    /// The bucket a call takes from; EC2 and CloudWatch document theirs.
    pub(crate) limit: fn(&Parameters) -> Option<Limit>,
    /// Answers a call that may be made.
    pub(crate) run: fn(&Call<'_>) -> Result<Vec<u8>, ApiError>,
}

impl Operation {
    /// Whether it changes anything of the world.
    pub(crate) fn is_changing(&self) -> bool {
        let reads = ["Describe", "Get", "List", "Assume"];
        !reads.iter().any(|verb| self.name().starts_with(verb))
    }

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
    /// The world's time, in seconds since 1970.
    pub(crate) now: i64,
    /// Real time, in seconds since 1970.
    pub(crate) real: i64,
    /// Whether it reads what was before the last write.
    pub(crate) is_late: bool,
}

impl<'a> Call<'a> {
    /// What the caller's account has in the region that is called.
    pub(crate) fn stock(&self) -> Result<Stock<'a>, ApiError> {
        let region = self.cloud.world.region(self.region).ok_or_else(auth_failure)?;
        let unit = Unit { account: self.caller.account, region };
        let moment = Moment { now: self.now, real: self.real, is_late: self.is_late };
        Ok(self.cloud.world.stock_at(unit, moment))
    }
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
