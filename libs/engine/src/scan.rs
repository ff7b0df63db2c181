//! The scan of one relation: its source's files in order, the scope, the columns shown, batches cut anew.
//!
//! This is the whole of layer 3a at run time. It is synchronous code on the statement's own thread; what
//! it hands up is a function of the caller's rows alone, and nothing above it can reach what it left out.

use crate::EngineError;
use crate::computed::{self, Computed};
use crate::error::AnyError;
use crate::files::OpenFile;
use crate::kept::{Found, Keep, Signature};
use crate::mask;
use crate::pushed::Tests;
use crate::reading::Meter;
use crate::rows::Wanted;
use crate::scope::Keys;
use crate::source::{ScanContext, SourceRows, key_sets, of_source, open_files, signature};
use crate::typing;
use crate::warehouse::Warehouse;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef};
use splitplane_split_plane::{ColumnExpression, ColumnMask, RowScope, ScopedColumn, ScopedRelation};
use splitplane_types::DataType;
use std::sync::Arc;

/// A relation of a sandbox, ready to be scanned any number of times.
#[derive(Debug)]
pub(crate) struct ScopedScan {
    warehouse: Warehouse,
    source: String,
    rows: RowScope,
    /// Files that may hold its rows, as they were when the relation was resolved.
    files: Vec<Arc<OpenFile>>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    schema: SchemaRef,
    meter: Meter,
    keeping: Option<Keeping>,
}

/// For whom the relation's rows may be kept, and what is.
#[derive(Debug)]
pub(crate) struct Keeping {
    pub(crate) keep: Arc<Keep>,
    pub(crate) owner: String,
    pub(crate) signature: Signature,
    pub(crate) found: Option<Found>,
}

