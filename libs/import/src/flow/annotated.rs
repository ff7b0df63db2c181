//! Models that are annotated in place: `semantic_model:` under `models:`, columns with `entity:` and `dimension:`.
//!
//! Decides only how that form reads as the other one. A simple metric is a measure and a metric of its name.

use super::models::{Dimension, Entity, Measure, Model, Parts, about, entity, non_additive};
use super::specs::{self, Spec};
use crate::file::Map;
use crate::note::{Notes, Place};
use splitplane_semantics::yaml::{Node, Value};

/// Whether a file has a model that is annotated in place.
pub(crate) fn has_annotated_models(root: &Map<'_>) -> bool {
    root.list("models").iter().filter_map(Map::of).any(is_on)
}

fn is_on(model: Map<'_>) -> bool {
    match model.get("semantic_model").map(|node| &node.value) {
        Some(Value::Boolean(is_on)) => *is_on,
        Some(Value::Mapping(_)) => {
            let enabled = model.map("semantic_model").and_then(|inner| inner.text("enabled"));
            enabled.as_deref() != Some("false")
        }
        Some(Value::Null | Value::Integer(_) | Value::Fraction(_) | Value::Text(_) | Value::List(_))
        | None => false,
    }
}

pub(super) fn read(
    root: Map<'_>,
    file: &str,
    models: &mut Vec<Model>,
    specs: &mut Vec<Spec>,
    notes: &mut Notes,
) {
    for map in root.list("models").iter().filter_map(Map::of).filter(|map| is_on(*map)) {
        let Some(table) = map.text("name") else {
            notes.add(&map.place(file), "a model", "has no name");
            continue;
        };
        let inner = map.map("semantic_model");
        let name = inner.and_then(|inner| inner.text("name")).unwrap_or_else(|| table.clone());
        let what = format!("semantic model `{name}`");
        if let Some(inner) = inner {
            inner.note_unknown(file, &what, &["enabled", "name", "description", "label"], notes);
        }
        let mut model = Model {
            at: map.place(file),
            source: Ok(table),
            about: about(map),
            primary_entity: map.text("primary_entity"),
            time: map.text("agg_time_dimension"),
            entities: Vec::new(),
            dimensions: Vec::new(),
            measures: Vec::new(),
            name,
        };
        let mut parts = Parts { file, what: &what, notes };
        columns(map.noted_list("columns", file, &what, parts.notes), &mut model, &mut parts);
        if let Some(derived) = map.map("derived_semantics") {
            derived.note_unknown(file, &what, &["entities", "dimensions"], parts.notes);
            model.entities.extend(parts.each((derived, "entities"), "entity", entity));
            model.dimensions.extend(parts.each((derived, "dimensions"), "dimension", derived_dimension));
        }
        for node in map.noted_list("metrics", file, &what, notes) {
            metric(node, file, &mut model, specs, notes);
        }
        models.push(model);
    }
}

/// A key that holds a mapping, or the type alone.
fn typed<'n>(column: Map<'n>, key: &str) -> Option<(String, Option<Map<'n>>)> {
    let node = column.get(key)?;
    match Map::of(node) {
        Some(map) => Some((map.text("type").unwrap_or_default(), Some(map))),
        None => Some((crate::file::scalar(node)?, None)),
    }
}

fn columns(nodes: &[Node], model: &mut Model, parts: &mut Parts<'_>) {
    for column in nodes.iter().filter_map(Map::of) {
        let Some(name) = column.text("name") else { continue };
        let at = column.place(parts.file);
        let named =
            |map: Option<Map<'_>>| map.and_then(|map| map.text("name")).unwrap_or_else(|| name.clone());
        let described = |map: Option<Map<'_>>| {
            let mut said = map.map(about).unwrap_or_default();
            said.description = said.description.or_else(|| column.text("description"));
            said
        };
        if let Some((kind, map)) = typed(column, "entity") {
            let what = format!("entity `{}` of {}", named(map), parts.what);
            if let Some(map) = map {
                map.note_unknown(parts.file, &what, &["type", "name", "description", "label"], parts.notes);
            }
            model.entities.push(Entity {
                name: named(map),
                kind,
                expr: Ok(Some(format!("`{name}`"))),
                about: described(map),
                at: at.clone(),
            });
        }
        if let Some((kind, map)) = typed(column, "dimension") {
            let what = format!("dimension `{}` of {}", named(map), parts.what);
            if let Some(map) = map {
                let known = ["type", "name", "description", "label", "is_partition"];
                map.note_unknown(parts.file, &what, &known, parts.notes);
            }
            model.dimensions.push(Dimension {
                name: named(map),
                kind,
                grain: column.text("granularity"),
                expr: Ok(Some(format!("`{name}`"))),
                about: described(map),
                at,
            });
        }
    }
}

fn derived_dimension(name: String, map: Map<'_>, parts: &mut Parts<'_>) -> Dimension {
    let known = ["name", "type", "expr", "description", "label", "granularity", "is_partition"];
    map.note_unknown(parts.file, parts.what, &known, parts.notes);
    Dimension {
        name,
        kind: map.text("type").unwrap_or_default(),
        grain: map.text("granularity"),
        expr: map.said("expr"),
        about: about(map),
        at: map.place(parts.file),
    }
}

/// A metric inside a model: a simple one is a measure, too.
fn metric(node: &Node, file: &str, model: &mut Model, specs: &mut Vec<Spec>, notes: &mut Notes) {
    let simple = Map::of(node).filter(|map| map.text("type").as_deref() == Some("simple"));
    if let Some(map) = simple
        && let Some(name) = map.text("name")
    {
        let (expr, time) = (map.said("expr"), map.said("agg_time_dimension"));
        model.measures.push(Measure {
            name,
            agg: map.text("agg").unwrap_or_default(),
            refused: non_additive(map).or(expr.clone().err()).or(time.clone().err()),
            expr: expr.unwrap_or_default(),
            percentile: map.text("percentile"),
            is_discrete: map.get("percentile_type").is_some()
                && map.text("percentile_type").as_deref() != Some("continuous"),
            is_approximate: false,
            time: time.unwrap_or_default(),
            is_metric: false,
            about: about(map),
            at: map.place(file),
        });
    }
    match specs::read(node, file, notes) {
        Some(spec) => specs.push(Spec { model: Some(model.name.clone()), ..spec }),
        None => notes.add(
            &Place { file: file.to_owned(), line: node.line },
            "a metric",
            "is no mapping with a name",
        ),
    }
}
