//! Decides whether a text may run as a query. Decides nothing else; runs nothing.
//!
//! This is the first of two walls. The second is that the engine's session holds the relations of one
//! sandbox and an otherwise empty catalogue, so a hole here meets nothing behind it.
//!
//! # Invariants
//!
//! - A [`GuardedQuery`] only reads: one statement, and at every depth only SELECT and set operations of
//!   it, made of nodes that a rule allows. What no rule names is refused.
//! - Every relation, column and function it names, at every depth, is in the view or on the list.
//! - What runs is a tree built anew from what was checked; the draft is dropped. An engine that takes a
//!   tree gets this tree. [`GuardedQuery::text`] is the only way to a text of it, and gives none that does
//!   not read back as the same tree; guarding that text gives the same query, except where a parameter's
//!   value holds what a draft may not write (a backslash, `${`).
//!
//! Not promised: types, termination or cost. Types are the engine's, limits are the sandbox's.
//!
//! # What reading back costs, and who pays
//!
//! To print a tree, to split the text into tokens and to parse it takes longer than to parse the draft.
//! An engine in this process plans the tree and parses nothing, so no literal and no name can end early
//! there, whatever it holds. Where a text leaves, to the audit or to an engine that takes text, it is
//! read back first, each time, by [`GuardedQuery::text`]: the proof stands where it is needed and cannot
//! be gone round, since a guarded query has no `Display`.

use crate::bounds::{self, DIALECT, PARSER_STEPS_MAX};
use crate::error::GuardError;
use crate::view::{SandboxView, ViewRelation};
use crate::walk::{self, Reads};
use sqlparser::ast::{Query, Statement};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::TokenWithSpan;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A query that passed the guard. There is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedQuery {
    query: Query,
    relations: BTreeSet<String>,
    /// By position in what it was guarded for.
    columns: BTreeSet<(usize, usize)>,
    view: Arc<[ViewRelation]>,
}

impl GuardedQuery {
    /// The tree that runs.
    #[must_use]
    pub const fn query(&self) -> &Query {
        &self.query
    }

    /// Its canonical text, which reads back as the tree.
    ///
    /// # Errors
    /// [`GuardError`] when it does not, or when it is larger than a draft may be: it is longer than the
    /// draft once every name is written out.
    pub fn text(&self) -> Result<String, GuardError> {
        let text = self.query.to_string();
        check_reads_back(&self.query, &text)?;
        Ok(text)
    }

    /// The relations of the view that it reads.
    #[must_use]
    pub const fn relations(&self) -> &BTreeSet<String> {
        &self.relations
    }

    /// The columns of those relations that it reads, each with its relation.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<(String, String)> {
        let named = |&(relation, column): &(usize, usize)| {
            let relation = self.view.get(relation)?;
            Some((relation.name.clone(), relation.columns.get(column)?.name.clone()))
        };
        self.columns.iter().filter_map(named).collect()
    }

    /// The functions that it calls, by the engine's name; those that syntax stands for included.
    #[must_use]
    pub fn functions(&self) -> BTreeSet<String> {
        crate::functions::called(&self.query)
    }
}

/// See [`SandboxView::guard`].
pub(crate) fn guard(view: &SandboxView, draft: &str) -> Result<GuardedQuery, GuardError> {
    let parsed = parse(bounds::tokens(draft)?)?;
    let (query, reads) = walk::walk(view, &parsed)?;
    let Reads { relations, columns } = reads;
    let view = view.shared();
    let relations = relations.into_iter().filter_map(|at| Some(view.get(at)?.name.clone())).collect();
    Ok(GuardedQuery { query, relations, columns, view })
}

/// A literal or an identifier that prints as something else would be a way out of the tree.
fn check_reads_back(query: &Query, text: &str) -> Result<(), GuardError> {
    match parse(bounds::tokens(text)?) {
        Ok(again) if again == *query => Ok(()),
        Ok(_) | Err(_) => Err(GuardError::not_allowed(
            "a statement that does not read back as it is printed",
            "write texts without two quotes in a row",
        )),
    }
}

/// Reads exactly one query.
fn parse(tokens: Vec<TokenWithSpan>) -> Result<Query, GuardError> {
    let mut statements = Parser::new(&DIALECT)
        .with_recursion_limit(PARSER_STEPS_MAX)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(syntax)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        (Some(_) | None, _) => {
            Err(GuardError::not_allowed("not exactly one query", "write one SELECT statement"))
        }
    }
}

fn syntax(error: ParserError) -> GuardError {
    match error {
        ParserError::RecursionLimitExceeded => GuardError::too_complex("nested too deeply"),
        // The parser's words quote the draft and name other dialects.
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => {
            let (line, column) = place(&text).unwrap_or((0, 0));
            GuardError::not_allowed("a syntax error", "write one SELECT statement of Databricks SQL")
                .at(line, column)
        }
    }
}

/// The parser says where only in its text: `.. at Line: 1, Column: 8`.
fn place(text: &str) -> Option<(u64, u64)> {
    let (_, place) = text.rsplit_once("Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    Some((line.parse().ok()?, column.trim_end().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::ast::{Ident, SelectItem, SetExpr};

    #[test]
    fn a_tree_that_prints_as_another_is_refused() {
        let mut query = parse(bounds::tokens("SELECT a AS b FROM c").unwrap()).unwrap();
        assert_eq!(check_reads_back(&query, &query.to_string()), Ok(()));
        let SetExpr::Select(select) = query.body.as_mut() else { panic!("not a SELECT") };
        let SelectItem::ExprWithAlias { expr: _, alias } = &mut select.projection[0] else {
            panic!("no alias")
        };
        // Without a quote of its own, the name runs on into a FROM.
        *alias = Ident::new("b FROM secrets --");
        assert!(check_reads_back(&query, &query.to_string()).is_err(), "{query}");
    }
}
