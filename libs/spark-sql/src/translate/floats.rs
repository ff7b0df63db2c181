//! Sums and means that do not depend on the order of the rows.
//!
//! Where a relation's rows lie among others', those decide how an engine cuts the work, and so in which order it meets the
//! rows. A sum of doubles tells of it in its last digits, and one that gives up where a part of it overflows by whether
//! it is there. Here whole numbers are added up as decimals that no number of them overflows, decimals of many digits only
//! if no part of them can overflow, and doubles as decimals in bands of their size. Measures of spread have no such
//! form that every engine has: they are refused.

use super::Translation;
use super::aggregate::{is_wide, sum_or_mean};
use super::call::Call;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;

/// From which size on a double is too large to be added up exactly; a larger one leaves no sum.
const LARGEST: &str = "CAST(1E27 AS DOUBLE)";
/// Bands of doubles: from which size on, to which, and the decimal that they are added up as, which has place for ten
/// thousand million of them. Fifteen digits are kept of each that is not smaller than the fifteenth digit after the point.
const BANDS: [(&str, &str, &str); 4] = [
    ("CAST(1E20 AS DOUBLE)", LARGEST, "DECIMAL(38, 0)"),
    ("CAST(1E10 AS DOUBLE)", "CAST(1E20 AS DOUBLE)", "DECIMAL(38, 8)"),
    (LEAST, "CAST(1E10 AS DOUBLE)", "DECIMAL(38, 18)"),
    (ZERO, LEAST, "DECIMAL(38, 30)"),
];
/// A thousandth.
const LEAST: &str = "(CAST(1 AS DOUBLE) / CAST(1000 AS DOUBLE))";
const ZERO: &str = "CAST(0 AS DOUBLE)";

/// An aggregate's filter and window.
struct Around {
    filter: String,
    over: String,
}

impl Around {
    fn of(&self, name: &str, args: &str) -> String {
        let Self { filter, over } = self;
        format!("{name}({args}){filter}{over}")
    }
}

impl Translation<'_> {
    /// The sum or mean of a call; none where the order is determined or does not matter.
    pub(super) fn sum_in_any_order(&mut self, call: &Call<'_>) -> Result<Option<Term>, Refusal> {
        // The guard has made the order of a window total.
        let is_ordered = call.window.is_some_and(|window| !window.order_by.is_empty());
        if !self.is_shared || is_ordered {
            return Ok(None);
        }
        if is_of_spread(call.name) {
            return Err(Refusal::Types("a measure of spread among other people's rows"));
        }
        if !matches!(call.name, "sum" | "avg") {
            return Ok(None);
        }
        let args = call.expressions()?;
        let [value] = args.as_slice() else { return Err(Refusal::Function) };
        let value = self.expr(value)?;
        let kind = value.kind();
        let is_mean = call.name == "avg";
        match kind {
            Kind::Float if call.distinct => {
                Err(Refusal::Types("a sum of different doubles among other people's rows"))
            }
            // Those of different decimals of so many digits are refused wherever they are.
            Kind::Decimal { precision, scale: _ } if !is_wide(precision) || call.distinct => Ok(None),
            Kind::Float => {
                let (value, around) = (self.text(value)?, self.around(call)?);
                Ok(Some(of_doubles(&value, &around, is_mean)))
            }
            Kind::Integer => {
                let (value, around) = (self.text(value)?, self.around(call)?);
                Ok(Some(of_integers(&value, &around, is_mean, call.distinct)))
            }
            Kind::Decimal { precision: _, scale } => {
                let (value, around) = (self.text(value)?, self.around(call)?);
                let (name, total) = sum_or_mean(call.name, kind)?;
                Ok(Some(of_decimals(&value, &around, (name, total), scale)))
            }
            Kind::Boolean
            | Kind::Text
            | Kind::Date
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Interval
            | Kind::Null => Ok(None),
        }
    }

    fn around(&mut self, call: &Call<'_>) -> Result<Around, Refusal> {
        let over = match call.window {
            None => String::new(),
            Some(window) => self.over(window)?,
        };
        let filter = match call.filter {
            None => String::new(),
            Some(condition) => {
                let condition = self.expr(condition)?;
                format!(" FILTER (WHERE {})", self.truth(condition)?)
            }
        };
        Ok(Around { filter, over })
    }
}

