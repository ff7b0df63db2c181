//! The embedded model's analysis: two or three sentences made of cells and their sums and shares.
//!
//! Decides what is worth saying. Does not prove it: the gateway does, against the cells, with the same
//! rules of display. Names stand in quotes, so that a cell that reads like an instruction is a
//! quotation and nothing else.

use crate::language_model::ExplainTask;
use splitplane_semantics::{Metric, words_of};
use splitplane_types::{Cell, Column, Decimal, Table};

/// Writes the analysis.
pub(crate) fn explain(task: &ExplainTask<'_>) -> String {
    let Some(first) = task.table.rows.first() else {
        return format!("There are no rows{}.", period(task));
    };
    let Some(measure) = Measure::of(task) else { return String::from("The rows are in the table.") };
    if task.row_count == 1 && task.table.rows.len() == 1 {
        return single(task, first, &measure);
    }
    let mut sentences = Vec::new();
    // Groups that were left out by a limit or a bound are in no sum of those that are here.
    let asked = task.interpretation;
    let is_all = asked.limit.is_none() && asked.thresholds.is_empty();
    let whole = is_all && task.row_count == task.table.rows.len();
    if let (true, Some(total)) = (whole && measure.additive, measure.total()) {
        sentences.push(format!(
            "Altogether, {} came to {}{}, across {} rows.",
            measure.words,
            measure.show(total),
            period(task),
            grouped(&task.table.rows.len().to_string()),
        ));
    } else {
        sentences.push(format!("The result covers {}{}.", measure.words, period(task)));
    }
    sentences.extend(extremes(task.table, &measure, whole));
    sentences.join(" ")
}

fn single(task: &ExplainTask<'_>, row: &[Cell], measure: &Measure<'_>) -> String {
    let figures: Vec<String> = task
        .table
        .columns
        .iter()
        .zip(row)
        .filter(|(column, _)| {
            column.data_type.is_number() && task.interpretation.metrics.contains(&column.name)
        })
        .map(|(column, cell)| match number(cell) {
            Some(value) => {
                format!("{} came to {}", words_of(&column.name), show(value, column.unit.as_deref()))
            }
            None => format!("{} is unknown", words_of(&column.name)),
        })
        .collect();
    let names = name_of(row, measure.columns);
    let lead = if names.is_empty() { String::new() } else { format!("For {names}, ") };
    capitalised(&format!("{lead}{}{}.", figures.join(" and "), period(task)))
}

/// The highest and the lowest row, and what part of the whole the highest is.
fn extremes(table: &Table, measure: &Measure<'_>, whole: bool) -> Option<String> {
    let valued = || table.rows.iter().filter_map(|row| Some((row, measure.value(row)?)));
    // The first of equal rows, so that the words do not depend on chance.
    let (top, high) = valued().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let (bottom, low) = valued().reduce(|best, next| if next.1 < best.1 { next } else { best })?;
    let (top, bottom) = (name_of(top, measure.columns), name_of(bottom, measure.columns));
    if high == low || top.is_empty() {
        return None;
    }
    let share = measure.total().filter(|_| whole && measure.additive).and_then(|total| percent(high, total));
    let share = share.map_or_else(String::new, |share| format!(" ({share}% of the total)"));
    let lead = if whole { "" } else { "Of the rows shown, " };
    Some(format!(
        "{lead}{top} had the highest {}, {}{share}, and {bottom} the lowest, {}.",
        measure.words,
        measure.show(high),
        measure.show(low),
    ))
}

/// The first metric's column.
struct Measure<'a> {
    columns: &'a [Column],
    index: usize,
    unit: Option<&'a str>,
    words: String,
    additive: bool,
    rows: &'a [Vec<Cell>],
}

