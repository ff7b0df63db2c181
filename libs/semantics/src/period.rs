//! Finds the period that a question names, in words alone.
//!
//! Decides what the words say; the calendar gives them dates. What speaks of time and is not
//! understood is [`PeriodSearch::Unclear`], never ignored: a question about "the week before last"
//! must not be answered for all time.

mod dates;
mod fiscal;
mod phrases;
mod tokens;

use crate::{PeriodExpr, PeriodPhrase};
use std::ops::Range;
use tokens::{Token, is_one_of, tokens, unit};

/// What a text says about time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodSearch {
    /// Nothing.
    None,
    /// One period.
    Found {
        /// What it says.
        phrase: PeriodPhrase,
        /// The bytes of the text that say it, with the preposition before it.
        span: Range<usize>,
    },
    /// Something about time that is not understood: two periods, an impossible date, a fiscal year.
    Unclear {
        /// The words.
        words: String,
    },
}

/// What one place of the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// A period, in the tokens up to this one (exclusive).
    Period(PeriodExpr, usize),
    /// Time, but not understood.
    Unclear(usize),
}

/// Finds the period of a text.
#[must_use]
pub fn find_period(text: &str) -> PeriodSearch {
    let tokens = tokens(text);
    let mut found: Option<(PeriodExpr, usize, usize)> = None;
    let mut at = 0;
    while at < tokens.len() {
        match read(&tokens, at) {
            None => at += 1,
            Some(Reading::Unclear(end)) => return unclear(text, &tokens, at, end),
            Some(Reading::Period(expr, end)) => {
                if let Some((_, first, _)) = found {
                    return unclear(text, &tokens, first, end);
                }
                if let Some((start, end)) = qualified(&tokens, at, end) {
                    return unclear(text, &tokens, start, end);
                }
                found = Some((expr, at, end));
                at = end;
            }
        }
    }
    let Some((expr, start, end)) = found else { return PeriodSearch::None };
    let label = slice(text, &tokens, start, end).to_owned();
    let lead = preposition(&tokens, start, expr);
    let (Some(first), Some(last)) = (tokens.get(lead), tokens.get(end - 1)) else {
        return PeriodSearch::None;
    };
    PeriodSearch::Found { phrase: PeriodPhrase { expr, label }, span: first.span.start..last.span.end }
}

/// The period with which a text begins, and the bytes that say it; a range is none, since "May to June" may be
/// two periods that are set against one another.
#[must_use]
pub fn leading_period(text: &str) -> Option<(PeriodPhrase, usize)> {
    // A month after a preposition is no verb: "may", "march".
    let sign = Token { word: "in".to_owned(), raw: "in", span: 0..0 };
    let mut tokens = vec![sign];
    tokens.extend(self::tokens::tokens(text));
    let mut at = 1;
    while is_one_of(&tokens, at, &["in", "for", "during", "the", "of", "on", "over"]) {
        at += 1;
    }
    let found = fiscal::fiscal(&tokens, at)
        .or_else(|| phrases::relative(&tokens, at))
        .or_else(|| phrases::to_date(&tokens, at))
        .or_else(|| phrases::date(&tokens, at));
    let Some(Reading::Period(expr, end)) = found else { return None };
    if qualified(&tokens, at, end).is_some() {
        return None;
    }
    let last = tokens.get(end.checked_sub(1)?)?.span.end;
    let label = slice(text, &tokens, at, end).to_owned();
    Some((PeriodPhrase { expr, label }, last))
}

fn read(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    fiscal::fiscal(tokens, at)
        .or_else(|| phrases::range(tokens, at))
        .or_else(|| phrases::relative(tokens, at))
        .or_else(|| phrases::to_date(tokens, at))
        .or_else(|| phrases::date(tokens, at))
        .or_else(|| phrases::not_understood(tokens, at))
}

/// Words after a period that change it.
const AFTER: [&str; 9] =
    ["morning", "afternoon", "evening", "night", "ago", "earlier", "ends", "ended", "onwards"];

/// The words after "excluding" among which a time would be.
const WORDS_EXCLUDED: usize = 3;

/// Words before a period that change it.
const BEFORE: [&str; 38] = [
    "ending",
    "starting",
    "before",
    "after",
    "until",
    "till",
    "by",
    "early",
    "mid",
    "late",
    "later",
    "beginning",
    "start",
    "end",
    "middle",
    "half",
    "excluding",
    "except",
    "without",
    "not",
    "versus",
    "vs",
    "than",
    "compared",
    "outside",
    "prior",
    "preceding",
    "following",
    "around",
    "about",
    "circa",
    "near",
    "past",
    "like",
    "against",
    "through",
    "approximately",
    "to",
];

