//! Attacks and ordinary queries inside each other, at every depth. The oracle knows no syntax tree: it
//! remembers what was put in.

use super::{guard, text_of};
use proptest::prelude::*;

pub(super) const GOOD: &[&str] = &[
    "SELECT trip_id FROM trips",
    "SELECT f.trip_id FROM fares f WHERE f.price > 3",
    "SELECT max(trip_id) AS trip_id FROM fares GROUP BY class",
    "SELECT trip_id FROM trips ORDER BY revenue DESC LIMIT 3",
];

pub(super) const EVIL: &[&str] = &[
    "SELECT trip_id FROM secrets",
    "SELECT trip_id FROM public.trips",
    "SELECT trip_id FROM (SELECT trip_id FROM fares) AS trips",
    "SELECT trip_id FROM trips FOR UPDATE",
    "SELECT trip_id INTO evil FROM trips",
    "SELECT trip_id FROM range(1, 2)",
    "SELECT trip_id FROM UNNEST(ARRAY[1])",
    "SELECT a.trip_id FROM trips a, fares b",
    "SELECT a.trip_id FROM trips a CROSS JOIN fares b",
    "WITH x AS (INSERT INTO trips VALUES (1) RETURNING trip_id) SELECT trip_id FROM trips",
    "WITH trips AS (SELECT trip_id FROM fares) SELECT trip_id FROM trips",
    "WITH RECURSIVE r AS (SELECT trip_id FROM trips) SELECT trip_id FROM r",
    "VALUES (1)",
    "TABLE trips",
    "DELETE FROM trips RETURNING trip_id",
    "SELECT trip_id FROM trips TABLESAMPLE (10 ROWS)",
    "SELECT trip_id FROM trips LATERAL VIEW explode(note) AS y",
    "SELECT trip_id FROM trips LIMIT passengers",
    "SELECT trip_id FROM trips FETCH FIRST 1 ROWS ONLY",
    "SELECT wages AS trip_id FROM trips",
];

pub(super) const EVIL_EXPRESSIONS: &[&str] = &[
    "pg_sleep(1)",
    "random()",
    "now()",
    "uuid()",
    "version()",
    "input_file_name()",
    "repeat('a', 1000000000)",
    "range(1, 2)",
    "'a'::regclass",
    "CAST('a' AS BINARY)",
    "ARRAY[1]",
    "note[1]",
    "(note RLIKE 'a')",
    "(note LIKE '%a%b%c%')",
    "wages",
    "secrets.note",
    "E'a'",
    "X'41'",
    "@@x",
    ":nothing",
    "'${env:HOME}'",
    "'\\'",
    "\"note\"",
    "struct(note)",
    "row_number() OVER ()",
    "first(note)",
    "max_by(note, day)",
    "string_agg(note, note)",
    "percentile(trip_id, passengers)",
    "sum(trip_id) OVER w",
    "split_part(note, 'a', trip_id)",
    "timestampdiff(fortnight, day, day)",
    "count(DISTINCT note, wages)",
    "lpad(note, 2000000000)",
    "(SELECT trip_id FROM secrets)",
    "EXISTS (SELECT 1 FROM secrets)",
    "replace(note, 'a', note)",
];

pub(super) const GOOD_EXPRESSIONS: &[&str] = &[
    "trip_id",
    "passengers + 1",
    "length(note)",
    "(SELECT max(f.trip_id) FROM fares f)",
    "coalesce(passengers, 0)",
    "try_divide(passengers, trip_id)",
    "timestampdiff(MONTH, day, departed_at)",
    "months_between(day, departed_at)",
    "zeroifnull(passengers)",
    "length(split_part(note, '-', 2))",
];

/// `@` is a query of one column `trip_id`.
pub(super) const AROUND: &[&str] = &[
    "SELECT t.trip_id FROM (@) AS t",
    "SELECT trip_id FROM (@)",
    "SELECT trip_id FROM trips WHERE trip_id IN (@)",
    "SELECT trip_id FROM trips WHERE NOT EXISTS (@)",
    "SELECT trip_id FROM trips WHERE trip_id > 3 AND (passengers < 3 OR trip_id NOT IN (@))",
    "SELECT trip_id FROM trips UNION ALL (@)",
    "SELECT trip_id FROM fares EXCEPT (@)",
    "SELECT CASE WHEN EXISTS (@) THEN trip_id END AS trip_id FROM trips",
    "SELECT max(trip_id) AS trip_id FROM trips HAVING max(trip_id) IN (@)",
    "SELECT a.trip_id FROM trips a JOIN (@) AS b ON a.trip_id = b.trip_id",
    "SELECT a.trip_id FROM trips a JOIN fares b ON a.trip_id = b.trip_id AND a.trip_id IN (@)",
    "SELECT a.trip_id FROM (trips a LEFT JOIN (@) AS b ON a.trip_id = b.trip_id) JOIN routes c USING (route_id)",
    "WITH w AS (@) SELECT w.trip_id FROM w",
    "WITH w AS (SELECT q.trip_id FROM (@) AS q), v AS (SELECT trip_id FROM w) SELECT trip_id FROM v",
    "SELECT trip_id FROM trips ORDER BY trip_id IN (@)",
    "SELECT trip_id FROM trips QUALIFY rank() OVER (ORDER BY trip_id IN (@)) = 1",
    "SELECT sum(trip_id) FILTER (WHERE trip_id IN (@)) AS trip_id FROM trips",
];

