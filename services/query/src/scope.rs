//! Layer 3a: which rows exist for a caller.
//!
//! Decides the security plane from three things only: the policy, the verified identity, and the
//! grants as they were just read. No message, question or model has a say. It runs nothing.

use crate::masks::MaskKeys;
use splitplane_semantics::{
    DatasetPolicy, FieldExpression, FieldRef, Policy, RowPolicy, ScopeKey, ScopeRule, SemanticModel,
    Visibility,
};
use splitplane_session::VerifiedSession;
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, ScopeError, ScopeValue, ScopedColumn, ScopedRelation,
    SecurityPlane,
};
use std::collections::{BTreeMap, BTreeSet};

/// Why no scope could be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScopePlanError {
    /// A relation is asked for that the policy lets into no sandbox.
    #[error("no sandbox holds the dataset `{0}`")]
    NotExposed(String),
    /// The policy names something that the model or the grants lack: a defect of loading.
    #[error("the policy does not fit the semantic model: {0}")]
    Inconsistent(String),
    /// The security plane refused to be built.
    #[error("the scope is not complete")]
    Scope(#[from] ScopeError),
}

/// The caller's granted keys, as read for this sandbox.
///
/// Each tuple holds the values of `names`, in that order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrantedKeys {
    names: Vec<String>,
    tuples: Vec<Vec<ScopeValue>>,
}

impl GrantedKeys {
    /// Takes what the engine read for [`columns_to_read`].
    pub(crate) fn new(policy: &Policy, mut tuples: Vec<Vec<ScopeValue>>) -> Self {
        tuples.sort();
        tuples.dedup();
        Self { names: policy.grants.yields.keys().cloned().collect(), tuples }
    }

    /// How many keys are granted.
    pub(crate) fn len(&self) -> usize {
        self.tuples.len()
    }

    /// The distinct values of one scope key, for example of `location`.
    fn project(&self, keys: &[&str]) -> Option<Vec<Vec<ScopeValue>>> {
        let positions: Vec<usize> =
            keys.iter().map(|key| self.names.iter().position(|name| name == key)).collect::<Option<_>>()?;
        let distinct: BTreeSet<Vec<ScopeValue>> = self
            .tuples
            .iter()
            .map(|tuple| positions.iter().filter_map(|&at| tuple.get(at).cloned()).collect())
            .collect();
        Some(distinct.into_iter().collect())
    }
}

/// The columns of the grants' file that must be read, in the order of [`GrantedKeys`].
pub(crate) fn columns_to_read(policy: &Policy) -> Vec<String> {
    policy.grants.yields.values().cloned().collect()
}

/// Builds the caller's security plane over exactly `relations`.
pub(crate) fn security_plane(
    model: &SemanticModel,
    policy: &Policy,
    session: &VerifiedSession,
    masks: &MaskKeys,
    grants: &GrantedKeys,
    relations: &[String],
) -> Result<SecurityPlane, ScopePlanError> {
    let planner = Planner { model, policy, session, masks, grants };
    let scoped: Vec<ScopedRelation> =
        relations.iter().map(|name| planner.relation(name)).collect::<Result<_, _>>()?;
    Ok(SecurityPlane::new(scoped)?)
}

struct Planner<'a> {
    model: &'a SemanticModel,
    policy: &'a Policy,
    session: &'a VerifiedSession,
    masks: &'a MaskKeys,
    grants: &'a GrantedKeys,
}