impl<'a> Measure<'a> {
    fn of(task: &ExplainTask<'a>) -> Option<Self> {
        let name = task.interpretation.metrics.first()?;
        let columns = &task.table.columns;
        let index = columns.iter().position(|column| column.name == *name && column.data_type.is_number())?;
        let unit = columns.get(index)?.unit.as_deref();
        let additive = task.model.metric(name).is_some_and(Metric::is_additive);
        Some(Self { columns, index, unit, words: words_of(name), additive, rows: &task.table.rows })
    }

    fn value(&self, row: &[Cell]) -> Option<Decimal> {
        row.get(self.index).and_then(number)
    }

    fn show(&self, value: Decimal) -> String {
        show(value, self.unit)
    }

    /// The sum over all rows; `None` when it does not fit.
    fn total(&self) -> Option<Decimal> {
        self.rows.iter().filter_map(|row| self.value(row)).try_fold(Decimal::new(0, 0)?, |sum, value| {
            let scale = sum.scale().max(value.scale());
            let (a, b) = (unscaled_at(sum, scale)?, unscaled_at(value, scale)?);
            Decimal::new(a.checked_add(b)?, scale)
        })
    }
}

fn unscaled_at(value: Decimal, scale: u8) -> Option<i128> {
    let factor = 10_i128.checked_pow(u32::from(scale.checked_sub(value.scale())?))?;
    value.unscaled().checked_mul(factor)
}

fn number(cell: &Cell) -> Option<Decimal> {
    match cell {
        Cell::Integer(value) => Decimal::new(i128::from(*value), 0),
        Cell::Decimal(value) => Some(*value),
        Cell::Float(value) if value.is_finite() => value.to_string().parse().ok(),
        Cell::Float(_)
        | Cell::Null
        | Cell::Text(_)
        | Cell::Boolean(_)
        | Cell::Date(_)
        | Cell::Timestamp(_) => None,
    }
}

/// `part / whole` in hundredths with one decimal, half away from zero.
fn percent(part: Decimal, whole: Decimal) -> Option<String> {
    let scale = part.scale().max(whole.scale());
    let (part, whole) = (unscaled_at(part, scale)?, unscaled_at(whole, scale)?);
    if part < 0 || whole <= 0 {
        return None;
    }
    let tenths = part.checked_mul(2_000)?.checked_add(whole)?.checked_div(whole.checked_mul(2)?)?;
    Decimal::new(tenths, 1).map(|share| share.to_string())
}

/// A number with at most two decimals, as money has, in the unit of its column.
fn show(value: Decimal, unit: Option<&str>) -> String {
    match unit {
        Some("USD") => {
            let text = grouped(&value.rounded(2).normalized(2).to_string());
            text.strip_prefix('-').map_or_else(|| format!("${text}"), |digits| format!("-${digits}"))
        }
        Some("%" | "percent") => format!("{}%", grouped(&value.rounded(2).normalized(0).to_string())),
        Some(unit) => format!("{} {unit}", grouped(&value.rounded(2).normalized(0).to_string())),
        None => grouped(&value.rounded(2).normalized(0).to_string()),
    }
}

/// A comma before every third digit of the whole part.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !part.is_empty() {
        text.push('.');
        text.push_str(part);
    }
    text
}

/// The row by its cells that are no figures, in quotes.
fn name_of(row: &[Cell], columns: &[Column]) -> String {
    let cells = row.iter().zip(columns).filter(|(_, column)| !column.data_type.is_number());
    let names = cells.map(|(cell, _)| match cell {
        Cell::Null => "\"-\"".to_owned(),
        Cell::Text(text) | Cell::Date(text) => format!("\"{text}\""),
        Cell::Timestamp(text) => format!("\"{}\"", text.strip_suffix("T00:00:00").unwrap_or(text)),
        Cell::Boolean(value) => format!("\"{value}\""),
        Cell::Integer(_) | Cell::Decimal(_) | Cell::Float(_) => String::new(),
    });
    names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The period, both days included.
fn period(task: &ExplainTask<'_>) -> String {
    let Some(period) = &task.interpretation.period else { return String::new() };
    format!(" from {} to {}", period.first_day(), period.last_day())
}

fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
