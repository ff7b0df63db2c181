//! What a comparison says: each metric of one row, or the largest rise and the largest fall of several, and
//! which rows have nothing to compare with.

use super::{ROWS_SHOWN_MAX, amount, counted, display_count, name, others};
use crate::display::{display_number, is_percent};
use crate::facts::Facts;
use crate::measure::{Measure, When};
use crate::number;
use splitplane_types::Decimal;

pub(super) fn against(facts: &Facts<'_>) -> String {
    let several = facts.is_compared() && facts.table.rows.len() > 1;
    let dates = facts.context.compared.as_ref().filter(|_| several);
    dates.map_or_else(String::new, |(from, to)| format!(", compared with {from} to {to}"))
}

pub(super) fn sentences(facts: &Facts<'_>) -> Vec<String> {
    if facts.table.rows.len() == 1 {
        return facts.measures.iter().map(|measure| of_one(measure, facts)).collect();
    }
    let mut sentences = vec![counted(facts.context.row_count)];
    let Some(measure) = facts.measures.iter().find(|measure| measure.is_compared()) else { return sentences };
    let (rise, fall) = (extreme(measure, facts, true), extreme(measure, facts, false));
    for (row, noun) in [(rise, "rise"), (fall, "fall")] {
        sentences.extend(row.map(|row| largest(measure, facts, row, noun)));
    }
    let without = without(measure, facts);
    sentences.extend(nothing_to_compare(&without, facts));
    let told = rise.iter().count() + fall.iter().count() + without.len().min(ROWS_SHOWN_MAX);
    if told == 0 {
        sentences.push(format!("{} did not change.", capital(measure.label())));
    }
    sentences.extend((facts.table.rows.len() > told).then(others));
    sentences
}

/// "Late fees were $84,000.00, up $4,000.00 (5.0 %) from $80,000.00 (2026-11-02 to 2026-11-08)."
fn of_one(measure: &Measure, facts: &Facts<'_>) -> String {
    let name = name(0, facts);
    let label = measure.label();
    let lead = if name.is_empty() { capital(label) } else { format!("{name}: {label}") };
    let verb = if label.ends_with('s') { "were" } else { "was" };
    let dates = facts.context.compared.as_ref();
    let dates = dates.map_or_else(String::new, |(from, to)| format!(" ({from} to {to})"));
    format!("{lead} {verb} {}.", moved(measure, 0, &dates))
}

/// "The largest rise was "Castle": $15,000.00, up $5,000.00 (50.0 %) from $10,000.00."
fn largest(measure: &Measure, facts: &Facts<'_>, row: usize, noun: &str) -> String {
    let lead = if facts.is_everything() { "The" } else { "Of the rows shown, the" };
    let label = measure.label();
    format!("{lead} largest {noun} in {label} was {}: {}.", name(row, facts), moved(measure, row, ""))
}

/// A value, and what it was before.
fn moved(measure: &Measure, row: usize, dates: &str) -> String {
    let now = amount(measure, When::Now, row);
    let (Some(before), Some(change)) = (measure.value(When::Before, row), measure.change(row)) else {
        return format!("{now}, with nothing to compare with{dates}");
    };
    let unit = measure.unit.as_deref();
    let before = display_number(before, unit);
    let Some(size) = number::absolute(change).filter(|size| size.unscaled() != 0) else {
        return format!("{now}, unchanged from {before}{dates}");
    };
    let word = if change.unscaled() > 0 { "up" } else { "down" };
    let by = if unit.is_some_and(is_percent) {
        format!("{} points", size.rounded(4).normalized(0))
    } else {
        display_number(size, unit)
    };
    match growth(measure, row) {
        Some(growth) => format!("{now}, {word} {by} ({growth} %) from {before}{dates}"),
        None => format!("{now}, {word} {by} from {before}{dates}, with nothing to compare with in percent"),
    }
}

fn growth(measure: &Measure, row: usize) -> Option<Decimal> {
    let growth = measure.growths(row).into_iter().next()?.rounded(1)?;
    number::absolute(growth).map(|growth| growth.normalized(1))
}

/// The row that rose most, or fell most; none where no row did. Of equal ones the first.
fn extreme(measure: &Measure, facts: &Facts<'_>, up: bool) -> Option<usize> {
    let moved = |row: usize| measure.change(row).filter(|c| c.unscaled() != 0 && (c.unscaled() > 0) == up);
    let rows = (0..facts.table.rows.len()).filter_map(|row| Some((moved(row)?, row)));
    let best = rows.reduce(|best, next| {
        let beyond = if up { next.0 > best.0 } else { next.0 < best.0 };
        if beyond { next } else { best }
    });
    best.map(|(_, row)| row)
}

fn without(measure: &Measure, facts: &Facts<'_>) -> Vec<usize> {
    (0..facts.table.rows.len()).filter(|row| measure.is_without_before(*row)).collect()
}

fn nothing_to_compare(rows: &[usize], facts: &Facts<'_>) -> Option<String> {
    match rows.len() {
        0 => None,
        count if count <= ROWS_SHOWN_MAX => {
            let names: Vec<String> = rows.iter().map(|row| name(*row, facts)).collect();
            Some(format!("There is nothing to compare with for {}.", names.join(" and ")))
        }
        count => Some(format!("{} rows have nothing to compare with.", display_count(count))),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
