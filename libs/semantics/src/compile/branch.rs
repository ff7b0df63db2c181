//! One dataset added up by itself: its rows of one period, joined to what they are grouped and filtered by.
//!
//! Decides joins, conditions and groups. What the figures of several such queries give together is not
//! known here.

use super::{BoundFilter, Compiler, period, tree};
use crate::calendar::{Shift, shift};
use crate::expression::{aggregates, ident};
use crate::joins::{datasets_of, grain_of, joins, time_field};
use crate::{CompileError, Dimension, FieldRef, Grain, Period, Relationship};
use splitplane_types::DataType;
use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, Select, SelectItem, TableWithJoins, Value,
};

/// Which of the two periods of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The period asked about.
    Now,
    /// The one that it is compared with.
    Before,
}

/// The rows of one dataset in one period.
pub(super) struct Branch<'c, 'a> {
    pub(super) compiler: &'c Compiler<'a>,
    pub(super) base: &'c str,
    pub(super) slot: Slot,
}

impl Branch<'_, '_> {
    /// The dimensions under their names, then `figures`: grouped, in no order.
    pub(super) fn select(
        &self,
        dimensions: &[String],
        figures: impl Iterator<Item = (String, Expr)>,
    ) -> Result<Select, CompileError> {
        let (compiler, base) = (self.compiler, self.base);
        let bound = compiler.bound_filters()?;
        let time = match self.period() {
            None => None,
            Some(period) => {
                Some((period, time_field(compiler.model, base).ok_or(CompileError::NoTimeField)?))
            }
        };
        let figures: Vec<(String, Expr)> = figures.collect();
        let mut reached: Vec<String> = Vec::new();
        for (_, figure) in &figures {
            self.reach(figure, &mut reached)?;
        }
        let asked =
            compiler.interpretation.dimensions.iter().map(|dimension| dimension.field.dataset.as_str());
        let filtered = bound.iter().flat_map(|(_, filters)| filters).map(|filter| filter.relation.as_str());
        let timed = time.iter().map(|(_, field)| field.dataset.as_str());
        let needed = asked.chain(filtered).chain(timed).chain(reached.iter().map(String::as_str));
        let joins = joins(compiler.model, base, needed)?;

        let mut projection = Vec::new();
        let mut group_by = Vec::new();
        for (dimension, alias) in compiler.interpretation.dimensions.iter().zip(dimensions) {
            let expression = self.dimension(dimension)?;
            group_by.push(expression.clone());
            projection.push(SelectItem::ExprWithAlias { expr: expression, alias: ident(alias) });
        }
        let named = |(alias, expr): (String, Expr)| SelectItem::ExprWithAlias { expr, alias: ident(&alias) };
        projection.extend(figures.into_iter().map(named));
        let mut conditions = match &time {
            None => Vec::new(),
            Some((period, field)) => {
                period::conditions(period, self.reference(field)?, compiler.column(field)?)?
            }
        };
        for (negated, filters) in bound {
            conditions.extend(self.filter(&filters, negated)?);
        }
        let from = TableWithJoins { relation: tree::table(base), joins: self.join_clauses(&joins)? };
        Ok(tree::select(projection, from, tree::all_of(conditions), group_by))
    }

    fn period(&self) -> Option<&Period> {
        match self.slot {
            Slot::Now => self.compiler.interpretation.period.as_ref(),
            Slot::Before => self.compiler.interpretation.comparison.as_ref(),
        }
    }

    /// The datasets that the aggregates of a figure join to this one, and that all of its columns are there.
    fn reach(&self, figure: &Expr, reached: &mut Vec<String>) -> Result<(), CompileError> {
        for aggregate in aggregates(figure) {
            if grain_of(&aggregate, self.compiler.model)
                .is_ok_and(|grain| grain.as_deref() == Some(self.base))
            {
                reached.extend(datasets_of(&aggregate));
            }
        }
        for (parts, _) in crate::expression::Names::of(figure).names {
            if let [dataset, field] = parts.as_slice() {
                self.compiler.column(&FieldRef { dataset: dataset.clone(), field: field.clone() })?;
            }
        }
        Ok(())
    }

