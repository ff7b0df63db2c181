//! Reads a column's mask. What a mask makes of values is the engine's.

use crate::log::Log;
use crate::yaml::{Node, Source, Value};
use crate::{Field, LoadError, Mask};
use splitplane_types::{Bucket, BucketUnit, DataType};
use std::num::NonZeroU32;

const REMEDY: &str =
    "write `null`, `last4` (1 to 64 characters), `hash`, `{ bucket: 10 }` or `{ bucket: month }`";

/// The mask; none after a mistake.
pub(super) fn mask(log: Log<'_>, field: &Field, node: &Node) -> Option<Mask> {
    let source = log.source;
    // YAML reads a bare `null` as no value.
    if matches!(node.value, Value::Null) || node.value.as_text() == Some("null") {
        return Some(Mask::Null);
    }
    if matches!(node.value, Value::Mapping(_)) {
        let part = log.part(node, "a mask", &["bucket"])?;
        return log.keep(bucket(source, field, part.required("bucket")?));
    }
    log.keep(match node.value.as_text() {
        Some("hash") => Ok(Mask::Hash),
        Some(text) => last(source, field, node, text),
        None => Err(unknown(source, field, node)),
    })
}

fn unknown(source: Source<'_>, field: &Field, node: &Node) -> LoadError {
    source
        .error(node.line, format!("the mask of column `{}` is not known", field.name), REMEDY)
        .coded("invalid-mask")
}

fn last(source: Source<'_>, field: &Field, node: &Node, text: &str) -> Result<Mask, LoadError> {
    let count = text.strip_prefix("last").and_then(|count| count.parse::<u8>().ok());
    let Some(count @ 1..=64) = count else { return Err(unknown(source, field, node)) };
    if field.data_type.is_some_and(|data_type| data_type != DataType::String) {
        let what = format!("column `{}` is no text, so it has no last characters", field.name);
        return Err(source
            .error(node.line, what, "write `mask: null` or `mask: hash`")
            .coded("invalid-mask"));
    }
    Ok(Mask::Last(count))
}

/// A bucket needs a type that the model declares: files must not decide what a column shows.
fn bucket(source: Source<'_>, field: &Field, node: &Node) -> Result<Mask, LoadError> {
    let (mask, fits): (Mask, &[DataType]) = if let Value::Integer(width) = node.value {
        let width = u32::try_from(width).ok().and_then(NonZeroU32::new);
        let width = width.ok_or_else(|| unknown(source, field, node))?;
        (Mask::Bucket(Bucket::Width(width)), &[DataType::Integer, DataType::Decimal, DataType::Float])
    } else {
        let named = |unit: &BucketUnit| node.value.as_text() == Some(unit.as_str());
        let unit = BucketUnit::ALL.into_iter().find(named).ok_or_else(|| unknown(source, field, node))?;
        (Mask::Bucket(Bucket::Unit(unit)), &[DataType::Date, DataType::Timestamp, DataType::TimestampTz])
    };
    if field.data_type.is_some_and(|data_type| fits.contains(&data_type)) {
        return Ok(mask);
    }
    let what = format!("column `{}` does not have such buckets", field.name);
    let remedy = "numbers have widths, dates and times have units; give the field a `datatype` in the model";
    Err(source.error(node.line, what, remedy).coded("invalid-mask"))
}
