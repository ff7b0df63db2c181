use super::*;

fn text(value: &str) -> ScopeValue {
    ScopeValue::Text(value.to_owned())
}

fn keys(columns: &[&str], tuples: &[&[&str]]) -> Condition {
    Condition::Keys {
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        tuples: tuples.iter().map(|tuple| tuple.iter().map(|value| text(value)).collect()).collect(),
    }
}

fn source(partitions: &[&str]) -> Source {
    Source {
        path: "/wh/loans/".to_owned(),
        table: String::new(),
        format: Format::Parquet,
        partitions: partitions.iter().map(|column| (*column).to_owned()).collect(),
        schema: String::new(),
    }
}

fn paths(parts: &[Part]) -> Vec<String> {
    parts.iter().map(|part| part.path("/wh/loans/")).collect()
}

#[test]
fn the_tenants_own_folder_is_read_and_what_it_does_not_say_is_left_as_a_condition() {
    let scope =
        keys(&["town", "branch", "desk"], &[&["t1", "b1", "d1"], &["t1", "b1", "d2"], &["t1", "b2", "d1"]]);
    let found = parts(&source(&["town", "branch"]), &RowScope::All(vec![scope]));
    assert_eq!(paths(&found), ["/wh/loans/town=t1/branch=b1", "/wh/loans/town=t1/branch=b2"]);
    assert_eq!(found[0].conditions, [keys(&["desk"], &[&["d1"], &["d2"]])]);
    assert_eq!(found[1].conditions, [keys(&["desk"], &[&["d1"]])]);
}

#[test]
fn a_scope_that_folders_say_wholly_leaves_no_condition() {
    let scope = keys(&["town", "branch"], &[&["t1", "b1"], &["t1", "b1"]]);
    let found = parts(&source(&["town", "branch", "day"]), &RowScope::All(vec![scope]));
    assert_eq!(paths(&found), ["/wh/loans/town=t1/branch=b1"]);
    assert!(found[0].is_whole());
}

#[test]
fn folders_that_the_scope_does_not_name_first_name_nothing() {
    let scope = keys(&["branch"], &[&["b1"]]);
    let found = parts(&source(&["town", "branch"]), &RowScope::All(vec![scope.clone()]));
    assert_eq!(paths(&found), ["/wh/loans"]);
    assert_eq!(found[0].conditions, [scope]);
}

#[test]
fn a_value_that_writers_spell_differently_is_looked_for_under_every_spelling() {
    let found = |value: &str| {
        let scope = keys(&["town"], &[&[value]]);
        parts(&source(&["town"]), &RowScope::All(vec![scope]))
    };
    for (value, expected) in [
        ("t1", &["town=t1"][..]),
        ("t.1", &["town=t%2E1", "town=t.1"]),
        ("t 1", &["town=t 1", "town=t%201"]),
        ("t/1", &["town=t%2F1"]),
        ("a=b", &["town=a%3Db"]),
        ("caf\u{e9}", &["town=caf%C3%A9", "town=caf\u{e9}"]),
        ("..", &["town=%2E%2E", "town=.."]),
    ] {
        let expected: Vec<String> = expected.iter().map(|name| format!("/wh/loans/{name}")).collect();
        assert_eq!(paths(&found(value)), expected, "{value}");
        assert!(found(value).iter().all(|part| part.is_whole()));
        assert!(found(value).iter().all(|part| part.folders == [("town".to_owned(), value.to_owned())]));
    }
    // No value is a pattern to whoever reads the path.
    for value in ["*", "t?", "{t1,t2}", "[a-z]", "t\\*"] {
        let names = found(value);
        assert!(!names.is_empty());
        for path in paths(&names) {
            assert!(!path.contains(['*', '?', '{', '}', '[', ']', '\\']), "{path}");
        }
    }
    // What writers put for NULL is nobody's.
    assert!(found("__HIVE_DEFAULT_PARTITION__").is_empty());
    assert!(found("").is_empty());
}

#[test]
fn no_tuple_is_no_part_and_every_other_condition_stays() {
    assert!(parts(&source(&["town"]), &RowScope::All(vec![keys(&["town"], &[])])).is_empty());
    let exists = Condition::Exists {
        source: "desks".to_owned(),
        rows: Box::new(RowScope::All(vec![keys(&["town"], &[&["t1"]])])),
        by: vec![("desk".to_owned(), "id".to_owned())],
    };
    let rows = RowScope::All(vec![exists.clone(), keys(&["town"], &[&["t1"]])]);
    let found = parts(&source(&["town"]), &rows);
    assert_eq!(paths(&found), ["/wh/loans/town=t1"]);
    assert_eq!(found[0].conditions, [exists]);
    let public = RowScope::Public { reason: "hangs on every wall".to_owned() };
    assert_eq!(paths(&parts(&source(&["town"]), &public)), ["/wh/loans"]);
}

#[test]
fn a_mapping_says_one_place_and_plain_names() {
    let of = |source: Source| check(&Sources::from([("loans".to_owned(), source)]));
    assert!(of(source(&["town", "branch"])).is_ok());
    assert!(matches!(of(Source { table: "a.b".to_owned(), ..source(&[]) }), Err(LayoutError::Place { .. })));
    assert!(matches!(of(Source { path: String::new(), ..source(&[]) }), Err(LayoutError::Place { .. })));
    let pattern = Source { path: "/wh/*/loans".to_owned(), ..source(&[]) };
    assert!(matches!(of(pattern), Err(LayoutError::Pattern { .. })));
    for wrong in [&["a=b"][..], &[""], &["a/b"], &["town", "town"]] {
        assert!(matches!(of(source(wrong)), Err(LayoutError::Partition { .. })), "{wrong:?}");
    }
}
