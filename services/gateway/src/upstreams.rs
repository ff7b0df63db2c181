//! The services behind the gateway, and which of their reasons pass to the caller.

use crate::error::GatewayError;
use splitplane_proto::auth::v1::auth_service_client::AuthServiceClient;
use splitplane_proto::auth::v1::{AuthenticateRequest, AuthenticateResponse};
use splitplane_proto::common::v1::{Check, Column, Metric, Row};
use splitplane_proto::convert::usage_from_wire;
use splitplane_proto::query::v1::execute_response::Part;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_proto::query::v1::{ExecuteRequest, OpenSandboxRequest, open_sandbox_response};
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_proto::reasoning::v1::{
    ExplainRequest, ExplainResponse, ListMetricsRequest, ValidateRequest, ValidateResponse, validate_response,
};
use splitplane_proto::schema_router::v1::schema_router_service_client::SchemaRouterServiceClient;
use splitplane_proto::schema_router::v1::{RouteRequest, RouteResponse, WriteSqlRequest, WriteSqlResponse};
use splitplane_service::{CallContext, Deadline, Upstream, UpstreamError, Workload, call};
use splitplane_types::{ModelUsage, Reason};
use tonic::Status;

/// Reasons that the gateway's own contract names for questions.
const PASSES: &[Reason] = &[
    Reason::RequestMalformed,
    Reason::QuestionEmpty,
    Reason::QuestionTooLong,
    Reason::QuestionMalformed,
    Reason::QueryOutsideView,
    Reason::QueryNotAllowed,
    Reason::QueryTooComplex,
    Reason::QueryFailed,
    Reason::ResultTooLarge,
    Reason::QueryMemoryExceeded,
    Reason::TenantBusy,
    Reason::Overloaded,
    Reason::SandboxExhausted,
    Reason::Deadline,
    Reason::WarehouseUnavailable,
    Reason::ModelUnavailable,
    Reason::AuditUnavailable,
    Reason::ServiceUnavailable,
    Reason::PolicyChanged,
];

/// Clients of the four services.
#[derive(Debug, Clone)]
pub(crate) struct Upstreams {
    auth: AuthServiceClient<Upstream>,
    reasoning: ReasoningServiceClient<Upstream>,
    router: SchemaRouterServiceClient<Upstream>,
    query: QueryServiceClient<Upstream>,
}

/// A whole result.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    pub(crate) sql: String,
    /// How the model's statement compares.
    pub(crate) check: Option<Check>,
}

/// What a language model said, the name of the one that stood in for the configured one, and what was used.
#[derive(Debug, Clone)]
pub(crate) struct Said<T> {
    pub(crate) what: T,
    pub(crate) stood_in: String,
    pub(crate) usage: ModelUsage,
}

impl Upstreams {
    pub(crate) fn new(auth: Upstream, reasoning: Upstream, router: Upstream, query: Upstream) -> Self {
        // A result is bounded by the policy in the data plane, so its messages are not bounded here.
        let query = QueryServiceClient::new(query).max_decoding_message_size(usize::MAX);
        Self {
            auth: AuthServiceClient::new(auth),
            reasoning: ReasoningServiceClient::new(reasoning),
            router: SchemaRouterServiceClient::new(router),
            query,
        }
    }

    pub(crate) async fn authenticate(
        &self,
        deadline: Deadline,
        message: AuthenticateRequest,
    ) -> Result<AuthenticateResponse, GatewayError> {
        let answer = self.auth.clone().authenticate(call(deadline, None, message)?).await;
        Ok(answer.map_err(failed(Workload::Auth))?.into_inner())
    }

    pub(crate) async fn validate(
        &self,
        context: &CallContext,
        frame: Vec<u8>,
    ) -> Result<Said<validate_response::Outcome>, GatewayError> {
        let request = call(context.deadline, Some(&context.key), ValidateRequest { frame })?;
        let answer = self.reasoning.clone().validate(request).await.map_err(failed(Workload::Reasoning))?;
        let ValidateResponse { outcome, stood_in, usage } = answer.into_inner();
        let what = outcome.ok_or(GatewayError::Incomplete("validate has no outcome"))?;
        Ok(Said { what, stood_in, usage: usage_from_wire(usage) })
    }

    pub(crate) async fn list_metrics(&self, context: &CallContext) -> Result<Vec<Metric>, GatewayError> {
        let request = call(context.deadline, Some(&context.key), ListMetricsRequest {})?;
        let answer = self.reasoning.clone().list_metrics(request).await;
        Ok(answer.map_err(failed(Workload::Reasoning))?.into_inner().metrics)
    }

