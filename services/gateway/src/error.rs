//! Why the gateway refuses, and what the caller may know of it.

use splitplane_proto::convert::MalformedMessage;
use splitplane_service::net::FrameError;
use splitplane_service::{DeadlinePassed, MissingContext, PublicError, UpstreamError};
use splitplane_session::{ReceiptError, SessionError};
use splitplane_types::{QuestionError, Reason};

/// Any failure of the gateway. Its text is for the log; [`PublicError`] says what leaves.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    /// The peer sends more than it may.
    #[error("the peer sends more signed requests than it may")]
    Throttled,
    /// The connection says nothing of its peer: a defect.
    #[error("the call has no peer")]
    NoPeer,
    /// The body is too large or broken off.
    #[error("the body was refused")]
    Frame(#[from] FrameError),
    /// The body is not one uncompressed frame.
    #[error("the body is not one uncompressed frame")]
    NotAFrame,
    /// The signed message does not decode.
    #[error("the signed message does not decode")]
    Decode(#[from] prost::DecodeError),
    /// The text is no question.
    #[error("the question was refused")]
    Question(#[from] QuestionError),
    /// The key that auth minted does not verify.
    #[error("the minted session key was refused")]
    Session(#[from] SessionError),
    /// The key that auth minted is for another request.
    #[error("the minted session key is for another request")]
    OtherSession,
    /// The receipt that reasoning signed does not verify.
    #[error("the signed receipt was refused")]
    Receipt(#[from] ReceiptError),
    /// A layer did not do its part: a defect.
    #[error("the call has no context")]
    Context(#[from] MissingContext),
    /// The identity layer left no frame: a defect.
    #[error("the call has no signed frame")]
    NoFrame,
    /// The deadline passed.
    #[error("the deadline passed")]
    Deadline(#[from] DeadlinePassed),
    /// A service behind this one failed.
    #[error("an upstream call failed")]
    Upstream(#[from] UpstreamError),
    /// A service behind this one answered with something that means nothing.
    #[error("an upstream answer is malformed")]
    Malformed(#[from] MalformedMessage),
    /// A service behind this one answered without an outcome, or broke a result off.
    #[error("an upstream answer is incomplete: {0}")]
    Incomplete(&'static str),
}

impl PublicError for GatewayError {
    fn reason(&self) -> Reason {
        match self {
            Self::Frame(error) => error.reason(),
            Self::Throttled => Reason::Overloaded,
            Self::NotAFrame | Self::Decode(_) => Reason::RequestMalformed,
            Self::Question(QuestionError::Empty) => Reason::QuestionEmpty,
            Self::Question(QuestionError::TooLong) => Reason::QuestionTooLong,
            Self::Question(QuestionError::ControlCharacters) => Reason::QuestionMalformed,
            Self::Session(SessionError::FeedStale) | Self::Receipt(ReceiptError::FeedStale) => {
                Reason::ServiceUnavailable
            }
            Self::Session(_) => Reason::Unauthenticated,
            Self::Context(error) => error.reason(),
            Self::Deadline(error) => error.reason(),
            Self::Upstream(error) => error.reason(),
            Self::OtherSession
            | Self::Receipt(_)
            | Self::NoPeer
            | Self::NoFrame
            | Self::Malformed(_)
            | Self::Incomplete(_) => Reason::Internal,
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        if let Self::Upstream(error) = self { error.metadata() } else { Vec::new() }
    }
}
