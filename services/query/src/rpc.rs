//! Translates between the wire and the data plane. Decides nothing.

use crate::builder::Answer;
use crate::coverage::Coverage;
use crate::data_plane::{DataPlane, OpenedSandbox, Opening, ambiguity_question};
use crate::error::QueryError;
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
        match self.0.execute(&caller.session, &caller.key, &message.sandbox_id, &message.sql).await {
            Ok(released) => Ok(Response::new(stream(released))),
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

/// The released result as messages: header, rows, summary. Everything in it is already complete.
fn stream(answer: Answer) -> BoxStream<'static, Result<ExecuteResponse, Status>> {
    let Answer { table, sql, bytes: _, digest } = answer;
    let header = ResultHeader { columns: table.columns.iter().map(column_to_wire).collect(), sql };
    let summary = ResultSummary {
        rows: u64::try_from(table.rows.len()).unwrap_or(u64::MAX),
        result_digest: digest.as_bytes().to_vec(),
    };
    let batches: Vec<Part> = table
        .rows
        .chunks(ROWS_PER_MESSAGE)
        .map(|rows| Part::Batch(RowBatch { rows: rows.iter().map(|row| row_to_wire(row)).collect() }))
        .collect();
    let parts = std::iter::once(Part::Header(header)).chain(batches).chain([Part::Summary(summary)]);
    Box::pin(futures::stream::iter(parts.map(|part| Ok(ExecuteResponse { part: Some(part) }))))
}

fn context<T>(request: &Request<T>) -> Result<CallContext, Status> {
    CallContext::of(request.extensions()).map_err(|error| to_status(&error))
}