/// `@` is an expression over `trips`.
pub(super) const PLACES: &[&str] = &[
    "SELECT trip_id FROM trips WHERE (@) IS NULL",
    "SELECT trip_id FROM trips WHERE trip_id BETWEEN 1 AND (@)",
    "SELECT coalesce(trip_id, @) AS trip_id FROM trips",
    "SELECT CASE WHEN trip_id > 1 THEN @ ELSE trip_id END AS trip_id FROM trips",
    "SELECT CASE WHEN @ IS NULL THEN trip_id END AS trip_id FROM trips",
    "SELECT max(CASE WHEN trip_id > 1 THEN @ END) AS trip_id FROM trips",
    "SELECT trip_id FROM trips GROUP BY trip_id, coalesce(trip_id, @)",
    "SELECT trip_id FROM trips ORDER BY coalesce(trip_id, @)",
    "SELECT rank() OVER (PARTITION BY coalesce(trip_id, @) ORDER BY day) AS trip_id FROM trips",
    "SELECT rank() OVER (ORDER BY coalesce(trip_id, @)) AS trip_id FROM trips",
    "SELECT trips.trip_id FROM trips JOIN routes ON trips.route_id = routes.route_id AND (@) IS NULL",
    "SELECT TRY_CAST((@) AS INT) AS trip_id FROM trips",
    "SELECT count(*) FILTER (WHERE (@) IS NULL) AS trip_id FROM trips",
    "SELECT trip_id FROM trips WHERE (@) IN (1, 2)",
    "SELECT trip_id FROM trips WHERE (@) IN (SELECT trip_id FROM fares)",
    "SELECT trip_id FROM trips QUALIFY row_number() OVER (ORDER BY day) > coalesce(trip_id, @)",
];

fn leaf() -> impl Strategy<Value = (String, bool)> {
    let pick = |list: &'static [&'static str]| prop::sample::select(list);
    prop_oneof![
        pick(GOOD).prop_map(|text| (text.to_owned(), false)),
        pick(EVIL).prop_map(|text| (text.to_owned(), true)),
        (pick(PLACES), pick(GOOD_EXPRESSIONS)).prop_map(|(place, expr)| (place.replace('@', expr), false)),
        (pick(PLACES), pick(EVIL_EXPRESSIONS)).prop_map(|(place, expr)| (place.replace('@', expr), true)),
    ]
}

fn query() -> impl Strategy<Value = (String, bool)> {
    (leaf(), prop::collection::vec(prop::sample::select(AROUND), 0..4)).prop_map(|((text, evil), around)| {
        (around.into_iter().fold(text, |inner, outer| outer.replace('@', &inner)), evil)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn evil_is_refused_at_every_depth_and_good_is_not((text, evil) in query()) {
        match guard(&text) {
            Ok(guarded) => {
                prop_assert!(!evil, "accepted {text}");
                let again = guard(&text_of(&guarded));
                prop_assert_eq!(again.as_ref(), Ok(&guarded), "{}", text);
            }
            Err(error) => prop_assert!(evil, "refused a good query: {error}; {text}"),
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ -~\n]{0,200}") {
        let _ = guard(&text);
    }

    #[test]
    fn no_words_of_the_dialect_make_it_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "SELECT", "FROM", "trips", "fares", "trip_id", "*", ",", "(", ")", "WHERE", "=", "1", "'a'", "JOIN",
                "ON", "USING", "GROUP BY", "ORDER BY", "LIMIT", "WITH", "AS", "x", "UNION", "CASE", "WHEN", "THEN",
                "END", "sum(", "OVER (", "PARTITION BY", "IN", "BETWEEN", "AND", "NOT", "NULL", "CAST(", "INT",
                "INTERVAL", "DAY", ".", ":filter_0", "EXISTS", "ROLLUP", "-", "::", "[", "]", "HAVING", "QUALIFY",
            ]),
            0..40,
        )
    ) {
        let text = words.join(" ");
        if let Ok(guarded) = guard(&text) {
            let again = guard(&text_of(&guarded));
            prop_assert_eq!(again.as_ref(), Ok(&guarded), "{}", text);
        }
    }
}

#[test]
fn each_evil_leaf_is_refused_in_each_place() {
    for place in PLACES {
        for expr in EVIL_EXPRESSIONS {
            let text = place.replace('@', expr);
            assert!(guard(&text).is_err(), "accepted {text}");
        }
        for expr in GOOD_EXPRESSIONS {
            let text = place.replace('@', expr);
            assert!(guard(&text).is_ok(), "refused {text}: {}", guard(&text).unwrap_err());
        }
    }
    for around in AROUND {
        for evil in EVIL {
            let text = around.replace('@', evil);
            assert!(guard(&text).is_err(), "accepted {text}");
        }
        for good in GOOD {
            let text = around.replace('@', good);
            assert!(guard(&text).is_ok(), "refused {text}: {}", guard(&text).unwrap_err());
        }
    }
}
