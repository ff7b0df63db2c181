//! Turns dates, months, quarters and years of a narrative into cells, or into the period and the one
//! before it.
//!
//! Decides which stretch of the calendar a text names, and refuses one that is neither a row's nor a
//! period's. "the previous week" is read in [`phrase`].

mod phrase;

use crate::dates::{self, Date, Span, Unit};
use crate::error::{Claim, Ungrounded};
use crate::facts::Facts;
use crate::figure::{Figure, FigureUnit};
use crate::lexer::{Break, Kind, Token};
use crate::measure::When;
use crate::words;
use std::rc::Rc;

/// A day as a text names it; what is left out is taken from the range it stands in.
#[derive(Debug, Clone, Copy, Default)]
struct Named {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    /// Quarter instead of a month.
    quarter: Option<i64>,
    weekday: Option<i64>,
    /// Whether the first day is meant, or the last: "the end of March".
    edge: Option<bool>,
    iso: bool,
}

/// Turns every date, month and period into cells or known words.
pub(crate) fn resolve(tokens: &[Token], facts: &Facts<'_>) -> Result<Vec<Token>, Ungrounded> {
    let mut resolved: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = tokens;
    while let Some(token) = rest.first() {
        let used = match calendar(rest, &resolved, facts).or_else(|| phrase::read(rest, &resolved, facts)) {
            Some((Ok(kinds), used)) => {
                resolved.extend(kinds.into_iter().map(|kind| Token { at: token.at, kind }));
                used
            }
            Some((Err(claim), _)) => return Err(Ungrounded::new(claim, token.at)),
            None => {
                resolved.push(token.clone());
                1
            }
        };
        rest = rest.get(used..).unwrap_or(&[]);
    }
    Ok(resolved)
}

/// What tokens stand for, or that it is not proved, and how many they are.
type Reading = (Result<Vec<Kind>, Claim>, usize);

/// Reads a range of dates, or one date.
fn calendar(tokens: &[Token], before: &[Token], facts: &Facts<'_>) -> Option<Reading> {
    if let Some((from, to, link, used)) = range(tokens) {
        let kinds = resolve_range(from, to, &link, facts);
        return Some((kinds.ok_or(Claim::Date), used));
    }
    let (named, used) = named(tokens, false)?;
    if named.month.is_none() && named.quarter.is_none() && !is_year(named, tokens, before, used) {
        return None;
    }
    let kind = candidates(named, facts).find_map(|(span, unit)| single(span, unit, named.iso, before, facts));
    Some((kind.map(|kind| vec![kind]).ok_or(Claim::Date), used))
}

/// Whether a run of four digits is a year here, and not a number of something.
fn is_year(named: Named, tokens: &[Token], before: &[Token], used: usize) -> bool {
    let led_in = before.last().and_then(Token::word).is_some_and(|word| {
        matches!(
            word,
            "in" | "during" | "year" | "for" | "of" | "since" | "from" | "until" | "to" | "through"
        )
    });
    let counted = matches!(tokens.get(used).map(|token| &token.kind), Some(Kind::Known(_)));
    named.year.is_some() && named.day.is_none() && led_in && !counted
}

fn whole(token: Option<&Token>) -> Option<(i64, &Figure)> {
    let figure = token?.figure()?;
    let ordinal = figure.unit == FigureUnit::Ordinal && figure.sign.is_none();
    let value = if ordinal { figure.value.unscaled() } else { figure.whole()? };
    Some((i64::try_from(value).ok()?, figure))
}

fn year_at(token: Option<&Token>) -> Option<i64> {
    whole(token)
        .filter(|(year, figure)| figure.year_like && (1900..2200).contains(year))
        .map(|(year, _)| year)
}

fn day_at(token: Option<&Token>) -> Option<i64> {
    whole(token).filter(|(day, _)| (1..=31).contains(day)).map(|(day, _)| day)
}

fn month_at(token: Option<&Token>) -> Option<i64> {
    match &token?.kind {
        Kind::Word(word, true) => words::month(word),
        Kind::Word(_, false) | Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. } => None,
        Kind::Known(_) | Kind::Break(_) | Kind::Dash | Kind::Item(_) | Kind::End => None,
    }
}

fn is_comma(token: Option<&Token>) -> bool {
    token.is_some_and(|token| token.kind == Kind::Break(Break::Comma))
}

