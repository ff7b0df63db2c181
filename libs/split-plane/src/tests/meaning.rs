//! What a draft means, as the text of what runs.

use super::{accept, guard, refuse};
use crate::GuardErrorKind::{NotAllowed, OutsideView, TooComplex};
use crate::{FUNCTIONS, FunctionKind};

/// Expressions over `trips`, and what runs instead.
const EXPRESSIONS: &[(&str, &str)] = &[
    ("passengers", "`trips`.`passengers`"),
    ("PASSENGERS", "`trips`.`passengers`"),
    ("Trips.Passengers", "`trips`.`passengers`"),
    ("passengers = 1", "`trips`.`passengers` = 1"),
    ("passengers == 1", "`trips`.`passengers` = 1"),
    ("passengers != 1", "`trips`.`passengers` <> 1"),
    ("passengers <=> 1", "(`trips`.`passengers` IS NOT DISTINCT FROM 1)"),
    ("- - passengers", "(0 - (0 - `trips`.`passengers`))"),
    ("-5 * passengers", "-5 * `trips`.`passengers`"),
    ("passengers::string", "string(`trips`.`passengers`)"),
    ("CAST(passengers AS VARCHAR)", "string(`trips`.`passengers`)"),
    ("try_cast(passengers AS STRING)", "string(`trips`.`passengers`)"),
    ("CAST(note AS DECIMAL)", "CAST(`trips`.`note` AS DECIMAL(10,0))"),
    ("CAST(note AS INTEGER)", "CAST(`trips`.`note` AS INT)"),
    ("year(day)", "date_part('year', `trips`.`day`)"),
    ("EXTRACT(YEAR FROM day)", "date_part('year', `trips`.`day`)"),
    ("date_part('YEAR', day)", "date_part('year', `trips`.`day`)"),
    ("dayofmonth(day)", "date_part('day', `trips`.`day`)"),
    ("weekofyear(day)", "date_part('week', `trips`.`day`)"),
    ("dayofyear(day)", "date_part('doy', `trips`.`day`)"),
    // Sunday 1 to Saturday 7, from Monday 1 to Sunday 7.
    ("dayofweek(day)", "(date_part('isodow', `trips`.`day`) % 7 + 1)"),
    ("EXTRACT(DOW FROM day)", "(date_part('isodow', `trips`.`day`) % 7 + 1)"),
    ("date_part('dow', day)", "(date_part('isodow', `trips`.`day`) % 7 + 1)"),
    ("weekday(day)", "(date_part('isodow', `trips`.`day`) - 1)"),
    ("date_trunc('MM', day)", "date_trunc('month', `trips`.`day`)"),
    ("trunc(day, 'MONTH')", "CAST(date_trunc('month', `trips`.`day`) AS DATE)"),
    ("date_add(day, 3)", "(CAST(`trips`.`day` AS DATE) + INTERVAL '3' DAY)"),
    ("date_add(day, -3)", "(CAST(`trips`.`day` AS DATE) + INTERVAL '-3' DAY)"),
    ("date_sub(day, 3)", "(CAST(`trips`.`day` AS DATE) - INTERVAL '3' DAY)"),
    ("add_months(day, 3)", "(CAST(`trips`.`day` AS DATE) + INTERVAL '3' MONTH)"),
    ("dateadd(QUARTER, 2, day)", "(CAST(`trips`.`day` AS TIMESTAMP) + INTERVAL '6' MONTH)"),
    ("day + INTERVAL 2 WEEKS", "`trips`.`day` + INTERVAL '14' DAY"),
    (
        "datediff(day, DATE '2026-01-01')",
        "CAST((date_part('epoch', CAST(`trips`.`day` AS DATE)) - date_part('epoch', CAST(DATE '2026-01-01' AS DATE))) / 86400 AS INT)",
    ),
    // Whole days gone by, where two dates alone are compared by the calendar.
    (
        "datediff(DAY, DATE '2026-01-01', day)",
        "timestampdiff('day', CAST(DATE '2026-01-01' AS TIMESTAMP), CAST(`trips`.`day` AS TIMESTAMP))",
    ),
    (
        "timestampdiff(Month, departed_at, day)",
        "timestampdiff('month', CAST(`trips`.`departed_at` AS TIMESTAMP), CAST(`trips`.`day` AS TIMESTAMP))",
    ),
    (
        "months_between(day, departed_at)",
        "months_between(CAST(`trips`.`day` AS TIMESTAMP), CAST(`trips`.`departed_at` AS TIMESTAMP))",
    ),
    ("date_sub(day, passengers)", "(CAST(`trips`.`day` AS DATE) - CAST(`trips`.`passengers` AS INT))"),
    ("next_day(day, 'MON')", "next_day(CAST(`trips`.`day` AS DATE), 'monday')"),
    ("day + INTERVAL 3 DAYS", "`trips`.`day` + INTERVAL '3' DAY"),
    // A date and hours are a time.
    ("day + INTERVAL '3' HOUR", "CAST(`trips`.`day` AS TIMESTAMP) + INTERVAL '3' HOUR"),
    ("second(departed_at)", "date_part('second', `trips`.`departed_at`)"),
    ("date_part('yearofweek', day)", "date_part('isoyear', `trips`.`day`)"),
    ("try_divide(revenue, passengers)", "(`trips`.`revenue` / nullif(`trips`.`passengers`, 0))"),
    ("nullifzero(passengers)", "nullif(`trips`.`passengers`, 0)"),
    ("zeroifnull(passengers)", "coalesce(`trips`.`passengers`, 0)"),
    ("split_part(note, '-', -1)", "split_part(`trips`.`note`, '-', -1)"),
    ("initcap(note)", "initcap(`trips`.`note`)"),
    (
        "last_day(day)",
        "CAST(date_trunc('month', `trips`.`day`) + INTERVAL '1' MONTH - INTERVAL '1' DAY AS DATE)",
    ),
    ("date_format(day, 'yyyy-MM-dd')", "to_char(`trips`.`day`, '%Y-%m-%d')"),
    ("to_date(note)", "CAST(`trips`.`note` AS DATE)"),
    ("if(passengers > 1, 'a', 'b')", "CASE WHEN `trips`.`passengers` > 1 THEN 'a' ELSE 'b' END"),
    ("nvl(note, 'a')", "coalesce(`trips`.`note`, 'a')"),
    ("nvl2(note, 'a', 'b')", "CASE WHEN `trips`.`note` IS NOT NULL THEN 'a' ELSE 'b' END"),
    ("isnull(note)", "(`trips`.`note` IS NULL)"),
    // NULL makes the whole NULL, where the engine's `concat` would skip it.
    ("concat(note, 'a', note)", "(`trips`.`note` || 'a' || `trips`.`note`)"),
    ("mod(passengers, 2 + 1)", "(`trips`.`passengers` % (2 + 1))"),
    ("locate('a', note)", "strpos(`trips`.`note`, 'a')"),
    ("instr(note, 'a')", "strpos(`trips`.`note`, 'a')"),
    ("position('a' IN note)", "strpos(`trips`.`note`, 'a')"),
    ("substr(note, 2, 3)", "SUBSTRING(`trips`.`note`, 2, 3)"),
    ("substring(note, 0, 3)", "SUBSTRING(`trips`.`note`, 1, 3)"),
    ("substring(note, -3)", "right(`trips`.`note`, 3)"),
    ("substring(note FROM 2 FOR 3)", "SUBSTRING(`trips`.`note`, 2, 3)"),
    ("ltrim('x', note)", "TRIM(LEADING 'x' FROM `trips`.`note`)"),
    ("trim(note)", "btrim(`trips`.`note`)"),
    ("length(note)", "character_length(`trips`.`note`)"),
    ("ceiling(revenue)", "CEIL(`trips`.`revenue`)"),
];

