//! The functions that a statement may call, and what they run as.
//!
//! Decides names and numbers of arguments. A name that is not here is refused; nothing here reads a
//! clock, a file, the engine's settings or random numbers, or makes text much longer than its input.
//!
//! Names are those of Databricks SQL. Where the engine's function of the same name means something
//! else, or does not exist, a call becomes other syntax with the meaning it has there ([`Meaning::Syntax`]);
//! that syntax is itself accepted, so that a canonical text can be guarded again.

use FunctionKind::{Aggregate, Scalar, Window};
use Meaning::{Engine, Syntax};
use sqlparser::ast::{Expr, Query, TrimWhereField, Visit, Visitor};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::LazyLock;

/// Where a function may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// One value per row.
    Scalar,
    /// One value per group; with OVER, per row.
    Aggregate,
    /// Only with OVER.
    Window,
}

/// What a call becomes in the tree that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A call of the engine's function of this name.
    Engine(&'static str),
    /// Other syntax, shown here; no function of this name has to exist.
    Syntax(&'static str),
}

/// A function on the allow-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedFunction {
    /// Name, lower case.
    pub name: &'static str,
    /// Where it may stand.
    pub kind: FunctionKind,
    /// Arguments at least.
    pub args_min: usize,
    /// Arguments at most.
    pub args_max: usize,
    /// What a call becomes.
    pub meaning: Meaning,
}

const fn function(
    name: &'static str,
    kind: FunctionKind,
    args_min: usize,
    args_max: usize,
    meaning: Meaning,
) -> AllowedFunction {
    AllowedFunction { name, kind, args_min, args_max, meaning }
}

/// The functions that a checked tree calls, by the engine's name. Operators are no functions.
pub(crate) fn called(query: &Query) -> BTreeSet<String> {
    struct Names(BTreeSet<String>);
    impl Visitor for Names {
        type Break = ();
        #[expect(clippy::wildcard_enum_match_arm, reason = "other expressions are no calls")]
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let name = match expr {
                Expr::Function(call) => call.name.to_string(),
                Expr::Substring { .. } => "substr".to_owned(),
                Expr::Ceil { .. } => "ceil".to_owned(),
                Expr::Floor { .. } => "floor".to_owned(),
                Expr::Trim { trim_where: Some(TrimWhereField::Leading), .. } => "ltrim".to_owned(),
                Expr::Trim { trim_where: Some(TrimWhereField::Trailing), .. } => "rtrim".to_owned(),
                Expr::Trim { .. } => "btrim".to_owned(),
                _ => return ControlFlow::Continue(()),
            };
            let _ = self.0.insert(name);
            ControlFlow::Continue(())
        }
    }
    let mut names = Names(BTreeSet::new());
    let _ = query.visit(&mut names);
    names.0
}

/// The list in the order of names: a draft calls many functions.
static BY_NAME: LazyLock<Vec<&'static AllowedFunction>> = LazyLock::new(|| {
    let mut sorted: Vec<_> = FUNCTIONS.iter().collect();
    sorted.sort_unstable_by_key(|function| function.name);
    sorted
});

/// What to write instead of a function that analysts know and that is not here.
pub(crate) fn instead_of(name: &str) -> Option<&'static str> {
    let hint = match name.to_ascii_lowercase().as_str() {
        "first" | "last" | "max_by" | "min_by" => {
            "keep one row by QUALIFY row_number() OVER (PARTITION BY .. ORDER BY ..) = 1"
        }
        "array_agg" | "collect_list" | "collect_set" => {
            "put texts together with string_agg(x, ','), or count them with count(DISTINCT x)"
        }
        "percentile_approx" | "approx_percentile" | "percentile_disc" => {
            "write percentile(x, 0.5), which is exact"
        }
        "now" | "current_date" | "current_timestamp" | "getdate" | "today" => {
            "write the day as a literal: DATE '2026-01-31'"
        }
        "regexp_like" | "regexp_replace" | "regexp_extract" | "regexp_count" => {
            "write LIKE with at most two wildcards, or split_part"
        }
        "split" => "write split_part(x, ',', 1)",
        "isdate" | "isnumeric" => "write try_cast(x AS DATE) IS NOT NULL",
        _ => return None,
    };
    Some(hint)
}

