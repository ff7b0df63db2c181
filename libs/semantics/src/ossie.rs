//! Reads Apache Ossie YAML, versions `0.1.1` and `0.2.0.dev0`, each against its own shape.
//!
//! Decides whether a file is a semantic model that can be answered from. Unknown keys are refused
//! everywhere but inside `ai_context`, as the schema has it.

mod fields;
mod metrics;
mod shape;

use crate::expression::is_plain_identifier;
use crate::yaml::{Mapping, Node, Source, Value, read};
use crate::{Dataset, LoadError, Relationship, SemanticModel};
use shape::Version;
use splitplane_types::Digest;
use std::collections::BTreeSet;
use std::path::Path;

/// Loads a semantic model from a file.
///
/// # Errors
/// See [`LoadError`].
pub fn load_model(path: &Path) -> Result<SemanticModel, LoadError> {
    read(path, parse_model)
}

/// Reads a semantic model from a text; `file_name` is what messages call it.
///
/// # Errors
/// [`LoadError::Invalid`].
pub fn parse_model(file_name: &str, text: &str) -> Result<SemanticModel, LoadError> {
    let source = Source { file: file_name };
    let root = source.tree(text)?;
    let version = Version::of(source, &root)?;
    let reader = Reader { source, version };
    let root = source.mapping(&root, "the file", version.root_keys())?;
    for key in ["dialects", "vendors"] {
        if let Some(node) = root.get(key) {
            source.texts(node, &format!("`{key}`"))?;
        }
    }
    let models = source.required(&root, "semantic_model")?;
    match source.list(models, "`semantic_model`")? {
        [model] => reader.model(model, Digest::of(text.as_bytes())),
        models => {
            let what = format!("the file holds {} semantic models", models.len());
            Err(source.error(root.line, what, "put exactly one in each file"))
        }
    }
}

/// Reads the parts of one file.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    source: Source<'a>,
    version: Version,
}

