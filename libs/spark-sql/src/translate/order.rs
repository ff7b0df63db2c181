//! ORDER BY: positions as they are, expressions as columns that are left out in the end.

use super::Translation;
use super::term::Term;
use crate::refusal::Refusal;
use sqlparser::ast::{Expr, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Value};

/// The keys of an ORDER BY.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys<'a>(pub(super) &'a [OrderByExpr]);

impl<'a> Keys<'a> {
    pub(super) fn of(order_by: Option<&'a OrderBy>) -> Result<Self, Refusal> {
        match order_by {
            None => Ok(Self(&[])),
            Some(OrderBy { kind: OrderByKind::Expressions(keys), interpolate: None }) => Ok(Self(keys)),
            Some(OrderBy { kind: OrderByKind::All(_) | OrderByKind::Expressions(_), interpolate: _ }) => {
                Err(Refusal::Syntax("ORDER BY ALL or INTERPOLATE"))
            }
        }
    }

    /// The clause, where every key is a position.
    pub(super) fn ordinals(self) -> Result<String, Refusal> {
        let mut keys = Vec::with_capacity(self.0.len());
        for key in self.0 {
            let position = position(&key.expr).ok_or(Refusal::Syntax("ORDER BY after a set operation"))?;
            keys.push(sorted(&position.to_string(), key)?);
        }
        Ok(clause(&keys))
    }
}

/// The position that a key is.
pub(super) fn position(expr: &Expr) -> Option<u16> {
    let Expr::Value(value) = expr else { return None };
    let Value::Number(digits, false) = &value.value else { return None };
    digits.parse().ok().filter(|position| *position > 0)
}

/// A key with where it goes and where NULL goes.
pub(super) fn sorted(text: &str, key: &OrderByExpr) -> Result<String, Refusal> {
    let OrderByExpr { expr: _, options: OrderByOptions { asc, nulls_first }, with_fill: None } = key else {
        return Err(Refusal::Syntax("WITH FILL"));
    };
    let ascending = *asc != Some(false);
    let way = if ascending { "ASC" } else { "DESC" };
    let nulls = if nulls_first.unwrap_or(ascending) { "FIRST" } else { "LAST" };
    Ok(format!("{text} {way} NULLS {nulls}"))
}

/// The clause of these keys.
pub(super) fn clause(keys: &[String]) -> String {
    if keys.is_empty() { String::new() } else { format!(" ORDER BY {}", keys.join(", ")) }
}

impl Translation<'_> {
    /// A key of a window, or of texts put together.
    pub(super) fn sort_term(&mut self, key: &OrderByExpr) -> Result<Term, Refusal> {
        let term = self.expr(&key.expr)?;
        if term.literal().is_some() {
            return Err(Refusal::Syntax("an order by a constant"));
        }
        Ok(term)
    }
}
