//! Queries: WITH, set operations, LIMIT.

use super::order::Ordered;
use super::place::Node;
use super::scope::Cte;
use super::{Origin, OutColumn, Output, Walk, build, not_allowed};
use crate::bounds::CHAIN_MAX;
use crate::error::GuardError;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Cte as CteNode, Expr, LimitClause, Offset, OffsetRows, OrderBy, OrderByExpr, OrderByKind, Query, Select,
    SetExpr, SetOperator, SetQuantifier, Value, With,
};

impl Walk<'_> {
    /// A query at any depth. `outermost` results come in a total order, since a caller sees the order.
    ///
    /// Trees come boxed from each level: by value, they would fill a stack within a dozen levels.
    pub(super) fn query(
        &mut self,
        query: &Query,
        outermost: bool,
    ) -> Result<(Box<Query>, Output), GuardError> {
        self.spend(1)?;
        self.queries += 1;
        let walked = self.deeper(|walk| walk.query_within(query, outermost));
        self.queries -= 1;
        walked.map_err(|error| Node::Query(query).place(error))
    }

    fn query_within(&mut self, query: &Query, outermost: bool) -> Result<(Box<Query>, Output), GuardError> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch: None,
            locks,
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators,
        } = query
        else {
            return Err(not_allowed("FETCH, FOR, SETTINGS or FORMAT"));
        };
        if !locks.is_empty() || !pipe_operators.is_empty() {
            return Err(not_allowed("FOR UPDATE, FOR SHARE or a pipe operator"));
        }
        let ctes_before = self.ctes.len();
        let with = with.as_ref().map(|with| self.with(with)).transpose()?;
        let limit = limit_clause.as_ref().map(limit_clause_of).transpose()?;
        let wanted = Ordered { by: order_by.as_ref(), total: outermost || limit.is_some() };
        let (body, order, mut output) = self.ordered_body(body, wanted)?;
        // Names of this WITH mean nothing outside of it.
        self.ctes.truncate(ctes_before);
        output.single_row |= limit.as_ref().is_some_and(|limit| limit.rows.is_some_and(|rows| rows <= 1));
        Ok((assemble(with, body, order, limit.map(|limit| limit.clause)), output))
    }

    fn with(&mut self, with: &With) -> Result<With, GuardError> {
        let With { with_token: _, recursive, cte_tables } = with;
        if *recursive {
            return Err(not_allowed("WITH RECURSIVE"));
        }
        let cte_tables = cte_tables.iter().map(|cte| self.common_table(cte)).collect::<Result<_, _>>()?;
        Ok(With { with_token: AttachedToken::empty(), recursive: false, cte_tables })
    }

    fn common_table(&mut self, cte: &CteNode) -> Result<CteNode, GuardError> {
        let CteNode { alias, query, from: None, materialized: None, closing_paren_token: _ } = cte else {
            return Err(not_allowed("MATERIALIZED or FROM after a common table expression"));
        };
        // It sees the common table expressions before it, never a row of the SELECTs around it.
        let frames = std::mem::take(&mut self.frames);
        let before = self.expanded;
        let walked = self.query(query, false);
        self.frames = frames;
        let (query, output) = walked?;
        let relations = (self.expanded - before).max(1);
        let (binding, mut alias) = self.aliased(alias, output)?;
        // Its name stands without AS.
        alias.explicit = false;
        if self.cte(&binding.name).is_some() {
            return Err(GuardError::not_allowed(
                format!("two common table expressions are called `{}`", binding.name),
                "give each its own name",
            ));
        }
        let output =
            Output { columns: binding.columns, touches: binding.touches, single_row: binding.single_row };
        self.ctes.push(Cte { name: binding.name, output, relations });
        Ok(CteNode {
            alias,
            query,
            from: None,
            materialized: None,
            closing_paren_token: AttachedToken::empty(),
        })
    }

    fn ordered_body(
        &mut self,
        body: &SetExpr,
        wanted: Ordered<'_>,
    ) -> Result<(Box<SetExpr>, Vec<OrderByExpr>, Output), GuardError> {
        if let SetExpr::Select(select) = body {
            let (select, order, output) = self.select(select, wanted)?;
            return Ok((boxed(select), order, output));
        }
        let (body, output) = self.body(body)?;
        let order = self.order_of_set(wanted, &output)?;
        Ok((body, order, output))
    }

    fn body(&mut self, body: &SetExpr) -> Result<(Box<SetExpr>, Output), GuardError> {
        match body {
            SetExpr::Select(select) => {
                let (select, _, output) = self.select(select, Ordered { by: None, total: false })?;
                Ok((boxed(select), output))
            }
            SetExpr::Query(query) => {
                let (query, output) = self.query(query, false)?;
                Ok((Box::new(SetExpr::Query(query)), output))
            }
            SetExpr::SetOperation { left: _, op: _, set_quantifier: _, right: _ } => {
                self.set_operations(body)
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(not_allowed("a statement that writes"))
            }
            SetExpr::Values(_) => Err(not_allowed("VALUES")),
            SetExpr::Table(_) => Err(not_allowed("TABLE")),
        }
    }

    /// A chain of set operations, walked in a loop: it is as deep as it is long.
    fn set_operations(&mut self, body: &SetExpr) -> Result<(Box<SetExpr>, Output), GuardError> {
        let mut spine = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = first {
            spine.push((op, set_quantifier, right));
            first = left;
        }
        if spine.len() > CHAIN_MAX {
            return Err(GuardError::too_complex(format!("more than {CHAIN_MAX} set operations")));
        }
        let (mut whole, mut output) = self.deeper(|walk| walk.body(first))?;
        output.single_row = false;
        for (op, quantifier, right) in spine.into_iter().rev() {
            let (right, other) = self.deeper(|walk| walk.body(right))?;
            output = union(output, &other)?;
            let set_quantifier = quantifier_of(*quantifier)?;
            whole = Box::new(SetExpr::SetOperation { left: whole, op: operator(*op), set_quantifier, right });
        }
        Ok((whole, output))
    }
}

