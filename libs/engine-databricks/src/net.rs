//! Requests over HTTP: to the workspace, to the storage of its results.
//!
//! Decides which certificates are trusted, how long one request takes and how large an answer may be. It follows
//! nobody anywhere, and adds no header. It does not decide what is repeated.

use crate::config::Workspace;
use crate::error::{Cause, DatabricksError, SetupError};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::sync::Arc;
use std::time::Duration;

const IDLE_TIME_MAX: Duration = Duration::from_secs(20);
const IDLE_CONNECTIONS_MAX: usize = 8;

/// A pool of connections of its own.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub(crate) struct SendError {
    /// No connection was made, so that nothing can have been begun.
    pub(crate) is_surely_not_sent: bool,
    pub(crate) error: DatabricksError,
}

impl Http {
    pub(crate) fn new(workspace: &Workspace) -> Result<Self, SetupError> {
        let tls = |error: Box<dyn std::error::Error + Send + Sync>| SetupError::Tls(error);
        let provider = rustls::crypto::ring::default_provider();
        let builder = HttpsConnectorBuilder::new();
        let builder = match &workspace.config.ca_file {
            None => builder.with_provider_and_webpki_roots(provider).map_err(|error| tls(error.into()))?,
            Some(file) => {
                let mut roots = rustls::RootCertStore::empty();
                for found in CertificateDer::pem_file_iter(file).map_err(|error| tls(error.into()))? {
                    let found = found.map_err(|error| tls(error.into()))?;
                    roots.add(found).map_err(|error| tls(error.into()))?;
                }
                let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
                    .with_safe_default_protocol_versions()
                    .map_err(|error| tls(error.into()))?;
                builder.with_tls_config(config.with_root_certificates(roots).with_no_client_auth())
            }
        };
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_connect_timeout(Some(workspace.config.request_time_max));
        let connector = builder.https_or_http().enable_http1().wrap_connector(plain);
        // A statement sent into a connection that the other side has left would not be sent again.
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector);
        Ok(Self { client })
    }

    /// Sends one request; the answer's body is not read yet.
    pub(crate) async fn send(
        &self,
        request: http::Request<Full<Bytes>>,
        time_max: Duration,
    ) -> Result<http::Response<Incoming>, SendError> {
        match tokio::time::timeout(time_max, self.client.request(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(SendError {
                is_surely_not_sent: error.is_connect(),
                error: DatabricksError::Unavailable(Cause::transport(error)),
            }),
            Err(_elapsed) => Err(SendError {
                is_surely_not_sent: false,
                error: DatabricksError::Unavailable(Cause::Found("no answer in the time of one request")),
            }),
        }
    }
}

/// A body of at most so many bytes.
pub(crate) async fn read(
    body: Incoming,
    bytes_max: usize,
    time_max: Duration,
) -> Result<Bytes, DatabricksError> {
    match tokio::time::timeout(time_max, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(DatabricksError::Protocol(Cause::Found("an answer is larger than it may be")))
        }
        Ok(Err(error)) => Err(DatabricksError::Unavailable(Cause::Transport(error))),
        Err(_elapsed) => {
            Err(DatabricksError::Unavailable(Cause::Found("an answer that does not end in its time")))
        }
    }
}
