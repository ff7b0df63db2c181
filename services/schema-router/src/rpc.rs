//! Translates between the wire and the schema router. Decides nothing.

use crate::error::RouterError;
use crate::router::Router;
use splitplane_llm::{By, Refusal};
use splitplane_proto::common::v1 as common;
use splitplane_proto::convert::{MalformedMessage, column_from_wire, usage_to_wire};
use splitplane_proto::schema_router::v1::schema_router_service_server::SchemaRouterService;
use splitplane_proto::schema_router::v1::{RouteRequest, RouteResponse, WriteSqlRequest, WriteSqlResponse};
use splitplane_semantics::{BoundFilter, RelationSchema};
use splitplane_service::{CallContext, to_status};
use splitplane_session::VerifiedSession;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The gRPC face of the schema router.
#[derive(Debug)]
pub(crate) struct Rpc(pub(crate) Arc<Router>);

#[tonic::async_trait]
impl SchemaRouterService for Rpc {
    async fn route(&self, request: Request<RouteRequest>) -> Result<Response<RouteResponse>, Status> {
        let session = context(&request)?.session;
        let routed = self.0.route(&session, &request.into_inner().receipt).await;
        let By { answer: relations, usage, .. } = routed.map_err(|error| to_status(&error))?;
        Ok(Response::new(RouteResponse { relations, usage: Some(usage_to_wire(usage)) }))
    }

    async fn write_sql(
        &self,
        request: Request<WriteSqlRequest>,
    ) -> Result<Response<WriteSqlResponse>, Status> {
        let session = context(&request)?.session;
        let drafted = self.draft(&session, request.into_inner()).await;
        let By { answer: sql, stood_in, usage } = drafted.map_err(|error| to_status(&error))?;
        let (stood_in, usage) = (stood_in.unwrap_or("").to_owned(), Some(usage_to_wire(usage)));
        Ok(Response::new(WriteSqlResponse { sql, stood_in, usage }))
    }
}

impl Rpc {
    async fn draft(
        &self,
        session: &VerifiedSession,
        message: WriteSqlRequest,
    ) -> Result<By<String>, RouterError> {
        let relations = message.relations.into_iter().map(relation).collect::<Result<Vec<_>, _>>()?;
        let filters = message.filters.into_iter().map(filter).collect::<Result<Vec<_>, _>>()?;
        let refusals: Vec<Refusal> = message
            .refusals
            .into_iter()
            .map(|refusal| Refusal { sql: refusal.sql, reason: refusal.reason, hint: refusal.hint })
            .collect();
        self.0.write_sql(session, &message.receipt, &relations, &filters, &refusals).await
    }
}

fn relation(relation: common::Relation) -> Result<RelationSchema, MalformedMessage> {
    let columns = relation.columns.into_iter().map(column_from_wire).collect::<Result<_, _>>()?;
    Ok(RelationSchema { name: relation.name, columns })
}

fn filter(filter: common::BoundFilter) -> Result<BoundFilter, MalformedMessage> {
    Ok(BoundFilter {
        filter: usize::try_from(filter.filter)
            .or(Err(MalformedMessage("a filter's position is out of range")))?,
        relation: filter.relation,
        column: filter.column,
        parameter: filter.parameter,
    })
}

fn context<T>(request: &Request<T>) -> Result<CallContext, Status> {
    CallContext::of(request.extensions()).map_err(|error| to_status(&error))
}
