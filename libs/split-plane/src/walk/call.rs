//! Calls of functions: which, how often, with what; and calls that become other syntax.
//!
//! Memory pools do not see text functions, so arguments that make text longer are literals within bounds.

use super::literal::{literal_integer, literal_text};
use super::scope::{Aliases, Frame};
use super::text::is_count;
use super::{Checked, Facts, Origin, Walk, build, not_allowed, too_wide};
use crate::bounds::WIDTH_MAX;
use crate::error::GuardError;
use crate::functions::{self, AllowedFunction, FunctionKind, Meaning};
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CeilFloorKind, DataType, DateTimeField, DuplicateTreatment, ExactNumberInfo, Expr,
    Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, TrimWhereField,
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
        let FunctionArgumentList { duplicate_treatment, args, clauses } = args;
        if !within_group.is_empty() || !clauses.is_empty() {
            return Err(not_allowed("WITHIN GROUP, or ORDER BY and the like among arguments"));
        }
        let ident = self.one_part(name)?;
        let Some(allowed) = functions::find(&ident.value) else {
            let start = ident.span.start;
            let what = format!("function `{}` is not on the list", ident.value);
            return Err(GuardError::not_allowed(what, function_hint()).at(start.line, start.column));
        };
        let distinct = matches!(duplicate_treatment, Some(DuplicateTreatment::Distinct));
        let plain = filter.is_none() && over.is_none() && !distinct;
        match allowed.kind {
            FunctionKind::Scalar if plain => self.scalar(allowed, &expressions(args)?),
            FunctionKind::Aggregate if over.is_none() => {
                self.aggregate(allowed, args, distinct, filter.as_deref())
            }
            FunctionKind::Aggregate | FunctionKind::Window if filter.is_none() && !distinct => {
                let Some(over) = over else {
                    return Err(not_allowed("a window function without OVER"));
                };
                let mut checked = if allowed.kind == FunctionKind::Window {
                    self.window_call(allowed, &expressions(args)?)?
                } else {
                    // What it aggregates may itself be an aggregate of the group.
                    self.aggregate_call(allowed, args, false)?
                };
                let (over, facts) = self.over(allowed, over)?;
                let Expr::Function(call) = &mut checked.expr else { return Err(not_allowed("OVER here")) };
                call.over = Some(over);
                // Of a rank, its order is what it depends on.
                checked.facts = Facts { window: true, ..checked.facts.with(facts) };
                Ok(checked)
            }
            FunctionKind::Scalar | FunctionKind::Aggregate | FunctionKind::Window => {
                Err(not_allowed("DISTINCT, FILTER or OVER with this function"))
            }
        }
    }

    fn aggregate(
        &mut self,
        allowed: &AllowedFunction,
        args: &[FunctionArg],
        distinct: bool,
        filter: Option<&Expr>,
    ) -> Result<Checked, GuardError> {
        let aliases = self.inside_aggregate();
        let checked = self.aggregate_call(allowed, args, distinct);
        let filter = filter.map(|filter| self.expr(filter)).transpose();
        self.see_aliases(aliases);
        let (mut checked, filter) = (checked?, filter?);
        if checked.facts.aggregate || checked.facts.window {
            return Err(not_allowed("an aggregate of an aggregate or of a window function"));
        }
        if let Some(condition) = filter {
            if condition.facts.aggregate || condition.facts.window {
                return Err(not_allowed("an aggregate or window function in FILTER"));
            }
            let Expr::Function(call) = &mut checked.expr else { return Err(not_allowed("FILTER here")) };
            call.filter = Some(Box::new(condition.expr));
        }
        checked.facts.aggregate = true;
        Ok(checked)
    }

    /// What is aggregated are columns of FROM, even where an output column has the same name.
    fn inside_aggregate(&mut self) -> Aliases {
        let around = self.frames.last().map_or(Aliases::Hidden, |frame| frame.aliases);
        if around != Aliases::Hidden {
            self.see_aliases(Aliases::AfterInput);
        }
        around
    }

    fn aggregate_call(
        &mut self,
        allowed: &AllowedFunction,
        args: &[FunctionArg],
        distinct: bool,
    ) -> Result<Checked, GuardError> {
        let counted = allowed.name == "count";
        // A count of the caller's rows is traced to them; a literal summed over them is not.
        let counts_rows = counted && self.frames.last().is_some_and(Frame::touches);
        let traced = |facts: Facts| {
            if counts_rows { Facts { origin: Origin::Traced, ..facts } } else { facts.with(Facts::MADE) }
        };
        if counted && matches!(args, [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) && !distinct {
            let call = build::function_of("count", vec![FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
            return Ok(Checked::new(Expr::Function(call), traced(Facts::MADE)));
        }
        let args = expressions(args)?;
        check_arity(allowed, args.len())?;
        let mut walked = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>, _>>()?;
        let facts = traced(Facts::of(&walked));
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
                let double = DataType::Double(ExactNumberInfo::None);
                walked.push(Checked::new(as_type(argument.expr, double), facts));
                ("median", distinct)
            }
            (_, argument) => {
                walked.extend(argument);
                let Meaning::Engine(name) = allowed.meaning else {
                    return Err(not_allowed("this aggregate"));
                };
                (name, distinct)
            }
        };
        let mut call = build::function(name, walked.into_iter().map(|arg| arg.expr).collect());
        if distinct && let FunctionArguments::List(list) = &mut call.args {
            list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
        }
        Ok(Checked::new(Expr::Function(call), facts))
    }

    fn window_call(&mut self, allowed: &AllowedFunction, args: &[&Expr]) -> Result<Checked, GuardError> {
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

    fn scalar(&mut self, allowed: &AllowedFunction, args: &[&Expr]) -> Result<Checked, GuardError> {
        check_arity(allowed, args.len())?;
        match allowed.meaning {
            Meaning::Syntax(_) => self.rewritten(allowed.name, args),
            Meaning::Engine(name) => self.engine_call(name, args),
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

    /// Calls that become other syntax; see the table of functions.
    fn rewritten(&mut self, name: &str, args: &[&Expr]) -> Result<Checked, GuardError> {
        match (name, args) {
            ("mod", [left, right]) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                let facts = left.facts.with(right.facts);
                let (left, right) = (build::operand(left.expr), build::operand(right.expr));
                Ok(Checked::new(build::nested(build::binary(left, BinaryOperator::Modulo, right)), facts))
            }
            ("concat", [first, rest @ ..]) => {
                let mut whole = self.expr(first)?;
                for part in rest {
                    let part = self.expr(part)?;
                    let mut facts = whole.facts.with(part.facts);
                    facts.width = sum_width([whole.facts, part.facts])?;
                    let joined = build::binary(
                        build_left(whole.expr),
                        BinaryOperator::StringConcat,
                        build::operand(part.expr),
                    );
                    whole = Checked::new(joined, facts);
                }
                Ok(Checked::new(build::operand(whole.expr), whole.facts))
            }
            ("if" | "iff", [condition, then, otherwise]) => {
                let parts = [self.expr(condition)?, self.expr(then)?, self.expr(otherwise)?];
                Ok(choose(parts))
            }
            ("nvl2", [tested, then, otherwise]) => {
                let [mut tested, then, otherwise] =
                    [self.expr(tested)?, self.expr(then)?, self.expr(otherwise)?];
                tested.expr = Expr::IsNotNull(Box::new(build::operand(tested.expr)));
                Ok(choose([tested, then, otherwise]))
            }
            ("isnull", [tested]) => self.null_test(tested, Expr::IsNull),
            ("isnotnull", [tested]) => self.null_test(tested, Expr::IsNotNull),
            ("locate" | "charindex" | "position", [what, text]) => self.position(what, text),
            _ => self.date_function(name, args),
        }
    }

    fn null_test(&mut self, tested: &Expr, node: fn(Box<Expr>) -> Expr) -> Result<Checked, GuardError> {
        let Checked { expr, facts } = self.expr(tested)?;
        Ok(Checked::new(build::nested(node(Box::new(build::operand(expr)))), facts.with(Facts::MADE)))
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

fn build_left(expr: Expr) -> Expr {
    // A chain of `||` needs no brackets on its left.
    if matches!(expr, Expr::BinaryOp { op: BinaryOperator::StringConcat, .. }) {
        expr
    } else {
        build::operand(expr)
    }
}

fn choose(parts: [Checked; 3]) -> Checked {
    let facts = Facts::of(&parts);
    let [condition, then, otherwise] = parts.map(|part| part.expr);
    let case = Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![sqlparser::ast::CaseWhen { condition, result: then }],
        else_result: Some(Box::new(otherwise)),
    };
    Checked::new(case, facts)
}

fn check_arity(allowed: &AllowedFunction, args: usize) -> Result<(), GuardError> {
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
fn expressions(args: &[FunctionArg]) -> Result<Vec<&Expr>, GuardError> {
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

fn function_hint() -> String {
    let names: Vec<_> = functions::FUNCTIONS.iter().map(|function| function.name).collect();
    format!("use only these functions: {}", names.join(", "))
}
