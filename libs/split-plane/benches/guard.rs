//! What the guard costs over parsing alone, both taken in turn in one run.
//!
//! With a word, one side alone is run a hundred times, for counting its instructions:
//! `valgrind --tool=callgrind BENCH parse`, then `guard`, then `nothing`, whose count is taken off both.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::explicit_write,
    reason = "a benchmark stops where something is wrong"
)]

use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_types::{Column, DataType};
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::Parser;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

const RUNS: usize = 2_000;
const RUNS_COUNTED: usize = 100;

/// Those of `tests/benches/ratios.rs`.
const STATEMENTS: [&str; 5] = [
    "SELECT SUM(fee) AS total_fees FROM loans",
    "SELECT branch_id, COUNT(loan_id) AS n FROM loans WHERE loaned_on >= DATE '2026-11-09' GROUP BY branch_id ORDER BY n DESC LIMIT 5",
    "WITH daily AS (SELECT loaned_on, SUM(fee) AS fees FROM loans GROUP BY loaned_on) SELECT MAX(fees) AS best FROM daily",
    "SELECT b.branch_name, SUM(l.fee) AS fees FROM loans AS l JOIN branches AS b ON l.branch_key = b.branch_key GROUP BY b.branch_name HAVING SUM(l.fee) > 10",
    "SELECT loan_id, fee, RANK() OVER (PARTITION BY branch_id ORDER BY fee DESC, loan_id) AS place FROM loans WHERE fee BETWEEN 1 AND 100 OR note LIKE 'a%'",
];

fn main() {
    let view = view();
    let run = |side: &str| {
        for statement in STATEMENTS {
            match side {
                "parse" => {
                    drop(black_box(Parser::parse_sql(&DatabricksDialect {}, black_box(statement)).unwrap()))
                }
                "guard" => drop(black_box(view.guard(black_box(statement)).unwrap())),
                "text" => drop(black_box(view.guard(black_box(statement)).unwrap().text().unwrap())),
                _ => {}
            }
        }
    };
    // Cargo adds `--bench` of its own.
    if let Some(side) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        (0..RUNS_COUNTED).for_each(|_| run(&side));
        return;
    }
    let time = |side: &str| {
        let begin = Instant::now();
        run(side);
        begin.elapsed()
    };
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (side, times) in ["parse", "guard", "text"].into_iter().zip(&mut times) {
            times.push(time(side));
        }
    }
    let [parse, guard, text] = times.map(median);
    let ratio = |side: Duration| side.as_secs_f64() / parse.as_secs_f64();
    writeln!(
        std::io::stdout(),
        "parsing {parse:?}   guard {guard:?}, {:.2} times   guard and text {text:?}, {:.2} times",
        ratio(guard),
        ratio(text),
    )
    .unwrap();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn view() -> SandboxView {
    let relation = |name: &str, columns: &[(&str, DataType)]| ViewRelation {
        name: name.into(),
        columns: columns
            .iter()
            .map(|&(name, data_type)| Column { name: name.into(), data_type, unit: None, masked: false })
            .collect(),
    };
    let loans = [
        ("loan_id", DataType::String),
        ("branch_key", DataType::String),
        ("branch_id", DataType::String),
        ("loaned_on", DataType::Date),
        ("fee", DataType::Decimal),
        ("note", DataType::String),
    ];
    let branches = [("branch_key", DataType::String), ("branch_name", DataType::String)];
    SandboxView::new(vec![relation("loans", &loans), relation("branches", &branches)], BTreeMap::new())
        .unwrap()
}
