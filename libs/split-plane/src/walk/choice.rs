//! Calls that become other syntax; see the table of functions. Dates stand in [`super::dates`].

use super::call::sum_width;
use super::{Checked, Facts, Walk, build};
use crate::error::GuardError;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{BinaryOperator, CaseWhen, Expr};

impl Walk<'_> {
    pub(super) fn rewritten(&mut self, name: &str, args: &[&Expr]) -> Result<Checked, GuardError> {
        match (name, args) {
            ("mod", [left, right]) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                operation(left, BinaryOperator::Modulo, right)
            }
            // Only a zero on its right makes a division fail; NULL there makes it NULL.
            ("try_divide", [left, right]) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                let right = build::call("nullif", vec![right, zero()]);
                operation(left, BinaryOperator::Divide, right)
            }
            ("nullifzero", [number]) => {
                let number = self.expr(number)?;
                Ok(build::call("nullif", vec![number, zero()]))
            }
            ("zeroifnull", [number]) => {
                let number = self.expr(number)?;
                Ok(build::call("coalesce", vec![number, zero()]))
            }
            ("concat", [first, rest @ ..]) => {
                let mut whole = self.expr(first)?;
                for part in rest {
                    let part = self.expr(part)?;
                    whole = joined(whole, part)?;
                }
                Ok(Checked::new(build::operand(whole.expr), whole.facts))
            }
            ("if" | "iff", [condition, then, otherwise]) => {
                let parts = [self.expr(condition)?, self.expr(then)?, self.expr(otherwise)?];
                Ok(choose(parts))
            }
            ("nvl2", [tested, then, otherwise]) => {
                let [mut tested, then, otherwise] =
                    [self.expr(tested)?, self.expr(then)?, self.expr(otherwise)?];
                tested.expr = Expr::IsNotNull(Box::new(build::operand(tested.expr)));
                Ok(choose([tested, then, otherwise]))
            }
            ("isnull", [tested]) => self.null_test(tested, Expr::IsNull),
            ("isnotnull", [tested]) => self.null_test(tested, Expr::IsNotNull),
            ("locate" | "charindex" | "position", [what, text]) => self.position(what, text),
            _ => self.date_function(name, args),
        }
    }

    fn null_test(&mut self, tested: &Expr, node: fn(Box<Expr>) -> Expr) -> Result<Checked, GuardError> {
        let Checked { expr, facts } = self.expr(tested)?;
        Ok(Checked::new(build::nested(node(Box::new(build::operand(expr)))), facts.with(Facts::MADE)))
    }
}

fn zero() -> Checked {
    Checked::new(build::number("0"), Facts::MADE)
}

fn operation(left: Checked, op: BinaryOperator, right: Checked) -> Result<Checked, GuardError> {
    let facts = left.facts.with(right.facts).calculated()?;
    let (left, right) = (build::operand(left.expr), build::operand(right.expr));
    Ok(Checked::new(build::nested(build::binary(left, op, right)), facts))
}

/// Two texts side by side; the left one may be such a pair itself.
pub(super) fn joined(whole: Checked, part: Checked) -> Result<Checked, GuardError> {
    let mut facts = whole.facts.with(part.facts);
    facts.width = sum_width([whole.facts, part.facts])?;
    // A chain of `||` needs no brackets on its left.
    let left = if matches!(whole.expr, Expr::BinaryOp { op: BinaryOperator::StringConcat, .. }) {
        whole.expr
    } else {
        build::operand(whole.expr)
    };
    let both = build::binary(left, BinaryOperator::StringConcat, build::operand(part.expr));
    Ok(Checked::new(both, facts))
}

fn choose(parts: [Checked; 3]) -> Checked {
    let facts = Facts::of(&parts);
    let [condition, then, otherwise] = parts.map(|part| part.expr);
    let case = Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result: then }],
        else_result: Some(Box::new(otherwise)),
    };
    Checked::new(case, facts)
}