/// The tokens of a period together with a word beside it that changes it: "before July", "early July",
/// "the first week of July", "yesterday morning", "the week before last".
fn qualified(tokens: &[Token<'_>], start: usize, end: usize) -> Option<(usize, usize)> {
    let after = |offset: usize| tokens.get(end + offset).map_or("", |token| token.word.as_str());
    // "last week excluding Sunday" is less than the week; "last week excluding Oslo" is all of it.
    let excludes = matches!(after(0), "except" | "excluding" | "without")
        && (end + 1..end + 1 + WORDS_EXCLUDED).any(|at| phrases::speaks_of_time(tokens, at));
    if excludes
        || AFTER.contains(&after(0))
        || phrases::is_weekday(after(0))
        || matches!((after(0), after(1)), ("before", "last") | ("to", "date") | ("so", "far"))
    {
        return Some((start, (end + 2).min(tokens.len())));
    }
    if let Some(days) = days_together(tokens, start, end) {
        return Some(days);
    }
    // "from last week on" goes on until today.
    let from = start.checked_sub(1).is_some_and(|before| is_one_of(tokens, before, &["from"]));
    if from && matches!(after(0), "on" | "onward" | "forward" | "and") {
        return Some((start, (end + 1).min(tokens.len())));
    }
    let mut before = start;
    while before > 0 && is_one_of(tokens, before - 1, &["of", "the", "in", "on", "all", "whole"]) {
        before -= 1;
    }
    let marker = before.checked_sub(1)?;
    if is_one_of(tokens, marker, &BEFORE) {
        return Some((marker, end));
    }
    // "the second week of July"; "each week of July" is about all of July.
    let part = before < start && is_one_of(tokens, before, &["of"]) && unit(tokens, marker).is_some();
    let which = marker.checked_sub(1)?;
    let nth = tokens.get(which)?.is_ordinal() || is_one_of(tokens, which, &["last", "final"]);
    (part && nth).then_some((which, end))
}

/// "1 and 2 July", "July 1 or 2": a date beside another day of its month.
fn days_together(tokens: &[Token<'_>], start: usize, end: usize) -> Option<(usize, usize)> {
    const JOINTS: [&str; 9] = ["and", "or", "to", "till", "until", "through", "-", "\u{2013}", ","];
    let is_day = |at: usize| {
        tokens.get(at).and_then(Token::digits).is_some_and(|(number, _)| (1..=31).contains(&number))
    };
    let month =
        |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.month().is_some());
    let before = start
        .checked_sub(2)
        .filter(|day| is_day(*day) && is_day(start) && is_one_of(tokens, start - 1, &JOINTS));
    let dated = end.checked_sub(1).is_some_and(is_day) && month(end.checked_sub(2));
    let after = dated && is_one_of(tokens, end, &JOINTS) && is_day(end + 1);
    before.map(|day| (day, end)).or_else(|| after.then_some((start, end + 2)))
}

/// The token with which the words of a period begin, its prepositions included, and the unit that it is:
/// "in the month of July".
fn preposition(tokens: &[Token<'_>], start: usize, expr: PeriodExpr) -> usize {
    const PREPOSITIONS: [&str; 12] =
        ["in", "for", "during", "over", "within", "on", "of", "at", "the", "from", "throughout", "across"];
    let unit: &[&str] = match expr {
        PeriodExpr::Month { .. } => &["month"],
        PeriodExpr::Year(_) => &["year"],
        PeriodExpr::Day(_) => &["day", "date"],
        PeriodExpr::Today
        | PeriodExpr::Yesterday
        | PeriodExpr::Last { .. }
        | PeriodExpr::This(_)
        | PeriodExpr::ToDate(_)
        | PeriodExpr::PastDays(_)
        | PeriodExpr::Quarter { .. }
        | PeriodExpr::Between { .. }
        | PeriodExpr::Since(_)
        | PeriodExpr::YearlessDay(_)
        | PeriodExpr::YearlessSince(_)
        | PeriodExpr::YearlessBetween { .. }
        | PeriodExpr::SameLastYear(_)
        | PeriodExpr::FiscalThis(_)
        | PeriodExpr::FiscalLast { .. }
        | PeriodExpr::FiscalToDate(_)
        | PeriodExpr::FiscalQuarter { .. }
        | PeriodExpr::FiscalYear(_) => &[],
    };
    let mut lead = start;
    loop {
        let before = |words: &[&str], back: usize| {
            lead.checked_sub(back).is_some_and(|before| is_one_of(tokens, before, words))
        };
        if before(&PREPOSITIONS, 1) {
            lead -= 1;
        } else if before(unit, 1) && before(&["in", "for", "during", "the", "of", "on", "calendar"], 2) {
            lead -= 2;
        } else {
            return lead;
        }
    }
}

fn unclear(text: &str, tokens: &[Token<'_>], start: usize, end: usize) -> PeriodSearch {
    PeriodSearch::Unclear { words: slice(text, tokens, start, end).to_owned() }
}

/// The text of the tokens `[start, end)`.
fn slice<'t>(text: &'t str, tokens: &[Token<'_>], start: usize, end: usize) -> &'t str {
    let first = tokens.get(start).map_or(0, |token| token.span.start);
    let last = tokens.get(end.saturating_sub(1)).or(tokens.last()).map_or(0, |token| token.span.end);
    text.get(first..last).unwrap_or(text)
}

#[cfg(test)]
mod tests;
