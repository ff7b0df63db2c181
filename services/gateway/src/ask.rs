//! One question, from the verified request to the proved answer.
//!
//! [`Ask::run`] reads top to bottom as the request travels. It decides the order of the services and
//! how often a draft is repaired; who, what and which rows are decided by those services.

use crate::chart::chart_of;
use crate::conversation::{Keeper, Turn};
use crate::error::GatewayError;
use crate::narrative::narrative;
use crate::stages::Stages;
use crate::upstreams::{Answer, Said, Upstreams};
use bytes::Bytes;
use prost::Message as _;
use splitplane_proto::common::v1::{BoundFilter, Clarification, Interpretation, Relation};
use splitplane_proto::convert::table_from_wire;
use splitplane_proto::gateway::v1::ask_response::Event;
use splitplane_proto::gateway::v1::{
    Accepted, AskRequest, Chart, Checked, Outcome, Routed, Rows, SandboxOpened, SqlRefused, SqlWritten,
    Validated,
};
use splitplane_proto::query::v1::{Sandbox, open_sandbox_response};
use splitplane_proto::reasoning::v1::{Supported, validate_response};
use splitplane_proto::schema_router::v1::{Refusal, WriteSqlRequest};
use splitplane_service::{CallContext, PublicError as _};
use splitplane_types::{Question, Reason, message_of};

/// Drafts of one question: the model's, and two repairs.
const ATTEMPTS_MAX: u32 = 3;

/// What stands for a draft without a word in it: no statement, to be refused as one.
const NO_STATEMENT: &str = " ";

/// One question at work.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) upstreams: Upstreams,
    pub(crate) keeper: Keeper,
    pub(crate) context: CallContext,
    pub(crate) frame: Bytes,
}

impl Ask {
    /// The question's text, refused before any service behind the gateway is asked.
    pub(crate) fn question(frame: &[u8]) -> Result<Question, GatewayError> {
        let message = message_of(frame).ok_or(GatewayError::NotAFrame)?;
        let question = AskRequest::decode(message)?.question;
        Ok(Question::new(question.as_ref().map_or("", |question| question.text.as_str()))?)
    }

    /// Answers, streaming the stages. Where replicas hold different policies, once more.
    pub(crate) async fn run(&self, stages: &mut Stages) -> Result<(), GatewayError> {
        let txn = self.context.session.txn().to_string();
        stages.emit(Event::Accepted(Accepted { txn })).await;
        let mut turn = self.keeper.turn(&self.context.session);
        let outcome = match self.answer(stages, &mut turn).await {
            Err(error) if error.reason() == Reason::PolicyChanged => self.answer(stages, &mut turn).await?,
            outcome => outcome?,
        };
        stages.done(outcome, turn.token(outcome, &self.frame)).await;
        Ok(())
    }

    async fn answer(&self, stages: &mut Stages, turn: &mut Turn<'_>) -> Result<Outcome, GatewayError> {
        let Said { what, stood_in, usage } =
            self.upstreams.validate(&self.context, self.frame.to_vec()).await?;
        stages.used("validate", usage);
        let supported = match what {
            validate_response::Outcome::Supported(supported) => supported,
            validate_response::Outcome::Clarify(clarification) => {
                stages.emit(Event::Clarify(clarification)).await;
                return Ok(Outcome::Clarify);
            }
            validate_response::Outcome::Unsupported(unsupported) => {
                stages.emit(Event::Unsupported(unsupported)).await;
                return Ok(Outcome::Unsupported);
            }
        };
        turn.approved(&supported.receipt)?;
        let interpretation = supported
            .interpretation
            .clone()
            .ok_or(GatewayError::Incomplete("a supported question has no interpretation"))?;
        let as_of = supported.as_of.clone();
        stages
            .emit(Event::Validated(Validated {
                interpretation: Some(interpretation.clone()),
                as_of,
                stood_in,
            }))
            .await;

        let routed = self.upstreams.route(&self.context, &supported.receipt).await?;
        stages.used("route", routed.usage);
        let relations = routed.what;
        stages.emit(Event::Routed(Routed { relations: relations.clone() })).await;

        let opened = self.upstreams.open_sandbox(&self.context, &supported.receipt, &relations).await?;
        stages.passed("open_sandbox");
        let sandbox = match opened {
            open_sandbox_response::Outcome::Sandbox(sandbox) => sandbox,
            open_sandbox_response::Outcome::Clarify(clarification) => {
                let clarification = self.whole_questions(clarification, &interpretation)?;
                stages.emit(Event::Clarify(clarification)).await;
                return Ok(Outcome::Clarify);
            }
            open_sandbox_response::Outcome::NothingInScope(nothing) => {
                stages.emit(Event::NothingInScope(nothing)).await;
                return Ok(Outcome::NothingInScope);
            }
        };
        stages.emit(Event::SandboxOpened(opened_event(&sandbox))).await;

        let answer = self.execute(&supported, &sandbox, stages).await?;
        let Answer { columns, rows, sql, check } = answer.clone();
        stages.emit(Event::Rows(Rows { columns, rows, sql })).await;
        stages.emit(Event::Checked(Checked { check })).await;
        let table = table_from_wire(answer.columns.clone(), answer.rows.clone())?;
        if let Some(chart) = chart_of(&interpretation, &table) {
            stages.emit(Event::Chart(Chart { vega_lite: chart.vega_lite().to_string() })).await;
        }

        let (narrative, usage) = narrative(self, &supported, &interpretation, (&answer, &table)).await;
        stages.used("explain", usage);
        stages.emit(Event::Narrative(narrative)).await;
        Ok(Outcome::Answered)
    }

