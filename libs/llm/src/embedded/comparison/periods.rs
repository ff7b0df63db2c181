//! From what is said about two periods to the period of a question and the one that it is compared with.
//!
//! Decides only what no careful person could object to: where the units of the two do not meet, or there is
//! no period at all, it is asked back.

use super::{Against, Said};
use jiff::civil::Date;
use splitplane_semantics::{ComparisonExpr, FiscalUnit, Grain, PeriodExpr, PeriodPhrase};

/// A period and what it is compared with, or why there is none.
pub(crate) enum Compared {
    Is(Option<PeriodPhrase>, Option<ComparisonExpr>),
    /// There is nothing to compare.
    NoPeriod,
    /// The two do not meet.
    Unclear,
}

/// Months between two that are still in one year, as people speak of them.
const MONTHS_NEAR: i8 = 6;

/// Likewise quarters: "between Q4 and Q1" goes over the end of a year.
const QUARTERS_NEAR: i8 = 2;

/// Sets `period` against what is said.
pub(crate) fn compared(period: Option<PeriodPhrase>, said: &Said) -> Compared {
    if said.twice || (said.later.is_some() && period.is_some()) {
        return Compared::Unclear;
    }
    let against = match (&said.against, said.figure) {
        (None, None) => return Compared::Is(period, None),
        (None, Some(_)) => &Against::Previous,
        (Some(against), _) => against,
    };
    let Some(period) = said.later.clone().or(period) else { return Compared::NoPeriod };
    if let Against::Period(other) = against {
        let (later, earlier) = in_order(period, other.clone());
        return if later.expr == earlier.expr {
            Compared::Unclear
        } else {
            Compared::Is(Some(later), Some(ComparisonExpr::With(earlier)))
        };
    }
    match relative(&period, against) {
        Some(comparison) => Compared::Is(Some(period), Some(comparison)),
        None => Compared::Unclear,
    }
}

fn relative(period: &PeriodPhrase, against: &Against) -> Option<ComparisonExpr> {
    let own = unit_of(period.expr);
    let is_year = |own: Option<(Grain, u16)>| own == Some((Grain::Year, 1));
    match against {
        Against::Previous => Some(ComparisonExpr::Previous),
        // "August against July last year" would be neither.
        Against::NamedLastYear(named) => (named.expr == period.expr).then_some(ComparisonExpr::LastYear),
        Against::YearBefore(None) => Some(ComparisonExpr::LastYear),
        // The same day may be the date or the weekday.
        Against::YearBefore(Some(unit)) => {
            (own == Some((*unit, 1)) && *unit != Grain::Day).then_some(ComparisonExpr::LastYear)
        }
        Against::Over(Grain::Year) => Some(ComparisonExpr::LastYear),
        Against::Over(unit) => (own == Some((*unit, 1))).then_some(ComparisonExpr::Previous),
        Against::Units { count: 1, unit: Grain::Year, .. } if !is_year(own) => Some(ComparisonExpr::LastYear),
        Against::Units { count, unit, from_today } => {
            let meets = own.is_some_and(|(own, n)| own == *unit && n == *count)
                || matches!(period.expr, PeriodExpr::PastDays(days) if *unit == Grain::Week && Some(days) == count.checked_mul(7))
                || matches!(period.expr, PeriodExpr::Last { count: n, unit: Grain::Week } if *unit == Grain::Day && n.checked_mul(7) == Some(*count));
            if !meets {
                return None;
            }
            of_same_unit(period, *count, *unit, *from_today)
        }
        Against::Period(_) => None,
    }
}

/// Two periods of the same length, where the other one is the one before or counted from today.
fn of_same_unit(period: &PeriodPhrase, count: u16, unit: Grain, from_today: bool) -> Option<ComparisonExpr> {
    let with_last = || {
        let label = if count == 1 {
            format!("last {}", unit.name())
        } else {
            format!("last {count} {}s", unit.name())
        };
        Some(ComparisonExpr::With(PeriodPhrase { expr: PeriodExpr::Last { count, unit }, label }))
    };
    let current = matches!(
        period.expr,
        PeriodExpr::This(_)
            | PeriodExpr::ToDate(_)
            | PeriodExpr::Today
            | PeriodExpr::FiscalThis(_)
            | PeriodExpr::FiscalToDate(_)
    );
    let counted = matches!(
        period.expr,
        PeriodExpr::Last { .. }
            | PeriodExpr::PastDays(_)
            | PeriodExpr::Yesterday
            | PeriodExpr::FiscalLast { .. }
    );
    match (from_today, current, counted) {
        (false, _, _) | (true, true, _) => Some(ComparisonExpr::Previous),
        // "last month compared with last month".
        (true, false, true) => None,
        (true, false, false) if period.label.to_lowercase().starts_with("last") => None,
        (true, false, false) => with_last(),
    }
}

/// The unit of a period and how many of them it is.
pub(crate) fn unit_of(expr: PeriodExpr) -> Option<(Grain, u16)> {
    let fiscal = |unit: FiscalUnit| match unit {
        FiscalUnit::Month => Grain::Month,
        FiscalUnit::Quarter => Grain::Quarter,
        FiscalUnit::Year => Grain::Year,
    };
    match expr {
        PeriodExpr::Today | PeriodExpr::Yesterday | PeriodExpr::Day(_) | PeriodExpr::YearlessDay(_) => {
            Some((Grain::Day, 1))
        }
        PeriodExpr::Last { count, unit } => Some((unit, count)),
        PeriodExpr::This(unit) | PeriodExpr::ToDate(unit) | PeriodExpr::SameLastYear(unit) => Some((unit, 1)),
        PeriodExpr::PastDays(days) => Some((Grain::Day, days)),
        PeriodExpr::Month { .. } => Some((Grain::Month, 1)),
        PeriodExpr::Quarter { .. } | PeriodExpr::FiscalQuarter { .. } => Some((Grain::Quarter, 1)),
        PeriodExpr::Year(_) | PeriodExpr::FiscalYear(_) => Some((Grain::Year, 1)),
        PeriodExpr::FiscalThis(unit) | PeriodExpr::FiscalToDate(unit) => Some((fiscal(unit), 1)),
        PeriodExpr::FiscalLast { count, unit } => Some((fiscal(unit), count)),
        PeriodExpr::Between { from, to } => unit_between(from, to),
        PeriodExpr::Since(_) | PeriodExpr::YearlessSince(_) | PeriodExpr::YearlessBetween { .. } => None,
    }
}

