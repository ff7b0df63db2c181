//! Literals, parameters, types of casts, patterns of LIKE.

use super::{Checked, Facts, Walk, build, not_allowed};
use crate::error::GuardError;
use sqlparser::ast::{
    CharacterLength, DataType, ExactNumberInfo, Expr, TimezoneInfo, TypedString, UnaryOperator, Value,
    ValueWithSpan,
};

/// Characters of a number.
const NUMBER_BYTES_MAX: usize = 40;
/// Bytes of text that count as one text of the input.
const TEXT_BYTES_PER_WIDTH: usize = 256;
const WILDCARD_RUNS_MAX: usize = 2;

impl Walk<'_> {
    pub(super) fn value(&mut self, value: &ValueWithSpan) -> Result<Checked, GuardError> {
        let ValueWithSpan { value, span } = value;
        let place = |error: GuardError| error.at(span.start.line, span.start.column);
        match value {
            Value::Number(digits, false) if digits.len() <= NUMBER_BYTES_MAX => {
                Ok(Checked::new(build::number(digits), Facts::MADE))
            }
            Value::Number(_, _) => Err(place(not_allowed("this spelling of a number"))),
            Value::SingleQuotedString(text) => plain_text(text).map_err(place),
            Value::Boolean(truth) => {
                Ok(Checked::new(Expr::Value(Value::Boolean(*truth).with_empty_span()), Facts::PLAIN))
            }
            Value::Null => Ok(Checked::new(Expr::Value(Value::Null.with_empty_span()), Facts::PLAIN)),
            Value::Placeholder(name) => self.parameter(name).map_err(place),
            Value::DoubleQuotedString(_) => Err(place(GuardError::not_allowed(
                "double quotes",
                "write text in single quotes and names in backticks",
            ))),
            Value::DollarQuotedString(_)
            | Value::TripleSingleQuotedString(_)
            | Value::TripleDoubleQuotedString(_)
            | Value::EscapedStringLiteral(_)
            | Value::UnicodeStringLiteral(_)
            | Value::SingleQuotedByteStringLiteral(_)
            | Value::DoubleQuotedByteStringLiteral(_)
            | Value::TripleSingleQuotedByteStringLiteral(_)
            | Value::TripleDoubleQuotedByteStringLiteral(_)
            | Value::SingleQuotedRawStringLiteral(_)
            | Value::DoubleQuotedRawStringLiteral(_)
            | Value::TripleSingleQuotedRawStringLiteral(_)
            | Value::TripleDoubleQuotedRawStringLiteral(_)
            | Value::NationalStringLiteral(_)
            | Value::QuoteDelimitedStringLiteral(_)
            | Value::NationalQuoteDelimitedStringLiteral(_)
            | Value::HexStringLiteral(_) => Err(place(not_allowed("this kind of literal"))),
        }
    }

    /// A declared parameter becomes a literal of its value; it is never pasted into a text.
    fn parameter(&mut self, name: &str) -> Result<Checked, GuardError> {
        let declared = name.strip_prefix(':').and_then(|name| self.view.parameter(name));
        match declared {
            Some(value) => Ok(Checked::new(build::text(value), text_facts(value))),
            None => Err(not_allowed("a parameter that is not declared")),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other type is refused")]
    pub(super) fn typed_string(&mut self, typed: &TypedString) -> Result<Checked, GuardError> {
        let TypedString { data_type, value, uses_odbc_syntax: false } = typed else {
            return Err(not_allowed("the ODBC spelling of a literal"));
        };
        let data_type = match data_type {
            DataType::Date => DataType::Date,
            DataType::Timestamp(None, TimezoneInfo::None) => DataType::Timestamp(None, TimezoneInfo::None),
            _ => return Err(not_allowed("a typed literal that is no DATE or TIMESTAMP")),
        };
        let ValueWithSpan { value: Value::SingleQuotedString(text), span: _ } = value else {
            return Err(not_allowed("this kind of literal"));
        };
        let digits = |byte: u8| byte.is_ascii_digit() || b"-: .T+Z".contains(&byte);
        if text.len() > NUMBER_BYTES_MAX || !text.bytes().all(digits) {
            return Err(not_allowed("a DATE or TIMESTAMP that is not in ISO 8601"));
        }
        let value = Value::SingleQuotedString(text.clone()).with_empty_span();
        let typed = TypedString { data_type, value, uses_odbc_syntax: false };
        Ok(Checked::new(Expr::TypedString(typed), Facts::PLAIN))
    }

    /// LIKE: a literal pattern with few wildcards, since each may be tried at every letter.
    pub(super) fn pattern(&mut self, pattern: &Expr) -> Result<Expr, GuardError> {
        self.spend(1)?;
        let Some(text) = literal_text(pattern) else {
            return Err(GuardError::not_allowed("LIKE with a computed pattern", "write the pattern as text"));
        };
        let mut runs = 0_usize;
        let mut inside = false;
        for letter in text.chars() {
            let wildcard = matches!(letter, '%' | '_');
            runs += usize::from(wildcard && !inside);
            inside = wildcard;
        }
        if runs > WILDCARD_RUNS_MAX {
            return Err(GuardError::too_complex(format!(
                "LIKE with more than {WILDCARD_RUNS_MAX} wildcards"
            )));
        }
        plain_text(text).map(|checked| checked.expr)
    }
}

/// Text that means the same to every engine: some read `\` as an escape, some replace `${..}`.
fn plain_text(text: &str) -> Result<Checked, GuardError> {
    if text.contains('\\') || text.contains("${") {
        return Err(GuardError::not_allowed("`\\` or `${` in a text", "leave it out"));
    }
    Ok(Checked::new(build::text(text), text_facts(text)))
}

fn text_facts(text: &str) -> Facts {
    let width = u32::try_from(text.len() / TEXT_BYTES_PER_WIDTH).unwrap_or(u32::MAX).saturating_add(1);
    Facts { width, ..Facts::PLAIN }
}

/// The text of a literal, as the draft has it.
pub(super) fn literal_text(expr: &Expr) -> Option<&str> {
    if let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), span: _ }) = expr {
        return Some(text);
    }
    None
}

