//! Databases of a test's own, on a PostgreSQL server that the environment names.
//!
//! Decides that tests without a server say so and go on.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::path::Path;

/// Names the server: the URL of any of its databases.
const SERVER: &str = "SPLITPLANE_POSTGRES";

/// URL of a new database, named after a folder of the test's own; nothing, loudly, where there is no server.
///
/// # Panics
/// The server cannot make a database.
pub async fn postgres(folder: &Path) -> Option<String> {
    let Some((_, server)) = std::env::vars().find(|(name, _)| name == SERVER) else {
        eprintln!("SKIPPED on PostgreSQL: {SERVER} names no server");
        return None;
    };
    let name: String = folder.to_string_lossy().bytes().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("test_{}", name.chars().rev().take(40).collect::<String>());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (rest, query) = server.split_once('?').unwrap_or((&server, ""));
    let (rest, _) = rest.rsplit_once('/').unwrap();
    Some(format!("{rest}/{name}?{query}"))
}
