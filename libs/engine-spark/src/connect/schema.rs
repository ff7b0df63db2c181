//! The schema of an answer, from the protocol's types to Arrow's.
//!
//! Decides how a type of the protocol is called in Arrow, as Spark itself does for its batches. A type
//! that is not known is an error, never a guess.

use super::error::ConnectError;
use super::wire;
use super::wire::data_type::Kind;
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// The zone in which instants are given unless the session says otherwise.
pub(crate) const UTC: &str = "UTC";

/// Collations in which texts are equal if their bytes are.
const BY_BYTES: [&str; 2] = ["", "UTF8_BINARY"];

/// The schema of a relation, whose type is a struct.
pub(crate) fn schema_of(data_type: &wire::DataType, zone: &str) -> Result<SchemaRef, ConnectError> {
    let Some(Kind::Struct(columns)) = &data_type.kind else {
        return Err(ConnectError::protocol("a relation's type is not a struct"));
    };
    Ok(Arc::new(Schema::new(fields_of(columns, zone)?)))
}

/// The columns of a relation whose types are known. Others are none: no scope may compare them, and nothing shows them.
pub(crate) fn known_columns(
    data_type: &wire::DataType,
    zone: &str,
) -> Result<Vec<(String, DataType)>, ConnectError> {
    let Some(Kind::Struct(columns)) = &data_type.kind else {
        return Err(ConnectError::protocol("a relation's type is not a struct"));
    };
    let known = |field: &wire::data_type::StructField| {
        Some((field.name.clone(), required(field.data_type.as_ref(), zone).ok()?))
    };
    Ok(columns.fields.iter().filter_map(known).collect())
}

fn fields_of(columns: &wire::data_type::Struct, zone: &str) -> Result<Fields, ConnectError> {
    columns
        .fields
        .iter()
        .map(|field| Ok(Field::new(&field.name, required(field.data_type.as_ref(), zone)?, field.nullable)))
        .collect()
}

fn required(data_type: Option<&wire::DataType>, zone: &str) -> Result<DataType, ConnectError> {
    let kind = data_type.and_then(|data_type| data_type.kind.as_ref());
    of_kind(kind.ok_or_else(|| ConnectError::protocol("a column has no type that is known"))?, zone)
}

fn of_kind(kind: &Kind, zone: &str) -> Result<DataType, ConnectError> {
    Ok(match kind {
        Kind::Null(_) => DataType::Null,
        Kind::Binary(_) => DataType::Binary,
        Kind::Boolean(_) => DataType::Boolean,
        Kind::Byte(_) => DataType::Int8,
        Kind::Short(_) => DataType::Int16,
        Kind::Integer(_) => DataType::Int32,
        Kind::Long(_) => DataType::Int64,
        Kind::Float(_) => DataType::Float32,
        Kind::Double(_) => DataType::Float64,
        Kind::Decimal(decimal) => decimal_of(*decimal)?,
        Kind::String(text) if !BY_BYTES.contains(&text.collation.as_str()) => {
            return Err(ConnectError::protocol("a text is not compared by its bytes"));
        }
        Kind::String(_) | Kind::Char(_) | Kind::VarChar(_) => DataType::Utf8,
        Kind::Date(_) => DataType::Date32,
        Kind::Timestamp(_) => DataType::Timestamp(TimeUnit::Microsecond, Some(zone.into())),
        Kind::TimestampNtz(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
        Kind::CalendarInterval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
        Kind::YearMonthInterval(_) => DataType::Interval(IntervalUnit::YearMonth),
        Kind::DayTimeInterval(_) => DataType::Duration(TimeUnit::Microsecond),
        Kind::Array(array) => DataType::List(Arc::new(Field::new(
            "element",
            required(array.element_type.as_deref(), zone)?,
            array.contains_null,
        ))),
        Kind::Struct(columns) => DataType::Struct(fields_of(columns, zone)?),
        Kind::Map(map) => {
            let key = Field::new("key", required(map.key_type.as_deref(), zone)?, false);
            let value = required(map.value_type.as_deref(), zone)?;
            let value = Field::new("value", value, map.value_contains_null);
            let entries = DataType::Struct(Fields::from(vec![key, value]));
            DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
        }
    })
}

fn decimal_of(decimal: wire::data_type::Decimal) -> Result<DataType, ConnectError> {
    // The protocol's defaults are Spark's: 10 digits, none of them behind the point.
    let precision = u8::try_from(decimal.precision.unwrap_or(10)).ok();
    let scale = i8::try_from(decimal.scale.unwrap_or(0)).ok();
    match (precision, scale) {
        (Some(precision @ 1..=38), Some(scale))
            if u8::try_from(scale).is_ok_and(|scale| scale <= precision) =>
        {
            Ok(DataType::Decimal128(precision, scale))
        }
        _ => Err(ConnectError::protocol("a decimal's digits are not 1 to 38")),
    }
}

#[cfg(test)]
mod tests;
