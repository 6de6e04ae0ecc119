//! The services that are simulated, and how each wants to be spoken to.

/// The AWS services that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    AutoScaling,
    Sts,
    Iam,
    Organizations,
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
}

impl Service {
    /// Finds the service by its name in a credential scope.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Ec2, Self::AutoScaling, Self::Sts, Self::Iam, Self::Organizations]
            .into_iter()
            .find(|service| service.name() == name)
    }

    /// The name in credential scopes and in front of actions.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::AutoScaling => "autoscaling",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Organizations => "organizations",
        }
    }

    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Ec2 => Protocol::Ec2,
            Self::AutoScaling | Self::Sts | Self::Iam => Protocol::Query,
            Self::Organizations => Protocol::Json,
        }
    }

    /// The API version requests must name; JSON requests carry it in their target.
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Ec2 => "2016-11-15",
            Self::AutoScaling => "2011-01-01",
            Self::Sts => "2011-06-15",
            Self::Iam => "2010-05-08",
            Self::Organizations => "20161128",
        }
    }

    /// The namespace of XML answers.
    pub(crate) const fn namespace(self) -> &'static str {
        match self {
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Organizations => "",
        }
    }
}
