//! Phrases of the fiscal year: "fiscal Q3", "FY2025", "last fiscal year", "fiscal year to date".
//!
//! Decides what the words say; which days they are is for the calendar of the policy.

use super::Reading;
use super::tokens::{Token, count, is_one_of, unit};
use crate::{FiscalUnit, Grain, PeriodExpr};

/// A phrase of the fiscal year that begins at a token.
pub(super) fn fiscal(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    if is_one_of(tokens, at, &["fytd"]) {
        return Some(Reading::Period(PeriodExpr::FiscalToDate(FiscalUnit::Year), at + 1));
    }
    if let Some((year, end)) = year(tokens, at) {
        return Some(match quarter(tokens, end) {
            Some((quarter, end)) => of_quarter(Some(year), quarter, end),
            None => Reading::Period(PeriodExpr::FiscalYear(year), end),
        });
    }
    relative(tokens, at).or_else(|| named(tokens, at)).or_else(|| quarter_first(tokens, at))
}

fn is_fiscal(tokens: &[Token<'_>], at: usize) -> bool {
    is_one_of(tokens, at, &["fiscal", "financial"])
}

fn fiscal_unit(tokens: &[Token<'_>], at: usize) -> Option<FiscalUnit> {
    match unit(tokens, at)? {
        Grain::Month => Some(FiscalUnit::Month),
        Grain::Quarter => Some(FiscalUnit::Quarter),
        Grain::Year => Some(FiscalUnit::Year),
        Grain::Day | Grain::Week => None,
    }
}

/// `FY2025`, `FY25`, `FY 2025`, `fiscal 2025`, `fiscal year 2025`.
fn year(tokens: &[Token<'_>], at: usize) -> Option<(i16, usize)> {
    let token = tokens.get(at)?;
    if let Some(digits) = token.word.strip_prefix("fy").filter(|digits| !digits.is_empty()) {
        let number: i16 = digits.parse().ok()?;
        return match (digits.len(), number) {
            (2, 0..=99) => Some((2000 + number, at + 1)),
            (4, 1900..=2199) => Some((number, at + 1)),
            _ => None,
        };
    }
    let next = match token.word.as_str() {
        "fy" => at + 1,
        "fiscal" | "financial" => at + 1 + usize::from(is_one_of(tokens, at + 1, &["year"])),
        _ => return None,
    };
    Some((tokens.get(next)?.year()?, next + 1))
}

/// `Q3`, `quarter 3`, `third quarter`.
fn quarter(tokens: &[Token<'_>], at: usize) -> Option<(i8, usize)> {
    let token = tokens.get(at)?;
    let is_quarter = |at| is_one_of(tokens, at, &["quarter"]);
    if let Some(quarter) = token.quarter() {
        return Some((quarter, at + 1));
    }
    if is_quarter(at) {
        let (number, ordinal) = tokens.get(at + 1)?.digits()?;
        return Some((i8::try_from(number).ok().filter(|_| !ordinal && number < 10)?, at + 2));
    }
    let quarter = token.quarter_ordinal()?;
    is_quarter(at + 1).then_some((quarter, at + 2))
}

fn of_quarter(year: Option<i16>, quarter: i8, end: usize) -> Reading {
    match quarter {
        1..=4 => Reading::Period(PeriodExpr::FiscalQuarter { year, quarter }, end),
        _ => Reading::Unclear(end),
    }
}

/// `this fiscal year`, `last two fiscal quarters`, `so far this fiscal year`.
fn relative(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    let so_far = |at| is_one_of(tokens, at, &["so"]) && is_one_of(tokens, at + 1, &["far"]);
    let to_date = |at| is_one_of(tokens, at, &["to"]) && is_one_of(tokens, at + 1, &["date"]);
    if so_far(at) && is_one_of(tokens, at + 2, &["this"]) && is_fiscal(tokens, at + 3) {
        let unit = fiscal_unit(tokens, at + 4)?;
        return Some(Reading::Period(PeriodExpr::FiscalToDate(unit), at + 5));
    }
    if is_one_of(tokens, at, &["this", "current"]) && is_fiscal(tokens, at + 1) {
        let unit = fiscal_unit(tokens, at + 2)?;
        return Some(if so_far(at + 3) || to_date(at + 3) {
            Reading::Period(PeriodExpr::FiscalToDate(unit), at + 5)
        } else {
            Reading::Period(PeriodExpr::FiscalThis(unit), at + 3)
        });
    }
    if !is_one_of(tokens, at, &["last", "previous", "prior", "past"]) {
        return None;
    }
    let (number, next) = count(tokens, at + 1).map_or((None, at + 1), |(number, end)| (Some(number), end));
    if !is_fiscal(tokens, next) {
        return None;
    }
    let unit = fiscal_unit(tokens, next + 1)?;
    Some(match number.map_or(Ok(1), u16::try_from) {
        Ok(count @ 1..) => Reading::Period(PeriodExpr::FiscalLast { count, unit }, next + 2),
        Ok(0) | Err(_) => Reading::Unclear(next + 2),
    })
}

/// `fiscal Q3 2025`, `fiscal quarter to date`.
fn named(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    if !is_fiscal(tokens, at) {
        return None;
    }
    if let Some((quarter, end)) = quarter(tokens, at + 1) {
        let (year, end) = year_of(tokens, end);
        return Some(of_quarter(year, quarter, end));
    }
    let unit = fiscal_unit(tokens, at + 1)?;
    let dash = |at: usize| at + usize::from(is_one_of(tokens, at, &["-"]));
    let (to, date) = (dash(at + 2), dash(dash(at + 2) + 1));
    let said = is_one_of(tokens, to, &["to"]) && is_one_of(tokens, date, &["date"]);
    said.then_some(Reading::Period(PeriodExpr::FiscalToDate(unit), date + 1))
}

/// `Q3 FY25`, `Q3 of fiscal year 2025`, `third fiscal quarter of 2025`.
fn quarter_first(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    let ordinal = tokens.get(at)?.quarter_ordinal();
    if let (Some(quarter), true) = (ordinal, is_fiscal(tokens, at + 1)) {
        let (year, end) = is_one_of(tokens, at + 2, &["quarter"]).then(|| year_of(tokens, at + 3))?;
        return Some(of_quarter(year, quarter, end));
    }
    let (quarter, end) = quarter(tokens, at)?;
    let of = end + usize::from(is_one_of(tokens, end, &["of", "in", ","]));
    let of = of + usize::from(is_one_of(tokens, of, &["the"]));
    let (year, end) = year(tokens, of)?;
    Some(of_quarter(Some(year), quarter, end))
}

/// The fiscal year after a fiscal quarter, however it is said.
fn year_of(tokens: &[Token<'_>], at: usize) -> (Option<i16>, usize) {
    let skip = at + usize::from(is_one_of(tokens, at, &["of", ",", "in", "-"]));
    let plain = tokens.get(skip).and_then(Token::year).map(|year| (year, skip + 1));
    match plain.or_else(|| year(tokens, skip)) {
        Some((year, end)) => (Some(year), end),
        None => (None, at),
    }
}