/// A column of the source and the type it is brought to.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) data_type: Arrow,
    /// Whether no value of any of the files can fail to become one of that type.
    pub(crate) is_exact: bool,
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
    /// A scan of which nothing is kept.
    pub(crate) fn new(warehouse: &Warehouse, relation: &ScopedRelation) -> Result<Self, EngineError> {
        Self::resolve(warehouse, relation, None)
    }

    /// Resolves a relation's columns against the files that may hold its rows, and no others: someone
    /// else's file must not say more. Where no file may, every column is there, as text.
    pub(crate) fn resolve(
        warehouse: &Warehouse,
        relation: &ScopedRelation,
        keep: Option<(&Arc<Keep>, &str)>,
    ) -> Result<Self, EngineError> {
        let ScopedRelation { source, rows, .. } = relation;
        let meter = warehouse.meter();
        let keeping = match keep {
            None => None,
            Some((keep, owner)) => {
                // Taken before the files are opened, and compared with what is there when all is read.
                let signature = signature(warehouse, source, rows)?;
                let found = keep.find(owner, source, rows, &signature);
                Some(Keeping { keep: Arc::clone(keep), owner: owner.to_owned(), signature, found })
            }
        };
        let files = match keeping.as_ref().and_then(|keeping| keeping.found.as_ref()) {
            Some(found) => found.files.clone(),
            None => open_files(warehouse, source, rows, &meter)?,
        };
        // What is certainly too large to keep is better read with a statement's comparisons applied early.
        let rows_in_files: usize = files.iter().map(|file| file.rows_in_footer()).sum();
        let keeping = keeping.filter(|keeping| rows_in_files <= keeping.keep.relation_bytes_max());
        let mut scan = Self {
            warehouse: warehouse.clone(),
            source: source.clone(),
            rows: rows.clone(),
            files,
            inputs: Vec::new(),
            outputs: Vec::new(),
            schema: Arc::new(Schema::empty()),
            meter,
            keeping,
        };
        let mut fields = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            let (output, data_type) =
                scan.output(column).map_err(|cause| of_source(&relation.source, cause))?;
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

    /// Counts bytes read from disk for this relation.
    pub(crate) const fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The type of a column that a statement may compare below the boundary: one that is shown as it is.
    ///
    /// Says nothing of files: which comparisons the leaf takes decides in which order a statement's other
    /// conditions run, and that must not depend on how someone else's file is written.
    pub(crate) fn comparable(&self, column: &str) -> Option<Arrow> {
        let input = self.inputs.get(self.plain_input(column)?)?;
        Some(input.data_type.clone())
    }

    fn output(&mut self, column: &ScopedColumn) -> Result<(Output, Arrow), AnyError> {
        let (origin, data_type) = match &column.expression {
            ColumnExpression::Physical(name) => {
                let target = self.target(name, column.data_type)?;
                (OutputOrigin::Input(self.input(name, &target)?), target)
            }
            ColumnExpression::Computed(expression) => {
                let resolve = |name: &str| Some((name.to_owned(), self.target(name, None).ok()?));
                let plan = computed::plan(expression, column.data_type, &resolve)?;
                let input = |(name, data_type): &(String, Arrow)| self.input(name, data_type);
                let inputs = plan.inputs.iter().map(input).collect::<Result<_, _>>()?;
                let data_type = plan.data_type.clone();
                (OutputOrigin::Computed(Computed::new(plan, inputs)), data_type)
            }
        };
        let shown = match column.mask {
            Some(mask) => mask::shown_type(mask, &data_type)?,
            None => data_type,
        };
        Ok((Output { origin, mask: column.mask }, shown))
    }

    /// The type in which a column of the source is shown: declared, or what all its files agree on.
    fn target(&self, name: &str, declared: Option<DataType>) -> Result<Arrow, AnyError> {
        let mut target: Option<Arrow> = None;
        for file in &self.files {
            let Some((_, in_file)) = file.find(name)? else { continue };
            let this = typing::target(declared, in_file)
                .ok_or_else(|| format!("a column of type {in_file} cannot be shown as declared"))?;
            target = Some(match target {
                None => this,
                Some(known) => typing::wider(&known, &this)
                    .ok_or("the files of the source differ in the type of a column")?,
            });
        }
        match target {
            Some(target) => Ok(target),
            None if self.files.is_empty() => Ok(typing::target(declared, &Arrow::Utf8)
                .ok_or("a column of text cannot be shown as declared")?),
            None => Err("a column is missing from the source".into()),
        }
    }

    fn input(&mut self, name: &str, data_type: &Arrow) -> Result<usize, AnyError> {
        let known = |input: &Input| input.name == name && input.data_type == *data_type;
        if let Some(at) = self.inputs.iter().position(known) {
            return Ok(at);
        }
        let mut is_exact = true;
        for file in &self.files {
            let in_file = file.find(name)?.map(|(_, in_file)| in_file);
            is_exact &= in_file.is_none_or(|in_file| typing::is_exact(in_file, data_type));
        }
        self.inputs.push(Input { name: name.to_owned(), data_type: data_type.clone(), is_exact });
        Ok(self.inputs.len() - 1)
    }

    /// The input that a column shows, where it is neither masked nor computed.
    pub(crate) fn plain_input(&self, column: &str) -> Option<usize> {
        self.outputs.get(self.schema.index_of(column).ok()?)?.plain_input()
    }

    pub(crate) fn input_at(&self, index: usize) -> Option<&Input> {
        self.inputs.get(index)
    }

    pub(crate) const fn keeping(&self) -> Option<&Keeping> {
        self.keeping.as_ref()
    }

    pub(crate) fn files(&self) -> &[Arc<OpenFile>] {
        &self.files
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) const fn scope(&self) -> &RowScope {
        &self.rows
    }

    /// Whether the files still are what they were when the relation was resolved, and have been for a while.
    pub(crate) fn is_settled(&self, before: &Signature) -> bool {
        let now = crate::version::now();
        let same = signature(&self.warehouse, &self.source, &self.rows).is_ok_and(|now| now == *before);
        same && before.iter().all(|(_, version)| version.is_settled(now))
    }

    /// The rows of the scope, as each file gives them.
    pub(crate) fn read(
        &self,
        columns: Vec<(String, Arrow)>,
        tests: Tests,
        context: &ScanContext,
    ) -> Result<SourceRows, EngineError> {
        let keys = Keys::new(key_sets(&self.warehouse, &self.rows, &self.meter, context)?);
        let (interrupt, meter) = (context.interrupt.clone(), self.meter.clone());
        let wanted = Wanted { columns, tests, interrupt, meter };
        Ok(SourceRows::new(&self.source, self.files.clone(), keys, wanted))
    }

    /// Inputs that the wanted outputs are made of, in order.
    pub(crate) fn needed(&self, wanted: &[usize]) -> Vec<usize> {
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
    pub(crate) fn show(
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

impl Output {
    /// The column of the source that this is, neither masked nor computed.
    fn plain_input(&self) -> Option<usize> {
        match (&self.origin, self.mask) {
            (OutputOrigin::Input(index), None) => Some(*index),
            (OutputOrigin::Input(_) | OutputOrigin::Computed(_), _) => None,
        }
    }
}
