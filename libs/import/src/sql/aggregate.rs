//! Conditions on what an aggregate adds up, and the rows that it adds up.
//!
//! Decides how a filter of a metric is said inside its aggregates: as a CASE without ELSE, since nothing is not
//! aggregated. An aggregate that sees nothing as a value takes no condition.

use super::{all_of, name_of, names, when};
use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Value, VisitMut, VisitorMut,
};
use std::ops::ControlFlow::{self, Break, Continue};

/// Aggregates that leave out a row whose first argument is nothing.
const SKIP_NOTHING: [&str; 29] = [
    "approx_count_distinct",
    "approx_percentile",
    "avg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "count_if",
    "covar_pop",
    "covar_samp",
    "every",
    "kurtosis",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "percentile",
    "percentile_approx",
    "skewness",
    "some",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];
/// Aggregates of which that is not so, or not known.
const OTHERS: [&str; 7] =
    ["any_value", "first", "last", "max_by", "min_by", "percentile_cont", "percentile_disc"];

/// The rows of one dataset.
#[derive(Debug, Clone)]
pub(crate) struct Anchor {
    pub(crate) dataset: String,
    /// Its key, which is never nothing.
    pub(crate) key: Option<Expr>,
    /// Any field of it.
    pub(crate) any: Option<Expr>,
}

impl Anchor {
    /// What holds for every row of the dataset, and names it.
    fn holds(&self) -> Result<Expr, String> {
        if let Some(key) = &self.key {
            return Ok(Expr::IsNotNull(Box::new(key.clone())));
        }
        let Some(any) = &self.any else {
            return Err(format!("it counts rows of `{}`, of which no column is named", self.dataset));
        };
        Ok(Expr::Nested(Box::new(Expr::BinaryOp {
            left: Box::new(Expr::IsNull(Box::new(any.clone()))),
            op: sqlparser::ast::BinaryOperator::Or,
            right: Box::new(Expr::IsNotNull(Box::new(any.clone()))),
        })))
    }

    fn is_in(&self, expression: &Expr) -> bool {
        names(expression).iter().any(|parts| parts.first().is_some_and(|first| *first == self.dataset))
    }
}

/// Binds every aggregate of an expression to rows of the anchor for which `only` holds. A FILTER becomes part of it.
pub(crate) fn condition(
    expression: &mut Expr,
    only: Option<&Expr>,
    anchor: Option<&Anchor>,
) -> Result<(), String> {
    struct Conditions<'a>(Option<&'a Expr>, Option<&'a Anchor>);
    impl VisitorMut for Conditions<'_> {
        type Break = String;
        fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<String> {
            let Expr::Function(function) = expression else { return Continue(()) };
            match bind(function, self.0, self.1) {
                Ok(()) => Continue(()),
                Err(why) => Break(why),
            }
        }
    }
    match VisitMut::visit(expression, &mut Conditions(only, anchor)) {
        Continue(()) => Ok(()),
        Break(why) => Err(why),
    }
}

fn bind(function: &mut Function, only: Option<&Expr>, anchor: Option<&Anchor>) -> Result<(), String> {
    let name = name_of(function);
    let skips = SKIP_NOTHING.contains(&name.as_str());
    if !skips && !OTHERS.contains(&name.as_str()) {
        return if function.filter.is_some() {
            Err(format!("`{name}` takes no FILTER here"))
        } else {
            Ok(())
        };
    }
    let own = function.filter.take().map(|filter| *filter);
    let mut conditions: Vec<Expr> = only.cloned().into_iter().chain(own).collect();
    let mut is_anchored =
        conditions.iter().any(|condition| anchor.is_none_or(|anchor| anchor.is_in(condition)));
    let refused = || format!("`{name}` takes no condition here");
    let FunctionArguments::List(list) = &mut function.args else { return Err(refused()) };
    for argument in &list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument {
            is_anchored |= anchor.is_none_or(|anchor| anchor.is_in(argument));
        }
    }
    let is_count = name == "count" && list.duplicate_treatment.is_none() && list.args.len() == 1;
    let is_plain = list.clauses.is_empty();
    let first = match list.args.first_mut() {
        Some(FunctionArg::Unnamed(first)) => first,
        Some(FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. }) | None => return Err(refused()),
    };
    let mut value = match first {
        FunctionArgExpr::Expr(value) => value.clone(),
        FunctionArgExpr::Wildcard if is_count => super::number("1"),
        FunctionArgExpr::Wildcard
        | FunctionArgExpr::QualifiedWildcard(_)
        | FunctionArgExpr::WildcardWithOptions(_) => return Err(refused()),
    };
    // Rows are counted by their key, where they have one.
    let key = anchor.and_then(|anchor| anchor.key.as_ref()).filter(|_| is_count && is_something(&value));
    if let Some(key) = key {
        value = key.clone();
        is_anchored = true;
    }
    if !is_anchored && let Some(anchor) = anchor {
        conditions.insert(0, anchor.holds()?);
    }
    match all_of(conditions) {
        None => {}
        Some(_) if !skips || !is_plain => return Err(refused()),
        Some(condition) => value = when(condition, value),
    }
    *first = FunctionArgExpr::Expr(value);
    Ok(())
}

/// A literal that is not nothing.
fn is_something(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if !matches!(value.value, Value::Null | Value::Placeholder(_)))
}

/// A call of an aggregate.
pub(crate) fn call(name: &str, is_distinct: bool, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
        name: ObjectName::from(Ident::new(name)),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: is_distinct.then_some(DuplicateTreatment::Distinct),
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
