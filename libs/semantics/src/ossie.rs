//! Reads Apache Ossie YAML, versions `0.1.1` and `0.2.0.dev0`, each against its own shape.
//!
//! Decides whether a file is a semantic model that can be answered from. Unknown keys are refused
//! everywhere but inside `ai_context`, as the schema has it.

mod fields;
mod metrics;
mod shape;

use crate::expression::is_plain_identifier;
use crate::log::{Log, Part};
use crate::report::Sink;
use crate::yaml::{Node, Source, Value, read};
use crate::{Dataset, LoadError, Relationship, SemanticModel};
use shape::Version;
use splitplane_types::Digest;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::Path;

/// Loads a semantic model from a file.
///
/// # Errors
/// See [`LoadError`].
pub fn load_model(path: &Path) -> Result<SemanticModel, LoadError> {
    read(path, parse_model)
}

/// Reads a semantic model from a text; `file_name` is what messages call it. Of several mistakes the error is
/// the first by line; [`crate::check_model`] has them all.
///
/// # Errors
/// [`LoadError::Invalid`].
pub fn parse_model(file_name: &str, text: &str) -> Result<SemanticModel, LoadError> {
    let sink = Sink::default();
    let log = Log { source: Source { file: file_name }, sink: &sink };
    let model = log.source.tree(text).and_then(|root| model_of(log, &root, Digest::of(text.as_bytes())));
    sink.finish(model)
}

/// The model of a file's tree. Mistakes go to the log; then what is handed over is only good to read on with.
pub(crate) fn model_of(log: Log<'_>, root: &Node, digest: Digest) -> Result<SemanticModel, LoadError> {
    let source = log.source;
    source.open_mapping(root, "the file")?;
    let version = Version::of(log, root);
    let known = Known::default();
    let reader = Reader { log, version, known: &known };
    let part = log.part(root, "the file", version.root_keys());
    let part = part.ok_or_else(|| source.error(root.line, "not readable", "correct the file"))?;
    for key in ["dialects", "vendors"] {
        if let Some(node) = part.get(key) {
            log.texts(node, &format!("`{key}`"));
        }
    }
    let empty = SemanticModel {
        name: String::new(),
        description: String::new(),
        datasets: Vec::new(),
        relationships: Vec::new(),
        metrics: Vec::new(),
        digest,
    };
    let Some(models) = part.required("semantic_model") else { return Ok(empty) };
    match source.list(models, "`semantic_model`")? {
        [model] => Ok(reader.model(model, empty)),
        models => {
            let what = format!("the file holds {} semantic models", models.len());
            Err(source.error(part.line(), what, "put exactly one in each file").coded("model-count"))
        }
    }
}

/// Reads the parts of one file.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    log: Log<'a>,
    version: Version,
    known: &'a Known,
}

/// Where parts could not be read, so that a name which is not there may be one of theirs.
#[derive(Debug, Default)]
struct Known {
    lacks_datasets: Cell<bool>,
    lacks_relationships: Cell<bool>,
    lacks_fields_of: RefCell<BTreeSet<String>>,
}

impl Known {
    /// Whether every field of a dataset is known by name.
    fn has_fields_of(&self, dataset: &str) -> bool {
        !self.lacks_fields_of.borrow().contains(dataset)
    }
}

impl<'a> Reader<'a> {
    fn model(self, node: &Node, mut model: SemanticModel) -> SemanticModel {
        let log = self.log;
        let Some(part) = log.part(node, "the semantic model", shape::MODEL_KEYS) else { return model };
        self.ai_context(&part);
        self.foreign_extensions(&part);
        part.required_text("name").unwrap_or_default().clone_into(&mut model.name);
        model.description = text_or_empty(part.optional_text("description"));
        let nodes = self.datasets(&part);
        if nodes.is_empty() {
            self.known.lacks_datasets.set(true);
        }
        for node in nodes {
            match self.dataset(node) {
                Some(dataset) => model.datasets.push(dataset),
                None => self.known.lacks_datasets.set(true),
            }
        }
        self.unique("dataset", nodes);
        let nodes = part.optional_list("relationships");
        self.known.lacks_relationships.set(nodes.is_empty() && part.is_excused(&["relationships"]));
        for node in nodes {
            match self.relationship(node, &model) {
                Some(relationship) => model.relationships.push(relationship),
                None => self.known.lacks_relationships.set(true),
            }
        }
        self.unique("relationship", nodes);
        let nodes = part.optional_list("metrics");
        for node in nodes {
            let metric = self.metric(node, &model);
            model.metrics.extend(metric);
        }
        self.unique("metric", nodes);
        model
    }