impl Planner<'_> {
    fn relation(&self, name: &str) -> Result<ScopedRelation, ScopePlanError> {
        let (source, dataset) = self.exposed(name)?;
        Ok(ScopedRelation {
            name: name.to_owned(),
            source,
            columns: self.columns(name)?,
            rows: self.rows(dataset)?,
        })
    }

    /// The dataset's file and policy; refused when either is not there.
    fn exposed(&self, name: &str) -> Result<(String, &DatasetPolicy), ScopePlanError> {
        let dataset = self.model.datasets.iter().find(|dataset| dataset.name == name);
        match (dataset, self.policy.datasets.get(name)) {
            (Some(dataset), Some(policy)) => Ok((dataset.source.clone(), policy)),
            (_, None) | (None, Some(_)) => Err(ScopePlanError::NotExposed(name.to_owned())),
        }
    }

    /// The columns that the caller's role sees; hidden ones are not there at all.
    fn columns(&self, name: &str) -> Result<Vec<ScopedColumn>, ScopePlanError> {
        let dataset = self
            .model
            .datasets
            .iter()
            .find(|dataset| dataset.name == name)
            .ok_or_else(|| ScopePlanError::NotExposed(name.to_owned()))?;
        let mut columns = Vec::new();
        for field in &dataset.fields {
            let reference = FieldRef { dataset: name.to_owned(), field: field.name.clone() };
            let mask = match self.policy.visibility(&reference, self.session.role()) {
                Visibility::Hidden => continue,
                Visibility::Shown => None,
                Visibility::Masked(mask) => Some(self.masks.mask(mask, self.session.composite().tenant())),
            };
            let expression = match &field.expression {
                FieldExpression::Column(column) => ColumnExpression::Physical(column.clone()),
                FieldExpression::Computed(expression) => ColumnExpression::Computed(expression.clone()),
            };
            let name = field.name.clone();
            columns.push(ScopedColumn {
                name,
                expression,
                data_type: field.data_type,
                unit: field.unit.clone(),
                mask,
            });
        }
        Ok(columns)
    }

    fn rows(&self, dataset: &DatasetPolicy) -> Result<RowScope, ScopePlanError> {
        match &dataset.rows {
            RowPolicy::Public { reason } => Ok(RowScope::Public { reason: reason.clone() }),
            RowPolicy::Scoped(rules) => {
                let conditions = rules.iter().map(|rule| self.condition(rule)).collect::<Result<_, _>>()?;
                Ok(RowScope::All(conditions))
            }
        }
    }

    fn condition(&self, rule: &ScopeRule) -> Result<Condition, ScopePlanError> {
        match rule {
            ScopeRule::Columns(bindings) => self.keys(bindings),
            ScopeRule::Through { dataset, by } => {
                let (source, policy) = self.exposed(dataset)?;
                Ok(Condition::Exists { source, rows: Box::new(self.rows(policy)?), by: by.clone() })
            }
        }
    }

    /// One set of tuples over all bound columns together, so that the same location id of another
    /// tenant or business never matches.
    fn keys(&self, bindings: &[(ScopeKey, String)]) -> Result<Condition, ScopePlanError> {
        let granted: Vec<&str> = bindings
            .iter()
            .filter_map(|(key, _)| match key {
                ScopeKey::Granted(name) => Some(name.as_str()),
                ScopeKey::Tenant | ScopeKey::Business | ScopeKey::Admin => None,
            })
            .collect();
        let projected = self
            .grants
            .project(&granted)
            .ok_or_else(|| ScopePlanError::Inconsistent(format!("the grants do not yield {granted:?}")))?;
        let tuples = projected.into_iter().map(|values| self.tuple(bindings, values)).collect();
        let columns = bindings.iter().map(|(_, column)| column.clone()).collect();
        Ok(Condition::Keys { columns, tuples })
    }

    fn tuple(&self, bindings: &[(ScopeKey, String)], granted: Vec<ScopeValue>) -> Vec<ScopeValue> {
        let composite = self.session.composite();
        let mut granted = granted.into_iter();
        bindings
            .iter()
            .filter_map(|(key, _)| match key {
                ScopeKey::Tenant => Some(ScopeValue::Text(composite.tenant().to_string())),
                ScopeKey::Business => Some(ScopeValue::Text(composite.business().to_string())),
                ScopeKey::Admin => Some(ScopeValue::Text(composite.admin().to_string())),
                ScopeKey::Granted(_) => granted.next(),
            })
            .collect()
    }
}

/// The exposed column of `relation` that holds the granted key `key`, if the relation is bound to it
/// directly and the caller's role sees it unmasked.
pub(crate) fn key_column(
    model: &SemanticModel,
    policy: &Policy,
    plane: &SecurityPlane,
    relation: &str,
    key: &str,
) -> Option<String> {
    let RowPolicy::Scoped(rules) = &policy.datasets.get(relation)?.rows else { return None };
    let wanted = ScopeKey::Granted(key.to_owned());
    let physical = rules.iter().find_map(|rule| match rule {
        ScopeRule::Columns(bindings) => {
            bindings.iter().find(|(key, _)| *key == wanted).map(|(_, column)| column)
        }
        ScopeRule::Through { .. } => None,
    })?;
    let dataset = model.datasets.iter().find(|dataset| dataset.name == relation)?;
    let field = dataset
        .fields
        .iter()
        .find(|field| matches!(&field.expression, FieldExpression::Column(column) if column == physical))?;
    let exposed = plane.relation(relation)?.columns.iter().find(|column| column.name == field.name)?;
    exposed.mask.is_none().then(|| exposed.name.clone())
}

/// Names of the granted keys, in the order of the policy.
pub(crate) fn granted_names(grants: &BTreeMap<String, String>) -> Vec<&str> {
    grants.keys().map(String::as_str).collect()
}
