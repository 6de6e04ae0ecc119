//! What a launch gets: each metadata option resolved on its own, layer by layer, with the layer that
//! decided. Follows "Configure the Instance Metadata Service options" of the EC2 User Guide, "Order of
//! precedence for instance metadata options".

use std::fmt;

/// What one layer says of one option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer<T> {
    /// It sets the option: no layer below is asked.
    Sets(T),
    /// It was read and leaves the option to the layer below.
    Silent,
    /// It was not read: once it is reached, nothing can be said.
    Unread,
    /// It sets a value that is not known: once it is reached, nothing can be said.
    Unrecognised,
}

/// The layers, from the one that is asked first to the one that always answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The launch itself, or the launch template or launch configuration that it names.
    Launch,
    /// The account's default in the region.
    AccountDefault,
    /// The AMI's `ImdsSupport`.
    Image,
    /// What EC2 takes when nobody says anything.
    ServiceDefault,
}

/// An option's value at launch, and which layer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effective<T> {
    /// Decided.
    Known {
        /// The value.
        value: T,
        /// By whom.
        source: Source,
    },
    /// This layer would decide, and was not read or says something that is not known.
    Unknown(Source),
}

/// `HttpTokens`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tokens {
    /// IMDSv1 answers as well.
    Optional,
    /// IMDSv2 alone answers.
    Required,
}

/// `HttpEndpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// The metadata service answers.
    Enabled,
    /// It does not.
    Disabled,
}

/// `HttpTokensEnforced` of the account in the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Enforcement {
    /// Launches are not refused.
    Disabled,
    /// Launches that do not come to required tokens are refused.
    Enabled,
}

/// `ImdsSupport` of an AMI. It has one value: an AMI without it is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageV2;

/// The hop limit that an AMI with `ImdsSupport` gives.
const IMAGE_HOP_LIMIT: i64 = 2;
/// The hop limit that EC2 takes when nobody says anything.
const SERVICE_HOP_LIMIT: i64 = 1;
/// The hop limits that AWS accepts.
const HOP_LIMITS: std::ops::RangeInclusive<i64> = 1..=64;
/// Words for a layer that leaves the option to the next: ours, and AWS's.
const SILENT: [&str; 2] = ["silent", "no-preference"];

/// What a launch gives, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// An instance that answers IMDSv2 alone.
    V2,
    /// An instance that answers IMDSv1. Where enforcement was not read, it may be refused instead.
    V1,
    /// An instance whose metadata service does not answer.
    EndpointDisabled,
    /// Nothing: enforcement refuses it.
    Refused,
    /// It cannot be said.
    Unknown,
}

/// A value that AWS writes as a word.
pub trait Word: Sized {
    /// The value of that spelling.
    fn parse(word: &str) -> Option<Self>;
}

impl Word for Tokens {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "required" => Some(Self::Required),
            "optional" => Some(Self::Optional),
            _ => None,
        }
    }
}

impl Word for Endpoint {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "enabled" => Some(Self::Enabled),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

impl Word for Enforcement {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "enabled" => Some(Self::Enabled),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

impl Word for ImageV2 {
    fn parse(word: &str) -> Option<Self> {
        (word == "v2.0").then_some(Self)
    }
}

impl Word for i64 {
    fn parse(word: &str) -> Option<Self> {
        word.parse().ok().filter(|limit| HOP_LIMITS.contains(limit))
    }
}

impl<T: Word> Layer<T> {
    /// A layer as evidence has it: none is not read; `silent`, `no-preference` and, of hop limits, `-1`
    /// are read and silent.
    pub fn parse(word: Option<&str>) -> Self {
        match word {
            None => Self::Unread,
            Some(word) if SILENT.contains(&word) || word == "-1" => Self::Silent,
            Some(word) => T::parse(word).map_or(Self::Unrecognised, Self::Sets),
        }
    }
}

impl<T> Layer<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Layer<U> {
        match self {
            Self::Sets(value) => Layer::Sets(change(value)),
            Self::Silent => Layer::Silent,
            Self::Unread => Layer::Unread,
            Self::Unrecognised => Layer::Unrecognised,
        }
    }
}

impl<T> Effective<T> {
    /// The value, where it is known.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// The layer that decided.
    pub const fn source(&self) -> Option<Source> {
        match self {
            Self::Known { source, .. } => Some(*source),
            Self::Unknown(_) => None,
        }
    }

