//! From an interpretation to a SQL tree.
//!
//! Decides what the figures mean in SQL. Builds a tree, never text; the same interpretation over the
//! same relations gives the same tree. Whose rows the relations hold is not known here, and no value
//! of the warehouse is in the tree: filters are parameters.

mod period;
mod tree;

use crate::expression::ident;
use crate::joins::{joins, metrics_of, time_field};
use crate::{
    CompileError, Dimension, FieldRef, Grain, Interpretation, Metric, Order, Relationship, SemanticModel,
};
use splitplane_types::{Column, DataType};
use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, Query, SelectItem, TableWithJoins, Value,
};

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
    /// Parameter that stands for the value, for example `:filter_0`.
    pub parameter: String,
}

/// Compiles an interpretation to a query over the relations of a sandbox.
///
/// Rows are ordered by every output column in the end, so that a limit always cuts the same rows.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(
    interpretation: &Interpretation,
    model: &SemanticModel,
    relations: &[RelationSchema],
    filters: &[BoundFilter],
) -> Result<Query, CompileError> {
    let (base, metrics) = metrics_of(interpretation, model)?;
    let compiler = Compiler { interpretation, model, relations };
    let bound = compiler.bound_filters(filters)?;
    let time = match &interpretation.period {
        None => None,
        Some(period) => Some((period, time_field(model, base).ok_or(CompileError::NoTimeField)?)),
    };
    let dimensions = interpretation.dimensions.iter().map(|dimension| dimension.field.dataset.as_str());
    let filtered = bound.iter().map(|(_, filter)| filter.relation.as_str());
    let timed = time.iter().map(|(_, field)| field.dataset.as_str());
    let joins = joins(model, base, dimensions.chain(filtered).chain(timed))?;

    let aliases = compiler.aliases(&metrics);
    let mut projection = Vec::new();
    let mut group_by = Vec::new();
    for (dimension, alias) in interpretation.dimensions.iter().zip(&aliases) {
        let expression = compiler.dimension(dimension)?;
        group_by.push(expression.clone());
        projection.push(SelectItem::ExprWithAlias { expr: expression, alias: ident(alias) });
    }
    for (metric, alias) in metrics.iter().zip(aliases.iter().skip(group_by.len())) {
        for field in &metric.fields {
            compiler.column(field)?;
        }
        projection.push(SelectItem::ExprWithAlias { expr: metric.expression.clone(), alias: ident(alias) });
    }
    let mut conditions = match &time {
        None => Vec::new(),
        Some((period, field)) => {
            period::conditions(period, compiler.reference(field)?, compiler.column(field)?)?
        }
    };
    for (negated, filter) in bound {
        conditions.push(compiler.filter(filter, negated)?);
    }
    let from = TableWithJoins { relation: tree::table(base), joins: compiler.join_clauses(&joins)? };
    let select = tree::select(projection, from, tree::all_of(conditions), group_by);
    // One row needs no order.
    let many = !interpretation.dimensions.is_empty();
    let order = many.then(|| compiler.order(&aliases)).transpose()?;
    Ok(tree::query(select, order, interpretation.limit))
}

struct Compiler<'a> {
    interpretation: &'a Interpretation,
    model: &'a SemanticModel,
    relations: &'a [RelationSchema],
}

