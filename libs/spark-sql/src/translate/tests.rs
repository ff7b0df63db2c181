//! What each rule writes, and what none takes.

use super::*;
use crate::statement::Value;
use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_types::{Column, DataType};
use sqlparser::ast::Statement;
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::Parser;
use std::collections::BTreeMap;

mod refused;

const COLUMNS: [(&str, DataType); 10] = [
    ("id", DataType::Integer),
    ("n", DataType::Integer),
    ("d", DataType::Decimal),
    ("e", DataType::Decimal),
    ("f", DataType::Float),
    ("t", DataType::String),
    ("b", DataType::Boolean),
    ("day", DataType::Date),
    ("ts", DataType::Timestamp),
    ("at", DataType::TimestampTz),
];

fn kind(name: &str, data_type: DataType) -> Kind {
    Kind::of(data_type, if name == "d" { Some((10, 2)) } else { None })
}

pub(super) fn relations() -> Vec<Relation> {
    let columns: Vec<_> =
        COLUMNS.iter().map(|(name, data_type)| ((*name).to_owned(), kind(name, *data_type))).collect();
    ["w", "v", "q0"]
        .map(|name| Relation {
            name: name.to_owned(),
            columns: columns.clone(),
            masked: Vec::new(),
            is_shared: false,
        })
        .to_vec()
}

pub(super) fn guarded(draft: &str) -> GuardedQuery {
    let column = |(name, data_type): &(&str, DataType)| Column {
        name: (*name).to_owned(),
        data_type: *data_type,
        unit: None,
        masked: false,
    };
    let columns: Vec<Column> = COLUMNS.iter().map(column).collect();
    let views = ["w", "v", "q0"].map(|name| ViewRelation { name: name.to_owned(), columns: columns.clone() });
    let view = SandboxView::new(views.to_vec(), BTreeMap::new()).unwrap();
    view.guard(draft).unwrap_or_else(|error| panic!("{draft}: {error}"))
}

fn of(draft: &str) -> SparkStatement {
    statement(&guarded(draft), &relations()).unwrap_or_else(|error| panic!("{draft}: {error}"))
}

/// The text of one expression over a row of `w`, with the columns' relation left out.
fn one(expr: &str) -> String {
    let text = of(&format!("SELECT {expr} AS x, id FROM w")).text();
    let (item, _) = text.strip_prefix("SELECT ").unwrap().split_once(" AS c0, ").unwrap();
    item.replace("r0.`", "").replace('`', "")
}

#[test]
fn literals_are_bound_and_equal_ones_share_a_parameter() {
    let statement = of("SELECT t || 'x' AS a, n + 5 AS b, 'x' || t AS c FROM w WHERE t <> 'x' AND n < 5");
    assert_eq!(
        statement.text(),
        "SELECT concat(r0.`t`, :p0) AS c0, try_add(r0.`n`, :p1) AS c1, concat(:p0, r0.`t`) AS c2 FROM `w` AS r0 \
         WHERE ((r0.`t` <> :p0) AND (r0.`n` < :p1)) ORDER BY 1 ASC NULLS FIRST, 2 ASC NULLS FIRST, 3 ASC NULLS FIRST"
    );
    let values: Vec<_> = statement.parameters().iter().map(|parameter| parameter.value.clone()).collect();
    assert_eq!(values, [Value::Text("x".to_owned()), Value::Integer(5)]);
    let names: Vec<_> = statement.parameters().iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["p0", "p1"]);
}

#[test]
fn columns_have_the_names_of_the_tree_and_the_text_has_none_of_them() {
    let statement =
        of("WITH mine AS (SELECT n AS renamed, d FROM w) SELECT m.renamed, m.d AS money FROM mine AS m");
    let columns: Vec<_> =
        statement.columns().iter().map(|column| (column.name.as_str(), column.kind)).collect();
    let decimal = Kind::Decimal { precision: 10, scale: 2 };
    assert_eq!(columns, [("renamed", Kind::Integer), ("money", decimal)]);
    for name in ["mine", "renamed", "money", " m", "m."] {
        assert!(!statement.text().contains(name), "{name}: {}", statement.text());
    }
    // `q0` is a relation, which a common table expression of that name would hide.
    assert!(statement.text().starts_with("WITH q1 AS (SELECT r0.`n` AS c0"), "{}", statement.text());
}

