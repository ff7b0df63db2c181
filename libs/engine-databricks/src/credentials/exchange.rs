//! How a proof of who we are becomes a token of the workspace (RFC 8693, at `/oidc/v1/token`).
//!
//! Decides what the token endpoint is sent, and what is accepted as its answer. What it says of a refusal stays
//! in the source chain.

use crate::classify;
use crate::config::Workspace;
use crate::credentials::subject::{Subject, WebIdentity, read_secret};
use crate::error::{Cause, DatabricksError, Said, SetupError};
use crate::net::{self, Http};
use crate::retry::{Again, Failure, retry_after};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header;
use http_body_util::Full;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What proves to the workspace who we are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CredentialsConfig {
    /// A token that Kubernetes puts into a file and replaces there.
    ServiceAccountToken {
        /// The file; read anew for each exchange.
        file: PathBuf,
        /// The service principal, where its own federation policy is to be used.
        client_id: Option<String>,
    },
    /// A token that AWS signs for our role (`sts:GetWebIdentityToken`).
    WebIdentity {
        /// For whom: what the federation policy names as audience.
        audience: String,
        /// The service principal, where its own federation policy is to be used.
        client_id: Option<String>,
    },
    /// A secret of a service principal. It does not expire while anybody watches: prefer the others.
    LongLivedClientSecret {
        /// The service principal.
        client_id: String,
        /// The file that holds the secret.
        file: PathBuf,
    },
}

#[derive(Debug)]
pub(crate) struct Exchange {
    http: Http,
    uri: http::Uri,
    time_max: Duration,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Federation { subject: Subject, client_id: Option<String> },
    ClientSecret { client_id: String, file: PathBuf },
}

pub(crate) struct Fresh {
    pub(crate) secret: SecretString,
    pub(crate) expires_in: Duration,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    token_type: String,
    expires_in: u64,
}

/// RFC 6749, section 5.2. The description is left out: it could quote the proof.
#[derive(Default, Deserialize)]
struct TokenRefusal {
    #[serde(default)]
    error: String,
}

impl Exchange {
    pub(crate) fn new(
        config: CredentialsConfig,
        workspace: &Workspace,
        http: Http,
        web_identity: Option<WebIdentity>,
    ) -> Result<Self, SetupError> {
        let wrong = |key, why| SetupError::Config { key, why };
        let way = match config {
            CredentialsConfig::ServiceAccountToken { file, client_id } => {
                Way::Federation { subject: Subject::File(file), client_id }
            }
            CredentialsConfig::WebIdentity { audience, client_id } => {
                if audience.is_empty() {
                    return Err(wrong("audience", "must not be empty"));
                }
                let aws = web_identity.ok_or_else(|| wrong("from", "needs a way to AWS"))?;
                Way::Federation { subject: Subject::Aws { aws, audience }, client_id }
            }
            CredentialsConfig::LongLivedClientSecret { client_id, file } => {
                Way::ClientSecret { client_id, file }
            }
        };
        let uri = format!("{}/oidc/v1/token", workspace.base);
        let uri = uri.parse().or(Err(wrong("url", "is no URL")))?;
        Ok(Self { http, uri, time_max: workspace.config.request_time_max, way })
    }

    pub(crate) async fn token(&self) -> Result<Fresh, Failure> {
        let request = match &self.way {
            Way::Federation { subject, client_id } => {
                let proof = subject.token(self.time_max).await?;
                self.request(&federation(&proof, client_id.as_deref()), None)
            }
            Way::ClientSecret { client_id, file } => {
                let secret = read_secret(file).await.map_err(|error| Failure::last(*error))?;
                let pair = format!("{client_id}:{}", secret.expose_secret());
                let basic = format!("Basic {}", STANDARD.encode(pair));
                let form = form(&[("grant_type", "client_credentials"), ("scope", "all-apis")]);
                self.request(&form, Some(&basic))
            }
        };
        let request = request.map_err(|error| {
            Failure::last(DatabricksError::Unauthenticated(Cause::Credential(error.into())))
        })?;
        self.ask(request).await
    }

    fn request(
        &self,
        form: &SecretString,
        authorization: Option<&str>,
    ) -> Result<http::Request<Full<Bytes>>, http::Error> {
        let mut request = http::Request::post(self.uri.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        if let Some(authorization) = authorization {
            let mut value = header::HeaderValue::try_from(authorization)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request.body(Full::new(Bytes::from(form.expose_secret().to_owned())))
    }

    async fn ask(&self, request: http::Request<Full<Bytes>>) -> Result<Fresh, Failure> {
        let later = |error| Failure { error, again: Again::Later(None) };
        let answer = self.http.send(request, self.time_max).await.map_err(|error| later(error.error))?;
        let status = answer.status().as_u16();
        let asked_pause = retry_after(answer.headers());
        let body = net::read(answer.into_body(), ANSWER_BYTES_MAX, self.time_max).await.map_err(later)?;
        match status {
            200 => accepted(&body).map_err(|error| Failure::last(*error)),
            429 | 500..=599 => {
                let error = classify::refused(status, said(&body));
                Err(Failure { error, again: Again::Later(asked_pause) })
            }
            _ => {
                let cause = Cause::Answer { status, said: said(&body) };
                Err(Failure::last(DatabricksError::Unauthenticated(cause)))
            }
        }
    }
}

fn accepted(body: &[u8]) -> Result<Fresh, Box<DatabricksError>> {
    let answer: TokenAnswer = serde_json::from_slice(body).map_err(|error| {
        // The text of the error can quote what it could not read: only where it is may be said.
        let place = std::io::Error::other(format!("line {} column {}", error.line(), error.column()));
        DatabricksError::Protocol(Cause::unreadable(place))
    })?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(DatabricksError::Protocol(Cause::Found("a token that is none of a bearer")).into());
    }
    Ok(Fresh { secret: answer.access_token, expires_in: Duration::from_secs(answer.expires_in.min(86_400)) })
}

fn said(body: &[u8]) -> Said {
    let refusal: TokenRefusal = serde_json::from_slice(body).unwrap_or_default();
    Said::new(refusal.error, String::new(), "")
}

fn federation(proof: &SecretString, client_id: Option<&str>) -> SecretString {
    let mut fields = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("subject_token", proof.expose_secret()),
        ("scope", "all-apis"),
    ];
    fields.extend(client_id.map(|id| ("client_id", id)));
    form(&fields)
}

fn form(fields: &[(&str, &str)]) -> SecretString {
    let mut form = form_urlencoded::Serializer::new(String::new());
    SecretString::from(form.extend_pairs(fields).finish())
}
