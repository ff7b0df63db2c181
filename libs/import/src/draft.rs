//! A model that is being made.
//!
//! Decides under which name a column becomes a field. Whether the model loads is for `settle` to say.

use crate::name::{self, same};
use crate::note::Place;

#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) datasets: Vec<Dataset>,
    pub(crate) relationships: Vec<Relationship>,
    pub(crate) metrics: Vec<Metric>,
}

/// What people call something, and what they say of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub(crate) label: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) synonyms: Vec<String>,
    pub(crate) unit: Option<String>,
}

impl About {
    /// Keeps the name that something had as its label, where it has another name here and no label.
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        if from != to && self.label.is_none() {
            self.label = Some(from.to_owned());
        }
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) description: Option<String>,
    pub(crate) synonyms: Vec<String>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) unique_keys: Vec<Vec<String>>,
    pub(crate) fields: Vec<Field>,
    pub(crate) at: Place,
}

/// The part that a field plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Read by metrics and joins only.
    Plain,
    /// Grouped by and filtered on.
    Dimension,
    /// A dimension that periods apply to.
    Time,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Expression over the columns of the dataset's table.
    pub(crate) sql: String,
    /// The column, if the expression is one.
    pub(crate) column: Option<String>,
    pub(crate) is_date: bool,
    pub(crate) role: Role,
    pub(crate) about: About,
    pub(crate) at: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct Relationship {
    pub(crate) name: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) from_fields: Vec<String>,
    pub(crate) to_fields: Vec<String>,
    pub(crate) at: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) sql: String,
    pub(crate) about: About,
    pub(crate) at: Place,
}

impl Dataset {
    /// The field that is this column as it stands; one is added where there is none.
    pub(crate) fn column(&mut self, column: &str, at: &Place) -> String {
        let is_it = |field: &&Field| field.column.as_deref().is_some_and(|other| same(other, column));
        if let Some(field) = self.fields.iter().find(is_it) {
            return field.name.clone();
        }
        let names = || self.fields.iter().map(|field| field.name.as_str());
        let plain = name::field(column);
        let taken = names().any(|other| same(other, &plain));
        let wanted = if taken { format!("{plain}_column") } else { plain };
        let name = name::free(&wanted, &names());
        self.fields.push(Field {
            name: name.clone(),
            sql: crate::sql::column(column).to_string(),
            column: Some(column.to_owned()),
            is_date: false,
            role: Role::Plain,
            about: About::default(),
            at: at.clone(),
        });
        name
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Draft {
    pub(crate) fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }

    pub(crate) fn dataset_mut(&mut self, name: &str) -> Option<&mut Dataset> {
        self.datasets.iter_mut().find(|dataset| dataset.name == name)
    }

    /// A name for a new dataset.
    pub(crate) fn free_dataset(&self, wanted: &str) -> String {
        name::free(&name::dataset(wanted), &self.datasets.iter().map(|dataset| dataset.name.as_str()))
    }

    /// The one shortest way from a dataset to another along relationships, as their names. `None` if there is none,
    /// or several: then a join would not be the one that the metric was written for.
    pub(crate) fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut ways: Vec<(String, Vec<String>)> = vec![(from.to_owned(), Vec::new())];
        let mut seen = std::collections::BTreeSet::from([from.to_owned()]);
        while !ways.is_empty() {
            let arrived: Vec<_> = ways.iter().filter(|(end, _)| end == to).collect();
            match arrived.as_slice() {
                [] => {}
                [(_, way)] => return Some(way.clone()),
                [_, _, ..] => return None,
            }
            let mut next = Vec::new();
            for (end, way) in &ways {
                let steps = self.relationships.iter().filter(|step| step.from == *end);
                for step in steps.filter(|step| !seen.contains(&step.to)) {
                    let longer = way.iter().cloned().chain([step.name.clone()]).collect();
                    next.push((step.to.clone(), longer));
                }
            }
            // Two ways to one place are all that has to be known of it.
            let mut kept: Vec<(String, Vec<String>)> = Vec::new();
            for (end, way) in next {
                if kept.iter().filter(|(other, _)| *other == end).count() < 2 {
                    kept.push((end, way));
                }
            }
            seen.extend(kept.iter().map(|(end, _)| end.clone()));
            ways = kept;
        }
        None
    }
}