#[test]
fn scoped_relations_stand_in_front_of_the_statements_own() {
    let statement = of("WITH a AS (SELECT n FROM w) SELECT n FROM a");
    let scoped = [("w".to_owned(), "SELECT 1 AS `n`".to_owned())];
    assert!(
        statement.text_after(&scoped).starts_with("WITH `w` AS (SELECT 1 AS `n`), q1 AS ("),
        "{}",
        statement.text_after(&scoped)
    );
    assert!(of("SELECT n FROM w").text_after(&scoped).starts_with("WITH `w` AS (SELECT 1 AS `n`) SELECT"));
}

#[test]
fn whole_numbers_are_calculated_with_by_functions_that_try() {
    for (expr, text) in [
        ("n + id", "try_add(n, id)"),
        ("n - 1", "try_subtract(n, :p0)"),
        ("n * n", "try_multiply(n, n)"),
        ("-n", "try_subtract(:p0, n)"),
        ("n % id", "(n % nullif(id, CAST(0 AS BIGINT)))"),
        ("abs(n)", "try_cast(abs(CAST(n AS DECIMAL(20, 0))) AS BIGINT)"),
        ("round(n, -2)", "try_cast(round(CAST(n AS DECIMAL(20, 0)), :p0) AS BIGINT)"),
        ("CAST(n AS INT)", "CAST(try_cast(n AS INT) AS BIGINT)"),
        ("CAST(t AS BIGINT)", "try_cast(t AS BIGINT)"),
    ] {
        assert_eq!(one(expr), text, "{expr}");
    }
}

#[test]
fn a_division_is_one_of_doubles_or_decimals_and_never_by_zero() {
    let doubles =
        "(try_cast(n AS DOUBLE) / nullif((try_cast(id AS DOUBLE) + CAST(0 AS DOUBLE)), CAST(0 AS DOUBLE)))";
    assert_eq!(one("n / id"), doubles);
    assert_eq!(one("d / 3"), "(d / nullif(:p0, CAST(0 AS DECIMAL(1, 0))))");
    assert_eq!(one("d / n"), "(d / nullif(try_cast(n AS DECIMAL(20, 0)), CAST(0 AS DECIMAL(20, 0))))");
}

#[test]
fn decimals_that_may_overflow_lose_digits_before_they_are_calculated_with() {
    assert_eq!(one("d + d"), "(d + d)");
    assert_eq!(one("e + e"), "(try_cast(e AS DECIMAL(37, 6)) + try_cast(e AS DECIMAL(37, 6)))");
    assert_eq!(one("e * d"), "(try_cast(e AS DECIMAL(29, 6)) * d)");
    assert_eq!(one("sum(d) OVER ()"), "sum(d) OVER ()");
    assert_eq!(one("sum(e) OVER ()"), "try_sum(e) OVER ()");
    assert_eq!(one("sum(n) OVER ()"), "try_sum(n) OVER ()");
}

/// An expression over a relation of which the rows lie among others'.
fn among_others(expr: &str) -> Result<String, Refusal> {
    let relations: Vec<_> =
        relations().into_iter().map(|relation| Relation { is_shared: true, ..relation }).collect();
    let text = statement(&guarded(&format!("SELECT {expr} AS x FROM w")), &relations)?.text();
    let expr = text.strip_prefix("SELECT ").unwrap().split(" AS c0 FROM").next().unwrap().to_owned();
    Ok(expr.replace("r0.", "").replace('`', ""))
}

