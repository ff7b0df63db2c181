//! A scan under way: rows of the scope, brought to their types, tested, cut anew, shown.
//!
//! Decides the batches that leave the leaf. They are the same whether rows come from files or from what
//! was kept of an earlier question: only where a statement's comparisons are evaluated differs (for files
//! before the other columns are read, for kept rows in memory), and not what comes of them.

use crate::EngineError;
use crate::error::AnyError;
use crate::kept::{Found, Offer};
use crate::pushed::Tests;
use crate::recut::{BATCH_ROWS, Recut};
use crate::scan::{Input, Keeping, ScopedScan};
use crate::source::{ScanContext, SourceRows, of_source};
use crate::typing;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use std::collections::HashMap;
use std::sync::Arc;

/// A scan under way. Nothing is read before the first batch is asked for.
#[derive(Debug)]
pub(crate) struct ScanRows {
    scan: Arc<ScopedScan>,
    wanted: Vec<usize>,
    /// Inputs that are read, in order.
    needed: Vec<usize>,
    schema: SchemaRef,
    /// Comparisons for the files, if rows of theirs need not be complete.
    below: Tests,
    /// Comparisons for complete blocks, and where their columns are in a block.
    above: (Tests, Vec<usize>),
    context: ScanContext,
    blocks: Blocks,
    /// Rows that passed, cut anew.
    passed: Recut,
}

/// Where blocks of all rows of the scope come from.
#[derive(Debug)]
enum Blocks {
    Begin,
    Files { rows: Box<SourceRows>, recut: Recut, collected: Option<Collected> },
    Kept { found: Found, at: usize },
    Done,
}

/// Blocks that may be kept, column by column.
#[derive(Debug)]
struct Collected {
    columns: Vec<Vec<ArrayRef>>,
    rows: usize,
    bytes: usize,
}

impl ScopedScan {
    /// Scans. Batches hold the `wanted` outputs of the rows that pass `tests`, 8,192 rows each but for the last.
    pub(crate) fn rows(
        self: &Arc<Self>,
        wanted: Vec<usize>,
        tests: &Tests,
        context: ScanContext,
    ) -> Result<ScanRows, EngineError> {
        let mut needed = self.needed(&wanted);
        let tested: Vec<usize> = tests
            .columns()
            .iter()
            .map(|(name, _)| self.plain_input(name))
            .collect::<Option<_>>()
            .ok_or_else(|| EngineError::internal("a comparison of a column that is not shown as it is"))?;
        let (mut below, mut above) = (Tests::default(), (Tests::default(), Vec::new()));
        // A row that a comparison drops below is not converted at all. Where converting may fail, that would
        // make a failure depend on where rows come from, so then every row of the scope is converted first.
        let mut converted = needed.iter().chain(&tested).filter_map(|index| self.input_at(*index));
        let is_exact = converted.all(|input| input.is_exact);
        if self.keeping().is_some() || !is_exact {
            needed.extend(&tested);
            needed.sort_unstable();
            needed.dedup();
            let at = tested.iter().filter_map(|input| needed.binary_search(input).ok()).collect();
            above = (tests.clone(), at);
        } else {
            // In a file, a column has the name that its source gives it.
            let in_source = |name: &str| Some(self.input_at(self.plain_input(name)?)?.name.clone());
            let renamed = tests.clone().renamed(in_source);
            // Without them every row of the scope would pass: what the leaf takes is not evaluated again.
            below =
                renamed.ok_or_else(|| EngineError::internal("a comparison of a column that is not read"))?;
        }
        let inputs = needed.iter().filter_map(|index| self.input_at(*index)).enumerate();
        let fields = inputs.map(|(at, input)| Field::new(format!("c{at}"), input.data_type.clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let passed = Recut::new(Arc::clone(&schema));
        let blocks = Blocks::Begin;
        Ok(ScanRows { scan: Arc::clone(self), wanted, needed, schema, below, above, context, blocks, passed })
    }
}

impl Iterator for ScanRows {
    type Item = Result<RecordBatch, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if matches!(next, Some(Err(_))) {
            self.blocks = Blocks::Done;
            self.passed = Recut::new(Arc::clone(&self.schema));
        }
        next
    }
}

impl ScanRows {
    fn advance(&mut self) -> Result<Option<RecordBatch>, EngineError> {
        let as_it_is = |_at: usize, array: ArrayRef| Ok(array);
        loop {
            if let Some(batch) = self.passed.full(&as_it_is).map_err(EngineError::internal)? {
                return self.show(&batch).map(Some);
            }
            self.context.interrupt.check()?;
            match self.block()? {
                Some(block) if self.above.0.is_empty() => return self.show(&block).map(Some),
                Some(block) => {
                    let passed = self.test(&block).map_err(EngineError::internal)?;
                    self.passed.push(passed);
                }
                None => {
                    let rest = self.passed.rest(&as_it_is).map_err(EngineError::internal)?;
                    return rest.map(|batch| self.show(&batch)).transpose();
                }
            }
        }
    }

