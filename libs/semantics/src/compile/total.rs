//! Metrics whose value is missing instead of a failure.
//!
//! Decides what a division by zero is: nothing. A ratio over no rows has no value, and must not take the answer of
//! every other group away.

use super::tree;
use sqlparser::ast::{BinaryOperator, Expr, Value, visit_expressions_mut};
use std::ops::ControlFlow::{self, Continue};

/// The expression, each divisor of it nothing where it would be zero.
pub(super) fn total(expression: &Expr) -> Expr {
    let mut total = expression.clone();
    let _: ControlFlow<()> = visit_expressions_mut(&mut total, |expression| {
        if let Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Modulo, right, .. } = expression
            && !is_never_zero(right)
        {
            let divisor = std::mem::replace(right.as_mut(), tree::value(Value::Null));
            **right = tree::call("nullif", [divisor, tree::number(0)]);
        }
        Continue(())
    });
    total
}

/// A number that is not zero, or what is nothing already where it would be zero.
fn is_never_zero(divisor: &Expr) -> bool {
    if let Expr::Nested(inner) = divisor {
        return is_never_zero(inner);
    }
    if let Expr::Function(call) = divisor {
        return call.name.to_string().eq_ignore_ascii_case("nullif");
    }
    let Expr::Value(value) = divisor else { return false };
    let Value::Number(number, _) = &value.value else { return false };
    number.bytes().any(|digit| (b'1'..=b'9').contains(&digit))
}