#[test]
fn expressions_mean_what_they_mean_on_databricks() {
    for (draft, expected) in EXPRESSIONS {
        let text = accept(&format!("SELECT {draft} AS x FROM trips"));
        let prefix = format!("SELECT {expected} AS `x` FROM `trips` ORDER BY 1 ASC NULLS FIRST");
        let unnamed = format!("SELECT {expected} FROM `trips` ORDER BY 1 ASC NULLS FIRST");
        assert!(text == prefix || text == unnamed, "`{draft}` runs as `{text}`, not `{prefix}`");
        assert_eq!(accept(&text), text);
    }
}

#[test]
fn aggregates_mean_what_they_mean_on_databricks() {
    for (draft, expected) in [
        ("count(*)", "count(*)"),
        ("mean(revenue)", "avg(`trips`.`revenue`)"),
        ("count_if(passengers > 1)", "count(CASE WHEN `trips`.`passengers` > 1 THEN 1 END)"),
        ("approx_count_distinct(day)", "count(DISTINCT `trips`.`day`)"),
        ("median(passengers)", "median(CAST(`trips`.`passengers` AS DOUBLE))"),
        ("variance(passengers)", "var_samp(`trips`.`passengers`)"),
        ("sum(ALL passengers)", "sum(`trips`.`passengers`)"),
        ("any_value(note)", "min(`trips`.`note`)"),
        (
            "percentile(revenue, 0.9)",
            "percentile_cont(0.9) WITHIN GROUP (ORDER BY CAST(`trips`.`revenue` AS DOUBLE) ASC NULLS FIRST)",
        ),
        (
            "percentile_cont(0.9) WITHIN GROUP (ORDER BY revenue DESC)",
            "percentile_cont(0.9) WITHIN GROUP (ORDER BY CAST(`trips`.`revenue` AS DOUBLE) DESC NULLS LAST)",
        ),
        ("listagg(note)", "string_agg(`trips`.`note`, '' ORDER BY `trips`.`note` ASC NULLS FIRST)"),
        (
            "listagg(note, ';') WITHIN GROUP (ORDER BY day DESC)",
            "string_agg(`trips`.`note`, ';' ORDER BY `trips`.`day` DESC NULLS LAST, `trips`.`note` ASC NULLS FIRST)",
        ),
        (
            "string_agg(DISTINCT note, ';' ORDER BY note DESC)",
            "string_agg(DISTINCT `trips`.`note`, ';' ORDER BY `trips`.`note` DESC NULLS LAST)",
        ),
        (
            "count(DISTINCT day, note)",
            "count(DISTINCT replace(string(`trips`.`day`), '~', '~0') || '~1' || replace(string(`trips`.`note`), '~', '~0'))",
        ),
        (
            "count(day, note)",
            "count(CASE WHEN `trips`.`day` IS NOT NULL AND `trips`.`note` IS NOT NULL THEN 1 END)",
        ),
    ] {
        assert_eq!(
            accept(&format!("SELECT {draft} AS x FROM trips")),
            format!("SELECT {expected} AS `x` FROM `trips`")
        );
    }
}

