//! Buckets: the coarser values that a masked column shows instead of its own.

use std::num::NonZeroU32;

/// The buckets into which values fall. A value shows as the lower end of its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Numbers, in steps of this width from zero.
    Width(NonZeroU32),
    /// Dates and times, by the unit that holds them.
    Unit(BucketUnit),
}

/// A unit of a calendar. Weeks start on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketUnit {
    /// Week.
    Week,
    /// Month.
    Month,
    /// Quarter.
    Quarter,
    /// Year.
    Year,
}

impl BucketUnit {
    /// Every unit.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The unit's name, in SQL and in a policy.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}
