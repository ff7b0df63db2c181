//! Why no data came about.

use std::io;
use std::path::PathBuf;

/// A failure to generate.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The specification is not YAML of the right shape.
    #[error("the data specification cannot be read")]
    Syntax(#[source] Box<serde_saphyr::Error>),
    /// The specification asks for something that cannot be.
    #[error("the data specification is wrong at {place}: {what}")]
    Spec {
        /// Table, column or total.
        place: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The folder holds something else.
    #[error(
        "`{}` holds files that were not generated; name an empty folder, or remove it yourself",
        path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A table could not be encoded.
    #[error("cannot write the table `{}`", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        source: Box<parquet::errors::ParquetError>,
    },
}

impl GenerateError {
    /// An error at a place of the specification.
    pub(super) fn spec(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Spec { place: place.into(), what: what.into() }
    }
}
