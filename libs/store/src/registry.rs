//! The registry's tables: combinations, principals, and who may speak for which.
//!
//! Decides that a reader sees one version as a whole, and that a writer whose version is no longer the
//! latest writes nothing. What an entry means, and whether entries fit together, is auth's to decide.

use crate::schema::Kind;
use crate::{Store, StoreError};
use splitplane_types::{CompositeKey, InvalidId, PrincipalId, Role};
use sqlx::{Any, Transaction};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Counts every change of the registry's tables.
pub type RegistryVersion = i64;

/// The entries of a registry, in no order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entries {
    /// Registered combinations.
    pub combinations: Vec<CombinationEntry>,
    /// Principals.
    pub principals: Vec<PrincipalEntry>,
}

/// A tenant, a business and an admin that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinationEntry {
    /// The three ids.
    pub key: CompositeKey,
    /// The role.
    pub role: Role,
    /// Whether it may be spoken for at all.
    pub active: bool,
}

/// A principal that signs requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalEntry {
    /// Its id.
    pub id: PrincipalId,
    /// SPIFFE ids of the workloads that may fetch its credentials.
    pub bootstraps: Vec<String>,
    /// Its assumed roles at AWS.
    pub assumed_roles: Vec<String>,
    /// The combinations that it may speak for.
    pub speaks_for: Vec<CompositeKey>,
}

impl Store {
    /// The version of the registry in force.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn registry_version(&self) -> Result<RegistryVersion, StoreError> {
        let (version,) = sqlx::query_as("SELECT version FROM registry_version").fetch_one(&self.pool).await?;
        Ok(version)
    }

    /// The registry as a whole, and its version. Sorted, so that two that are the same look the same.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn registry(&self) -> Result<(RegistryVersion, Entries), StoreError> {
        let mut reading = match self.kind {
            Kind::Sqlite => self.pool.begin().await?,
            Kind::Postgres => self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
        };
        let (version,) =
            sqlx::query_as("SELECT version FROM registry_version").fetch_one(&mut *reading).await?;
        let combinations: Vec<(String, String, String, String, i64)> =
            sqlx::query_as("SELECT tenant, business, admin, role, active FROM combinations")
                .fetch_all(&mut *reading)
                .await?;
        let principals: Vec<(String,)> =
            sqlx::query_as("SELECT id FROM principals").fetch_all(&mut *reading).await?;
        let bootstraps: Vec<(String, String)> =
            sqlx::query_as("SELECT principal, spiffe_id FROM bootstraps").fetch_all(&mut *reading).await?;
        let roles: Vec<(String, String)> =
            sqlx::query_as("SELECT principal, role FROM assumed_roles").fetch_all(&mut *reading).await?;
        let speaks_for: Vec<(String, String, String, String)> =
            sqlx::query_as("SELECT principal, tenant, business, admin FROM speaks_for")
                .fetch_all(&mut *reading)
                .await?;
        reading.rollback().await?;
        let mut rows = Rows::of(&principals);
        for (principal, spiffe_id) in bootstraps {
            rows.of_principal(&principal)?.bootstraps.push(spiffe_id);
        }
        for (principal, role) in roles {
            rows.of_principal(&principal)?.assumed_roles.push(role);
        }
        for (principal, tenant, business, admin) in speaks_for {
            rows.of_principal(&principal)?.speaks_for.push(composite(&tenant, &business, &admin)?);
        }
        let mut entries = Entries { combinations: Vec::new(), principals: rows.entries()? };
        for (tenant, business, admin, role, active) in combinations {
            let key = composite(&tenant, &business, &admin)?;
            entries.combinations.push(CombinationEntry { key, role: id(&role)?, active: active == 1 });
        }
        entries.sort();
        Ok((version, entries))
    }

    /// Writes what differs between two states, if `version` is still in force, and says whether it was.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn write_registry(
        &self,
        version: RegistryVersion,
        before: &Entries,
        after: &Entries,
    ) -> Result<bool, StoreError> {
        let mut writing = self.pool.begin().await?;
        let taken = sqlx::query("UPDATE registry_version SET version = version + 1 WHERE version = $1");
        if taken.bind(version).execute(&mut *writing).await?.rows_affected() != 1 {
            return Ok(false);
        }
        let (old, new) = (principals(before), principals(after));
        // What refers to others goes first and comes last.
        for (id, principal) in &old {
            if new.get(id) != Some(principal) {
                let delete = sqlx::query("DELETE FROM principals WHERE id = $1").bind(id.to_string());
                delete.execute(&mut *writing).await?;
            }
        }
        write_combinations(&mut writing, &combinations(before), &combinations(after)).await?;
        for (id, principal) in &new {
            if old.get(id) != Some(principal) {
                insert_principal(&mut writing, principal).await?;
            }
        }
        writing.commit().await?;
        Ok(true)
    }
}

