//! From an interpretation to a SQL tree.
//!
//! Decides what the figures mean in SQL. Builds a tree, never text; the same interpretation over the
//! same relations gives the same tree. Whose rows the relations hold is not known here, and no value
//! of the warehouse is in the tree: filters are parameters.
//!
//! Each dataset is added up by itself before anything is put beside it, so that rows of one never
//! multiply rows of another.

mod branch;
mod combined;
mod period;
mod total;
mod tree;

use crate::joins::metrics_of;
use crate::{CompileError, Dimension, FieldRef, Interpretation, Metric, Order, SemanticModel};
use branch::{Branch, Slot};
use splitplane_types::Column;
use sqlparser::ast::{Query, SetExpr};
use total::total;

/// A relation of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationSchema {
    /// Name: the dataset's.
    pub name: String,
    /// Columns, named as the dataset's fields.
    pub columns: Vec<Column>,
}

/// A filter whose phrase was resolved to one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundFilter {
    /// Index of the filter in the interpretation.
    pub filter: usize,
    /// Relation that holds the value.
    pub relation: String,
    /// Column of that relation.
    pub column: String,
    /// Parameter that stands for the value, for example `:filter_0`. A filter of several values has a binding
    /// for each.
    pub parameter: String,
}

/// Compiles an interpretation to a query over the relations of a sandbox.
///
/// Columns are the dimensions, then each metric followed by what is derived from it. Rows are ordered by every
/// output column in the end, so that a limit always cuts the same rows.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(
    interpretation: &Interpretation,
    model: &SemanticModel,
    relations: &[RelationSchema],
    filters: &[BoundFilter],
) -> Result<Query, CompileError> {
    let (grains, metrics) = metrics_of(interpretation, model)?;
    let compiler = Compiler { interpretation, model, relations, filters };
    let columns = compiler.columns(&metrics);
    // One row needs no order.
    let many = !interpretation.dimensions.is_empty();
    let order = many.then(|| compiler.order(&columns)).transpose()?;
    let is_plain =
        interpretation.comparison.is_none() && interpretation.thresholds.is_empty() && !interpretation.shares;
    let select = match grains.as_slice() {
        [base] if is_plain => {
            let branch = Branch { compiler: &compiler, base, slot: Slot::Now };
            let figures = metrics.iter().map(|metric| total(&metric.expression));
            branch.select(&columns.dimensions, columns.metrics.iter().cloned().zip(figures))?
        }
        _ => compiler.combined(&grains, &metrics, &columns)?,
    };
    Ok(tree::query(SetExpr::Select(Box::new(select)), order, interpretation.limit))
}

struct Compiler<'a> {
    interpretation: &'a Interpretation,
    model: &'a SemanticModel,
    relations: &'a [RelationSchema],
    filters: &'a [BoundFilter],
}

/// Names of the output columns.
struct Columns {
    dimensions: Vec<String>,
    metrics: Vec<String>,
    /// All of them, in order.
    all: Vec<String>,
}

impl<'a> Compiler<'a> {
    /// The bindings of each filter, in order, with whether it is negated.
    fn bound_filters(&self) -> Result<Vec<(bool, Vec<&'a BoundFilter>)>, CompileError> {
        let filters = &self.interpretation.filters;
        if let Some(stray) = self.filters.iter().find(|bound| bound.filter >= filters.len()) {
            return Err(CompileError::MisboundFilter(stray.filter));
        }
        let mut found = Vec::new();
        for (index, filter) in filters.iter().enumerate() {
            let bindings: Vec<&BoundFilter> =
                self.filters.iter().filter(|bound| bound.filter == index).collect();
            if bindings.is_empty() {
                return Err(CompileError::UnboundFilter(index));
            }
            let field = |binding: &BoundFilter| FieldRef {
                dataset: binding.relation.clone(),
                field: binding.column.clone(),
            };
            // A column that nobody asked about would answer another question, and so would a phrase left out.
            let stray = bindings.iter().any(|binding| !filter.fields.contains(&field(binding)));
            let columns: std::collections::BTreeSet<_> =
                bindings.iter().map(|binding| field(binding)).collect();
            if stray || bindings.len() != filter.phrases.len() || (filter.either && columns.len() > 1) {
                return Err(CompileError::MisboundFilter(index));
            }
            found.push((filter.negated, bindings));
        }
        Ok(found)
    }

