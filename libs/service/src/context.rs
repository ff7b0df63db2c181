//! What the layers leave for a handler. Decides nothing: it only takes out what was put in.

use crate::deadline::Deadline;
use crate::status::PublicError;
use http::Extensions;
use splitplane_session::{SessionKey, VerifiedSession};
use splitplane_types::Reason;

/// A handler needs something that no layer put into the request: a defect on our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request carries no {0}")]
pub struct MissingContext(pub(crate) &'static str);

impl PublicError for MissingContext {
    fn reason(&self) -> Reason {
        Reason::Internal
    }
}

/// Who is asking, and until when the answer is of use.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The verified session.
    pub session: VerifiedSession,
    /// Its key, to be forwarded as it came.
    pub key: SessionKey,
    /// The end of the call.
    pub deadline: Deadline,
}

impl CallContext {
    /// Takes the context of a request behind [`crate::RequireSession`].
    ///
    /// # Errors
    /// A layer is missing.
    pub fn of(extensions: &Extensions) -> Result<Self, MissingContext> {
        Ok(Self {
            session: extensions.get().cloned().ok_or(MissingContext("verified session"))?,
            key: extensions.get().cloned().ok_or(MissingContext("session key"))?,
            deadline: Deadline::of(extensions)?,
        })
    }
}
