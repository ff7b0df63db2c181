//! Writes tables as Parquet files into a folder that appears whole or not at all.
//!
//! Beside the tables lies [`STAMP_FILE`], written last: it says what the folder was made from, marks it
//! as one that may be replaced, and lets a later start see whether it still holds what it should.

use super::table::{Column, Table};
use super::values::{Values, index};
use super::{GenerateError, Week};
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use splitplane_types::Digest;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Name of the file that says what a folder was made from.
const STAMP_FILE: &str = "generated.json";
/// Rows of a row group: enough to compress well, few enough to skip most of a table.
const GROUP_ROWS: usize = 64 * 1024;
/// Digits of decimal columns, two of them after the point.
const PRECISION: u8 = 12;

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The newest complete week.
    pub week: Week,
    /// Tables by name.
    pub tables: BTreeMap<String, GeneratedTable>,
}

/// Size of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratedTable {
    /// Rows.
    pub rows: u64,
    /// Bytes of its file.
    pub bytes: u64,
}

/// What a folder is made from.
#[derive(Debug)]
pub(super) struct Stamp {
    pub(super) spec: Digest,
    pub(super) as_of: Date,
    pub(super) week: Week,
}

/// The stamp as JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StampFile {
    spec: String,
    as_of: String,
    week_from: String,
    week_to: String,
    tables: BTreeMap<String, GeneratedTable>,
}

/// Whether a folder holds what this specification gives for this newest week.
pub(super) fn holds(out: &Path, spec: Digest, week: Week) -> bool {
    let Ok(text) = fs::read_to_string(out.join(STAMP_FILE)) else { return false };
    let Ok(stamp) = serde_json::from_str::<StampFile>(&text) else { return false };
    let is_whole = |(name, table): (&String, &GeneratedTable)| {
        fs::metadata(out.join(file_name(name))).is_ok_and(|file| file.is_file() && file.len() == table.bytes)
    };
    stamp.spec == spec.to_string()
        && (stamp.week_from, stamp.week_to) == (week.from.to_string(), week.to.to_string())
        && stamp.tables.iter().all(is_whole)
}

/// Writes the tables and puts them in place.
pub(super) fn write(tables: &[Table], out: &Path, stamp: &Stamp) -> Result<Generated, GenerateError> {
    refuse_foreign(out)?;
    let beside = beside(out, "part")?;
    let generated = write_into(tables, &beside, stamp).and_then(|generated| {
        replace(&beside, out)?;
        Ok(generated)
    });
    if generated.is_err() {
        // What failed is what is reported; a leftover beside the folder harms nobody.
        let _: io::Result<()> = fs::remove_dir_all(&beside);
    }
    generated
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GenerateError {
    let path = path.to_owned();
    move |source| GenerateError::Io { action, path, source }
}

fn file_name(table: &str) -> String {
    format!("{table}.parquet")
}

fn refuse_foreign(out: &Path) -> Result<(), GenerateError> {
    let mut entries = match fs::read_dir(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io_error("read the folder", out))?,
    };
    if entries.next().is_none() || out.join(STAMP_FILE).is_file() {
        return Ok(());
    }
    Err(GenerateError::NotOurs { path: out.to_owned() })
}

/// A name next to `out`, so that a rename stays within one file system, and of this call alone.
fn beside(out: &Path, kind: &str) -> Result<PathBuf, GenerateError> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let name = out
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| io_error("generate into", out)(io::Error::from(io::ErrorKind::InvalidFilename)))?;
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    Ok(out.with_file_name(format!(".{name}.{}-{call}.{kind}", std::process::id())))
}

/// Puts a finished folder in place of an older one.
fn replace(finished: &Path, out: &Path) -> Result<(), GenerateError> {
    let old = beside(out, "old")?;
    let had_old = match fs::rename(out, &old) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(io_error("replace", out)(error)),
    };
    if let Err(error) = fs::rename(finished, out) {
        if had_old {
            fs::rename(&old, out).map_err(io_error("restore", out))?;
        }
        return Err(io_error("make", out)(error));
    }
    if had_old {
        fs::remove_dir_all(&old).map_err(io_error("remove", &old))?;
    }
    Ok(())
}

