//! Every AWS operation that imdsure calls, declared once: what it is called, how it pages, which
//! throttle bucket it draws from and which IAM action allows it. Calls, pacing and the generated IAM
//! policies all follow from these declarations.

use crate::{
    service::{EC2, IAM, ORGANIZATIONS, STS, Service},
    wire::Parameters,
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
}

/// How an operation's answer is asked for page by page.
#[derive(Debug, PartialEq, Eq)]
pub struct Paging {
    /// The request parameter that bounds a page, and the value that asks for the largest one.
    pub size: (&'static str, u32),
    /// The request parameter that carries the token of the page before.
    pub token: &'static str,
}

/// A throttle bucket: calls that share one allowance per account and region.
///
/// EC2's numbers are those of its "Request throttling" page, which gives them to each action: sharing one
/// between the few actions called here is slower at most. STS documents 600 requests a second. For
/// Organizations the numbers are a careful guess; every allowance adapts when AWS throttles all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// EC2's non-mutating actions (paginated or filtered describes among them): 100, 20 a second.
    Ec2NonMutating,
    /// Organizations' list calls.
    Organizations,
    /// STS and IAM reads.
    Identity,
}

impl Bucket {
    /// The bucket's size in calls, and how many calls a second flow back into it.
    pub const fn allowance(self) -> (f64, f64) {
        match self {
            Self::Ec2NonMutating => (100.0, 20.0),
            Self::Organizations => (50.0, 20.0),
            Self::Identity => (600.0, 600.0),
        }
    }
}

/// Instances with their metadata options.
pub static DESCRIBE_INSTANCES: Operation = Operation {
    service: &EC2,
    action: "DescribeInstances",
    iam: &["ec2:DescribeInstances"],
    paging: Some(Paging { size: ("MaxResults", 1000), token: "NextToken" }),
    bucket: Bucket::Ec2NonMutating,
};

/// The regions of an account and whether each is enabled.
pub static DESCRIBE_REGIONS: Operation = Operation {
    service: &EC2,
    action: "DescribeRegions",
    iam: &["ec2:DescribeRegions"],
    paging: None,
    bucket: Bucket::Ec2NonMutating,
};

/// Who the credentials belong to. AWS asks for no permission.
pub static GET_CALLER_IDENTITY: Operation = Operation {
    service: &STS,
    action: "GetCallerIdentity",
    iam: &[],
    paging: None,
    bucket: Bucket::Identity,
};

/// Temporary credentials of a role in another account.
pub static ASSUME_ROLE: Operation = Operation {
    service: &STS,
    action: "AssumeRole",
    iam: &["sts:AssumeRole"],
    paging: None,
    bucket: Bucket::Identity,
};

/// The account's alias: a name for an account that is read without its organization.
pub static LIST_ACCOUNT_ALIASES: Operation = Operation {
    service: &IAM,
    action: "ListAccountAliases",
    iam: &["iam:ListAccountAliases"],
    paging: None,
    bucket: Bucket::Identity,
};

/// The accounts of the organization, from the management account or a delegated administrator.
pub static LIST_ACCOUNTS: Operation = Operation {
    service: &ORGANIZATIONS,
    action: "ListAccounts",
    iam: &["organizations:ListAccounts"],
    paging: Some(Paging { size: ("MaxResults", 20), token: "NextToken" }),
    bucket: Bucket::Organizations,
};

/// The operations that read one account. Their IAM actions are what a reading role needs.
pub static ACCOUNT_READS: [&Operation; 3] =
    [&DESCRIBE_INSTANCES, &DESCRIBE_REGIONS, &LIST_ACCOUNT_ALIASES];

impl Operation {
    /// The operation as IAM and error reports write it: `ec2:DescribeInstances`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service.name, self.action)
    }

    /// The parameters that ask for the largest page, after the page that gave `token`.
    pub(crate) fn page(&self, token: Option<&str>) -> Parameters {
        let Some(paging) = &self.paging else { return Parameters::new() };
        let (name, largest) = paging.size;
        let parameters = Parameters::new().with(name, largest);
        match token {
            Some(token) => parameters.with(paging.token, token),
            None => parameters,
        }
    }
}
