//! Values to scale: which share of an axis a value is, and which whole step is nearest to it.
//!
//! Decides where zero is. An axis always holds zero, so that a length is never exaggerated.

/// An axis of values, with zero on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    /// The magnitude that counts as 1: widest doubles must not overflow when they are subtracted.
    unit: f64,
    /// The low end, -1 to 0.
    low: f64,
    /// The high end, 0 to 1.
    high: f64,
}

impl Scale {
    pub(crate) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let largest = values.clone().map(f64::abs).fold(0.0, f64::max);
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let shares = values.map(|value| value / unit);
        let (low, high) =
            shares.fold((0.0_f64, 0.0_f64), |(low, high), share| (low.min(share), high.max(share)));
        Self { unit, low, high }
    }

    pub(crate) fn has_negative(self) -> bool {
        self.low < 0.0
    }

    pub(crate) fn has_positive(self) -> bool {
        self.high > 0.0
    }

    /// Where a value is between the ends: 0 at the low one, 1 at the high one.
    pub(crate) fn height(self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span > 0.0 { (value / self.unit - self.low) / span } else { 0.0 }
    }

    /// Splits cells between what is below zero and what is above it.
    pub(crate) fn split(self, cells: usize) -> Sides {
        let span = self.high - self.low;
        if span <= 0.0 {
            return Sides { below: 0, above: cells, per_unit: 0.0, unit: self.unit };
        }
        let mut below = nearest(-self.low / span, cells);
        if self.has_negative() && self.has_positive() {
            below = below.max(1).min(cells.saturating_sub(1));
        }
        let above = cells.saturating_sub(below);
        let room = |cells: usize, share: f64| if share > 0.0 { double(cells) / share } else { f64::INFINITY };
        Sides { below, above, per_unit: room(below, -self.low).min(room(above, self.high)), unit: self.unit }
    }
}

/// The cells on both sides of zero, one scale for both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sides {
    pub(crate) below: usize,
    pub(crate) above: usize,
    per_unit: f64,
    unit: f64,
}

impl Sides {
    /// The length of a value in eighths of a cell. What is not zero can be seen.
    pub(crate) fn eighths(self, value: f64) -> usize {
        let room = if value < 0.0 { self.below } else { self.above } * 8;
        let length = (value / self.unit).abs() * self.per_unit * 8.0;
        let shown = nearest(length / double(room), room);
        if value == 0.0 { 0 } else { shown.max(1.min(room)) }
    }
}

/// A count as a double. Counts of a drawing are small.
fn double(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The whole step of `steps` that is nearest to a share of them; halves go up.
pub(crate) fn nearest(share: f64, steps: usize) -> usize {
    let wanted = share * double(steps) + 0.5;
    let (mut low, mut high) = (0, steps);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if double(middle) <= wanted {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests;