    /// The layer that would decide, where it is not known what it says.
    pub const fn missing(&self) -> Option<Source> {
        match self {
            Self::Known { .. } => None,
            Self::Unknown(source) => Some(*source),
        }
    }
}

/// The first layer that is not silent decides; the service default decides when all are.
fn resolve<T>(
    layers: impl IntoIterator<Item = (Source, Layer<T>)>,
    service_default: T,
) -> Effective<T> {
    for (source, layer) in layers {
        match layer {
            Layer::Sets(value) => return Effective::Known { value, source },
            Layer::Unread | Layer::Unrecognised => return Effective::Unknown(source),
            Layer::Silent => {}
        }
    }
    Effective::Known { value: service_default, source: Source::ServiceDefault }
}

/// `HttpTokens` at launch.
pub fn http_tokens(
    launch: Layer<Tokens>,
    account_default: Layer<Tokens>,
    image: Layer<ImageV2>,
) -> Effective<Tokens> {
    let image = image.map(|ImageV2| Tokens::Required);
    let layers = [
        (Source::Launch, launch),
        (Source::AccountDefault, account_default),
        (Source::Image, image),
    ];
    resolve(layers, Tokens::Optional)
}

/// `HttpPutResponseHopLimit` at launch.
pub fn hop_limit(
    launch: Layer<i64>,
    account_default: Layer<i64>,
    image: Layer<ImageV2>,
) -> Effective<i64> {
    let image = image.map(|ImageV2| IMAGE_HOP_LIMIT);
    let layers = [
        (Source::Launch, launch),
        (Source::AccountDefault, account_default),
        (Source::Image, image),
    ];
    resolve(layers, SERVICE_HOP_LIMIT)
}

/// `HttpEndpoint` at launch: an AMI says nothing of it.
pub fn http_endpoint(
    launch: Layer<Endpoint>,
    account_default: Layer<Endpoint>,
) -> Effective<Endpoint> {
    let layers = [(Source::Launch, launch), (Source::AccountDefault, account_default)];
    resolve(layers, Endpoint::Enabled)
}

/// What a launch gives, from tokens and endpoint as they resolve (none: not known) and from enforcement,
/// which is evaluated last.
///
/// Required tokens are enough, whatever else is not known. Optional tokens with the endpoint enabled are
/// `v1` also where enforcement was not read: it can refuse such a launch, never make it version 2.
pub const fn launch_gives(
    tokens: Option<Tokens>,
    endpoint: Option<Endpoint>,
    enforcement: Layer<Enforcement>,
) -> Gives {
    match (tokens, endpoint, enforcement) {
        (Some(Tokens::Required), _, _) => Gives::V2,
        (Some(Tokens::Optional), _, Layer::Sets(Enforcement::Enabled)) => Gives::Refused,
        (_, Some(Endpoint::Disabled), Layer::Silent | Layer::Sets(Enforcement::Disabled)) => {
            Gives::EndpointDisabled
        }
        (Some(Tokens::Optional), Some(Endpoint::Enabled), _) => Gives::V1,
        _ => Gives::Unknown,
    }
}

impl Source {
    /// Its name in tables and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::AccountDefault => "account default",
            Self::Image => "AMI",
            Self::ServiceDefault => "service default",
        }
    }
}

impl Tokens {
    /// AWS's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl Endpoint {
    /// AWS's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

impl Gives {
    /// The word in tables and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V1 => "v1",
            Self::EndpointDisabled => "endpoint-disabled",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
#[path = "effective_tests.rs"]
mod tests;
