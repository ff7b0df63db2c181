//! Why the schema router fails, and what the caller may know of it.

use splitplane_llm::AskError;
use splitplane_proto::convert::MalformedMessage;
use splitplane_semantics::{CompileError, InterpretationError};
use splitplane_service::PublicError;
use splitplane_session::ReceiptError;
use splitplane_types::Reason;

/// Any failure of the schema router. Its text is for the log; [`PublicError`] says what leaves.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouterError {
    /// The receipt does not hold.
    #[error("the receipt was refused")]
    Receipt(#[from] ReceiptError),
    /// Another policy or model approved the question.
    #[error("the receipt was made under another policy or model")]
    PolicyChanged,
    /// The receipt's interpretation does not read: a defect.
    #[error("the interpretation does not read")]
    Interpretation(#[from] InterpretationError),
    /// The interpretation does not fit the model: a defect.
    #[error("the interpretation does not fit the model")]
    Compile(#[from] CompileError),
    /// The language model gave no answer.
    #[error("the language model gave no answer")]
    Model(#[from] AskError),
    /// A message is malformed.
    #[error("the request is malformed")]
    Malformed(#[from] MalformedMessage),
    /// More refused drafts than a question may have.
    #[error("more refused drafts than a question may have")]
    TooManyRefusals,
}

impl PublicError for RouterError {
    fn reason(&self) -> Reason {
        match self {
            Self::Receipt(ReceiptError::FeedStale) => Reason::ServiceUnavailable,
            Self::Receipt(_) => Reason::Unauthenticated,
            Self::PolicyChanged => Reason::PolicyChanged,
            Self::Model(AskError::Budget(_)) => Reason::Overloaded,
            Self::Model(AskError::Model(_)) => Reason::ModelUnavailable,
            Self::Malformed(_) | Self::TooManyRefusals => Reason::RequestMalformed,
            Self::Interpretation(_) | Self::Compile(_) => Reason::Internal,
        }
    }
}
