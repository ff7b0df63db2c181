//! Rows of JSON lines, as text.
//!
//! Decides what a line says: one JSON object, strictly, with no name twice. A number is its own spelling, so that
//! decimals stay exact; a text is what it says; an array or object is its JSON, as it is written; `null` and a
//! name that is not there are NULL. Types, and what is done with the text, are decided where CSV's are. No error
//! holds anything of a line: a line may be anybody's.

use crate::error::AnyError;
use crate::files::BATCH_ROWS;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::SchemaRef;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{BufRead, Read};
use std::sync::Arc;

/// Bytes of a line; without a bound, a file without an end of line would be read into memory whole.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// Text of a batch, beyond which it is handed up with fewer rows.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// Why a line is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    #[error("a line is not UTF-8")]
    Encoding,
    #[error("a line is longer than {LINE_BYTES_MAX} bytes")]
    Length,
    #[error("a line is no JSON object, or has a name twice")]
    Object,
}

/// Columns of the rows, in batches.
#[derive(Debug)]
pub(crate) struct Rows<Source> {
    source: Source,
    schema: SchemaRef,
    line: Vec<u8>,
    is_first: bool,
}

impl<Source: BufRead> Rows<Source> {
    /// Reads the columns of a schema that holds nothing but text.
    pub(crate) const fn new(source: Source, schema: SchemaRef) -> Self {
        Self { source, schema, line: Vec::new(), is_first: true }
    }

    /// The next line; `None` at the end.
    fn advance(&mut self) -> Result<Option<&str>, AnyError> {
        self.line.clear();
        let read = self.source.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        if u64::try_from(self.line.len())? > LINE_BYTES_MAX {
            return Err(LineError::Length.into());
        }
        let line = std::str::from_utf8(&self.line).map_err(|_error| LineError::Encoding)?;
        let line = if self.is_first { line.trim_start_matches('\u{feff}') } else { line };
        self.is_first = false;
        Ok(Some(line))
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, AnyError> {
        let schema = Arc::clone(&self.schema);
        let places: HashMap<&str, usize> =
            schema.fields().iter().enumerate().map(|(at, field)| (field.name().as_str(), at)).collect();
        let mut columns: Vec<StringBuilder> = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        let (mut rows, mut bytes) = (0, 0);
        while rows < BATCH_ROWS && bytes < BATCH_BYTES_MAX {
            let Some(line) = self.advance()? else { break };
            // What an editor leaves at the end of a file.
            if line.trim_ascii().is_empty() {
                continue;
            }
            bytes += line.len();
            let mut values: Vec<Option<String>> = vec![None; columns.len()];
            for (name, value) in members(line)? {
                if let Some(place) = places.get(name.as_str()).and_then(|at| values.get_mut(*at)) {
                    *place = text(value)?;
                }
            }
            for (column, value) in columns.iter_mut().zip(values) {
                column.append_option(value);
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = columns.into_iter().map(|mut column| -> ArrayRef { Arc::new(column.finish()) });
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(Some(RecordBatch::try_new_with_options(schema, columns.collect(), &options)?))
    }
}

impl<Source: BufRead> Iterator for Rows<Source> {
    type Item = Result<RecordBatch, AnyError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

/// The names of an object, each with its value as it is written.
fn members(line: &str) -> Result<Vec<(String, &str)>, LineError> {
    // Whether it is JSON, and which names it has, a parser says; where a value ends is then easily seen.
    let names: Names = serde_json::from_str(line).map_err(|_error| LineError::Object)?;
    let mut rest = line.trim_ascii().strip_prefix('{').ok_or(LineError::Object)?;
    let mut members = Vec::with_capacity(names.0.len());
    for name in names.0 {
        let key = rest.trim_ascii_start();
        let after = key.split_at_checked(string_length(key)).ok_or(LineError::Object)?.1;
        let value = after.trim_ascii_start().strip_prefix(':').ok_or(LineError::Object)?.trim_ascii_start();
        let (value, after) = value.split_at_checked(value_length(value)).ok_or(LineError::Object)?;
        let after = after.trim_ascii_start();
        rest = after.strip_prefix([',', '}']).ok_or(LineError::Object)?;
        members.push((name, value));
    }
    Ok(members)
}

/// The length of the string that a text begins with, both quotes included.
fn string_length(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return at + 1,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    text.len()
}

/// The length of the value that a text begins with.
fn value_length(text: &str) -> usize {
    match text.bytes().next() {
        Some(b'"') => string_length(text),
        Some(b'{' | b'[') => nested_length(text),
        _ => text
            .find(|letter: char| matches!(letter, ',' | '}') || letter.is_ascii_whitespace())
            .unwrap_or(text.len()),
    }
}

fn nested_length(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = match rest.bytes().next() {
            Some(b'"') => string_length(rest),
            Some(b'{' | b'[') => {
                depth += 1;
                1
            }
            Some(b'}' | b']') => {
                depth -= 1;
                1
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += length;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// A value in the text that it is read as.
fn text(value: &str) -> Result<Option<String>, LineError> {
    match value.bytes().next() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(value).map(Some).map_err(|_error| LineError::Object),
        _ => Ok(Some(value.to_owned())),
    }
}

/// Names of an object in order, of which no two are the same.
struct Names(Vec<String>);

impl<'de> serde::Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
        let mut known = HashSet::new();
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            // Another reader would take the other value.
            if !known.insert(name.clone()) {
                return Err(serde::de::Error::custom("a name is there twice"));
            }
            names.push(name);
        }
        Ok(Names(names))
    }
}

#[cfg(test)]
mod tests;
