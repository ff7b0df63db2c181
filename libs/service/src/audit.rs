//! The audit log as a service has it: appended to off the threads that serve, and signed as time passes.
//!
//! Does not decide what is recorded, nor what follows from a record that could not be written.

use crate::StartError;
use serde::{Deserialize, Serialize};
use splitplane_audit::{AuditError, AuditLog, AuditOptions, CheckpointConfig, Record};
use splitplane_session::SigningKey;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// `[audit]`: where what was decided is written down. See each service's `config.default.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// The audit log.
    #[serde(with = "crate::config::path")]
    pub file: PathBuf,
    /// Its checkpoints.
    #[serde(with = "crate::config::path")]
    pub checkpoints: PathBuf,
    /// File of the key that signs checkpoints.
    #[serde(with = "crate::config::path")]
    pub signing_key: PathBuf,
    /// Longest time between a record and a checkpoint that covers it.
    #[serde(with = "humantime_serde")]
    pub checkpoint_period: Duration,
    /// Size at which a file is closed and another begun, in bytes.
    pub segment_bytes_max: NonZeroU64,
    /// Age at which closed files are removed; nothing is removed at 0.
    #[serde(with = "humantime_serde")]
    pub keep: Duration,
}

/// An open audit log, shared by whatever decides.
#[derive(Debug, Clone)]
pub struct Auditor {
    log: Arc<AuditLog>,
    period: Duration,
}

/// A record could not be written. Nothing of what it is about may leave.
#[derive(Debug, thiserror::Error)]
pub enum AuditFailure {
    /// The log refused.
    #[error("the audit log cannot be written")]
    Log(#[from] AuditError),
    /// The task that writes ended early.
    #[error("the task that writes the audit log ended early")]
    Task,
}

impl Auditor {
    /// Opens the log and its checkpoints.
    ///
    /// # Errors
    /// A file or key that cannot be used, with what to do.
    pub fn open(config: &AuditConfig) -> Result<Self, StartError> {
        let pem = std::fs::read_to_string(&config.signing_key)
            .map_err(|error| StartError::service("the audit log's signing key cannot be read", error))?;
        let key = SigningKey::from_pkcs8_pem(&pem)
            .map_err(|error| StartError::service("the audit log's signing key cannot be used", error))?;
        let options = AuditOptions {
            segment_bytes: config.segment_bytes_max.get(),
            keep: Some(config.keep).filter(|keep| !keep.is_zero()),
        };
        let period = config.checkpoint_period.max(PERIOD_MIN);
        let checkpoints = CheckpointConfig { file: config.checkpoints.clone(), key, period };
        let log = AuditLog::open_with(&config.file, options, Some(checkpoints))
            .map_err(|error| StartError::service("the audit log cannot be opened", error))?;
        Ok(Self { log: Arc::new(log), period })
    }

    /// Appends a record. It is on disk when this returns.
    ///
    /// # Errors
    /// See [`AuditFailure`].
    pub async fn append(&self, record: Record) -> Result<(), AuditFailure> {
        let log = Arc::clone(&self.log);
        match spawn_blocking(move || log.append(record)).await {
            Ok(appended) => Ok(appended.map(drop)?),
            Err(_) => Err(AuditFailure::Task),
        }
    }

    /// Covers what was appended by checkpoints, at least once in every period, and at the end.
    pub async fn follow(self, stop: CancellationToken) {
        let mut period = tokio::time::interval(self.period);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(period.tick()).await.is_some() {
            self.checkpoint().await;
        }
        self.checkpoint().await;
    }

    async fn checkpoint(&self) {
        let log = Arc::clone(&self.log);
        // Whoever appends next fails at the same place, and is told.
        if let Ok(Err(error)) = spawn_blocking(move || log.checkpoint()).await {
            tracing::error!(%error, "the audit log has no checkpoint");
        }
    }
}

/// Less would only keep the disk busy.
const PERIOD_MIN: Duration = Duration::from_millis(100);
