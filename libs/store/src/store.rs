//! Opens a store: the connection, how durable it is, and the tables.
//!
//! Decides that what a store has confirmed survives a crash of the machine, that a store which cannot
//! be used says so in bounded time, and that a file belongs to its owner alone.

use crate::StoreError;
use crate::place::{Place, file_url};
use crate::schema::{Kind, migrator};
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, Executor as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

/// Longest wait for a connection; whoever waits longer is refused.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(2);

/// SQLite has one writer at a time: more connections would only wait for each other.
const SQLITE_CONNECTIONS: u32 = 1;
const POSTGRES_CONNECTIONS: u32 = 4;

/// Two processes may bring the same file to this version at once; one of them has to try again.
const MIGRATION_TRIES_MAX: u32 = 5;
const MIGRATION_PAUSE: Duration = Duration::from_millis(200);

/// What is confirmed is on disk, whatever the server's own settings say; and a process that stops in the middle of
/// a transaction does not hold the others up for ever.
const POSTGRES_SETTINGS: &str = "SET statement_timeout = '2s'; \
    SET idle_in_transaction_session_timeout = '5s'; SET synchronous_commit = on;";

static DRIVERS: Once = Once::new();

/// An open store. Cheap to clone; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: AnyPool,
    pub(crate) kind: Kind,
}

impl Store {
    /// Opens a store, and makes or moves its tables to this version.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open(place: &Place) -> Result<Self, StoreError> {
        DRIVERS.call_once(install_default_drivers);
        let (kind, url) = match (place.file()?, place) {
            (Some(path), _) => {
                let failed = |source| StoreError::File { path: path.clone(), source };
                // Whole, so that no name is one of those that SQLite reads in another way.
                let whole = std::path::absolute(&path).map_err(failed)?;
                let mode = make(&whole).map_err(failed)?;
                if mode & 0o077 != 0 {
                    return Err(StoreError::OpenToOthers { path, mode });
                }
                (Kind::Sqlite, file_url(&whole))
            }
            (None, Place::Url(url)) => (Kind::Postgres, url.clone()),
            (None, Place::File(_)) => return Err(StoreError::Scheme),
        };
        let pool = AnyPoolOptions::new()
            .max_connections(match kind {
                Kind::Sqlite => SQLITE_CONNECTIONS,
                Kind::Postgres => POSTGRES_CONNECTIONS,
            })
            .acquire_timeout(CONNECTION_TIME_MAX)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    match kind {
                        Kind::Sqlite => {
                            connection
                                .execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
                                .await?
                        }
                        Kind::Postgres => connection.execute(POSTGRES_SETTINGS).await?,
                    };
                    Ok(())
                })
            })
            .connect(&url)
            .await?;
        let store = Self { pool, kind };
        store.migrate().await?;
        Ok(store)
    }

    /// Closes every connection; who asks afterwards is refused.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = migrator(self.kind);
        let mut pauses = tokio::time::interval(MIGRATION_PAUSE);
        let mut tries = 0;
        loop {
            pauses.tick().await;
            tries += 1;
            match migrator.run(&self.pool).await {
                Ok(()) => return Ok(()),
                Err(error) if tries == MIGRATION_TRIES_MAX => return Err(error.into()),
                Err(error) => {
                    tracing::debug!(%error, "another process may be at the tables");
                }
            }
        }
    }
}

/// Makes the file and its folder, for their owner alone, and says who may read or write the file. One that is
/// there stays as it is.
fn make(path: &Path) -> std::io::Result<u32> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).open(path)?;
    Ok(file.metadata()?.permissions().mode() & 0o777)
}
