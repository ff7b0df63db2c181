//! The period after a word that compares: "last year", "the month before", "the same week last year", "May".

use super::super::tokens::{Kind, Token, is_word_of};
use super::super::words;
use super::Against;
use splitplane_semantics::{Grain, PeriodExpr, PeriodPhrase, leading_period};

/// Words between "compared with" and what it is compared with.
const FILLERS: [&str; 17] = [
    "the", "our", "its", "that", "of", "those", "what", "it", "they", "was", "were", "in", "during", "for",
    "from", "figures", "figure",
];

/// What stands at `at`, and the token after it.
pub(crate) fn object(text: &str, tokens: &[Token], at: usize) -> Option<(Against, usize)> {
    let mut start = at;
    while is_word_of(tokens, start, &FILLERS) {
        start += 1;
    }
    let (against, end) = same(tokens, start)
        .or_else(|| counted(tokens, start))
        .or_else(|| before(tokens, start))
        .or_else(|| own(text, tokens, start).map(|found| named(tokens, found)))?;
    // "last year's level".
    let end = end
        + usize::from(is_word_of(
            tokens,
            end,
            &["level", "levels", "figure", "figures", "number", "numbers", "result", "results"],
        ));
    // "the week before last" is another week.
    (!is_word_of(tokens, end, &["before", "ago", "so", "and", "or"])
        || is_word_of(tokens, end, &["and"]) && !begins_period(text, tokens, end + 1))
    .then_some((against, end))
}

/// "July", or "July last year", which is the July before the one that is asked about.
fn named(tokens: &[Token], (phrase, end): (PeriodPhrase, usize)) -> (Against, usize) {
    let without_year = matches!(
        phrase.expr,
        PeriodExpr::Month { year: None, .. }
            | PeriodExpr::Quarter { year: None, .. }
            | PeriodExpr::FiscalQuarter { year: None, .. }
    );
    let of = end + usize::from(is_word_of(tokens, end, &["of"]));
    let of_last_year = is_word_of(tokens, of, &["last", "previous"]) && is_word_of(tokens, of + 1, &["year"]);
    if without_year && of_last_year {
        (Against::NamedLastYear(phrase), of + 2)
    } else {
        (Against::Period(phrase), end)
    }
}

fn begins_period(text: &str, tokens: &[Token], at: usize) -> bool {
    own(text, tokens, at).is_some()
}

/// A period that says itself which it is.
pub(super) fn own(text: &str, tokens: &[Token], at: usize) -> Option<(PeriodPhrase, usize)> {
    let start = tokens.get(at)?.span.start;
    let (phrase, length) = leading_period(text.get(start..)?)?;
    let end = tokens.iter().skip(at).take_while(|token| token.span.start < start + length).count() + at;
    Some((phrase, end))
}

/// "the same month last year", "the same period a year ago", "the same period last month".
fn same(tokens: &[Token], at: usize) -> Option<(Against, usize)> {
    if !is_word_of(tokens, at, &["same"]) {
        return None;
    }
    let number = usize::from(count(tokens, at + 1).is_some());
    let what = at + 1 + number;
    let unit = unit(tokens, what);
    if unit.is_none() && !is_word_of(tokens, what, &["period", "time", "point", "dates", "span"]) {
        return None;
    }
    let mut tail = what + 1;
    while is_word_of(tokens, tail, &["of", "the", "in", "from", "a", "one"]) {
        tail += 1;
    }
    let turned = is_word_of(tokens, tail + 1, &["ago", "before", "earlier", "prior"]);
    let (grain, end) = if is_word_of(tokens, tail, &["last", "previous", "prior", "preceding"]) {
        (self::unit(tokens, tail + 1)?, tail + 2)
    } else if turned {
        (self::unit(tokens, tail)?, tail + 2)
    } else {
        return None;
    };
    match grain {
        Grain::Year => Some((Against::YearBefore(unit.filter(|_| number == 0)), end)),
        other if unit.is_none() => Some((Against::Over(other), end)),
        Grain::Day | Grain::Week | Grain::Month | Grain::Quarter => None,
    }
}

/// "last year", "the previous 3 weeks", "the prior period".
fn counted(tokens: &[Token], at: usize) -> Option<(Against, usize)> {
    if !is_word_of(tokens, at, &["last", "previous", "prior", "preceding"]) {
        return None;
    }
    if is_word_of(tokens, at + 1, &["period"]) {
        return Some((Against::Previous, at + 2));
    }
    let number = count(tokens, at + 1);
    let end = at + 1 + usize::from(number.is_some());
    let unit = unit(tokens, end)?;
    let from_today = is_word_of(tokens, at, &["last"]);
    Some((Against::Units { count: number.unwrap_or(1), unit, from_today }, end + 1))
}

/// "the month before", "a year ago", "the 30 days before", "the period before".
fn before(tokens: &[Token], at: usize) -> Option<(Against, usize)> {
    let at = at + usize::from(is_word_of(tokens, at, &["a", "an", "one"]));
    if is_word_of(tokens, at, &["period"]) && is_word_of(tokens, at + 1, &["before", "prior"]) {
        return Some((Against::Previous, at + 2));
    }
    let number = count(tokens, at);
    let end = at + usize::from(number.is_some());
    let (count, unit) = (number.unwrap_or(1), unit(tokens, end)?);
    let ago = is_word_of(tokens, end + 1, &["ago", "earlier"]);
    if !ago && !is_word_of(tokens, end + 1, &["before", "prior", "previously"]) {
        return None;
    }
    let against = match (ago, unit, count) {
        (true, Grain::Year, 1) => Against::YearBefore(None),
        (true, unit, 1) => Against::Over(unit),
        (true, _, _) => return None,
        (false, unit, count) => Against::Units { count, unit, from_today: false },
    };
    Some((against, end + 2))
}

fn unit(tokens: &[Token], at: usize) -> Option<Grain> {
    let token = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    words::grain(&token.lower)
        .and_then(|(grain, adjective)| (!adjective && !token.lower.starts_with("date")).then_some(grain))
}

fn count(tokens: &[Token], at: usize) -> Option<u16> {
    let token = tokens.get(at)?;
    let number = match token.kind {
        Kind::Number => token.lower.parse().ok(),
        Kind::Word => words::number(&token.lower).and_then(|number| u16::try_from(number).ok()),
        Kind::Quoted | Kind::Comma | Kind::Stop | Kind::Taken | Kind::Bound(_) | Kind::Symbol => None,
    };
    number.filter(|number| *number > 0)
}