#[test]
fn null_stands_where_databricks_puts_it() {
    for (draft, expected) in [
        ("day", "1 ASC NULLS FIRST"),
        ("day ASC", "1 ASC NULLS FIRST"),
        ("day DESC", "1 DESC NULLS LAST"),
        ("day DESC NULLS FIRST", "1 DESC NULLS FIRST"),
        ("day NULLS LAST", "1 ASC NULLS LAST"),
    ] {
        assert_eq!(
            accept(&format!("SELECT day FROM trips ORDER BY {draft}")),
            format!("SELECT `trips`.`day` FROM `trips` ORDER BY {expected}")
        );
        let windowed = accept(&format!("SELECT rank() OVER (ORDER BY {draft}) AS x FROM trips"));
        let expected = expected.replacen('1', "`trips`.`day`", 1);
        assert!(windowed.contains(&format!("OVER (ORDER BY {expected})")), "{windowed}");
    }
}

#[test]
fn rows_that_are_cut_off_or_shown_have_a_total_order() {
    for (draft, expected) in [
        (
            "SELECT day, note FROM trips LIMIT 3",
            "SELECT `trips`.`day`, `trips`.`note` FROM `trips` ORDER BY 1 ASC NULLS FIRST, 2 ASC NULLS FIRST LIMIT 3",
        ),
        (
            "SELECT day, note FROM trips ORDER BY note DESC LIMIT 3",
            "SELECT `trips`.`day`, `trips`.`note` FROM `trips` ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS FIRST LIMIT 3",
        ),
        (
            "SELECT day FROM trips ORDER BY passengers",
            "SELECT `trips`.`day` FROM `trips` ORDER BY `trips`.`passengers` ASC NULLS FIRST, 1 ASC NULLS FIRST",
        ),
        (
            "SELECT count(*) AS n FROM (SELECT day FROM trips LIMIT 3) AS x",
            "SELECT count(*) AS `n` FROM (SELECT `trips`.`day` FROM `trips` ORDER BY 1 ASC NULLS FIRST LIMIT 3) AS `x`",
        ),
        (
            "SELECT day FROM trips UNION SELECT day FROM trips LIMIT 2",
            "SELECT `trips`.`day` FROM `trips` UNION SELECT `trips`.`day` FROM `trips` ORDER BY 1 ASC NULLS FIRST LIMIT 2",
        ),
        // One row has no order, and what is not cut off inside needs none.
        (
            "SELECT count(*) AS n FROM (SELECT day FROM trips) AS x",
            "SELECT count(*) AS `n` FROM (SELECT `trips`.`day` FROM `trips`) AS `x`",
        ),
    ] {
        assert_eq!(accept(draft), expected);
    }
}

