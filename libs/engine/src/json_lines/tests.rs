use super::*;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, Schema};
use proptest::prelude::*;
use serde_json::Value;

fn read(names: &[&str], text: &[u8]) -> Result<Vec<Vec<Option<String>>>, AnyError> {
    let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
    let mut rows = Vec::new();
    for batch in Rows::new(text, Arc::new(Schema::new(fields))) {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let cell = |column: &ArrayRef| {
                let texts = column.as_string::<i32>();
                texts.is_valid(row).then(|| texts.value(row).to_owned())
            };
            rows.push(batch.columns().iter().map(cell).collect());
        }
    }
    Ok(rows)
}

fn one(line: &str) -> Option<String> {
    read(&["a"], line.as_bytes()).unwrap().remove(0).remove(0)
}

#[test]
fn a_value_is_its_own_spelling() {
    for (line, expected) in [
        (r#"{"a":1}"#, Some("1")),
        (r#"{"a":0.10}"#, Some("0.10")),
        (
            r#"{"a":123456789012345678901234567890.123456789}"#,
            Some("123456789012345678901234567890.123456789"),
        ),
        (r#"{"a":-1.5e-3}"#, Some("-1.5e-3")),
        (r#"{"a":"x,\"}\u00e9"}"#, Some("x,\"}é")),
        (r#"{"a":""}"#, Some("")),
        (r#"{"a":true}"#, Some("true")),
        (r#"{"a":null}"#, None),
        (r#"{"b":1}"#, None),
        ("{}", None),
        (r#" { "b" : [1,{"a":2}] , "a" : "y" } "#, Some("y")),
        (r#"{"a":{"b":[1, "]}"]},"c":1}"#, Some(r#"{"b":[1, "]}"]}"#)),
        (r#"{"\u0061":7}"#, Some("7")),
        (r#"{"b\\":1,"a":2}"#, Some("2")),
        ("{\"a\":3}\r\n", Some("3")),
        ("\u{feff}{\"a\":4}", Some("4")),
    ] {
        assert_eq!(one(line).as_deref(), expected, "{line}");
    }
}

#[test]
fn a_line_that_is_no_object_makes_the_file_unreadable_and_its_error_holds_nothing_of_it() {
    let good = r#"{"a":"SECRET-1"}"#;
    for bad in [
        "SECRET",
        r#""SECRET""#,
        r#"["SECRET"]"#,
        r#"{"a":"SECRET""#,
        r#"{"a":"SECRET"} {"a":2}"#,
        r#"{"a":"SECRET",}"#,
        r#"{a:"SECRET"}"#,
        r#"{"a":01}"#,
        r#"{"a":NaN}"#,
        r#"{"a":1,"a":"SECRET"}"#,
        r#"{"a":1,"\u0061":"SECRET"}"#,
        r#"{"b":1,"b":"SECRET"}"#,
        r#"{"a":"\ud800SECRET"}"#,
        "null",
    ] {
        let error = read(&["a"], format!("{good}\n{bad}\n{good}\n").as_bytes()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&LineError::Object), "{bad}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{bad}");
    }
    let error = read(&["a"], b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&LineError::Encoding));
}

#[test]
fn a_line_without_an_end_is_not_read_into_memory() {
    let endless = std::io::BufReader::new(std::io::repeat(b' '));
    let schema = Schema::new(vec![Field::new("a", DataType::Utf8, true)]);
    let error = Rows::new(endless, Arc::new(schema)).next().unwrap().unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&LineError::Length));
}

#[test]
fn empty_lines_are_no_rows_and_many_rows_are_several_batches() {
    let text = format!("\n{}\n  \n", "{\"a\":1}\n\n".repeat(20_000));
    assert_eq!(read(&["a"], text.as_bytes()).unwrap().len(), 20_000);
    assert_eq!(read(&["a"], b"").unwrap().len(), 0);
}

/// Any JSON, with texts that look like its punctuation.
fn json() -> impl Strategy<Value = Value> {
    let text = "[a-c\\\\\"{}\\[\\],: \u{e9}\n]{0,6}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn values_are_those_that_another_parser_finds(
        members in prop::collection::btree_map("[a-c\\\\\"}, \u{e9}]{0,3}", json(), 0..6),
        is_spaced: bool,
    ) {
        let object = Value::Object(members.clone().into_iter().collect());
        let line = if is_spaced {
            // No end of line within: only spaces between.
            let text = serde_json::to_string_pretty(&object).unwrap();
            text.replace('\n', " ")
        } else {
            object.to_string()
        };
        let names: Vec<&str> = members.keys().map(String::as_str).collect();
        if names.is_empty() {
            return Ok(());
        }
        let row = read(&names, line.as_bytes()).unwrap().remove(0);
        for ((name, expected), found) in members.iter().zip(row) {
            match expected {
                Value::Null => prop_assert_eq!(found, None),
                Value::String(text) => prop_assert_eq!(found.as_deref(), Some(text.as_str()), "{}", name),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    let found: Value = serde_json::from_str(&found.unwrap()).unwrap();
                    prop_assert_eq!(&found, expected);
                }
            }
        }
    }
}
