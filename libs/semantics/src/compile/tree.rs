//! The nodes of SQL that the compiler uses, each in the one form that it prints and parses as.

use crate::Grain;
use crate::expression::ident;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    GroupByExpr, Ident, LimitClause, ObjectName, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Query,
    Select, SelectFlavor, SelectItem, SetExpr, TableFactor, TableWithJoins, Value,
};

pub(super) fn value(value: Value) -> Expr {
    Expr::Value(value.with_empty_span())
}

pub(super) fn reference(relation: &str, column: &str) -> Expr {
    Expr::CompoundIdentifier(vec![ident(relation), ident(column)])
}

pub(super) fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

/// All conditions together; `None` if there is none.
pub(super) fn all_of(conditions: Vec<Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|left, right| binary(left, BinaryOperator::And, right))
}

pub(super) fn date_trunc(grain: Grain, of: Expr) -> Expr {
    let unit = value(Value::SingleQuotedString(grain.name().to_uppercase()));
    let args = [unit, of].map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)));
    Expr::Function(Function {
        name: ObjectName::from(Ident::new("date_trunc")),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

pub(super) fn table(name: &str) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(ident(name)),
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}

/// Rows without a value come last either way: they are neither the top nor the bottom.
pub(super) fn order(column: &str, descending: bool) -> OrderByExpr {
    OrderByExpr {
        expr: Expr::Identifier(ident(column)),
        options: OrderByOptions { asc: Some(!descending), nulls_first: Some(false) },
        with_fill: None,
    }
}

pub(super) fn select(
    projection: Vec<SelectItem>,
    from: TableWithJoins,
    selection: Option<Expr>,
    group_by: Vec<Expr>,
) -> Select {
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from: vec![from],
        lateral_views: Vec::new(),
        prewhere: None,
        selection,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(group_by, Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}

pub(super) fn query(select: Select, order: Option<Vec<OrderByExpr>>, limit: Option<u32>) -> Query {
    let order = order.map(OrderByKind::Expressions);
    Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: order.map(|kind| OrderBy { kind, interpolate: None }),
        limit_clause: limit.map(|limit| LimitClause::LimitOffset {
            limit: Some(value(Value::Number(limit.to_string(), false))),
            offset: None,
            limit_by: Vec::new(),
        }),
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