#[test]
fn windows_that_count_rows_have_a_total_order_and_others_keep_their_ties() {
    let text = accept("SELECT row_number() OVER (ORDER BY class) AS n FROM fares");
    assert!(
        text.contains("OVER (ORDER BY `fares`.`class` ASC NULLS FIRST, `fares`.`fare_id` ASC NULLS FIRST, `fares`.`trip_id` ASC NULLS FIRST, `fares`.`price` ASC NULLS FIRST, `fares`.`refunded` ASC NULLS FIRST)"),
        "{text}"
    );
    let text = accept("SELECT class, row_number() OVER (ORDER BY sum(price)) AS n FROM fares GROUP BY class");
    assert!(
        text.contains(
            "OVER (ORDER BY sum(`fares`.`price`) ASC NULLS FIRST, `fares`.`class` ASC NULLS FIRST)"
        ),
        "{text}"
    );
    for ties in [
        "rank() OVER (ORDER BY class)",
        "sum(price) OVER (ORDER BY class)",
        "sum(price) OVER (PARTITION BY class)",
    ] {
        let text = accept(&format!("SELECT {ties} AS n FROM fares"));
        assert!(!text.contains("fare_id"), "{text}");
    }
    let text = accept("SELECT sum(price) OVER (ORDER BY class ROWS 2 PRECEDING) AS n FROM fares");
    assert!(text.contains("fare_id"), "{text}");
    refuse(
        "SELECT class, row_number() OVER (ORDER BY count(*)) AS n FROM fares GROUP BY ROLLUP (class)",
        NotAllowed,
    );
}

