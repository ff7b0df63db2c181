//! JSON as the AWS SDK writes it, and back.
//!
//! Decides nothing but how deep a document may be.

use aws_smithy_types::{Document, Number};
use serde_json::Value;

/// Deeper than any answer that is asked for.
const DEPTH_MAX: usize = 32;

/// A value as a document.
pub(super) fn from_json(value: Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(truth) => Document::Bool(truth),
        Value::Number(number) => Document::Number(number_of(&number)),
        Value::String(text) => Document::String(text),
        Value::Array(items) => Document::Array(items.into_iter().map(from_json).collect()),
        Value::Object(fields) => {
            Document::Object(fields.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    }
}

fn number_of(number: &serde_json::Number) -> Number {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => Number::PosInt(number),
        (None, Some(number), _) => Number::NegInt(number),
        (None, None, number) => Number::Float(number.unwrap_or(f64::NAN)),
    }
}

/// A document as a value; `None` where JSON has none for it, or where it is too deep.
pub(super) fn to_json(document: &Document) -> Option<Value> {
    within(document, DEPTH_MAX)
}

fn within(document: &Document, depth: usize) -> Option<Value> {
    let below = depth.checked_sub(1)?;
    Some(match document {
        Document::Null => Value::Null,
        Document::Bool(truth) => Value::Bool(*truth),
        Document::Number(Number::PosInt(number)) => Value::from(*number),
        Document::Number(Number::NegInt(number)) => Value::from(*number),
        Document::Number(Number::Float(number)) => Value::Number(serde_json::Number::from_f64(*number)?),
        Document::String(text) => Value::String(text.clone()),
        Document::Array(items) => {
            Value::Array(items.iter().map(|item| within(item, below)).collect::<Option<_>>()?)
        }
        Document::Object(fields) => {
            let field = |(key, value): (&String, &Document)| Some((key.clone(), within(value, below)?));
            Value::Object(fields.iter().map(field).collect::<Option<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_comes_back_as_it_was_and_depth_has_an_end() {
        let value = json!({ "a": [1, -2, 2.5, null, true, "x"], "b": { "c": [] } });
        assert_eq!(to_json(&from_json(value.clone())), Some(value));
        let nested = |depth: usize| (1..depth).fold(Document::Null, |inner, _| Document::Array(vec![inner]));
        assert!(to_json(&nested(DEPTH_MAX)).is_some());
        assert_eq!(to_json(&nested(DEPTH_MAX + 1)), None);
        assert_eq!(to_json(&Document::Number(Number::Float(f64::NAN))), None);
    }
}
