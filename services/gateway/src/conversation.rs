//! A question's place in its conversation.
//!
//! Decides which token an answer ends with, for the caller to send with a follow-up: one that holds what layer 2
//! signed that this question means, or, where nothing came of it, the question itself and what stood before. Remembers nothing
//! itself. Whether a token continues anything is for `auth` and `reasoning` to say, anew each time.

use crate::ask::Ask;
use crate::error::GatewayError;
use splitplane_proto::conversation_of;
use splitplane_proto::gateway::v1::Outcome;
use splitplane_service::{Chain, Clock};
use splitplane_session::{
    ConversationSigner, MintError, VerifiedConversation, VerifiedReceipt, VerifiedSession, Verifier,
};
use std::sync::Arc;

/// Signs conversations.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    pub(crate) signer: Arc<ConversationSigner>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) clock: Clock,
}

/// One question of a conversation.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    keeper: &'a Keeper,
    session: &'a VerifiedSession,
    approved: Option<VerifiedReceipt>,
}

impl Keeper {
    /// The question of this session.
    pub(crate) const fn turn<'a>(&'a self, session: &'a VerifiedSession) -> Turn<'a> {
        Turn { keeper: self, session, approved: None }
    }
}

impl Turn<'_> {
    /// Takes in what layer 2 signed: what it says beside the receipt is not looked at.
    pub(crate) fn approved(&mut self, receipt: &str) -> Result<(), GatewayError> {
        let Keeper { verifier, clock, .. } = self.keeper;
        self.approved = Some(verifier.verify_receipt(receipt, self.session, clock.now())?);
        Ok(())
    }

    /// The token that the answer ends with; empty where there is nothing to continue.
    pub(crate) fn token(&self, outcome: Outcome, frame: &[u8]) -> String {
        let token = match outcome {
            Outcome::Answered | Outcome::NothingInScope => self.signed(),
            // Also where the data plane asks back: what is asked next must not go on as if nothing had been asked.
            Outcome::Clarify | Outcome::Unsupported => self.unanswered(frame),
            Outcome::Unspecified => None,
        };
        token.unwrap_or_else(String::new)
    }

    fn signed(&self) -> Option<String> {
        let receipt = self.approved.as_ref()?;
        let signed = self.keeper.signer.sign(self.session, receipt, self.keeper.clock.now());
        // The answer is no worse for it.
        let warn = |error: &MintError| tracing::warn!(error = %Chain(error), "no follow-up can continue this answer");
        signed.inspect_err(warn).ok()
    }

    /// What comes next may answer the question back, or be a part of this one, so this one is told with it.
    fn unanswered(&self, frame: &[u8]) -> Option<String> {
        let question = Ask::question(frame).ok()?;
        let Keeper { signer, clock, .. } = self.keeper;
        let before = self.kept(frame).map(|(_, conversation)| conversation);
        let signed = signer.sign_asked_back(self.session, before.as_ref(), question.as_str(), clock.now());
        let warn = |error: &MintError| tracing::warn!(error = %Chain(error), "no follow-up can answer this");
        signed.inspect_err(warn).ok()
    }

    /// The token that the question came with, while it still holds.
    fn kept(&self, frame: &[u8]) -> Option<(String, VerifiedConversation)> {
        let token = conversation_of(self.session.method(), frame)?;
        let Keeper { verifier, clock, .. } = self.keeper;
        let conversation =
            verifier.verify_conversation(&token, self.session.composite(), clock.now()).ok()?;
        (conversation.session_id() == self.session.session_id()).then_some((token, conversation))
    }
}

#[cfg(test)]
mod tests;
