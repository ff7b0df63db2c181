//! SQL expressions that the model's owner writes: parsing, names, aggregates.
//!
//! Decides which expressions a model may hold. An expression with a query inside is refused, since
//! a query could name a relation that no scope bounds.

use crate::words::nearest;
use sqlparser::ast::{
    Expr, Function, Ident, ObjectName, Query, Value, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut,
};
use sqlparser::dialect::{DatabricksDialect, Dialect, GenericDialect};
use sqlparser::keywords::{RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_TABLE_ALIAS};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;
use std::ops::ControlFlow::{self, Break, Continue};

/// What is wrong with an expression, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadExpression {
    pub(crate) what: String,
    pub(crate) remedy: String,
}

fn bad(what: impl Into<String>, remedy: impl Into<String>) -> BadExpression {
    BadExpression { what: what.into(), remedy: remedy.into() }
}

/// The dialect in which an expression is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Written {
    AnsiSql,
    Databricks,
}

/// Names that may stand without quotes in SQL of every engine.
pub(crate) fn is_plain_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name in SQL: quoted, as Databricks quotes, unless every engine reads it as itself without.
pub(crate) fn ident(name: &str) -> Ident {
    let lower = name.chars().all(|c| !c.is_ascii_uppercase());
    if is_plain_identifier(name) && lower && !is_reserved(name) {
        Ident::new(name)
    } else {
        Ident::with_quote('`', name)
    }
}

fn is_reserved(name: &str) -> bool {
    /// Words that may begin an expression of another kind.
    const OPENERS: [&str; 18] = [
        "array",
        "case",
        "cast",
        "convert",
        "current_date",
        "current_time",
        "current_timestamp",
        "date",
        "exists",
        "extract",
        "false",
        "interval",
        "not",
        "null",
        "struct",
        "time",
        "timestamp",
        "true",
    ];
    let Token::Word(word) = Token::make_keyword(name) else { return true };
    RESERVED_FOR_COLUMN_ALIAS.contains(&word.keyword)
        || RESERVED_FOR_TABLE_ALIAS.contains(&word.keyword)
        || OPENERS.contains(&name)
        || parse_with(&DatabricksDialect {}, name) != Ok(Expr::Identifier(Ident::new(name)))
}

fn parse_with(dialect: &dyn Dialect, text: &str) -> Result<Expr, String> {
    let parse = || {
        let mut parser = Parser::new(dialect).with_recursion_limit(64).try_with_sql(text)?;
        let expression = parser.parse_expr()?;
        parser.expect_token(&Token::EOF)?;
        Ok(expression)
    };
    parse().map_err(|error: sqlparser::parser::ParserError| {
        error.to_string().trim_start_matches("sql parser error: ").to_owned()
    })
}

/// Parses an expression and gives every name in it its one way of quoting.
pub(crate) fn parse(text: &str, written: Written) -> Result<Expr, BadExpression> {
    let dialect: &dyn Dialect = match written {
        Written::AnsiSql => &GenericDialect {},
        Written::Databricks => &DatabricksDialect {},
    };
    let mut expression = parse_with(dialect, text).map_err(|error| {
        bad(format!("the expression `{text}` does not parse: {error}"), "correct the SQL")
    })?;
    // Databricks reads `\\` in a text as an escape; standard SQL does not.
    if written == Written::AnsiSql && text.contains('\\') {
        return Err(elsewhere(text));
    }
    if let Break(error) = Visit::visit(&expression, &mut Inspector) {
        return Err(error);
    }
    let _: ControlFlow<()> = VisitMut::visit(&mut expression, &mut Requote);
    // What runs is printed anew in Databricks' syntax, and must still be what was written.
    if parse_with(&DatabricksDialect {}, &expression.to_string()).as_ref() != Ok(&expression) {
        return Err(elsewhere(text));
    }
    Ok(expression)
}

fn elsewhere(text: &str) -> BadExpression {
    bad(
        format!("the expression `{text}` means something else on Databricks"),
        "write it for dialect DATABRICKS",
    )
}

struct Inspector;

impl Visitor for Inspector {
    type Break = BadExpression;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<BadExpression> {
        Break(bad("an expression holds a query", "use fields alone, and relationships for other datasets"))
    }

