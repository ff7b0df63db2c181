//! Relations of a plan, as plain functions.
//!
//! A plan says what is read without a name that SQL could speak and without text that SQL could
//! re-read. Which relations may be read is the caller's to decide. Every relation gets an id of its own
//! when it is sent, even one that stands in a plan twice: some engines mix up relations of one id.

use super::error::ConnectError;
use super::expression::{Value, function, identifier, literal, literal_of, named};
use super::wire;
use super::wire::relation::RelType;
use super::wire::{Expression, Relation};
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Files to read.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// `parquet`, `csv`, `json`.
    pub format: String,
    /// The columns and their types, as SQL declares them: `id BIGINT, note STRING`. Without it the engine
    /// infers them from the data.
    pub schema: Option<String>,
    /// Paths or folders.
    pub paths: Vec<String>,
    /// Options of the format.
    pub options: Vec<(String, String)>,
}

/// How two relations are matched.
#[derive(Debug, Clone)]
pub enum JoinOn {
    /// By columns of the same name on both sides, which come first in what is left.
    Columns(Vec<String>),
    /// By a condition.
    Condition(Expression),
}

/// The rows of files, which have no name.
#[must_use]
pub fn read_files(files: Files) -> Relation {
    let source = wire::read::DataSource {
        format: Some(files.format),
        schema: files.schema,
        options: files.options.into_iter().collect(),
        paths: files.paths,
    };
    of(RelType::Read(wire::Read { read_type: Some(wire::read::ReadType::DataSource(source)) }))
}

/// The rows of a table of the engine's catalogue: catalogue, schema and table, or the last of them.
#[must_use]
pub fn named_table(parts: &[&str]) -> Relation {
    let table = wire::read::NamedTable { unparsed_identifier: identifier(parts) };
    of(RelType::Read(wire::Read { read_type: Some(wire::read::ReadType::NamedTable(table)) }))
}

/// The rows for which a condition is true.
#[must_use]
pub fn filter(input: Relation, condition: Expression) -> Relation {
    of(RelType::Filter(Box::new(wire::Filter { input: boxed(input), condition: Some(condition) })))
}

/// Columns computed from each row.
#[must_use]
pub fn project(input: Relation, expressions: Vec<Expression>) -> Relation {
    of(RelType::Project(Box::new(wire::Project { input: boxed(input), expressions })))
}

/// All columns of each row, and further columns of one value each.
#[must_use]
pub fn with_literals(input: Relation, columns: &[&str], literals: Vec<(String, Value)>) -> Relation {
    let kept = columns.iter().map(|name| super::expression::column(name));
    let added = literals.into_iter().map(|(name, value)| named(literal(value), &name));
    project(input, kept.chain(added).collect())
}

/// The first rows, in no order.
#[must_use]
pub fn limit(input: Relation, rows_max: i32) -> Relation {
    of(RelType::Limit(Box::new(wire::Limit { input: boxed(input), limit: rows_max })))
}

/// The rows of `left` that have a match in `right`.
#[must_use]
pub fn semi_join(left: Relation, right: Relation, on: JoinOn) -> Relation {
    let (using_columns, join_condition) = match on {
        JoinOn::Columns(columns) => (columns, None),
        JoinOn::Condition(condition) => (Vec::new(), Some(condition)),
    };
    of(RelType::Join(Box::new(wire::Join {
        left: boxed(left),
        right: boxed(right),
        join_condition,
        join_type: wire::join::JoinType::LeftSemi.into(),
        using_columns,
    })))
}

/// All rows of both, by the place of the columns.
#[must_use]
pub fn union_all(left: Relation, right: Relation) -> Relation {
    of(RelType::SetOp(Box::new(wire::SetOperation {
        left_input: boxed(left),
        right_input: boxed(right),
        set_op_type: wire::set_operation::SetOpType::Union.into(),
        is_all: Some(true),
        by_name: Some(false),
    })))
}

/// The same relation under a name, for conditions that speak of two.
#[must_use]
pub fn aliased(input: Relation, alias: &str) -> Relation {
    of(RelType::SubqueryAlias(Box::new(wire::SubqueryAlias { input: boxed(input), alias: alias.to_owned() })))
}

