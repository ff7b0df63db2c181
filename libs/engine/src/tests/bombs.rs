//! The largest statements that the guard accepts, each at one of its bounds, planned and run.
//!
//! None may abort the process or take long: a bound of the guard that lets one through which does is too
//! wide. Rows D1 to D8 of the catalogue of threats.

use super::fixture::*;
use crate::{Engine, Statement};
use splitplane_split_plane::{ScopedRelation, SecurityPlane};
use splitplane_types::{DataType, Limits};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A second where code is optimised; without, the engine plans some twenty times slower.
const PATIENCE: Duration =
    if cfg!(debug_assertions) { Duration::from_secs(30) } else { Duration::from_secs(2) };

fn world(folder: &Path) -> Vec<ScopedRelation> {
    let mut text = "id,grp,amount,day,note\n".to_owned();
    for row in 0..50 {
        text.push_str(&format!("{row},g{},{}.25,2026-03-{:02},aab{row}a\n", row % 3, row, row % 28 + 1));
    }
    csv(folder, "t.csv", &text);
    let columns = [
        ("id", DataType::Integer),
        ("grp", DataType::String),
        ("amount", DataType::Decimal),
        ("day", DataType::Date),
        ("note", DataType::String),
    ];
    vec![relation("t", columns.map(|(name, data_type)| column(name, Some(data_type))).to_vec(), public())]
}

fn list(times: usize, separator: &str, part: impl Fn(usize) -> String) -> String {
    (0..times).map(part).collect::<Vec<_>>().join(separator)
}