/// The query without the clauses that a draft may not have.
fn assemble(
    with: Option<With>,
    body: Box<SetExpr>,
    order: Vec<OrderByExpr>,
    limit: Option<LimitClause>,
) -> Box<Query> {
    let order_by =
        (!order.is_empty()).then_some(OrderBy { kind: OrderByKind::Expressions(order), interpolate: None });
    Box::new(Query {
        with,
        body,
        order_by,
        limit_clause: limit,
        fetch: None,
        locks: vec![],
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: vec![],
    })
}

fn boxed(select: Box<Select>) -> Box<SetExpr> {
    Box::new(SetExpr::Select(select))
}

/// Columns of both sides of a set operation: named by the left, only as well founded as the worse.
fn union(left: Output, right: &Output) -> Result<Output, GuardError> {
    if left.columns.len() != right.columns.len() {
        return Err(GuardError::not_allowed(
            "a set operation between queries of different numbers of columns",
            "select the same columns on both sides",
        ));
    }
    let worse = |a: Origin, b: Origin| match (a, b) {
        (Origin::Made, _) | (_, Origin::Made) => Origin::Made,
        (Origin::Plain | Origin::Traced, Origin::Plain | Origin::Traced) => a.max(b),
    };
    let columns = left.columns.into_iter().zip(&right.columns).map(|(a, b)| OutColumn {
        name: a.name,
        origin: worse(a.origin, b.origin),
        width: a.width.max(b.width),
    });
    Ok(Output { columns: columns.collect(), touches: left.touches || right.touches, single_row: false })
}

const fn operator(op: SetOperator) -> SetOperator {
    match op {
        SetOperator::Union => SetOperator::Union,
        SetOperator::Except | SetOperator::Minus => SetOperator::Except,
        SetOperator::Intersect => SetOperator::Intersect,
    }
}

fn quantifier_of(quantifier: SetQuantifier) -> Result<SetQuantifier, GuardError> {
    match quantifier {
        SetQuantifier::All => Ok(SetQuantifier::All),
        // DISTINCT is what a set operation without a word means.
        SetQuantifier::Distinct | SetQuantifier::None => Ok(SetQuantifier::None),
        SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName => {
            Err(not_allowed("a set operation BY NAME"))
        }
    }
}

struct Limit {
    clause: LimitClause,
    rows: Option<u64>,
}

fn limit_clause_of(clause: &LimitClause) -> Result<Limit, GuardError> {
    match clause {
        LimitClause::LimitOffset { limit, offset, limit_by } if limit_by.is_empty() => {
            let rows = limit.as_ref().map(whole_number).transpose()?;
            let offset = match offset {
                None => None,
                Some(Offset { value, rows: _ }) => Some(whole_number(value)?),
            };
            let clause = LimitClause::LimitOffset {
                limit: rows.map(|rows| build::number(&rows.to_string())),
                offset: offset
                    .map(|skip| Offset { value: build::number(&skip.to_string()), rows: OffsetRows::None }),
                limit_by: vec![],
            };
            Ok(Limit { clause, rows })
        }
        LimitClause::LimitOffset { .. } | LimitClause::OffsetCommaLimit { .. } => {
            Err(not_allowed("LIMIT BY or LIMIT with a comma"))
        }
    }
}

fn whole_number(expr: &Expr) -> Result<u64, GuardError> {
    if let Expr::Value(value) = expr
        && let Value::Number(digits, false) = &value.value
        && let Ok(number) = digits.parse::<u32>()
    {
        return Ok(u64::from(number));
    }
    Err(GuardError::not_allowed("LIMIT or OFFSET of something computed", "write a whole number"))
}
