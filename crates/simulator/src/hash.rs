//! Deterministic pseudo-random numbers: what the whole world is computed from.

/// The finalizer of splitmix64: a bijection of 64 bits that scatters neighbouring numbers.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The inverse of [`mix`]. An instance's index is read back from its id with it, so that no table of ids is needed.
pub(crate) const fn unmix(value: u64) -> u64 {
    let value = (value ^ (value >> 31) ^ (value >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
    let value = (value ^ (value >> 27) ^ (value >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    value ^ (value >> 30) ^ (value >> 60)
}

/// Two numbers made one; the order counts.
pub(crate) const fn join(left: u64, right: u64) -> u64 {
    mix(mix(left.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ right)
}

/// A text made a number (FNV-1a, then scattered).
pub(crate) fn text(text: &str) -> u64 {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(folded)
}

/// A number turned into the unit interval, one excluded.
pub(crate) fn unit_interval(value: u64) -> f64 {
    (value >> 11) as f64 / (1_u64 << 53) as f64
}

/// A sequence of draws from one starting number (splitmix64).
pub(crate) struct Draws(u64);

impl Draws {
    /// A sequence that `key` alone decides.
    pub(crate) const fn new(key: u64) -> Self {
        Self(key)
    }

    /// The next 64 bits.
    pub(crate) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, which must not be zero. The bias of the multiplication is far below what any test could see.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        ((self.bits() as u128 * bound as u128) >> 64) as u64
    }

    /// True in `per_mille` of a thousand draws.
    pub(crate) const fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One entry of a table that is not empty.
    pub(crate) fn pick<T>(&mut self, table: &'static [T]) -> &'static T {
        &table[self.below(table.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmix_inverts_mix() {
        for value in [0, 1, 2, 41, u64::MAX, u64::MAX / 3, 0x0123_4567_89ab_cdef] {
            assert_eq!(unmix(mix(value)), value);
            assert_eq!(mix(unmix(value)), value);
        }
    }

    #[test]
    fn draws_stay_in_bounds_and_repeat() {
        let mut one = Draws::new(7);
        let mut two = Draws::new(7);
        for _ in 0..1000 {
            let drawn = one.below(6);
            assert!(drawn < 6);
            assert_eq!(drawn, two.below(6));
        }
    }

    #[test]
    fn join_minds_the_order() {
        assert_ne!(join(1, 2), join(2, 1));
    }
}
