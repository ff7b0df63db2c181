//! A column by which rows are grouped, as places on an axis.
//!
//! Decides a place's name, and whether the places are moments of time.

use crate::moment::Moment;
use crate::terminal::inert;
use crate::{ColumnRole, Grain};
use splitplane_types::{Cell, DataType};
use std::collections::{BTreeMap, BTreeSet};

/// A column by which rows are grouped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dimension {
    pub(crate) label: String,
    /// Its values, each once, in the order of the table.
    pub(crate) places: Vec<Place>,
    /// Which place each row has.
    pub(crate) of_rows: Vec<usize>,
    /// Whether each place is a moment.
    pub(crate) is_time: bool,
    /// The unit that each place starts, where that was said and is so.
    pub(crate) grain: Option<Grain>,
}

/// A value of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) moment: Option<Moment>,
    /// The cell's text.
    pub(crate) text: String,
}

impl Dimension {
    pub(crate) fn of(label: &str, grain: Option<Grain>, data_type: DataType, cells: &[&Cell]) -> Self {
        let texts: Vec<Option<String>> = cells.iter().map(|cell| text_of(cell)).collect();
        let moments = if is_time(data_type) { moments(&texts) } else { None };
        let grain = grain.filter(|grain| {
            moments.as_ref().is_some_and(|moments| moments.iter().all(|moment| moment.starts(*grain)))
        });
        let none = name_of_none(&texts);
        let mut dimension =
            Self { label: inert(label), places: vec![], of_rows: vec![], is_time: moments.is_some(), grain };
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut moments = moments.into_iter().flatten();
        for text in texts {
            let moment = moments.next();
            let text = text.unwrap_or_else(|| none.clone());
            let name = match (grain, moment) {
                (Some(grain), Some(moment)) => name_of(&text, grain, moment),
                (None, _) | (_, None) => text.clone(),
            };
            let next = known.len();
            let place = *known.entry(name.clone()).or_insert(next);
            if place == next {
                dimension.places.push(Place { name, moment, text });
            }
            dimension.of_rows.push(place);
        }
        dimension
    }

    /// The dimension of a column that has that role.
    pub(crate) fn of_role(role: &ColumnRole, data_type: DataType, cells: &[&Cell]) -> Option<Self> {
        match role {
            ColumnRole::Dimension { label, grain } => Some(Self::of(label, *grain, data_type, cells)),
            ColumnRole::Metric { .. }
            | ColumnRole::Before { .. }
            | ColumnRole::Derived { .. }
            | ColumnRole::Other => None,
        }
    }

    /// The microsecond of each row, where the places are moments.
    pub(crate) fn moment_of_row(&self, row: usize) -> Option<i64> {
        let place = self.of_rows.get(row)?;
        self.places.get(*place)?.moment.map(|moment| moment.us)
    }
}

const fn is_time(data_type: DataType) -> bool {
    match data_type {
        DataType::Date | DataType::Timestamp | DataType::TimestampTz => true,
        DataType::String | DataType::Integer | DataType::Decimal | DataType::Float | DataType::Boolean => {
            false
        }
    }
}

/// A cell's text, inert: neither a terminal nor a picture can hold a control character. Cells that
/// differ only there have one name, and are not told apart.
fn text_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Text(text) | Cell::Date(text) | Cell::Timestamp(text) => Some(inert(text)),
        Cell::Integer(value) => Some(value.to_string()),
        Cell::Decimal(value) => Some(value.to_string()),
        Cell::Float(value) => Some(value.to_string()),
        Cell::Boolean(value) => Some(value.to_string()),
    }
}

/// The moments of all texts, where each is one and all are of one kind.
fn moments(texts: &[Option<String>]) -> Option<Vec<Moment>> {
    let moments: Option<Vec<Moment>> =
        texts.iter().map(|text| text.as_deref().and_then(Moment::of)).collect();
    moments.filter(|moments| {
        let zoned = moments.iter().filter(|moment| moment.is_zoned).count();
        zoned == 0 || zoned == moments.len()
    })
}

/// The name of the rows without a value: one that no value has.
fn name_of_none(texts: &[Option<String>]) -> String {
    let taken: BTreeSet<&str> = texts.iter().flatten().map(String::as_str).collect();
    let mut name = "(none)".to_owned();
    while taken.contains(name.as_str()) {
        name = format!("({name})");
    }
    name
}

/// The part of a date that says which unit it starts.
fn name_of(text: &str, grain: Grain, moment: Moment) -> String {
    let part = |length: usize| text.chars().take(length).collect::<String>();
    match grain {
        Grain::Day | Grain::Week => part(10),
        Grain::Month => part(7),
        Grain::Quarter => format!("{} Q{}", part(4), moment.quarter()),
        Grain::Year => part(4),
    }
}

#[cfg(test)]
mod tests;
