//! The requests that matter for the metadata service, with the context keys that AWS documents for each.
//!
//! Sources: Service Authorization Reference, "Amazon EC2"; EC2 User Guide, "Example policies" (work with
//! instance metadata). Where those say nothing, or contradict each other, the key is unknown.

use crate::request::{Context, KeyValue, Request, Resource};

/// `HttpTokens` of a launch.
pub(crate) const TOKENS: &str = "ec2:MetadataHttpTokens";
/// `HttpEndpoint` of a launch.
pub(crate) const ENDPOINT: &str = "ec2:MetadataHttpEndpoint";
/// `HttpPutResponseHopLimit` of a launch.
pub(crate) const HOP_LIMIT: &str = "ec2:MetadataHttpPutResponseHopLimit";
/// The version of the metadata service that delivered the caller's credentials.
pub(crate) const ROLE_DELIVERY: &str = "ec2:RoleDelivery";
/// Begins the key of an option that a change names.
pub(crate) const ATTRIBUTE: &str = "ec2:Attribute/";
pub(crate) const PRINCIPAL: &str = "aws:PrincipalArn";

pub(crate) const RUN: &str = "ec2:RunInstances";
pub(crate) const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
pub(crate) const DEFAULTS: &str = "ec2:ModifyInstanceMetadataDefaults";

/// The keys of a launch's metadata options. Only the resource type `instance` carries them.
pub(crate) const LAUNCH_KEYS: [&str; 3] = [TOKENS, ENDPOINT, HOP_LIMIT];
/// The options that a change of an instance may name.
pub const INSTANCE_OPTIONS: [&str; 5] = [
    "HttpTokens",
    "HttpPutResponseHopLimit",
    "HttpEndpoint",
    "HttpProtocolIpv6",
    "InstanceMetadataTags",
];
/// The options that a change of the account's defaults may name.
pub const DEFAULT_OPTIONS: [&str; 5] = [
    "HttpTokens",
    "HttpPutResponseHopLimit",
    "HttpEndpoint",
    "InstanceMetadataTags",
    "HttpTokensEnforced",
];
/// Resource types that every launch is evaluated over, besides `instance`.
const LAUNCH_RESOURCES: [&str; 5] =
    ["image", "subnet", "network-interface", "security-group", "volume"];

/// Who calls, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The account, if it is known.
    pub account: Option<String>,
    /// The region, if it is known.
    pub region: Option<String>,
    /// The identity.
    pub principal: Principal,
    /// `1.0` or `2.0` for credentials that an instance's metadata service delivered; none for others.
    pub role_delivery: Option<String>,
}

/// Which identity calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// It is not said which.
    Unknown,
    /// A role that no policy names, without tags: what a guardrail has to stop.
    Ordinary,
    /// The user or role with this ARN.
    Arn(String),
}

impl Default for Caller {
    /// Nothing is known of the caller but the partition `aws`.
    fn default() -> Self {
        Self {
            partition: "aws".to_owned(),
            account: None,
            region: None,
            principal: Principal::Unknown,
            role_delivery: None,
        }
    }
}

/// The metadata options that a launch names; None where it is silent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// `HttpTokens`.
    pub tokens: Option<String>,
    /// `HttpEndpoint`.
    pub endpoint: Option<String>,
    /// `HttpPutResponseHopLimit`.
    pub hop_limit: Option<String>,
    /// The launch uses a launch template, and is evaluated over it as well.
    pub template: bool,
}

impl Caller {
    /// An ordinary role of an account.
    pub fn ordinary(partition: &str, account: &str) -> Self {
        Self {
            partition: partition.to_owned(),
            account: Some(account.to_owned()),
            principal: Principal::Ordinary,
            ..Self::default()
        }
    }

    fn arn(&self, kind: &str) -> String {
        let region = self.region.as_deref().unwrap_or("*");
        // An image's ARN names no account.
        let account = if kind == "image" { "" } else { self.account.as_deref().unwrap_or("*") };
        format!("arn:{}:ec2:{region}:{account}:{kind}/*", self.partition)
    }

    fn context(&self) -> Context {
        let mut context = Context::default();
        for (keys, value) in [
            (["aws:PrincipalAccount", "aws:ResourceAccount"], &self.account),
            (["aws:RequestedRegion", "ec2:Region"], &self.region),
        ] {
            for key in keys.iter().filter(|_| value.is_some()) {
                context.set(key, KeyValue::Present(value.iter().cloned().collect()));
            }
        }
        match &self.principal {
            Principal::Unknown => {}
            Principal::Arn(arn) => context.set(PRINCIPAL, KeyValue::of(arn)),
            Principal::Ordinary => self.ordinary_context(&mut context),
        }
        match &self.role_delivery {
            Some(version) => context.set(ROLE_DELIVERY, KeyValue::of(version)),
            None => {
                for key in [
                    ROLE_DELIVERY,
                    "ec2:SourceInstanceARN",
                    "aws:Ec2InstanceSourceVpc",
                    "aws:Ec2InstanceSourcePrivateIPv4",
                ] {
                    context.set(key, KeyValue::Absent);
                }
            }
        }
        context
    }

