//! The metadata defaults of an account in a region, as `GetInstanceMetadataDefaults` tells them.

use crate::hash::{self, Draws};

/// What an account under the declarative policy reads when it tries to change its defaults.
pub(crate) const MANAGED_MESSAGE: &str =
    "Instance metadata defaults are set by the organization. Ask platform-security@example.com.";

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

/// What the declarative policy of the Security unit sets.
const DECLARED: Defaults = Defaults {
    tokens: Some(true),
    hop_limit: Some(2),
    endpoint: Some(true),
    tags: None,
    enforced: Some(true),
    managed: true,
};

impl Defaults {
    /// The defaults that an account begins with in a region. `declared` says whether a declarative policy applies to the account. The account's own
    /// settings are the same in all its regions but for the few that were forgotten.
    pub(super) fn draw(declared: bool, account: u64, unit: u64) -> Self {
        if declared {
            return DECLARED;
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
            .map(|number| Defaults::draw(false, hash::mix(number), hash::mix(number ^ 0x77)))
            .collect();
        let share = |holds: &dyn Fn(&Defaults) -> bool| {
            all.iter().filter(|defaults| holds(defaults)).count() * 1000 / all.len()
        };
        assert!((690..740).contains(&share(&|it| it.is_unset())));
        assert!((170..210).contains(&share(&|it| it.tokens == Some(true))));
        assert!((32..54).contains(&share(&|it| it.tokens == Some(false))));
        assert!((32..54).contains(&share(&|it| it.is_enforced())));
        assert!(all.iter().all(|it| !it.managed));
        assert!(Defaults::draw(true, 1, 2).managed);
    }
}
