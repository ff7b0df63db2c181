//! Mutual TLS: which certificates are shown, which are believed, and in which version.
//!
//! TLS 1.3 on ring, by name: nothing depends on a process-wide default. Sessions are never resumed,
//! so that every connection proves its certificate anew. What a service shows is its own: material
//! of another workload, or of an authority that the service itself would not believe, makes no
//! [`Credentials`]. Where material comes from, and when it is replaced, is `identity`'s to decide;
//! what the certificate's identity may do is `access`'s.

use crate::clock::Clock;
use crate::workload::{PeerError, PeerIdentity, Workload};
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

const ALPN: &[u8] = b"h2";

/// Why a service cannot show or check certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not the PEM that it should be.
    #[error("`{}` is not the PEM that it should be", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A file holds no certificate.
    #[error("`{}` holds no certificate", .0.display())]
    Empty(PathBuf),
    /// There is no certificate at all.
    #[error("there is no certificate")]
    NoCertificate,
    /// The certificates and the key do not make an identity.
    #[error("the certificate, key and authority do not fit together")]
    Rejected(#[source] rustls::Error),
    /// The authority cannot verify clients.
    #[error("the certificate authority cannot verify clients")]
    Authority(#[source] rustls::server::VerifierBuilderError),
    /// The certificate is not one that the authority would be believed for, now.
    #[error("the certificate is not valid under the certificate authority")]
    Unproved(#[source] rustls::Error),
    /// The certificate names nobody of this trust domain.
    #[error("the certificate names nobody")]
    Nobody(#[source] PeerError),
    /// The certificate is another's.
    #[error("the certificate is not {workload}'s: it names `{found}`")]
    OtherWorkload {
        /// Whose it should be.
        workload: Workload,
        /// Whose it is.
        found: String,
    },
    /// A server's name is no DNS name.
    #[error("the server's name is no DNS name")]
    ServerName,
}

/// Whose a certificate has to be, and by whose time it has to be valid.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) workload: Workload,
    pub(crate) trust_domain: String,
    pub(crate) clock: Clock,
}

/// A certificate chain, its key and the authorities to believe, as they were found.
pub(crate) struct Material {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) roots: Arc<RootCertStore>,
}

/// What a service shows, and whom it believes: both of one certificate, key and authority.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
}

/// The store of these authorities.
pub(crate) fn roots(
    authorities: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).map_err(TlsError::Rejected)?;
    }
    Ok(Arc::new(roots))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

impl Material {
    /// The only door from material to what a service shows.
    ///
    /// # Errors
    /// The parts do not fit together, the authority would not be believed for the certificate now, or
    /// the one id in it (X.509-SVID, 2) is not `owner`'s.
    pub(crate) fn prove(self, owner: &Owner) -> Result<Credentials, TlsError> {
        let (leaf, intermediates) = self.chain.split_first().ok_or(TlsError::NoCertificate)?;
        match PeerIdentity::from_certificate(leaf, &owner.trust_domain).map_err(TlsError::Nobody)? {
            PeerIdentity::Workload(found) if found == owner.workload => {}
            other @ (PeerIdentity::Workload(_) | PeerIdentity::Bootstrap(_)) => {
                return Err(TlsError::OtherWorkload { workload: owner.workload, found: other.to_string() });
            }
        }
        let verifier = self.verifier(owner.workload)?;
        // A service that would not let itself in has a certificate of one authority and believes
        // another: files that are being replaced one after the other look like that.
        let now = owner.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        verifier
            .verify_client_cert(leaf, intermediates, UnixTime::since_unix_epoch(now))
            .map_err(TlsError::Unproved)?;
        Ok(Credentials { server: self.server_config(verifier)?, client: self.client_config()? })
    }

    /// Inner services end the handshake of whoever shows no certificate of the mesh. The gateway lets
    /// such a caller in, as nobody: its methods are signed.
    fn verifier(&self, workload: Workload) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.roots), provider());
        let verifier = match workload {
            Workload::Gateway => verifier.allow_unauthenticated(),
            Workload::Auth
            | Workload::Reasoning
            | Workload::SchemaRouter
            | Workload::Query
            | Workload::Operator => verifier,
        };
        verifier.build().map_err(TlsError::Authority)
    }

    /// What a service shows to its callers, and asks of them.
    fn server_config(&self, verifier: Arc<dyn ClientCertVerifier>) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(TlsError::Rejected)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .map_err(TlsError::Rejected)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// What a service shows to the services behind it, and asks of them.
    pub(crate) fn client_config(self) -> Result<Arc<ClientConfig>, TlsError> {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(TlsError::Rejected)?
            .with_root_certificates(self.roots)
            .with_client_auth_cert(self.chain, self.key)
            .map_err(TlsError::Rejected)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}
