//! Reads the policy's YAML against a semantic model.
//!
//! Decides whether a policy is complete: every dataset has a scope that leads to tenant and business,
//! or a reason to be public. What is not said is refused, never assumed.

mod calendar;
mod columns;
mod limits;
mod mask;
mod paths;
mod scope;

use crate::log::{Log, Part};
use crate::report::Sink;
use crate::words::{nearest, typo_of};
use crate::yaml::{Node, Source, Value, read};
use crate::{Dataset, DatasetPolicy, Field, FieldExpression, Grants, LoadError, Policy, SemanticModel};
use scope::Said;
pub(crate) use scope::is_reserved;
use splitplane_types::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Loads a policy from a file.
///
/// # Errors
/// See [`LoadError`].
pub fn load_policy(path: &Path, model: &SemanticModel) -> Result<Policy, LoadError> {
    read(path, |file_name, text| parse_policy(file_name, text, model))
}

/// Reads a policy from a text; `file_name` is what messages call it. Of several mistakes the error is the
/// first by line; [`crate::check_policy`] has them all.
///
/// # Errors
/// [`LoadError::Invalid`].
pub fn parse_policy(file_name: &str, text: &str, model: &SemanticModel) -> Result<Policy, LoadError> {
    let sink = Sink::default();
    let log = Log { source: Source { file: file_name }, sink: &sink };
    let tree = log.source.tree(text);
    let policy = tree.and_then(|root| policy_of(log, &root, model, Digest::of(text.as_bytes())));
    sink.finish(policy)
}

/// The policy of a file's tree. Mistakes go to the log; then what is handed over is only good to read on with.
pub(crate) fn policy_of(
    log: Log<'_>,
    root: &Node,
    model: &SemanticModel,
    digest: Digest,
) -> Result<Policy, LoadError> {
    const KEYS: [&str; 7] = ["version", "model", "calendar", "grants", "datasets", "limits", "explain"];
    let source = log.source;
    source.open_mapping(root, "the policy")?;
    let unread = || source.error(root.line, "the policy is not readable", "correct it").coded("yaml");
    let part = log.part(root, "the policy", &KEYS).ok_or_else(unread)?;
    let version = part.required("version").filter(|node| !matches!(node.value, Value::Integer(1)));
    if let Some(version) = version {
        let error = source.error(version.line, "the policy's version is not 1", "write version: 1");
        log.refuse(error.coded("unknown-version"));
    }
    let reader = Reader { log, model };
    reader.is_for_model(&part)?;
    let calendar = part.required("calendar").and_then(|node| calendar::read(log, node));
    let grants = reader.grants(part.required("grants"));
    let datasets = part.required("datasets").map(|node| reader.datasets(node, &grants));
    let limits = limits::read(log, part.get("limits"));
    let explain_by_template = reader.explain(&part);
    let whole = calendar.zip(grants.whole).zip(datasets).zip(limits);
    let Some((((calendar, grants), datasets), limits)) = whole else {
        // Whatever is missing was written down.
        return Err(log.sink.first().map_or_else(unread, LoadError::from));
    };
    Ok(Policy { calendar, grants, datasets, limits, explain_by_template, digest })
}

/// Reads the parts of one policy.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    log: Log<'a>,
    model: &'a SemanticModel,
}

/// What could be read of the grants: enough to read the scopes.
#[derive(Debug, Default)]
struct GrantsRead {
    whole: Option<Grants>,
    /// The dataset that holds them, or that was most likely meant to.
    dataset: Option<String>,
    /// The granted keys; none if they could not be read.
    keys: Option<BTreeSet<String>>,
}

