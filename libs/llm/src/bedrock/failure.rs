//! What a failed call means.
//!
//! Decides the kind of every failure of the SDK. What the endpoint said in words stays out of it: only
//! its code is logged, since words may hold names of roles or parts of a prompt.

use super::bounded::is_beyond;
use super::draft::{FORM, NOT_JSON, SIZE};
use super::once::SaidTwice;
use super::reply::word;
use crate::language_model::ModelError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_bedrockruntime::operation::converse::ConverseError;
use std::error::Error;

/// The kind of a failure.
pub(super) fn kind_of(error: &SdkError<ConverseError>) -> ModelError {
    let status = error.raw_response().map(|response| response.status().as_u16());
    tracing::warn!(status, code = error.code().map(word), "the model's endpoint gave no answer");
    if let Some(refused) = refused(error) {
        return refused;
    }
    match error {
        _ if is_caused_by(error, |cause| cause.is::<CredentialsError>()) => ModelError::Unauthorised,
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
        (Some("ThrottlingException" | "TooManyRequestsException" | "ServiceQuotaExceededException"), _) => {
            ModelError::Throttled
        }
        // Codes of every AWS service, which some send as 400 and some as 403. A clock that is wrong is told as a
        // signature that is.
        (
            Some(
                "AccessDeniedException"
                | "ExpiredToken"
                | "ExpiredTokenException"
                | "IncompleteSignature"
                | "IncompleteSignatureException"
                | "InvalidClientTokenId"
                | "InvalidSignatureException"
                | "MissingAuthenticationToken"
                | "MissingAuthenticationTokenException"
                | "NotAuthorized"
                | "OptInRequired"
                | "RequestExpired"
                | "RequestTimeTooSkewed"
                | "SignatureDoesNotMatch"
                | "UnrecognizedClientException",
            ),
            _,
        ) => ModelError::Unauthorised,
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
        (_, Some(200..=299)) => NOT_JSON,
        (_, Some(401 | 403)) => ModelError::Unauthorised,
        (_, Some(408)) => ModelError::TimedOut,
        (_, Some(424)) => ModelError::Unavailable,
        (_, Some(429)) => ModelError::Throttled,
        (_, Some(400..=499)) => ModelError::Rejected,
        (_, _) => ModelError::Unavailable,
    }
}

/// Whether a model may have worked on a request that failed so. One that was refused was not worked on.
pub(super) fn went_out(error: &SdkError<ConverseError>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => false,
        SdkError::ServiceError(failure) => failure.raw().status().is_success(),
        // Whatever the SDK adds went out, too.
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) | _ => true,
    }
}

/// Whether a failure is one that passes, so that another try may do better.
pub(super) fn may_pass(error: Option<&ConverseError>, status: Option<u16>) -> bool {
    // Some of these have a status of the client's faults.
    let is_known = error.is_some_and(|error| {
        error.is_throttling_exception()
            || error.is_model_timeout_exception()
            || error.is_model_error_exception()
    });
    is_known || matches!(status, Some(408 | 424 | 429 | 500 | 502..=504 | 529))
}

/// The kind of a reply that we would not read to its end; it would be the same again.
pub(super) fn refused(error: &(dyn Error + 'static)) -> Option<ModelError> {
    if is_caused_by(error, is_beyond) {
        Some(SIZE)
    } else {
        is_caused_by(error, |cause| cause.is::<SaidTwice>()).then_some(FORM)
    }
}

fn is_caused_by(error: &(dyn Error + 'static), is_it: fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.any(is_it)
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
            (Some("ExpiredTokenException"), 400, ModelError::Unauthorised),
            (Some("RequestTimeTooSkewed"), 400, ModelError::Unauthorised),
            (Some("InvalidSignatureException"), 403, ModelError::Unauthorised),
            (Some("ServiceQuotaExceededException"), 400, ModelError::Throttled),
            (Some("UnrecognizedClientException"), 400, ModelError::Unauthorised),
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
            (None, 424, ModelError::Unavailable),
            (None, 529, ModelError::Unavailable),
            (Some("NewException"), 502, ModelError::Unavailable),
        ] {
            assert_eq!(said(code, Some(status)), kind, "{code:?} {status}");
        }
    }
}
