//! One metric of a result: its values now and before, their sums, changes and shares.
//!
//! Decides the arithmetic. Does not decide which of its numbers a sentence speaks of.

use crate::facts::words_of;
use crate::quantity::{Quantity, is_positive};
use crate::roles::ColumnRole;
use crate::{number, words};
use splitplane_types::{Decimal, Table};
use std::collections::BTreeSet;

/// Which period a value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Now,
    Before,
}

/// One value for each row.
type Series = Vec<Option<Decimal>>;

#[derive(Debug)]
pub(crate) struct Measure {
    /// Words of its name and of its label, in the singular.
    names: Vec<Vec<String>>,
    /// Its name for people.
    label: String,
    /// Whether its name is of the semantic model, and not of a statement that a model wrote.
    pub(crate) is_known: bool,
    pub(crate) unit: Option<String>,
    /// Position of its column.
    pub(crate) column: usize,
    now: Series,
    before: Option<Series>,
    change: Option<Series>,
    growth: Option<Series>,
    share: Option<Series>,
    total: Option<Decimal>,
    total_before: Option<Decimal>,
    high: Option<Decimal>,
    low: Option<Decimal>,
}

/// Words that many names of metrics have, so that none is meant by them.
const COMMON: [&str; 14] = [
    "count", "number", "total", "amount", "value", "average", "net", "gross", "rate", "sum", "avg", "min",
    "max", "of",
];

impl Measure {
    /// The metrics of a result.
    pub(crate) fn all(table: &Table, roles: &[ColumnRole], allowed: &[String]) -> Vec<Self> {
        let series = |index: usize| -> Series {
            table.rows.iter().map(|row| row.get(index).and_then(number::of_cell)).collect()
        };
        let beside = |is: &dyn Fn(&ColumnRole) -> bool| roles.iter().position(is).map(series);
        let metrics = table.columns.iter().zip(roles).enumerate();
        let measure = |(index, (column, role))| -> Option<Self> {
            let (column, role): (&splitplane_types::Column, &ColumnRole) = (column, role);
            let ColumnRole::Metric { label } = role else { return None };
            let now = series(index);
            let before = beside(&|role| *role == ColumnRole::Before { of: index });
            let names = [Some(&column.name), label.as_ref()].into_iter().flatten();
            Some(Self {
                names: names.map(|name| singular_words(name)).collect(),
                label: label.as_deref().map_or_else(|| words_of(&column.name).join(" "), uncapital),
                is_known: label.is_some()
                    || allowed.iter().any(|text| words_of(text) == words_of(&column.name)),
                unit: column.unit.clone(),
                column: index,
                total: total(&now),
                total_before: before.as_ref().and_then(total),
                high: now.iter().flatten().max().copied(),
                low: now.iter().flatten().min().copied(),
                change: beside(&|role| *role == ColumnRole::Change { of: index }),
                growth: beside(&|role| *role == ColumnRole::Growth { of: index }),
                share: beside(&|role| *role == ColumnRole::Share { of: index }),
                now,
                before,
            })
        };
        metrics.filter_map(measure).collect()
    }

    /// Whether an earlier period stands beside it.
    pub(crate) const fn is_compared(&self) -> bool {
        self.before.is_some() || self.change.is_some()
    }

    pub(crate) fn is_percent(&self) -> bool {
        self.unit.as_deref().is_some_and(crate::display::is_percent)
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The cell that says what part of the total a row is.
    pub(crate) fn share_cell(&self, row: usize) -> Option<Decimal> {
        self.share.as_ref()?.get(row).copied().flatten()
    }

    /// Its names, as words in the singular.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[String]> {
        self.names.iter().map(Vec::as_slice)
    }

