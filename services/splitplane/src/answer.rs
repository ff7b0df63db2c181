//! An answer, put together from the stages that the gateway streams.
//!
//! Decides nothing about its content; decides that an answer without its end is none, and which
//! outcome an error is.

use crate::caller::{Caller, CallerError};
use splitplane_proto::common::v1::{Check, Clarification, Coverage, Interpretation, Metric, SpanList};
use splitplane_proto::convert::{table_from_wire, usage_from_wire};
use splitplane_proto::gateway::v1::ask_response::Event;
use splitplane_proto::gateway::v1::{AskRequest, AskResponse, Outcome as WireOutcome};
use splitplane_service::{metadata_of, reason_of, spans_in};
use splitplane_types::{ModelUsage, Outcome, Reason, Table};
use std::collections::BTreeMap;
use std::error::Error as _;
use tonic::{Code, Request, Status};

/// An error instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code's name, for example `NOT_FOUND`.
    pub code: String,
    /// The reason, if it is one of ours.
    pub reason: Option<Reason>,
    /// The text.
    pub message: String,
    /// Facts beside it.
    pub metadata: BTreeMap<String, String>,
}

/// A draft of a model that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedDraft {
    /// What the model wrote.
    pub sql: String,
    /// Name of the reason.
    pub reason: String,
    /// Hint for the repair.
    pub hint: String,
}

/// Everything that came back for one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// The question.
    pub question: String,
    /// Transaction, once layer 1 has passed.
    pub txn: Option<String>,
    /// How it was understood, once layer 2 has passed.
    pub interpretation: Option<Interpretation>,
    /// From when periods were counted.
    pub as_of: Option<String>,
    /// A question back.
    pub clarification: Option<Clarification>,
    /// What could be asked instead.
    pub metrics: Option<Vec<Metric>>,
    /// The sentence that says that nothing is there.
    pub nothing: Option<String>,
    /// Relations of the sandbox.
    pub relations: Vec<String>,
    /// The scope, as text.
    pub security_sql: Option<String>,
    /// How much is covered.
    pub coverage: Option<Coverage>,
    /// What a model wrote, in order.
    pub drafts: Vec<String>,
    /// What of it layer 3b refused.
    pub refused_drafts: Vec<RefusedDraft>,
    /// The statement that ran.
    pub sql: Option<String>,
    /// The rows.
    pub table: Option<Table>,
    /// How the model's own statement compares with the rows.
    pub check: Option<Check>,
    /// A chart that may help: a Vega-Lite specification, as JSON.
    pub chart: Option<String>,
    /// The analysis.
    pub narrative: Option<String>,
    /// Language models that stood in for the configured one, without repetition.
    pub stood_in: Vec<String>,
    /// What language models behind a network used.
    pub usage: ModelUsage,
    /// The conversation so far: a secret, to be sent with a follow-up.
    pub conversation: Option<String>,
    /// Whole milliseconds of each stage, in order.
    pub timings_ms: Vec<(String, u32)>,
    /// Spans of the request, where they were asked for by somebody who is told them.
    pub spans: Option<SpanList>,
    /// Why there is no answer.
    pub error: Option<Refusal>,
}

impl Answer {
    pub(crate) fn to(question: &str) -> Self {
        Self {
            // Until the last event says otherwise.
            outcome: Outcome::Unavailable,
            question: question.to_owned(),
            txn: None,
            interpretation: None,
            as_of: None,
            clarification: None,
            metrics: None,
            nothing: None,
            relations: Vec::new(),
            security_sql: None,
            coverage: None,
            drafts: Vec::new(),
            refused_drafts: Vec::new(),
            sql: None,
            table: None,
            check: None,
            chart: None,
            narrative: None,
            stood_in: Vec::new(),
            usage: ModelUsage::default(),
            conversation: None,
            timings_ms: Vec::new(),
            spans: None,
            error: None,
        }
    }

