//! The data plane: opens sandboxes and runs statements in them.
//!
//! Both functions read in the order of the argument: verify, read the grants, build the scope, act,
//! make the record durable, answer. Identity comes from the verified session key alone.

use crate::budget::Budgets;
use crate::builder::{Answer, Guarded, Sandbox, SandboxBuilder, guard, parameters, view_relations};
use crate::coverage::{Counting, Coverage};
use crate::drafted::{Checked, Drafted};
use crate::error::QueryError;
use crate::filters::{Resolution, resolve};
use crate::integrity::Difference;
use crate::token::{ResolvedFilter, SandboxToken, Sealer};
use futures::TryFutureExt as _;
use futures::future::try_join;
use splitplane_audit::{Event, Record};
use splitplane_semantics::{Interpretation, interpretation_from_receipt, relations_of, words_of};
use splitplane_service::{Auditor, Clock, PublicError, telemetry};
use splitplane_session::{SessionKey, VerifiedReceipt, VerifiedSession, Verifier};
use splitplane_split_plane::ViewRelation;
use splitplane_types::{Outcome, Reason};
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
    pub(crate) checks: telemetry::DraftMetrics,
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

/// A result that may leave.
#[derive(Debug)]
pub(crate) struct Released {
    pub(crate) answer: Answer,
    /// How the draft compares, if there was one.
    pub(crate) checked: Option<Checked>,
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
        let filters = match resolve(&**engine, &sandbox, model, &interpretation).await? {
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
        let counting = Counting { engine: &**engine, sandbox: &sandbox, model, policy };
        let coverage = counting.coverage(&interpretation, &filters).await?;
        self.opened(session, relations, &interpretation, (None, &filters)).await?;
        let token = SandboxToken {
            id: receipt.id().to_owned(),
            expires: unix_seconds(receipt.expires_at()),
            relations: relations.to_vec(),
            filters: filters.clone(),
            interpretation,
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

    /// Answers the sandbox's question: runs the statement that was compiled from it, and the draft beside it,
    /// makes the record durable, and only then releases the result of the first.
    pub(crate) async fn execute(
        &self,
        session: &VerifiedSession,
        key: &SessionKey,
        sandbox_id: &str,
        (draft, is_shown): (&str, bool),
    ) -> Result<Released, QueryError> {
        let now = self.clock.now();
        let SandboxBuilder { model, policy, .. } = &self.builder;
        let token = self.sealer.open(sandbox_id, session, model, policy)?;
        let expires = UNIX_EPOCH + Duration::from_secs(token.expires);
        let taken = async {
            let has_draft = !draft.is_empty();
            if has_draft {
                self.budgets.take_draft(&token.id, expires, now).await?
            }
            Ok::<_, QueryError>(())
        };
        let entered = async {
            let place = self.budgets.enter(session.composite().tenant(), policy.limits.time_max).await?;
            Ok((place, self.builder.enter(session, &token.relations).await?))
        };
        let ((), (_place, sandbox)) = try_join(taken, entered).await?;
        let compiled = self.builder.compiled(&sandbox, &token.interpretation, &token.filters)?;
        let drafted = self.draft(&sandbox, &token, draft, &compiled).await?;
        let answer = self.builder.answer(&sandbox, &token.interpretation.metrics, compiled);
        // Nothing leaves before the disk has confirmed that this sandbox has answered.
        let taken = self.budgets.take_answer(&token.id, expires, now).err_into::<QueryError>();
        let ((), answer) = try_join(taken, answer).await?;
        let checked = drafted.map(|drafted| drafted.checked(&token.interpretation, &answer));

        // Invariant 8: whoever lost the right while the statement ran gets nothing.
        self.verifier.verify(key, self.clock.now())?;
        if !self.builder.still_granted(session, &sandbox).await? {
            return Err(QueryError::GrantsChanged);
        }
        if let Some(checked) = &checked {
            self.report(session, &token, checked).await?;
            // Invariant 8 holds for every row that leaves, the draft's included.
            if let Some(draft) = checked.draft.as_ref().filter(|_| is_shown) {
                let record = self.result_record(session, &token, (Event::DraftReleased, draft));
                self.audit.append(record).await?;
            }
        }
        let record = Record {
            decision: Some(Outcome::Answered),
            ..self.result_record(session, &token, (Event::RowsReleased, &answer))
        };
        self.audit.append(record).await?;
        Ok(Released { answer, checked })
    }

    /// Runs a draft, if there is one. Where it is the compiled statement to the letter, it has the same result.
    async fn draft(
        &self,
        sandbox: &Sandbox,
        token: &SandboxToken,
        draft: &str,
        compiled: &Guarded,
    ) -> Result<Option<Drafted>, QueryError> {
        if draft.is_empty() {
            return Ok(None);
        }
        let guarded = guard(sandbox, parameters(&token.filters), draft)?;
        if guarded.sql == compiled.sql {
            return Ok(Some(Drafted::Same));
        }
        let sql = guarded.sql.clone();
        match self.builder.answer(sandbox, &token.interpretation.metrics, guarded).await {
            Ok(answer) => Ok(Some(Drafted::Ran(answer))),
            // What the model wrote is too much: what was asked may not be.
            Err(error) if is_limit(error.reason()) => Ok(Some(Drafted::TooLarge(sql))),
            Err(error) => Err(error),
        }
    }

    /// Reports how a draft compares: as a metric always, as an event and a record where it differs.
    async fn report(
        &self,
        session: &VerifiedSession,
        token: &SandboxToken,
        checked: &Checked,
    ) -> Result<(), QueryError> {
        let outcome = checked.difference.map_or("agrees", Difference::as_str);
        self.checks.record(outcome);
        let Some(sql) = checked.draft_sql() else { return Ok(()) };
        tracing::warn!(
            difference = outcome,
            "the model's statement gives other figures: ours are the answer"
        );
        let record = match &checked.draft {
            Some(draft) => self.result_record(session, token, (Event::DraftDiffered, draft)),
            None => Record { sql: Some(sql), ..self.statement_record(session, token, Event::DraftDiffered) },
        };
        Ok(self.audit.append(record).await?)
    }

    /// What is written down of a result.
    fn result_record(
        &self,
        session: &VerifiedSession,
        token: &SandboxToken,
        (event, result): (Event, &Answer),
    ) -> Record {
        Record {
            sql: Some(result.sql.clone()),
            rows: Some(result.rows()),
            bytes: Some(result.bytes),
            result_digest: Some(result.digest),
            ..self.statement_record(session, token, event)
        }
    }

    fn statement_record(&self, session: &VerifiedSession, token: &SandboxToken, event: Event) -> Record {
        Record {
            relations: token.relations.clone(),
            metrics: token.interpretation.metrics.clone(),
            parameters: parameters(&token.filters),
            ..self.record(session, event)
        }
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

/// Whether a statement failed by its size.
const fn is_limit(reason: Reason) -> bool {
    matches!(reason, Reason::ResultTooLarge | Reason::QueryMemoryExceeded)
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
