//! A period as conditions on a column, in the column's own type.

use super::tree;
use crate::{CompileError, Period};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use splitplane_types::{Column, DataType};
use sqlparser::ast::{BinaryOperator, DataType as SqlType, Expr, TimezoneInfo, TypedString, Value};

/// `column >= from AND column < to`.
pub(super) fn conditions(
    period: &Period,
    reference: Expr,
    column: &Column,
) -> Result<Vec<Expr>, CompileError> {
    let literal = |at: DateTime| match column.data_type {
        // A column of dates holds the days as the calendar counts them, whenever they begin.
        DataType::Date if period.from.time() == period.to.time() => {
            Ok(typed(SqlType::Date, at.date().to_string()))
        }
        DataType::Date => Err(CompileError::PartOfDay),
        DataType::Timestamp => Ok(typed(timestamp(), at.strftime("%Y-%m-%d %H:%M:%S").to_string())),
        // An instant with its offset reads the same whatever zone the engine's session is in.
        DataType::TimestampTz => {
            let zone = TimeZone::get(&period.zone).ok();
            let instant = zone.and_then(|zone| zone.to_ambiguous_timestamp(at).compatible().ok());
            let instant = instant.ok_or_else(|| CompileError::NoInstant(period.zone.clone()))?;
            Ok(typed(timestamp(), instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))
        }
        DataType::String | DataType::Integer | DataType::Decimal | DataType::Float | DataType::Boolean => {
            Err(CompileError::NotTime(column.name.clone()))
        }
    };
    Ok(vec![
        tree::binary(reference.clone(), BinaryOperator::GtEq, literal(period.from)?),
        tree::binary(reference, BinaryOperator::Lt, literal(period.to)?),
    ])
}

const fn timestamp() -> SqlType {
    SqlType::Timestamp(None, TimezoneInfo::None)
}

fn typed(data_type: SqlType, text: String) -> Expr {
    let value = Value::SingleQuotedString(text).with_empty_span();
    Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false })
}
