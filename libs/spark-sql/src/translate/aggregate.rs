//! Aggregates. A sum or a mean that does not fit is NULL.

use super::Translation;
use super::call::Call;
use super::order::sorted;
use super::term::Term;
use super::words::counted;
use crate::kind::{Digits, Kind};
use crate::refusal::Refusal;
use crate::statement::Value;
use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, WindowFrameBound, WindowSpec};

/// A decimal of no more digits has place for the sum of ten thousand million rows.
const SUMMED_DIGITS_MAX: u8 = 28;

/// An aggregate as it is called, without its window.
struct Aggregated {
    text: String,
    kind: Kind,
    /// What a call with a window would not be, since it is more than a call.
    composed: bool,
}

impl Translation<'_> {
    /// An aggregate over a group or a window; none if the call is of something else.
    pub(super) fn aggregate(&mut self, call: &Call<'_>) -> Result<Option<Term>, Refusal> {
        if !is_aggregate(call.name) {
            return Ok(None);
        }
        // An expression of the model's owner is of one row.
        if self.resolve.is_some() {
            return Err(Refusal::Function);
        }
        if let Some(term) = self.sum_in_any_order(call)? {
            if let (None, Some(frame)) = (call.window, self.frames.last_mut()) {
                frame.aggregate = true;
            }
            return Ok(Some(term));
        }
        let Some(window) = call.window else {
            if let Some(frame) = self.frames.last_mut() {
                frame.aggregate = true;
            }
            let Aggregated { text, kind, composed: _ } = self.aggregated(call)?;
            return Ok(Some(Term::written(text, kind)));
        };
        // Over a window, the engine's own order would decide between values of some of them.
        if call.distinct || call.filter.is_some() || (call.name == "median" && !window.order_by.is_empty()) {
            return Err(Refusal::Function);
        }
        if call.name == "sum"
            && is_sliding(window)
            && let Some(term) = self.sliding_sum(call, window)?
        {
            return Ok(Some(term));
        }
        // What it aggregates may be an aggregate of the group.
        let Aggregated { text, kind, composed } = self.aggregated(call)?;
        if composed {
            return Err(Refusal::Function);
        }
        let over = self.over(window)?;
        Ok(Some(Term::written(format!("{text}{over}"), kind)))
    }

    fn aggregated(&mut self, call: &Call<'_>) -> Result<Aggregated, Refusal> {
        let filter = match call.filter {
            None => String::new(),
            Some(condition) => {
                let condition = self.expr(condition)?;
                format!(" FILTER (WHERE {})", self.truth(condition)?)
            }
        };
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let plain = |name: &str, args: &str, kind: Kind| Aggregated {
            text: format!("{name}({distinct}{args}){filter}"),
            kind,
            composed: false,
        };
        if call.name == "string_agg" {
            return self.texts(call, &filter);
        }
        if let ("count", [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) = (call.name, call.args) {
            return Ok(plain("count", "*", Kind::Integer));
        }
        match (call.name, call.expressions()?.as_slice(), call.distinct) {
            ("count", [value], _) => {
                let value = self.expr(value)?;
                Ok(plain("count", &self.text(value)?, Kind::Integer))
            }
            ("min" | "max", [value], _) => {
                let value = self.expr(value)?;
                let kind = value.kind();
                Ok(plain(call.name, &self.text(value)?, kind))
            }
            ("sum", [value], true) => {
                let value = self.expr(value)?;
                self.distinct_sum(value, &filter)
            }
            ("avg", [value], distinct) | ("sum", [value], distinct) => {
                let value = self.expr(value)?;
                // Not every engine's function that tries minds the word DISTINCT.
                if distinct && value.kind().digits().is_some_and(|digits| !is_summed(digits)) {
                    return Err(Refusal::Types("a mean of different decimals of so many digits"));
                }
                let (name, kind) = sum_or_mean(call.name, value.kind())?;
                let from = if value.kind() == Kind::Null { Kind::Integer } else { value.kind() };
                Ok(plain(name, &self.text_as(value, from)?, kind))
            }
            ("bool_and" | "bool_or", [value], false) => {
                let value = self.expr(value)?;
                Ok(plain(call.name, &self.truth(value)?, Kind::Boolean))
            }
            ("corr", [one, other], false) => self.correlation(one, other, &filter),
            ("covar_pop" | "covar_samp", [one, other], false) => {
                let args = [self.double(one)?, self.double(other)?];
                Ok(plain(call.name, &args.join(", "), Kind::Float))
            }
            ("stddev" | "stddev_pop" | "var_pop" | "var_samp", [value], false) => {
                let name = if call.name == "stddev" { "stddev_samp" } else { call.name };
                Ok(plain(name, &self.double(value)?, Kind::Float))
            }
            ("median", [value], false) => Ok(plain("median", &self.double(value)?, Kind::Float)),
            ("grouping", [key], false) if call.filter.is_none() => {
                let key = self.expr(key)?;
                let text = format!("grouping({})", self.text(key)?);
                let Term::Written { text, kind } = counted(&text) else { return Err(Refusal::Function) };
                Ok(Aggregated { text, kind, composed: true })
            }
            ("percentile_cont", [share], false) => self.percentile(share, call, &filter),
            _ => Err(Refusal::Function),
        }
    }

    /// A sum of whole numbers over a frame that rows leave again, added up as decimals: not every engine can
    /// take a term back from a sum that it tries.
    fn sliding_sum(&mut self, call: &Call<'_>, window: &WindowSpec) -> Result<Option<Term>, Refusal> {
        let args = call.expressions()?;
        let [value] = args.as_slice() else { return Err(Refusal::Function) };
        let value = self.expr(value)?;
        if value.kind() != Kind::Integer {
            return Ok(None);
        }
        let (value, over) = (self.text(value)?, self.over(window)?);
        let wide = format!("sum(CAST({value} AS DECIMAL(20, 0))){over}");
        Ok(Some(Term::written(format!("try_cast({wide} AS BIGINT)"), Kind::Integer)))
    }

    /// A sum of different values: whole numbers as decimals, which no number of them overflows.
    fn distinct_sum(&mut self, value: Term, filter: &str) -> Result<Aggregated, Refusal> {
        let kind = value.kind();
        let (_, total) = sum(kind)?;
        if kind == Kind::Integer {
            let text = self.text(value)?;
            let wide = format!("sum(DISTINCT CAST({text} AS DECIMAL(20, 0))){filter}");
            return Ok(Aggregated { text: format!("try_cast({wide} AS BIGINT)"), kind, composed: true });
        }
        if kind.digits().is_some_and(|digits| !is_summed(digits)) {
            return Err(Refusal::Types("a sum of different decimals of so many digits"));
        }
        let text = self.text_as(value, if kind == Kind::Null { Kind::Integer } else { kind })?;
        Ok(Aggregated { text: format!("sum(DISTINCT {text}){filter}"), kind: total, composed: true })
    }

    /// The correlation of two doubles, out of its parts: the engine's own divides by the spread of constant
    /// values, and on Spark 3.5 fails there.
    fn correlation(&mut self, one: &Expr, other: &Expr, filter: &str) -> Result<Aggregated, Refusal> {
        let (one, other) = (self.double(one)?, self.double(other)?);
        let spread = |of: &str, beside: &str| {
            format!("stddev_pop(CASE WHEN {beside} IS NOT NULL THEN {of} END){filter}")
        };
        let spreads = format!("({} * {})", spread(&one, &other), spread(&other, &one));
        let text = format!("(covar_pop({one}, {other}){filter} / nullif({spreads}, CAST(0 AS DOUBLE)))");
        Ok(Aggregated { text, kind: Kind::Float, composed: true })
    }

    fn percentile(&mut self, share: &Expr, call: &Call<'_>, filter: &str) -> Result<Aggregated, Refusal> {
        let share = self.expr(share)?;
        let share = share.literal().and_then(|share| share.number_as(Kind::Float));
        let Some(Value::Double(share)) = share.filter(|_| call.window.is_none()) else {
            return Err(Refusal::Function);
        };
        let [key] = call.order else { return Err(Refusal::Function) };
        if !(0.0..=1.0).contains(&share) {
            return Err(Refusal::Literal("share"));
        }
        let share = self.values.put(Value::Double(share))?;
        let value = self.double(&key.expr)?;
        let way = if key.options.asc == Some(false) { "DESC" } else { "ASC" };
        let text = format!("percentile_cont({share}) WITHIN GROUP (ORDER BY {value} {way}){filter}");
        Ok(Aggregated { text, kind: Kind::Float, composed: true })
    }

    /// Texts of a group in an order, put together; NULL where there is none. Not every engine has such an
    /// aggregate, and so it is a sorted list of them.
    fn texts(&mut self, call: &Call<'_>, filter: &str) -> Result<Aggregated, Refusal> {
        let args = call.expressions()?;
        let ([text, separator], None) = (args.as_slice(), call.window) else { return Err(Refusal::Function) };
        let term = self.expr(text)?;
        if !matches!(term.kind(), Kind::Text | Kind::Null) {
            return Err(Refusal::Types("putting together what is no text"));
        }
        let shown = self.words(term)?;
        let separator = self.expr(separator)?;
        let separator = self.words(separator)?;
        let ways = call.order.iter().map(|key| sorted("", key)).collect::<Result<Vec<_>, _>>()?;
        let ascending = match ways.first().map(String::as_str) {
            None | Some(" ASC NULLS FIRST") => "TRUE",
            Some(" DESC NULLS LAST") => "FALSE",
            Some(_) => return Err(Refusal::Syntax("texts put together with NULL elsewhere")),
        };
        if ways.iter().any(|way| Some(way) != ways.first()) {
            return Err(Refusal::Syntax("texts put together in an order of two ways"));
        }
        let list = match call.order {
            [] => return Err(Refusal::Syntax("texts put together in no order")),
            [key] if key.expr == **text => {
                let name = if call.distinct { "collect_set" } else { "collect_list" };
                format!("sort_array({name}({shown}){filter}, {ascending})")
            }
            keys if !call.distinct => {
                let mut fields = Vec::with_capacity(keys.len() + 1);
                for (at, key) in keys.iter().enumerate() {
                    let key = self.sort_term(key)?;
                    fields.push(format!("{} AS c{at}", self.text(key)?));
                }
                let last = fields.len();
                fields.push(format!("{shown} AS c{last}"));
                let fields = fields.join(", ");
                let there = format!("CASE WHEN {shown} IS NOT NULL THEN struct({fields}) END");
                let sorted = format!("sort_array(collect_list({there}){filter}, {ascending})");
                let row = self.names.relation();
                format!("transform({sorted}, {row} -> {row}.c{last})")
            }
            _ => return Err(Refusal::Function),
        };
        let any = format!("(count({shown}){filter} > 0)");
        let text = format!("(CASE WHEN {any} THEN array_join({list}, {separator}) END)");
        Ok(Aggregated { text, kind: Kind::Text, composed: true })
    }
}

