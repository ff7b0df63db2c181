//! A relation of a sandbox as a plan: what is read, which rows are kept, what is shown of them.
//!
//! Reads in the order of the argument: the tenant's own folder is read, the scope's conditions are literals of a plan and
//! no text, a barrier closes what a condition decided, and only above it stand expressions, none of which can fail. The
//! relations that are read have no name. Pure: what the engine knows of types is handed in.

mod algebra;
mod keys;
mod planned;
mod rows;
mod statement;

pub use algebra::Algebra;
pub use keys::AnyOf;
pub(crate) use planned::{Plans, files, listed, table};
pub use statement::{distinct, named, translated, used, wanted};

use crate::layout::{Part, Sources, parts};
use crate::types;
use arrow::datatypes::DataType as Arrow;
use rows::Rows;
use splitplane_engine::{EngineError, answers};
use splitplane_spark_sql::{Kind, cast_to, expression, masked};
use splitplane_split_plane::{ColumnExpression, Condition, RowScope, ScopedColumn, ScopedRelation};
use std::collections::{BTreeMap, BTreeSet};

/// A place that is read: a source, and the path of a part of it or its table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The source.
    pub source: String,
    /// Path, or the table's name.
    pub path: String,
    /// Whether it is a folder that need not be there: who has no rows may have none.
    pub is_part: bool,
    /// Whether it is a path, and no table.
    pub is_path: bool,
}

/// Columns of places, in the order in which they are declared; a part that is not there has none.
pub type Known = BTreeMap<Place, Option<Vec<(String, Arrow)>>>;

/// A relation, planned.
#[derive(Debug)]
pub struct Scoped<R> {
    /// The relation.
    pub plan: R,
    /// The columns that it shows, of those that are used.
    pub columns: Vec<Shown>,
    /// What has to be true of what was read.
    pub checks: Vec<Check<R>>,
    /// Whether folders' names alone decided whose rows they are.
    pub is_whole: bool,
}

/// A column that a relation shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// Whether something is shown in its place.
    pub is_masked: bool,
}

/// What has to be true of the rows of a part for its answer to be whole.
#[derive(Debug)]
pub struct Check<R> {
    /// The rows, behind their barrier.
    pub rows: R,
    /// True of a row that would lose a value.
    pub loses: Vec<String>,
    /// Whether a barrier may have cut the rows.
    pub is_barred: bool,
}

/// Plans relations.
#[derive(Debug)]
pub struct Planner<'p, A> {
    /// Where sources are.
    pub sources: &'p Sources,
    /// What columns their places have.
    pub known: &'p Known,
    /// Rows that a barrier lets through, at most.
    pub barrier_rows: i32,
    /// What relations are made with.
    pub algebra: A,
}

/// Every place that a relation's rows may come from.
///
/// # Errors
/// [`EngineError::Warehouse`] for a source that is not mapped.
pub fn places(sources: &Sources, relation: &ScopedRelation) -> Result<BTreeSet<Place>, EngineError> {
    let mut found = BTreeSet::new();
    add_places(sources, &relation.source, &relation.rows, &mut found)?;
    Ok(found)
}

fn add_places(
    sources: &Sources,
    source: &str,
    rows: &RowScope,
    found: &mut BTreeSet<Place>,
) -> Result<(), EngineError> {
    for part in parts(mapped(sources, source)?, rows) {
        found.insert(place(sources, source, &part)?);
        for condition in &part.conditions {
            if let Condition::Exists { source, rows, by: _ } = condition {
                add_places(sources, source, rows, found)?;
            }
        }
    }
    Ok(())
}

/// Where a source is.
///
/// # Errors
/// [`EngineError::Warehouse`] for one that is not mapped.
pub fn mapped<'s>(sources: &'s Sources, source: &str) -> Result<&'s crate::layout::Source, EngineError> {
    sources.get(source).ok_or_else(|| EngineError::warehouse(source, "no such source is mapped"))
}

fn place(sources: &Sources, source: &str, part: &Part) -> Result<Place, EngineError> {
    let mapping = mapped(sources, source)?;
    let is_table = !mapping.table.is_empty();
    Ok(Place {
        source: source.to_owned(),
        path: if is_table { mapping.table.clone() } else { part.path(&mapping.path) },
        is_part: !is_table && !part.folders.is_empty(),
        is_path: !is_table,
    })
}

