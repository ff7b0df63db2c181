//! The walk over a draft's tree: checks every node and builds the tree that runs.
//!
//! Nothing of the draft's tree is kept. Each node is taken apart without `..`, so that a field or a
//! variant that a new sqlparser adds does not compile until someone decides about it, and what is
//! built holds only what a rule put there.
//!
//! - [`query`]: queries, set operations, LIMIT; [`order`]: total order; [`select`], [`group`]: one SELECT.
//! - [`star`]: `*`; [`relation`], [`join`]: FROM; [`scope`]: what a name means.
//! - [`expr`], [`operator`], [`literal`], [`call`], [`aggregate`], [`choice`], [`text`], [`dates`],
//!   [`elapsed`], [`window`]: expressions.
//! - [`build`]: pieces of the new tree; [`place`]: where a refused node stands.

mod aggregate;
mod build;
mod call;
mod choice;
mod dates;
mod elapsed;
mod expr;
mod group;
mod join;
mod literal;
mod operator;
mod order;
mod place;
mod query;
mod relation;
mod scope;
mod select;
mod star;
mod text;
mod window;

use crate::bounds::{ARITHMETIC_MAX, DEPTH_MAX, NODES_MAX, WIDTH_MAX};
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
    /// Operators of arithmetic above one another.
    arithmetic: u16,
    /// Whether it aggregates, outside a window.
    aggregate: bool,
    /// Whether it holds a window function.
    window: bool,
}

impl Facts {
    const PLAIN: Self =
        Self { origin: Origin::Plain, width: 1, arithmetic: 0, aggregate: false, window: false };
    const MADE: Self = Self { origin: Origin::Made, ..Self::PLAIN };

    /// The facts of something computed from both.
    fn with(self, other: Self) -> Self {
        let traced = self.origin == Origin::Traced || other.origin == Origin::Traced;
        Self {
            origin: if traced { Origin::Traced } else { Origin::Made },
            width: self.width.max(other.width),
            arithmetic: self.arithmetic.max(other.arithmetic),
            aggregate: self.aggregate || other.aggregate,
            window: self.window || other.window,
        }
    }

    /// The facts of a term of arithmetic over what these are of.
    fn calculated(self) -> Result<Self, GuardError> {
        if self.arithmetic >= ARITHMETIC_MAX {
            return Err(GuardError::too_complex(format!("more than {ARITHMETIC_MAX} sums of sums")));
        }
        Ok(Self { arithmetic: self.arithmetic + 1, ..self })
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

/// What an expression adds to a tree each time that a name of its own is replaced by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    nodes: usize,
    /// Levels beneath the place where it stands.
    height: usize,
}

/// What a statement reads, by position in the view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reads {
    /// Relations.
    pub(crate) relations: BTreeSet<usize>,
    /// Relations and columns.
    pub(crate) columns: BTreeSet<(usize, usize)>,
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
    reads: Reads,
    nodes: usize,
    depth: usize,
    /// Queries around the place that is walked.
    queries: usize,
    /// The deepest level since someone began to measure.
    deepest: usize,
    /// Relations read once every reference to a CTE is expanded.
    expanded: usize,
}

/// Checks a draft and builds what runs, with what of the view it reads.
pub(crate) fn walk(view: &SandboxView, draft: &Query) -> Result<(Query, Reads), GuardError> {
    let mut walk = Walk {
        view,
        frames: Vec::new(),
        ctes: Vec::new(),
        taken: BTreeSet::new(),
        reads: Reads::default(),
        nodes: 0,
        depth: 0,
        queries: 0,
        deepest: 0,
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
        None => Ok((*query, walk.reads)),
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
            return Err(too_deep());
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let result = step(self);
        self.depth -= 1;
        result
    }

    /// Walks an expression that a name stands for, and says what it costs wherever the name does.
    fn measured(&mut self, expr: &Expr) -> Result<(Checked, Cost), GuardError> {
        let (nodes, deepest) = (self.nodes, std::mem::replace(&mut self.deepest, self.depth));
        let checked = self.expr(expr)?;
        let cost = Cost { nodes: self.nodes - nodes, height: self.deepest - self.depth };
        self.deepest = self.deepest.max(deepest);
        Ok((checked, cost))
    }

    /// Pays for an expression that takes the place of its name: names of names can double it each time.
    fn pay(&mut self, cost: Cost) -> Result<(), GuardError> {
        let Cost { nodes, height } = cost;
        self.spend(nodes)?;
        if self.depth + height > DEPTH_MAX {
            return Err(too_deep());
        }
        self.deepest = self.deepest.max(self.depth + height);
        Ok(())
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

fn too_deep() -> GuardError {
    GuardError::too_complex(format!("deeper than {DEPTH_MAX} levels"))
}

/// A refusal that says what to write instead.
fn instead(what: &str, hint: &str) -> GuardError {
    GuardError::not_allowed(format!("{what} is not allowed"), hint)
}

fn not_allowed(what: &str) -> GuardError {
    GuardError::not_allowed(format!("{what} is not allowed"), DIALECT_HINT)
}

fn too_wide() -> GuardError {
    GuardError::too_complex(format!("text that grows more than {WIDTH_MAX}-fold"))
}