/// The number of a whole literal, as the draft has it.
pub(super) fn literal_integer(expr: &Expr) -> Option<i32> {
    if let Expr::UnaryOp { op: UnaryOperator::Minus, expr } = expr {
        return literal_digits(expr)?.parse::<i32>().ok()?.checked_neg();
    }
    literal_digits(expr)?.parse().ok()
}

fn literal_digits(expr: &Expr) -> Option<&str> {
    if let Expr::Value(ValueWithSpan { value: Value::Number(digits, false), span: _ }) = expr {
        return Some(digits);
    }
    None
}

/// Whether an item of an IN list is a literal.
pub(super) fn is_literal(expr: &Expr) -> bool {
    let negative =
        matches!(expr, Expr::UnaryOp { op: UnaryOperator::Minus, expr } if literal_digits(expr).is_some());
    negative || matches!(expr, Expr::Value(_) | Expr::TypedString(_))
}

/// The types that a value may be cast to, in one spelling each.
#[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other type is refused")]
pub(super) fn cast_type(data_type: &DataType) -> Result<DataType, GuardError> {
    match data_type {
        DataType::String(None)
        | DataType::Text
        | DataType::Varchar(None)
        | DataType::Char(None)
        | DataType::Character(None)
        | DataType::CharacterVarying(None::<CharacterLength>) => Ok(DataType::String(None)),
        DataType::TinyInt(None) => Ok(DataType::TinyInt(None)),
        DataType::SmallInt(None) => Ok(DataType::SmallInt(None)),
        DataType::Int(None) | DataType::Integer(None) => Ok(DataType::Int(None)),
        DataType::BigInt(None) => Ok(DataType::BigInt(None)),
        DataType::Float(ExactNumberInfo::None) | DataType::Real => Ok(DataType::Float(ExactNumberInfo::None)),
        DataType::Double(ExactNumberInfo::None) | DataType::DoublePrecision => {
            Ok(DataType::Double(ExactNumberInfo::None))
        }
        DataType::Decimal(size) | DataType::Dec(size) | DataType::Numeric(size) => decimal(*size),
        DataType::Boolean | DataType::Bool => Ok(DataType::Boolean),
        DataType::Date => Ok(DataType::Date),
        DataType::Timestamp(None, TimezoneInfo::None) | DataType::TimestampNtz(None) => {
            Ok(DataType::Timestamp(None, TimezoneInfo::None))
        }
        _ => Err(GuardError::not_allowed(
            "a cast to this type",
            "cast to STRING, INT, BIGINT, DOUBLE, DECIMAL(p, s), BOOLEAN, DATE or TIMESTAMP",
        )),
    }
}

/// `DECIMAL` alone is `DECIMAL(10, 0)` on Databricks, and other things elsewhere.
fn decimal(size: ExactNumberInfo) -> Result<DataType, GuardError> {
    let (precision, scale) = match size {
        ExactNumberInfo::None => (10, 0),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
    };
    let fits = (1..=38).contains(&precision) && u64::try_from(scale).is_ok_and(|scale| scale <= precision);
    if fits {
        Ok(DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)))
    } else {
        Err(not_allowed("a DECIMAL of more than 38 digits"))
    }
}