impl Entries {
    /// Puts everything into one order.
    pub fn sort(&mut self) {
        self.combinations.sort_by(|left, right| left.key.cmp(&right.key));
        self.principals.sort_by(|left, right| left.id.cmp(&right.id));
        for principal in &mut self.principals {
            principal.bootstraps.sort();
            principal.assumed_roles.sort();
            principal.speaks_for.sort();
        }
    }
}

async fn write_combinations(
    writing: &mut Transaction<'_, Any>,
    old: &BTreeMap<&CompositeKey, &CombinationEntry>,
    new: &BTreeMap<&CompositeKey, &CombinationEntry>,
) -> Result<(), StoreError> {
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        let delete =
            sqlx::query("DELETE FROM combinations WHERE tenant = $1 AND business = $2 AND admin = $3");
        let delete = delete.bind(key.tenant().to_string()).bind(key.business().to_string());
        delete.bind(key.admin().to_string()).execute(&mut **writing).await?;
    }
    for (key, entry) in new.iter().filter(|(key, entry)| old.get(*key) != Some(*entry)) {
        let upsert = sqlx::query(
            "INSERT INTO combinations (tenant, business, admin, role, active) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (tenant, business, admin) DO UPDATE SET role = excluded.role, active = excluded.active",
        );
        let upsert = upsert.bind(key.tenant().to_string()).bind(key.business().to_string());
        let upsert = upsert.bind(key.admin().to_string()).bind(entry.role.to_string());
        // One driver for both databases has no word for truth.
        let upsert = upsert.bind(i64::from(entry.active));
        upsert.execute(&mut **writing).await?;
    }
    Ok(())
}

async fn insert_principal(
    writing: &mut Transaction<'_, Any>,
    principal: &PrincipalEntry,
) -> Result<(), StoreError> {
    let id = principal.id.to_string();
    sqlx::query("INSERT INTO principals (id) VALUES ($1)").bind(id.clone()).execute(&mut **writing).await?;
    for spiffe_id in &principal.bootstraps {
        let insert = sqlx::query("INSERT INTO bootstraps (principal, spiffe_id) VALUES ($1, $2)");
        insert.bind(id.clone()).bind(spiffe_id.clone()).execute(&mut **writing).await?;
    }
    for role in &principal.assumed_roles {
        let insert = sqlx::query("INSERT INTO assumed_roles (principal, role) VALUES ($1, $2)");
        insert.bind(id.clone()).bind(role.clone()).execute(&mut **writing).await?;
    }
    for key in &principal.speaks_for {
        let insert = sqlx::query(
            "INSERT INTO speaks_for (principal, tenant, business, admin) VALUES ($1, $2, $3, $4)",
        );
        let insert = insert.bind(id.clone()).bind(key.tenant().to_string());
        let insert = insert.bind(key.business().to_string()).bind(key.admin().to_string());
        insert.execute(&mut **writing).await?;
    }
    Ok(())
}

/// Principals as their rows come in.
#[derive(Default)]
struct Rows<'a>(BTreeMap<&'a str, Parts>);

#[derive(Default)]
struct Parts {
    bootstraps: Vec<String>,
    assumed_roles: Vec<String>,
    speaks_for: Vec<CompositeKey>,
}

impl<'a> Rows<'a> {
    fn of(principals: &'a [(String,)]) -> Self {
        Self(principals.iter().map(|(id,)| (id.as_str(), Parts::default())).collect())
    }

    fn of_principal(&mut self, id: &str) -> Result<&mut Parts, StoreError> {
        self.0.get_mut(id).ok_or_else(|| StoreError::Row(format!("`{id}` is no principal")))
    }

    fn entries(self) -> Result<Vec<PrincipalEntry>, StoreError> {
        let entry = |(name, parts): (&str, Parts)| {
            let Parts { bootstraps, assumed_roles, speaks_for } = parts;
            Ok(PrincipalEntry { id: id(name)?, bootstraps, assumed_roles, speaks_for })
        };
        self.0.into_iter().map(entry).collect()
    }
}

fn combinations(entries: &Entries) -> BTreeMap<&CompositeKey, &CombinationEntry> {
    entries.combinations.iter().map(|entry| (&entry.key, entry)).collect()
}

fn principals(entries: &Entries) -> BTreeMap<&PrincipalId, &PrincipalEntry> {
    entries.principals.iter().map(|entry| (&entry.id, entry)).collect()
}

fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error| StoreError::Row(format!("`{text}`: {error}")))
}

fn composite(tenant: &str, business: &str, admin: &str) -> Result<CompositeKey, StoreError> {
    Ok(CompositeKey::new(id(tenant)?, id(business)?, id(admin)?))
}
