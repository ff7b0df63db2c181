//! One source in one scope: its files in order, rows that no condition keeps left behind.
//!
//! Decides which files and rows are read at all. What is shown of them is the scan's.

use crate::EngineError;
use crate::error::AnyError;
use crate::files::OpenFile;
use crate::scope::{KeySet, Keys, TupleCollector};
use crate::typing;
use crate::warehouse::Warehouse;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::{and, filter_record_batch};
use arrow::datatypes::DataType as Arrow;
use splitplane_split_plane::{Condition, RowScope};
use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

/// What a scan may use, and whether anyone still wants it.
pub(crate) struct ScanContext<'c> {
    /// Called with every further byte that key sets take; an error ends the scan.
    pub(crate) hold: &'c mut dyn FnMut(usize) -> Result<(), EngineError>,
    /// Asked between batches, also while no row matches.
    pub(crate) is_wanted: &'c dyn Fn() -> bool,
}

/// Columns and natural types of a source, from files that may hold rows of the scope and no others.
///
/// Where no file may, every column is text: someone else's file must not say more.
pub(crate) fn declared_columns(
    warehouse: &Warehouse,
    source: &str,
    rows: &RowScope,
) -> Result<BTreeMap<String, Arrow>, EngineError> {
    let fail = |cause: AnyError| EngineError::warehouse(source, cause);
    let mut keys = Keys::new(direct_keys(rows));
    let files = warehouse.files(source)?;
    let mut declared: Option<BTreeMap<String, Arrow>> = None;
    for file in &files {
        if !keys.may_hold_file(&file.partitions).map_err(fail)? {
            continue;
        }
        let open = OpenFile::open(file).map_err(fail)?;
        let natural =
            |(name, data_type): (&str, &Arrow)| Some((name.to_owned(), typing::target(None, data_type)?));
        let columns: BTreeMap<String, Arrow> = open.columns().filter_map(natural).collect();
        match &declared {
            None => declared = Some(columns),
            Some(first) if *first == columns => {}
            Some(_) => return Err(fail("the files of the source differ in their columns".into())),
        }
    }
    if let Some(declared) = declared {
        return Ok(declared);
    }
    let first = files.first().ok_or_else(|| fail("no file".into()))?;
    let open = OpenFile::open(first).map_err(fail)?;
    Ok(open.columns().map(|(name, _)| (name.to_owned(), Arrow::Utf8)).collect())
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
    context: &mut ScanContext<'_>,
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
            Condition::Exists { source, rows, by } => existing(warehouse, source, rows, by, context)?,
        });
    }
    Ok(sets)
}

fn existing(
    warehouse: &Warehouse,
    source: &str,
    rows: &RowScope,
    by: &[(String, String)],
    context: &mut ScanContext<'_>,
) -> Result<KeySet, EngineError> {
    let fail = |cause: AnyError| EngineError::warehouse(source, cause);
    let theirs: Vec<String> = by.iter().map(|(_, theirs)| theirs.clone()).collect();
    let mine = by.iter().map(|(mine, _)| mine.clone()).collect();
    let mut keys = Keys::new(key_sets(warehouse, rows, context)?);
    let mut tuples = TupleCollector::default();
    let is_wanted = context.is_wanted;
    let mut held = 0;
    let flow = scan_source(warehouse, source, &mut keys, &theirs, is_wanted, &mut |batch| {
        let columns: Vec<ArrayRef> =
            theirs.iter().filter_map(|name| batch.column_by_name(name).cloned()).collect();
        let bytes = tuples.add(&columns).map_err(fail)?;
        (context.hold)(bytes - held)?;
        held = bytes;
        Ok(ControlFlow::Continue(()))
    })?;
    if flow.is_break() {
        return Err(EngineError::Cancelled);
    }
    tuples.finish(mine).map_err(fail)
}

/// Reads `columns` of the rows whose keys are in all sets, file by file.
pub(crate) fn scan_source(
    warehouse: &Warehouse,
    source: &str,
    keys: &mut Keys,
    columns: &[String],
    is_wanted: &dyn Fn() -> bool,
    each: &mut dyn FnMut(RecordBatch) -> Result<ControlFlow<()>, EngineError>,
) -> Result<ControlFlow<()>, EngineError> {
    let fail = |cause: AnyError| EngineError::warehouse(source, cause);
    let mut read: Vec<String> = columns.to_vec();
    read.extend(keys.columns().filter(|name| !columns.contains(name)).cloned());
    let mut seen = HashSet::new();
    read.retain(|name| seen.insert(name.clone()));
    for file in warehouse.files(source)? {
        if !keys.may_hold_file(&file.partitions).map_err(fail)? {
            continue;
        }
        let open = OpenFile::open(&file).map_err(fail)?;
        let bound = keys.bind(|name| open.data_type(name).cloned()).map_err(fail)?;
        let unsigned: HashSet<String> = open
            .columns()
            .filter(|(_, t)| t.is_unsigned_integer())
            .map(|(name, _)| name.to_owned())
            .collect();
        let batches = open
            .read(&read, |group| bound.iter().all(|keys| keys.may_hold_group(group, &unsigned)))
            .map_err(fail)?;
        for batch in batches {
            if !is_wanted() {
                return Ok(ControlFlow::Break(()));
            }
            let mut batch = batch.map_err(fail)?;
            let mut kept: Option<BooleanArray> = None;
            for keys in &bound {
                let these = keys.matches(&batch).map_err(fail)?;
                kept = Some(match kept {
                    Some(others) => and(&others, &these).map_err(EngineError::internal)?,
                    None => these,
                });
            }
            if let Some(kept) = kept {
                batch = filter_record_batch(&batch, &kept).map_err(EngineError::internal)?;
            }
            if batch.num_rows() > 0 && each(batch)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
