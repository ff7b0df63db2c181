//! Callers with credentials of AWS: asks STS what it thinks of a request that was rebuilt here.
//!
//! Decides how STS is asked: at the configured endpoint, once, without following it anywhere. What is asked and
//! how the answer is read is `splitplane-sigv4`'s.

use crate::config::Aws;
use crate::registry::Registry;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use splitplane_service::StartError;
use splitplane_sigv4::{RawRequest, STS_BODY, StsError, StsExpectations, StsRequest, VerifiedCaller};
use std::time::{Duration, SystemTime};

const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// STS, and what a request to it must be for.
pub(crate) struct Sts {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: http::Uri,
    expectations: StsExpectations,
}

impl std::fmt::Debug for Sts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sts").field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// Why a caller with credentials of AWS is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsError {
    /// The request cannot be what AWS would have to judge.
    #[error(transparent)]
    Request(#[from] splitplane_sigv4::VerifyError),
    /// AWS says no, or nothing.
    #[error(transparent)]
    Sts(#[from] StsError),
}

impl Sts {
    /// Asks at the configured endpoint; `None` where there is none.
    pub(crate) fn new(
        config: &Aws,
        authorities: Vec<String>,
        skew: Duration,
    ) -> Result<Option<Self>, StartError> {
        if config.sts_endpoint.is_empty() {
            return Ok(None);
        }
        let unusable = |what: &'static str| StartError::service("the endpoint of STS cannot be used", what);
        let uri: http::Uri = config.sts_endpoint.parse().or(Err(unusable("it is no URL")))?;
        let host = uri.authority().ok_or_else(|| unusable("it names no host"))?.to_string();
        let is_local = ["127.0.0.1", "localhost"].contains(&uri.host().unwrap_or_default());
        match uri.scheme_str() {
            Some("https") => {}
            // Whoever answers in its place could vouch for anyone.
            Some("http") if is_local => {}
            _ => return Err(unusable("it must be an https URL, or an http one of this machine")),
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| StartError::service("TLS to STS cannot be set up", error))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let expectations = StsExpectations {
            region: config.region.clone(),
            host,
            audience: config.audience.clone(),
            authorities,
            skew,
        };
        Ok(Some(Self { client, uri, expectations }))
    }

    /// Lets STS judge the request.
    pub(crate) async fn verify(
        &self,
        request: &RawRequest<'_>,
        registry: &Registry,
        now: SystemTime,
    ) -> Result<VerifiedCaller, AwsError> {
        let rebuilt = StsRequest::rebuild(request, &self.expectations, now)?;
        let (status, body) = self.ask(&rebuilt).await?;
        Ok(rebuilt.judged(status, &body, |role| registry.principal_of(role).cloned())?)
    }

    async fn ask(&self, request: &StsRequest) -> Result<(u16, Bytes), StsError> {
        let mut post = http::Request::post(self.uri.clone());
        for (name, value) in request.headers() {
            post = post.header(name, value);
        }
        let body = Full::new(Bytes::from_static(STS_BODY.as_bytes()));
        let post = post.body(body).or(Err(StsError::Refused))?;
        let asked = async {
            let answer = self.client.request(post).await.or(Err(StsError::Unavailable))?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            Ok((status, body.or(Err(StsError::Malformed))?.to_bytes()))
        };
        tokio::time::timeout(ANSWER_TIME_MAX, asked).await.unwrap_or(Err(StsError::Unavailable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(endpoint: &str) -> Result<bool, String> {
        let config = Aws {
            sts_endpoint: endpoint.to_owned(),
            region: "us-east-1".to_owned(),
            audience: "mesh".to_owned(),
        };
        let sts = Sts::new(&config, Vec::new(), Duration::from_secs(300));
        sts.map(|sts| sts.is_some()).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn sts_is_asked_over_tls_or_on_this_machine_or_not_at_all() {
        assert_eq!(at(""), Ok(false));
        for endpoint in
            ["https://sts.us-east-1.amazonaws.com", "http://127.0.0.1:5000", "http://localhost:5000"]
        {
            assert_eq!(at(endpoint), Ok(true), "{endpoint}");
        }
        for endpoint in [
            "http://sts.us-east-1.amazonaws.com",
            "http://localhost.evil.example",
            "ftp://127.0.0.1",
            "sts.us-east-1.amazonaws.com",
            "not a url",
        ] {
            assert!(at(endpoint).is_err(), "{endpoint}");
        }
    }
}
