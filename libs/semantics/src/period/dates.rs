//! Dates, months, quarters and years as they are written in a question.

use super::tokens::{Token, is_one_of};
use crate::{MonthDay, PeriodExpr};
use jiff::ToSpan as _;
use jiff::civil::Date;

/// A date as written, or a span of dates with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Atom {
    Day(Date),
    /// A day and a month without a year.
    Yearless {
        month: i8,
        day: i8,
    },
    Month {
        year: Option<i16>,
        month: i8,
    },
    Quarter {
        year: Option<i16>,
        quarter: i8,
    },
    Year(i16),
    /// Written like a date, but no calendar has it or its order of day and month is anyone's guess.
    Impossible,
}

impl Atom {
    /// The year that it says.
    fn year(self) -> Option<i16> {
        match self {
            Self::Day(day) => Some(day.year()),
            Self::Month { year, .. } | Self::Quarter { year, .. } => year,
            Self::Year(year) => Some(year),
            Self::Yearless { .. } | Self::Impossible => None,
        }
    }

    /// With a year, if it has none of its own.
    fn in_year(self, other: Option<i16>) -> Self {
        match self {
            Self::Yearless { month, day } => other.map_or(self, |year| day_of(year, month, day)),
            Self::Month { year: None, month } => Self::Month { year: other, month },
            Self::Quarter { year: None, quarter } => Self::Quarter { year: other, quarter },
            Self::Day(_) | Self::Month { .. } | Self::Quarter { .. } | Self::Year(_) | Self::Impossible => {
                self
            }
        }
    }

    /// First and last day, if it says its year.
    pub(super) fn bounds(self) -> Option<(Date, Date)> {
        let (first, months) = match self {
            Self::Day(day) => return Some((day, day)),
            Self::Month { year, month } => (Date::new(year?, month, 1).ok()?, 1),
            Self::Quarter { year, quarter: quarter @ 1..=4 } => {
                (Date::new(year?, quarter * 3 - 2, 1).ok()?, 3)
            }
            Self::Year(year) => (Date::new(year, 1, 1).ok()?, 12),
            Self::Yearless { .. } | Self::Impossible | Self::Quarter { .. } => return None,
        };
        Some((first, first.checked_add(months.months()).ok()?.yesterday().ok()?))
    }

    /// The period that it is on its own.
    pub(super) const fn expr(self) -> Option<PeriodExpr> {
        match self {
            Self::Day(day) => Some(PeriodExpr::Day(day)),
            Self::Month { year, month } => Some(PeriodExpr::Month { year, month }),
            Self::Quarter { year, quarter: quarter @ 1..=4 } => Some(PeriodExpr::Quarter { year, quarter }),
            Self::Year(year) => Some(PeriodExpr::Year(year)),
            Self::Yearless { month, day } => Some(PeriodExpr::YearlessDay(MonthDay { month, day })),
            Self::Impossible | Self::Quarter { .. } => None,
        }
    }

    /// Its first and last day in any year, if it says none.
    pub(super) const fn yearless(self) -> Option<(MonthDay, MonthDay)> {
        match self {
            Self::Yearless { month, day } => Some((MonthDay { month, day }, MonthDay { month, day })),
            Self::Month { year: None, month } => {
                Some((MonthDay { month, day: 1 }, MonthDay { month, day: DAYS_MAX }))
            }
            Self::Quarter { year: None, quarter: quarter @ 1..=4 } => Some((
                MonthDay { month: quarter * 3 - 2, day: 1 },
                MonthDay { month: quarter * 3, day: DAYS_MAX },
            )),
            Self::Day(_) | Self::Month { .. } | Self::Quarter { .. } | Self::Year(_) | Self::Impossible => {
                None
            }
        }
    }
}

/// No month has more days; the calendar takes the last one that there is.
const DAYS_MAX: i8 = 31;

/// A year without a 29 February: which one is meant without a year is anyone's guess.
const PLAIN_YEAR: i16 = 2023;

/// A day of a month without a year, if every year has it.
fn yearless(month: i8, day: i8) -> Atom {
    Date::new(PLAIN_YEAR, month, day).map_or(Atom::Impossible, |_| Atom::Yearless { month, day })
}

/// From the first day of one to the last day of the other; a year said once counts for both.
pub(super) fn between(a: Atom, b: Atom) -> Option<PeriodExpr> {
    let (a, b) = (a.in_year(b.year()), b.in_year(a.year()));
    if let (Some((from, _)), Some((_, to))) = (a.yearless(), b.yearless()) {
        return Some(PeriodExpr::YearlessBetween { from, to });
    }
    let ((from, _), (_, to)) = (a.bounds()?, b.bounds()?);
    (from <= to).then_some(PeriodExpr::Between { from, to })
}

fn day_of(year: i16, month: i8, day: i8) -> Atom {
    Date::new(year, month, day).map_or(Atom::Impossible, Atom::Day)
}

