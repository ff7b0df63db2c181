//! The signing caller: what a client of the gateway has to do, done once.
//!
//! Decides how a request is signed and sent. Every call has a nonce of its own; the signature covers
//! the very bytes that go out.

use crate::credentials::{self, CredentialsError};
use crate::profiles::Profile;
use prost::Message;
use ring::rand::{SecureRandom as _, SystemRandom};
use splitplane_proto::common::v1::{Metric, Question};
use splitplane_proto::gateway::v1::gateway_service_client::GatewayServiceClient;
use splitplane_proto::gateway::v1::{
    AskRequest, AskResponse, ListMetricsRequest, OpenSessionRequest, OpenSessionResponse,
};
use splitplane_service::Clock;
use splitplane_sigv4::{SignError, SignRequest, TemporaryCredentials, frame, sign};
use splitplane_types::CompositeKey;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

/// The gateway's methods.
pub const ASK: &str = "/splitplane.gateway.v1.GatewayService/Ask";
/// See [`ASK`].
pub const LIST_METRICS: &str = "/splitplane.gateway.v1.GatewayService/ListMetrics";
/// See [`ASK`].
pub const OPEN_SESSION: &str = "/splitplane.gateway.v1.GatewayService/OpenSession";

/// Why a request cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// It cannot be signed.
    #[error("the request cannot be signed")]
    Sign(#[from] SignError),
    /// There are no random bytes for a nonce.
    #[error("the system has no random bytes")]
    Random,
    /// A signed header is no header.
    #[error("a signed header cannot be sent")]
    Header,
    /// The connection cannot be made.
    #[error(transparent)]
    Channel(#[from] CredentialsError),
    /// The gateway refuses, or is not there.
    #[error("the gateway refuses: {}", .0.message())]
    Refused(#[source] Box<Status>),
}

/// Signs requests on behalf of one combination.
#[derive(Debug, Clone)]
pub struct Signer {
    /// What is signed with.
    pub credentials: TemporaryCredentials,
    /// On whose behalf.
    pub composite: CompositeKey,
    /// The gateway as the request names it, `host:port`.
    pub authority: String,
    /// Region of the credential scope.
    pub region: String,
    /// Tells the time of signing.
    pub clock: Clock,
}

impl Signer {
    /// The signer of a profile.
    #[must_use]
    pub fn of(profile: &Profile, clock: Clock) -> Self {
        Self {
            credentials: profile.credentials.clone(),
            composite: profile.composite.clone(),
            authority: profile.authority().to_owned(),
            region: profile.region.clone(),
            clock,
        }
    }

    /// The headers that sign `message` for the method at `path`, with a fresh nonce.
    ///
    /// # Errors
    /// See [`CallerError`].
    pub fn headers(&self, path: &str, message: &[u8]) -> Result<Vec<(String, String)>, CallerError> {
        let (frame, nonce) = (frame(message), nonce()?);
        let request = SignRequest {
            path,
            authority: &self.authority,
            frame: &frame,
            composite: &self.composite,
            nonce: &nonce,
            region: &self.region,
        };
        Ok(sign(&request, &self.credentials, self.clock.now())?)
    }

    /// A signed request.
    ///
    /// # Errors
    /// See [`CallerError`].
    pub fn request<M: Message>(&self, path: &str, message: M) -> Result<Request<M>, CallerError> {
        let headers = self.headers(path, &message.encode_to_vec())?;
        with_headers(message, &headers)
    }
}

/// A request with these headers.
///
/// # Errors
/// A header is none.
pub fn with_headers<M>(message: M, headers: &[(String, String)]) -> Result<Request<M>, CallerError> {
    let mut request = Request::new(message);
    for (name, value) in headers {
        let name: MetadataKey<Ascii> = name.parse().or(Err(CallerError::Header))?;
        let value: MetadataValue<Ascii> = value.parse().or(Err(CallerError::Header))?;
        request.metadata_mut().append(name, value);
    }
    Ok(request)
}

fn nonce() -> Result<String, CallerError> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).or(Err(CallerError::Random))?;
    Ok(hex::encode(bytes))
}

/// A question as it is sent.
#[must_use]
pub fn question(text: &str, as_of: Option<SystemTime>) -> Question {
    Question { text: text.to_owned(), as_of: as_of.map(Into::into) }
}

/// Calls the gateway.
#[derive(Debug, Clone)]
pub struct Caller {
    signer: Signer,
    client: GatewayServiceClient<Channel>,
}

impl Caller {
    /// A caller for a profile. It connects when it first calls.
    ///
    /// # Errors
    /// The authority's certificate cannot be read.
    pub fn new(profile: &Profile, clock: Clock) -> Result<Self, CallerError> {
        // The gateway's methods are signed, so no certificate of ours is shown.
        Self::showing(None, profile, clock)
    }

