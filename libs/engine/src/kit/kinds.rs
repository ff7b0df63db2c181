//! Node kinds and functions of a statement, as it was drafted: what a run's coverage is counted in.
//!
//! Decides nothing about what is allowed; names what the guard's list lets through.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, Distinct, Expr, GroupByExpr, JoinConstraint, JoinOperator, LimitClause, Query,
    Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Statement, TableFactor, TrimWhereField,
    UnaryOperator, Value, Visit, Visitor, WindowFrameUnits, WindowType,
};
use datafusion::sql::sqlparser::{dialect::DatabricksDialect, parser::Parser};
use splitplane_split_plane::FUNCTIONS;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Every kind that can be seen in a statement that the guard accepts.
pub const POSSIBLE: &[&str] = &[
    "WITH",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "ALL of a set",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "DISTINCT",
    "WHERE",
    "GROUP BY",
    "GROUP BY ALL",
    "ROLLUP",
    "CUBE",
    "GROUPING SETS",
    "HAVING",
    "QUALIFY",
    "*",
    "relation.*",
    "alias",
    "several relations",
    "subquery in FROM",
    "JOIN",
    "LEFT JOIN",
    "RIGHT JOIN",
    "FULL JOIN",
    "SEMI JOIN",
    "ANTI JOIN",
    "USING",
    "ON",
    "column",
    "relation.column",
    "number",
    "text",
    "typed literal",
    "INTERVAL",
    "brackets",
    "IS TRUE",
    "IS NOT TRUE",
    "IS FALSE",
    "IS NOT FALSE",
    "IS NULL",
    "IS NOT NULL",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
    "<=>",
    "IN list",
    "IN subquery",
    "EXISTS",
    "scalar subquery",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "CASE",
    "CASE operand",
    "CAST",
    "::",
    "TRY_CAST",
    "EXTRACT",
    "CEIL",
    "FLOOR",
    "POSITION",
    "SUBSTRING",
    "TRIM",
    "TRIM LEADING",
    "TRIM TRAILING",
    "call",
    "DISTINCT of an aggregate",
    "FILTER",
    "OVER",
    "PARTITION BY",
    "ROWS",
    "RANGE",
    "+",
    "-",
    "*  of numbers",
    "/",
    "%",
    ">",
    "<",
    ">=",
    "<=",
    "=",
    "<>",
    "AND",
    "OR",
    "||",
    "negative",
    "NOT",
];

/// Kinds of a statement; none when it does not parse.
#[must_use]
pub fn of(sql: &str) -> BTreeSet<&'static str> {
    let mut kinds = Kinds(BTreeSet::new());
    for statement in parsed(sql) {
        let _ = statement.visit(&mut kinds);
    }
    kinds.0
}

fn parsed(sql: &str) -> Vec<Statement> {
    Parser::parse_sql(&DatabricksDialect {}, sql).unwrap_or_default()
}

/// Functions of the guard's list that a statement calls, in whatever syntax a parser has for them.
#[must_use]
pub fn functions(sql: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for (before, _) in sql.match_indices('(').filter_map(|(at, _)| sql.split_at_checked(at)) {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let word = before.rsplit(|letter| !is_name(letter)).next().unwrap_or("");
        found.extend(FUNCTIONS.iter().map(|f| f.name).find(|name| name.eq_ignore_ascii_case(word)));
    }
    found
}

