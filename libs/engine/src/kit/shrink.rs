//! A smaller statement that shows the same kind of difference: clauses are dropped one by one while it does.
//!
//! Decides nothing about a finding: the first statement is kept beside the smaller one.

use super::interference::Pair;
use super::subject::{Ask, Probe};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, LimitClause, Query, Select, SetExpr, Statement,
};
use datafusion::sql::sqlparser::{dialect::DatabricksDialect, parser::Parser};

/// Statements tried at most.
const TRIED_MAX: usize = 60;

/// The smallest statement found, if any is smaller.
pub(super) async fn smaller(sql: &str, after_colleague: bool, pair: &Pair<'_>) -> Option<String> {
    let mut best = parse(sql)?;
    let mut tried = 0;
    let mut found = false;
    let mut candidates = candidates(&best);
    while let Some(candidate) = candidates.pop() {
        tried += 1;
        if tried > TRIED_MAX {
            break;
        }
        let ask = Ask::Statement(candidate.to_string());
        let seen = pair.observe(&Probe { after_colleague, ask }).await;
        if pair.judge(&seen).is_some() {
            candidates = self::candidates(&candidate);
            best = candidate;
            found = true;
        }
    }
    found.then(|| best.to_string())
}

fn parse(sql: &str) -> Option<Query> {
    let mut statements = Parser::parse_sql(&DatabricksDialect {}, sql).ok()?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Some(*query),
        _ => None,
    }
}

/// The query with one thing less, each in its way.
fn candidates(query: &Query) -> Vec<Query> {
    let mut all = Vec::new();
    let mut push = |change: &dyn Fn(&mut Query)| {
        let mut changed = query.clone();
        change(&mut changed);
        if changed != *query {
            all.push(changed);
        }
    };
    push(&|query| query.order_by = None);
    push(&|query| query.limit_clause = None::<LimitClause>);
    if let SetExpr::SetOperation { left, right, .. } = query.body.as_ref() {
        for side in [left, right] {
            push(&|query| query.body = side.clone());
        }
    }
    if let SetExpr::Select(select) = query.body.as_ref() {
        for changed in of_select(select) {
            push(&|query| *query.body = SetExpr::Select(Box::new(changed.clone())));
        }
    }
    all
}

fn of_select(select: &Select) -> Vec<Select> {
    let mut all = Vec::new();
    let mut push = |change: &dyn Fn(&mut Select)| {
        let mut changed = select.clone();
        change(&mut changed);
        if changed != *select {
            all.push(changed);
        }
    };
    for at in 0..select.projection.len() {
        if select.projection.len() > 1 {
            push(&|select| drop(select.projection.remove(at)));
        }
    }
    push(&|select| select.distinct = None);
    push(&|select| select.having = None);
    push(&|select| select.qualify = None);
    push(&|select| select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new()));
    push(&|select| select.selection = None);
    for part in select.selection.as_ref().map(parts).unwrap_or_default() {
        push(&|select| select.selection = Some(part.clone()));
    }
    all
}

/// Both sides of an AND or OR, brackets taken off.
fn parts(condition: &Expr) -> Vec<Expr> {
    if let Expr::Nested(inner) = condition {
        return vec![inner.as_ref().clone()];
    }
    if let Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } = condition {
        return vec![left.as_ref().clone(), right.as_ref().clone()];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candidate_is_the_query_with_less() {
        let query =
            parse("SELECT a, b FROM t WHERE (a > 1 AND b > 2) GROUP BY a, b ORDER BY 1 LIMIT 3").unwrap();
        let texts: Vec<String> = candidates(&query).iter().map(ToString::to_string).collect();
        assert!(
            texts.contains(
                &"SELECT a, b FROM t WHERE a > 1 AND b > 2 GROUP BY a, b ORDER BY 1 LIMIT 3".to_owned()
            ),
            "{texts:?}"
        );
        assert!(texts.contains(
            &"SELECT b FROM t WHERE (a > 1 AND b > 2) GROUP BY a, b ORDER BY 1 LIMIT 3".to_owned()
        ));
        assert!(texts.contains(&"SELECT a, b FROM t GROUP BY a, b ORDER BY 1 LIMIT 3".to_owned()));
        assert!(texts.iter().all(|text| text.len() < query.to_string().len()));
    }
}
