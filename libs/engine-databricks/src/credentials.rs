//! Tokens for a workspace: made from what proves who we are, kept until shortly before they expire.
//!
//! Decides that one token serves all statements, that one exchange runs at a time, and that a token the workspace
//! refuses is not used again. Nothing that does not expire is held here, unless an operator says so in as many
//! words ([`CredentialsConfig::LongLivedClientSecret`]). It does not decide who may do what: the workspace does.

mod exchange;
mod subject;

pub use exchange::CredentialsConfig;
pub use subject::WebIdentity;

use crate::config::Workspace;
use crate::error::SetupError;
use crate::net::Http;
use crate::retry::Failure;
use exchange::Exchange;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use tokio::time::Instant;

/// A token is replaced this long before it expires: a request under way must not outlive it.
const MARGIN: Duration = Duration::from_secs(60);

/// Where the tokens of a workspace come from.
#[derive(Debug)]
pub struct Credentials {
    exchange: Exchange,
    kept: tokio::sync::Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    token: Option<Token>,
    generation: u64,
}

/// A token of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    secret: SecretString,
    good_until: Instant,
    generation: u64,
}

impl Token {
    /// What stands in the header `authorization`; marked so that no log shows it.
    pub(crate) fn header(&self) -> Option<http::HeaderValue> {
        bearer(&self.secret)
    }
}

fn bearer(secret: &SecretString) -> Option<http::HeaderValue> {
    let mut header = http::HeaderValue::try_from(format!("Bearer {}", secret.expose_secret())).ok()?;
    header.set_sensitive(true);
    Some(header)
}

impl Credentials {
    /// Reads nothing and asks nobody yet: the first statement does.
    ///
    /// # Errors
    /// If the configuration cannot be used, or TLS cannot be set up.
    pub async fn new(config: CredentialsConfig, workspace: &Workspace) -> Result<Self, SetupError> {
        let web_identity = match &config {
            CredentialsConfig::WebIdentity { .. } => Some(WebIdentity::from_environment().await),
            CredentialsConfig::ServiceAccountToken { .. }
            | CredentialsConfig::LongLivedClientSecret { .. } => None,
        };
        Self::with_web_identity(config, workspace, web_identity)
    }

    /// The same, with a way to AWS that is given.
    ///
    /// # Errors
    /// If the configuration cannot be used, or TLS cannot be set up.
    pub fn with_web_identity(
        config: CredentialsConfig,
        workspace: &Workspace,
        web_identity: Option<WebIdentity>,
    ) -> Result<Self, SetupError> {
        let exchange = Exchange::new(config, workspace, Http::new(workspace)?, web_identity)?;
        Ok(Self { exchange, kept: tokio::sync::Mutex::default() })
    }

    /// A token that is good for a while. Who comes while one is fetched waits for it.
    pub(crate) async fn token(&self) -> Result<Token, Failure> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept.token.as_ref().filter(|token| Instant::now() < token.good_until) {
            return Ok(token.clone());
        }
        // Boxed: what AWS needs would make every future above it large.
        let fresh = Box::pin(self.exchange.token()).await?;
        kept.generation += 1;
        let good_until = Instant::now() + fresh.expires_in.saturating_sub(MARGIN);
        let token = Token { secret: fresh.secret, good_until, generation: kept.generation };
        kept.token = Some(token.clone());
        Ok(token)
    }

    /// Forgets a token that was refused; one that has replaced it since stays.
    pub(crate) async fn forget(&self, refused: &Token) {
        let mut kept = self.kept.lock().await;
        kept.token.take_if(|token| token.generation == refused.generation);
    }
}