/// Reads "2031-07-03", "July", "July 2031", "July 3, 2031", "3 July 2031", "Q3 2031", "2031" and, where
/// `day_alone`, "3"; with the number of tokens.
fn named(tokens: &[Token], day_alone: bool) -> Option<(Named, usize)> {
    if let Some((first, skipped)) = edge(tokens) {
        let (named, used) = named(tokens.get(skipped..)?, false).filter(|(named, _)| named.day.is_none())?;
        return Some((Named { edge: Some(first), ..named }, skipped + used));
    }
    let weekday = tokens.first().and_then(Token::word).and_then(words::weekday);
    if weekday.is_some() {
        let gap = 1 + usize::from(is_comma(tokens.get(1)));
        let (named, used) = named(tokens.get(gap..)?, false).filter(|(named, _)| named.day.is_some())?;
        return Some((Named { weekday, ..named }, gap + used));
    }
    if let Some(Kind::Date(date)) = tokens.first().map(|token| &token.kind) {
        let (year, month, day) = date.parts();
        let named =
            Named { year: Some(year), month: Some(month), day: Some(day), iso: true, ..Named::default() };
        return Some((named, 1));
    }
    if let Some((quarter, used)) = quarter(tokens) {
        let year = year_at(tokens.get(used));
        return Some((
            Named { year, quarter: Some(quarter), ..Named::default() },
            used + usize::from(year.is_some()),
        ));
    }
    let at = usize::from(tokens.get(1).is_some_and(|token| token.is("of")));
    if let (Some(day), Some(month)) = (day_at(tokens.first()), month_at(tokens.get(1 + at))) {
        let year = year_at(tokens.get(2 + at));
        let named = Named { year, month: Some(month), day: Some(day), ..Named::default() };
        return Some((named, 2 + at + usize::from(year.is_some())));
    }
    if let Some(month) = month_at(tokens.first()) {
        return Some(month_first(month, tokens));
    }
    if let Some(day) = day_at(tokens.first()).filter(|_| day_alone) {
        return Some((Named { day: Some(day), ..Named::default() }, 1));
    }
    let year = year_at(tokens.first())?;
    Some((Named { year: Some(year), ..Named::default() }, 1))
}

fn month_first(month: i64, tokens: &[Token]) -> (Named, usize) {
    let (month, day) = (Some(month), day_at(tokens.get(1)));
    let gap = 1 + usize::from(day.is_some());
    let comma = usize::from(day.is_some() && is_comma(tokens.get(gap)));
    match year_at(tokens.get(gap + comma)) {
        Some(year) => (Named { year: Some(year), month, day, ..Named::default() }, gap + comma + 1),
        None => (Named { month, day, ..Named::default() }, gap),
    }
}

/// "the start of", "the end of", with the number of tokens.
fn edge(tokens: &[Token]) -> Option<(bool, usize)> {
    let article = usize::from(tokens.first()?.is("the"));
    let first = match tokens.get(article).and_then(Token::word)? {
        "start" | "beginning" => true,
        "end" => false,
        _ => return None,
    };
    tokens.get(article + 1).filter(|token| token.is("of")).map(|_| (first, article + 2))
}

/// "Q3", "the third quarter of".
fn quarter(tokens: &[Token]) -> Option<(i64, usize)> {
    let first = tokens.first().and_then(Token::word)?;
    let number = |name: &str| ["q1", "q2", "q3", "q4"].iter().position(|q| *q == name);
    if let Some(index) = number(first) {
        return Some((i64::try_from(index + 1).ok()?, 1));
    }
    let ordinal = i64::try_from(crate::numerals::ordinal(first)?).ok().filter(|quarter| *quarter <= 4)?;
    let of = usize::from(tokens.get(2).is_some_and(|token| token.is("of")));
    tokens.get(1).filter(|token| token.is("quarter")).map(|_| (ordinal, 2 + of))
}

/// Two dates with a link between; what the one leaves out, the other says.
fn range(tokens: &[Token]) -> Option<(Named, Named, Token, usize)> {
    let (mut from, first) = named(tokens, true)?;
    let link = tokens.get(first)?;
    let links = match &link.kind {
        Kind::Word(word, _) => matches!(word.as_str(), "to" | "through" | "until" | "till" | "and"),
        Kind::Dash => true,
        Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. } | Kind::Known(_) => false,
        Kind::Break(_) | Kind::Item(_) | Kind::End => false,
    };
    let (mut to, second) = named(tokens.get(first + 1..)?, true).filter(|_| links)?;
    // "November 2-8, 2026": the year stands behind the second day.
    let mut used = first + 1 + second;
    if to.month.is_none() && to.day.is_some() {
        let comma = usize::from(is_comma(tokens.get(used)));
        if let Some(year) = year_at(tokens.get(used + comma)) {
            to.year = Some(year);
            used += comma + 1;
        }
    }
    let parts = [from.day.is_some() == to.day.is_some(), from.quarter.is_some() == to.quarter.is_some()];
    let in_month = from.month.or(to.month).is_some();
    if parts.contains(&false) || (from.quarter.is_none() && !in_month) {
        return None;
    }
    to.month = to.month.or(from.month);
    from.month = from.month.or(to.month);
    from.year = from.year.or(to.year);
    Some((from, to, link.clone(), used))
}

