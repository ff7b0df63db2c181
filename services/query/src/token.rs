//! Sandbox ids: sealed tokens from which any replica can rebuild a sandbox.
//!
//! A token holds no rows, no scope and no grants: these are decided anew from the policy, the
//! session key and a fresh reading of the grants whenever it is opened (invariant 7). It is
//! encrypted, and bound to the composite key, the session key, the policy and the model, so that in
//! any other hands it does not open.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use splitplane_semantics::{Interpretation, Policy, SemanticModel};
use splitplane_session::VerifiedSession;

/// A filter whose value was found among the caller's own rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolvedFilter {
    /// Position of the filter in the interpretation.
    pub(crate) filter: usize,
    /// Position of the phrase in the filter.
    pub(crate) phrase: usize,
    /// Relation that holds the column.
    pub(crate) relation: String,
    /// Column to compare.
    pub(crate) column: String,
    /// The value, as the rows hold it.
    pub(crate) value: String,
}

impl ResolvedFilter {
    /// Name of the parameter, without the colon.
    pub(crate) fn parameter(&self) -> String {
        match self.phrase {
            0 => format!("filter_{}", self.filter),
            phrase => format!("filter_{}_{phrase}", self.filter),
        }
    }
}

/// What a sandbox id stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SandboxToken {
    /// Unique id: the receipt's.
    pub(crate) id: String,
    /// When the sandbox expires, in seconds since the Unix epoch.
    pub(crate) expires: u64,
    /// Relations of the sandbox.
    pub(crate) relations: Vec<String>,
    /// Filters by value.
    pub(crate) filters: Vec<ResolvedFilter>,
    /// What was asked, as the receipt has it: the answer is compiled from it.
    pub(crate) interpretation: Interpretation,
}

/// Why a sandbox id does not open. For the log only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not a token, or not one of this caller, policy, model or key.
    #[error("the sandbox id does not open")]
    Unknown,
    /// The random generator failed.
    #[error("no randomness for a sandbox id")]
    Randomness,
    /// The content does not encode: a defect.
    #[error("the sandbox id does not encode")]
    Encode,
}

/// Seals and opens sandbox ids. Replicas share the key.
pub(crate) struct Sealer {
    key: LessSafeKey,
    random: SystemRandom,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Sealer {
    /// Takes a 256-bit key; `None` when it has another length.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
        Some(Self { key, random: SystemRandom::new() })
    }

    /// Seals a token for one session under one policy and model.
    pub(crate) fn seal(
        &self,
        token: &SandboxToken,
        session: &VerifiedSession,
        model: &SemanticModel,
        policy: &Policy,
    ) -> Result<String, TokenError> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).or(Err(TokenError::Randomness))?;
        let mut sealed = serde_json::to_vec(token).or(Err(TokenError::Encode))?;
        let aad = Aad::from(binding(session, model, policy));
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .or(Err(TokenError::Encode))?;
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens a token of this session under this policy and model.
    pub(crate) fn open(
        &self,
        id: &str,
        session: &VerifiedSession,
        model: &SemanticModel,
        policy: &Policy,
    ) -> Result<SandboxToken, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(id).or(Err(TokenError::Unknown))?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(TokenError::Unknown)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).or(Err(TokenError::Unknown))?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(binding(session, model, policy));
        let plain = self.key.open_in_place(nonce, aad, &mut sealed).or(Err(TokenError::Unknown))?;
        serde_json::from_slice(plain).or(Err(TokenError::Unknown))
    }
}

/// What a token is bound to. No part holds a line feed, so no two bindings share a text.
fn binding(session: &VerifiedSession, model: &SemanticModel, policy: &Policy) -> Vec<u8> {
    let (composite, key) = (session.composite(), session.key_digest());
    format!("sandbox\n{composite}\n{key}\n{}\n{}", model.digest, policy.digest).into_bytes()
}
