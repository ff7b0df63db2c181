//! The conversation that a signed request says it continues.
//!
//! Decides that a request goes on under a conversation's id only if the gateway signed that conversation for the very
//! combination that signed the request. What stands in it is for `reasoning` to read, which verifies it anew.

use splitplane_proto::conversation_of;
use splitplane_session::{ConversationError, ConversationKeys, PublicKey};
use splitplane_types::{CompositeKey, SessionId};
use std::time::SystemTime;
use tokio::sync::watch;

/// Knows the keys of conversations, as they stand in their file.
#[derive(Debug)]
pub(crate) struct Conversations {
    pub(crate) keys: watch::Receiver<Vec<PublicKey>>,
    pub(crate) trust_domain: String,
}

impl Conversations {
    /// Id of the conversation that the frame continues; `None` where it begins one.
    pub(crate) fn continued(
        &self,
        path: &str,
        frame: &[u8],
        composite: &CompositeKey,
        now: SystemTime,
    ) -> Result<Option<SessionId>, ConversationError> {
        let Some(token) = conversation_of(path, frame) else { return Ok(None) };
        let keys = ConversationKeys::new(self.keys.borrow().iter().cloned(), self.trust_domain.clone());
        match keys.verify(&token, composite, now) {
            Ok(conversation) => Ok(Some(conversation.session_id())),
            // The caller's own, and over: a question like any other.
            Err(ConversationError::Expired) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
