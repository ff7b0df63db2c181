//! The data plane: opens sandboxes and runs statements in them.
//!
//! Both functions read in the order of the argument: verify, read the grants, build the scope, act,
//! make the record durable, answer. Identity comes from the verified session key alone.

use crate::budget::Budgets;
use crate::builder::{Answer, SandboxBuilder, parameters, view_relations};
use crate::coverage::{Counting, Coverage};
use crate::error::QueryError;
use crate::filters::{Resolution, resolve};
use crate::token::{ResolvedFilter, SandboxToken, Sealer};
use futures::TryFutureExt as _;
use futures::future::try_join;
use splitplane_audit::{Event, Record};
use splitplane_semantics::{Interpretation, interpretation_from_receipt, relations_of, words_of};
use splitplane_service::{Auditor, Clock, PublicError, telemetry};
use splitplane_session::{SessionKey, VerifiedReceipt, VerifiedSession, Verifier};
use splitplane_split_plane::ViewRelation;
use splitplane_types::Outcome;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Everything the data plane needs; made once by [`crate::build`].
#[derive(Debug)]
pub(crate) struct DataPlane {
    pub(crate) builder: SandboxBuilder,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) sealer: Sealer,
    pub(crate) budgets: Budgets,
    pub(crate) audit: Auditor,
    pub(crate) clock: Clock,
}

/// What opening a sandbox led to.
#[derive(Debug)]
pub(crate) enum Opening {
    /// It stands.
    Opened(OpenedSandbox),
    /// A phrase means several values of the caller's rows.
    Ambiguous {
        /// The phrase.
        phrase: String,
        /// What it may mean.
        options: Vec<String>,
    },
    /// A phrase means nothing among the caller's rows.
    Nothing,
}

/// A sandbox as the caller learns of it.
#[derive(Debug)]
pub(crate) struct OpenedSandbox {
    pub(crate) id: String,
    pub(crate) relations: Vec<ViewRelation>,
    pub(crate) security_sql: String,
    pub(crate) coverage: Coverage,
    pub(crate) filters: Vec<ResolvedFilter>,
}

impl DataPlane {
    /// Opens the sandbox of an approved question, once.
    pub(crate) async fn open_sandbox(
        &self,
        session: &VerifiedSession,
        receipt: &str,
        relations: &[String],
    ) -> Result<Opening, QueryError> {
        let now = self.clock.now();
        let receipt = self.verifier.verify_receipt(receipt, session, now)?;
        let SandboxBuilder { model, policy, engine, .. } = &self.builder;
        let interpretation = self.interpretation(&receipt)?;
        require_exactly(&relations_of(&interpretation, model)?, relations)?;
        // The sandbox is built while the disk confirms; nothing is asked in it before.
        let used = self.budgets.use_receipt(receipt.id(), receipt.expires_at(), now).err_into::<QueryError>();
        let ((), sandbox) = try_join(used, self.builder.enter(session, relations)).await?;
        telemetry::decision("layer 3a", true, "scope from policy and grants");
        let filters = match resolve(&**engine, &sandbox.plane, model, &interpretation).await? {
            Resolution::Bound(filters) => filters,
            Resolution::Ambiguous { phrase, options } => {
                self.opened(session, relations, &interpretation, (Some(Outcome::Clarify), &[])).await?;
                return Ok(Opening::Ambiguous { phrase, options });
            }
            Resolution::Nothing => {
                self.opened(session, relations, &interpretation, (Some(Outcome::NothingInScope), &[]))
                    .await?;
                return Ok(Opening::Nothing);
            }
        };
        let counting =
            Counting { engine: &**engine, plane: &sandbox.plane, model, policy, grants: &sandbox.grants };
        let coverage = counting.coverage(&interpretation, &filters).await?;
        self.opened(session, relations, &interpretation, (None, &filters)).await?;
        let token = SandboxToken {
            id: receipt.id().to_owned(),
            expires: unix_seconds(receipt.expires_at()),
            relations: relations.to_vec(),
            filters: filters.clone(),
            metrics: interpretation.metrics,
        };
        Ok(Opening::Opened(OpenedSandbox {
            id: self.sealer.seal(&token, session, model, policy)?,
            relations: view_relations(&sandbox.plane),
            security_sql: sandbox.plane.to_sql(),
            coverage,
            filters,
        }))
    }

