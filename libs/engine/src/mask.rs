//! Masks: what leaves the leaf instead of a value that the caller may not see.
//!
//! Applied to the caller's rows alone, after computing and before anything of a statement. Decides how,
//! not on which columns: that is the policy's.

use crate::EngineError;
use crate::calendar::{self, DAY};
use crate::error::AnyError;
use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType as Arrow, Date32Type, Decimal128Type, Float64Type, Int64Type,
    TimeUnit, TimestampMicrosecondType,
};
use ring::hmac;
use splitplane_split_plane::{ColumnMask, MaskKey};
use splitplane_types::{Bucket, BucketUnit};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Bytes of a hash that are shown, twice as many characters: 128 bits, so that two values of one tenant
/// never meet by chance.
const HASH_BYTES: usize = 16;

/// The type of a masked column, or why values of this type cannot be masked so.
pub(crate) fn shown_type(mask: ColumnMask, data_type: &Arrow) -> Result<Arrow, EngineError> {
    match (mask, data_type) {
        (ColumnMask::Null, other) => Ok(other.clone()),
        (ColumnMask::Last(_), Arrow::Utf8) => Ok(Arrow::Utf8),
        (ColumnMask::Hash(_), _) => Ok(Arrow::Utf8),
        (ColumnMask::Bucket(Bucket::Width(_)), Arrow::Int64 | Arrow::Float64) => Ok(data_type.clone()),
        // The lower end of a bucket may have a digit more than any value in it.
        (ColumnMask::Bucket(Bucket::Width(_)), Arrow::Decimal128(_, scale)) => {
            Ok(Arrow::Decimal128(DECIMAL128_MAX_PRECISION, *scale))
        }
        (ColumnMask::Bucket(Bucket::Unit(_)), Arrow::Date32 | Arrow::Timestamp(TimeUnit::Microsecond, _)) => {
            Ok(data_type.clone())
        }
        (mask, other) => Err(EngineError::plan(format!("values of type {other} have no {mask:?}"))),
    }
}

/// The column as the caller sees it.
pub(crate) fn masked(array: &ArrayRef, mask: ColumnMask) -> Result<ArrayRef, EngineError> {
    match mask {
        ColumnMask::Null => Ok(new_null_array(array.data_type(), array.len())),
        ColumnMask::Last(shown) => {
            let texts =
                array.as_string::<i32>().iter().map(|text| text.map(|text| ending(text, usize::from(shown))));
            Ok(Arc::new(texts.collect::<StringArray>()))
        }
        ColumnMask::Hash(key) => hashed(array, key).map_err(EngineError::internal),
        ColumnMask::Bucket(Bucket::Width(width)) => stepped(array, width).map_err(EngineError::internal),
        ColumnMask::Bucket(Bucket::Unit(unit)) => truncated(array, unit).map_err(EngineError::internal),
    }
}

/// `*` for every character but the last `shown`; a value with no more than that is hidden whole.
fn ending(text: &str, shown: usize) -> String {
    let length = text.chars().count();
    let hidden = if length > shown { length - shown } else { length };
    text.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}

/// HMAC-SHA-256 (RFC 2104) of the value's text, its first half in hex.
fn hashed(array: &ArrayRef, key: MaskKey) -> Result<ArrayRef, AnyError> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let texts = cast(array, &Arrow::Utf8)?;
    let texts = texts.as_string::<i32>();
    // Columns worth hashing repeat their values.
    let mut known: HashMap<&str, String> = HashMap::new();
    let mut hash = |text| {
        let hash = || {
            let tag = hmac::sign(&key, str::as_bytes(text));
            tag.as_ref().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
        };
        known.entry(text).or_insert_with(hash).clone()
    };
    Ok(Arc::new(texts.iter().map(|text| text.map(&mut hash)).collect::<StringArray>()))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`shown_type` let no other type through")]
fn stepped(array: &ArrayRef, width: NonZeroU32) -> Result<ArrayRef, AnyError> {
    let stepped: ArrayRef = match array.data_type() {
        Arrow::Int64 => {
            let width = i64::from(width.get());
            let step = |value: i64| value.saturating_sub(value.rem_euclid(width));
            Arc::new(array.as_primitive::<Int64Type>().unary::<_, Int64Type>(step))
        }
        Arrow::Float64 => {
            let width = f64::from(width.get());
            let step = |value: f64| (value / width).floor() * width;
            let steps: Float64Array = array.as_primitive::<Float64Type>().unary(step);
            Arc::new(steps)
        }
        Arrow::Decimal128(_, scale) => {
            let digits = u32::try_from(*scale)?;
            let width = 10_i128.checked_pow(digits).and_then(|one| one.checked_mul(width.get().into()));
            let width = width.ok_or("a bucket wider than any decimal")?;
            let step = |value: i128| value.saturating_sub(value.rem_euclid(width));
            let steps: Decimal128Array = array.as_primitive::<Decimal128Type>().unary(step);
            Arc::new(steps.with_precision_and_scale(DECIMAL128_MAX_PRECISION, *scale)?)
        }
        other => return Err(format!("values of type {other} have no width").into()),
    };
    Ok(stepped)
}

