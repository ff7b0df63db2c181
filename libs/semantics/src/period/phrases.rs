//! Phrases of time: ranges, "last three weeks", "month to date", a date on its own.

use super::Reading;
use super::dates::{Atom, atom, between};
use super::tokens::{Token, count, is_one_of, unit};
use crate::{Grain, PeriodExpr};

const THROUGH: [&str; 8] = ["to", "through", "thru", "until", "till", "-", "\u{2013}", "\u{2014}"];
/// Words that name no unit of ours, or a day that moves from year to year.
const OTHER_TIMES: [&str; 51] = [
    "second",
    "seconds",
    "minute",
    "minutes",
    "hour",
    "hours",
    "fortnight",
    "fortnights",
    "weekend",
    "weekends",
    "decade",
    "decades",
    "century",
    "half",
    "semester",
    "season",
    "night",
    "morning",
    "afternoon",
    "evening",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mondays",
    "tuesdays",
    "wednesdays",
    "thursdays",
    "fridays",
    "saturdays",
    "sundays",
    "weekdays",
    "weekday",
    "noon",
    "midnight",
    "easter",
    "christmas",
    "thanksgiving",
    "halloween",
    "holiday",
    "holidays",
    "time",
    "period",
];

/// Whether a word names a day of the week.
pub(super) fn is_weekday(word: &str) -> bool {
    let one = word.strip_suffix('s').unwrap_or(word);
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].contains(&one)
}

