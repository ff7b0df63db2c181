//! One sentence: which rows it names, which measures it speaks of, and what its words claim.
//!
//! Decides which row a figure or a word belongs to. Does not decide whether the claim holds.

use crate::dates::Date;
use crate::display::display_cell;
use crate::error::{Claim, Ungrounded};
use crate::facts::{Facts, Measure};
use crate::figure::FigureUnit;
use crate::lexer::{Case, Kind, Token};
use crate::words::{self, Sense};
use std::collections::BTreeSet;

/// Rows that a sentence names, and where.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) at: usize,
    column: usize,
    pub(crate) rows: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Sentence<'a> {
    pub(crate) tokens: &'a [Token],
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) mentions: Vec<Mention>,
    /// The one measure that is named, or all.
    pub(crate) measures: Vec<&'a Measure>,
}

impl<'a> Sentence<'a> {
    pub(crate) fn of(tokens: &'a [Token], facts: &'a Facts<'a>) -> Self {
        Self { tokens, facts, mentions: mentions(tokens), measures: measures(tokens, facts) }
    }

    pub(crate) fn word(&self, index: usize) -> Option<&str> {
        match self.tokens.get(index).map(|token| &token.kind) {
            Some(Kind::Word(word, _)) => Some(word),
            Some(Kind::Figure(_) | Kind::Date(_) | Kind::Rows { .. } | Kind::Known(_))
            | Some(Kind::Break | Kind::Dash | Kind::End)
            | None => None,
        }
    }

    pub(crate) fn before(&self, index: usize) -> Option<&str> {
        self.word(index.checked_sub(1)?)
    }

    pub(crate) fn sense(&self, index: usize) -> Option<Sense> {
        self.word(index).and_then(words::sense)
    }

    pub(crate) fn senses(&self) -> impl Iterator<Item = (usize, Sense)> {
        (0..self.tokens.len()).filter_map(|index| Some((index, self.sense(index)?)))
    }

    pub(crate) fn has(&self, wanted: Sense) -> bool {
        self.senses().any(|(_, sense)| sense == wanted)
    }

    pub(crate) fn has_word(&self, wanted: &str) -> bool {
        (0..self.tokens.len()).any(|index| self.word(index) == Some(wanted))
    }

    /// Whether it speaks of the sum itself, not of a part "of the total".
    pub(crate) fn tells_total(&self) -> bool {
        self.senses().any(|(index, sense)| {
            let after_of = self.before(index) == Some("of")
                || (matches!(self.before(index), Some("the" | "all" | "our" | "your" | "this"))
                    && index.checked_sub(1).and_then(|at| self.before(at)) == Some("of"));
            matches!(sense, Sense::Total | Sense::Together) && !after_of
        })
    }

    /// Whether cells may be added up here: there are no others, or the sentence speaks of those shown.
    pub(crate) fn may_sum(&self) -> bool {
        self.facts.is_whole() || (self.facts.context.additive && self.has(Sense::Shown))
    }

    /// Whether a row here can be called the highest: likewise.
    pub(crate) fn may_rank(&self) -> bool {
        (self.facts.has_every_row() && !self.facts.context.limited) || self.has(Sense::Shown)
    }

    /// The rows that the word at `index` is about: named in its clause, before it if possible, else
    /// nearest in the sentence.
    pub(crate) fn rows_near(&self, index: usize) -> Option<&[usize]> {
        let ends = |token: &Token| match &token.kind {
            Kind::Break => true,
            Kind::Word(word, _) => words::joins_clauses(word),
            Kind::Figure(_) | Kind::Date(_) | Kind::Rows { .. } | Kind::Known(_) | Kind::Dash | Kind::End => {
                false
            }
        };
        let (head, tail) = self.tokens.split_at_checked(index)?;
        let from = head.iter().rposition(ends).map_or(0, |at| at + 1);
        let to = tail.iter().position(ends).map_or(self.tokens.len(), |length| index + length);
        let last_before = |low: usize| self.mentions.iter().rfind(|m| m.at < index && m.at >= low);
        let first_after = |high: usize| self.mentions.iter().find(|m| m.at > index && m.at < high);
        let near = last_before(from).or_else(|| first_after(to));
        near.or_else(|| last_before(0)).or_else(|| first_after(usize::MAX)).map(|m| m.rows.as_slice())
    }