struct Kinds(BTreeSet<&'static str>);

impl Kinds {
    fn see(&mut self, kind: &'static str) {
        self.0.insert(kind);
    }

    fn see_if(&mut self, there: bool, kind: &'static str) {
        if there {
            self.see(kind);
        }
    }

    fn see_body(&mut self, body: &SetExpr) {
        let mut open = vec![body];
        while let Some(body) = open.pop() {
            if let SetExpr::SetOperation { op, set_quantifier, left, right } = body {
                self.see(match op {
                    SetOperator::Union => "UNION",
                    SetOperator::Except | SetOperator::Minus => "EXCEPT",
                    SetOperator::Intersect => "INTERSECT",
                });
                self.see_if(*set_quantifier == SetQuantifier::All, "ALL of a set");
                open.extend([left.as_ref(), right.as_ref()]);
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "joins that no guard accepts have no kind here")]
    fn see_join(&mut self, join: &JoinOperator) {
        let (kind, constraint) = match join {
            JoinOperator::Join(on) | JoinOperator::Inner(on) => ("JOIN", on),
            JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => ("LEFT JOIN", on),
            JoinOperator::Right(on) | JoinOperator::RightOuter(on) => ("RIGHT JOIN", on),
            JoinOperator::FullOuter(on) => ("FULL JOIN", on),
            JoinOperator::Semi(on) | JoinOperator::LeftSemi(on) => ("SEMI JOIN", on),
            JoinOperator::Anti(on) | JoinOperator::LeftAnti(on) => ("ANTI JOIN", on),
            _ => return,
        };
        self.see(kind);
        self.see_if(matches!(constraint, JoinConstraint::On(_)), "ON");
        self.see_if(matches!(constraint, JoinConstraint::Using(_)), "USING");
    }
}

impl Visitor for Kinds {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.see_if(query.with.is_some(), "WITH");
        self.see_body(&query.body);
        self.see_if(query.order_by.is_some(), "ORDER BY");
        if let Some(LimitClause::LimitOffset { limit, offset, limit_by: _ }) = &query.limit_clause {
            self.see_if(limit.is_some(), "LIMIT");
            self.see_if(offset.is_some(), "OFFSET");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.see_if(matches!(select.distinct, Some(Distinct::Distinct)), "DISTINCT");
        self.see_if(select.selection.is_some(), "WHERE");
        self.see_if(select.having.is_some(), "HAVING");
        self.see_if(select.qualify.is_some(), "QUALIFY");
        self.see_if(select.from.len() > 1, "several relations");
        match &select.group_by {
            GroupByExpr::All(_) => self.see("GROUP BY ALL"),
            GroupByExpr::Expressions(keys, _) => self.see_if(!keys.is_empty(), "GROUP BY"),
        }
        for item in &select.projection {
            self.see_if(matches!(item, SelectItem::Wildcard(_)), "*");
            self.see_if(matches!(item, SelectItem::QualifiedWildcard(..)), "relation.*");
            self.see_if(matches!(item, SelectItem::ExprWithAlias { .. }), "alias");
        }
        for join in select.from.iter().flat_map(|table| &table.joins) {
            self.see_join(&join.join_operator);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        self.see_if(matches!(factor, TableFactor::Derived { .. }), "subquery in FROM");
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Some(kind) = expression(expr) {
            self.see(kind);
        }
        if let Expr::Function(call) = expr {
            self.see_if(call.filter.is_some(), "FILTER");
            self.see_if(call.to_string().contains("(DISTINCT "), "DISTINCT of an aggregate");
            if let Some(WindowType::WindowSpec(spec)) = &call.over {
                self.see("OVER");
                self.see_if(!spec.partition_by.is_empty(), "PARTITION BY");
                if let Some(frame) = &spec.window_frame {
                    self.see_if(frame.units == WindowFrameUnits::Rows, "ROWS");
                    self.see_if(frame.units == WindowFrameUnits::Range, "RANGE");
                }
            }
        }
        ControlFlow::Continue(())
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what no guard accepts has no kind here")]
fn expression(expr: &Expr) -> Option<&'static str> {
    Some(match expr {
        Expr::Identifier(_) => "column",
        Expr::CompoundIdentifier(_) => "relation.column",
        Expr::Value(value) if matches!(value.value, Value::Number(..)) => "number",
        Expr::Value(_) => "text",
        Expr::TypedString(_) => "typed literal",
        Expr::Interval(_) => "INTERVAL",
        Expr::Nested(_) => "brackets",
        Expr::IsTrue(_) => "IS TRUE",
        Expr::IsNotTrue(_) => "IS NOT TRUE",
        Expr::IsFalse(_) => "IS FALSE",
        Expr::IsNotFalse(_) => "IS NOT FALSE",
        Expr::IsNull(_) => "IS NULL",
        Expr::IsNotNull(_) => "IS NOT NULL",
        Expr::IsDistinctFrom(..) => "IS DISTINCT FROM",
        Expr::IsNotDistinctFrom(..) => "IS NOT DISTINCT FROM",
        Expr::InList { .. } => "IN list",
        Expr::InSubquery { .. } => "IN subquery",
        Expr::Exists { .. } => "EXISTS",
        Expr::Subquery(_) => "scalar subquery",
        Expr::Between { .. } => "BETWEEN",
        Expr::Like { .. } => "LIKE",
        Expr::ILike { .. } => "ILIKE",
        Expr::Case { operand: Some(_), .. } => "CASE operand",
        Expr::Case { .. } => "CASE",
        Expr::Cast { kind: CastKind::TryCast, .. } => "TRY_CAST",
        Expr::Cast { kind: CastKind::DoubleColon, .. } => "::",
        Expr::Cast { .. } => "CAST",
        Expr::Extract { .. } => "EXTRACT",
        Expr::Ceil { .. } => "CEIL",
        Expr::Floor { .. } => "FLOOR",
        Expr::Position { .. } => "POSITION",
        Expr::Substring { .. } => "SUBSTRING",
        Expr::Trim { trim_where: Some(TrimWhereField::Leading), .. } => "TRIM LEADING",
        Expr::Trim { trim_where: Some(TrimWhereField::Trailing), .. } => "TRIM TRAILING",
        Expr::Trim { .. } => "TRIM",
        Expr::Function(_) => "call",
        Expr::Rollup(_) => "ROLLUP",
        Expr::Cube(_) => "CUBE",
        Expr::GroupingSets(_) => "GROUPING SETS",
        Expr::UnaryOp { op: UnaryOperator::Minus, .. } => "negative",
        Expr::UnaryOp { op: UnaryOperator::Not, .. } => "NOT",
        Expr::BinaryOp { op, .. } => return operator(op),
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "operators that no guard accepts have no kind here")]
const fn operator(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*  of numbers",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::Gt => ">",
        BinaryOperator::Lt => "<",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Spaceship => "<=>",
        BinaryOperator::And => "AND",
        BinaryOperator::Or => "OR",
        BinaryOperator::StringConcat => "||",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_functions_are_those_of_the_draft() {
        let sql = "WITH w AS (SELECT DISTINCT a FROM t) SELECT substring(w.a, 1, 2) AS b, sum(x) FILTER (WHERE x > 1) AS s FROM w LEFT JOIN t USING (a) GROUP BY ROLLUP (w.a)";
        let kinds = of(sql);
        for kind in [
            "WITH",
            "DISTINCT",
            "SUBSTRING",
            "FILTER",
            ">",
            "LEFT JOIN",
            "USING",
            "ROLLUP",
            "relation.column",
        ] {
            assert!(kinds.contains(kind), "{kind}: {kinds:?}");
            assert!(POSSIBLE.contains(&kind));
        }
        assert_eq!(functions(sql), BTreeSet::from(["substring", "sum"]));
        assert!(of("SELECT FROM").is_empty());
    }

    #[test]
    fn every_kind_has_one_name() {
        let names: BTreeSet<_> = POSSIBLE.iter().collect();
        assert_eq!(names.len(), POSSIBLE.len());
    }
}
