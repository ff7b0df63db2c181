//! The connection to an engine: one channel, made when it is first used.
//!
//! Decides transport: TLS, how long a connection may take, how much may be on its way. A reader that is
//! slow holds up its own stream and no other: each stream may have little on its way, the connection as
//! much as all of them.

use super::address::{Address, AddressError};
use super::error::ConnectError;
use super::ids::random_uuid;
use super::session::Session;
use super::token::{FixedToken, TokenSource};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// What a stream may have on its way while nobody reads it.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// What all streams together may.
const CONNECTION_WINDOW_BYTES: u32 = 1 << 30;
/// How large the headers of an answer may be: an error travels in them.
const HEADERS_BYTES_MAX: u32 = 64 << 10;
/// An idle connection is asked by the system whether the other host is still there. Spark's servers close
/// a connection that HTTP/2 pings oftener than every five minutes.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Address and token do not go together.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Two places give a token.
    #[error("the address and a source both give a token")]
    TwoTokens,
    /// The transport cannot be set up.
    #[error("the transport cannot be set up")]
    Transport(#[source] tonic::transport::Error),
    /// Made outside a runtime.
    #[error("a client is made inside a runtime")]
    NoRuntime(#[source] tokio::runtime::TryCurrentError),
}

/// Whose certificates are trusted.
#[derive(Debug, Clone)]
pub enum Roots {
    /// The public authorities.
    Public,
    /// The authorities in this PEM text, and no other.
    Pem(Vec<u8>),
}

/// Limits of a client.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// How long a connection may take.
    pub connect_time_max: Duration,
    /// How long a call may take that gives no rows.
    pub call_time_max: Duration,
    /// How long the end of a session may take.
    pub close_time_max: Duration,
    /// How often HTTP/2 asks whether the engine is there; never, if none.
    pub ping_interval: Option<Duration>,
    /// How large a message may be.
    pub message_bytes_max: usize,
    /// How large a batch may be, put together.
    pub batch_bytes_max: usize,
    /// The size of the pieces in which larger batches are asked for; whole, if none.
    pub chunk_bytes: Option<u32>,
    /// How often in a row a broken stream is taken up again.
    pub attempts_max: u32,
    /// The first wait before it is; each further one is twice as long.
    pub backoff_min: Duration,
    /// The longest wait.
    pub backoff_max: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            roots: Roots::Public,
            connect_time_max: Duration::from_secs(10),
            call_time_max: Duration::from_secs(60),
            close_time_max: Duration::from_secs(10),
            ping_interval: None,
            message_bytes_max: 64 << 20,
            batch_bytes_max: 64 << 20,
            chunk_bytes: Some(4 << 20),
            attempts_max: 5,
            backoff_min: Duration::from_millis(50),
            backoff_max: Duration::from_secs(2),
        }
    }
}

/// A client of one engine. Cheap to clone; clones share the connection.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) channel: Channel,
    pub(crate) address: Address,
    pub(crate) token: Option<Arc<dyn TokenSource>>,
    pub(crate) options: ClientOptions,
    pub(crate) handle: Handle,
}

impl Client {
    /// A client of the engine at `address`. Connects when it is first used.
    ///
    /// # Errors
    /// A token would travel in the clear, comes from two places, or the transport cannot be set up.
    pub fn new(
        address: Address,
        token: Option<Arc<dyn TokenSource>>,
        options: ClientOptions,
    ) -> Result<Self, ClientError> {
        let handle = Handle::try_current().map_err(ClientError::NoRuntime)?;
        let token = match (address.token(), token) {
            (Some(_), Some(_)) => return Err(ClientError::TwoTokens),
            (Some(fixed), None) => {
                let fixed: Arc<dyn TokenSource> = Arc::new(FixedToken::new(fixed.clone()));
                Some(fixed)
            }
            (None, source) => source,
        };
        if token.is_some() && !address.may_carry_tokens() {
            return Err(AddressError::TokenInTheClear.into());
        }
        let channel = endpoint(&address, &options).map_err(ClientError::Transport)?.connect_lazy();
        Ok(Self { shared: Arc::new(Shared { channel, address, token, options, handle }) })
    }

    /// A new session, with an id that nobody can guess. Nothing is sent yet.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn session(&self) -> Result<Session, ConnectError> {
        let user_id = match self.shared.address.user_id() {
            Some(fixed) => fixed.to_owned(),
            None => random_uuid()?,
        };
        Ok(Session::new(Arc::clone(&self.shared), random_uuid()?, user_id))
    }
}

fn endpoint(address: &Address, options: &ClientOptions) -> Result<Endpoint, tonic::transport::Error> {
    let scheme = if address.uses_tls() { "https" } else { "http" };
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}:{}", address.host(), address.port()))?
        .connect_timeout(options.connect_time_max)
        .tcp_keepalive(Some(TCP_KEEPALIVE))
        .tcp_nodelay(true)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_max_header_list_size(HEADERS_BYTES_MAX);
    if let Some(interval) = options.ping_interval {
        endpoint = endpoint.http2_keep_alive_interval(interval).keep_alive_while_idle(false);
    }
    if address.uses_tls() {
        let tls = match &options.roots {
            Roots::Public => ClientTlsConfig::new().with_webpki_roots(),
            Roots::Pem(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
        };
        endpoint = endpoint.tls_config(tls)?;
    }
    Ok(endpoint)
}
