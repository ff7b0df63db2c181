//! Wire values to domain values and back: the only place where either is built from the other.

use crate::common::v1 as wire;
use splitplane_types::{Cell, Column, DataType, Decimal, ModelUsage, Table};

/// A wire value that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed message: {0}")]
pub struct MalformedMessage(pub &'static str);

/// The wire form of what models used.
#[must_use]
pub const fn usage_to_wire(usage: ModelUsage) -> wire::ModelUsage {
    let ModelUsage { calls, input_tokens, cache_read_tokens, output_tokens } = usage;
    wire::ModelUsage { calls, input_tokens, cache_read_tokens, output_tokens }
}

/// What models used; nothing where the message does not say.
#[must_use]
pub fn usage_from_wire(usage: Option<wire::ModelUsage>) -> ModelUsage {
    let wire::ModelUsage { calls, input_tokens, cache_read_tokens, output_tokens } =
        usage.unwrap_or_default();
    ModelUsage { calls, input_tokens, cache_read_tokens, output_tokens }
}

/// The wire form of a type.
#[must_use]
pub const fn column_type(data_type: DataType) -> wire::ColumnType {
    match data_type {
        DataType::String => wire::ColumnType::String,
        DataType::Integer => wire::ColumnType::Integer,
        DataType::Decimal => wire::ColumnType::Decimal,
        DataType::Float => wire::ColumnType::Float,
        DataType::Boolean => wire::ColumnType::Boolean,
        DataType::Date => wire::ColumnType::Date,
        DataType::Timestamp => wire::ColumnType::Timestamp,
        DataType::TimestampTz => wire::ColumnType::TimestampTz,
    }
}

/// The type that a wire value stands for.
///
/// # Errors
/// An unknown or missing type.
pub fn data_type(number: i32) -> Result<DataType, MalformedMessage> {
    match wire::ColumnType::try_from(number) {
        Ok(wire::ColumnType::String) => Ok(DataType::String),
        Ok(wire::ColumnType::Integer) => Ok(DataType::Integer),
        Ok(wire::ColumnType::Decimal) => Ok(DataType::Decimal),
        Ok(wire::ColumnType::Float) => Ok(DataType::Float),
        Ok(wire::ColumnType::Boolean) => Ok(DataType::Boolean),
        Ok(wire::ColumnType::Date) => Ok(DataType::Date),
        Ok(wire::ColumnType::Timestamp) => Ok(DataType::Timestamp),
        Ok(wire::ColumnType::TimestampTz) => Ok(DataType::TimestampTz),
        Ok(wire::ColumnType::Unspecified) | Err(_) => Err(MalformedMessage("a column has no type")),
    }
}

/// The wire form of a column.
#[must_use]
pub fn column_to_wire(column: &Column) -> wire::Column {
    wire::Column {
        name: column.name.clone(),
        r#type: column_type(column.data_type).into(),
        unit: column.unit.as_deref().unwrap_or("").to_owned(),
        masked: column.masked,
    }
}

/// The column that a wire value stands for.
///
/// # Errors
/// An unknown or missing type.
pub fn column_from_wire(column: wire::Column) -> Result<Column, MalformedMessage> {
    Ok(Column {
        data_type: data_type(column.r#type)?,
        name: column.name,
        unit: (!column.unit.is_empty()).then_some(column.unit),
        masked: column.masked,
    })
}

/// The wire form of a cell.
#[must_use]
pub fn cell_to_wire(cell: &Cell) -> wire::Cell {
    use wire::cell::Kind;
    let kind = match cell {
        Cell::Null => None,
        Cell::Text(text) => Some(Kind::Text(text.clone())),
        Cell::Integer(number) => Some(Kind::Integer(*number)),
        Cell::Decimal(number) => Some(Kind::Decimal(number.to_string())),
        Cell::Float(number) => Some(Kind::Float(*number)),
        Cell::Boolean(truth) => Some(Kind::Boolean(*truth)),
        Cell::Date(text) => Some(Kind::Date(text.clone())),
        Cell::Timestamp(text) => Some(Kind::Timestamp(text.clone())),
    };
    wire::Cell { kind }
}

/// The cell that a wire value stands for.
///
/// # Errors
/// A decimal that is none.
pub fn cell_from_wire(cell: wire::Cell) -> Result<Cell, MalformedMessage> {
    use wire::cell::Kind;
    Ok(match cell.kind {
        None => Cell::Null,
        Some(Kind::Text(text)) => Cell::Text(text),
        Some(Kind::Integer(number)) => Cell::Integer(number),
        Some(Kind::Decimal(text)) => {
            let number = text.parse::<Decimal>();
            Cell::Decimal(number.or(Err(MalformedMessage("a decimal cell is not a decimal number")))?)
        }
        Some(Kind::Float(number)) => Cell::Float(number),
        Some(Kind::Boolean(truth)) => Cell::Boolean(truth),
        Some(Kind::Date(text)) => Cell::Date(text),
        Some(Kind::Timestamp(text)) => Cell::Timestamp(text),
    })
}

/// The wire form of a row.
#[must_use]
pub fn row_to_wire(row: &[Cell]) -> wire::Row {
    wire::Row { cells: row.iter().map(cell_to_wire).collect() }
}

/// The table that wire columns and rows stand for.
///
/// # Errors
/// A row that is not as long as the columns, or a malformed cell or column.
pub fn table_from_wire(columns: Vec<wire::Column>, rows: Vec<wire::Row>) -> Result<Table, MalformedMessage> {
    let columns = columns.into_iter().map(column_from_wire).collect::<Result<Vec<_>, _>>()?;
    let mut cells = Vec::with_capacity(rows.len());
    for row in rows {
        if row.cells.len() != columns.len() {
            return Err(MalformedMessage("a row is not as long as the columns"));
        }
        cells.push(row.cells.into_iter().map(cell_from_wire).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(Table { columns, rows: cells })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_the_wire() {
        let column =
            |name: &str, data_type| Column { name: name.into(), data_type, unit: None, masked: false };
        let table = Table {
            columns: vec![column("a", DataType::Decimal), column("b", DataType::String)],
            rows: vec![
                vec![Cell::Decimal("84000.00".parse().unwrap()), Cell::Text("x".into())],
                vec![Cell::Null, Cell::Null],
            ],
        };
        let columns = table.columns.iter().map(column_to_wire).collect();
        let rows: Vec<_> = table.rows.iter().map(|row| row_to_wire(row)).collect();
        assert_eq!(table_from_wire(columns, rows.clone()).unwrap(), table);
        assert!(table_from_wire(vec![], rows).is_err());
        let untyped = wire::Column { name: "a".into(), ..Default::default() };
        assert!(column_from_wire(untyped).is_err());
    }
}
