//! One source in one scope: its files in order, rows that no condition keeps left behind.
//!
//! Decides which files are listed and opened at all. Which rows of a file are read is `rows.rs`; what is
//! shown of them is the scan's.

use crate::EngineError;
use crate::error::AnyError;
use crate::files::{Batches, OpenFile, Opening};
use crate::interrupt::Interrupt;
use crate::kept::Signature;
use crate::pushed::Tests;
use crate::reading::{Meter, Reading};
use crate::rows::{Wanted, rows_of};
use crate::scope::{KeySet, Keys, Partitions, TupleCollector};
use crate::warehouse::{DataFile, Warehouse};
use arrow::array::RecordBatch;
use arrow::datatypes::DataType as Arrow;
use datafusion::execution::memory_pool::MemoryReservation;
use splitplane_split_plane::{Condition, RowScope};
use std::collections::VecDeque;
use std::sync::Arc;

/// What a scan may use, and whether anyone still wants it.
#[derive(Debug)]
pub(crate) struct ScanContext {
    /// What key sets take counts here; when there is no more, the scan ends.
    pub(crate) held: MemoryReservation,
    pub(crate) interrupt: Interrupt,
}

/// Files of a scan that stay open while it waits; of more, each is opened again when its turn comes.
const FILES_OPEN_MAX: usize = 64;

/// Files whose headers or footers are on their way at once.
const FILES_COMING_MAX: usize = 8;

/// What went wrong with a source, unless it was not the source's doing.
pub(crate) fn of_source(source: &str, cause: AnyError) -> EngineError {
    match cause.downcast::<EngineError>() {
        Ok(error) => *error,
        Err(cause) => EngineError::warehouse(source, cause),
    }
}

/// Names of the files that may hold rows of the scope, as far as their folders' names tell.
pub(crate) fn list_files(
    warehouse: &Warehouse,
    source: &str,
    rows: &RowScope,
) -> Result<Vec<DataFile>, EngineError> {
    let mut keys = Keys::new(direct_keys(rows));
    warehouse.files_where(source, &mut |partitions: &Partitions| keys.may_hold_file(partitions))
}

/// Names and versions of all files that rows of the scope may come from, those of `EXISTS` included.
pub(crate) fn signature(
    warehouse: &Warehouse,
    source: &str,
    rows: &RowScope,
) -> Result<Signature, EngineError> {
    let mut signature = Signature::new();
    for file in list_files(warehouse, source, rows)? {
        let version = warehouse.store().version(&file).map_err(|cause| of_source(source, cause))?;
        signature.push((file.name, version));
    }
    if let RowScope::All(conditions) = rows {
        for condition in conditions {
            if let Condition::Exists { source, rows, .. } = condition {
                signature.extend(self::signature(warehouse, source, rows)?);
            }
        }
    }
    Ok(signature)
}

/// Those files, opened: from here on the scan reads these versions or fails.
pub(crate) fn open_files(
    warehouse: &Warehouse,
    source: &str,
    rows: &RowScope,
    meter: &Meter,
) -> Result<Vec<Arc<OpenFile>>, EngineError> {
    let fail = |cause: AnyError| of_source(source, cause);
    let listed = list_files(warehouse, source, rows)?;
    let (mut waiting, mut opening) = (listed.iter(), VecDeque::new());
    let mut files = Vec::with_capacity(listed.len());
    loop {
        // Of objects, one waits for the network and not for each other.
        for file in waiting.by_ref().take(FILES_COMING_MAX - opening.len()) {
            opening.push_back(Opening::begin(warehouse.store(), file, meter).map_err(fail)?);
        }
        let Some(next) = opening.pop_front() else { return Ok(files) };
        let mut open = next.finish().map_err(fail)?;
        if files.len() >= FILES_OPEN_MAX {
            open.close();
        }
        files.push(Arc::new(open));
    }
}

