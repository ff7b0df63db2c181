//! Types: what a declared type is in Arrow, and how a file's column becomes it without loss.
//!
//! The model's declaration decides. Where it declares nothing, the file's own schema does. Values
//! decide never: a column that turned to text because of someone else's row would be a leak.

use crate::error::AnyError;
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as Arrow, Float32Type, Float64Type, TimeUnit};
use splitplane_types::{DataType, Decimal};
use std::sync::Arc;

/// Digits after the point of a declared decimal whose file says nothing (text, doubles).
///
/// Fixed, since a scale taken from the values would tell of other people's rows. Six is what money,
/// rates and weights are kept in; a value with more is refused, not rounded.
const TEXT_DECIMAL_SCALE: i8 = 6;
const DECIMAL_PRECISION_MAX: u8 = 38;
/// Digits of the widest 64-bit integer.
const INTEGER_PRECISION: u8 = 20;

/// The Arrow type in which a relation shows a column: `declared`, or what the file says.
///
/// `None` where the file's type can never become the declared one, or cannot be shown at all.
#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
pub(crate) fn target(declared: Option<DataType>, file: &Arrow) -> Option<Arrow> {
    let natural = natural(file);
    let Some(declared) = declared else { return natural };
    let natural = natural?;
    let target = match declared {
        DataType::String => Arrow::Utf8,
        DataType::Integer => Arrow::Int64,
        DataType::Float => Arrow::Float64,
        DataType::Boolean => Arrow::Boolean,
        DataType::Date => Arrow::Date32,
        DataType::Timestamp => Arrow::Timestamp(TimeUnit::Microsecond, None),
        DataType::TimestampTz => instant(),
        DataType::Decimal => match natural {
            Arrow::Decimal128(precision, scale) => Arrow::Decimal128(precision, scale),
            Arrow::Int64 => Arrow::Decimal128(INTEGER_PRECISION, 0),
            Arrow::Utf8 | Arrow::Float64 => Arrow::Decimal128(DECIMAL_PRECISION_MAX, TEXT_DECIMAL_SCALE),
            _ => return None,
        },
    };
    can_become(&natural, &target).then_some(target)
}

fn instant() -> Arrow {
    Arrow::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

/// One type per family, so that files which differ in width alone agree.
#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
fn natural(file: &Arrow) -> Option<Arrow> {
    Some(match file {
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => Arrow::Utf8,
        Arrow::Dictionary(_, values) => return natural(values),
        Arrow::Boolean => Arrow::Boolean,
        Arrow::Float16 | Arrow::Float32 | Arrow::Float64 => Arrow::Float64,
        Arrow::Date32 | Arrow::Date64 => Arrow::Date32,
        Arrow::Timestamp(_, None) => Arrow::Timestamp(TimeUnit::Microsecond, None),
        Arrow::Timestamp(_, Some(_)) => instant(),
        Arrow::UInt64 => Arrow::Decimal128(INTEGER_PRECISION, 0),
        Arrow::Decimal32(precision, scale)
        | Arrow::Decimal64(precision, scale)
        | Arrow::Decimal128(precision, scale)
            if *scale >= 0 =>
        {
            Arrow::Decimal128(*precision, *scale)
        }
        other if other.is_integer() => Arrow::Int64,
        _ => return None,
    })
}

/// Whether there is a lossless reading at all. A zone is never added or dropped: it would move the time.
fn can_become(from: &Arrow, to: &Arrow) -> bool {
    let zoned = |data_type: &Arrow| matches!(data_type, Arrow::Timestamp(_, Some(_)));
    let time = |data_type: &Arrow| matches!(data_type, Arrow::Date32 | Arrow::Timestamp(..));
    let number =
        |data_type: &Arrow| matches!(data_type, Arrow::Int64 | Arrow::Float64 | Arrow::Decimal128(..));
    from == to
        || *to == Arrow::Utf8
        || *from == Arrow::Utf8
        || (number(from) && number(to))
        || (time(from) && time(to) && zoned(from) == zoned(to))
}

/// The type in which columns of both types can be shown without loss: where files of one source differ.
#[expect(clippy::wildcard_enum_match_arm, reason = "types of different families are refused")]
pub(crate) fn wider(one: &Arrow, other: &Arrow) -> Option<Arrow> {
    let digits = |data_type: &Arrow| match data_type {
        Arrow::Int64 => Some((INTEGER_PRECISION, 0)),
        Arrow::Decimal128(precision, scale) => Some((*precision, *scale)),
        _ => None,
    };
    if one == other {
        return Some(one.clone());
    }
    let ((one, one_scale), (other, other_scale)) = (digits(one)?, digits(other)?);
    let scale = one_scale.max(other_scale);
    let before = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
    let precision = before(one, one_scale).max(before(other, other_scale)) + i16::from(scale);
    let precision = u8::try_from(precision).ok().filter(|digits| *digits <= DECIMAL_PRECISION_MAX)?;
    Some(Arrow::Decimal128(precision, scale))
}

/// Whether every value of the one type has its equal in the other, so that a cast cannot fail.
pub(crate) fn is_exact(from: &Arrow, to: &Arrow) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (Arrow::Utf8View, Arrow::Utf8) => true,
        (Arrow::Dictionary(_, values), to) => is_exact(values, to),
        (Arrow::Float16 | Arrow::Float32, Arrow::Float64) => true,
        (from, Arrow::Int64) => from.is_integer() && *from != Arrow::UInt64,
        _ => false,
    }
}

