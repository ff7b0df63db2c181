//! The SDK's client: how it connects, by whose credentials, how often it tries, how much it reads.
//!
//! Decides that only a role's credentials sign a request (a bearer key in the environment is not even
//! looked at), that no reply is read beyond its bound or taken where it says two things, and which failures
//! are worth another try, and when.

use super::bounded::bounded;
use super::failure::{may_pass, refused};
use super::once::{SaidTwice, says_twice};
use crate::config::BedrockConfig;
use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::http::HttpResponse;
use aws_sdk_bedrockruntime::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut, InterceptorContext,
};
use aws_sdk_bedrockruntime::config::retry::{ClassifyRetry, RetryAction, RetryConfig};
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{
    BehaviorVersion, ConfigBag, Intercept, Region, RuntimeComponents, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use std::error::Error;
use std::time::Duration;

/// Credentials, by the SDK's own rules of where they are found.
pub(super) async fn credentials(config: &BedrockConfig) -> SharedCredentialsProvider {
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
pub(super) fn client(credentials: SharedCredentialsProvider, config: &BedrockConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(config.connect_time_max)
        .operation_attempt_timeout(config.attempt_time_max)
        .operation_timeout(config.call_time_max);
    let retries = RetryConfig::standard()
        .with_max_attempts(config.attempts_max.get())
        .with_initial_backoff(config.pause);
    let mut builder = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http())
        .region(Region::new(config.region.clone()))
        .credentials_provider(RoleOnly(credentials))
        .timeout_config(timeouts.build())
        .retry_config(retries)
        .retry_classifier(Retries { wait_max: config.attempt_time_max })
        .interceptor(LimitReply { bytes_max: config.reply_bytes_max })
        .interceptor(OneMeaning)
        // A model that thinks sends nothing for long; the time of an attempt bounds it.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if !config.endpoint.is_empty() {
        builder = builder.endpoint_url(&config.endpoint);
    }
    Client::from_conf(builder.build())
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
        Err(CredentialsError::invalid_configuration(
            "credentials that do not expire; let the service have a role",
        ))
    }
}

/// Tries again where the SDK's own rules do not: a model's time-out, a model's error, an endpoint that is
/// too busy in other words than AWS's. Not where a reply was refused, and not where the endpoint asks for
/// more patience than a try has: whoever asked is told at once.
#[derive(Debug)]
struct Retries {
    wait_max: Duration,
}

impl ClassifyRetry for Retries {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        if refused(error).is_some() {
            return RetryAction::RetryForbidden;
        }
        let Some(response) = context.response() else { return RetryAction::NoActionIndicated };
        let status = response.status().as_u16();
        let said = error.as_operation_error().and_then(|error| error.downcast_ref());
        if !may_pass(said, Some(status)) {
            return RetryAction::NoActionIndicated;
        }
        let kind = if status == 429 { ErrorKind::ThrottlingError } else { ErrorKind::TransientError };
        match wait(response) {
            None => RetryAction::retryable_error(kind),
            Some(wait) if wait < self.wait_max => {
                RetryAction::retryable_error_with_explicit_delay(kind, wait)
            }
            Some(_) => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "failures of a model"
    }
}

/// How long the endpoint asks to be left alone: in AWS's header, else in HTTP's.
fn wait(response: &HttpResponse) -> Option<Duration> {
    let number = |name: &str| response.headers().get(name).and_then(|text| text.trim().parse().ok());
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

/// Stops reading a reply at its bounds.
#[derive(Debug)]
struct LimitReply {
    bytes_max: usize,
}

impl Intercept for LimitReply {
    fn name(&self) -> &'static str {
        "LimitReply"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _settings: &mut ConfigBag,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = bounded(whole, self.bytes_max);
        Ok(())
    }
}

/// Refuses a reply in which an object has two values for a key: the SDK would take the last one.
#[derive(Debug)]
struct OneMeaning;

impl Intercept for OneMeaning {
    fn name(&self) -> &'static str {
        "OneMeaning"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _settings: &mut ConfigBag,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let response = context.response();
        let is_twofold = response.status().is_success() && response.body().bytes().is_some_and(says_twice);
        if is_twofold { Err(Box::new(SaidTwice)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_do_not_expire_are_none_wherever_they_are_found() {
        let is_taken = |key_id: &str, token: Option<&str>| {
            of_a_role(Credentials::new(key_id, "secret", token.map(str::to_owned), None, "test")).is_ok()
        };
        assert!(is_taken("ASIAIOSFODNN7EXAMPLE", Some("token")));
        for (key_id, token) in [
            ("AKIAIOSFODNN7EXAMPLE", None),
            ("AKIAIOSFODNN7EXAMPLE", Some("token")),
            ("ASIAIOSFODNN7EXAMPLE", None),
            ("ASIAIOSFODNN7EXAMPLE", Some("")),
            ("", Some("token")),
        ] {
            assert!(!is_taken(key_id, token), "{key_id} {token:?}");
        }
    }
}
