//! Why layer 2 fails, and what the caller may know of it.

use splitplane_llm::AskError;
use splitplane_proto::convert::MalformedMessage;
use splitplane_semantics::InterpretationError;
use splitplane_service::{AuditFailure, PublicError};
use splitplane_session::{ConversationError, MintError, ReceiptError};
use splitplane_types::{QuestionError, Reason};

/// Any failure of layer 2. Its text is for the log; [`PublicError`] says what leaves.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReasoningError {
    /// The frame is not the one that the client signed.
    #[error("the frame is not the signed question")]
    NotTheSignedQuestion,
    /// The signed bytes are not one uncompressed frame.
    #[error("the signed bytes are not one uncompressed frame")]
    NotAFrame,
    /// The signed message does not decode.
    #[error("the signed message does not decode")]
    Decode(#[from] prost::DecodeError),
    /// The conversation does not hold.
    #[error("the conversation was refused")]
    Conversation(#[from] ConversationError),
    /// The conversation is another one than the session key says.
    #[error("the conversation is another than the session's")]
    OtherConversation,
    /// `as_of` is no instant.
    #[error("`as_of` is out of range")]
    AsOfOutOfRange,
    /// The text is no question.
    #[error("the question was refused")]
    Question(#[from] QuestionError),
    /// A message is malformed.
    #[error("the request is malformed")]
    Malformed(#[from] MalformedMessage),
    /// More rows than may be explained.
    #[error("more rows than may be explained")]
    TooManyRows,
    /// The policy wants the template.
    #[error("the policy wants analyses from the template")]
    TemplateOnly,
    /// The language model gave no answer.
    #[error("the language model gave no answer")]
    Model(#[from] AskError),
    /// The receipt does not hold.
    #[error("the receipt was refused")]
    Receipt(#[from] ReceiptError),
    /// Another policy or model approved the question.
    #[error("the receipt was made under another policy or model")]
    PolicyChanged,
    /// The receipt's interpretation does not read: a defect.
    #[error("the interpretation does not read")]
    Interpretation(#[from] InterpretationError),
    /// The audit log cannot be written.
    #[error("the audit log cannot be written")]
    Audit(#[from] AuditFailure),
    /// The receipt cannot be signed: a defect.
    #[error("the receipt cannot be signed")]
    Sign(#[from] MintError),
}

impl PublicError for ReasoningError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotTheSignedQuestion | Self::OtherConversation => Reason::Unauthenticated,
            Self::NotAFrame
            | Self::Decode(_)
            | Self::AsOfOutOfRange
            | Self::Malformed(_)
            | Self::TooManyRows
            | Self::TemplateOnly => Reason::RequestMalformed,
            Self::Question(QuestionError::Empty) => Reason::QuestionEmpty,
            Self::Question(QuestionError::TooLong) => Reason::QuestionTooLong,
            Self::Question(QuestionError::ControlCharacters) => Reason::QuestionMalformed,
            Self::Model(AskError::Budget(_)) => Reason::Overloaded,
            Self::Model(AskError::Model(_)) => Reason::ModelUnavailable,
            Self::Receipt(ReceiptError::FeedStale) | Self::Conversation(ConversationError::FeedStale) => {
                Reason::ServiceUnavailable
            }
            Self::Receipt(_) | Self::Conversation(_) => Reason::Unauthenticated,
            Self::PolicyChanged => Reason::PolicyChanged,
            Self::Audit(_) => Reason::AuditUnavailable,
            Self::Interpretation(_) | Self::Sign(_) => Reason::Internal,
        }
    }
}
