//! Why something cannot be kept, or read again.

use std::path::PathBuf;

/// Any failure of a store. What it says is for the log and for whoever starts the service.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A URL is not one of a database that is known.
    #[error("the database's URL is not `postgres://…` or `sqlite:…`")]
    Scheme,
    /// A URL has a part that is read in more than one way.
    #[error("the database's URL has a `#`, or a setting whose name is escaped or given twice")]
    Ambiguous,
    /// A URL holds a password, which would then be in a configuration.
    #[error("the database's URL holds a password; put it into the file that PGPASSFILE names")]
    Password,
    /// A URL names another machine, and does not ask for its certificate.
    #[error("the database is on another machine: its URL must say `sslmode=verify-full`")]
    Plaintext,
    /// The file of a database cannot be made.
    #[error("cannot make `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others than its owner may read or write the file.
    #[error("`{}` is open to others (mode {mode:o}); `chmod 600` it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The database refuses, or cannot be reached.
    #[error("the database cannot be used")]
    Database(#[from] sqlx::Error),
    /// The tables cannot be brought to this version.
    #[error("the database's tables cannot be brought to this version")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row is not what this version writes.
    #[error("the database holds a row that makes no sense: {0}")]
    Row(String),
}