    /// The two single rows that the sentence names, if it names two and no more.
    pub(crate) fn pair(&self) -> Option<(&Mention, &Mention)> {
        let mut distinct: Vec<&Mention> = Vec::new();
        for mention in &self.mentions {
            if !distinct.iter().any(|other| other.rows == mention.rows) {
                distinct.push(mention);
            }
        }
        match distinct.as_slice() {
            [a, b] if a.rows.len() == 1 && b.rows.len() == 1 => Some((*a, *b)),
            _ => None,
        }
    }

    /// Every capitalised word must be a cell, a known word, or open the sentence as plain English does.
    pub(crate) fn prove_names(&self) -> Result<(), Ungrounded> {
        let known: BTreeSet<String> = self.facts.vocabulary();
        for token in self.tokens {
            if let Kind::Word(word, Case::Capital | Case::First) = &token.kind
                && !(words::is_neutral(word) || word == "i" || known.contains(&words::singular(word)))
            {
                return Err(Ungrounded::new(Claim::Name, token.at));
            }
        }
        Ok(())
    }
}

/// Mentions in order; cells of several columns side by side name the rows that hold them all.
fn mentions(tokens: &[Token]) -> Vec<Mention> {
    let mut mentions: Vec<Mention> = Vec::new();
    let mut open = false;
    for (at, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Rows { column, rows } => {
                let last = mentions.last_mut().filter(|last| open && last.column != *column);
                let both: Vec<usize> = last.as_ref().map_or_else(Vec::new, |last| {
                    last.rows.iter().filter(|row| rows.contains(row)).copied().collect()
                });
                match last {
                    Some(last) if !both.is_empty() => *last = Mention { at, column: *column, rows: both },
                    Some(_) | None => mentions.push(Mention { at, column: *column, rows: rows.clone() }),
                }
                open = true;
            }
            Kind::Figure(_) => open = false,
            Kind::Word(word, _) => open = open && !words::joins_clauses(word),
            Kind::Date(_) | Kind::Known(_) | Kind::Break | Kind::Dash | Kind::End => {}
        }
    }
    mentions
}

fn measures<'a>(tokens: &[Token], facts: &'a Facts<'a>) -> Vec<&'a Measure> {
    let mut spoken: BTreeSet<&str> = BTreeSet::new();
    for token in tokens {
        match &token.kind {
            Kind::Word(word, _) => {
                spoken.insert(word);
            }
            Kind::Known(known) => spoken.extend(known.iter().map(String::as_str)),
            Kind::Figure(_) | Kind::Date(_) | Kind::Rows { .. } | Kind::Break | Kind::Dash | Kind::End => {}
        }
    }
    let named = |measure: &&Measure| {
        !measure.words.is_empty() && measure.words.iter().all(|word| spoken.contains(word.as_str()))
    };
    let mut chosen: Vec<&Measure> = facts.measures.iter().filter(named).collect();
    if chosen.len() != 1 {
        chosen = facts.measures.iter().collect();
    }
    chosen
}

impl Facts<'_> {
    /// Words that the result and the question bring along, in the singular.
    fn vocabulary(&self) -> BTreeSet<String> {
        let columns = self.table.columns.iter().map(|column| column.name.as_str());
        let allowed = self.context.allowed.iter().map(String::as_str);
        columns.chain(allowed).flat_map(crate::facts::words_of).map(|word| words::singular(&word)).collect()
    }

    fn rows_of_date(&self, date: Date) -> Option<Kind> {
        let iso = date.to_iso();
        self.table.columns.iter().enumerate().find_map(|(column, described)| {
            let holds = |row: &&Vec<splitplane_types::Cell>| {
                row.get(column).is_some_and(|cell| display_cell(cell, described.unit.as_deref()) == iso)
            };
            let rows: Vec<usize> = self
                .table
                .rows
                .iter()
                .enumerate()
                .filter(|(_, row)| holds(row))
                .map(|(row, _)| row)
                .collect();
            (!rows.is_empty()).then_some(Kind::Rows { column, rows })
        })
    }

    /// Whether every row that is told apart by time starts a month, so that a month names a row.
    fn is_monthly(&self) -> bool {
        let first = |row: &Vec<splitplane_types::Cell>| {
            row.iter().any(|cell| {
                Date::from_iso(&display_cell(cell, None)).is_some_and(|date| date.to_iso().ends_with("-01"))
            })
        };
        self.in_time.is_some() && self.table.rows.iter().all(first)
    }

    fn date(&self, date: Date) -> Option<Kind> {
        self.rows_of_date(date).or_else(|| {
            let (from, to) = self.period?;
            (date == from || date == to).then(|| Kind::Known(Vec::new()))
        })
    }

    fn month(&self, year: Option<i64>, month: i64) -> Option<Kind> {
        let inside = |date: Date| date.month == month && year.is_none_or(|year| year == date.year);
        if self.period.is_some_and(|(from, to)| inside(from) && inside(to) && from.year == to.year) {
            return Some(Kind::Known(Vec::new()));
        }
        let first = Date::new(year?, month, 1)?;
        if self.is_monthly() { self.rows_of_date(first) } else { None }
    }
}

