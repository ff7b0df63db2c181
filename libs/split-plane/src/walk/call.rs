//! Calls of functions: which, how often, with what; and calls that become other syntax.
//!
//! Memory pools do not see text functions, so arguments that make text longer are literals within bounds.

use super::aggregate::Aggregated;
use super::literal::{literal_integer, literal_text};
use super::text::is_count;
use super::{Checked, Facts, Walk, build, instead, not_allowed, too_wide};
use crate::bounds::WIDTH_MAX;
use crate::error::GuardError;
use crate::functions::{self, AllowedFunction, FunctionKind, Meaning};
use sqlparser::ast::{
    CeilFloorKind, DataType, DateTimeField, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, TrimWhereField, WindowType,
};

/// Letters that `lpad` and `rpad` may pad to.
const PAD_MAX: i32 = 256;

impl Walk<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Result<Checked, GuardError> {
        let Function {
            name,
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args: FunctionArguments::List(args),
            filter,
            null_treatment: None,
            over,
            within_group,
        } = function
        else {
            return Err(not_allowed("a call with parameters, IGNORE NULLS or without brackets"));
        };
        let ident = self.one_part(name)?;
        let Some(allowed) = functions::find(&ident.value) else { return Err(unlisted(ident)) };
        let FunctionArgumentList { duplicate_treatment, args, clauses } = args;
        let distinct = matches!(duplicate_treatment, Some(DuplicateTreatment::Distinct));
        let aggregated = Aggregated { args, distinct, filter: filter.as_deref(), clauses, within_group };
        match (allowed.kind, over) {
            (FunctionKind::Scalar, None) => self.scalar(allowed, aggregated.plain()?),
            (FunctionKind::Aggregate, None) => self.aggregate(allowed, &aggregated),
            (FunctionKind::Aggregate, Some(over)) => {
                // What it aggregates may itself be an aggregate of the group.
                let call = self.windowed_aggregate(allowed, &aggregated)?;
                self.with_window(allowed, call, over)
            }
            (FunctionKind::Window, Some(over)) => {
                let call = self.window_call(allowed, aggregated.plain()?)?;
                self.with_window(allowed, call, over)
            }
            (FunctionKind::Window, None) => {
                Err(instead("a window function without OVER", "write OVER (ORDER BY ..) after the call"))
            }
            (FunctionKind::Scalar, Some(_)) => Err(not_allowed("OVER with this function")),
        }
    }

    fn with_window(
        &mut self,
        allowed: &AllowedFunction,
        mut checked: Checked,
        over: &WindowType,
    ) -> Result<Checked, GuardError> {
        let (over, facts) = self.over(allowed, over)?;
        let Expr::Function(call) = &mut checked.expr else { return Err(not_allowed("OVER here")) };
        call.over = Some(over);
        // Of a rank, its order is what it depends on.
        checked.facts = Facts { window: true, ..checked.facts.with(facts) };
        Ok(checked)
    }

    fn window_call(
        &mut self,
        allowed: &AllowedFunction,
        args: &[FunctionArg],
    ) -> Result<Checked, GuardError> {
        let args = expressions(args)?;
        check_arity(allowed, args.len())?;
        let Meaning::Engine(name) = allowed.meaning else { return Err(not_allowed("this window function")) };
        let counts = match allowed.name {
            "ntile" => args.first(),
            "lag" | "lead" | "nth_value" => args.get(1),
            _ => None,
        };
        let in_bounds =
            |expr: &&Expr| literal_integer(expr).is_some_and(|count| (1..=10_000).contains(&count));
        if !counts.into_iter().all(in_bounds) {
            return Err(not_allowed("a computed or huge count of rows"));
        }
        let walked = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>, _>>()?;
        Ok(build::call(name, walked))
    }

    fn scalar(&mut self, allowed: &AllowedFunction, args: &[FunctionArg]) -> Result<Checked, GuardError> {
        let args = expressions(args)?;
        check_arity(allowed, args.len())?;
        match allowed.meaning {
            Meaning::Syntax(_) => self.rewritten(allowed.name, &args),
            Meaning::Engine(name) => self.engine_call(name, &args),
        }
    }

    /// Calls whose arguments have rules of their own.
    fn engine_call(&mut self, name: &'static str, args: &[&Expr]) -> Result<Checked, GuardError> {
        match (name, args) {
            ("date_part", [field, date]) => self.date_part(field, date),
            ("date_trunc", [unit, date]) => self.date_trunc(unit, date),
            ("to_char", [date, format]) => self.date_text(date, format),
            ("substr", [text, from]) => self.substring(text, Some(from), None),
            ("substr", [text, from, length]) => self.substring(text, Some(from), Some(length)),
            ("left" | "right", [_, count]) if !is_count(count, i32::MAX) => {
                Err(not_allowed("a computed or negative count of letters"))
            }
            ("lpad" | "rpad", [_, count, ..]) if !is_count(count, PAD_MAX) => {
                Err(GuardError::too_complex(format!("padding to a computed length or over {PAD_MAX}")))
            }
            ("round", [_, digits]) if literal_integer(digits).is_none() => {
                Err(not_allowed("computed digits"))
            }
            ("split_part", [_, _, part]) if !is_part(part) => {
                Err(instead("a computed part, or part 0", "write the number of the part: 1, 2, -1"))
            }
            ("timestampdiff", [unit, start, end]) => self.elapsed(unit, start, end),
            ("months_between", [end, start]) => self.months_between(end, start),
            ("next_day", [date, weekday]) => self.next_day(date, weekday),
            ("string", [value]) => self.as_text(value),
            ("btrim", [text, what]) => self.trim(Some(TrimWhereField::Both), Some(what), text, None),
            // Databricks has what is trimmed first, the engine second; TRIM is the same to both.
            ("ltrim", [what, text]) => self.trim(Some(TrimWhereField::Leading), Some(what), text, None),
            ("rtrim", [what, text]) => self.trim(Some(TrimWhereField::Trailing), Some(what), text, None),
            ("ceil", [number]) => {
                self.round_to_whole(number, &CeilFloorKind::DateTimeField(DateTimeField::NoDateTime), true)
            }
            ("floor", [number]) => {
                self.round_to_whole(number, &CeilFloorKind::DateTimeField(DateTimeField::NoDateTime), false)
            }
            ("replace", [text, what]) => self.replace(text, what, ""),
            ("replace", [text, what, with]) => match literal_text(with) {
                Some(with) => self.replace(text, what, with),
                None => Err(not_allowed("replacing by something other than a literal")),
            },
            _ => {
                let walked = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>, _>>()?;
                let width = match name {
                    "concat_ws" => Some(sum_width(walked.iter().map(|part| part.facts))?),
                    "lpad" | "rpad" => Some(sum_width(walked.iter().map(|part| part.facts))?),
                    _ => None,
                };
                let mut call = build::call(name, walked);
                call.facts.width = width.unwrap_or(call.facts.width);
                Ok(call)
            }
        }
    }
}

