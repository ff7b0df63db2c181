//! Databases of a test's own, on a PostgreSQL server that the environment names.
//!
//! Decides that tests without a server say so and go on.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::path::Path;

/// Names the server: the URL of any of its databases.
const SERVER: &str = "SPLITPLANE_POSTGRES";

/// URL of a new database, named after a folder of the test's own; nothing, loudly, where there is no server.
///
/// # Errors
/// The server cannot make a database.
#[expect(clippy::print_stderr, reason = "what is not tested is said where the tests are read")]
pub async fn postgres(folder: &Path) -> Result<Option<String>, sqlx::Error> {
    let Some((_, server)) = std::env::vars().find(|(name, server)| name == SERVER && !server.is_empty())
    else {
        eprintln!("SKIPPED on PostgreSQL: {SERVER} names no server");
        return Ok(None);
    };
    let name: String = folder.to_string_lossy().bytes().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("test_{}", name.chars().rev().take(40).collect::<String>());
    let mut connection = PgConnection::connect(&server).await?;
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    let (rest, query) = server.split_once('?').unwrap_or((&server, ""));
    let (rest, _) = rest.rsplit_once('/').unwrap_or((rest, ""));
    Ok(Some(format!("{rest}/{name}?{query}")))
}
