//! From Arrow batches to a [`Table`]: exact decimals, ISO dates, doubles rounded before anyone compares them.
//!
//! Types are those of the batches: a plan may declare decimal(36,6) and deliver decimal(26,6).

use crate::EngineError;
use crate::typing;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Decimal128Type, Float64Type, Int64Type, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use splitplane_types::{Cell, Column, DataType, Decimal, Table};

/// Converts a complete result. `masked` has one flag per column.
///
/// # Errors
/// [`EngineError::Plan`] for a column of a type that no result has.
pub fn table(schema: &SchemaRef, batches: &[RecordBatch], masked: &[bool]) -> Result<Table, EngineError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (at, field) in schema.fields().iter().enumerate() {
        let delivered = batches
            .first()
            .map_or_else(|| field.data_type().clone(), |batch| batch.column(at).data_type().clone());
        columns.push(Column {
            name: field.name().clone(),
            data_type: shown(&delivered)?,
            unit: None,
            masked: masked.get(at).copied().unwrap_or(true),
        });
    }
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        rows.extend(cells(batch)?);
    }
    Ok(Table { columns, rows })
}

/// The type of a result column, or a refusal: no result holds lists, intervals or bytes.
pub(crate) fn shown(data_type: &Arrow) -> Result<DataType, EngineError> {
    typing::data_type(data_type)
        .ok_or_else(|| EngineError::plan(format!("a result column of type {data_type}")))
}

/// The rows of a batch.
pub(crate) fn cells(batch: &RecordBatch) -> Result<Vec<Vec<Cell>>, EngineError> {
    let columns = batch.columns().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    Ok((0..batch.num_rows()).map(|_row| columns.iter_mut().filter_map(Iterator::next).collect()).collect())
}

fn column(array: &ArrayRef) -> Result<Vec<Cell>, EngineError> {
    let to = |data_type: &Arrow| cast(array, data_type).map_err(EngineError::internal);
    let cells = match shown(array.data_type())? {
        DataType::String => {
            let array = to(&Arrow::Utf8)?;
            optional(array.as_string::<i32>().iter().map(|v| v.map(|v| Cell::Text(v.to_owned()))))
        }
        DataType::Boolean => optional(array.as_boolean().iter().map(|v| v.map(Cell::Boolean))),
        DataType::Float => {
            let array = to(&Arrow::Float64)?;
            optional(array.as_primitive::<Float64Type>().iter().map(|v| v.map(|v| Cell::Float(rounded(v)))))
        }
        // Unsigned 64-bit integers may be too large for the cell's; they are exact as decimals.
        DataType::Integer if *array.data_type() == Arrow::UInt64 => {
            let array = to(&Arrow::Decimal128(20, 0))?;
            optional(array.as_primitive::<Decimal128Type>().iter().map(|v| v.map(whole)))
        }
        DataType::Integer => {
            let array = to(&Arrow::Int64)?;
            optional(array.as_primitive::<Int64Type>().iter().map(|v| v.map(Cell::Integer)))
        }
        DataType::Decimal => return decimals(array),
        DataType::Date => formatted(&to(&Arrow::Date32)?, Cell::Date)?,
        DataType::Timestamp | DataType::TimestampTz => formatted(array, Cell::Timestamp)?,
    };
    Ok(cells)
}

fn optional(values: impl Iterator<Item = Option<Cell>>) -> Vec<Cell> {
    values.map(|value| value.unwrap_or(Cell::Null)).collect()
}

