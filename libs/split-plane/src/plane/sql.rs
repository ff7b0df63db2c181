//! Prints a scope for auditors, from the structure that is executed.
//!
//! Decides readability only. Values reach the text through the printer of the syntax tree, which
//! escapes them; the text is never parsed back.

use super::{ColumnExpression, ColumnMask, Condition, RowScope, ScopeValue, ScopedColumn, ScopedRelation};
use splitplane_types::Bucket;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, Cte, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, GroupByExpr, Ident, ObjectName, ObjectNamePart, Query, Select,
    SelectFlavor, SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins, Value, With,
};

pub(super) fn print(relations: &[ScopedRelation]) -> String {
    if relations.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for ScopedRelation { name, source: _, columns: _, rows } in relations {
        if let RowScope::Public { reason } = rows {
            // One line each, so that a reason cannot end its comment.
            let reason: Vec<_> = reason.split_whitespace().collect();
            text.push_str(&format!("-- {name} is public: {}\n", reason.join(" ")));
        }
    }
    let with = With {
        with_token: AttachedToken::empty(),
        recursive: false,
        cte_tables: relations.iter().map(relation).collect(),
    };
    text.push_str(&format!("{with:#}"));
    text
}

fn relation(relation: &ScopedRelation) -> Cte {
    let ScopedRelation { name, source, columns, rows } = relation;
    let from = row_name(0);
    let items = columns
        .iter()
        .map(|column| SelectItem::ExprWithAlias {
            expr: shown(column, &from),
            alias: Ident::with_quote('`', &column.name),
        })
        .collect();
    Cte {
        alias: alias(name, false),
        query: Box::new(query(items, source, &from, rows_condition(rows, 0))),
        from: None,
        materialized: None,
        closing_paren_token: AttachedToken::empty(),
    }
}

fn shown(column: &ScopedColumn, from: &str) -> Expr {
    let ScopedColumn { name: _, expression, data_type: _, unit: _, mask } = column;
    let value = match expression {
        ColumnExpression::Physical(name) => self::column(from, name),
        ColumnExpression::Computed(expr) => expr.clone(),
    };
    match mask {
        None => value,
        Some(ColumnMask::Null) => Expr::Value(Value::Null.with_empty_span()),
        Some(ColumnMask::Last(shown)) => last(&value, *shown),
        // The key is the tenant's secret; its place is named and its bytes are not.
        Some(ColumnMask::Hash(_)) => {
            let key = Expr::Value(Value::Placeholder(":tenant_mask_key".to_owned()).with_empty_span());
            call("splitplane_mask_hash", vec![key, spelled(value)])
        }
        Some(ColumnMask::Bucket(Bucket::Width(width))) => {
            let width = || number(width.get().into());
            let whole = call("floor", vec![binary(value, BinaryOperator::Divide, width())]);
            binary(whole, BinaryOperator::Multiply, width())
        }
        Some(ColumnMask::Bucket(Bucket::Unit(unit))) => call("date_trunc", vec![text(unit.as_str()), value]),
    }
}

/// `*` for every character but the last `shown`, and for every one of a value that has no more.
fn last(value: &Expr, shown: u8) -> Expr {
    let length = || call("char_length", vec![value.clone()]);
    let shown = || number(shown.into());
    let stars = |count: Expr| call("repeat", vec![text("*"), count]);
    let ending = call("right", vec![value.clone(), shown()]);
    let hidden = stars(binary(length(), BinaryOperator::Minus, shown()));
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition: binary(length(), BinaryOperator::Gt, shown()),
            result: call("concat", vec![hidden, ending]),
        }],
        else_result: Some(Box::new(stars(length()))),
    }
}

/// A key's canonical text, which is how keys are compared: `001` is not `1`, whatever type the file has.
fn spelled(value: Expr) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(value),
        data_type: DataType::String(None),
        array: false,
        format: None,
    }
}

fn rows_condition(rows: &RowScope, depth: usize) -> Option<Expr> {
    match rows {
        RowScope::Public { reason: _ } => None,
        RowScope::All(conditions) => conditions
            .iter()
            .map(|condition| condition_of(condition, depth))
            .reduce(|left, right| binary(left, BinaryOperator::And, right))
            // Unreachable through `SecurityPlane::new`; if it were not, no row is the safe reading.
            .or(Some(Expr::Value(Value::Boolean(false).with_empty_span()))),
    }
}

fn condition_of(condition: &Condition, depth: usize) -> Expr {
    let mine = row_name(depth);
    match condition {
        Condition::Keys { columns: _, tuples } if tuples.is_empty() => {
            Expr::Value(Value::Boolean(false).with_empty_span())
        }
        Condition::Keys { columns, tuples } => {
            let columns = columns.iter().map(|name| spelled(column(&mine, name))).collect();
            let list = tuples.iter().map(|tuple| one_or_tuple(tuple.iter().map(literal).collect())).collect();
            Expr::InList { expr: Box::new(one_or_tuple(columns)), list, negated: false }
        }
        Condition::Exists { source, rows, by } => {
            let theirs = row_name(depth + 1);
            let matches = by
                .iter()
                .map(|(a, b)| {
                    binary(spelled(column(&theirs, b)), BinaryOperator::Eq, spelled(column(&mine, a)))
                })
                .chain(rows_condition(rows, depth + 1))
                .reduce(|left, right| binary(left, BinaryOperator::And, right));
            let subquery = query(vec![SelectItem::UnnamedExpr(number(1))], source, &theirs, matches);
            Expr::Exists { subquery: Box::new(subquery), negated: false }
        }
    }
}

/// The name of the row at this depth of EXISTS: a source may appear at several.
fn row_name(depth: usize) -> String {
    if depth == 0 { "source".to_owned() } else { format!("source_{}", depth + 1) }
}

/// The canonical text of a granted key.
fn literal(value: &ScopeValue) -> Expr {
    match value {
        ScopeValue::Text(value) | ScopeValue::Date(value) => text(value),
        ScopeValue::Integer(value) => text(&value.to_string()),
    }
}

fn one_or_tuple(mut parts: Vec<Expr>) -> Expr {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            Expr::Tuple(parts)
        }
    }
}

fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).with_empty_span())
}

fn number(value: u64) -> Expr {
    Expr::Value(Value::Number(value.to_string(), false).with_empty_span())
}

fn column(row: &str, name: &str) -> Expr {
    Expr::CompoundIdentifier(vec![Ident::with_quote('`', row), Ident::with_quote('`', name)])
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
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
    })
}

/// A common table expression has its name without AS.
fn alias(name: &str, explicit: bool) -> TableAlias {
    TableAlias { explicit, name: Ident::with_quote('`', name), columns: vec![], at: None }
}

fn query(projection: Vec<SelectItem>, source: &str, row: &str, selection: Option<Expr>) -> Query {
    let relation = TableFactor::Table {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('`', source))]),
        alias: Some(alias(row, true)),
        args: None,
        with_hints: vec![],
        version: None,
        with_ordinality: false,
        partitions: vec![],
        json_path: None,
        sample: None,
        index_hints: vec![],
    };
    let select = Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: vec![],
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from: vec![TableWithJoins { relation, joins: vec![] }],
        lateral_views: vec![],
        prewhere: None,
        selection,
        connect_by: vec![],
        group_by: GroupByExpr::Expressions(vec![], vec![]),
        cluster_by: vec![],
        distribute_by: vec![],
        sort_by: vec![],
        having: None,
        named_window: vec![],
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    };
    Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: vec![],
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: vec![],
    }
}
