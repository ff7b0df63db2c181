//! Follows single rows down their scopes, with the values they hold.
//!
//! Decides the class of a row by those values: for each rule the tuple it holds, or the classes of the rows that it
//! leads to. Two rows of one class are seen by the same admins for the same reasons. From the rows that were asked
//! about, downwards: one scan for each step of a chain.

use crate::chain::{HeldKey, JoinedKey};
use crate::error::LabError;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scan::{Columns, scan};
use crate::scope::{Rules, Side, field_of, key_name};
use crate::sets::{NOBODY, SetId, Sets};
use splitplane_semantics::{RowPolicy, ScopeKey, ScopeRule};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of more different keys than this are not explained one by one.
const KEYS_MAX: usize = 20_000;

pub(crate) type ClassId = usize;

/// The values of a row in some columns.
type Values = Vec<Option<String>>;

/// The class of a row: its dataset and, rule by rule, what it holds.
#[derive(Debug)]
pub(crate) struct RowClass<'a> {
    pub(crate) dataset: &'a str,
    pub(crate) rules: Vec<HeldRule<'a>>,
}

/// What a row holds for one rule.
#[derive(Debug)]
pub(crate) enum HeldRule<'a> {
    /// Nothing is needed.
    Public { reason: &'a str },
    /// Values of the bound columns.
    Keys { bindings: &'a [(ScopeKey, String)], values: Values },
    /// Rows of another dataset, by the values of the first row of the class that was found.
    Through {
        other: &'a str,
        by: &'a [(String, String)],
        values: Values,
        /// Rows of the other dataset to which that row leads.
        rows: u64,
        classes: Vec<ClassId>,
    },
}

/// What makes two rows of one class.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Values(Values),
    /// Whether the row leads anywhere at all, and where.
    Rows(bool, Vec<ClassId>),
}

/// Rows found, by class.
#[derive(Debug, Default)]
pub(crate) struct Trace<'a> {
    classes: Vec<RowClass<'a>>,
    known: BTreeMap<(&'a str, Vec<Held>), ClassId>,
}

/// Rows by the values by which they were found and by class.
type Found = BTreeMap<Vec<String>, BTreeMap<ClassId, u64>>;

impl<'a> Trace<'a> {
    /// Classes of the rows of `dataset` that hold `key`, a value for each column, with the number of rows of each.
    pub(crate) fn find<R: Rows>(
        &mut self,
        lab: &Lab<'a, R>,
        dataset: &str,
        key: &[(&str, &str)],
    ) -> Result<BTreeMap<ClassId, u64>, LabError> {
        let columns: Vec<&str> = key.iter().map(|(column, _)| *column).collect();
        let values: Vec<String> = key.iter().map(|(_, value)| (*value).to_owned()).collect();
        let mut found = self.rows(lab, dataset, &columns, &BTreeSet::from([values.clone()]))?;
        Ok(found.remove(&values).unwrap_or_default())
    }

    /// Classes of the rows that hold one of `wanted` in `columns`.
    fn rows<R: Rows>(
        &mut self,
        lab: &Lab<'a, R>,
        dataset: &str,
        columns: &[&str],
        wanted: &BTreeSet<Vec<String>>,
    ) -> Result<Found, LabError> {
        let (dataset, policy) = lab.rules.exposed(dataset)?;
        let rules: &'a [ScopeRule] = match &policy.rows {
            RowPolicy::Public { .. } => &[],
            RowPolicy::Scoped(rules) => rules,
        };
        let shapes = shapes(lab, &dataset.name, columns, wanted, rules)?;
        let mut reached = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            reached.push(match rule {
                ScopeRule::Columns(_) => Found::new(),
                ScopeRule::Through { dataset, by } => {
                    let theirs: Vec<&str> = by.iter().map(|(_, theirs)| theirs.as_str()).collect();
                    let values = shapes.keys().filter_map(|(_, held)| held.get(index).and_then(whole));
                    let wanted: BTreeSet<Vec<String>> = values.collect();
                    if wanted.is_empty() { Found::new() } else { self.rows(lab, dataset, &theirs, &wanted)? }
                }
            });
        }
        let mut found = Found::new();
        for ((key, held), rows) in shapes {
            let rules = match &policy.rows {
                RowPolicy::Public { reason } => vec![HeldRule::Public { reason }],
                RowPolicy::Scoped(rules) => {
                    let parts = rules.iter().zip(held).zip(&reached);
                    parts.map(|((rule, values), reached)| held_rule(rule, values, reached)).collect()
                }
            };
            let class = self.class(&dataset.name, rules);
            *found.entry(key).or_default().entry(class).or_default() += rows;
        }
        Ok(found)
    }

    fn class(&mut self, dataset: &'a str, rules: Vec<HeldRule<'a>>) -> ClassId {
        let held = rules.iter().map(|rule| match rule {
            HeldRule::Public { .. } => Held::Values(Vec::new()),
            HeldRule::Keys { values, .. } => Held::Values(values.clone()),
            HeldRule::Through { values, classes, .. } => Held::Rows(whole(values).is_some(), classes.clone()),
        });
        let next = self.classes.len();
        let class = *self.known.entry((dataset, held.collect())).or_insert(next);
        if class == next {
            self.classes.push(RowClass { dataset, rules });
        }
        class
    }

    pub(crate) fn get(&self, class: ClassId) -> Option<&RowClass<'a>> {
        self.classes.get(class)
    }

    /// For every class, those who see its rows.
    pub(crate) fn audiences(&self, side: &Side<'_>, sets: &mut Sets) -> Result<Vec<SetId>, LabError> {
        let mut audiences: Vec<SetId> = Vec::with_capacity(self.classes.len());
        // A class is made after those it leads to.
        for class in &self.classes {
            let mut seen = sets.everyone();
            for rule in &class.rules {
                let met = match rule {
                    HeldRule::Public { .. } => sets.everyone(),
                    HeldRule::Keys { bindings, values } => match whole(values) {
                        None => NOBODY,
                        Some(values) => side.lookup(bindings)?.find(values.iter().map(String::as_str)),
                    },
                    HeldRule::Through { classes, .. } => {
                        let others: Vec<SetId> =
                            classes.iter().filter_map(|class| audiences.get(*class)).copied().collect();
                        sets.any(&others)
                    }
                };
                seen = sets.both(seen, met);
            }
            audiences.push(seen);
        }
        Ok(audiences)
    }
}

