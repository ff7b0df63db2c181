//! Layer 2: what is asked.
//!
//! Decides whether the signed question maps to metrics that this caller's role may ask for, and
//! signs a receipt when it does. The question, and the conversation that it continues, are read from the
//! signed bytes alone. It sees no data and no schema of a sandbox.

mod conversation;

use crate::error::ReasoningError;
use prost::Message as _;
use splitplane_audit::{Event, Record};
use splitplane_llm::{
    AskError, Asked, By, ExplainTask, ModelError, ValidateReply, ValidateTask, where_rows_meet,
};
use splitplane_proto::QUESTION_METHODS;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_semantics::{
    Catalogue, DraftInterpretation, Interpretation, InterpretationError, Metric, Policy, SemanticModel,
    ValidatedInterpretation, interpretation_from_receipt, validate,
};
use splitplane_service::{Auditor, Clock, PublicError as _, telemetry};
use splitplane_session::{ReceiptClaims, ReceiptSigner, VerifiedSession, Verifier};
use splitplane_types::{Digest, ModelUsage, Outcome, Question, QuestionError, Table, message_of};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tracing::Instrument as _;

/// Rows that may be explained.
pub(crate) const EXPLAIN_ROWS_MAX: usize = 50;

/// Everything layer 2 needs; made once by [`crate::build`].
#[derive(Debug)]
pub(crate) struct Layer2 {
    pub(crate) model: SemanticModel,
    pub(crate) policy: Policy,
    pub(crate) language: Asked,
    pub(crate) signer: Arc<ReceiptSigner>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) audit: Auditor,
    pub(crate) clock: Clock,
}

/// What the client signed.
#[derive(Debug)]
struct Signed {
    question: Question,
    /// From when periods are counted.
    as_of: SystemTime,
    /// What the question before it meant.
    previous: Option<Interpretation>,
    asked_back: Option<Question>,
}

/// What layer 2 decided.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The question is supported.
    Supported {
        /// What it means.
        interpretation: Box<ValidatedInterpretation>,
        /// The proof.
        receipt: String,
        /// From when periods were counted.
        as_of: String,
    },
    /// The question is ambiguous.
    Clarify {
        /// A question back.
        question: String,
        /// Ways on.
        options: Vec<String>,
    },
    /// The question is not supported.
    Unsupported {
        /// Names of the caller's metrics, nearest first.
        nearest: Vec<String>,
    },
}

impl Layer2 {
    /// Validates the signed question, and writes down what it was and what came of it.
    pub(crate) async fn validate(
        &self,
        session: &VerifiedSession,
        frame: &[u8],
    ) -> Result<By<Verdict>, ReasoningError> {
        let read = self.signed_question(session, frame);
        let question = read.as_ref().ok().map(|signed| signed.question.as_str().to_owned());
        let outcome = match read {
            Ok(signed) => self.judge(session, &signed).await,
            Err(error) => Err(error),
        };
        let (event, decision, reason) = match outcome.as_ref().map(|by| &by.answer) {
            Ok(Verdict::Supported { .. }) => (Event::Validated, None, None),
            Ok(Verdict::Clarify { .. }) => (Event::Validated, Some(Outcome::Clarify), None),
            Ok(Verdict::Unsupported { .. }) => (Event::Validated, Some(Outcome::Unsupported), None),
            Err(error) => (Event::Refused, Some(Outcome::Refused), Some(error.reason())),
        };
        let record = Record {
            decision,
            reason,
            txn: Some(session.txn()),
            composite: Some(session.composite().clone()),
            role: Some(session.role().clone()),
            principal: Some(session.principal().clone()),
            question_digest: Some(session.body_digest()),
            question,
            policy: Some(self.policy.digest),
            model: Some(self.model.digest),
            trace_id: telemetry::trace_id(),
            ..Record::new(self.clock.now(), "reasoning", event)
        };
        self.audit.append(record).await?;
        outcome
    }

