//! One SELECT. QUALIFY and an order by what is not selected become a SELECT around it.

use super::Translation;
use super::names::column;
use super::order::{Keys, clause, position, sorted};
use super::query::Translated;
use super::scope::Frame;
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::{Distinct, Expr, GroupByExpr, Select, SelectFlavor, SelectItem};

/// A SELECT taken apart; what it selects is called c0, c1, ...
struct Pieces {
    distinct: bool,
    items: Vec<String>,
    columns: Vec<(String, Kind)>,
    /// From FROM to HAVING.
    clauses: String,
    qualify: Option<String>,
    keys: Vec<Key>,
}

/// A key of ORDER BY.
enum Key {
    /// The position in the list, with its way.
    Position(String),
    /// An expression of its own, and the key as it is written after its name.
    Hidden { text: String, way: String },
}

impl Translation<'_> {
    pub(super) fn select(
        &mut self,
        select: &Select,
        keys: Keys<'_>,
        outermost: bool,
    ) -> Result<Translated, Refusal> {
        self.frames.push(Frame::default());
        let pieces = self.pieces(select, keys, outermost);
        let frame = self.frames.pop().unwrap_or_default();
        let pieces = pieces?;
        let columns = pieces.columns.clone();
        let grouped = !is_ungrouped(select);
        let aggregated = frame.aggregate && !grouped && pieces.qualify.is_none();
        let text = self.assemble(pieces);
        Ok(Translated { text, columns, aggregated, correlated: frame.correlated })
    }

    fn pieces(&mut self, select: &Select, keys: Keys<'_>, outermost: bool) -> Result<Pieces, Refusal> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers: None,
            top: None,
            top_before_distinct: false,
            projection,
            exclude: None,
            into: None,
            from,
            lateral_views,
            prewhere: None,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode: None,
            flavor: SelectFlavor::Standard,
        } = select
        else {
            return Err(Refusal::Syntax("INTO, TOP, EXCLUDE, PREWHERE or a modifier of SELECT"));
        };
        let odd = [
            optimizer_hints.len(),
            lateral_views.len(),
            connect_by.len(),
            cluster_by.len(),
            distribute_by.len(),
            sort_by.len(),
            named_window.len(),
        ];
        if odd.iter().any(|count| *count > 0) {
            return Err(Refusal::Syntax("a hint, LATERAL VIEW, CLUSTER BY and the like"));
        }
        let distinct = match distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(_)) => return Err(Refusal::Syntax("DISTINCT ON")),
        };
        let mut clauses = self.from(from)?;
        clauses.push_str(&self.condition(" WHERE ", selection.as_ref())?);
        clauses.push_str(&self.group_by(group_by)?);
        let (mut items, mut columns) = (Vec::new(), Vec::new());
        for item in projection {
            let (name, text, kind) = self.item(item, outermost)?;
            items.push(text);
            columns.push((name, kind));
        }
        let windowed = self.frames.last().is_some_and(|frame| frame.windowed);
        let mut chosen = qualify.as_ref();
        if chosen.is_none() && !windowed && has_sets(group_by) {
            // Spark looks for the keys of grouping sets among the output columns; without a window, it is the
            // same to choose among the groups afterwards.
            chosen = having.as_ref();
        } else {
            clauses.push_str(&self.condition(" HAVING ", having.as_ref())?);
        }
        let qualify = chosen.map(|chosen| self.expr(chosen).and_then(|term| self.truth(term))).transpose()?;
        let keys = self.keys(keys)?;
        Ok(Pieces { distinct, items, columns, clauses, qualify, keys })
    }

    fn condition(&mut self, word: &str, condition: Option<&Expr>) -> Result<String, Refusal> {
        let Some(condition) = condition else { return Ok(String::new()) };
        let term = self.expr(condition)?;
        Ok(format!("{word}{}", self.truth(term)?))
    }

    /// The name, the text and the kind of an output column.
    fn item(&mut self, item: &SelectItem, outermost: bool) -> Result<(String, String, Kind), Refusal> {
        let (expr, name) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (expr, alias.value.clone()),
            SelectItem::UnnamedExpr(expr) => {
                let Expr::CompoundIdentifier(parts) = expr else {
                    return Err(Refusal::Syntax("a column without a name"));
                };
                (expr, parts.last().ok_or(Refusal::Unknown)?.value.clone())
            }
            SelectItem::QualifiedWildcard(..)
            | SelectItem::Wildcard(_)
            | SelectItem::ExprWithAliases { .. } => {
                return Err(Refusal::Syntax("`*` in SELECT"));
            }
        };
        let term = self.expr(expr)?;
        let kind = if outermost && term.kind() == Kind::Null { Kind::Text } else { term.kind() };
        let text = if kind == term.kind() { self.text(term)? } else { self.text_as(term, kind)? };
        Ok((name, text, kind))
    }

    fn keys(&mut self, keys: Keys<'_>) -> Result<Vec<Key>, Refusal> {
        let mut written = Vec::with_capacity(keys.0.len());
        for key in keys.0 {
            written.push(match position(&key.expr) {
                Some(position) => Key::Position(sorted(&position.to_string(), key)?),
                None => {
                    let term = self.sort_term(key)?;
                    Key::Hidden { text: self.text(term)?, way: sorted("", key)? }
                }
            });
        }
        Ok(written)
    }

    fn assemble(&mut self, pieces: Pieces) -> String {
        let Pieces { distinct, items, columns: _, clauses, qualify, keys } = pieces;
        let word = if distinct { "SELECT DISTINCT" } else { "SELECT" };
        let shown = items.len();
        let list = |items: &[String]| {
            let named = items.iter().enumerate().map(|(at, text)| format!("{text} AS {}", column(at)));
            named.collect::<Vec<_>>().join(", ")
        };
        let hidden = keys.iter().any(|key| matches!(key, Key::Hidden { .. }));
        if qualify.is_none() && !hidden {
            let keys: Vec<String> = keys.into_iter().map(|key| key.after("")).collect();
            return format!("{word} {}{clauses}{}", list(&items), clause(&keys));
        }
        let relation = self.names.relation();
        let mut inner = items;
        let mut condition = String::new();
        if let Some(qualify) = qualify {
            condition = format!(" WHERE {relation}.{}", column(inner.len()));
            inner.push(qualify);
        }
        let mut order = Vec::with_capacity(keys.len());
        for key in keys {
            let name = format!("{relation}.{}", column(inner.len()));
            if let Key::Hidden { text, way: _ } = &key {
                inner.push(text.clone());
            }
            order.push(key.after(&name));
        }
        let outer: Vec<String> =
            (0..shown).map(|at| format!("{relation}.{name} AS {name}", name = column(at))).collect();
        let inner = format!("SELECT {}{clauses}", list(&inner));
        format!("{word} {} FROM ({inner}) AS {relation}{condition}{}", outer.join(", "), clause(&order))
    }
}

impl Key {
    /// The key, as an expression of this name where it has no position.
    fn after(self, name: &str) -> String {
        match self {
            Self::Position(text) => text,
            Self::Hidden { text: _, way } => format!("{name}{way}"),
        }
    }
}

fn has_sets(group_by: &GroupByExpr) -> bool {
    let GroupByExpr::Expressions(keys, _) = group_by else { return false };
    keys.iter().any(|key| matches!(key, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_)))
}

fn is_ungrouped(select: &Select) -> bool {
    matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty())
}
