//! What a follow-up continues.
//!
//! Decides whether the conversation that the client signed is this session's own, and whether what was understood in
//! it is still of use. What becomes of it passes the gate for the caller's role of today, like any other draft.

use super::Layer2;
use crate::error::ReasoningError;
use splitplane_semantics::{Interpretation, InterpretationError, interpretation_from_conversation};
use splitplane_service::Chain;
use splitplane_session::{ConversationError, VerifiedConversation, VerifiedSession};
use splitplane_types::Question;
use std::time::Duration;

/// What was understood before, and the question that was asked back about.
pub(super) type Before = (Option<Interpretation>, Option<Question>);

/// What two services' clocks may differ by.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

impl Layer2 {
    /// What the question before meant, and what it was if it was asked back about; neither where this question is to be
    /// read as a first one.
    pub(super) fn before(&self, session: &VerifiedSession, token: &str) -> Result<Before, ReasoningError> {
        let nothing = (None, None);
        if token.is_empty() {
            return Ok(nothing);
        }
        let now = self.clock.now();
        let conversation = match self.verifier.verify_conversation(token, session.composite(), now) {
            Err(ConversationError::Expired) => return Ok(nothing),
            verified => verified?,
        };
        // By auth's clock it may be over already, and the session another.
        if conversation.expires_at() <= now + CLOCKS_DIFFER {
            return Ok(nothing);
        }
        if conversation.session_id() != session.session_id() {
            return Err(ReasoningError::OtherConversation);
        }
        // The caller's own words, of whatever policy.
        let asked_back = Question::new(conversation.asked_back()).ok();
        Ok((self.understood(&conversation), asked_back))
    }

    fn understood(&self, conversation: &VerifiedConversation) -> Option<Interpretation> {
        if conversation.interpretation().is_empty() {
            return None;
        }
        if conversation.model() != self.model.digest || conversation.policy() != self.policy.digest {
            tracing::debug!(
                "the conversation is of another policy or model: what was understood is not continued"
            );
            return None;
        }
        let read = interpretation_from_conversation(conversation.interpretation());
        // Written by another version of this service, under the same policy.
        let warn = |error: &InterpretationError| {
            tracing::warn!(error = %Chain(error), "the conversation does not read: the question is read alone");
        };
        read.inspect_err(warn).ok()
    }
}

#[cfg(test)]
mod tests;
