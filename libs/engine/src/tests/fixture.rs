//! A small aquarium keeper's world, made by hand: warehouses, planes and statements in few words.

use crate::interrupt::Interrupt;
use crate::source::ScanContext;
use crate::{DataFusionEngine, Engine, EngineConfig, EngineError, QueryResult, Statement, Warehouse};
use arrow::array::{ArrayRef, RecordBatch};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, UnboundedMemoryPool};
use splitplane_split_plane::{
    ColumnExpression, ColumnMask, Condition, RowScope, SandboxView, ScopeValue, ScopedColumn, ScopedRelation,
    SecurityPlane, ViewRelation,
};
use splitplane_types::{Cell, Column, DataType, Limits};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn csv(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

pub(crate) fn parquet(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    crate::kit::world::write_parquet(&path, &RecordBatch::try_from_iter(columns).unwrap()).unwrap();
}

pub(crate) use super::mirror::{refresh, warehouse};

pub(crate) fn engine(folder: &Path) -> DataFusionEngine {
    engine_over(warehouse(folder))
}

pub(crate) fn engine_over(warehouse: Warehouse) -> DataFusionEngine {
    let config =
        EngineConfig { threads: 2, memory_bytes_max: 1 << 30, stack_bytes: EngineConfig::STACK_BYTES };
    DataFusionEngine::new(warehouse, &config).unwrap()
}

pub(crate) fn limits() -> Limits {
    crate::kit::interference::limits()
}

/// What a scan may use that nobody limits or stops.
pub(crate) fn unlimited() -> ScanContext {
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    ScanContext { held: MemoryConsumer::new("a test").register(&pool), interrupt: Interrupt::default() }
}

pub(crate) fn text(text: &str) -> ScopeValue {
    ScopeValue::Text(text.to_owned())
}

pub(crate) fn keys(columns: &[&str], tuples: &[&[&str]]) -> RowScope {
    RowScope::All(vec![Condition::Keys {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        tuples: tuples.iter().map(|tuple| tuple.iter().map(|value| text(value)).collect()).collect(),
    }])
}

pub(crate) fn through(source: &str, rows: RowScope, mine: &str, theirs: &str) -> RowScope {
    let by = vec![(mine.to_owned(), theirs.to_owned())];
    RowScope::All(vec![Condition::Exists { source: source.to_owned(), rows: Box::new(rows), by }])
}

pub(crate) fn public() -> RowScope {
    RowScope::Public { reason: "a test".to_owned() }
}

pub(crate) fn column(name: &str, data_type: Option<DataType>) -> ScopedColumn {
    let expression = ColumnExpression::Physical(name.to_owned());
    ScopedColumn { name: name.to_owned(), expression, data_type, unit: None, mask: None }
}

pub(crate) fn masked(name: &str, mask: ColumnMask) -> ScopedColumn {
    ScopedColumn { mask: Some(mask), ..column(name, Some(DataType::String)) }
}

pub(crate) fn computed(name: &str, expression: &str, data_type: Option<DataType>) -> ScopedColumn {
    use datafusion::sql::sqlparser::{dialect::DatabricksDialect, parser::Parser};
    let expression =
        Parser::new(&DatabricksDialect {}).try_with_sql(expression).unwrap().parse_expr().unwrap();
    ScopedColumn { expression: ColumnExpression::Computed(expression), ..column(name, data_type) }
}

pub(crate) fn relation(name: &str, columns: Vec<ScopedColumn>, rows: RowScope) -> ScopedRelation {
    ScopedRelation { name: name.to_owned(), source: name.to_owned(), columns, rows }
}

/// What a statement over these relations may name.
pub(crate) fn view(relations: &[ScopedRelation]) -> SandboxView {
    let columns = |relation: &ScopedRelation| {
        let column = |column: &ScopedColumn| Column {
            name: column.name.clone(),
            data_type: column.data_type.unwrap_or(DataType::String),
            unit: None,
            masked: column.mask.is_some(),
        };
        relation.columns.iter().map(column).collect()
    };
    let view = relations
        .iter()
        .map(|relation| ViewRelation { name: relation.name.clone(), columns: columns(relation) });
    SandboxView::new(view.collect(), BTreeMap::new()).unwrap()
}

/// A statement over these relations, through the real guard.
pub(crate) fn statement(relations: &[ScopedRelation], sql: &str) -> Statement {
    let query = view(relations).guard(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    Statement::new(Arc::new(SecurityPlane::new(relations.to_vec()).unwrap()), query, limits())
}

pub(crate) async fn run(
    folder: &Path,
    relations: &[ScopedRelation],
    sql: &str,
) -> Result<QueryResult, EngineError> {
    engine(folder).execute(statement(relations, sql)).await
}

/// Rows as text: cells joined by `|`.
pub(crate) async fn rows(folder: &Path, relations: &[ScopedRelation], sql: &str) -> Vec<String> {
    let result = run(folder, relations, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    result.table.rows.iter().map(|row| row.iter().map(show).collect::<Vec<_>>().join("|")).collect()
}

pub(crate) fn show(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Text(text) | Cell::Date(text) | Cell::Timestamp(text) => text.clone(),
        Cell::Integer(value) => value.to_string(),
        Cell::Decimal(value) => value.to_string(),
        Cell::Float(value) => format!("{value:?}"),
        Cell::Boolean(value) => value.to_string(),
    }
}