/// The date that begins at a token, and the token after it.
pub(super) fn atom(tokens: &[Token<'_>], at: usize) -> Option<(Atom, usize)> {
    let token = tokens.get(at)?;
    digits(&token.word)
        .map(|atom| (atom, at + 1))
        .or_else(|| quarter(tokens, at))
        .or_else(|| month_first(tokens, at))
        .or_else(|| day_first(tokens, at))
        .or_else(|| token.year().map(|year| (Atom::Year(year), at + 1)))
}

/// `2021-05-01`, `2021/05/01`, `2021-05`; other dates of digits are anyone's guess.
fn digits(word: &str) -> Option<Atom> {
    let separators = word.chars().filter(|c| matches!(c, '-' | '/' | '.')).count();
    let mixed = word.contains(':') || !word.starts_with(|c: char| c.is_ascii_digit());
    if mixed || !word.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '/' | '.')) {
        return None;
    }
    let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
    let number = |text: &str| text.parse::<i8>().unwrap_or(-1);
    match (parts.as_slice(), separators) {
        ([year, month, day], 2)
            if year.len() == 4 && month.len() <= 2 && day.len() <= 2 && !word.contains('.') =>
        {
            Some(day_of(year.parse().unwrap_or(-1), number(month), number(day)))
        }
        ([year, month], 1) if word.contains('-') && year.len() == 4 && month.len() == 2 => {
            let year = year.parse().ok()?;
            let month = number(month);
            // `2019-21` and `2000-99` are ranges, and no months.
            Some(if (1..=12).contains(&month) {
                Atom::Month { year: Some(year), month }
            } else {
                Atom::Impossible
            })
        }
        ([month, year], 1) if year.len() == 4 && month.len() <= 2 => Some(Atom::Impossible),
        ([_, _, year], 2) if matches!(year.len(), 2 | 4) => Some(Atom::Impossible),
        (_, 3..) => Some(Atom::Impossible),
        _ => None,
    }
}

/// `q3 2021`, `third quarter of 2021`, `quarter 3`, `2021 q3`.
fn quarter(tokens: &[Token<'_>], at: usize) -> Option<(Atom, usize)> {
    let token = tokens.get(at)?;
    let is_quarter = |at| is_one_of(tokens, at, &["quarter"]);
    let number = |at: usize| match tokens.get(at)?.digits() {
        Some((number @ 1..=9, false)) => i8::try_from(number).ok(),
        _ => None,
    };
    let (quarter, end) = if let Some(quarter) = token.quarter() {
        (quarter, at + 1)
    } else if let (Some(quarter), true) = (token.quarter_ordinal(), is_quarter(at + 1)) {
        (quarter, at + 2)
    } else if let (true, Some(quarter)) = (is_quarter(at), number(at + 1)) {
        (quarter, at + 2)
    } else {
        let year = token.year()?;
        let dash = usize::from(is_one_of(tokens, at + 1, &["-"]));
        let quarter = tokens.get(at + 1 + dash)?.quarter()?;
        return Some((Atom::Quarter { year: Some(year), quarter }, at + 2 + dash));
    };
    let (year, end) = year_after(tokens, end);
    Some((Atom::Quarter { year, quarter }, end))
}

/// A year, perhaps after a comma, a dash or "of".
fn year_after(tokens: &[Token<'_>], at: usize) -> (Option<i16>, usize) {
    let skip = usize::from(is_one_of(tokens, at, &[",", "of", "-", "in"]));
    match tokens.get(at + skip).and_then(Token::year) {
        Some(year) => (Some(year), at + skip + 1),
        None => (None, at),
    }
}

/// `July`, `July 2021`, `July 4, 2021`, `July 4th`.
fn month_first(tokens: &[Token<'_>], at: usize) -> Option<(Atom, usize)> {
    let token = tokens.get(at)?;
    let month = token.month()?;
    let the = usize::from(is_one_of(tokens, at + 1, &["the"]));
    if let Some((day @ 0..=99, _)) = tokens.get(at + 1 + the).and_then(Token::digits) {
        let day = i8::try_from(day).ok()?;
        let (year, end) = year_after(tokens, at + 2 + the);
        return Some((year.map_or_else(|| yearless(month, day), |year| day_of(year, month, day)), end));
    }
    let (year, end) = year_after(tokens, at + 1);
    // "may" and "march" are verbs as well: alone they need a sign that a month is meant.
    let verb = matches!(token.word.as_str(), "may" | "march");
    let named = at.checked_sub(1).is_some_and(|before| {
        const SIGNS: [&str; 13] = [
            "in", "for", "during", "of", "since", "from", "between", "through", "until", "last", "this",
            "next", "to",
        ];
        is_one_of(tokens, before, &SIGNS) || token.raw.starts_with(char::is_uppercase)
    });
    (year.is_some() || !verb || named).then_some((Atom::Month { year, month }, end))
}

/// `4 July 2021`, `the 4th of July`.
fn day_first(tokens: &[Token<'_>], at: usize) -> Option<(Atom, usize)> {
    const RANKS: [&str; 10] =
        ["top", "bottom", "first", "last", "best", "worst", "least", "most", "than", "past"];
    let (day, ordinal) = tokens.get(at)?.digits()?;
    let of = usize::from(is_one_of(tokens, at + 1, &["of"]));
    let month = tokens.get(at + 1 + of)?.month()?;
    // "top 5 July 2021" asks for five of something.
    let ranked = at.checked_sub(1).is_some_and(|before| is_one_of(tokens, before, &RANKS));
    if ranked || (of == 1 && !ordinal) {
        return None;
    }
    let Ok(day @ 0..=99) = i8::try_from(day) else { return None };
    let (year, end) = year_after(tokens, at + 2 + of);
    Some((year.map_or_else(|| yearless(month, day), |year| day_of(year, month, day)), end))
}
