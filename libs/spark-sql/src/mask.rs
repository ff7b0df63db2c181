//! Masks: what a scoped relation shows instead of a value that the caller may not see.
//!
//! Decides how, to the byte as the embedded engine's leaf does it; not on which columns. The text is made
//! of the key, the owner's expression and numbers: no model had a hand in it.

use crate::convert;
use crate::kind::Kind;
use crate::refusal::Refusal;
use splitplane_split_plane::{ColumnMask, MaskKey};
use splitplane_types::{Bucket, BucketUnit};

/// Characters of a hash that are shown.
const HASH_LETTERS: usize = 32;
/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;
const PRECISION_MAX: u8 = 38;

/// What is shown of an expression under a mask, and its kind. The text holds the key of a hash, so it has
/// to reach the engine alone: no log, no error, no audit.
///
/// # Errors
/// [`Refusal::Types`] where values of this kind cannot be masked so.
pub fn masked(text: &str, kind: Kind, mask: &ColumnMask) -> Result<(String, Kind), Refusal> {
    if let ColumnMask::Hash(key) = mask {
        let (inner, outer) = pads(*key);
        let hash = hashed(&spelled(text, kind)?, &format!("X'{inner}'"), &format!("X'{outer}'"));
        return Ok((hash, Kind::Text));
    }
    unkeyed(text, kind, mask)
}

/// The same without a key in the text: `markers` are those of two parameters of type STRING, to which the
/// two texts of [`pads`] have to be bound. A log of statements then holds no key.
///
/// # Errors
/// See [`masked`].
pub fn masked_by(
    text: &str,
    kind: Kind,
    mask: &ColumnMask,
    markers: (&str, &str),
) -> Result<(String, Kind), Refusal> {
    if matches!(mask, ColumnMask::Hash(_)) {
        let (inner, outer) = (format!("unhex({})", markers.0), format!("unhex({})", markers.1));
        return Ok((hashed(&spelled(text, kind)?, &inner, &outer), Kind::Text));
    }
    unkeyed(text, kind, mask)
}

/// The inner and the outer pad of a hash's key (RFC 2104), in hexadecimal. As secret as the key.
#[must_use]
pub fn pads(key: MaskKey) -> (String, String) {
    let pad = |mask: u8| {
        // The key is shorter than a block.
        let mut block = [mask; BLOCK];
        for (byte, key) in block.iter_mut().zip(key.expose()) {
            *byte ^= key;
        }
        block.iter().map(|byte| format!("{byte:02X}")).collect()
    };
    (pad(0x36), pad(0x5c))
}

fn unkeyed(text: &str, kind: Kind, mask: &ColumnMask) -> Result<(String, Kind), Refusal> {
    match (mask, kind) {
        (_, Kind::Interval) => Err(Refusal::Types("a masked interval")),
        (ColumnMask::Null, kind) => {
            let name = kind.sql().ok_or(Refusal::Types("a masked interval"))?;
            Ok((format!("CAST(NULL AS {name})"), kind))
        }
        (ColumnMask::Last(shown), Kind::Text) => Ok((ending(text, *shown), Kind::Text)),
        (ColumnMask::Bucket(Bucket::Width(width)), Kind::Integer) => {
            let width = width.get();
            // Down to a multiple; where there is none above the smallest number, that number.
            let rest = format!("pmod({text}, CAST({width} AS BIGINT))");
            let least = format!("CASE WHEN {text} IS NOT NULL THEN CAST({} AS BIGINT) END", i64::MIN);
            let step = format!("coalesce(try_subtract({text}, {rest}), {least})");
            Ok((step, kind))
        }
        (ColumnMask::Bucket(Bucket::Width(width)), Kind::Float) => {
            let width = format!("CAST({} AS DOUBLE)", width.get());
            // Numbers too large for a whole number are whole; so is what is none at all.
            let steps = format!("({text} / {width})");
            let whole = format!(
                "CASE WHEN abs({steps}) < CAST(9000000000000000 AS DOUBLE) \
                 THEN CAST(floor({steps}) AS DOUBLE) ELSE {steps} END"
            );
            Ok((format!("({whole} * {width})"), kind))
        }
        (ColumnMask::Bucket(Bucket::Width(width)), Kind::Decimal { precision, scale }) => {
            let to = Kind::Decimal { precision: PRECISION_MAX, scale };
            let digits = PRECISION_MAX.saturating_sub(scale);
            if width.get().to_string().len() > usize::from(digits) {
                return Err(Refusal::Types("a bucket wider than any decimal"));
            }
            let unit = format!("CAST({} AS DECIMAL({}, 0))", width.get(), width.get().to_string().len());
            let rest = format!("pmod({text}, {unit})");
            // Down from a negative number of 38 digits there may be one too many.
            let step = if precision == PRECISION_MAX {
                let shorter = tried(text, Kind::Decimal { precision: PRECISION_MAX - 1, scale })?;
                format!("CASE WHEN {text} >= 0 THEN ({text} - {rest}) ELSE ({shorter} - {rest}) END")
            } else {
                format!("({text} - {rest})")
            };
            Ok((tried(&step, to)?, to))
        }
        (ColumnMask::Bucket(Bucket::Unit(unit)), Kind::Date) => Ok((first_day(text, *unit), kind)),
        (ColumnMask::Bucket(Bucket::Unit(unit)), Kind::Timestamp | Kind::TimestampTz) => {
            let day = convert::cast_to(text, kind, Kind::Date)?;
            Ok((convert::cast_to(&first_day(&day, *unit), Kind::Date, kind)?, kind))
        }
        (ColumnMask::Last(_) | ColumnMask::Hash(_) | ColumnMask::Bucket(_), _) => {
            Err(Refusal::Types("this mask of such values"))
        }
    }
}

