//! Where a refused node stands: the place of its first word, found in a loop.
//!
//! The parser's own spans cover a node from end to end, which takes a recursion as deep as the draft.

use crate::error::GuardError;
use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SetExpr, TableFactor};
use sqlparser::tokenizer::Location;

/// A node that may know its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node<'a> {
    Expr(&'a Expr),
    Query(&'a Query),
    Select(&'a Select),
    Factor(&'a TableFactor),
}

impl Node<'_> {
    /// The refusal, with this place unless it has a closer one.
    pub(super) fn place(self, error: GuardError) -> GuardError {
        if error.position().is_some() {
            return error;
        }
        match self.start() {
            Some(Location { line, column }) => error.at(line, column),
            None => error,
        }
    }

    fn start(self) -> Option<Location> {
        let mut node = self;
        loop {
            node = match node {
                Self::Expr(expr) => match first_of(expr) {
                    Ok(inner) => inner,
                    Err(place) => return place,
                },
                Self::Query(query) => match (&query.with, query.body.as_ref()) {
                    (Some(with), _) => return Some(with.with_token.0.span.start),
                    (None, body) => Self::body(body)?,
                },
                Self::Select(select) => return Some(select.select_token.0.span.start),
                Self::Factor(factor) => return of_factor(factor),
            };
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a place is a courtesy; other nodes have none")]
    fn body(body: &SetExpr) -> Option<Node<'_>> {
        let mut body = body;
        loop {
            body = match body {
                SetExpr::Select(select) => return Some(Node::Select(select)),
                SetExpr::Query(query) => return Some(Node::Query(query)),
                SetExpr::SetOperation { left, op: _, set_quantifier: _, right: _ } => left,
                _ => return None,
            };
        }
    }
}

/// The node that an expression begins with, or the place where it begins.
#[expect(clippy::wildcard_enum_match_arm, reason = "a place is a courtesy; other nodes have none")]
fn first_of(expr: &Expr) -> Result<Node<'_>, Option<Location>> {
    match expr {
        Expr::Identifier(ident) => Err(Some(ident.span.start)),
        Expr::CompoundIdentifier(parts) => Err(parts.first().map(|ident| ident.span.start)),
        Expr::Value(value) => Err(Some(value.span.start)),
        Expr::TypedString(typed) => Err(Some(typed.value.span.start)),
        Expr::Function(call) => Err(of_name(&call.name)),
        Expr::Case { case_token, .. } => Err(Some(case_token.0.span.start)),
        Expr::Interval(interval) => Ok(Node::Expr(&interval.value)),
        Expr::Subquery(subquery) | Expr::Exists { subquery, negated: _ } => Ok(Node::Query(subquery)),
        Expr::BinaryOp { left: inner, op: _, right: _ }
        | Expr::IsDistinctFrom(inner, _)
        | Expr::IsNotDistinctFrom(inner, _)
        | Expr::Nested(inner)
        | Expr::UnaryOp { op: _, expr: inner }
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::Between { expr: inner, .. }
        | Expr::InList { expr: inner, .. }
        | Expr::InSubquery { expr: inner, .. }
        | Expr::Like { expr: inner, .. }
        | Expr::ILike { expr: inner, .. }
        | Expr::RLike { expr: inner, .. }
        | Expr::SimilarTo { expr: inner, .. }
        | Expr::Cast { expr: inner, .. }
        | Expr::Extract { expr: inner, .. }
        | Expr::Ceil { expr: inner, .. }
        | Expr::Floor { expr: inner, .. }
        | Expr::Position { expr: inner, .. }
        | Expr::Substring { expr: inner, .. }
        | Expr::Trim { expr: inner, .. }
        | Expr::AnyOp { left: inner, .. }
        | Expr::AllOp { left: inner, .. }
        | Expr::Collate { expr: inner, .. }
        | Expr::AtTimeZone { timestamp: inner, .. }
        | Expr::CompoundFieldAccess { root: inner, .. }
        | Expr::JsonAccess { value: inner, .. } => Ok(Node::Expr(inner)),
        Expr::Tuple(parts) => parts.first().map(Node::Expr).ok_or(None),
        _ => Err(None),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a place is a courtesy; other nodes have none")]
fn of_factor(factor: &TableFactor) -> Option<Location> {
    let mut factor = factor;
    loop {
        factor = match factor {
            TableFactor::Table { name, .. } => return of_name(name),
            TableFactor::Derived { subquery, .. } => return Node::Query(subquery).start(),
            TableFactor::NestedJoin { table_with_joins, .. } => &table_with_joins.relation,
            TableFactor::Pivot { table, .. }
            | TableFactor::Unpivot { table, .. }
            | TableFactor::MatchRecognize { table, .. } => table,
            _ => return None,
        };
    }
}

fn of_name(name: &ObjectName) -> Option<Location> {
    let ObjectName(parts) = name;
    match parts.first()? {
        ObjectNamePart::Identifier(Ident { value: _, quote_style: _, span }) => Some(span.start),
        ObjectNamePart::Function(_) => None,
    }
}
