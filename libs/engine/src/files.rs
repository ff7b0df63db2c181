//! Reads the rows of one file: chosen columns, in the file's order, row groups that cannot matter left out.
//!
//! Decides what a file declares: Parquet its types, CSV text in every column, partitions text. Nothing
//! is inferred from values. Does not know which rows are whose.

use crate::error::AnyError;
use crate::warehouse::{DataFile, Format};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Rows of a batch as read. What leaves the leaf is cut anew, so this decides speed alone.
const BATCH_ROWS: usize = 8_192;

/// A file whose header or footer has been read.
pub(crate) struct OpenFile<'f> {
    file: &'f DataFile,
    schema: SchemaRef,
    inner: Inner,
}

enum Inner {
    Parquet(Box<ParquetRecordBatchReaderBuilder<File>>),
    Csv,
}

/// Batches of the columns asked for, in the order asked for.
pub(crate) struct Batches {
    rows: Box<dyn Iterator<Item = Result<RecordBatch, AnyError>>>,
    schema: SchemaRef,
    columns: Vec<Origin>,
}

enum Origin {
    File(String),
    Partition(Option<String>),
}

impl<'f> OpenFile<'f> {
    pub(crate) fn open(file: &'f DataFile) -> Result<Self, AnyError> {
        // A decoder may panic on bytes that no writer wrote; to a caller that is an unreadable file.
        let open = || match file.format {
            Format::Parquet => open_parquet(file),
            Format::Csv => open_csv(file),
        };
        let opened = catch_unwind(AssertUnwindSafe(open)).map_err(|_panic| "the reader panicked")??;
        if opened.file.partitions.iter().any(|(name, _)| opened.schema.field_with_name(name).is_ok()) {
            return Err("a partition column is in the file as well".into());
        }
        Ok(opened)
    }

    /// Names and types, those of partitions last.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &DataType)> {
        let own = self.schema.fields().iter().map(|field| (field.name().as_str(), field.data_type()));
        own.chain(self.file.partitions.iter().map(|(name, _)| (name.as_str(), &DataType::Utf8)))
    }

    pub(crate) fn data_type(&self, column: &str) -> Option<&DataType> {
        self.columns().find(|(name, _)| *name == column).map(|(_, data_type)| data_type)
    }

    /// Reads `columns`. Row groups for which `may_match` is false hold no row of the scope.
    pub(crate) fn read(
        self,
        columns: &[String],
        may_match: impl Fn(&RowGroupMetaData) -> bool,
    ) -> Result<Batches, AnyError> {
        let mut fields = Vec::with_capacity(columns.len());
        let mut origins = Vec::with_capacity(columns.len());
        for name in columns {
            let data_type = self.data_type(name).ok_or("a column is missing from the file")?;
            fields.push(Field::new(name, data_type.clone(), true));
            origins.push(match self.file.partitions.iter().find(|(key, _)| key == name) {
                Some((_, value)) => Origin::Partition(value.clone()),
                None => Origin::File(name.clone()),
            });
        }
        let names: Vec<&str> = origins
            .iter()
            .filter_map(|origin| match origin {
                Origin::File(name) => Some(name.as_str()),
                Origin::Partition(_) => None,
            })
            .collect();
        let rows = match self.inner {
            Inner::Parquet(builder) => read_parquet(*builder, &names, may_match)?,
            Inner::Csv => read_csv(self.file, &self.schema, &names)?,
        };
        Ok(Batches { rows, schema: Arc::new(Schema::new(fields)), columns: origins })
    }
}

fn open_parquet(file: &DataFile) -> Result<OpenFile<'_>, AnyError> {
    // Without the writer's Arrow hints a column has one type, whichever engine wrote it.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(&file.path)?, options)?;
    let schema = Arc::clone(builder.schema());
    Ok(OpenFile { file, schema, inner: Inner::Parquet(Box::new(builder)) })
}

fn open_csv(file: &DataFile) -> Result<OpenFile<'_>, AnyError> {
    let format = arrow::csv::reader::Format::default().with_header(true);
    // No record is looked at: only the header's names are taken.
    let (header, _) = format.infer_schema(BufReader::new(File::open(&file.path)?), Some(0))?;
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
    Ok(OpenFile { file, schema: Arc::new(Schema::new(fields)), inner: Inner::Csv })
}

type Rows = Box<dyn Iterator<Item = Result<RecordBatch, AnyError>>>;

fn read_parquet(
    builder: ParquetRecordBatchReaderBuilder<File>,
    names: &[&str],
    may_match: impl Fn(&RowGroupMetaData) -> bool,
) -> Result<Rows, AnyError> {
    let roots = names.iter().filter_map(|name| builder.schema().index_of(name).ok());
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let groups = builder.metadata().row_groups().iter().enumerate();
    let groups = groups.filter(|(_, group)| may_match(group)).map(|(index, _)| index).collect();
    let reader = builder.with_projection(mask).with_row_groups(groups).with_batch_size(BATCH_ROWS).build()?;
    Ok(Box::new(reader.map(|batch| batch.map_err(AnyError::from))))
}

fn read_csv(file: &DataFile, schema: &SchemaRef, names: &[&str]) -> Result<Rows, AnyError> {
    let mut projection: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    // A batch without columns has no length, so one column is read where none is asked for.
    if projection.is_empty() {
        projection.push(0);
    }
    let reader = arrow::csv::ReaderBuilder::new(Arc::clone(schema))
        .with_header(true)
        .with_batch_size(BATCH_ROWS)
        .with_projection(projection)
        .build(File::open(&file.path)?)?;
    Ok(Box::new(reader.map(|batch| batch.map_err(AnyError::from))))
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, AnyError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = catch_unwind(AssertUnwindSafe(|| self.rows.next()));
        match next {
            Ok(None) => None,
            Ok(Some(batch)) => Some(batch.and_then(|batch| self.arrange(&batch))),
            Err(_panic) => Some(Err("the reader panicked".into())),
        }
    }
}

impl Batches {
    fn arrange(&self, batch: &RecordBatch) -> Result<RecordBatch, AnyError> {
        let rows = batch.num_rows();
        let column = |origin: &Origin| -> Result<ArrayRef, AnyError> {
            Ok(match origin {
                Origin::File(name) => Arc::clone(batch.column_by_name(name).ok_or("a column was not read")?),
                Origin::Partition(None) => new_null_array(&DataType::Utf8, rows),
                Origin::Partition(Some(value)) => {
                    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows)))
                }
            })
        };
        let columns = self.columns.iter().map(column).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}
