//! Running an answer again that the audit log has, without a model and without the mesh.
//!
//! Decides nothing: the statement is guarded anew and runs in a sandbox built anew, from the policy, the
//! grants and the data as they are now. What it gives is compared by whoever asks.

use crate::Config;
use crate::builder::{SandboxBuilder, guard};
use crate::error::QueryError;
use crate::load::sandbox_builder;
use splitplane_service::StartError;
use splitplane_session::VerifiedSession;
use splitplane_types::Digest;
use std::collections::BTreeMap;

/// What a record says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Relations of the sandbox.
    pub relations: Vec<String>,
    /// Metrics that were asked for.
    pub metrics: Vec<String>,
    /// The statement that ran.
    pub sql: String,
    /// The values that it was bound to.
    pub parameters: BTreeMap<String, String>,
}

/// What the same statement gives now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Rows.
    pub rows: u64,
    /// Digest of the result, as the record has it.
    pub digest: Digest,
}

/// Why an answer cannot be run again.
#[derive(Debug, thiserror::Error)]
#[error("the statement does not run any more")]
pub struct ReplayError(#[source] QueryError);

/// A data plane without a door.
#[derive(Debug)]
pub struct Replayer(SandboxBuilder);

impl Replayer {
    /// Loads what the service would load.
    ///
    /// # Errors
    /// A model, policy, key or warehouse that cannot be used, with what to do.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        let (builder, _) = sandbox_builder(config, |_model, _policy, _warehouse| Ok(())).await?;
        Ok(Self(builder))
    }

    /// Digests of the semantic model and of the policy in force.
    #[must_use]
    pub const fn digests(&self) -> (Digest, Digest) {
        (self.0.model.digest, self.0.policy.digest)
    }

    /// Runs the statement for the session's combination.
    ///
    /// # Errors
    /// The guard, the engine or the scope refuses it as things are now.
    pub async fn run(&self, session: &VerifiedSession, recorded: Recorded) -> Result<Replayed, ReplayError> {
        let sandbox = self.0.enter(session, &recorded.relations).await.map_err(ReplayError)?;
        let guarded = guard(&sandbox, recorded.parameters, &recorded.sql).map_err(ReplayError)?;
        let answer = self.0.answer(&sandbox, &recorded.metrics, guarded).await.map_err(ReplayError)?;
        Ok(Replayed { rows: answer.rows(), digest: answer.digest })
    }
}
