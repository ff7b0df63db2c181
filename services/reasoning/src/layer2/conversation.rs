//! What a follow-up continues.
//!
//! Decides whether the conversation that the client signed is this session's own, and whether what was understood in
//! it is still of use. What becomes of it passes the gate for the caller's role of today, like any other draft.

use super::Layer2;
use crate::error::ReasoningError;
use splitplane_semantics::{Interpretation, interpretation_from_conversation};
use splitplane_service::Chain;
use splitplane_session::{ConversationError, VerifiedSession};
use std::time::Duration;

/// What two services' clocks may differ by.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

impl Layer2 {
    /// What the question before meant; `None` where this question is to be read as a first one.
    pub(super) fn previous(
        &self,
        session: &VerifiedSession,
        token: &str,
    ) -> Result<Option<Interpretation>, ReasoningError> {
        if token.is_empty() {
            return Ok(None);
        }
        let now = self.clock.now();
        let conversation = match self.verifier.verify_conversation(token, session.composite(), now) {
            Err(ConversationError::Expired) => return Ok(None),
            verified => verified?,
        };
        // By auth's clock it may be over already, and the session another.
        if conversation.expires_at() <= now + CLOCKS_DIFFER {
            return Ok(None);
        }
        if conversation.session_id() != session.session_id() {
            return Err(ReasoningError::OtherConversation);
        }
        if conversation.model() != self.model.digest || conversation.policy() != self.policy.digest {
            tracing::debug!("the conversation is of another policy or model: the question is read alone");
            return Ok(None);
        }
        match interpretation_from_conversation(conversation.interpretation()) {
            Ok(previous) => Ok(Some(previous)),
            // Written by another version of this service, under the same policy.
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the conversation does not read: the question is read alone");
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests;