impl<A: Algebra> Planner<'_, A> {
    /// Plans a relation, with those of its columns that are used.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] for a source that lacks a column or holds it in a type that cannot be shown.
    pub fn relation(
        &mut self,
        relation: &ScopedRelation,
        used: &BTreeSet<String>,
    ) -> Result<Scoped<A::Relation>, EngineError> {
        let columns: Vec<&ScopedColumn> =
            relation.columns.iter().filter(|column| used.contains(&column.name)).collect();
        let mut inputs = BTreeSet::new();
        for column in &columns {
            inputs.extend(inputs_of(column));
        }
        let parts = self.rows(&relation.source, &relation.rows, &inputs)?;
        let mut outputs = Vec::with_capacity(columns.len());
        for column in &columns {
            outputs.push(
                Output::of(&mut self.algebra, column, &parts)
                    .map_err(|cause| EngineError::warehouse(&relation.source, cause))?,
            );
        }
        let shown = columns.iter().zip(&outputs).map(|(column, output)| Shown {
            name: column.name.clone(),
            kind: output.kind,
            is_masked: column.mask.is_some(),
        });
        let shown = shown.collect();
        let is_whole = parts.iter().all(|part| !part.is_barred);
        let mut plan: Option<A::Relation> = None;
        let mut checks = Vec::new();
        for (at, part) in parts.into_iter().enumerate() {
            let expressions = columns.iter().zip(&outputs).filter_map(|(column, output)| {
                Some((output.texts.get(at)?.text.clone(), column.name.clone()))
            });
            let expressions = at_least_one(expressions.collect());
            let loses = outputs.iter().filter_map(|output| output.texts.get(at)?.loses.clone());
            let check =
                Check { rows: part.relation.clone(), loses: loses.collect(), is_barred: part.is_barred };
            if check.is_barred || !check.loses.is_empty() {
                checks.push(check);
            }
            checks.extend(part.below);
            let part = self.algebra.project(part.relation, &expressions);
            plan = Some(match plan {
                None => part,
                Some(plan) => self.algebra.union_all(plan, part),
            });
        }
        let plan = match plan {
            Some(plan) => plan,
            None => self.algebra.empty(&empty(&columns, &outputs)?),
        };
        Ok(Scoped { plan, columns: shown, checks, is_whole })
    }
}

/// A relation that nothing is read of has rows all the same.
#[must_use]
pub fn at_least_one(expressions: Vec<(String, String)>) -> Vec<(String, String)> {
    if expressions.is_empty() { vec![("1".to_owned(), "__row".to_owned())] } else { expressions }
}

/// Names and types of columns without rows.
fn empty(columns: &[&ScopedColumn], outputs: &[Output]) -> Result<Vec<(String, String)>, EngineError> {
    let mut declared = Vec::with_capacity(columns.len());
    for (column, output) in columns.iter().zip(outputs) {
        declared.push((column.name.clone(), kind_type(output.kind)?));
    }
    if declared.is_empty() {
        declared.push(("__row".to_owned(), "INT".to_owned()));
    }
    Ok(declared)
}

fn kind_type(kind: Kind) -> Result<String, EngineError> {
    kind.sql().ok_or_else(|| EngineError::internal("a column of no type"))
}

/// Columns of the source that a column is computed from.
fn inputs_of(column: &ScopedColumn) -> BTreeSet<String> {
    match &column.expression {
        ColumnExpression::Physical(name) => BTreeSet::from([name.clone()]),
        ColumnExpression::Computed(expression) => names_in(expression),
    }
}

/// The last parts of all names in an expression.
fn names_in(expression: &sqlparser::ast::Expr) -> BTreeSet<String> {
    use sqlparser::ast::{Expr, visit_expressions};
    use std::ops::ControlFlow;
    let mut names = BTreeSet::new();
    let _: ControlFlow<()> = visit_expressions(expression, |node| {
        let name = if let Expr::Identifier(name) = node {
            Some(name)
        } else if let Expr::CompoundIdentifier(parts) = node {
            parts.last()
        } else {
            None
        };
        names.extend(name.map(|name| name.value.clone()));
        ControlFlow::Continue(())
    });
    names
}

