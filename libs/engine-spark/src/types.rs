//! Types between Arrow and the engine's SQL, and values of a scope in the type of the column that they are compared with.
//!
//! Decides what a cast may lose: nothing. A value that cannot become the declared type is found by a condition of its
//! own, since no expression that is sent may fail.

use crate::connect::expression::Value;
use crate::layout::{HIVE_NULL, spelling};
use arrow::array::types::Date32Type;
use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{DataType as Arrow, TimeUnit};
use arrow::temporal_conversions::date32_to_datetime;
use splitplane_engine::answers;
use splitplane_split_plane::ScopeValue;

/// A name as SQL quotes it. Names hold no backtick: planes and views see to it.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A column that folders' names hold: not every engine reads what stands there for NULL as NULL.
pub(crate) fn of_folders(name: &str) -> String {
    format!("nullif({}, {})", quoted(name), literal_text(HIVE_NULL))
}

/// A type as the engine's SQL writes it; `None` for what no column of a relation can be.
#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
#[must_use]
pub fn sql_type(arrow: &Arrow) -> Option<String> {
    Some(match arrow {
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => "STRING".to_owned(),
        Arrow::Boolean => "BOOLEAN".to_owned(),
        Arrow::Int8 => "TINYINT".to_owned(),
        Arrow::Int16 => "SMALLINT".to_owned(),
        Arrow::Int32 => "INT".to_owned(),
        Arrow::Int64 => "BIGINT".to_owned(),
        Arrow::Float32 => "FLOAT".to_owned(),
        Arrow::Float64 => "DOUBLE".to_owned(),
        Arrow::Decimal128(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        Arrow::Date32 => "DATE".to_owned(),
        Arrow::Timestamp(TimeUnit::Microsecond, None) => "TIMESTAMP_NTZ".to_owned(),
        Arrow::Timestamp(TimeUnit::Microsecond, Some(_)) => "TIMESTAMP".to_owned(),
        _ => return None,
    })
}

/// A column brought to a type: an expression that cannot fail, and a condition that is true of the values which would
/// lose something, if there can be any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conversion {
    pub(crate) text: String,
    pub(crate) loses: Option<String>,
}

/// How a column of one type becomes another.
pub(crate) fn conversion(column: &str, from: &Arrow, to: &Arrow) -> Option<Conversion> {
    let text = quoted(column);
    if from == to {
        return Some(Conversion { text, loses: None });
    }
    let (from_name, to_name) = (sql_type(from)?, sql_type(to)?);
    if answers::is_exact(from, to) || *to == Arrow::Utf8 {
        return Some(Conversion { text: format!("CAST({text} AS {to_name})"), loses: None });
    }
    let cast = format!("try_cast({text} AS {to_name})");
    let lost = match (from, to) {
        // A text with more digits than the type keeps would be rounded.
        (Arrow::Utf8, Arrow::Decimal128(_, scale)) => {
            format!("({cast} IS NULL OR NOT ({text} RLIKE {}))", literal_text(&decimal_pattern(*scale)))
        }
        (Arrow::Utf8, _) => format!("{cast} IS NULL"),
        (_, _) => format!("({cast} IS NULL OR NOT (try_cast({cast} AS {from_name}) <=> {text}))"),
    };
    Some(Conversion { text: cast, loses: Some(format!("{text} IS NOT NULL AND {lost}")) })
}

/// Digits, at most so many of them behind the point, zeros aside.
fn decimal_pattern(scale: i8) -> String {
    format!("^[+-]?[0-9]*([.][0-9]{{0,{scale}}}0*)?$")
}

/// A text as a literal that no two parsers read differently.
#[must_use]
pub fn literal_text(text: &str) -> String {
    let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    format!("CAST(X'{digits}' AS STRING)")
}

/// A value of a scope as a literal of the column's type: `Ok(None)` where no value of the column can be equal to it, since
/// only the one canonical spelling of a number or a date is.
///
/// # Errors
/// Keys of the type cannot be compared.
pub(crate) fn key(value: &ScopeValue, column: &Arrow) -> Result<Option<Value>, String> {
    let text = spelling(value);
    let family =
        answers::key_type(column).ok_or_else(|| format!("keys of type {column} cannot be compared"))?;
    if family == Arrow::Int64 {
        let canonical = |number: &i64| number.to_string() == text;
        return Ok(text.parse().ok().filter(canonical).map(Value::Long));
    }
    if family == Arrow::Date32 {
        let canonical =
            |days: &i32| date32_to_datetime(*days).is_some_and(|day| day.date().to_string() == text);
        return Ok(Date32Type::parse(&text).filter(canonical).map(Value::Date));
    }
    Ok(Some(Value::Text(text)))
}