fn direct_keys(rows: &RowScope) -> Vec<KeySet> {
    match rows {
        RowScope::Public { .. } => Vec::new(),
        RowScope::All(conditions) => conditions
            .iter()
            .filter_map(|condition| match condition {
                Condition::Keys { columns, tuples } => Some(KeySet::of_tuples(columns, tuples)),
                Condition::Exists { .. } => None,
            })
            .collect(),
    }
}

/// The sets of every condition; those of `EXISTS` are read from the other sources, in their own scopes.
pub(crate) fn key_sets(
    warehouse: &Warehouse,
    rows: &RowScope,
    meter: &Meter,
    context: &ScanContext,
) -> Result<Vec<KeySet>, EngineError> {
    let RowScope::All(conditions) = rows else { return Ok(Vec::new()) };
    // The plane cannot be built this way; without a condition no row may pass here either.
    if conditions.is_empty() {
        return Err(EngineError::plan("a scope without conditions"));
    }
    let mut sets = Vec::with_capacity(conditions.len());
    for condition in conditions {
        sets.push(match condition {
            Condition::Keys { columns, tuples } => KeySet::of_tuples(columns, tuples),
            Condition::Exists { source, rows, by } => {
                existing(warehouse, source, rows, by, (meter, context))?
            }
        });
    }
    Ok(sets)
}

fn existing(
    warehouse: &Warehouse,
    source: &str,
    rows: &RowScope,
    by: &[(String, String)],
    (meter, context): (&Meter, &ScanContext),
) -> Result<KeySet, EngineError> {
    let fail = |cause: AnyError| EngineError::warehouse(source, cause);
    let keys = Keys::new(key_sets(warehouse, rows, meter, context)?);
    let wanted = Wanted {
        // A file without the key has nothing to compare: NULL of no type is refused below.
        columns: by.iter().map(|(_, theirs)| (theirs.clone(), Arrow::Null)).collect(),
        tests: Tests::default(),
        interrupt: context.interrupt.clone(),
        meter: meter.clone(),
    };
    let files = open_files(warehouse, source, rows, meter)?;
    let mut tuples = TupleCollector::default();
    let mut held = 0;
    for batch in SourceRows::new(source, files, keys, wanted) {
        let bytes = tuples.add(batch?.columns()).map_err(fail)?;
        context.held.try_grow(bytes - held)?;
        held = bytes;
    }
    tuples.finish(by.iter().map(|(mine, _)| mine.clone()).collect()).map_err(fail)
}

/// Columns of the rows whose keys are in all sets, file by file, in the types of each file.
pub(crate) struct SourceRows {
    source: String,
    files: std::vec::IntoIter<Arc<OpenFile>>,
    keys: Keys,
    wanted: Wanted,
    current: Option<(Batches, Reading)>,
}

impl SourceRows {
    pub(crate) fn new(source: &str, files: Vec<Arc<OpenFile>>, keys: Keys, wanted: Wanted) -> Self {
        Self { source: source.to_owned(), files: files.into_iter(), keys, wanted, current: None }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, AnyError> {
        loop {
            self.wanted.interrupt.check()?;
            if let Some((batches, reading)) = &mut self.current {
                match batches.next().transpose()? {
                    Some(batch) if batch.num_rows() == 0 => continue,
                    Some(batch) => return Ok(Some(batch)),
                    None => {
                        reading.check_unchanged()?;
                        self.current = None;
                    }
                }
            }
            let Some(file) = self.files.next() else { return Ok(None) };
            let partitions = &file.file().partitions;
            if !self.keys.may_hold_file(partitions)? {
                continue;
            }
            let bound = self.keys.bind_within(partitions, |name| file.data_type(name).cloned())?;
            if bound.iter().any(|keys| keys.is_nothing()) {
                continue;
            }
            let reading = file.reading(&self.wanted.meter, &self.wanted.interrupt)?;
            self.current = Some((rows_of(&file, &reading, bound, &self.wanted)?, reading));
        }
    }
}

impl std::fmt::Debug for SourceRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SourceRows(..)")
    }
}

impl Iterator for SourceRows {
    type Item = Result<RecordBatch, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().map_err(|cause| of_source(&self.source, cause)).transpose()
    }
}