    fn show(&self, batch: &RecordBatch) -> Result<RecordBatch, EngineError> {
        self.scan.show(batch, &self.wanted, &self.needed)
    }

    fn test(&self, block: &RecordBatch) -> Result<RecordBatch, AnyError> {
        let (tests, at) = &self.above;
        Ok(filter_record_batch(block, &tests.keep(&block.project(at)?)?)?)
    }

    fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.needed.iter().filter_map(|index| self.scan.input_at(*index))
    }

    /// The next rows, brought to their types: [`BATCH_ROWS`] but for the last.
    fn block(&mut self) -> Result<Option<RecordBatch>, EngineError> {
        if matches!(self.blocks, Blocks::Begin) {
            self.blocks = self.begin()?;
        }
        match &mut self.blocks {
            Blocks::Begin | Blocks::Done => Ok(None),
            Blocks::Kept { found, at } => {
                let rows = found.rows.saturating_sub(*at * BATCH_ROWS).min(BATCH_ROWS);
                if rows == 0 {
                    return Ok(None);
                }
                let kept = |index: &usize| {
                    let input = self.scan.input_at(*index)?;
                    let blocks = found.columns.get(&(input.name.clone(), input.data_type.clone()))?;
                    blocks.get(*at).cloned()
                };
                let columns = self.needed.iter().map(kept).collect::<Option<Vec<_>>>();
                let columns = columns.ok_or_else(|| EngineError::internal("a kept column has gone"))?;
                *at += 1;
                let options = RecordBatchOptions::new().with_row_count(Some(rows));
                let block = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
                block.map(Some).map_err(EngineError::internal)
            }
            Blocks::Files { rows, recut, collected } => {
                let scan = &self.scan;
                let needed = &self.needed;
                // Foreign rows are gone, so a value that does not convert is the caller's own.
                let convert = |at: usize, array: ArrayRef| {
                    let input = needed.get(at).and_then(|index| scan.input_at(*index));
                    let data_type = &input.ok_or("an input was not read")?.data_type;
                    if array.data_type() == data_type { Ok(array) } else { typing::cast(&array, data_type) }
                };
                let fail = |cause| of_source(scan.source(), cause);
                let mut block = recut.full(&convert).map_err(fail)?;
                while block.is_none() {
                    let Some(batch) = rows.next().transpose()? else { break };
                    recut.push(batch);
                    block = recut.full(&convert).map_err(fail)?;
                }
                let is_last = block.is_none();
                if is_last {
                    block = recut.rest(&convert).map_err(fail)?;
                }
                Collected::add(collected, block.as_ref(), scan.keeping());
                if is_last {
                    let collected = collected.take();
                    self.blocks = Blocks::Done;
                    self.offer(collected);
                }
                Ok(block)
            }
        }
    }

    fn begin(&self) -> Result<Blocks, EngineError> {
        let columns: Vec<_> =
            self.inputs().map(|input| (input.name.clone(), input.data_type.clone())).collect();
        if let Some(found) = self.scan.keeping().and_then(|keeping| keeping.found.as_ref())
            && columns.iter().all(|column| found.columns.contains_key(column))
        {
            return Ok(Blocks::Kept { found: found.clone(), at: 0 });
        }
        let rows = self.scan.read(columns, self.below.clone(), &self.context)?;
        let columns = vec![Vec::new(); self.needed.len()];
        let collected = self.scan.keeping().map(|_| Collected { columns, rows: 0, bytes: 0 });
        Ok(Blocks::Files { rows: Box::new(rows), recut: Recut::new(Arc::clone(&self.schema)), collected })
    }

    /// Offers what was read, complete and of one version, to be kept.
    fn offer(&self, collected: Option<Collected>) {
        let (Some(keeping), Some(collected)) = (self.scan.keeping(), collected) else { return };
        if !self.scan.is_settled(&keeping.signature) {
            return;
        }
        let names = self.inputs().map(|input| (input.name.clone(), input.data_type.clone()));
        let columns: HashMap<_, _> = names.zip(collected.columns.into_iter().map(Arc::new)).collect();
        let files = self.scan.files().to_vec();
        let offer = Offer {
            source: self.scan.source().to_owned(),
            rows: self.scan.scope().clone(),
            signature: keeping.signature.clone(),
            found: Found { files, columns, rows: collected.rows },
        };
        keeping.keep.offer(&keeping.owner, offer);
    }
}

impl Collected {
    /// Remembers a block, as long as all of them may be kept.
    fn add(collected: &mut Option<Self>, block: Option<&RecordBatch>, keeping: Option<&Keeping>) {
        let (Some(all), Some(block), Some(keeping)) = (collected.as_mut(), block, keeping) else { return };
        all.rows += block.num_rows();
        all.bytes += block.get_array_memory_size();
        for (column, array) in all.columns.iter_mut().zip(block.columns()) {
            column.push(Arc::clone(array));
        }
        if all.bytes > keeping.keep.relation_bytes_max() {
            *collected = None;
        }
    }
}
