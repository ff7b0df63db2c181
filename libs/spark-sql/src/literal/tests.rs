use super::*;

fn decimal(digits: &str, precision: u8, scale: u8) -> Literal {
    Literal::Decimal { digits: digits.to_owned(), precision, scale }
}

#[test]
fn numbers_keep_the_digits_in_which_they_are_written() {
    assert_eq!(number("5", false), Ok(Literal::Integer(5)));
    assert_eq!(number("007", true), Ok(Literal::Integer(-7)));
    assert_eq!(number("9223372036854775808", true), Ok(Literal::Integer(i64::MIN)));
    assert_eq!(number("9223372036854775808", false), Ok(decimal("9223372036854775808", 19, 0)));
    assert_eq!(number("0.1", false), Ok(decimal("0.1", 1, 1)));
    assert_eq!(number("1.50", false), Ok(decimal("1.50", 3, 2)));
    assert_eq!(number(".05", true), Ok(decimal("-0.05", 2, 2)));
    assert_eq!(number("1e3", false), Ok(Literal::Integer(1000)));
    assert_eq!(number("2.5e-3", false), Ok(decimal("0.0025", 4, 4)));
    assert_eq!(number("12.5E1", false), Ok(Literal::Integer(125)));
    for wrong in ["", ".", "1e", "0x10", "1e400", "1_000", &"9".repeat(39)] {
        assert!(number(wrong, false).is_err(), "{wrong}");
    }
}

#[test]
fn a_number_becomes_another_kind_only_where_it_stays_the_same_number() {
    let value = |literal: &Literal, precision, scale| literal.number_as(Kind::Decimal { precision, scale });
    let bound =
        |digits: &str, precision, scale| Some(Value::Decimal { digits: digits.to_owned(), precision, scale });
    assert_eq!(value(&Literal::Integer(100), 10, 2), bound("100.00", 10, 2));
    assert_eq!(value(&Literal::Integer(100), 4, 2), None);
    assert_eq!(value(&decimal("0.5", 1, 1), 2, 2), bound("0.50", 2, 2));
    assert_eq!(value(&decimal("-0.505", 3, 3), 10, 2), None);
    assert_eq!(Literal::Integer(-3).number_as(Kind::Float), Some(Value::Double(-3.0)));
    assert_eq!(Literal::Text("3".to_owned()).number_as(Kind::Integer), None);
}

#[test]
fn dates_and_times_are_read_strictly_and_written_in_one_way() {
    assert_eq!(date("2024-02-29").as_deref(), Ok("2024-02-29"));
    assert_eq!(date("2026-3-5").as_deref(), Ok("2026-03-05"));
    assert_eq!(timestamp("2026-03-15").as_deref(), Ok("2026-03-15T00:00:00"));
    assert_eq!(timestamp("2026-03-15 23:30").as_deref(), Ok("2026-03-15T23:30:00"));
    assert_eq!(timestamp("2026-03-15T23:30:15.25Z").as_deref(), Ok("2026-03-15T23:30:15.25"));
    for wrong in ["2026-02-30", "2023-02-29", "1900-02-29", "2026-13-01", "0000-01-01", "26-01-01", "x"] {
        assert!(date(wrong).is_err(), "{wrong}");
    }
    for wrong in ["2026-03-15 24:00", "2026-03-15 10", "2026-03-15 10:00:00+02:00", "2026-03-15 1:2:3:4"] {
        assert!(timestamp(wrong).is_err(), "{wrong}");
    }
}
