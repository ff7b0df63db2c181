//! The attack corpus: what is refused, and as what. Rows are named as in the catalogue of threats.

use super::{accept, guard, refuse, view};
use crate::GuardErrorKind::{self, NotAllowed, OutsideView, TooComplex};

pub(super) const ATTACKS: &[(&str, &str, GuardErrorKind)] = &[
    ("A1", "DROP TABLE trips", NotAllowed),
    ("A1", "SELECT * FROM users", OutsideView),
    ("A9", "WITH trips AS (SELECT 1000000000 AS revenue) SELECT sum(revenue) AS r FROM trips", NotAllowed),
    ("A9", "WITH x AS (VALUES (1000000000)) SELECT * FROM x", NotAllowed),
    ("A9", "WITH x AS (SELECT 9200000 AS r) SELECT sum(r) AS r FROM x", NotAllowed),
    ("A9", "SELECT 9200000 AS revenue", NotAllowed),
    ("A9", "SELECT 9200000 AS revenue FROM trips", NotAllowed),
    ("A9", "SELECT 2 * 4600000 AS revenue FROM trips", NotAllowed),
    ("A9", "SELECT max(9200000) AS revenue FROM trips", NotAllowed),
    ("A9", "SELECT sum(9200000) AS revenue FROM trips", NotAllowed),
    ("A9", "SELECT CAST('9200000' AS INT) AS revenue FROM trips", NotAllowed),
    ("A9", "SELECT length('abc') AS revenue FROM trips", NotAllowed),
    ("A9", "SELECT sum(revenue) AS r FROM trips UNION ALL SELECT 9200000", NotAllowed),
    ("A9", "SELECT r FROM (SELECT 9200000 AS r) AS x", NotAllowed),
    ("A9", "SELECT count(*) AS n FROM (SELECT 1 AS one) AS x", NotAllowed),
    ("A9", "SELECT 'nothing' AS label", NotAllowed),
    ("B1", "WITH trips AS (SELECT * FROM secrets) SELECT * FROM trips", OutsideView),
    ("B1", "WITH Trips AS (SELECT * FROM fares) SELECT * FROM Trips", NotAllowed),
    ("B1", "WITH `tRIPS` AS (SELECT * FROM fares) SELECT * FROM trips", NotAllowed),
    ("B1", "SELECT * FROM (WITH trips AS (SELECT * FROM fares) SELECT * FROM trips) AS x", NotAllowed),
    ("B1", "WITH a AS (SELECT * FROM fares), A AS (SELECT * FROM trips) SELECT * FROM a", NotAllowed),
    ("B2", "SELECT * FROM (SELECT * FROM secrets) secrets", OutsideView),
    ("B2", "SELECT * FROM (SELECT * FROM fares) trips", NotAllowed),
    ("B2", "SELECT trips.* FROM fares AS trips", NotAllowed),
    ("B2", "SELECT * FROM x AS y", OutsideView),
    (
        "B2",
        "SELECT * FROM (SELECT * FROM later) AS x, (WITH later AS (SELECT * FROM fares) SELECT * FROM later) AS y WHERE x.fare_id = y.fare_id",
        OutsideView,
    ),
    ("B2", "WITH a AS (SELECT * FROM b), b AS (SELECT * FROM trips) SELECT * FROM a", OutsideView),
    ("B2", "WITH a AS (SELECT * FROM a) SELECT * FROM a", OutsideView),
    ("B3", "SELECT * FROM datafusion.public.trips", OutsideView),
    ("B3", "SELECT * FROM public.trips", OutsideView),
    ("B3", "SELECT * FROM global_temp.x", OutsideView),
    ("B3", "SELECT public.trips.trip_id FROM trips", OutsideView),
    ("B3", "SELECT * FROM `public`.`trips`", OutsideView),
    ("B3", "SELECT public.sum(revenue) AS r FROM trips", OutsideView),
    ("B4", "SELECT \"note\" FROM trips", NotAllowed),
    ("B4", "SELECT note AS \"n\" FROM trips", NotAllowed),
    ("B4", "SELECT note AS 'n' FROM trips", NotAllowed),
    ("B4", "SELECT * FROM \"trips\"", OutsideView),
    ("B5", "SELECT * FROM `\u{212a}_trips`", NotAllowed),
    ("B5", "SELECT trip_id\u{a0}FROM trips", NotAllowed),
    ("B5", "SELECT trip_id FROM tr\u{131}ps", NotAllowed),
    ("B5", "SELECT trip_id FROM trips -- \u{202e}", NotAllowed),
    ("B5", "SELECT trip_id FROM trips WHERE note = 'a\u{0}b'", NotAllowed),
    ("B7", "SELECT 1; SELECT 2", NotAllowed),
    ("B7", "SELECT * FROM trips; DROP TABLE trips", NotAllowed),
    ("B7", "DROP TABLE trips; SELECT * FROM trips", NotAllowed),
    ("B7", "SELECT * FROM fares; SELECT * FROM trips", NotAllowed),
    ("B7", "BEGIN SELECT 1; END", NotAllowed),
    ("B7", "EXECUTE IMMEDIATE 'select 1'", NotAllowed),
    ("B7", "", NotAllowed),
    ("B7", "-- only a comment", NotAllowed),
    ("B8", "DELETE FROM trips", NotAllowed),
    ("B8", "INSERT INTO trips VALUES (1)", NotAllowed),
    ("B8", "UPDATE trips SET note = 'x'", NotAllowed),
    ("B8", "MERGE INTO trips USING fares ON 1 = 1 WHEN MATCHED THEN DELETE", NotAllowed),
    ("B8", "WITH x AS (DELETE FROM trips RETURNING *) SELECT * FROM x", NotAllowed),
    ("B8", "WITH x AS (INSERT INTO trips VALUES (1) RETURNING trip_id) SELECT * FROM x", NotAllowed),
    ("B8", "WITH x AS (UPDATE trips SET note = 'x' RETURNING *) SELECT * FROM x", NotAllowed),
    (
        "B8",
        "SELECT * FROM (WITH x AS (INSERT INTO trips VALUES (1) RETURNING trip_id) SELECT trip_id FROM trips) t",
        NotAllowed,
    ),
    ("B8", "SELECT * INTO evil FROM trips", NotAllowed),
    ("B8", "SELECT * FROM trips FOR UPDATE", NotAllowed),
    ("B8", "SELECT * FROM trips FOR SHARE", NotAllowed),
    ("B8", "CREATE TABLE x AS SELECT * FROM trips", NotAllowed),
    ("B8", "COPY trips TO '/tmp/x'", NotAllowed),
    ("B8", "SET x = 1", NotAllowed),
    ("B9", "SELECT '\\' AS a, ' UNION ALL SELECT note FROM base -- ' AS b FROM trips", NotAllowed),
    ("B9", "SELECT note FROM trips WHERE note = 'a\\'", NotAllowed),
    ("B9", "SELECT E'a' AS b, trip_id FROM trips", NotAllowed),
    ("B9", "SELECT X'41' AS b FROM trips", NotAllowed),
    ("B9", "SELECT U&'a' AS b FROM trips", OutsideView),
    ("B9", "SELECT 'a' 'b' FROM trips", NotAllowed),
    ("B9", "SELECT r'a' FROM trips", OutsideView),
    ("B10", "SELECT '${env:AWS_SECRET_ACCESS_KEY}' AS k FROM trips", NotAllowed),
    ("B10", "SELECT ${env:HOME} FROM trips", NotAllowed),
    ("C1", "SELECT * FROM '/etc/passwd'", OutsideView),
    ("C1", "SELECT * FROM `/etc/passwd`", OutsideView),
    ("C1", "SELECT * FROM text.`/etc/passwd`", OutsideView),
    ("C1", "SELECT * FROM parquet.`/data`", OutsideView),
    ("C1", "SELECT * FROM read_parquet('/data')", OutsideView),
    ("C2", "SELECT * FROM range(1, 10)", OutsideView),
    ("C2", "SELECT * FROM trips(1)", OutsideView),
    ("C2", "SELECT * FROM generate_series(1, 1000000000)", OutsideView),
    ("C2", "SELECT * FROM IDENTIFIER('secrets')", OutsideView),
    ("C2", "SELECT * FROM TABLE(range(1, 10))", NotAllowed),
    ("C2", "SELECT * FROM UNNEST(ARRAY[1, 2])", NotAllowed),
    ("C2", "SELECT * FROM UNNEST(ARRAY(1, 2))", OutsideView),
    ("C2", "SELECT * FROM EXPLODE(note) AS x", OutsideView),
    ("C2", "SELECT explode(note) AS x FROM trips", NotAllowed),
    ("C2", "SELECT * FROM trips LATERAL VIEW explode(note) AS x", NotAllowed),
    ("C2", "SELECT * FROM trips, LATERAL (SELECT * FROM fares) AS x", NotAllowed),
    ("C2", "SELECT * FROM (VALUES (1), (2)) AS v(x)", NotAllowed),
    ("C2", "VALUES (1)", NotAllowed),
    ("C2", "TABLE trips", NotAllowed),
    ("C2", "FROM trips SELECT *", NotAllowed),
    ("C3", "SELECT reflect('java.lang.System', 'getenv', 'HOME') AS x FROM trips", NotAllowed),
    ("C3", "SELECT TRANSFORM(note) USING 'id' FROM trips", NotAllowed),
    ("C4", "SELECT * FROM information_schema.tables", OutsideView),
    ("C4", "SHOW TABLES", NotAllowed),
    ("C4", "DESCRIBE trips", NotAllowed),
    ("C4", "EXPLAIN SELECT * FROM trips", NotAllowed),
    ("C4", "EXPLAIN ANALYZE SELECT * FROM trips", NotAllowed),
    ("C5", "SELECT input_file_name() AS f FROM trips", NotAllowed),
    ("C5", "SELECT version() AS v, trip_id FROM trips", NotAllowed),
    ("C5", "SELECT arrow_typeof(note) AS v FROM trips", NotAllowed),
    ("C5", "SELECT current_user AS v, trip_id FROM trips", OutsideView),
    ("C6", "SELECT random() * passengers AS v FROM trips", NotAllowed),
    ("C6", "SELECT now() AS v, trip_id FROM trips", NotAllowed),
    ("C6", "SELECT * FROM trips WHERE day < current_date()", NotAllowed),
    ("C6", "SELECT * FROM trips WHERE day < current_date", NotAllowed),
    ("C6", "SELECT uuid() AS v, trip_id FROM trips", NotAllowed),
    (
        "D2",
        "SELECT 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+passengers AS v FROM trips",
        TooComplex,
    ),
    (
        "D2",
        "SELECT passengers+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1 AS a, a-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1 AS b FROM trips",
        TooComplex,
    ),
    (
        "D2",
        "SELECT rank() OVER (ORDER BY day) AS a, rank() OVER (ORDER BY note) AS b, rank() OVER (ORDER BY revenue) AS c, rank() OVER (ORDER BY trip_id) AS d, rank() OVER (ORDER BY route_id) AS e, rank() OVER (ORDER BY passengers) AS f, rank() OVER (ORDER BY day DESC) AS g, rank() OVER (ORDER BY note DESC) AS h, rank() OVER (ORDER BY revenue DESC) AS i FROM trips",
        TooComplex,
    ),
    ("D4", "SELECT repeat(note, 1000000000) AS v FROM trips", NotAllowed),
    ("D4", "SELECT lpad(note, 2000000000) AS v FROM trips", TooComplex),
    ("D4", "SELECT lpad(note, passengers) AS v FROM trips", TooComplex),
    ("D4", "SELECT replace(note, 'a', note) AS v FROM trips", NotAllowed),
    ("D4", "SELECT x.v FROM (SELECT string_agg(note, ',') AS v FROM trips) x", NotAllowed),
    (
        "D4",
        "WITH x AS (SELECT listagg(note) AS v FROM trips) SELECT t.note || x.v AS v FROM trips t CROSS JOIN x",
        NotAllowed,
    ),
    ("D4", "SELECT trip_id FROM trips WHERE note = (SELECT string_agg(note, '') FROM trips)", NotAllowed),
    ("D4", "SELECT string_agg(note, note) AS v FROM trips", NotAllowed),
    ("D4", "SELECT string_agg(note, ',') OVER (ORDER BY day) AS v FROM trips", NotAllowed),
    ("D4", "SELECT split_part(note, 'a', passengers) AS v FROM trips", NotAllowed),
    ("D4", "SELECT split_part(note, 'a', 0) AS v FROM trips", NotAllowed),
    (
        "D4",
        "SELECT count(DISTINCT concat(note, note, note, note, note, note, note, note, note, note, note, note, note, note, note, note), concat(note, note, note, note, note, note, note, note, note, note, note, note, note, note, note, note), concat(note, note)) AS n FROM trips",
        TooComplex,
    ),
    ("D4", "SELECT array_agg(note ORDER BY note) AS v FROM trips", NotAllowed),
    ("D4", "SELECT collect_set(note) AS v FROM trips", NotAllowed),
    ("D4", "SELECT array_agg(note) AS v FROM trips", NotAllowed),
    ("D4", "SELECT collect_list(note) AS v FROM trips", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a CROSS JOIN trips b", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a, trips b", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a, trips b WHERE a.trip_id < b.trip_id", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a, trips b WHERE a.trip_id = b.trip_id OR true", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a, trips b, trips c WHERE a.trip_id = b.trip_id", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a JOIN trips b ON a.trip_id <> b.trip_id", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a JOIN trips b ON true", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a JOIN trips b ON a.trip_id = a.route_id", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a JOIN trips b ON a.trip_id = 1 AND b.trip_id = 1", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a JOIN trips b ON a.trip_id + b.trip_id = 7", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a JOIN trips b", NotAllowed),
    ("D5", "SELECT count(*) AS n FROM trips a NATURAL JOIN fares b", NotAllowed),
    (
        "D5",
        "SELECT t.trip_id FROM trips t WHERE EXISTS (SELECT 1 FROM fares f WHERE f.trip_id <> t.trip_id)",
        NotAllowed,
    ),
    (
        "D5",
        "SELECT t.trip_id, (SELECT count(*) FROM fares f WHERE f.trip_id > t.trip_id) AS n FROM trips t",
        NotAllowed,
    ),
    (
        "D6",
        "WITH RECURSIVE r AS (SELECT trip_id AS n FROM trips UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
        NotAllowed,
    ),
    ("D7", "SELECT * FROM trips WHERE note LIKE '%a%a%a%a%b'", TooComplex),
    ("D7", "SELECT * FROM trips WHERE note LIKE note", NotAllowed),
    ("D7", "SELECT * FROM trips WHERE note LIKE :filter_0", NotAllowed),
    ("D7", "SELECT * FROM trips WHERE note RLIKE '(a{0,1000}){0,1000}'", NotAllowed),
    ("D7", "SELECT * FROM trips WHERE note SIMILAR TO 'a'", NotAllowed),
    ("D7", "SELECT * FROM trips WHERE note ~ 'a'", NotAllowed),
    ("D7", "SELECT regexp_replace(note, 'a', 'b') AS n FROM trips", NotAllowed),
    ("D7", "SELECT * FROM trips WHERE note LIKE ANY ('a', 'b')", NotAllowed),
    ("D7", "SELECT * FROM trips WHERE note LIKE 'a' ESCAPE '!'", NotAllowed),
    (
        "D8",
        "SELECT count(*) AS n FROM trips GROUP BY CUBE (trip_id, route_id, day, passengers, note)",
        TooComplex,
    ),
    (
        "D8",
        "SELECT count(*) AS n FROM trips GROUP BY trip_id, route_id, day, passengers, note WITH CUBE",
        TooComplex,
    ),
    (
        "D8",
        "SELECT count(*) AS n FROM trips GROUP BY CUBE (trip_id, day), CUBE (route_id, note), ROLLUP (passengers)",
        TooComplex,
    ),
    ("E10", "SELECT row_number() OVER () AS n, trip_id FROM trips", NotAllowed),
    ("E10", "SELECT row_number() OVER (ORDER BY 1) AS n, trip_id FROM trips", NotAllowed),
    ("E10", "SELECT lag(note) OVER (PARTITION BY day) AS n FROM trips", NotAllowed),
    ("E10", "SELECT sum(passengers) OVER (ROWS 3 PRECEDING) AS n FROM trips", NotAllowed),
    ("E10", "SELECT last_value(note) OVER (ORDER BY day) AS n FROM trips", NotAllowed),
    ("E10", "SELECT last(note) AS n FROM trips", NotAllowed),
    ("E10", "SELECT max_by(note, day) AS n FROM trips", NotAllowed),
    ("E10", "SELECT string_agg(DISTINCT note, ',' ORDER BY day) AS n FROM trips", NotAllowed),
    ("E10", "SELECT row_number() OVER w AS n FROM trips WINDOW w AS (PARTITION BY day)", NotAllowed),
    ("E10", "SELECT sum(passengers) OVER w AS n FROM trips WINDOW w AS (ROWS 3 PRECEDING)", NotAllowed),
    ("E10", "SELECT first(note) AS n FROM trips", NotAllowed),
    ("E10", "SELECT * FROM trips TABLESAMPLE (10 PERCENT)", NotAllowed),
    ("columns", "SELECT wages FROM trips", OutsideView),
    ("columns", "SELECT t.wages FROM trips t", OutsideView),
    ("columns", "SELECT trips.trip_id FROM trips t", OutsideView),
    ("columns", "SELECT trip_id FROM trips WHERE wages > 3", OutsideView),
    ("columns", "SELECT trip_id FROM trips GROUP BY wages", OutsideView),
    ("columns", "SELECT trip_id FROM trips ORDER BY wages", OutsideView),
    ("columns", "SELECT sum(wages) AS w FROM trips", OutsideView),
    ("columns", "SELECT x.note FROM (SELECT trip_id FROM trips) x", OutsideView),
    (
        "columns",
        "SELECT t.trip_id FROM trips t LEFT SEMI JOIN fares f ON f.trip_id = t.trip_id WHERE f.price > 3",
        OutsideView,
    ),
    ("columns", "SELECT trip_id FROM trips t JOIN fares f ON t.trip_id = f.trip_id", NotAllowed),
    (
        "columns",
        "SELECT x.trip_id FROM (SELECT * FROM trips t JOIN fares f ON t.trip_id = f.trip_id) x",
        OutsideView,
    ),
    ("columns", "SELECT * EXCEPT (wages) FROM trips", OutsideView),
    ("columns", "SELECT * EXCEPT (fare_id) FROM trips", OutsideView),
    ("columns", "SELECT x.note FROM (SELECT * EXCEPT (note) FROM trips) x", OutsideView),
    ("columns", "SELECT fares.* EXCEPT (class) FROM trips", OutsideView),
    ("columns", "SELECT sum(passengers) OVER w AS n FROM trips WINDOW w AS (ORDER BY wages)", OutsideView),
    ("columns", "SELECT wages + 1 AS a, a + 1 AS b FROM trips", OutsideView),
    ("columns", "SELECT a + 1 AS b, day AS a FROM trips", OutsideView),
    ("columns", "SELECT passengers + 1 AS a, sum(a) AS b FROM trips GROUP BY passengers", OutsideView),
    ("columns", "SELECT passengers AS a FROM trips WHERE a > 3", OutsideView),
    ("columns", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY wages) AS b FROM trips", OutsideView),
    ("columns", "SELECT count(DISTINCT day, wages) AS b FROM trips", OutsideView),
    ("columns", "SELECT sum(passengers) FILTER (WHERE wages > 3) OVER () AS b FROM trips", OutsideView),
    (
        "columns",
        "SELECT t.trip_id FROM trips t, (SELECT f.fare_id FROM fares f WHERE f.trip_id = t.trip_id) x",
        OutsideView,
    ),
    (
        "columns",
        "SELECT t.trip_id FROM trips t JOIN (SELECT f.trip_id FROM fares f WHERE f.trip_id = t.trip_id) x ON x.trip_id = t.trip_id",
        OutsideView,
    ),
    (
        "syntax",
        "SELECT * EXCEPT (trip_id, route_id, day, departed_at, passengers, revenue, note) FROM trips",
        NotAllowed,
    ),
    ("syntax", "SELECT DISTINCT ON (day) day FROM trips", NotAllowed),
    ("syntax", "SELECT TOP 3 day FROM trips", NotAllowed),
    ("syntax", "SELECT day FROM trips FETCH FIRST 3 ROWS ONLY", NotAllowed),
    ("syntax", "SELECT day FROM trips FETCH FIRST 3 ROWS WITH TIES", NotAllowed),
    ("syntax", "SELECT day FROM trips LIMIT 3, 4", NotAllowed),
    ("syntax", "SELECT day FROM trips LIMIT passengers", NotAllowed),
    ("syntax", "SELECT day FROM trips LIMIT (SELECT 1)", NotAllowed),
    ("syntax", "SELECT day FROM trips LIMIT 3 BY day", NotAllowed),
    ("syntax", "SELECT day FROM trips SETTINGS max_threads = 1", NotAllowed),
    ("syntax", "SELECT day FROM trips FORMAT JSON", NotAllowed),
    ("syntax", "SELECT day FROM trips SORT BY day", NotAllowed),
    ("syntax", "SELECT day FROM trips CLUSTER BY day", NotAllowed),
    ("syntax", "SELECT day FROM trips DISTRIBUTE BY day", NotAllowed),
    ("syntax", "SELECT sum(revenue) OVER w AS r FROM trips WINDOW v AS (ORDER BY day)", NotAllowed),
    ("syntax", "SELECT sum(revenue) OVER w AS r FROM trips WINDOW w AS v, v AS (ORDER BY day)", NotAllowed),
    (
        "syntax",
        "SELECT sum(revenue) OVER (w ORDER BY day) AS r FROM trips WINDOW w AS (ORDER BY day)",
        NotAllowed,
    ),
    ("syntax", "SELECT sum(revenue) OVER w AS r FROM trips WINDOW w AS (w)", NotAllowed),
    ("syntax", "SELECT day FROM trips WINDOW w AS (ORDER BY day), W AS (ORDER BY note)", NotAllowed),
    (
        "syntax",
        "SELECT x.r FROM (SELECT sum(revenue) OVER w AS r FROM trips) x WINDOW w AS (ORDER BY r)",
        NotAllowed,
    ),
    ("syntax", "SELECT * FROM trips PIVOT (sum(revenue) FOR route_id IN (1, 2))", NotAllowed),
    ("syntax", "SELECT * FROM trips UNPIVOT (x FOR y IN (passengers, route_id))", NotAllowed),
    ("syntax", "SELECT * FROM trips VERSION AS OF 1", NotAllowed),
    ("syntax", "SELECT * FROM trips TIMESTAMP AS OF '2026-01-01'", NotAllowed),
    ("syntax", "SELECT trip_id FROM trips UNION BY NAME SELECT trip_id FROM fares", NotAllowed),
    ("syntax", "SELECT trip_id FROM trips UNION SELECT trip_id, fare_id FROM fares", NotAllowed),
    ("syntax", "SELECT trip_id FROM trips WHERE trip_id IN (SELECT trip_id, fare_id FROM fares)", NotAllowed),
    ("syntax", "SELECT CAST(note AS BINARY) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT 'a'::regclass AS b, trip_id FROM trips", NotAllowed),
    ("syntax", "SELECT CAST(note AS STRUCT<a: INT>) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT CAST(note AS DECIMAL(99, 2)) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT ARRAY(1, 2) AS b, trip_id FROM trips", NotAllowed),
    ("syntax", "SELECT note[0] AS b FROM trips", NotAllowed),
    ("syntax", "SELECT note:a.b AS b FROM trips", NotAllowed),
    ("syntax", "SELECT struct(note) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT (note, day) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT transform(note, x -> x) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT :undeclared AS b, trip_id FROM trips", NotAllowed),
    ("syntax", "SELECT ? AS b, trip_id FROM trips", NotAllowed),
    ("syntax", "SELECT $1 AS b, trip_id FROM trips", NotAllowed),
    ("syntax", "SELECT @@version AS b, trip_id FROM trips", NotAllowed),
    ("syntax", "SELECT note COLLATE x AS b FROM trips", NotAllowed),
    ("syntax", "SELECT departed_at AT TIME ZONE 'UTC' AS b FROM trips", NotAllowed),
    ("syntax", "SELECT passengers & 3 AS b FROM trips", NotAllowed),
    ("syntax", "SELECT trip_id = ANY (SELECT trip_id FROM fares) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT sum(DISTINCT revenue) OVER () AS b FROM trips", NotAllowed),
    ("syntax", "SELECT lower(DISTINCT note) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT lower(note) OVER () AS b FROM trips", NotAllowed),
    ("syntax", "SELECT lower(note, note) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT rank() AS b FROM trips", NotAllowed),
    ("syntax", "SELECT rank() OVER (ORDER BY day ROWS 3 PRECEDING) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT lag(note) IGNORE NULLS OVER (ORDER BY day) AS b FROM trips", NotAllowed),
    (
        "syntax",
        "SELECT percentile_cont(passengers) WITHIN GROUP (ORDER BY revenue) AS b FROM trips",
        NotAllowed,
    ),
    ("syntax", "SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY revenue) AS b FROM trips", NotAllowed),
    (
        "syntax",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY revenue, day) AS b FROM trips",
        NotAllowed,
    ),
    ("syntax", "SELECT percentile_cont(0.5) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT percentile(revenue, 2) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT percentile(DISTINCT revenue, 0.5) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT sum(revenue) WITHIN GROUP (ORDER BY day) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT sum(revenue) FILTER (WHERE sum(revenue) > 3) OVER () AS b FROM trips", NotAllowed),
    ("syntax", "SELECT median(revenue) OVER (ORDER BY day) FILTER (WHERE true) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT day + INTERVAL '3 fortnights' AS b FROM trips", NotAllowed),
    ("syntax", "SELECT day + INTERVAL '3' AS b FROM trips", NotAllowed),
    ("syntax", "SELECT day + INTERVAL '1-2' YEAR TO MONTH AS b FROM trips", NotAllowed),
    ("syntax", "SELECT EXTRACT(SECOND FROM departed_at) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT timestampdiff(MICROSECOND, day, day) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT timestampdiff(note, day, day) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT months_between(day, day, false) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT next_day(day, note) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT next_day(day, 'someday') AS b FROM trips", NotAllowed),
    ("syntax", "SELECT current_date() AS b, trip_id FROM trips", NotAllowed),
    ("syntax", "SELECT sum(revenue) AS b FROM trips WHERE sum(revenue) > 3", NotAllowed),
    ("syntax", "SELECT sum(sum(revenue)) AS b FROM trips", NotAllowed),
    ("syntax", "SELECT day AS a, revenue AS A FROM trips", NotAllowed),
    ("syntax", "SELECT day FROM trips ORDER BY 2", NotAllowed),
    ("syntax", "SELECT day FROM trips ORDER BY 'x'", NotAllowed),
    ("syntax", "SELECT 'x' AS a, count(*) AS n FROM trips GROUP BY a", NotAllowed),
    ("syntax", "SELECT trip_id FROM trips |> WHERE trip_id > 3", NotAllowed),
    ("syntax", "SELECT SQL_NO_CACHE trip_id FROM trips", OutsideView),
    ("syntax", "SELECT /*+ BROADCAST(trips) */ trip_id FROM trips WHERE", NotAllowed),
    ("syntax", "SELECT day FROM trips WHERE day = {ts '2026-01-01'}", NotAllowed),
];