    fn reference(&self, field: &FieldRef) -> Result<Expr, CompileError> {
        self.compiler.column(field)?;
        Ok(tree::reference(&field.dataset, &field.field))
    }

    fn dimension(&self, dimension: &Dimension) -> Result<Expr, CompileError> {
        let column = self.compiler.column(&dimension.field)?;
        let buckets = self.compiler.interpretation.buckets;
        let mut reference = self.reference(&dimension.field)?;
        if column.data_type == DataType::Timestamp && dimension.grain.is_some() {
            // A column of dates holds the days as the calendar counts them already.
            reference = tree::minutes_before(buckets.minutes_after_midnight(), reference);
        }
        let is_time =
            matches!(column.data_type, DataType::Date | DataType::Timestamp | DataType::TimestampTz);
        let moved = if is_time { self.moved(dimension, reference)? } else { reference };
        let Some(grain) = dimension.grain else { return Ok(moved) };
        match (column.data_type, grain) {
            (DataType::Date, Grain::Day) => Ok(moved),
            (DataType::Date | DataType::Timestamp, Grain::Week) => Ok(tree::week(buckets, moved)),
            (DataType::Date | DataType::Timestamp, _) => Ok(tree::date_trunc(grain, moved)),
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

    /// A time of the period before, moved to where it stands beside one of the period asked about.
    fn moved(&self, dimension: &Dimension, reference: Expr) -> Result<Expr, CompileError> {
        let asked = self.compiler.interpretation;
        let (Slot::Before, Some(period), Some(before)) = (self.slot, &asked.period, &asked.comparison) else {
            return Ok(reference);
        };
        let unaligned = || CompileError::Unaligned(dimension.field.field.clone());
        // Moving by days gives dates, so a time of day would be lost.
        let column = self.compiler.column(&dimension.field)?;
        if dimension.grain.is_none() && column.data_type != DataType::Date {
            return Err(unaligned());
        }
        match shift(dimension.grain, period, before).ok_or_else(unaligned)? {
            Shift::Months(months) => Ok(tree::call("add_months", [reference, tree::number(months)])),
            Shift::Days(days) => Ok(tree::call("date_add", [reference, tree::number(days)])),
        }
    }

    /// One condition for each column of a filter: its value is one of those asked for, or none of them.
    fn filter(&self, bound: &[&BoundFilter], negated: bool) -> Result<Vec<Expr>, CompileError> {
        let mut columns: Vec<FieldRef> = Vec::new();
        for binding in bound {
            let field = FieldRef { dataset: binding.relation.clone(), field: binding.column.clone() };
            if !columns.contains(&field) {
                columns.push(field);
            }
        }
        let mut conditions = Vec::new();
        for field in columns {
            let reference = self.reference(&field)?;
            let of_field = bound.iter().filter(|b| b.relation == field.dataset && b.column == field.field);
            let values = of_field.map(|b| tree::value(Value::Placeholder(b.parameter.clone())));
            let op = if negated { BinaryOperator::NotEq } else { BinaryOperator::Eq };
            let each: Vec<Expr> =
                values.map(|value| tree::binary(reference.clone(), op.clone(), value)).collect();
            if negated {
                // A row without a value is not one of those that were to be left out.
                let absent = Expr::IsNull(Box::new(reference));
                let Some(none) = tree::all_of(each) else { continue };
                conditions.push(tree::nested(tree::binary(none, BinaryOperator::Or, absent)));
            } else {
                let several = each.len() > 1;
                let Some(any) = tree::any_of(each) else { continue };
                conditions.push(if several { tree::nested(any) } else { any });
            }
        }
        Ok(conditions)
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
}
