//! What a question says of a period. Decides no dates: those are the calendar's.

use super::Grain;

/// A period as a question says it, before the calendar gives it dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodExpr {
    /// The day of the instant from which periods are counted.
    Today,
    /// The day before.
    Yesterday,
    /// The complete units before the current one: "last week", "last 3 months".
    Last {
        /// How many, at least 1.
        count: u16,
        /// The unit.
        unit: Grain,
    },
    /// The whole current unit: "this month".
    This(Grain),
    /// From the start of the current unit to the end of today: "month to date".
    ToDate(Grain),
    /// The days up to and including yesterday: "past 30 days".
    PastDays(u16),
    /// A day by date.
    Day(jiff::civil::Date),
    /// A month; without a year, the latest that has begun.
    Month {
        /// Year, if said.
        year: Option<i16>,
        /// 1 to 12.
        month: i8,
    },
    /// A calendar quarter; without a year, the latest that has begun.
    Quarter {
        /// Year, if said.
        year: Option<i16>,
        /// 1 to 4.
        quarter: i8,
    },
    /// A calendar year.
    Year(i16),
    /// Between two days, both included.
    Between {
        /// First day.
        from: jiff::civil::Date,
        /// Last day.
        to: jiff::civil::Date,
    },
    /// From a day to the end of today.
    Since(jiff::civil::Date),
    /// A day without a year, the latest that has begun: "on July 4".
    YearlessDay(MonthDay),
    /// From the latest such day that has begun to the end of today: "since June 1".
    YearlessSince(MonthDay),
    /// From the latest such day that has begun to the next last day: "from July 1 to July 15".
    YearlessBetween {
        /// First day.
        from: MonthDay,
        /// Last day.
        to: MonthDay,
    },
    /// The unit that today is in, a year before: "same month last year".
    SameLastYear(Grain),
    /// The whole current unit of the fiscal year: "this fiscal year".
    FiscalThis(FiscalUnit),
    /// The complete fiscal units before the current one.
    FiscalLast {
        /// How many, at least 1.
        count: u16,
        /// The unit.
        unit: FiscalUnit,
    },
    /// From the start of the current fiscal unit to the end of today.
    FiscalToDate(FiscalUnit),
    /// A fiscal quarter; without a year, the latest that has begun.
    FiscalQuarter {
        /// Name of the fiscal year, if said.
        year: Option<i16>,
        /// 1 to 4.
        quarter: i8,
    },
    /// A fiscal year by its name.
    FiscalYear(i16),
}

impl PeriodExpr {
    /// The unit of the fiscal year that it speaks of; `None` for any other period.
    #[must_use]
    pub const fn fiscal_unit(self) -> Option<FiscalUnit> {
        match self {
            Self::FiscalThis(unit) | Self::FiscalLast { unit, .. } | Self::FiscalToDate(unit) => Some(unit),
            Self::FiscalQuarter { .. } => Some(FiscalUnit::Quarter),
            Self::FiscalYear(_) => Some(FiscalUnit::Year),
            Self::Today
            | Self::Yesterday
            | Self::Last { .. }
            | Self::This(_)
            | Self::ToDate(_)
            | Self::PastDays(_)
            | Self::Day(_)
            | Self::Month { .. }
            | Self::Quarter { .. }
            | Self::Year(_)
            | Self::Between { .. }
            | Self::Since(_)
            | Self::YearlessDay(_)
            | Self::YearlessSince(_)
            | Self::YearlessBetween { .. }
            | Self::SameLastYear(_) => None,
        }
    }
}

/// A day of any year; of a day that a month does not have, its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// A unit of the fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiscalUnit {
    /// Fiscal month.
    Month,
    /// Fiscal quarter.
    Quarter,
    /// Fiscal year.
    Year,
}

/// A period found in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodPhrase {
    /// What it says.
    pub expr: PeriodExpr,
    /// The words, as asked.
    pub label: String,
}
