//! Takes connections: TCP, then the TLS handshake, then the peer's identity.
//!
//! Decides how many handshakes and connections there are at a time and how long a handshake may
//! take. A failed handshake ends itself and nothing else. Each handshake uses the identity of its
//! moment; a connection that stands keeps the one that it was made with.

use crate::identity::Shown;
use crate::workload::PeerIdentity;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;
use tracing::instrument::WithSubscriber as _;

const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);
const HANDSHAKES_MAX: usize = 512;
const CONNECTIONS_MAX: usize = 4_096;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who is at the other end of the connection that a request came by.
#[derive(Debug, Clone)]
pub struct PeerInfo {
    /// The peer's identity, if it showed a certificate of the mesh.
    pub peer: Option<PeerIdentity>,
    /// Its address.
    pub remote: SocketAddr,
}

/// A connection whose handshake is done.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    info: PeerInfo,
    /// Completes when the service gives up on connections that do not drain.
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = PeerInfo;

    fn connect_info(&self) -> PeerInfo {
        self.info.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.closing.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The connections of one listener, as they finish their handshakes.
#[derive(Debug)]
pub(crate) struct Incoming {
    ready: mpsc::Receiver<Connection>,
    accepting: JoinHandle<()>,
}

impl Incoming {
    /// Begins to accept. Must be called within a tokio runtime. `closing` breaks every connection.
    pub(crate) fn new(
        listener: TcpListener,
        tls: Shown<ServerConfig>,
        trust_domain: &str,
        closing: CancellationToken,
    ) -> Self {
        let (done, ready) = mpsc::channel(1);
        let door = Door { tls, trust_domain: trust_domain.into(), closing, done };
        let accepting = tokio::spawn(accept(listener, door).with_current_subscriber());
        Self { ready, accepting }
    }
}

impl Stream for Incoming {
    type Item = Result<Connection, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.ready.poll_recv(cx).map(|connection| connection.map(Ok))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[derive(Clone)]
struct Door {
    tls: Shown<ServerConfig>,
    trust_domain: Arc<str>,
    closing: CancellationToken,
    done: mpsc::Sender<Connection>,
}

async fn accept(listener: TcpListener, door: Door) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // Beyond the bounds, callers wait in the listener's backlog.
        let (Ok(handshake), Ok(place)) =
            (Arc::clone(&handshakes).acquire_owned().await, Arc::clone(&places).acquire_owned().await)
        else {
            return;
        };
        match listener.accept().await {
            Ok((stream, remote)) => {
                let door = door.clone();
                let shaken = async move {
                    door.shake(stream, remote, place).await;
                    drop(handshake);
                };
                drop(tokio::spawn(shaken.with_current_subscriber()));
            }
            Err(error) => {
                // Out of descriptors, say: without a pause this would spin until some are free.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep_until(Instant::now() + ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Door {
    async fn shake(&self, stream: TcpStream, remote: SocketAddr, place: OwnedSemaphorePermit) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let shown = self.tls.borrow().clone();
        let Some(shown) = shown else {
            tracing::debug!("a connection was turned away: there is no certificate to show");
            return;
        };
        match tokio::time::timeout(HANDSHAKE_TIME_MAX, TlsAcceptor::from(shown).accept(stream)).await {
            Ok(Ok(stream)) => {
                let peer = self.identify(&stream);
                let info = PeerInfo { peer, remote };
                let closing = Box::pin(self.closing.clone().cancelled_owned());
                // The receiver is gone only when the server stops.
                drop(self.done.send(Connection { stream, info, closing, _place: place }).await);
            }
            Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }

    fn identify(&self, stream: &TlsStream<TcpStream>) -> Option<PeerIdentity> {
        let (_, session) = stream.get_ref();
        let leaf = session.peer_certificates()?.first()?;
        match PeerIdentity::from_certificate(leaf, &self.trust_domain) {
            Ok(identity) => Some(identity),
            Err(error) => {
                // Issued by the mesh's authority and yet nobody: admitted to nothing.
                tracing::warn!(%error, "a peer's certificate names nobody");
                None
            }
        }
    }
}
