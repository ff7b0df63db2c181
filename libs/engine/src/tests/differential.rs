//! Two readers of one statement: the guard, who looked at a syntax tree, and the engine's planner.
//!
//! What both say that it reads and calls is the same, over the statements of the guard's corpus and over
//! generated ones; and what the guard accepts of the corpus can be planned and run.

use super::fixture::*;
use crate::interrupt::Interrupt;
use crate::leaf::ScopedTable;
use crate::reads::Reads;
use crate::registry::Registry;
use crate::scan::ScopedScan;
use crate::{Engine, EngineError, session, wall};
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast;
use proptest::prelude::*;
use splitplane_split_plane::{GuardedQuery, ScopedRelation, SecurityPlane};
use splitplane_types::DataType;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const CORPUS: [&str; 3] = [
    include_str!("../../../split-plane/src/tests/corpus/clinic.sql"),
    include_str!("../../../split-plane/src/tests/corpus/freight.sql"),
    include_str!("../../../split-plane/src/tests/corpus/music.sql"),
];

/// The relations of a corpus over a few rows of every type, and its statements.
fn world<'c>(folder: &Path, corpus: &'c str) -> (Vec<ScopedRelation>, Vec<&'c str>) {
    let mut relations = Vec::new();
    for line in corpus.lines().filter_map(|line| line.strip_prefix("-- relation ")) {
        let (name, columns) = line.trim_end_matches(')').split_once('(').unwrap();
        let mut declared = Vec::new();
        let mut rows = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for definition in columns.split(", ") {
            let (column_name, data_type) = definition.split_once(' ').unwrap();
            let (data_type, values) = match data_type {
                "integer" => (DataType::Integer, ["1", "2", ""]),
                "string" => (DataType::String, ["a:b", "North", ""]),
                "float" => (DataType::Float, ["1.5", "20.25", ""]),
                "decimal" => (DataType::Decimal, ["10.50", "0.99", ""]),
                "boolean" => (DataType::Boolean, ["true", "false", ""]),
                "date" => (DataType::Date, ["2026-01-05", "2025-12-31", ""]),
                "timestamp" => (DataType::Timestamp, ["2026-01-05T10:30:00", "2025-12-31T23:59:59", ""]),
                other => panic!("{other}"),
            };
            declared.push(column(column_name, Some(data_type)));
            rows[0].push(column_name);
            for (row, value) in rows.iter_mut().skip(1).zip(values) {
                row.push(value);
            }
        }
        let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
        csv(folder, &format!("{name}.csv"), &text);
        relations.push(relation(name, declared, public()));
    }
    let statements = corpus.lines().filter(|line| !line.starts_with("--") && !line.is_empty()).collect();
    (relations, statements)
}

/// The plan of a guarded query, as the engine's planner makes it and no optimizer has seen it.
async fn planned(
    folder: &Path,
    relations: &[ScopedRelation],
    query: &GuardedQuery,
) -> Result<LogicalPlan, EngineError> {
    let warehouse = warehouse(folder);
    let threads = crate::threads::Threads::new(1, 1 << 20).unwrap();
    let tables = relations
        .iter()
        .filter(|relation| query.relations().contains(&relation.name))
        .map(|relation| {
            let scan = ScopedScan::new(&warehouse, relation).unwrap();
            let table: Arc<dyn TableProvider> =
                Arc::new(ScopedTable::new(scan, threads.activity().clone(), Interrupt::default()));
            (relation.name.clone(), table)
        })
        .collect();
    let state = session::sandbox(tables).unwrap();
    let tree = ast::Statement::Query(Box::new(query.query().clone()));
    Ok(state.statement_to_plan(Parsed::Statement(Box::new(tree))).await?)
}

/// What the guard believes, in the engine's names.
fn believed(query: &GuardedQuery) -> Reads {
    let registry = Registry::get();
    let functions: BTreeSet<String> =
        query.functions().iter().map(|name| registry.canonical(name).unwrap().to_owned()).collect();
    Reads { relations: query.relations().clone(), columns: query.columns(), functions }
}

/// A function that the planner calls where the tree has none: `||` writes doubles and times as text.
fn without_text(mut reads: Reads) -> Reads {
    let _ = reads.functions.remove(crate::databricks::TEXT);
    reads
}

#[tokio::test]
async fn the_guard_and_the_planner_agree_on_what_a_statement_reads() {
    let mut compared = 0;
    for corpus in CORPUS {
        let folder = folder();
        let (relations, statements) = world(folder.path(), corpus);
        let view = view(&relations);
        for statement in statements {
            let Ok(query) = view.guard(statement) else { continue };
            let plan = planned(folder.path(), &relations, &query).await;
            let plan = plan.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            let found = Reads::of(&plan).unwrap_or_else(|error| panic!("{statement}: {error}"));
            assert_eq!(
                without_text(found),
                without_text(believed(&query)),
                "{statement}\n{}",
                plan.display_indent()
            );
            wall::check_uses(&plan, &query).unwrap();
            compared += 1;
        }
    }
    assert!(compared >= 190, "{compared}");
}

