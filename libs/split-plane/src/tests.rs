//! Tests of the guard, on the made-up world of a ferry line.

mod accepted;
mod attacks;
mod bombs;
mod corpus;
mod meaning;
mod nested;
mod reads;
mod refused;
mod words;

use crate::{GuardError, GuardErrorKind, GuardedQuery, SandboxView, ViewError, ViewRelation};
use splitplane_types::{Column, DataType};
use std::collections::BTreeMap;

fn relation(name: &str, columns: &[(&str, DataType)]) -> ViewRelation {
    let columns = columns.iter().map(|&(name, data_type)| Column {
        name: name.into(),
        data_type,
        unit: None,
        masked: false,
    });
    ViewRelation { name: name.into(), columns: columns.collect() }
}

fn relations() -> Vec<ViewRelation> {
    use DataType::{Boolean, Date, Decimal, Float, Integer, String, Timestamp};
    vec![
        relation(
            "trips",
            &[
                ("trip_id", Integer),
                ("route_id", Integer),
                ("day", Date),
                ("departed_at", Timestamp),
                ("passengers", Integer),
                ("revenue", Decimal),
                ("note", String),
            ],
        ),
        relation(
            "Routes",
            &[("route_id", Integer), ("Name", String), ("harbour", String), ("length_km", Float)],
        ),
        relation(
            "fares",
            &[
                ("fare_id", Integer),
                ("trip_id", Integer),
                ("class", String),
                ("price", Decimal),
                ("refunded", Boolean),
            ],
        ),
    ]
}

fn view() -> SandboxView {
    let parameters = [("filter_0", "North Isle"), ("filter_1", "O'Brien -- ' \" ;"), ("filter_2", "AC\\DC")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    SandboxView::new(relations(), BTreeMap::from(parameters)).unwrap()
}

/// What a caller gets who needs the text as well.
fn guard(draft: &str) -> Result<GuardedQuery, GuardError> {
    let query = view().guard(draft)?;
    query.text()?;
    Ok(query)
}

fn text_of(query: &GuardedQuery) -> String {
    query.text().unwrap()
}

#[track_caller]
fn accept(draft: &str) -> String {
    match guard(draft) {
        Ok(query) => text_of(&query),
        Err(error) => panic!("refused `{draft}`: {error}; {}", error.hint()),
    }
}

#[track_caller]
fn refuse(draft: &str, kind: GuardErrorKind) -> GuardError {
    match guard(draft) {
        Ok(query) => panic!("accepted `{draft}` as `{}`", query.query()),
        Err(error) => {
            assert_eq!(error.kind(), kind, "`{draft}`: {error}");
            error
        }
    }
}

#[test]
fn a_view_has_one_meaning_for_each_name() {
    for (relations, parameters) in [
        (vec![relation("trips", &[]), relation("Trips", &[])], BTreeMap::new()),
        (vec![relation("trips", &[("a", DataType::Integer), ("A", DataType::Integer)])], BTreeMap::new()),
    ] {
        let error = SandboxView::new(relations, parameters).unwrap_err();
        assert!(matches!(error, ViewError::Duplicate { .. }), "{error}");
    }
    for name in ["", "a`b", "stra\u{df}e", "a\nb"] {
        let error = SandboxView::new(vec![relation(name, &[])], BTreeMap::new()).unwrap_err();
        assert!(matches!(error, ViewError::Name { .. }), "{error}");
    }
}

#[test]
fn a_refusal_says_where_and_what_there_is_instead() {
    let error = refuse("SELECT trip_id,\n  wages FROM trips", GuardErrorKind::OutsideView);
    let position = error.position().unwrap();
    assert_eq!((position.line, position.column), (2, 3));
    assert!(error.hint().contains("trips(trip_id, route_id, day"), "{}", error.hint());
}

#[test]
fn a_name_that_exists_elsewhere_is_refused_in_the_same_words() {
    let of = |name: &str| {
        let error = refuse(&format!("SELECT trip_id FROM {name}"), GuardErrorKind::OutsideView);
        (error.to_string().replace(name, "NAME"), error.hint().to_owned(), error.position())
    };
    assert_eq!(of("salaries"), of("no_table"));
    assert_eq!(of("salaries"), of("df_table"));
}

#[test]
fn relations_are_those_that_are_read() {
    let query = guard("WITH w AS (SELECT trip_id FROM fares) SELECT count(*) AS n FROM TRIPS t JOIN w ON w.trip_id = t.trip_id").unwrap();
    assert_eq!(query.relations().iter().map(String::as_str).collect::<Vec<_>>(), ["fares", "trips"]);
}
