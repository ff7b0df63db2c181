//! Why a request failed, as far as the world outside may know.

/// Mirrors `splitplane.common.v1.ErrorReason`; a test of the proto room compares the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Any failure of credentials.
    Unauthenticated,
    /// The peer's workload may not call this method.
    PeerNotAllowed,
    /// The message does not decode, or a field is out of range.
    RequestMalformed,
    /// The question is empty.
    QuestionEmpty,
    /// The question is too long.
    QuestionTooLong,
    /// The question holds control characters.
    QuestionMalformed,
    /// The statement names something outside the caller's sandbox.
    QueryOutsideView,
    /// The statement uses something that is not allowed.
    QueryNotAllowed,
    /// The statement is larger than the guard's bounds.
    QueryTooComplex,
    /// The statement failed on the caller's own rows.
    QueryFailed,
    /// The result is over a limit.
    ResultTooLarge,
    /// The statement needs too much memory.
    QueryMemoryExceeded,
    /// The tenant runs as many statements as it may.
    TenantBusy,
    /// The service has as much to do as it accepts.
    Overloaded,
    /// No such sandbox for this caller.
    SandboxNotFound,
    /// The sandbox's statements are used up.
    SandboxExhausted,
    /// The deadline passed.
    Deadline,
    /// The caller went away.
    Cancelled,
    /// The warehouse cannot be read.
    WarehouseUnavailable,
    /// The language model cannot be used.
    ModelUnavailable,
    /// The audit log cannot be written.
    AuditUnavailable,
    /// The service cannot serve now.
    ServiceUnavailable,
    /// Replicas hold different policies or models.
    PolicyChanged,
    /// A defect on our side.
    Internal,
    /// The method does not exist.
    MethodNotFound,
}

impl Reason {
    /// Every reason, in the order of the proto's numbers from 1.
    pub const ALL: [Self; 25] = [
        Self::Unauthenticated,
        Self::PeerNotAllowed,
        Self::RequestMalformed,
        Self::QuestionEmpty,
        Self::QuestionTooLong,
        Self::QuestionMalformed,
        Self::QueryOutsideView,
        Self::QueryNotAllowed,
        Self::QueryTooComplex,
        Self::QueryFailed,
        Self::ResultTooLarge,
        Self::QueryMemoryExceeded,
        Self::TenantBusy,
        Self::Overloaded,
        Self::SandboxNotFound,
        Self::SandboxExhausted,
        Self::Deadline,
        Self::Cancelled,
        Self::WarehouseUnavailable,
        Self::ModelUnavailable,
        Self::AuditUnavailable,
        Self::ServiceUnavailable,
        Self::PolicyChanged,
        Self::Internal,
        Self::MethodNotFound,
    ];

    /// The name on the wire: the proto's, without its prefix.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PeerNotAllowed => "PEER_NOT_ALLOWED",
            Self::RequestMalformed => "REQUEST_MALFORMED",
            Self::QuestionEmpty => "QUESTION_EMPTY",
            Self::QuestionTooLong => "QUESTION_TOO_LONG",
            Self::QuestionMalformed => "QUESTION_MALFORMED",
            Self::QueryOutsideView => "QUERY_OUTSIDE_VIEW",
            Self::QueryNotAllowed => "QUERY_NOT_ALLOWED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::QueryFailed => "QUERY_FAILED",
            Self::ResultTooLarge => "RESULT_TOO_LARGE",
            Self::QueryMemoryExceeded => "QUERY_MEMORY_EXCEEDED",
            Self::TenantBusy => "TENANT_BUSY",
            Self::Overloaded => "OVERLOADED",
            Self::SandboxNotFound => "SANDBOX_NOT_FOUND",
            Self::SandboxExhausted => "SANDBOX_EXHAUSTED",
            Self::Deadline => "DEADLINE",
            Self::Cancelled => "CANCELLED",
            Self::WarehouseUnavailable => "WAREHOUSE_UNAVAILABLE",
            Self::ModelUnavailable => "MODEL_UNAVAILABLE",
            Self::AuditUnavailable => "AUDIT_UNAVAILABLE",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::PolicyChanged => "POLICY_CHANGED",
            Self::Internal => "INTERNAL",
            Self::MethodNotFound => "METHOD_NOT_FOUND",
        }
    }

    /// The reason with this name on the wire.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}