fn tried(text: &str, to: Kind) -> Result<String, Refusal> {
    let name = to.sql().ok_or(Refusal::Types("an interval"))?;
    Ok(format!("try_cast({text} AS {name})"))
}

/// The first day of the unit that holds a day. Arithmetic of days, which cannot fail.
pub(crate) fn first_day(day: &str, unit: BucketUnit) -> String {
    match unit {
        BucketUnit::Week => days_before(day, &weekday(day)),
        BucketUnit::Month => days_before(day, &format!("dayofmonth({day}) - 1")),
        BucketUnit::Year => days_before(day, &format!("dayofyear({day}) - 1")),
        BucketUnit::Quarter => {
            let month = days_before(day, &format!("dayofmonth({day}) - 1"));
            format!("try_subtract({month}, make_ym_interval(0, (month({day}) - 1) % 3))")
        }
    }
}

/// The day so many days before. Not `date_sub`: where the number is no constant, Sail takes nine times as long for it.
fn days_before(day: &str, days: &str) -> String {
    format!("date_from_unix_date(try_subtract(unix_date({day}), {days}))")
}

/// Days since Monday, counted: not every engine means the same by a function of that name.
pub(crate) fn weekday(day: &str) -> String {
    // Day 0 was a Thursday. The first rest keeps the sum small.
    format!("pmod(pmod(unix_date({day}), 7) + 3, 7)")
}

/// `*` for every character but the last `shown`; a value with no more than that is hidden whole.
fn ending(text: &str, shown: u8) -> String {
    let star = crate::values::text_literal("*");
    let length = format!("char_length({text})");
    let hidden = format!("CASE WHEN {length} > {shown} THEN {length} - {shown} ELSE {length} END");
    let seen =
        format!("CASE WHEN {length} > {shown} THEN right({text}, {shown}) ELSE CAST(X'' AS STRING) END");
    format!("concat(repeat({star}, {hidden}), {seen})")
}

/// A value's text as the embedded engine's leaf hashes it: times in ISO 8601, not as a result writes them.
fn spelled(text: &str, kind: Kind) -> Result<String, Refusal> {
    match kind {
        Kind::Text | Kind::Integer | Kind::Decimal { .. } | Kind::Boolean | Kind::Date => {
            Ok(format!("CAST({text} AS STRING)"))
        }
        Kind::Float | Kind::Timestamp | Kind::TimestampTz | Kind::Interval | Kind::Null => {
            Err(Refusal::Types("a hash of doubles or times"))
        }
    }
}

/// HMAC-SHA-256 (RFC 2104) of a text, the first half in hexadecimal; NULL of NULL.
fn hashed(text: &str, inner: &str, outer: &str) -> String {
    let inner = format!("unhex(sha2(concat({inner}, CAST({text} AS BINARY)), 256))");
    format!("left(sha2(concat({outer}, {inner}), 256), {HASH_LETTERS})")
}

#[cfg(test)]
mod tests;
