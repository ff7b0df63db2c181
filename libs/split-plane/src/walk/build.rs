//! Pieces of the tree that runs. Decides spelling: backticks, one keyword for each thing.

use super::{Checked, Facts};
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, DateTimeField, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, Interval, ObjectName, ObjectNamePart,
    OrderByExpr, OrderByOptions, TableAlias, TableAliasColumnDef, Value,
};

/// A name, quoted so that neither case nor keywords can change its meaning.
pub(super) fn ident(name: &str) -> Ident {
    Ident::with_quote('`', name)
}

pub(super) fn object_name(name: &str) -> ObjectName {
    ObjectName(vec![ObjectNamePart::Identifier(ident(name))])
}

pub(super) fn column(relation: &str, name: &str) -> Expr {
    Expr::CompoundIdentifier(vec![ident(relation), ident(name)])
}

pub(super) fn alias(name: &str, columns: &[String]) -> TableAlias {
    let columns =
        columns.iter().map(|name| TableAliasColumnDef { name: ident(name), data_type: None }).collect();
    TableAlias { explicit: true, name: ident(name), columns, at: None }
}

pub(super) fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).with_empty_span())
}

pub(super) fn number(value: &str) -> Expr {
    Expr::Value(Value::Number(value.to_owned(), false).with_empty_span())
}

/// Wraps whatever would bind differently beside an operator.
pub(super) fn operand(expr: Expr) -> Expr {
    let stands_alone = matches!(
        expr,
        Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::Value(_)
            | Expr::Nested(_)
            | Expr::Function(_)
            | Expr::Cast { .. }
            | Expr::Subquery(_)
    );
    if stands_alone { expr } else { Expr::Nested(Box::new(expr)) }
}

pub(super) fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

pub(super) fn nested(expr: Expr) -> Expr {
    Expr::Nested(Box::new(expr))
}

pub(super) fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

pub(super) fn interval(amount: &str, unit: DateTimeField) -> Expr {
    Expr::Interval(Interval {
        value: Box::new(text(amount)),
        leading_field: Some(unit),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })
}

pub(super) fn case(condition: Expr, result: Expr, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result }],
        else_result: otherwise.map(Box::new),
    }
}

/// A call of the engine's function of this name, with nothing else to it.
pub(super) fn function(name: &str, args: Vec<Expr>) -> Function {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    function_of(name, args)
}

pub(super) fn function_of(name: &str, args: Vec<FunctionArg>) -> Function {
    Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    }
}

pub(super) fn call(name: &str, args: Vec<Checked>) -> Checked {
    let facts = Facts::of(&args);
    let args = args.into_iter().map(|arg| arg.expr).collect();
    Checked::new(Expr::Function(function(name, args)), facts)
}

/// A sort key that says where NULL goes: first when ascending, as on Databricks.
pub(super) fn sort_key(expr: Expr, ascending: bool, nulls_first: Option<bool>) -> OrderByExpr {
    let options =
        OrderByOptions { asc: Some(ascending), nulls_first: Some(nulls_first.unwrap_or(ascending)) };
    OrderByExpr { expr, options, with_fill: None }
}