impl<'a> Compiler<'a> {
    /// The filters in order, each with whether it is negated.
    fn bound_filters<'f>(
        &self,
        bound: &'f [BoundFilter],
    ) -> Result<Vec<(bool, &'f BoundFilter)>, CompileError> {
        let filters = &self.interpretation.filters;
        if let Some(stray) = bound.iter().find(|bound| bound.filter >= filters.len()) {
            return Err(CompileError::MisboundFilter(stray.filter));
        }
        let mut found = Vec::new();
        for (index, filter) in filters.iter().enumerate() {
            let mut of_this = bound.iter().filter(|bound| bound.filter == index);
            let binding = of_this.next().ok_or(CompileError::UnboundFilter(index))?;
            let candidate = FieldRef { dataset: binding.relation.clone(), field: binding.column.clone() };
            // A column that nobody asked about would answer another question.
            if of_this.next().is_some() || !filter.fields.contains(&candidate) {
                return Err(CompileError::MisboundFilter(index));
            }
            found.push((filter.negated, binding));
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

    fn reference(&self, field: &FieldRef) -> Result<Expr, CompileError> {
        self.column(field)?;
        Ok(tree::reference(&field.dataset, &field.field))
    }

    fn dimension(&self, dimension: &Dimension) -> Result<Expr, CompileError> {
        let column = self.column(&dimension.field)?;
        let reference = self.reference(&dimension.field)?;
        let Some(grain) = dimension.grain else { return Ok(reference) };
        match (column.data_type, grain) {
            (DataType::Date, Grain::Day) => Ok(reference),
            (DataType::Date | DataType::Timestamp, _) => Ok(tree::date_trunc(grain, reference)),
            (DataType::TimestampTz, _) => Err(CompileError::GrainOfInstants(column.name.clone())),
            (
                DataType::String
                | DataType::Integer
                | DataType::Decimal
                | DataType::Float
                | DataType::Boolean,
                _,
            ) => Err(CompileError::NotTime(column.name.clone())),
        }
    }

    fn filter(&self, bound: &BoundFilter, negated: bool) -> Result<Expr, CompileError> {
        let field = FieldRef { dataset: bound.relation.clone(), field: bound.column.clone() };
        let reference = self.reference(&field)?;
        let value = tree::value(Value::Placeholder(bound.parameter.clone()));
        if !negated {
            return Ok(tree::binary(reference, BinaryOperator::Eq, value));
        }
        // A row without a value is not one of those that were to be left out.
        let absent = Expr::IsNull(Box::new(reference.clone()));
        let other = tree::binary(reference, BinaryOperator::NotEq, value);
        Ok(Expr::Nested(Box::new(tree::binary(other, BinaryOperator::Or, absent))))
    }

    fn join_clauses(&self, joins: &[&Relationship]) -> Result<Vec<sqlparser::ast::Join>, CompileError> {
        let mut clauses = Vec::new();
        for join in joins {
            let mut equal = Vec::new();
            for (from, to) in join.from_columns.iter().zip(&join.to_columns) {
                let many = FieldRef { dataset: join.from.clone(), field: from.clone() };
                let one = FieldRef { dataset: join.to.clone(), field: to.clone() };
                equal.push(tree::binary(self.reference(&many)?, BinaryOperator::Eq, self.reference(&one)?));
            }
            let Some(on) = tree::all_of(equal) else { return Err(CompileError::Missing(join.name.clone())) };
            clauses.push(sqlparser::ast::Join {
                relation: tree::table(&join.to),
                global: false,
                join_operator: JoinOperator::Left(JoinConstraint::On(on)),
            });
        }
        Ok(clauses)
    }

    /// Names of the output columns: dimensions, then metrics. Equal names get their dataset in front.
    fn aliases(&self, metrics: &[&Metric]) -> Vec<String> {
        let short: Vec<String> = self.interpretation.dimensions.iter().map(Dimension::short_alias).collect();
        let metrics: Vec<String> = metrics.iter().map(|metric| metric.name.clone()).collect();
        // Engines do not tell letter case apart in names.
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let mut aliases: Vec<String> = Vec::new();
        for (dimension, alias) in self.interpretation.dimensions.iter().zip(&short) {
            let clashes = short.iter().chain(&metrics).filter(|other| same(other, alias)).count() > 1;
            let mut alias =
                if clashes { format!("{}_{alias}", dimension.field.dataset) } else { alias.clone() };
            while aliases.iter().chain(&metrics).any(|other| same(other, &alias)) {
                alias.push('_');
            }
            aliases.push(alias);
        }
        aliases.extend(metrics);
        aliases
    }

    /// As asked, then by all other output columns.
    fn order(&self, aliases: &[String]) -> Result<Vec<sqlparser::ast::OrderByExpr>, CompileError> {
        let mut columns: Vec<(&str, bool)> = Vec::new();
        for order in &self.interpretation.order {
            columns.push((self.ordered(order, aliases)?, order.descending));
        }
        for alias in aliases {
            if !columns.iter().any(|(column, _)| column == alias) {
                columns.push((alias, false));
            }
        }
        Ok(columns.into_iter().map(|(column, descending)| tree::order(column, descending)).collect())
    }

    fn ordered<'n>(&self, order: &Order, aliases: &'n [String]) -> Result<&'n str, CompileError> {
        let unknown = || CompileError::UnknownOrder(order.by.clone());
        let dimensions = &self.interpretation.dimensions;
        let metric = self.interpretation.metrics.iter().position(|name| *name == order.by);
        let index = match metric {
            Some(index) => dimensions.len() + index,
            None => {
                let mut named =
                    (0..).zip(dimensions).filter(|(_, dimension)| dimension.field.field == order.by);
                let (index, _) = named.next().ok_or_else(unknown)?;
                if named.next().is_some() {
                    return Err(unknown());
                }
                index
            }
        };
        aliases.get(index).map(String::as_str).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests;
