//! Expressions of other tools: what is read, and how names in them become names of ours.
//!
//! Decides which forms are understood. A form whose parts are not all known is refused: a name inside it could be
//! taken for a column that it is not.

mod aggregate;

pub(crate) use aggregate::{Anchor, call, condition};

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, DataType, Expr, Function, FunctionArguments, Ident, Value, ValueWithSpan,
    Visit, VisitMut, Visitor, VisitorMut,
};
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
use std::ops::ControlFlow::{self, Break, Continue};

/// Longer expressions are not read, and not written.
pub(crate) const CHARS_MAX: usize = 16_384;

/// Begins the name of a mark: something that stands in an expression for another one. No file can hold it.
const MARK: char = '\0';

/// Parses an expression as Databricks reads it, and checks that every form in it is known.
pub(crate) fn parse(text: &str) -> Result<Expr, String> {
    if text.contains(MARK) {
        return Err("its expression holds a character of value zero".to_owned());
    }
    parse_marked(text)
}

/// Parses an expression in which marks may stand.
pub(crate) fn parse_marked(text: &str) -> Result<Expr, String> {
    if text.len() > CHARS_MAX {
        return Err("its expression is too long".to_owned());
    }
    let read = || {
        let mut parser = Parser::new(&DatabricksDialect {}).with_recursion_limit(64).try_with_sql(text)?;
        let expression = parser.parse_expr()?;
        parser.expect_token(&Token::EOF)?;
        Ok(expression)
    };
    let expression = read().map_err(|error: ParserError| {
        let error = error.to_string();
        let error = error.trim_start_matches("sql parser error: ");
        format!("its expression does not parse: {}", error)
    })?;
    match Visit::visit(&expression, &mut Known) {
        Break(why) => Err(why),
        Continue(()) => Ok(expression),
    }
}

/// The name of a mark.
pub(crate) fn mark(number: usize) -> Ident {
    Ident::with_quote('`', format!("{MARK}{number}"))
}

/// The number of a mark.
pub(crate) fn marked(parts: &[Ident]) -> Option<usize> {
    let [name] = parts else { return None };
    name.value.strip_prefix(MARK)?.parse().ok()
}

/// Refuses forms that hold names which are no columns, or that no model of ours may hold.
struct Known;

impl Visitor for Known {
    type Break = String;

    fn pre_visit_query(&mut self, _: &sqlparser::ast::Query) -> ControlFlow<String> {
        Break("its expression holds a query".to_owned())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<String> {
        let is_known = matches!(
            expression,
            Expr::Identifier(_)
                | Expr::CompoundIdentifier(_)
                | Expr::Value(_)
                | Expr::TypedString(_)
                | Expr::Interval(_)
                | Expr::Nested(_)
                | Expr::UnaryOp { .. }
                | Expr::BinaryOp { .. }
                | Expr::IsTrue(_)
                | Expr::IsNotTrue(_)
                | Expr::IsFalse(_)
                | Expr::IsNotFalse(_)
                | Expr::IsNull(_)
                | Expr::IsNotNull(_)
                | Expr::IsDistinctFrom(..)
                | Expr::IsNotDistinctFrom(..)
                | Expr::InList { .. }
                | Expr::Between { .. }
                | Expr::Like { .. }
                | Expr::ILike { .. }
                | Expr::Case { .. }
                | Expr::Cast { .. }
                | Expr::Extract { .. }
                | Expr::Ceil { .. }
                | Expr::Floor { .. }
                | Expr::Position { .. }
                | Expr::Substring { .. }
                | Expr::Trim { .. }
                | Expr::Function(_)
        );
        if !is_known {
            return Break(format!("its expression holds a form that is not read: `{expression}`"));
        }
        let Expr::Function(function) = expression else { return Continue(()) };
        if function.over.is_some() {
            return Break("its expression holds a window function".to_owned());
        }
        if takes_unit(function) {
            return Break(format!(
                "its expression names a unit of time where a column could stand: `{function}`"
            ));
        }
        Continue(())
    }
}

/// Functions whose first argument is the name of a unit.
fn takes_unit(function: &Function) -> bool {
    const UNITS: [&str; 6] =
        ["dateadd", "datediff", "date_add", "date_diff", "timestampadd", "timestampdiff"];
    let arguments = if let FunctionArguments::List(list) = &function.args { list.args.len() } else { 0 };
    arguments == 3 && UNITS.contains(&name_of(function).as_str())
}

/// The name of a function, in lower case.
pub(crate) fn name_of(function: &Function) -> String {
    function.name.to_string().to_lowercase()
}

/// Whether a text stands in double quotes: a name in some warehouses, a text in others.
pub(crate) fn has_double_quotes(expression: &Expr) -> bool {
    struct Quotes(bool);
    impl Visitor for Quotes {
        type Break = ();
        fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
            self.0 |= matches!(value.value, Value::DoubleQuotedString(_));
            Continue(())
        }
    }
    let mut quotes = Quotes(false);
    let _: ControlFlow<()> = expression.visit(&mut quotes);
    quotes.0
}