/// Whether rows leave the frame as it moves on.
fn is_sliding(window: &WindowSpec) -> bool {
    let start = window.window_frame.as_ref().map(|frame| &frame.start_bound);
    !matches!(start, None | Some(WindowFrameBound::Preceding(None)))
}

fn is_aggregate(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "avg",
        "bool_and",
        "bool_or",
        "corr",
        "count",
        "covar_pop",
        "covar_samp",
        "grouping",
        "max",
        "median",
        "min",
        "percentile_cont",
        "stddev",
        "stddev_pop",
        "string_agg",
        "sum",
        "var_pop",
    ];
    name == "var_samp" || NAMES.contains(&name)
}

/// Whether no number of rows overflows a sum of such numbers.
const fn is_summed(digits: Digits) -> bool {
    digits.whole.saturating_add(digits.scale) <= SUMMED_DIGITS_MAX
}

/// Whether a sum of decimals of so many digits may overflow.
pub(super) const fn is_wide(precision: u8) -> bool {
    precision > SUMMED_DIGITS_MAX
}

/// The aggregate of a sum or a mean, and the kind that it gives.
pub(super) fn sum_or_mean(name: &str, of: Kind) -> Result<(&'static str, Kind), Refusal> {
    if name == "sum" { sum(of) } else { mean(of) }
}

