//! The scan of one relation: its source's files in order, the scope, the columns shown, batches cut anew.
//!
//! This is the whole of layer 3a at run time. It is synchronous code on a thread of its own; what it
//! emits is a function of the caller's rows alone, and nothing above it can reach what it left out.

use crate::EngineError;
use crate::computed::{self, Computed};
use crate::error::AnyError;
use crate::mask;
use crate::recut::Recut;
use crate::scope::Keys;
use crate::source::{ScanContext, declared_columns, key_sets, scan_source};
use crate::typing;
use crate::warehouse::Warehouse;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef};
use splitplane_split_plane::{ColumnExpression, ColumnMask, RowScope, ScopedColumn, ScopedRelation};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A relation of a sandbox, ready to be scanned any number of times.
#[derive(Debug)]
pub(crate) struct ScopedScan {
    warehouse: Warehouse,
    source: String,
    rows: RowScope,
    /// Columns of the source and the types they are brought to.
    inputs: Vec<(String, Arrow)>,
    outputs: Vec<Output>,
    schema: SchemaRef,
}

#[derive(Debug)]
struct Output {
    origin: OutputOrigin,
    mask: Option<ColumnMask>,
}

#[derive(Debug)]
enum OutputOrigin {
    Input(usize),
    Computed(Computed),
}

