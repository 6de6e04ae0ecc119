//! What a launch gives an instance: the order in which AWS looks for each metadata option
//! ("Order of precedence for instance metadata options" in the EC2 User Guide).

use super::defaults::Defaults;
use super::options::MetadataOptions;

/// Metadata options as somebody asked for them; what is none was not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wish {
    /// Whether `HttpTokens` is `required`.
    pub(crate) tokens: Option<bool>,
    pub(crate) hop_limit: Option<u8>,
    pub(crate) endpoint: Option<bool>,
    pub(crate) ipv6: Option<bool>,
    /// `InstanceMetadataTags`.
    pub(crate) tags: Option<bool>,
}

impl Wish {
    /// Only `HttpTokens`.
    pub(crate) const fn tokens(required: bool) -> Self {
        Self { tokens: Some(required), hop_limit: None, endpoint: None, ipv6: None, tags: None }
    }

    /// This wish, and `other` where it is silent.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.or(other.tokens),
            hop_limit: self.hop_limit.or(other.hop_limit),
            endpoint: self.endpoint.or(other.endpoint),
            ipv6: self.ipv6.or(other.ipv6),
            tags: self.tags.or(other.tags),
        }
    }

    /// Whether nothing is asked for.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The options of an instance that is launched: for each option by itself the launch parameter or template, then the account's default, then the
/// image (`ImdsSupport` v2.0 means tokens required and two hops), then the service's default. Enforcement is not looked at.
pub(crate) fn resolve(wish: Wish, defaults: Defaults, image_v2: bool) -> MetadataOptions {
    let image_hops = if image_v2 { 2 } else { 1 };
    MetadataOptions {
        pending: false,
        tokens_required: wish.tokens.or(defaults.tokens).unwrap_or(image_v2),
        hop_limit: wish.hop_limit.or(defaults.hop_limit).unwrap_or(image_hops),
        endpoint_enabled: wish.endpoint.or(defaults.endpoint).unwrap_or(true),
        ipv6_enabled: wish.ipv6.unwrap_or(false),
        tags_enabled: wish.tags.or(defaults.tags).unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: Option<bool> = Some(true);
    const ANY: Option<bool> = Some(false);
    const UNSET: Option<bool> = None;

    fn launched(wish: Option<bool>, account: Option<bool>, image_v2: bool) -> MetadataOptions {
        let defaults = Defaults { tokens: account, ..Defaults::default() };
        resolve(Wish { tokens: wish, ..Wish::default() }, defaults, image_v2)
    }

    #[test]
    fn tokens_follow_the_order_of_precedence() {
        // Launch parameter, account default, image is v2.0, and whether tokens are required then: AWS's table, and the rows without an image's word.
        let table = [
            (V2, V2, true, true),
            (V2, ANY, true, true),
            (V2, UNSET, true, true),
            (V2, V2, false, true),
            (V2, ANY, false, true),
            (V2, UNSET, false, true),
            (ANY, V2, true, false),
            (ANY, ANY, true, false),
            (ANY, UNSET, true, false),
            (ANY, V2, false, false),
            (ANY, ANY, false, false),
            (ANY, UNSET, false, false),
            (UNSET, V2, true, true),
            (UNSET, ANY, true, false),
            (UNSET, UNSET, true, true),
            (UNSET, V2, false, true),
            (UNSET, ANY, false, false),
            (UNSET, UNSET, false, false),
        ];
        for (wish, account, image_v2, required) in table {
            let options = launched(wish, account, image_v2);
            assert_eq!(options.tokens_required, required, "{wish:?} {account:?} {image_v2}");
            assert!(!options.pending && options.endpoint_enabled);
        }
    }

    #[test]
    fn each_option_is_looked_for_by_itself() {
        let defaults = Defaults { hop_limit: Some(4), tags: Some(true), ..Defaults::default() };
        let hops = |wish, defaults: Defaults, image_v2| {
            resolve(Wish { hop_limit: wish, ..Wish::default() }, defaults, image_v2).hop_limit
        };
        assert_eq!(hops(Some(3), defaults, true), 3);
        assert_eq!(hops(None, defaults, true), 4);
        assert_eq!(hops(None, Defaults::default(), true), 2);
        assert_eq!(hops(None, Defaults::default(), false), 1);
        // The tokens come from the image although the hops come from the account.
        let options = resolve(Wish::default(), defaults, true);
        assert!(options.tokens_required && options.tags_enabled);
        let disabled = Defaults { endpoint: Some(false), ..Defaults::default() };
        assert!(!resolve(Wish::default(), disabled, false).endpoint_enabled);
        let wish = Wish { endpoint: Some(true), ..Wish::default() };
        assert!(resolve(wish, disabled, false).endpoint_enabled);
    }

    #[test]
    fn a_wish_fills_the_silence_of_another() {
        let full = Wish { hop_limit: Some(3), ..Wish::tokens(false) };
        assert_eq!(
            Wish::tokens(true).or(full),
            Wish { tokens: Some(true), hop_limit: Some(3), ..full }
        );
        assert!(Wish::default().is_empty() && !full.is_empty());
    }
}