fn whole(value: i128) -> Cell {
    match i64::try_from(value) {
        Ok(value) => Cell::Integer(value),
        Err(_wide) => Decimal::new(value, 0).map_or(Cell::Null, Cell::Decimal),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
fn decimals(array: &ArrayRef) -> Result<Vec<Cell>, EngineError> {
    let (precision, scale) = match array.data_type() {
        Arrow::Decimal32(p, s) | Arrow::Decimal64(p, s) | Arrow::Decimal128(p, s) => (*p, *s),
        Arrow::Decimal256(_, s) => (38, *s),
        other => return Err(EngineError::internal(format!("{other} is no decimal"))),
    };
    let scale_shown = u8::try_from(scale).map_err(EngineError::internal)?;
    let array = cast(array, &Arrow::Decimal128(precision, scale)).map_err(EngineError::internal)?;
    let cell = |value: i128| Decimal::new(value, scale_shown).map(Cell::Decimal);
    Ok(optional(array.as_primitive::<Decimal128Type>().iter().map(|value| value.and_then(cell))))
}

/// Arrow's own texts of dates and times are ISO 8601.
fn formatted(array: &ArrayRef, cell: fn(String) -> Cell) -> Result<Vec<Cell>, EngineError> {
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).map_err(EngineError::internal)?;
    let mut cells = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        let text = formatter.value(row).try_to_string().map_err(EngineError::internal)?;
        cells.push(if array.is_valid(row) { cell(text) } else { Cell::Null });
    }
    Ok(cells)
}

/// To 12 significant digits: more of a sum depends on the order of its terms. Negative zero is zero.
pub(crate) fn rounded(value: f64) -> f64 {
    let rounded = format!("{value:.11e}").parse().unwrap_or(value);
    if rounded == 0.0 { 0.0 } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Decimal128Array, Float64Array, TimestampMicrosecondArray, UInt64Array};
    use arrow::datatypes::{Field, Schema};
    use std::sync::Arc;

    #[test]
    fn values_keep_their_exact_text() {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(
                Decimal128Array::from(vec![Some(8_400_000), None]).with_precision_and_scale(26, 2).unwrap(),
            ),
            Arc::new(Float64Array::from(vec![Some(0.1 + 0.2), Some(-0.0)])),
            Arc::new(Date32Array::from(vec![Some(20_773), None])),
            Arc::new(TimestampMicrosecondArray::from(vec![Some(1_794_787_200_000_001), None])),
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(1_794_787_200_000_000), None]).with_timezone("UTC"),
            ),
            Arc::new(UInt64Array::from(vec![Some(7), Some(u64::MAX)])),
        ];
        // The plan declared another precision than was delivered.
        let declared = |array: &ArrayRef| {
            let decimal = matches!(array.data_type(), Arrow::Decimal128(..));
            if decimal { Arrow::Decimal128(36, 6) } else { array.data_type().clone() }
        };
        let delivered = Schema::new(
            columns.iter().map(|a| Field::new("c", a.data_type().clone(), true)).collect::<Vec<_>>(),
        );
        let planned =
            Schema::new(columns.iter().map(|a| Field::new("c", declared(a), true)).collect::<Vec<_>>());
        let batch = RecordBatch::try_new(Arc::new(delivered), columns).unwrap();
        let table = table(&Arc::new(planned), &[batch], &[false; 6]).unwrap();
        let Cell::Decimal(amount) = table.rows[0][0] else { panic!("{:?}", table.rows) };
        assert_eq!(amount.to_string(), "84000.00");
        assert_eq!(table.rows[0][1], Cell::Float(0.3));
        assert!(matches!(table.rows[1][1], Cell::Float(zero) if zero.is_sign_positive()));
        assert_eq!(table.rows[0][2], Cell::Date("2026-11-16".to_owned()));
        assert_eq!(table.rows[0][3], Cell::Timestamp("2026-11-16T00:00:00.000001".to_owned()));
        assert_eq!(table.rows[0][4], Cell::Timestamp("2026-11-16T00:00:00Z".to_owned()));
        assert_eq!(table.rows[0][5], Cell::Integer(7));
        assert!(matches!(table.rows[1][5], Cell::Decimal(wide) if wide.to_string() == u64::MAX.to_string()));
        assert_eq!(table.rows[1][0], Cell::Null);
    }

    #[test]
    fn doubles_have_twelve_significant_digits() {
        for (value, expected) in
            [(1.0 / 3.0, 0.333_333_333_333), (123_456_789_012_345.0, 123_456_789_012_000.0), (5e-324, 5e-324)]
        {
            assert_eq!(rounded(value).to_bits(), f64::to_bits(expected));
        }
        assert!(rounded(f64::NAN).is_nan());
    }
}