    /// The same, showing a certificate: the gateway tells spans to who has the operator's.
    ///
    /// # Errors
    /// A certificate or the key cannot be read.
    pub fn with_certificate(
        certificate: &Path,
        key: &Path,
        profile: &Profile,
        clock: Clock,
    ) -> Result<Self, CallerError> {
        Self::showing(Some((certificate, key)), profile, clock)
    }

    fn showing(
        identity: Option<(&Path, &Path)>,
        profile: &Profile,
        clock: Clock,
    ) -> Result<Self, CallerError> {
        let channel = credentials::channel(&profile.endpoint, &profile.certificates.ca, identity)?;
        let client = GatewayServiceClient::new(channel).max_decoding_message_size(usize::MAX);
        Ok(Self { signer: Signer::of(profile, clock), client })
    }

    /// Who signs.
    #[must_use]
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The same connection, with somebody else signing.
    #[must_use]
    pub fn with_signer(&self, signer: Signer) -> Self {
        Self { signer, client: self.client.clone() }
    }

    /// Asks a question.
    ///
    /// # Errors
    /// See [`CallerError`].
    pub async fn ask(
        &self,
        question: Question,
        timeout: Option<Duration>,
    ) -> Result<Streaming<AskResponse>, CallerError> {
        let mut request =
            self.signer.request(ASK, AskRequest { question: Some(question), conversation: String::new() })?;
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        self.send_ask(request).await
    }

    /// Sends a request to Ask as it is.
    ///
    /// # Errors
    /// See [`CallerError`].
    pub async fn send_ask(
        &self,
        request: Request<AskRequest>,
    ) -> Result<Streaming<AskResponse>, CallerError> {
        let answer = self.client.clone().ask(request).await.map_err(refused)?;
        Ok(answer.into_inner())
    }

    /// What this caller can ask about.
    ///
    /// # Errors
    /// See [`CallerError`].
    pub async fn list_metrics(&self) -> Result<Vec<Metric>, CallerError> {
        let request = self.signer.request(LIST_METRICS, ListMetricsRequest {})?;
        let answer = self.client.clone().list_metrics(request).await.map_err(refused)?;
        Ok(answer.into_inner().metrics)
    }

    /// Opens a session for a question.
    ///
    /// # Errors
    /// See [`CallerError`].
    pub async fn open_session(&self, question: Question) -> Result<OpenSessionResponse, CallerError> {
        let message = OpenSessionRequest { question: Some(question), conversation: String::new() };
        let request = self.signer.request(OPEN_SESSION, message)?;
        let answer = self.client.clone().open_session(request).await.map_err(refused)?;
        Ok(answer.into_inner())
    }
}

fn refused(status: Status) -> CallerError {
    CallerError::Refused(Box::new(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn signer() -> Signer {
        Signer {
            credentials: TemporaryCredentials {
                access_key_id: "ASIAAAAAAAAAAAAAAAAA".to_owned(),
                secret_access_key: SecretString::from("secret".to_owned()),
                session_token: SecretString::from("token".to_owned()),
                expires_at: SystemTime::UNIX_EPOCH,
            },
            composite: "t/b/a".parse().unwrap(),
            authority: "localhost:7100".to_owned(),
            region: "us-east-1".to_owned(),
            clock: Clock::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)),
        }
    }

    fn value<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
        let mut found = headers.iter().filter(|(header, _)| header == name);
        let (_, value) = found.next().unwrap_or_else(|| panic!("{name} in {headers:?}"));
        assert_eq!(found.next(), None);
        value
    }

    #[test]
    fn every_request_has_its_own_nonce_and_so_its_own_signature() {
        let headers = || signer().headers(ASK, b"").unwrap();
        let (first, second) = (headers(), headers());
        assert_ne!(value(&first, "x-splitplane-nonce"), value(&second, "x-splitplane-nonce"));
        assert_ne!(value(&first, "authorization"), value(&second, "authorization"));
        assert_eq!(value(&first, "x-amz-date"), value(&second, "x-amz-date"));
    }

    #[test]
    fn what_is_signed_is_the_frame_that_goes_out() {
        let message = AskRequest { question: Some(question("How many?", None)), conversation: String::new() };
        let request = signer().request(ASK, message.clone()).unwrap();
        let digest = splitplane_types::Digest::of(&frame(&message.encode_to_vec())).to_string();
        assert_eq!(request.metadata().get("x-amz-content-sha256").unwrap(), digest.as_str());
        assert_eq!(request.metadata().get("x-splitplane-tenant-id").unwrap(), "t");
    }
}
