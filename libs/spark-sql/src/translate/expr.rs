//! Expressions: which rule takes which node. What no rule names is refused.

use super::Translation;
use super::term::{Span, Term, Unit};
use crate::kind::Kind;
use crate::literal::{self, Literal};
use crate::refusal::Refusal;
use sqlparser::ast::{
    BinaryOperator, CastFormat, CeilFloorKind, DataType, DateTimeField, ExactNumberInfo, Expr, FunctionArg,
    FunctionArgExpr, FunctionArguments, Interval, TimezoneInfo, TypedString, UnaryOperator, Value,
};

impl Translation<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other node is refused")]
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Term, Refusal> {
        match expr {
            Expr::Identifier(ident) => self.bare_column(ident),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Value(value) => self.value(&value.value, false),
            Expr::TypedString(typed) => typed_string(typed),
            Expr::Interval(interval) => Ok(Term::Interval(span(interval)?)),
            Expr::Nested(inner) => self.expr(inner),
            Expr::IsFalse(inner) => self.tested(inner, "IS FALSE"),
            Expr::IsNotFalse(inner) => self.tested(inner, "IS NOT FALSE"),
            Expr::IsTrue(inner) => self.tested(inner, "IS TRUE"),
            Expr::IsNotTrue(inner) => self.tested(inner, "IS NOT TRUE"),
            Expr::IsNull(inner) => self.null_test(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.null_test(inner, "IS NOT NULL"),
            Expr::IsDistinctFrom(left, right) => {
                let same = self.comparison(left, "<=>", right)?;
                Ok(Term::written(format!("(NOT {})", self.text(same)?), Kind::Boolean))
            }
            Expr::IsNotDistinctFrom(left, right) => self.comparison(left, "<=>", right),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, *negated),
            Expr::Exists { subquery, negated } => self.exists(subquery, *negated),
            Expr::Subquery(subquery) => self.scalar_subquery(subquery),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, if *negated { "NOT LIKE" } else { "LIKE" })
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, if *negated { "NOT ILIKE" } else { "ILIKE" })
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Cast { kind: _, expr, data_type, array: false, format: None::<CastFormat> } => {
                self.cast(expr, data_type)
            }
            Expr::Extract { field, syntax: _, expr } => {
                let time = self.expr(expr)?;
                self.date_field(&field.to_string().to_ascii_lowercase(), time)
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.made_whole(expr, "ceil")
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.made_whole(expr, "floor")
            }
            Expr::Position { expr, r#in } => self.position(r#in, expr),
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                self.substring(expr, substring_from.as_deref(), substring_for.as_deref())
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters: None } => {
                self.trim(*trim_where, trim_what.as_deref(), expr)
            }
            Expr::Function(function) => self.function(function),
            _ => Err(Refusal::Syntax("this kind of expression")),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other literal is refused")]
    pub(super) fn value(&mut self, value: &Value, negative: bool) -> Result<Term, Refusal> {
        Ok(Term::Literal(match value {
            Value::Number(digits, false) => literal::number(digits, negative)?,
            Value::Null => Literal::Null,
            _ if negative => return Err(Refusal::Syntax("minus before what is no number")),
            Value::SingleQuotedString(text) => Literal::Text(text.clone()),
            Value::Boolean(truth) => Literal::Boolean(*truth),
            _ => return Err(Refusal::Syntax("this kind of literal")),
        }))
    }

    fn tested(&mut self, inner: &Expr, test: &str) -> Result<Term, Refusal> {
        let term = self.expr(inner)?;
        Ok(Term::written(format!("({} {test})", self.truth(term)?), Kind::Boolean))
    }

    fn null_test(&mut self, inner: &Expr, test: &str) -> Result<Term, Refusal> {
        let term = self.expr(inner)?;
        Ok(Term::written(format!("({} {test})", self.text(term)?), Kind::Boolean))
    }

    /// A cast; where it fails on the embedded engine, NULL.
    fn cast(&mut self, inner: &Expr, data_type: &DataType) -> Result<Term, Refusal> {
        if matches!(data_type, DataType::Int(None))
            && let Some((end, start)) = days_between(inner)
        {
            return self.days_between(end, start);
        }
        let term = self.expr(inner)?;
        let (kind, narrow) = target(data_type)?;
        let Some(narrow) = narrow else {
            // `CAST('2026-01-31' AS DATE)` is a date as a column is.
            return Ok(Term::written(self.text_as(term, kind)?, kind));
        };
        let from = term.kind();
        let possible = from.is_number() || matches!(from, Kind::Boolean | Kind::Text | Kind::Null);
        if !possible {
            return Err(Refusal::Types("a time as a number"));
        }
        // Literals keep their own type on the way.
        let text = self.text(term)?;
        let name = kind.sql().ok_or(Refusal::Types("an interval"))?;
        Ok(Term::written(format!("CAST(try_cast({text} AS {narrow}) AS {name})"), kind))
    }
}

