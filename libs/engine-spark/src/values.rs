//! Parameters of a translated statement as values of the wire.

use crate::connect::expression::Value;
use arrow::array::types::{Date32Type, TimestampMicrosecondType};
use arrow::compute::kernels::cast_utils::Parser;
use splitplane_spark_sql::{Parameter, Value as Bound};

/// A value that is not what its type says.
#[derive(Debug, thiserror::Error)]
#[error("a parameter is no {0}")]
pub(crate) struct NoValue(&'static str);

/// Names and values.
pub(crate) fn bound(parameters: &[Parameter]) -> Result<Vec<(String, Value)>, NoValue> {
    parameters.iter().map(|parameter| Ok((parameter.name.clone(), value(&parameter.value)?))).collect()
}

fn value(value: &Bound) -> Result<Value, NoValue> {
    Ok(match value {
        Bound::Text(text) => Value::Text(text.clone()),
        Bound::Integer(number) => Value::Long(*number),
        Bound::Small(number) => Value::Integer(*number),
        Bound::Decimal { digits, precision, scale } => {
            let whole: String = digits.chars().filter(|letter| *letter != '.').collect();
            let behind = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
            let fits = usize::from(*scale) == behind;
            let digits = whole.parse().ok().filter(|_| fits).ok_or(NoValue("decimal"))?;
            Value::Decimal { digits, precision: *precision, scale: *scale }
        }
        Bound::Double(number) => Value::Double(*number),
        Bound::Date(text) => Value::Date(Date32Type::parse(text).ok_or(NoValue("date"))?),
        Bound::Timestamp(text) => {
            Value::TimestampNtz(TimestampMicrosecondType::parse(text).ok_or(NoValue("time"))?)
        }
        Bound::Boolean(truth) => Value::Boolean(*truth),
    })
}
