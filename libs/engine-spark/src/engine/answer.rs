//! What comes back: a complete result inside its limits, and whether what it was made of was whole.

use crate::connect::batches::Batches;
use crate::connect::error::ConnectError;
use crate::connect::expression::{Value, function, literal, named, text};
use crate::connect::plan;
use crate::connect::session::Session;
use crate::connect::wire::Relation;
use crate::errors::of_statement;
use crate::scoped::Check;
use arrow::array::RecordBatch;
use futures::TryStreamExt as _;
use splitplane_engine::answers::{Collected, numbers};
use splitplane_engine::{EngineError, QueryResult};
use splitplane_spark_sql::SparkStatement;
use splitplane_types::Limits;

/// Collects a result inside its limits, under the names that the caller knows its columns by.
pub(super) async fn collected(
    mut batches: Batches,
    statement: &SparkStatement,
    limits: &Limits,
    sources: &[&str],
) -> Result<QueryResult, EngineError> {
    let fail = |error: ConnectError| of_statement(sources, error);
    let columns: Vec<(&str, bool)> =
        statement.columns().iter().map(|column| (column.name.as_str(), column.masked)).collect();
    let schema = batches.schema().await.map_err(fail)?;
    let mut collected = Collected::new(&schema, &columns, limits)?;
    while let Some(batch) = batches.try_next().await.map_err(fail)? {
        collected.add(batch)?;
    }
    collected.result()
}

/// Asks whether any barrier cut rows off, and whether any value was lost on its way to its declared type.
pub(super) async fn checked(
    session: &Session,
    checks: Vec<Check<Relation>>,
    barrier_rows: i32,
    sources: &[&str],
    tag: &str,
) -> Result<(), EngineError> {
    for check in checks {
        let lost = match check.loss() {
            None => literal(Value::Long(0)),
            Some(loss) => text(&format!("CASE WHEN {loss} THEN 1L ELSE 0L END")),
        };
        let counted = plan::project(check.rows.clone(), vec![named(lost, "lost")]);
        let counts = vec![
            named(function("count", vec![literal(Value::Integer(1))]), "rows"),
            named(function("sum", vec![crate::connect::expression::column("lost")]), "lost"),
        ];
        let fail = |error: ConnectError| of_statement(sources, error);
        let batches = session.run(plan::aggregate(counted, counts), tag).map_err(fail)?;
        let batches: Vec<RecordBatch> = batches.try_collect().await.map_err(fail)?;
        let counts = numbers::<2>(&batches)?;
        let [counts] = counts.as_slice() else {
            return Err(EngineError::internal("a count of rows has not one row"));
        };
        check.judge(*counts, barrier_rows, sources)?;
    }
    Ok(())
}
