//! Keys that replicas of a signer show to each other, by their certificates.
//!
//! Decides nothing about them: whoever reads a certificate here has to verify it.

use crate::single_use::unix_ms;
use crate::{Store, StoreError};
use std::time::SystemTime;

impl Store {
    /// Shows a key to the other replicas until its certificate ends. One that is shown already stays.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn show_key(&self, kid: &str, certificate: &str, until: SystemTime) -> Result<(), StoreError> {
        let insert = sqlx::query(
            "INSERT INTO shown_keys (kid, certificate, until_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(kid.to_owned()).bind(certificate.to_owned()).bind(unix_ms(until));
        insert.execute(&self.pool).await?;
        Ok(())
    }

    /// The certificates of all keys that are shown, and have not ended. Forgets the others.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn shown_keys(&self, now: SystemTime) -> Result<Vec<String>, StoreError> {
        let forget = sqlx::query("DELETE FROM shown_keys WHERE until_ms <= $1").bind(unix_ms(now));
        forget.execute(&self.pool).await?;
        let shown: Vec<(String,)> =
            sqlx::query_as("SELECT certificate FROM shown_keys ORDER BY kid").fetch_all(&self.pool).await?;
        Ok(shown.into_iter().map(|(certificate,)| certificate).collect())
    }
}
