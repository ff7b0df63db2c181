//! Window functions, and OVER.
//!
//! A frame of a distance from a value takes no numbers: to add a distance to the largest number fails.

use super::Translation;
use super::call::Call;
use super::expr::{span, whole_number};
use super::order::sorted;
use super::term::{Term, Unit};
use super::words::counted;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::statement::Value;
use sqlparser::ast::{Expr, OrderByExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec};

/// Rows that a function may look away, or a frame may reach.
const ROWS_MAX: i32 = 1_000_000;
/// Years that a frame may reach.
const YEARS_MAX: i32 = 100_000;

impl Translation<'_> {
    /// A function that needs a window; none if the call is of something else.
    pub(super) fn window_function(&mut self, call: &Call<'_>) -> Result<Option<Term>, Refusal> {
        let args = match call.name {
            "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile" | "first_value"
            | "last_value" | "nth_value" | "lag" | "lead" => call.expressions()?,
            _ => return Ok(None),
        };
        let Some(window) = call.window.filter(|_| self.resolve.is_none()) else {
            return Err(Refusal::Function);
        };
        if call.distinct || call.filter.is_some() || !call.order.is_empty() {
            return Err(Refusal::Function);
        }
        let name = call.name;
        let (text, kind) = match (name, args.as_slice()) {
            ("row_number" | "rank" | "dense_rank", []) => {
                let over = self.over(window)?;
                return Ok(Some(counted(&format!("{name}(){over}"))));
            }
            ("percent_rank" | "cume_dist", []) => (format!("{name}()"), Kind::Float),
            ("ntile", [count]) => {
                let (count, over) = (rows(count, 1)?, self.over(window)?);
                return Ok(Some(counted(&format!("ntile({count}){over}"))));
            }
            ("first_value" | "last_value", [value]) => {
                let (value, kind) = self.seen(value)?;
                (format!("{name}({value})"), kind)
            }
            ("nth_value", [value, count]) => {
                let (value, kind) = self.seen(value)?;
                (format!("nth_value({value}, {})", rows(count, 1)?), kind)
            }
            ("lag" | "lead", [value]) => {
                let (value, kind) = self.seen(value)?;
                (format!("{name}({value}, 1)"), kind)
            }
            ("lag" | "lead", [value, count]) => {
                let (value, kind) = self.seen(value)?;
                (format!("{name}({value}, {})", rows(count, 0)?), kind)
            }
            ("lag" | "lead", [value, count, otherwise]) => {
                let (value, kind) = self.seen(value)?;
                let otherwise = self.otherwise(otherwise, kind)?;
                (format!("{name}({value}, {}, {otherwise})", rows(count, 0)?), kind)
            }
            _ => return Err(Refusal::Function),
        };
        let over = self.over(window)?;
        Ok(Some(Term::written(format!("{text}{over}"), kind)))
    }

    fn seen(&mut self, value: &Expr) -> Result<(String, Kind), Refusal> {
        let value = self.expr(value)?;
        let kind = value.kind();
        Ok((self.text(value)?, kind))
    }

    /// What stands where there is no such row: a value of the very kind.
    fn otherwise(&mut self, otherwise: &Expr, kind: Kind) -> Result<String, Refusal> {
        let term = self.expr(otherwise)?;
        let exact = term.literal().is_some_and(|literal| literal.number_as(kind).is_some());
        if exact || term.kind() == kind || term.kind() == Kind::Null || kind == Kind::Float {
            return self.text_as(term, kind);
        }
        Err(Refusal::Types("another row's value and one of another kind"))
    }

    pub(super) fn over(&mut self, window: &WindowSpec) -> Result<String, Refusal> {
        let WindowSpec { window_name: None, partition_by, order_by, window_frame } = window else {
            return Err(Refusal::Syntax("a named window"));
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.windowed = true;
        }
        let mut parts = Vec::new();
        if !partition_by.is_empty() {
            let mut keys = Vec::with_capacity(partition_by.len());
            for key in partition_by {
                let key = self.expr(key)?;
                keys.push(self.text(key)?);
            }
            parts.push(format!("PARTITION BY {}", keys.join(", ")));
        }
        let far = window_frame.as_ref().is_some_and(reaches_by_value);
        let mut kind = None;
        if !order_by.is_empty() {
            let mut keys = Vec::with_capacity(order_by.len());
            for key in order_by {
                let term = self.sort_term(key)?;
                kind = Some(term.kind());
                let text = self.text(term)?;
                let text = if far { self.within_years(&text, kind)? } else { text };
                keys.push(sorted(&text, key)?);
            }
            parts.push(format!("ORDER BY {}", keys.join(", ")));
        }
        if let Some(frame) = window_frame {
            let kind = kind.filter(|_| order_by.len() == 1);
            parts.push(frame_of(frame, order_by, kind)?);
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }

    /// A time that a distance can be added to: none outside of four-digit years.
    fn within_years(&mut self, text: &str, kind: Option<Kind>) -> Result<String, Refusal> {
        let (first, last) = match kind {
            Some(Kind::Date) => (Value::Date("0001-01-01".to_owned()), Value::Date("9999-12-31".to_owned())),
            Some(Kind::Timestamp) => (
                Value::Timestamp("0001-01-01T00:00:00".to_owned()),
                Value::Timestamp("9999-12-31T00:00:00".to_owned()),
            ),
            _ => return Err(Refusal::Types("a frame by a distance of such values")),
        };
        let (first, last) = (self.values.put(first)?, self.values.put(last)?);
        let near = format!("(CASE WHEN {text} BETWEEN {first} AND {last} THEN {text} END)");
        // Not every version measures days from a date.
        let is_date = kind == Some(Kind::Date);
        Ok(if is_date { format!("CAST({near} AS TIMESTAMP_NTZ)") } else { near })
    }
}