/// Two columns brought to one type in which they are equal exactly where a scope takes them for equal.
pub(crate) fn key_equality(left: (&str, &Arrow), right: (&str, &Arrow)) -> Result<String, String> {
    let family = |data_type: &Arrow| {
        answers::key_type(data_type).ok_or_else(|| format!("keys of type {data_type} cannot be compared"))
    };
    let (one, other) = (family(left.1)?, family(right.1)?);
    let side = |(name, data_type): (&str, &Arrow), family: &Arrow| {
        let column = quoted(name);
        // Whole decimals are compared as numbers; what does not fit one is equal to nothing.
        let whole = *family == Arrow::Int64 && *data_type != Arrow::Int64;
        let column = if whole { format!("try_cast({column} AS BIGINT)") } else { column };
        if one == other { column } else { format!("CAST({column} AS STRING)") }
    };
    Ok(format!("{} = {}", side(left, &one), side(right, &other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> ScopeValue {
        ScopeValue::Text(value.to_owned())
    }

    #[test]
    fn a_key_is_a_literal_of_the_columns_type_in_its_one_spelling() {
        let whole = Arrow::Decimal128(38, 0);
        for (value, column, expected) in [
            (text("001"), &Arrow::Utf8, Some(Value::Text("001".to_owned()))),
            (text("1"), &Arrow::Int32, Some(Value::Long(1))),
            (text("1"), &whole, Some(Value::Long(1))),
            (text("001"), &Arrow::Int64, None),
            (text("+1"), &Arrow::Int64, None),
            (text("1 "), &Arrow::Int64, None),
            (ScopeValue::Integer(-7), &Arrow::Int64, Some(Value::Long(-7))),
            (ScopeValue::Integer(7), &Arrow::Utf8, Some(Value::Text("7".to_owned()))),
            (text("1970-01-02"), &Arrow::Date32, Some(Value::Date(1))),
            (text("1970-1-2"), &Arrow::Date32, None),
            (
                ScopeValue::Date("1970-01-02".to_owned()),
                &Arrow::Utf8,
                Some(Value::Text("1970-01-02".to_owned())),
            ),
        ] {
            assert_eq!(key(&value, column).unwrap(), expected, "{value:?} {column}");
        }
        assert!(key(&text("1"), &Arrow::Float64).is_err());
        assert!(key(&text("1"), &Arrow::Decimal128(12, 2)).is_err());
    }

    #[test]
    fn keys_of_different_kinds_are_compared_as_text_and_of_one_kind_as_they_are() {
        let equality = |left, right| key_equality(("a", &left), ("b", &right)).unwrap();
        assert_eq!(equality(Arrow::Utf8, Arrow::Utf8), "`a` = `b`");
        assert_eq!(equality(Arrow::Int32, Arrow::Int64), "try_cast(`a` AS BIGINT) = `b`");
        assert_eq!(equality(Arrow::Utf8, Arrow::Int64), "CAST(`a` AS STRING) = CAST(`b` AS STRING)");
        assert!(key_equality(("a", &Arrow::Float64), ("b", &Arrow::Utf8)).is_err());
    }

    #[test]
    fn a_conversion_cannot_fail_and_finds_what_it_would_lose() {
        let of = |from: Arrow, to: Arrow| conversion("a", &from, &to).unwrap();
        assert_eq!(
            of(Arrow::Int32, Arrow::Int64),
            Conversion { text: "CAST(`a` AS BIGINT)".to_owned(), loses: None }
        );
        assert_eq!(of(Arrow::Date32, Arrow::Utf8).loses, None);
        let dated = of(Arrow::Utf8, Arrow::Date32);
        assert_eq!(dated.text, "try_cast(`a` AS DATE)");
        assert_eq!(dated.loses.as_deref(), Some("`a` IS NOT NULL AND try_cast(`a` AS DATE) IS NULL"));
        assert!(of(Arrow::Utf8, Arrow::Decimal128(38, 6)).loses.unwrap().contains("RLIKE"));
        assert!(of(Arrow::Float64, Arrow::Int64).loses.unwrap().contains("<=>"));
        assert_eq!(conversion("a", &Arrow::Binary, &Arrow::Utf8), None);
    }

    #[test]
    fn a_literal_text_is_made_of_digits_whatever_it_holds() {
        assert_eq!(literal_text("a'\\"), "CAST(X'61275C' AS STRING)");
    }
}