/// The type as the rest of the system names it; `None` for types that no result may have.
#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
pub(crate) fn data_type(arrow: &Arrow) -> Option<DataType> {
    Some(match arrow {
        Arrow::Null | Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => DataType::String,
        Arrow::Boolean => DataType::Boolean,
        Arrow::Float16 | Arrow::Float32 | Arrow::Float64 => DataType::Float,
        Arrow::Decimal32(..) | Arrow::Decimal64(..) | Arrow::Decimal128(..) | Arrow::Decimal256(..) => {
            DataType::Decimal
        }
        Arrow::Date32 | Arrow::Date64 => DataType::Date,
        Arrow::Timestamp(_, None) => DataType::Timestamp,
        Arrow::Timestamp(_, Some(_)) => DataType::TimestampTz,
        other if other.is_integer() => DataType::Integer,
        _ => return None,
    })
}

/// Casts without loss, or fails. Called on rows of the scope alone, so a failure tells of no other.
pub(crate) fn cast(array: &ArrayRef, to: &Arrow) -> Result<ArrayRef, AnyError> {
    let from = array.data_type();
    if from == to {
        return Ok(Arc::clone(array));
    }
    if let (Arrow::Decimal128(precision, scale), Some(texts)) = (to, decimal_texts(array)) {
        return decimals(&texts?, *precision, *scale);
    }
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let result = cast_with_options(array, to, &strict)?;
    if is_exact(from, to) {
        return Ok(result);
    }
    let from_text = matches!(from, Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View | Arrow::Dictionary(..));
    if !from_text && *to != Arrow::Utf8 {
        let back = cast_with_options(&result, from, &strict)?;
        if not_distinct(&back, array)?.true_count() != array.len() {
            return Err(format!("a value of type {from} is not exact as {to}").into());
        }
    }
    Ok(result)
}

/// Texts and doubles as decimal texts: a double stands for the shortest number that reads back as it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "types that are no text and no double have a cast of their own"
)]
fn decimal_texts(array: &ArrayRef) -> Option<Result<Vec<Option<String>>, AnyError>> {
    match array.data_type() {
        Arrow::Float64 => {
            Some(Ok(array.as_primitive::<Float64Type>().iter().map(|v| v.map(|v| v.to_string())).collect()))
        }
        Arrow::Float32 => {
            Some(Ok(array.as_primitive::<Float32Type>().iter().map(|v| v.map(|v| v.to_string())).collect()))
        }
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View | Arrow::Dictionary(..) => {
            let text = match cast_with_options(array, &Arrow::Utf8, &CastOptions::default()) {
                Ok(text) => text,
                Err(error) => return Some(Err(error.into())),
            };
            Some(Ok(text.as_string::<i32>().iter().map(|v| v.map(str::to_owned)).collect()))
        }
        _ => None,
    }
}

