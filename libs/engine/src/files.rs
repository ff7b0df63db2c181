//! One file of a source: what it declares, and how its columns are read.
//!
//! Decides what a file declares: Parquet its types, CSV text in every column, partitions text, JSON lines nothing,
//! so that their columns are those that somebody else has declared, as text. Nothing is inferred from values.
//! Does not know which rows are whose.

use crate::error::AnyError;
use crate::interrupt::Interrupt;
use crate::json_lines;
use crate::reading::{Coming, Meter, Reading};
use crate::store::Store;
use crate::version::Version;
use crate::warehouse::{DataFile, Format};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

/// Rows of a batch as read. What leaves the leaf is cut anew, so this decides speed alone.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// A file whose header or footer has been read. It stays the version that was opened.
#[derive(Debug)]
pub(crate) struct OpenFile {
    store: Arc<dyn Store>,
    file: DataFile,
    schema: SchemaRef,
    inner: Inner,
    version: Version,
    /// Kept open while there are few; of many, a file is opened again and must be the same version.
    reading: Option<Reading>,
}

#[derive(Debug)]
enum Inner {
    Parquet { plain: ArrowReaderMetadata, indexed: OnceLock<ArrowReaderMetadata> },
    Csv,
    JsonLines,
}

/// Columns that are asked of one file, and where in it they are.
#[derive(Debug)]
pub(crate) struct Shape {
    schema: SchemaRef,
    origins: Vec<Origin>,
}

#[derive(Debug)]
enum Origin {
    File(String),
    Partition(Option<String>),
    /// The file is older than the column: it is NULL there.
    Missing(DataType),
}

/// Batches, one after the other.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, AnyError>> + Send>;

/// A file whose header or footer was asked for.
#[derive(Debug)]
pub(crate) struct Opening {
    store: Arc<dyn Store>,
    file: DataFile,
    reading: Reading,
    coming: Option<Coming>,
}

impl Opening {
    /// Asks for what a file says of itself, and does not wait for it.
    pub(crate) fn begin(store: &Arc<dyn Store>, file: &DataFile, meter: &Meter) -> Result<Self, AnyError> {
        let reading = Reading::of(store.open(file)?, meter, &Interrupt::current());
        let coming = match file.format {
            Format::Parquet => reading.begin_end(),
            Format::Csv => reading.begin_start(),
            Format::JsonLines => None,
        };
        Ok(Self { store: Arc::clone(store), file: file.clone(), reading, coming })
    }

    pub(crate) fn finish(self) -> Result<OpenFile, AnyError> {
        let Self { store, file, reading, coming } = self;
        reading.hold(coming)?;
        // A decoder may panic on bytes that no writer wrote; to a caller that is an unreadable file.
        let open = || match file.format {
            Format::Parquet => open_parquet(&reading),
            Format::Csv => open_csv(&reading),
            Format::JsonLines => open_json_lines(&file),
        };
        let (schema, inner) = guarded(open)?;
        if file.partitions.iter().any(|(name, _)| schema.field_with_name(name).is_ok()) {
            return Err("a partition column is in the file as well".into());
        }
        let version = reading.version().clone();
        Ok(OpenFile { store, file, schema, inner, version, reading: Some(reading) })
    }
}

impl OpenFile {
    pub(crate) fn open(store: &Arc<dyn Store>, file: &DataFile) -> Result<Self, AnyError> {
        Self::open_counted(store, file, &Meter::default())
    }

    /// Opens a file. What its footer or header takes counts in `meter`.
    pub(crate) fn open_counted(
        store: &Arc<dyn Store>,
        file: &DataFile,
        meter: &Meter,
    ) -> Result<Self, AnyError> {
        Opening::begin(store, file, meter)?.finish()
    }

    /// Closes the file; what is known of it stays, and a later reading must find the same version.
    pub(crate) fn close(&mut self) {
        self.reading = None;
    }

    /// The file, open, at the version that was opened first. What is read of it counts in `meter`.
    pub(crate) fn reading(&self, meter: &Meter, interrupt: &Interrupt) -> Result<Reading, AnyError> {
        if let Some(reading) = &self.reading {
            return Ok(reading.on_behalf(meter, interrupt));
        }
        let reading = Reading::of(self.store.open(&self.file)?, meter, interrupt);
        if reading.version().same_bytes(&self.version) {
            Ok(reading)
        } else {
            Err("a file was replaced while the statement ran".into())
        }
    }

