//! The types of SQL, as a manifest spells them, in the types of Arrow.
//!
//! Decides what an empty result looks like, what text is read as, and which types are known. A timestamp with a zone is
//! an instant and is labelled `UTC`, whatever zone the session was in. A text that another collation than that of its
//! bytes compares is of no known type: what is equal there is not equal here.

use crate::error::{Cause, DatabricksError};
use crate::wire::Column;
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// The label of instants.
pub(crate) const UTC: &str = "UTC";
/// The collation that compares the bytes of a text.
const BYTES: &str = "UTF8_BINARY";
const DEPTH_MAX: usize = 32;

/// The schema that a manifest describes.
pub(crate) fn schema(columns: &[Column]) -> Result<SchemaRef, DatabricksError> {
    let unknown = || DatabricksError::Protocol(Cause::Found("a column of a type that is not known"));
    let field = |column: &Column| {
        let data_type = parse(&column.type_text, 0).ok_or_else(unknown)?;
        Ok(Field::new(column.name.clone(), data_type, true))
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, DatabricksError>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// The columns whose types are known; the others are left out.
pub(crate) fn known(columns: &[Column]) -> Vec<(String, DataType)> {
    let one = |column: &Column| Some((column.name.clone(), parse(&column.type_text, 0)?));
    columns.iter().filter_map(one).collect()
}

/// The schema of an Arrow stream, with instants labelled alike.
pub(crate) fn labelled(schema: &Schema) -> SchemaRef {
    let label = |field: &Arc<Field>| {
        if let DataType::Timestamp(TimeUnit::Microsecond, Some(_)) = field.data_type() {
            let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()));
            Arc::new(field.as_ref().clone().with_data_type(zoned))
        } else {
            Arc::clone(field)
        }
    };
    Arc::new(Schema::new(schema.fields().iter().map(label).collect::<Fields>()))
}

fn parse(text: &str, depth: usize) -> Option<DataType> {
    if depth > DEPTH_MAX {
        return None;
    }
    let text = text.trim();
    if let Some(inner) = enclosed(text, "ARRAY<") {
        let item = parse(inner, depth + 1)?;
        return Some(DataType::List(Arc::new(Field::new("element", item, true))));
    }
    if let Some(inner) = enclosed(text, "MAP<") {
        let parts = split(inner, ',')?;
        let [key, value] = parts.as_slice() else { return None };
        let key = Field::new("key", parse(key, depth + 1)?, false);
        let value = Field::new("value", parse(value, depth + 1)?, true);
        let entries = DataType::Struct(Fields::from(vec![key, value]));
        return Some(DataType::Map(Arc::new(Field::new("entries", entries, false)), false));
    }
    if let Some(inner) = enclosed(text, "STRUCT<") {
        let fields = split(inner, ',')?.into_iter().filter(|part| !part.trim().is_empty());
        let fields = fields.map(|part| member(part, depth)).collect::<Option<Vec<_>>>()?;
        return Some(DataType::Struct(Fields::from(fields)));
    }
    flat(&text.to_ascii_uppercase())
}

fn flat(text: &str) -> Option<DataType> {
    let (text, collation) = match text.split_once(" COLLATE ") {
        Some((text, collation)) => (text.trim_end(), Some(collation.trim_start())),
        None => (text, None),
    };
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name.trim(), Some(rest.strip_suffix(')')?)),
        None => (text, None),
    };
    match (name, collation) {
        (_, None) | ("STRING" | "VARCHAR" | "CHAR", Some(BYTES)) => {}
        (_, Some(_)) => return None,
    }
    Some(match name {
        "BOOLEAN" => DataType::Boolean,
        "TINYINT" | "BYTE" => DataType::Int8,
        "SMALLINT" | "SHORT" => DataType::Int16,
        "INT" | "INTEGER" => DataType::Int32,
        "BIGINT" | "LONG" => DataType::Int64,
        "FLOAT" | "REAL" => DataType::Float32,
        "DOUBLE" => DataType::Float64,
        "DECIMAL" | "DEC" | "NUMERIC" => decimal(arguments)?,
        "STRING" | "VARCHAR" | "CHAR" => DataType::Utf8,
        "BINARY" => DataType::Binary,
        "DATE" => DataType::Date32,
        "TIMESTAMP" | "TIMESTAMP_LTZ" => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        "TIMESTAMP_NTZ" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "VOID" | "NULL" => DataType::Null,
        "INTERVAL YEAR" | "INTERVAL MONTH" | "INTERVAL YEAR TO MONTH" => {
            DataType::Interval(IntervalUnit::YearMonth)
        }
        other if other.starts_with("INTERVAL ") => DataType::Duration(TimeUnit::Microsecond),
        _ => return None,
    })
}

fn decimal(arguments: Option<&str>) -> Option<DataType> {
    let (precision, scale) = match arguments {
        None => (10, 0),
        Some(arguments) => match arguments.split_once(',') {
            Some((precision, scale)) => (precision.trim().parse().ok()?, scale.trim().parse().ok()?),
            None => (arguments.trim().parse().ok()?, 0),
        },
    };
    let is_one =
        (1..=38).contains(&precision) && i8::try_from(precision).is_ok_and(|p| (0..=p).contains(&scale));
    is_one.then_some(DataType::Decimal128(precision, scale))
}

/// `name: TYPE [NOT NULL] [COMMENT '..']`; what follows the type, of which a collation is part, does not change it.
fn member(text: &str, depth: usize) -> Option<Field> {
    let text = text.trim();
    let (name, rest) = match text.strip_prefix('`') {
        Some(quoted) => {
            let end = quoted.replace("``", "\u{1}\u{1}").find('`')?;
            (quoted.get(..end)?.replace("``", "`"), quoted.get(end + 1..)?)
        }
        None => text
            .split_once(':')
            .and_then(|(name, _)| Some((name.trim().to_owned(), text.get(name.len()..)?)))?,
    };
    let rest = rest.trim_start().strip_prefix(':')?;
    let upper = rest.to_ascii_uppercase();
    let end = [" NOT NULL", " COMMENT "].iter().filter_map(|word| upper.find(word)).min();
    // A nested type is parsed whole: the words could be within it.
    let data_type = match parse(rest, depth + 1) {
        Some(data_type) => data_type,
        None => parse(rest.get(..end?)?, depth + 1)?,
    };
    Some(Field::new(name, data_type, true))
}

/// What stands between `PREFIX<` and the `>` that ends the text.
fn enclosed<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    let is_it = head.eq_ignore_ascii_case(prefix);
    is_it.then(|| text.get(prefix.len()..)?.strip_suffix('>')).flatten()
}

/// The parts between separators that stand in no brackets and no quotes.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '`' | '\'') => quote = Some(c),
            (None, '<' | '(') => depth += 1,
            (None, '>' | ')') => depth = depth.checked_sub(1)?,
            (None, c) if c == separator && depth == 0 => {
                parts.push(text.get(begin..at)?);
                begin = at + c.len_utf8();
            }
            (None, _) => {}
        }
    }
    parts.push(text.get(begin..)?);
    (depth == 0 && quote.is_none()).then_some(parts)
}

#[cfg(test)]
mod tests;
