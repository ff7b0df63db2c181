//! Sums and means of doubles that do not depend on the order of the rows.
//!
//! Where a relation's rows lie among others', those decide how an engine cuts the work, and the last digits of a sum of
//! doubles tell of it. Sums of decimals do not: each double is rounded to eighteen digits after the point and added up
//! exactly. Doubles that such a decimal cannot hold, or of which it would keep too few digits, are added up as they are.

use super::Translation;
use super::call::Call;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;

/// The decimal that doubles are added up as.
const WIDE: &str = "DECIMAL(38, 18)";
/// The least size of a largest double of which enough digits are kept: a thousandth.
const LEAST: &str = "(CAST(1 AS DOUBLE) / CAST(1000 AS DOUBLE))";

impl Translation<'_> {
    /// The sum or mean of a call over doubles; none where the order is determined or does not matter.
    pub(super) fn sum_in_any_order(&mut self, call: &Call<'_>) -> Result<Option<Term>, Refusal> {
        if !self.is_shared || !matches!(call.name, "sum" | "avg") {
            return Ok(None);
        }
        let args = call.expressions()?;
        let [value] = args.as_slice() else { return Err(Refusal::Function) };
        let value = self.expr(value)?;
        if value.kind() != Kind::Float {
            return Ok(None);
        }
        if call.distinct {
            return Err(Refusal::Types("a sum of different doubles among other people's rows"));
        }
        let over = match call.window {
            None => String::new(),
            // The guard has made the order of a window total.
            Some(window) if !window.order_by.is_empty() => return Ok(None),
            Some(window) => self.over(window)?,
        };
        let filter = match call.filter {
            None => String::new(),
            Some(condition) => {
                let condition = self.expr(condition)?;
                format!(" FILTER (WHERE {})", self.truth(condition)?)
            }
        };
        let value = self.text(value)?;
        let of = |name: &str, args: &str| format!("{name}({args}){filter}{over}");
        let wide = format!("try_cast({value} AS {WIDE})");
        let (plain, exact) = (of("sum", &value), format!("CAST({} AS DOUBLE)", of("try_sum", &wide)));
        // Each aggregate stands once: not every engine plans one that is named twice.
        let largest = of("max", &format!("abs({value})"));
        let lost = of("count", &format!("CASE WHEN {value} IS NOT NULL AND {wide} IS NULL THEN 1 END"));
        let is_kept = format!("coalesce(nullif({largest}, CAST(0 AS DOUBLE)), CAST(1 AS DOUBLE)) >= {LEAST}");
        let sum = format!("coalesce(CASE WHEN {lost} = 0 AND {is_kept} THEN {exact} END, {plain})");
        if call.name == "sum" {
            return Ok(Some(Term::written(sum, Kind::Float)));
        }
        let count = format!("nullif(CAST({} AS DOUBLE), CAST(0 AS DOUBLE))", of("count", &value));
        Ok(Some(Term::written(format!("({sum} / {count})"), Kind::Float)))
    }
}