    pub(crate) fn file(&self) -> &DataFile {
        &self.file
    }

    /// Rows of everyone in the file, where the file says so.
    pub(crate) fn rows_in_footer(&self) -> usize {
        self.footer()
            .and_then(|footer| usize::try_from(footer.metadata().file_metadata().num_rows()).ok())
            .unwrap_or(0)
    }

    /// What the footer takes in memory, as bytes and as what it says.
    pub(crate) fn memory_size(&self) -> usize {
        let held = self.reading.as_ref().map_or(0, Reading::held);
        match &self.inner {
            Inner::Parquet { plain, indexed } => {
                let indexed = indexed.get().map_or(0, |indexed| indexed.metadata().memory_size());
                held + plain.metadata().memory_size() + indexed
            }
            Inner::Csv | Inner::JsonLines => held,
        }
    }

    /// Names and types, those of partitions last.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &DataType)> {
        let own = self.schema.fields().iter().map(|field| (field.name().as_str(), field.data_type()));
        own.chain(self.file.partitions.iter().map(|(name, _)| (name.as_str(), &DataType::Utf8)))
    }

    pub(crate) fn data_type(&self, column: &str) -> Option<&DataType> {
        self.columns().find(|(name, _)| *name == column).map(|(_, data_type)| data_type)
    }

    /// A column by its exact name, else by the one name that differs in case alone, as Databricks reads names.
    pub(crate) fn find(&self, name: &str) -> Result<Option<(&str, &DataType)>, AnyError> {
        if let Some(found) = self.columns().find(|(other, _)| *other == name) {
            return Ok(Some(found));
        }
        let mut alike = self.columns().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (alike.next(), alike.next()) {
            (found, None) => Ok(found),
            (_, Some(_)) => Err("two columns differ in case alone".into()),
        }
    }

    /// Where these columns are. Each has the type of the file, or the one given where the file lacks it.
    pub(crate) fn shape(&self, columns: &[(String, DataType)]) -> Result<Shape, AnyError> {
        let mut fields = Vec::with_capacity(columns.len());
        let mut origins = Vec::with_capacity(columns.len());
        for (name, otherwise) in columns {
            let found = self.find(name)?;
            fields.push(Field::new(name, found.map_or(otherwise, |(_, known)| known).clone(), true));
            origins.push(match found {
                None => Origin::Missing(otherwise.clone()),
                Some((found, _)) => match self.file.partitions.iter().find(|(key, _)| key == found) {
                    Some((_, value)) => Origin::Partition(value.clone()),
                    None => Origin::File(found.to_owned()),
                },
            });
        }
        Ok(Shape { schema: Arc::new(Schema::new(fields)), origins })
    }

    /// The footer, if this is a Parquet file.
    pub(crate) fn footer(&self) -> Option<&ArrowReaderMetadata> {
        match &self.inner {
            Inner::Parquet { plain, .. } => Some(plain),
            Inner::Csv | Inner::JsonLines => None,
        }
    }

    /// The footer with the index of pages, which is read when it is first asked for.
    pub(crate) fn indexed_footer(&self, reading: &Reading) -> Result<Option<&ArrowReaderMetadata>, AnyError> {
        let Inner::Parquet { plain, indexed } = &self.inner else { return Ok(None) };
        if let Some(indexed) = indexed.get() {
            return Ok(Some(indexed));
        }
        let mut reader = ParquetMetaDataReader::new_with_metadata(plain.metadata().as_ref().clone())
            .with_page_index_policy(PageIndexPolicy::Optional);
        reader.read_page_indexes(reading)?;
        let footer = ArrowReaderMetadata::try_new(Arc::new(reader.finish()?), options())?;
        Ok(Some(indexed.get_or_init(|| footer)))
    }

    /// Reads columns of a file of text, in batches.
    pub(crate) fn read_text(&self, reading: &Reading, names: &[String]) -> Result<Batches, AnyError> {
        let mut projection: Vec<usize> =
            names.iter().filter_map(|name| self.schema.index_of(name).ok()).collect();
        // A batch without columns has no length, so one column is read where none is asked for.
        if projection.is_empty() {
            projection.push(0);
        }
        match &self.inner {
            Inner::Parquet { .. } => Err("a file that is no text".into()),
            Inner::Csv => {
                let mut rows = arrow::csv::ReaderBuilder::new(Arc::clone(&self.schema))
                    .with_header(true)
                    .with_batch_size(BATCH_ROWS)
                    .with_projection(projection)
                    .build_buffered(reading.stream())?;
                Ok(Box::new(std::iter::from_fn(move || {
                    guarded(|| rows.next().transpose().map_err(AnyError::from)).transpose()
                })))
            }
            Inner::JsonLines => {
                let schema = Arc::new(self.schema.project(&projection)?);
                Ok(Box::new(json_lines::Rows::new(reading.stream(), schema)))
            }
        }
    }
}

