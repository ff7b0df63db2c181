//! Translates between the wire and layer 1. Decides nothing.

use crate::authenticate::Layer1;
use crate::error::AuthError;
use crate::feed::Feed;
use futures::stream::BoxStream;
use secrecy::ExposeSecret as _;
use splitplane_proto::auth::v1::auth_service_server::AuthService;
use splitplane_proto::auth::v1::{
    AuthenticateRequest, AuthenticateResponse, IssueCredentialsRequest, IssueCredentialsResponse,
    WatchRequest, WatchResponse,
};
use splitplane_service::{PeerIdentity, PeerInfo, reply, to_status};
use splitplane_sigv4::RawRequest;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The gRPC face of layer 1.
#[derive(Debug)]
pub(crate) struct Rpc {
    pub(crate) layer1: Arc<Layer1>,
    pub(crate) feed: Arc<Feed>,
}

#[tonic::async_trait]
impl AuthService for Rpc {
    type WatchStream = BoxStream<'static, Result<WatchResponse, Status>>;

    async fn authenticate(
        &self,
        request: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        let message = request.into_inner();
        let headers: Vec<(String, Vec<u8>)> =
            message.headers.into_iter().map(|header| (header.name, header.value)).collect();
        reply(async {
            let raw = RawRequest {
                path: &message.path,
                authority: &message.authority,
                headers: &headers,
                frame: &message.frame,
            };
            let authenticated = self.layer1.authenticate(raw).await?;
            Ok::<_, AuthError>(AuthenticateResponse {
                session_key: authenticated.key.expose().to_owned(),
                txn: authenticated.txn.to_string(),
                expires_at: Some(authenticated.expires_at.into()),
            })
        })
        .await
    }

    async fn issue_credentials(
        &self,
        request: Request<IssueCredentialsRequest>,
    ) -> Result<Response<IssueCredentialsResponse>, Status> {
        let spiffe_id = bootstrap(&request).map_err(|error| to_status(&error))?;
        let message = request.into_inner();
        let issued = self.layer1.issue(&spiffe_id, &message.principal, message.lifetime_seconds).await;
        let credentials = issued.map_err(|error| to_status(&error))?;
        Ok(Response::new(IssueCredentialsResponse {
            secret_access_key: credentials.secret_access_key.expose_secret().to_owned(),
            session_token: credentials.session_token.expose_secret().to_owned(),
            access_key_id: credentials.access_key_id,
            expiration: Some(credentials.expires_at.into()),
        }))
    }

    async fn watch(&self, _request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(self.feed.stream()))
    }
}

/// The bootstrap workload that calls, from its certificate.
fn bootstrap<T>(request: &Request<T>) -> Result<String, AuthError> {
    let peer = request.extensions().get::<PeerInfo>().and_then(|info| info.peer.as_ref());
    peer.and_then(PeerIdentity::bootstrap_id).map(str::to_owned).ok_or(AuthError::NotItsBootstrap)
}
