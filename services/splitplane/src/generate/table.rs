//! Builds tables, one after the other, each column over all rows at once.

use super::columns::Maker;
use super::rows::Rows;
use super::spec::{Spec, TableSpec};
use super::values::Values;
use super::week::Days;
use super::{GenerateError, totals};
use std::collections::BTreeMap;

/// A built column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) written: bool,
    pub(super) values: Values,
}

/// A built table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) written: bool,
    pub(super) rows: usize,
    pub(super) columns: Vec<Column>,
}

/// Rows of other tables that columns of the table being built picked: column to table and rows.
pub(super) type Picks = BTreeMap<String, (String, Vec<Option<u32>>)>;

impl Table {
    /// The values of a column.
    pub(super) fn values(&self, column: &str) -> Result<&Values, GenerateError> {
        let found = self.columns.iter().find(|known| known.name == column);
        found.map(|known| &known.values).ok_or_else(|| {
            let what = format!("it has no column `{column}`, or not yet: columns see only those before them");
            GenerateError::spec(format!("table `{}`", self.name), what)
        })
    }
}

/// The table of that name among those built.
pub(super) fn find<'t>(tables: &'t [Table], name: &str, place: &str) -> Result<&'t Table, GenerateError> {
    tables
        .iter()
        .find(|table| table.name == name)
        .ok_or_else(|| GenerateError::spec(place, format!("there is no table `{name}` before it")))
}

/// Builds all tables.
pub(super) fn build(spec: &Spec, days: Days) -> Result<Vec<Table>, GenerateError> {
    let mut tables = Vec::new();
    for table in &spec.tables {
        let built = build_table(spec, table, days, &tables)?;
        tables.push(built);
    }
    totals::refuse_unused(spec)?;
    Ok(tables)
}

fn build_table(
    spec: &Spec,
    table: &TableSpec,
    days: Days,
    earlier: &[Table],
) -> Result<Table, GenerateError> {
    let rows = Rows::of(spec, table, days, earlier)?;
    let mut built = Table {
        name: table.name.clone(),
        written: table.written.unwrap_or(true),
        rows: rows.len(),
        columns: Vec::new(),
    };
    let mut picks = Picks::new();
    for column in &table.columns {
        if built.columns.iter().any(|known| known.name == column.name) {
            let place = format!("column `{}.{}`", table.name, column.name);
            return Err(GenerateError::spec(place, "it is there twice"));
        }
        let maker = Maker { spec, table, column, rows: &rows, days, earlier, built: &built };
        let mut values = maker.values(&mut picks)?;
        totals::apply(spec, &built, &column.name, &mut values, &|row| rows.is_newest(row, &days))?;
        let written = column.written.unwrap_or(true);
        built.columns.push(Column { name: column.name.clone(), written, values });
    }
    Ok(built)
}