/// The two dates of `(date_part('epoch', a) - date_part('epoch', b)) / 86400`, which is how the guard writes
/// the days between them.
fn days_between(expr: &Expr) -> Option<(&Expr, &Expr)> {
    let Expr::BinaryOp { left, op: BinaryOperator::Divide, right } = expr else { return None };
    let Expr::Nested(apart) = left.as_ref() else { return None };
    let Expr::BinaryOp { left: end, op: BinaryOperator::Minus, right: start } = apart.as_ref() else {
        return None;
    };
    (whole_number(right)? == 86_400).then_some((epoch_of(end)?, epoch_of(start)?))
}

/// The date of `date_part('epoch', CAST(a AS DATE))`.
fn epoch_of(expr: &Expr) -> Option<&Expr> {
    let Expr::Function(call) = expr else { return None };
    let FunctionArguments::List(list) = &call.args else { return None };
    let [
        FunctionArg::Unnamed(FunctionArgExpr::Expr(field)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(date)),
    ] = list.args.as_slice()
    else {
        return None;
    };
    let is_date = matches!(date, Expr::Cast { data_type: DataType::Date, .. });
    let is_epoch = call.name.to_string() == "date_part" && literal_text(field) == Some("epoch");
    (is_date && is_epoch).then_some(date)
}

/// The kind that a type of a cast becomes, and a narrower type on the way.
#[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other type is refused")]
fn target(data_type: &DataType) -> Result<(Kind, Option<&'static str>), Refusal> {
    Ok(match data_type {
        DataType::String(None) | DataType::Text | DataType::Varchar(None) => (Kind::Text, None),
        DataType::TinyInt(None) => (Kind::Integer, Some("TINYINT")),
        DataType::SmallInt(None) => (Kind::Integer, Some("SMALLINT")),
        DataType::Int(None) | DataType::Integer(None) => (Kind::Integer, Some("INT")),
        DataType::BigInt(None) => (Kind::Integer, None),
        DataType::Float(ExactNumberInfo::None) | DataType::Real => (Kind::Float, Some("FLOAT")),
        DataType::Double(ExactNumberInfo::None) | DataType::DoublePrecision => (Kind::Float, None),
        DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale))
        | DataType::Numeric(ExactNumberInfo::PrecisionAndScale(precision, scale)) => {
            let wrong = Refusal::Types("a decimal of such digits");
            let precision = u8::try_from(*precision).map_err(|_large| wrong)?;
            let scale = u8::try_from(*scale).map_err(|_large| wrong)?;
            if !(1..=38).contains(&precision) || scale > precision {
                return Err(wrong);
            }
            (Kind::Decimal { precision, scale }, None)
        }
        DataType::Boolean | DataType::Bool => (Kind::Boolean, None),
        DataType::Date => (Kind::Date, None),
        DataType::Timestamp(None, TimezoneInfo::None) | DataType::TimestampNtz(None) => {
            (Kind::Timestamp, None)
        }
        _ => return Err(Refusal::Types("a cast to this type")),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other type is refused")]
fn typed_string(typed: &TypedString) -> Result<Term, Refusal> {
    let Value::SingleQuotedString(text) = &typed.value.value else {
        return Err(Refusal::Syntax("this kind of literal"));
    };
    Ok(Term::Literal(match typed.data_type {
        DataType::Date => Literal::Date(literal::date(text)?),
        DataType::Timestamp(None, TimezoneInfo::None) => Literal::Timestamp(literal::timestamp(text)?),
        _ => return Err(Refusal::Syntax("this kind of literal")),
    }))
}

/// A literal interval, as the guard writes it: a whole number in quotes and one unit.
#[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other unit is refused")]
pub(super) fn span(interval: &Interval) -> Result<Span, Refusal> {
    let wrong = Refusal::Literal("interval");
    let Interval {
        value,
        leading_field: Some(unit),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    } = interval
    else {
        return Err(wrong);
    };
    let count = whole_number(value).ok_or(wrong)?;
    let (times, unit) = match unit {
        DateTimeField::Year => (1, Unit::Year),
        DateTimeField::Quarter => (3, Unit::Month),
        DateTimeField::Month => (1, Unit::Month),
        DateTimeField::Week(None) => (7, Unit::Day),
        DateTimeField::Day => (1, Unit::Day),
        DateTimeField::Hour => (1, Unit::Hour),
        DateTimeField::Minute => (1, Unit::Minute),
        DateTimeField::Second => (1, Unit::Second),
        _ => return Err(wrong),
    };
    Ok(Span { count: count.checked_mul(times).ok_or(wrong)?, unit })
}

/// A literal whole number, with or without quotes and a sign.
pub(super) fn whole_number(expr: &Expr) -> Option<i32> {
    if let Expr::UnaryOp { op: UnaryOperator::Minus, expr } = expr {
        return whole_number(expr)?.checked_neg();
    }
    let Expr::Value(value) = expr else { return None };
    let (Value::SingleQuotedString(digits) | Value::Number(digits, false)) = &value.value else {
        return None;
    };
    digits.trim().parse().ok()
}

/// A literal text.
pub(super) fn literal_text(expr: &Expr) -> Option<&str> {
    let Expr::Value(value) = expr else { return None };
    let Value::SingleQuotedString(text) = &value.value else { return None };
    Some(text)
}
