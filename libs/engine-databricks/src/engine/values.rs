//! Parameters of a translated statement as parameters of the interface: text, and the type that it is read as.

use crate::statement::{Parameter, SqlType};
use splitplane_spark_sql::{Parameter as Own, Value};

/// What is bound to a statement.
pub(super) fn bound(parameters: &[Own]) -> Vec<Parameter> {
    let one = |own: &Own| {
        let (value, sql_type) = written(&own.value);
        Parameter { name: own.name.clone(), value: Some(value), sql_type }
    };
    parameters.iter().map(one).collect()
}

fn written(value: &Value) -> (String, SqlType) {
    match value {
        Value::Text(text) => (text.clone(), SqlType::String),
        Value::Integer(number) => (number.to_string(), SqlType::Bigint),
        Value::Small(number) => (number.to_string(), SqlType::Int),
        Value::Decimal { digits, precision, scale } => {
            (digits.clone(), SqlType::Decimal { precision: *precision, scale: *scale })
        }
        Value::Double(number) => (double(*number), SqlType::Double),
        Value::Date(text) => (text.clone(), SqlType::Date),
        Value::Timestamp(text) => (text.clone(), SqlType::TimestampNtz),
        Value::Boolean(truth) => (truth.to_string(), SqlType::Boolean),
    }
}

/// The shortest text that is read as this double and no other.
fn double(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number.is_sign_positive() { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{number:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_goes_with_its_own_type() {
        let decimal = Value::Decimal { digits: "-1.50".to_owned(), precision: 10, scale: 2 };
        for (value, text, sql_type) in [
            (Value::Text("'\\ :s0".to_owned()), "'\\ :s0", SqlType::String),
            (Value::Integer(i64::MIN), "-9223372036854775808", SqlType::Bigint),
            (Value::Small(-3), "-3", SqlType::Int),
            (decimal, "-1.50", SqlType::Decimal { precision: 10, scale: 2 }),
            (Value::Double(-0.1), "-1e-1", SqlType::Double),
            (Value::Double(f64::NEG_INFINITY), "-Infinity", SqlType::Double),
            (Value::Double(f64::NAN), "NaN", SqlType::Double),
            (Value::Date("2026-01-31".to_owned()), "2026-01-31", SqlType::Date),
            (
                Value::Timestamp("2026-01-31T10:30:00.5".to_owned()),
                "2026-01-31T10:30:00.5",
                SqlType::TimestampNtz,
            ),
            (Value::Boolean(true), "true", SqlType::Boolean),
        ] {
            assert_eq!(written(&value), (text.to_owned(), sql_type));
        }
    }

    #[test]
    fn a_double_is_read_back_as_itself() {
        for number in [0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, -0.0, 5e-324] {
            assert_eq!(double(number).parse::<f64>().unwrap().to_bits(), number.to_bits());
        }
    }
}