/// Whether a word is of time: a day, a date, a unit.
pub(super) fn speaks_of_time(tokens: &[Token<'_>], at: usize) -> bool {
    unit(tokens, at).is_some()
        || atom(tokens, at).is_some()
        || is_one_of(tokens, at, &OTHER_TIMES)
        || is_one_of(tokens, at, &["today", "yesterday", "tomorrow", "daytime", "peak"])
}

/// "between A and B", "from A to B", "A to B", "since A".
pub(super) fn range(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    if let Some(found) = since_start(tokens, at) {
        return Some(found);
    }
    let word = tokens.get(at)?.word.as_str();
    match word {
        "between" => {
            let (a, end) = atom(tokens, after_the(tokens, at + 1))?;
            if !is_one_of(tokens, end, &["and", "-", "\u{2013}", "to"]) {
                return Some(Reading::Unclear(end));
            }
            Some(up_to(tokens, a, end))
        }
        "from" => {
            let (a, end) = atom(tokens, after_the(tokens, at + 1))?;
            if is_one_of(tokens, end, &THROUGH) {
                return Some(up_to(tokens, a, end));
            }
            if is_one_of(tokens, end, &["on", "onward", "onwards", "forward"]) {
                return Some(since(a, end + 1));
            }
            // "loans from July" are those of July; "loans from 2021-05-01" are anyone's guess.
            match a {
                Atom::Month { .. } | Atom::Quarter { .. } | Atom::Year(_) => single(a, end),
                Atom::Day(_) | Atom::Yearless { .. } | Atom::Impossible => Some(Reading::Unclear(end)),
            }
        }
        "since" => Some(match atom(tokens, after_the(tokens, at + 1)) {
            Some((a, end)) => since(a, end),
            None => Reading::Unclear((at + 4).min(tokens.len())),
        }),
        _ => {
            let (a, end) = atom(tokens, at)?;
            let (_, _) =
                is_one_of(tokens, end, &THROUGH).then(|| atom(tokens, after_the(tokens, end + 1)))??;
            Some(up_to(tokens, a, end))
        }
    }
}

fn after_the(tokens: &[Token<'_>], at: usize) -> usize {
    at + usize::from(is_one_of(tokens, at, &["the"]))
}

/// The range from `a` to the date after the word at `joint`.
fn up_to(tokens: &[Token<'_>], a: Atom, joint: usize) -> Reading {
    let Some((b, end)) = atom(tokens, after_the(tokens, joint + 1)) else {
        return Reading::Unclear((joint + 3).min(tokens.len()));
    };
    match between(a, b) {
        Some(expr) => Reading::Period(expr, end + usize::from(is_one_of(tokens, end, &["inclusive"]))),
        None => Reading::Unclear(end),
    }
}

fn since(a: Atom, end: usize) -> Reading {
    if let Some((first, _)) = a.yearless() {
        return Reading::Period(PeriodExpr::YearlessSince(first), end);
    }
    match a.bounds() {
        Some((first, _)) => Reading::Period(PeriodExpr::Since(first), end),
        None => Reading::Unclear(end),
    }
}

fn single(a: Atom, end: usize) -> Option<Reading> {
    Some(a.expr().map_or(Reading::Unclear(end), |expr| Reading::Period(expr, end)))
}

/// "today", "last week", "the past 30 days", "this year so far".
pub(super) fn relative(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    let word = tokens.get(at)?.word.as_str();
    match word {
        "today" => Some(Reading::Period(PeriodExpr::Today, at + 1)),
        "yesterday" => Some(Reading::Period(PeriodExpr::Yesterday, at + 1)),
        "last" | "previous" | "prior" | "past" | "trailing" | "rolling" => counted(tokens, at),
        "this" | "current" => {
            let at = skip_adjectives(tokens, at + 1);
            let Some(unit) = unit(tokens, at) else { return other_time(tokens, at) };
            let so_far = is_one_of(tokens, at + 1, &["so"]) && is_one_of(tokens, at + 2, &["far"]);
            let to_date = is_one_of(tokens, at + 1, &["to"]) && is_one_of(tokens, at + 2, &["date"]);
            Some(match unit {
                Grain::Day => Reading::Period(PeriodExpr::Today, at + 1),
                Grain::Week | Grain::Month | Grain::Quarter | Grain::Year if so_far || to_date => {
                    Reading::Period(PeriodExpr::ToDate(unit), at + 3)
                }
                Grain::Week | Grain::Month | Grain::Quarter | Grain::Year => {
                    Reading::Period(PeriodExpr::This(unit), at + 1)
                }
            })
        }
        "same" if is_one_of(tokens, at + 2, &["last"]) && is_one_of(tokens, at + 3, &["year"]) => {
            Some(match unit(tokens, at + 1) {
                Some(unit @ (Grain::Week | Grain::Month | Grain::Quarter)) => {
                    Reading::Period(PeriodExpr::SameLastYear(unit), at + 4)
                }
                // The same day may be the date or the weekday.
                Some(Grain::Day | Grain::Year) | None => Reading::Unclear(at + 4),
            })
        }
        "next" | "coming" | "upcoming" | "same" | "recent" | "following" | "preceding" => {
            let at = skip_adjectives(tokens, at + 1);
            let at = count(tokens, at).map_or(at, |(_, end)| end);
            unit(tokens, at).map(|_| Reading::Unclear(at + 1)).or_else(|| other_time(tokens, at))
        }
        _ => None,
    }
}

fn skip_adjectives(tokens: &[Token<'_>], at: usize) -> usize {
    at + usize::from(is_one_of(tokens, at, &["full", "complete", "completed", "whole", "entire", "calendar"]))
}

/// "last week", "last 3 months", "past thirty days".
fn counted(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    let rolling = is_one_of(tokens, at, &["past", "trailing", "rolling"]);
    let next = skip_adjectives(tokens, at + 1);
    if is_one_of(tokens, next, &["few", "couple", "several", "some", "many"]) {
        let of = next + 1 + usize::from(is_one_of(tokens, next + 1, &["of"]));
        return unit(tokens, of).map(|_| Reading::Unclear(of + 1)).or_else(|| other_time(tokens, of));
    }
    let (number, next) = count(tokens, next).map_or((None, next), |(number, end)| (Some(number), end));
    let next = next + usize::from(is_one_of(tokens, next, &["-"]));
    let next = skip_adjectives(tokens, next);
    let Some(unit) = unit(tokens, next) else { return other_time(tokens, next) };
    let end = next + 1;
    let count = match number.map_or(Ok(1), u16::try_from) {
        Ok(count @ 1..) => count,
        Ok(0) | Err(_) => return Some(Reading::Unclear(end)),
    };
    let expr = match (rolling, unit) {
        // The past month may be thirty days, or the month before this one.
        (true, Grain::Month | Grain::Quarter | Grain::Year) if number.is_none() => {
            return Some(Reading::Unclear(end));
        }
        (true, Grain::Day) => PeriodExpr::PastDays(count),
        (true, Grain::Week) => match count.checked_mul(7) {
            Some(days) => PeriodExpr::PastDays(days),
            None => return Some(Reading::Unclear(end)),
        },
        (_, unit) => PeriodExpr::Last { count, unit },
    };
    Some(Reading::Period(expr, end))
}

fn other_time(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    let dated = atom(tokens, at).filter(|(atom, _)| !matches!(atom, Atom::Year(_)));
    let named = is_one_of(tokens, at, &OTHER_TIMES) || is_one_of(tokens, at, &["fiscal", "financial"]);
    // "last July" in the middle of a July may mean two of them.
    dated.map(|(_, end)| Reading::Unclear(end)).or_else(|| named.then_some(Reading::Unclear(at + 1)))
}

/// "month to date", "ytd", "so far this month".
pub(super) fn to_date(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    if let Some(found) = half_year(tokens, at) {
        return Some(found);
    }
    let abbreviated = match tokens.get(at)?.word.as_str() {
        "wtd" => Some(Grain::Week),
        "mtd" => Some(Grain::Month),
        "qtd" => Some(Grain::Quarter),
        "ytd" => Some(Grain::Year),
        _ => None,
    };
    if let Some(unit) = abbreviated {
        return Some(Reading::Period(PeriodExpr::ToDate(unit), at + 1));
    }
    let dash = |at: usize| at + usize::from(is_one_of(tokens, at, &["-"]));
    if let Some(unit) = unit(tokens, at) {
        let to = dash(at + 1);
        let date = dash(to + 1);
        let said = is_one_of(tokens, to, &["to"]) && is_one_of(tokens, date, &["date"]);
        return said.then_some(Reading::Period(PeriodExpr::ToDate(unit), date + 1));
    }
    let so_far = is_one_of(tokens, at, &["so"]) && is_one_of(tokens, at + 1, &["far"]);
    if !so_far || !is_one_of(tokens, at + 2, &["this"]) {
        return None;
    }
    unit(tokens, at + 3).map(|unit| Reading::Period(PeriodExpr::ToDate(unit), at + 4))
}

/// "since the start of the year", "from the beginning of this month".
fn since_start(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    if !is_one_of(tokens, at, &["since", "from"]) {
        return None;
    }
    let start = after_the(tokens, at + 1);
    if !is_one_of(tokens, start, &["start", "beginning"]) || !is_one_of(tokens, start + 1, &["of"]) {
        return None;
    }
    let of = start + 2;
    let of = of + usize::from(is_one_of(tokens, of, &["the", "this", "current"]));
    let unit = unit(tokens, of).filter(|unit| *unit != Grain::Day)?;
    // "from the start of the year until May" ends before today.
    let goes_on = is_one_of(tokens, of + 1, &THROUGH) || is_one_of(tokens, of + 1, &["of", "on"]);
    Some(if goes_on { Reading::Unclear(of + 2) } else { Reading::Period(PeriodExpr::ToDate(unit), of + 1) })
}

/// "H1 2026", "the first half of 2026".
fn half_year(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    let word = tokens.get(at)?.word.as_str();
    let (half, next) = match word {
        "h1" => (1, at + 1),
        "h2" => (2, at + 1),
        "first" | "1st" if is_one_of(tokens, at + 1, &["half"]) => (1, at + 2),
        "second" | "2nd" if is_one_of(tokens, at + 1, &["half"]) => (2, at + 2),
        _ => return None,
    };
    let next = next + usize::from(is_one_of(tokens, next, &["of", "in", ","]));
    let Some((Atom::Year(year), end)) = atom(tokens, next) else { return Some(Reading::Unclear(next)) };
    let day = |month, day| jiff::civil::Date::new(year, month, day).ok();
    let days = if half == 1 { day(1, 1).zip(day(6, 30)) } else { day(7, 1).zip(day(12, 31)) };
    let (from, to) = days?;
    Some(Reading::Period(PeriodExpr::Between { from, to }, end))
}

/// A date, a month, a quarter or a year on its own.
pub(super) fn date(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    /// Before a number that counts something other than years.
    const AMOUNTS: [&str; 17] = [
        "top",
        "bottom",
        "first",
        "last",
        "best",
        "worst",
        "least",
        "most",
        "than",
        "over",
        "under",
        "above",
        "below",
        "exceeding",
        "number",
        "id",
        "#",
    ];
    /// Before a year.
    const YEARS: [&str; 7] = ["in", "for", "during", "of", "year", "throughout", "within"];
    let (a, end) = atom(tokens, at)?;
    let before = |words: &[&str]| at.checked_sub(1).is_some_and(|before| is_one_of(tokens, before, words));
    if matches!(a, Atom::Year(_)) {
        if before(&AMOUNTS) {
            return None;
        }
        // "by month, 2025", "2025 fees by month"; "branches 2021" may be a name.
        let apart = at == 0 || before(&[",", "month", "quarter", "week", "monthly", "quarterly", "weekly"]);
        if !before(&YEARS) && !apart {
            return Some(Reading::Unclear(end));
        }
    }
    single(a, end)
}

/// Words that speak of time, in a way that is not understood.
pub(super) fn not_understood(tokens: &[Token<'_>], at: usize) -> Option<Reading> {
    const ALWAYS: [&str; 14] = [
        "tomorrow",
        "tonight",
        "fiscal",
        "yoy",
        "qoq",
        "recently",
        "lately",
        "nowadays",
        "until",
        "till",
        "easter",
        "christmas",
        "thanksgiving",
        "h1",
    ];
    /// "by hour" and "each season" may be dimensions; "in the summer" is a time.
    const AT: [&str; 8] = ["on", "since", "during", "over", "at", "before", "after", "in"];
    let word = tokens.get(at)?.word.as_str();
    let through = (at + 2).min(tokens.len());
    let clock = word.contains(':')
        || ["am", "pm"].iter().any(|half| {
            word.strip_suffix(half)
                .is_some_and(|hour| !hour.is_empty() && hour.bytes().all(|b| b.is_ascii_digit()))
        });
    let fiscal_year =
        word.strip_prefix("fy").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if ALWAYS.contains(&word) || word == "h2" || clock || fiscal_year {
        return Some(Reading::Unclear(through));
    }
    if word == "ago" && at > 0 {
        return Some(Reading::Unclear(at + 1));
    }
    if unit(tokens, at).is_some() {
        let compared = is_one_of(tokens, at + 1, &["over", "on", "before", "after"]);
        let to_unit = compared && unit(tokens, at + 2).is_some();
        let before_last = compared && is_one_of(tokens, at + 2, &["last", "this", "previous"]);
        let numbered = is_one_of(tokens, at, &["week", "month", "day"])
            && tokens.get(at + 1).is_some_and(|token| matches!(token.digits(), Some((1..=53, false))));
        // "the week of 4 July" is a week, and not that day.
        let of_a_day = is_one_of(tokens, at + 1, &["of"])
            && matches!(
                atom(tokens, after_the(tokens, at + 2)),
                Some((Atom::Day(_) | Atom::Yearless { .. }, _))
            );
        return (to_unit || before_last || numbered || of_a_day)
            .then_some(Reading::Unclear((at + 3).min(tokens.len())));
    }
    let named = after_the(tokens, at + 1);
    let dated = atom(tokens, named).is_some();
    let half = matches!(half_year(tokens, named), Some(Reading::Period(..)));
    let named_time = !dated
        && !half
        && is_one_of(tokens, named, &OTHER_TIMES)
        && !is_one_of(tokens, named, &["time", "period"]);
    if AT.contains(&word) && named_time {
        return Some(Reading::Unclear(named + 1));
    }
    // "on Black Friday" is a day of its own.
    let named_day = word == "on" && !dated && is_one_of(tokens, named + 1, &OTHER_TIMES);
    let numbered_day = word == "on" && !dated && tokens.get(named).is_some_and(Token::is_ordinal);
    (named_day || numbered_day).then_some(Reading::Unclear((named + 2).min(tokens.len())))
}
