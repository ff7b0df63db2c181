//! Translates between the wire and the data plane. Decides nothing.

use crate::builder::Answer;
use crate::coverage::Coverage;
use crate::data_plane::{DataPlane, OpenedSandbox, Opening, Released, ambiguity_question};
use crate::drafted::Checked;
use crate::error::QueryError;
use crate::integrity::Difference;
use futures::stream::BoxStream;
use splitplane_proto::common::v1 as common;
use splitplane_proto::convert::{column_to_wire, row_to_wire};
use splitplane_proto::query::v1::execute_response::Part;
use splitplane_proto::query::v1::open_sandbox_response::Outcome;
use splitplane_proto::query::v1::query_service_server::QueryService;
use splitplane_proto::query::v1::{
    ExecuteRequest, ExecuteResponse, OpenSandboxRequest, OpenSandboxResponse, ResultHeader, ResultSummary,
    RowBatch, Sandbox,
};
use splitplane_service::{CallContext, to_status};
use splitplane_split_plane::ViewRelation;
use splitplane_types::Cell;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The fixed answer for what does not exist and for what is not the caller's.
const NOTHING_BY_THAT_NAME: &str = "There is nothing by that name among your data.";

/// Rows in one message.
const ROWS_PER_MESSAGE: usize = 1_000;

/// The gRPC face of the data plane.
#[derive(Debug)]
pub(crate) struct Rpc(pub(crate) Arc<DataPlane>);

#[tonic::async_trait]
impl QueryService for Rpc {
    type ExecuteStream = BoxStream<'static, Result<ExecuteResponse, Status>>;

    async fn open_sandbox(
        &self,
        request: Request<OpenSandboxRequest>,
    ) -> Result<Response<OpenSandboxResponse>, Status> {
        let caller = context(&request)?;
        let message = request.into_inner();
        match self.0.open_sandbox(&caller.session, &message.receipt, &message.relations).await {
            Ok(opening) => Ok(Response::new(OpenSandboxResponse { outcome: Some(outcome(opening)) })),
            Err(error) => Err(self.refuse(&caller.session, None, error).await),
        }
    }

    async fn execute(
        &self,
        request: Request<ExecuteRequest>,
    ) -> Result<Response<Self::ExecuteStream>, Status> {
        let caller = context(&request)?;
        let message = request.into_inner();
        let draft = (message.sql.as_str(), message.with_draft_rows);
        match self.0.execute(&caller.session, &caller.key, &message.sandbox_id, draft).await {
            Ok(released) => Ok(Response::new(stream(released, message.with_draft_rows))),
            Err(error) => Err(self.refuse(&caller.session, Some(&message.sql), error).await),
        }
    }
}

impl Rpc {
    async fn refuse(
        &self,
        session: &splitplane_session::VerifiedSession,
        draft: Option<&str>,
        error: QueryError,
    ) -> Status {
        to_status(&self.0.refused(session, draft, error).await)
    }
}

fn outcome(opening: Opening) -> Outcome {
    match opening {
        Opening::Opened(sandbox) => Outcome::Sandbox(sandbox_to_wire(sandbox)),
        Opening::Ambiguous { phrase, options } => {
            Outcome::Clarify(common::Clarification { question: ambiguity_question(&phrase), options })
        }
        Opening::Nothing => {
            Outcome::NothingInScope(common::NothingInScope { message: NOTHING_BY_THAT_NAME.to_owned() })
        }
    }
}

fn sandbox_to_wire(sandbox: OpenedSandbox) -> Sandbox {
    let Coverage { sentence, covered, granted } = sandbox.coverage;
    let filters = sandbox
        .filters
        .into_iter()
        .map(|filter| common::BoundFilter {
            parameter: format!(":{}", filter.parameter()),
            filter: u32::try_from(filter.filter).unwrap_or(u32::MAX),
            relation: filter.relation,
            column: filter.column,
        })
        .collect();
    Sandbox {
        sandbox_id: sandbox.id,
        relations: sandbox.relations.iter().map(relation_to_wire).collect(),
        security_sql: sandbox.security_sql,
        coverage: Some(common::Coverage { sentence, covered, granted }),
        filters,
    }
}

fn relation_to_wire(relation: &ViewRelation) -> common::Relation {
    common::Relation {
        name: relation.name.clone(),
        columns: relation.columns.iter().map(column_to_wire).collect(),
    }
}

/// The released result as messages: header, rows, summary, and where it is wanted the draft's. Everything in it is
/// already complete.
fn stream(released: Released, with_draft: bool) -> BoxStream<'static, Result<ExecuteResponse, Status>> {
    let Released { answer, checked } = released;
    let summary = ResultSummary {
        rows: answer.rows(),
        result_digest: answer.digest.as_bytes().to_vec(),
        check: checked.as_ref().map(check),
    };
    let mut parts = vec![Part::Header(header(&answer))];
    parts.extend(batches(&answer).map(Part::Batch));
    parts.push(Part::Summary(summary));
    if let Some(checked) = checked.filter(|_| with_draft) {
        // A draft that is the compiled statement has its result.
        let draft = checked.draft.as_ref().or(checked.difference.is_none().then_some(&answer));
        if let Some(draft) = draft {
            parts.push(Part::DraftHeader(header(draft)));
            parts.extend(batches(draft).map(Part::DraftBatch));
        }
    }
    let parts = parts.into_iter().map(|part| Ok(ExecuteResponse { part: Some(part) }));
    Box::pin(futures::stream::iter(parts))
}

fn header(answer: &Answer) -> ResultHeader {
    let columns = answer.table.columns.iter().map(column_to_wire).collect();
    ResultHeader { columns, sql: answer.sql.clone() }
}

fn batches(answer: &Answer) -> impl Iterator<Item = RowBatch> {
    let batch = |rows: &[Vec<Cell>]| RowBatch { rows: rows.iter().map(|row| row_to_wire(row)).collect() };
    answer.table.rows.chunks(ROWS_PER_MESSAGE).map(batch)
}

fn check(checked: &Checked) -> common::Check {
    common::Check {
        agrees: checked.difference.is_none(),
        difference: checked.difference.map_or("", Difference::as_str).to_owned(),
        draft_rows: checked.rows,
        draft_digest: checked.digest.map_or_else(Vec::new, |digest| digest.as_bytes().to_vec()),
    }
}

fn context<T>(request: &Request<T>) -> Result<CallContext, Status> {
    CallContext::of(request.extensions()).map_err(|error| to_status(&error))
}
