//! What the result says: its metrics, what its rows are called, and the order of time.

use crate::dates::{self, Date, Span, Unit};
use crate::display::display_cell;
use crate::measure::Measure;
use crate::prove::{Context, Ranking};
use crate::roles::ColumnRole;
use crate::words;
use splitplane_types::{Cell, Column, Table};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The one column of dates, where there is one.
#[derive(Debug)]
pub(crate) struct Time {
    pub(crate) column: usize,
    /// One for each row.
    dates: Vec<Date>,
    /// What the dates are the first days of.
    pub(crate) grain: Option<Unit>,
}

/// A result, as claims are checked against it.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) table: &'a Table,
    pub(crate) context: &'a Context,
    roles: Cow<'a, [ColumnRole]>,
    pub(crate) measures: Vec<Measure>,
    /// What a row may be called: words of the dimensions' names, in the singular.
    nouns: BTreeSet<String>,
    /// Words that the result and the question bring along, in the singular.
    vocabulary: BTreeSet<String>,
    pub(crate) time: Option<Time>,
    pub(crate) period: Option<Span>,
    pub(crate) compared: Option<Span>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(table: &'a Table, context: &'a Context) -> Self {
        let roles = if context.roles.len() == table.columns.len() {
            Cow::Borrowed(context.roles.as_slice())
        } else {
            Cow::Owned(ColumnRole::of_columns(&table.columns, &[]))
        };
        let span = |span: Option<&(String, String)>| {
            span.and_then(|(from, to)| Some((Date::from_iso(from)?, Date::from_iso(to)?)))
        };
        let measures = Measure::all(table, &roles, &context.allowed);
        let period = span(context.period.as_ref());
        let mut facts = Self {
            table,
            context,
            measures,
            roles,
            nouns: BTreeSet::new(),
            vocabulary: BTreeSet::new(),
            time: None,
            period,
            compared: span(context.compared.as_ref()),
        };
        facts.time = facts.time();
        facts.nouns = facts.nouns();
        facts.vocabulary = facts.vocabulary();
        facts
    }

    /// Whether a column's cells name rows.
    pub(crate) fn is_name(&self, column: usize) -> bool {
        self.roles.get(column) == Some(&ColumnRole::Dimension)
    }

    /// Names of columns that a narrative may use, and whether they come from the semantic model.
    pub(crate) fn names_of_columns(&self) -> Vec<(String, bool)> {
        let columns = self.table.columns.iter().zip(self.roles.iter());
        let named = columns.filter_map(|(column, role)| match role {
            ColumnRole::Dimension | ColumnRole::Metric { label: None } => Some((column.name.clone(), false)),
            ColumnRole::Metric { label: Some(_) } => Some((column.name.clone(), true)),
            // "sales growth" is a claim's own words.
            ColumnRole::Before { .. }
            | ColumnRole::Change { .. }
            | ColumnRole::Growth { .. }
            | ColumnRole::Share { .. } => None,
        });
        let labels = self.roles.iter().filter_map(|role| match role {
            ColumnRole::Metric { label } => label.clone().map(|label| (label, true)),
            ColumnRole::Dimension | ColumnRole::Before { .. } | ColumnRole::Change { .. } => None,
            ColumnRole::Growth { .. } | ColumnRole::Share { .. } => None,
        });
        named.chain(labels).collect()
    }

    /// Whether the rows here are all there are, and may be added up.
    pub(crate) fn is_whole(&self) -> bool {
        self.context.additive && self.is_everything()
    }

    /// Whether the rows here are all there are.
    pub(crate) fn is_everything(&self) -> bool {
        !self.context.limited && self.has_every_row()
    }

    pub(crate) fn has_every_row(&self) -> bool {
        self.table.rows.len() == self.context.row_count
    }

    /// Whether the rows here, if only a number of them, are the first by the metric, from the highest or
    /// from the lowest.
    pub(crate) fn is_ranked_by(&self, measure: &Measure, high: bool) -> bool {
        let ranking = Ranking { column: measure.column, descending: high };
        self.has_every_row() && self.context.ranked == Some(ranking) && measure.is_sorted(high)
    }

    /// Whether there is one row and no other.
    pub(crate) fn is_single(&self) -> bool {
        self.table.rows.len() == 1 && self.context.row_count == 1
    }

    /// Whether the metrics have an earlier period beside them.
    pub(crate) fn is_compared(&self) -> bool {
        self.measures.iter().any(Measure::is_compared)
    }

    /// Whether `word` is of the result or its question.
    pub(crate) fn knows(&self, word: &str) -> bool {
        let has = |word: &str| self.vocabulary.contains(word);
        // "waited", "hiring" of "wait" and "hire".
        let stem = ["ed", "ing", "d"].into_iter().filter_map(|ending| word.strip_suffix(ending));
        let mut stems = stem.filter(|stem| stem.len() > 2);
        has(&words::singular(word)) || stems.any(|stem| has(stem) || has(&format!("{stem}e")))
    }

    /// Whether a row may be called `word`.
    pub(crate) fn is_noun(&self, word: &str) -> bool {
        let word = words::singular(word);
        !self.measures.iter().any(|measure| measure.is_word(&word))
            && (self.nouns.contains(&word) || words::is_generic_noun(&word))
    }

    /// The unit that the rows are told apart by, or that the period is one of.
    pub(crate) fn is_unit_here(&self, unit: Unit) -> bool {
        self.time.as_ref().and_then(|time| time.grain) == Some(unit)
            || self.period.and_then(dates::unit_of) == Some(unit)
    }

    /// `rows` in the order of time, when dates tell them apart.
    pub(crate) fn in_time(&self, rows: impl Iterator<Item = usize>) -> Option<Vec<usize>> {
        let by_date = self.by_date(rows)?;
        let only = |rows: &Vec<usize>| match rows.as_slice() {
            [row] => Some(*row),
            _ => None,
        };
        by_date.iter().map(only).collect()
    }

    /// `rows` of each date, in the order of time.
    pub(crate) fn by_date(&self, rows: impl Iterator<Item = usize>) -> Option<Vec<Vec<usize>>> {
        let time = self.time.as_ref()?;
        let mut by_date: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
        for row in rows {
            by_date.entry(*time.dates.get(row)?).or_default().push(row);
        }
        Some(by_date.into_values().collect())
    }

    /// The rows of a date, and their column.
    pub(crate) fn rows_of_date(&self, date: Date) -> Option<(usize, Vec<usize>)> {
        let time = self.time.as_ref()?;
        let rows = time.dates.iter().enumerate().filter(|(_, other)| **other == date);
        let rows: Vec<usize> = rows.map(|(row, _)| row).collect();
        (!rows.is_empty()).then_some((time.column, rows))
    }

    /// Every year that a date without one may be of.
    pub(crate) fn years(&self) -> BTreeSet<i64> {
        let spans = [self.period, self.compared].into_iter().flatten();
        let dates = spans
            .flat_map(|(from, to)| [from, to])
            .chain(self.time.iter().flat_map(|t| t.dates.iter().copied()));
        dates.map(|date| date.year).collect()
    }

    fn nouns(&self) -> BTreeSet<String> {
        let columns = self.table.columns.iter().zip(self.roles.iter());
        let names =
            columns.filter(|(_, role)| **role == ColumnRole::Dimension).map(|(column, _)| &column.name);
        let allowed = self.context.allowed.iter().flat_map(|text| words_of(text));
        let allowed = allowed.filter(|word| Unit::of_name(&words::singular(word)).is_none());
        let grain = self.time.as_ref().and_then(|time| time.grain).map(|grain| match grain {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
        });
        let words = names.flat_map(|name| words_of(name)).chain(allowed).chain(grain.map(str::to_owned));
        words.map(|word| words::singular(&word)).collect()
    }

    fn vocabulary(&self) -> BTreeSet<String> {
        let names = self.names_of_columns().into_iter().map(|(name, _)| name);
        let allowed = self.context.allowed.iter().cloned();
        let words = names.chain(allowed).flat_map(|name| words_of(&name));
        words.map(|word| words::singular(&word)).collect()
    }

    fn time(&self) -> Option<Time> {
        let shown = |cells: &[Cell], index: usize, column: &Column| {
            let text = cells.get(index).map(|cell| display_cell(cell, column.unit.as_deref()))?;
            Date::from_iso(&text)
        };
        let mut found = None;
        for (index, column) in self.table.columns.iter().enumerate().filter(|(index, _)| self.is_name(*index))
        {
            let dates: Option<Vec<Date>> =
                self.table.rows.iter().map(|cells| shown(cells, index, column)).collect();
            match dates.filter(|dates| !dates.is_empty()) {
                Some(_) if found.is_some() => return None,
                Some(dates) => {
                    let grain = grain(&dates, self.period);
                    found = Some(Time { column: index, dates, grain });
                }
                None => {}
            }
        }
        found
    }
}

/// What all of `dates` are first days of: the largest unit that begins on each and reaches to the next.
fn grain(dates: &[Date], period: Option<Span>) -> Option<Unit> {
    let distinct: Vec<Date> = dates.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    if let [only] = distinct.as_slice() {
        return period.filter(|(from, _)| from == only).and_then(dates::unit_of);
    }
    let follows = |unit: Unit, pair: &[Date]| match pair {
        [a, b] => a.end_of(unit).is_some_and(|end| end < *b),
        _ => false,
    };
    let steady = |unit: Unit| {
        distinct.iter().all(|date| date.begins(unit)) && distinct.windows(2).all(|pair| follows(unit, pair))
    };
    let weekly = |pair: &[Date]| matches!(pair, [a, b] if (b.number() - a.number()) % 7 == 0);
    [Unit::Year, Unit::Quarter, Unit::Month]
        .into_iter()
        .find(|unit| steady(*unit))
        .or_else(|| distinct.windows(2).all(weekly).then_some(Unit::Week))
        .or(Some(Unit::Day))
}

pub(crate) fn words_of(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
