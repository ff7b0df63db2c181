//! The walk over a guarded tree: what each node is in Spark's SQL.
//!
//! Decides the text. Every node is taken apart or refused; what stands in the text is this module's
//! vocabulary, generated names, names of the relations given, and digits that it printed from numbers that
//! it had parsed. Literals become values ([`crate::values`]).
//!
//! - [`names`]: generated names; [`scope`]: what a column means; [`term`]: an expression with its kind.
//! - [`query`], [`select`], [`from`], [`order`], [`group`]: queries.
//! - [`expr`], [`operator`], [`compare`], [`choice`], [`pattern`], [`subquery`]: expressions.
//! - [`call`], [`number`], [`words`], [`dates`], [`aggregate`], [`floats`], [`window`]: functions.

mod aggregate;
mod call;
mod choice;
mod compare;
mod dates;
mod expr;
mod floats;
mod from;
mod group;
mod names;
mod number;
mod operator;
mod order;
mod pattern;
mod query;
mod scope;
mod select;
mod subquery;
mod term;
mod window;
mod words;

use crate::kind::Kind;
use crate::lineage;
use crate::refusal::Refusal;
use crate::statement::{OutColumn, Relation, SparkStatement};
use crate::values::Values;
use names::Names;
use scope::{Cte, Frame};
use splitplane_split_plane::GuardedQuery;
use sqlparser::ast::{Expr, Query};

/// Bytes of a text, and of a piece of it.
const TEXT_BYTES_MAX: usize = 512 * 1024;

/// A column of a source under the name that an expression uses: its SQL and its kind.
type Resolve<'a> = &'a dyn Fn(&str) -> Option<(String, Kind)>;

/// One walk over one tree.
struct Translation<'a> {
    relations: &'a [Relation],
    /// Whether any of them lies among other people's rows.
    is_shared: bool,
    /// What names mean in an expression of the model's owner; a statement has none.
    resolve: Option<Resolve<'a>>,
    values: Values,
    names: Names,
    /// SELECTs that names are looked up in, innermost last.
    frames: Vec<Frame>,
    /// Common table expressions in sight, innermost last.
    ctes: Vec<Cte>,
    /// All of them as they were written, in an order in which each stands after what it reads.
    written: Vec<(String, String)>,
}

/// A guarded query in Spark's SQL, over relations of these names.
///
/// # Errors
/// [`Refusal`] where the query holds something that cannot be said totally, with the meaning that it has
/// on the embedded engine.
pub fn statement(query: &GuardedQuery, relations: &[Relation]) -> Result<SparkStatement, Refusal> {
    of_tree(query.query(), relations)
}

fn of_tree(query: &Query, relations: &[Relation]) -> Result<SparkStatement, Refusal> {
    let mut walk = Translation {
        relations,
        is_shared: relations.iter().any(|relation| relation.is_shared),
        resolve: None,
        values: Values::Bound(Vec::new()),
        names: Names::new(relations.iter().map(|relation| relation.name.as_str())),
        frames: Vec::new(),
        ctes: Vec::new(),
        written: Vec::new(),
    };
    let translated = walk.query(query, true)?;
    let masks = lineage::masked(query, relations);
    let mut columns = Vec::with_capacity(translated.columns.len());
    for (name, kind) in translated.columns {
        if matches!(kind, Kind::Null | Kind::Interval) {
            return Err(Refusal::Types("a result column without a type"));
        }
        let masked = masks.get(columns.len()).copied().unwrap_or(true);
        columns.push(OutColumn { name, kind, masked });
    }
    let size = walk.written.iter().map(|(_, text)| text.len()).sum::<usize>() + translated.text.len();
    if size > TEXT_BYTES_MAX {
        return Err(Refusal::TooLarge(TEXT_BYTES_MAX));
    }
    Ok(SparkStatement::new(walk.written, translated.text, walk.values.into_parameters(), columns))
}

/// An expression of the semantic model's owner over columns of a source, as text without parameters, and
/// its kind. `columns` gives the SQL and the kind of a column by the name that the expression uses.
///
/// # Errors
/// See [`statement`]; queries and aggregates are refused.
pub fn expression(
    expr: &Expr,
    columns: &dyn Fn(&str) -> Option<(String, Kind)>,
) -> Result<(String, Kind), Refusal> {
    let mut walk = Translation {
        relations: &[],
        is_shared: false,
        resolve: Some(columns),
        values: Values::Printed,
        names: Names::new(std::iter::empty()),
        frames: Vec::new(),
        ctes: Vec::new(),
        written: Vec::new(),
    };
    let term = walk.expr(expr)?;
    let kind = term.kind();
    let text = walk.text(term)?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(Refusal::TooLarge(TEXT_BYTES_MAX));
    }
    if matches!(kind, Kind::Null | Kind::Interval) {
        return Err(Refusal::Types("a column without a type"));
    }
    Ok((text, kind))
}

#[cfg(test)]
mod tests;