#[test]
fn sums_among_other_peoples_rows_do_not_depend_on_the_order_in_which_the_engine_meets_them() {
    for (expr, text) in [
        ("sum(n)", "try_cast(sum(CAST(n AS DECIMAL(20, 0))) AS BIGINT)"),
        (
            "sum(n) OVER (PARTITION BY t)",
            "try_cast(sum(CAST(n AS DECIMAL(20, 0))) OVER (PARTITION BY t) AS BIGINT)",
        ),
        (
            "avg(DISTINCT n) FILTER (WHERE b)",
            "(CAST(sum(DISTINCT CAST(n AS DECIMAL(20, 0))) FILTER (WHERE b) AS DOUBLE) / nullif(CAST(count(DISTINCT n) \
             FILTER (WHERE b) AS DOUBLE), CAST(0 AS DOUBLE)))",
        ),
        (
            "sum(e)",
            "(CASE WHEN CAST(max(abs(e)) AS DOUBLE) * CAST(count(e) AS DOUBLE) * CAST(1E6 AS DOUBLE) < CAST(1E37 AS \
             DOUBLE) THEN try_sum(e) END)",
        ),
        ("sum(d)", "sum(d)"),
        ("sum(n) OVER (ORDER BY id)", "try_sum(n) OVER (ORDER BY id ASC NULLS FIRST)"),
    ] {
        assert_eq!(among_others(expr).unwrap(), text, "{expr}");
    }
    let doubles = among_others("avg(f)").unwrap();
    assert!(!doubles.contains("sum(f)"), "{doubles}");
    for refused in [
        "stddev(f)",
        "var_pop(f)",
        "corr(f, n)",
        "covar_samp(f, n)",
        "variance(n) OVER (PARTITION BY t)",
        "sum(DISTINCT f)",
    ] {
        assert!(matches!(among_others(refused), Err(Refusal::Types(_))), "{refused}");
    }
    among_others("stddev(f) OVER (ORDER BY id)").unwrap();
}

#[test]
fn what_is_compared_is_brought_into_one_kind() {
    for (expr, text) in [
        ("n = '5'", "(n = try_cast(:p0 AS BIGINT))"),
        ("t > 5", "(try_cast(t AS BIGINT) > :p0)"),
        ("day = '2026-01-31'", "(day = try_cast(:p0 AS DATE))"),
        ("day < ts", "(try_add(try_cast(day AS TIMESTAMP_NTZ), INTERVAL 0 SECOND) < ts)"),
        ("f > 1", "(f > :p0)"),
        ("d > 1", "(d > :p0)"),
        ("n > 1.5", "(try_cast(n AS DECIMAL(21, 1)) > :p0)"),
        ("e > n", "(e > try_cast(n AS DECIMAL(38, 6)))"),
        ("n IN (1, NULL)", "(n IN (:p0, CAST(NULL AS BIGINT)))"),
        ("n <=> NULL", "(n <=> CAST(NULL AS BIGINT))"),
        ("n IS DISTINCT FROM id", "(NOT (n <=> id))"),
    ] {
        assert_eq!(one(expr), text, "{expr}");
    }
    // A literal that is one exactly takes the type of the column, which files are searched by.
    let value = of("SELECT id FROM w WHERE d > 1").parameters()[0].value.clone();
    assert_eq!(value, Value::Decimal { digits: "1.00".to_owned(), precision: 10, scale: 2 });
}

#[test]
fn a_pattern_is_bound_and_its_escape_never_stands_alone() {
    let statement = of("SELECT id FROM w WHERE t LIKE 'a%' AND t NOT ILIKE '_b'");
    assert!(
        statement.text().contains("(r0.`t` LIKE :p0) AND (r0.`t` NOT ILIKE :p1)"),
        "{}",
        statement.text()
    );
}

#[test]
fn times_are_moved_cut_and_read_without_a_failure() {
    for (expr, text) in [
        ("day + INTERVAL '3' DAY", "date_add(day, :p0)"),
        ("day - INTERVAL '1' MONTH", "try_subtract(day, INTERVAL 1 MONTH)"),
        ("ts + INTERVAL '90' MINUTE", "try_add(ts, INTERVAL 90 MINUTE)"),
        ("ts - INTERVAL '1' YEAR", "try_add((ts - INTERVAL 1 YEAR), INTERVAL 0 SECOND)"),
        ("datediff(day, ts)", "CAST(datediff(day, try_cast(ts AS DATE)) AS BIGINT)"),
        ("year(day)", "CAST(year(day) AS BIGINT)"),
        ("weekday(day)", "try_subtract(CAST((pmod(pmod(unix_date(day), 7) + 3, 7) + 1) AS BIGINT), :p0)"),
        (
            "date_trunc('month', ts)",
            "try_add(try_cast(date_from_unix_date(try_subtract(unix_date(try_cast(ts AS DATE)), \
             dayofmonth(try_cast(ts AS DATE)) - 1)) AS TIMESTAMP_NTZ), INTERVAL 0 SECOND)",
        ),
        ("date_trunc('hour', at)", "try_add(CAST(date_trunc(:p0, at) AS TIMESTAMP), INTERVAL 0 SECOND)"),
        ("date_format(at, 'yyyy-MM')", "date_format(at, :p0)"),
        ("next_day(day, 'Mo')", "next_day(day, :p0)"),
        (
            "timestampdiff(MONTH, at, at)",
            "timestampdiff(MONTH, CAST(try_cast(at AS TIMESTAMP_NTZ) AS TIMESTAMP), CAST(try_cast(at AS TIMESTAMP_NTZ) AS TIMESTAMP))",
        ),
    ] {
        assert_eq!(one(expr), text, "{expr}");
    }
}

