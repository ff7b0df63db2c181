use super::*;
use crate::types::schema;
use crate::wire::Column;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type, TimestampMicrosecondType};
use proptest::prelude::*;

fn read(type_text: &str, text: Option<&str>) -> Result<RecordBatch, DatabricksError> {
    let column = Column { name: "a".to_owned(), type_text: type_text.to_owned() };
    batch(&schema(&[column])?, &vec![vec![text.map(str::to_owned)]])
}

#[test]
fn values_are_read_exactly() {
    let decimal = read("DECIMAL(38,2)", Some("-999999999999999999999999999999999999.99")).unwrap();
    let expected = -99_999_999_999_999_999_999_999_999_999_999_999_999_i128;
    assert_eq!(decimal.column(0).as_primitive::<Decimal128Type>().value(0), expected);
    let date = |text| read("DATE", Some(text)).unwrap().column(0).as_primitive::<Date32Type>().value(0);
    assert_eq!((date("1970-01-02"), date("1969-12-31"), date("2024-02-29")), (1, -1, 19_782));
    let time = |kind, text| {
        read(kind, Some(text)).unwrap().column(0).as_primitive::<TimestampMicrosecondType>().value(0)
    };
    assert_eq!(time("TIMESTAMP", "1970-01-01T00:00:01.000001Z"), 1_000_001);
    assert_eq!(time("TIMESTAMP", "1970-01-01T02:00:00+02:00"), 0);
    assert_eq!(time("TIMESTAMP_NTZ", "1970-01-01T00:00:01.5"), 1_500_000);
    assert_eq!(time("TIMESTAMP_NTZ", "1969-12-31 23:59:59"), -1_000_000);
    let double = |text| read("DOUBLE", Some(text)).unwrap().column(0).as_primitive::<Float64Type>().value(0);
    assert_eq!((double("1.0E10"), double("-Infinity")), (1e10, f64::NEG_INFINITY));
    assert!(double("NaN").is_nan());
    assert!(read("BOOLEAN", Some("true")).unwrap().column(0).as_boolean().value(0));
    assert_eq!(read("STRING", Some("")).unwrap().column(0).as_string::<i32>().value(0), "");
}

#[test]
fn null_is_null_in_every_type() {
    for kind in [
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INT",
        "BIGINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL(10,2)",
        "STRING",
        "DATE",
        "TIMESTAMP",
        "TIMESTAMP_NTZ",
        "VOID",
    ] {
        let batch = read(kind, None).unwrap();
        assert_eq!((batch.num_rows(), batch.column(0).logical_null_count()), (1, 1), "{kind}");
    }
}

#[test]
fn what_is_no_value_of_its_type_is_refused_and_never_rounded() {
    for (kind, text) in [
        ("INT", "2147483648"),
        ("INT", "1.0"),
        ("INT", ""),
        ("TINYINT", "128"),
        ("BOOLEAN", "1"),
        ("DECIMAL(10,2)", "1.005"),
        ("DECIMAL(3,2)", "10.00"),
        ("DECIMAL(10,2)", "1e3"),
        ("DECIMAL(10,2)", ""),
        ("DECIMAL(10,2)", "."),
        ("DECIMAL(10,2)", "-"),
        ("DECIMAL(10,2)", "--1"),
        ("DATE", "2024-02-30"),
        ("DATE", "2024-02-28T10:00:00"),
        ("TIMESTAMP", "2024-01-01T00:00:00"),
        ("TIMESTAMP", "2024-01-01T00:00:00.0000001Z"),
        ("TIMESTAMP_NTZ", "2024-01-01T00:00:00Z"),
        ("TIMESTAMP_NTZ", "2024-01-01T00:00:00+02:00"),
        ("TIMESTAMP_NTZ", "2024"),
        ("VOID", "x"),
        ("BINARY", "AA=="),
        ("ARRAY<INT>", "[1]"),
    ] {
        assert!(matches!(read(kind, Some(text)), Err(DatabricksError::Protocol(_))), "{kind} {text}");
    }
}

#[test]
fn a_row_of_another_width_is_refused_and_a_result_without_columns_keeps_its_rows() {
    let schema = schema(&[]).unwrap();
    assert_eq!(batch(&schema, &vec![vec![], vec![]]).unwrap().num_rows(), 2);
    assert!(batch(&schema, &vec![vec![Some("x".to_owned())]]).is_err());
}

proptest! {
    /// The oracle is long addition of digits, done by the formatter of integers.
    #[test]
    fn a_decimal_that_was_written_is_the_one_that_is_read(
        unscaled in -10_i128.pow(37)..10_i128.pow(37), scale in 0_u8..=37,
    ) {
        let digits = format!("{:0>38}", unscaled.unsigned_abs());
        let (whole, part) = digits.split_at(38 - usize::from(scale));
        let sign = if unscaled < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{part}");
        prop_assert_eq!(decimal(&text, 38, i8::try_from(scale).unwrap()), Some(unscaled));
    }
}