/// The width of texts put side by side.
pub(super) fn sum_width(parts: impl IntoIterator<Item = Facts>) -> Result<u32, GuardError> {
    let width = parts.into_iter().fold(0_u32, |sum, facts| sum.saturating_add(facts.width));
    if width > WIDTH_MAX { Err(too_wide()) } else { Ok(width) }
}

/// The expression as this type, cast once.
pub(super) fn as_type(expr: Expr, wanted: DataType) -> Expr {
    let cast_already = matches!(
        &expr,
        Expr::Cast { kind: _, expr: _, data_type, array: _, format: _ } if *data_type == wanted
    );
    if cast_already { expr } else { build::cast(expr, wanted) }
}

pub(super) fn check_arity(allowed: &AllowedFunction, args: usize) -> Result<(), GuardError> {
    let AllowedFunction { name, kind: _, args_min, args_max, meaning: _ } = allowed;
    if (*args_min..=*args_max).contains(&args) {
        return Ok(());
    }
    Err(GuardError::not_allowed(
        format!("`{name}` with {args} arguments"),
        format!("`{name}` takes {args_min} to {args_max} arguments"),
    ))
}

/// Plain arguments, one after the other.
pub(super) fn expressions(args: &[FunctionArg]) -> Result<Vec<&Expr>, GuardError> {
    let plain = |arg| match arg {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr)) => Ok(expr),
        FunctionArg::Unnamed(
            FunctionArgExpr::QualifiedWildcard(_)
            | FunctionArgExpr::Wildcard
            | FunctionArgExpr::WildcardWithOptions(_),
        )
        | FunctionArg::Named { .. }
        | FunctionArg::ExprNamed { .. } => Err(not_allowed("a named argument or `*` in a call")),
    };
    args.iter().map(plain).collect()
}

/// A literal part of a text: counted from its start, or from its end when negative.
fn is_part(part: &Expr) -> bool {
    literal_integer(part).is_some_and(|part| part != 0)
}

fn unlisted(ident: &Ident) -> GuardError {
    let start = ident.span.start;
    let hint = functions::instead_of(&ident.value).map_or_else(function_hint, str::to_owned);
    let what = format!("function `{}` is not on the list", ident.value);
    GuardError::not_allowed(what, hint).at(start.line, start.column)
}

fn function_hint() -> String {
    let names: Vec<_> = functions::FUNCTIONS.iter().map(|function| function.name).collect();
    format!("use only these functions: {}", names.join(", "))
}
