//! Ordinary analytical statements, all accepted; and what holds of every accepted statement.

use super::{accept, guard, text_of};

pub(super) const ORDINARY: &[&str] = &[
    "SELECT sum(revenue) AS total FROM trips",
    "SELECT SUM(revenue) FROM trips;",
    "select * from trips",
    "SELECT t.* FROM trips t WHERE t.passengers > 10",
    "SELECT count(*) FROM trips",
    "SELECT count(1) AS n, count(note) AS noted, count(DISTINCT route_id) AS lines FROM trips",
    "SELECT route_id, sum(revenue) AS total FROM trips GROUP BY route_id ORDER BY total DESC LIMIT 5",
    "SELECT route_id, sum(revenue) total FROM trips GROUP BY 1 ORDER BY 2 DESC",
    "SELECT r.Name, sum(t.revenue) AS total FROM trips t JOIN routes r ON t.route_id = r.route_id GROUP BY r.name",
    "SELECT name, sum(revenue) AS total FROM trips INNER JOIN Routes USING (route_id) GROUP BY name HAVING sum(revenue) > 100",
    "SELECT name, sum(revenue) AS total FROM trips LEFT JOIN Routes USING (route_id) GROUP BY ALL HAVING total > 100",
    "SELECT r.harbour, count(*) AS n FROM routes r LEFT OUTER JOIN trips t ON t.route_id = r.route_id AND t.day >= DATE '2026-01-01' GROUP BY r.harbour",
    "SELECT date_trunc('month', day) AS month, sum(revenue) AS total FROM trips GROUP BY date_trunc('month', day) ORDER BY month",
    "SELECT date_trunc('MONTH', day) AS month, sum(revenue) AS total FROM trips GROUP BY month ORDER BY month",
    "SELECT year(day) AS y, month(day) AS m, avg(passengers) AS a FROM trips GROUP BY year(day), month(day) ORDER BY 1, 2",
    "SELECT EXTRACT(YEAR FROM day) AS y, count(*) AS n FROM trips GROUP BY EXTRACT(YEAR FROM day)",
    "SELECT dayofweek(day) AS weekday, count(*) AS n FROM trips GROUP BY dayofweek(day)",
    "SELECT quarter(day) AS q, sum(revenue) AS r FROM trips GROUP BY q",
    "SELECT sum(CASE WHEN passengers > 100 THEN 1 ELSE 0 END) AS full FROM trips",
    "SELECT sum(CASE class WHEN 'first' THEN price ELSE 0 END) AS first_class FROM fares",
    "SELECT count(*) FILTER (WHERE refunded) AS refunds, count(*) AS n FROM fares",
    "SELECT count_if(refunded) AS refunds FROM fares",
    "SELECT sum(price) FILTER (WHERE class = 'first') / sum(price) AS share FROM fares",
    "SELECT 100.0 * sum(CASE WHEN refunded THEN 1 ELSE 0 END) / count(*) AS pct FROM fares",
    "SELECT round(avg(price), 2) AS average FROM fares WHERE NOT refunded",
    "SELECT min(day) AS first, max(day) AS last FROM trips",
    "SELECT stddev(passengers) AS s, stddev_pop(passengers) AS sp, variance(passengers) AS v, median(passengers) AS m FROM trips",
    "SELECT DISTINCT harbour FROM routes ORDER BY harbour",
    "SELECT upper(name) AS u, lower(harbour) AS l, length(name) AS n FROM routes",
    "SELECT trim(note) AS t, ltrim(note) AS l, rtrim(note) AS r, TRIM(BOTH 'x' FROM note) AS b FROM trips",
    "SELECT substring(note, 1, 10) AS s, substr(note, 2) AS t, left(note, 3) AS l, right(note, 3) AS r FROM trips",
    "SELECT concat(name, ' (', harbour, ')') AS label FROM routes",
    "SELECT name || ' - ' || harbour AS label FROM routes",
    "SELECT concat_ws(', ', name, harbour) AS label FROM routes",
    "SELECT replace(note, 'a', 'b') AS n, instr(note, 'x') AS i, locate('x', note) AS j, position('x' IN note) AS k FROM trips",
    "SELECT coalesce(note, 'none') AS note, nullif(passengers, 0) AS p, nvl(note, '') AS n, ifnull(note, '') AS i FROM trips",
    "SELECT abs(passengers) AS a, ceil(revenue) AS c, floor(revenue) AS f, sqrt(passengers) AS s, power(passengers, 2) AS p FROM trips",
    "SELECT greatest(passengers, 1) AS g, least(passengers, 1) AS l, mod(passengers, 7) AS m, passengers % 7 AS m2 FROM trips",
    "SELECT if(passengers > 10, 'many', 'few') AS size, count(*) AS n FROM trips GROUP BY size",
    "SELECT CASE WHEN passengers >= 100 THEN 'full' WHEN passengers IS NULL THEN 'unknown' ELSE 'free' END AS load, count(*) AS n FROM trips GROUP BY 1",
    "SELECT * FROM trips WHERE day BETWEEN DATE '2026-01-01' AND DATE '2026-01-31'",
    "SELECT * FROM trips WHERE day >= '2026-01-01' AND day < '2026-02-01'",
    "SELECT * FROM trips WHERE departed_at >= TIMESTAMP '2026-01-01T00:00:00'",
    "SELECT * FROM trips WHERE day >= DATE '2026-01-31' - INTERVAL '30' DAY",
    "SELECT * FROM trips WHERE day > date_sub(DATE '2026-01-31', 7) AND day <= date_add(DATE '2026-01-31', 1)",
    "SELECT * FROM trips WHERE day > add_months(DATE '2026-01-31', -3)",
    "SELECT dateadd(DAY, 3, day) AS later, datediff(day, DATE '2026-01-01') AS days FROM trips",
    "SELECT date_format(day, 'yyyy-MM') AS month, sum(revenue) AS r FROM trips GROUP BY date_format(day, 'yyyy-MM')",
    "SELECT to_date(note) AS d, CAST(note AS DATE) AS e, try_cast(note AS INT) AS i FROM trips",
    "SELECT last_day(day) AS l, trunc(day, 'MM') AS t, dayname(day) AS n FROM trips",
    "SELECT * FROM routes WHERE harbour IN ('North', 'South') AND name NOT IN ('x') AND route_id IN (1, 2, -3)",
    "SELECT * FROM routes WHERE name LIKE 'A%' OR name ILIKE '%isle%' OR name NOT LIKE '%x'",
    "SELECT * FROM routes WHERE name = :filter_0",
    "SELECT * FROM routes WHERE name = :filter_0 OR name <> :filter_1",
    "SELECT * FROM trips WHERE note IS NULL OR note IS NOT NULL AND passengers <=> 3",
    "SELECT * FROM trips WHERE route_id IN (SELECT route_id FROM routes WHERE harbour = 'North')",
    "SELECT * FROM trips WHERE route_id NOT IN (SELECT route_id FROM routes)",
    "SELECT * FROM trips t WHERE EXISTS (SELECT 1 FROM fares f WHERE f.trip_id = t.trip_id AND f.refunded)",
    "SELECT * FROM trips t WHERE NOT EXISTS (SELECT f.fare_id FROM fares f WHERE f.trip_id = t.trip_id)",
    "SELECT * FROM trips WHERE revenue > (SELECT avg(revenue) FROM trips)",
    "SELECT t.trip_id FROM trips t WHERE t.revenue > (SELECT avg(i.revenue) FROM trips i WHERE i.route_id = t.route_id)",
    "SELECT trip_id, revenue / (SELECT sum(revenue) FROM trips) AS share FROM trips",
    "SELECT t.route_id, t.r / s.r AS share FROM (SELECT route_id, sum(revenue) AS r FROM trips GROUP BY route_id) t CROSS JOIN (SELECT sum(revenue) AS r FROM trips) s",
    "SELECT x.m, avg(x.r) AS a FROM (SELECT month(day) AS m, sum(revenue) AS r FROM trips GROUP BY month(day), day) x GROUP BY x.m",
    "SELECT avg(r) AS a FROM (SELECT day, sum(revenue) AS r FROM trips GROUP BY day)",
    "WITH daily AS (SELECT day, sum(revenue) AS r FROM trips GROUP BY day) SELECT avg(r) AS average, max(r) AS best FROM daily",
    "WITH a AS (SELECT route_id, sum(revenue) AS r FROM trips GROUP BY route_id), b AS (SELECT route_id, name FROM routes) SELECT b.name, a.r FROM a JOIN b ON a.route_id = b.route_id ORDER BY a.r DESC LIMIT 3",
    "WITH d (dag, som) AS (SELECT day, sum(revenue) FROM trips GROUP BY day) SELECT dag, som FROM d ORDER BY dag",
    "SELECT route_id, day, sum(revenue) OVER (PARTITION BY route_id ORDER BY day) AS running FROM trips",
    "SELECT route_id, rank() OVER (ORDER BY sum(revenue) DESC) AS place, sum(revenue) AS r FROM trips GROUP BY route_id",
    "SELECT * FROM (SELECT route_id, trip_id, row_number() OVER (PARTITION BY route_id ORDER BY revenue DESC) AS rn FROM trips) x WHERE rn <= 3",
    "SELECT route_id, trip_id FROM trips QUALIFY row_number() OVER (PARTITION BY route_id ORDER BY revenue DESC) = 1",
    "SELECT day, r, r - lag(r) OVER (ORDER BY day) AS change FROM (SELECT day, sum(revenue) AS r FROM trips GROUP BY day) x",
    "SELECT day, avg(sum(revenue)) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS weekly FROM trips GROUP BY day",
    "SELECT route_id, sum(revenue) / sum(sum(revenue)) OVER () AS share FROM trips GROUP BY route_id",
    "SELECT ntile(4) OVER (ORDER BY revenue) AS quarter, first_value(note) OVER (ORDER BY day) AS f, dense_rank() OVER (ORDER BY day) AS d FROM trips",
    "SELECT harbour AS place FROM routes UNION SELECT name FROM routes ORDER BY place",
    "SELECT route_id FROM trips EXCEPT SELECT route_id FROM routes",
    "SELECT route_id FROM trips INTERSECT SELECT route_id FROM routes",
    "SELECT 'total' AS label, sum(revenue) AS r FROM trips UNION ALL SELECT harbour, sum(length_km) FROM routes GROUP BY harbour",
    "(SELECT trip_id FROM trips ORDER BY revenue DESC LIMIT 3) UNION ALL (SELECT trip_id FROM trips ORDER BY revenue LIMIT 3)",
    "SELECT harbour, name, count(*) AS n FROM routes GROUP BY ROLLUP (harbour, name)",
    "SELECT harbour, name, count(*) AS n FROM routes GROUP BY harbour, name WITH ROLLUP",
    "SELECT harbour, name, count(*) AS n FROM routes GROUP BY GROUPING SETS ((harbour, name), (harbour), ())",
    "SELECT harbour, name, count(*) AS n FROM routes GROUP BY CUBE (harbour, name)",
    "SELECT t.trip_id FROM trips t, routes r WHERE t.route_id = r.route_id AND r.harbour = 'North'",
    "SELECT t.trip_id FROM trips t LEFT ANTI JOIN fares f ON f.trip_id = t.trip_id",
    "SELECT t.trip_id FROM trips t LEFT SEMI JOIN fares f ON f.trip_id = t.trip_id",
    "SELECT t.trip_id FROM (trips t JOIN routes r ON t.route_id = r.route_id) LEFT JOIN fares f ON f.trip_id = t.trip_id",
    "SELECT route_id FROM trips ORDER BY day DESC NULLS LAST, revenue LIMIT 10 OFFSET 5",
    "SELECT route_id, sum(revenue) AS r FROM trips GROUP BY route_id ORDER BY sum(revenue) DESC, route_id",
    "SELECT route_id, count(*) AS n FROM trips GROUP BY route_id ORDER BY count(*) * 2",
    "SELECT passengers::DOUBLE / 2 AS half, CAST(revenue AS DECIMAL(12, 2)) AS r, -passengers AS neg FROM trips",
    "SELECT bool_or(refunded) AS any_refund, corr(price, fare_id) AS c FROM fares",
    "-- how many?\nSELECT count(*) AS n /* all of them */ FROM trips",
    "SELECT `Total Trips` FROM (SELECT count(*) AS `Total Trips` FROM trips) AS x",
    "SELECT note FROM trips WHERE note = 'Stra\u{df}e, d\u{e9}j\u{e0} vu'",
    "SELECT starts_with(name, 'A') AS a, contains(name, 'b') AS b, endswith(name, 'c') AS c FROM routes",
    "SELECT lpad(name, 10, ' ') AS l, rpad(name, 10) AS r, reverse(name) AS v FROM routes",
];

