//! The SDK's client of S3: how it connects, by whose credentials, and how often it tries.
//!
//! Decides that only a role's credentials sign a request, wherever they are found. What is asked for is the
//! bucket's.

use crate::location::S3Config;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::time::Duration;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(3);
/// Until the head of a reply is there; how long a body may take is its reader's to say.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(10);
const CALL_TIME_MAX: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 3;

/// Credentials, by the SDK's own rules of where they are found.
pub(super) async fn credentials(config: &S3Config) -> SharedCredentialsProvider {
    let region = Region::new(config.region.clone());
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http()).region(region);
    let nowhere = || {
        let none = || async { Err(CredentialsError::not_loaded("there is nowhere to look")) };
        SharedCredentialsProvider::new(provide_credentials_fn(none))
    };
    loader.load().await.credentials_provider().unwrap_or_else(nowhere)
}

fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// A client that signs with these credentials, if they are a role's.
pub(crate) fn client(credentials: SharedCredentialsProvider, config: &S3Config) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME_MAX)
        .operation_attempt_timeout(ATTEMPT_TIME_MAX)
        .operation_timeout(CALL_TIME_MAX);
    let is_aws = config.endpoint.is_empty();
    let mut builder = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http())
        .region(Region::new(config.region.clone()))
        .credentials_provider(RoleOnly { found: credentials, is_aws })
        .timeout_config(timeouts.build())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        // Ranges have no checksum of their own; length and entity tag are compared instead.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .disable_s3_express_session_auth(true)
        .force_path_style(config.path_style);
    if !is_aws {
        builder = builder.endpoint_url(&config.endpoint);
    }
    Client::from_conf(builder.build())
}

/// Credentials of a role, or none: wherever they come from, they expire.
#[derive(Debug)]
struct RoleOnly {
    found: SharedCredentialsProvider,
    /// Other stores name their keys as they like.
    is_aws: bool,
}

impl ProvideCredentials for RoleOnly {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            of_a_role(self.found.provide_credentials().await?, self.is_aws)
        })
    }
}

pub(crate) fn of_a_role(credentials: Credentials, is_aws: bool) -> provider::Result {
    let has_token = credentials.session_token().is_some_and(|token| !token.is_empty());
    if has_token && (!is_aws || credentials.access_key_id().starts_with("ASIA")) {
        Ok(credentials)
    } else {
        Err(CredentialsError::invalid_configuration(
            "credentials that do not expire; let the service have a role",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_do_not_expire_are_none_wherever_they_are_found() {
        let is_taken = |key_id: &str, token: Option<&str>, is_aws| {
            let found = Credentials::new(key_id, "secret", token.map(str::to_owned), None, "test");
            of_a_role(found, is_aws).is_ok()
        };
        assert!(is_taken("ASIAIOSFODNN7EXAMPLE", Some("token"), true));
        assert!(is_taken("Q3AM3UQ867SPQQA43P2F", Some("token"), false));
        for (key_id, token, is_aws) in [
            ("AKIAIOSFODNN7EXAMPLE", None, true),
            ("AKIAIOSFODNN7EXAMPLE", Some("token"), true),
            ("ASIAIOSFODNN7EXAMPLE", None, true),
            ("ASIAIOSFODNN7EXAMPLE", Some(""), true),
            ("Q3AM3UQ867SPQQA43P2F", None, false),
            ("Q3AM3UQ867SPQQA43P2F", Some(""), false),
        ] {
            assert!(!is_taken(key_id, token, is_aws), "{key_id} {token:?} {is_aws}");
        }
    }
}