#[test]
fn every_attack_of_the_corpus_is_refused_as_what_it_is() {
    let mut wrong = Vec::new();
    for (row, draft, kind) in ATTACKS {
        match guard(draft) {
            Ok(query) => {
                wrong.push(format!("{row}: accepted `{draft}`\n    as `{}`", super::text_of(&query)))
            }
            Err(error) if error.kind() != *kind => {
                wrong.push(format!("{row}: `{draft}` is {:?}, not {kind:?}: {error}", error.kind()));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_attack_is_refused_one_level_down_as_well() {
    // The same attacks one level down, so that no check of the outermost statement can be what refuses them.
    for (row, draft, _) in ATTACKS {
        for wrapped in [
            format!("SELECT trip_id FROM trips WHERE EXISTS ({draft})"),
            format!("SELECT t.trip_id FROM trips t JOIN ({draft}) AS x ON x.trip_id = t.trip_id"),
            format!("WITH w AS ({draft}) SELECT trip_id FROM trips"),
        ] {
            // A made-up number harms nobody until it is shown.
            if *row != "A9" {
                assert!(guard(&wrapped).is_err(), "accepted `{wrapped}`");
            }
        }
    }
}

#[test]
fn hints_and_comments_do_not_reach_what_runs() {
    let text = accept("SELECT /*+ BROADCAST(trips) */ trip_id -- hint\nFROM trips /* a /* b */ c */");
    assert!(!text.contains("BROADCAST") && !text.contains("--") && !text.contains("/*"), "{text}");
}

#[test]
fn a_parameter_is_a_literal_and_nothing_more() {
    let text = accept("SELECT * FROM routes WHERE name = :filter_1");
    assert!(text.contains("'O''Brien -- '' \" ;'"), "{text}");
    let text = accept("SELECT * FROM routes WHERE name = :filter_2");
    assert!(text.contains("'AC\\DC'"), "{text}");
    refuse("SELECT * FROM routes WHERE name = 'AC\\DC'", NotAllowed);
}

#[test]
fn hints_name_nothing_but_the_view() {
    let names = ["trips", "Routes", "fares"];
    let view = view();
    for (_, draft, _) in ATTACKS {
        let Err(error) = view.guard(draft) else { continue };
        for foreign in ["secrets", "salaries", "wages", "information_schema", "passwd", "base", "public"] {
            assert!(!error.hint().contains(foreign), "`{draft}`: {}", error.hint());
        }
        if error.kind() == OutsideView {
            assert!(names.iter().all(|name| error.hint().contains(name)), "`{draft}`: {}", error.hint());
        }
    }
}
