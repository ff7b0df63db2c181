//! Where values go that are no syntax: out of the text, into parameters.
//!
//! Equal values share a parameter, so that expressions that were equal stay equal. The owner of a semantic
//! model has a second way: an expression without parameters, whose literals are printed so that no reader
//! can take them for anything else (texts as bytes in hexadecimal, numbers as digits).

use crate::refusal::Refusal;
use crate::statement::{Parameter, Value};

/// What becomes of a value.
#[derive(Debug)]
pub(crate) enum Values {
    /// It is bound; the text has its marker.
    Bound(Vec<Parameter>),
    /// It is printed.
    Printed,
}

impl Values {
    /// What stands in the text for a value.
    pub(crate) fn put(&mut self, value: Value) -> Result<String, Refusal> {
        let parameters = match self {
            Self::Printed => return printed(&value),
            Self::Bound(parameters) => parameters,
        };
        let known = parameters.iter().find(|parameter| parameter.value == value);
        if let Some(parameter) = known {
            return Ok(format!(":{}", parameter.name));
        }
        let name = format!("p{}", parameters.len());
        let marker = format!(":{name}");
        parameters.push(Parameter { name, value });
        Ok(marker)
    }

    /// What stands in the text for a text that this crate chose.
    pub(crate) fn text(&mut self, text: &str) -> Result<String, Refusal> {
        self.put(Value::Text(text.to_owned()))
    }

    pub(crate) fn into_parameters(self) -> Vec<Parameter> {
        match self {
            Self::Bound(parameters) => parameters,
            Self::Printed => Vec::new(),
        }
    }
}

fn printed(value: &Value) -> Result<String, Refusal> {
    Ok(match value {
        Value::Text(text) => text_literal(text),
        Value::Integer(value) => format!("CAST({value} AS BIGINT)"),
        Value::Small(value) => value.to_string(),
        Value::Decimal { digits, precision, scale } => {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
            if !plain {
                return Err(Refusal::Literal("number"));
            }
            format!("CAST({digits} AS DECIMAL({precision}, {scale}))")
        }
        // As text: a literal with an exponent is a decimal to some readers.
        Value::Double(value) => format!("CAST({} AS DOUBLE)", text_literal(&format!("{value:e}"))),
        Value::Date(date) => format!("CAST({} AS DATE)", text_literal(date)),
        Value::Timestamp(time) => format!("CAST({} AS TIMESTAMP_NTZ)", text_literal(time)),
        Value::Boolean(true) => "TRUE".to_owned(),
        Value::Boolean(false) => "FALSE".to_owned(),
    })
}

/// A text as the bytes that it is made of.
pub(crate) fn text_literal(text: &str) -> String {
    format!("CAST({} AS STRING)", bytes_literal(text.as_bytes()))
}

fn bytes_literal(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("X'{digits}'")
}
