//! Why layer 1 refuses, and what the caller may know of it: next to nothing.

use crate::aws::AwsError;
use crate::registry::NotRegistered;
use splitplane_service::{AuditFailure, PublicError};
use splitplane_session::{ConversationError, MintError};
use splitplane_sigv4::{IssueError, StsError, VerifyError};
use splitplane_store::UseError;
use splitplane_types::{CompositeKey, Reason};

/// Any failure of layer 1. Its text is for the log; [`PublicError`] says what leaves.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    /// The signature, its freshness or its credentials do not hold.
    #[error("the signed request was refused")]
    Verify(#[from] VerifyError),
    /// The combination is not this principal's to speak for.
    #[error("the combination was refused")]
    Registry(#[from] NotRegistered),
    /// The nonce was seen before, or no more can be remembered.
    #[error("the nonce was refused")]
    Nonce(#[from] UseError),
    /// The conversation is not the combination's own.
    #[error("the conversation was refused")]
    Conversation(#[from] ConversationError),
    /// One of these, for a combination that the signature proved.
    #[error("{composite} was refused")]
    Of {
        /// The combination.
        composite: CompositeKey,
        /// Why.
        #[source]
        error: Box<AuthError>,
    },
    /// There is no usable registry.
    #[error("there is no usable registry")]
    NoRegistry,
    /// The workload is no bootstrap of the principal.
    #[error("the workload is no bootstrap of the principal")]
    NotItsBootstrap,
    /// The asked lifetime is out of range.
    #[error("the lifetime is not between 900 and 43200 seconds")]
    LifetimeOutOfRange,
    /// Credentials cannot be issued: a defect.
    #[error("credentials cannot be issued")]
    Issue(#[from] IssueError),
    /// The session key cannot be minted: a defect, or nothing vouches for the key that would sign it.
    #[error("the session key cannot be minted")]
    Mint(#[from] MintError),
    /// The random generator failed.
    #[error("the random generator failed")]
    Randomness,
    /// A caller with credentials of AWS is not let in.
    #[error("the request signed for AWS was refused")]
    Aws(#[from] AwsError),
    /// The audit log cannot be written.
    #[error("the audit log cannot be written")]
    Audit(#[from] AuditFailure),
}

impl AuthError {
    /// The same error, with the combination that the signature proved.
    pub(crate) fn of(self, composite: &CompositeKey) -> Self {
        Self::Of { composite: composite.clone(), error: Box::new(self) }
    }

    /// The combination that the signature proved, if it did.
    pub(crate) const fn composite(&self) -> Option<&CompositeKey> {
        if let Self::Of { composite, .. } = self { Some(composite) } else { None }
    }
}

impl PublicError for AuthError {
    fn reason(&self) -> Reason {
        match self {
            Self::Of { error, .. } => error.reason(),
            Self::Verify(_)
            | Self::Registry(_)
            | Self::Conversation(_)
            | Self::Nonce(UseError::Used)
            | Self::NotItsBootstrap => Reason::Unauthenticated,
            Self::Aws(AwsError::Sts(StsError::Throttled)) => Reason::Overloaded,
            Self::Aws(AwsError::Sts(StsError::Unavailable | StsError::Malformed)) => {
                Reason::ServiceUnavailable
            }
            Self::Aws(
                AwsError::Request(_)
                | AwsError::Sts(StsError::Refused | StsError::NotARole | StsError::UnknownRole),
            ) => Reason::Unauthenticated,
            Self::Nonce(UseError::Full | UseError::Unavailable)
            | Self::NoRegistry
            | Self::Mint(MintError::KeyExpired) => Reason::ServiceUnavailable,
            Self::LifetimeOutOfRange => Reason::RequestMalformed,
            Self::Audit(_) => Reason::AuditUnavailable,
            Self::Issue(_) | Self::Mint(_) | Self::Randomness => Reason::Internal,
        }
    }
}
