//! Values of one kind as values of another, totally: what has no value there is NULL.
//!
//! Decides the one spelling of every conversion. Where the embedded engine fails on a value, the result
//! is NULL; a pair of kinds that has no row here is refused.

use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::values::Values;

/// Digits to which a double is written, as everywhere in the system.
const DOUBLE_FORMAT: &str = "%.11e";

/// An expression of one kind as another, over the columns of a source. `text` is the caller's own SQL.
///
/// # Errors
/// [`Refusal::Types`] where no value of the one kind is one of the other.
pub fn cast_to(text: &str, from: Kind, to: Kind) -> Result<String, Refusal> {
    cast(text, from, to, &mut Values::Printed)
}

pub(crate) fn cast(text: &str, from: Kind, to: Kind, values: &mut Values) -> Result<String, Refusal> {
    if from == to {
        return Ok(text.to_owned());
    }
    if from == Kind::Null {
        let name = to.sql().ok_or(Refusal::Types("an interval"))?;
        return Ok(format!("CAST({text} AS {name})"));
    }
    let scalar = from.is_number() || from == Kind::Text;
    match to {
        Kind::Text => written(text, from, values),
        Kind::Boolean if scalar => tried(text, to),
        Kind::Integer | Kind::Decimal { .. } | Kind::Float if scalar || from == Kind::Boolean => {
            tried(text, to)
        }
        Kind::Date if matches!(from, Kind::Text | Kind::Timestamp | Kind::TimestampTz) => tried(text, to),
        Kind::Timestamp | Kind::TimestampTz if from == Kind::Text => tried(text, to),
        Kind::Timestamp if from == Kind::TimestampTz => tried(text, to),
        // A day too far away for microseconds fails even where the cast is tried.
        Kind::Timestamp | Kind::TimestampTz if from == Kind::Date => Ok(sealed(&tried(text, to)?)),
        Kind::Boolean
        | Kind::Integer
        | Kind::Decimal { .. }
        | Kind::Float
        | Kind::Date
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Interval
        | Kind::Null => Err(Refusal::Types("a value of one kind as one of another")),
    }
}

/// A time, or NULL where computing it fails: adding nothing is tried with all that it is added to.
pub(crate) fn sealed(text: &str) -> String {
    format!("try_add({text}, INTERVAL 0 SECOND)")
}

/// A time as an instant, for functions that take one. Sessions are in UTC, so no clock moves.
pub(crate) fn instant(text: &str, kind: Kind) -> Result<String, Refusal> {
    match kind {
        Kind::TimestampTz => Ok(text.to_owned()),
        Kind::Timestamp => Ok(format!("CAST({text} AS TIMESTAMP)")),
        Kind::Date => Ok(sealed(&tried(text, Kind::TimestampTz)?)),
        Kind::Boolean
        | Kind::Integer
        | Kind::Decimal { .. }
        | Kind::Float
        | Kind::Text
        | Kind::Interval
        | Kind::Null => Err(Refusal::Types("an instant of what is no time")),
    }
}

fn tried(text: &str, to: Kind) -> Result<String, Refusal> {
    let name = to.sql().ok_or(Refusal::Types("an interval"))?;
    Ok(format!("try_cast({text} AS {name})"))
}

/// A value as text: doubles to twelve digits, everything else as Spark writes it.
fn written(text: &str, from: Kind, values: &mut Values) -> Result<String, Refusal> {
    Ok(match from {
        Kind::Float => {
            let format = values.text(DOUBLE_FORMAT)?;
            // A negative zero loses its sign. NULL is written as a word that is no number.
            let plain = format!("({text} + CAST(0 AS DOUBLE))");
            format!("CAST(try_cast(format_string({format}, {plain}) AS DOUBLE) AS STRING)")
        }
        Kind::Boolean
        | Kind::Integer
        | Kind::Decimal { .. }
        | Kind::Text
        | Kind::Date
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Null => format!("CAST({text} AS STRING)"),
        Kind::Interval => return Err(Refusal::Types("an interval as text")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 9] = [
        Kind::Boolean,
        Kind::Integer,
        Kind::Decimal { precision: 10, scale: 2 },
        Kind::Float,
        Kind::Text,
        Kind::Date,
        Kind::Timestamp,
        Kind::TimestampTz,
        Kind::Null,
    ];

    #[test]
    fn no_conversion_can_fail_on_a_value() {
        for from in KINDS {
            for to in KINDS {
                let Ok(text) = cast_to("x", from, to) else { continue };
                let plain = text.starts_with("CAST(");
                // To text everything can be cast, and so can NULL to everything.
                let safe = from == to || to == Kind::Text || from == Kind::Null || !plain;
                assert!(safe, "{from:?} {to:?} {text}");
            }
        }
    }

    #[test]
    fn a_kind_becomes_another_only_where_the_embedded_engine_has_a_cast() {
        let possible = |from: Kind| KINDS.into_iter().filter(|to| cast_to("x", from, *to).is_ok()).count();
        assert_eq!(possible(Kind::Text), 8);
        assert_eq!(possible(Kind::Integer), 5);
        assert_eq!(possible(Kind::Date), 4);
        assert_eq!(possible(Kind::Timestamp), 3);
        assert_eq!(possible(Kind::TimestampTz), 4);
        assert!(cast_to("x", Kind::Timestamp, Kind::TimestampTz).is_err(), "a zone is never added");
        assert!(cast_to("x", Kind::Date, Kind::Integer).is_err());
    }

    #[test]
    fn a_day_is_sealed_before_it_is_a_time() {
        assert_eq!(
            cast_to("x", Kind::Date, Kind::Timestamp).as_deref(),
            Ok("try_add(try_cast(x AS TIMESTAMP_NTZ), INTERVAL 0 SECOND)")
        );
    }
}
