//! The only source of variety below the edge: a sequence that follows from a seed.

/// `SplitMix64`: a tiny generator whose every seed gives a good sequence, the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of a seed and a purpose: two purposes do not disturb each other.
    pub(crate) fn of(seed: u64, purpose: &str) -> Random {
        // FNV-1a spreads the purpose over the seed.
        let mixed = purpose.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Random(mixed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The bias of a remainder is under 2⁻³² for the small bounds that are asked for here.
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    /// A share: from 0 up to, not including, 1.
    pub(crate) fn share(&mut self) -> f64 {
        // The upper 53 bits: as many as a number of this type holds.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// Numbers below a bound in a random order.
    pub(crate) fn order(&mut self, bound: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..bound).collect();
        for at in (1..bound).rev() {
            order.swap(at, self.below(at + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_follows_from_seed_and_purpose() {
        let take = |seed, purpose| Random::of(seed, purpose).next();
        assert_eq!(take(1, "a"), take(1, "a"));
        assert_ne!(take(1, "a"), take(2, "a"));
        assert_ne!(take(1, "a"), take(1, "b"));
        // The published first output of `SplitMix64` for seed 0.
        assert_eq!(Random(0).next(), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn an_order_holds_every_number_once() {
        let mut order = Random::of(7, "order").order(100);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..100));
    }
}
