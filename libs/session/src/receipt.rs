//! Receipts: the proof, for the data plane, that layer 2 approved this very question.
//!
//! A receipt alone opens nothing; it is verified together with the session it was signed for. The
//! interpretation inside is opaque here. That a receipt is used once is for its user to keep, by
//! [`VerifiedReceipt::id`].

use crate::jws::{self, Kind};
use crate::{MintError, ReceiptError, SigningKey, TokenError, VerifiedSession, Verifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use splitplane_types::Digest;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// The longest life of a receipt; it also ends with its session key.
pub const RECEIPT_LIFETIME_MAX: Duration = Duration::from_secs(900);

const ID_BYTES: usize = 16;

/// The only issuer that verifiers of `trust_domain` accept: the workload `reasoning`.
#[must_use]
pub fn receipt_issuer(trust_domain: &str) -> String {
    format!("spiffe://{trust_domain}/reasoning")
}

/// What was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptClaims {
    /// The interpretation, as JSON that is opaque here.
    pub interpretation: String,
    /// Digest of the semantic model.
    pub model: Digest,
    /// Digest of the policy.
    pub policy: Digest,
    /// The instant that relative periods were resolved against, as text that is opaque here.
    pub as_of: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireClaims {
    iss: String,
    aud: String,
    iat: u64,
    exp: u64,
    jti: String,
    txn: String,
    key_sha256: String,
    question_sha256: String,
    interpretation: String,
    model_sha256: String,
    policy_sha256: String,
    as_of: String,
}

/// Signs receipts: only `reasoning` holds one.
#[derive(Debug)]
pub struct ReceiptSigner {
    key: RwLock<Arc<SigningKey>>,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

impl ReceiptSigner {
    /// Signs with `key`. Verifiers ask for [`receipt_issuer`] as issuer and the trust domain as
    /// audience.
    #[must_use]
    pub fn new(
        key: impl Into<Arc<SigningKey>>,
        issuer: String,
        audience: String,
        lifetime: Duration,
    ) -> Self {
        Self { key: RwLock::new(key.into()), issuer, audience, lifetime }
    }

    /// Signs with another key from now on. Verifiers must know it: see [`crate::KeyRing`].
    pub fn use_key(&self, key: Arc<SigningKey>) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// Signs that the question of `session` was approved as `claims` say.
    ///
    /// # Errors
    /// The session has expired, the lifetime is over [`RECEIPT_LIFETIME_MAX`], or signing fails.
    pub fn sign(
        &self,
        session: &VerifiedSession,
        claims: &ReceiptClaims,
        now: SystemTime,
    ) -> Result<String, MintError> {
        let left = session.expires_at().duration_since(now).or(Err(MintError::SessionExpired))?;
        let (iat, exp) = jws::lifespan(now, self.lifetime, RECEIPT_LIFETIME_MAX)?;
        let mut id = [0; ID_BYTES];
        SystemRandom::new().fill(&mut id).or(Err(MintError::Sign))?;
        let wire = WireClaims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            iat,
            exp: exp.min(iat.saturating_add(left.as_secs())),
            jti: URL_SAFE_NO_PAD.encode(id),
            txn: session.txn().to_string(),
            key_sha256: session.key_digest().to_string(),
            question_sha256: session.body_digest().to_string(),
            interpretation: claims.interpretation.clone(),
            model_sha256: claims.model.to_string(),
            policy_sha256: claims.policy.to_string(),
            as_of: claims.as_of.clone(),
        };
        if wire.exp == wire.iat {
            Err(MintError::SessionExpired)
        } else {
            let key = Arc::clone(&self.key.read().unwrap_or_else(PoisonError::into_inner));
            jws::seal(Kind::Receipt, &key, &wire)
        }
    }
}

/// Proof that layer 2 approved the question of one session.
#[derive(Debug, Clone)]
pub struct VerifiedReceipt {
    claims: ReceiptClaims,
    id: String,
    expires_at: SystemTime,
    digest: Digest,
    key_digest: Digest,
}

impl VerifiedReceipt {
    /// The interpretation, as JSON.
    #[must_use]
    pub fn interpretation(&self) -> &str {
        &self.claims.interpretation
    }

    /// Digest of the semantic model that was used.
    #[must_use]
    pub const fn model(&self) -> Digest {
        self.claims.model
    }

    /// Digest of the policy that was used.
    #[must_use]
    pub const fn policy(&self) -> Digest {
        self.claims.policy
    }

    /// The instant that relative periods were resolved against.
    #[must_use]
    pub fn as_of(&self) -> &str {
        &self.claims.as_of
    }

    /// Unique per receipt: what single use is kept by. The text of a receipt is not unique, since
    /// ES256 signatures can be rewritten into a second valid form.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When the receipt expires.
    #[must_use]
    pub const fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// SHA-256 of the receipt as received, for the audit record.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Of the session key that it was verified with.
    pub(crate) const fn key_digest(&self) -> Digest {
        self.key_digest
    }
}

impl Verifier {
    /// The only door to [`VerifiedReceipt`]: signed by a receipt key, for this session's
    /// transaction, key and question, and not expired.
    ///
    /// # Errors
    /// See [`ReceiptError`]; callers must not pass the difference on, but for
    /// [`ReceiptError::FeedStale`], which says nothing about the receipt.
    pub fn verify_receipt(
        &self,
        receipt: &str,
        session: &VerifiedSession,
        now: SystemTime,
    ) -> Result<VerifiedReceipt, ReceiptError> {
        let trusted = self.trusted(now).ok_or(ReceiptError::FeedStale)?;
        let (wire, _): (WireClaims, _) = jws::open(Kind::Receipt, receipt, trusted.receipt_keys(), now)?;
        if wire.iss != receipt_issuer(self.trust_domain()) {
            return Err(TokenError::Issuer.into());
        }
        if wire.aud != self.trust_domain() {
            return Err(TokenError::Audience.into());
        }
        let expires_at = jws::check_lifespan(wire.iat, wire.exp, RECEIPT_LIFETIME_MAX, now)?;
        if wire.txn != session.txn().to_string() {
            return Err(ReceiptError::OtherTransaction);
        }
        if wire.key_sha256 != session.key_digest().to_string() {
            return Err(ReceiptError::OtherSessionKey);
        }
        if wire.question_sha256 != session.body_digest().to_string() {
            return Err(ReceiptError::OtherQuestion);
        }
        if wire.jti.is_empty() {
            return Err(TokenError::Claims.into());
        }
        let claims = ReceiptClaims {
            interpretation: wire.interpretation,
            model: claim(&wire.model_sha256)?,
            policy: claim(&wire.policy_sha256)?,
            as_of: wire.as_of,
        };
        Ok(VerifiedReceipt {
            claims,
            id: wire.jti,
            expires_at,
            digest: Digest::of(receipt.as_bytes()),
            key_digest: session.key_digest(),
        })
    }
}

fn claim<T: FromStr>(text: &str) -> Result<T, TokenError> {
    text.parse().or(Err(TokenError::Claims))
}
