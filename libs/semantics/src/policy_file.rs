//! Reads the policy's YAML against a semantic model.
//!
//! Decides whether a policy is complete: every dataset has a scope that leads to tenant and business,
//! or a reason to be public. What is not said is refused, never assumed.

mod calendar;
mod limits;
mod mask;
mod scope;

use crate::yaml::{Mapping, Node, Source, Value, read};
use crate::{
    ColumnPolicy, Dataset, DatasetPolicy, Field, FieldExpression, Grants, LoadError, Policy, SemanticModel,
    Treatment,
};
use splitplane_types::{Digest, Role};
use std::collections::BTreeMap;
use std::path::Path;

/// Loads a policy from a file.
///
/// # Errors
/// See [`LoadError`].
pub fn load_policy(path: &Path, model: &SemanticModel) -> Result<Policy, LoadError> {
    read(path, |file_name, text| parse_policy(file_name, text, model))
}

/// Reads a policy from a text; `file_name` is what messages call it.
///
/// # Errors
/// [`LoadError::Invalid`].
pub fn parse_policy(file_name: &str, text: &str, model: &SemanticModel) -> Result<Policy, LoadError> {
    const KEYS: [&str; 7] = ["version", "model", "calendar", "grants", "datasets", "limits", "explain"];
    let source = Source { file: file_name };
    let root = source.tree(text)?;
    let map = source.mapping(&root, "the policy", &KEYS)?;
    let version = source.required(&map, "version")?;
    if !matches!(version.value, Value::Integer(1)) {
        return Err(source.error(version.line, "the policy's version is not 1", "write version: 1"));
    }
    let name = source.required(&map, "model")?;
    if source.text(name, "`model` of the policy")? != model.name {
        let what = "the policy is for another model than";
        return Err(source.error(
            name.line,
            format!("{what} `{}`", model.name),
            "name that model, or load the other",
        ));
    }
    let reader = Reader { source, model };
    let calendar = calendar::read(source, source.required(&map, "calendar")?)?;
    let grants = reader.grants(source.required(&map, "grants")?)?;
    let datasets = reader.datasets(source.required(&map, "datasets")?, &grants)?;
    Ok(Policy {
        calendar,
        grants,
        datasets,
        limits: limits::read(source, map.get("limits"))?,
        explain_by_template: reader.explain(&map)?,
        digest: Digest::of(text.as_bytes()),
    })
}

/// Reads the parts of one policy.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    source: Source<'a>,
    model: &'a SemanticModel,
}

impl<'a> Reader<'a> {
    fn explain(self, map: &Mapping<'_>) -> Result<bool, LoadError> {
        let Some(node) = map.get("explain") else { return Ok(false) };
        match self.source.text(node, "`explain`")? {
            "template" => Ok(true),
            "model" => Ok(false),
            other => Err(self.source.unknown(node.line, "`explain` is", other, ["template", "model"])),
        }
    }