    fn datasets<'n>(self, part: &Part<'_, 'n>) -> &'n [Node] {
        let Some(datasets) = part.required("datasets") else { return &[] };
        let nodes = self.log.list(datasets, "`datasets`");
        if nodes.is_some_and(<[Node]>::is_empty) {
            let error = self.log.source.error(datasets.line, "the model has no dataset", "add one");
            self.log.refuse(error.coded("missing-key"));
        }
        nodes.unwrap_or_default()
    }

    fn dataset(self, node: &Node) -> Option<Dataset> {
        let log = self.log;
        let part = log.part(node, "a dataset", shape::DATASET_KEYS)?;
        let name = part.required_text("name");
        if let Some(name) = name.filter(|name| !is_plain_identifier(name)) {
            let what = format!("dataset name `{name}` is not a plain identifier");
            let error = log.source.error(part.line_of("name"), what, "use letters, digits and `_` only");
            log.refuse(error.coded("invalid-name"));
        }
        self.foreign_extensions(&part);
        let file = part.required("source").and_then(|node| self.file_of(node));
        let nodes = part.optional_list("fields");
        // Without its own names a dataset cannot say which qualifiers are foreign.
        let qualifiers = name.zip(file.as_deref()).map(|(name, file)| [name, file]);
        let fields: Vec<_> = nodes
            .iter()
            .filter_map(|node| self.field(node, qualifiers.as_ref().map(<[_; 2]>::as_slice)))
            .collect();
        self.unique("field", nodes);
        let unread = match part.get("fields").map(|node| &node.value) {
            Some(Value::List(_)) => fields.len() < nodes.len(),
            Some(_) => true,
            None => part.is_excused(&["fields"]),
        };
        if unread {
            self.known.lacks_fields_of.borrow_mut().extend(name.map(str::to_owned));
        }
        let mut dataset = Dataset {
            name: name.unwrap_or_default().to_owned(),
            source: file.unwrap_or_default(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
            description: text_or_empty(part.optional_text("description")),
            synonyms: self.ai_context(&part),
            fields,
        };
        if let Some(node) = part.get("primary_key") {
            dataset.primary_key = self.columns(&dataset, node, ["`primary_key`"; 2]).unwrap_or_default();
        }
        for key in part.optional_list("unique_keys") {
            let columns = self.columns(&dataset, key, ["a key of `unique_keys`"; 2]);
            dataset.unique_keys.extend(columns);
        }
        name.map(|_| dataset)
    }

    /// The file or folder that a source `a.b.c` names.
    fn file_of(self, node: &Node) -> Option<String> {
        let text = self.log.text(node, "`source` of a dataset")?;
        let last = text.rsplit('.').next().unwrap_or(text).trim_matches(['`', '"']);
        // A source becomes part of a path: what could leave the data folder is no name.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if last.is_empty() || !last.chars().all(plain) || text.contains(char::is_whitespace) {
            let what = format!("source `{text}` does not name a table");
            let error =
                self.log.source.error(node.line, what, "name one, for example `catalog.schema.table`");
            self.log.refuse(error.coded("invalid-source"));
            return None;
        }
        Some(last.to_owned())
    }

    fn relationship(self, node: &Node, model: &SemanticModel) -> Option<Relationship> {
        let log = self.log;
        let part = log.part(node, "a relationship", shape::RELATIONSHIP_KEYS)?;
        self.ai_context(&part);
        self.foreign_extensions(&part);
        let name = part.required_text("name").unwrap_or_default().to_owned();
        let (from, from_columns) = self.side(&part, "from", "from_columns", model);
        let (to, to_columns) = self.side(&part, "to", "to_columns", model);
        let (from_columns, to_columns) = (from_columns?, to_columns?);
        if from_columns.is_empty() || from_columns.len() != to_columns.len() {
            let what =
                format!("relationship `{name}` joins {} to {} columns", from_columns.len(), to_columns.len());
            let remedy = "list the same number on both sides, at least one";
            let error = log.source.error(part.line_of("from_columns"), what, remedy);
            log.refuse(error.coded("uneven-join"));
        }
        Some(Relationship { name, from: from?, to: to?, from_columns, to_columns })
    }