    /// Writes down that a sandbox was opened, or why none was.
    async fn opened(
        &self,
        session: &VerifiedSession,
        relations: &[String],
        interpretation: &Interpretation,
        (decision, filters): (Option<Outcome>, &[ResolvedFilter]),
    ) -> Result<(), QueryError> {
        let record = Record {
            decision,
            relations: relations.to_vec(),
            metrics: interpretation.metrics.clone(),
            parameters: parameters(filters),
            ..self.record(session, Event::SandboxOpened)
        };
        Ok(self.audit.append(record).await?)
    }

    /// Guards a statement, runs it, makes its record durable, and only then releases the result.
    pub(crate) async fn execute(
        &self,
        session: &VerifiedSession,
        key: &SessionKey,
        sandbox_id: &str,
        draft: &str,
    ) -> Result<Answer, QueryError> {
        let now = self.clock.now();
        let SandboxBuilder { model, policy, .. } = &self.builder;
        let token = self.sealer.open(sandbox_id, session, model, policy)?;
        let expires = UNIX_EPOCH + Duration::from_secs(token.expires);
        let taken = self.budgets.take_statement(&token.id, expires, now).err_into::<QueryError>();
        let entered = async {
            let place = self.budgets.enter(session.composite().tenant(), policy.limits.time_max).await?;
            Ok((place, self.builder.enter(session, &token.relations).await?))
        };
        let ((), (_place, sandbox)) = try_join(taken, entered).await?;
        let parameters = parameters(&token.filters);
        let answer = self.builder.answer(&sandbox, parameters.clone(), &token.metrics, draft).await?;

        // Invariant 8: whoever lost the right while the statement ran gets nothing.
        self.verifier.verify(key, self.clock.now())?;
        if !self.builder.still_granted(session, &sandbox).await? {
            return Err(QueryError::GrantsChanged);
        }
        let record = Record {
            decision: Some(Outcome::Answered),
            relations: token.relations,
            metrics: token.metrics,
            sql: Some(answer.sql.clone()),
            parameters,
            rows: Some(u64::try_from(answer.table.rows.len()).unwrap_or(u64::MAX)),
            bytes: Some(answer.bytes),
            result_digest: Some(answer.digest),
            ..self.record(session, Event::RowsReleased)
        };
        self.audit.append(record).await?;
        Ok(answer)
    }

    /// Writes a refusal down. What is refused stays refused, but if that cannot be recorded the
    /// caller learns only that the log is unavailable.
    pub(crate) async fn refused(
        &self,
        session: &VerifiedSession,
        draft: Option<&str>,
        error: QueryError,
    ) -> QueryError {
        let reason = error.reason();
        let event = if draft.is_some() { Event::StatementRefused } else { Event::Refused };
        let record = Record {
            decision: Some(Outcome::Refused),
            sql: draft.map(str::to_owned),
            reason: Some(reason),
            ..self.record(session, event)
        };
        match self.audit.append(record).await {
            Ok(()) => error,
            Err(failure) => failure.into(),
        }
    }

    fn interpretation(&self, receipt: &VerifiedReceipt) -> Result<Interpretation, QueryError> {
        if receipt.model() != self.builder.model.digest || receipt.policy() != self.builder.policy.digest {
            return Err(QueryError::PolicyChanged);
        }
        Ok(interpretation_from_receipt(receipt.interpretation())?)
    }

    fn record(&self, session: &VerifiedSession, event: Event) -> Record {
        Record {
            txn: Some(session.txn()),
            composite: Some(session.composite().clone()),
            role: Some(session.role().clone()),
            principal: Some(session.principal().clone()),
            question_digest: Some(session.body_digest()),
            policy: Some(self.builder.policy.digest),
            model: Some(self.builder.model.digest),
            trace_id: telemetry::trace_id(),
            ..Record::new(self.clock.now(), "query", event)
        }
    }
}

/// The sandbox holds what the interpretation needs, neither less nor more, whoever asks for it.
fn require_exactly(needed: &[String], asked: &[String]) -> Result<(), QueryError> {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    if sorted(needed) == sorted(asked) { Ok(()) } else { Err(QueryError::OtherRelations) }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What a person calls a scope key, for clarifications.
pub(crate) fn ambiguity_question(phrase: &str) -> String {
    format!("Which {} do you mean?", words_of(phrase))
}
