//! The services that imdsure calls: protocol, signing name and endpoint of each.

use crate::partition::Partition;

/// A service as its API reference states it.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The SDKs' service id, by which users set endpoints (`AWS_ENDPOINT_URL_<ID>`).
    pub id: &'static str,
    /// The prefix of its IAM actions, by which error reports name it.
    pub name: &'static str,
    /// The name in signatures.
    pub signing_name: &'static str,
    /// The first label of its host names.
    pub host: &'static str,
    /// How its requests and answers are written.
    pub protocol: Protocol,
    /// Where it answers.
    pub reach: Reach,
}

/// How requests and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Form-encoded request with this API version, XML answer, errors under `Response/Errors/Error`.
    Ec2Query(&'static str),
    /// Form-encoded request with this API version, XML answer, errors under `ErrorResponse/Error`.
    Query(&'static str),
    /// JSON request with this `X-Amz-Target` prefix and version (`1.0`, `1.1`), JSON answer.
    Json(&'static str, &'static str),
    /// Method, path and query of their own for each operation, JSON bodies.
    RestJson,
}

/// Where a service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One endpoint a region, in every region.
    Regional,
    /// One endpoint a region, but some regions do not have the service: there its host name is unknown.
    SomeRegions,
    /// One endpoint a partition.
    Global,
}

const fn regional(
    id: &'static str,
    name: &'static str,
    host: &'static str,
    protocol: Protocol,
) -> Service {
    Service { id, name, signing_name: name, host, protocol, reach: Reach::Regional }
}

/// Amazon EC2.
pub static EC2: Service = regional("EC2", "ec2", "ec2", Protocol::Ec2Query("2016-11-15"));

/// Amazon EC2 Auto Scaling.
pub static AUTOSCALING: Service =
    regional("Auto Scaling", "autoscaling", "autoscaling", Protocol::Query("2011-01-01"));

/// Elastic Load Balancing: application, network and gateway load balancers.
pub static ELASTIC_LOAD_BALANCING: Service = regional(
    "Elastic Load Balancing v2",
    "elasticloadbalancing",
    "elasticloadbalancing",
    Protocol::Query("2015-12-01"),
);

/// AWS Security Token Service.
pub static STS: Service = regional("STS", "sts", "sts", Protocol::Query("2011-06-15"));

/// Amazon CloudWatch.
pub static CLOUDWATCH: Service = Service {
    signing_name: "monitoring",
    ..regional(
        "CloudWatch",
        "cloudwatch",
        "monitoring",
        Protocol::Json("GraniteServiceVersion20100801", "1.0"),
    )
};

/// Amazon EKS.
pub static EKS: Service =
    Service { reach: Reach::SomeRegions, ..regional("EKS", "eks", "eks", Protocol::RestJson) };

/// Amazon ECS.
pub static ECS: Service =
    regional("ECS", "ecs", "ecs", Protocol::Json("AmazonEC2ContainerServiceV20141113", "1.1"));

/// AWS Batch.
pub static BATCH: Service = Service {
    reach: Reach::SomeRegions,
    ..regional("Batch", "batch", "batch", Protocol::RestJson)
};

/// Amazon SageMaker.
pub static SAGEMAKER: Service = Service {
    reach: Reach::SomeRegions,
    ..regional("SageMaker", "sagemaker", "api.sagemaker", Protocol::Json("SageMaker", "1.1"))
};

/// AWS Elastic Beanstalk.
pub static ELASTIC_BEANSTALK: Service = Service {
    reach: Reach::SomeRegions,
    ..regional(
        "Elastic Beanstalk",
        "elasticbeanstalk",
        "elasticbeanstalk",
        Protocol::Query("2010-12-01"),
    )
};

/// Amazon EMR.
pub static EMR: Service = Service {
    reach: Reach::SomeRegions,
    ..regional(
        "EMR",
        "elasticmapreduce",
        "elasticmapreduce",
        Protocol::Json("ElasticMapReduce", "1.1"),
    )
};

/// Amazon Lightsail.
pub static LIGHTSAIL: Service = Service {
    reach: Reach::SomeRegions,
    ..regional("Lightsail", "lightsail", "lightsail", Protocol::Json("Lightsail_20161128", "1.1"))
};

