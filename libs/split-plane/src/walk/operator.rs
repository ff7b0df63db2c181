//! Binary operators, and the expressions that no rule takes, each by name.

use super::call::as_type;
use super::dates::{moves_time, timestamp};
use super::{Checked, DIALECT_HINT, build, instead, not_allowed};
use crate::error::GuardError;
use sqlparser::ast::{BinaryOperator, Expr};

#[expect(clippy::too_many_lines, reason = "one line for each operator that is refused by name")]
pub(super) fn join_operands(
    left: Checked,
    op: &BinaryOperator,
    right: Checked,
) -> Result<Checked, GuardError> {
    let mut facts = left.facts.with(right.facts);
    let op = match op {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo => {
            facts = facts.calculated()?;
            op.clone()
        }
        BinaryOperator::Gt
        | BinaryOperator::Lt
        | BinaryOperator::GtEq
        | BinaryOperator::LtEq
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::And
        | BinaryOperator::Or => op.clone(),
        BinaryOperator::StringConcat => {
            facts.width = super::call::sum_width([left.facts, right.facts])?;
            BinaryOperator::StringConcat
        }
        BinaryOperator::Spaceship => {
            let (left, right) = (build::operand(left.expr), build::operand(right.expr));
            let equal = Expr::IsNotDistinctFrom(Box::new(left), Box::new(right));
            return Ok(Checked::new(build::nested(equal), facts));
        }
        BinaryOperator::Regexp
        | BinaryOperator::Match
        | BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch
        | BinaryOperator::PGLikeMatch
        | BinaryOperator::PGILikeMatch
        | BinaryOperator::PGNotLikeMatch
        | BinaryOperator::PGNotILikeMatch => {
            return Err(instead("a regular expression", "write LIKE with at most two wildcards"));
        }
        BinaryOperator::Xor
        | BinaryOperator::BitwiseOr
        | BinaryOperator::BitwiseAnd
        | BinaryOperator::BitwiseXor
        | BinaryOperator::DuckIntegerDivide
        | BinaryOperator::MyIntegerDivide
        | BinaryOperator::Custom(_)
        | BinaryOperator::PGBitwiseXor
        | BinaryOperator::PGBitwiseShiftLeft
        | BinaryOperator::PGBitwiseShiftRight
        | BinaryOperator::PGExp
        | BinaryOperator::PGOverlap
        | BinaryOperator::PGStartsWith
        | BinaryOperator::Arrow
        | BinaryOperator::LongArrow
        | BinaryOperator::HashArrow
        | BinaryOperator::HashLongArrow
        | BinaryOperator::AtAt
        | BinaryOperator::AtArrow
        | BinaryOperator::ArrowAt
        | BinaryOperator::HashMinus
        | BinaryOperator::AtQuestion
        | BinaryOperator::Question
        | BinaryOperator::QuestionAnd
        | BinaryOperator::QuestionPipe
        | BinaryOperator::PGCustomBinaryOperator(_)
        | BinaryOperator::Overlaps
        | BinaryOperator::DoubleHash
        | BinaryOperator::LtDashGt
        | BinaryOperator::AndLt
        | BinaryOperator::AndGt
        | BinaryOperator::LtLtPipe
        | BinaryOperator::PipeGtGt
        | BinaryOperator::AndLtPipe
        | BinaryOperator::PipeAndGt
        | BinaryOperator::LtCaret
        | BinaryOperator::GtCaret
        | BinaryOperator::QuestionHash
        | BinaryOperator::QuestionDash
        | BinaryOperator::QuestionDashPipe
        | BinaryOperator::QuestionDoublePipe
        | BinaryOperator::At
        | BinaryOperator::TildeEq
        | BinaryOperator::Assignment => return Err(not_allowed("this operator")),
    };
    let left = if moves_time(&right.expr) { as_type(left.expr, timestamp()) } else { left.expr };
    Ok(Checked::new(build::binary(left, op, right.expr), facts))
}

/// The variants that no rule takes, by name, so that one that a new sqlparser adds does not compile here.
pub(super) fn refuse(expr: &Expr) -> Result<Checked, GuardError> {
    let what = match expr {
        Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            return Err(instead("a regular expression", "write LIKE with at most two wildcards"));
        }
        Expr::AnyOp { .. } | Expr::AllOp { .. } | Expr::InUnnest { .. } | Expr::MemberOf(_) => {
            "ANY, ALL, UNNEST or MEMBER OF"
        }
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => "grouping sets in this place",
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => "`*` in this place",
        Expr::CompoundFieldAccess { .. }
        | Expr::JsonAccess { .. }
        | Expr::Tuple(_)
        | Expr::Struct { .. }
        | Expr::Named { .. }
        | Expr::Dictionary(_)
        | Expr::Map(_)
        | Expr::Array(_)
        | Expr::Lambda(_) => "a nested value",
        Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsNormalized { .. }
        | Expr::Convert { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Overlay { .. }
        | Expr::Collate { .. }
        | Expr::Prefixed { .. }
        | Expr::MatchAgainst { .. }
        | Expr::OuterJoin(_)
        | Expr::Prior(_) => "this kind of expression",
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Interval(_)
        | Expr::Nested(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Between { .. }
        | Expr::BinaryOp { .. }
        | Expr::UnaryOp { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::Case { .. }
        | Expr::Cast { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Function(_) => "an expression in this place",
    };
    Err(GuardError::not_allowed(format!("{what} is not allowed"), DIALECT_HINT))
}