/// A decoder may panic on bytes that no writer wrote; to a caller that is an unreadable file.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T, AnyError>) -> Result<T, AnyError> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_panic| "the reader panicked")?
}

/// Without the writer's Arrow hints a column has one type, whichever engine wrote it.
fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

fn open_parquet(reading: &Reading) -> Result<(SchemaRef, Inner), AnyError> {
    let plain = ArrowReaderMetadata::load(reading, options())?;
    Ok((Arc::clone(plain.schema()), Inner::Parquet { plain, indexed: OnceLock::new() }))
}

fn open_csv(reading: &Reading) -> Result<(SchemaRef, Inner), AnyError> {
    let format = arrow::csv::reader::Format::default().with_header(true);
    // No record is looked at: only the header's names are taken.
    let (header, _) = format.infer_schema(reading.stream(), Some(0))?;
    let mut fields: Vec<Field> = Vec::new();
    for field in header.fields() {
        let name = field.name().trim_start_matches('\u{feff}');
        if fields.iter().any(|other| other.name() == name) {
            return Err("two columns have one name".into());
        }
        fields.push(Field::new(name, DataType::Utf8, true));
    }
    if fields.is_empty() {
        return Err("the file has no header".into());
    }
    Ok((Arc::new(Schema::new(fields)), Inner::Csv))
}

fn open_json_lines(file: &DataFile) -> Result<(SchemaRef, Inner), AnyError> {
    let in_folder = |name: &&String| file.partitions.iter().any(|(known, _)| known == *name);
    let names = file.declared.iter().filter(|name| !in_folder(name));
    let fields: Vec<Field> = names.map(|name| Field::new(name, DataType::Utf8, true)).collect();
    if fields.is_empty() {
        return Err("nobody has declared a column of these JSON lines".into());
    }
    Ok((Arc::new(Schema::new(fields)), Inner::JsonLines))
}

/// A reader of these columns of a Parquet file.
pub(crate) fn builder<'n>(
    reading: &Reading,
    footer: &ArrowReaderMetadata,
    names: impl Iterator<Item = &'n str>,
) -> ParquetRecordBatchReaderBuilder<Reading> {
    let roots: Vec<usize> = names.filter_map(|name| footer.schema().index_of(name).ok()).collect();
    let mask = ProjectionMask::roots(footer.parquet_schema(), roots);
    ParquetRecordBatchReaderBuilder::new_with_metadata(reading.clone(), footer.clone())
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
}

impl Shape {
    /// Columns that the file itself holds.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().filter_map(|origin| match origin {
            Origin::File(name) => Some(name.as_str()),
            Origin::Partition(_) | Origin::Missing(_) => None,
        })
    }

    /// The columns asked for, in that order, of a batch that holds those of the file.
    pub(crate) fn arrange(&self, batch: &RecordBatch) -> Result<RecordBatch, AnyError> {
        let rows = batch.num_rows();
        let column = |origin: &Origin| -> Result<ArrayRef, AnyError> {
            Ok(match origin {
                Origin::File(name) => Arc::clone(batch.column_by_name(name).ok_or("a column was not read")?),
                Origin::Missing(data_type) => new_null_array(data_type, rows),
                Origin::Partition(None) => new_null_array(&DataType::Utf8, rows),
                Origin::Partition(Some(value)) => {
                    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows)))
                }
            })
        };
        let columns = self.origins.iter().map(column).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}