fn write_into(tables: &[Table], folder: &Path, stamp: &Stamp) -> Result<Generated, GenerateError> {
    fs::create_dir_all(folder).map_err(io_error("make the folder", folder))?;
    // Encoding is most of the work, and tables do not depend on each other here.
    let written = std::thread::scope(|scope| {
        let threads: Vec<_> = tables
            .iter()
            .filter(|table| table.written)
            .map(|table| {
                let path = folder.join(file_name(&table.name));
                (table, scope.spawn(move || write_table(table, &path)))
            })
            .collect();
        let join =
            |(table, thread): (&Table, std::thread::ScopedJoinHandle<'_, Result<u64, GenerateError>>)| {
                let bytes = thread.join().unwrap_or_else(|_| {
                    let path = folder.join(file_name(&table.name));
                    Err(io_error("write", &path)(io::Error::other("the writer stopped")))
                })?;
                let rows = u64::try_from(table.rows).unwrap_or(u64::MAX);
                Ok((table.name.clone(), GeneratedTable { rows, bytes }))
            };
        threads.into_iter().map(join).collect::<Result<BTreeMap<_, _>, GenerateError>>()
    })?;
    let path = folder.join(STAMP_FILE);
    let file = StampFile {
        spec: stamp.spec.to_string(),
        as_of: stamp.as_of.to_string(),
        week_from: stamp.week.from.to_string(),
        week_to: stamp.week.to.to_string(),
        tables: written.clone(),
    };
    let mut text =
        serde_json::to_string_pretty(&file).map_err(|error| io_error("write", &path)(error.into()))?;
    text.push('\n');
    fs::write(&path, text).map_err(io_error("write", &path))?;
    Ok(Generated { week: stamp.week, tables: written })
}

fn write_table(table: &Table, path: &Path) -> Result<u64, GenerateError> {
    let encode =
        |source: ParquetError| GenerateError::Encode { path: path.to_owned(), source: Box::new(source) };
    let columns: Vec<&Column> = table.columns.iter().filter(|column| column.written).collect();
    let schema = Arc::new(Schema::new(columns.iter().map(|column| field(column)).collect::<Vec<_>>()));
    let file = File::create(path).map_err(io_error("create", path))?;
    let mut writer =
        ArrowWriter::try_new(&file, Arc::clone(&schema), Some(properties(&columns))).map_err(encode)?;
    for start in (0..table.rows).step_by(GROUP_ROWS) {
        let end = table.rows.min(start + GROUP_ROWS);
        let arrays: Result<Vec<_>, ArrowError> =
            columns.iter().map(|column| array(&column.values, start, end)).collect();
        let batch = arrays.and_then(|arrays| RecordBatch::try_new(Arc::clone(&schema), arrays));
        writer.write(&batch.map_err(|error| encode(error.into()))?).map_err(encode)?;
    }
    writer.close().map_err(encode)?;
    // Its length is about to be vouched for.
    file.sync_all().map_err(io_error("write", path))?;
    Ok(file.metadata().map_err(io_error("measure", path))?.len())
}

fn properties(columns: &[&Column]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS));
    for column in columns {
        // Numbered names share all but their ends with the one before.
        if matches!(column.values, Values::Sequence { .. }) {
            let path = ColumnPath::from(column.name.as_str());
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BYTE_ARRAY);
        }
    }
    properties.build()
}

fn field(column: &Column) -> Field {
    let (data_type, nullable) = match &column.values {
        Values::Text { optional, .. } | Values::Sequence { optional, .. } => (DataType::Utf8, *optional),
        Values::Integer(_) => (DataType::Int64, false),
        Values::Hundredths(_) => (DataType::Decimal128(PRECISION, 2), false),
        Values::Date(_) => (DataType::Date32, false),
    };
    Field::new(&column.name, data_type, nullable)
}

fn array(values: &Values, start: usize, end: usize) -> Result<ArrayRef, ArrowError> {
    let slice = |numbers: &[i64]| numbers.get(start..end).unwrap_or(&[]).to_vec();
    Ok(match values {
        Values::Text { pool, at, .. } => {
            let texts = at.get(start..end).unwrap_or(&[]).iter();
            let text = |at: &Option<u32>| at.and_then(|at| pool.get(index(at))).map(String::as_str);
            Arc::new(texts.map(text).collect::<arrow::array::StringArray>())
        }
        Values::Sequence { prefix, digits, .. } => {
            let mut builder =
                StringBuilder::with_capacity(end - start, (end - start) * (prefix.len() + digits));
            let mut text = String::new();
            for row in start..end {
                text.clear();
                builder.append_option(values.write_text(row, &mut text).then_some(&text));
            }
            Arc::new(builder.finish())
        }
        Values::Integer(numbers) => Arc::new(Int64Array::from(slice(numbers))),
        Values::Hundredths(numbers) => {
            let numbers = slice(numbers).into_iter().map(i128::from);
            Arc::new(Decimal128Array::from_iter_values(numbers).with_precision_and_scale(PRECISION, 2)?)
        }
        Values::Date(days) => Arc::new(Date32Array::from(days.get(start..end).unwrap_or(&[]).to_vec())),
    })
}
