//! The nodes of SQL that the compiler uses, each in the one form that it prints and parses as.

use crate::expression::ident;
use crate::{Buckets, Grain};
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType as SqlType, DateTimeField, ExactNumberInfo, Expr, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, GroupByExpr, Ident, Interval,
    LimitClause, ObjectName, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Query, Select, SelectFlavor,
    SelectItem, SetExpr, SetOperator, SetQuantifier, TableAlias, TableFactor, TableWithJoins, UnaryOperator,
    Value, WindowSpec, WindowType,
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

/// Any of the conditions; `None` if there is none.
pub(super) fn any_of(conditions: Vec<Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|left, right| binary(left, BinaryOperator::Or, right))
}

pub(super) fn nested(inner: Expr) -> Expr {
    Expr::Nested(Box::new(inner))
}

pub(super) fn double(of: Expr) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(of),
        data_type: SqlType::Double(ExactNumberInfo::None),
        array: false,
        format: None,
    }
}

pub(super) fn number(number: i64) -> Expr {
    signed(&number.to_string())
}

pub(super) fn decimal(number: splitplane_types::Decimal) -> Expr {
    signed(&number.to_string())
}

/// A number as it parses: its sign is an operator.
fn signed(text: &str) -> Expr {
    let literal = |text: &str| value(Value::Number(text.to_owned(), false));
    match text.strip_prefix('-') {
        None => literal(text),
        Some(digits) => Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(literal(digits)) },
    }
}

pub(super) fn date_trunc(grain: Grain, of: Expr) -> Expr {
    let unit = value(Value::SingleQuotedString(grain.name().to_uppercase()));
    call("date_trunc", [unit, of])
}

/// The first day of the week: SQL's weeks start on Monday, so a day is moved there and its Monday back.
pub(super) fn week(buckets: Buckets, of: Expr) -> Expr {
    let days = i64::from(buckets.days_before_monday());
    if days == 0 {
        return date_trunc(Grain::Week, of);
    }
    let monday = date_trunc(Grain::Week, call("date_add", [of, number(days)]));
    call("date_add", [monday, number(-days)])
}

/// A time moved back, so that a business day begins at its midnight.
pub(super) fn minutes_before(minutes: i64, of: Expr) -> Expr {
    if minutes == 0 {
        return of;
    }
    let interval = Expr::Interval(Interval {
        value: Box::new(value(Value::SingleQuotedString(minutes.to_string()))),
        leading_field: Some(DateTimeField::Minute),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    });
    binary(of, BinaryOperator::Minus, interval)
}

/// `name(of) OVER ()`: over all rows of the result.
pub(super) fn over_all(name: &str, of: Expr) -> Expr {
    let window =
        WindowSpec { window_name: None, partition_by: Vec::new(), order_by: Vec::new(), window_frame: None };
    function(name, vec![of], Some(WindowType::WindowSpec(window)))
}

pub(super) fn call<const N: usize>(name: &str, args: [Expr; N]) -> Expr {
    function(name, args.into(), None)
}

fn function(name: &str, args: Vec<Expr>, over: Option<WindowType>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)));
    Expr::Function(Function {
        name: ObjectName::from(Ident::new(name)),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over,
        within_group: Vec::new(),
    })
}

/// `(body) AS alias`.
pub(super) fn subquery(body: SetExpr, alias: &str) -> TableFactor {
    TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query(body, None, None)),
        alias: Some(TableAlias { explicit: true, name: ident(alias), columns: Vec::new(), at: None }),
        sample: None,
    }
}

pub(super) fn union_all(left: SetExpr, right: SetExpr) -> SetExpr {
    SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        left: Box::new(left),
        right: Box::new(right),
    }
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

pub(super) fn query(body: SetExpr, order: Option<Vec<OrderByExpr>>, limit: Option<u32>) -> Query {
    let order = order.map(OrderByKind::Expressions);
    Query {
        with: None,
        body: Box::new(body),
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
