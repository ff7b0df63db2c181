//! Aggregates: of groups, of windows, of ordered values; and those that become others.
//!
//! Where Databricks leaves a value to chance (`any_value`, texts put together in no order), one of the
//! values that it may give is chosen by the rows alone. What cannot be chosen so is refused.

use super::call::{as_type, check_arity, expressions};
use super::choice::joined;
use super::scope::{Aliases, Frame};
use super::{Checked, Facts, Origin, Walk, build, instead, not_allowed};
use crate::error::GuardError;
use crate::functions::{AllowedFunction, Meaning};
use sqlparser::ast::{
    DataType, DuplicateTreatment, ExactNumberInfo, Expr, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, OrderByExpr, OrderByOptions, Value,
};

/// What a call says of the rows it aggregates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aggregated<'a> {
    pub(super) args: &'a [FunctionArg],
    pub(super) distinct: bool,
    pub(super) filter: Option<&'a Expr>,
    pub(super) clauses: &'a [FunctionArgumentClause],
    pub(super) within_group: &'a [OrderByExpr],
}

impl<'a> Aggregated<'a> {
    /// The arguments of a call that aggregates nothing.
    pub(super) fn plain(self) -> Result<&'a [FunctionArg], GuardError> {
        if self.distinct || self.filter.is_some() {
            return Err(not_allowed("DISTINCT or FILTER with this function"));
        }
        self.unordered()?;
        Ok(self.args)
    }

    fn unordered(self) -> Result<(), GuardError> {
        if !self.clauses.is_empty() || !self.within_group.is_empty() {
            return Err(not_allowed("WITHIN GROUP, or ORDER BY and the like among arguments"));
        }
        Ok(())
    }

    /// The order in which values are taken, wherever it is written.
    fn order(self) -> Result<&'a [OrderByExpr], GuardError> {
        match (self.clauses, self.within_group) {
            ([], keys) => Ok(keys),
            ([FunctionArgumentClause::OrderBy(keys)], []) => Ok(keys),
            _ => Err(not_allowed("a clause of this kind among arguments")),
        }
    }
}

