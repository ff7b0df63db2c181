//! Expressions of a plan, as plain functions.
//!
//! A [`Value`] travels as itself and is never read as SQL, whatever it holds. Names are quoted here, so
//! a name with a dot or a backtick is one name. There is no `try_cast`: Spark 3.5 would read one as a
//! cast that may fail.

use super::wire;
use super::wire::Expression;
use super::wire::expression::literal::LiteralType;
use super::wire::expression::{
    Alias, Cast, ExprType, ExpressionString, Literal, UnresolvedAttribute, UnresolvedFunction, cast, literal,
};
use bytes::Bytes;

/// A value of a literal or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value, of no type.
    Null,
    /// Truth value.
    Boolean(bool),
    /// Integer of 32 bits.
    Integer(i32),
    /// Integer of 64 bits.
    Long(i64),
    /// Double.
    Double(f64),
    /// Exact decimal: `digits` times ten to the power of minus `scale`.
    Decimal {
        /// All digits, as a whole number.
        digits: i128,
        /// How many digits the type has.
        precision: u8,
        /// How many of them stand behind the point.
        scale: u8,
    },
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// A time on a clock without a zone: microseconds since 1970-01-01T00:00:00.
    TimestampNtz(i64),
}

/// A literal.
#[must_use]
pub fn literal(value: Value) -> Expression {
    of(ExprType::Literal(literal_of(value)))
}

/// A column by its name, whatever characters it has.
#[must_use]
pub fn column(name: &str) -> Expression {
    field(&[name])
}

/// A field of a nested column, or a column of a named relation: the names from the outside in.
#[must_use]
pub fn field(path: &[&str]) -> Expression {
    of(ExprType::UnresolvedAttribute(UnresolvedAttribute { unparsed_identifier: identifier(path) }))
}

/// A call of a function of the engine.
#[must_use]
pub fn function(name: &str, arguments: Vec<Expression>) -> Expression {
    of(ExprType::UnresolvedFunction(UnresolvedFunction {
        function_name: name.to_owned(),
        arguments,
        is_distinct: false,
        is_user_defined_function: false,
    }))
}

/// A cast to a type, as SQL writes types. It fails on a value that does not fit, where the session is ANSI.
#[must_use]
pub fn cast(expression: Expression, to: &str) -> Expression {
    of(ExprType::Cast(Box::new(Cast {
        expr: Some(Box::new(expression)),
        cast_to_type: Some(cast::CastToType::TypeStr(to.to_owned())),
    })))
}

/// The same expression under a name.
#[must_use]
pub fn named(expression: Expression, name: &str) -> Expression {
    of(ExprType::Alias(Box::new(Alias { expr: Some(Box::new(expression)), name: vec![name.to_owned()] })))
}

/// An expression as SQL text, which the engine reads. No value belongs in here.
#[must_use]
pub fn text(sql: &str) -> Expression {
    of(ExprType::ExpressionString(ExpressionString { expression: sql.to_owned() }))
}

/// A name of several parts as engines read it, each part quoted.
pub(crate) fn identifier(parts: &[&str]) -> String {
    let quoted: Vec<String> = parts.iter().map(|part| format!("`{}`", part.replace('`', "``"))).collect();
    quoted.join(".")
}

fn of(kind: ExprType) -> Expression {
    Expression { expr_type: Some(kind) }
}

pub(crate) fn literal_of(value: Value) -> Literal {
    let kind = match value {
        Value::Null => LiteralType::Null(wire::DataType {
            kind: Some(wire::data_type::Kind::Null(wire::data_type::Plain {})),
        }),
        Value::Boolean(truth) => LiteralType::Boolean(truth),
        Value::Integer(number) => LiteralType::Integer(number),
        Value::Long(number) => LiteralType::Long(number),
        Value::Double(number) => LiteralType::Double(number),
        Value::Decimal { digits, precision, scale } => LiteralType::Decimal(literal::Decimal {
            value: decimal_text(digits, scale),
            precision: Some(i32::from(precision)),
            scale: Some(i32::from(scale)),
        }),
        Value::Text(text) => LiteralType::String(text),
        Value::Binary(bytes) => LiteralType::Binary(Bytes::from(bytes)),
        Value::Date(days) => LiteralType::Date(days),
        Value::Timestamp(micros) => LiteralType::Timestamp(micros),
        Value::TimestampNtz(micros) => LiteralType::TimestampNtz(micros),
    };
    Literal { literal_type: Some(kind) }
}

/// A decimal with all its digits, never with an exponent.
fn decimal_text(digits: i128, scale: u8) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let all = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = all.split_at_checked(all.len() - scale).unwrap_or((all.as_str(), ""));
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests;