/// What a class holds in the columns of a rule, for people to read.
pub(crate) fn held_keys(
    rules: Rules<'_>,
    dataset: &str,
    bindings: &[(ScopeKey, String)],
    values: &[Option<String>],
) -> Vec<HeldKey> {
    let model = rules.model.dataset(dataset);
    bindings
        .iter()
        .zip(values)
        .map(|((key, column), value)| HeldKey {
            key: key_name(key).to_owned(),
            column: column.clone(),
            field: model.and_then(|model| field_of(model, column)),
            value: value.clone(),
        })
        .collect()
}

/// By what a class leads to another dataset, for people to read.
pub(crate) fn joined_keys(by: &[(String, String)], values: &[Option<String>]) -> Vec<JoinedKey> {
    by.iter()
        .zip(values)
        .map(|((column, other_column), value)| JoinedKey {
            column: column.clone(),
            other_column: other_column.clone(),
            value: value.clone(),
        })
        .collect()
}

/// The values, if none is NULL.
pub(crate) fn whole(values: &Values) -> Option<Vec<String>> {
    values.iter().cloned().collect()
}

fn held_rule<'a>(rule: &'a ScopeRule, values: Values, reached: &Found) -> HeldRule<'a> {
    match rule {
        ScopeRule::Columns(bindings) => HeldRule::Keys { bindings, values },
        ScopeRule::Through { dataset, by } => {
            let found = whole(&values).and_then(|values| reached.get(&values));
            let rows = found.map_or(0, |found| found.values().sum());
            let classes = found.map(|found| found.keys().copied().collect()).unwrap_or_default();
            HeldRule::Through { other: dataset, by, values, rows, classes }
        }
    }
}

/// The values by which a row was found, and those that it holds for each rule.
type Shape = (Vec<String>, Vec<Values>);

/// Rows that hold one of `wanted`, by what they hold.
fn shapes<R: Rows>(
    lab: &Lab<'_, R>,
    dataset: &str,
    columns: &[&str],
    wanted: &BTreeSet<Vec<String>>,
    rules: &[ScopeRule],
) -> Result<BTreeMap<Shape, u64>, LabError> {
    let mut read = Columns::default();
    let key = read.positions(columns.iter().copied());
    let held: Vec<Vec<usize>> = rules
        .iter()
        .map(|rule| match rule {
            ScopeRule::Columns(bindings) => {
                read.positions(bindings.iter().map(|(_, column)| column.as_str()))
            }
            ScopeRule::Through { by, .. } => read.positions(by.iter().map(|(mine, _)| mine.as_str())),
        })
        .collect();
    // A text that is in no wanted tuple at its place rules a row out, found once for each batch's dictionary.
    let texts: Vec<BTreeSet<&str>> = (0..columns.len())
        .map(|at| wanted.iter().filter_map(|tuple| tuple.get(at)).map(String::as_str).collect())
        .collect();
    let source = &lab.rules.exposed(dataset)?.0.source;
    let mut shapes: BTreeMap<Shape, u64> = BTreeMap::new();
    scan(lab.rows, source, &read, |batch| {
        let candidates: Vec<(&[Option<u32>], Vec<bool>)> = key
            .iter()
            .zip(&texts)
            .filter_map(|(position, texts)| Some((batch.columns().get(*position)?, texts)))
            .map(|(column, texts)| {
                let can = column.values().iter().map(|value| texts.contains(value.as_str())).collect();
                (column.codes(), can)
            })
            .collect();
        if candidates.iter().any(|(_, can)| !can.contains(&true)) {
            return Ok(());
        }
        let text =
            |position: &usize, row: usize| batch.columns().get(*position)?.text(row).map(str::to_owned);
        for row in 0..batch.rows() {
            let may = candidates.iter().all(|(codes, can)| {
                let code = codes.get(row).copied().flatten().map(crate::keys::at);
                code.and_then(|code| can.get(code)).is_some_and(|can| *can)
            });
            if !may {
                continue;
            }
            let tuple: Option<Vec<String>> = key.iter().map(|position| text(position, row)).collect();
            let Some(tuple) = tuple.filter(|tuple| wanted.contains(tuple)) else { continue };
            let values = |positions: &Vec<usize>| positions.iter().map(|at| text(at, row)).collect();
            *shapes.entry((tuple, held.iter().map(values).collect())).or_default() += 1;
            if shapes.len() > KEYS_MAX {
                return Err(LabError::TooMany { dataset: dataset.to_owned(), max: KEYS_MAX });
            }
        }
        Ok(())
    })?;
    Ok(shapes)
}
