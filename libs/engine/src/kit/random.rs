//! Numbers that look random and are a function of a seed and of what they are for.
//!
//! Every world, statement and cell draws from a stream of its own, so that one of them can be made again
//! without the others. Fit for no secret.

/// A stream of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Random {
    /// The stream of a seed for something with a name and a number.
    #[must_use]
    pub fn of(seed: u64, name: &str, number: u64) -> Self {
        let named = name.bytes().fold(seed, |state, byte| mixed(state.wrapping_add(STEP) ^ u64::from(byte)));
        Self(mixed(named.wrapping_add(STEP) ^ number))
    }

    /// The next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u128::try_from(bound).unwrap_or(0);
        usize::try_from((u128::from(self.draw()) * bound) >> 64).unwrap_or(0)
    }

    /// A number from `min` to `max`, both included.
    pub fn between(&mut self, min: i64, max: i64) -> i64 {
        let span = usize::try_from(max.saturating_sub(min)).unwrap_or(0);
        min.saturating_add(i64::try_from(self.below(span.saturating_add(1))).unwrap_or(0))
    }

    /// True in that many cases of a hundred.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.below(of.len());
        of.get(at)
    }

    /// One of these texts; an empty one when there are none.
    pub fn text<'a>(&mut self, of: &[&'a str]) -> &'a str {
        self.one(of).copied().unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_stream_is_a_function_of_seed_name_and_number() {
        let drawn = |seed, name: &str, number| {
            let mut random = Random::of(seed, name, number);
            (random.draw(), random.below(1_000), random.between(-5, 5))
        };
        assert_eq!(drawn(1, "a", 2), drawn(1, "a", 2));
        for other in [drawn(2, "a", 2), drawn(1, "b", 2), drawn(1, "a", 3)] {
            assert_ne!(drawn(1, "a", 2), other);
        }
        let mut random = Random::of(7, "bounds", 0);
        let drawn: Vec<i64> = (0..500).map(|_| random.between(-2, 2)).collect();
        assert!((-2..=2).all(|value| drawn.contains(&value)) && drawn.iter().all(|v| v.abs() <= 2));
        assert_eq!(random.below(0), 0);
    }
}
