//! The walk over a draft's tree: checks every node and builds the tree that runs.
//!
//! Nothing of the draft's tree is kept. Each node is taken apart without `..`, so that a field or a
//! variant that a new sqlparser adds does not compile until someone decides about it, and what is
//! built holds only what a rule put there.
//!
//! - [`query`]: queries, set operations, LIMIT; [`order`]: total order; [`select`], [`group`]: one SELECT.
//! - [`relation`], [`join`]: FROM; [`scope`]: what a name means.
//! - [`expr`], [`operator`], [`literal`], [`call`], [`text`], [`dates`], [`window`]: expressions.
//! - [`build`]: pieces of the new tree.

mod build;
mod call;
mod dates;
mod expr;
mod group;
mod join;
mod literal;
mod operator;
mod order;
mod query;
mod relation;
mod scope;
mod select;
mod text;
mod window;

use crate::bounds::{DEPTH_MAX, NODES_MAX, WIDTH_MAX};
use crate::error::GuardError;
use crate::view::SandboxView;
use scope::{Cte, Frame};
use sqlparser::ast::{Expr, Ident, Query};
use std::collections::BTreeSet;

/// What is allowed everywhere, for hints.
const DIALECT_HINT: &str = "write one SELECT with WITH, FROM, JOIN .. ON, WHERE, GROUP BY, HAVING, QUALIFY, ORDER BY, LIMIT, UNION, CASE, CAST, IN, BETWEEN, LIKE, EXISTS, window functions and ordinary functions";

/// Where the values of an expression come from. Ordered: the strongest claim last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// A literal that is not a number.
    Plain,
    /// Made of literals alone, so that a number in it says nothing about the caller's rows.
    Made,
    /// Depends on a column of a sandbox relation, or on a count of its rows.
    Traced,
}

/// What the walk knows of an expression besides its tree.
#[derive(Debug, Clone, Copy)]
struct Facts {
    origin: Origin,
    /// How many texts of the input long a value may be.
    width: u32,
    /// Whether it aggregates, outside a window.
    aggregate: bool,
    /// Whether it holds a window function.
    window: bool,
}

impl Facts {
    const PLAIN: Self = Self { origin: Origin::Plain, width: 1, aggregate: false, window: false };
    const MADE: Self = Self { origin: Origin::Made, ..Self::PLAIN };

    /// The facts of something computed from both.
    fn with(self, other: Self) -> Self {
        let traced = self.origin == Origin::Traced || other.origin == Origin::Traced;
        Self {
            origin: if traced { Origin::Traced } else { Origin::Made },
            width: self.width.max(other.width),
            aggregate: self.aggregate || other.aggregate,
            window: self.window || other.window,
        }
    }

    /// The facts of something computed from all of these.
    fn of<'a>(parts: impl IntoIterator<Item = &'a Checked>) -> Self {
        parts.into_iter().fold(Self::MADE, |facts, part| facts.with(part.facts))
    }
}

/// An expression of the tree that runs.
#[derive(Debug, Clone)]
struct Checked {
    expr: Expr,
    facts: Facts,
}

impl Checked {
    const fn new(expr: Expr, facts: Facts) -> Self {
        Self { expr, facts }
    }
}

/// An output column of a query.
#[derive(Debug, Clone)]
struct OutColumn {
    name: String,
    origin: Origin,
    width: u32,
}

/// What the rest of a statement needs to know of a query.
#[derive(Debug, Clone)]
struct Output {
    columns: Vec<OutColumn>,
    /// Whether it reads a relation of the view.
    touches: bool,
    /// Whether it gives one row at most.
    single_row: bool,
}

/// One walk over one draft.
#[derive(Debug)]
struct Walk<'a> {
    view: &'a SandboxView,
    /// SELECTs that names are looked up in, innermost last.
    frames: Vec<Frame>,
    /// Common table expressions in sight, innermost last.
    ctes: Vec<Cte>,
    /// Names the draft uses for relations of its own, lower case; generated names keep clear of them.
    taken: BTreeSet<String>,
    relations: BTreeSet<String>,
    nodes: usize,
    depth: usize,
    /// Relations read once every reference to a CTE is expanded.
    expanded: usize,
}

/// Checks a draft and builds what runs, with the relations of the view that it reads.
pub(crate) fn walk(view: &SandboxView, draft: &Query) -> Result<(Query, BTreeSet<String>), GuardError> {
    let mut walk = Walk {
        view,
        frames: Vec::new(),
        ctes: Vec::new(),
        taken: BTreeSet::new(),
        relations: BTreeSet::new(),
        nodes: 0,
        depth: 0,
        expanded: 0,
    };
    let (query, output) = walk.query(draft, true)?;
    // Necessary, not sufficient: `0 * sum(x) + 9` passes. Whether the answer is right is decided elsewhere.
    match output.columns.iter().find(|column| column.origin == Origin::Made) {
        Some(column) => Err(GuardError::not_allowed(
            format!("output column `{}` does not depend on any relation", column.name),
            "compute every number from columns of the relations",
        )),
        None if !output.touches => {
            Err(GuardError::not_allowed("reads no relation", "select from one of the relations"))
        }
        None => Ok((*query, walk.relations)),
    }
}

impl Walk<'_> {
    /// Counts nodes of the draft.
    fn spend(&mut self, nodes: usize) -> Result<(), GuardError> {
        self.nodes += nodes;
        if self.nodes > NODES_MAX {
            return Err(GuardError::too_complex(format!("more than {NODES_MAX} nodes")));
        }
        Ok(())
    }

    /// Runs `step` one level further down.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, GuardError>) -> Result<T, GuardError> {
        if self.depth >= DEPTH_MAX {
            return Err(GuardError::too_complex(format!("deeper than {DEPTH_MAX} levels")));
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }

    fn hint(&self) -> String {
        let mut hint = String::from("use only");
        for relation in self.view.relations() {
            let columns: Vec<_> = relation.columns.iter().map(|column| column.name.as_str()).collect();
            hint.push_str(&format!(" {}({})", relation.name, columns.join(", ")));
        }
        hint
    }

    /// One text for what exists elsewhere and what does not exist.
    fn outside(&self, what: &str, ident: &Ident) -> GuardError {
        let start = ident.span.start;
        GuardError::outside_view(format!("unknown {what} `{}`", ident.value), self.hint())
            .at(start.line, start.column)
    }
}

fn not_allowed(what: &str) -> GuardError {
    GuardError::not_allowed(format!("{what} is not allowed"), DIALECT_HINT)
}

fn too_wide() -> GuardError {
    GuardError::too_complex(format!("text that grows more than {WIDTH_MAX}-fold"))
}
