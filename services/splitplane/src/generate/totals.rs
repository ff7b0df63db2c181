//! Makes stated totals come out exactly.
//!
//! A total scales the values of its rows in proportion, then settles what rounding left, a hundredth
//! at a time, from the first row on. Rows that an earlier total counts are its own and stay as they
//! are, so a wider total after a narrower one settles the difference on its other rows.

use super::GenerateError;
use super::spec::{Spec, TotalSpec};
use super::table::Table;
use super::values::Values;
use splitplane_types::Decimal;

/// Applies the totals of one column that has just been made, over the rows of the newest week.
pub(super) fn apply(
    spec: &Spec,
    table: &Table,
    column: &str,
    values: &mut Values,
    is_newest: &dyn Fn(usize) -> bool,
) -> Result<(), GenerateError> {
    let mut settled: Vec<bool> = Vec::new();
    for total in spec.totals.iter().filter(|total| total.table == table.name && total.column == column) {
        let place = place(total);
        let Values::Hundredths(values) = values else {
            return Err(GenerateError::spec(place, "the column is not decimal"));
        };
        settled.resize(values.len(), false);
        let counted = counted(total, table, is_newest)?;
        let mut rest = hundredths(&total.total, &place)?;
        let mut free: Vec<(&mut i64, &mut bool)> = Vec::new();
        for ((value, settled), counted) in values.iter_mut().zip(&mut settled).zip(counted) {
            match (counted, *settled) {
                (false, _) => {}
                (true, true) => rest -= *value,
                (true, false) => free.push((value, settled)),
            }
        }
        scale(&mut free, rest).ok_or_else(|| {
            let what = format!("{} rows are left to carry {rest} hundredths", free.len());
            GenerateError::spec(place, what)
        })?;
        free.into_iter().for_each(|(_, settled)| *settled = true);
    }
    Ok(())
}

/// Refuses totals that no column was asked for.
pub(super) fn refuse_unused(spec: &Spec) -> Result<(), GenerateError> {
    for total in &spec.totals {
        let table = spec.tables.iter().find(|table| table.name == total.table);
        let column = table.and_then(|table| table.columns.iter().find(|column| column.name == total.column));
        if column.is_none() {
            return Err(GenerateError::spec(place(total), "there is no such column"));
        }
    }
    Ok(())
}

/// A decimal text in hundredths.
pub(super) fn hundredths(text: &str, place: &str) -> Result<i64, GenerateError> {
    let decimal = text.parse::<Decimal>().ok().map(|decimal| decimal.normalized(2));
    let exact = decimal.filter(|decimal| decimal.scale() == 2);
    exact.and_then(|decimal| i64::try_from(decimal.unscaled()).ok()).ok_or_else(|| {
        GenerateError::spec(place, format!("`{text}` is no decimal number with two digits after the point"))
    })
}

fn place(total: &TotalSpec) -> String {
    format!("total {} of `{}.{}`", total.total, total.table, total.column)
}

fn counted(
    total: &TotalSpec,
    table: &Table,
    is_newest: &dyn Fn(usize) -> bool,
) -> Result<Vec<bool>, GenerateError> {
    let mut counted: Vec<bool> = (0..table.rows).map(is_newest).collect();
    for (column, wanted) in &total.filter {
        let matching = table.values(column)?.matching(wanted);
        counted.iter_mut().zip(matching).for_each(|(counted, matches)| *counted &= matches);
    }
    Ok(counted)
}

/// Scales values so that their sum is `sum` and none is below one hundredth; `None` if that cannot be.
fn scale(values: &mut [(&mut i64, &mut bool)], sum: i64) -> Option<()> {
    let before: i128 = values.iter().map(|(value, _)| i128::from(**value)).sum();
    let rows = i64::try_from(values.len()).ok()?;
    if before <= 0 || sum < rows {
        return None;
    }
    let mut rest = sum;
    for (value, _) in values.iter_mut() {
        let scaled = i128::from(**value) * i128::from(sum) / before;
        **value = i64::try_from(scaled).ok()?.max(1);
        rest = rest.checked_sub(**value)?;
    }
    // Ends: each round over the rows moves the rest towards zero while any row can give.
    while rest != 0 {
        for (value, _) in values.iter_mut() {
            let step = rest.signum();
            if **value + step >= 1 {
                **value += step;
                rest -= step;
            }
        }
    }
    Some(())
}
