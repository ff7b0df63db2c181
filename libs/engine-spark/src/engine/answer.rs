//! What comes back: a complete result inside its limits, and whether what it was made of was whole.

use crate::connect::batches::Batches;
use crate::connect::error::ConnectError;
use crate::connect::expression::{Value, function, literal, named, text};
use crate::connect::plan;
use crate::connect::session::Session;
use crate::connect::wire::Relation;
use crate::errors::of_statement;
use crate::scoped::Check;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Field, Int64Type, Schema};
use futures::TryStreamExt as _;
use splitplane_engine::{EngineError, QueryResult, answers};
use splitplane_spark_sql::SparkStatement;
use splitplane_types::{Cell, Limits, Table};
use std::sync::Arc;

/// Collects a result inside its limits, under the names that the caller knows its columns by.
pub(super) async fn collected(
    mut batches: Batches,
    statement: &SparkStatement,
    limits: &Limits,
    sources: &[&str],
) -> Result<QueryResult, EngineError> {
    let fail = |error: ConnectError| of_statement(sources, error);
    let schema = batches.schema().await.map_err(fail)?;
    let names = statement.columns();
    if schema.fields().len() != names.len() {
        return Err(EngineError::internal("the engine gives other columns than were asked for"));
    }
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(names)
        .map(|(field, column)| Field::new(&column.name, field.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let (mut kept, mut rows, mut held) = (Vec::new(), 0_u64, 0_u64);
    while let Some(batch) = batches.try_next().await.map_err(fail)? {
        rows = rows.saturating_add(u64::try_from(batch.num_rows()).unwrap_or(u64::MAX));
        if rows > limits.rows_max {
            return Err(EngineError::RowsExceeded { rows_max: limits.rows_max });
        }
        // How an engine cuts batches decides nothing: this bounds memory, the size of the cells is what counts.
        held = held.saturating_add(answers::size(&batch)?);
        if held / 4 > limits.bytes_max {
            return Err(EngineError::BytesExceeded { bytes_max: limits.bytes_max });
        }
        kept.push(batch);
    }
    let masked: Vec<bool> = names.iter().map(|column| column.masked).collect();
    let table = answers::table(&schema, &kept, &masked)?;
    let bytes = size(&table);
    if bytes > limits.bytes_max {
        return Err(EngineError::BytesExceeded { bytes_max: limits.bytes_max });
    }
    Ok(QueryResult { table, bytes, bytes_read: 0 })
}

/// The size of a table's cells: a function of the rows alone, not of how they came.
fn size(table: &Table) -> u64 {
    let cell = |cell: &Cell| match cell {
        Cell::Null | Cell::Boolean(_) => 1,
        Cell::Date(_) => 4,
        Cell::Integer(_) | Cell::Float(_) | Cell::Timestamp(_) => 8,
        Cell::Decimal(_) => 16,
        Cell::Text(text) => u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(4),
    };
    table.rows.iter().flatten().map(cell).fold(0_u64, u64::saturating_add)
}

/// Asks whether any barrier cut rows off, and whether any value was lost on its way to its declared type.
pub(super) async fn checked(
    session: &Session,
    checks: Vec<Check<Relation>>,
    barrier_rows: i32,
    sources: &[&str],
) -> Result<(), EngineError> {
    for check in checks {
        let lost = if check.loses.is_empty() {
            literal(Value::Long(0))
        } else {
            text(&format!("CASE WHEN {} THEN 1L ELSE 0L END", check.loses.join(" OR ")))
        };
        let counted = plan::project(check.rows, vec![named(lost, "lost")]);
        let counts = vec![
            named(function("count", vec![literal(Value::Integer(1))]), "rows"),
            named(function("sum", vec![crate::connect::expression::column("lost")]), "lost"),
        ];
        let fail = |error: ConnectError| of_statement(sources, error);
        let batches = session.run(plan::aggregate(counted, counts), super::TAG).map_err(fail)?;
        let batches: Vec<RecordBatch> = batches.try_collect().await.map_err(fail)?;
        let [rows, lost] = numbers(&batches)?;
        if check.is_barred && rows >= i64::from(barrier_rows) {
            let cause = "a relation has as many rows as its barrier lets through";
            return Err(EngineError::MemoryExceeded { cause: Arc::new(Cut(cause)) });
        }
        if lost > 0 {
            let cause = "a value is not of its declared type";
            return Err(EngineError::warehouse(&sources.join(", "), cause));
        }
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Cut(&'static str);

/// The two numbers of the one row; a sum of no rows is zero.
fn numbers(batches: &[RecordBatch]) -> Result<[i64; 2], EngineError> {
    let mut rows = batches.iter().filter(|batch| batch.num_rows() > 0);
    let (Some(batch), None) = (rows.next(), rows.next()) else {
        return Err(EngineError::internal("a count of rows has not one row"));
    };
    let number = |at: usize| -> Result<i64, EngineError> {
        let column = batch.columns().get(at).ok_or_else(|| EngineError::internal("a count is missing"))?;
        let column = cast(column, &Arrow::Int64).map_err(EngineError::internal)?;
        let column = column.as_primitive::<Int64Type>();
        Ok(if column.is_valid(0) { column.value(0) } else { 0 })
    };
    Ok([number(0)?, number(1)?])
}
