//! Stretches of the calendar that are named by their distance: "the previous week", "a year earlier",
//! "month over month". They hold only if the period before is that one; "last week" and "today" depend on
//! when they are read, and hold only as the question's own words.

use super::Reading;
use crate::dates::{self, Unit};
use crate::error::Claim;
use crate::facts::Facts;
use crate::lexer::{Kind, Token};
use crate::measure::When;
use crate::words;
use std::rc::Rc;

/// The word of a token, when it is one.
pub(super) fn text(token: Option<&Token>) -> &str {
    match token.map(|token| &token.kind) {
        Some(Kind::Word(word, _)) => word,
        Some(Kind::Known(known)) => match known.as_ref() {
            [only] => only,
            _ => "",
        },
        Some(Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. } | Kind::Break(_)) => "",
        Some(Kind::Dash | Kind::Item(_) | Kind::End) | None => "",
    }
}

/// A distance in the calendar: one of a unit back, or the whole period back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    Unit(Unit),
    Period,
}

fn back(word: &str) -> Option<Back> {
    let word = words::singular(word);
    if word == "period" { Some(Back::Period) } else { Unit::of_name(&word).map(Back::Unit) }
}

const fn is_earlier(word: &str) -> bool {
    matches!(word.as_bytes(), b"earlier" | b"before" | b"ago" | b"prior" | b"previously")
}

const fn is_previous(word: &str) -> bool {
    matches!(word.as_bytes(), b"previous" | b"prior" | b"preceding" | b"earlier")
}

/// Reads a phrase at the start of `tokens`.
pub(super) fn read(tokens: &[Token], before: &[Token], facts: &Facts<'_>) -> Option<Reading> {
    let word = |at: usize| text(tokens.get(at));
    let first = word(0);
    let earlier = |distance: Back, used: usize| (before_holds(distance, facts), used);
    // "the same week last year", "the same month a year earlier": the year says how far back.
    if first == "same" && back(word(1)).is_some() {
        let of = usize::from(matches!(word(2), "of" | "in")) + usize::from(word(3) == "the");
        let article = usize::from(matches!(word(2), "a" | "one"));
        let at = 2 + if article == 1 { 1 } else { of };
        let year = word(at) == "year" && is_earlier(word(at + 1));
        let last = matches!(word(at), "last" | "previous" | "prior") && word(at + 1) == "year";
        return (year || last).then(|| earlier(Back::Unit(Unit::Year), at + 2));
    }
    if is_previous(first)
        && let Some(distance) = back(word(1))
    {
        return Some(earlier(distance, 2));
    }
    // "the last day" of rows that are days.
    let the = before.last().is_some_and(|token| token.is("the"));
    if matches!(first, "first" | "last" | "final")
        && the
        && let Some(row) = end_row(first, word(1), facts)
    {
        return Some((Ok(vec![row]), 2));
    }
    // Only a year back is said so of a period that is itself the last one.
    if first == "last" && back(word(1)).is_some() && facts.compared.is_some() {
        let distance = back(word(1)).filter(|distance| *distance == Back::Unit(Unit::Year));
        return Some((distance.map_or(Err(Claim::Date), |distance| before_holds(distance, facts)), 2));
    }
    if let Some(distance) = back(first) {
        if matches!(word(1), "over" | "on") && back(word(2)) == Some(distance) {
            let held = before_holds(distance, facts).map(|_| vec![Kind::Known(Rc::new([]))]);
            return Some((held, 3));
        }
        if is_earlier(word(1)) {
            return Some(earlier(distance, 2));
        }
        return bare(first, distance, before, facts);
    }
    if matches!(first, "last" | "this" | "next" | "past" | "current" | "coming") && back(word(1)).is_some() {
        let now = first != "next" && first != "last" && word(1) == "period";
        return Some((if now { Ok(vec![Kind::Span(When::Now)]) } else { Err(Claim::Date) }, 2));
    }
    match first {
        "previously" | "earlier" | "prior" | "previous" | "ago" => Some(earlier(Back::Period, 1)),
        // "before" joins clauses, too: "before rising to".
        "before" if !followed(tokens) => Some(earlier(Back::Period, 1)),
        _ => None,
    }
}

/// The first or the last row in time, where rows are of that unit.
fn end_row(which: &str, unit: &str, facts: &Facts<'_>) -> Option<Kind> {
    let time = facts.time.as_ref().filter(|_| facts.has_every_row())?;
    let ordered = facts.in_time(0..facts.table.rows.len())?;
    let row = if which == "first" { ordered.first() } else { ordered.last() };
    let is_unit = Unit::of_name(unit).is_some_and(|unit| time.grain == Some(unit));
    row.filter(|_| is_unit).map(|row| Kind::Rows {
        column: time.column,
        rows: Rc::new([*row]),
        possessive: false,
    })
}

fn followed(tokens: &[Token]) -> bool {
    tokens.get(1).is_some_and(|token| !token.is_break() && token.kind != Kind::End)
}

/// Whether what is compared with lies so far back; of rows in time, whether the row before does.
fn before_holds(distance: Back, facts: &Facts<'_>) -> Result<Vec<Kind>, Claim> {
    let held = match (facts.period, facts.compared, distance) {
        (Some(_), Some(_), Back::Period) => true,
        (Some(later), Some(earlier), Back::Unit(unit)) => dates::is_one_before(unit, earlier, later),
        _ => false,
    };
    if held {
        return Ok(vec![Kind::Span(When::Before)]);
    }
    let grain = facts.time.as_ref().and_then(|time| time.grain);
    let row = facts.compared.is_none() && grain.is_some_and(|grain| distance == Back::Unit(grain));
    if row { Ok(vec![Kind::Known(Rc::new([]))]) } else { Err(Claim::Date) }
}

/// "the week", "7 days": the rows or the period must be of that unit. A number before it is proved later.
fn bare(word: &str, distance: Back, before: &[Token], facts: &Facts<'_>) -> Option<Reading> {
    let Back::Unit(unit) = distance else { return None };
    let counted = before.last().is_some_and(|token| token.figure().is_some());
    let led_in = before.last().and_then(Token::word);
    let shown = matches!(led_in, Some("per" | "a" | "an" | "each" | "every" | "both" | "all" | "one"));
    if counted || shown || facts.knows(word) || facts.is_unit_here(unit) {
        None
    } else {
        Some((Err(Claim::Date), 1))
    }
}