#[test]
fn names_mean_what_is_nearest() {
    for (draft, expected) in [
        ("SELECT sum(revenue) AS total FROM trips HAVING total > 3", "HAVING sum(`trips`.`revenue`) > 3"),
        (
            "SELECT passengers + 1 AS p FROM trips ORDER BY p * 2",
            "ORDER BY (`trips`.`passengers` + 1) * 2 ASC",
        ),
        // In GROUP BY a column of FROM comes first, in ORDER BY a column of the output.
        ("SELECT lower(note) AS note FROM trips GROUP BY note", "GROUP BY `trips`.`note`"),
        ("SELECT -passengers AS passengers FROM trips ORDER BY passengers", "ORDER BY 1 ASC"),
        ("SELECT day AS d, count(*) AS n FROM trips GROUP BY d", "GROUP BY `trips`.`day`"),
        (
            "SELECT year(day) AS y, count(*) AS n FROM trips GROUP BY 1",
            "GROUP BY date_part('year', `trips`.`day`)",
        ),
        (
            "SELECT year(day) AS y, count(*) AS n FROM trips GROUP BY ALL",
            "GROUP BY date_part('year', `trips`.`day`)",
        ),
        ("SELECT t.trip_id FROM trips t JOIN fares f USING (trip_id)", "ON `t`.`trip_id` = `f`.`trip_id`"),
        ("SELECT trip_id FROM trips t JOIN fares f USING (trip_id)", "SELECT `t`.`trip_id`"),
        ("SELECT trip_id FROM trips t RIGHT JOIN fares f USING (trip_id)", "SELECT `f`.`trip_id`"),
        (
            "SELECT a FROM (SELECT day AS A FROM trips)",
            "SELECT `_sub_1`.`A` FROM (SELECT `trips`.`day` AS `A` FROM `trips`) AS `_sub_1`",
        ),
        (
            "SELECT sum(revenue), sum(revenue) FROM trips",
            "AS `sum_trips_revenue`, sum(`trips`.`revenue`) AS `sum_trips_revenue_2`",
        ),
        ("SELECT count(*) AS fares FROM fares", "AS `fares`"),
        (
            "SELECT sum(revenue) AS revenue FROM trips HAVING sum(revenue) > 3",
            "HAVING sum(`trips`.`revenue`) > 3",
        ),
        ("SELECT sum(revenue) AS revenue FROM trips ORDER BY sum(revenue)", "ORDER BY 1 ASC"),
    ] {
        let text = accept(draft);
        assert!(text.contains(expected), "`{draft}` runs as `{text}`, without `{expected}`");
    }
    for ambiguous in [
        "SELECT sum(revenue) AS revenue FROM trips HAVING revenue > 3",
        "SELECT route_id FROM trips t JOIN routes r ON t.route_id = r.route_id",
        "SELECT a.trip_id FROM trips a JOIN trips a ON a.trip_id = a.trip_id",
        "SELECT a.day FROM trips a WHERE EXISTS (SELECT 1 FROM fares a WHERE a.trip_id = passengers)",
    ] {
        refuse(ambiguous, NotAllowed);
    }
    refuse("SELECT d AS e, day AS d FROM trips", OutsideView);
}

#[test]
fn a_window_and_an_output_may_have_a_name() {
    for (draft, expected) in [
        (
            "SELECT sum(revenue) OVER w AS r, count(*) OVER (W) AS n FROM trips WINDOW w AS (PARTITION BY day)",
            "SELECT sum(`trips`.`revenue`) OVER (PARTITION BY `trips`.`day`) AS `r`, count(*) OVER (PARTITION BY `trips`.`day`) AS `n`",
        ),
        (
            "SELECT sum(revenue) FILTER (WHERE passengers > 3) OVER (PARTITION BY day) AS r FROM trips",
            "SELECT sum(CASE WHEN `trips`.`passengers` > 3 THEN `trips`.`revenue` END) OVER (PARTITION BY `trips`.`day`) AS `r`",
        ),
        (
            "SELECT count(*) FILTER (WHERE passengers > 3) OVER () AS r FROM trips",
            "SELECT count(CASE WHEN `trips`.`passengers` > 3 THEN 1 END) OVER () AS `r`",
        ),
        (
            "SELECT passengers + 1 AS a, a * 2 AS b, b - a AS c FROM trips",
            "(`trips`.`passengers` + 1) * 2 AS `b`, ((`trips`.`passengers` + 1) * 2) - (`trips`.`passengers` + 1) AS `c`",
        ),
        (
            "SELECT sum(revenue) AS s, s / 2 AS h FROM trips",
            "SELECT sum(`trips`.`revenue`) AS `s`, sum(`trips`.`revenue`) / 2 AS `h`",
        ),
        // A column of FROM hides an output before it.
        (
            "SELECT passengers + 1 AS passengers, passengers * 2 AS b FROM trips",
            "SELECT `trips`.`passengers` + 1 AS `passengers`, `trips`.`passengers` * 2 AS `b`",
        ),
        (
            "SELECT f.* EXCEPT (refunded, trip_id), t.day FROM fares f JOIN trips t USING (trip_id)",
            "SELECT `f`.`fare_id`, `f`.`class`, `f`.`price`, `t`.`day`",
        ),
        (
            "SELECT * EXCEPT (day, departed_at, passengers, revenue, note) FROM trips t JOIN routes r ON t.route_id = r.route_id",
            "SELECT `t`.`trip_id`, `t`.`route_id` AS `t_route_id`, `r`.`route_id` AS `r_route_id`, `r`.`Name`, `r`.`harbour`",
        ),
        (
            "SELECT * FROM fares a JOIN fares b ON a.fare_id = b.fare_id",
            "SELECT `a`.`fare_id` AS `a_fare_id`, `a`.`trip_id` AS `a_trip_id`",
        ),
    ] {
        let text = accept(draft);
        assert!(text.contains(expected), "`{draft}` runs as `{text}`, without `{expected}`");
        assert_eq!(accept(&text), text);
    }
}