#[test]
fn a_subquery_that_may_give_several_rows_gives_none_of_them() {
    let text = of("SELECT id, (SELECT n FROM v) AS x FROM w").text();
    let many = "(SELECT CASE WHEN count(*) <= 1 THEN max(r2.c0) END AS c0 FROM (SELECT r1.`n` AS c0 FROM `v` AS r1) AS r2)";
    assert!(text.contains(many), "{text}");
    let text = of("SELECT id, (SELECT max(n) FROM v WHERE v.id = w.id) AS x FROM w").text();
    assert!(
        text.contains("(SELECT max(r1.`n`) AS c0 FROM `v` AS r1 WHERE (r1.`id` = r0.`id`)) AS c1"),
        "{text}"
    );
}

#[test]
fn qualify_and_an_order_by_what_is_not_selected_become_a_query_around_it() {
    let text = of("SELECT DISTINCT t FROM w QUALIFY rank() OVER (ORDER BY n) = 1 ORDER BY t DESC").text();
    assert_eq!(
        text,
        "SELECT DISTINCT r1.c0 AS c0 FROM (SELECT r0.`t` AS c0, (CAST(rank() OVER (ORDER BY r0.`n` ASC NULLS FIRST) AS \
         BIGINT) = :p0) AS c1 FROM `w` AS r0) AS r1 WHERE r1.c1 ORDER BY 1 DESC NULLS LAST"
    );
    let text = of("SELECT t, sum(n) AS s FROM w GROUP BY t ORDER BY max(d) DESC NULLS FIRST, s").text();
    assert_eq!(
        text,
        "SELECT r1.c0 AS c0, r1.c1 AS c1 FROM (SELECT r0.`t` AS c0, try_sum(r0.`n`) AS c1, max(r0.`d`) AS c2 FROM `w` AS r0 \
         GROUP BY r0.`t`) AS r1 ORDER BY r1.c2 DESC NULLS FIRST, 2 ASC NULLS FIRST, 1 ASC NULLS FIRST"
    );
}

#[test]
fn a_condition_on_groups_of_several_sets_chooses_among_them_afterwards() {
    let text =
        of("SELECT t, count(*) AS c FROM w GROUP BY ROLLUP (t) HAVING grouping(t) = 0 ORDER BY c").text();
    assert_eq!(
        text,
        "SELECT r1.c0 AS c0, r1.c1 AS c1 FROM (SELECT r0.`t` AS c0, count(*) AS c1, (CAST(grouping(r0.`t`) AS BIGINT) = \
         :p0) AS c2 FROM `w` AS r0 GROUP BY ROLLUP (r0.`t`)) AS r1 WHERE r1.c2 ORDER BY 2 ASC NULLS FIRST, 1 ASC NULLS FIRST"
    );
    let text =
        of("SELECT t, sum(n) AS s FROM w GROUP BY GROUPING SETS ((t, b), ()) HAVING sum(n) > 1").text();
    assert!(text.contains("GROUP BY GROUPING SETS ((r0.`t`, r0.`b`), ())) AS r1 WHERE r1.c2"), "{text}");
    let text = of("SELECT t, sum(n) AS s FROM w GROUP BY t HAVING sum(n) > 1").text();
    assert!(text.contains("GROUP BY r0.`t` HAVING (try_sum(r0.`n`) > :p0)"), "{text}");
}

#[test]
fn sides_of_a_set_operation_are_brought_into_the_same_kinds() {
    let text = of("SELECT n FROM w UNION ALL SELECT d FROM v UNION ALL SELECT f FROM v").text();
    assert_eq!(
        text,
        "(SELECT try_cast(r5.c0 AS DOUBLE) AS c0 FROM ((SELECT try_cast(r2.c0 AS DECIMAL(22, 2)) AS c0 FROM (SELECT r0.`n` \
         AS c0 FROM `w` AS r0) AS r2) UNION ALL (SELECT try_cast(r3.c0 AS DECIMAL(22, 2)) AS c0 FROM (SELECT r1.`d` AS c0 \
         FROM `v` AS r1) AS r3)) AS r5) UNION ALL (SELECT r4.`f` AS c0 FROM `v` AS r4) ORDER BY 1 ASC NULLS FIRST"
    );
    let text = of("SELECT n FROM w EXCEPT SELECT n FROM v INTERSECT SELECT n FROM w").text();
    assert!(text.starts_with("(SELECT r0.`n` AS c0 FROM `w` AS r0) EXCEPT ((SELECT"), "{text}");
}

