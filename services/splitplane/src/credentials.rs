//! Temporary credentials for profiles: from auth, or from the master key before there is an auth.
//!
//! Decides how long they live here. Who may have them is decided by auth, from the bootstrap
//! certificate and the registry.

use crate::keys::{Keys, KeysError};
use crate::mesh::RunningMesh;
use crate::profiles::{Certificates, Profile};
use crate::registry;
use secrecy::{ExposeSecret as _, SecretString};
use splitplane_proto::auth::v1::auth_service_client::AuthServiceClient;
use splitplane_proto::auth::v1::{IssueCredentialsRequest, IssueCredentialsResponse};
use splitplane_sigv4::{CredentialIssuer, IssueError, TemporaryCredentials};
use splitplane_types::{CompositeKey, InvalidId, PrincipalId};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// Life of credentials that `up` keeps fresh.
pub(crate) const LIFETIME_SECONDS: u32 = 3_600;

/// How often `up` renews them: well before they expire.
pub(crate) const RENEWAL_PERIOD: Duration = Duration::from_secs(1_200);

/// Life of credentials that nobody renews: as long as there is.
const LIFETIME_LONG: Duration = splitplane_sigv4::LIFETIME_MAX;

/// Longest time to connect.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A certificate or key cannot be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The connection to auth cannot be made.
    #[error("cannot call auth at {address}")]
    Transport {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// Auth refuses.
    #[error("auth issues no credentials to {principal}")]
    Refused {
        /// For whom.
        principal: String,
        /// What it says.
        #[source]
        source: Box<tonic::Status>,
    },
    /// What auth answered makes no sense.
    #[error("auth answered without an expiry")]
    NoExpiry,
    /// The master key cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The master key issues none.
    #[error("no credentials can be issued")]
    Issue(#[from] IssueError),
    /// The principal's name is none.
    #[error("the principal's name is not an id")]
    Principal(#[from] InvalidId),
}

/// Auth, called with the bootstrap certificate.
#[derive(Debug, Clone)]
pub struct Issuer {
    client: AuthServiceClient<Channel>,
}

impl Issuer {
    /// Reaches auth at `host:port`; connects when first asked.
    ///
    /// # Errors
    /// A file cannot be read or holds no certificate.
    pub fn at(address: &str, certificates: &Certificates) -> Result<Self, CredentialsError> {
        let identity = (certificates.bootstrap_certificate.as_path(), certificates.bootstrap_key.as_path());
        let channel = channel(&format!("https://{address}"), &certificates.ca, Some(identity))?;
        Ok(Self { client: AuthServiceClient::new(channel) })
    }

    /// Credentials for a principal.
    ///
    /// # Errors
    /// See [`CredentialsError`].
    pub async fn issue(
        &self,
        principal: &str,
        lifetime_seconds: u32,
    ) -> Result<TemporaryCredentials, CredentialsError> {
        let request = IssueCredentialsRequest { principal: principal.to_owned(), lifetime_seconds };
        let answer = self.client.clone().issue_credentials(request).await;
        let answer = answer.map_err(|status| CredentialsError::Refused {
            principal: principal.to_owned(),
            source: Box::new(status),
        })?;
        from_wire(answer.into_inner())
    }
}

fn from_wire(answer: IssueCredentialsResponse) -> Result<TemporaryCredentials, CredentialsError> {
    let expiration = answer.expiration.ok_or(CredentialsError::NoExpiry)?;
    Ok(TemporaryCredentials {
        access_key_id: answer.access_key_id,
        secret_access_key: SecretString::from(answer.secret_access_key),
        session_token: SecretString::from(answer.session_token),
        expires_at: SystemTime::try_from(expiration).or(Err(CredentialsError::NoExpiry))?,
    })
}

/// Credentials as a program prints them that an AWS SDK runs (AWS SDKs and Tools, "Process credential provider").
///
/// # Errors
/// The expiry is outside the calendar.
pub(crate) fn for_process(credentials: &TemporaryCredentials) -> Result<String, CredentialsError> {
    let expiration = jiff::Timestamp::try_from(credentials.expires_at).or(Err(CredentialsError::NoExpiry))?;
    let expiration = format!("{expiration:.0}");
    let json = serde_json::json!({
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.expose_secret(),
        "SessionToken": credentials.session_token.expose_secret(),
        "Expiration": expiration,
    });
    Ok(format!("{json}\n"))
}

/// A profile of a combination on a mesh that is up, with fresh credentials.
///
/// # Errors
/// See [`CredentialsError`].
pub async fn profile(
    mesh: &RunningMesh,
    issuer: &Issuer,
    composite: &CompositeKey,
) -> Result<Profile, CredentialsError> {
    let principal = registry::principal(composite);
    Ok(Profile {
        endpoint: mesh.endpoint(),
        composite: composite.clone(),
        credentials: issuer.issue(&principal, LIFETIME_SECONDS).await?,
        principal,
        region: mesh.region().to_owned(),
        certificates: mesh.certificates(),
        services: mesh.inner_services(),
    })
}

/// Credentials straight from the master key, for a mesh that is not up yet.
///
/// # Errors
/// See [`CredentialsError`].
pub(crate) fn from_master_key(
    keys: &Keys,
    principal: &str,
    now: SystemTime,
) -> Result<TemporaryCredentials, CredentialsError> {
    let issuer = CredentialIssuer::new(keys.master()?, Vec::new());
    let principal: PrincipalId = principal.parse()?;
    Ok(issuer.issue(&principal, LIFETIME_LONG, now)?)
}

/// A channel over TLS that believes the mesh's authority alone, with or without a certificate of ours.
pub(crate) fn channel(
    origin: &str,
    ca: &Path,
    identity: Option<(&Path, &Path)>,
) -> Result<Channel, CredentialsError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| CredentialsError::File { path: path.to_owned(), source })
    };
    let transport = |source| CredentialsError::Transport { address: origin.to_owned(), source };
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(ca)?));
    if let Some((certificate, key)) = identity {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    let endpoint = Endpoint::from_shared(origin.to_owned())
        .and_then(|endpoint| endpoint.connect_timeout(CONNECT_TIME_MAX).tls_config(tls))
        .map_err(transport)?;
    Ok(endpoint.connect_lazy())
}
