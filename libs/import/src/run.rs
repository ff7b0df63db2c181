//! From files to a model and what it lacks.
//!
//! Decides the order: read, write, load. What is carried is for the readers of each kind to say.

use crate::kind::Kind;
use crate::note::{Note, Notes};
use crate::{ImportError, flow, settle, view, write};
use splitplane_semantics::yaml::{Node, Source};

/// What the files do not say.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Name of the model; else that of the file, or `imported` where there are several.
    pub model_name: Option<String>,
    /// Catalog and schema before the names of dbt's models, for example `main.gold`.
    pub source_prefix: Option<String>,
    /// The dimension or column of a metric view's source to which periods apply.
    pub time_dimension: Option<String>,
}

/// A model, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The model, as [`splitplane_semantics::parse_model`] reads it.
    pub ossie_yaml: String,
    /// What was not carried over, or means a little less, in the order of reading.
    pub notes: Vec<Note>,
}

/// A file and its tree.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    pub(crate) file: &'a str,
    pub(crate) root: Node,
}

/// Imports files of one kind as one model.
///
/// # Errors
/// See [`ImportError`].
pub fn import(kind: Kind, files: &[(String, String)], options: &Options) -> Result<Imported, ImportError> {
    let mut read = Vec::new();
    for (file, text) in files {
        // dbt's files may hold nothing but comments.
        if kind == Kind::MetricFlow
            && text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            continue;
        }
        let root = Source { file }.tree(text).map_err(ImportError::Yaml)?;
        read.push(Read { file, root });
    }
    if read.is_empty() {
        return Err(ImportError::NoFile);
    }
    let mut notes = Notes::default();
    let draft = match kind {
        Kind::MetricView => view::draft(&read, options, &mut notes)?,
        Kind::MetricFlow => flow::draft(&read, options, &mut notes)?,
    };
    let names: Vec<&str> = read.iter().map(|read| read.file).collect();
    let draft = settle::metrics(draft, &mut notes)?;
    Ok(Imported { ossie_yaml: write::yaml(&draft, &write::header(kind, &names)), notes: notes.0 })
}

/// The name of a file without folders and ending.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("imported")
}