    /// The dataset and the columns of one side of a relationship.
    fn side(
        self,
        part: &Part<'_, '_>,
        dataset: &str,
        columns: &str,
        model: &SemanticModel,
    ) -> (Option<String>, Option<Vec<String>>) {
        let name = part.required_text(dataset);
        let found = name.and_then(|name| model.dataset(name));
        if let (Some(name), None, false) = (name, found, self.known.lacks_datasets.get()) {
            let what = "a relationship names an unknown dataset";
            let known = model.datasets.iter().map(|dataset| dataset.name.as_str());
            let error = self.log.source.unknown(part.line_of(dataset), what, name, known);
            self.log.refuse(error.coded("unknown-dataset"));
        }
        let node = part.required(columns);
        let columns = node.and_then(|node| match found {
            Some(found) => self.columns(found, node, ["a key", "a key column"]),
            None => self.log.list(node, "a key").map(|_| self.log.texts(node, "a key column")),
        });
        (found.map(|found| found.name.clone()), columns)
    }

    /// The texts of a list, which must name fields of a dataset; none if not all are texts. `what` says what
    /// list and item are called.
    fn columns(self, dataset: &Dataset, list: &Node, what: [&str; 2]) -> Option<Vec<String>> {
        let [list_name, item_name] = what;
        let nodes = self.log.list(list, list_name)?;
        let mut names = Vec::new();
        for node in nodes {
            let Some(name) = self.log.text(node, item_name) else { continue };
            names.push(name.to_owned());
            if dataset.field(name).is_none() && self.known.has_fields_of(&dataset.name) {
                let what = format!("dataset `{}` has no field", dataset.name);
                let known = dataset.fields.iter().map(|field| field.name.as_str());
                let error = self.log.source.unknown(node.line, &what, name, known);
                self.log.refuse(error.coded("unknown-column"));
            }
        }
        (names.len() == nodes.len()).then_some(names)
    }

    /// Refuses two of a kind with one name. Engines do not tell letter case apart, so neither may names.
    fn unique(self, kind: &str, nodes: &[Node]) {
        let mut seen = BTreeSet::new();
        for (name, line) in nodes.iter().filter_map(name_of) {
            if name.contains(|c: char| c.is_control() || matches!(c, '`' | '"' | '.')) {
                let what =
                    format!("{kind} name `{}` holds quotes, dots or control characters", name.escape_debug());
                let error = self.log.source.error(line, what, "use letters, digits and `_`");
                self.log.refuse(error.coded("invalid-name"));
            }
            if !seen.insert(name.to_lowercase()) {
                let what = format!("{kind} `{name}` is there twice");
                let error = self.log.source.error(line, what, "rename or remove one");
                self.log.refuse(error.coded("duplicate-name"));
            }
        }
    }

    /// The synonyms of an `ai_context`, which is a text or a mapping with any further keys.
    fn ai_context(self, part: &Part<'_, '_>) -> Vec<String> {
        let Some(node) = part.get("ai_context") else { return Vec::new() };
        if matches!(node.value, Value::Text(_)) {
            return Vec::new();
        }
        let context = self.log.source.open_mapping(node, "`ai_context`");
        let Some(context) = self.log.keep(context) else { return Vec::new() };
        self.log.keep(self.log.source.optional_text(&context, "instructions"));
        if let Some(examples) = context.get("examples") {
            self.log.texts(examples, "`examples`");
        }
        context.get("synonyms").map(|node| self.log.texts(node, "`synonyms`")).unwrap_or_default()
    }
}

/// The name of an item and its line, if it has one that can be read.
fn name_of(node: &Node) -> Option<(&str, u64)> {
    let Value::Mapping(entries) = &node.value else { return None };
    let (_, node) = entries.iter().find(|(key, _)| key.name == "name")?;
    node.value.as_text().filter(|name| !name.trim().is_empty()).map(|name| (name, node.line))
}

fn text_or_empty(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests;
