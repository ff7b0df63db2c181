//! Conversations: what a follow-up continues.
//!
//! The caller keeps the token and nobody else does, so that no service remembers anything. Decides that it is of use
//! to the whole combination that it was signed for and to no other, and for how long. The interpretation inside is
//! opaque here. That model and policy are still the ones in force, and that the caller may still ask for what stands
//! in it, is for its user to decide anew. A token may be used again: two follow-ups of one answer are two branches.

use crate::jws::{self, Kind, KnownKey};
use crate::{
    ConversationError, MintError, PublicKey, SigningKey, TokenError, VerifiedReceipt, VerifiedSession,
    Verifier,
};
use serde::{Deserialize, Serialize};
use splitplane_types::{CompositeKey, Digest, SessionId};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// The longest life of a conversation's token; verifiers refuse longer ones whoever signed them.
pub const CONVERSATION_LIFETIME_MAX: Duration = Duration::from_secs(86_400);

/// The only issuer that verifiers of `trust_domain` accept: the workload `gateway`.
#[must_use]
pub fn conversation_issuer(trust_domain: &str) -> String {
    format!("spiffe://{trust_domain}/gateway")
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireClaims {
    iss: String,
    aud: String,
    iat: u64,
    exp: u64,
    sub: String,
    session_id: String,
    model_sha256: String,
    policy_sha256: String,
    interpretation: String,
    asked_back: String,
}

/// Signs conversations: only `gateway` holds one.
#[derive(Debug)]
pub struct ConversationSigner {
    key: RwLock<Arc<SigningKey>>,
    trust_domain: String,
    lifetime: Duration,
}

impl ConversationSigner {
    /// Signs with `key`, for the services of `trust_domain`.
    ///
    /// # Errors
    /// The lifetime is not whole seconds, or over [`CONVERSATION_LIFETIME_MAX`].
    pub fn new(
        key: impl Into<Arc<SigningKey>>,
        trust_domain: String,
        lifetime: Duration,
    ) -> Result<Self, MintError> {
        jws::lifespan(SystemTime::UNIX_EPOCH, lifetime, CONVERSATION_LIFETIME_MAX)?;
        Ok(Self { key: RwLock::new(key.into()), trust_domain, lifetime })
    }

    /// Signs with another key from now on. Verifiers must know it: see [`crate::KeyRing`].
    pub fn use_key(&self, key: Arc<SigningKey>) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// Signs that the conversation of `session` now stands where `receipt` says.
    ///
    /// # Errors
    /// The receipt was verified with another session, holds more than a token may, or signing fails.
    pub fn sign(
        &self,
        session: &VerifiedSession,
        receipt: &VerifiedReceipt,
        now: SystemTime,
    ) -> Result<String, MintError> {
        if receipt.key_digest() != session.key_digest() {
            return Err(MintError::OtherSession);
        }
        let stands = (receipt.interpretation(), receipt.model(), receipt.policy());
        self.seal(session, stands, "", now)
    }

    /// Signs that `question` of `session` was asked back about; what stood in `before` stands on.
    ///
    /// # Errors
    /// The conversation is another one, both hold more than a token may, or signing fails.
    pub fn sign_asked_back(
        &self,
        session: &VerifiedSession,
        before: Option<&VerifiedConversation>,
        question: &str,
        now: SystemTime,
    ) -> Result<String, MintError> {
        if before.is_some_and(|before| before.session_id != session.session_id()) {
            return Err(MintError::OtherSession);
        }
        // A text of the caller's own is of every policy.
        let nothing = ("", Digest::of(b""), Digest::of(b""));
        let stands =
            before.map_or(nothing, |before| (before.interpretation.as_str(), before.model, before.policy));
        self.seal(session, stands, question, now)
    }

    fn seal(
        &self,
        session: &VerifiedSession,
        (interpretation, model, policy): (&str, Digest, Digest),
        asked_back: &str,
        now: SystemTime,
    ) -> Result<String, MintError> {
        let (iat, exp) = jws::lifespan(now, self.lifetime, CONVERSATION_LIFETIME_MAX)?;
        let wire = WireClaims {
            iss: conversation_issuer(&self.trust_domain),
            aud: self.trust_domain.clone(),
            iat,
            exp,
            sub: session.composite().to_string(),
            session_id: session.session_id().to_string(),
            model_sha256: model.to_string(),
            policy_sha256: policy.to_string(),
            interpretation: interpretation.to_owned(),
            asked_back: asked_back.to_owned(),
        };
        let key = Arc::clone(&self.key.read().unwrap_or_else(PoisonError::into_inner));
        jws::seal(Kind::Conversation, &key, &wire)
    }
}

/// Proof that a combination's own conversation stands somewhere.
#[derive(Debug, Clone)]
pub struct VerifiedConversation {
    session_id: SessionId,
    interpretation: String,
    asked_back: String,
    model: Digest,
    policy: Digest,
    expires_at: SystemTime,
}

impl VerifiedConversation {
    /// The conversation's id.
    #[must_use]
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// What the last question that was understood meant, as JSON; empty where none was yet.
    #[must_use]
    pub fn interpretation(&self) -> &str {
        &self.interpretation
    }

    /// The question just before, if it was not answered; empty otherwise.
    #[must_use]
    pub fn asked_back(&self) -> &str {
        &self.asked_back
    }

    /// Digest of the semantic model that it was asked of.
    #[must_use]
    pub const fn model(&self) -> Digest {
        self.model
    }

    /// Digest of the policy that it was asked under.
    #[must_use]
    pub const fn policy(&self) -> Digest {
        self.policy
    }

    /// When the token expires.
    #[must_use]
    pub const fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

/// The keys that may have signed conversations, for `auth`, which holds them itself and needs no feed.
#[derive(Debug)]
pub struct ConversationKeys {
    known: Vec<KnownKey>,
    trust_domain: String,
}

impl ConversationKeys {
    /// Verifies by these keys, for the services of `trust_domain`.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PublicKey>, trust_domain: String) -> Self {
        Self { known: KnownKey::all(Kind::Conversation, keys), trust_domain }
    }

    /// As [`Verifier::verify_conversation`], whatever the age of a feed.
    ///
    /// # Errors
    /// See [`Verifier::verify_conversation`].
    pub fn verify(
        &self,
        token: &str,
        composite: &CompositeKey,
        now: SystemTime,
    ) -> Result<VerifiedConversation, ConversationError> {
        open(&self.known, &self.trust_domain, token, composite, now)
    }
}

impl Verifier {
    /// Verifies that `gateway` signed this for `composite`, and that it has not expired.
    ///
    /// # Errors
    /// See [`ConversationError`]; callers must not pass the difference on, but for
    /// [`ConversationError::FeedStale`], which says nothing about the conversation, and
    /// [`ConversationError::Expired`], which is found out last: one of another combination is never told to be old.
    pub fn verify_conversation(
        &self,
        token: &str,
        composite: &CompositeKey,
        now: SystemTime,
    ) -> Result<VerifiedConversation, ConversationError> {
        let trusted = self.trusted(now).ok_or(ConversationError::FeedStale)?;
        open(trusted.conversation_keys(), self.trust_domain(), token, composite, now)
    }
}

/// The only door to [`VerifiedConversation`].
fn open(
    known: &[KnownKey],
    trust_domain: &str,
    token: &str,
    composite: &CompositeKey,
    now: SystemTime,
) -> Result<VerifiedConversation, ConversationError> {
    let (wire, _): (WireClaims, _) = jws::open(Kind::Conversation, token, known, now)?;
    if wire.iss != conversation_issuer(trust_domain) {
        return Err(TokenError::Issuer.into());
    }
    if wire.aud != trust_domain {
        return Err(TokenError::Audience.into());
    }
    if wire.sub != composite.to_string() {
        return Err(ConversationError::OtherCombination);
    }
    let (session_id, model, policy) =
        (claim(&wire.session_id)?, claim(&wire.model_sha256)?, claim(&wire.policy_sha256)?);
    match jws::check_lifespan(wire.iat, wire.exp, CONVERSATION_LIFETIME_MAX, now) {
        Ok(expires_at) => {
            let (interpretation, asked_back) = (wire.interpretation, wire.asked_back);
            Ok(VerifiedConversation { session_id, interpretation, asked_back, model, policy, expires_at })
        }
        Err(TokenError::Expired) => Err(ConversationError::Expired),
        Err(error) => Err(error.into()),
    }
}

fn claim<T: FromStr>(text: &str) -> Result<T, TokenError> {
    text.parse().or(Err(TokenError::Claims))
}