fn sum(kind: Kind) -> Result<(&'static str, Kind), Refusal> {
    match kind {
        Kind::Integer | Kind::Null => Ok(("try_sum", Kind::Integer)),
        Kind::Float => Ok(("sum", Kind::Float)),
        Kind::Decimal { precision, scale } => {
            let name = if is_wide(precision) { "try_sum" } else { "sum" };
            Ok((name, Kind::Decimal { precision: precision.saturating_add(10).min(38), scale }))
        }
        Kind::Boolean | Kind::Text | Kind::Date | Kind::Timestamp | Kind::TimestampTz | Kind::Interval => {
            Err(Refusal::Types("a sum of what is no number"))
        }
    }
}

fn mean(kind: Kind) -> Result<(&'static str, Kind), Refusal> {
    match kind {
        Kind::Integer | Kind::Null | Kind::Float => Ok(("avg", Kind::Float)),
        Kind::Decimal { precision, scale } => {
            let name = if is_wide(precision) { "try_avg" } else { "avg" };
            let more = |digits: u8| digits.saturating_add(4).min(38);
            Ok((name, Kind::Decimal { precision: more(precision), scale: more(scale) }))
        }
        Kind::Boolean | Kind::Text | Kind::Date | Kind::Timestamp | Kind::TimestampTz | Kind::Interval => {
            Err(Refusal::Types("a mean of what is no number"))
        }
    }
}
