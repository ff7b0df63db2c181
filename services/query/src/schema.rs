//! Types of columns: from the semantic model, else from the files' declared schema; never from data.

use splitplane_engine::{Catalog, EngineError, KeyMisfit, Spread};
use splitplane_semantics::{
    Dataset, DatasetPolicy, FieldExpression, Policy, RowPolicy, ScopeRule, SemanticModel,
};
use splitplane_types::Column;

/// Why the data does not fit the model.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A dataset has no file.
    #[error(
        "dataset `{dataset}`: there is no `{source_name}.parquet`, `{source_name}/`, `{source_name}.csv` or `{source_name}.jsonl` in the data folder"
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
    /// A column cannot be read as the type that the model declares.
    #[error("dataset `{dataset}`: column `{column}` holds {found}, which cannot be read as {wanted}")]
    Type {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The type of the file.
        found: &'static str,
        /// The type declared.
        wanted: &'static str,
    },
    /// A column of a scope cannot be compared as a key: no sandbox that needs it can be built.
    #[error("dataset `{dataset}`: column `{column}` of a scope {}", misfit_text(misfit))]
    Key {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// Why.
        misfit: KeyMisfit,
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
    warehouse: &dyn Catalog,
) -> Result<SemanticModel, SchemaError> {
    for dataset in &mut model.datasets {
        let used = policy.datasets.contains_key(&dataset.name) || policy.grants.dataset == dataset.name;
        if !used {
            continue;
        }
        let name = dataset.name.clone();
        let unreadable = |source| SchemaError::Unreadable { dataset: name.clone(), source };
        if !warehouse.has(&dataset.source).map_err(unreadable)? {
            return Err(SchemaError::NoFile { dataset: name, source_name: dataset.source.clone() });
        }
        let columns = warehouse.columns(&dataset.source).map_err(unreadable)?;
        for field in &mut dataset.fields {
            match &field.expression {
                FieldExpression::Column(column) => {
                    let found = columns.iter().find(|candidate| candidate.name == *column);
                    let found = found.ok_or_else(|| no_column(&name, column, &columns))?;
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

/// Everything in which the data does not fit the model and the policy, dataset by dataset.
#[must_use]
pub fn misfits(model: &SemanticModel, policy: &Policy, warehouse: &dyn Catalog) -> Vec<SchemaError> {
    let mut errors = Vec::new();
    for dataset in &model.datasets {
        let used = policy.datasets.contains_key(&dataset.name) || policy.grants.dataset == dataset.name;
        if used {
            misfits_of(dataset, warehouse, &mut errors);
        }
    }
    if errors.is_empty() {
        match key_misfits(model, policy, warehouse) {
            Ok(keys) => errors.extend(keys),
            Err(source) => {
                errors.push(SchemaError::Unreadable { dataset: policy.grants.dataset.clone(), source });
            }
        }
    }
    errors
}

fn misfit_text(misfit: &KeyMisfit) -> String {
    match misfit {
        KeyMisfit::Missing => "is not in every file under this very name".to_owned(),
        KeyMisfit::Type(found) => format!("holds {found}, which no scope can compare"),
        KeyMisfit::Mixed => "holds text in one file, and numbers or dates in another".to_owned(),
    }
}

/// The columns of the policy's scopes and grants that cannot be compared as keys. Where there is one, sandboxes that need
/// it cannot be built, whatever the policy says.
///
/// # Errors
/// A file cannot be read.
pub fn key_misfits(
    model: &SemanticModel,
    policy: &Policy,
    warehouse: &dyn Catalog,
) -> Result<Vec<SchemaError>, EngineError> {
    let mut errors: Vec<SchemaError> = Vec::new();
    let mut look = |name: &str, columns: &[String], together: bool| -> Result<(), EngineError> {
        let Some(dataset) = model.dataset(name) else { return Ok(()) };
        for (column, misfit) in warehouse.key_misfits(&dataset.source, columns, together)? {
            let known = |error: &SchemaError| matches!(error, SchemaError::Key { dataset, column: other, .. } if *dataset == name && *other == column);
            if !errors.iter().any(known) {
                errors.push(SchemaError::Key { dataset: name.to_owned(), column, misfit });
            }
        }
        Ok(())
    };
    let grants = &policy.grants;
    let identity = [&grants.tenant, &grants.business, &grants.admin].map(Clone::clone);
    look(&grants.dataset, &identity, false)?;
    look(&grants.dataset, &grants.yields.values().cloned().collect::<Vec<_>>(), true)?;
    for (name, dataset) in &policy.datasets {
        let RowPolicy::Scoped(rules) = &dataset.rows else { continue };
        for rule in rules {
            match rule {
                ScopeRule::Columns(bindings) => {
                    let columns: Vec<String> = bindings.iter().map(|(_, column)| column.clone()).collect();
                    look(name, &columns, false)?;
                }
                ScopeRule::Through { dataset, by } => {
                    let (mine, theirs): (Vec<String>, Vec<String>) = by.iter().cloned().unzip();
                    look(name, &mine, false)?;
                    look(dataset, &theirs, true)?;
                }
            }
        }
    }
    Ok(errors)
}

fn misfits_of(dataset: &Dataset, warehouse: &dyn Catalog, errors: &mut Vec<SchemaError>) {
    let (name, source) = (&dataset.name, &dataset.source);
    let found = match warehouse.has(source) {
        Ok(true) => warehouse.columns(source),
        Ok(false) => {
            errors.push(SchemaError::NoFile { dataset: name.clone(), source_name: source.clone() });
            return;
        }
        Err(error) => Err(error),
    };
    let columns = match found {
        Ok(columns) => columns,
        Err(source) => {
            errors.push(SchemaError::Unreadable { dataset: name.clone(), source });
            return;
        }
    };
    for field in &dataset.fields {
        match &field.expression {
            FieldExpression::Column(column) => match columns.iter().find(|found| found.name == *column) {
                None => errors.push(no_column(name, column, &columns)),
                Some(found) => {
                    match field.data_type.map(|wanted| (wanted, warehouse.fits(source, column, wanted))) {
                        None | Some((_, Ok(true))) => {}
                        Some((wanted, Ok(false))) => errors.push(SchemaError::Type {
                            dataset: name.clone(),
                            column: column.clone(),
                            found: found.data_type.as_str(),
                            wanted: wanted.as_str(),
                        }),
                        Some((_, Err(source))) => {
                            errors.push(SchemaError::Unreadable { dataset: name.clone(), source });
                        }
                    }
                }
            },
            FieldExpression::Computed(_) if field.data_type.is_none() => {
                errors.push(SchemaError::NoType { dataset: name.clone(), field: field.name.clone() });
            }
            FieldExpression::Computed(_) => {}
        }
    }
}

fn no_column(dataset: &str, column: &str, columns: &[Column]) -> SchemaError {
    let known: Vec<_> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
    SchemaError::NoColumn { dataset: dataset.to_owned(), column: column.to_owned(), known: known.join(", ") }
}

/// Says which datasets make every question cost as much as everyone's rows, and what to do about it.
pub(crate) fn warn_of_cost(
    model: &SemanticModel,
    policy: &Policy,
    warehouse: &dyn Catalog,
) -> Result<(), EngineError> {
    for CostlyScope { dataset, columns } in costly_scopes(model, policy, warehouse)? {
        tracing::warn!(
            dataset = %dataset,
            columns = %columns.join(", "),
            "rows of all callers lie among each other: the time of a question follows everyone's rows. \
             Partition the files by the scope's columns, or sort them by one"
        );
    }
    Ok(())
}

/// A scope that nothing in the files' names or statistics narrows: every question reads everyone's keys, and its time
/// tells how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostlyScope {
    /// The dataset.
    pub dataset: String,
    /// Columns of its scope; none where it leads through another dataset.
    pub columns: Vec<String>,
}

/// The datasets whose scope nothing narrows.
///
/// # Errors
/// A file cannot be read.
pub fn costly_scopes(
    model: &SemanticModel,
    policy: &Policy,
    warehouse: &dyn Catalog,
) -> Result<Vec<CostlyScope>, EngineError> {
    let mut costly = Vec::new();
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
            Spread::Everywhere => costly.push(CostlyScope { dataset: dataset.name.clone(), columns }),
        }
    }
    Ok(costly)
}