/// The stretches that a name may mean, one for each year that it could be of.
fn candidates(named: Named, facts: &Facts<'_>) -> impl Iterator<Item = (Span, Unit)> {
    let years = named.year.map_or_else(|| facts.years().into_iter().collect(), |year| vec![year]);
    years.into_iter().filter_map(move |year| span(named, year))
}

fn span(named: Named, year: i64) -> Option<(Span, Unit)> {
    let (month, day, unit) = match (named.quarter, named.month, named.day) {
        (Some(quarter), _, _) => (quarter * 3 - 2, 1, Unit::Quarter),
        (None, Some(month), Some(day)) => (month, day, Unit::Day),
        (None, Some(month), None) => (month, 1, Unit::Month),
        (None, None, _) => (1, 1, Unit::Year),
    };
    let from = Date::new(year, month, day)?;
    if let Some(first) = named.edge {
        let day = if first { from } else { from.end_of(unit)? };
        return Some(((day, day), Unit::Day));
    }
    let right = named.weekday.is_none_or(|weekday| weekday == from.weekday());
    Some(((from, from.end_of(unit)?), unit)).filter(|_| right)
}

fn resolve_range(from: Named, to: Named, link: &Token, facts: &Facts<'_>) -> Option<Vec<Kind>> {
    let ends = |year: i64| {
        let (begin, unit) = span(from, from.year.unwrap_or(year))?;
        let (end, _) = span(to, to.year.unwrap_or(year))?;
        (begin.0 <= end.0).then_some((begin, end, unit))
    };
    let years: Vec<i64> = match to.year.or(from.year) {
        Some(year) => vec![year],
        None => facts.years().into_iter().collect(),
    };
    years.into_iter().filter_map(ends).find_map(|(begin, end, unit)| {
        let whole = Some((begin.0, end.1));
        if whole == facts.period {
            return Some(vec![Kind::Span(When::Now)]);
        }
        if whole == facts.compared {
            return Some(vec![Kind::Span(When::Before)]);
        }
        // Of another range both ends must be rows; they alone prove nothing.
        let (first, last) = (row(begin, unit, from.iso, facts)?, row(end, unit, to.iso, facts)?);
        Some(vec![first, link.kind.clone(), last])
    })
}

/// What one stretch stands for: a row, a period, or an end of one.
fn single(span: Span, unit: Unit, iso: bool, before: &[Token], facts: &Facts<'_>) -> Option<Kind> {
    let week = is_led_in_by_week(before);
    let of_week = |whole: Option<Span>| {
        whole.is_some_and(|whole| week && dates::unit_of(whole) == Some(Unit::Week) && whole.0 == span.0)
    };
    if Some(span) == facts.period || of_week(facts.period) {
        return Some(Kind::Span(When::Now));
    }
    if Some(span) == facts.compared || of_week(facts.compared) {
        return Some(Kind::Span(When::Before));
    }
    let weekly = facts.time.as_ref().and_then(|time| time.grain) == Some(Unit::Week);
    let unit = if week && weekly { Unit::Week } else { unit };
    if let Some(row) = row(span, unit, iso && !week, facts) {
        return Some(row);
    }
    let led_in = before.last().and_then(Token::word)?;
    let ends = [facts.period, facts.compared].into_iter().flatten();
    let is_end = |(from, to): Span| match led_in {
        "from" | "since" | "starting" => span.0 == from,
        "to" | "until" | "till" | "through" | "ending" => span.1 == to,
        _ => false,
    };
    ends.into_iter().any(is_end).then(|| Kind::Known(Rc::new([])))
}

/// "the week of", "the week starting".
fn is_led_in_by_week(before: &[Token]) -> bool {
    let mut last = before.iter().rev().map(|token| phrase::text(Some(token))).filter(|word| !word.is_empty());
    let link = last.next().is_some_and(|word| matches!(word, "of" | "from" | "starting" | "beginning"));
    link && last.next() == Some("week")
}

/// The row of a stretch. A cell is shown as an ISO date whatever its unit; in words, the unit must be the
/// rows': "February 1" is no month.
fn row(span: Span, unit: Unit, iso: bool, facts: &Facts<'_>) -> Option<Kind> {
    let grain = facts.time.as_ref().and_then(|time| time.grain);
    let (column, rows) = facts.rows_of_date(span.0).filter(|_| iso || grain == Some(unit))?;
    Some(Kind::Rows { column, rows: rows.into(), possessive: false })
}