    async fn judge(&self, session: &VerifiedSession, signed: &Signed) -> Result<By<Verdict>, ReasoningError> {
        let catalogue = self.catalogue(session);
        let Signed { question, as_of, previous, asked_back } = signed;
        let task = ValidateTask {
            question,
            catalogue: &catalogue,
            previous: previous.as_ref(),
            asked_back: asked_back.as_ref(),
        };
        let span = telemetry::model_span(self.language.name(), "validate");
        let tenant = session.composite().tenant();
        let asked =
            self.language.ask(tenant, self.clock.now(), |model| model.validate(task).instrument(span)).await;
        let By { answer, stood_in, usage } = match asked {
            // What a guardrail or the model itself will not take up is not supported, and no outage.
            Err(AskError::Model(ModelError::Guardrail | ModelError::Declined)) => {
                let answer = self.unsupported(session, &[]);
                return Ok(By { answer, stood_in: None, usage: ModelUsage::default() });
            }
            asked => asked?,
        };
        let verdict = match answer {
            ValidateReply::Supported(draft) => self.approve(session, &draft, *as_of)?,
            ValidateReply::Ambiguous { question, options } => {
                telemetry::decision("layer 2", false, "ambiguous");
                Verdict::Clarify { question, options }
            }
            ValidateReply::Unsupported { nearest } => self.unsupported(session, &nearest),
        };
        Ok(By { answer: verdict, stood_in, usage })
    }

    fn approve(
        &self,
        session: &VerifiedSession,
        draft: &DraftInterpretation,
        as_of: SystemTime,
    ) -> Result<Verdict, ReasoningError> {
        let catalogue = self.catalogue(session);
        let calendar = &self.policy.calendar;
        let interpretation = match validate(draft.clone(), &catalogue, calendar, as_of) {
            Ok(interpretation) => interpretation,
            Err(InterpretationError::Unaligned(_)) => {
                let near = where_rows_meet(draft, &catalogue, calendar, as_of);
                return Ok(near.map_or_else(
                    || self.unsupported(session, &[]),
                    |(question, options)| {
                        telemetry::decision("layer 2", false, "periods that do not meet");
                        Verdict::Clarify { question, options }
                    },
                ));
            }
            // A model's proposal that names what this caller may not ask for is not supported, however
            // it came about.
            Err(_) => return Ok(self.unsupported(session, &[])),
        };
        telemetry::decision("layer 2", true, "supported metrics");
        let as_of = self.policy.calendar.zoned_text(as_of);
        let claims = ReceiptClaims {
            interpretation: interpretation.to_json(),
            model: self.model.digest,
            policy: self.policy.digest,
            as_of: as_of.clone(),
        };
        let receipt = self.signer.sign(session, &claims, self.clock.now())?;
        Ok(Verdict::Supported { interpretation: Box::new(interpretation), receipt, as_of })
    }

    /// The metrics of this caller's role, in the order of the model.
    pub(crate) fn metrics(&self, session: &VerifiedSession) -> Vec<splitplane_proto::common::v1::Metric> {
        let catalogue = self.catalogue(session);
        catalogue.metrics().map(|metric| metric_to_wire(&catalogue, metric)).collect()
    }

    /// The named metrics of this caller's role, in the given order, then the others.
    pub(crate) fn metrics_nearest(
        &self,
        session: &VerifiedSession,
        nearest: &[String],
    ) -> Vec<splitplane_proto::common::v1::Metric> {
        let position = |name: &str| nearest.iter().position(|near| near == name).unwrap_or(nearest.len());
        let mut metrics = self.metrics(session);
        metrics.sort_by_key(|metric| position(&metric.name));
        metrics
    }

