use super::*;
use crate::connect::wire::data_type::{Array, Decimal, Length, Map, Plain, Struct, StructField, Text};

fn typed(kind: Kind) -> wire::DataType {
    wire::DataType { kind: Some(kind) }
}

fn columns(kinds: Vec<Kind>) -> wire::DataType {
    let field = |(place, kind)| StructField {
        name: format!("c{place}"),
        data_type: Some(typed(kind)),
        nullable: place % 2 == 0,
    };
    typed(Kind::Struct(Struct { fields: kinds.into_iter().enumerate().map(field).collect() }))
}

fn decimal(precision: Option<i32>, scale: Option<i32>) -> Kind {
    Kind::Decimal(Decimal { scale, precision })
}

#[test]
fn types_are_arrows_as_spark_sends_them() {
    let micros = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    let element = Box::new(typed(Kind::Short(Plain {})));
    let entry = |kind| Box::new(typed(kind));
    let map = Map {
        key_type: Some(entry(Kind::String(Text::default()))),
        value_type: Some(entry(Kind::Date(Plain {}))),
        value_contains_null: true,
    };
    let entries = DataType::Struct(Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Date32, true),
    ]));
    let cases = vec![
        (Kind::Long(Plain {}), DataType::Int64),
        (Kind::Byte(Plain {}), DataType::Int8),
        (Kind::Float(Plain {}), DataType::Float32),
        (Kind::VarChar(Length { length: 3 }), DataType::Utf8),
        (Kind::Binary(Plain {}), DataType::Binary),
        (Kind::Timestamp(Plain {}), micros(Some("Europe/Berlin"))),
        (Kind::TimestampNtz(Plain {}), micros(None)),
        (decimal(Some(38), Some(6)), DataType::Decimal128(38, 6)),
        (decimal(None, None), DataType::Decimal128(10, 0)),
        (
            Kind::Array(Box::new(Array { element_type: Some(element), contains_null: true })),
            DataType::List(Arc::new(Field::new("element", DataType::Int16, true))),
        ),
        (Kind::Map(Box::new(map)), DataType::Map(Arc::new(Field::new("entries", entries, false)), false)),
    ];
    let (kinds, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let schema = schema_of(&columns(kinds), "Europe/Berlin").unwrap();
    for (place, expected) in expected.iter().enumerate() {
        let field = schema.field(place);
        assert_eq!((field.name(), field.is_nullable()), (&format!("c{place}"), place % 2 == 0));
        assert_eq!(field.data_type(), expected);
    }
}

#[test]
fn a_type_that_is_not_known_is_an_error() {
    let unknown = wire::DataType { kind: None };
    let hidden =
        Kind::Array(Box::new(Array { element_type: Some(Box::new(unknown.clone())), contains_null: true }));
    for data_type in [
        unknown,
        typed(Kind::Long(Plain {})),
        columns(vec![hidden]),
        columns(vec![decimal(Some(0), Some(0))]),
        columns(vec![decimal(Some(39), Some(0))]),
        columns(vec![decimal(Some(5), Some(6))]),
        columns(vec![decimal(Some(5), Some(-1))]),
    ] {
        assert!(matches!(schema_of(&data_type, UTC), Err(ConnectError::Protocol { .. })), "{data_type:?}");
    }
}

#[test]
fn a_text_that_other_texts_are_equal_to_is_of_no_known_type() {
    let text = |collation: &str| Kind::String(Text { collation: collation.to_owned() });
    let nested = Array { element_type: Some(Box::new(typed(text("UTF8_LCASE")))), contains_null: true };
    let relation = columns(vec![
        text(""),
        text("UTF8_LCASE"),
        text("UTF8_BINARY"),
        text("de_CI"),
        Kind::Array(Box::new(nested)),
    ]);
    let expected = ["c0", "c2"].map(|name| (name.to_owned(), DataType::Utf8));
    assert_eq!(known_columns(&relation, UTC).unwrap(), expected);
    assert!(schema_of(&relation, UTC).is_err());
}