fn unit_between(from: Date, to: Date) -> Option<(Grain, u16)> {
    let end = to.tomorrow().ok()?;
    if from.day() == 1 && end.day() == 1 {
        let months = (i32::from(end.year()) - i32::from(from.year())) * 12 + i32::from(end.month())
            - i32::from(from.month());
        return match months {
            12 => Some((Grain::Year, 1)),
            3 if (from.month() - 1) % 3 == 0 => Some((Grain::Quarter, 1)),
            months => u16::try_from(months).ok().map(|months| (Grain::Month, months)),
        };
    }
    let days = u16::try_from(from.until(end).ok()?.get_days()).ok()?;
    Some(if days == 7 { (Grain::Week, 1) } else { (Grain::Day, days) })
}

/// Of two periods the later one first; a year that is said once counts for both.
fn in_order(first: PeriodPhrase, second: PeriodPhrase) -> (PeriodPhrase, PeriodPhrase) {
    // "June compared with June 2025": the other June is the last one that there was. Where both turn out to be one, it
    // is refused when they have dates.
    if let (Some((unit, a)), Some((other, b))) = (part_of_year(first.expr), part_of_year(second.expr))
        && unit == other
        && a.is_some() != b.is_some()
    {
        return if a.is_some() { (second, first) } else { (first, second) };
    }
    let (a, b) = (with_year(first.expr, year_of(second.expr)), with_year(second.expr, year_of(first.expr)));
    let (first, second) = (PeriodPhrase { expr: a, ..first }, PeriodPhrase { expr: b, ..second });
    let swaps = match (a, b) {
        (PeriodExpr::Month { year: None, month: x }, PeriodExpr::Month { year: None, month: y }) => {
            x < y && y - x <= MONTHS_NEAR
        }
        (PeriodExpr::Quarter { year: None, quarter: x }, PeriodExpr::Quarter { year: None, quarter: y }) => {
            x < y && y - x <= QUARTERS_NEAR
        }
        _ if is_current(b) && !is_current(a) => begin(a).is_none(),
        _ => begin(a).zip(begin(b)).is_some_and(|(a, b)| a < b),
    };
    if swaps { (second, first) } else { (first, second) }
}

/// Whether today is in it: whatever is counted back from today was before.
const fn is_current(expr: PeriodExpr) -> bool {
    matches!(expr, PeriodExpr::Today | PeriodExpr::This(_) | PeriodExpr::ToDate(_))
}

fn year_of(expr: PeriodExpr) -> Option<i16> {
    if let PeriodExpr::Month { year, .. } | PeriodExpr::Quarter { year, .. } = expr { year } else { None }
}

/// What a month or a quarter is called in any year, and the year that was said.
fn part_of_year(expr: PeriodExpr) -> Option<(PeriodExpr, Option<i16>)> {
    if let PeriodExpr::Month { year, month } = expr {
        Some((PeriodExpr::Month { year: None, month }, year))
    } else if let PeriodExpr::Quarter { year, quarter } = expr {
        Some((PeriodExpr::Quarter { year: None, quarter }, year))
    } else if let PeriodExpr::FiscalQuarter { year, quarter } = expr {
        Some((PeriodExpr::FiscalQuarter { year: None, quarter }, year))
    } else {
        None
    }
}

fn with_year(expr: PeriodExpr, other: Option<i16>) -> PeriodExpr {
    if let PeriodExpr::Month { year: None, month } = expr {
        PeriodExpr::Month { year: other, month }
    } else if let PeriodExpr::Quarter { year: None, quarter } = expr {
        PeriodExpr::Quarter { year: other, quarter }
    } else {
        expr
    }
}

/// The first day of a period that says its year.
fn begin(expr: PeriodExpr) -> Option<Date> {
    let (year, month) = match expr {
        PeriodExpr::Day(day) | PeriodExpr::Between { from: day, .. } => return Some(day),
        PeriodExpr::Month { year, month } => (year?, month),
        PeriodExpr::Quarter { year, quarter } => (year?, quarter.checked_mul(3)?.checked_sub(2)?),
        PeriodExpr::Year(year) | PeriodExpr::FiscalYear(year) => (year, 1),
        PeriodExpr::FiscalQuarter { year, quarter } => (year?, quarter.checked_mul(3)?.checked_sub(2)?),
        PeriodExpr::Today
        | PeriodExpr::Yesterday
        | PeriodExpr::Last { .. }
        | PeriodExpr::This(_)
        | PeriodExpr::ToDate(_)
        | PeriodExpr::PastDays(_)
        | PeriodExpr::Since(_)
        | PeriodExpr::YearlessDay(_)
        | PeriodExpr::YearlessSince(_)
        | PeriodExpr::YearlessBetween { .. }
        | PeriodExpr::SameLastYear(_)
        | PeriodExpr::FiscalThis(_)
        | PeriodExpr::FiscalLast { .. }
        | PeriodExpr::FiscalToDate(_) => return None,
    };
    Date::new(year, month, 1).ok()
}
