//! The services that are simulated, and how each wants to be spoken to.

use crate::request::Request;

/// The AWS services that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    AutoScaling,
    Sts,
    Iam,
    Organizations,
    CloudWatch,
    SageMaker,
    Beanstalk,
    Emr,
    Lightsail,
    AppStream,
    ImageBuilder,
    Eks,
    Ecs,
    Batch,
    Balancing,
}

/// How a service wants to be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// EC2's dialect of Query.
    Ec2,
    /// AWS Query.
    Query,
    /// AWS JSON 1.1.
    Json,
    /// AWS JSON 1.0.
    Json10,
    /// JSON with methods and paths.
    RestJson,
    /// Smithy RPC v2 with CBOR.
    Cbor,
}

impl Protocol {
    /// `Content-Type` of answers.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Ec2 => "text/xml;charset=UTF-8",
            Self::Query => "text/xml",
            Self::Json => "application/x-amz-json-1.1",
            Self::Json10 => "application/x-amz-json-1.0",
            Self::RestJson => "application/json",
            Self::Cbor => "application/cbor",
        }
    }
}

impl Service {
    /// All services.
    pub(crate) const ALL: [Self; 16] = [
        Self::Ec2,
        Self::AutoScaling,
        Self::Sts,
        Self::Iam,
        Self::Organizations,
        Self::CloudWatch,
        Self::SageMaker,
        Self::Beanstalk,
        Self::Emr,
        Self::Lightsail,
        Self::AppStream,
        Self::ImageBuilder,
        Self::Eks,
        Self::Ecs,
        Self::Batch,
        Self::Balancing,
    ];

    /// Finds the service by its name in a credential scope.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// The name in credential scopes.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::AutoScaling => "autoscaling",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Organizations => "organizations",
            Self::CloudWatch => "monitoring",
            Self::SageMaker => "sagemaker",
            Self::Beanstalk => "elasticbeanstalk",
            Self::Emr => "elasticmapreduce",
            Self::Lightsail => "lightsail",
            Self::AppStream => "appstream",
            Self::ImageBuilder => "imagebuilder",
            Self::Eks => "eks",
            Self::Ecs => "ecs",
            Self::Batch => "batch",
            Self::Balancing => "elasticloadbalancing",
        }
    }

    /// The protocol the service is spoken to in, if a request does not choose another.
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Ec2 => Protocol::Ec2,
            Self::AutoScaling | Self::Sts | Self::Iam | Self::Beanstalk | Self::Balancing => {
                Protocol::Query
            }
            Self::CloudWatch => Protocol::Json10,
            Self::Organizations
            | Self::SageMaker
            | Self::Emr
            | Self::Lightsail
            | Self::AppStream
            | Self::Ecs => Protocol::Json,
            Self::ImageBuilder | Self::Eks | Self::Batch => Protocol::RestJson,
        }
    }

    /// The protocol of a request: CloudWatch speaks three, AppStream two.
    pub(crate) fn protocol_of(self, request: &Request) -> Protocol {
        let cbor = request.header("smithy-protocol") == Some("rpc-v2-cbor");
        match self {
            Self::CloudWatch | Self::AppStream if cbor => Protocol::Cbor,
            Self::CloudWatch if request.header("x-amz-target").is_none() => Protocol::Query,
            other => other.protocol(),
        }
    }

    /// The API version requests must name; JSON requests carry it in their target or not at all.
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Ec2 => "2016-11-15",
            Self::AutoScaling => "2011-01-01",
            Self::Sts => "2011-06-15",
            Self::Iam => "2010-05-08",
            Self::CloudWatch => "2010-08-01",
            Self::Beanstalk => "2010-12-01",
            Self::Balancing => "2015-12-01",
            _ => "",
        }
    }

    /// What stands before the operation's name in `X-Amz-Target`, and in the path of RPC v2.
    pub(crate) const fn target(self) -> &'static str {
        match self {
            Self::Organizations => "AWSOrganizationsV20161128",
            Self::CloudWatch => "GraniteServiceVersion20100801",
            Self::SageMaker => "SageMaker",
            Self::Emr => "ElasticMapReduce",
            Self::Lightsail => "Lightsail_20161128",
            Self::AppStream => "PhotonAdminProxyService",
            Self::Ecs => "AmazonEC2ContainerServiceV20141113",
            _ => "",
        }
    }

    /// The namespace of XML answers.
    pub(crate) const fn namespace(self) -> &'static str {
        match self {
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            Self::Beanstalk => "http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/",
            Self::Balancing => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            _ => "",
        }
    }

    /// The namespace of shapes in RPC v2, where `__type` is an absolute shape id.
    pub(crate) const fn shape_namespace(self) -> &'static str {
        match self {
            Self::CloudWatch => "com.amazonaws.cloudwatch",
            Self::AppStream => "com.amazonaws.appstream",
            _ => "",
        }
    }

    /// The member of an error that holds its text, as the service's model spells it.
    pub(crate) const fn message_member(self) -> &'static str {
        match self {
            Self::Organizations | Self::SageMaker | Self::Emr | Self::AppStream => "Message",
            _ => "message",
        }
    }

    /// What the service calls an argument that it does not take.
    pub(crate) const fn invalid_argument(self) -> &'static str {
        match self {
            Self::Organizations | Self::Lightsail => "InvalidInputException",
            Self::SageMaker | Self::AppStream => "ValidationException",
            Self::Emr | Self::ImageBuilder => "InvalidRequestException",
            Self::Eks | Self::Ecs => "InvalidParameterException",
            Self::Batch => "ClientException",
            Self::CloudWatch | Self::AutoScaling | Self::Balancing => "ValidationError",
            Self::Ec2 | Self::Sts | Self::Iam | Self::Beanstalk => "InvalidParameterValue",
        }
    }
}