#[test]
fn a_frame_by_a_distance_is_one_of_times_that_a_distance_can_be_added_to() {
    let text = one("sum(d) OVER (ORDER BY day RANGE BETWEEN INTERVAL '7' DAY PRECEDING AND CURRENT ROW)");
    assert_eq!(
        text,
        "sum(d) OVER (ORDER BY CAST((CASE WHEN day BETWEEN :p0 AND :p1 THEN day END) AS TIMESTAMP_NTZ) ASC NULLS FIRST RANGE \
         BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW)"
    );
}

#[test]
fn a_correlation_of_constant_values_divides_by_nothing() {
    let text = of("SELECT corr(n, f) AS x FROM w").text();
    let spread = "nullif((stddev_pop(CASE WHEN r0.`f` IS NOT NULL THEN try_cast(r0.`n` AS DOUBLE) END) * stddev_pop(CASE \
                  WHEN try_cast(r0.`n` AS DOUBLE) IS NOT NULL THEN r0.`f` END)), CAST(0 AS DOUBLE))";
    assert!(text.contains(spread), "{text}");
}

#[test]
fn texts_are_put_together_as_a_sorted_list() {
    let text = of("SELECT string_agg(t, ',') WITHIN GROUP (ORDER BY t DESC) AS x FROM w").text();
    assert_eq!(
        text,
        "SELECT (CASE WHEN (count(r0.`t`) > 0) THEN array_join(sort_array(collect_list(r0.`t`), FALSE), :p0) END) AS c0 \
         FROM `w` AS r0"
    );
}

#[test]
fn a_result_column_that_is_only_null_is_a_text() {
    let statement = of("SELECT NULL AS x, id FROM w");
    assert_eq!(statement.columns()[0].kind, Kind::Text);
    assert!(statement.text().contains("CAST(NULL AS STRING) AS c0"), "{}", statement.text());
}

#[test]
fn the_owners_expression_has_no_parameter_and_no_quoted_text() {
    let columns = |name: &str| match name {
        "price" => Some(("s.`Price`".to_owned(), Kind::Decimal { precision: 10, scale: 2 })),
        "kind" => Some(("s.`kind`".to_owned(), Kind::Text)),
        _ => None,
    };
    let parsed =
        |text: &str| Parser::new(&DatabricksDialect {}).try_with_sql(text).unwrap().parse_expr().unwrap();
    let of = |text: &str| expression(&parsed(text), &columns);
    let (text, kind) = of("CASE WHEN kind = 'a\\''b${x}' THEN orders.price * 1.5 ELSE 0 END").unwrap();
    assert_eq!(
        text,
        "(CASE WHEN (s.`kind` = CAST(X'615C2762247B787D' AS STRING)) THEN (s.`Price` * CAST(1.5 AS DECIMAL(2, 1))) ELSE \
         CAST(0.000 AS DECIMAL(13, 3)) END)"
    );
    assert_eq!(kind, Kind::Decimal { precision: 13, scale: 3 });
    assert_eq!(of("other + 1"), Err(Refusal::Unknown));
    assert_eq!(of("(SELECT 1 AS x)").map_err(Refusal::code), Err("syntax"));
    assert_eq!(of("rank() OVER (ORDER BY price)").map_err(Refusal::code), Err("function"));
    assert_eq!(of("sum(price)").map_err(Refusal::code), Err("function"));
    assert_eq!(of("NULL").map_err(Refusal::code), Err("types"));
}

/// A tree that no guard has seen; none for what the parser refuses.
pub(super) fn parse(sql: &str) -> Option<sqlparser::ast::Query> {
    let mut statements = Parser::parse_sql(&DatabricksDialect {}, sql).ok()?;
    match statements.pop() {
        Some(Statement::Query(query)) => Some(*query),
        _ => None,
    }
}