#[tokio::test]
async fn what_the_guard_accepts_of_the_corpus_can_be_run() {
    let mut failed = Vec::new();
    for corpus in CORPUS {
        let folder = folder();
        let (relations, statements) = world(folder.path(), corpus);
        let view = view(&relations);
        let engine = engine(folder.path());
        let plane = Arc::new(SecurityPlane::new(relations.clone()).unwrap());
        for statement in statements {
            let Ok(query) = view.guard(statement) else { continue };
            let run = crate::Statement::new(Arc::clone(&plane), query, limits());
            let answer = engine.execute(run).await;
            // A division by the zero that a group counts is an error on Databricks as well.
            if let Err(error) = answer
                && !matches!(error, EngineError::Data { .. })
            {
                failed.push(format!("{statement}\n    {error:?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

#[tokio::test]
async fn a_plan_that_names_what_the_guard_did_not_see_is_refused() {
    let folder = folder();
    let (relations, _) = world(folder.path(), CORPUS[0]);
    let view = view(&relations);
    let plan_of = async |sql: &str| {
        let query = view.guard(sql).unwrap();
        planned(folder.path(), &relations, &query).await.unwrap()
    };
    let honest = "SELECT ward, sum(charge) AS s FROM visits WHERE urgent GROUP BY ward";
    let query = view.guard(honest).unwrap();
    assert!(wall::check_uses(&plan_of(honest).await, &query).is_ok());
    // The same query in the guard's eyes, another one in the planner's.
    for other in [
        "SELECT ward, sum(charge) AS s FROM visits WHERE urgent AND notes = 'x' GROUP BY ward",
        "SELECT ward, sum(charge) AS s FROM visits WHERE urgent AND patient_id IN (SELECT patient_id FROM patients) GROUP BY ward",
        "SELECT ward, max(charge) AS s FROM visits WHERE urgent GROUP BY ward",
        "SELECT upper(ward) AS ward, sum(charge) AS s FROM visits WHERE urgent GROUP BY upper(ward)",
        "SELECT ward, sum(charge) AS s FROM visits v WHERE urgent AND EXISTS (SELECT 1 FROM visits o WHERE o.doctor_id = v.doctor_id) GROUP BY ward",
        "SELECT ward, row_number() OVER (ORDER BY ward, charge) AS s FROM visits WHERE urgent",
    ] {
        assert!(wall::check_uses(&plan_of(other).await, &query).is_err(), "{other}");
    }
}

const COLUMNS: [&str; 6] = ["visit_id", "patient_id", "doctor_id", "ward", "visited_on", "charge"];

fn expression(of: &'static str) -> impl Strategy<Value = String> {
    let column = prop::sample::select(&COLUMNS[..]).prop_map(move |name| format!("{of}.{name}"));
    column.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("coalesce(string({a}), string({b}))")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("CASE WHEN {a} IS NULL THEN 'x' ELSE string({b}) END")),
            inner.clone().prop_map(|a| format!("upper(string({a}))")),
            inner.clone().prop_map(|a| format!("substring(string({a}), 1, 3)")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("string({a}) || '-' || string({b})")),
        ]
    })
}

fn generated() -> impl Strategy<Value = String> {
    let v = || expression("v");
    prop_oneof![
        (v(), v()).prop_map(|(a, b)| format!("SELECT {a} AS a FROM visits v WHERE ({b}) IS NOT NULL")),
        (v(), v()).prop_map(|(a, b)| {
            format!("SELECT {a} AS a, count(*) AS n, max({b}) AS m FROM visits v GROUP BY {a}")
        }),
        (v(), v()).prop_map(|(a, b)| {
            format!("SELECT v.ward, rank() OVER (PARTITION BY {a} ORDER BY {b}) AS r FROM visits v")
        }),
        (v(), v()).prop_map(|(a, b)| {
            format!("SELECT row_number() OVER (ORDER BY {a}) AS r FROM visits v QUALIFY max({b}) OVER () = 'x'")
        }),
        (v(), v()).prop_map(|(a, b)| {
            format!("WITH w AS (SELECT {a} AS a, {b} AS b FROM visits v) SELECT w.a, x.b FROM w JOIN w x ON w.a = x.a")
        }),
        (v(), v()).prop_map(|(a, b)| {
            format!(
                "SELECT {a} AS a FROM visits v LEFT JOIN doctors d ON d.doctor_id = v.doctor_id AND ({b}) = d.full_name WHERE d.specialty LIKE 'a%'"
            )
        }),
        (v(), v()).prop_map(|(a, b)| {
            format!(
                "SELECT {a} AS a FROM visits v WHERE EXISTS (SELECT 1 FROM invoices i WHERE i.visit_id = v.visit_id AND i.status = 'x') OR ({b}) IN (SELECT city FROM patients)"
            )
        }),
        (v(), v()).prop_map(|(a, b)| {
            format!("SELECT string({a}) AS a FROM visits v UNION SELECT full_name FROM doctors EXCEPT SELECT string({b}) FROM visits v")
        }),
        (v(), v()).prop_map(|(a, b)| {
            format!("SELECT string({a}) AS a, a || 'x' AS b FROM visits v ORDER BY {b} LIMIT 5")
        }),
    ]
}

#[test]
fn the_guard_and_the_planner_agree_on_generated_statements() {
    let folder = folder();
    let (relations, _) = world(folder.path(), CORPUS[0]);
    let view = view(&relations);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let accepted = std::cell::Cell::new(0_u32);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    runner
        .run(&generated(), |sql| {
            let Ok(query) = view.guard(&sql) else { return Ok(()) };
            accepted.set(accepted.get() + 1);
            let plan = runtime.block_on(planned(folder.path(), &relations, &query));
            // Types are the engine's; what it cannot plan reads nothing.
            let Ok(plan) = plan else { return Ok(()) };
            let found = Reads::of(&plan).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(without_text(found), without_text(believed(&query)), "{}", sql);
            prop_assert!(wall::check_uses(&plan, &query).is_ok(), "{}", sql);
            Ok(())
        })
        .unwrap();
    assert!(accepted.get() >= 250, "{}", accepted.get());
}
