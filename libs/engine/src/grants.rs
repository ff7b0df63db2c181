//! Reads what an identity is granted: from the file, every time, nothing remembered.

use crate::datafusion_engine::Shared;
use crate::interrupt::Interrupt;
use crate::pushed::Tests;
use crate::scan::ScopedScan;
use crate::scope::{comparable, family};
use crate::{EngineError, GrantsRequest};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType as Arrow, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, ScopeValue, ScopedColumn, ScopedRelation,
};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) fn read(
    shared: &Shared,
    request: &GrantsRequest,
    interrupt: &Interrupt,
) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
    // Without a column to compare, everybody's grants would be this identity's.
    if request.identity.is_empty() {
        return Err(EngineError::plan("grants are read for an identity"));
    }
    let scan = Arc::new(ScopedScan::new(&shared.warehouse, &grants_relation(request))?);
    let wanted: Vec<usize> = (0..request.yields.len()).collect();
    let mut granted = BTreeSet::new();
    for batch in scan.rows(wanted, &Tests::default(), shared.context(interrupt))? {
        granted.extend(granted_tuples(&batch?, &request.source)?);
    }
    Ok(granted.into_iter().collect())
}

/// The rows of this identity, which are a scope like any other.
pub fn grants_relation(request: &GrantsRequest) -> ScopedRelation {
    let column = |name: &String| ScopedColumn {
        name: name.clone(),
        expression: ColumnExpression::Physical(name.clone()),
        data_type: None,
        unit: None,
        mask: None,
    };
    let (columns, values): (Vec<_>, Vec<_>) = request.identity.iter().cloned().unzip();
    let tuple = values.into_iter().map(ScopeValue::Text).collect();
    ScopedRelation {
        name: request.source.clone(),
        source: request.source.clone(),
        columns: request.yields.iter().map(column).collect(),
        rows: RowScope::All(vec![Condition::Keys { columns, tuples: vec![tuple] }]),
    }
}

/// The tuples that rows grant, of a source of this name.
///
/// # Errors
/// [`EngineError::Warehouse`] for a column of a type that cannot be granted.
pub fn granted_tuples(batch: &RecordBatch, source: &str) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
    tuples(batch).map_err(|cause| EngineError::warehouse(source, cause))
}

/// A row with a NULL grants nothing.
fn tuples(batch: &RecordBatch) -> Result<Vec<Vec<ScopeValue>>, crate::error::AnyError> {
    let columns = batch.columns().iter().map(values).collect::<Result<Vec<_>, _>>()?;
    let tuple = |row: usize| {
        columns.iter().map(|column| column.get(row).cloned().flatten()).collect::<Option<Vec<_>>>()
    };
    Ok((0..batch.num_rows()).filter_map(tuple).collect())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
fn values(array: &ArrayRef) -> Result<Vec<Option<ScopeValue>>, crate::error::AnyError> {
    Ok(match array.data_type() {
        Arrow::Utf8 => {
            array.as_string::<i32>().iter().map(|v| v.map(|v| ScopeValue::Text(v.to_owned()))).collect()
        }
        Arrow::Int64 => {
            array.as_primitive::<Int64Type>().iter().map(|v| v.map(ScopeValue::Integer)).collect()
        }
        Arrow::Date32 => {
            let options = FormatOptions::new();
            let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
            let date =
                |row: usize| array.is_valid(row).then(|| ScopeValue::Date(formatter.value(row).to_string()));
            (0..array.len()).map(date).collect()
        }
        // Whole numbers, as many exports write ids.
        other if family(other) == Some(Arrow::Int64) => return values(&comparable(array)?),
        other => return Err(format!("a grant cannot be of type {other}").into()),
    })
}
