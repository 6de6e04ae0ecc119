//! The metadata defaults of an account in a region, as `GetInstanceMetadataDefaults` tells them.

use super::effective::MetadataPolicy;
use crate::hash::{self, Draws};

/// The defaults of one account in one region; what is none was never set, or set to no preference.
// Settings of AWS, each with a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Defaults {
    /// Whether `HttpTokens` is `required`.
    pub(crate) tokens: Option<bool>,
    pub(crate) hop_limit: Option<u8>,
    pub(crate) endpoint: Option<bool>,
    /// `InstanceMetadataTags`.
    pub(crate) tags: Option<bool>,
    /// `HttpTokensEnforced`.
    pub(crate) enforced: Option<bool>,
    /// Whether a declarative policy sets them, and not the account.
    pub(crate) managed: bool,
}

impl Defaults {
    /// What an EC2 policy decides; what it leaves open is open.
    fn declared(policy: &MetadataPolicy) -> Self {
        let is = |setting: &Option<String>, on: &str, off: &str| match setting.as_deref() {
            Some(word) if word == on => Some(true),
            Some(word) if word == off => Some(false),
            _ => None,
        };
        let switch = |setting| is(setting, "enabled", "disabled");
        Self {
            tokens: is(&policy.http_tokens, "required", "optional"),
            hop_limit: policy.hop_limit.and_then(|hops| u8::try_from(hops).ok()),
            endpoint: switch(&policy.http_endpoint),
            tags: switch(&policy.instance_metadata_tags),
            enforced: switch(&policy.http_tokens_enforced),
            managed: true,
        }
    }

    /// The defaults that an account begins with in a region. An EC2 policy decides about the account before the account itself does, whose own
    /// settings are the same in all its regions but for the few that were forgotten.
    pub(super) fn draw(policy: Option<&MetadataPolicy>, account: u64, unit: u64) -> Self {
        if let Some(policy) = policy {
            return Self::declared(policy);
        }
        let mut draws = Draws::new(hash::join(account, hash::text("defaults")));
        let kind = draws.below(100);
        if Draws::new(hash::join(unit, hash::text("forgotten"))).chance(150) {
            return Self::default();
        }
        match kind {
            0..10 => Self { tokens: Some(true), ..Self::default() },
            10..17 => Self { tokens: Some(true), hop_limit: Some(2), ..Self::default() },
            17..22 => Self {
                tokens: Some(true),
                hop_limit: Some(2),
                endpoint: Some(true),
                enforced: Some(true),
                ..Self::default()
            },
            22..27 => Self { tokens: Some(false), ..Self::default() },
            27..31 => Self { hop_limit: Some(2), ..Self::default() },
            31..34 => Self { tags: Some(true), enforced: Some(false), ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Whether a launch that allows version 1 is refused.
    pub(crate) fn is_enforced(self) -> bool {
        self.enforced == Some(true)
    }

    /// Whether `GetInstanceMetadataDefaults` has anything to say.
    pub(crate) fn is_unset(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_keep_their_shares() {
        let all: Vec<Defaults> = (0..20_000)
            .map(|number| Defaults::draw(None, hash::mix(number), hash::mix(number ^ 0x77)))
            .collect();
        let share = |holds: &dyn Fn(&Defaults) -> bool| {
            all.iter().filter(|defaults| holds(defaults)).count() * 1000 / all.len()
        };
        assert!((690..740).contains(&share(&|it| it.is_unset())));
        assert!((170..210).contains(&share(&|it| it.tokens == Some(true))));
        assert!((32..54).contains(&share(&|it| it.tokens == Some(false))));
        assert!((32..54).contains(&share(&|it| it.is_enforced())));
        assert!(all.iter().all(|it| !it.managed));
    }

    #[test]
    fn a_policy_decides_what_it_speaks_of() {
        let policy = MetadataPolicy {
            http_tokens: Some("required".into()),
            hop_limit: Some(-1),
            http_endpoint: Some("no-preference".into()),
            http_tokens_enforced: Some("disabled".into()),
            ..MetadataPolicy::default()
        };
        let expected = Defaults {
            tokens: Some(true),
            enforced: Some(false),
            managed: true,
            ..Defaults::default()
        };
        assert_eq!(Defaults::draw(Some(&policy), 1, 2), expected);
    }
}