/// Puts what `resolve` says in the place of every name.
pub(crate) fn rename(
    expression: &mut Expr,
    resolve: &mut dyn FnMut(&[Ident]) -> Result<Expr, String>,
) -> Result<(), String> {
    struct Rename<'a>(&'a mut dyn FnMut(&[Ident]) -> Result<Expr, String>);
    impl VisitorMut for Rename<'_> {
        type Break = String;
        // Afterwards, so that what was put in is not walked again.
        fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<String> {
            let found = if let Expr::Identifier(name) = expression {
                (self.0)(std::slice::from_ref(name))
            } else if let Expr::CompoundIdentifier(parts) = expression {
                (self.0)(parts)
            } else {
                return Continue(());
            };
            match found {
                Ok(found) => {
                    *expression = found;
                    Continue(())
                }
                Err(why) => Break(why),
            }
        }
    }
    match VisitMut::visit(expression, &mut Rename(resolve)) {
        Continue(()) => Ok(()),
        Break(why) => Err(why),
    }
}

/// Whether an expression is a date by its form.
pub(crate) fn is_date(expression: &Expr) -> bool {
    if let Expr::Nested(inner) = expression {
        return is_date(inner);
    }
    if let Expr::Cast { data_type, .. } = expression {
        return matches!(data_type, DataType::Date);
    }
    let Expr::Function(function) = expression else { return false };
    ["date", "to_date", "make_date", "last_day"].contains(&name_of(function).as_str())
}

/// The name of the column that an expression is, if it is one.
pub(crate) fn as_column(expression: &Expr) -> Option<&str> {
    if let Expr::Identifier(name) = expression { Some(&name.value) } else { None }
}

/// Whether an expression is a count, and nothing else.
pub(crate) fn is_count(expression: &Expr) -> bool {
    let Expr::Function(function) = expression else { return false };
    name_of(function) == "count"
}

/// The names in an expression, as parts, in order.
pub(crate) fn names(expression: &Expr) -> Vec<Vec<String>> {
    struct Names(Vec<Vec<String>>);
    impl Visitor for Names {
        type Break = ();
        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            if let Expr::Identifier(name) = expression {
                self.0.push(vec![name.value.clone()]);
            } else if let Expr::CompoundIdentifier(parts) = expression {
                self.0.push(parts.iter().map(|part| part.value.clone()).collect());
            }
            Continue(())
        }
    }
    let mut names = Names(Vec::new());
    let _: ControlFlow<()> = expression.visit(&mut names);
    names.0
}

/// A column by its name alone.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Identifier(ident(name))
}

/// A field of a dataset.
pub(crate) fn field(dataset: &str, field: &str) -> Expr {
    Expr::CompoundIdentifier(vec![ident(dataset), ident(field)])
}

/// A name, bare where it reads as one.
fn ident(name: &str) -> Ident {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let parsed = |name: &str| parse(name) == Ok(Expr::Identifier(Ident::new(name)));
    if plain && parsed(name) { Ident::new(name) } else { Ident::with_quote('`', name) }
}

/// The expression in brackets, unless it holds together without.
pub(crate) fn closed(expression: Expr) -> Expr {
    let holds = matches!(
        expression,
        Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::Value(_)
            | Expr::Nested(_)
            | Expr::Function(_)
            | Expr::Case { .. }
            | Expr::Cast { kind: sqlparser::ast::CastKind::Cast, .. }
    );
    if holds { expression } else { Expr::Nested(Box::new(expression)) }
}

/// All conditions together.
pub(crate) fn all_of(conditions: Vec<Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|left, right| Expr::BinaryOp {
        left: Box::new(conjunct(left)),
        op: BinaryOperator::And,
        right: Box::new(conjunct(right)),
    })
}

/// A condition as it may stand beside AND.
fn conjunct(condition: Expr) -> Expr {
    let binds = matches!(condition, Expr::BinaryOp { op: BinaryOperator::And, .. } | Expr::IsNotNull(_));
    if binds { condition } else { closed(condition) }
}

/// `CASE WHEN condition THEN value END`: nothing where the condition does not hold.
pub(crate) fn when(condition: Expr, value: Expr) -> Expr {
    case(condition, value, None)
}

/// `CASE WHEN condition THEN value ELSE other END`.
pub(crate) fn case(condition: Expr, value: Expr, other: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result: value }],
        else_result: other.map(Box::new),
    }
}

pub(crate) fn number(digits: &str) -> Expr {
    Expr::Value(Value::Number(digits.to_owned(), false).with_empty_span())
}

pub(crate) fn text(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).with_empty_span())
}