/// A column that is shown, for each part.
#[derive(Debug)]
struct Output {
    kind: Kind,
    texts: Vec<types::Conversion>,
}

impl Output {
    fn of<A: Algebra>(
        algebra: &mut A,
        column: &ScopedColumn,
        parts: &[Rows<A::Relation>],
    ) -> Result<Self, String> {
        let (kind, texts) = match &column.expression {
            ColumnExpression::Physical(name) => {
                let target = target(name, column.data_type, parts)?;
                let texts =
                    parts.iter().map(|part| part.converted(name, &target)).collect::<Result<Vec<_>, _>>()?;
                (kind_of(&target)?, texts)
            }
            ColumnExpression::Computed(computed) => {
                let mut kinds = Kind::Null;
                let mut texts = Vec::with_capacity(parts.len());
                for part in parts.iter().map(Some).chain(parts.is_empty().then_some(None)) {
                    let input = |name: &str| {
                        let target = target(name, None, parts).ok()?;
                        let kind = kind_of(&target).ok()?;
                        let text = match part {
                            Some(part) => part.converted(name, &target).ok()?.text,
                            None => types::quoted(name),
                        };
                        Some((text, kind))
                    };
                    let (text, kind) = expression(computed, &input).map_err(|refusal| refusal.to_string())?;
                    let (text, kind) = declared(text, kind, column.data_type)?;
                    kinds = kind;
                    texts.push(types::Conversion { text, loses: None });
                }
                (kinds, texts)
            }
        };
        let Some(mask) = column.mask else { return Ok(Self { kind, texts }) };
        let mut shown = kind;
        let mut covered = Vec::with_capacity(texts.len());
        for types::Conversion { text, loses } in texts {
            let (text, kind) = algebra.masked(&text, kind, &mask).map_err(|refusal| refusal.to_string())?;
            shown = kind;
            covered.push(types::Conversion { text, loses });
        }
        if parts.is_empty() {
            shown = masked("``", kind, &mask).map_err(|refusal| refusal.to_string())?.1;
        }
        Ok(Self { kind: shown, texts: covered })
    }
}

/// A computed value in its declared type.
fn declared(
    text: String,
    kind: Kind,
    declared: Option<splitplane_types::DataType>,
) -> Result<(String, Kind), String> {
    let Some(declared) = declared else { return Ok((text, kind)) };
    let digits = match kind {
        Kind::Decimal { precision, scale } => Some((precision, scale)),
        Kind::Boolean
        | Kind::Integer
        | Kind::Float
        | Kind::Text
        | Kind::Date
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Interval
        | Kind::Null => None,
    };
    let wanted = Kind::of(declared, digits);
    let text = cast_to(&text, kind, wanted).map_err(|refusal| refusal.to_string())?;
    Ok((text, wanted))
}

/// The type in which a column of the source is shown: declared, or what all its parts agree on.
fn target<R>(
    name: &str,
    declared: Option<splitplane_types::DataType>,
    parts: &[Rows<R>],
) -> Result<Arrow, String> {
    let mut target: Option<Arrow> = None;
    for part in parts {
        let Some(found) = part.data_type(name)? else { continue };
        let this = answers::shown_as(declared, found)
            .ok_or_else(|| format!("a column of type {found} cannot be shown as declared"))?;
        target = Some(match target {
            None => this,
            Some(known) => answers::wider(&known, &this)
                .ok_or("the parts of the source differ in the type of a column")?,
        });
    }
    match target {
        Some(target) => Ok(target),
        None if parts.is_empty() => answers::shown_as(declared, &Arrow::Utf8)
            .ok_or_else(|| "a column of text cannot be shown as declared".to_owned()),
        None => Err("a column is missing from the source".to_owned()),
    }
}

fn kind_of(arrow: &Arrow) -> Result<Kind, String> {
    let digits = if let Arrow::Decimal128(precision, scale) = arrow {
        Some((*precision, u8::try_from(*scale).map_err(|error| error.to_string())?))
    } else {
        None
    };
    let shown =
        answers::data_type(arrow).ok_or_else(|| format!("a column of type {arrow} cannot be shown"))?;
    Ok(Kind::of(shown, digits))
}

#[cfg(test)]
mod tests;