    /// The column of the sandbox that is a field of the model.
    fn column(&self, field: &FieldRef) -> Result<&'a Column, CompileError> {
        if self.model.field(field).is_none() {
            return Err(CompileError::Unknown {
                kind: "field",
                name: format!("{}.{}", field.dataset, field.field),
            });
        }
        let relation = self.relations.iter().find(|relation| relation.name == field.dataset);
        let column =
            relation.and_then(|relation| relation.columns.iter().find(|column| column.name == field.field));
        column.ok_or_else(|| CompileError::Missing(format!("{}.{}", field.dataset, field.field)))
    }

    /// Dimensions, then metrics and what is derived from them. Equal names get their dataset in front.
    fn columns(&self, metrics: &[&Metric]) -> Columns {
        let short: Vec<String> = self.interpretation.dimensions.iter().map(Dimension::short_alias).collect();
        let derived = self.interpretation.derived();
        let figures = |metric: &&Metric| {
            let derived: Vec<String> = derived.iter().map(|derived| derived.column(&metric.name)).collect();
            std::iter::once(metric.name.clone()).chain(derived)
        };
        let mut taken: Vec<String> = metrics.iter().map(|metric| metric.name.clone()).collect();
        let figures: Vec<String> = metrics.iter().flat_map(figures).collect();
        taken.extend(figures.iter().cloned());
        // Engines do not tell letter case apart in names.
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let mut dimensions: Vec<String> = Vec::new();
        for (dimension, alias) in self.interpretation.dimensions.iter().zip(&short) {
            let clashes = short.iter().filter(|other| same(other, alias)).count() > 1
                || figures.iter().any(|other| same(other, alias));
            let mut alias =
                if clashes { format!("{}_{alias}", dimension.field.dataset) } else { alias.clone() };
            while dimensions.iter().chain(&taken).any(|other| same(other, &alias)) {
                alias.push('_');
            }
            dimensions.push(alias);
        }
        let all = dimensions.iter().cloned().chain(figures).collect();
        let metrics = metrics.iter().map(|metric| metric.name.clone()).collect();
        Columns { dimensions, metrics, all }
    }

    /// As asked, then by all other output columns.
    fn order(&self, names: &Columns) -> Result<Vec<sqlparser::ast::OrderByExpr>, CompileError> {
        let mut columns: Vec<(&str, bool)> = Vec::new();
        for order in &self.interpretation.order {
            columns.push((self.ordered(order, names)?, order.descending));
        }
        for alias in &names.all {
            if !columns.iter().any(|(column, _)| column == alias) {
                columns.push((alias, false));
            }
        }
        Ok(columns.into_iter().map(|(column, descending)| tree::order(column, descending)).collect())
    }

    fn ordered<'n>(&self, order: &Order, names: &'n Columns) -> Result<&'n str, CompileError> {
        let unknown = || CompileError::UnknownOrder(order.by.clone());
        let mut figures = names.all.iter().skip(names.dimensions.len());
        if let Some(figure) = figures.find(|figure| **figure == order.by) {
            return Ok(figure);
        }
        let dimensions = self.interpretation.dimensions.iter().zip(&names.dimensions);
        let mut named = dimensions.filter(|(dimension, _)| dimension.field.field == order.by);
        let (_, alias) = named.next().ok_or_else(unknown)?;
        if named.next().is_some() { Err(unknown()) } else { Ok(alias) }
    }
}

#[cfg(test)]
mod tests;
