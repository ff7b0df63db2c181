//! The caller's rows of one file: columns that decide are read first, the others for the rows that stay.
//!
//! Order of the argument: row groups and pages that cannot hold a row of the scope are not read; of the
//! rest the scope's columns are read and the scope is evaluated; on the rows of the scope the comparisons
//! that a statement was allowed to hand down are evaluated; only then the other columns are read, for the
//! rows that are left. What a row group or page says of itself keeps rows out, it never lets one in.

use crate::error::AnyError;
use crate::files::{OpenFile, Shape, builder, guarded};
use crate::interrupt::Interrupt;
use crate::pushed::Tests;
use crate::reading::{Meter, Reading};
use crate::scope::BoundKeys;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{and, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection,
};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// What is asked of every file of a scan.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Columns, and the type of each where a file lacks it.
    pub(crate) columns: Vec<(String, DataType)>,
    /// Comparisons of the statement that rows of the scope must pass.
    pub(crate) tests: Tests,
    pub(crate) interrupt: Interrupt,
    /// Where what is read counts.
    pub(crate) meter: Meter,
}

type Rows = Box<dyn Iterator<Item = Result<RecordBatch, AnyError>> + Send>;

/// The rows of `file` that hold a tuple of every set and pass every test, in the file's order.
pub(crate) fn rows_of(
    file: &OpenFile,
    reading: &Reading,
    keys: Vec<Arc<BoundKeys>>,
    wanted: &Wanted,
) -> Result<Rows, AnyError> {
    let mut names: Vec<String> = Vec::new();
    for name in keys.iter().flat_map(|keys| keys.columns()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let shape = file.shape(&wanted.columns)?;
    let tests = Narrowing { shape: file.shape(wanted.tests.columns())?, tests: wanted.tests.clone() };
    let Some(plain) = file.footer() else {
        return text_rows(file, reading, keys, names, (shape, tests), wanted.interrupt.clone());
    };
    let unsigned: HashSet<String> =
        file.columns().filter(|(_, t)| t.is_unsigned_integer()).map(|(name, _)| name.to_owned()).collect();
    let groups: Vec<usize> = (plain.metadata().row_groups().iter().enumerate())
        .filter(|(_, group)| keys.iter().all(|keys| keys.may_hold_group(group, &unsigned)))
        .map(|(index, _)| index)
        .collect();
    // Where the folders' names have decided, or nothing is left, pages are of no interest.
    let footer = match file.indexed_footer(reading) {
        Ok(Some(indexed)) if !names.is_empty() && !groups.is_empty() => indexed,
        Ok(_) => plain,
        Err(error) => return Err(error),
    };
    Ok(Box::new(GroupRows {
        keyed: with_dictionaries(footer, &names),
        footer: footer.clone(),
        reading: reading.clone(),
        groups: groups.into_iter(),
        keys,
        names,
        unsigned,
        shape,
        tests,
        current: None,
        interrupt: wanted.interrupt.clone(),
    }))
}

/// The statement's comparisons over one file.
struct Narrowing {
    shape: Shape,
    tests: Tests,
}

impl Narrowing {
    fn keep(&self, batch: &RecordBatch) -> Result<BooleanArray, AnyError> {
        self.tests.keep(&self.shape.arrange(batch)?)
    }
}

/// Text that decides is read as a dictionary: every distinct value is then looked up once.
fn with_dictionaries(footer: &ArrowReaderMetadata, names: &[String]) -> ArrowReaderMetadata {
    let is_text = |field: &Field| names.contains(field.name()) && *field.data_type() == DataType::Utf8;
    if !footer.schema().fields().iter().any(|field| is_text(field)) {
        return footer.clone();
    }
    let dictionary = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields = footer.schema().fields().iter().map(|field| {
        let field = field.as_ref().clone();
        if is_text(&field) { field.with_data_type(dictionary()) } else { field }
    });
    let schema = Schema::new_with_metadata(fields.collect::<Vec<_>>(), footer.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    // Only speed depends on it, so a file that cannot be read this way is read as it is.
    ArrowReaderMetadata::try_new(Arc::clone(footer.metadata()), options)
        .unwrap_or_else(|_error| footer.clone())
}

/// Row group by row group.
struct GroupRows {
    reading: Reading,
    footer: ArrowReaderMetadata,
    /// The same footer, for reading the scope's columns.
    keyed: ArrowReaderMetadata,
    groups: std::vec::IntoIter<usize>,
    keys: Vec<Arc<BoundKeys>>,
    /// The scope's columns that must be read.
    names: Vec<String>,
    unsigned: HashSet<String>,
    shape: Shape,
    tests: Narrowing,
    current: Option<ParquetRecordBatchReader>,
    interrupt: Interrupt,
}

/// Rows of a row group: all of them, or those selected.
type Selected = Option<RowSelection>;

impl Iterator for GroupRows {
    type Item = Result<RecordBatch, AnyError>;

    fn next(&mut self) -> Option<Self::Item> {
        guarded(|| self.advance()).transpose()
    }
}

impl GroupRows {
    fn advance(&mut self) -> Result<Option<RecordBatch>, AnyError> {
        loop {
            self.interrupt.check()?;
            if let Some(reader) = &mut self.current {
                match reader.next().transpose()? {
                    Some(batch) => return Ok(Some(self.shape.arrange(&batch)?)),
                    None => self.current = None,
                }
            }
            let Some(group) = self.groups.next() else { return Ok(None) };
            if let Some(selected) = self.select(group)? {
                let reading = self.expecting(group, &mut self.shape.names(), &selected);
                let reader = builder(&reading, &self.footer, self.shape.names());
                self.current = Some(within(reader.with_row_groups(vec![group]), selected)?);
            }
        }
    }

    /// Which rows of a row group are handed up; `None` where none is.
    fn select(&self, group: usize) -> Result<Option<Selected>, AnyError> {
        let selected = self.pages(group);
        if selected.as_ref().is_some_and(|selection| !selection.selects_any()) {
            return Ok(None);
        }
        let scoped = if self.names.is_empty() {
            // The folders' names have decided: files of other folders are not here.
            Some(selected)
        } else {
            let reading = self.expecting(group, &mut self.names.iter().map(String::as_str), &selected);
            let reader = builder(&reading, &self.keyed, self.names.iter().map(String::as_str));
            self.narrow(reader.with_row_groups(vec![group]), selected, &|batch| in_scope(&self.keys, batch))?
        };
        match scoped {
            Some(selected) if !self.tests.tests.is_empty() => {
                let reading = self.expecting(group, &mut self.tests.shape.names(), &selected);
                let reader = builder(&reading, &self.footer, self.tests.shape.names());
                self.narrow(reader.with_row_groups(vec![group]), selected, &|batch| self.tests.keep(batch))
            }
            other => Ok(other),
        }
    }

    /// Reads the selected rows, and keeps those for which `keep` says so.
    fn narrow(
        &self,
        reader: ParquetRecordBatchReaderBuilder<Reading>,
        selected: Selected,
        keep: &dyn Fn(&RecordBatch) -> Result<BooleanArray, AnyError>,
    ) -> Result<Option<Selected>, AnyError> {
        let reader = within(reader, selected.clone())?;
        let (mut kept, mut read, mut stay) = (Vec::new(), 0, 0);
        for batch in reader {
            self.interrupt.check()?;
            let these = keep(&batch?)?;
            read += these.len();
            stay += these.true_count();
            kept.push(these);
        }
        if stay == 0 {
            return Ok(None);
        }
        if stay == read {
            return Ok(Some(selected));
        }
        let these = RowSelection::from_filters(&kept);
        Ok(Some(Some(match selected {
            Some(before) => before.and_then(&these),
            None => these,
        })))
    }

    /// A reader that knows what the decoder will ask for of these columns: their chunks in the row group, or
    /// the pages in them that hold a selected row.
    fn expecting(&self, group: usize, names: &mut dyn Iterator<Item = &str>, selected: &Selected) -> Reading {
        let names: HashSet<&str> = names.collect();
        let metadata = self.footer.metadata();
        let offsets = metadata.offset_index().and_then(|offsets| offsets.get(group));
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let chunks = metadata.row_groups().get(group).map_or(&[][..], |group| group.columns());
        for (at, chunk) in chunks.iter().enumerate() {
            if !chunk.column_path().parts().first().is_some_and(|root| names.contains(root.as_str())) {
                continue;
            }
            let (start, length) = chunk.byte_range();
            let pages = offsets.and_then(|offsets| offsets.get(at)).map(|offsets| offsets.page_locations());
            match (selected, pages) {
                (Some(selection), Some(pages)) => {
                    // A dictionary lies before the first page.
                    let first = pages.first().and_then(|page| u64::try_from(page.offset).ok());
                    ranges.extend(first.filter(|first| *first > start).map(|first| start..first));
                    ranges.extend(selection.scan_ranges(pages));
                }
                (_, _) => ranges.push(start..start.saturating_add(length)),
            }
        }
        self.reading.expecting(&ranges)
    }

    /// Leaves out pages that cannot hold a row of the scope, as far as the index of pages tells.
    fn pages(&self, group: usize) -> Selected {
        let metadata = self.footer.metadata();
        let rows = usize::try_from(metadata.row_groups().get(group)?.num_rows()).ok()?;
        let (columns, offsets) = (metadata.column_index()?.get(group)?, metadata.offset_index()?.get(group)?);
        let chunks = metadata.row_groups().get(group)?.columns();
        let mut selected: Selected = None;
        for ((chunk, index), offsets) in chunks.iter().zip(columns).zip(offsets) {
            let [name] = chunk.column_path().parts() else { continue };
            if self.unsigned.contains(name) {
                continue;
            }
            for extent in self.keys.iter().filter_map(|keys| keys.extent(name)) {
                let starts: Vec<usize> = offsets
                    .page_locations()
                    .iter()
                    .filter_map(|page| usize::try_from(page.first_row_index).ok())
                    .collect();
                let ends = starts.iter().skip(1).copied().chain([rows]);
                let pages = starts.iter().copied().zip(ends).enumerate();
                let kept: Vec<Range<usize>> = pages
                    .filter(|(page, (start, end))| start < end && extent.may_hold_page(index, *page))
                    .map(|(_, (start, end))| start..end)
                    .collect();
                let these = RowSelection::from_consecutive_ranges(kept.into_iter(), rows);
                selected = Some(match selected {
                    Some(others) => others.intersection(&these),
                    None => these,
                });
            }
        }
        selected
    }
}

fn within(
    reader: ParquetRecordBatchReaderBuilder<Reading>,
    selected: Selected,
) -> Result<ParquetRecordBatchReader, AnyError> {
    Ok(match selected {
        Some(selection) => reader.with_row_selection(selection).build()?,
        None => reader.build()?,
    })
}

/// Which rows hold a tuple of every set. Without a set, all do: the source is public.
fn in_scope(keys: &[Arc<BoundKeys>], batch: &RecordBatch) -> Result<BooleanArray, AnyError> {
    let mut kept: Option<BooleanArray> = None;
    for keys in keys {
        let these = keys.matches(batch)?;
        kept = Some(match kept {
            Some(others) => and(&others, &these)?,
            None => these,
        });
    }
    Ok(kept.unwrap_or_else(|| BooleanArray::from(vec![true; batch.num_rows()])))
}

fn text_rows(
    file: &OpenFile,
    reading: &Reading,
    keys: Vec<Arc<BoundKeys>>,
    mut names: Vec<String>,
    (shape, tests): (Shape, Narrowing),
    interrupt: Interrupt,
) -> Result<Rows, AnyError> {
    for name in shape.names().chain(tests.shape.names()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let rows = file.read_text(reading, &names)?.map(move |batch| {
        interrupt.check()?;
        let batch = batch?;
        let mut batch = filter_record_batch(&batch, &in_scope(&keys, &batch)?)?;
        if !tests.tests.is_empty() {
            batch = filter_record_batch(&batch, &tests.keep(&batch)?)?;
        }
        shape.arrange(&batch)
    });
    Ok(Box::new(rows))
}
