//! What a failed call means.
//!
//! Decides the kind of every failure of the SDK. What the endpoint said in words stays out of it: only
//! its code is logged, since words may hold names of roles or parts of a prompt.

use crate::language_model::ModelError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_bedrockruntime::operation::converse::ConverseError;
use http_body_util::LengthLimitError;
use std::error::Error;

/// The kind of a failure.
pub(super) fn kind_of(error: &SdkError<ConverseError>) -> ModelError {
    let status = error.raw_response().map(|response| response.status().as_u16());
    tracing::warn!(status, code = error.code(), "the model's endpoint gave no answer");
    match error {
        _ if is_too_large(error) => ModelError::Malformed("larger than an answer may be"),
        _ if caused_by::<CredentialsError>(error) => ModelError::Unauthorised,
        SdkError::ConstructionFailure(_) => ModelError::Rejected,
        SdkError::TimeoutError(_) => ModelError::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ModelError::TimedOut,
        SdkError::ServiceError(failure) => said(failure.err().code(), status),
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => ModelError::Unavailable,
        // Whatever the SDK adds: no answer.
        _ => ModelError::Unavailable,
    }
}

/// What the endpoint said, by its code, else by the status.
fn said(code: Option<&str>, status: Option<u16>) -> ModelError {
    match (code, status) {
        (Some("ThrottlingException"), _) => ModelError::Throttled,
        (Some("AccessDeniedException"), _) => ModelError::Unauthorised,
        (Some("ModelTimeoutException"), _) => ModelError::TimedOut,
        (Some("ResourceNotFoundException" | "ValidationException"), _) => ModelError::Rejected,
        (
            Some(
                "InternalServerException"
                | "ModelErrorException"
                | "ModelNotReadyException"
                | "ServiceUnavailableException",
            ),
            _,
        ) => ModelError::Unavailable,
        (_, Some(200..=299)) => ModelError::Malformed("not JSON"),
        (_, Some(401 | 403)) => ModelError::Unauthorised,
        (_, Some(408)) => ModelError::TimedOut,
        (_, Some(429)) => ModelError::Throttled,
        (_, Some(400..=499)) => ModelError::Rejected,
        (_, _) => ModelError::Unavailable,
    }
}

/// Whether a model that failed so may do better at once.
pub(super) fn is_worth_another_try(error: &ConverseError) -> bool {
    error.is_model_timeout_exception() || error.is_model_error_exception()
}

/// Whether a reply was over its bound.
pub(super) fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    caused_by::<LengthLimitError>(error)
}

fn caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| cause.is::<E>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_converse_and_every_status_has_a_kind() {
        for (code, status, kind) in [
            (Some("ThrottlingException"), 429, ModelError::Throttled),
            (Some("ModelNotReadyException"), 429, ModelError::Unavailable),
            (Some("AccessDeniedException"), 403, ModelError::Unauthorised),
            (Some("ExpiredTokenException"), 403, ModelError::Unauthorised),
            (Some("ValidationException"), 400, ModelError::Rejected),
            (Some("ResourceNotFoundException"), 404, ModelError::Rejected),
            (Some("ModelTimeoutException"), 408, ModelError::TimedOut),
            (Some("ModelErrorException"), 424, ModelError::Unavailable),
            (Some("InternalServerException"), 500, ModelError::Unavailable),
            (Some("ServiceUnavailableException"), 503, ModelError::Unavailable),
            (None, 200, ModelError::Malformed("not JSON")),
            (None, 302, ModelError::Unavailable),
            (None, 408, ModelError::TimedOut),
            (None, 418, ModelError::Rejected),
            (None, 429, ModelError::Throttled),
            (Some("NewException"), 502, ModelError::Unavailable),
        ] {
            assert_eq!(said(code, Some(status)), kind, "{code:?} {status}");
        }
    }
}
