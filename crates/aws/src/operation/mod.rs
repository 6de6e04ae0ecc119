//! Every AWS operation that imdsure calls, declared once: what it is called, how it pages, which
//! throttle bucket it draws from and which IAM actions allow it. Calls, pacing and the generated IAM
//! policies all follow from these declarations.

mod changes;
mod ec2;
mod health;
mod identity;
mod organizations;
mod services;

pub use changes::*;
pub use ec2::*;
pub use health::*;
pub use identity::*;
pub use organizations::*;
pub use services::*;

use crate::{
    service::Service,
    wire::{Method, Parameters},
};

/// One API operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The service that answers it.
    pub service: &'static Service,
    /// The action, as the API reference names it.
    pub action: &'static str,
    /// The IAM actions without which AWS refuses it; none where AWS asks for no permission.
    pub iam: &'static [&'static str],
    /// How it pages; none where it answers at once.
    pub paging: Option<Paging>,
    /// Its throttle bucket.
    pub bucket: Bucket,
    /// Method and path; a POST to `/` but for REST services.
    pub route: Route,
    /// Whether AWS answers with nothing at all where it did what was asked.
    pub silent: bool,
}

/// Where an operation of a REST service is sent to.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with the names of parameters in braces.
    pub path: &'static str,
}

/// How an operation's answer is asked for page by page.
#[derive(Debug, PartialEq, Eq)]
pub struct Paging {
    /// The request parameter that bounds a page, and the value that asks for the largest one; none where
    /// the service decides.
    pub size: Option<(&'static str, u32)>,
    /// The request parameter that carries the token of the page before.
    pub token: &'static str,
    /// The member of an answer that carries the next page's token.
    pub next: &'static str,
}

/// A throttle bucket: calls that share one allowance per account and region.
///
/// EC2's numbers are those of its "Request throttling" page, which gives them to each action: sharing one
/// between the few actions called here is slower at most. STS documents 600 requests a second, CloudWatch
/// 50 GetMetricData a second. For the others the numbers are a careful guess; every allowance adapts when
/// AWS throttles all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// EC2's non-mutating actions (paginated or filtered describes among them): 100, 20 a second.
    Ec2NonMutating,
    /// EC2's DescribeSpotFleetRequests: 50, 3 a second.
    Ec2SpotFleet,
    /// An EC2 action that changes something and has 100, 5 a second for itself: ModifyInstanceMetadataOptions,
    /// CreateLaunchTemplateVersion, ModifyLaunchTemplate, ModifyImageAttribute.
    Ec2Change(&'static str),
    /// EC2's ModifyInstanceMetadataDefaults: 2, 2 a second.
    Ec2Defaults,
    /// EC2's RunInstances (only ever as a dry run): 5, 2 a second.
    Ec2Launch,
    /// EC2's other actions that change something: 50, 5 a second.
    Ec2Mutating,
    /// Auto Scaling's describe calls.
    AutoScaling,
    /// Auto Scaling's calls that change something.
    AutoScalingChange,
    /// CloudWatch's GetMetricData: 50 a second.
    MetricData,
    /// Organizations' list calls.
    Organizations,
    /// STS and IAM reads.
    Identity,
    /// Another service, by its name.
    Other(&'static str),
}

impl Bucket {
    /// The bucket's size in calls, and how many calls a second flow back into it.
    pub const fn allowance(self) -> (f64, f64) {
        match self {
            Self::Ec2NonMutating | Self::AutoScaling => (100.0, 20.0),
            Self::Ec2SpotFleet => (50.0, 3.0),
            Self::Ec2Change(_) => (100.0, 5.0),
            Self::Ec2Defaults => (2.0, 2.0),
            Self::Ec2Launch => (5.0, 2.0),
            Self::Ec2Mutating => (50.0, 5.0),
            Self::AutoScalingChange => (20.0, 5.0),
            Self::MetricData => (50.0, 50.0),
            Self::Organizations => (50.0, 20.0),
            Self::Identity => (600.0, 600.0),
            Self::Other(_) => (20.0, 10.0),
        }
    }
}

/// An operation that answers at once.
const fn once(
    service: &'static Service,
    action: &'static str,
    iam: &'static [&'static str],
    bucket: Bucket,
) -> Operation {
    let route = Route { method: Method::Post, path: "/" };
    Operation { service, action, iam, paging: None, bucket, route, silent: false }
}

/// An operation that answers page by page.
const fn paged(
    service: &'static Service,
    action: &'static str,
    iam: &'static [&'static str],
    bucket: Bucket,
    paging: Paging,
) -> Operation {
    let route = Route { method: Method::Post, path: "/" };
    Operation { service, action, iam, paging: Some(paging), bucket, route, silent: false }
}

/// Paging with `NextToken` both ways.
const fn next_token(size: &'static str, largest: u32) -> Paging {
    Paging { size: Some((size, largest)), token: "NextToken", next: "NextToken" }
}

/// Paging with `nextToken` both ways.
const fn lower_token(size: &'static str, largest: u32) -> Paging {
    Paging { size: Some((size, largest)), token: "nextToken", next: "nextToken" }
}

impl Operation {
    /// The operation as IAM and error reports write it: `ec2:DescribeInstances`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service.name, self.action)
    }

    /// The parameters that ask for the largest page, after the page that gave `token`.
    pub(crate) fn page(&self, token: Option<&str>) -> Parameters {
        let Some(paging) = &self.paging else { return Parameters::new() };
        let mut parameters = Parameters::new();
        if let Some((name, largest)) = paging.size {
            parameters = parameters.with(name, largest);
        }
        match token {
            Some(token) => parameters.with(paging.token, token),
            None => parameters,
        }
    }
}

/// The operations that every read of an account makes.
pub static ACCOUNT_READS: [&Operation; 2] = [&DESCRIBE_REGIONS, &LIST_ACCOUNT_ALIASES];