/// Amazon AppStream 2.0 (WorkSpaces Applications).
pub static APPSTREAM: Service = Service {
    reach: Reach::SomeRegions,
    ..regional(
        "AppStream",
        "appstream",
        "appstream2",
        Protocol::Json("PhotonAdminProxyService", "1.1"),
    )
};

/// EC2 Image Builder.
pub static IMAGEBUILDER: Service = Service {
    reach: Reach::SomeRegions,
    ..regional("imagebuilder", "imagebuilder", "imagebuilder", Protocol::RestJson)
};

/// AWS Identity and Access Management.
pub static IAM: Service = Service {
    reach: Reach::Global,
    ..regional("IAM", "iam", "iam", Protocol::Query("2010-05-08"))
};

/// AWS Organizations.
pub static ORGANIZATIONS: Service = Service {
    reach: Reach::Global,
    ..regional(
        "Organizations",
        "organizations",
        "organizations",
        Protocol::Json("AWSOrganizationsV20161128", "1.1"),
    )
};

/// Every service.
pub static SERVICES: [&Service; 16] = [
    &EC2,
    &AUTOSCALING,
    &ELASTIC_LOAD_BALANCING,
    &STS,
    &CLOUDWATCH,
    &EKS,
    &ECS,
    &BATCH,
    &SAGEMAKER,
    &ELASTIC_BEANSTALK,
    &EMR,
    &LIGHTSAIL,
    &APPSTREAM,
    &IMAGEBUILDER,
    &IAM,
    &ORGANIZATIONS,
];

impl Service {
    /// The region that a call meant for `region` is signed for.
    pub fn signing_region<'a>(&self, region: &'a str) -> &'a str {
        match self.reach {
            Reach::Regional | Reach::SomeRegions => region,
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
        let prefix = match (self.name, partition) {
            ("ecs" | "sagemaker" | "lightsail" | "appstream", _) => "-fips",
            // Else the endpoints of GovCloud are FIPS endpoints under their plain names.
            (_, Partition::UsGov) if !dual_stack => "",
            _ => "-fips",
        };
        let fips = if fips { prefix } else { "" };
        match (self.name, partition) {
            ("iam", _) if dual_stack => format!("https://iam{fips}.global.{suffix}"),
            ("iam", Partition::Aws) => format!("https://iam{fips}.{suffix}"),
            ("iam", Partition::UsGov) => format!("https://iam.us-gov.{suffix}"),
            ("eks" | "batch", Partition::Aws) if !fips.is_empty() && !dual_stack => {
                format!("https://fips.{}.{region}.{suffix}", self.host)
            }
            ("sagemaker", Partition::Aws | Partition::UsGov) if !dual_stack => {
                format!("https://api{fips}.sagemaker.{region}.{suffix}")
            }
            _ => format!("https://{host}{fips}.{region}.{suffix}", host = self.host),
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
            (&CLOUDWATCH, "eu-west-1", "https://monitoring.eu-west-1.amazonaws.com"),
            (&SAGEMAKER, "cn-north-1", "https://api.sagemaker.cn-north-1.amazonaws.com.cn"),
            (&APPSTREAM, "us-east-1", "https://appstream2.us-east-1.amazonaws.com"),
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
        let fips = [
            (&EC2, "us-gov-west-1", "https://ec2.us-gov-west-1.amazonaws.com"),
            (&EKS, "us-gov-west-1", "https://eks.us-gov-west-1.amazonaws.com"),
            (&ECS, "us-gov-west-1", "https://ecs-fips.us-gov-west-1.amazonaws.com"),
            (&EKS, "us-east-1", "https://fips.eks.us-east-1.amazonaws.com"),
            (&BATCH, "us-east-1", "https://fips.batch.us-east-1.amazonaws.com"),
            (&SAGEMAKER, "us-east-1", "https://api-fips.sagemaker.us-east-1.amazonaws.com"),
            (&SAGEMAKER, "us-gov-west-1", "https://api-fips.sagemaker.us-gov-west-1.amazonaws.com"),
            (&APPSTREAM, "us-gov-west-1", "https://appstream2-fips.us-gov-west-1.amazonaws.com"),
            (&EMR, "us-west-2", "https://elasticmapreduce-fips.us-west-2.amazonaws.com"),
        ];
        for (service, region, endpoint) in fips {
            assert_eq!(service.endpoint(region, true, false), endpoint);
        }
    }
}