    /// The reason of the error, if there is one.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.error.as_ref()?.reason
    }

    /// Takes an event in; true when it was the last one.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Accepted(accepted) => self.txn = Some(accepted.txn),
            Event::Validated(validated) => {
                self.interpretation = validated.interpretation;
                self.as_of = Some(validated.as_of);
                self.note(validated.stood_in);
            }
            Event::Clarify(clarification) => self.clarification = Some(clarification),
            Event::Unsupported(unsupported) => self.metrics = Some(unsupported.metrics),
            Event::Routed(routed) => self.relations = routed.relations,
            Event::SandboxOpened(opened) => {
                self.security_sql = Some(opened.security_sql);
                self.coverage = opened.coverage;
                self.relations = opened.relations.into_iter().map(|relation| relation.name).collect();
            }
            Event::SqlWritten(written) => {
                self.drafts.push(written.sql);
                self.note(written.stood_in);
            }
            Event::SqlRefused(refused) => self.refused_drafts.push(RefusedDraft {
                sql: self.drafts.last().cloned().unwrap_or_else(String::new),
                reason: refused.reason,
                hint: refused.hint,
            }),
            Event::Rows(rows) => {
                self.sql = Some(rows.sql);
                match table_from_wire(rows.columns, rows.rows) {
                    Ok(table) => self.table = Some(table),
                    Err(error) => self.fail(unusable(error.to_string())),
                }
            }
            Event::Checked(checked) => self.check = checked.check,
            Event::Chart(chart) => self.chart = Some(chart.vega_lite),
            Event::Narrative(narrative) => {
                self.narrative = Some(narrative.text);
                self.note(narrative.stood_in);
            }
            Event::NothingInScope(nothing) => self.nothing = Some(nothing.message),
            Event::Done(done) => {
                self.conversation = Some(done.conversation.clone()).filter(|token| !token.is_empty());
                self.usage = usage_from_wire(done.usage);
                self.timings_ms =
                    done.timings.iter().map(|timing| (timing.stage.clone(), timing.ms)).collect();
                match outcome(done.outcome()) {
                    Some(outcome) if self.error.is_none() => self.outcome = outcome,
                    Some(_) => {}
                    None => self.fail(unusable("the answer has no outcome".to_owned())),
                }
                return true;
            }
        }
        false
    }

    fn note(&mut self, stood_in: String) {
        if !stood_in.is_empty() && !self.stood_in.contains(&stood_in) {
            self.stood_in.push(stood_in);
        }
    }

    fn refuse(&mut self, status: &Status) {
        self.spans = spans_in(status.metadata());
        self.fail(Refusal::from(status));
    }

    fn fail(&mut self, refusal: Refusal) {
        self.outcome = refusal.reason.map_or(Outcome::Unavailable, outcome_of);
        self.error.get_or_insert(refusal);
    }
}

const fn outcome(wire: WireOutcome) -> Option<Outcome> {
    match wire {
        WireOutcome::Unspecified => None,
        WireOutcome::Answered => Some(Outcome::Answered),
        WireOutcome::Clarify => Some(Outcome::Clarify),
        WireOutcome::Unsupported => Some(Outcome::Unsupported),
        WireOutcome::NothingInScope => Some(Outcome::NothingInScope),
    }
}

/// The outcome that an error's reason stands for.
#[must_use]
pub const fn outcome_of(reason: Reason) -> Outcome {
    match reason {
        Reason::ResultTooLarge | Reason::QueryMemoryExceeded | Reason::TenantBusy => Outcome::OverLimit,
        Reason::Overloaded
        | Reason::Deadline
        | Reason::Cancelled
        | Reason::WarehouseUnavailable
        | Reason::ModelUnavailable
        | Reason::AuditUnavailable
        | Reason::ServiceUnavailable
        | Reason::PolicyChanged
        | Reason::Internal => Outcome::Unavailable,
        Reason::Unauthenticated
        | Reason::PeerNotAllowed
        | Reason::RequestMalformed
        | Reason::QuestionEmpty
        | Reason::QuestionTooLong
        | Reason::QuestionMalformed
        | Reason::QueryOutsideView
        | Reason::QueryNotAllowed
        | Reason::QueryTooComplex
        | Reason::QueryFailed
        | Reason::SandboxNotFound
        | Reason::SandboxExhausted
        | Reason::MethodNotFound => Outcome::Refused,
    }
}

fn unusable(message: String) -> Refusal {
    Refusal { code: code_name(Code::Internal).to_owned(), reason: None, message, metadata: BTreeMap::new() }
}

