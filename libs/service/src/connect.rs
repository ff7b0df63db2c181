//! Makes connections to other services: TCP, TLS with our certificate, then a look at theirs.
//!
//! Decides that the server at the other end is the workload that was meant, not merely one of the
//! mesh. Each connection shows the certificate of its moment.

use crate::identity::Shown;
use crate::workload::{PeerError, PeerIdentity, Workload};
use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::Service;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Why there is no connection. No byte of a request was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("there is no certificate to show to {0}")]
    NoIdentity(Workload),
    #[error("cannot connect to {workload} at `{address}`")]
    Tcp {
        workload: Workload,
        address: String,
        #[source]
        source: io::Error,
    },
    #[error("the handshake with {workload} failed")]
    Handshake {
        workload: Workload,
        #[source]
        source: io::Error,
    },
    #[error("connecting to {0} took too long")]
    Slow(Workload),
    #[error("the server is not {workload}: its certificate names `{found}`")]
    OtherWorkload { workload: Workload, found: String },
    #[error("the server is not {workload}: its certificate names nobody")]
    Nobody {
        workload: Workload,
        #[source]
        source: PeerError,
    },
}

/// Connects to one workload.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) workload: Workload,
    pub(crate) address: String,
    pub(crate) trust_domain: String,
    pub(crate) server_name: ServerName<'static>,
    pub(crate) tls: Shown<ClientConfig>,
}

impl Connector {
    async fn connect(self) -> Result<TlsStream<TcpStream>, ConnectError> {
        let workload = self.workload;
        let shown = self.tls.borrow().clone();
        let shown = shown.ok_or(ConnectError::NoIdentity(workload))?;
        let stream = TcpStream::connect(&self.address).await.and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        let stream =
            stream.map_err(|source| ConnectError::Tcp { workload, address: self.address.clone(), source })?;
        let stream = TlsConnector::from(shown)
            .connect(self.server_name.clone(), stream)
            .await
            .map_err(|source| ConnectError::Handshake { workload, source })?;
        // A host name can be pointed elsewhere; the id in the certificate cannot.
        let (_, session) = stream.get_ref();
        let leaf = session.peer_certificates().and_then(|chain| chain.first());
        let der = leaf.map_or(&[][..], |leaf| leaf.as_ref());
        match PeerIdentity::from_certificate(der, &self.trust_domain) {
            Ok(PeerIdentity::Workload(found)) if found == workload => Ok(stream),
            Ok(other) => Err(ConnectError::OtherWorkload { workload, found: other.to_string() }),
            Err(source) => Err(ConnectError::Nobody { workload, source }),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Self::Response, ConnectError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        let workload = self.workload;
        Box::pin(async move {
            let connected = tokio::time::timeout(CONNECT_TIME_MAX, connector.connect()).await;
            connected.or(Err(ConnectError::Slow(workload)))?.map(TokioIo::new)
        })
    }
}
