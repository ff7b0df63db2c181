//! Translates between the wire and the orchestration. Decides nothing.

use crate::ask::Ask;
use crate::conversation::Keeper;
use crate::error::GatewayError;
use crate::signed::SignedFrame;
use crate::stages::Stages;
use crate::upstreams::Upstreams;
use futures::stream::{BoxStream, StreamExt as _};
use splitplane_proto::gateway::v1::gateway_service_server::GatewayService;
use splitplane_proto::gateway::v1::{
    AskRequest, AskResponse, ListMetricsRequest, ListMetricsResponse, OpenSessionRequest, OpenSessionResponse,
};
use splitplane_service::{CallContext, reply, to_status};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Extensions, Request, Response, Status};
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;

/// Events that wait for a slow caller.
const EVENTS_WAITING_MAX: usize = 8;

/// The gRPC face of the gateway.
#[derive(Debug)]
pub(crate) struct Rpc {
    pub(crate) upstreams: Upstreams,
    pub(crate) keeper: Keeper,
}

#[tonic::async_trait]
impl GatewayService for Rpc {
    type AskStream = BoxStream<'static, Result<AskResponse, Status>>;

    async fn ask(&self, request: Request<AskRequest>) -> Result<Response<Self::AskStream>, Status> {
        let (ask, received) = self.open(request.extensions()).map_err(|error| to_status(&error))?;
        let (sender, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
        let mut stages = Stages::new(sender, received);
        let work = async move {
            if let Err(error) = ask.run(&mut stages).await {
                stages.failed(to_status(&error)).await;
            }
        };
        // The stream owns the task: a caller who goes away takes the work along.
        let task = AbortOnDropHandle::new(tokio::spawn(work.in_current_span().with_current_subscriber()));
        let events = ReceiverStream::new(receiver).map(move |event| {
            let _owned = &task;
            event
        });
        Ok(Response::new(events.boxed()))
    }

    async fn list_metrics(
        &self,
        request: Request<ListMetricsRequest>,
    ) -> Result<Response<ListMetricsResponse>, Status> {
        reply(async {
            let context = CallContext::of(request.extensions())?;
            let metrics = self.upstreams.list_metrics(&context).await?;
            Ok::<_, GatewayError>(ListMetricsResponse { metrics })
        })
        .await
    }

    async fn open_session(
        &self,
        request: Request<OpenSessionRequest>,
    ) -> Result<Response<OpenSessionResponse>, Status> {
        reply(async {
            let (Ask { context, frame, .. }, _) = self.open(request.extensions())?;
            Ok::<_, GatewayError>(OpenSessionResponse {
                session_key: context.key.expose().to_owned(),
                txn: context.session.txn().to_string(),
                expires_at: Some(context.session.expires_at().into()),
                frame: frame.to_vec(),
            })
        })
        .await
    }
}

impl Rpc {
    /// The verified request as a question at work, and when it came in.
    fn open(&self, extensions: &Extensions) -> Result<(Ask, Instant), GatewayError> {
        let context = CallContext::of(extensions)?;
        let signed = extensions.get::<SignedFrame>().cloned().ok_or(GatewayError::NoFrame)?;
        Ask::question(&signed.bytes)?;
        let (upstreams, keeper) = (self.upstreams.clone(), self.keeper.clone());
        Ok((Ask { upstreams, keeper, context, frame: signed.bytes }, signed.received))
    }
}
