//! Listeners of the test server: plain or TLS, on a free port of this machine.
//!
//! Decides that an error of a handler ends the connection without an answer. What is answered is not its matter.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{Error, Result};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) type Answer = http::Response<BoxBody<Bytes, Error>>;

/// A listener that ends when it is dropped, with all its connections.
#[derive(Debug)]
pub(crate) struct Listening {
    url: String,
    task: AbortHandle,
}

impl Listening {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A certificate for this machine, signed by itself.
pub(crate) struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

impl Certificate {
    pub(crate) fn new() -> Result<Self> {
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).map_err(Error::other)?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(Error::other)?;
        Ok(Self { pem: made.cert.pem(), der: made.cert.der().clone(), key })
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    fn acceptor(&self) -> Result<TlsAcceptor> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], self.key.clone_key())
            .map_err(Error::other)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

pub(crate) async fn bind() -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0)).await
}

/// Answers every request on the listener by the handler.
pub(crate) fn serve<H, F>(
    listener: TcpListener,
    certificate: Option<&Certificate>,
    handler: H,
) -> Result<Listening>
where
    H: Fn(http::Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Answer>> + Send + 'static,
{
    let tls = certificate.map(Certificate::acceptor).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _peer)) = listener.accept().await {
            while connections.try_join_next().is_some() {}
            let (handler, tls) = (handler.clone(), tls.clone());
            connections.spawn(async move {
                let service = service_fn(handler);
                let http = http1::Builder::new();
                // How a connection ends is seen at its other side.
                let _ended = match tls {
                    None => http.serve_connection(TokioIo::new(stream), service).await.is_ok(),
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => http.serve_connection(TokioIo::new(stream), service).await.is_ok(),
                        Err(_refused) => false,
                    },
                };
            });
        }
    });
    Ok(Listening { url, task: task.abort_handle() })
}
