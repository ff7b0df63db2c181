//! What a statement may name: the relations of one sandbox, their columns, and its parameters.
//!
//! Decides names only. Which rows stand behind them is the security plane's.

use crate::error::{GuardError, ViewError};
use crate::guard::{self, GuardedQuery};
use crate::plane::is_name;
use splitplane_types::Column;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The value of a parameter: a text literal, resolved among the caller's own rows.
pub type Parameter = String;

/// A relation that a statement may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRelation {
    /// Name.
    pub name: String,
    /// Columns, in order.
    pub columns: Vec<Column>,
}

/// All that a statement may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxView {
    relations: Arc<[ViewRelation]>,
    parameters: BTreeMap<String, Parameter>,
}

impl SandboxView {
    /// Makes a view. `parameters` are by name without colon, for example `filter_0`.
    ///
    /// # Errors
    /// See [`ViewError`]. Names that differ in case alone are duplicates, since the dialect folds case.
    pub fn new(
        relations: Vec<ViewRelation>,
        parameters: BTreeMap<String, Parameter>,
    ) -> Result<Self, ViewError> {
        check_names(relations.iter().map(|relation| relation.name.as_str()), "the view")?;
        for relation in &relations {
            check_names(relation.columns.iter().map(|column| column.name.as_str()), &relation.name)?;
        }
        check_names(parameters.keys().map(String::as_str), "the parameters")?;
        Ok(Self { relations: relations.into(), parameters })
    }

    /// The relations, in order.
    #[must_use]
    pub fn relations(&self) -> &[ViewRelation] {
        &self.relations
    }

    /// The only door from text to [`GuardedQuery`].
    ///
    /// # Errors
    /// See [`GuardError`].
    pub fn guard(&self, draft: &str) -> Result<GuardedQuery, GuardError> {
        guard::guard(self, draft)
    }

    /// The relation that this name means in the dialect, which folds case, and its position.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &ViewRelation)> {
        self.relations.iter().enumerate().find(|(_, relation)| relation.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn relation(&self, name: &str) -> Option<&ViewRelation> {
        self.find(name).map(|(_, relation)| relation)
    }

    /// The relations, for whoever keeps them with a guarded query.
    pub(crate) fn shared(&self) -> Arc<[ViewRelation]> {
        Arc::clone(&self.relations)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

fn check_names<'a>(names: impl Iterator<Item = &'a str>, within: &str) -> Result<(), ViewError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !is_name(name) {
            return Err(ViewError::Name { name: name.to_owned() });
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(ViewError::Duplicate { name: name.to_owned(), within: within.to_owned() });
        }
    }
    Ok(())
}