impl<'a> Reader<'a> {
    /// Refuses a policy for another model: everything in it would be a mistake.
    fn is_for_model(self, part: &Part<'_, '_>) -> Result<(), LoadError> {
        let source = self.log.source;
        let Some(node) = part.required("model") else { return Ok(()) };
        let Some(name) = self.log.text(node, "`model` of the policy") else { return Ok(()) };
        if name == self.model.name {
            return Ok(());
        }
        let what = format!("the policy is for another model than `{}`", self.model.name);
        let error = source.error(node.line, what, "name that model, or load the other").coded("wrong-model");
        if typo_of(name, [self.model.name.as_str()]).is_none() {
            return Err(error);
        }
        self.log.refuse(error);
        Ok(())
    }

    fn explain(self, part: &Part<'_, '_>) -> bool {
        let Some(node) = part.get("explain") else { return false };
        let Some(text) = self.log.text(node, "`explain`") else { return false };
        if !["template", "model"].contains(&text) {
            let error = self.log.source.unknown(node.line, "`explain` is", text, ["template", "model"]);
            self.log.refuse(error);
        }
        text == "template"
    }

    fn dataset(self, line: u64, name: &str) -> Result<&'a Dataset, LoadError> {
        self.model.dataset(name).ok_or_else(|| {
            let error = self.log.source.unknown(line, "the model has no dataset", name, self.names());
            error.coded("unknown-dataset")
        })
    }

    fn names(self) -> impl Iterator<Item = &'a str> + Clone {
        self.model.datasets.iter().map(|dataset| dataset.name.as_str())
    }

    fn field<'d>(self, dataset: &'d Dataset, line: u64, name: &str) -> Result<&'d Field, LoadError> {
        dataset.field(name).ok_or_else(|| {
            let what = format!("dataset `{}` has no field", dataset.name);
            let known = dataset.fields.iter().map(|field| field.name.as_str());
            self.log.source.unknown(line, &what, name, known).coded("unknown-column")
        })
    }

    /// The column of the file that a field is. A scope on a computed value would not be the row's own.
    fn column(self, dataset: &Dataset, line: u64, name: &str) -> Result<String, LoadError> {
        match &self.field(dataset, line, name)?.expression {
            FieldExpression::Column(column) => Ok(column.clone()),
            FieldExpression::Computed(_) => {
                let what = format!("field `{}.{name}` is computed", dataset.name);
                let remedy = "scopes and grants need a field that is a plain column";
                Err(self.log.source.error(line, what, remedy).coded("computed-column"))
            }
        }
    }

    fn grants(self, node: Option<&Node>) -> GrantsRead {
        let log = self.log;
        let nothing = GrantsRead::default;
        let Some(node) = node else { return nothing() };
        let Some(part) = log.part(node, "`grants`", &["dataset", "identity", "yields"]) else {
            return nothing();
        };
        let named = part.required("dataset");
        let named = named.and_then(|node| Some((node.line, log.text(node, "`dataset` of `grants`")?)));
        let dataset = named.and_then(|(line, name)| log.keep(self.dataset(line, name)));
        let meant = named.and_then(|(_, name)| nearest(name, self.names()));
        let column = |node: &Node| {
            let name = log.text(node, "a column")?;
            log.keep(self.column(dataset?, node.line, name))
        };
        let identity = part.required("identity");
        let identity =
            identity.and_then(|node| log.part(node, "`identity`", &["tenant", "business", "admin"]));
        let [tenant, business, admin] = ["tenant", "business", "admin"]
            .map(|key| identity.as_ref().and_then(|identity| identity.required(key)).and_then(column));
        let entries = match part.get("yields") {
            None if part.is_excused(&["yields"]) => None,
            None => Some(&[][..]),
            Some(node) => log.keep(log.source.open_mapping(node, "`yields`")).map(|map| map.entries),
        };
        let mut yields = BTreeMap::new();
        for (key, node) in entries.unwrap_or_default() {
            if scope::is_reserved(&key.name) {
                let what = format!("`{}` cannot be a granted key", key.name);
                log.refuse(log.source.error(key.line, what, "give it another name").coded("reserved-key"));
            }
            yields.insert(key.name.clone(), column(node).unwrap_or_default());
        }
        let keys = entries.map(|_| yields.keys().cloned().collect());
        let name = dataset.map(|dataset| dataset.name.clone());
        let whole = name.clone().zip(tenant).zip(business).zip(admin);
        let whole = whole.map(|(((dataset, tenant), business), admin)| Grants {
            dataset,
            tenant,
            business,
            admin,
            yields,
        });
        GrantsRead { whole, dataset: name.or(meant.map(str::to_owned)), keys }
    }

    fn datasets(self, node: &Node, grants: &GrantsRead) -> BTreeMap<String, DatasetPolicy> {
        let log = self.log;
        let mut policies = BTreeMap::new();
        let map = log.source.open_mapping(node, "`datasets`");
        let Some(map) = log.keep(map) else { return policies };
        let mut said = Vec::new();
        // Names that are like none: each may stand for a dataset that is missed.
        let mut foreign = 0;
        let mut listed: BTreeSet<&str> = map.entries.iter().map(|(key, _)| key.name.as_str()).collect();
        for (key, node) in map.entries {
            let absent: Vec<&str> = self.names().filter(|name| !listed.contains(name)).collect();
            let dataset = log.keep(self.dataset(key.line, &key.name));
            let typo = || typo_of(&key.name, absent.iter().copied());
            let Some(dataset) = dataset.or_else(|| self.model.dataset(typo()?)) else {
                match nearest(&key.name, absent.iter().copied()) {
                    Some(near) => listed.extend([near]),
                    None => foreign += 1,
                }
                continue;
            };
            listed.insert(&dataset.name);
            if grants.dataset.as_ref() == Some(&dataset.name) {
                let what = format!("dataset `{}` holds the grants and never enters a sandbox", key.name);
                let error = log.source.error(key.line, what, "remove it from `datasets`");
                log.refuse(error.coded("scoped-grants"));
                continue;
            }
            if let Some((policy, is_whole)) = self.dataset_policy(dataset, node, grants) {
                policies.insert(dataset.name.clone(), policy);
                said.push(Said { dataset: &dataset.name, line: key.line, is_whole });
            }
        }
        // Any of them may be the dataset of the grants, where that is not known.
        let unlisted = self.names().filter(|name| !listed.contains(name) && grants.dataset.is_some());
        for name in unlisted.filter(|name| grants.dataset.as_deref() != Some(name)).skip(foreign) {
            let what = format!("dataset `{name}` of the model has no scope");
            let remedy = format!("add `{name}: {{ scope: ... }}`, or `public:` with a reason");
            log.refuse(log.source.error(node.line, what, remedy).coded("no-scope"));
        }
        paths::check(log, &said, &policies, grants.dataset.as_deref());
        policies
    }

    /// What a dataset shows, and whether its scope was read without a mistake.
    fn dataset_policy(
        self,
        dataset: &Dataset,
        node: &Node,
        grants: &GrantsRead,
    ) -> Option<(DatasetPolicy, bool)> {
        let log = self.log;
        let part = log.part(node, "a dataset of the policy", &["scope", "public", "columns"])?;
        let (rows, is_whole) = scope::rows(self, dataset, &part, grants);
        let mut columns = BTreeMap::new();
        let entries =
            part.get("columns").and_then(|node| log.keep(log.source.open_mapping(node, "`columns`")));
        for (key, node) in entries.map(|map| map.entries).unwrap_or_default() {
            let field = log.keep(self.field(dataset, key.line, &key.name));
            let typo = || typo_of(&key.name, dataset.fields.iter().map(|field| field.name.as_str()));
            let Some(field) = field.or_else(|| dataset.field(typo()?)) else { continue };
            let policy = columns::policy(log, field, node);
            columns.extend(policy.map(|policy| (field.name.clone(), policy)));
        }
        Some((DatasetPolicy { rows, columns }, is_whole))
    }
}

#[cfg(test)]
mod tests;