    fn pre_visit_relation(&mut self, _: &ObjectName) -> ControlFlow<BadExpression> {
        Break(bad("an expression names a relation", "use fields alone"))
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<BadExpression> {
        if matches!(value.value, Value::Placeholder(_)) {
            return Break(bad("an expression holds a parameter", "write the value"));
        }
        Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<BadExpression> {
        if let Expr::Function(Function { over: Some(_), .. }) = expression {
            return Break(bad("an expression holds a window function", "use an aggregate"));
        }
        if let Expr::Wildcard(_) | Expr::QualifiedWildcard(..) = expression {
            return Break(bad("an expression holds `*` as a value", "name the fields"));
        }
        Continue(())
    }
}

struct Requote;

impl VisitorMut for Requote {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let name = |part: &mut Ident| *part = ident(&part.value);
        if let Expr::Identifier(part) = expression {
            name(part);
        } else if let Expr::CompoundIdentifier(parts) = expression {
            parts.iter_mut().for_each(name);
        }
        Continue(())
    }
}

/// The column and qualified names of an expression, in order, and whether each is inside an aggregate.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Names as parts: `[field]` or `[dataset, field]`.
    pub(crate) names: Vec<(Vec<String>, bool)>,
    /// Whether there is an aggregate at all.
    pub(crate) aggregates: bool,
    /// Whether an aggregate is inside another.
    pub(crate) nested: bool,
    depth: usize,
}

impl Names {
    pub(crate) fn of(expression: &Expr) -> Self {
        let mut names = Self::default();
        let _: ControlFlow<()> = expression.visit(&mut names);
        names
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if is_aggregate(expression) {
            self.nested |= self.depth > 0;
            self.aggregates = true;
            self.depth += 1;
        } else if let Expr::Identifier(name) = expression {
            self.names.push((vec![name.value.clone()], self.depth > 0));
        } else if let Expr::CompoundIdentifier(parts) = expression {
            self.names.push((parts.iter().map(|part| part.value.clone()).collect(), self.depth > 0));
        }
        Continue(())
    }

    fn post_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if is_aggregate(expression) {
            self.depth -= 1;
        }
        Continue(())
    }
}

/// The aggregates of an expression, in order, each once for every time it stands there.
pub(crate) fn aggregates(expression: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    let _: ControlFlow<()> = sqlparser::ast::visit_expressions(expression, |expression| {
        if is_aggregate(expression) {
            found.push(expression.clone());
        }
        Continue(())
    });
    found
}

/// Puts something else in the place of each aggregate.
pub(crate) fn replace_aggregates(expression: &mut Expr, with: impl Fn(&Expr) -> Expr) {
    let _: ControlFlow<()> = sqlparser::ast::visit_expressions_mut(expression, |expression| {
        if is_aggregate(expression) {
            *expression = with(expression);
        }
        Continue(())
    });
}

fn is_aggregate(expression: &Expr) -> bool {
    const AGGREGATES: [&str; 36] = [
        "any_value",
        "approx_count_distinct",
        "approx_percentile",
        "avg",
        "bool_and",
        "bool_or",
        "corr",
        "count",
        "count_if",
        "covar_pop",
        "covar_samp",
        "every",
        "first",
        "kurtosis",
        "last",
        "max",
        "max_by",
        "mean",
        "median",
        "min",
        "min_by",
        "mode",
        "percentile",
        "percentile_approx",
        "percentile_cont",
        "percentile_disc",
        "skewness",
        "some",
        "std",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "sum",
        "var_pop",
        "var_samp",
        "variance",
    ];
    let Expr::Function(function) = expression else { return false };
    AGGREGATES.contains(&function.name.to_string().to_lowercase().as_str())
}

/// Turns the names of an expression over one dataset's file into bare column names.
///
/// `qualifiers` are the names by which the expression may call its own dataset.
pub(crate) fn strip_qualifiers(expression: &mut Expr, qualifiers: &[&str]) -> Result<(), BadExpression> {
    match VisitMut::visit(expression, &mut Strip { qualifiers }) {
        Continue(()) => Ok(()),
        Break(error) => Err(error),
    }
}

struct Strip<'a> {
    qualifiers: &'a [&'a str],
}

impl VisitorMut for Strip<'_> {
    type Break = BadExpression;

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<BadExpression> {
        let Expr::CompoundIdentifier(parts) = expression else { return Continue(()) };
        match parts.as_slice() {
            [qualifier, column] if self.qualifiers.contains(&qualifier.value.as_str()) => {
                *expression = Expr::Identifier(column.clone());
                Continue(())
            }
            [qualifier, ..] => {
                let remedy = match nearest(&qualifier.value, self.qualifiers.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "a field is computed from the columns of its own dataset alone".to_owned(),
                };
                Break(bad(
                    format!("the expression names `{}`", Expr::CompoundIdentifier(parts.clone())),
                    remedy,
                ))
            }
            [] => Continue(()),
        }
    }
}
