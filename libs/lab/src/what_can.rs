//! Everything that one admin, in one role, may see.

use crate::chain::GrantedTuples;
use crate::columns::{ColumnView, MetricView};
use crate::error::LabError;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scope::{field_of, key_name, tuple};
use crate::survey::Class;
use crate::why_not::listed;
use serde::Serialize;
use splitplane_semantics::{RowPolicy, ScopeKey, ScopeRule};
use splitplane_types::{CompositeKey, Role};
use std::collections::BTreeSet;

/// Everything that one admin, in one role, may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhatCan {
    /// The admin.
    #[serde(serialize_with = "crate::text::display")]
    pub admin: CompositeKey,
    /// The role.
    #[serde(serialize_with = "crate::text::display")]
    pub role: Role,
    /// Datasets, in the order of their names.
    pub datasets: Vec<DatasetView>,
    /// Metrics, in the order of the model; with one dataset asked about, those that add up its rows.
    pub metrics: Vec<MetricView>,
}

/// A dataset as one admin, in one role, sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetView {
    /// The dataset.
    pub dataset: String,
    /// Rows that the admin sees.
    pub rows_seen: u64,
    /// Rows there are.
    pub rows: u64,
    /// Which rows, and why.
    pub scope: ScopeView,
    /// Its columns, in the order of the model.
    pub columns: Vec<ColumnView>,
}

/// Which rows an admin sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeView {
    /// All of them.
    Public {
        /// Why that is right.
        reason: String,
    },
    /// Those that meet every rule.
    Rules(Vec<RuleView>),
}

/// A rule with what one admin is granted for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum RuleView {
    /// Columns hold one of the granted tuples.
    Keys {
        /// The columns, in the order of the tuples' values.
        columns: Vec<BoundColumn>,
        /// The tuples.
        granted: GrantedTuples,
    },
    /// A row of another dataset that the admin sees matches.
    Through {
        /// The other dataset.
        other: String,
        /// By what.
        by: Vec<JoinedColumns>,
        /// Which of its rows the admin sees.
        scope: ScopeView,
    },
}

/// A column of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoundColumn {
    /// `tenant`, `business`, `admin` or a granted key.
    pub key: String,
    /// The column of the file.
    pub column: String,
    /// The field that is this column, where there is one.
    pub field: Option<String>,
}

/// Columns of two datasets that must hold the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JoinedColumns {
    /// The column of the dataset's file.
    pub column: String,
    /// The column of the other's.
    pub other_column: String,
}

impl<R: Rows> Lab<'_, R> {
    /// Everything that one admin, in one role, may see of one dataset or of all.
    ///
    /// # Errors
    /// A name that is not there, or rows that are not read.
    pub fn what_can(
        &self,
        admin: &CompositeKey,
        role: &Role,
        dataset: Option<&str>,
    ) -> Result<WhatCan, LabError> {
        self.organisation.known(admin)?;
        let names: Vec<&str> = match dataset {
            Some(name) => vec![self.rules.exposed(name)?.0.name.as_str()],
            None => self.rules.policy.datasets.keys().map(String::as_str).collect(),
        };
        let (sets, counted) = self.count(&[admin], &names)?;
        let mut datasets = Vec::with_capacity(names.len());
        for (name, classes) in names.into_iter().zip(counted) {
            let rows_of = |class: &Class| class.rows;
            datasets.push(DatasetView {
                dataset: name.to_owned(),
                rows_seen: classes.iter().filter(|class| sets.holds(class.first, 0)).map(rows_of).sum(),
                rows: classes.iter().map(rows_of).sum(),
                scope: self.scope_view(admin, name)?,
                columns: self.rules.columns(name, role)?,
            });
        }
        let metrics = self.rules.model.metrics.iter();
        let metrics = metrics.filter(|metric| {
            dataset.is_none_or(|dataset| metric.grains.iter().any(|grain| grain == dataset))
        });
        Ok(WhatCan {
            admin: admin.clone(),
            role: role.clone(),
            datasets,
            metrics: metrics.map(|metric| self.rules.metric(metric, role)).collect(),
        })
    }

    fn scope_view(&self, admin: &CompositeKey, name: &str) -> Result<ScopeView, LabError> {
        let (dataset, policy) = self.rules.exposed(name)?;
        let rules = match &policy.rows {
            RowPolicy::Public { reason } => return Ok(ScopeView::Public { reason: reason.clone() }),
            RowPolicy::Scoped(rules) => rules,
        };
        let mut views = Vec::with_capacity(rules.len());
        for rule in rules {
            views.push(match rule {
                ScopeRule::Columns(bindings) => {
                    let keys: Vec<&ScopeKey> = bindings.iter().map(|(key, _)| key).collect();
                    let granted = self.organisation.granted(admin).into_iter().flatten();
                    let names = self.organisation.keys();
                    let tuples: BTreeSet<Vec<&str>> =
                        granted.map(|granted| tuple(&keys, names, admin, granted)).collect();
                    let column = |(key, column): &(ScopeKey, String)| BoundColumn {
                        key: key_name(key).to_owned(),
                        column: column.clone(),
                        field: field_of(dataset, column),
                    };
                    RuleView::Keys {
                        columns: bindings.iter().map(column).collect(),
                        granted: listed(&keys, &tuples),
                    }
                }
                ScopeRule::Through { dataset, by } => {
                    let joined = |(column, other_column): &(String, String)| JoinedColumns {
                        column: column.clone(),
                        other_column: other_column.clone(),
                    };
                    RuleView::Through {
                        other: dataset.clone(),
                        by: by.iter().map(joined).collect(),
                        scope: self.scope_view(admin, dataset)?,
                    }
                }
            });
        }
        Ok(ScopeView::Rules(views))
    }
}
