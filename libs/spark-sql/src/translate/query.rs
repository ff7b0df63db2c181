//! Queries: WITH, set operations, LIMIT.

use super::Translation;
use super::names::column;
use super::order::Keys;
use super::scope::Cte;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::{
    Expr, LimitClause, Offset, Query, Select, SetExpr, SetOperator, SetQuantifier, Value, With,
};

/// Rows that a LIMIT of Spark may count.
const LIMIT_MAX: u32 = i32::MAX.unsigned_abs();

/// A query in the text; its columns are called c0, c1, ...
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) text: String,
    /// Names of the tree, and kinds.
    pub(super) columns: Vec<(String, Kind)>,
    /// Whether it is one aggregate of all its rows.
    pub(super) aggregated: bool,
    /// Whether it uses a column of the SELECT around it.
    pub(super) correlated: bool,
}

impl Translation<'_> {
    /// A query at any depth. The outermost one gives columns that all have a type.
    pub(super) fn query(&mut self, query: &Query, outermost: bool) -> Result<Translated, Refusal> {
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
            return Err(Refusal::Syntax("FETCH, FOR, SETTINGS or FORMAT"));
        };
        if self.resolve.is_some() {
            return Err(Refusal::Syntax("a query in an expression of the model's owner"));
        }
        if !locks.is_empty() || !pipe_operators.is_empty() {
            return Err(Refusal::Syntax("a lock or a pipe operator"));
        }
        let before = self.ctes.len();
        if let Some(with) = with {
            self.with(with)?;
        }
        let keys = Keys::of(order_by.as_ref())?;
        let mut translated = match body.as_ref() {
            SetExpr::Select(select) => self.select(select, keys, outermost)?,
            SetExpr::SetOperation { .. } | SetExpr::Query(_) => {
                let mut body = self.body(body)?;
                let order = keys.ordinals()?;
                body.text.push_str(&order);
                body.aggregated = false;
                body
            }
            SetExpr::Values(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => return Err(Refusal::Syntax("a query that is no SELECT")),
        };
        self.ctes.truncate(before);
        if let Some(clause) = limit_clause {
            translated.text.push_str(&limit(clause)?);
            // An aggregate has one row without a limit; with OFFSET it has none.
            translated.aggregated = false;
        }
        Ok(translated)
    }

    /// Written in front of the whole statement: none of them sees a row of the SELECTs around it.
    fn with(&mut self, with: &With) -> Result<(), Refusal> {
        if with.recursive {
            return Err(Refusal::Syntax("WITH RECURSIVE"));
        }
        for cte in &with.cte_tables {
            if cte.from.is_some() || cte.materialized.is_some() {
                return Err(Refusal::Syntax("MATERIALIZED or FROM after a common table expression"));
            }
            let frames = std::mem::take(&mut self.frames);
            let translated = self.query(&cte.query, false);
            self.frames = frames;
            let mut translated = translated?;
            rename(&mut translated.columns, &cte.alias)?;
            let text = self.names.query();
            self.written.push((text.clone(), translated.text));
            self.ctes.push(Cte { name: cte.alias.name.value.clone(), text, columns: translated.columns });
        }
        Ok(())
    }

    fn body(&mut self, body: &SetExpr) -> Result<Translated, Refusal> {
        match body {
            SetExpr::Select(select) => self.plain_select(select),
            SetExpr::Query(query) => {
                let mut inner = self.query(query, false)?;
                inner.text = format!("({})", inner.text);
                Ok(inner)
            }
            SetExpr::SetOperation { .. } => self.set_operations(body),
            SetExpr::Values(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => Err(Refusal::Syntax("a query that is no SELECT")),
        }
    }

    fn plain_select(&mut self, select: &Select) -> Result<Translated, Refusal> {
        let mut translated = self.select(select, Keys::of(None)?, false)?;
        translated.text = format!("({})", translated.text);
        Ok(translated)
    }

    /// A chain of set operations, walked in a loop: it is as deep as it is long.
    fn set_operations(&mut self, body: &SetExpr) -> Result<Translated, Refusal> {
        let mut spine = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = first {
            spine.push((*op, *set_quantifier, right));
            first = left;
        }
        let mut whole = self.body(first)?;
        let mut last: Option<&'static str> = None;
        for (op, quantifier, right) in spine.into_iter().rev() {
            let mut other = self.body(right)?;
            if matches!(right.as_ref(), SetExpr::SetOperation { .. }) {
                other.text = format!("({})", other.text);
            }
            let right = other;
            let word = word(op, quantifier)?;
            let kinds = kinds_of(&whole.columns, &right.columns)?;
            // A chain of one operator needs no brackets; its left side already has the kinds or is cast whole.
            let same_kinds = whole.columns.iter().map(|(_, kind)| kind).eq(kinds.iter());
            let left = match last {
                Some(before) if before == word && same_kinds => whole.text.clone(),
                Some(_) => self.as_kinds(&format!("({})", whole.text), &whole.columns, &kinds)?,
                None => self.as_kinds(&whole.text, &whole.columns, &kinds)?,
            };
            let right_text = self.as_kinds(&right.text, &right.columns, &kinds)?;
            whole.text = format!("{left} {word} {right_text}");
            whole.correlated |= right.correlated;
            for ((_, kind), new) in whole.columns.iter_mut().zip(&kinds) {
                *kind = *new;
            }
            last = Some(word);
        }
        whole.aggregated = false;
        Ok(whole)
    }

    /// A query in brackets, with its columns as these kinds.
    fn as_kinds(
        &mut self,
        text: &str,
        columns: &[(String, Kind)],
        kinds: &[Kind],
    ) -> Result<String, Refusal> {
        if columns.iter().map(|(_, kind)| kind).eq(kinds.iter()) {
            return Ok(text.to_owned());
        }
        let relation = self.names.relation();
        let mut items = Vec::with_capacity(kinds.len());
        for (at, ((_, from), to)) in columns.iter().zip(kinds).enumerate() {
            let name = column(at);
            let shown = self.text_as(Term::written(format!("{relation}.{name}"), *from), *to)?;
            items.push(format!("{shown} AS {name}"));
        }
        Ok(format!("(SELECT {} FROM {text} AS {relation})", items.join(", ")))
    }
}

