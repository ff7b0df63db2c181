//! What the columns of a table are to a chart.
//!
//! Decides nothing: whoever knows the interpretation says it.

/// What a table shows, column by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartShape {
    /// What was asked, as a sentence.
    pub title: String,
    /// The role of each column, in the order of the table.
    pub columns: Vec<ColumnRole>,
}

/// The role of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnRole {
    /// What the rows are grouped by.
    Dimension {
        /// Name for people.
        label: String,
        /// Calendar grain, where dates and times were cut to it.
        grain: Option<Grain>,
    },
    /// A figure that was asked for.
    Metric {
        /// Name for people.
        label: String,
        /// Unit. Two metrics without one are not taken to share it.
        unit: Option<String>,
    },
    /// The nearest metric to the left, in the period that it is compared with.
    Before {
        /// Name for people.
        label: String,
    },
    /// A figure worked out of others in its row: a change, a growth, a share. It is drawn only where
    /// the table has no metric that can be.
    Derived {
        /// Name for people.
        label: String,
        /// Unit.
        unit: Option<String>,
    },
    /// Masked, or not to be drawn.
    Other,
}

/// A calendar unit to which dates and times were cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Calendar day.
    Day,
    /// Week, whatever day it starts on.
    Week,
    /// Calendar month.
    Month,
    /// Calendar quarter.
    Quarter,
    /// Calendar year.
    Year,
}