impl Walk<'_> {
    pub(super) fn aggregate(
        &mut self,
        allowed: &AllowedFunction,
        aggregated: &Aggregated<'_>,
    ) -> Result<Checked, GuardError> {
        let aliases = self.inside_aggregate();
        let checked = self.aggregate_call(allowed, aggregated);
        let filter = aggregated.filter.map(|filter| self.expr(filter)).transpose();
        self.see_aliases(aliases);
        let (mut checked, filter) = (checked?, filter?);
        if checked.facts.aggregate || checked.facts.window {
            return Err(instead(
                "an aggregate of an aggregate or of a window function",
                "aggregate first in a subquery, then aggregate its columns",
            ));
        }
        if let Some(condition) = filter {
            check_filter(&condition)?;
            let Expr::Function(call) = &mut checked.expr else { return Err(not_allowed("FILTER here")) };
            call.filter = Some(Box::new(condition.expr));
        }
        checked.facts.aggregate = true;
        Ok(checked)
    }

    /// An aggregate over a window. FILTER becomes CASE, which every engine has: NULL is not aggregated.
    pub(super) fn windowed_aggregate(
        &mut self,
        allowed: &AllowedFunction,
        aggregated: &Aggregated<'_>,
    ) -> Result<Checked, GuardError> {
        if aggregated.distinct || is_ordered(allowed.name) {
            return Err(not_allowed("DISTINCT or an order of values in an aggregate with OVER"));
        }
        let mut checked = self.aggregate_call(allowed, aggregated)?;
        let Some(filter) = aggregated.filter else { return Ok(checked) };
        let condition = self.expr(filter)?;
        check_filter(&condition)?;
        let Expr::Function(call) = &mut checked.expr else { return Err(not_allowed("FILTER here")) };
        let FunctionArguments::List(list) = &mut call.args else { return Err(not_allowed("FILTER here")) };
        let Some(FunctionArg::Unnamed(first)) = list.args.first_mut() else {
            return Err(not_allowed("FILTER here"));
        };
        let value = match std::mem::replace(first, FunctionArgExpr::Wildcard) {
            FunctionArgExpr::Expr(value) => value,
            FunctionArgExpr::Wildcard => build::number("1"),
            FunctionArgExpr::QualifiedWildcard(_) | FunctionArgExpr::WildcardWithOptions(_) => {
                return Err(not_allowed("FILTER here"));
            }
        };
        *first = FunctionArgExpr::Expr(build::case(condition.expr, value, None));
        Ok(Checked::new(checked.expr, checked.facts.with(condition.facts)))
    }

    /// What is aggregated are columns of FROM, even where an output column has the same name.
    fn inside_aggregate(&mut self) -> Aliases {
        let around = self.frames.last().map_or(Aliases::Hidden, |frame| frame.aliases);
        match around {
            Aliases::Hidden | Aliases::Before => self.see_aliases(Aliases::Hidden),
            Aliases::AfterInput | Aliases::Unambiguous | Aliases::BeforeInput => {
                self.see_aliases(Aliases::AfterInput);
            }
        }
        around
    }

    fn aggregate_call(
        &mut self,
        allowed: &AllowedFunction,
        aggregated: &Aggregated<'_>,
    ) -> Result<Checked, GuardError> {
        if is_ordered(allowed.name) {
            return self.ordered_aggregate(allowed, aggregated);
        }
        aggregated.unordered()?;
        let Aggregated { args, distinct, .. } = *aggregated;
        let counted = allowed.name == "count";
        if counted && matches!(args, [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) && !distinct {
            let call = build::function_of("count", vec![FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
            return Ok(Checked::new(Expr::Function(call), self.counted(Facts::MADE)));
        }
        let args = expressions(args)?;
        check_arity(allowed, args.len())?;
        let mut walked = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>, _>>()?;
        let facts = Facts::of(&walked).with(Facts::MADE);
        let facts = if counted { self.counted(facts) } else { facts };
        if counted && walked.len() > 1 {
            let tuple = if distinct { as_one_text(walked)? } else { all_there(walked) };
            return Ok(Checked::new(aggregate_of("count", tuple, distinct), facts));
        }
        let (name, distinct) = match (allowed.name, walked.pop()) {
            ("count_if", Some(condition)) => {
                let one = build::case(condition.expr, build::number("1"), None);
                walked.push(Checked::new(one, facts));
                ("count", distinct)
            }
            ("approx_count_distinct", Some(argument)) => {
                walked.push(argument);
                ("count", true)
            }
            // The middle of an even number of whole numbers lies between two of them.
            ("median", Some(argument)) => {
                walked.push(Checked::new(as_type(argument.expr, double()), facts));
                ("median", distinct)
            }
            ("any_value", Some(argument)) => {
                walked.push(argument);
                ("min", false)
            }
            (_, argument) => {
                walked.extend(argument);
                let Meaning::Engine(name) = allowed.meaning else {
                    return Err(not_allowed("this aggregate"));
                };
                (name, distinct)
            }
        };
        let args = walked.into_iter().map(|arg| arg.expr).collect();
        Ok(Checked::new(aggregate_call_of(name, args, distinct), facts))
    }

    /// A count of the caller's rows is traced to them; a literal summed over them is not.
    fn counted(&self, facts: Facts) -> Facts {
        let counts_rows = self.frames.last().is_some_and(Frame::touches);
        if counts_rows { Facts { origin: Origin::Traced, ..facts } } else { facts }
    }

    /// Percentiles and texts put together: aggregates whose value depends on an order of values.
    fn ordered_aggregate(
        &mut self,
        allowed: &AllowedFunction,
        aggregated: &Aggregated<'_>,
    ) -> Result<Checked, GuardError> {
        let args = expressions(aggregated.args)?;
        check_arity(allowed, args.len())?;
        if aggregated.distinct && !matches!(allowed.name, "string_agg" | "listagg") {
            return Err(not_allowed("DISTINCT with this function"));
        }
        match (allowed.name, args.as_slice()) {
            ("percentile", [value, share]) => {
                aggregated.unordered()?;
                let value = self.expr(value)?;
                self.percentile(share, value, true)
            }
            ("percentile_cont", [share]) => {
                let [key] = aggregated.order()? else {
                    return Err(instead(
                        "percentile_cont without one order",
                        "write percentile_cont(0.5) WITHIN GROUP (ORDER BY x)",
                    ));
                };
                let (value, ascending) = self.order_key(key)?;
                self.percentile(share, value, ascending)
            }
            ("string_agg" | "listagg", [text, separator @ ..]) => {
                self.texts(text, separator.first().copied(), aggregated)
            }
            _ => Err(not_allowed("this aggregate")),
        }
    }

    fn order_key(&mut self, key: &OrderByExpr) -> Result<(Checked, bool), GuardError> {
        let OrderByExpr { expr, options: OrderByOptions { asc, nulls_first: _ }, with_fill: None } = key
        else {
            return Err(not_allowed("WITH FILL"));
        };
        Ok((self.expr(expr)?, *asc != Some(false)))
    }

    fn percentile(&mut self, share: &Expr, value: Checked, ascending: bool) -> Result<Checked, GuardError> {
        let Some(share) = literal_share(share) else {
            return Err(instead("a percentile that is no literal from 0 to 1", "write the share as 0.5"));
        };
        self.spend(1)?;
        let mut call = build::function("percentile_cont", vec![build::number(&share)]);
        call.within_group = vec![build::sort_key(as_type(value.expr, double()), ascending, None)];
        Ok(Checked::new(Expr::Function(call), value.facts.with(Facts::MADE)))
    }

    /// Texts of a group put together. Only where a result is made: as a value among others, such a text
    /// could be as long as all rows together, once for each row.
    fn texts(
        &mut self,
        text: &Expr,
        separator: Option<&Expr>,
        aggregated: &Aggregated<'_>,
    ) -> Result<Checked, GuardError> {
        if self.queries > 1 || self.frames.len() > 1 {
            return Err(instead("putting texts together inside a subquery", "do it in the outermost SELECT"));
        }
        let text = self.expr(text)?;
        let separator = match separator {
            None => build::text(""),
            Some(separator) if super::literal::literal_text(separator).is_some() => {
                self.expr(separator)?.expr
            }
            Some(_) => return Err(instead("a computed separator", "write the separator as text")),
        };
        let mut keys: Vec<OrderByExpr> = Vec::new();
        for key in aggregated.order()? {
            let OrderByExpr { expr: _, options: OrderByOptions { asc: _, nulls_first }, with_fill: _ } = key;
            let (checked, ascending) = self.order_key(key)?;
            if aggregated.distinct && checked.expr != text.expr {
                return Err(instead("DISTINCT texts in another order than their own", "order by the text"));
            }
            keys.push(build::sort_key(checked.expr, ascending, *nulls_first));
        }
        // Equal texts may change places unseen.
        if !keys.iter().any(|key| key.expr == text.expr) {
            keys.push(build::sort_key(text.expr.clone(), true, None));
        }
        let mut call = build::function("string_agg", vec![text.expr, separator]);
        if let FunctionArguments::List(list) = &mut call.args {
            list.duplicate_treatment = aggregated.distinct.then_some(DuplicateTreatment::Distinct);
            list.clauses = vec![FunctionArgumentClause::OrderBy(keys)];
        }
        Ok(Checked::new(Expr::Function(call), text.facts.with(Facts::MADE)))
    }
}

fn is_ordered(name: &str) -> bool {
    matches!(name, "percentile" | "percentile_cont" | "string_agg" | "listagg")
}

fn check_filter(condition: &Checked) -> Result<(), GuardError> {
    if condition.facts.aggregate || condition.facts.window {
        return Err(not_allowed("an aggregate or window function in FILTER"));
    }
    Ok(())
}

fn double() -> DataType {
    DataType::Double(ExactNumberInfo::None)
}

fn aggregate_of(name: &str, argument: Expr, distinct: bool) -> Expr {
    aggregate_call_of(name, vec![argument], distinct)
}

fn aggregate_call_of(name: &str, args: Vec<Expr>, distinct: bool) -> Expr {
    let mut call = build::function(name, args);
    if distinct && let FunctionArguments::List(list) = &mut call.args {
        list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
    }
    Expr::Function(call)
}

/// Several values as one text, equal where all of them are, and NULL where one is: each `~` in them is
/// followed by a 0, so that no value holds the mark between two.
fn as_one_text(parts: Vec<Checked>) -> Result<Expr, GuardError> {
    let mut whole: Option<Checked> = None;
    for part in parts {
        let facts = Facts { width: part.facts.width.saturating_mul(2), ..part.facts };
        let text = build::function("string", vec![part.expr]);
        let escaped = vec![Expr::Function(text), build::text("~"), build::text("~0")];
        let escaped = Checked::new(Expr::Function(build::function("replace", escaped)), facts);
        whole = Some(match whole {
            None => escaped,
            Some(before) => joined(joined(before, Checked::new(build::text("~1"), Facts::PLAIN))?, escaped)?,
        });
    }
    whole.map(|whole| whole.expr).ok_or_else(|| not_allowed("a count of nothing"))
}

/// One where no value is NULL.
fn all_there(parts: Vec<Checked>) -> Expr {
    let tests = parts.into_iter().map(|part| Expr::IsNotNull(Box::new(build::operand(part.expr))));
    let all = tests.reduce(|all, test| build::binary(all, sqlparser::ast::BinaryOperator::And, test));
    build::case(all.unwrap_or_else(|| build::number("1")), build::number("1"), None)
}

/// A literal from 0 to 1, as it stands.
fn literal_share(share: &Expr) -> Option<String> {
    let Expr::Value(value) = share else { return None };
    let Value::Number(digits, false) = &value.value else { return None };
    let plain = digits.len() <= 20 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let share: f64 = digits.parse().ok()?;
    (plain && (0.0..=1.0).contains(&share)).then(|| digits.clone())
}
