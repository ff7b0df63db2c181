//! Semantic models as `semantic_models:` has them.
//!
//! Decides what is read of one. What it means in a model of ours is for `graph` and `measures` to say.

use crate::draft::About;
use crate::file::Map;
use crate::note::{Notes, Place};
use splitplane_semantics::yaml::Node;

/// A semantic model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) at: Place,
    /// Name of the dbt model; or why none is known.
    pub(super) source: Result<String, String>,
    pub(super) about: About,
    /// The entity of its rows, where no column is one.
    pub(super) primary_entity: Option<String>,
    /// The time of measures that name none.
    pub(super) time: Option<String>,
    pub(super) entities: Vec<Entity>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) measures: Vec<Measure>,
}

#[derive(Debug)]
pub(super) struct Entity {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) expr: Result<Option<String>, String>,
    pub(super) about: About,
    pub(super) at: Place,
}

#[derive(Debug)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) grain: Option<String>,
    pub(super) expr: Result<Option<String>, String>,
    pub(super) about: About,
    pub(super) at: Place,
}

#[derive(Debug, Clone)]
pub(super) struct Measure {
    pub(super) name: String,
    pub(super) agg: String,
    pub(super) expr: Option<String>,
    pub(super) percentile: Option<String>,
    pub(super) is_discrete: bool,
    pub(super) is_approximate: bool,
    pub(super) time: Option<String>,
    /// Why no metric can be made of it.
    pub(super) refused: Option<String>,
    /// Whether it is a metric of its own name, too.
    pub(super) is_metric: bool,
    pub(super) about: About,
    pub(super) at: Place,
}

pub(super) fn read(node: &Node, file: &str, notes: &mut Notes) -> Option<Model> {
    let at = Place { file: file.to_owned(), line: node.line };
    let Some((map, name)) = Map::of(node).and_then(|map| Some((map, map.text("name")?))) else {
        notes.add(&at, "a semantic model", "is no mapping with a name");
        return None;
    };
    let what = format!("semantic model `{name}`");
    let known = [
        "name",
        "model",
        "description",
        "label",
        "defaults",
        "entities",
        "dimensions",
        "measures",
        "primary_entity",
    ];
    map.note_unknown(file, &what, &known, notes);
    let mut parts = Parts { file, what: &what, notes };
    Some(Model {
        at: map.place(file),
        source: source(&map.text("model").unwrap_or_default()),
        about: about(map),
        primary_entity: map.text("primary_entity"),
        time: map.map("defaults").and_then(|defaults| defaults.text("agg_time_dimension")),
        entities: parts.each((map, "entities"), "entity", entity),
        dimensions: parts.each((map, "dimensions"), "dimension", dimension),
        measures: parts.each((map, "measures"), "measure", measure),
        name,
    })
}

/// Reads the parts of a model, each by its name.
pub(super) struct Parts<'a> {
    pub(super) file: &'a str,
    pub(super) what: &'a str,
    pub(super) notes: &'a mut Notes,
}

impl Parts<'_> {
    pub(super) fn each<T>(
        &mut self,
        (map, key): (Map<'_>, &str),
        kind: &str,
        read: impl Fn(String, Map<'_>, &mut Parts<'_>) -> T,
    ) -> Vec<T> {
        let mut seen: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for node in map.noted_list(key, self.file, self.what, self.notes) {
            let at = Place { file: self.file.to_owned(), line: node.line };
            let Some((map, name)) = Map::of(node).and_then(|map| Some((map, map.text("name")?))) else {
                self.notes.add(&at, format!("an {kind} of {}", self.what), "is no mapping with a name");
                continue;
            };
            if seen.iter().any(|other| crate::name::same(other, &name)) {
                self.notes.add(
                    &at,
                    format!("{kind} `{name}` of {}", self.what),
                    "is there twice; the first is read",
                );
                continue;
            }
            seen.push(name.clone());
            let what = format!("{kind} `{name}` of {}", self.what);
            found.push(read(name, map, &mut Parts { file: self.file, what: &what, notes: self.notes }));
        }
        found
    }
}

