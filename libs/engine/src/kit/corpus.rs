//! Analytical statements over a world, of every kind that people ask for: what engines are compared by.
//!
//! Each reads columns that every world has, and determines its result wholly, but for the order of rows where it has no
//! ORDER BY.

/// Statements, each with a name by which a difference is told.
pub const CORPUS: &[(&str, &str)] = &[
    // Totals and groups.
    ("count", "SELECT count(*) AS n FROM harvests"),
    ("count of a column", "SELECT count(crates) AS n, count(DISTINCT variety) AS v FROM harvests"),
    ("sum of integers", "SELECT sum(crates) AS s, avg(crates) AS a FROM harvests"),
    ("sum of decimals", "SELECT sum(kilos) AS s, min(kilos) AS low, max(kilos) AS high FROM harvests"),
    ("average of decimals", "SELECT avg(kilos) AS a FROM harvests"),
    ("sum of doubles", "SELECT sum(per_crate) AS s FROM harvests WHERE crates IS NOT NULL"),
    ("extremes of dates", "SELECT min(picked_on) AS first, max(picked_on) AS last FROM harvests"),
    ("extremes of times", "SELECT min(seen_at) AS first, max(seen_at) AS last FROM harvests"),
    ("extremes of text", "SELECT min(word) AS first, max(word) AS last FROM harvests"),
    (
        "by variety",
        "SELECT variety, count(*) AS n, sum(kilos) AS s FROM harvests GROUP BY variety ORDER BY variety",
    ),
    (
        "by variety and ripe",
        "SELECT variety, ripe, sum(crates) AS s FROM harvests GROUP BY variety, ripe ORDER BY variety, ripe",
    ),
    (
        "having",
        "SELECT variety, count(*) AS n FROM harvests GROUP BY variety HAVING count(*) > 3 ORDER BY n DESC, variety",
    ),
    (
        "filter of an aggregate",
        "SELECT sum(kilos) FILTER (WHERE ripe) AS ripe, sum(kilos) FILTER (WHERE NOT ripe) AS unripe FROM harvests",
    ),
    ("count_if", "SELECT count_if(frost > 0) AS n FROM harvests"),
    ("bool aggregates", "SELECT bool_and(ripe) AS every_one, bool_or(ripe) AS some_one FROM harvests"),
    ("distinct", "SELECT DISTINCT variety, ripe FROM harvests ORDER BY variety, ripe"),
    (
        "rollup",
        "SELECT variety, ripe, count(*) AS n, grouping(variety) AS g FROM harvests GROUP BY ROLLUP (variety, ripe) ORDER BY g, variety, ripe, n",
    ),
    (
        "cube",
        "SELECT variety, ripe, count(*) AS n FROM harvests WHERE variety IS NOT NULL AND ripe IS NOT NULL GROUP BY CUBE (variety, ripe) ORDER BY variety, ripe, n",
    ),
    (
        "grouping sets",
        "SELECT variety, ripe, count(*) AS n FROM harvests WHERE variety IS NOT NULL AND ripe IS NOT NULL GROUP BY GROUPING SETS ((variety), (ripe), ()) ORDER BY variety, ripe, n",
    ),
    ("group by all", "SELECT variety, count(*) AS n FROM harvests GROUP BY ALL ORDER BY variety"),
    (
        "string_agg",
        "SELECT variety, string_agg(note, ',') AS notes FROM harvests WHERE id < 40 GROUP BY variety ORDER BY variety",
    ),
    ("median", "SELECT median(crates) AS m FROM harvests"),
    ("percentile", "SELECT percentile(crates, 0.9) AS p FROM harvests"),
    (
        "deviation",
        "SELECT stddev(crates) AS s, stddev_pop(crates) AS p, variance(crates) AS v, var_pop(crates) AS w FROM harvests",
    ),
    (
        "correlation",
        "SELECT corr(crates, frost) AS c, covar_pop(crates, frost) AS p, covar_samp(crates, frost) AS s FROM harvests",
    ),
    // Arithmetic.
    ("division of integers", "SELECT id, crates / 7 AS q FROM harvests ORDER BY id"),
    (
        "division of decimals",
        "SELECT id, kilos / 7 AS q, kilos / nullif(crates, 0) AS r FROM harvests ORDER BY id",
    ),
    (
        "division by sums",
        "SELECT variety, sum(kilos) / nullif(sum(crates), 0) AS each FROM harvests GROUP BY variety ORDER BY variety",
    ),
    ("try_divide", "SELECT id, try_divide(kilos, frost) AS q FROM harvests ORDER BY id"),
    ("modulo", "SELECT id, crates % 7 AS m, big % 13 AS b, mod(id, 5) AS d FROM harvests ORDER BY id"),
    (
        "sums of columns",
        "SELECT id, crates + frost AS s, crates - frost AS d, crates * frost AS p FROM harvests ORDER BY id",
    ),
    (
        "decimals with integers",
        "SELECT id, kilos + crates AS s, kilos * 2 AS t, kilos - 0.5 AS u, kilos * 1.25 AS v FROM harvests ORDER BY id",
    ),
    ("squares of decimals", "SELECT sum(kilos * kilos) AS s FROM harvests"),
    (
        "share of a total",
        "SELECT variety, 100.0 * sum(kilos) / (SELECT sum(kilos) FROM harvests) AS share FROM harvests GROUP BY variety ORDER BY variety",
    ),
    (
        "rounding",
        "SELECT id, round(kilos, 1) AS d, round(per_crate, 2) AS f, round(crates / 7.0, 0) AS w FROM harvests WHERE crates IS NOT NULL ORDER BY id",
    ),
    (
        "rounding of halves",
        "SELECT id, round((crates + 200) / 200, 2) AS q, round((crates + 150) / 40, 2) AS r, round(-crates / 40, 2) AS n, round(crates / 2, 0) AS w FROM harvests WHERE crates IS NOT NULL ORDER BY id",
    ),
    (
        "rounding of averages",
        "SELECT variety, ripe, round(avg(crates + 200) / 200, 2) AS a, round(100 * sum(frost) / count(*), 1) AS s FROM harvests GROUP BY variety, ripe ORDER BY variety, ripe",
    ),
    ("rounding to tens", "SELECT id, round(big, -3) AS t FROM harvests ORDER BY id"),
    (
        "ceil and floor",
        "SELECT id, ceil(kilos) AS c, floor(kilos) AS f, ceil(per_crate) AS d, floor(-kilos) AS g FROM harvests WHERE crates IS NOT NULL ORDER BY id",
    ),
    ("abs and sign", "SELECT id, abs(big) AS a, sign(big) AS s, abs(-kilos) AS k FROM harvests ORDER BY id"),
    (
        "powers and roots",
        "SELECT id, power(crates, 2) AS p, sqrt(crates) AS r, exp(frost) AS e, ln(crates) AS l, log10(crates) AS g FROM harvests ORDER BY id",
    ),
    ("negative", "SELECT id, -crates AS c, -kilos AS k, -big AS b FROM harvests ORDER BY id"),
    (
        "greatest and least",
        "SELECT id, greatest(crates, frost, 7) AS g, least(crates, frost) AS l FROM harvests ORDER BY id",
    ),
    // NULL.
    (
        "coalesce",
        "SELECT id, coalesce(crates, 0) AS c, coalesce(variety, 'none') AS v, nullif(frost, 0) AS f FROM harvests ORDER BY id",
    ),
    ("null comparisons", "SELECT count(*) AS n FROM harvests WHERE crates IS NULL OR NOT (ripe IS TRUE)"),
    (
        "distinct from",
        "SELECT count(*) AS n FROM harvests WHERE (variety IS DISTINCT FROM 'v1') AND (ripe <=> TRUE)",
    ),
    ("nulls first", "SELECT id, crates FROM harvests ORDER BY crates, id"),
    ("nulls last", "SELECT id, crates FROM harvests ORDER BY crates DESC, id DESC"),
    ("not in", "SELECT count(*) AS n FROM harvests WHERE variety NOT IN ('v1', 'v2')"),
    ("not in with null", "SELECT count(*) AS n FROM harvests WHERE variety NOT IN ('v1', NULL)"),
    // Conditions.
    (
        "between",
        "SELECT count(*) AS n FROM harvests WHERE crates BETWEEN 10 AND 20 AND kilos BETWEEN 1.5 AND 700",
    ),
    ("like", "SELECT count(*) AS n FROM harvests WHERE word LIKE 'mine-1%' OR word LIKE '%_7'"),
    ("ilike", "SELECT count(*) AS n FROM harvests WHERE word ILIKE 'MINE-2%'"),
    ("like with percent", "SELECT count(*) AS n FROM harvests WHERE word LIKE '%-_'"),
    (
        "case",
        "SELECT id, CASE WHEN crates > 30 THEN 'many' WHEN crates > 10 THEN 'some' ELSE 'few' END AS c FROM harvests ORDER BY id",
    ),
    (
        "case of a value",
        "SELECT id, CASE variety WHEN 'v1' THEN 1 WHEN 'v2' THEN 2 ELSE 0 END AS c FROM harvests ORDER BY id",
    ),
    ("if", "SELECT sum(if(ripe, crates, 0)) AS s FROM harvests"),
    (
        "comparison of dates",
        "SELECT count(*) AS n FROM harvests WHERE picked_on >= DATE '2025-01-01' AND picked_on < DATE '2025-07-01'",
    ),
    (
        "comparison of times",
        "SELECT count(*) AS n FROM harvests WHERE seen_at >= TIMESTAMP '2025-01-01 12:00:00'",
    ),
    // Text.
    (
        "letters",
        "SELECT id, upper(word) AS u, lower(word) AS l, length(word) AS n, reverse(word) AS r FROM harvests ORDER BY id",
    ),
    (
        "parts of text",
        "SELECT id, substring(word, 2, 3) AS s, left(word, 4) AS l, right(word, 2) AS r, substr(word, 6) AS e FROM harvests ORDER BY id",
    ),
    (
        "splitting",
        "SELECT id, split_part(word, '-', 2) AS p, split_part(word, '-', -1) AS q FROM harvests ORDER BY id",
    ),
    (
        "joining text",
        "SELECT id, word || '/' || note AS j, concat(word, note) AS c, concat_ws('-', variety, word) AS w FROM harvests ORDER BY id",
    ),
    (
        "text of numbers",
        "SELECT id, 'n' || crates AS i, 'k' || kilos AS k, 'd' || picked_on AS d FROM harvests ORDER BY id",
    ),
    ("padding", "SELECT id, lpad(note, 5, '0') AS l, rpad(note, 4, '.') AS r FROM harvests ORDER BY id"),
    (
        "trimming",
        "SELECT id, trim('  ' || word || ' ') AS t, ltrim('m', word) AS l, btrim(word, 'm1') AS b FROM harvests ORDER BY id",
    ),
    (
        "replacing",
        "SELECT id, replace(word, 'mine', 'ours') AS r, initcap(word) AS i FROM harvests ORDER BY id",
    ),
    (
        "positions",
        "SELECT id, position('-' IN word) AS p, instr(word, 'n') AS i, locate('e', word) AS l FROM harvests ORDER BY id",
    ),
    (
        "starts and ends",
        "SELECT count_if(startswith(word, 'mine')) AS s, count_if(endswith(word, '1')) AS e, count_if(contains(word, '-2')) AS c FROM harvests",
    ),
    ("ascii", "SELECT DISTINCT ascii(word) AS a FROM harvests ORDER BY a"),
    ("text as integer", "SELECT sum(CAST(note AS INT)) AS s FROM harvests"),
    ("text as decimal", "SELECT sum(CAST(note AS DECIMAL(10, 2))) AS s FROM harvests"),
    (
        "text as number, some none",
        "SELECT count(TRY_CAST(word AS INT)) AS n, sum(TRY_CAST(note AS BIGINT)) AS s FROM harvests",
    ),
    ("text as date", "SELECT min(CAST(day AS DATE)) AS first, max(to_date(day)) AS last FROM harvests"),
    // Dates.
    (
        "fields",
        "SELECT id, year(picked_on) AS y, quarter(picked_on) AS q, month(picked_on) AS m, day(picked_on) AS d, dayofweek(picked_on) AS w, weekday(picked_on) AS k, dayofyear(picked_on) AS n, weekofyear(picked_on) AS v FROM harvests ORDER BY id",
    ),
    (
        "fields of times",
        "SELECT id, hour(seen_at) AS h, minute(seen_at) AS m, second(seen_at) AS s, date_part('yearofweek', seen_at) AS y FROM harvests ORDER BY id",
    ),
    (
        "months",
        "SELECT date_trunc('month', picked_on) AS month, sum(kilos) AS s FROM harvests GROUP BY date_trunc('month', picked_on) ORDER BY month",
    ),
    (
        "weeks",
        "SELECT date_trunc('week', seen_at) AS week, count(*) AS n FROM harvests GROUP BY date_trunc('week', seen_at) ORDER BY week",
    ),
    (
        "days of times",
        "SELECT CAST(seen_at AS DATE) AS day, count(*) AS n FROM harvests GROUP BY CAST(seen_at AS DATE) ORDER BY day",
    ),
    (
        "years and quarters",
        "SELECT date_trunc('year', picked_on) AS y, date_trunc('quarter', picked_on) AS q, count(*) AS n FROM harvests GROUP BY date_trunc('year', picked_on), date_trunc('quarter', picked_on) ORDER BY y, q",
    ),
    (
        "hours",
        "SELECT date_trunc('hour', seen_at) AS h, count(*) AS n FROM harvests GROUP BY date_trunc('hour', seen_at) ORDER BY h",
    ),
    (
        "moved dates",
        "SELECT id, date_add(picked_on, 10) AS a, date_sub(picked_on, 3) AS s, add_months(picked_on, 1) AS m, picked_on + INTERVAL '2' DAY AS i, picked_on - INTERVAL '1' MONTH AS j FROM harvests ORDER BY id",
    ),
    (
        "moved times",
        "SELECT id, seen_at + INTERVAL '90' MINUTE AS a, seen_at - INTERVAL '1' DAY AS b, dateadd(HOUR, 5, seen_at) AS c FROM harvests ORDER BY id",
    ),
    ("moved by a column", "SELECT id, date_add(picked_on, frost) AS a FROM harvests ORDER BY id"),
    ("days between", "SELECT id, datediff(DATE '2026-01-01', picked_on) AS d FROM harvests ORDER BY id"),
    (
        "units between",
        "SELECT id, timestampdiff(HOUR, seen_at, TIMESTAMP '2026-06-01 00:00:00') AS h, datediff(MONTH, picked_on, DATE '2026-06-30') AS m FROM harvests ORDER BY id",
    ),
    (
        "months between",
        "SELECT id, months_between(DATE '2026-06-15', picked_on) AS m FROM harvests ORDER BY id",
    ),
    (
        "last and next",
        "SELECT id, last_day(picked_on) AS l, next_day(picked_on, 'monday') AS n FROM harvests ORDER BY id",
    ),
    ("made dates", "SELECT id, make_date(2026, 1 + id % 12, 1 + id % 28) AS d FROM harvests ORDER BY id"),
    (
        "dates as text",
        "SELECT id, date_format(picked_on, 'yyyy-MM') AS m, date_format(seen_at, 'dd/MM/yyyy HH:mm:ss') AS t, dayname(picked_on) AS d, monthname(picked_on) AS n FROM harvests ORDER BY id",
    ),
    (
        "times as text",
        "SELECT id, CAST(seen_at AS STRING) AS t, CAST(picked_on AS STRING) AS d FROM harvests ORDER BY id",
    ),
    // Joins and subqueries.
    ("join", "SELECT count(*) AS n, sum(b.weight) AS w FROM harvests h JOIN baskets b ON b.harvest = h.id"),
    (
        "join with a public list",
        "SELECT v.label, sum(h.kilos * v.price) AS worth FROM harvests h JOIN varieties v ON v.code = h.variety GROUP BY v.label ORDER BY v.label",
    ),
    (
        "left join",
        "SELECT count(*) AS n, count(v.code) AS known FROM harvests h LEFT JOIN varieties v ON v.code = h.variety AND v.rank = 1",
    ),
    (
        "right and full join",
        "SELECT count(*) AS n, count(h.id) AS h, count(v.code) AS v FROM harvests h FULL JOIN varieties v ON v.code = h.variety",
    ),
    (
        "semi join",
        "SELECT count(*) AS n FROM harvests h LEFT SEMI JOIN baskets b ON b.harvest = h.id AND b.weight > 30",
    ),
    (
        "anti join",
        "SELECT count(*) AS n FROM harvests h LEFT ANTI JOIN baskets b ON b.harvest = h.id AND b.weight > 30",
    ),
    (
        "using",
        "SELECT count(*) AS n, min(site) AS s FROM harvests JOIN plots USING (site) WHERE harvests.id = plots.harvest",
    ),
    (
        "three relations",
        "SELECT h.variety, sum(w.grams) AS g FROM harvests h JOIN baskets b ON b.harvest = h.id JOIN weighings w ON w.basket = b.id GROUP BY h.variety ORDER BY h.variety",
    ),
    (
        "in a subquery",
        "SELECT count(*) AS n FROM harvests WHERE id IN (SELECT harvest FROM baskets WHERE weight > 25)",
    ),
    (
        "not in a subquery",
        "SELECT count(*) AS n FROM harvests WHERE id NOT IN (SELECT harvest FROM baskets WHERE weight > 25)",
    ),
    (
        "exists",
        "SELECT count(*) AS n FROM harvests h WHERE EXISTS (SELECT 1 FROM baskets b WHERE b.harvest = h.id AND b.weight < 5)",
    ),
    (
        "not exists",
        "SELECT count(*) AS n FROM harvests h WHERE NOT EXISTS (SELECT 1 FROM baskets b WHERE b.harvest = h.id)",
    ),
    ("scalar subquery", "SELECT count(*) AS n FROM harvests WHERE kilos > (SELECT avg(kilos) FROM harvests)"),
    (
        "common tables",
        "WITH t AS (SELECT variety, sum(kilos) AS s FROM harvests GROUP BY variety), u AS (SELECT max(s) AS top FROM t) SELECT t.variety, t.s FROM t JOIN u ON t.s = u.top ORDER BY t.variety",
    ),
    (
        "subquery in from",
        "SELECT avg(n) AS a, max(n) AS m FROM (SELECT variety, count(*) AS n FROM harvests GROUP BY variety) x",
    ),
    (
        "union all",
        "SELECT site AS k, id FROM harvests WHERE id < 20 UNION ALL SELECT site, harvest FROM plots WHERE harvest < 20 ORDER BY k, id",
    ),
    ("union", "SELECT variety AS v FROM harvests UNION SELECT code FROM varieties ORDER BY v"),
    (
        "except and intersect",
        "SELECT code AS v FROM varieties EXCEPT SELECT variety FROM harvests ORDER BY v",
    ),
    ("intersect", "SELECT code AS v FROM varieties INTERSECT SELECT variety FROM harvests ORDER BY v"),
    ("limit", "SELECT id, kilos FROM harvests ORDER BY kilos DESC, id LIMIT 5"),
    ("limit and offset", "SELECT id, kilos FROM harvests ORDER BY kilos, id LIMIT 4 OFFSET 3"),
    // Windows.
    (
        "row_number",
        "SELECT id, row_number() OVER (PARTITION BY variety ORDER BY kilos DESC, id) AS r FROM harvests ORDER BY id",
    ),
    (
        "ranks",
        "SELECT id, rank() OVER (ORDER BY frost) AS r, dense_rank() OVER (ORDER BY frost) AS d FROM harvests ORDER BY id",
    ),
    (
        "percent ranks",
        "SELECT id, percent_rank() OVER (ORDER BY id) AS p, cume_dist() OVER (ORDER BY frost) AS c FROM harvests ORDER BY id",
    ),
    ("ntile", "SELECT id, ntile(4) OVER (ORDER BY id) AS n FROM harvests ORDER BY id"),
    (
        "lag and lead",
        "SELECT id, lag(kilos) OVER (ORDER BY id) AS l, lead(kilos, 2) OVER (ORDER BY id) AS m, lag(crates, 1, 0) OVER (ORDER BY id) AS z FROM harvests ORDER BY id",
    ),
    (
        "first and last",
        "SELECT id, first_value(id) OVER (PARTITION BY variety ORDER BY id) AS f, last_value(id) OVER (PARTITION BY variety ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS l FROM harvests ORDER BY id",
    ),
    (
        "running sum",
        "SELECT id, sum(kilos) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM harvests ORDER BY id",
    ),
    (
        "moving average",
        "SELECT id, avg(kilos) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS a FROM harvests ORDER BY id",
    ),
    (
        "share of a partition",
        "SELECT id, kilos / sum(kilos) OVER (PARTITION BY variety) AS s FROM harvests ORDER BY id",
    ),
    (
        "window over groups",
        "SELECT variety, sum(kilos) AS s, rank() OVER (ORDER BY sum(kilos) DESC, variety) AS r FROM harvests GROUP BY variety ORDER BY r",
    ),
    (
        "qualify",
        "SELECT variety, id FROM harvests QUALIFY row_number() OVER (PARTITION BY variety ORDER BY kilos DESC, id) = 1 ORDER BY variety",
    ),
    // Masks and columns of the model.
    ("masked text", "SELECT id, phone, tail FROM harvests ORDER BY id"),
    ("masked as null", "SELECT count(grower) AS n FROM harvests"),
    ("masked by hash", "SELECT id, weaver FROM baskets ORDER BY id"),
    ("groups of hashes", "SELECT weaver, count(*) AS n FROM baskets GROUP BY weaver ORDER BY weaver"),
    ("buckets of dates", "SELECT made, count(*) AS n FROM baskets GROUP BY made ORDER BY made"),
    (
        "computed columns",
        "SELECT id, noted, round(per_crate, 6) AS p FROM harvests WHERE crates IS NOT NULL ORDER BY id",
    ),
    ("everything of a relation", "SELECT * FROM varieties ORDER BY code"),
];
