//! What a statement is believed to read and call.

use super::guard;

#[test]
fn a_guarded_query_knows_its_relations_its_columns_and_its_functions() {
    for (draft, columns, functions) in [
        ("SELECT count(*) AS n FROM trips", "", "count"),
        ("SELECT upper(note) AS u FROM trips", "trips.note", "upper"),
        (
            "SELECT t.trip_id FROM trips t JOIN routes r USING (route_id) WHERE r.name LIKE 'a%'",
            "Routes.Name Routes.route_id trips.route_id trips.trip_id",
            "",
        ),
        ("SELECT x.d FROM (SELECT day AS d, note FROM trips) x", "trips.day trips.note", ""),
        (
            "WITH w AS (SELECT class, price FROM fares) SELECT class, sum(price) AS s FROM w GROUP BY class",
            "fares.class fares.price",
            "sum",
        ),
        (
            "SELECT t.day FROM trips t WHERE EXISTS (SELECT 1 FROM fares f WHERE f.trip_id = t.trip_id)",
            "fares.trip_id trips.day trips.trip_id",
            "",
        ),
        ("SELECT * EXCEPT (trip_id, class, price) FROM fares", "fares.fare_id fares.refunded", ""),
        (
            "SELECT row_number() OVER (ORDER BY class) AS n FROM fares",
            "fares.class fares.fare_id fares.price fares.refunded fares.trip_id",
            "row_number",
        ),
        (
            "SELECT rank() OVER w AS n FROM fares WINDOW w AS (PARTITION BY class ORDER BY ceil(price))",
            "fares.class fares.price",
            "ceil rank",
        ),
        (
            "SELECT trim(LEADING 'x' FROM note) AS t, left(note, 1) AS l FROM trips",
            "trips.note",
            "left ltrim",
        ),
    ] {
        let query = guard(draft).unwrap();
        let all = query.columns();
        let read: Vec<String> = all.iter().map(|(r, c)| format!("{r}.{c}")).collect();
        assert_eq!(read.join(" "), columns, "{draft}");
        assert_eq!(query.functions().into_iter().collect::<Vec<_>>().join(" "), functions, "{draft}");
        assert!(all.iter().all(|(relation, _)| query.relations().contains(relation)), "{draft}");
    }
}
