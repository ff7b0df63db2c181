use super::*;

fn one(text: &str) -> Option<DataType> {
    parse(text, 0)
}

#[test]
fn flat_types_are_what_arrow_calls_them() {
    let micros = TimeUnit::Microsecond;
    for (text, expected) in [
        ("BOOLEAN", DataType::Boolean),
        ("TINYINT", DataType::Int8),
        ("SMALLINT", DataType::Int16),
        ("int", DataType::Int32),
        ("BIGINT", DataType::Int64),
        ("FLOAT", DataType::Float32),
        ("DOUBLE", DataType::Float64),
        ("DECIMAL(10,2)", DataType::Decimal128(10, 2)),
        ("DECIMAL(38, 38)", DataType::Decimal128(38, 38)),
        ("DECIMAL", DataType::Decimal128(10, 0)),
        ("DECIMAL(5)", DataType::Decimal128(5, 0)),
        ("STRING", DataType::Utf8),
        ("VARCHAR(20)", DataType::Utf8),
        ("BINARY", DataType::Binary),
        ("DATE", DataType::Date32),
        ("TIMESTAMP", DataType::Timestamp(micros, Some("UTC".into()))),
        ("TIMESTAMP_NTZ", DataType::Timestamp(micros, None)),
        ("VOID", DataType::Null),
        ("INTERVAL DAY TO SECOND", DataType::Duration(micros)),
        ("INTERVAL YEAR TO MONTH", DataType::Interval(IntervalUnit::YearMonth)),
    ] {
        assert_eq!(one(text), Some(expected), "{text}");
    }
    for text in
        ["", "VARIANT", "DECIMAL(39,2)", "DECIMAL(2,3)", "DECIMAL(0,0)", "DECIMAL(a)", "DECIMAL(1", "INTS"]
    {
        assert_eq!(one(text), None, "{text}");
    }
}

#[test]
fn nested_types_are_read_at_any_depth_that_is_sane() {
    let text = "STRUCT<a: ARRAY<MAP<STRING, DECIMAL(10,2)>> NOT NULL COMMENT 'x, y', `b:`` c`: INT>";
    let Some(DataType::Struct(fields)) = one(text) else { panic!("{text}") };
    assert_eq!(fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), ["a", "b:` c"]);
    let DataType::List(item) = fields[0].data_type() else { panic!("{fields:?}") };
    let DataType::Map(entries, false) = item.data_type() else { panic!("{fields:?}") };
    let DataType::Struct(entries) = entries.data_type() else { panic!("{fields:?}") };
    assert_eq!(entries[1].data_type(), &DataType::Decimal128(10, 2));
    assert_eq!(fields[1].data_type(), &DataType::Int32);
    assert_eq!(one("STRUCT<>"), Some(DataType::Struct(Fields::empty())));
    for text in
        ["ARRAY<", "ARRAY<>", "MAP<INT>", "MAP<INT,INT,INT>", "STRUCT<a>", "STRUCT<`a: INT>", "ARRAY<INT>>"]
    {
        assert_eq!(one(text), None, "{text}");
    }
    let deep = |n: usize| format!("{}INT{}", "ARRAY<".repeat(n), ">".repeat(n));
    assert!(one(&deep(32)).is_some());
    assert!(one(&deep(33)).is_none());
}

#[test]
fn a_text_is_known_if_its_bytes_are_compared() {
    for text in [
        "STRING COLLATE UTF8_BINARY",
        "string collate utf8_binary",
        "VARCHAR(20) COLLATE UTF8_BINARY",
        "CHAR(2)  COLLATE  UTF8_BINARY",
    ] {
        assert_eq!(one(text), Some(DataType::Utf8), "{text}");
    }
    for within in
        ["ARRAY<#>", "MAP<#, INT>", "MAP<INT, #>", "STRUCT<a: #>", "STRUCT<a: # NOT NULL COMMENT 'b'>"]
    {
        let of = |collation: &str| one(&within.replace('#', &format!("STRING COLLATE {collation}")));
        assert_eq!(of("UTF8_BINARY"), one(&within.replace('#', "STRING")), "{within}");
        assert!(of("UTF8_BINARY").is_some(), "{within}");
        for other in ["UTF8_LCASE", "UNICODE", "UTF8_BINARY_RTRIM", "de_CI_AI", ""] {
            assert_eq!(of(other), None, "{within} {other}");
        }
    }
    for text in [
        "STRING COLLATE UTF8_LCASE",
        "STRING COLLATE UNICODE_CI",
        "STRING COLLATE UTF8_BINARY_RTRIM",
        "STRING COLLATE",
        "STRING COLLATE UTF8_BINARY COLLATE UTF8_LCASE",
        "INT COLLATE UTF8_BINARY",
        "INTERVAL DAY TO SECOND COLLATE UTF8_BINARY",
        "STRUCT<a: STRING COLLATE UTF8_LCASE COMMENT ' COLLATE UTF8_BINARY'>",
    ] {
        assert_eq!(one(text), None, "{text}");
    }
}

#[test]
fn columns_of_unknown_types_are_left_out_of_a_table_and_are_errors_of_a_result() {
    let column = |name: &str, text: &str| Column { name: name.to_owned(), type_text: text.to_owned() };
    let columns = [column("a", "INT"), column("b", "VARIANT"), column("c", "STRING COLLATE UTF8_LCASE")];
    assert_eq!(known(&columns), [("a".to_owned(), DataType::Int32)]);
    assert!(matches!(schema(&columns), Err(DatabricksError::Protocol(_))));
    assert_eq!(schema(&columns[..1]).unwrap().fields().len(), 1);
}

#[test]
fn instants_are_labelled_alike_and_nothing_else_is() {
    let micros = TimeUnit::Microsecond;
    let schema = Schema::new(vec![
        Field::new("a", DataType::Timestamp(micros, Some("Etc/UTC".into())), true),
        Field::new("b", DataType::Timestamp(micros, None), true),
        Field::new("c", DataType::Int32, false),
    ]);
    let labelled = labelled(&schema);
    assert_eq!(labelled.field(0).data_type(), &DataType::Timestamp(micros, Some("UTC".into())));
    assert_eq!(labelled.field(1), schema.field(1));
    assert_eq!(labelled.field(2), schema.field(2));
}
