//! The services that imdsure calls: protocol, signing name and endpoint of each.

use crate::partition::Partition;

/// A service as its API reference states it.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The SDKs' service id, by which users set endpoints (`AWS_ENDPOINT_URL_<ID>`).
    pub id: &'static str,
    /// The name in signatures, in IAM actions and in host names.
    pub name: &'static str,
    /// How its requests and answers are written.
    pub protocol: Protocol,
    /// Whether every region has its own endpoint.
    pub reach: Reach,
}

/// How requests and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Form-encoded request with this API version, XML answer, errors under `Response/Errors/Error`.
    Ec2Query(&'static str),
    /// Form-encoded request with this API version, XML answer, errors under `ErrorResponse/Error`.
    Query(&'static str),
    /// JSON 1.1 request with this `X-Amz-Target` prefix, JSON answer.
    Json11(&'static str),
}

/// Where a service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One endpoint a region.
    Regional,
    /// One endpoint a partition.
    Global,
}

/// Amazon EC2.
pub static EC2: Service = Service {
    id: "EC2",
    name: "ec2",
    protocol: Protocol::Ec2Query("2016-11-15"),
    reach: Reach::Regional,
};

/// AWS Security Token Service.
pub static STS: Service = Service {
    id: "STS",
    name: "sts",
    protocol: Protocol::Query("2011-06-15"),
    reach: Reach::Regional,
};

/// AWS Identity and Access Management.
pub static IAM: Service = Service {
    id: "IAM",
    name: "iam",
    protocol: Protocol::Query("2010-05-08"),
    reach: Reach::Global,
};

/// AWS Organizations.
pub static ORGANIZATIONS: Service = Service {
    id: "Organizations",
    name: "organizations",
    protocol: Protocol::Json11("AWSOrganizationsV20161128"),
    reach: Reach::Global,
};

impl Service {
    /// The region that a call meant for `region` is signed for.
    pub fn signing_region<'a>(&self, region: &'a str) -> &'a str {
        match self.reach {
            Reach::Regional => region,
            Reach::Global => match Partition::of_region(region) {
                Partition::China if self.name == "organizations" => "cn-northwest-1",
                partition => partition.first_region(),
            },
        }
    }

    /// The public endpoint for a region, as AWS's endpoint rules build it.
    pub fn endpoint(&self, region: &str, fips: bool, dual_stack: bool) -> String {
        let partition = Partition::of_region(region);
        let region = self.signing_region(region);
        let suffix =
            if dual_stack { partition.dual_stack_suffix() } else { partition.dns_suffix() };
        // The endpoints of GovCloud are FIPS endpoints under their plain names.
        let plain = partition == Partition::UsGov && !dual_stack;
        let fips = if fips && !plain { "-fips" } else { "" };
        match (self.name, partition) {
            ("iam", _) if dual_stack => format!("https://iam{fips}.global.{suffix}"),
            ("iam", Partition::Aws) => format!("https://iam{fips}.{suffix}"),
            ("iam", Partition::UsGov) => format!("https://iam.us-gov.{suffix}"),
            (name, _) => format!("https://{name}{fips}.{region}.{suffix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_the_three_partitions() {
        let table = [
            (&EC2, "eu-west-1", "https://ec2.eu-west-1.amazonaws.com"),
            (&EC2, "cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn"),
            (&EC2, "us-gov-east-1", "https://ec2.us-gov-east-1.amazonaws.com"),
            (&STS, "ap-south-1", "https://sts.ap-south-1.amazonaws.com"),
            (&IAM, "ap-south-1", "https://iam.amazonaws.com"),
            (&IAM, "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn"),
            (&IAM, "us-gov-east-1", "https://iam.us-gov.amazonaws.com"),
            (&ORGANIZATIONS, "eu-west-1", "https://organizations.us-east-1.amazonaws.com"),
            (&ORGANIZATIONS, "cn-north-1", "https://organizations.cn-northwest-1.amazonaws.com.cn"),
            (&ORGANIZATIONS, "us-gov-east-1", "https://organizations.us-gov-west-1.amazonaws.com"),
        ];
        for (service, region, endpoint) in table {
            assert_eq!(service.endpoint(region, false, false), endpoint);
        }
        assert_eq!(
            EC2.endpoint("us-east-1", true, false),
            "https://ec2-fips.us-east-1.amazonaws.com"
        );
        assert_eq!(EC2.endpoint("us-east-1", false, true), "https://ec2.us-east-1.api.aws");
        let gov = EC2.endpoint("us-gov-west-1", true, false);
        assert_eq!(gov, "https://ec2.us-gov-west-1.amazonaws.com");
    }
}
