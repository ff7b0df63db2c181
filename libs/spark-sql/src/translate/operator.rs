//! Arithmetic, `AND` and `OR`, `||`.
//!
//! Whole numbers are tried; doubles cannot fail; decimals are calculated with so many digits that the result
//! has place for every one before the point, and an operand that has more is NULL.

use super::Translation;
use super::compare::symbol;
use super::term::{Span, Term, Unit};
use crate::convert;
use crate::kind::{Digits, Kind};
use crate::literal::Literal;
use crate::refusal::Refusal;
use crate::statement::Value;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

/// One of the five operators of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Rest,
}

impl Operation {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Rest => "%",
        }
    }

    fn digits(self, left: Digits, right: Digits) -> Digits {
        match self {
            Self::Add | Self::Subtract => left.sum(right),
            Self::Multiply => left.product(right),
            Self::Divide => left.quotient(right),
            Self::Rest => left.rest(right),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other operator has a rule of its own or none")]
const fn operation(op: &BinaryOperator) -> Option<Operation> {
    Some(match op {
        BinaryOperator::Plus => Operation::Add,
        BinaryOperator::Minus => Operation::Subtract,
        BinaryOperator::Multiply => Operation::Multiply,
        BinaryOperator::Divide => Operation::Divide,
        BinaryOperator::Modulo => Operation::Rest,
        _ => return None,
    })
}

impl Translation<'_> {
    pub(super) fn binary(
        &mut self,
        whole: &Expr,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
    ) -> Result<Term, Refusal> {
        if let Some(symbol) = symbol(op) {
            return self.comparison(left, symbol, right);
        }
        if let Some(operation) = operation(op) {
            let (left, right) = (self.expr(left)?, self.expr(right)?);
            return self.calculated(left, operation, right);
        }
        if *op == BinaryOperator::And {
            return self.chain(whole, op, " AND ");
        }
        if *op == BinaryOperator::Or {
            return self.chain(whole, op, " OR ");
        }
        if *op == BinaryOperator::StringConcat {
            let mut parts = Vec::new();
            for part in operands(whole, op) {
                let term = self.expr(part)?;
                parts.push(self.words(term)?);
            }
            return Ok(Self::called("concat", &parts, Kind::Text));
        }
        Err(Refusal::Syntax("this operator"))
    }

    /// A chain of one operator in one pair of brackets: engines descend into each.
    fn chain(&mut self, whole: &Expr, op: &BinaryOperator, word: &str) -> Result<Term, Refusal> {
        let mut parts = Vec::new();
        for part in operands(whole, op) {
            let term = self.expr(part)?;
            parts.push(self.truth(term)?);
        }
        Ok(Term::written(format!("({})", parts.join(word)), Kind::Boolean))
    }

    pub(super) fn unary(&mut self, op: UnaryOperator, inner: &Expr) -> Result<Term, Refusal> {
        match (op, inner) {
            (UnaryOperator::Not, _) => {
                let term = self.expr(inner)?;
                Ok(Term::written(format!("(NOT {})", self.truth(term)?), Kind::Boolean))
            }
            (UnaryOperator::Plus, _) => self.expr(inner),
            (UnaryOperator::Minus, Expr::Value(value)) => self.value(&value.value, true),
            (UnaryOperator::Minus, _) => {
                let term = self.expr(inner)?;
                self.calculated(Term::Literal(Literal::Integer(0)), Operation::Subtract, term)
            }
            _ => Err(Refusal::Syntax("this operator")),
        }
    }

    pub(super) fn calculated(
        &mut self,
        left: Term,
        operation: Operation,
        right: Term,
    ) -> Result<Term, Refusal> {
        let wrong = Refusal::Types("arithmetic of such values");
        match (left, operation, right) {
            (time, Operation::Add, Term::Interval(span)) | (Term::Interval(span), Operation::Add, time) => {
                self.moved(time, span)
            }
            (time, Operation::Subtract, Term::Interval(span)) => {
                let count = span.count.checked_neg().ok_or(Refusal::Literal("interval"))?;
                self.moved(time, Span { count, ..span })
            }
            (day, Operation::Add | Operation::Subtract, count)
                if day.kind() == Kind::Date && count.kind() == Kind::Integer =>
            {
                let name = if operation == Operation::Add { "date_add" } else { "date_sub" };
                let count = self.small(count)?;
                Ok(Term::written(format!("{name}({}, {count})", self.text(day)?), Kind::Date))
            }
            (left, operation, right) => match (left.kind(), right.kind()) {
                (Kind::Null, other) | (other, Kind::Null) if other.is_number() || other == Kind::Null => {
                    let kind = if other == Kind::Null { Kind::Integer } else { other };
                    let kind = if operation == Operation::Divide && kind == Kind::Integer {
                        Kind::Float
                    } else {
                        kind
                    };
                    Ok(Term::written(self.text_as(Term::Literal(Literal::Null), kind)?, kind))
                }
                (one, other) if !one.is_number() || !other.is_number() => Err(wrong),
                (Kind::Float, _) | (_, Kind::Float) => self.doubles(left, operation, right),
                (Kind::Integer, Kind::Integer) if operation == Operation::Divide => {
                    self.doubles(left, operation, right)
                }
                (Kind::Integer, Kind::Integer) => self.integers(left, operation, right),
                (_, _) => self.decimals(left, operation, right),
            },
        }
    }

    fn doubles(&mut self, left: Term, operation: Operation, right: Term) -> Result<Term, Refusal> {
        let (left, right) = (self.text_as(left, Kind::Float)?, self.text_as(right, Kind::Float)?);
        let text = match operation {
            Operation::Add | Operation::Subtract | Operation::Multiply => {
                format!("({left} {} {right})", operation.symbol())
            }
            Operation::Divide | Operation::Rest => {
                // Of a negative zero, the sum with zero is zero to every engine.
                let zero = "CAST(0 AS DOUBLE)";
                format!("({left} {} nullif(({right} + {zero}), {zero}))", operation.symbol())
            }
        };
        Ok(Term::written(text, Kind::Float))
    }

    fn integers(&mut self, left: Term, operation: Operation, right: Term) -> Result<Term, Refusal> {
        let (left, right) = (self.text(left)?, self.text(right)?);
        let text = match operation {
            Operation::Add => format!("try_add({left}, {right})"),
            Operation::Subtract => format!("try_subtract({left}, {right})"),
            Operation::Multiply => format!("try_multiply({left}, {right})"),
            Operation::Rest => format!("({left} % nullif({right}, CAST(0 AS BIGINT)))"),
            Operation::Divide => return Err(Refusal::Types("a whole division")),
        };
        Ok(Term::written(text, Kind::Integer))
    }

    fn decimals(&mut self, left: Term, operation: Operation, right: Term) -> Result<Term, Refusal> {
        let wrong = Refusal::Types("arithmetic of such values");
        let mut kinds = (left.exact_kind().digits().ok_or(wrong)?, right.exact_kind().digits().ok_or(wrong)?);
        // A digit less of the longer one, until every result has its place.
        while !operation.digits(kinds.0, kinds.1).is_total() {
            let shorter = |digits: Digits| Digits { whole: digits.whole.saturating_sub(1), ..digits };
            let first = operation == Operation::Divide || kinds.0.whole >= kinds.1.whole;
            let longer = if first { &mut kinds.0 } else { &mut kinds.1 };
            if longer.whole == 0 {
                return Err(Refusal::Types("decimals of so many digits"));
            }
            *longer = shorter(*longer);
        }
        let (left, right) = (self.text_as(left, kinds.0.kind())?, self.text_as(right, kinds.1.kind())?);
        let text = match operation {
            Operation::Add | Operation::Subtract | Operation::Multiply => {
                format!("({left} {} {right})", operation.symbol())
            }
            Operation::Divide | Operation::Rest => {
                let zero = kinds.1.kind().sql().ok_or(wrong)?;
                format!("({left} {} nullif({right}, CAST(0 AS {zero})))", operation.symbol())
            }
        };
        Ok(Term::written(text, operation.digits(kinds.0, kinds.1).kind()))
    }

    /// A time moved by an interval.
    pub(super) fn moved(&mut self, time: Term, span: Span) -> Result<Term, Refusal> {
        let kind = time.kind();
        let Span { count, unit } = span;
        match kind {
            Kind::Date if unit == Unit::Day => {
                let count = self.values.put(Value::Small(count))?;
                Ok(Term::written(format!("date_add({}, {count})", self.text(time)?), kind))
            }
            Kind::Date if unit.is_of_day() => {
                let time = Term::written(self.text_as(time, Kind::Timestamp)?, Kind::Timestamp);
                self.moved(time, span)
            }
            // Months are added plainly and tried as a whole: not every engine tries to add them to a time.
            Kind::Timestamp | Kind::TimestampTz if !unit.is_of_day() && unit != Unit::Day => {
                let sign = if count < 0 { "-" } else { "+" };
                let (count, unit) = (count.unsigned_abs(), unit.word());
                let text = self.text(time)?;
                Ok(Term::written(convert::sealed(&format!("({text} {sign} INTERVAL {count} {unit})")), kind))
            }
            Kind::Date | Kind::Timestamp | Kind::TimestampTz => {
                let name = if count < 0 { "try_subtract" } else { "try_add" };
                let (count, unit) = (count.unsigned_abs(), unit.word());
                Ok(Term::written(format!("{name}({}, INTERVAL {count} {unit})", self.text(time)?), kind))
            }
            Kind::Boolean
            | Kind::Integer
            | Kind::Decimal { .. }
            | Kind::Float
            | Kind::Text
            | Kind::Interval
            | Kind::Null => Err(Refusal::Types("an interval beside what is no time")),
        }
    }

    /// A whole number as an INT, for functions that take no other.
    pub(super) fn small(&mut self, count: Term) -> Result<String, Refusal> {
        if let Some(Literal::Integer(value)) = count.literal() {
            let value = i32::try_from(*value).map_err(|_large| Refusal::Literal("count"))?;
            return self.values.put(Value::Small(value));
        }
        let text = self.text_as(count, Kind::Integer)?;
        Ok(format!("try_cast({text} AS INT)"))
    }
}

/// The operands of a chain of one operator, in order, found in a loop: it is as deep as it is long.
fn operands<'e>(chain: &'e Expr, op: &BinaryOperator) -> Vec<&'e Expr> {
    let mut last_first = Vec::new();
    let mut whole = chain;
    while let Expr::BinaryOp { left, op: this, right } = whole
        && this == op
    {
        last_first.push(right.as_ref());
        whole = left;
    }
    last_first.push(whole);
    last_first.reverse();
    last_first
}
