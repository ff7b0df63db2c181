//! Why the data plane refuses, and what the caller may know of it.

use crate::budget::BudgetError;
use crate::scope::ScopePlanError;
use crate::token::TokenError;
use splitplane_engine::EngineError;
use splitplane_proto::convert::MalformedMessage;
use splitplane_semantics::{CompileError, InterpretationError};
use splitplane_service::{AuditFailure, PublicError};
use splitplane_session::{ReceiptError, SessionError};
use splitplane_split_plane::{GuardError, GuardErrorKind, Position, ViewError};
use splitplane_types::Reason;

/// Any failure of the data plane. Its text is for the log; [`PublicError`] says what leaves.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    /// The message is malformed.
    #[error("the request is malformed")]
    Malformed(#[from] MalformedMessage),
    /// The session key does not hold any more.
    #[error("the session key was refused")]
    Session(#[from] SessionError),
    /// The receipt does not hold.
    #[error("the receipt was refused")]
    Receipt(#[from] ReceiptError),
    /// Another policy or model approved the question.
    #[error("the receipt was made under another policy or model")]
    PolicyChanged,
    /// The receipt's interpretation does not read: a defect, or another version of reasoning.
    #[error("the interpretation does not read")]
    Interpretation(#[from] InterpretationError),
    /// The interpretation does not fit the model.
    #[error("the interpretation does not fit the model")]
    Compile(#[from] CompileError),
    /// Relations other than those the interpretation needs were asked for.
    #[error("relations were asked for that the interpretation does not need")]
    OtherRelations,
    /// Something may not happen again.
    #[error("a budget is used up")]
    Budget(#[from] BudgetError),
    /// The sandbox id does not open.
    #[error("the sandbox id was refused")]
    Token(#[from] TokenError),
    /// The scope cannot be built.
    #[error("the scope cannot be built")]
    Scope(#[from] ScopePlanError),
    /// The policy names no grants: a defect of loading.
    #[error("the policy's grants are not in the model")]
    NoGrants,
    /// The grants changed while the statement ran.
    #[error("the grants changed while the statement ran")]
    GrantsChanged,
    /// The sandbox cannot be shown to the guard: a defect of loading.
    #[error("the sandbox cannot be shown to the guard")]
    View(#[from] ViewError),
    /// The guard refused the statement.
    #[error("the statement was refused")]
    Guard(#[from] GuardError),
    /// The engine failed.
    #[error("the engine failed")]
    Engine(#[from] EngineError),
    /// The audit log cannot be written.
    #[error("the audit log cannot be written")]
    Audit(#[from] AuditFailure),
}

impl PublicError for QueryError {
    fn reason(&self) -> Reason {
        match self {
            Self::Malformed(_) => Reason::RequestMalformed,
            Self::Session(SessionError::FeedStale) | Self::Receipt(ReceiptError::FeedStale) => {
                Reason::ServiceUnavailable
            }
            Self::Session(_) | Self::Receipt(_) | Self::Budget(BudgetError::ReceiptUsed) => {
                Reason::Unauthenticated
            }
            Self::PolicyChanged | Self::GrantsChanged => Reason::PolicyChanged,
            Self::OtherRelations => Reason::QueryOutsideView,
            Self::Budget(BudgetError::Unknown(_)) => Reason::ServiceUnavailable,
            Self::Budget(BudgetError::Exhausted) => Reason::SandboxExhausted,
            Self::Budget(BudgetError::TenantBusy) => Reason::TenantBusy,
            Self::Token(TokenError::Unknown) | Self::Budget(BudgetError::Expired) => Reason::SandboxNotFound,
            Self::Scope(ScopePlanError::NotExposed(_)) => Reason::QueryOutsideView,
            Self::Guard(error) => match error.kind() {
                GuardErrorKind::NotAllowed => Reason::QueryNotAllowed,
                GuardErrorKind::OutsideView => Reason::QueryOutsideView,
                GuardErrorKind::TooComplex => Reason::QueryTooComplex,
            },
            Self::Engine(error) => engine_reason(error),
            Self::Audit(_) => Reason::AuditUnavailable,
            Self::Interpretation(_)
            | Self::Compile(_)
            | Self::Token(TokenError::Randomness | TokenError::Encode)
            | Self::Scope(ScopePlanError::Inconsistent(_) | ScopePlanError::Scope(_))
            | Self::NoGrants
            | Self::View(_) => Reason::Internal,
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let Self::Guard(error) = self else { return Vec::new() };
        let mut metadata = vec![("hint".to_owned(), error.hint().to_owned())];
        if let Some(Position { line, column }) = error.position() {
            metadata.push(("line".to_owned(), line.to_string()));
            metadata.push(("column".to_owned(), column.to_string()));
        }
        metadata
    }
}

const fn engine_reason(error: &EngineError) -> Reason {
    match error {
        EngineError::Warehouse { .. } | EngineError::Unavailable { .. } => Reason::WarehouseUnavailable,
        EngineError::Data { .. } => Reason::QueryFailed,
        EngineError::Plan { .. } => Reason::QueryNotAllowed,
        EngineError::RowsExceeded { .. } | EngineError::BytesExceeded { .. } => Reason::ResultTooLarge,
        EngineError::MemoryExceeded { .. } => Reason::QueryMemoryExceeded,
        EngineError::TimeExceeded { .. } => Reason::Deadline,
        EngineError::Busy => Reason::TenantBusy,
        EngineError::Cancelled => Reason::Cancelled,
        EngineError::Internal { .. } => Reason::Internal,
    }
}