/// The first day of the unit that holds each value. Instants with a zone are counted in UTC.
#[expect(clippy::wildcard_enum_match_arm, reason = "`shown_type` let no other type through")]
fn truncated(array: &ArrayRef, unit: BucketUnit) -> Result<ArrayRef, AnyError> {
    let first: ArrayRef = match array.data_type() {
        Arrow::Date32 => {
            let first = |day: i32| i32::try_from(calendar::unit_start(unit, day.into())).unwrap_or(i32::MIN);
            Arc::new(array.as_primitive::<Date32Type>().unary::<_, Date32Type>(first))
        }
        Arrow::Timestamp(TimeUnit::Microsecond, zone) => {
            let first = |at: i64| calendar::unit_start(unit, at.div_euclid(DAY)).saturating_mul(DAY);
            let instants: TimestampMicrosecondArray =
                array.as_primitive::<TimestampMicrosecondType>().unary(first);
            Arc::new(instants.with_timezone_opt(zone.clone()))
        }
        other => return Err(format!("values of type {other} have no calendar unit").into()),
    };
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Int64Array};
    use arrow::util::display::array_value_to_string;

    fn shown(array: impl Array + 'static, mask: ColumnMask) -> Vec<String> {
        let array: ArrayRef = Arc::new(array);
        let result = masked(&array, mask).unwrap();
        assert_eq!(result.data_type(), &shown_type(mask, array.data_type()).unwrap());
        assert!(result.is_null(0), "NULL stays NULL");
        (1..result.len()).map(|row| array_value_to_string(&result, row).unwrap()).collect()
    }

    fn width(width: u32) -> ColumnMask {
        ColumnMask::Bucket(Bucket::Width(NonZeroU32::new(width).unwrap()))
    }

    #[test]
    fn masks_count_characters_and_hide_short_values_whole() {
        for (text, shown, expected) in [
            ("5550001234", 4, "******1234"),
            ("1234", 4, "****"),
            ("", 4, ""),
            ("äöü-ß9", 2, "****ß9"),
            ("abc", 0, "***"),
        ] {
            assert_eq!(ending(text, shown), expected);
        }
    }

    #[test]
    fn a_hash_is_equal_for_equal_values_under_one_key_and_under_no_other() {
        let texts = || StringArray::from(vec![None, Some("a@x"), Some("A@x"), Some("a@x"), Some("")]);
        let with = |byte| shown(texts(), ColumnMask::Hash(MaskKey::new([byte; 32])));
        let one = with(1);
        assert_eq!(one[0], one[2]);
        assert_ne!(one[0], one[1]);
        assert!(one.iter().all(|hash| hash.len() == 2 * HASH_BYTES), "{one:?}");
        assert!(one.iter().zip(with(2)).all(|(a, b)| *a != b));
        // Worked out with Python's `hmac`.
        assert_eq!(one[0], "428596162a9f1c115fcafb892d535435");
        let numbers = Int64Array::from(vec![None, Some(7)]);
        let seven = shown(StringArray::from(vec![None, Some("7")]), ColumnMask::Hash(MaskKey::new([1; 32])));
        assert_eq!(shown(numbers, ColumnMask::Hash(MaskKey::new([1; 32]))), seven);
    }

    #[test]
    fn buckets_of_numbers_go_down_below_zero_too() {
        let numbers = Int64Array::from(vec![None, Some(0), Some(9), Some(10), Some(-1), Some(i64::MIN)]);
        assert_eq!(shown(numbers, width(10)), ["0", "0", "10", "-10", "-9223372036854775808"]);
        let doubles = Float64Array::from(vec![None, Some(12.5), Some(-0.5)]);
        assert_eq!(shown(doubles, width(5)), ["10.0", "-5.0"]);
        let amounts = Decimal128Array::from(vec![None, Some(1999), Some(-1), Some(-9999)]);
        assert_eq!(
            shown(amounts.with_precision_and_scale(4, 2).unwrap(), width(10)),
            ["10.00", "-10.00", "-100.00"]
        );
    }

    #[test]
    fn buckets_of_dates_are_calendar_units() {
        // 2026-05-14 is a Thursday.
        let dates = || Date32Array::from(vec![None, Some(20_587)]);
        let by = |unit| ColumnMask::Bucket(Bucket::Unit(unit));
        for (unit, first) in [
            (BucketUnit::Week, "2026-05-11"),
            (BucketUnit::Month, "2026-05-01"),
            (BucketUnit::Quarter, "2026-04-01"),
            (BucketUnit::Year, "2026-01-01"),
        ] {
            assert_eq!(shown(dates(), by(unit)), [first]);
        }
        // 9999-12-31, which counted in nanoseconds does not fit.
        let last = Date32Array::from(vec![None, Some(2_932_896)]);
        assert_eq!(shown(last, by(BucketUnit::Quarter)), ["9999-10-01"]);
        let times = TimestampMicrosecondArray::from(vec![None, Some(20_587 * 86_400_000_000 + 1)]);
        assert_eq!(shown(times, by(BucketUnit::Month)), ["2026-05-01T00:00:00"]);
    }

    #[test]
    fn a_mask_that_a_type_cannot_have_is_refused() {
        for (mask, data_type) in [
            (ColumnMask::Last(4), Arrow::Int64),
            (width(10), Arrow::Utf8),
            (width(10), Arrow::Date32),
            (ColumnMask::Bucket(Bucket::Unit(BucketUnit::Month)), Arrow::Int64),
        ] {
            assert!(shown_type(mask, &data_type).is_err(), "{mask:?} {data_type}");
        }
    }
}
