//! Semantic models and metrics of dbt's MetricFlow.
//!
//! Decides what of the files is read: semantic models with measures, models annotated in place, and metrics. Each
//! semantic model becomes a dataset, and entities become keys and relationships.

mod annotated;
mod graph;
mod measures;
mod models;
mod resolve;
mod specs;
mod template;

use crate::draft::Draft;
use crate::file::Map;
use crate::note::{Notes, Place};
use crate::run::{Options, Read, stem};
use crate::{ImportError, settle};

pub(crate) use annotated::has_annotated_models;

/// Keys of the root that say nothing about meaning.
const ASIDE: [&str; 14] = [
    "version",
    "models",
    "semantic_models",
    "metrics",
    "sources",
    "seeds",
    "snapshots",
    "macros",
    "exposures",
    "groups",
    "unit_tests",
    "data_tests",
    "tests",
    "anchors",
];

pub(crate) fn draft(read: &[Read<'_>], options: &Options, notes: &mut Notes) -> Result<Draft, ImportError> {
    let mut models = Vec::new();
    let mut specs = Vec::new();
    for Read { file, root } in read {
        let Some(root) = Map::of(root) else {
            notes.add(&Place { file: (*file).to_owned(), line: root.line }, "the file", "is no mapping");
            continue;
        };
        root.note_unknown(file, "the file", &ASIDE, notes);
        for node in root.noted_list("semantic_models", file, "the file", notes) {
            models.extend(models::read(node, file, notes));
        }
        annotated::read(root, file, &mut models, &mut specs, notes);
        for node in root.noted_list("metrics", file, "the file", notes) {
            specs.extend(specs::read(node, file, notes));
        }
    }
    unique(&models)?;
    let name = match read {
        [one] => stem(one.file),
        _ => "imported",
    };
    let mut draft = Draft {
        name: options.model_name.clone().unwrap_or_else(|| name.to_owned()),
        description: String::new(),
        datasets: Vec::new(),
        relationships: Vec::new(),
        metrics: Vec::new(),
    };
    let mut graph = graph::Graph::default();
    for model in models {
        graph.add(model, &mut draft, options, notes);
    }
    graph.relate(&mut draft);
    settle::fields(&mut draft, notes);
    let measures = measures::bind(&mut graph, &mut draft, notes);
    resolve::metrics(specs, &measures, &graph, &mut draft, notes);
    Ok(draft)
}

fn unique(models: &[models::Model]) -> Result<(), ImportError> {
    for (index, model) in models.iter().enumerate() {
        let is_it = |other: &&models::Model| crate::name::same(&other.name, &model.name);
        if let Some(first) = models.iter().take(index).find(is_it) {
            return Err(ImportError::Shape {
                file: model.at.file.clone(),
                line: model.at.line,
                what: format!(
                    "semantic model `{}` is in {}:{} already",
                    model.name.escape_debug(),
                    first.at.file,
                    first.at.line
                ),
                remedy: "rename or remove one".to_owned(),
            });
        }
    }
    Ok(())
}
