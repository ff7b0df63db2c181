//! Why nothing was imported.
//!
//! Decides the words. What was imported in part is no error: its gaps are notes.

use splitplane_semantics::LoadError;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No file at all.
    #[error("no file was given")]
    NoFile,
    /// A file that is not YAML.
    #[error("the file cannot be read")]
    Yaml(#[source] LoadError),
    /// A file that is not of the kind asked for, or not in a version that is read.
    #[error("{file}:{line}: {what}; {remedy}")]
    Shape {
        /// The file.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// What is wrong.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// Nothing in the files that a model could be made of.
    #[error("nothing could be carried over: {0}")]
    Nothing(String),
    /// The text that was made does not load: a fault of this program.
    #[error("the imported model does not load")]
    Unloadable(#[source] LoadError),
}
