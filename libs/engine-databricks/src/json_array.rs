//! Results that travel inline: rows of texts, read into the types of the manifest.
//!
//! Decides that a value is read exactly or not at all: no rounding, no zone that is guessed. Types whose text is
//! not documented (nested ones, binaries, intervals) are refused here; they travel by external links.

use crate::error::{Cause, DatabricksError};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, NullArray, RecordBatch, RecordBatchOptions, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use std::str::FromStr;
use std::sync::Arc;

type Rows = Vec<Vec<Option<String>>>;

/// One chunk of rows.
pub(crate) fn batch(schema: &SchemaRef, rows: &Rows) -> Result<RecordBatch, DatabricksError> {
    let width = schema.fields().len();
    if rows.iter().any(|row| row.len() != width) {
        return Err(DatabricksError::Protocol(Cause::Found("a row of another width than its schema")));
    }
    let columns = schema.fields().iter().enumerate();
    let columns = columns.map(|(at, field)| {
        let texts = rows.iter().map(move |row| row.get(at).and_then(Option::as_deref));
        column(field.data_type(), texts)
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| DatabricksError::Protocol(Cause::unreadable(error)))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
fn column<'a>(
    data_type: &DataType,
    texts: impl Iterator<Item = Option<&'a str>>,
) -> Result<ArrayRef, DatabricksError> {
    Ok(match data_type {
        DataType::Boolean => Arc::new(values(texts, boolean)?.into_iter().collect::<BooleanArray>()),
        DataType::Int8 => Arc::new(Int8Array::from(values(texts, number)?)),
        DataType::Int16 => Arc::new(Int16Array::from(values(texts, number)?)),
        DataType::Int32 => Arc::new(Int32Array::from(values(texts, number)?)),
        DataType::Int64 => Arc::new(Int64Array::from(values(texts, number)?)),
        DataType::Float32 => Arc::new(Float32Array::from(values(texts, number)?)),
        DataType::Float64 => Arc::new(Float64Array::from(values(texts, number)?)),
        DataType::Decimal128(precision, scale) => {
            let read = |text: &str| decimal(text, *precision, *scale);
            let array = Decimal128Array::from(values(texts, read)?);
            let array = array.with_precision_and_scale(*precision, *scale);
            Arc::new(array.map_err(|error| DatabricksError::Protocol(Cause::unreadable(error)))?)
        }
        DataType::Utf8 => Arc::new(texts.collect::<StringArray>()),
        DataType::Date32 => Arc::new(Date32Array::from(values(texts, date)?)),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            Arc::new(TimestampMicrosecondArray::from(values(texts, civil)?))
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => {
            let array = TimestampMicrosecondArray::from(values(texts, instant)?);
            Arc::new(array.with_timezone(Arc::clone(zone)))
        }
        DataType::Null => {
            let nothing = values(texts, |_| None::<()>)?;
            Arc::new(NullArray::new(nothing.len()))
        }
        _ => return Err(DatabricksError::Protocol(Cause::Found("a type whose text is not documented"))),
    })
}

fn values<'a, T>(
    texts: impl Iterator<Item = Option<&'a str>>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Option<T>>, DatabricksError> {
    let wrong = || DatabricksError::Protocol(Cause::Found("a value that is none of its type"));
    texts.map(|text| text.map(|text| read(text).ok_or_else(wrong)).transpose()).collect()
}

fn boolean(text: &str) -> Option<bool> {
    text.parse().ok()
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The digits as one whole number of the scale's unit. More digits than the scale has are no value of the type.
fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let scale = usize::try_from(scale).ok()?;
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(part) || digits.is_empty() || digits == "." || part.len() > scale {
        return None;
    }
    let joined: i128 = format!("0{whole}{part}{}", "0".repeat(scale - part.len())).parse().ok()?;
    let bound = 10_i128.checked_pow(u32::from(precision))?;
    (joined < bound).then_some(if is_negative { -joined } else { joined })
}

fn date(text: &str) -> Option<i32> {
    let date: jiff::civil::Date = is_plain(text, 10).then(|| text.parse().ok()).flatten()?;
    let epoch = jiff::civil::Date::constant(1970, 1, 1);
    epoch.until(date).ok().map(|span| span.get_days())
}

/// A time without a zone: none may stand in the text either.
fn civil(text: &str) -> Option<i64> {
    let has_zone = text.get(10..)?.contains(['Z', 'z', '+', '-', '[']);
    let time: jiff::civil::DateTime = (!has_zone).then(|| text.parse().ok()).flatten()?;
    micros(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// A time with a zone: the text must say which.
fn instant(text: &str) -> Option<i64> {
    micros(text.parse::<jiff::Timestamp>().ok()?)
}

fn micros(time: jiff::Timestamp) -> Option<i64> {
    (time.subsec_nanosecond() % 1000 == 0).then_some(time.as_microsecond())
}

/// Digits and hyphens alone: what follows a date must not be dropped.
fn is_plain(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests;