fn is_of_spread(name: &str) -> bool {
    matches!(name, "stddev" | "stddev_pop" | "var_pop" | "var_samp" | "corr" | "covar_pop" | "covar_samp")
}

/// Whole numbers as decimals: ten thousand million of them fit.
fn of_integers(value: &str, around: &Around, is_mean: bool, is_distinct: bool) -> Term {
    let distinct = if is_distinct { "DISTINCT " } else { "" };
    let sum = around.of("sum", &format!("{distinct}CAST({value} AS DECIMAL(20, 0))"));
    if !is_mean {
        return Term::written(format!("try_cast({sum} AS BIGINT)"), Kind::Integer);
    }
    let count = around.of("count", &format!("{distinct}{value}"));
    let text = format!("(CAST({sum} AS DOUBLE) / nullif(CAST({count} AS DOUBLE), {ZERO}))");
    Term::written(text, Kind::Float)
}

/// Decimals of many digits, if the largest of them as often as there are any would fit.
fn of_decimals(value: &str, around: &Around, (name, kind): (&str, Kind), scale: u8) -> Term {
    let largest = around.of("max", &format!("abs({value})"));
    let count = around.of("count", value);
    let total = around.of(name, value);
    let text = format!(
        "(CASE WHEN CAST({largest} AS DOUBLE) * CAST({count} AS DOUBLE) * CAST(1E{scale} AS DOUBLE) \
         < CAST(1E37 AS DOUBLE) THEN {total} END)"
    );
    Term::written(text, kind)
}

/// Doubles in bands. Each aggregate stands once: not every engine plans one that is named twice.
fn of_doubles(value: &str, around: &Around, is_mean: bool) -> Term {
    let size = format!("abs({value})");
    let band = |(from, to, decimal): (&str, &str, &str)| {
        let within = format!("CASE WHEN {size} >= {from} AND {size} < {to} THEN {value} END");
        let exact = around.of("sum", &format!("try_cast({within} AS {decimal})"));
        format!("coalesce(CAST({exact} AS DOUBLE), {ZERO})")
    };
    let mut parts: Vec<String> = BANDS.into_iter().map(band).collect();
    // What is no finite number comes to the same in any order.
    let endless = format!("CASE WHEN isnan({value} - {value}) THEN {value} END");
    parts.push(format!("coalesce({}, {ZERO})", around.of("sum", &endless)));
    let huge = format!("CASE WHEN {size} >= {LARGEST} AND NOT isnan({value} - {value}) THEN 1 END");
    let none_huge = format!("{} = 0", around.of("count", &huge));
    let some = format!("{} = 1", around.of("max", &format!("CASE WHEN {value} IS NOT NULL THEN 1 END")));
    let sum = format!("CASE WHEN {none_huge} AND {some} THEN {} END", parts.join(" + "));
    if !is_mean {
        return Term::written(format!("({sum})"), Kind::Float);
    }
    let count = around.of("count", value);
    Term::written(format!("(({sum}) / nullif(CAST({count} AS DOUBLE), {ZERO}))"), Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::{BANDS, LEAST, ZERO};

    #[test]
    fn bands_are_neighbours_and_no_sum_in_one_overflows() {
        let exponent = |text: &str| -> i32 {
            if text == LEAST {
                return -3;
            }
            text.strip_prefix("CAST(1E").unwrap().split(' ').next().unwrap().parse().unwrap()
        };
        for (at, (from, to, decimal)) in BANDS.into_iter().enumerate() {
            assert_eq!(from, BANDS.get(at + 1).map_or(ZERO, |(_, to, _)| *to));
            let scale: i32 =
                decimal.strip_prefix("DECIMAL(38, ").unwrap().strip_suffix(')').unwrap().parse().unwrap();
            assert!(exponent(to) + 10 <= 38 - scale, "{decimal} to {to}");
        }
    }
}
