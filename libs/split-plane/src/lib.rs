//! Layer 3 without an engine: which rows exist (3a), and which statements may run over them (3b).
//!
//! - [`SecurityPlane`] is the scope: built by the query service from typed values, with no model and
//!   no user text in it.
//! - [`SandboxView::guard`] is the only door from text to [`GuardedQuery`], which is what an engine
//!   plans. The tree that runs is built anew from what was checked; the text is dropped.
//!
//! Decides nothing about sessions, limits of time or memory, and runs nothing.

mod bounds;
mod error;
mod functions;
mod guard;
mod plane;
mod view;
mod walk;

pub use error::{GuardError, GuardErrorKind, Position, ScopeError, ViewError};
pub use functions::{AllowedFunction, FUNCTIONS, FunctionKind, Meaning};
pub use guard::GuardedQuery;
pub use plane::{
    ColumnExpression, ColumnMask, Condition, MaskKey, RowScope, ScopeValue, ScopedColumn, ScopedRelation,
    SecurityPlane,
};
pub use view::{Parameter, SandboxView, ViewRelation};

#[cfg(test)]
mod tests;
