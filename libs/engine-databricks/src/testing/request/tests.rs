use super::*;
use serde_json::{Value, json};

fn plain() -> Value {
    json!({"statement": "select 1", "warehouse_id": "w"})
}

fn with(key: &str, value: Value) -> Result<Execute, String> {
    let mut request = plain();
    request[key] = value;
    Execute::read(request.to_string().as_bytes())
}

#[test]
fn a_request_of_the_documentation_is_read() {
    assert!(Execute::read(plain().to_string().as_bytes()).is_ok());
    for wait in ["0s", "5s", "50s"] {
        assert!(with("wait_timeout", json!(wait)).is_ok(), "{wait}");
    }
    let parameters = json!([{"name": "a"}, {"name": "b_1", "value": null, "type": "DECIMAL(10,2)"}]);
    assert_eq!(with("parameters", parameters).unwrap().parameters[0].sql_type, "STRING");
    for statement in
        ["select '?'", "select \"?\"", "select `?`", "select 1 -- ?", "select /* ? */ 1", "select '\\'?'"]
    {
        assert!(with("statement", json!(statement)).is_ok(), "{statement}");
    }
}

#[test]
fn what_the_documentation_does_not_offer_is_refused() {
    let tags = |n: usize| json!(vec![json!({"key": "a"}); n]);
    assert!(with("query_tags", tags(20)).is_ok());
    for (key, value) in [
        ("extra", json!(1)),
        ("statement", json!("")),
        ("statement", json!("select ?")),
        ("statement", json!("select '' ? ''")),
        ("statement", json!("select 1 -- a\n, ?")),
        ("statement", json!("select /* */ ?")),
        ("statement", json!("x".repeat(16 * 1024 * 1024 + 1))),
        ("wait_timeout", json!("1s")),
        ("wait_timeout", json!("51s")),
        ("wait_timeout", json!("10")),
        ("wait_timeout", json!(10)),
        ("on_wait_timeout", json!("WAIT")),
        ("disposition", json!("EXTERNAL_LINKS")),
        ("disposition", json!("EXTERNAL")),
        ("format", json!("ARROW_STREAM")),
        ("format", json!("PARQUET")),
        ("query_tags", tags(21)),
        ("query_tags", json!([{"key": ""}])),
        ("query_tags", json!([{"key": "a", "other": "b"}])),
        ("parameters", json!([{"name": "1a"}])),
        ("parameters", json!([{"name": ""}])),
        ("parameters", json!([{"name": "a"}, {"name": "a"}])),
        ("parameters", json!([{"name": "a", "type": "ARRAY<INT>"}])),
        ("parameters", json!([{"name": "a", "type": "INT(3)"}])),
        ("parameters", json!([{"name": "a", "type": "DECIMAL(40,2)"}])),
        ("parameters", json!([{"name": "a", "ordinal": 1}])),
        ("row_limit", json!(0)),
        ("row_limit", json!(-1)),
        ("byte_limit", json!(0)),
    ] {
        assert!(
            with(key, value.clone()).is_err(),
            "{key} {}",
            value.to_string().chars().take(60).collect::<String>()
        );
    }
}
