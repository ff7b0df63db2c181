//! Drafts a policy from a semantic model and, where it was looked at, from the data.
//!
//! Decides what is a good guess. Every guess says why in a comment `# guess:`; what cannot be guessed stands
//! under `# undecided:` and is left open, so that the draft does not load until its owner has decided.
//! Nothing is ever public by default: that is for a person to say.

mod grants;
mod personal;
mod scopes;
mod write;

use crate::{Dataset, Field, FieldExpression, SemanticModel};
use std::collections::{BTreeMap, BTreeSet};

pub use grants::grants_candidate;

/// What was seen in the data of each dataset, by the dataset's name. What is not here was not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataHints {
    /// By dataset of the model.
    pub datasets: BTreeMap<String, DatasetHints>,
}

/// What was seen in the file of one dataset. Columns are columns of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetHints {
    /// Its columns.
    pub columns: BTreeSet<String>,
    /// Those of which no two rows hold the same value, and none holds none.
    pub unique: BTreeSet<String>,
    /// For a column the columns of the grants' file (see [`grants_candidate`]) that hold all of its values.
    pub contained: BTreeMap<String, BTreeSet<String>>,
}

/// Drafts the text of a policy for a model.
#[must_use]
pub fn draft_policy(model: &SemanticModel, hints: &DataHints) -> String {
    let ground = Ground { model, hints };
    let grants = grants::find(ground);
    let scopes = scopes::all(ground, grants.as_ref());
    let mut page = write::Page::default();
    page.line(
        0,
        "# A draft. Read every line that says `guess:`, decide what is `undecided:`; nothing is public.",
    );
    page.line(0, "version: 1");
    page.line(0, &format!("model: {}", write::name(&model.name)));
    page.line(0, "# guess: the model names no time zone and no first day of the week");
    page.line(0, "calendar: { timezone: UTC, week_starts: monday }");
    page.grants(grants.as_ref());
    page.line(0, "datasets:");
    for (dataset, scope) in &scopes {
        page.line(1, &format!("{}:", write::name(&dataset.name)));
        page.scope(scope);
        let kept = scope.bound_fields();
        page.columns(&personal::columns(ground, dataset, &kept));
    }
    if scopes.is_empty() {
        page.line(1, "{}");
    }
    page.text()
}

/// What a draft is made from.
#[derive(Debug, Clone, Copy)]
struct Ground<'a> {
    model: &'a SemanticModel,
    hints: &'a DataHints,
}

impl<'a> Ground<'a> {
    fn seen(self, dataset: &Dataset) -> Option<&'a DatasetHints> {
        self.hints.datasets.get(&dataset.name)
    }

    /// The fields that scopes may bind: plain columns, which the file has if it was looked at.
    fn plain(self, dataset: &'a Dataset) -> impl Iterator<Item = (&'a Field, &'a str)> {
        let seen = self.seen(dataset);
        dataset.fields.iter().filter_map(move |field| match &field.expression {
            FieldExpression::Column(column) => {
                let is_there = seen.is_none_or(|seen| seen.columns.contains(column));
                is_there.then_some((field, column.as_str()))
            }
            FieldExpression::Computed(_) => None,
        })
    }

    fn is_plain(self, dataset: &'a Dataset, name: &str) -> bool {
        self.plain(dataset).any(|(field, _)| field.name == name)
    }

    /// Whether no two rows hold the same in these fields, as the model says or the data shows.
    fn is_key(self, dataset: &'a Dataset, fields: &[String]) -> bool {
        let mut keys = dataset.unique_keys.iter().chain([&dataset.primary_key]);
        let declared = keys.any(|key| !key.is_empty() && key.iter().all(|column| fields.contains(column)));
        let unique = |column: &str| self.seen(dataset).is_some_and(|seen| seen.unique.contains(column));
        declared || self.plain(dataset).any(|(field, column)| fields.contains(&field.name) && unique(column))
    }
}

#[cfg(test)]
mod tests;
