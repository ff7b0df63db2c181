//! Mutual TLS: which certificates are shown, which are believed, and in which version.
//!
//! TLS 1.3 on ring, by name: nothing depends on a process-wide default. Sessions are never resumed,
//! so that every connection proves its certificate anew. What the certificate's identity may do is
//! `access`'s to decide.

use crate::config;
use crate::workload::Workload;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ALPN: &[u8] = b"h2";

/// Why a service cannot show or check certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file cannot be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A file holds no certificate.
    #[error("`{}` holds no certificate", .0.display())]
    Empty(PathBuf),
    /// The certificates and the key do not make an identity.
    #[error("the certificate, key and authority do not fit together")]
    Rejected(#[source] rustls::Error),
    /// The authority cannot verify clients.
    #[error("the certificate authority cannot verify clients")]
    Authority(#[source] rustls::server::VerifierBuilderError),
    /// A server's name is no DNS name.
    #[error("the server's name is no DNS name")]
    ServerName,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    roots: Arc<RootCertStore>,
}

impl Identity {
    fn load(files: &config::Tls) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&files.ca)? {
            roots.add(certificate).map_err(TlsError::Rejected)?;
        }
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|source| TlsError::File { path: files.key.clone(), source })?;
        Ok(Self { chain: certificates(&files.certificate)?, key, roots: Arc::new(roots) })
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| TlsError::File { path: path.to_owned(), source };
    let found = CertificateDer::pem_file_iter(path)
        .map_err(failed)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    if found.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(found) }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// What a service shows to its callers, and asks of them.
///
/// Inner services end the handshake of whoever shows no certificate of the mesh. The gateway lets
/// such a caller in, as nobody: its methods are signed.
pub(crate) fn server_config(workload: Workload, files: &config::Tls) -> Result<Arc<ServerConfig>, TlsError> {
    let identity = Identity::load(files)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(identity.roots, provider());
    let verifier = match workload {
        Workload::Gateway => verifier.allow_unauthenticated(),
        Workload::Auth
        | Workload::Reasoning
        | Workload::SchemaRouter
        | Workload::Query
        | Workload::Operator => verifier,
    };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Rejected)?
        .with_client_cert_verifier(verifier.build().map_err(TlsError::Authority)?)
        .with_single_cert(identity.chain, identity.key)
        .map_err(TlsError::Rejected)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// What a service shows to the services behind it, and asks of them.
pub(crate) fn client_config(files: &config::Tls) -> Result<Arc<ClientConfig>, TlsError> {
    let identity = Identity::load(files)?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Rejected)?
        .with_root_certificates(identity.roots)
        .with_client_auth_cert(identity.chain, identity.key)
        .map_err(TlsError::Rejected)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}