/// The function of this name, which the dialect reads without case.
pub(crate) fn find(name: &str) -> Option<&'static AllowedFunction> {
    let folded = |known: &str| known.bytes().cmp(name.bytes().map(|byte| byte.to_ascii_lowercase()));
    let at = BY_NAME.binary_search_by(|function| folded(function.name)).ok()?;
    BY_NAME.get(at).copied()
}

/// Every function that a statement may call, by name.
pub const FUNCTIONS: &[AllowedFunction] = &[
    // Aggregates.
    function("any_value", Aggregate, 1, 1, Syntax("min(x), one of the values that it may give")),
    function("approx_count_distinct", Aggregate, 1, 1, Syntax("count(DISTINCT x)")),
    function("avg", Aggregate, 1, 1, Engine("avg")),
    function("bool_and", Aggregate, 1, 1, Engine("bool_and")),
    function("bool_or", Aggregate, 1, 1, Engine("bool_or")),
    function("corr", Aggregate, 2, 2, Engine("corr")),
    function("count", Aggregate, 1, 8, Engine("count")),
    function("count_if", Aggregate, 1, 1, Syntax("count(CASE WHEN x THEN 1 END)")),
    function("covar_pop", Aggregate, 2, 2, Engine("covar_pop")),
    function("covar_samp", Aggregate, 2, 2, Engine("covar_samp")),
    function("every", Aggregate, 1, 1, Engine("bool_and")),
    function("grouping", Aggregate, 1, 1, Engine("grouping")),
    function("listagg", Aggregate, 1, 2, Syntax("string_agg(x, ',' ORDER BY x)")),
    function("max", Aggregate, 1, 1, Engine("max")),
    function("mean", Aggregate, 1, 1, Engine("avg")),
    function("median", Aggregate, 1, 1, Syntax("median(CAST(x AS DOUBLE))")),
    function("min", Aggregate, 1, 1, Engine("min")),
    function("percentile", Aggregate, 2, 2, Syntax("percentile_cont(p) WITHIN GROUP (ORDER BY x)")),
    function("percentile_cont", Aggregate, 1, 1, Engine("percentile_cont")),
    function("some", Aggregate, 1, 1, Engine("bool_or")),
    function("std", Aggregate, 1, 1, Engine("stddev")),
    function("stddev", Aggregate, 1, 1, Engine("stddev")),
    function("stddev_pop", Aggregate, 1, 1, Engine("stddev_pop")),
    function("stddev_samp", Aggregate, 1, 1, Engine("stddev")),
    function("string_agg", Aggregate, 1, 2, Engine("string_agg")),
    function("sum", Aggregate, 1, 1, Engine("sum")),
    function("var_pop", Aggregate, 1, 1, Engine("var_pop")),
    function("var_samp", Aggregate, 1, 1, Engine("var_samp")),
    function("variance", Aggregate, 1, 1, Engine("var_samp")),
    // Window functions.
    function("cume_dist", Window, 0, 0, Engine("cume_dist")),
    function("dense_rank", Window, 0, 0, Engine("dense_rank")),
    function("first_value", Window, 1, 1, Engine("first_value")),
    function("lag", Window, 1, 3, Engine("lag")),
    function("last_value", Window, 1, 1, Engine("last_value")),
    function("lead", Window, 1, 3, Engine("lead")),
    function("nth_value", Window, 2, 2, Engine("nth_value")),
    function("ntile", Window, 1, 1, Engine("ntile")),
    function("percent_rank", Window, 0, 0, Engine("percent_rank")),
    function("rank", Window, 0, 0, Engine("rank")),
    function("row_number", Window, 0, 0, Engine("row_number")),
    // Numbers.
    function("abs", Scalar, 1, 1, Engine("abs")),
    function("ceil", Scalar, 1, 1, Engine("ceil")),
    function("ceiling", Scalar, 1, 1, Engine("ceil")),
    function("exp", Scalar, 1, 1, Engine("exp")),
    function("floor", Scalar, 1, 1, Engine("floor")),
    function("ln", Scalar, 1, 1, Engine("ln")),
    function("log10", Scalar, 1, 1, Engine("log10")),
    function("log2", Scalar, 1, 1, Engine("log2")),
    function("mod", Scalar, 2, 2, Syntax("(x % y)")),
    function("pow", Scalar, 2, 2, Engine("power")),
    function("power", Scalar, 2, 2, Engine("power")),
    function("round", Scalar, 1, 2, Engine("round")),
    function("sign", Scalar, 1, 1, Engine("signum")),
    function("signum", Scalar, 1, 1, Engine("signum")),
    function("sqrt", Scalar, 1, 1, Engine("sqrt")),
    // Choices.
    function("coalesce", Scalar, 1, 32, Engine("coalesce")),
    function("greatest", Scalar, 2, 32, Engine("greatest")),
    function("if", Scalar, 3, 3, Syntax("CASE WHEN c THEN x ELSE y END")),
    function("iff", Scalar, 3, 3, Syntax("CASE WHEN c THEN x ELSE y END")),
    function("ifnull", Scalar, 2, 2, Engine("coalesce")),
    function("isnotnull", Scalar, 1, 1, Syntax("(x IS NOT NULL)")),
    function("isnull", Scalar, 1, 1, Syntax("(x IS NULL)")),
    function("least", Scalar, 2, 32, Engine("least")),
    function("nullif", Scalar, 2, 2, Engine("nullif")),
    function("nullifzero", Scalar, 1, 1, Syntax("nullif(x, 0)")),
    function("nvl", Scalar, 2, 2, Engine("coalesce")),
    function("nvl2", Scalar, 3, 3, Syntax("CASE WHEN x IS NOT NULL THEN y ELSE z END")),
    function("try_divide", Scalar, 2, 2, Syntax("(x / nullif(y, 0))")),
    function("zeroifnull", Scalar, 1, 1, Syntax("coalesce(x, 0)")),
    // Text.
    function("ascii", Scalar, 1, 1, Engine("ascii")),
    function("btrim", Scalar, 1, 2, Engine("btrim")),
    function("char_length", Scalar, 1, 1, Engine("character_length")),
    function("character_length", Scalar, 1, 1, Engine("character_length")),
    function("charindex", Scalar, 2, 2, Syntax("strpos(y, x)")),
    function("concat", Scalar, 1, 16, Syntax("(x || y)")),
    function("concat_ws", Scalar, 2, 16, Engine("concat_ws")),
    function("contains", Scalar, 2, 2, Engine("contains")),
    function("ends_with", Scalar, 2, 2, Engine("ends_with")),
    function("endswith", Scalar, 2, 2, Engine("ends_with")),
    function("initcap", Scalar, 1, 1, Engine("initcap")),
    function("instr", Scalar, 2, 2, Engine("strpos")),
    function("lcase", Scalar, 1, 1, Engine("lower")),
    function("left", Scalar, 2, 2, Engine("left")),
    function("len", Scalar, 1, 1, Engine("character_length")),
    function("length", Scalar, 1, 1, Engine("character_length")),
    function("locate", Scalar, 2, 2, Syntax("strpos(y, x)")),
    function("lower", Scalar, 1, 1, Engine("lower")),
    function("lpad", Scalar, 2, 3, Engine("lpad")),
    function("ltrim", Scalar, 1, 2, Engine("ltrim")),
    function("mid", Scalar, 2, 3, Engine("substr")),
    function("position", Scalar, 2, 2, Syntax("strpos(y, x)")),
    function("replace", Scalar, 2, 3, Engine("replace")),
    function("reverse", Scalar, 1, 1, Engine("reverse")),
    function("right", Scalar, 2, 2, Engine("right")),
    function("rpad", Scalar, 2, 3, Engine("rpad")),
    function("rtrim", Scalar, 1, 2, Engine("rtrim")),
    function("split_part", Scalar, 3, 3, Engine("split_part")),
    function("starts_with", Scalar, 2, 2, Engine("starts_with")),
    function("startswith", Scalar, 2, 2, Engine("starts_with")),
    function("string", Scalar, 1, 1, Engine("string")),
    function("strpos", Scalar, 2, 2, Engine("strpos")),
    function("substr", Scalar, 2, 3, Engine("substr")),
    function("substring", Scalar, 2, 3, Engine("substr")),
    function("trim", Scalar, 1, 1, Engine("btrim")),
    function("ucase", Scalar, 1, 1, Engine("upper")),
    function("upper", Scalar, 1, 1, Engine("upper")),
    // Dates. `isodow` and `epoch` are fields of ours: Databricks has no such names.
    function("add_months", Scalar, 2, 2, Syntax("CAST(d AS DATE) + INTERVAL 'n' MONTH")),
    function("date", Scalar, 1, 1, Syntax("CAST(x AS DATE)")),
    function("date_add", Scalar, 2, 3, Syntax("CAST(d AS DATE) + INTERVAL 'n' DAY")),
    function("date_diff", Scalar, 2, 3, Syntax("timestampdiff('unit', a, b), or calendar days")),
    function("date_format", Scalar, 2, 2, Syntax("to_char(d, '%Y-%m-%d')")),
    function("date_part", Scalar, 2, 2, Engine("date_part")),
    function("date_sub", Scalar, 2, 2, Syntax("CAST(d AS DATE) - INTERVAL 'n' DAY")),
    function("date_trunc", Scalar, 2, 2, Engine("date_trunc")),
    function("dateadd", Scalar, 2, 3, Syntax("CAST(t AS TIMESTAMP) + INTERVAL 'n' UNIT")),
    function("datediff", Scalar, 2, 3, Syntax("timestampdiff('unit', a, b), or calendar days")),
    function("datepart", Scalar, 2, 2, Syntax("date_part('field', d)")),
    function("day", Scalar, 1, 1, Syntax("date_part('day', d)")),
    function("dayname", Scalar, 1, 1, Syntax("to_char(d, '%a')")),
    function("dayofmonth", Scalar, 1, 1, Syntax("date_part('day', d)")),
    function("dayofweek", Scalar, 1, 1, Syntax("(date_part('isodow', d) % 7 + 1)")),
    function("dayofyear", Scalar, 1, 1, Syntax("date_part('doy', d)")),
    function("hour", Scalar, 1, 1, Syntax("date_part('hour', d)")),
    function("last_day", Scalar, 1, 1, Syntax("CAST(date_trunc('month', d) + month - day AS DATE)")),
    function("make_date", Scalar, 3, 3, Engine("make_date")),
    function("minute", Scalar, 1, 1, Syntax("date_part('minute', d)")),
    function("month", Scalar, 1, 1, Syntax("date_part('month', d)")),
    function("monthname", Scalar, 1, 1, Syntax("to_char(d, '%b')")),
    function("months_between", Scalar, 2, 2, Engine("months_between")),
    function("next_day", Scalar, 2, 2, Engine("next_day")),
    function("quarter", Scalar, 1, 1, Syntax("date_part('quarter', d)")),
    function("second", Scalar, 1, 1, Syntax("date_part('second', d)")),
    function("timestampadd", Scalar, 3, 3, Syntax("CAST(t AS TIMESTAMP) + INTERVAL 'n' UNIT")),
    function("timestampdiff", Scalar, 3, 3, Engine("timestampdiff")),
    function("to_char", Scalar, 2, 2, Engine("to_char")),
    function("to_date", Scalar, 1, 1, Syntax("CAST(x AS DATE)")),
    function("to_timestamp", Scalar, 1, 1, Syntax("CAST(x AS TIMESTAMP)")),
    function("trunc", Scalar, 2, 2, Syntax("CAST(date_trunc('unit', d) AS DATE)")),
    function("weekday", Scalar, 1, 1, Syntax("(date_part('isodow', d) - 1)")),
    function("weekofyear", Scalar, 1, 1, Syntax("date_part('week', d)")),
    function("year", Scalar, 1, 1, Syntax("date_part('year', d)")),
];