    fn ordinary_context(&self, context: &mut Context) {
        let account = self.account.as_deref().unwrap_or("*");
        let arn =
            format!("arn:{}:iam::{account}:role/imdsure-a-role-like-any-other", self.partition);
        context.set(PRINCIPAL, KeyValue::of(arn));
        for key in [
            "aws:PrincipalTag/*",
            "aws:RequestTag/*",
            "aws:ResourceTag/*",
            "ec2:ResourceTag/*",
            "aws:TagKeys",
            "aws:CalledVia",
            "aws:PrincipalServiceName",
            "aws:PrincipalServiceNamesList",
        ] {
            context.set(key, KeyValue::Absent);
        }
        for key in ["aws:ViaAWSService", "aws:PrincipalIsAWSService"] {
            context.set(key, KeyValue::of("false"));
        }
    }

    /// `RunInstances`, evaluated over the instance and over what every launch uses.
    pub fn launch(&self, launch: &Launch) -> Request {
        let mut instance = Resource::new("instance", self.arn("instance"));
        for (key, value) in
            [(TOKENS, &launch.tokens), (ENDPOINT, &launch.endpoint), (HOP_LIMIT, &launch.hop_limit)]
        {
            let value = match value {
                Some(value) => KeyValue::of(value),
                None => KeyValue::Unknown(format!(
                    "AWS does not document whether `{key}` is set when a launch does not name the option"
                )),
            };
            instance.context.set(key, value);
        }
        let template = launch.template.then_some("launch-template");
        let others = LAUNCH_RESOURCES.iter().copied().chain(template).map(|kind| {
            let mut resource = Resource::new(kind, self.arn(kind));
            for key in LAUNCH_KEYS {
                resource.context.set(key, KeyValue::Absent);
            }
            resource
        });
        let mut context = self.context();
        context.set(
            "ec2:Attribute/*",
            KeyValue::Unknown("AWS documents no `ec2:Attribute/…` for RunInstances".to_owned()),
        );
        let others: Vec<_> = others.collect();
        let resources = std::iter::once(instance).chain(others).collect();
        Request { action: RUN.to_owned(), resources, context }
    }

    /// `ModifyInstanceMetadataOptions` with these options, and no others.
    pub fn modify<'a>(&self, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Request {
        let mut context = self.context();
        context.set("ec2:Attribute/*", KeyValue::Absent);
        for (name, value) in options {
            context.set(&format!("{ATTRIBUTE}{name}"), KeyValue::of(value));
        }
        for key in LAUNCH_KEYS {
            let why = format!(
                "AWS's documents contradict each other on what `{key}` holds when options are changed; \
                 it is not \
                 the new value"
            );
            context.set(key, KeyValue::Unknown(why));
        }
        let resources = vec![Resource::new("instance", self.arn("instance"))];
        Request { action: MODIFY.to_owned(), resources, context }
    }

    /// `ModifyInstanceMetadataDefaults`, whatever it changes: AWS documents no key for the new values.
    pub fn modify_defaults(&self) -> Request {
        let mut context = self.context();
        let why = "AWS documents no key for the values of ModifyInstanceMetadataDefaults";
        context.set("ec2:Attribute/*", KeyValue::Unknown(why.to_owned()));
        for key in LAUNCH_KEYS {
            context.set(key, KeyValue::Absent);
        }
        Request { action: DEFAULTS.to_owned(), resources: vec![Resource::none()], context }
    }

    /// Any other call, on any resource.
    pub fn call(&self, action: &str) -> Request {
        let mut context = self.context();
        if !action.to_lowercase().starts_with("ec2:") {
            context.set("ec2:Attribute/*", KeyValue::Absent);
            for key in LAUNCH_KEYS {
                context.set(key, KeyValue::Absent);
            }
        }
        Request { action: action.to_owned(), resources: vec![Resource::any()], context }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_instance_carries_the_options_of_a_launch() {
        let launch = Launch { tokens: Some("optional".to_owned()), ..Launch::default() };
        let request = Caller::ordinary("aws", "111122223333").launch(&launch);
        let kinds: Vec<_> = request.resources.iter().map(|r| r.kind.as_str()).collect();
        assert_eq!(kinds[0], "instance");
        assert!(kinds.contains(&"image") && !kinds.contains(&"launch-template"));
        assert_eq!(request.key(TOKENS, &request.resources[0]), KeyValue::of("optional"));
        assert_eq!(request.key(TOKENS, &request.resources[1]), KeyValue::Absent);
        assert!(matches!(request.key(HOP_LIMIT, &request.resources[0]), KeyValue::Unknown(_)));
        assert_eq!(request.resources[0].arn, "arn:aws:ec2:*:111122223333:instance/*");
        assert_eq!(request.resources[1].arn, "arn:aws:ec2:*::image/*");
    }

    #[test]
    fn a_change_carries_the_options_it_sends() {
        let request = Caller::default().modify([("HttpTokens", "optional")]);
        let key = |name: &str| request.key(name, &request.resources[0]);
        assert_eq!(key("ec2:Attribute/HttpTokens"), KeyValue::of("optional"));
        assert_eq!(key("ec2:Attribute/HttpEndpoint"), KeyValue::Absent);
        assert!(matches!(key(TOKENS), KeyValue::Unknown(_)));
        assert_eq!(key(ROLE_DELIVERY), KeyValue::Absent);
        assert!(matches!(key(PRINCIPAL), KeyValue::Unknown(_)));
    }
}