impl ScopedScan {
    /// Resolves a relation's columns against the files that may hold its rows.
    pub(crate) fn new(warehouse: &Warehouse, relation: &ScopedRelation) -> Result<Self, EngineError> {
        let source = relation.source.clone();
        let fail = |cause: AnyError| EngineError::warehouse(&source, cause);
        let declared = declared_columns(warehouse, &source, &relation.rows)?;
        let mut scan = Self {
            warehouse: warehouse.clone(),
            source: source.clone(),
            rows: relation.rows.clone(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            schema: Arc::new(Schema::empty()),
        };
        let mut fields = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            let (output, data_type) = scan.output(column, &declared).map_err(|error| match error {
                OutputError::Source(cause) => fail(cause),
                OutputError::Engine(error) => error,
            })?;
            fields.push(Field::new(&column.name, data_type, true));
            scan.outputs.push(output);
        }
        scan.schema = Arc::new(Schema::new(fields));
        Ok(scan)
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn is_masked(&self, column: usize) -> bool {
        self.outputs.get(column).is_some_and(|output| output.mask.is_some())
    }

    fn output(
        &mut self,
        column: &ScopedColumn,
        declared: &BTreeMap<String, Arrow>,
    ) -> Result<(Output, Arrow), OutputError> {
        let (origin, data_type) = match &column.expression {
            ColumnExpression::Physical(name) => {
                let (name, file) = find(declared, name).ok_or("a column is missing from the source")?;
                let target = typing::target(column.data_type, file)
                    .ok_or_else(|| format!("a column of type {file} cannot be shown as declared"))?;
                (OutputOrigin::Input(self.input(name, &target)), target)
            }
            ColumnExpression::Computed(expression) => {
                let resolve = |name: &str| {
                    let (name, file) = find(declared, name)?;
                    Some((name.to_owned(), typing::target(None, file)?))
                };
                let plan = computed::plan(expression, column.data_type, &resolve)?;
                let inputs =
                    plan.inputs.iter().map(|(name, data_type)| self.input(name, data_type)).collect();
                let data_type = plan.data_type.clone();
                (OutputOrigin::Computed(Computed::new(plan, inputs)), data_type)
            }
        };
        let shown = match column.mask {
            Some(mask) => mask::shown_type(mask, &data_type).map_err(OutputError::Engine)?,
            None => data_type,
        };
        Ok((Output { origin, mask: column.mask }, shown))
    }

    fn input(&mut self, name: &str, data_type: &Arrow) -> usize {
        let known = self.inputs.iter().position(|(n, t)| n == name && t == data_type);
        known.unwrap_or_else(|| {
            self.inputs.push((name.to_owned(), data_type.clone()));
            self.inputs.len() - 1
        })
    }

    /// Scans; `emit` gets batches of the `wanted` outputs, each of 8,192 rows but for the last.
    pub(crate) fn run(
        &self,
        wanted: &[usize],
        context: &mut ScanContext<'_>,
        emit: &mut dyn FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<(), EngineError> {
        let needed = self.needed(wanted);
        let inputs: Vec<(String, Arrow)> =
            needed.iter().filter_map(|index| self.inputs.get(*index).cloned()).collect();
        let fields: Vec<Field> = inputs
            .iter()
            .enumerate()
            .map(|(at, (_, data_type))| Field::new(format!("c{at}"), data_type.clone(), true))
            .collect();
        let mut recut = Recut::new(Arc::new(Schema::new(fields)));
        let names: Vec<String> = inputs.iter().map(|(name, _)| name.clone()).collect();
        let fail = |cause: AnyError| EngineError::warehouse(&self.source, cause);
        let mut keys = Keys::new(key_sets(&self.warehouse, &self.rows, context)?);
        let is_wanted = context.is_wanted;
        let flow = scan_source(&self.warehouse, &self.source, &mut keys, &names, is_wanted, &mut |batch| {
            let kept = convert(&batch, &inputs, &recut).map_err(fail)?;
            recut.push(kept);
            while let Some(batch) = recut.full().map_err(EngineError::internal)? {
                if emit(self.show(&batch, wanted, &needed)?).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if flow.is_continue()
            && let Some(batch) = recut.rest().map_err(EngineError::internal)?
        {
            // Nothing follows, so whether it is still wanted no longer matters.
            let _ = emit(self.show(&batch, wanted, &needed)?);
        }
        Ok(())
    }

    fn needed(&self, wanted: &[usize]) -> Vec<usize> {
        let mut needed = Vec::new();
        for output in wanted.iter().filter_map(|index| self.outputs.get(*index)) {
            match &output.origin {
                OutputOrigin::Input(index) => needed.push(*index),
                OutputOrigin::Computed(computed) => needed.extend(computed.inputs()),
            }
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// Computes, then masks: what leaves the leaf is what the caller may see.
    fn show(
        &self,
        batch: &RecordBatch,
        wanted: &[usize],
        needed: &[usize],
    ) -> Result<RecordBatch, EngineError> {
        let input = |index: usize| -> Result<ArrayRef, EngineError> {
            let at =
                needed.binary_search(&index).map_err(|_at| EngineError::internal("an input was not read"))?;
            Ok(Arc::clone(batch.column(at)))
        };
        let mut columns = Vec::with_capacity(wanted.len());
        for output in wanted.iter().filter_map(|index| self.outputs.get(*index)) {
            let value = match &output.origin {
                OutputOrigin::Input(index) => input(*index)?,
                OutputOrigin::Computed(computed) => computed.evaluate(&input, batch.num_rows())?,
            };
            columns.push(match output.mask {
                Some(mask) => mask::masked(&value, mask)?,
                None => value,
            });
        }
        let schema = self.schema.project(wanted).map_err(EngineError::internal)?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(schema), columns, &options).map_err(EngineError::internal)
    }
}

enum OutputError {
    /// The source is not what the model says.
    Source(AnyError),
    Engine(EngineError),
}

impl<T: Into<AnyError>> From<T> for OutputError {
    fn from(cause: T) -> Self {
        let cause: AnyError = cause.into();
        match cause.downcast::<EngineError>() {
            Ok(error) => Self::Engine(*error),
            Err(cause) => Self::Source(cause),
        }
    }
}

/// By exact name, else by the one name that differs in case alone, as Databricks reads names.
fn find<'d>(declared: &'d BTreeMap<String, Arrow>, name: &str) -> Option<(&'d str, &'d Arrow)> {
    if let Some((name, data_type)) = declared.get_key_value(name) {
        return Some((name, data_type));
    }
    let mut alike = declared.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    match (alike.next(), alike.next()) {
        (Some((name, data_type)), None) => Some((name, data_type)),
        _ => None,
    }
}

/// Brings the rows that stay to their types. Foreign rows are gone, so a failure is the caller's own.
fn convert(batch: &RecordBatch, inputs: &[(String, Arrow)], recut: &Recut) -> Result<RecordBatch, AnyError> {
    let column = |(name, data_type): &(String, Arrow)| {
        typing::cast(batch.column_by_name(name).ok_or("a column was not read")?, data_type)
    };
    let columns = inputs.iter().map(column).collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(recut.schema(), columns, &options)?)
}
