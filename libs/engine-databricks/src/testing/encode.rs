//! Results in the forms in which they travel: Arrow streams, rows of texts, and the manifest.
//!
//! Decides how a value of Arrow is spelled as text and what its type is called. It does not decide what goes wrong.

use super::BackendError;
use super::request::{Disposition, Execute};
use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    DataType, Field, FieldRef, IntervalUnit, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;

const INLINE_BYTES_MAX: usize = 25 * 1024 * 1024;
/// In the metadata of a field: what a manifest calls its type, in place of its own name.
const TYPE_TEXT: &str = "type_text";

/// A result, cut into chunks.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) columns: Vec<Value>,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) is_truncated: bool,
}

#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) rows: u64,
    pub(crate) data: Data,
}

#[derive(Debug)]
pub(crate) enum Data {
    Arrow(Bytes),
    Texts(Value, u64),
}

impl Chunk {
    pub(crate) fn bytes(&self) -> u64 {
        match &self.data {
            Data::Arrow(bytes) => number(bytes.len()),
            Data::Texts(_, bytes) => *bytes,
        }
    }
}

impl Encoded {
    pub(crate) fn rows(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.rows).sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.chunks.iter().map(Chunk::bytes).sum()
    }
}

pub(crate) fn number(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// Cuts a result into chunks, within the limits of its request.
pub(crate) fn encode(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    request: &Execute,
    (chunk_rows, has_empty_chunk): (usize, bool),
) -> Result<Encoded, BackendError> {
    let failed = |error: ArrowError| BackendError {
        error_code: "INTERNAL_ERROR".to_owned(),
        message: error.to_string(),
        sql_state: "XX000".to_owned(),
    };
    let columns = schema.fields().iter().enumerate();
    let columns = columns.map(|(at, field)| column(at, field));
    let columns = columns.collect::<Option<Vec<_>>>();
    let columns =
        columns.ok_or_else(|| failed(ArrowError::SchemaError("a type without a name".to_owned())))?;
    let all = concat_batches(schema, batches).map_err(failed)?;
    let row_limit = request.row_limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut encoded = Encoded { columns, chunks: Vec::new(), is_truncated: all.num_rows() > row_limit };
    let rows = all.num_rows().min(row_limit);
    let (mut begin, mut bytes) = (0, 0);
    while begin < rows || (has_empty_chunk && encoded.chunks.is_empty()) {
        let part = all.slice(begin, chunk_rows.max(1).min(rows - begin));
        begin += chunk_rows.max(1);
        let data = match request.disposition {
            Disposition::ExternalLinks => Data::Arrow(stream(&part).map_err(failed)?),
            Disposition::Inline => {
                let texts = texts(&part).map_err(failed)?;
                let bytes = number(texts.to_string().len());
                Data::Texts(texts, bytes)
            }
        };
        let chunk = Chunk { rows: number(part.num_rows()), data };
        if request.byte_limit.is_some_and(|limit| bytes + chunk.bytes() > limit) {
            encoded.is_truncated = true;
            break;
        }
        bytes += chunk.bytes();
        encoded.chunks.push(chunk);
    }
    if request.disposition == Disposition::Inline && bytes > number(INLINE_BYTES_MAX) {
        return Err(BackendError {
            error_code: "BAD_REQUEST".to_owned(),
            message: "the result is larger than 25 MiB".to_owned(),
            sql_state: String::new(),
        });
    }
    Ok(encoded)
}

/// In two batches where there are two rows, so that a chunk is more than one.
fn stream(rows: &RecordBatch) -> Result<Bytes, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema())?;
    let half = rows.num_rows() / 2;
    for (begin, length) in [(0, half), (half, rows.num_rows() - half)] {
        if length > 0 {
            writer.write(&rows.slice(begin, length))?;
        }
    }
    Ok(Bytes::from(writer.into_inner()?))
}

