//! Figures of several datasets and periods side by side, what is derived from them, and bounds on them.
//!
//! Each part is added up by itself ([`Branch`]); parts are laid one under the other and folded by the
//! dimensions, where a row without a value of a dimension is a group like any other.

use super::branch::{Branch, Slot};
use super::total::total;
use super::{Columns, Compiler, tree};
use crate::expression::{aggregates, ident, replace_aggregates};
use crate::joins::grain_of;
use crate::{Bound, CompileError, Derived, Metric};
use sqlparser::ast::{BinaryOperator, Expr, Select, SelectItem, SetExpr, TableWithJoins, Value};

/// Names of the subqueries.
const PARTS: &str = "parts";
const FIGURES: &str = "figures";
const ANSWER: &str = "answer";

/// Digits after the point of a percentage.
const PERCENT_DIGITS: i64 = 2;

/// An aggregate of a metric, in one period: a column of the parts.
struct Part<'m> {
    name: String,
    slot: Slot,
    grain: &'m str,
    aggregate: Expr,
}

impl Compiler<'_> {
    pub(super) fn combined(
        &self,
        grains: &[&str],
        metrics: &[&Metric],
        columns: &Columns,
    ) -> Result<Select, CompileError> {
        let compared = self.interpretation.comparison.is_some();
        let figures = match grains {
            [base] if !compared => {
                let branch = Branch { compiler: self, base, slot: Slot::Now };
                let figures = metrics.iter().map(|metric| total(&metric.expression));
                branch.select(&columns.dimensions, columns.metrics.iter().cloned().zip(figures))?
            }
            _ => self.folded(grains, metrics, columns)?,
        };
        if self.interpretation.derived().is_empty() && self.interpretation.thresholds.is_empty() {
            return Ok(figures);
        }
        let answer = self.derived(figures, columns);
        if self.interpretation.thresholds.is_empty() {
            return Ok(answer);
        }
        let conditions = self.bounds()?;
        let projection = columns.all.iter().map(|name| bare(name)).collect();
        Ok(tree::select(projection, from(ANSWER, answer), tree::all_of(conditions), Vec::new()))
    }

    /// One row for each group of any part.
    fn folded(
        &self,
        grains: &[&str],
        metrics: &[&Metric],
        columns: &Columns,
    ) -> Result<Select, CompileError> {
        let before = self.interpretation.comparison.is_some().then_some(Slot::Before);
        let slots: Vec<Slot> = std::iter::once(Slot::Now).chain(before).collect();
        let mut parts: Vec<Part<'_>> = Vec::new();
        let mut projection: Vec<SelectItem> = columns.dimensions.iter().map(|name| bare(name)).collect();
        for (metric, name) in metrics.iter().zip(&columns.metrics) {
            for slot in &slots {
                let figure = self.part_of(metric, *slot, grains, &mut parts);
                let alias = match slot {
                    Slot::Now => name.clone(),
                    Slot::Before => Derived::Before.column(name),
                };
                projection.push(SelectItem::ExprWithAlias { expr: figure, alias: ident(&alias) });
            }
        }
        let mut union: Option<SetExpr> = None;
        for slot in &slots {
            for base in grains {
                let branch = Branch { compiler: self, base, slot: *slot };
                let own = |part: &Part<'_>| {
                    let is_own = part.slot == *slot && part.grain == *base;
                    let value = if is_own { part.aggregate.clone() } else { tree::value(Value::Null) };
                    (part.name.clone(), value)
                };
                let select = branch.select(&columns.dimensions, parts.iter().map(own))?;
                let select = SetExpr::Select(Box::new(select));
                union = Some(match union {
                    None => select,
                    Some(before) => tree::union_all(before, select),
                });
            }
        }
        let union = union.ok_or(CompileError::NoMetric)?;
        let group_by = columns.dimensions.iter().map(|name| Expr::Identifier(ident(name))).collect();
        let parts = TableWithJoins { relation: tree::subquery(union, PARTS), joins: Vec::new() };
        Ok(tree::select(projection, parts, None, group_by))
    }

    /// A metric's expression over the columns of the parts, which it adds to.
    fn part_of<'m>(
        &self,
        metric: &Metric,
        slot: Slot,
        grains: &[&'m str],
        parts: &mut Vec<Part<'m>>,
    ) -> Expr {
        let first = grains.iter().find(|grain| metric.grains.first().is_some_and(|own| own == **grain));
        let mut figure = total(&metric.expression);
        for aggregate in aggregates(&figure) {
            let own = grain_of(&aggregate, self.model).ok().flatten();
            let grain = grains.iter().find(|grain| own.as_deref() == Some(**grain)).or(first);
            let Some(grain) = grain else { continue };
            let known = parts.iter().any(|part| part.slot == slot && part.aggregate == aggregate);
            if !known {
                let name = format!("part_{}", parts.len());
                parts.push(Part { name, slot, grain, aggregate });
            }
        }
        replace_aggregates(&mut figure, |aggregate| {
            let part = parts.iter().find(|part| part.slot == slot && part.aggregate == *aggregate);
            let name = part.map_or("", |part| part.name.as_str());
            // Of each group one part has a value, the others have none.
            let value = tree::call("max", [Expr::Identifier(ident(name))]);
            // No rows are a count of zero, as they are where the group has rows of other kinds.
            if is_count(aggregate) { tree::call("coalesce", [value, tree::number(0)]) } else { value }
        });
        figure
    }

    /// Each figure, followed by what is derived from it.
    fn derived(&self, figures: Select, columns: &Columns) -> Select {
        let mut projection: Vec<SelectItem> = columns.dimensions.iter().map(|name| bare(name)).collect();
        for metric in &columns.metrics {
            projection.push(bare(metric));
            let (now, before) = (column(metric), column(&Derived::Before.column(metric)));
            let change = || tree::binary(now.clone(), BinaryOperator::Minus, before.clone());
            for derived in self.interpretation.derived() {
                let expr = match derived {
                    Derived::Before => before.clone(),
                    Derived::Change => change(),
                    Derived::Growth => percent(change(), tree::double(tree::call("abs", [before.clone()]))),
                    Derived::Share => percent(now.clone(), tree::over_all("sum", tree::double(now.clone()))),
                };
                let alias = ident(&derived.column(metric));
                projection.push(match derived {
                    Derived::Before => SelectItem::UnnamedExpr(expr),
                    Derived::Change | Derived::Growth | Derived::Share => {
                        SelectItem::ExprWithAlias { expr, alias }
                    }
                });
            }
        }
        tree::select(projection, from(FIGURES, figures), None, Vec::new())
    }

    fn bounds(&self) -> Result<Vec<Expr>, CompileError> {
        let mut conditions = Vec::new();
        for threshold in &self.interpretation.thresholds {
            let number: splitplane_types::Decimal =
                threshold.value.parse().or(Err(CompileError::NotANumber))?;
            let op = match threshold.bound {
                Bound::MoreThan => BinaryOperator::Gt,
                Bound::AtLeast => BinaryOperator::GtEq,
                Bound::LessThan => BinaryOperator::Lt,
                Bound::AtMost => BinaryOperator::LtEq,
                Bound::Exactly => BinaryOperator::Eq,
            };
            conditions.push(tree::binary(column(&threshold.by), op, tree::decimal(number)));
        }
        Ok(conditions)
    }
}

/// `part` in percent of `whole`, a double; nothing where that is zero. Quotients of exact decimals of many digits
/// do not fit into one.
fn percent(part: Expr, whole: Expr) -> Expr {
    let hundredfold = tree::binary(tree::double(part), BinaryOperator::Multiply, tree::number(100));
    let whole = tree::call("nullif", [whole, tree::number(0)]);
    let ratio = tree::binary(hundredfold, BinaryOperator::Divide, whole);
    tree::call("round", [ratio, tree::number(PERCENT_DIGITS)])
}

fn is_count(aggregate: &Expr) -> bool {
    let Expr::Function(call) = aggregate else { return false };
    let name = call.name.to_string();
    name.eq_ignore_ascii_case("count") || name.eq_ignore_ascii_case("count_if")
}

fn column(name: &str) -> Expr {
    Expr::Identifier(ident(name))
}

fn bare(name: &str) -> SelectItem {
    SelectItem::UnnamedExpr(column(name))
}

fn from(alias: &str, select: Select) -> TableWithJoins {
    TableWithJoins { relation: tree::subquery(SetExpr::Select(Box::new(select)), alias), joins: Vec::new() }
}

#[cfg(test)]
mod tests;