#[test]
fn ordinary_statements_are_accepted() {
    let refused: Vec<_> = ORDINARY
        .iter()
        .filter_map(|draft| guard(draft).err().map(|error| format!("{draft}\n    {error}; {}", error.hint())))
        .collect();
    assert!(refused.is_empty(), "{} of {} refused:\n{}", refused.len(), ORDINARY.len(), refused.join("\n"));
}

#[test]
fn guarding_what_was_guarded_changes_nothing() {
    for draft in ORDINARY {
        let once = guard(draft).unwrap();
        let twice = guard(&text_of(&once));
        assert_eq!(twice.as_ref().map(text_of), Ok(text_of(&once)), "{draft}");
        assert_eq!(twice.as_ref(), Ok(&once), "{draft}");
    }
}

#[test]
fn every_column_of_what_runs_names_its_relation_and_every_name_is_quoted() {
    for draft in ORDINARY {
        let text = accept(draft);
        let tokens = sqlparser::tokenizer::Tokenizer::new(&crate::bounds::DIALECT, &text).tokenize().unwrap();
        for pair in tokens.windows(2) {
            if let sqlparser::tokenizer::Token::Word(word) = &pair[0] {
                let known = word.quote_style == Some('`')
                    || word.keyword != sqlparser::keywords::Keyword::NoKeyword
                    || pair[1] == sqlparser::tokenizer::Token::LParen;
                assert!(known, "`{}` is bare in `{text}`", word.value);
            }
        }
    }
}
