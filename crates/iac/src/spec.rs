//! One place in code that decides how an instance starts, and what it says. Nothing is judged here.

use std::fmt;

use imdsure_model::{
    Effect,
    effective::{Endpoint, Tokens},
};

use crate::{fix::Fix, ignore::IgnoreComment, source::Place};

/// What code says of one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared<T> {
    /// It sets the option.
    Set {
        /// To what.
        value: T,
        /// As the code spells it: `required`, `true` (of `DisableIMDSv1`), `2`.
        verbatim: String,
        /// Where that is decided: the property itself, or the parameter, mapping or variable it comes from.
        place: Place,
    },
    /// It is silent: the next layer decides.
    Absent,
    /// It says something that the text alone does not settle.
    Unresolved {
        /// Why.
        reason: String,
        /// The expression as written.
        expression: String,
        /// Where it stands.
        place: Place,
    },
}

impl<T> Declared<T> {
    /// The value, where it is set.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Whether it is silent.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The place that says something.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Set { place, .. } | Self::Unresolved { place, .. } => Some(place),
            Self::Absent => None,
        }
    }

    /// This layer, or the one below where this one is silent.
    #[must_use]
    pub fn or(self, below: Self) -> Self {
        if self.is_absent() { below } else { self }
    }

    /// `set`, `absent` or `unresolved`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Set { .. } => "set",
            Self::Absent => "absent",
            Self::Unresolved { .. } => "unresolved",
        }
    }
}

/// An option that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// `enabled`
    Enabled,
    /// `disabled`
    Disabled,
}

/// A type of option values, and how code spells them.
pub trait OptionValue: Sized + Copy + PartialEq + fmt::Debug {
    /// The value of a spelling; none where AWS knows no such value.
    fn parse(text: &str) -> Option<Self>;
}

impl OptionValue for Tokens {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "optional" => Some(Self::Optional),
            "required" => Some(Self::Required),
            _ => None,
        }
    }
}

impl OptionValue for Endpoint {
    fn parse(text: &str) -> Option<Self> {
        match Switch::parse(text)? {
            Switch::Enabled => Some(Self::Enabled),
            Switch::Disabled => Some(Self::Disabled),
        }
    }
}

impl OptionValue for Switch {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "enabled" => Some(Self::Enabled),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

impl OptionValue for i64 {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|limit| (1..=64).contains(limit))
    }
}

/// The metadata options that a place declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// `HttpTokens`, and every switch that means the same.
    pub http_tokens: Declared<Tokens>,
    /// `HttpEndpoint`.
    pub http_endpoint: Declared<Endpoint>,
    /// `HttpPutResponseHopLimit`.
    pub hop_limit: Declared<i64>,
    /// `InstanceMetadataTags`.
    pub instance_metadata_tags: Declared<Switch>,
    /// `HttpProtocolIpv6`.
    pub http_protocol_ipv6: Declared<Switch>,
}

impl Options {
    /// Nothing is said.
    pub const SILENT: Self = Self {
        http_tokens: Declared::Absent,
        http_endpoint: Declared::Absent,
        hop_limit: Declared::Absent,
        instance_metadata_tags: Declared::Absent,
        http_protocol_ipv6: Declared::Absent,
    };

    /// Option by option: this layer, or the one below where this one is silent.
    #[must_use]
    pub fn or(self, below: Self) -> Self {
        Self {
            http_tokens: self.http_tokens.or(below.http_tokens),
            http_endpoint: self.http_endpoint.or(below.http_endpoint),
            hop_limit: self.hop_limit.or(below.hop_limit),
            instance_metadata_tags: self.instance_metadata_tags.or(below.instance_metadata_tags),
            http_protocol_ipv6: self.http_protocol_ipv6.or(below.http_protocol_ipv6),
        }
    }

    /// The places that say something.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let five = [
            self.http_tokens.place(),
            self.http_endpoint.place(),
            self.hop_limit.place(),
            self.instance_metadata_tags.place(),
            self.http_protocol_ipv6.place(),
        ];
        five.into_iter().flatten()
    }
}

/// What a tool sends to AWS although the code is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// `HttpTokens`.
    pub http_tokens: Option<Tokens>,
    /// `HttpEndpoint`.
    pub http_endpoint: Option<Endpoint>,
    /// `HttpPutResponseHopLimit`.
    pub hop_limit: Option<i64>,
}

/// Who decides what the code leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inherits {
    /// A launch template that is not in the code that was read, as the code names it.
    LaunchTemplate(String),
    /// The account's default in the region, then the AMI.
    AccountDefault,
    /// The service's own default: no account default reaches it.
    Service,
}

impl fmt::Display for Inherits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LaunchTemplate(name) => write!(f, "launch template {name}"),
            Self::AccountDefault => f.write_str("account default"),
            Self::Service => f.write_str("service default"),
        }
    }
}

/// One place that decides how an instance starts: one row of the table `iac_launch_spec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchSpec {
    /// The dialect's name: `cloudformation`.
    pub dialect: &'static str,
    /// The type, as the dialect names it: `AWS::EC2::Instance`; `text` where only a line was understood.
    pub kind: String,
    /// The dialect's address: a logical id, `module.web.aws_instance.this`, `Kind/name`.
    pub address: String,
    /// The id that AWS gave it, in what records that (a state): `i-…`.
    pub resource_id: Option<String>,
    /// The whole definition.
    pub place: Place,
    /// What it says, references within the code followed.
    pub options: Options,
    /// What the tool sends where the code is silent; none where it sends nothing.
    pub sends_when_silent: Option<Sent>,
    /// Who decides what is absent, from the first to be asked.
    pub inherits_from: Vec<Inherits>,
    /// How many instances start from it directly; none where the text does not say. A definition that makes
    /// no instance (a template) has one; what is created zero times has no row.
    pub count: Option<u64>,
    /// What changing the options does to the resource.
    pub effect: Option<Effect>,
    /// Attributes whose changes the code ignores (`lifecycle.ignore_changes`): a fix would do nothing.
    pub ignored: Vec<String>,
    /// What made this text, where it is made again by the next run of a tool: the construct of the CDK. It is
    /// not edited, the fix belongs there.
    pub generated_from: Option<String>,
    /// Other tools' ignore comments on it.
    pub ignore_comments: Vec<IgnoreComment>,
    /// The repair; none where it is not needed or no splice of the text does it.
    pub fix: Option<Fix>,
}

impl LaunchSpec {
    /// A row that says nothing yet.
    pub fn new(dialect: &'static str, kind: &str, address: &str, place: Place) -> Self {
        Self {
            dialect,
            kind: kind.to_owned(),
            address: address.to_owned(),
            resource_id: None,
            place,
            options: Options::SILENT,
            sends_when_silent: None,
            inherits_from: Vec::new(),
            count: Some(1),
            effect: None,
            ignored: Vec::new(),
            generated_from: None,
            ignore_comments: Vec::new(),
            fix: None,
        }
    }
}