/// Turns every date, month and period into cells or known words.
pub(crate) fn resolve_dates(tokens: &[Token], facts: &Facts<'_>) -> Result<Vec<Token>, Ungrounded> {
    let mut resolved: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        let (kind, used) = match &token.kind {
            Kind::Date(date) => match range_here(*date, after) {
                Some(to) if facts.period == Some((*date, to)) => (Kind::Known(Vec::new()), 2),
                // A range is the period, or one between two rows; its ends alone prove nothing.
                Some(to) => {
                    let row = facts.rows_of_date(*date).filter(|_| facts.rows_of_date(to).is_some());
                    (row.ok_or(Ungrounded::new(Claim::Date, token.at))?, 0)
                }
                None => (facts.date(*date).ok_or(Ungrounded::new(Claim::Date, token.at))?, 0),
            },
            Kind::Word(word, case) => match month_here(word, *case, after, &mut resolved) {
                Some((Named::Day(date), used)) => (
                    date.and_then(|date| facts.date(date)).ok_or(Ungrounded::new(Claim::Date, token.at))?,
                    used,
                ),
                Some((Named::Month(year, month), used)) => {
                    (facts.month(year, month).ok_or(Ungrounded::new(Claim::Date, token.at))?, used)
                }
                None => (token.kind.clone(), 0),
            },
            Kind::Figure(_) | Kind::Rows { .. } | Kind::Known(_) | Kind::Break | Kind::Dash | Kind::End => {
                (token.kind.clone(), 0)
            }
        };
        resolved.push(Token { at: token.at, kind });
        rest = after.get(used..).unwrap_or(&[]);
    }
    Ok(resolved)
}

/// The end of the range that `from` begins: "to 2031-02-09".
fn range_here(from: Date, after: &[Token]) -> Option<Date> {
    let (link, end) = (after.first()?, after.get(1)?);
    let links = match &link.kind {
        Kind::Word(word, _) => matches!(word.as_str(), "to" | "through" | "until" | "till" | "and"),
        Kind::Dash => true,
        Kind::Figure(_) | Kind::Date(_) | Kind::Rows { .. } | Kind::Known(_) | Kind::Break | Kind::End => {
            false
        }
    };
    match &end.kind {
        Kind::Date(to) if links && *to >= from => Some(*to),
        Kind::Date(_) | Kind::Word(..) | Kind::Figure(_) | Kind::Rows { .. } | Kind::Known(_) => None,
        Kind::Break | Kind::Dash | Kind::End => None,
    }
}

enum Named {
    Day(Option<Date>),
    Month(Option<i64>, i64),
}

/// Reads "July", "July 2031", "July 3, 2031" and, with the figure before it, "3 July 2031".
fn month_here(word: &str, case: Case, after: &[Token], before: &mut Vec<Token>) -> Option<(Named, usize)> {
    let month = i64::from(words::month(word).filter(|_| case != Case::Lower)?);
    let whole = |token: Option<&Token>| match token.map(|token| &token.kind) {
        Some(Kind::Figure(figure)) if figure.unit == FigureUnit::Plain && figure.power == 0 => {
            figure.whole().and_then(|value| i64::try_from(value).ok())
        }
        _ => None,
    };
    let year = |at: usize| whole(after.get(at)).filter(|year| (1000..=9999).contains(year));
    let day = |token: Option<&Token>| whole(token).filter(|day| (1..=31).contains(day));
    if let (Some(day), Some(year)) = (day(before.last()), year(0)) {
        before.pop();
        return Some((Named::Day(Date::new(year, month, day)), 1));
    }
    if let Some(day) = day(after.first()) {
        let gap = usize::from(after.get(1).is_some_and(|token| token.kind == Kind::Break));
        // A day without its year is no date that could be compared.
        return Some(match year(1 + gap) {
            Some(year) => (Named::Day(Date::new(year, month, day)), 2 + gap),
            None => (Named::Day(None), 1),
        });
    }
    match year(0) {
        Some(year) => Some((Named::Month(Some(year), month), 1)),
        // "May" and "March" open sentences as verbs do.
        None if case == Case::First => None,
        None => Some((Named::Month(None, month), 0)),
    }
}