    fn dataset(self, line: u64, name: &str) -> Result<&'a Dataset, LoadError> {
        self.model.dataset(name).ok_or_else(|| {
            let known = self.model.datasets.iter().map(|dataset| dataset.name.as_str());
            self.source.unknown(line, "the model has no dataset", name, known)
        })
    }

    fn field<'d>(self, dataset: &'d Dataset, line: u64, name: &str) -> Result<&'d Field, LoadError> {
        dataset.field(name).ok_or_else(|| {
            let what = format!("dataset `{}` has no field", dataset.name);
            self.source.unknown(line, &what, name, dataset.fields.iter().map(|field| field.name.as_str()))
        })
    }

    /// The column of the file that a field is. A scope on a computed value would not be the row's own.
    fn column(self, dataset: &Dataset, line: u64, name: &str) -> Result<String, LoadError> {
        match &self.field(dataset, line, name)?.expression {
            FieldExpression::Column(column) => Ok(column.clone()),
            FieldExpression::Computed(_) => {
                let what = format!("field `{}.{name}` is computed", dataset.name);
                Err(self.source.error(line, what, "scopes and grants need a field that is a plain column"))
            }
        }
    }

    fn grants(self, node: &Node) -> Result<Grants, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "`grants`", &["dataset", "identity", "yields"])?;
        let named = source.required(&map, "dataset")?;
        let dataset = self.dataset(named.line, source.text(named, "`dataset` of `grants`")?)?;
        let identity = source.required(&map, "identity")?;
        let identity = source.mapping(identity, "`identity`", &["tenant", "business", "admin"])?;
        let column = |node: &Node| self.column(dataset, node.line, source.text(node, "a column")?);
        let held = |key: &str| column(source.required(&identity, key)?);
        let (tenant, business, admin) = (held("tenant")?, held("business")?, held("admin")?);
        let mut yields = BTreeMap::new();
        if let Some(node) = map.get("yields") {
            for (key, node) in source.open_mapping(node, "`yields`")?.entries {
                if scope::is_reserved(&key.name) {
                    let what = format!("`{}` cannot be a granted key", key.name);
                    return Err(source.error(key.line, what, "give it another name"));
                }
                yields.insert(key.name.clone(), column(node)?);
            }
        }
        Ok(Grants { dataset: dataset.name.clone(), tenant, business, admin, yields })
    }

    fn datasets(self, node: &Node, grants: &Grants) -> Result<BTreeMap<String, DatasetPolicy>, LoadError> {
        let source = self.source;
        let map = source.open_mapping(node, "`datasets`")?;
        let mut policies = BTreeMap::new();
        for (key, node) in map.entries {
            let dataset = self.dataset(key.line, &key.name)?;
            if dataset.name == grants.dataset {
                let what = format!("dataset `{}` holds the grants and never enters a sandbox", key.name);
                return Err(source.error(key.line, what, "remove it from `datasets`"));
            }
            policies.insert(dataset.name.clone(), self.dataset_policy(dataset, node, grants)?);
        }
        let unscoped =
            |dataset: &&Dataset| dataset.name != grants.dataset && map.get(&dataset.name).is_none();
        if let Some(dataset) = self.model.datasets.iter().find(unscoped) {
            let what = format!("dataset `{}` of the model has no scope", dataset.name);
            let remedy = format!("add `{}: {{ scope: ... }}`, or `public:` with a reason", dataset.name);
            return Err(source.error(node.line, what, remedy));
        }
        scope::check_paths(source, &map, &policies)?;
        Ok(policies)
    }

    fn dataset_policy(
        self,
        dataset: &Dataset,
        node: &Node,
        grants: &Grants,
    ) -> Result<DatasetPolicy, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "a dataset of the policy", &["scope", "public", "columns"])?;
        let rows = scope::rows(self, dataset, &map, grants)?;
        let mut columns = BTreeMap::new();
        if let Some(node) = map.get("columns") {
            for (key, node) in source.open_mapping(node, "`columns`")?.entries {
                let field = self.field(dataset, key.line, &key.name)?;
                columns.insert(field.name.clone(), self.column_policy(field, node)?);
            }
        }
        Ok(DatasetPolicy { rows, columns })
    }

    fn column_policy(self, field: &Field, node: &Node) -> Result<ColumnPolicy, LoadError> {
        const REMEDY: &str = "write `hidden`, or `{ mask: .. }` with `null`, `last4`, `hash` or `{ bucket: .. }`, with or without `unless`";
        let source = self.source;
        if node.value.as_text() == Some("hidden") {
            return Ok(ColumnPolicy { treatment: Treatment::Hidden, unless_roles: Vec::new() });
        }
        if matches!(node.value, Value::Text(_) | Value::Null) {
            let what = format!("the treatment of column `{}` is not known", field.name);
            return Err(source.error(node.line, what, REMEDY));
        }
        let map = source.mapping(node, "a column of the policy", &["hidden", "mask", "unless"])?;
        let treatment = match (map.get("hidden"), map.get("mask")) {
            (Some(Node { value: Value::Boolean(true), .. }), None) => Treatment::Hidden,
            (None, Some(node)) => Treatment::Mask(mask::mask(self.source, field, node)?),
            _ => {
                let what = format!("column `{}` needs exactly one of `hidden: true` and `mask`", field.name);
                return Err(source.error(node.line, what, REMEDY));
            }
        };
        let unless_roles = match map.get("unless") {
            None => Vec::new(),
            Some(node) => self.roles(node)?,
        };
        Ok(ColumnPolicy { treatment, unless_roles })
    }

    fn roles(self, node: &Node) -> Result<Vec<Role>, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "`unless`", &["role"])?;
        let list = source.required(&map, "role")?;
        let nodes = source.list(list, "`role`")?;
        if nodes.is_empty() {
            return Err(source.error(list.line, "`unless` names no role", "name one, or remove `unless`"));
        }
        let role = |node: &Node| {
            let text = source.text(node, "a role")?;
            text.parse().map_err(|error: splitplane_types::InvalidId| {
                source.error(node.line, format!("`{}` is no role", text.escape_debug()), error.to_string())
            })
        };
        nodes.iter().map(role).collect()
    }
}

#[cfg(test)]
mod tests;
