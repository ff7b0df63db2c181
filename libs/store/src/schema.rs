//! The tables, and how they came to be: one list of migrations for each database.
//!
//! What was released is never changed here; a later version adds to the list.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The databases that a store can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// Ids that were used, and what auth has told verifiers. Times are milliseconds since 1970, UTC.
const STATE: &str = "
CREATE TABLE single_use (
    purpose TEXT NOT NULL,
    id TEXT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (purpose, id)
);
CREATE INDEX single_use_until ON single_use (purpose, until_ms);
CREATE TABLE publication (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    digest TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    minimum_epoch BIGINT NOT NULL
);
CREATE TABLE revocations (
    composite TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);
";

const REGISTRY: &str = "
CREATE TABLE combinations (
    tenant TEXT NOT NULL,
    business TEXT NOT NULL,
    admin TEXT NOT NULL,
    role TEXT NOT NULL,
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (tenant, business, admin)
);
CREATE TABLE principals (id TEXT PRIMARY KEY);
CREATE TABLE bootstraps (
    principal TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    spiffe_id TEXT NOT NULL,
    PRIMARY KEY (principal, spiffe_id)
);
CREATE TABLE assumed_roles (
    role TEXT PRIMARY KEY,
    principal TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE
);
CREATE TABLE speaks_for (
    principal TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    business TEXT NOT NULL,
    admin TEXT NOT NULL,
    PRIMARY KEY (principal, tenant, business, admin),
    FOREIGN KEY (tenant, business, admin)
        REFERENCES combinations (tenant, business, admin) ON DELETE CASCADE
);
CREATE TABLE registry_version (one BIGINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL);
INSERT INTO registry_version (one, version) VALUES (1, 0);
";

/// Keys of all replicas of a signer, by their certificates.
const KEYS: &str = "
CREATE TABLE shown_keys (kid TEXT PRIMARY KEY, certificate TEXT NOT NULL, until_ms BIGINT NOT NULL);
";

const TABLES: [&str; 5] = ["combinations", "principals", "bootstraps", "assumed_roles", "speaks_for"];

/// The version moves whoever writes: a hand with a client of the database has to be noticed too.
fn triggers(kind: Kind) -> String {
    let mut text = String::new();
    if kind == Kind::Postgres {
        text.push_str(
            "CREATE FUNCTION registry_changed() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN UPDATE registry_version SET version = version + 1; RETURN NULL; END';\n",
        );
    }
    for table in TABLES {
        match kind {
            Kind::Postgres => text.push_str(&format!(
                "CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();\n"
            )),
            Kind::Sqlite => {
                for event in ["INSERT", "UPDATE", "DELETE"] {
                    text.push_str(&format!(
                        "CREATE TRIGGER {table}_{event} AFTER {event} ON {table} BEGIN \
                         UPDATE registry_version SET version = version + 1; END;\n"
                    ));
                }
            }
        }
    }
    text
}

/// Everything that has to be done to a new database.
pub(crate) fn migrator(kind: Kind) -> Migrator {
    let migration = |version, name: &'static str, sql| {
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    // The text is ours alone: names of tables and of events, from the lists above.
    let triggers = sqlx::AssertSqlSafe(triggers(kind)).into_sql_str();
    Migrator::with_migrations(vec![
        migration(1, "state", STATE.into_sql_str()),
        migration(2, "registry", REGISTRY.into_sql_str()),
        migration(3, "registry triggers", triggers),
        migration(4, "keys of replicas", KEYS.into_sql_str()),
    ])
}