#[test]
fn names_of_names_are_paid_for_each_time() {
    let doubled: Vec<String> = (1..=30).map(|n| format!("x{} + x{} AS x{n}", n - 1, n - 1)).collect();
    refuse(&format!("SELECT passengers AS x0, {} FROM trips", doubled.join(", ")), TooComplex);
    let longer: Vec<String> = (1..=40).map(|n| format!("abs(x{}) AS x{n}", n - 1)).collect();
    refuse(&format!("SELECT passengers AS x0, {} FROM trips", longer.join(", ")), TooComplex);
    let few: Vec<String> = (1..=5).map(|n| format!("abs(x{}) AS x{n}", n - 1)).collect();
    accept(&format!("SELECT passengers AS x0, {} FROM trips", few.join(", ")));
}

#[test]
fn each_function_on_the_list_is_accepted_with_its_arguments() {
    for function in FUNCTIONS {
        for count in function.args_min..=function.args_max.min(function.args_min + 1) {
            let args: &[&str] = match (function.name, count) {
                ("date_part" | "datepart", _) => &["'year'", "day"],
                ("date_trunc", _) => &["'month'", "day"],
                ("trunc", _) => &["day", "'month'"],
                ("date_format" | "to_char", _) => &["day", "'yyyy'"],
                ("date_add" | "dateadd" | "date_sub" | "add_months", 2) => &["day", "1"],
                ("date_add" | "dateadd" | "timestampadd", _) => &["month", "1", "day"],
                ("timestampdiff" | "datediff" | "date_diff", 3) => &["day", "day", "day"],
                ("replace", _) => &["note", "'a'", "'b'"],
                ("if" | "iff", _) => &["true", "note", "note"],
                ("ntile", _) => &["4"],
                ("position", _) => continue,
                ("timestampdiff", _) => &["hour", "day", "day"],
                ("split_part", _) => &["note", "'-'", "2"],
                ("next_day", _) => &["day", "'monday'"],
                ("percentile", _) => &["passengers", "0.5"],
                ("percentile_cont", _) => &["0.5"],
                ("string_agg" | "listagg", 2) => &["note", "','"],
                (_, 0) => &[],
                (_, 1) => &["note"],
                (_, 2) => &["note", "2"],
                (_, _) => &["note", "2", "3"],
            };
            let args = args.get(..count).unwrap_or(args).join(", ");
            let over = match (function.kind, function.name) {
                (FunctionKind::Window, "last_value" | "nth_value") => " OVER (ORDER BY day ROWS 1 PRECEDING)",
                (FunctionKind::Window, _) => " OVER (ORDER BY day)",
                (FunctionKind::Scalar | FunctionKind::Aggregate, _) => "",
            };
            let draft =
                format!("SELECT {}({args}){over} AS x, count(*) OVER () AS n FROM trips", function.name);
            let draft = if function.name == "percentile_cont" {
                format!("SELECT percentile_cont({args}) WITHIN GROUP (ORDER BY day) AS x FROM trips")
            } else if function.kind == FunctionKind::Aggregate {
                format!("SELECT {}({args}) AS x FROM trips", function.name)
            } else {
                draft
            };
            let text = accept(&draft);
            assert_eq!(accept(&text), text);
        }
        if function.kind == FunctionKind::Aggregate {
            assert!(guard(&format!("SELECT {}() AS x FROM trips", function.name)).is_err());
        }
    }
}

#[test]
fn a_statement_stays_within_bounds_when_names_are_written_out() {
    let columns: Vec<_> = (0..250).map(|n| format!("passengers p{n}")).collect();
    let draft = format!("SELECT {} FROM trips", columns.join(", "));
    assert!(draft.len() < 16 * 1024);
    let wide: Vec<_> = (0..250).map(|n| format!("passengers+passengers p{n}")).collect();
    refuse(&format!("SELECT {} FROM trips", wide.join(", ")), TooComplex);
}
