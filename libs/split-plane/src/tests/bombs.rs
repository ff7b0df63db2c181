//! Texts made to exhaust a stack, a clock or a memory. All run on a test thread of 2 MiB.

use super::guard;
use crate::GuardErrorKind::TooComplex;
use std::time::{Duration, Instant};

/// Generous for a loaded machine and a build without optimisation; exponential work takes hours.
const PATIENCE: Duration = Duration::from_secs(5);

#[expect(clippy::too_many_lines, reason = "a table")]
fn bombs() -> Vec<(&'static str, String)> {
    let chain = |part: &str, times: usize| part.repeat(times);
    let from = |expr: String| format!("SELECT {expr} AS x FROM trips");
    let doubling = |first: &str, next: &str| {
        let mut text = format!("WITH c0 AS ({first})");
        for level in 1..=24 {
            text.push_str(&format!(", c{level} AS ({})", next.replace('@', &format!("c{}", level - 1))));
        }
        text + " SELECT count(*) AS n FROM c24"
    };
    vec![
        ("plus", from(format!("1{}", chain("+1", 8_000)))),
        ("short plus", from(format!("passengers{}", chain("+1", 400)))),
        ("or", format!("SELECT trip_id FROM trips WHERE trip_id=0{}", chain(" OR trip_id=0", 1_000))),
        ("brackets", from(format!("{}1{}", chain("(", 5_000), chain(")", 5_000)))),
        ("open brackets", from(chain("(", 8_000))),
        ("calls", from(format!("{}1{}", chain("abs(", 1_500), chain(")", 1_500)))),
        ("calls in brackets", from(format!("{}1{}", chain("(abs(", 1_000), chain("))", 1_000)))),
        ("not", format!("SELECT trip_id FROM trips WHERE {} true", chain("NOT ", 3_000))),
        ("not in bounds", format!("SELECT trip_id FROM trips WHERE {} true", chain("NOT ", 900))),
        ("minus", from(format!("{}1", chain("- ", 900)))),
        ("case", from(format!("{}1{}", chain("CASE WHEN true THEN ", 500), chain(" END", 500)))),
        ("case without end", from(chain("CASE WHEN true THEN ", 500))),
        ("casts", from(format!("1{}", chain("::int", 1_000)))),
        ("casts in bounds", from(format!("1{}", chain("::int", 550)))),
        ("is null", from(format!("1{}", chain(" IS NULL", 550)))),
        ("between", from(format!("1{}", chain(" BETWEEN 1 AND 2", 250)))),
        ("subqueries", format!("{}trips{}", chain("SELECT * FROM (SELECT * FROM ", 200), chain(")", 200))),
        ("scalar subqueries", from(format!("{}1{}", chain("(SELECT ", 300), chain(")", 300)))),
        ("exists", format!("{}1{}", chain("SELECT 1 FROM trips WHERE EXISTS (", 200), chain(")", 200))),
        ("joins in brackets", format!("SELECT * FROM {}trips{}", chain("(", 300), chain(")", 300))),
        (
            "brackets of joins",
            format!("SELECT * FROM {}trips{}", chain("(fares JOIN (", 100), chain("))", 100)),
        ),
        (
            "with in with",
            format!("{}SELECT * FROM trips{}", chain("WITH a AS (", 200), chain(") SELECT * FROM a", 200)),
        ),
        ("unions", format!("SELECT trip_id FROM trips{}", chain(" UNION SELECT trip_id FROM trips", 450))),
        ("unions in brackets", format!("{}SELECT trip_id FROM trips{}", chain("(", 300), chain(")", 300))),
        ("lambdas", from(format!("{}x", chain("(x, y) -> ", 500)))),
        ("indexes", from(format!("note{}", chain("[0]", 2_000)))),
        ("nested indexes", from(format!("{}0{}", chain("note[", 1_000), chain("]", 1_000)))),
        ("dots", from(format!("a{}", chain(".a", 4_000)))),
        ("colons", from(format!("note{}", chain(":a", 2_000)))),
        ("arrays", from(format!("{}1{}", chain("ARRAY[", 500), chain("]", 500)))),
        ("intervals", from(format!("{}1", chain("INTERVAL ", 1_000)))),
        (
            "types",
            format!("SELECT CAST(note AS {}INT{}) AS x FROM trips", chain("ARRAY<", 500), chain(">", 500)),
        ),
        ("in list", format!("SELECT trip_id FROM trips WHERE trip_id IN (0{})", chain(",1", 1_001))),
        ("commas", from(format!("concat(note{})", chain(",note", 2_000)))),
        (
            "columns",
            format!(
                "SELECT {}trip_id FROM trips",
                (0..1_000).map(|n| format!("trip_id c{n}, ")).collect::<String>()
            ),
        ),
        (
            "doubling joins",
            doubling(
                "SELECT trip_id FROM trips",
                "SELECT a.trip_id FROM @ a JOIN @ b ON a.trip_id = b.trip_id",
            ),
        ),
        (
            "doubling unions",
            doubling("SELECT trip_id FROM trips", "SELECT * FROM @ UNION ALL SELECT * FROM @"),
        ),
        ("doubling text", doubling("SELECT note FROM trips", "SELECT note || note AS note FROM @")),
        ("doubling concat", doubling("SELECT note FROM trips", "SELECT concat(note, note) AS note FROM @")),
        (
            "doubling replace",
            doubling("SELECT note FROM trips", "SELECT replace(note, 'a', 'bb') AS note FROM @"),
        ),
        ("long replace", from(format!("replace(note, 'a', '{}')", "b".repeat(10_000)))),
        (
            "joins",
            format!(
                "SELECT t.trip_id FROM trips t{}",
                (0..9).map(|n| format!(" JOIN fares f{n} ON f{n}.trip_id = t.trip_id")).collect::<String>()
            ),
        ),
        ("bytes", format!("SELECT trip_id FROM trips WHERE note = '{}'", "a".repeat(20_000))),
        ("quotes", "'".repeat(16_001)),
        ("comments", "/*".repeat(8_000)),
        ("spaces", format!("SELECT{}trip_id FROM trips", " ".repeat(17_000))),
        (
            "nodes",
            format!(
                "SELECT count(*) AS n FROM (SELECT {}trip_id FROM trips) AS x",
                (0..230).map(|n| format!("passengers+1+1+1+1+1+1+1+1 c{n}, ")).collect::<String>()
            ),
        ),
        ("comment", format!("SELECT trip_id FROM trips -- {}", "x".repeat(17_000))),
    ]
}