fn decimals(texts: &[Option<String>], precision: u8, scale: i8) -> Result<ArrayRef, AnyError> {
    let digits = u8::try_from(scale)?;
    let exact = |text: &String| -> Result<i128, AnyError> {
        let value: Decimal = text.parse()?;
        let value = value.normalized(0).normalized(digits);
        if value.scale() != digits {
            return Err(format!(
                "a decimal has more than {digits} digits after the point, or too many before it"
            )
            .into());
        }
        Ok(value.unscaled())
    };
    let values = texts.iter().map(|text| text.as_ref().map(exact).transpose());
    let values: Decimal128Array = values.collect::<Result<Vec<_>, _>>()?.into_iter().collect();
    let values = values.with_precision_and_scale(precision, scale)?;
    values.validate_decimal_precision(precision)?;
    Ok(Arc::new(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array, StringArray, TimestampNanosecondArray};

    fn array(values: impl Array + 'static) -> ArrayRef {
        Arc::new(values)
    }

    #[test]
    fn the_model_decides_and_the_file_only_where_the_model_is_silent() {
        let decimal = |precision, scale| Some(Arrow::Decimal128(precision, scale));
        assert_eq!(target(None, &Arrow::Int32), Some(Arrow::Int64));
        assert_eq!(target(Some(DataType::Decimal), &Arrow::Int64), decimal(20, 0));
        assert_eq!(target(Some(DataType::Decimal), &Arrow::Decimal128(12, 3)), decimal(12, 3));
        assert_eq!(target(Some(DataType::Decimal), &Arrow::Utf8), decimal(38, 6));
        assert_eq!(target(Some(DataType::String), &Arrow::Int64), Some(Arrow::Utf8));
        assert_eq!(target(Some(DataType::Boolean), &Arrow::Int64), None);
        assert_eq!(target(Some(DataType::Timestamp), &instant()), None);
        assert_eq!(target(None, &Arrow::Binary), None);
    }

    #[test]
    fn a_cast_that_would_lose_something_fails() {
        let seconds = array(TimestampNanosecondArray::from(vec![1_000]));
        let nanos = array(TimestampNanosecondArray::from(vec![1_001]));
        let micros = Arrow::Timestamp(TimeUnit::Microsecond, None);
        assert!(cast(&seconds, &micros).is_ok());
        assert!(cast(&nanos, &micros).is_err());
        assert!(cast(&array(Float64Array::from(vec![1.5])), &Arrow::Int64).is_err());
        assert!(cast(&array(Float64Array::from(vec![2.0])), &Arrow::Int64).is_ok());
        assert!(cast(&array(Int64Array::from(vec![i64::MAX])), &Arrow::Float64).is_err());
        assert!(cast(&array(StringArray::from(vec!["12x"])), &Arrow::Int64).is_err());
    }

    #[test]
    fn decimals_of_text_and_doubles_are_exact_or_refused() {
        let six = Arrow::Decimal128(38, 6);
        let text = |text: &str| cast(&array(StringArray::from(vec![text])), &six);
        assert_eq!(
            text("12.345").unwrap().as_primitive::<arrow::datatypes::Decimal128Type>().value(0),
            12_345_000
        );
        assert!(text("0.1234567").is_err());
        assert!(text("1e3").is_err());
        assert!(text("0.1000000000").is_ok());
        let double = cast(&array(Float64Array::from(vec![0.1])), &six).unwrap();
        assert_eq!(double.as_primitive::<arrow::datatypes::Decimal128Type>().value(0), 100_000);
        assert!(cast(&array(Float64Array::from(vec![f64::NAN])), &six).is_err());
    }
}