pub(super) fn about(map: Map<'_>) -> About {
    About { label: map.text("label"), description: map.text("description"), synonyms: Vec::new(), unit: None }
}

pub(super) fn entity(name: String, map: Map<'_>, parts: &mut Parts<'_>) -> Entity {
    map.note_unknown(
        parts.file,
        parts.what,
        &["name", "type", "expr", "description", "label", "role"],
        parts.notes,
    );
    let kind = map.text("type").unwrap_or_default();
    Entity { name, kind, expr: map.said("expr"), about: about(map), at: map.place(parts.file) }
}

fn dimension(name: String, map: Map<'_>, parts: &mut Parts<'_>) -> Dimension {
    let known = ["name", "type", "expr", "description", "label", "type_params", "is_partition"];
    map.note_unknown(parts.file, parts.what, &known, parts.notes);
    let params = map.map("type_params");
    if let Some(params) = params {
        params.note_unknown(parts.file, parts.what, &["time_granularity"], parts.notes);
    }
    Dimension {
        name,
        kind: map.text("type").unwrap_or_default(),
        grain: params.and_then(|params| params.text("time_granularity")),
        expr: map.said("expr"),
        about: about(map),
        at: map.place(parts.file),
    }
}

fn measure(name: String, map: Map<'_>, parts: &mut Parts<'_>) -> Measure {
    let aside = ["config", "meta", "description", "label", "name", "create_metric"];
    let read = ["agg", "expr", "agg_params", "agg_time_dimension", "non_additive_dimension"];
    let known: Vec<&str> = aside.into_iter().chain(read).collect();
    let (expr, time) = (map.said("expr"), map.said("agg_time_dimension"));
    let mut refused = non_additive(map).or(expr.clone().err()).or(time.clone().err());
    // What is not understood could change what is added up.
    if let Some(key) = map.unknown(&known) {
        refused = Some(format!("its key `{key}` is not read"));
    }
    let params = map.map("agg_params");
    Measure {
        name,
        agg: map.text("agg").unwrap_or_default(),
        expr: expr.unwrap_or_default(),
        percentile: params.and_then(|params| params.text("percentile")),
        is_discrete: params.is_some_and(|params| params.is_set("use_discrete_percentile")),
        is_approximate: params.is_some_and(|params| params.is_set("use_approximate_percentile")),
        time: time.unwrap_or_default(),
        refused,
        is_metric: map.is_set("create_metric"),
        about: about(map),
        at: map.place(parts.file),
    }
}

/// Why a measure that takes one day of several is not carried.
pub(super) fn non_additive(map: Map<'_>) -> Option<String> {
    let found = map.get("non_additive_dimension")?;
    let over = Map::of(found).and_then(|map| map.text("name")).unwrap_or_default();
    Some(format!("it is added up over the first or last `{over}` only, which no expression of ours says"))
}

/// The dbt model that `ref(...)` names.
fn source(text: &str) -> Result<String, String> {
    let refused = || Err(format!("its model `{}` is no `ref('name')`", text));
    let inner = text.trim();
    let inner = match inner.strip_prefix("{{") {
        Some(inner) => inner.strip_suffix("}}").unwrap_or_default().trim(),
        None => inner,
    };
    let Some(arguments) = inner.strip_prefix("ref(").and_then(|rest| rest.strip_suffix(')')) else {
        return refused();
    };
    let mut names = Vec::new();
    for argument in arguments.split(',') {
        match super::template::quoted(argument.trim()) {
            Some(name) => names.push(name.to_owned()),
            None => return refused(),
        }
    }
    match names.as_slice() {
        [name] | [_, name] => Ok(name.clone()),
        _ => refused(),
    }
}
