//! Numbers that look random and are a function of the seed and a name alone.
//!
//! Each column draws from a stream of its own, so that a change of one leaves the others as they
//! were. Whole numbers throughout: floating point differs between machines. Fit for no secret.

use splitplane_types::Digest;
use std::collections::BTreeMap;

/// A stream of numbers (SplitMix64).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of that name.
    pub(super) fn of(seed: u64, name: &str) -> Self {
        let digest = Digest::of(format!("{seed}/{name}").as_bytes());
        let start = digest.as_bytes().first_chunk().copied().map_or(seed, u64::from_be_bytes);
        Self(start)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product is below the bound, so it fits.
        u64::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// A number from `min` to `max`, both included; `min` when the span is empty.
    pub(super) fn between(&mut self, min: i64, max: i64) -> i64 {
        let span = max.checked_sub(min).and_then(|span| u64::try_from(span).ok()).unwrap_or(0);
        min.saturating_add_unsigned(self.below(span.saturating_add(1)))
    }

    /// True in that many cases of a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Values to draw from, each as often as its weight says.
#[derive(Debug)]
pub(super) struct Wheel<T> {
    slots: Vec<(u64, T)>,
    total: u64,
}

impl<T: Clone> Wheel<T> {
    /// `None` when all weights are zero: nothing could be drawn.
    pub(super) fn new(weights: &BTreeMap<T, u64>) -> Option<Self> {
        let mut total = 0_u64;
        let mut slots = Vec::new();
        for (value, weight) in weights {
            total = total.checked_add(*weight)?;
            slots.push((total, value.clone()));
        }
        (total > 0).then_some(Self { slots, total })
    }

    /// The place of a value drawn.
    pub(super) fn place(&self, random: &mut Random) -> usize {
        let drawn = random.below(self.total);
        self.slots.partition_point(|(end, _)| *end <= drawn)
    }

    /// A value drawn.
    pub(super) fn draw(&self, random: &mut Random) -> Option<T> {
        self.slots.get(self.place(random)).map(|(_, value)| value.clone())
    }
}
