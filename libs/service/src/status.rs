//! The one road from a Rust error to a [`tonic::Status`].
//!
//! A service says which [`Reason`] applies; code, text and wire form follow from the reason alone,
//! so nothing in a `Display` text, a source error or a statement can reach a caller.
//!
//! - Every credential failure has the same bytes, but for `server_time` in whole seconds.
//! - The error's chain is logged once, here.

use crate::clock::Clock;
use bytes::Bytes;
use prost::Message as _;
use splitplane_types::Reason;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};
use tonic::{Code, Response, Status};

const DOMAIN: &str = "splitplane";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
const RETRY_AFTER_SECONDS: i64 = 1;

/// Longest value in the metadata: details travel in the trailers, which are bounded as a whole.
const METADATA_VALUE_BYTES_MAX: usize = 1_024;

/// An error that knows what the outside world may learn about it.
pub trait PublicError: Error {
    /// The reason sent to the caller.
    fn reason(&self) -> Reason;

    /// Facts safe to repeat to this caller; none unless there is a need.
    fn metadata(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// `google.rpc.ErrorInfo` with an ordered map, so that equal errors have equal bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: BTreeMap<String, String>,
}

/// The gRPC code of a reason.
#[must_use]
pub const fn code_of(reason: Reason) -> Code {
    match reason {
        Reason::Unauthenticated => Code::Unauthenticated,
        Reason::PeerNotAllowed => Code::PermissionDenied,
        Reason::RequestMalformed
        | Reason::QuestionEmpty
        | Reason::QuestionTooLong
        | Reason::QuestionMalformed
        | Reason::QueryNotAllowed
        | Reason::QueryTooComplex
        | Reason::QueryFailed => Code::InvalidArgument,
        // Not PermissionDenied: that would confirm that the thing exists.
        Reason::QueryOutsideView | Reason::SandboxNotFound => Code::NotFound,
        Reason::ResultTooLarge | Reason::QueryMemoryExceeded | Reason::TenantBusy | Reason::Overloaded => {
            Code::ResourceExhausted
        }
        Reason::SandboxExhausted => Code::FailedPrecondition,
        Reason::Deadline => Code::DeadlineExceeded,
        Reason::Cancelled => Code::Cancelled,
        Reason::WarehouseUnavailable
        | Reason::ModelUnavailable
        | Reason::AuditUnavailable
        | Reason::ServiceUnavailable => Code::Unavailable,
        Reason::PolicyChanged => Code::Aborted,
        Reason::Internal => Code::Internal,
        Reason::MethodNotFound => Code::Unimplemented,
    }
}

/// The public text of a reason.
#[must_use]
pub const fn text_of(reason: Reason) -> &'static str {
    match reason {
        Reason::Unauthenticated => "the request is not authenticated",
        Reason::PeerNotAllowed => "this peer may not call this method",
        Reason::RequestMalformed => "the request is malformed",
        Reason::QuestionEmpty => "the question is empty",
        Reason::QuestionTooLong => "the question is longer than 8192 bytes",
        Reason::QuestionMalformed => "the question holds control characters",
        Reason::QueryOutsideView => "the statement names something outside this sandbox",
        Reason::QueryNotAllowed => "the statement uses something that is not allowed",
        Reason::QueryTooComplex => "the statement is too large",
        Reason::QueryFailed => "the statement failed on the rows it read",
        Reason::ResultTooLarge => "the result is over the policy's limit",
        Reason::QueryMemoryExceeded => "the statement needs more memory than the policy allows",
        Reason::TenantBusy => "as many statements as the policy allows are running; try again",
        Reason::Overloaded => "the service is busy; try again",
        Reason::SandboxNotFound => "there is no such sandbox",
        Reason::SandboxExhausted => "the sandbox has run as many statements as one question may",
        Reason::Deadline => "the deadline passed",
        Reason::Cancelled => "the request was cancelled",
        Reason::WarehouseUnavailable => "the warehouse cannot be read now; try again",
        Reason::ModelUnavailable => "the language model cannot be used now; try again",
        Reason::AuditUnavailable => "the audit log cannot be written now; try again",
        Reason::ServiceUnavailable => "the service cannot serve now; try again",
        Reason::PolicyChanged => "the policy or the semantic model changed; ask again",
        Reason::Internal => "something went wrong on our side",
        Reason::MethodNotFound => "there is no such method",
    }
}

