//! A period as a model writes it down: a kind, and the keys that belong to it.
//!
//! Decides that no other key says anything. Keys that say nothing have a neutral value instead of null,
//! since a schema of structured output may hold but few choices of types. Gives nothing its dates.

use super::{FORM, TEXT_BYTES_MAX, text};
use crate::language_model::ModelError;
use serde::Deserialize;
use splitplane_semantics::{FiscalUnit, Grain, PeriodExpr, PeriodPhrase};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftPeriod {
    kind: Kind,
    label: String,
    fiscal: bool,
    count: u16,
    unit: Unit,
    year: i16,
    month: i8,
    quarter: i8,
    from: String,
    to: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Today,
    Yesterday,
    Last,
    This,
    ToDate,
    PastDays,
    Day,
    Month,
    Quarter,
    Year,
    Between,
    Since,
    SameLastYear,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    None,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    const fn grain(self) -> Option<Grain> {
        match self {
            Self::None => None,
            Self::Day => Some(Grain::Day),
            Self::Week => Some(Grain::Week),
            Self::Month => Some(Grain::Month),
            Self::Quarter => Some(Grain::Quarter),
            Self::Year => Some(Grain::Year),
        }
    }

    fn fiscal(self) -> Result<FiscalUnit, ModelError> {
        match self {
            Self::Month => Ok(FiscalUnit::Month),
            Self::Quarter => Ok(FiscalUnit::Quarter),
            Self::Year => Ok(FiscalUnit::Year),
            Self::None | Self::Day | Self::Week => Err(FORM),
        }
    }
}

/// The parts of a period that are said.
struct Said {
    count: Option<u16>,
    unit: Option<Grain>,
    year: Option<i16>,
    month: Option<i8>,
    quarter: Option<i8>,
    from: Option<jiff::civil::Date>,
    to: Option<jiff::civil::Date>,
}

impl DraftPeriod {
    pub(super) fn phrase(self) -> Result<PeriodPhrase, ModelError> {
        let said = Said {
            count: (self.count != 0).then_some(self.count),
            unit: self.unit.grain(),
            year: (self.year != 0).then_some(self.year),
            month: (self.month != 0).then_some(self.month),
            quarter: (self.quarter != 0).then_some(self.quarter),
            from: day(&self.from)?,
            to: day(&self.to)?,
        };
        let expr = if self.fiscal { fiscal(self.kind, self.unit, &said)? } else { plain(self.kind, &said)? };
        Ok(PeriodPhrase { expr, label: text(self.label, TEXT_BYTES_MAX)? })
    }
}

fn plain(kind: Kind, said: &Said) -> Result<PeriodExpr, ModelError> {
    let (count, parts) = ((said.count, said.unit), (said.year, said.month, said.quarter));
    // A key that does not belong to the kind would say something else than the kind does.
    Ok(match (kind, count, parts, (said.from, said.to)) {
        (Kind::Today, (None, None), (None, None, None), (None, None)) => PeriodExpr::Today,
        (Kind::Yesterday, (None, None), (None, None, None), (None, None)) => PeriodExpr::Yesterday,
        (Kind::Last, (Some(count), Some(unit)), (None, None, None), (None, None)) => {
            PeriodExpr::Last { count, unit }
        }
        (Kind::This, (None, Some(unit)), (None, None, None), (None, None)) => PeriodExpr::This(unit),
        (Kind::ToDate, (None, Some(unit)), (None, None, None), (None, None)) => PeriodExpr::ToDate(unit),
        (Kind::PastDays, (Some(days), None), (None, None, None), (None, None)) => PeriodExpr::PastDays(days),
        (Kind::Day, (None, None), (None, None, None), (Some(day), None)) => PeriodExpr::Day(day),
        (Kind::Month, (None, None), (year, Some(month @ 1..=12), None), (None, None)) => {
            PeriodExpr::Month { year, month }
        }
        (Kind::Quarter, (None, None), (year, None, Some(quarter @ 1..=4)), (None, None)) => {
            PeriodExpr::Quarter { year, quarter }
        }
        (Kind::Year, (None, None), (Some(year), None, None), (None, None)) => PeriodExpr::Year(year),
        (Kind::Between, (None, None), (None, None, None), (Some(from), Some(to))) => {
            PeriodExpr::Between { from, to }
        }
        (Kind::Since, (None, None), (None, None, None), (Some(from), None)) => PeriodExpr::Since(from),
        (Kind::SameLastYear, (None, Some(unit)), (None, None, None), (None, None)) => {
            PeriodExpr::SameLastYear(unit)
        }
        _ => return Err(FORM),
    })
}

fn fiscal(kind: Kind, unit: Unit, said: &Said) -> Result<PeriodExpr, ModelError> {
    if said.from.is_some() || said.to.is_some() {
        return Err(FORM);
    }
    let (count, parts) = ((said.count, said.unit), (said.year, said.month, said.quarter));
    Ok(match (kind, count, parts) {
        (Kind::Last, (Some(count), Some(_)), (None, None, None)) => {
            PeriodExpr::FiscalLast { count, unit: unit.fiscal()? }
        }
        (Kind::This, (None, Some(_)), (None, None, None)) => PeriodExpr::FiscalThis(unit.fiscal()?),
        (Kind::ToDate, (None, Some(_)), (None, None, None)) => PeriodExpr::FiscalToDate(unit.fiscal()?),
        (Kind::Quarter, (None, None), (year, None, Some(quarter @ 1..=4))) => {
            PeriodExpr::FiscalQuarter { year, quarter }
        }
        (Kind::Year, (None, None), (Some(year), None, None)) => PeriodExpr::FiscalYear(year),
        _ => return Err(FORM),
    })
}

fn day(text: &str) -> Result<Option<jiff::civil::Date>, ModelError> {
    if text.is_empty() {
        return Ok(None);
    }
    let day: jiff::civil::Date = text.parse().or(Err(FORM))?;
    // jiff reads many spellings; a day has one here.
    if day.to_string() == text { Ok(Some(day)) } else { Err(FORM) }
}