    /// Whether `word`, in the singular, is of its name.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.names.iter().flatten().any(|other| other == word)
    }

    /// The words that alone could mean it.
    pub(crate) fn own_words(&self) -> BTreeSet<&str> {
        let words = self.names.iter().flatten().map(String::as_str);
        words.filter(|word| !COMMON.contains(word) && words::sense(word).is_none()).collect()
    }

    /// The value of one row.
    pub(crate) fn value(&self, when: When, row: usize) -> Option<Decimal> {
        let series = match when {
            When::Now => Some(&self.now),
            When::Before => self.before.as_ref(),
        };
        series?.get(row).copied().flatten()
    }

    /// What the row changed by.
    pub(crate) fn change(&self, row: usize) -> Option<Decimal> {
        match &self.change {
            Some(series) => series.get(row).copied().flatten(),
            None => number::difference(self.value(When::Now, row)?, self.value(When::Before, row)?),
        }
    }

    /// The sum over the whole result.
    pub(crate) const fn total(&self, when: When) -> Option<Decimal> {
        match when {
            When::Now => self.total,
            When::Before => self.total_before,
        }
    }

    /// The highest or the lowest value of now.
    pub(crate) const fn extreme(&self, high: bool) -> Option<Decimal> {
        if high { self.high } else { self.low }
    }

    /// The sum over `rows`; `None` when one of them has no value.
    pub(crate) fn sum(&self, when: When, rows: &[usize]) -> Option<Decimal> {
        rows.iter().try_fold(Decimal::new(0, 0)?, |sum, row| number::add(sum, self.value(when, *row)?))
    }

    /// The sum and the count of the values of now.
    pub(crate) fn mean(&self) -> Option<Quantity> {
        let count = i128::try_from(self.now.iter().flatten().count()).ok()?;
        Some(Quantity::Ratio {
            top: self.total?,
            bottom: Decimal::new(count, 0).filter(|n| is_positive(*n))?,
            factor: 1,
        })
    }

    /// What the row grew by in hundredths: the cell, and what its amounts give.
    pub(crate) fn growths(&self, row: usize) -> Vec<Quantity> {
        let cell = self.growth.as_ref().and_then(|series| series.get(row).copied().flatten());
        // A base that is no positive number has no hundredths.
        let exact = self.value(When::Before, row).and_then(|base| Quantity::percent(self.change(row)?, base));
        cell.map(Quantity::Exact).into_iter().chain(exact).collect()
    }

    /// The part of the total that `rows` are.
    pub(crate) fn shares(&self, rows: &[usize], may_sum: bool) -> Vec<Quantity> {
        let cell = match rows {
            [row] => self.share.as_ref().and_then(|series| series.get(*row).copied().flatten()),
            _ => None,
        };
        let part = || Quantity::percent(self.sum(When::Now, rows)?, self.total?);
        cell.map(Quantity::Exact).into_iter().chain(may_sum.then(part).flatten()).collect()
    }

    /// Rows whose value of now is beyond `value`.
    pub(crate) fn beyond(&self, value: Decimal, high: bool) -> usize {
        self.now.iter().flatten().filter(|other| if high { **other > value } else { **other < value }).count()
    }

    /// Whether every row has a value, and none is beyond the one before it.
    pub(crate) fn is_sorted(&self, falling: bool) -> bool {
        let follows = |pair: &[Option<Decimal>]| match pair {
            [Some(a), Some(b)] => {
                if falling {
                    a >= b
                } else {
                    a <= b
                }
            }
            _ => false,
        };
        self.now.iter().all(Option::is_some) && self.now.windows(2).all(follows)
    }

    /// Whether the row has no value now.
    pub(crate) fn is_missing(&self, row: usize) -> bool {
        self.value(When::Now, row).is_none()
    }

    /// Whether the row has nothing to be compared with.
    pub(crate) fn is_without_before(&self, row: usize) -> bool {
        self.is_compared()
            && (self.value(When::Before, row).is_none_or(|before| before.unscaled() == 0))
            && self.growths(row).is_empty()
    }
}

fn total(series: &Series) -> Option<Decimal> {
    series.iter().flatten().try_fold(Decimal::new(0, 0)?, |sum, value| number::add(sum, *value))
}

fn singular_words(name: &str) -> Vec<String> {
    words_of(name).iter().map(|word| words::singular(word)).collect()
}

/// "Late fees" within a sentence; "VAT" stays.
fn uncapital(label: &str) -> String {
    let mut chars = label.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => label.to_owned(),
    }
}
