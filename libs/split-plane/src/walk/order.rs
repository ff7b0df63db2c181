//! ORDER BY: where NULL goes, and an order that leaves nothing to chance.
//!
//! Where rows are cut off or shown, ties would be broken by whatever order rows happen to be in. Every
//! output column is therefore added as a last key: rows that are still equal are the same row.

use super::scope::Aliases;
use super::{Checked, OutColumn, Output, Walk, build, not_allowed};
use crate::error::GuardError;
use sqlparser::ast::{Expr, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Value};
use std::rc::Rc;

/// The order that a query asks for, and whether it must be total.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ordered<'a> {
    pub(super) by: Option<&'a OrderBy>,
    pub(super) total: bool,
}

/// The output that an ORDER BY sorts.
#[derive(Debug, Clone, Copy)]
struct Sorted<'a> {
    columns: &'a [OutColumn],
    /// Expressions of the SELECT list; none after a set operation.
    expressions: &'a [Rc<Checked>],
    /// Whether only output columns can be sorted by.
    closed: bool,
}

impl Walk<'_> {
    /// The order of a set operation or of a query in brackets.
    pub(super) fn order_of_set(
        &mut self,
        wanted: Ordered<'_>,
        output: &Output,
    ) -> Result<Vec<OrderByExpr>, GuardError> {
        let sorted = Sorted { columns: &output.columns, expressions: &[], closed: true };
        self.order(wanted, sorted, output.single_row)
    }

    /// The order of a SELECT, whose frame is still the innermost.
    pub(super) fn order_of_select(
        &mut self,
        wanted: Ordered<'_>,
        output: &Output,
        expressions: &[Rc<Checked>],
        distinct: bool,
    ) -> Result<Vec<OrderByExpr>, GuardError> {
        let sorted = Sorted { columns: &output.columns, expressions, closed: distinct };
        self.order(wanted, sorted, output.single_row)
    }

    fn order(
        &mut self,
        wanted: Ordered<'_>,
        sorted: Sorted<'_>,
        single_row: bool,
    ) -> Result<Vec<OrderByExpr>, GuardError> {
        let mut keys: Vec<OrderByExpr> = Vec::new();
        match wanted.by {
            None => {}
            Some(OrderBy { kind: OrderByKind::Expressions(items), interpolate: None }) => {
                for item in items {
                    let key = self.key(item, sorted)?;
                    // A second key on the same expression never decides anything.
                    if !keys.iter().any(|other| other.expr == key.expr) {
                        keys.push(key);
                    }
                }
            }
            Some(OrderBy { kind: OrderByKind::All(options), interpolate: None }) => {
                let OrderByOptions { asc, nulls_first } = *options;
                for number in 1..=sorted.columns.len() {
                    keys.push(build::sort_key(ordinal(number), asc != Some(false), nulls_first));
                }
            }
            Some(OrderBy { kind: _, interpolate: Some(_) }) => return Err(not_allowed("INTERPOLATE")),
        }
        if wanted.total && !single_row {
            for number in 1..=sorted.columns.len() {
                let column = ordinal(number);
                if !keys.iter().any(|key| key.expr == column) {
                    keys.push(build::sort_key(column, true, None));
                }
            }
        }
        Ok(keys)
    }

    fn key(&mut self, item: &OrderByExpr, sorted: Sorted<'_>) -> Result<OrderByExpr, GuardError> {
        let OrderByExpr { expr, options: OrderByOptions { asc, nulls_first }, with_fill: None } = item else {
            return Err(not_allowed("WITH FILL"));
        };
        let expr = self.sort_expression(expr, sorted)?;
        Ok(build::sort_key(expr, *asc != Some(false), *nulls_first))
    }

    fn sort_expression(&mut self, expr: &Expr, sorted: Sorted<'_>) -> Result<Expr, GuardError> {
        if let Expr::Value(value) = expr {
            self.spend(1)?;
            let Value::Number(digits, false) = &value.value else {
                return Err(GuardError::not_allowed("ORDER BY a constant", "order by a column"));
            };
            return position(digits, sorted.columns.len());
        }
        if let Expr::Identifier(ident) = expr
            && let Some(index) =
                sorted.columns.iter().position(|column| column.name.eq_ignore_ascii_case(&ident.value))
        {
            self.spend(1)?;
            return Ok(ordinal(index + 1));
        }
        if sorted.closed && sorted.expressions.is_empty() {
            return Err(GuardError::not_allowed(
                "ORDER BY something other than an output column",
                "order by the name or the number of an output column",
            ));
        }
        self.see_aliases(Aliases::BeforeInput);
        let walked = self.expr(expr);
        self.see_aliases(Aliases::Hidden);
        let walked = walked?.expr;
        match sorted.expressions.iter().position(|output| output.expr == walked) {
            Some(index) => Ok(ordinal(index + 1)),
            None if sorted.closed => Err(GuardError::not_allowed(
                "ORDER BY something that DISTINCT has dropped",
                "order by the name or the number of an output column",
            )),
            None => Ok(walked),
        }
    }

    pub(super) fn see_aliases(&mut self, aliases: Aliases) {
        if let Some(frame) = self.frames.last_mut() {
            frame.aliases = aliases;
        }
    }
}

fn position(digits: &str, columns: usize) -> Result<Expr, GuardError> {
    match digits.parse::<usize>() {
        Ok(number) if (1..=columns).contains(&number) => Ok(ordinal(number)),
        Ok(_) | Err(_) => Err(GuardError::not_allowed(
            "ORDER BY a position that is not there",
            "order by the name of an output column",
        )),
    }
}

fn ordinal(number: usize) -> Expr {
    build::number(&number.to_string())
}
