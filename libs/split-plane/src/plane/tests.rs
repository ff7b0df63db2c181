use super::*;
use splitplane_types::BucketUnit;

fn relation(name: &str, rows: RowScope) -> ScopedRelation {
    ScopedRelation {
        name: name.into(),
        source: format!("{name}_file"),
        columns: vec![ScopedColumn {
            name: "trip_id".into(),
            expression: ColumnExpression::Physical("id".into()),
            data_type: Some(DataType::Integer),
            unit: None,
            mask: None,
        }],
        rows,
    }
}

fn keys(columns: &[&str], tuples: &[&[&str]]) -> Condition {
    Condition::Keys {
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        tuples: tuples
            .iter()
            .map(|tuple| tuple.iter().map(|&value| ScopeValue::Text(value.to_owned())).collect())
            .collect(),
    }
}

fn scoped(condition: Condition) -> RowScope {
    RowScope::All(vec![condition])
}

#[test]
fn a_scope_that_would_show_every_row_is_refused() {
    let none = "no_condition";
    for (rows, expected) in [
        (RowScope::All(vec![]), none),
        (scoped(keys(&[], &[&[]])), "no_columns"),
        (
            scoped(Condition::Exists {
                source: "s".into(),
                rows: Box::new(scoped(keys(&["a"], &[]))),
                by: vec![],
            }),
            "no_columns",
        ),
        (
            scoped(Condition::Exists {
                source: "s".into(),
                rows: Box::new(RowScope::All(vec![])),
                by: vec![("a".into(), "b".into())],
            }),
            none,
        ),
        (RowScope::Public { reason: " \n".into() }, "no_reason"),
        (scoped(keys(&["tenant", "harbour"], &[&["t", "h"], &["t"]])), "tuple"),
    ] {
        let error = SecurityPlane::new(vec![relation("trips", rows.clone())]).unwrap_err();
        let kind = match error {
            ScopeError::NoCondition { .. } => none,
            ScopeError::NoColumns { .. } => "no_columns",
            ScopeError::NoReason { .. } => "no_reason",
            ScopeError::TupleLength { .. } => "tuple",
            ScopeError::Duplicate { .. } | ScopeError::Name { .. } | ScopeError::TooDeep { .. } => "other",
        };
        assert_eq!(kind, expected, "{rows:?}");
    }
}

#[test]
fn an_endless_chain_of_exists_is_refused() {
    let mut rows = scoped(keys(&["tenant"], &[&["t"]]));
    for _ in 0..=EXISTS_DEPTH_MAX {
        rows = scoped(Condition::Exists {
            source: "s".into(),
            rows: Box::new(rows),
            by: vec![("a".into(), "b".into())],
        });
    }
    let error = SecurityPlane::new(vec![relation("trips", rows)]).unwrap_err();
    assert!(matches!(error, ScopeError::TooDeep { .. }), "{error}");
}

#[test]
fn one_name_means_one_relation() {
    let rows = || scoped(keys(&["tenant"], &[&["t"]]));
    let error = SecurityPlane::new(vec![relation("trips", rows()), relation("TRIPS", rows())]).unwrap_err();
    assert!(matches!(error, ScopeError::Duplicate { .. }), "{error}");
    let error = SecurityPlane::new(vec![relation("tri`ps", rows())]).unwrap_err();
    assert!(matches!(error, ScopeError::Name { .. }), "{error}");
}

#[test]
fn the_text_for_auditors_says_what_is_executed() {
    let mut trips =
        relation("trips", scoped(keys(&["tenant", "harbour"], &[&["t1", "1"], &["t1", "O'Brien"]])));
    trips.columns.push(ScopedColumn {
        name: "card".into(),
        expression: ColumnExpression::Physical("card_no".into()),
        data_type: None,
        unit: None,
        mask: Some(ColumnMask::Last(4)),
    });
    trips.columns.push(ScopedColumn {
        name: "email".into(),
        expression: ColumnExpression::Physical("email".into()),
        data_type: None,
        unit: None,
        mask: Some(ColumnMask::Null),
    });
    for (name, mask) in [
        ("guest", ColumnMask::Hash(MaskKey::new([7; 32]))),
        ("age", ColumnMask::Bucket(Bucket::Width(10.try_into().unwrap()))),
        ("born", ColumnMask::Bucket(Bucket::Unit(BucketUnit::Month))),
    ] {
        trips.columns.push(ScopedColumn {
            name: name.into(),
            expression: ColumnExpression::Physical(name.into()),
            data_type: None,
            unit: None,
            mask: Some(mask),
        });
    }
    let fares = relation(
        "fares",
        scoped(Condition::Exists {
            source: "trips_file".into(),
            rows: Box::new(scoped(keys(&["tenant"], &[&["t1"]]))),
            by: vec![("trip_id".into(), "id".into())],
        }),
    );
    let closed = relation("closed", scoped(keys(&["tenant"], &[])));
    let tides = relation("tides", RowScope::Public { reason: "the same moon\nfor all".into() });
    let plane = SecurityPlane::new(vec![trips, fares, closed, tides]).unwrap();
    let words: Vec<_> = plane.to_sql().split_whitespace().map(str::to_owned).collect();
    let text = words.join(" ");
    for expected in [
        "-- tides is public: the same moon for all WITH",
        "`trips` AS ( SELECT `source`.`id` AS `trip_id`",
        "CASE WHEN char_length(`source`.`card_no`) > 4 THEN concat(repeat('*', char_length(`source`.`card_no`) - 4), right(`source`.`card_no`, 4)) ELSE repeat('*', char_length(`source`.`card_no`)) END AS `card`",
        "splitplane_mask_hash(:tenant_mask_key, CAST(`source`.`guest` AS STRING)) AS `guest`",
        "floor(`source`.`age` / 10) * 10 AS `age`",
        "date_trunc('month', `source`.`born`) AS `born`",
        "NULL AS `email`",
        "FROM `trips_file` AS `source` WHERE (CAST(`source`.`tenant` AS STRING), CAST(`source`.`harbour` AS STRING)) IN (('t1', '1'), ('t1', 'O''Brien'))",
        "EXISTS (SELECT 1 FROM `trips_file` AS `source_2` WHERE CAST(`source_2`.`id` AS STRING) = CAST(`source`.`trip_id` AS STRING) AND CAST(`source_2`.`tenant` AS STRING) IN ('t1'))",
        "FROM `closed_file` AS `source` WHERE false",
    ] {
        let squeeze = |text: &str| text.replace([' ', '\n'], "");
        assert!(squeeze(&text).contains(&squeeze(expected)), "no `{expected}` in:\n{text}");
    }
    assert!(!text.contains("`source`.`email`"), "{text}");
}

#[test]
fn values_of_a_scope_cannot_leave_their_quotes() {
    let hostile = "x') OR ('1'='1";
    let plane =
        SecurityPlane::new(vec![relation("trips", scoped(keys(&["tenant"], &[&[hostile]])))]).unwrap();
    let text = format!("{} SELECT 1", plane.to_sql());
    let parsed = sqlparser::parser::Parser::parse_sql(&crate::bounds::DIALECT, &text).unwrap();
    // Were the quotes closed, there would be an OR in the tree.
    assert!(!format!("{parsed:?}").contains("op: Or"), "{text}");
    assert!(format!("{parsed:?}").contains("OR ('1'='1"), "{text}");
}