const fn is_worth_retrying(reason: Reason) -> bool {
    match reason {
        Reason::TenantBusy
        | Reason::Overloaded
        | Reason::WarehouseUnavailable
        | Reason::ModelUnavailable
        | Reason::AuditUnavailable
        | Reason::ServiceUnavailable => true,
        Reason::Unauthenticated
        | Reason::PeerNotAllowed
        | Reason::RequestMalformed
        | Reason::QuestionEmpty
        | Reason::QuestionTooLong
        | Reason::QuestionMalformed
        | Reason::QueryOutsideView
        | Reason::QueryNotAllowed
        | Reason::QueryTooComplex
        | Reason::QueryFailed
        | Reason::ResultTooLarge
        | Reason::QueryMemoryExceeded
        | Reason::SandboxNotFound
        | Reason::SandboxExhausted
        | Reason::Deadline
        | Reason::Cancelled
        | Reason::PolicyChanged
        | Reason::Internal
        | Reason::MethodNotFound => false,
    }
}

/// Logs the whole error chain once, and returns what the caller may see.
pub fn to_status(error: &dyn PublicError) -> Status {
    let reason = error.reason();
    tracing::warn!(reason = reason.as_str(), error = %Chain(error), "request refused");
    status_of(reason, error.metadata(), Clock::system().now())
}

/// The same as a whole answer, for layers.
pub fn refuse(error: &dyn PublicError) -> http::Response<tonic::body::Body> {
    to_status(error).into_http()
}

/// Turns the outcome of a handler into a reply.
///
/// # Errors
/// The status of the handler's error.
pub async fn reply<T, E: PublicError>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<Response<T>, Status> {
    work.await.map(Response::new).map_err(|error| to_status(&error))
}

/// Makes a status without logging: for answers that somebody else's `to_status` will log.
pub(crate) fn status_of(reason: Reason, facts: Vec<(String, String)>, now: SystemTime) -> Status {
    let metadata = if matches!(reason, Reason::Unauthenticated) {
        // Whatever was wrong, nothing else is told. A clock before 1970 reads as 1970.
        let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        BTreeMap::from([("server_time".to_owned(), seconds.to_string())])
    } else {
        facts.into_iter().map(|(key, value)| (key, cut(value))).collect()
    };
    let info = ErrorInfo { reason: reason.as_str().to_owned(), domain: DOMAIN.to_owned(), metadata };
    let mut details = vec![any(ERROR_INFO, info.encode_to_vec())];
    if is_worth_retrying(reason) {
        let delay = prost_types::Duration { seconds: RETRY_AFTER_SECONDS, nanos: 0 };
        let retry = tonic_types::pb::RetryInfo { retry_delay: Some(delay) };
        details.push(any(RETRY_INFO, retry.encode_to_vec()));
    }
    let code = code_of(reason);
    let message = text_of(reason).to_owned();
    let body = tonic_types::pb::Status { code: code.into(), message, details };
    Status::with_details(code, text_of(reason), Bytes::from(body.encode_to_vec()))
}

fn any(type_url: &str, value: Vec<u8>) -> prost_types::Any {
    prost_types::Any { type_url: type_url.to_owned(), value }
}

fn cut(mut value: String) -> String {
    let end = (0..=METADATA_VALUE_BYTES_MAX).rev().find(|&index| value.is_char_boundary(index));
    value.truncate(end.unwrap_or(0).min(value.len()));
    value
}

fn info_of(status: &Status) -> Option<ErrorInfo> {
    let body = tonic_types::pb::Status::decode(status.details()).ok()?;
    let any = body.details.iter().find(|any| any.type_url == ERROR_INFO)?;
    let info = ErrorInfo::decode(any.value.as_slice()).ok()?;
    (info.domain == DOMAIN).then_some(info)
}

/// The reason that a status carries, if it is one of ours and its code is the reason's.
#[must_use]
pub fn reason_of(status: &Status) -> Option<Reason> {
    let reason = Reason::from_wire(&info_of(status)?.reason)?;
    (code_of(reason) == status.code()).then_some(reason)
}

/// The metadata of the status' `ErrorInfo`, if it is one of ours.
#[must_use]
pub fn metadata_of(status: &Status) -> BTreeMap<String, String> {
    info_of(status).map_or_else(BTreeMap::new, |info| info.metadata)
}

/// The name of a code, as traces and metrics have it.
pub(crate) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Whether a code is a failure of the server, as OpenTelemetry counts it.
pub(crate) const fn is_server_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// An error with all its sources, on one line.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
