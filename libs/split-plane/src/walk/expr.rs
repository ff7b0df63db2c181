//! Expressions: operators, CASE, CAST, subqueries. Calls stand in [`super::call`].
//!
//! The match over expressions only hands on: it runs once per level, so its own frame has to be small.

use super::literal::{cast_type, is_literal};
use super::operator::{join_operands, refuse};
use super::place::Node;
use super::{Checked, Facts, Origin, Walk, build, instead, not_allowed};
use crate::bounds::{CHAIN_MAX, IN_LIST_MAX};
use crate::error::GuardError;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastFormat, CastKind, DataType, Expr, Query, UnaryOperator, ValueWithSpan,
};

impl Walk<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Checked, GuardError> {
        self.spend(1)?;
        self.deeper(|walk| walk.expr_here(expr)).map_err(|error| Node::Expr(expr).place(error))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`refuse` names every other variant")]
    fn expr_here(&mut self, expr: &Expr) -> Result<Checked, GuardError> {
        match expr {
            Expr::Identifier(ident) => self.bare_column(ident),
            Expr::CompoundIdentifier(parts) => self.qualified_column(parts),
            Expr::Value(value) => self.value(value),
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Interval(interval) => self.interval(interval),
            Expr::Nested(inner) => self.around(inner, Expr::Nested),
            Expr::IsFalse(inner) => self.around(inner, Expr::IsFalse),
            Expr::IsNotFalse(inner) => self.around(inner, Expr::IsNotFalse),
            Expr::IsTrue(inner) => self.around(inner, Expr::IsTrue),
            Expr::IsNotTrue(inner) => self.around(inner, Expr::IsNotTrue),
            Expr::IsNull(inner) => self.around(inner, Expr::IsNull),
            Expr::IsNotNull(inner) => self.around(inner, Expr::IsNotNull),
            Expr::IsDistinctFrom(left, right) => self.compare(left, right, Expr::IsDistinctFrom),
            Expr::IsNotDistinctFrom(left, right) => self.compare(left, right, Expr::IsNotDistinctFrom),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, *negated),
            Expr::Exists { subquery, negated } => self.exists(subquery, *negated),
            Expr::Subquery(subquery) => self.scalar_subquery(subquery),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            Expr::BinaryOp { left: _, op: _, right: _ } => self.chain(expr),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::Like { negated, any, expr, pattern, escape_char } => self.like(
                expr,
                pattern,
                Like { negated: *negated, folds_case: false },
                *any,
                escape_char.as_ref(),
            ),
            Expr::ILike { negated, any, expr, pattern, escape_char } => self.like(
                expr,
                pattern,
                Like { negated: *negated, folds_case: true },
                *any,
                escape_char.as_ref(),
            ),
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Cast { kind, expr, data_type, array, format } => {
                self.cast(kind, expr, data_type, *array, format.as_ref())
            }
            Expr::Extract { field, syntax: _, expr } => self.extract(field, expr),
            Expr::Ceil { expr, field } => self.round_to_whole(expr, field, true),
            Expr::Floor { expr, field } => self.round_to_whole(expr, field, false),
            Expr::Position { expr, r#in } => self.position(expr, r#in),
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                self.substring(expr, substring_from.as_deref(), substring_for.as_deref())
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                self.trim(*trim_where, trim_what.as_deref(), expr, trim_characters.as_deref())
            }
            Expr::Function(function) => self.function(function),
            refused => refuse(refused),
        }
    }

    fn around(&mut self, inner: &Expr, node: fn(Box<Expr>) -> Expr) -> Result<Checked, GuardError> {
        let Checked { expr, facts } = self.expr(inner)?;
        Ok(Checked::new(node(Box::new(expr)), facts))
    }

    fn compare(
        &mut self,
        left: &Expr,
        right: &Expr,
        node: fn(Box<Expr>, Box<Expr>) -> Expr,
    ) -> Result<Checked, GuardError> {
        let left = self.expr(left)?;
        let right = self.expr(right)?;
        let facts = left.facts.with(right.facts);
        Ok(Checked::new(node(Box::new(left.expr), Box::new(right.expr)), facts))
    }

    /// A chain of binary operators, walked in a loop: `a + b + c + ..` is as deep as it is long.
    fn chain(&mut self, chain: &Expr) -> Result<Checked, GuardError> {
        let mut spine = Vec::new();
        let mut first = chain;
        while let Expr::BinaryOp { left, op, right } = first {
            spine.push((op, right));
            first = left;
        }
        if spine.len() > CHAIN_MAX {
            return Err(GuardError::too_complex(format!("more than {CHAIN_MAX} operators in a row")));
        }
        // Eight operators in a row count as a level: a tree is as deep as they are long.
        self.deepest = self.deepest.max(self.depth + spine.len() / 8);
        let mut whole = self.expr(first)?;
        for (op, right) in spine.into_iter().rev() {
            let right = self.expr(right)?;
            whole = join_operands(whole, op, right)?;
        }
        Ok(whole)
    }

    fn unary(&mut self, op: UnaryOperator, inner: &Expr) -> Result<Checked, GuardError> {
        let op = match op {
            UnaryOperator::Minus => UnaryOperator::Minus,
            UnaryOperator::Not | UnaryOperator::BangNot => UnaryOperator::Not,
            UnaryOperator::Plus => return self.expr(inner),
            UnaryOperator::AtDashAt
            | UnaryOperator::BitwiseNot
            | UnaryOperator::DoubleAt
            | UnaryOperator::Hash
            | UnaryOperator::PGAbs
            | UnaryOperator::PGCubeRoot
            | UnaryOperator::PGPostfixFactorial
            | UnaryOperator::PGPrefixFactorial
            | UnaryOperator::PGSquareRoot
            | UnaryOperator::QuestionDash
            | UnaryOperator::QuestionPipe => return Err(not_allowed("this operator")),
        };
        let Checked { expr, facts } = self.expr(inner)?;
        let facts = facts.with(Facts::MADE);
        if op == UnaryOperator::Minus && !matches!(expr, Expr::Value(_)) {
            // Taken from zero, the smallest number of a type fails instead of staying negative.
            let negative = build::binary(build::number("0"), BinaryOperator::Minus, build::operand(expr));
            return Ok(Checked::new(build::nested(negative), facts.calculated()?));
        }
        let expr = if matches!(expr, Expr::UnaryOp { .. }) { build::nested(expr) } else { expr };
        Ok(Checked::new(Expr::UnaryOp { op, expr: Box::new(expr) }, facts))
    }

    fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool) -> Result<Checked, GuardError> {
        if list.len() > IN_LIST_MAX {
            return Err(GuardError::too_complex(format!("IN with more than {IN_LIST_MAX} literals")));
        }
        if list.is_empty() || !list.iter().all(is_literal) {
            return Err(instead(
                "IN with something other than literals",
                "write = and OR for computed values",
            ));
        }
        let tested = self.expr(expr)?;
        let mut literals = Vec::with_capacity(list.len());
        for literal in list {
            // Not counted as nodes: a list has a bound of its own.
            literals.push(self.expr_here(literal)?.expr);
        }
        let expr = Box::new(tested.expr);
        Ok(Checked::new(Expr::InList { expr, list: literals, negated }, tested.facts.with(Facts::MADE)))
    }

    fn in_subquery(&mut self, expr: &Expr, subquery: &Query, negated: bool) -> Result<Checked, GuardError> {
        let tested = self.expr(expr)?;
        let subquery = self.one_column(subquery)?;
        let facts = tested.facts.with(subquery.facts);
        let Expr::Subquery(subquery) = subquery.expr else { return Err(not_allowed("this kind of IN")) };
        Ok(Checked::new(Expr::InSubquery { expr: Box::new(tested.expr), subquery, negated }, facts))
    }

    fn scalar_subquery(&mut self, subquery: &Query) -> Result<Checked, GuardError> {
        self.one_column(subquery)
    }

    fn one_column(&mut self, subquery: &Query) -> Result<Checked, GuardError> {
        let (query, output) = self.query(subquery, false)?;
        let [column] = output.columns.as_slice() else {
            return Err(GuardError::not_allowed("a subquery of several columns", "select one column"));
        };
        let facts = Facts { origin: column.origin, width: column.width, ..Facts::PLAIN };
        Ok(Checked::new(Expr::Subquery(query), facts))
    }

    fn exists(&mut self, subquery: &Query, negated: bool) -> Result<Checked, GuardError> {
        let (query, output) = self.query(subquery, false)?;
        let origin = if output.touches { Origin::Traced } else { Origin::Made };
        let facts = Facts { origin, ..Facts::PLAIN };
        Ok(Checked::new(Expr::Exists { subquery: query, negated }, facts))
    }

    fn between(
        &mut self,
        expr: &Expr,
        negated: bool,
        low: &Expr,
        high: &Expr,
    ) -> Result<Checked, GuardError> {
        let parts = [self.expr(expr)?, self.expr(low)?, self.expr(high)?];
        let facts = Facts::of(&parts);
        let [expr, low, high] = parts.map(|part| Box::new(part.expr));
        Ok(Checked::new(Expr::Between { expr, negated, low, high }, facts))
    }

    fn like(
        &mut self,
        expr: &Expr,
        pattern: &Expr,
        like: Like,
        any: bool,
        escape: Option<&ValueWithSpan>,
    ) -> Result<Checked, GuardError> {
        if any || escape.is_some() {
            return Err(instead("LIKE ANY or ESCAPE", "write one LIKE for each pattern, with OR"));
        }
        let tested = self.expr(expr)?;
        let expr = Box::new(tested.expr);
        let pattern = Box::new(self.pattern(pattern)?);
        let Like { negated, folds_case } = like;
        let node = if folds_case {
            Expr::ILike { negated, any: false, expr, pattern, escape_char: None }
        } else {
            Expr::Like { negated, any: false, expr, pattern, escape_char: None }
        };
        Ok(Checked::new(node, tested.facts.with(Facts::MADE)))
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<Checked, GuardError> {
        let mut facts = Facts::MADE;
        let mut walked = |walk: &mut Self, expr: &Expr| {
            let checked = walk.expr(expr)?;
            facts = facts.with(checked.facts);
            Ok::<_, GuardError>(checked.expr)
        };
        let operand = operand.map(|operand| walked(self, operand)).transpose()?.map(Box::new);
        let mut built = Vec::with_capacity(conditions.len());
        for CaseWhen { condition, result } in conditions {
            built.push(CaseWhen { condition: walked(self, condition)?, result: walked(self, result)? });
        }
        let else_result = otherwise.map(|otherwise| walked(self, otherwise)).transpose()?.map(Box::new);
        let case = Expr::Case {
            case_token: AttachedToken::empty(),
            end_token: AttachedToken::empty(),
            operand,
            conditions: built,
            else_result,
        };
        Ok(Checked::new(case, facts))
    }

    /// A value as text: the engine's own casts write some types in another way.
    pub(super) fn as_text(&mut self, value: &Expr) -> Result<Checked, GuardError> {
        let Checked { expr, facts } = self.expr(value)?;
        Ok(Checked::new(Expr::Function(build::function("string", vec![expr])), facts))
    }

    fn cast(
        &mut self,
        kind: &CastKind,
        expr: &Expr,
        data_type: &DataType,
        array: bool,
        format: Option<&CastFormat>,
    ) -> Result<Checked, GuardError> {
        let kind = match kind {
            CastKind::Cast | CastKind::DoubleColon => CastKind::Cast,
            CastKind::TryCast => CastKind::TryCast,
            CastKind::SafeCast => return Err(not_allowed("SAFE_CAST")),
        };
        if array || format.is_some() {
            return Err(not_allowed("a cast to an array or with a format"));
        }
        let data_type = cast_type(data_type)?;
        if matches!(data_type, DataType::String(_)) {
            return self.as_text(expr);
        }
        let Checked { expr, facts } = self.expr(expr)?;
        let stays_plain = matches!(data_type, DataType::Date | DataType::Timestamp(..));
        let facts = if stays_plain { facts } else { facts.with(Facts::MADE) };
        Ok(Checked::new(
            Expr::Cast { kind, expr: Box::new(expr), data_type, array: false, format: None },
            facts,
        ))
    }
}

/// Which LIKE.
#[derive(Debug, Clone, Copy)]
struct Like {
    negated: bool,
    folds_case: bool,
}