#[test]
fn bombs_are_refused_quickly_on_a_small_stack() {
    for (name, draft) in bombs() {
        let start = Instant::now();
        let result = guard(&draft);
        assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
        assert!(result.is_err(), "{name} was accepted");
    }
}

#[test]
fn half_the_stack_of_a_thread_is_enough() {
    let run = || {
        for (name, draft) in bombs() {
            assert!(guard(&draft).is_err(), "{name} was accepted");
        }
        for draft in super::accepted::ORDINARY {
            assert!(guard(draft).is_ok(), "{draft}");
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn size_is_refused_as_size() {
    let sizes = [
        "plus",
        "short plus",
        "or",
        "brackets",
        "calls",
        "not",
        "casts",
        "unions",
        "in list",
        "doubling joins",
        "doubling unions",
        "doubling text",
        "doubling concat",
        "doubling replace",
        "long replace",
        "joins",
        "bytes",
        "subqueries",
        "joins in brackets",
        "columns",
        "nodes",
    ];
    let bombs = bombs();
    for name in sizes {
        let (_, draft) = bombs.iter().find(|(bomb, _)| *bomb == name).unwrap();
        let error = guard(draft).unwrap_err();
        assert_eq!(error.kind(), TooComplex, "{name}: {error}");
    }
}

#[test]
fn what_is_just_within_bounds_is_quick_as_well() {
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    let from = |expr: String| format!("SELECT {expr} AS x FROM trips");
    for (name, draft) in [
        ("brackets", from(nested("(", "passengers", ")", 8))),
        ("calls", from(nested("abs(", "passengers", ")", 20))),
        ("brackets and calls", from(nested("(abs(", "passengers", "))", 12))),
        ("brackets and calls, too deep", from(nested("(((abs(", "passengers", "))))", 7))),
        ("case", from(nested("CASE WHEN refunded THEN (", "1", ") END", 14))),
        ("joins in brackets", format!("SELECT * FROM {}", nested("(", "trips", ")", 8))),
        ("subqueries", nested("SELECT trip_id FROM (", "SELECT trip_id FROM trips", ") AS x", 6)),
        ("subqueries, too deep", nested("SELECT trip_id FROM (", "SELECT trip_id FROM trips", ") AS x", 30)),
        (
            "brackets and subqueries",
            nested("SELECT trip_id FROM ((((", "SELECT trip_id FROM trips", ")))) AS x", 7),
        ),
        ("joins and brackets", format!("SELECT * FROM {}", nested("(fares JOIN (", "trips", "))", 15))),
        ("in", nested("SELECT trip_id FROM trips WHERE trip_id IN (", "1", ")", 30)),
        ("exists", nested("SELECT 1 FROM trips WHERE (EXISTS ((", "1", ")))", 10)),
        ("plus", from(format!("passengers{}", "+1".repeat(32)))),
        ("or", format!("SELECT trip_id FROM trips WHERE trip_id=0{}", " OR trip_id=0".repeat(190))),
        ("in list", format!("SELECT trip_id FROM trips WHERE trip_id IN (0{})", ",1".repeat(999))),
        ("wide text", from("note".to_owned() + &" || note".repeat(60))),
    ] {
        let start = Instant::now();
        let result = guard(&draft);
        assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
        let expected = ["calls", "case", "subqueries", "plus", "or", "in list", "wide text", "brackets"];
        if expected.contains(&name) && name != "case" {
            assert!(result.is_ok(), "{name}: {}", result.unwrap_err());
        }
    }
}

#[test]
fn no_opening_makes_the_parser_try_for_long() {
    const OPENINGS: &[&str] = &[
        "(",
        "abs(",
        "(abs(",
        "(SELECT ",
        "(SELECT 1 FROM ",
        "(trips JOIN (",
        "EXISTS (",
        "1 IN (",
        "CASE WHEN (",
        "CASE (",
        "CAST(",
        "ARRAY[",
        "note[",
        "{",
        "ROLLUP (",
        "sum(1) OVER (PARTITION BY (",
        "(x, ",
        "(x, (",
        "INTERVAL (",
        "(WITH a AS (",
        "(VALUES (",
        "TABLE(",
        "STRUCT(",
        "MAP {",
        "DATE (",
        "TRIM(BOTH (",
        "EXTRACT(YEAR FROM (",
        "(SELECT 1) UNION (",
        "LATERAL (",
        "x(y) -> (",
        "(x) -> (",
        "NOT (",
        "- (",
        "1 + (",
        "1 BETWEEN (",
        "SUBSTRING((",
        "POSITION((",
        "CEIL((",
        "a.b(",
        "`a`(",
        "'a' LIKE (",
        "GROUPING SETS ((",
    ];
    for before in [
        "SELECT ",
        "SELECT * FROM ",
        "SELECT 1 FROM trips WHERE ",
        "SELECT 1 FROM trips GROUP BY ",
        "WITH a AS (",
    ] {
        for opening in OPENINGS {
            for (inner, closing) in
                [("", ""), ("1", ")"), ("trips", ")"), ("SELECT 1", ")"), ("1", ") x"), ("x", "]")]
            {
                for times in [8, 15, 30] {
                    let text = format!("{before}{}{inner}{}", opening.repeat(times), closing.repeat(times));
                    let start = Instant::now();
                    let _ = guard(&text);
                    assert!(start.elapsed() < PATIENCE, "{text} took {:?}", start.elapsed());
                }
            }
        }
    }
}
