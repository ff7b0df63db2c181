//! Types of columns: from the semantic model, else from the files' declared schema; never from data.

use splitplane_engine::{EngineError, Spread, Warehouse};
use splitplane_semantics::{DatasetPolicy, FieldExpression, Policy, RowPolicy, ScopeRule, SemanticModel};

/// Why the data does not fit the model.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    /// A dataset has no file.
    #[error(
        "dataset `{dataset}`: there is no `{source_name}.parquet`, `{source_name}/` or `{source_name}.csv` in the data folder"
    )]
    NoFile {
        /// The dataset.
        dataset: String,
        /// Its source.
        source_name: String,
    },
    /// A field's column is not in the files.
    #[error("dataset `{dataset}`: the files have no column `{column}`; they have {known}")]
    NoColumn {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// Those there are.
        known: String,
    },
    /// A computed field has no type.
    #[error("dataset `{dataset}`: the computed field `{field}` needs a `datatype` in the semantic model")]
    NoType {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
    },
    /// A file cannot be read.
    #[error("dataset `{dataset}`: its files cannot be read")]
    Unreadable {
        /// The dataset.
        dataset: String,
        /// Why.
        #[source]
        source: EngineError,
    },
}

/// The model with a type for every field of every dataset that the policy uses, after checking that
/// each has its file and columns.
pub(crate) fn declared(
    mut model: SemanticModel,
    policy: &Policy,
    warehouse: &Warehouse,
) -> Result<SemanticModel, SchemaError> {
    for dataset in &mut model.datasets {
        let used = policy.datasets.contains_key(&dataset.name) || policy.grants.dataset == dataset.name;
        if !used {
            continue;
        }
        let name = dataset.name.clone();
        if !warehouse.has(&dataset.source) {
            return Err(SchemaError::NoFile { dataset: name, source_name: dataset.source.clone() });
        }
        let columns = warehouse
            .columns(&dataset.source)
            .map_err(|source| SchemaError::Unreadable { dataset: name.clone(), source })?;
        for field in &mut dataset.fields {
            match &field.expression {
                FieldExpression::Column(column) => {
                    let found =
                        columns.iter().find(|candidate| candidate.name == *column).ok_or_else(|| {
                            let known: Vec<_> =
                                columns.iter().map(|column| format!("`{}`", column.name)).collect();
                            SchemaError::NoColumn {
                                dataset: name.clone(),
                                column: column.clone(),
                                known: known.join(", "),
                            }
                        })?;
                    field.data_type.get_or_insert(found.data_type);
                }
                FieldExpression::Computed(_) if field.data_type.is_none() => {
                    return Err(SchemaError::NoType { dataset: name, field: field.name.clone() });
                }
                FieldExpression::Computed(_) => {}
            }
        }
    }
    Ok(model)
}

/// Says which datasets make every question cost as much as everyone's rows, and what to do about it.
pub(crate) fn warn_of_cost(
    model: &SemanticModel,
    policy: &Policy,
    warehouse: &Warehouse,
) -> Result<(), EngineError> {
    for dataset in &model.datasets {
        let Some(DatasetPolicy { rows: RowPolicy::Scoped(rules), .. }) = policy.datasets.get(&dataset.name)
        else {
            continue;
        };
        let bindings = rules.iter().flat_map(|rule| match rule {
            ScopeRule::Columns(bindings) => bindings.as_slice(),
            ScopeRule::Through { .. } => &[],
        });
        let columns: Vec<String> = bindings.map(|(_, column)| column.clone()).collect();
        match warehouse.spread(&dataset.source, &columns)? {
            Spread::Few | Spread::Folders | Spread::Clustered => {}
            Spread::Everywhere => tracing::warn!(
                dataset = %dataset.name,
                columns = %columns.join(", "),
                "rows of all callers lie among each other: the time of a question follows everyone's rows. \
                 Partition the files by the scope's columns, or sort them by one"
            ),
        }
    }
    Ok(())
}
