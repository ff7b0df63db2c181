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
fn a_value_that_writers_spell_differently_is_left_to_the_rows() {
    for value in ["t/1", "", "t 1", "..", "t%31", "caf\u{e9}", "__HIVE_DEFAULT_PARTITION__", "t.1", "a=b"] {
        let scope = keys(&["town"], &[&[value]]);
        let found = parts(&source(&["town"]), &RowScope::All(vec![scope.clone()]));
        assert_eq!(paths(&found), ["/wh/loans"], "{value}");
        assert_eq!(found[0].conditions, [scope], "{value}");
    }
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
    for wrong in [&["a=b"][..], &[""], &["a/b"], &["town", "town"]] {
        assert!(matches!(of(source(wrong)), Err(LayoutError::Partition { .. })), "{wrong:?}");
    }
}