/// The same rows, with the names of their columns in capitals.
pub(crate) fn in_capitals(bytes: &Bytes) -> Result<Bytes, ArrowError> {
    let reader = StreamReader::try_new(bytes.as_ref(), None)?;
    let rename = |field: &FieldRef| field.as_ref().clone().with_name(field.name().to_ascii_uppercase());
    let fields: Vec<_> = reader.schema().fields().iter().map(rename).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    for rows in reader {
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), rows?.columns().to_vec())?)?;
    }
    Ok(Bytes::from(writer.into_inner()?))
}

fn texts(rows: &RecordBatch) -> Result<Value, ArrowError> {
    let columns = rows.columns().iter().map(|column| texts_of(column));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let row =
        |at: usize| columns.iter().map(|column| column.get(at).cloned().unwrap_or(Value::Null)).collect();
    Ok(Value::Array((0..rows.num_rows()).map(row).collect()))
}

fn texts_of(column: &dyn Array) -> Result<Vec<Value>, ArrowError> {
    let options = FormatOptions::new();
    let data_type = column.data_type();
    let instants = if let DataType::Timestamp(TimeUnit::Microsecond, zone) = data_type {
        Some(zone.is_some())
    } else {
        None
    };
    let formatter = match instants {
        Some(_) => None,
        None => Some(ArrayFormatter::try_new(column, &options)?),
    };
    let text = |at: usize| {
        if column.is_null(at) || data_type == &DataType::Null {
            return Some(Value::Null);
        }
        if let Some(formatter) = &formatter {
            return Some(Value::String(formatter.value(at).to_string()));
        }
        let micros = column.as_primitive::<TimestampMicrosecondType>().value(at);
        let instant = jiff::Timestamp::from_microsecond(micros).ok()?;
        let civil = instant.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        Some(Value::String(if instants == Some(true) { instant.to_string() } else { civil.to_string() }))
    };
    let all: Option<Vec<_>> = (0..column.len()).map(text).collect();
    all.ok_or_else(|| ArrowError::CastError("a time that is none".to_owned()))
}

fn column(position: usize, field: &Field) -> Option<Value> {
    let (name, data_type) = (field.name(), field.data_type());
    let text = match field.metadata().get(TYPE_TEXT) {
        Some(text) => text.clone(),
        None => type_text(data_type)?,
    };
    let base = text.split(['(', '<', ' ']).next()?;
    let type_name = match base {
        "TINYINT" => "BYTE",
        "SMALLINT" => "SHORT",
        "BIGINT" => "LONG",
        "VOID" => "NULL",
        other => other,
    };
    let mut column = json!({"name": name, "position": position, "type_name": type_name, "type_text": text});
    if let (DataType::Decimal128(precision, scale), Some(column)) = (data_type, column.as_object_mut()) {
        column.insert("type_precision".to_owned(), json!(precision));
        column.insert("type_scale".to_owned(), json!(scale));
    }
    Some(column)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here has no name")]
fn type_text(data_type: &DataType) -> Option<String> {
    let text = match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INT",
        DataType::Int64 => "BIGINT",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "STRING",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "BINARY",
        DataType::Date32 => "DATE",
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "TIMESTAMP",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "TIMESTAMP_NTZ",
        DataType::Null => "VOID",
        DataType::Duration(TimeUnit::Microsecond) => "INTERVAL DAY TO SECOND",
        DataType::Interval(IntervalUnit::YearMonth) => "INTERVAL YEAR TO MONTH",
        DataType::Decimal128(precision, scale) => return Some(format!("DECIMAL({precision},{scale})")),
        DataType::List(item) | DataType::LargeList(item) => {
            return Some(format!("ARRAY<{}>", type_text(item.data_type())?));
        }
        DataType::Struct(fields) => {
            let member = |field: &FieldRef| {
                Some(format!("`{}`: {}", field.name().replace('`', "``"), type_text(field.data_type())?))
            };
            let members = fields.iter().map(member).collect::<Option<Vec<_>>>()?;
            return Some(format!("STRUCT<{}>", members.join(", ")));
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(pair) = entries.data_type() else { return None };
            let [key, value] = pair.as_ref() else { return None };
            return Some(format!("MAP<{}, {}>", type_text(key.data_type())?, type_text(value.data_type())?));
        }
        _ => return None,
    };
    Some(text.to_owned())
}
