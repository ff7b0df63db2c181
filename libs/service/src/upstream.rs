//! What a failure of another service means to our own caller.
//!
//! Closed by default: only reasons that our own contract names pass through, with the few facts that
//! are meant for repair. Everything else is ours to answer for.

use crate::deadline::Deadline;
use crate::layers::TXN_TOKEN;
use crate::status::{PublicError, metadata_of, reason_of};
use crate::workload::Workload;
use splitplane_session::SessionKey;
use splitplane_types::Reason;
use std::error::Error;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Code, Request, Status};

/// Facts that pass with a reason that passes.
const FACTS: [&str; 3] = ["hint", "line", "column"];

/// A call to another service failed.
#[derive(Debug, thiserror::Error)]
#[error("the call to {} failed", workload.map_or("another service", Workload::name))]
pub struct UpstreamError {
    workload: Option<Workload>,
    reason: Reason,
    facts: Vec<(String, String)>,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl UpstreamError {
    /// Reads the status of a call. `passes` are the reasons that the contract of the method being
    /// served names.
    #[must_use]
    pub fn new(workload: Workload, status: Status, passes: &[Reason]) -> Self {
        let reason = reason_for(&status, passes);
        let facts = if passes.contains(&reason) {
            metadata_of(&status).into_iter().filter(|(key, _)| FACTS.contains(&key.as_str())).collect()
        } else {
            Vec::new()
        };
        Self { workload: Some(workload), reason, facts, source: Box::new(status) }
    }

    /// The service that was called; none when nothing could be sent.
    #[must_use]
    pub const fn workload(&self) -> Option<Workload> {
        self.workload
    }

    fn unsendable() -> Self {
        Self { workload: None, reason: Reason::Internal, facts: Vec::new(), source: Box::new(UnsendableKey) }
    }
}

fn reason_for(status: &Status, passes: &[Reason]) -> Reason {
    match reason_of(status) {
        Some(reason) if passes.contains(&reason) => reason,
        // A session that ended half-way is the caller's to renew, and our own deadline is the same
        // one that the callee was given: neither is a defect of ours.
        Some(reason @ (Reason::Unauthenticated | Reason::Deadline)) => reason,
        Some(
            Reason::ServiceUnavailable
            | Reason::WarehouseUnavailable
            | Reason::ModelUnavailable
            | Reason::AuditUnavailable
            | Reason::Overloaded,
        ) => Reason::ServiceUnavailable,
        Some(
            Reason::PeerNotAllowed
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
            | Reason::TenantBusy
            | Reason::SandboxNotFound
            | Reason::SandboxExhausted
            | Reason::Cancelled
            | Reason::PolicyChanged
            | Reason::Internal
            | Reason::MethodNotFound,
        ) => Reason::Internal,
        None => without_reason(status.code()),
    }
}

/// A status without a reason was made by the library or the network, not by a service of ours.
const fn without_reason(code: Code) -> Reason {
    match code {
        Code::DeadlineExceeded => Reason::Deadline,
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal | Code::ResourceExhausted => {
            Reason::ServiceUnavailable
        }
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::DataLoss
        | Code::Unauthenticated => Reason::Internal,
    }
}

impl PublicError for UpstreamError {
    fn reason(&self) -> Reason {
        self.reason
    }

    fn metadata(&self) -> Vec<(String, String)> {
        self.facts.clone()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the session key cannot be sent as metadata")]
struct UnsendableKey;

/// A request to another service, inside our caller's deadline and with the caller's session key.
///
/// # Errors
/// The session key cannot be sent. One that was verified always can.
pub fn call<T>(
    deadline: Deadline,
    session_key: Option<&SessionKey>,
    message: T,
) -> Result<Request<T>, UpstreamError> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(deadline);
    if let Some(key) = session_key {
        let value = AsciiMetadataValue::try_from(key.expose());
        let mut value = value.or(Err(UpstreamError::unsendable()))?;
        // Keeps it out of the connection's header table and of debug output.
        value.set_sensitive(true);
        request.metadata_mut().insert(TXN_TOKEN, value);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{code_of, status_of};
    use std::time::UNIX_EPOCH;

    fn status(reason: Reason) -> Status {
        let facts = ["hint", "line", "column", "secret"].map(|key| (key.to_owned(), "x".to_owned()));
        status_of(reason, facts.to_vec(), UNIX_EPOCH)
    }

    #[test]
    fn only_reasons_of_our_own_contract_pass() {
        for reason in Reason::ALL {
            let passed = UpstreamError::new(Workload::Query, status(reason), &[reason]);
            assert_eq!(passed.reason(), reason);
            let stopped = UpstreamError::new(Workload::Query, status(reason), &[]);
            let is_own = matches!(reason, Reason::Unauthenticated | Reason::Deadline);
            let is_unavailable = code_of(reason) == Code::Unavailable || reason == Reason::Overloaded;
            let expected = match (is_own, is_unavailable) {
                (true, _) => reason,
                (false, true) => Reason::ServiceUnavailable,
                (false, false) => Reason::Internal,
            };
            assert_eq!(stopped.reason(), expected, "{}", reason.as_str());
            assert_eq!(stopped.metadata(), vec![]);
        }
    }

    #[test]
    fn of_the_facts_only_those_for_repair_pass() {
        let error =
            UpstreamError::new(Workload::Query, status(Reason::QueryNotAllowed), &[Reason::QueryNotAllowed]);
        let keys: Vec<_> = error.metadata().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["column", "hint", "line"]);
    }

    #[test]
    fn a_status_of_the_network_is_unavailable() {
        let broken = Status::from_error(Box::new(std::io::Error::from(std::io::ErrorKind::BrokenPipe)));
        assert_eq!(UpstreamError::new(Workload::Auth, broken, &[]).reason(), Reason::ServiceUnavailable);
    }

    #[test]
    fn a_session_key_is_sent_as_a_sensitive_value() {
        let key = SessionKey::from_wire("a.b.c");
        let request = call(Deadline::after(std::time::Duration::from_secs(1)), Some(&key), ()).unwrap();
        let value = request.metadata().get(TXN_TOKEN).unwrap();
        assert_eq!(value.to_str().unwrap(), "a.b.c");
        assert!(value.is_sensitive());
        let key = SessionKey::from_wire("a\nb");
        assert_eq!(
            call(Deadline::after(std::time::Duration::ZERO), Some(&key), ()).unwrap_err().reason(),
            Reason::Internal
        );
    }
}
