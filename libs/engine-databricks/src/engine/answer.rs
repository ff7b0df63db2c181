//! What comes back: a complete result inside its limits, and whether what it was made of was whole.
//!
//! Decides that no answer is given whose checks fail. The answer and its checks are two statements, each with its own
//! snapshot of every table: a write between the two may be seen by one of them alone, so that an answer can be given
//! whose rows the checks did not see, or refused for rows that it did not hold.

use super::errors::Asked;
use super::sql::Query;
use super::{EngineError, Inside};
use crate::result::ResultStream;
use crate::statement::Parameter;
use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType as Arrow;
use futures::TryStreamExt as _;
use splitplane_engine::QueryResult;
use splitplane_engine::answers::{Collected, numbers};
use splitplane_engine_spark::scoped::Check;
use splitplane_spark_sql::SparkStatement;
use splitplane_types::Limits;

/// Collects a result inside its limits, under the names that the caller knows its columns by.
pub(super) async fn collected(
    mut rows: ResultStream,
    statement: &SparkStatement,
    limits: &Limits,
    asked: &Asked<'_>,
) -> Result<QueryResult, EngineError> {
    let columns: Vec<(&str, bool)> =
        statement.columns().iter().map(|column| (column.name.as_str(), column.masked)).collect();
    let mut collected = Collected::new(&rows.schema(), &columns, limits)?;
    while let Some(batch) = rows.try_next().await.map_err(|error| asked.fail(error))? {
        collected.add(batch)?;
    }
    collected.result()
}

/// The text of the one row of one column.
pub(super) fn one_text(batches: &[RecordBatch]) -> Result<String, EngineError> {
    let wrong = || EngineError::internal("the answer is not one text");
    let mut rows = batches.iter().filter(|batch| batch.num_rows() > 0);
    let (Some(batch), None) = (rows.next(), rows.next()) else { return Err(wrong()) };
    let ([column], 1) = (batch.columns(), batch.num_rows()) else { return Err(wrong()) };
    let column = cast(column, &Arrow::Utf8).map_err(EngineError::internal)?;
    let column = column.as_string::<i32>();
    if column.is_null(0) { Err(wrong()) } else { Ok(column.value(0).to_owned()) }
}

impl Inside {
    /// Asks whether any barrier cut rows off, and whether any value was lost on its way to its declared type.
    pub(super) async fn checked(
        &self,
        asked: &Asked<'_>,
        checks: Vec<Check<Query>>,
        values: Vec<Parameter>,
    ) -> Result<(), EngineError> {
        if checks.is_empty() {
            return Ok(());
        }
        let rows = self.send(asked, text(&checks), values).await?;
        let batches: Vec<RecordBatch> = rows.try_collect().await.map_err(|error| asked.fail(error))?;
        let mut counts = numbers::<3>(&batches)?;
        counts.sort_unstable();
        if counts.len() != checks.len() {
            return Err(EngineError::internal("not every check has a count"));
        }
        for (check, [_place, rows, lost]) in checks.iter().zip(counts) {
            check.judge([rows, lost], self.config.barrier_rows, asked.sources)?;
        }
        Ok(())
    }
}

/// One statement for all checks: a row for each, with its place among them.
fn text(checks: &[Check<Query>]) -> String {
    let count = |(place, check): (usize, &Check<Query>)| {
        let lost = match check.loss() {
            None => "0L".to_owned(),
            Some(loss) => format!("CASE WHEN {loss} THEN 1L ELSE 0L END"),
        };
        let rows = &check.rows.text;
        format!(
            "SELECT {place} AS place, count(1) AS counted, sum(lost) AS lost \
             FROM (SELECT {lost} AS lost FROM ({rows}) AS checked) AS checked"
        )
    };
    checks.iter().enumerate().map(count).collect::<Vec<_>>().join(" UNION ALL ")
}
