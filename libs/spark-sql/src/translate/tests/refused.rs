//! What no rule takes: it is refused, also where no guard stood before.

use super::{guarded, parse, relations};
use crate::kind::Kind;
use crate::translate::of_tree;
use crate::{Refusal, Relation, statement};

#[test]
fn what_cannot_be_total_is_refused() {
    let mut translated = 0;
    for (draft, code) in [
        ("SELECT day - day AS x, id FROM w", "types"),
        ("SELECT ts - ts AS x, id FROM w", "types"),
        ("SELECT t + n AS x, id FROM w", "types"),
        ("SELECT b = t AS x, id FROM w", "types"),
        ("SELECT ts = at AS x, id FROM w", "types"),
        ("SELECT CASE WHEN b THEN n ELSE day END AS x, id FROM w", "types"),
        ("SELECT CAST(day AS INT) AS x, id FROM w", "types"),
        ("SELECT CAST(n AS DATE) AS x, id FROM w", "types"),
        ("SELECT n LIKE 'a' AS x, id FROM w", "types"),
        ("SELECT id, (SELECT n FROM v WHERE v.id = w.id) AS x FROM w", "many_rows"),
        (
            "SELECT id, sum(n) OVER (ORDER BY n RANGE BETWEEN 5 PRECEDING AND CURRENT ROW) AS x FROM w",
            "types",
        ),
        (
            "SELECT id, count(*) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND INTERVAL '1' HOUR FOLLOWING) AS x FROM w",
            "types",
        ),
        (
            "SELECT id, sum(n) OVER (ORDER BY day RANGE BETWEEN 5 PRECEDING AND CURRENT ROW) AS x FROM w",
            "types",
        ),
        (
            "SELECT id, sum(n) OVER (ORDER BY day RANGE BETWEEN INTERVAL '300000' YEAR PRECEDING AND CURRENT ROW) AS x FROM w",
            "types",
        ),
        ("SELECT id, lag(n, 1, 0.5) OVER (ORDER BY id) AS x FROM w", "types"),
        ("SELECT b FROM w UNION SELECT t FROM w", "types"),
        ("SELECT id FROM w WHERE day > DATE '2026-02-30'", "literal"),
        ("SELECT date_format(day, 'MMMMM') AS x, id FROM w", "literal"),
        ("SELECT sum(DISTINCT e) AS x FROM w", "types"),
        ("SELECT sum(t) AS x FROM w", "types"),
    ] {
        // Some the guard refuses already, which is as well.
        let view_refuses = std::panic::catch_unwind(|| guarded(draft)).is_err();
        if !view_refuses {
            let refused = statement(&guarded(draft), &relations()).map_err(Refusal::code);
            assert_eq!(refused.map(|found| found.text()), Err(code), "{draft}");
            translated += 1;
        }
    }
    assert!(translated >= 15, "{translated}");
}

/// None of these passes the guard. That they do not pass here either is the second lock.
#[test]
fn nothing_that_the_guard_refuses_falls_through() {
    let mut parsed = 0;
    for sql in [
        "SELECT w.n AS x FROM other AS w",
        "SELECT w.secret AS x FROM w",
        "SELECT x.n AS y FROM parquet.`/tmp/x` AS x",
        "SELECT a.n AS x FROM spark_catalog.default.w AS a",
        "SELECT a.n AS x FROM range(10) AS a",
        "SELECT reflect('java.lang.System', 'getenv', 'HOME') AS x FROM w",
        "SELECT java_method('java.lang.System', 'getenv', 'HOME') AS x FROM w",
        "SELECT raise_error('x') AS x FROM w",
        "SELECT assert_true(w.b) AS x FROM w",
        "SELECT input_file_name() AS x FROM w",
        "SELECT current_user() AS x FROM w",
        "SELECT rand() AS x FROM w",
        "SELECT IDENTIFIER('n') AS x FROM w",
        "SELECT x.n AS y FROM IDENTIFIER('w') AS x",
        "SELECT w.t RLIKE 'a' AS x FROM w",
        "SELECT w.t SIMILAR TO 'a' AS x FROM w",
        "SELECT w.t LIKE w.t AS x FROM w",
        "SELECT w.t LIKE 'a' ESCAPE '!' AS x FROM w",
        "SELECT * FROM w",
        "SELECT w.n FROM w LATERAL VIEW explode(w.n) y AS z",
        "SELECT w.n + 1 FROM w",
        "SELECT w.n AS x FROM w WHERE n = 1",
        "SELECT w.n AS x FROM w GROUP BY 1",
        "SELECT w.n AS x FROM w GROUP BY ALL",
        "SELECT w.n AS x FROM w ORDER BY ALL",
        "SELECT w.n AS x FROM w TABLESAMPLE (10 PERCENT)",
        "SELECT w.n AS x FROM w JOIN v",
        "SELECT w.n AS x FROM w NATURAL JOIN v",
        "SELECT w.n AS x FROM w, LATERAL (SELECT 1 AS y) AS z",
        "SELECT w.n AS x FROM w LIMIT w.n",
        "SELECT w.n AS x FROM w FOR UPDATE",
        "WITH RECURSIVE a AS (SELECT w.n AS x FROM w) SELECT a.x FROM a",
        "VALUES (1)",
        "TABLE w",
        "SELECT X'4142' AS x FROM w",
        "SELECT ARRAY(1) AS x FROM w",
        "SELECT w.n & 1 AS x FROM w",
        "SELECT w.n::xml AS x FROM w",
        "SELECT make_date(w.n, 1, w.t) AS x FROM w",
        "SELECT sum(w.n) OVER other AS x FROM w WINDOW other AS (ORDER BY w.n)",
        "SELECT split_part(w.t, 'x', 0) AS x FROM w",
        "SELECT date_trunc(w.t, w.ts) AS x FROM w",
        "SELECT :name AS x FROM w",
        "SELECT ? AS x FROM w",
        "SELECT INTERVAL '1' DAY AS x FROM w",
    ] {
        let Some(query) = parse(sql) else { continue };
        parsed += 1;
        assert_eq!(of_tree(&query, &relations()).map(|found| found.text()).ok(), None, "{sql}");
    }
    assert!(parsed >= 40, "{parsed}");
}

#[test]
fn a_name_that_something_could_read_otherwise_is_refused() {
    for name in ["w`x", "w\u{212A}", "w${env:HOME}", "", "w\n"] {
        let odd = Relation {
            name: "w".to_owned(),
            columns: vec![(name.to_owned(), Kind::Integer)],
            masked: Vec::new(),
            is_shared: false,
        };
        let refused = statement(&guarded("SELECT count(*) AS x FROM w"), &[odd]);
        assert_eq!(refused.map(|found| found.text()), Err(Refusal::Name), "{name}");
    }
}

#[test]
fn a_text_that_grows_too_long_is_refused() {
    let mut expr = "w.n".to_owned();
    for _ in 0..22 {
        expr = format!("coalesce(nullif({expr}, 1.5), 0)");
    }
    let query = parse(&format!("SELECT {expr} AS x FROM w")).unwrap();
    let refused = of_tree(&query, &relations()).map_err(Refusal::code);
    assert_eq!(refused.map(|found| found.text().len()), Err("too_large"));
}