impl Reader<'_> {
    fn model(self, node: &Node, digest: Digest) -> Result<SemanticModel, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "the semantic model", shape::MODEL_KEYS)?;
        self.ai_context(&map)?;
        self.foreign_extensions(&map)?;
        let mut model = SemanticModel {
            name: source.required_text(&map, "name")?.to_owned(),
            description: text_or_empty(source.optional_text(&map, "description")?),
            datasets: Vec::new(),
            relationships: Vec::new(),
            metrics: Vec::new(),
            digest,
        };
        let datasets = source.required(&map, "datasets")?;
        let nodes = source.list(datasets, "`datasets`")?;
        if nodes.is_empty() {
            return Err(source.error(datasets.line, "the model has no dataset", "add one"));
        }
        for node in nodes {
            model.datasets.push(self.dataset(node)?);
        }
        self.unique("dataset", nodes)?;
        let nodes = source.optional_list(&map, "relationships")?;
        for node in nodes {
            model.relationships.push(self.relationship(node, &model)?);
        }
        self.unique("relationship", nodes)?;
        let nodes = source.optional_list(&map, "metrics")?;
        for node in nodes {
            model.metrics.push(self.metric(node, &model)?);
        }
        self.unique("metric", nodes)?;
        Ok(model)
    }

    fn dataset(self, node: &Node) -> Result<Dataset, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "a dataset", shape::DATASET_KEYS)?;
        let name = source.required_text(&map, "name")?;
        if !is_plain_identifier(name) {
            let what = format!("dataset name `{name}` is not a plain identifier");
            return Err(source.error(line_of(&map, "name"), what, "use letters, digits and `_` only"));
        }
        self.foreign_extensions(&map)?;
        let file = self.file_of(source.required(&map, "source")?)?;
        let nodes = source.optional_list(&map, "fields")?;
        let fields: Vec<_> =
            nodes.iter().map(|node| self.field(node, &[name, &file])).collect::<Result<_, _>>()?;
        self.unique("field", nodes)?;
        let dataset = Dataset {
            name: name.to_owned(),
            source: file,
            primary_key: match map.get("primary_key") {
                Some(node) => source.texts(node, "`primary_key`")?,
                None => Vec::new(),
            },
            description: text_or_empty(source.optional_text(&map, "description")?),
            synonyms: self.ai_context(&map)?,
            fields,
        };
        self.check_fields(&dataset, map.get("primary_key"))?;
        for key in source.optional_list(&map, "unique_keys")? {
            source.texts(key, "a key of `unique_keys`")?;
            self.check_fields(&dataset, Some(key))?;
        }
        Ok(dataset)
    }

    /// The file or folder that a source `a.b.c` names.
    fn file_of(self, node: &Node) -> Result<String, LoadError> {
        let text = self.source.text(node, "`source` of a dataset")?;
        let last = text.rsplit('.').next().unwrap_or(text).trim_matches(['`', '"']);
        // A source becomes part of a path: what could leave the data folder is no name.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if last.is_empty() || !last.chars().all(plain) || text.contains(char::is_whitespace) {
            let what = format!("source `{text}` does not name a table");
            return Err(self.source.error(node.line, what, "name one, for example `catalog.schema.table`"));
        }
        Ok(last.to_owned())
    }

    fn relationship(self, node: &Node, model: &SemanticModel) -> Result<Relationship, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "a relationship", shape::RELATIONSHIP_KEYS)?;
        self.ai_context(&map)?;
        self.foreign_extensions(&map)?;
        let side = |dataset: &str, columns: &str| {
            let name = source.required_text(&map, dataset)?;
            let Some(found) = model.dataset(name) else {
                let what = "a relationship names an unknown dataset";
                let known = model.datasets.iter().map(|dataset| dataset.name.as_str());
                return Err(source.unknown(line_of(&map, dataset), what, name, known));
            };
            let node = source.required(&map, columns)?;
            self.check_fields(found, Some(node))?;
            Ok((name.to_owned(), source.texts(node, &format!("`{columns}`"))?))
        };
        let name = source.required_text(&map, "name")?.to_owned();
        let (from, from_columns) = side("from", "from_columns")?;
        let (to, to_columns) = side("to", "to_columns")?;
        if from_columns.is_empty() || from_columns.len() != to_columns.len() {
            let what =
                format!("relationship `{name}` joins {} to {} columns", from_columns.len(), to_columns.len());
            let remedy = "list the same number on both sides, at least one";
            return Err(source.error(line_of(&map, "from_columns"), what, remedy));
        }
        Ok(Relationship { name, from, to, from_columns, to_columns })
    }

    /// Checks that a list names fields of a dataset.
    fn check_fields(self, dataset: &Dataset, list: Option<&Node>) -> Result<(), LoadError> {
        let Some(list) = list else { return Ok(()) };
        let what = format!("dataset `{}` has no field", dataset.name);
        for node in self.source.list(list, "a key")? {
            let name = self.source.text(node, "a key column")?;
            if dataset.field(name).is_none() {
                let known = dataset.fields.iter().map(|field| field.name.as_str());
                return Err(self.source.unknown(node.line, &what, name, known));
            }
        }
        Ok(())
    }

    /// Refuses two of a kind with one name. Engines do not tell letter case apart, so neither may names.
    fn unique(self, kind: &str, nodes: &[Node]) -> Result<(), LoadError> {
        let mut seen = BTreeSet::new();
        for node in nodes {
            let map = self.source.open_mapping(node, kind)?;
            let name = self.source.required_text(&map, "name")?;
            if name.contains(|c: char| c.is_control() || matches!(c, '`' | '"' | '.')) {
                let what =
                    format!("{kind} name `{}` holds quotes, dots or control characters", name.escape_debug());
                return Err(self.source.error(line_of(&map, "name"), what, "use letters, digits and `_`"));
            }
            if !seen.insert(name.to_lowercase()) {
                let what = format!("{kind} `{name}` is there twice");
                return Err(self.source.error(line_of(&map, "name"), what, "rename or remove one"));
            }
        }
        Ok(())
    }

    /// The synonyms of an `ai_context`, which is a text or a mapping with any further keys.
    fn ai_context(self, map: &Mapping<'_>) -> Result<Vec<String>, LoadError> {
        let Some(node) = map.get("ai_context") else { return Ok(Vec::new()) };
        if matches!(node.value, Value::Text(_)) {
            return Ok(Vec::new());
        }
        let context = self.source.open_mapping(node, "`ai_context`")?;
        self.source.optional_text(&context, "instructions")?;
        if let Some(examples) = context.get("examples") {
            self.source.texts(examples, "`examples`")?;
        }
        context.get("synonyms").map_or(Ok(Vec::new()), |node| self.source.texts(node, "`synonyms`"))
    }
}

fn text_or_empty(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| text.trim().to_owned())
}

/// The line of a value, or of its mapping.
fn line_of(map: &Mapping<'_>, key: &str) -> u64 {
    map.get(key).map_or(map.line, |node| node.line)
}

#[cfg(test)]
mod tests;