/// A literal count of rows, printed anew.
fn rows(count: &Expr, min: i32) -> Result<i32, Refusal> {
    let count = whole_number(count).filter(|count| (min..=ROWS_MAX).contains(count));
    count.ok_or(Refusal::Literal("count of rows"))
}

const fn reaches_by_value(frame: &WindowFrame) -> bool {
    matches!(frame.units, WindowFrameUnits::Range)
        && (matches!(
            frame.start_bound,
            WindowFrameBound::Preceding(Some(_)) | WindowFrameBound::Following(Some(_))
        ) || matches!(
            frame.end_bound,
            Some(WindowFrameBound::Preceding(Some(_)) | WindowFrameBound::Following(Some(_)))
        ))
}

fn frame_of(frame: &WindowFrame, order: &[OrderByExpr], kind: Option<Kind>) -> Result<String, Refusal> {
    let WindowFrame { units, start_bound, end_bound } = frame;
    let word = match units {
        WindowFrameUnits::Rows => "ROWS",
        WindowFrameUnits::Range => "RANGE",
        WindowFrameUnits::Groups => return Err(Refusal::Syntax("a frame of GROUPS")),
    };
    if order.is_empty() {
        return Err(Refusal::Syntax("a frame without an order"));
    }
    let by_value = match units {
        WindowFrameUnits::Range => Some(kind),
        WindowFrameUnits::Rows | WindowFrameUnits::Groups => None,
    };
    let start = bound(start_bound, by_value)?;
    let end = match end_bound {
        None => "CURRENT ROW".to_owned(),
        Some(end) => bound(end, by_value)?,
    };
    if let (Some(one), Some(other)) = (unit_of(Some(start_bound)), unit_of(end_bound.as_ref()))
        && one != other
    {
        return Err(Refusal::Types("a frame from a distance of one unit to one of another"));
    }
    Ok(format!("{word} BETWEEN {start} AND {end}"))
}

/// The unit of a bound that is an interval.
fn unit_of(bound: Option<&WindowFrameBound>) -> Option<Unit> {
    let (WindowFrameBound::Preceding(Some(far)) | WindowFrameBound::Following(Some(far))) = bound? else {
        return None;
    };
    let Expr::Interval(interval) = far.as_ref() else { return None };
    Some(span(interval).ok()?.unit)
}

/// A bound; `by_value` holds the kind of the one key, where the distance is one of values.
fn bound(bound: &WindowFrameBound, by_value: Option<Option<Kind>>) -> Result<String, Refusal> {
    let (far, word) = match bound {
        WindowFrameBound::CurrentRow => return Ok("CURRENT ROW".to_owned()),
        WindowFrameBound::Preceding(None) => return Ok("UNBOUNDED PRECEDING".to_owned()),
        WindowFrameBound::Following(None) => return Ok("UNBOUNDED FOLLOWING".to_owned()),
        WindowFrameBound::Preceding(Some(far)) => (far, "PRECEDING"),
        WindowFrameBound::Following(Some(far)) => (far, "FOLLOWING"),
    };
    let Some(kind) = by_value else { return Ok(format!("{} {word}", rows(far, 0)?)) };
    let Expr::Interval(interval) = far.as_ref() else {
        return Err(Refusal::Types("a frame by a distance of numbers"));
    };
    let span = span(interval)?;
    let fits = match kind {
        Some(Kind::Timestamp) => true,
        Some(Kind::Date) => !span.unit.is_of_day(),
        _ => false,
    };
    // From a year of four digits, a longer distance leads out of what a time can be.
    let far = span.unit == Unit::Year && span.count > YEARS_MAX;
    if !fits || far || span.count < 0 {
        return Err(Refusal::Types("a frame by a distance of such values"));
    }
    Ok(format!("INTERVAL {} {} {word}", span.count, span.unit.word()))
}
