//! The dimension of a metric view to which periods apply.
//!
//! A metric view declares no types. Decides which columns must hold times, from what is done with them; nothing is
//! guessed from a name.

use super::View;
use super::names::{Known, Names};
use crate::ImportError;
use crate::draft::{Draft, Role};
use crate::name::same;
use crate::note::Notes;
use crate::sql::name_of;
use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

/// Columns of the source that are cut to a unit of time by a dimension, in order.
#[derive(Debug, Default)]
pub(super) struct Times(Vec<String>);

impl Times {
    pub(super) fn add(&mut self, expression: &Expr, base: &str) {
        let Some(Expr::CompoundIdentifier(parts)) = truncated(expression) else { return };
        if let [dataset, column] = parts.as_slice()
            && dataset.value == base
            && !self.0.iter().any(|other| same(other, &column.value))
        {
            self.0.push(column.value.clone());
        }
    }
}

/// What an expression cuts to a unit of time, if that is all that it does.
pub(super) fn truncated(expression: &Expr) -> Option<&Expr> {
    if let Expr::Nested(inner) = expression {
        return truncated(inner);
    }
    if let Expr::Cast { expr, .. } = expression {
        return truncated(expr);
    }
    if let Expr::Extract { expr, .. } = expression {
        return Some(expr);
    }
    let Expr::Function(function) = expression else { return None };
    let FunctionArguments::List(list) = &function.args else { return None };
    let argument = match (name_of(function).as_str(), list.args.as_slice()) {
        ("date_trunc", [_, argument])
        | ("year" | "quarter" | "month" | "day" | "dayofweek" | "weekofyear" | "last_day", [argument]) => {
            argument
        }
        _ => return None,
    };
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => None,
    }
}

impl View<'_> {
    /// Puts the source's time first among its fields.
    pub(super) fn time(
        &self,
        draft: &mut Draft,
        names: &Names,
        times: &Times,
        notes: &mut Notes,
    ) -> Result<(), ImportError> {
        let at = self.place(self.root.line_of("source"));
        let Some(base) = draft.dataset_mut(&names.base) else { return Ok(()) };
        let of_dimension = |known: &Known| match &known.field {
            Some((dataset, field)) if *dataset == names.base => Some(field.clone()),
            Some(_) | None => None,
        };
        if let Some(wanted) = &self.options.time_dimension {
            let known = names.dimensions.iter().find(|known| same(&known.name, wanted));
            let field = match known {
                Some(known) => of_dimension(known).ok_or_else(|| {
                    super::shape(
                        self.file,
                        at.line,
                        &format!("`{}` is no dimension of the source that is carried", wanted.escape_debug()),
                        "name one",
                    )
                })?,
                None => base.column(wanted, &at),
            };
            first(base, &field);
            return Ok(());
        }
        let mut candidates: Vec<String> = base
            .fields
            .iter()
            .filter(|field| field.role == Role::Time)
            .map(|field| field.name.clone())
            .collect();
        // A day that is made of a time is the time, once.
        let is_made = |column: &str| {
            let mut dates = names
                .dimensions
                .iter()
                .filter(|known| of_dimension(known).is_some_and(|field| candidates.contains(&field)));
            dates.any(|known| {
                known.expression.as_ref().is_ok_and(|expression| names_column(expression, column))
            })
        };
        let cut: Vec<&String> = times.0.iter().filter(|column| !is_made(column)).collect();
        for column in cut {
            let field = base.column(column, &at);
            if !candidates.contains(&field) {
                candidates.push(field);
            }
        }
        match candidates.as_slice() {
            [] => {
                let why = "a metric view declares no types, and no dimension of its source is a date by its form: name one";
                notes.add(&at, "the time to which periods apply", why);
                // Periods would apply to a time of something else.
                let fields = draft.datasets.iter_mut().flat_map(|dataset| &mut dataset.fields);
                fields
                    .filter(|field| field.role == Role::Time)
                    .for_each(|field| field.role = Role::Dimension);
            }
            [field] => first(base, field),
            [field, others @ ..] => {
                let why = format!("is taken to be `{field}`; it could be `{}`", others.join("`, `"));
                notes.add(&at, "the time to which periods apply", why);
                first(base, field);
            }
        }
        Ok(())
    }
}

fn names_column(expression: &Expr, column: &str) -> bool {
    crate::sql::names(expression).iter().any(|parts| parts.last().is_some_and(|last| same(last, column)))
}

fn first(dataset: &mut crate::draft::Dataset, name: &str) {
    if let Some(index) = dataset.fields.iter().position(|field| field.name == name) {
        let mut field = dataset.fields.remove(index);
        field.role = Role::Time;
        dataset.fields.insert(0, field);
    }
}
