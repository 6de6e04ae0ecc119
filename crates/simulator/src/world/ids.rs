//! Ids that lead back to what they name: a scattered form of a number, so that no table of ids is needed.

use crate::hash;
use crate::xml::push_aws_id;

/// Numbers from here on belong to what was made by a call; below are the computed ones.
const MADE: u64 = 1 << 60;
/// Bits of the count of things that calls make in one unit.
const MADE_BITS: u32 = 24;

/// The ids of one kind of thing in one unit: the computed ones first, then those that calls made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ids {
    key: u64,
    /// The number of the first one, among all of the world.
    first: u64,
    /// How many of them are computed.
    pub(crate) computed: u64,
    /// The place of the unit among all units.
    unit: u64,
}

impl Ids {
    /// `key` keeps kinds apart, `numbers` are those of the computed things of the unit.
    pub(crate) fn new(key: u64, numbers: &std::ops::Range<u64>, unit: u64) -> Self {
        Self { key, first: numbers.start, computed: numbers.end - numbers.start, unit }
    }

    /// The id of the thing at `index` of the unit.
    pub(crate) const fn id(&self, index: u64) -> u64 {
        let number = if index < self.computed {
            self.first + index
        } else {
            MADE + (self.unit << MADE_BITS) + (index - self.computed)
        };
        hash::mix(number ^ self.key)
    }

    /// The index of the thing with this id, if it would be one of the unit's; whether there are so many is for the caller to say.
    pub(crate) fn index(&self, id: u64) -> Option<u64> {
        let number = hash::unmix(id) ^ self.key;
        if number >= MADE {
            let made = number.checked_sub(MADE + (self.unit << MADE_BITS))?;
            return (made < 1 << MADE_BITS).then_some(self.computed + made);
        }
        number.checked_sub(self.first).filter(|index| *index < self.computed)
    }
}

/// An id as AWS writes it, for example `lt-0…`.
pub(crate) fn text(prefix: &str, id: u64) -> String {
    let mut out = Vec::with_capacity(prefix.len() + 17);
    push_aws_id(&mut out, prefix, id);
    String::from_utf8(out).unwrap_or_default()
}

/// What a text says that should be an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// An id that may be somebody's.
    Id(u64),
    /// Of an id's form, but nobody's: here every id has 17 digits, the first of them 0.
    Nobody,
    Malformed,
}

/// Reads an id with 17 hexadecimal digits, or 8 as old ones have.
pub(crate) fn parse(prefix: &str, text: &str) -> Parsed {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let Some(digits) = text
        .strip_prefix(prefix)
        .filter(|digits| matches!(digits.len(), 8 | 17) && digits.bytes().all(is_digit))
    else {
        return Parsed::Malformed;
    };
    digits
        .strip_prefix('0')
        .filter(|rest| rest.len() == 16)
        .and_then(|rest| u64::from_str_radix(rest, 16).ok())
        .map_or(Parsed::Nobody, Parsed::Id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_within_their_unit_only() {
        let (here, there) = (Ids::new(7, &(10..15), 2), Ids::new(7, &(15..20), 3));
        for index in 0..40 {
            assert_eq!(here.index(here.id(index)), Some(index));
            assert_eq!(there.index(here.id(index)), None);
        }
        assert_eq!(here.index(12345), None);
    }

    #[test]
    fn texts_are_read_strictly() {
        assert_eq!(parse("lt-", &text("lt-", 255)), Parsed::Id(255));
        assert_eq!(parse("lt-", "lt-0123456789abcdef0"), Parsed::Id(0x1234_5678_9abc_def0));
        assert_eq!(parse("lt-", "lt-f123456789abcdef0"), Parsed::Nobody);
        assert_eq!(parse("lt-", "lt-12345678"), Parsed::Nobody);
        for bad in ["lt-", "i-0123456789abcdef0", "lt-0123456789ABCDEF0", "lt-01"] {
            assert_eq!(parse("lt-", bad), Parsed::Malformed);
        }
    }
}
