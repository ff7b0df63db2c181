//! The kinds of files that are read, and how one is told from the other.
//!
//! Decides by the keys of the root alone; whether the file is right is for its reader to say.

use crate::file::Map;
use splitplane_semantics::yaml::Source;

/// A kind of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Databricks metric view, version 1.1: one file, one view.
    MetricView,
    /// Semantic models and metrics of dbt's MetricFlow: any number of files.
    MetricFlow,
}

impl Kind {
    /// The kind of a file; `None` if it is neither, or not YAML.
    #[must_use]
    pub fn detect(text: &str) -> Option<Self> {
        let root = Source { file: "" }.tree(text).ok()?;
        let root = Map::of(&root)?;
        let has = |keys: &[&str]| keys.iter().any(|key| root.get(key).is_some());
        if has(&["semantic_models", "metrics"]) || crate::flow::has_annotated_models(&root) {
            return Some(Self::MetricFlow);
        }
        (has(&["source"]) && has(&["measures", "dimensions", "fields"])).then_some(Self::MetricView)
    }
}
