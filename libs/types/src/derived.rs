//! Columns of a result that are derived from a metric's.
//!
//! Decides their names, which the compiler writes and everyone who reads a result goes by.

/// What is shown of a metric beside its figure; the end of the name of a column of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Derived {
    /// The figure of the period that is compared with.
    Before,
    /// The figure less the one before.
    Change,
    /// The change in percent of the figure before; nothing where that is nothing or zero.
    Growth,
    /// The figure in percent of the sum over all groups.
    Share,
}

impl Derived {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::Change, Self::Growth, Self::Share];

    /// What comes after the metric's name and an underscore.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Change => "change",
            Self::Growth => "growth",
            Self::Share => "share",
        }
    }

    /// The name of the column for a metric.
    #[must_use]
    pub fn column(self, metric: &str) -> String {
        format!("{metric}_{}", self.suffix())
    }
}
