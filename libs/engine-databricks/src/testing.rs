//! A server that speaks the Statement Execution API as it is documented, and nothing more.
//!
//! Decides what a request must look like: what is not documented is refused. It runs statements by a [`Backend`],
//! so that a real engine can stand behind it, and fails in the ways that [`Faults`] says. Results that travel by
//! link come from a listener of its own, which refuses every credential. It decides nothing about the client.

mod door;
mod encode;
mod lake;
mod links;
mod request;
mod script;
mod socket;
mod statements;
mod tokens;

pub use lake::Lake;
pub use request::BackendParameter;
pub use script::{Faults, Seen};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use socket::{Certificate, Listening};
use statements::Store;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokens::Tokens;

/// What runs the statements.
#[async_trait::async_trait]
pub trait Backend: Send + Sync {
    /// Runs one statement with its parameters; dropped when the statement is cancelled. A field whose metadata has a
    /// `type_text` is of that type by the manifest.
    async fn run(
        &self,
        statement: &str,
        parameters: &[BackendParameter],
    ) -> Result<(SchemaRef, Vec<RecordBatch>), BackendError>;
}

/// What a statement fails with.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error_code} [{sql_state}] {message}")]
pub struct BackendError {
    /// One of the documented codes, such as `BAD_REQUEST`.
    pub error_code: String,
    /// The text for whoever wrote the statement.
    pub message: String,
    /// The SQLSTATE, or nothing.
    pub sql_state: String,
}

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// TLS on both listeners, by a certificate of the server's own.
    pub is_tls: bool,
    /// The one warehouse there is.
    pub warehouse_id: String,
    /// The proof that is exchanged for a token.
    pub subject_token: String,
    /// The service principal whose policy is used, if it must be named.
    pub client_id: Option<String>,
    /// The secret that gives a token by itself, with the id of its service principal.
    pub client_secret: Option<(String, String)>,
    /// How long a token lives.
    pub token_time: Duration,
    /// How many rows a chunk has at most.
    pub chunk_rows: usize,
    /// How long a link is good by what it says of itself.
    pub link_time: Duration,
    /// What time it is.
    pub clock: fn() -> SystemTime,
}

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct TestServer {
    api: Listening,
    _links: Listening,
    certificate: Option<Certificate>,
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    backend: Arc<dyn Backend>,
    faults: Mutex<Faults>,
    seen: Mutex<Seen>,
    tokens: Tokens,
    store: Store,
    /// Where links lead to.
    links_url: String,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("links_url", &self.links_url).finish_non_exhaustive()
    }
}

impl Shared {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.store.changed.notify_waiters();
    }
}

impl TestServer {
    /// Starts the server on two free ports of this machine.
    ///
    /// # Errors
    /// If a port or a certificate cannot be had.
    pub async fn start(backend: Arc<dyn Backend>, options: Options) -> std::io::Result<Self> {
        let certificate = options.is_tls.then(Certificate::new).transpose()?;
        let (api, links) = (socket::bind().await?, socket::bind().await?);
        let scheme = if options.is_tls { "https" } else { "http" };
        let shared = Arc::new(Shared {
            options,
            backend,
            faults: Mutex::default(),
            seen: Mutex::default(),
            tokens: Tokens::default(),
            store: Store::default(),
            links_url: format!("{scheme}://{}", links.local_addr()?),
        });
        let (for_api, for_links) = (Arc::clone(&shared), Arc::clone(&shared));
        let api = socket::serve(api, certificate.as_ref(), move |request| {
            let shared = Arc::clone(&for_api);
            async move { door::answer(shared, request).await }
        })?;
        let links = socket::serve(links, certificate.as_ref(), move |request| {
            let shared = Arc::clone(&for_links);
            async move { links::answer(&shared, &request) }
        })?;
        Ok(Self { api, _links: links, certificate, shared })
    }

    /// The address of the workspace.
    pub fn url(&self) -> &str {
        self.api.url()
    }

    /// The certificate to trust, where there is TLS.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_ref().map(Certificate::pem)
    }

    /// Changes what goes wrong from here on.
    pub fn script(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.faults());
    }

    /// What has been seen so far.
    pub fn seen(&self) -> Seen {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what has been seen is as it is wished; the caller bounds the time.
    pub async fn until(&self, is_so: impl Fn(&Seen) -> bool) {
        loop {
            let changed = self.shared.store.changed.notified();
            tokio::pin!(changed);
            // Registered before the look: what changes after it wakes this up.
            changed.as_mut().enable();
            if is_so(&self.seen()) {
                return;
            }
            changed.await;
        }
    }
}
