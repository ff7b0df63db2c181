//! Calls: which function is which rule's.

use super::Translation;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, ObjectNamePart, OrderByExpr, WindowSpec, WindowType,
};

/// A call of an aggregate or of a window function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) args: &'a [FunctionArg],
    pub(super) distinct: bool,
    pub(super) order: &'a [OrderByExpr],
    pub(super) filter: Option<&'a Expr>,
    pub(super) window: Option<&'a WindowSpec>,
}

impl<'a> Call<'a> {
    /// Its arguments, each an expression.
    pub(super) fn expressions(&self) -> Result<Vec<&'a Expr>, Refusal> {
        let plain = |arg| match arg {
            &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr)) => Ok(expr),
            FunctionArg::Unnamed(
                FunctionArgExpr::QualifiedWildcard(_)
                | FunctionArgExpr::Wildcard
                | FunctionArgExpr::WildcardWithOptions(_),
            )
            | FunctionArg::Named { .. }
            | FunctionArg::ExprNamed { .. } => Err(Refusal::Function),
        };
        self.args.iter().map(plain).collect()
    }

    fn is_plain(&self) -> bool {
        !self.distinct && self.order.is_empty() && self.filter.is_none() && self.window.is_none()
    }
}

impl Translation<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Result<Term, Refusal> {
        let Function {
            name,
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args: FunctionArguments::List(list),
            filter,
            null_treatment: None,
            over,
            within_group,
        } = function
        else {
            return Err(Refusal::Function);
        };
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return Err(Refusal::Function) };
        let order = match (list.clauses.as_slice(), within_group.as_slice()) {
            ([], keys) => keys,
            ([FunctionArgumentClause::OrderBy(keys)], []) => keys.as_slice(),
            _ => return Err(Refusal::Function),
        };
        let window = match over {
            None => None,
            Some(WindowType::WindowSpec(spec)) => Some(spec),
            Some(WindowType::NamedWindow(_)) => return Err(Refusal::Syntax("a named window")),
        };
        let name = ident.value.to_ascii_lowercase();
        let call = Call {
            name: &name,
            args: &list.args,
            distinct: matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct)),
            order,
            filter: filter.as_deref(),
            window,
        };
        if let Some(term) = self.aggregate(&call)? {
            return Ok(term);
        }
        if let Some(term) = self.window_function(&call)? {
            return Ok(term);
        }
        if !call.is_plain() {
            return Err(Refusal::Function);
        }
        let args = call.expressions()?;
        if let Some(term) = self.choosing(&name, &args)? {
            return Ok(term);
        }
        if let Some(term) = self.of_numbers(&name, &args)? {
            return Ok(term);
        }
        if let Some(term) = self.of_words(&name, &args)? {
            return Ok(term);
        }
        self.of_dates(&name, &args)?.ok_or(Refusal::Function)
    }

    fn choosing(&mut self, name: &str, args: &[&Expr]) -> Result<Option<Term>, Refusal> {
        Ok(Some(match (name, args) {
            ("coalesce", [_, ..]) => self.choose("coalesce", args)?,
            ("greatest", [_, ..]) => self.choose("greatest", args)?,
            ("least", [_, ..]) => self.choose("least", args)?,
            ("nullif", [value, other]) => self.null_if(value, other)?,
            _ => return Ok(None),
        }))
    }

    /// A call of a function whose arguments are texts already.
    pub(super) fn called(name: &str, args: &[String], kind: Kind) -> Term {
        Term::written(format!("{name}({})", args.join(", ")), kind)
    }
}