/// One row with the number of rows, under a name.
#[must_use]
pub fn count(input: Relation, name: &str) -> Relation {
    of(RelType::Aggregate(Box::new(wire::Aggregate {
        input: boxed(input),
        group_type: wire::aggregate::GroupType::Groupby.into(),
        grouping_expressions: Vec::new(),
        aggregate_expressions: vec![named(function("count", vec![literal(Value::Integer(1))]), name)],
    })))
}

/// One row of aggregates.
#[must_use]
pub fn aggregate(input: Relation, aggregates: Vec<Expression>) -> Relation {
    of(RelType::Aggregate(Box::new(wire::Aggregate {
        input: boxed(input),
        group_type: wire::aggregate::GroupType::Groupby.into(),
        grouping_expressions: Vec::new(),
        aggregate_expressions: aggregates,
    })))
}

/// What a statement gives. `:name` in the text is the argument of that name.
///
/// Values go as what every version knows. No server takes both forms at once from all of them, and only
/// later ones know any but values.
#[must_use]
pub fn sql(query: &str, arguments: Vec<(String, Value)>) -> Relation {
    let args = arguments.into_iter().map(|(name, value)| (name, literal_of(value))).collect();
    of(RelType::Sql(wire::Sql { query: query.to_owned(), args, named_arguments: HashMap::new() }))
}

/// As [`sql`], with arguments that are expressions. Not known to Spark 3.5.
#[must_use]
pub fn sql_with_expressions(query: &str, arguments: Vec<(String, Expression)>) -> Relation {
    let named_arguments = arguments.into_iter().collect();
    of(RelType::Sql(wire::Sql { query: query.to_owned(), args: HashMap::new(), named_arguments }))
}

/// No rows, of a schema as SQL declares it.
#[must_use]
pub fn empty(schema: &str) -> Relation {
    of(RelType::LocalRelation(wire::LocalRelation { data: None, schema: Some(schema.to_owned()) }))
}

/// Rows that travel with the plan.
///
/// # Errors
/// The batch cannot be encoded.
pub fn rows(batch: &RecordBatch) -> Result<Relation, ConnectError> {
    let failed = |error: arrow::error::ArrowError| ConnectError::Protocol { cause: Arc::new(error) };
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).map_err(failed)?;
    writer.write(batch).map_err(failed)?;
    let data = writer.into_inner().map_err(failed)?;
    Ok(of(RelType::LocalRelation(wire::LocalRelation { data: Some(data.into()), schema: None })))
}

fn of(kind: RelType) -> Relation {
    Relation { common: None, rel_type: Some(kind) }
}

#[expect(clippy::unnecessary_wraps, reason = "the field of every message is an option")]
fn boxed(relation: Relation) -> Option<Box<Relation>> {
    Some(Box::new(relation))
}

/// Gives each relation of a plan an id of its own.
pub(crate) fn number(relation: &mut Relation, next: &AtomicI64) {
    let id = next.fetch_add(1, Ordering::Relaxed);
    relation.common = Some(wire::RelationCommon { plan_id: Some(id) });
    let inputs: [Option<&mut Box<Relation>>; 2] = match relation.rel_type.as_mut() {
        None | Some(RelType::Read(_) | RelType::Sql(_) | RelType::LocalRelation(_)) => [None, None],
        Some(RelType::Project(project)) => [project.input.as_mut(), None],
        Some(RelType::Filter(filter)) => [filter.input.as_mut(), None],
        Some(RelType::Limit(limit)) => [limit.input.as_mut(), None],
        Some(RelType::Aggregate(aggregate)) => [aggregate.input.as_mut(), None],
        Some(RelType::SubqueryAlias(alias)) => [alias.input.as_mut(), None],
        Some(RelType::Join(join)) => [join.left.as_mut(), join.right.as_mut()],
        Some(RelType::SetOp(set)) => [set.left_input.as_mut(), set.right_input.as_mut()],
    };
    for input in inputs.into_iter().flatten() {
        number(input, next);
    }
}

#[cfg(test)]
mod tests;