    /// Has SQL written and run; a refused draft goes back to the writer, twice at most. What is released is compiled
    /// from the interpretation in any case: a model that writes nothing usable takes nobody's answer away.
    async fn execute(
        &self,
        supported: &Supported,
        sandbox: &Sandbox,
        stages: &mut Stages,
    ) -> Result<Answer, GatewayError> {
        let mut refusals = Vec::new();
        let mut attempt = 1;
        loop {
            let message = draft_request(supported, &sandbox.relations, &sandbox.filters, &refusals);
            let Said { what: sql, stood_in, usage } =
                self.upstreams.write_sql(&self.context, message).await?;
            stages.used("write_sql", usage);
            stages.emit(Event::SqlWritten(SqlWritten { attempt, sql: sql.clone(), stood_in })).await;
            // An empty text would ask for the compiled statement alone.
            let sql = if sql.is_empty() { NO_STATEMENT.to_owned() } else { sql };
            let executed = self.upstreams.execute(&self.context, &sandbox.sandbox_id, &sql).await;
            stages.passed("execute");
            let error = match executed {
                Ok(answer) => return Ok(answer),
                Err(error) if is_repairable(error.reason()) => error,
                Err(error) => return Err(error),
            };
            let reason = error.reason().as_str().to_owned();
            let hint = hint(&error);
            let refused = SqlRefused { attempt, reason: reason.clone(), hint: hint.clone() };
            stages.emit(Event::SqlRefused(refused)).await;
            if attempt == ATTEMPTS_MAX {
                let answer = self.upstreams.execute(&self.context, &sandbox.sandbox_id, "").await;
                stages.passed("execute");
                return answer;
            }
            refusals.push(Refusal { sql, reason, hint });
            attempt += 1;
        }
    }

    /// The data plane does not know the question, so its options become whole questions here.
    fn whole_questions(
        &self,
        clarification: Clarification,
        interpretation: &Interpretation,
    ) -> Result<Clarification, GatewayError> {
        let question = Self::question(&self.frame)?;
        let asked =
            |phrase: &str| question.as_str().contains(phrase) && clarification.question.contains(phrase);
        let phrase =
            interpretation.filters.iter().flat_map(|filter| &filter.phrases).find(|phrase| asked(phrase));
        let Some(phrase) = phrase else { return Ok(clarification) };
        let whole = |option: &String| question.as_str().replacen(phrase, option, 1);
        let options = clarification.options.iter().map(whole).collect();
        Ok(Clarification { question: clarification.question, options })
    }
}

fn draft_request(
    supported: &Supported,
    relations: &[Relation],
    filters: &[BoundFilter],
    refusals: &[Refusal],
) -> WriteSqlRequest {
    WriteSqlRequest {
        receipt: supported.receipt.clone(),
        relations: relations.to_vec(),
        filters: filters.to_vec(),
        refusals: refusals.to_vec(),
    }
}

fn opened_event(sandbox: &Sandbox) -> SandboxOpened {
    SandboxOpened {
        security_sql: sandbox.security_sql.clone(),
        coverage: sandbox.coverage.clone(),
        relations: sandbox.relations.clone(),
    }
}

/// Whether another draft could fare better.
const fn is_repairable(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::QueryNotAllowed | Reason::QueryOutsideView | Reason::QueryTooComplex | Reason::QueryFailed
    )
}

fn hint(error: &GatewayError) -> String {
    error.metadata().into_iter().find(|(name, _)| name == "hint").map_or_else(String::new, |(_, hint)| hint)
}
