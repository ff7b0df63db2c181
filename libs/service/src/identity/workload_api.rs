//! An identity from an agent of the SPIFFE Workload API.
//!
//! Decides which of the SVIDs that the agent gives is this service's: the one of its id in its trust
//! domain, whatever stands first. Believed is that trust domain's bundle alone; federated ones are
//! left aside. An agent that goes away changes nothing, and is tried again for as long as the service
//! runs. An agent that answers, and gives this workload no identity any more, is obeyed (SPIFFE
//! Workload API, 5.2.1): nothing new is begun until it gives one. Whether the SVID is good is `tls`'s
//! to say.

use super::Change;
use crate::status::Chain;
use crate::tls::{Credentials, Material, Owner, TlsError, roots};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use spiffe::x509_source::{
    MetricsErrorKind, MetricsRecorder, SvidPicker, X509Source, X509SourceError, X509SourceUpdates,
};
use spiffe::{SpiffeIdError, TrustDomain, X509Svid};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::Dispatch;
use tracing::dispatcher::with_default;

/// Why an agent gives a service no identity to start with.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadApiError {
    /// The trust domain has no name that SPIFFE allows.
    #[error("the trust domain's name is none")]
    TrustDomain(#[source] SpiffeIdError),
    /// The agent gives SVIDs, and this workload's is not among them.
    #[error("within {} ms the agent gave no valid SVID of `{id}`", waited.as_millis())]
    NotGiven {
        /// The id.
        id: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The agent gives nothing.
    #[error("within {} ms the agent gave no identity: {last}", waited.as_millis())]
    Silent {
        /// How long it was waited for.
        waited: Duration,
        /// What went wrong last.
        last: &'static str,
    },
    /// What the agent says cannot be used.
    #[error("the agent cannot be used")]
    Agent(#[source] X509SourceError),
    /// The SVID makes no identity.
    #[error("the SVID makes no identity")]
    Svid(#[source] TlsError),
}

/// The agent, and who is asking.
#[derive(Debug)]
pub(crate) struct WorkloadApi {
    source: X509Source,
    updates: X509SourceUpdates,
    trust_domain: TrustDomain,
    owner: Owner,
}

impl WorkloadApi {
    /// Waits for the first identity, for `wait` at most.
    ///
    /// # Errors
    /// See [`WorkloadApiError`].
    pub(crate) async fn open(
        socket: &str,
        owner: Owner,
        wait: Duration,
        log: Dispatch,
    ) -> Result<(Self, Credentials), WorkloadApiError> {
        let trust_domain = TrustDomain::new(&owner.trust_domain).map_err(WorkloadApiError::TrustDomain)?;
        let id = owner.workload.spiffe_id(&owner.trust_domain);
        let told = Arc::new(Told { last: Mutex::new(None), log });
        let source = X509Source::builder()
            .endpoint(socket)
            .picker(Ours(id.clone()))
            .initial_sync_timeout(wait)
            .metrics(Arc::<Told>::clone(&told))
            .build()
            .await;
        let source = source.map_err(|error| told.refusal(error, id, wait))?;
        // Before the state is read, so that no change after it is missed.
        let updates = source.updated();
        let api = Self { source, updates, trust_domain, owner };
        let first = api.material().map_err(WorkloadApiError::Agent)?;
        let first = first.and_then(|material| material.prove(&api.owner)).map_err(WorkloadApiError::Svid)?;
        Ok((api, first))
    }

    /// The next change of identity. `None` once the agent is followed no more.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        loop {
            self.updates.changed().await.ok()?;
            match self.material() {
                Ok(material) => match material.and_then(|material| material.prove(&self.owner)) {
                    Ok(renewed) => {
                        tracing::info!("the certificate was renewed");
                        return Some(Change::Renewed(renewed));
                    }
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "the certificate in use stays: the SVID makes none");
                    }
                },
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "the agent gives this workload no identity any more");
                    return Some(Change::Withdrawn);
                }
            }
        }
    }

    /// Stops following the agent.
    pub(crate) async fn close(self) {
        self.source.shutdown().await;
    }

    /// What the agent gives now. The outer error says that it gives this workload nothing.
    fn material(&self) -> Result<Result<Material, TlsError>, X509SourceError> {
        let state = self.source.state();
        let (svid, context) = (state.svid()?, state.context()?);
        let chain = svid.cert_chain().iter().map(|certificate| der(certificate.as_bytes())).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(svid.private_key().as_bytes().to_vec()));
        // Without a bundle there are no authorities, and without authorities no verifier.
        let bundle = context.bundle_set().get(&self.trust_domain);
        let authorities = bundle.iter().flat_map(|bundle| bundle.authorities());
        let roots = roots(authorities.map(|authority| der(authority.as_bytes())));
        Ok(roots.map(|roots| Material { chain, key, roots }))
    }
}

fn der(bytes: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from(bytes.to_vec())
}

/// Picks the SVID of one id.
struct Ours(String);

impl SvidPicker for Ours {
    fn pick_svid(&self, svids: &[Arc<X509Svid>]) -> Option<usize> {
        svids.iter().position(|svid| svid.spiffe_id().to_string() == self.0)
    }
}

/// Says in the log what goes wrong with the agent: the crate that follows it is silent.
struct Told {
    last: Mutex<Option<MetricsErrorKind>>,
    log: Dispatch,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl Told {
    fn swap(&self, kind: Option<MetricsErrorKind>) -> Option<MetricsErrorKind> {
        std::mem::replace(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner), kind)
    }

    fn refusal(&self, error: X509SourceError, id: String, waited: Duration) -> WorkloadApiError {
        if !matches!(error, X509SourceError::InitialSyncTimeout) {
            return WorkloadApiError::Agent(error);
        }
        match self.swap(None) {
            Some(MetricsErrorKind::NoSuitableSvid) => WorkloadApiError::NotGiven { id, waited },
            last => {
                WorkloadApiError::Silent { waited, last: last.map_or("no answer", MetricsErrorKind::as_str) }
            }
        }
    }
}

impl MetricsRecorder for Told {
    fn record_update(&self) {
        self.swap(None);
    }

    fn record_reconnect(&self) {}

    fn record_error(&self, kind: MetricsErrorKind) {
        // The kind beneath has been recorded already, or it is that no identity is issued (yet).
        if kind == MetricsErrorKind::InitialSyncFailed {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.get_or_insert(kind);
            return;
        }
        // Tries go on every few seconds: said is what is other than before.
        if self.swap(Some(kind)) != Some(kind) {
            with_default(&self.log, || {
                tracing::warn!(
                    error = kind.as_str(),
                    "the agent of the SPIFFE Workload API fails; it is tried again"
                );
            });
        }
    }
}
