//! What proves who we are: a file that Kubernetes writes, or a token that AWS signs for our role.
//!
//! Decides that AWS is asked with credentials of a role only, for one audience, by RS256 (what the token endpoint
//! accepts), without any claim of ours. It does not decide how long a token of the workspace lives.

use crate::error::{Cause, DatabricksError};
use crate::retry::{Again, Failure};
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// Long enough for the exchange that follows, not longer.
const LIFE_SECONDS: i32 = 300;

#[derive(Debug)]
pub(crate) enum Subject {
    File(PathBuf),
    Aws { aws: WebIdentity, audience: String },
}

impl Subject {
    pub(crate) async fn token(&self, time_max: Duration) -> Result<SecretString, Failure> {
        match self {
            Self::File(file) => read_secret(file).await.map_err(|error| Failure::last(*error)),
            Self::Aws { aws, audience } => aws.token(audience, time_max).await,
        }
    }
}

/// The text of a file, without what stands around it.
pub(crate) async fn read_secret(file: &Path) -> Result<SecretString, Box<DatabricksError>> {
    let unusable =
        |error: std::io::Error| Box::new(DatabricksError::Unauthenticated(Cause::Credential(error.into())));
    let length = tokio::fs::metadata(file).await.map_err(unusable)?.len();
    if length > SECRET_BYTES_MAX {
        return Err(unusable(std::io::Error::other("the file is larger than a token")));
    }
    let text = tokio::fs::read_to_string(file).await.map_err(unusable)?;
    if text.trim().is_empty() {
        return Err(unusable(std::io::Error::other("the file is empty")));
    }
    Ok(SecretString::from(text.trim()))
}

/// The way to AWS.
#[derive(Debug, Clone)]
pub struct WebIdentity {
    client: aws_sdk_sts::Client,
}

impl WebIdentity {
    /// By the SDK's own rules of where region, endpoint and credentials are found, on our TLS stack.
    pub async fn from_environment() -> Self {
        let found =
            Box::pin(aws_config::defaults(BehaviorVersion::latest()).http_client(http()).load()).await;
        let mut config = aws_sdk_sts::config::Builder::from(&found);
        if let Some(credentials) = found.credentials_provider() {
            config.set_credentials_provider(Some(SharedCredentialsProvider::new(RoleOnly(credentials))));
        }
        Self { client: aws_sdk_sts::Client::from_conf(config.build()) }
    }

    /// At another endpoint, with credentials that are given.
    pub fn at(endpoint: &str, region: &str, credentials: Credentials) -> Self {
        let credentials = RoleOnly(SharedCredentialsProvider::new(credentials));
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http())
            .endpoint_url(endpoint)
            .region(aws_sdk_sts::config::Region::new(region.to_owned()))
            .credentials_provider(credentials)
            .build();
        Self { client: aws_sdk_sts::Client::from_conf(config) }
    }

    async fn token(&self, audience: &str, time_max: Duration) -> Result<SecretString, Failure> {
        let call = self
            .client
            .get_web_identity_token()
            .audience(audience)
            .signing_algorithm("RS256")
            .duration_seconds(LIFE_SECONDS)
            .send();
        let failed = |cause| Failure::last(DatabricksError::Unauthenticated(cause));
        let answer = match tokio::time::timeout(time_max, Box::pin(call)).await {
            Ok(answer) => answer.map_err(|error| failed(Cause::Credential(error.into())))?,
            Err(_elapsed) => {
                let error = DatabricksError::Unavailable(Cause::Found("no answer of AWS in its time"));
                return Err(Failure { error, again: Again::Later(None) });
            }
        };
        let token = answer.web_identity_token().filter(|token| !token.is_empty());
        token.map(SecretString::from).ok_or_else(|| failed(Cause::Found("AWS gives no token")))
    }
}

fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Credentials of a role, or none: wherever they come from, they expire.
#[derive(Debug)]
struct RoleOnly(SharedCredentialsProvider);

impl ProvideCredentials for RoleOnly {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.0.provide_credentials().await?;
            of_a_role(credentials)
        })
    }
}

fn of_a_role(credentials: Credentials) -> provider::Result {
    let has_token = credentials.session_token().is_some_and(|token| !token.is_empty());
    if has_token && credentials.access_key_id().starts_with("ASIA") {
        Ok(credentials)
    } else {
        Err(CredentialsError::invalid_configuration("credentials that do not expire; have a role"))
    }
}
