//! Files of a world into batches of what a sandbox shows, others' rows included.
//!
//! Never fails on a value: what has not the declared type becomes NULL, so that no engine of the kit has a
//! hole here unless it is meant to.

use crate::error::AnyError;
use crate::kit::world::{ColumnSpec, Origin, RelationSpec, World};
use crate::mask;
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use splitplane_types::DataType;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const BATCH_ROWS: usize = 8_192;

/// How a source is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// Whether undeclared columns of CSV have the type that their values suggest.
    pub(super) inferred: bool,
    /// Whether larger files come first.
    pub(super) by_size: bool,
}

/// A source: what the sandbox shows of every row, and after it the keys that no sandbox shows.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
    /// How many of the columns are shown.
    pub(super) shown: usize,
}

struct DataFile {
    path: PathBuf,
    partitions: Vec<(String, Option<String>)>,
}

/// Reads everything of a relation.
pub(super) fn read(
    world: &World,
    relation: &RelationSpec,
    folder: &Path,
    reading: Reading,
) -> Result<Source, AnyError> {
    let mut columns: Vec<(String, Arrow)> = Vec::new();
    let csv = folder.join(format!("{}.csv", relation.name));
    let inferred = if reading.inferred && csv.is_file() { inferred(&csv)? } else { HashMap::new() };
    for column in relation.columns {
        let guess = inferred.get(column.name).filter(|_| !column.declared);
        let shown = guess.cloned().unwrap_or_else(|| arrow_type(world.data_type(column)));
        columns.push((column.name.to_owned(), shown));
    }
    let shown = columns.len();
    if relation.keyed {
        columns.extend(["coop", "house"].map(|key| (key.to_owned(), Arrow::Utf8)));
    }
    let fields: Vec<Field> = columns.iter().map(|(name, t)| Field::new(name, t.clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut batches = Vec::new();
    for file in files(folder, relation.name, reading)? {
        for raw in raw_batches(&file)? {
            batches.push(shown_batch(relation, &raw, &file, &schema)?);
        }
    }
    Ok(Source { schema, batches, shown })
}

fn arrow_type(data_type: DataType) -> Arrow {
    match data_type {
        DataType::String => Arrow::Utf8,
        DataType::Integer => Arrow::Int64,
        DataType::Decimal => Arrow::Decimal128(12, 2),
        DataType::Float => Arrow::Float64,
        DataType::Boolean => Arrow::Boolean,
        DataType::Date => Arrow::Date32,
        DataType::Timestamp | DataType::TimestampTz => Arrow::Timestamp(TimeUnit::Microsecond, None),
    }
}

/// What the values of all rows suggest.
fn inferred(csv: &Path) -> Result<HashMap<String, Arrow>, AnyError> {
    let format = arrow::csv::reader::Format::default().with_header(true);
    let (schema, _) = format.infer_schema(BufReader::new(File::open(csv)?), None)?;
    Ok(schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect())
}

fn files(folder: &Path, source: &str, reading: Reading) -> Result<Vec<DataFile>, AnyError> {
    let single = ["parquet", "csv"].map(|end| folder.join(format!("{source}.{end}")));
    if let Some(path) = single.into_iter().find(|path| path.is_file()) {
        return Ok(vec![DataFile { path, partitions: Vec::new() }]);
    }
    let mut found = Vec::new();
    collect(&folder.join(source), &[], &mut found)?;
    if reading.by_size {
        let size = |file: &DataFile| file.path.metadata().map_or(0, |metadata| metadata.len());
        found.sort_by_key(|file| std::cmp::Reverse(size(file)));
    }
    Ok(found)
}

fn collect(
    folder: &Path,
    partitions: &[(String, Option<String>)],
    found: &mut Vec<DataFile>,
) -> Result<(), AnyError> {
    let mut entries: Vec<_> = folder.read_dir()?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if let (true, Some((key, value))) = (path.is_dir(), name.split_once('=')) {
            let value = (value != "__HIVE_DEFAULT_PARTITION__").then(|| unescaped(value));
            let inner = [partitions, &[(key.to_owned(), value)]].concat();
            collect(&path, &inner, found)?;
        } else {
            found.push(DataFile { path, partitions: partitions.to_vec() });
        }
    }
    Ok(())
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.split('%');
    bytes.extend(rest.next().unwrap_or("").bytes());
    for part in rest {
        let (code, after) = part.split_at_checked(2).unwrap_or(("", part));
        bytes.extend(u8::from_str_radix(code, 16).ok());
        bytes.extend(after.bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn raw_batches(file: &DataFile) -> Result<Vec<RecordBatch>, AnyError> {
    let open = File::open(&file.path)?;
    if file.path.extension().is_some_and(|extension| extension == "csv") {
        let format = arrow::csv::reader::Format::default().with_header(true);
        let (header, _) = format.infer_schema(BufReader::new(File::open(&file.path)?), Some(0))?;
        let texts: Vec<Field> =
            header.fields().iter().map(|field| Field::new(field.name(), Arrow::Utf8, true)).collect();
        let reader = arrow::csv::ReaderBuilder::new(Arc::new(Schema::new(texts)))
            .with_header(true)
            .with_batch_size(BATCH_ROWS)
            .build(open)?;
        return Ok(reader.collect::<Result<_, _>>()?);
    }
    let reader = ParquetRecordBatchReaderBuilder::try_new(open)?.with_batch_size(BATCH_ROWS).build()?;
    Ok(reader.collect::<Result<_, _>>()?)
}

/// What the sandbox shows of a batch: typed, computed, masked.
fn shown_batch(
    relation: &RelationSpec,
    raw: &RecordBatch,
    file: &DataFile,
    schema: &SchemaRef,
) -> Result<RecordBatch, AnyError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let spec = relation.columns.iter().find(|column| column.name == field.name());
        let array = match spec {
            Some(ColumnSpec { origin: Origin::Computed(_), .. }) => computed(field.name(), raw)?,
            Some(_) | None => physical(field.name(), raw, file)?,
        };
        let array = cast(&array, field.data_type())?;
        columns.push(match spec.and_then(|spec| spec.mask) {
            Some(mask) => mask::masked(&array, mask)?,
            None => array,
        });
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

fn physical(name: &str, raw: &RecordBatch, file: &DataFile) -> Result<ArrayRef, AnyError> {
    if let Some(column) = raw.column_by_name(name) {
        return Ok(Arc::clone(column));
    }
    let partition = file.partitions.iter().find(|(key, _)| key == name);
    let (_, value) = partition.ok_or_else(|| format!("no column {name}"))?;
    Ok(match value {
        Some(value) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, raw.num_rows()))),
        None => new_null_array(&Arrow::Utf8, raw.num_rows()),
    })
}

/// The model's computed columns, by hand: NULL where they would fail.
fn computed(name: &str, raw: &RecordBatch) -> Result<ArrayRef, AnyError> {
    let of = |name: &str, to: &Arrow| -> Result<ArrayRef, AnyError> {
        Ok(cast(raw.column_by_name(name).ok_or("a computed column lacks its input")?, to)?)
    };
    let quotient = |above: &dyn Fn(usize) -> Option<f64>, below: &ArrayRef| -> ArrayRef {
        let below = below.as_primitive::<Float64Type>();
        let value =
            |(row, below): (usize, Option<f64>)| Some(above(row)? / below.filter(|below| *below != 0.0)?);
        Arc::new(below.iter().enumerate().map(value).collect::<Float64Array>())
    };
    match name {
        "per_crate" => {
            let kilos = of("kilos", &Arrow::Float64)?;
            let kilos = kilos.as_primitive::<Float64Type>();
            let above = |row: usize| kilos.is_valid(row).then(|| kilos.value(row));
            Ok(quotient(&above, &of("crates", &Arrow::Float64)?))
        }
        "kilo" => Ok(quotient(&|_row| Some(1_000.0), &of("grams", &Arrow::Float64)?)),
        "noted" => {
            let notes = of("note", &Arrow::Int64)?;
            let notes = notes.as_primitive::<Int64Type>();
            Ok(Arc::new(notes.iter().map(|note| note?.checked_add(1)).collect::<arrow::array::Int64Array>()))
        }
        "tail" => {
            let (words, notes) = (of("word", &Arrow::Utf8)?, of("note", &Arrow::Utf8)?);
            let pairs = words.as_string::<i32>().iter().zip(notes.as_string::<i32>());
            Ok(Arc::new(
                pairs.map(|(word, note)| Some(format!("{}-{}", word?, note?))).collect::<StringArray>(),
            ))
        }
        other => Err(format!("{other} is not computed here").into()),
    }
}