    pub(crate) async fn explain(
        &self,
        context: &CallContext,
        message: ExplainRequest,
    ) -> Result<Said<String>, GatewayError> {
        let request = call(context.deadline, Some(&context.key), message)?;
        let answer = self.reasoning.clone().explain(request).await;
        let ExplainResponse { narrative, stood_in, usage } =
            answer.map_err(failed(Workload::Reasoning))?.into_inner();
        Ok(Said { what: narrative, stood_in, usage: usage_from_wire(usage) })
    }

    pub(crate) async fn route(
        &self,
        context: &CallContext,
        receipt: &str,
    ) -> Result<Said<Vec<String>>, GatewayError> {
        let message = RouteRequest { receipt: receipt.to_owned() };
        let answer = self.router.clone().route(call(context.deadline, Some(&context.key), message)?).await;
        let RouteResponse { relations, usage } = answer.map_err(failed(Workload::SchemaRouter))?.into_inner();
        Ok(Said { what: relations, stood_in: String::new(), usage: usage_from_wire(usage) })
    }

    pub(crate) async fn write_sql(
        &self,
        context: &CallContext,
        message: WriteSqlRequest,
    ) -> Result<Said<String>, GatewayError> {
        let request = call(context.deadline, Some(&context.key), message)?;
        let answer = self.router.clone().write_sql(request).await;
        let WriteSqlResponse { sql, stood_in, usage } =
            answer.map_err(failed(Workload::SchemaRouter))?.into_inner();
        Ok(Said { what: sql, stood_in, usage: usage_from_wire(usage) })
    }

    pub(crate) async fn open_sandbox(
        &self,
        context: &CallContext,
        receipt: &str,
        relations: &[String],
    ) -> Result<open_sandbox_response::Outcome, GatewayError> {
        let message = OpenSandboxRequest { receipt: receipt.to_owned(), relations: relations.to_vec() };
        let request = call(context.deadline, Some(&context.key), message)?;
        let answer = self.query.clone().open_sandbox(request).await.map_err(failed(Workload::Query))?;
        answer.into_inner().outcome.ok_or(GatewayError::Incomplete("open sandbox has no outcome"))
    }

    /// Runs a statement and collects the whole result; one without its summary is no result.
    pub(crate) async fn execute(
        &self,
        context: &CallContext,
        sandbox_id: &str,
        sql: &str,
    ) -> Result<Answer, GatewayError> {
        let (sandbox_id, sql) = (sandbox_id.to_owned(), sql.to_owned());
        let message = ExecuteRequest { sandbox_id, sql, with_draft_rows: false };
        let request = call(context.deadline, Some(&context.key), message)?;
        let answer = self.query.clone().execute(request).await.map_err(failed(Workload::Query))?;
        let mut parts = answer.into_inner();
        let mut collected: Option<Answer> = None;
        while let Some(part) = parts.message().await.map_err(failed(Workload::Query))? {
            match (part.part, &mut collected) {
                (Some(Part::Header(header)), None) => {
                    let (columns, sql) = (header.columns, header.sql);
                    collected = Some(Answer { columns, rows: Vec::new(), sql, check: None });
                }
                (Some(Part::Batch(batch)), Some(answer)) => answer.rows.extend(batch.rows),
                (Some(Part::Summary(summary)), Some(answer)) => {
                    if u64::try_from(answer.rows.len()) != Ok(summary.rows) {
                        return Err(GatewayError::Incomplete("rows are missing"));
                    }
                    answer.check = summary.check;
                    // The call is over with its trailers, which also carry its spans to who asked for them.
                    return match parts.message().await.map_err(failed(Workload::Query))? {
                        None => collected.ok_or(GatewayError::Incomplete("no header")),
                        Some(_) => Err(GatewayError::Incomplete("parts are out of order")),
                    };
                }
                (Some(Part::Header(_)), Some(_))
                | (Some(Part::Batch(_) | Part::Summary(_)), None)
                | (Some(Part::DraftHeader(_) | Part::DraftBatch(_)), _)
                | (None, _) => {
                    return Err(GatewayError::Incomplete("parts are out of order"));
                }
            }
        }
        Err(GatewayError::Incomplete("the result has no summary"))
    }
}

fn failed(workload: Workload) -> impl Fn(Status) -> UpstreamError {
    move |status| UpstreamError::new(workload, status, PASSES)
}
