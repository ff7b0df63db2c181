//! A period that is counted from the one that was asked about before: "and the month before?", "a year earlier".
//!
//! Decides which days those are. Where the unit is not that of the period before, it is not understood.

use super::super::comparison::{Against, object, unit_of};
use super::super::tokens::{Kind, is_word_of, take, tokens};
use super::super::words;
use jiff::ToSpan as _;
use jiff::civil::Date;
use splitplane_semantics::{Grain, Interpretation, Period, PeriodExpr, PeriodPhrase};

/// The period that a text counts from that of `previous`, and the text without it.
pub(super) fn shifted(text: &str, previous: &Interpretation) -> Option<(String, PeriodPhrase)> {
    let period = previous.period.as_ref()?;
    let mut tokens = tokens(text);
    let at = (0..tokens.len()).find(|at| {
        !tokens.get(*at).is_none_or(|token| words::is_stop(&token.lower))
            || is_word_of(&tokens, *at, &["a", "the"])
    })?;
    let at =
        (at..tokens.len()).find(|at| !is_word_of(&tokens, *at, &["for", "in", "the", "during", "of"]))?;
    let (against, end) = following(&tokens, at).or_else(|| object(text, &tokens, at))?;
    let end = end + usize::from(is_word_of(&tokens, end, &["that", "it"]));
    if tokens.iter().skip(end).any(|token| token.is_word() || token.kind == Kind::Quoted) {
        return None;
    }
    let label = text.get(tokens.get(at)?.span.start..tokens.get(end.checked_sub(1)?)?.span.end)?.to_owned();
    let (from, to) = days(&against, period)?;
    take(&mut tokens, at..end);
    Some((String::new(), PeriodPhrase { expr: PeriodExpr::Between { from, to }, label }))
}

/// "the month after", "the following week": as the next one, counted backwards.
fn following(tokens: &[super::super::tokens::Token], at: usize) -> Option<(Against, usize)> {
    let unit = |at: usize| tokens.get(at).and_then(|token| words::grain(&token.lower)).map(|(unit, _)| unit);
    let (unit, end) = if is_word_of(tokens, at, &["following", "next"]) {
        (unit(at + 1)?, at + 2)
    } else if is_word_of(tokens, at + 1, &["after", "later"]) {
        (unit(at)?, at + 2)
    } else {
        return None;
    };
    Some((Against::Units { count: 0, unit, from_today: false }, end))
}

/// First and last day.
fn days(against: &Against, period: &Period) -> Option<(Date, Date)> {
    let (from, last) = (period.first_day(), period.last_day());
    let end = last.tomorrow().ok()?;
    let own = unit_of(PeriodExpr::Between { from, to: last });
    let back = |unit: Grain, count: i64| match unit {
        Grain::Day => count.days(),
        Grain::Week => count.weeks(),
        Grain::Month => count.months(),
        Grain::Quarter => (count * 3).months(),
        Grain::Year => count.years(),
    };
    let moved = |unit: Grain, count: i64| {
        let by = back(unit, count);
        let (from, end) = (from.checked_sub(by).ok()?, end.checked_sub(by).ok()?);
        Some((from, end.yesterday().ok()?))
    };
    match against {
        Against::Units { count: 0, unit, .. } => {
            (own == Some((*unit, 1))).then(|| moved(*unit, -1)).flatten()
        }
        Against::Units { from_today: true, .. } | Against::Period(_) | Against::NamedLastYear(_) => None,
        Against::Units { count, unit, .. } if own == Some((*unit, *count)) => moved(*unit, i64::from(*count)),
        Against::Units { count: 1, unit: Grain::Year, .. } => None,
        Against::Over(unit) if own == Some((*unit, 1)) => moved(*unit, 1),
        Against::YearBefore(unit) if unit.is_none_or(|unit| own == Some((unit, 1)) && unit != Grain::Day) => {
            // Weeks meet weeks.
            if own.is_some_and(|(unit, _)| unit == Grain::Week) {
                moved(Grain::Week, 52)
            } else {
                moved(Grain::Year, 1)
            }
        }
        Against::Previous => {
            let (unit, count) = own?;
            moved(unit, i64::from(count))
        }
        Against::Units { .. } | Against::Over(_) | Against::YearBefore(_) => None,
    }
}