impl From<&Status> for Refusal {
    fn from(status: &Status) -> Self {
        let mut message = status.message().to_owned();
        // What the transport says stands in its sources: "transport error" alone helps nobody.
        let mut source = status.source();
        while let Some(error) = source {
            let said = error.to_string();
            if !message.contains(&said) {
                message = format!("{message}: {said}");
            }
            source = error.source();
        }
        Self {
            code: code_name(status.code()).to_owned(),
            reason: reason_of(status),
            message,
            metadata: metadata_of(status),
        }
    }
}

/// The name of a gRPC code, as gRPC's own documents write it.
#[must_use]
pub const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Sends a request to Ask, and puts its answer together. `on_event` sees each event when it comes.
///
/// # Errors
/// The request cannot be sent at all; what the gateway refuses is an answer with an error in it.
pub async fn answer(
    caller: &Caller,
    request: Request<AskRequest>,
    on_event: &mut (dyn FnMut(&AskResponse) + Send),
) -> Result<Answer, CallerError> {
    let asked = request.get_ref().question.as_ref().map_or("", |question| question.text.as_str());
    let mut answer = Answer::to(asked);
    let mut events = match caller.send_ask(request).await {
        Ok(events) => events,
        Err(CallerError::Refused(status)) => {
            answer.refuse(status.as_ref());
            return Ok(answer);
        }
        Err(error) => return Err(error),
    };
    loop {
        match events.message().await {
            Ok(Some(response)) => {
                on_event(&response);
                if response.event.is_some_and(|event| answer.take(event)) {
                    break;
                }
            }
            Ok(None) => {
                answer.fail(unusable("the answer broke off before its end".to_owned()));
                break;
            }
            Err(status) => {
                answer.refuse(&status);
                return Ok(answer);
            }
        }
    }
    // Nothing that goes wrong after the last event makes it another answer.
    if let Ok(Some(trailers)) = events.trailers().await {
        answer.spans = spans_in(&trailers);
    }
    Ok(answer)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use splitplane_proto::common::v1::{Cell, Column, ColumnType, Row, cell};
    use splitplane_proto::gateway::v1::{Accepted, Done, Rows, StageTiming};

    /// An answer with one row.
    pub(crate) fn answered() -> Answer {
        let mut answer = Answer::to("How many loans?");
        let column = |name: &str, column_type: ColumnType, unit: &str| Column {
            name: name.to_owned(),
            r#type: column_type.into(),
            unit: unit.to_owned(),
            masked: false,
        };
        let rows = Rows {
            columns: vec![
                column("branch", ColumnType::String, ""),
                column("fees", ColumnType::Decimal, "USD"),
            ],
            rows: vec![Row {
                cells: vec![
                    Cell { kind: None },
                    Cell { kind: Some(cell::Kind::Decimal("84000.00".to_owned())) },
                ],
            }],
            sql: "SELECT 1".to_owned(),
        };
        assert!(!answer.take(Event::Accepted(Accepted { txn: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned() })));
        assert!(!answer.take(Event::Rows(rows)));
        let timings = vec![StageTiming { stage: "total".to_owned(), ms: 12 }];
        let (outcome, conversation) = (WireOutcome::Answered.into(), "a.token".to_owned());
        assert!(answer.take(Event::Done(Done { outcome, timings, conversation, usage: None })));
        answer
    }

    #[test]
    fn an_answer_is_answered_only_when_its_end_says_so() {
        assert_eq!(answered().outcome, Outcome::Answered);
        assert_eq!(Answer::to("x").outcome, Outcome::Unavailable);
        let mut unsaid = Answer::to("x");
        unsaid.take(Event::Done(Done {
            outcome: 0,
            timings: vec![],
            conversation: String::new(),
            usage: None,
        }));
        assert_eq!((unsaid.outcome, unsaid.error.is_some()), (Outcome::Unavailable, true));
    }

    #[test]
    fn rows_that_make_no_table_spoil_the_answer() {
        let mut answer = Answer::to("x");
        let rows = Rows {
            columns: vec![],
            rows: vec![Row { cells: vec![Cell { kind: None }] }],
            sql: String::new(),
        };
        answer.take(Event::Rows(rows));
        let outcome = WireOutcome::Answered.into();
        answer.take(Event::Done(Done { outcome, timings: vec![], conversation: String::new(), usage: None }));
        assert_eq!(answer.outcome, Outcome::Unavailable);
    }
}
