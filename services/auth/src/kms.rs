//! AWS KMS: the root key that vouches for session-signing keys, which never leaves KMS.
//!
//! Decides how KMS is asked: with credentials of a role, within a bound, and that no answer is believed: a
//! certificate counts once it verifies against the root. What a certificate says is `splitplane-session`'s.

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use splitplane_service::StartError;
use splitplane_service::config::Mesh;
use splitplane_session::{KeyCertificate, KeyError, KeyRoot, MintError, PublicKey, TokenError};
use std::error::Error;
use std::time::{Duration, SystemTime};

/// Longest time of one call, tries and all.
const CALL_TIME_MAX: Duration = Duration::from_secs(10);

/// Why a root vouches for nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KmsError {
    /// No key to vouch for.
    #[error("no signing key can be made")]
    Key(#[source] KeyError),
    /// KMS refused, or was not reached.
    #[error("KMS refused or was not reached")]
    Call(#[source] Box<dyn Error + Send + Sync>),
    /// KMS did not answer in time.
    #[error("KMS did not answer within {CALL_TIME_MAX:?}")]
    Late,
    /// KMS answered without what was asked for.
    #[error("KMS answered without {0}")]
    Empty(&'static str),
    /// The key in KMS is of another kind.
    #[error("the key in KMS is not of ECC_NIST_P256")]
    Root(#[source] KeyError),
    /// The key in KMS is not the one that the mesh pins.
    #[error("the key in KMS is not the one of `mesh.key_root`: its own is {0}")]
    OtherRoot(String),
    /// The certificate cannot be drafted or completed.
    #[error("the certificate cannot be made")]
    Draft(#[from] MintError),
    /// What KMS signed is no certificate of this root.
    #[error("what KMS signed does not verify")]
    Certificate(#[from] TokenError),
}

/// One key in KMS.
#[derive(Debug)]
pub(crate) struct Kms {
    client: Client,
    key_id: String,
    root: KeyRoot,
}

impl Kms {
    /// Finds the key, which must be the pinned one where one is.
    pub(crate) async fn open(
        key_id: &str,
        mesh: &Mesh,
        pinned: Option<&PublicKey>,
    ) -> Result<Self, StartError> {
        let client = Box::pin(client()).await;
        let root = root_key(&client, key_id, pinned)
            .await
            .map_err(|error| StartError::service("the key in KMS cannot be used", error))?;
        let root = KeyRoot::new(root, mesh.issuer.clone(), mesh.trust_domain.clone());
        Ok(Self { client, key_id: key_id.to_owned(), root })
    }

    /// The root's public key: what a mesh pins.
    pub(crate) const fn root(&self) -> &PublicKey {
        self.root.key()
    }

    /// Asks KMS, once, to vouch for a key, and says until when it does.
    pub(crate) async fn certify(
        &self,
        key: &PublicKey,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<(KeyCertificate, SystemTime), KmsError> {
        let draft = self.root.draft(key, lifetime, now)?;
        let asked = self
            .client
            .sign()
            .key_id(&self.key_id)
            .message(Blob::new(draft.signing_input()))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        let answer = within(Box::pin(asked.send())).await?;
        let certificate = draft.attach(answer.signature.ok_or(KmsError::Empty("a signature"))?.as_ref())?;
        let verified = self.root.verify(&certificate, now)?;
        Ok((certificate, verified.expires_at()))
    }
}

async fn root_key(client: &Client, key_id: &str, pinned: Option<&PublicKey>) -> Result<PublicKey, KmsError> {
    let answer = within(Box::pin(client.get_public_key().key_id(key_id).send())).await?;
    let der = answer.public_key.ok_or(KmsError::Empty("a public key"))?;
    let root = PublicKey::from_spki(der.as_ref()).map_err(KmsError::Root)?;
    match pinned {
        Some(pinned) if *pinned != root => Err(KmsError::OtherRoot(root.to_text())),
        Some(_) | None => Ok(root),
    }
}

async fn within<T, E: Error + Send + Sync + 'static>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, KmsError> {
    match tokio::time::timeout(CALL_TIME_MAX, call).await {
        Ok(answer) => answer.map_err(|error| KmsError::Call(error.into())),
        Err(_elapsed) => Err(KmsError::Late),
    }
}

/// A client by the SDK's own rules of where region, endpoint and credentials are found, on our TLS stack.
async fn client() -> Client {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let found = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let mut config = aws_sdk_kms::config::Builder::from(&found);
    if let Some(credentials) = found.credentials_provider() {
        config.set_credentials_provider(Some(SharedCredentialsProvider::new(RoleOnly(credentials))));
    }
    Client::from_conf(config.build())
}

/// Credentials of a role, or none: wherever they come from, they expire.
#[derive(Debug)]
struct RoleOnly(SharedCredentialsProvider);

impl ProvideCredentials for RoleOnly {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { of_a_role(self.0.provide_credentials().await?) })
    }
}

fn of_a_role(credentials: Credentials) -> provider::Result {
    let has_token = credentials.session_token().is_some_and(|token| !token.is_empty());
    if has_token && credentials.access_key_id().starts_with("ASIA") {
        Ok(credentials)
    } else {
        Err(CredentialsError::invalid_configuration("credentials that do not expire; let auth have a role"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(key_id: &str, token: Option<&str>) -> bool {
        let credentials = Credentials::new(key_id, "secret", token.map(str::to_owned), None, "test");
        RoleOnly(SharedCredentialsProvider::new(credentials)).provide_credentials().await.is_ok()
    }

    #[tokio::test]
    async fn credentials_that_do_not_expire_are_none_wherever_they_are_found() {
        assert!(resolved("ASIAIOSFODNN7EXAMPLE", Some("token")).await);
        for (key_id, token) in [
            ("AKIAIOSFODNN7EXAMPLE", None),
            ("AKIAIOSFODNN7EXAMPLE", Some("token")),
            ("ASIAIOSFODNN7EXAMPLE", None),
            ("ASIAIOSFODNN7EXAMPLE", Some("")),
            ("", Some("token")),
        ] {
            assert!(!resolved(key_id, token).await, "{key_id} {token:?}");
        }
    }
}