fn kinds_of(left: &[(String, Kind)], right: &[(String, Kind)]) -> Result<Vec<Kind>, Refusal> {
    if left.len() != right.len() {
        return Err(Refusal::Syntax("a set operation of different numbers of columns"));
    }
    let pairs = left.iter().zip(right);
    let kinds =
        pairs.map(|((_, one), (_, other))| one.united(*other).ok_or(Refusal::Types("a set operation")));
    kinds.collect()
}

fn word(op: SetOperator, quantifier: SetQuantifier) -> Result<&'static str, Refusal> {
    match (op, quantifier) {
        (SetOperator::Union, SetQuantifier::All) => Ok("UNION ALL"),
        (SetOperator::Union, SetQuantifier::None | SetQuantifier::Distinct) => Ok("UNION"),
        (SetOperator::Except | SetOperator::Minus, SetQuantifier::All) => Ok("EXCEPT ALL"),
        (SetOperator::Except | SetOperator::Minus, SetQuantifier::None | SetQuantifier::Distinct) => {
            Ok("EXCEPT")
        }
        (SetOperator::Intersect, SetQuantifier::All) => Ok("INTERSECT ALL"),
        (SetOperator::Intersect, SetQuantifier::None | SetQuantifier::Distinct) => Ok("INTERSECT"),
        (_, SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName) => {
            Err(Refusal::Syntax("a set operation BY NAME"))
        }
    }
}

/// Names that an alias gives to columns.
pub(super) fn rename(
    columns: &mut [(String, Kind)],
    alias: &sqlparser::ast::TableAlias,
) -> Result<(), Refusal> {
    if alias.columns.is_empty() {
        return Ok(());
    }
    if alias.columns.len() != columns.len() {
        return Err(Refusal::Syntax("an alias that names another number of columns"));
    }
    for ((name, _), new) in columns.iter_mut().zip(&alias.columns) {
        name.clone_from(&new.name.value);
    }
    Ok(())
}

/// LIMIT and OFFSET, printed anew from whole numbers.
fn limit(clause: &LimitClause) -> Result<String, Refusal> {
    let LimitClause::LimitOffset { limit, offset, limit_by } = clause else {
        return Err(Refusal::Syntax("LIMIT with a comma"));
    };
    if !limit_by.is_empty() {
        return Err(Refusal::Syntax("LIMIT BY"));
    }
    let mut text = String::new();
    if let Some(limit) = limit {
        text.push_str(&format!(" LIMIT {}", count(limit)?.min(LIMIT_MAX)));
    }
    if let Some(Offset { value, rows: _ }) = offset {
        let rows = count(value)?;
        if rows > LIMIT_MAX {
            return Err(Refusal::Literal("count of rows"));
        }
        text.push_str(&format!(" OFFSET {rows}"));
    }
    Ok(text)
}

fn count(expr: &Expr) -> Result<u32, Refusal> {
    if let Expr::Value(value) = expr
        && let Value::Number(digits, false) = &value.value
    {
        return digits.parse().map_err(|_large| Refusal::Literal("count of rows"));
    }
    Err(Refusal::Syntax("a computed LIMIT or OFFSET"))
}