fn nested(times: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// Each with what it is about. `@` in a pattern is its number.
#[expect(clippy::too_many_lines, reason = "a table")]
fn bombs() -> Vec<(&'static str, String)> {
    let doubling = |levels: usize, join: &str| {
        let steps = list(levels, ", ", |n| {
            format!("c{} AS (SELECT a.id FROM c{n} a JOIN c{n} b ON a.id = b.id {join})", n + 1)
        });
        format!("WITH c0 AS (SELECT id FROM t), {steps} SELECT count(*) AS n FROM c{levels}")
    };
    vec![
        ("D1 doubling", doubling(4, "")),
        ("D1 a CTE read 63 times", {
            let reads = list(63, " UNION ALL ", |_| "SELECT id FROM c".to_owned());
            format!("WITH c AS (SELECT id FROM t WHERE id > 3) {reads}")
        }),
        ("D2 or", format!("SELECT id FROM t WHERE {}", list(200, " OR ", |n| format!("id = {n}")))),
        ("D2 and", format!("SELECT id FROM t WHERE {}", list(200, " AND ", |n| format!("id <> {n}")))),
        ("D2 plus", format!("SELECT id{} AS x FROM t", " + 1".repeat(32))),
        ("D2 plus of decimals", format!("SELECT amount{} AS x FROM t", " + 1.1".repeat(30))),
        ("D2 times", format!("SELECT id{} AS x FROM t", " * 1".repeat(32))),
        ("D2 divided", format!("SELECT id{} AS x FROM t", " / 1".repeat(32))),
        ("D2 texts", format!("SELECT {} AS x FROM t", list(64, " || ", |_| "note".to_owned()))),
        ("D2 calls", format!("SELECT {} AS x FROM t", nested(26, "abs(", "id", ")"))),
        ("D2 brackets", format!("SELECT {} AS x FROM t", nested(26, "(", "id", ")"))),
        ("D2 negations", format!("SELECT id FROM t WHERE {}", nested(6, "NOT (", "id = 1", ")"))),
        ("D2 minus", format!("SELECT {}id AS x FROM t", "- ".repeat(25))),
        ("D2 cases", format!("SELECT {} AS x FROM t", nested(24, "CASE WHEN id > 1 THEN ", "id", " END"))),
        ("D2 branches", {
            let branches = list(190, " ", |n| format!("WHEN id = {n} THEN {n}"));
            format!("SELECT CASE {branches} END AS x, id FROM t")
        }),
        ("D2 casts", format!("SELECT {} AS x FROM t", nested(5, "CAST(", "id", " AS BIGINT)"))),
        ("D2 unions", list(63, " UNION ", |_| "SELECT id FROM t".to_owned())),
        ("D2 intersections", list(40, " INTERSECT ", |_| "SELECT id FROM t".to_owned())),
        ("D2 subqueries", format!("SELECT id FROM {}", nested(6, "(SELECT id FROM ", "t", ")"))),
        ("D2 conditions within conditions", {
            nested(6, "SELECT id FROM t WHERE id IN (", "SELECT id FROM t", ")")
        }),
        ("D2 scalar subqueries", {
            format!(
                "SELECT {}, id FROM t",
                list(60, ", ", |n| format!("(SELECT max(id) FROM t) + {n} AS x{n}"))
            )
        }),
        ("D2 correlated subqueries", {
            let exists = list(30, " AND ", |_| "EXISTS (SELECT 1 FROM t o WHERE o.id = t.id)".to_owned());
            format!("SELECT id FROM t WHERE {exists}")
        }),
        ("D2 columns", format!("SELECT {} FROM t", list(200, ", ", |n| format!("id + {n} AS x{n}")))),
        ("D2 names of names", {
            let names = list(12, ", ", |n| format!("x{n} + 1 AS x{}", n + 1));
            format!("SELECT id AS x0, {names} FROM t")
        }),
        ("D2 names twice", {
            let names = list(7, ", ", |n| format!("x{n} + x{n} AS x{}", n + 1));
            format!("SELECT id AS x0, {names} FROM t")
        }),
        ("D2 in list", format!("SELECT id FROM t WHERE id IN ({})", list(1_000, ",", |n| n.to_string()))),
        ("D2 aggregates", {
            let sums = list(100, ", ", |n| format!("sum(CASE WHEN id > {n} THEN amount END) AS s{n}"));
            format!("SELECT {sums} FROM t")
        }),
        ("D2 filters", {
            let counts = list(100, ", ", |n| format!("count(*) FILTER (WHERE id > {n}) AS c{n}"));
            format!("SELECT grp, {counts} FROM t GROUP BY grp")
        }),
        ("D2 distinct counts", {
            let counts = list(60, ", ", |n| format!("count(DISTINCT id + {n}) AS c{n}"));
            format!("SELECT grp, {counts} FROM t GROUP BY grp")
        }),
        ("D2 windows", {
            let window = |n: usize| format!("OVER (PARTITION BY id % {} ORDER BY day)", n % 8 + 1);
            format!("SELECT {} FROM t", list(56, ", ", |n| format!("sum(id + {n}) {} AS s{n}", window(n))))
        }),
        ("D2 ranks", {
            let window = |n: usize| format!("OVER (ORDER BY id % {})", n % 8 + 1);
            format!("SELECT {} FROM t", list(40, ", ", |n| format!("row_number() {} AS r{n}", window(n))))
        }),
        ("D2 keys of an order", {
            format!("SELECT id FROM t ORDER BY {}", list(150, ", ", |n| format!("id % {}", n + 1)))
        }),
        ("D4 replacing", format!("SELECT {} AS x FROM t", nested(5, "replace(", "note", ", 'a', 'bb')"))),
        ("D4 padding", "SELECT lpad(note, 256, 'ab') AS x, rpad(note, 256, 'ab') AS y FROM t".to_owned()),
        ("D4 texts of a group", "SELECT grp, listagg(note, ',') AS x FROM t GROUP BY grp".to_owned()),
        ("D5 joins", {
            let joins = list(8, " ", |n| format!("JOIN t t{n} ON t{n}.id = t.id"));
            format!("SELECT count(*) AS n FROM t {joins}")
        }),
        ("D5 outer joins", {
            let joins =
                list(8, " ", |n| format!("FULL JOIN t t{n} ON t{n}.id = t.id AND t{n}.note = t.note"));
            format!("SELECT count(*) AS n FROM t {joins}")
        }),
        ("D5 joins of joins", {
            let side = |name: &str| {
                let joins = list(7, " ", |n| format!("JOIN t t{n} ON t{n}.id = t.id"));
                format!("(SELECT t.id FROM t {joins}) {name}")
            };
            format!("SELECT count(*) AS n FROM {} JOIN {} ON a.id = b.id", side("a"), side("b"))
        }),
        ("D7 patterns", {
            let patterns = list(150, " OR ", |n| format!("note LIKE '%a{n}%'"));
            format!("SELECT id FROM t WHERE {patterns}")
        }),
        ("D8 cube", "SELECT count(*) AS n FROM t GROUP BY CUBE (id, grp, day, note)".to_owned()),
        ("D8 sets", {
            let sets = list(4, ", ", |_| "(id, grp, day, note)".to_owned());
            format!("SELECT count(*) AS n FROM t GROUP BY GROUPING SETS ({sets})")
        }),
    ]
}

#[tokio::test]
async fn the_largest_statements_that_are_accepted_are_planned_and_run_in_time() {
    let folder = folder();
    let relations = world(folder.path());
    let view = view(&relations);
    let plane = Arc::new(SecurityPlane::new(relations).unwrap());
    let bounded = Limits { time_max: PATIENCE, ..limits() };
    let (mut worst, mut wrong) = (Vec::new(), Vec::new());
    for (name, sql) in bombs() {
        let query = match view.guard(&sql) {
            Ok(query) => query,
            Err(error) => {
                wrong.push(format!("{name} is refused: {error}"));
                continue;
            }
        };
        // Of its own, so that a thread which never comes back is one statement's.
        let engine = engine(folder.path());
        let begin = Instant::now();
        let statement = Statement::new(Arc::clone(&plane), query, bounded.clone());
        let answer = engine.execute(statement).await;
        worst.push((begin.elapsed(), name));
        if let Err(error) = answer {
            wrong.push(format!("{name}: {error:?}"));
        }
    }
    worst.sort_unstable();
    let slowest: Vec<_> = worst.iter().rev().take(8).collect();
    println!("slowest {slowest:?}");
    wrong.extend(worst.iter().filter(|(took, _)| *took > PATIENCE).map(|late| format!("{late:?}")));
    assert!(wrong.is_empty(), "slowest {slowest:?}\n{}", wrong.join("\n"));
}
