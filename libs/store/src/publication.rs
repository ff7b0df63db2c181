//! What auth has told verifiers: the version of the registry in force, and whose session keys are void.
//!
//! Kept so that all replicas tell the same, and so that a restart takes nothing back: a person who was
//! disabled stays out while a key that was minted before has not expired. Decides that a version follows
//! exactly one other; what a version takes away is decided by auth.

use crate::single_use::{digest, unix_ms};
use crate::{Store, StoreError};
use splitplane_types::Digest;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Digest of the registry.
    pub digest: Digest,
    /// Grows with every version.
    pub epoch: u64,
    /// Session keys of earlier epochs are void, whoever's they are.
    pub minimum_epoch: u64,
    /// Combinations whose earlier session keys are void.
    pub revocations: Vec<Revocation>,
}

/// A combination whose earlier session keys are void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Digest of the composite key.
    pub composite: Digest,
    /// Keys of earlier epochs are void.
    pub epoch: u64,
    /// When the last of those keys has expired by itself.
    pub until: SystemTime,
}

/// Whose session keys a new version voids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// Those of these combinations.
    Combinations(Vec<Digest>),
    /// Everybody's: what the version takes away cannot be told.
    All,
}

/// A new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Digest of the registry.
    pub digest: Digest,
    /// Larger than the one before.
    pub epoch: u64,
    /// Whose session keys are void.
    pub revoked: Revoked,
    /// When the last of them has expired by itself.
    pub until: SystemTime,
}

/// Digest, epoch, minimum epoch; and of one revocation the combination, its epoch and its end.
type Row = (String, i64, i64, Option<String>, Option<i64>, Option<i64>);

impl Store {
    /// What is in force; nothing in a new store.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn published(&self) -> Result<Option<Published>, StoreError> {
        // One statement, so that versions and revocations are of the same moment.
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT p.digest, p.epoch, p.minimum_epoch, r.composite, r.epoch, r.until_ms \
             FROM publication p LEFT JOIN revocations r ON r.until_ms > 0 ORDER BY r.composite",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut published: Option<Published> = None;
        for (version, epoch, minimum_epoch, composite, revoked, until) in rows {
            let published = match &mut published {
                Some(published) => published,
                none => none.insert(Published {
                    digest: digest(&version)?,
                    epoch: count(epoch)?,
                    minimum_epoch: count(minimum_epoch)?,
                    revocations: Vec::new(),
                }),
            };
            if let (Some(composite), Some(epoch), Some(until)) = (composite, revoked, until) {
                let until = UNIX_EPOCH + Duration::from_millis(count(until)?);
                let revocation = Revocation { composite: digest(&composite)?, epoch: count(epoch)?, until };
                published.revocations.push(revocation);
            }
        }
        Ok(published)
    }

    /// Puts a version in force if `before` still is, and says whether it was.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn publish(
        &self,
        before: Option<&Published>,
        change: &Change,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let minimum = match (&change.revoked, before) {
            (Revoked::All, _) => change.epoch,
            (Revoked::Combinations(_), Some(before)) => before.minimum_epoch,
            (Revoked::Combinations(_), None) => 0,
        };
        let text = change.digest.to_string();
        let (epoch, minimum) = (signed(change.epoch)?, signed(minimum)?);
        let written = match before {
            Some(before) => {
                let update = sqlx::query(
                    "UPDATE publication SET digest = $1, epoch = $2, minimum_epoch = $3 WHERE epoch = $4",
                );
                update.bind(text).bind(epoch).bind(minimum).bind(signed(before.epoch)?)
            }
            None => {
                let insert = sqlx::query(
                    "INSERT INTO publication (one, digest, epoch, minimum_epoch) VALUES (1, $1, $2, $3) \
                     ON CONFLICT DO NOTHING",
                );
                insert.bind(text).bind(epoch).bind(minimum)
            }
        };
        if written.execute(&mut *transaction).await?.rows_affected() != 1 {
            return Ok(false);
        }
        // Every key that such a revocation was about has expired: whoever shows one that says it has not
        // is not to be believed, now that the combination is not listed any more.
        let raise = sqlx::query(
            "UPDATE publication SET minimum_epoch = (SELECT max(epoch) FROM revocations WHERE until_ms <= $1) \
             WHERE minimum_epoch < (SELECT max(epoch) FROM revocations WHERE until_ms <= $1)",
        );
        raise.bind(unix_ms(now)).execute(&mut *transaction).await?;
        let forget = sqlx::query("DELETE FROM revocations WHERE until_ms <= $1").bind(unix_ms(now));
        forget.execute(&mut *transaction).await?;
        if let Revoked::Combinations(combinations) = &change.revoked {
            for composite in combinations {
                let upsert = sqlx::query(
                    "INSERT INTO revocations (composite, epoch, until_ms) VALUES ($1, $2, $3) \
                     ON CONFLICT (composite) DO UPDATE SET epoch = excluded.epoch, until_ms = excluded.until_ms",
                );
                let upsert = upsert.bind(composite.to_string()).bind(epoch);
                upsert.bind(unix_ms(change.until).saturating_add(1)).execute(&mut *transaction).await?;
            }
        }
        transaction.commit().await?;
        Ok(true)
    }
}

fn count(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_error| StoreError::Row(format!("{number} is below zero")))
}

fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_error| StoreError::Row(format!("{number} is too large")))
}