    /// Drafts an analysis of a result.
    pub(crate) async fn explain(
        &self,
        session: &VerifiedSession,
        receipt: &str,
        table: &Table,
        row_count: usize,
    ) -> Result<By<String>, ReasoningError> {
        if table.rows.len() > EXPLAIN_ROWS_MAX {
            return Err(ReasoningError::TooManyRows);
        }
        if self.policy.explain_by_template {
            return Err(ReasoningError::TemplateOnly);
        }
        let receipt = self.verifier.verify_receipt(receipt, session, self.clock.now())?;
        if receipt.model() != self.model.digest || receipt.policy() != self.policy.digest {
            return Err(ReasoningError::PolicyChanged);
        }
        let interpretation = interpretation_from_receipt(receipt.interpretation())?;
        let task = ExplainTask { interpretation: &interpretation, model: &self.model, table, row_count };
        let span = telemetry::model_span(self.language.name(), "explain");
        let tenant = session.composite().tenant();
        let explain =
            self.language.ask(tenant, self.clock.now(), |model| model.explain(task).instrument(span));
        Ok(explain.await?)
    }

    /// The question in the bytes that the client signed, and what it continues. A frame that a gateway put in
    /// its place has another hash than the session key says, and is refused as a credential failure.
    fn signed_question(&self, session: &VerifiedSession, frame: &[u8]) -> Result<Signed, ReasoningError> {
        if Digest::of(frame) != session.body_digest() || !QUESTION_METHODS.contains(&session.method()) {
            return Err(ReasoningError::NotTheSignedQuestion);
        }
        let message = message_of(frame).ok_or(ReasoningError::NotAFrame)?;
        let AskRequest { question, conversation } = AskRequest::decode(message)?;
        let question = question.ok_or(QuestionError::Empty)?;
        let as_of = match question.as_of {
            None => self.clock.now(),
            Some(timestamp) => instant(&timestamp).ok_or(ReasoningError::AsOfOutOfRange)?,
        };
        let question = Question::new(&question.text)?;
        let (previous, asked_back) = self.before(session, &conversation)?;
        Ok(Signed { question, as_of, previous, asked_back })
    }

    fn catalogue<'a>(&'a self, session: &'a VerifiedSession) -> Catalogue<'a> {
        Catalogue::for_role(&self.model, &self.policy, session.role())
    }

    fn unsupported(&self, session: &VerifiedSession, nearest: &[String]) -> Verdict {
        telemetry::decision("layer 2", false, "unsupported");
        let known: Vec<String> =
            self.catalogue(session).metrics().map(|metric| metric.name.clone()).collect();
        let nearest = nearest.iter().filter(|name| known.contains(name)).cloned().collect();
        Verdict::Unsupported { nearest }
    }
}

/// The years 1 to 9999, as protobuf's Timestamp allows.
fn instant(timestamp: &prost_types::Timestamp) -> Option<SystemTime> {
    const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
    let nanos = u32::try_from(timestamp.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    if !SECONDS.contains(&timestamp.seconds) {
        return None;
    }
    let seconds = Duration::from_secs(timestamp.seconds.unsigned_abs());
    let whole = if timestamp.seconds < 0 {
        UNIX_EPOCH.checked_sub(seconds)?
    } else {
        UNIX_EPOCH.checked_add(seconds)?
    };
    whole.checked_add(Duration::from_nanos(nanos.into()))
}

fn metric_to_wire(catalogue: &Catalogue<'_>, metric: &Metric) -> splitplane_proto::common::v1::Metric {
    let dimensions = catalogue
        .dimensions_of(metric)
        .into_iter()
        .map(|(dataset, field)| format!("{}.{}", dataset.name, field.name))
        .collect();
    splitplane_proto::common::v1::Metric {
        name: metric.name.clone(),
        label: metric.label.clone(),
        description: metric.description.clone(),
        synonyms: metric.synonyms.clone(),
        unit: metric.unit.as_deref().unwrap_or("").to_owned(),
        dimensions,
        additive: metric.is_additive(),
    }
}

#[cfg(test)]
mod tests;
