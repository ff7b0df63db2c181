//! What the result says: the measures, their totals and extremes, and the order of time.

use crate::dates::Date;
use crate::display::display_cell;
use crate::prove::Context;
use crate::{number, words};
use splitplane_types::{Column, Decimal, Table};
use std::collections::BTreeSet;

/// A column of numbers.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Words of its name.
    pub(crate) words: Vec<String>,
    pub(crate) unit: Option<String>,
    /// One for each row.
    pub(crate) values: Vec<Option<Decimal>>,
    pub(crate) total: Option<Decimal>,
}

impl Measure {
    pub(crate) fn value(&self, row: usize) -> Option<Decimal> {
        self.values.get(row).copied().flatten()
    }

    pub(crate) fn high(&self) -> Option<Decimal> {
        self.values.iter().flatten().max().copied()
    }

    pub(crate) fn low(&self) -> Option<Decimal> {
        self.values.iter().flatten().min().copied()
    }

    /// The sum over `rows`; `None` when one of them has no value.
    pub(crate) fn sum(&self, rows: &[usize]) -> Option<Decimal> {
        rows.iter().try_fold(Decimal::new(0, 0)?, |sum, row| number::add(sum, self.value(*row)?))
    }
}

/// A result, as claims are checked against it.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) table: &'a Table,
    pub(crate) context: &'a Context,
    pub(crate) measures: Vec<Measure>,
    /// What a row may be called: words of the other columns' names, in the singular.
    pub(crate) nouns: BTreeSet<String>,
    /// Rows in the order of time, when one date column tells them apart.
    pub(crate) in_time: Option<Vec<usize>>,
    pub(crate) period: Option<(Date, Date)>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(table: &'a Table, context: &'a Context) -> Self {
        let measures =
            numbered(table).filter(|(_, c)| c.data_type.is_number()).map(|(i, c)| measure(table, i, c));
        let others = || table.columns.iter().filter(|column| !column.data_type.is_number());
        let nouns =
            others().flat_map(|column| words_of(&column.name)).map(|word| words::singular(&word)).collect();
        let period = context.period.as_ref();
        let period = period.and_then(|(from, to)| Some((Date::from_iso(from)?, Date::from_iso(to)?)));
        Self { table, context, measures: measures.collect(), nouns, in_time: in_time(table), period }
    }

    /// Whether the rows here are all there are, and may be added up.
    pub(crate) fn is_whole(&self) -> bool {
        self.context.additive && !self.context.limited && self.has_every_row()
    }

    pub(crate) fn has_every_row(&self) -> bool {
        self.table.rows.len() == self.context.row_count
    }
}

fn numbered(table: &Table) -> impl Iterator<Item = (usize, &Column)> {
    table.columns.iter().enumerate()
}

pub(crate) fn words_of(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn measure(table: &Table, index: usize, column: &Column) -> Measure {
    let values: Vec<_> = table.rows.iter().map(|row| row.get(index).and_then(number::of_cell)).collect();
    let total = values
        .iter()
        .flatten()
        .try_fold(Decimal::new(0, 0), |sum, value| sum.and_then(|sum| number::add(sum, *value)).map(Some));
    Measure { words: words_of(&column.name), unit: column.unit.clone(), values, total: total.flatten() }
}

fn in_time(table: &Table) -> Option<Vec<usize>> {
    let mut others = numbered(table).filter(|(_, column)| !column.data_type.is_number());
    let (index, column) = others.next()?;
    if others.next().is_some() {
        return None;
    }
    let shown = |row: &[splitplane_types::Cell]| {
        row.get(index)
            .map(|cell| display_cell(cell, column.unit.as_deref()))
            .and_then(|text| Date::from_iso(&text))
    };
    let mut dated = Vec::with_capacity(table.rows.len());
    for (row, cells) in table.rows.iter().enumerate() {
        dated.push((shown(cells)?, row));
    }
    dated.sort();
    let distinct = dated.iter().map(|(date, _)| date).collect::<BTreeSet<_>>().len() == dated.len();
    distinct.then(|| dated.into_iter().map(|(_, row)| row).collect())
}
